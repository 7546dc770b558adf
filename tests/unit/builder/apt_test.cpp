// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/apt.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_apt)

using namespace made_up;

namespace {

const Recipe recipe{.name = "debian:6.1",
                    .description = "",
                    .prefix = "linux-image-6.1.",
                    .suffix = "-amd64",
                    .without = {"-cloud-", "-rt-"}};
const std::string names = "apt-cache pkgnames linux-image-6.1.";
const std::string targets = "apt-get indextargets --format $(FILENAME) Created-By: Packages";
const std::string show = "apt-cache show --no-all-versions ";

std::string policy_of(const std::string& package, const std::string& version,
                      const std::string& source) {
  return package + ":\n  Installed: (none)\n  Candidate: " + version + "\n  Version table:\n     " +
         version + " 500\n        500 " + source + "\n";
}

const std::string debian = "http://m.example/d bookworm/main amd64 Packages";

/// Lists in which -9 is older than -10, and -11 has no candidate.
FakeApt with_kernels() {
  FakeApt fake;
  fake.answers[names] =
      "linux-image-6.1.0-10-amd64\nlinux-image-6.1.0-9-amd64\nlinux-image-6.1.0-11-amd64\n"
      "linux-image-6.1.0-12-cloud-amd64\nlinux-image-6.1.0-12-rt-amd64\n"
      "linux-image-6.1.0-12-amd64-dbg\n";
  fake.answers
      ["apt-cache policy linux-image-6.1.0-10-amd64 linux-image-6.1.0-11-amd64 "
       "linux-image-6.1.0-9-amd64"] =
      policy_of("linux-image-6.1.0-10-amd64", "6.1.100-1", debian) +
      "linux-image-6.1.0-11-amd64:\n  Installed: 6.1.110-1\n  Candidate: (none)\n" +
      policy_of("linux-image-6.1.0-9-amd64", "6.1.90-2", debian);
  fake.answers[show + "linux-image-6.1.0-10-amd64 linux-image-6.1.0-9-amd64"] =
      "Package: linux-image-6.1.0-10-amd64\nVersion: 6.1.100-1\nSize: 700\n"
      "Depends: kmod, linux-base (>= 4.3~)\n\n"
      "Package: linux-image-6.1.0-9-amd64\nVersion: 6.1.90-2\nSize: 600\n";
  return fake;
}

/// One kernel, whose package depends on two others.
FakeApt with_split_kernel() {
  FakeApt fake;
  fake.answers[names] = "linux-image-6.1.5-amd64\n";
  fake.answers["apt-cache policy linux-image-6.1.5-amd64"] =
      policy_of("linux-image-6.1.5-amd64", "6.1.5-1", debian);
  fake.answers[show + "linux-image-6.1.5-amd64"] =
      "Package: linux-image-6.1.5-amd64\n"
      "Version: 6.1.5-1\n"
      "Pre-Depends: linux-base (>= 4.12~)\n"
      "Depends: linux-binary-6.1.5-amd64 (= 6.1.5-1) | x, linux-modules-6.1.5-amd64, kmod\n"
      "Recommends: linux-extra-6.1.5-amd64\n"
      "Size: 10\n";
  fake.answers[show + "linux-binary-6.1.5-amd64 linux-modules-6.1.5-amd64"] =
      "Package: linux-modules-6.1.5-amd64\nVersion: 6.1.5-1\nSize: 300\n"
      "Depends: linux-image-6.1.5-amd64, linux-base-6.1.5-amd64 (= 6.1.5-1)\n\n"
      "Package: linux-binary-6.1.5-amd64\nVersion: 6.1.5-1\nSize: 20\n"
      "Depends: linux-modules-6.1.5-amd64\n";
  fake.answers[show + "linux-base-6.1.5-amd64"] =
      "Package: linux-base-6.1.5-amd64\nVersion: 6.1.5-1\nSize: 4\n";
  return fake;
}

std::string refusal(const Result<void>& result) {
  BOOST_REQUIRE(!result);
  return result.error().describe();
}

}  // namespace

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
  const auto offers = fake.apt().kernels({recipe});
  BOOST_REQUIRE_MESSAGE(offers, problem(offers));
  BOOST_REQUIRE(offers->size() == 1U);
  BOOST_TEST(offers->at(0).name == "debian:6.1");
  BOOST_TEST(offers->at(0).suite == "bookworm");
  BOOST_TEST(offers->at(0).bytes() == 700U);
  const std::vector<Package> expected = {{"linux-image-6.1.0-10-amd64", "6.1.100-1", 700}};
  BOOST_TEST((offers->at(0).packages == expected));
}

BOOST_AUTO_TEST_CASE(a_kernel_in_several_packages_is_followed_by_its_depends) {
  FakeApt fake = with_split_kernel();
  const auto offers = fake.apt().kernels({recipe});
  BOOST_REQUIRE_MESSAGE(offers, problem(offers));
  BOOST_REQUIRE(offers->size() == 1U);
  const std::vector<Package> expected = {{"linux-image-6.1.5-amd64", "6.1.5-1", 10},
                                         {"linux-binary-6.1.5-amd64", "6.1.5-1", 20},
                                         {"linux-modules-6.1.5-amd64", "", 300},
                                         {"linux-base-6.1.5-amd64", "6.1.5-1", 4}};
  BOOST_TEST((offers->at(0).packages == expected));
  BOOST_TEST(offers->at(0).lacking.empty());
}

// Debian's backports kept linux-image-6.19.14 for months after its modules had gone: it was offered
// with a download of 13 MB, and fetching it failed.
BOOST_AUTO_TEST_CASE(a_kernel_whose_parts_are_gone_lacks_them) {
  FakeApt fake = with_split_kernel();
  fake.answers[show + "linux-base-6.1.5-amd64"] = "E: No packages found";
  auto offers = fake.apt().kernels({recipe});
  BOOST_REQUIRE_MESSAGE(offers, problem(offers));
  const std::vector<std::string> lacking = {"linux-base-6.1.5-amd64"};
  BOOST_TEST(offers->at(0).lacking == lacking, boost::test_tools::per_element());

  // A part of another version is none either.
  fake.answers[show + "linux-base-6.1.5-amd64"] =
      "Package: linux-base-6.1.5-amd64\nVersion: 6.1.5-2\nSize: 4\n";
  offers = fake.apt().kernels({recipe});
  BOOST_REQUIRE(offers);
  BOOST_TEST(offers->at(0).lacking == lacking, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_kernels_of_a_name_a_whole_one_goes_before_a_newer_one_that_is_not) {
  const KernelOffer old{"d:1", "s", {{"a", "1.1"}}, {}};
  const KernelOffer broken{"d:1", "s", {{"b", "1.3"}}, {"part"}};
  const KernelOffer whole{"d:1", "s", {{"c", "1.2"}}, {}};
  const KernelOffer older_broken{"d:1", "s", {{"d", "1.0"}}, {"part"}};
  const std::string chosen = "c";
  BOOST_TEST(newest_offers({old, broken, whole, older_broken}).at(0).packages[0].name == chosen);
  BOOST_TEST(newest_offers({whole, older_broken, old, broken}).at(0).packages[0].name == chosen);
  BOOST_TEST(newest_offers({older_broken, broken}).at(0).packages[0].name == "b");
  BOOST_TEST(newest_offers({}).empty());
}

BOOST_AUTO_TEST_CASE(a_failure_of_apt_is_not_taken_for_an_empty_list) {
  FakeApt fake = with_kernels();
  fake.answers[show + "linux-image-6.1.0-10-amd64 linux-image-6.1.0-9-amd64"] =
      "E: The package lists or status file could not be parsed or opened.";
  const auto offers = fake.apt().kernels({recipe});
  BOOST_REQUIRE(!offers);
  BOOST_TEST(offers.error().describe() ==
             "apt-cache failed: The package lists or status file could not be parsed or opened.");
}

BOOST_AUTO_TEST_CASE(a_recipe_for_any_series_finds_each_and_asks_for_the_names_once) {
  Recipe any{.name = "debian:SERIES", .without = {"-cloud-"}};
  any.prefix = "linux-image-SERIES.";
  any.suffix = "-amd64";
  Recipe cloud{.name = "debian:SERIES-cloud", .without = {}};
  cloud.prefix = any.prefix;
  cloud.suffix = "-cloud-amd64";
  FakeApt fake;
  fake.answers["apt-cache pkgnames linux-image-"] =
      "linux-image-amd64\nlinux-image-7.3.4+deb13-amd64\nlinux-image-7.3.4+deb13-cloud-amd64\n"
      "linux-image-6.12-amd64\nlinux-image-6.12.9-amd64\n";
  fake.answers
      ["apt-cache policy linux-image-6.12.9-amd64 linux-image-7.3.4+deb13-amd64 "
       "linux-image-7.3.4+deb13-cloud-amd64"] =
      policy_of("linux-image-6.12.9-amd64", "6.12.9-1", debian) +
      policy_of("linux-image-7.3.4+deb13-amd64", "7.3.4-1", debian) +
      policy_of("linux-image-7.3.4+deb13-cloud-amd64", "7.3.4-1", debian);
  fake.answers[show +
               "linux-image-6.12.9-amd64 linux-image-7.3.4+deb13-amd64 "
               "linux-image-7.3.4+deb13-cloud-amd64"] =
      "Package: linux-image-6.12.9-amd64\nVersion: 6.12.9-1\n\n"
      "Package: linux-image-7.3.4+deb13-amd64\nVersion: 7.3.4-1\n\n"
      "Package: linux-image-7.3.4+deb13-cloud-amd64\nVersion: 7.3.4-1\n";
  const auto offers = fake.apt().kernels({any, cloud});
  BOOST_REQUIRE_MESSAGE(offers, problem(offers));
  std::vector<std::string> found;
  for (const auto& offer : *offers) found.push_back(offer.name);
  const std::vector<std::string> expected = {"debian:6.12", "debian:7.3", "debian:7.3-cloud"};
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_candidate_is_named_with_its_suite) {
  const auto candidates = parse_policy(
      "a:\n  Installed: 1\n  Candidate: 3\n  Version table:\n"
      "     3 500\n        500 http://m/d bookworm/updates/main amd64 Packages\n"
      "        500 http://m/d sid/main amd64 Packages\n"
      " *** 1 100\n        100 http://m/d trixie/main amd64 Packages\n"
      "only-installed:\n  Installed: 2\n  Candidate: 2\n  Version table:\n"
      " *** 2 100\n        100 /var/lib/dpkg/status\n"
      "kept-back:\n  Installed: 2\n  Candidate: 2\n  Version table:\n"
      "     3 -1\n        500 http://m/d sid/main amd64 Packages\n"
      " *** 2 500\n        500 file:/r trixie-backports/main amd64 Packages\n"
      "        100 /var/lib/dpkg/status\n");
  const std::map<std::string, Candidate> expected = {{"a", {"3", "bookworm/updates"}},
                                                     {"kept-back", {"2", "trixie-backports"}}};
  BOOST_TEST((candidates == expected));
  BOOST_TEST(parse_policy("").empty());
}

BOOST_AUTO_TEST_CASE(own_options_stand_behind_the_name_of_every_program) {
  const Bench bench;
  FakeApt fake;
  fake.answers = {{"apt-get -o A=b update", ""},
                  {"apt-cache -o A=b show x", "shown"},
                  {"env apt-get -o A=b -q download x=1", "E: 404"}};
  const Apt apt = fake.apt().with({"-o", "A=b"});
  BOOST_TEST(apt.update().has_value());
  BOOST_TEST(apt.ask("apt-cache", {"show", "x"}).value() == "shown");
  const auto files = apt.download({{"x", "1"}}, bench.folder.path());
  BOOST_REQUIRE(!files);
  BOOST_TEST(files.error().describe() ==
             "apt-get download failed: 404; the suite may have changed meanwhile: try again");
}

BOOST_AUTO_TEST_CASE(the_sizes_of_a_download_are_read) {
  const auto sizes = parse_uri_sizes(
      "Reading package lists...\n"
      "'http://m/pool/a_1_amd64.deb' a_1_amd64.deb 1900 SHA256:00\n"
      "'http://m/pool/b_1_amd64.deb' b_1_amd64.deb 12000000000 \n"
      "'http://m/pool/c'\n");
  const std::vector<std::uint64_t> expected = {1900, 12000000000};
  BOOST_TEST(sizes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(empty_lists_are_refreshed_by_root_and_named_to_others) {
  FakeApt fake;
  fake.answers = {{targets, "\n"}, {"apt-get update", ""}};
  BOOST_TEST(refusal(fake.apt().fill_lists()) ==
             "apt's package lists are empty; run \"apt-get update\" as root");
  BOOST_TEST(fake.apt(Apt::User::root).fill_lists().has_value());
  BOOST_TEST(fake.asked.back() == "apt-get update");
}

BOOST_AUTO_TEST_CASE(lists_that_are_there_are_not_refreshed) {
  FakeApt fake;
  fake.answers = {{targets, "/var/lib/apt/lists/x_Packages\n"}};
  BOOST_TEST(fake.apt(Apt::User::root).fill_lists().has_value());
  BOOST_TEST(fake.asked.size() == 1U);
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
