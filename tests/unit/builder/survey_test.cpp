// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/survey.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_survey)

using namespace made_up;

namespace {

Recipe any_recipe() {
  Recipe recipe{.name = "d:SERIES", .without = {"-rt-"}};
  recipe.prefix = "linux-image-SERIES.";
  recipe.suffix = "-amd64";
  recipe.suites = {{"a-security", "old"}, {"b", "new"}, {"c", "newer"}, {"d", "newest"}};
  return recipe;
}

/// A machine with Debian and security, whose own lists have no kernel.
struct Machine {
  Bench bench;
  FakeApt fake;
  std::vector<std::string> told;

  Machine() {
    fake.answers = {
        {"apt-get indextargets --format $(FILENAME) Created-By: Packages", "x\n"},
        {"apt-get indextargets --format $(REPO_URI) $(ORIGIN) $(LABEL) Created-By: Packages",
         "http://m/ Debian Debian\nhttp://s/ Debian Debian-Security\n"}};
    has("", {});
  }
  /// What an apt has: that of a suite, or with "" the machine's own. Series are single digits.
  void has(const std::string& suite, const std::vector<std::string>& series) {
    const std::string whose = suite.empty() ? "" : "[" + suite + "] ";
    std::string names;
    std::string policy;
    std::string show;
    std::string question;
    for (const auto& number : series) {
      const std::string name = "linux-image-" + number + ".0.1-amd64";
      names += name + "\n";
      question += " " + name;
      policy += name + ":\n  Candidate: " + number + "\n  Version table:\n     " + number +
                " 500\n        500 http://m " + (suite.empty() ? "own" : suite) +
                "/main amd64 Packages\n";
      show += "Package: " + name + "\nVersion: " + number + "\nSize: 5\n\n";
    }
    fake.answers[whose + "apt-get update"] = "";
    fake.answers[whose + "apt-cache pkgnames linux-image-"] = names;
    fake.answers[whose + "apt-cache policy" + question] = policy;
    fake.answers[whose + "apt-cache show --no-all-versions" + question] = show;
  }
  void refuses(const std::string& suite, const std::string& words) {
    fake.answers["[" + suite + "] apt-get update"] = "E: " + words;
  }
  Survey ask(const std::string& wanted) {
    auto found = survey(fake.apt(), {any_recipe()}, wanted, bench.at("apt"),
                        [this](const std::string& what) { told.push_back(what); });
    BOOST_REQUIRE_MESSAGE(found, problem(found));
    return std::move(*found);
  }
  std::string refusal(const std::string& wanted) {
    const Survey found = ask(wanted);
    BOOST_TEST((found.find(wanted) == nullptr));
    return not_offered(find_recipe({any_recipe()}, wanted).value(), found).describe();
  }
};

std::vector<std::string> names_of(const Survey& found) {
  std::vector<std::string> names;
  for (const auto& source : found.sources)
    names.push_back(source.offer.name + " " + source.offer.suite);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_suite_is_asked_when_the_machine_has_the_kernel) {
  Machine machine;
  machine.has("", {"7"});
  const Survey found = machine.ask("d:7.0");
  BOOST_REQUIRE(found.find("d:7.0") != nullptr);
  BOOST_TEST(found.find("d:7.0")->offer.suite == "own");
  BOOST_TEST(found.asked.empty());
  BOOST_TEST(machine.told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(suites_are_asked_in_their_order_until_one_has_the_kernel) {
  Machine machine;
  machine.has("a-security", {});
  machine.has("b", {"6"});
  machine.has("c", {"7"});  // "d" is not asked: its command would fail the test
  const Survey found = machine.ask("d:7.0");
  BOOST_REQUIRE(found.find("d:7.0") != nullptr);
  BOOST_TEST(found.find("d:7.0")->offer.suite == "c");
  const std::vector<std::string> told = {
      "asking this machine's apt", "looking into the suite a-security (old)",
      "looking into the suite b (new)", "looking into the suite c (newer)"};
  BOOST_TEST(machine.told == told, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_each_name_the_first_place_counts_when_all_are_asked) {
  Machine machine;
  machine.has("", {"1"});
  machine.has("a-security", {"2"});
  machine.has("b", {"1", "2"});
  machine.has("c", {});
  machine.has("d", {"3"});
  const std::vector<std::string> expected = {"d:1.0 own", "d:2.0 a-security", "d:3.0 d"};
  BOOST_TEST(names_of(machine.ask("")) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_suite_that_cannot_be_read_does_not_hide_the_others) {
  Machine machine;
  machine.refuses("a-security", "Release file for x is expired (invalid since 1d).");
  machine.refuses("b", "The repository 'http://m b Release' does not have a Release file.");
  machine.has("c", {"7"});
  const Survey found = machine.ask("d:7.0");
  BOOST_TEST((found.find("d:7.0") != nullptr));
  BOOST_TEST(found.troubles.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_reached_is_not_asked_for_its_other_suites) {
  Machine machine;
  machine.has("a-security", {"6"});
  machine.refuses("b", "Could not connect to m:80");  // "c" and "d" are of the same server
  BOOST_TEST(machine.refusal("d:7.0") ==
             "there is no package linux-image-7.0.*-amd64 now; asked were this machine's apt and "
             "a-security (old); there are d:6.0; take one of those that \"quiesce list kernels "
             "--remote\" shows, or give the kernel's files\n"
             "  the suite b (new) at http://m/ cannot be reached: apt-get update failed: Could not "
             "connect to m:80; see to the network, or to the proxy in apt's configuration");
}

BOOST_AUTO_TEST_CASE(a_suite_whose_repository_the_machine_does_not_know_is_left_out) {
  Machine machine;
  machine.fake.answers
      ["apt-get indextargets --format $(REPO_URI) $(ORIGIN) $(LABEL) Created-By: Packages"] =
      "http://m/ Debian Debian\n";
  for (const char* suite : {"b", "c", "d"}) machine.has(suite, {});
  const Survey found = machine.ask("");
  BOOST_TEST(found.asked.size() == 3U);
  BOOST_TEST(found.troubles.empty());
}

BOOST_AUTO_TEST_CASE(a_machine_that_does_not_get_debian_has_its_own_kernels_all_the_same) {
  Machine machine;
  machine.has("", {"6"});
  machine.fake.answers
      ["apt-get indextargets --format $(REPO_URI) $(ORIGIN) $(LABEL) Created-By: Packages"] =
      "http://m/ Ubuntu Ubuntu\n";
  BOOST_TEST((machine.ask("d:6.0").find("d:6.0") != nullptr));
  BOOST_TEST(machine.refusal("d:7.0") ==
             "there is no package linux-image-7.0.*-amd64 now; asked were this machine's apt; "
             "there are d:6.0; take one of those that \"quiesce list kernels --remote\" shows, or "
             "give the kernel's files\n"
             "  apt has no package list of Debian's own archive; add it to apt's sources and run "
             "\"apt-get update\" as root");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
