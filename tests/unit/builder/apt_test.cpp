// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/apt.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

using namespace made_up;

namespace {

const Recipe recipe{.name = "debian:6.1",
                    .description = "",
                    .prefix = "linux-image-6.1.",
                    .suffix = "-amd64",
                    .without = {"-cloud-", "-rt-"}};
const std::string search = "apt-cache search --names-only ^linux-image-6\\.1\\..*-amd64$";
const std::string targets = "apt-get indextargets --format $(FILENAME) Created-By: Packages";

/// Lists in which -9 is older than -10, and -11 has no candidate.
FakeApt with_kernels() {
  FakeApt fake;
  fake.answers[search] =
      "linux-image-6.1.0-10-amd64 - Linux 6.1 (signed)\n"
      "linux-image-6.1.0-9-amd64 - Linux 6.1 (signed)\n"
      "linux-image-6.1.0-11-amd64 - Linux 6.1 (signed)\n"
      "linux-image-6.1.0-12-cloud-amd64 - Linux 6.1 for cloud\n"
      "linux-image-6.1.0-12-rt-amd64 - Linux 6.1, PREEMPT_RT\n";
  fake.answers
      ["apt-cache policy linux-image-6.1.0-10-amd64 linux-image-6.1.0-9-amd64 "
       "linux-image-6.1.0-11-amd64"] =
      "linux-image-6.1.0-10-amd64:\n  Installed: (none)\n  Candidate: 6.1.100-1\n"
      "linux-image-6.1.0-9-amd64:\n  Installed: (none)\n  Candidate: 6.1.90-2\n"
      "linux-image-6.1.0-11-amd64:\n  Installed: 6.1.110-1\n  Candidate: (none)\n";
  fake.answers["apt-cache show --no-all-versions linux-image-6.1.0-10-amd64=6.1.100-1"] =
      "Package: linux-image-6.1.0-10-amd64\nDepends: kmod, linux-base (>= 4.3~)\n";
  return fake;
}

std::string refusal(const Result<std::vector<Package>>& result) {
  BOOST_REQUIRE(!result);
  return result.error().describe();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(builder)

BOOST_AUTO_TEST_CASE(versions_are_compared_as_dpkg_does) {
  const std::pair<const char*, const char*> rising[] = {
      {"6.1.90-2", "6.1.100-1"},
      {"6.1.100-1", "6.1.100-2"},
      {"1.0~rc1", "1.0"},
      {"1.0", "1.0+b1"},
      {"1.0-1", "1:0.1"},
      {"1.0a", "1.0+"},
      {"6.12.9-1~deb12u1", "6.12.9-1"},
      {"1.09", "1.10"},
      {"", "1"},
  };
  for (const auto& [older, newer] : rising) {
    BOOST_TEST(compare_versions(older, newer) < 0);
    BOOST_TEST(compare_versions(newer, older) > 0);
    BOOST_TEST(compare_versions(newer, newer) == 0);
  }
  BOOST_TEST(compare_versions("1.0-0", "1.0") == 0);
  BOOST_TEST(compare_versions("01.0", "1.0") == 0);
}

BOOST_AUTO_TEST_CASE(the_newest_kernel_with_a_candidate_is_chosen) {
  FakeApt fake = with_kernels();
  const auto packages = fake.apt().find_kernel(recipe);
  BOOST_REQUIRE(packages);
  BOOST_REQUIRE(packages->size() == 1U);
  BOOST_TEST(packages->at(0).name == "linux-image-6.1.0-10-amd64");
  BOOST_TEST(packages->at(0).version == "6.1.100-1");
}

BOOST_AUTO_TEST_CASE(a_kernel_in_several_packages_is_followed_by_its_depends) {
  FakeApt fake = with_kernels();
  const std::string show = "apt-cache show --no-all-versions ";
  fake.answers[show + "linux-image-6.1.0-10-amd64=6.1.100-1"] =
      "Package: linux-image-6.1.0-10-amd64\n"
      "Pre-Depends: linux-base (>= 4.12~)\n"
      "Depends: linux-binary-6.1.0-10-amd64 (= 6.1.100-1) | x, linux-modules-6.1.0-10-amd64, kmod\n"
      "Recommends: linux-extra-6.1.0-10-amd64\n";
  fake.answers[show + "linux-binary-6.1.0-10-amd64=6.1.100-1"] =
      "Depends: linux-modules-6.1.0-10-amd64\n";
  fake.answers[show + "linux-modules-6.1.0-10-amd64"] = "Depends: linux-image-6.1.0-10-amd64\n";
  const auto packages = fake.apt().find_kernel(recipe);
  BOOST_REQUIRE(packages);
  const std::vector<Package> expected = {{"linux-image-6.1.0-10-amd64", "6.1.100-1"},
                                         {"linux-binary-6.1.0-10-amd64", "6.1.100-1"},
                                         {"linux-modules-6.1.0-10-amd64", ""}};
  BOOST_TEST((*packages == expected));
}

BOOST_AUTO_TEST_CASE(empty_lists_are_refreshed_by_root_and_named_to_others) {
  FakeApt fake;
  fake.answers = {{search, ""}, {targets, "\n"}, {"apt-get update", ""}};
  BOOST_TEST(refusal(fake.apt().find_kernel(recipe)) ==
             "apt's package lists are empty; run \"apt-get update\" as root");
  BOOST_TEST(refusal(fake.apt(Apt::User::root).find_kernel(recipe))
                 .starts_with("apt knows no package linux-image-6.1.*-amd64; "));
  BOOST_TEST(fake.asked.back() == search);
}

BOOST_AUTO_TEST_CASE(lists_without_the_kernel_are_not_refreshed) {
  FakeApt fake;
  fake.answers = {{search, ""}, {targets, "/var/lib/apt/lists/x_Packages\n"}};
  BOOST_TEST(refusal(fake.apt(Apt::User::root).find_kernel(recipe)) ==
             "apt knows no package linux-image-6.1.*-amd64; add a suite that has it to apt's "
             "sources and run \"apt-get update\", or give the kernel's files");
}

BOOST_AUTO_TEST_CASE(root_downloads_as_root_and_after_a_failure_with_fresh_lists) {
  const Bench bench;
  FakeApt fake;
  const std::string download = "env apt-get -q -o APT::Sandbox::User=root download linux-image-1=2";
  fake.answers = {{download, "E: Failed to fetch: 404"}, {"apt-get update", ""}};
  const auto files =
      fake.apt(Apt::User::root).download({{"linux-image-1", "2"}}, bench.folder.path());
  BOOST_REQUIRE(!files);
  BOOST_TEST(files.error().describe() ==
             "apt-get download failed: Failed to fetch: 404; if its lists are old, run \"apt-get "
             "update\"");
  const std::vector<std::string> expected = {download, "apt-get update", download};
  BOOST_TEST(fake.asked == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_download_that_leaves_too_few_packages_is_an_error) {
  const Bench bench;
  FakeApt fake;
  fake.answers = {{"env apt-get -q download a b", ""}};
  fake.downloads = {{"a_1_amd64.deb", "x"}};
  const auto files = fake.apt().download({{"a", ""}, {"b", ""}}, bench.at("store/tmp"));
  BOOST_REQUIRE(!files);
  BOOST_TEST(files.error().describe() == "apt-get download left 1 packages instead of 2");
}

BOOST_AUTO_TEST_CASE(a_tool_is_fetched_with_the_libraries_that_are_lacking) {
  FakeApt fake;
  fake.answers["apt-get install -s --no-install-recommends kexec-tools"] =
      "Reading package lists...\n"
      "Inst libyajl2 (2.1.0-3 Debian:12.15/oldstable [amd64])\n"
      "Inst debconf [1.0] (1.5.82 Debian:12 [all])\n"
      "Inst kexec-tools (1:2.0.25-3 Debian:12.15/oldstable [amd64])\n"
      "Conf libyajl2 (2.1.0-3 Debian:12.15/oldstable [amd64])\n";
  const auto packages = fake.apt().find_tool("kexec-tools");
  BOOST_REQUIRE(packages);
  const std::vector<Package> expected = {{"libyajl2", "2.1.0-3"}, {"kexec-tools", "1:2.0.25-3"}};
  BOOST_TEST((*packages == expected));
}

BOOST_AUTO_TEST_CASE(recipes_are_read_and_wrong_ones_refused_by_place) {
  const auto recipes = parse_recipes(
      R"({"kernels": [{"name": "d:1", "package": {"prefix": "linux-image-1.", "suffix": "-amd64",
          "without": ["-rt-"]}}]})",
      "r.json");
  BOOST_REQUIRE(recipes);
  BOOST_TEST(recipes->at(0).matches("linux-image-1.5-amd64"));
  BOOST_TEST(!recipes->at(0).matches("linux-image-1.5-rt-amd64"));
  BOOST_TEST(!recipes->at(0).matches("linux-image-1.5-amd64-dbg"));
  BOOST_TEST(!recipes->at(0).matches("linux-image-12.5-amd64"));
  const std::pair<const char*, const char*> wrong[] = {
      {"{", "r.json: expected {\"kernels\": [...]}"},
      {"[]", "r.json: expected {\"kernels\": [...]}"},
      {R"({"kernels": [1]})", "r.json: /kernels/0: expected an object"},
      {R"({"kernels": [{"name": "d:1"}]})", "r.json: /kernels/0/package: expected an object"},
      {R"({"kernels": [{"name": "d", "package": {"prefix": "x"}}]})",
       "r.json: /kernels/0/name: expected \"DISTRIBUTION:VERSION\""},
      {R"({"kernels": [{"name": "d:1", "package": {"prefix": 7}}]})",
       "r.json: /kernels/0/package/prefix: expected the start of a name"},
      {R"({"kernels": [{"name": "d:1", "package": {"prefix": "x", "without": [1]}}]})",
       "r.json: /kernels/0/package/without: expected a list of texts"},
  };
  for (const auto& [text, message] : wrong) {
    const auto result = parse_recipes(text, "r.json");
    BOOST_REQUIRE(!result);
    BOOST_TEST(result.error().describe() == message);
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_recipes_name_kernels) {
  BOOST_TEST(load_recipes(recipes_folder()).value_or(std::vector<Recipe>()).size() >= 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
