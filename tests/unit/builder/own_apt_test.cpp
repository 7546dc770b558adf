// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/own_apt.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_own_apt)

using namespace made_up;

namespace {

const Suite sid{"sid", "Debian unstable"};
const Suite security{"trixie-security", "Debian 13"};
const std::string question =
    std::string("apt-get indextargets --format ") + Archives::format + " Created-By: Packages";

}  // namespace

BOOST_AUTO_TEST_CASE(debian_and_its_security_are_found_among_the_machines_sources) {
  const Archives archives = Archives::parse(
      "cdrom:[disc]/ Debian Debian\n"
      "http://other.example/ Other Debian\n"
      "http://backports.example/ Debian Backports Debian Backports\n"
      "http://m.example/d/ Debian Debian\n"
      "http://second.example/d/ Debian Debian\n"
      "http://m.example/security/ Debian Debian-Security\n"
      "nonsense\n");
  BOOST_TEST(archives.uri_of(sid).value() == "http://m.example/d/");
  BOOST_TEST(archives.uri_of(security).value() == "http://m.example/security/");
  const Archives without = Archives::parse("http://m.example/d/ Debian Debian\n");
  BOOST_TEST(without.uri_of(sid).has_value());
  BOOST_TEST(!without.uri_of(security));
}

BOOST_AUTO_TEST_CASE(a_machine_that_does_not_get_debian_is_told_so) {
  FakeApt fake;
  fake.answers = {{question, "http://m.example/u/ Ubuntu Ubuntu\n"}};
  const auto archives = Archives::of_machine(fake.apt());
  BOOST_REQUIRE(!archives);
  BOOST_TEST(archives.error().describe() ==
             "apt has no package list of Debian's own archive; add it to apt's sources and run "
             "\"apt-get update\" as root");
}

BOOST_AUTO_TEST_CASE(an_own_apt_has_its_own_state_and_the_suites_as_its_sources) {
  const Bench bench;
  FakeApt fake;
  const Archives archives =
      Archives::parse("http://m/d/ Debian Debian\nhttp://m/security/ Debian Debian-Security\n");
  const auto apt = own_apt(fake.apt(), archives, {sid, security}, bench.at("apt"));
  BOOST_REQUIRE_MESSAGE(apt, problem(apt));
  BOOST_TEST(read(bench.at("apt/sources.list")) ==
             "deb [arch=amd64 target=Packages] http://m/d/ sid main\n"
             "deb [arch=amd64 target=Packages] http://m/security/ trixie-security main\n");
  BOOST_TEST(read(bench.at("apt/state/status")).empty());
  fake.answers = {{"[sid trixie-security] apt-get update", ""}};
  BOOST_TEST(apt->update().has_value());
}

BOOST_AUTO_TEST_CASE(what_apt_says_of_a_suite_becomes_the_trouble_and_its_remedy) {
  using Kind = SuiteTrouble::Kind;
  struct Case {
    const char* words;
    Kind kind;
    const char* what;
    const char* remedy;
  };
  // As apt 2.6 and 3.0 say it.
  const Case cases[] = {
      {"Release file for http://m/dists/sid/InRelease is expired (invalid since 22d 12h). Updates "
       "for this repository will not be applied.",
       Kind::expired, " has expired: ", "Acquire::Check-Valid-Until \"false\""},
      {"Release file for http://m/dists/sid/InRelease is not valid yet (invalid for another 3h).",
       Kind::premature, " is from the future: ", "set this machine's clock"},
      {"The repository 'http://m sid Release' does not have a Release file.", Kind::gone,
       " is gone: ", "archive of old releases"},
      {"The repository 'http://m sid Release' no longer has a Release file.", Kind::gone,
       " is gone: ", "archive of old releases"},
      {"Failed to fetch http://m/dists/sid/main/binary-amd64/Packages  404  Not Found [IP: ::1 80]",
       Kind::gone, " is gone: ", "archive of old releases"},
      {"Failed to fetch http://m/InRelease  The following signatures couldn't be verified because "
       "the public key is not available: NO_PUBKEY 6ED0E7B82643E131",
       Kind::unsigned_by_known,
       " is not signed by a key that apt trusts: ", "install the newest debian-archive-keyring"},
      {"The repository 'http://m sid InRelease' is not signed.", Kind::unsigned_by_known,
       " is not signed by a key that apt trusts: ", "install the newest debian-archive-keyring"},
      {"Failed to fetch http://m/InRelease  Could not resolve 'm'", Kind::unreachable,
       " cannot be reached: ", "see to the network"},
      {"Failed to fetch http://m/InRelease  Could not connect to m:80 (1.2.3.4). - connect (111: "
       "Connection refused)",
       Kind::unreachable, " cannot be reached: ", "see to the network"},
      {"Failed to fetch http://m/Packages  Hash Sum mismatch", Kind::other,
       " cannot be read: ", "try again"},
      {"", Kind::other, " cannot be read: ", "try again"},
  };
  for (const auto& c : cases) {
    const SuiteTrouble trouble = suite_trouble(sid, "http://m/", c.words);
    const std::string text = trouble.error.describe();
    BOOST_TEST((trouble.kind == c.kind), text);
    const std::string words(c.words);
    BOOST_TEST(
        text.starts_with("the suite sid (Debian unstable) at http://m/" + std::string(c.what) +
                         words.substr(0, words.find_last_not_of('.') + 1) + "; "),
        text);
    BOOST_TEST(
        ("the suite sid (Debian unstable)" + std::string(c.what)).starts_with(trouble.summary));
    BOOST_TEST(text.find(c.remedy) != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(of_several_suites_the_one_is_named_of_which_apt_complained) {
  const std::vector<Suite> suites = {{"trixie", "Debian 13"}, {"trixie-backports", "Debian 13"}};
  BOOST_TEST(
      suite_complained_of(suites, "http://m/dists/trixie-backports/InRelease is expired").name ==
      "trixie-backports");
  BOOST_TEST(
      suite_complained_of(suites, "The repository 'http://m trixie Release' does not").name ==
      "trixie");
  BOOST_TEST(suite_complained_of(suites, "nonsense").name == "trixie");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
