// SPDX-License-Identifier: GPL-2.0-or-later
// Sentences are made of findings, and every finding has its code in the table of its check.
#include "harness/checks/sentences.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "harness/checks/common_codes.hpp"
#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_sentences)

using checks::Code;
using checks::Finding;
using checks::Verdict;
namespace measure = checks::measure;

namespace {

/// What the template says of a device "net0" with these measures.
std::string said(const char* pattern, const checks::Measures& measures = {}) {
  static const Code code{.name = "x", .verdict = {}, .meaning = ""};
  return checks::say(pattern, checks::found_of(code, "net0", measures));
}

/// Every code of the check, and of all checks.
std::set<std::string> names_of(const std::vector<const Code*>& codes) {
  std::set<std::string> names;
  for (const Code* code : codes) names.insert(code->name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(measures_are_said_in_their_format) {
  BOOST_TEST(said("{subject} {a:.1f} s, {b|page}, {c|page}, {d}",
                  {measure::seconds("a", 1.26), measure::pages("b", 1), measure::pages("c", 3),
                   measure::list("d", {"x", "y", "z"})}) ==
             "net0 1.3 s, 1 page, 3 pages, x, y and z");
  BOOST_TEST(said("{a:B} {b:q} {c:>3}|", {measure::bytes("a", 1048576), measure::list("b", {"x"}),
                                          measure::text("c", "7")}) == "1 MiB \"x\"   7|");
  BOOST_TEST(said("{a?yes:no:-}{b?yes:no:-}{c?yes:no:-}",
                  {measure::flag("a", true), measure::flag("b", false)}) == "yesno-");
  BOOST_TEST(said("{gone}") == "?");
}

BOOST_AUTO_TEST_CASE(a_section_is_left_out_when_it_has_nothing_to_say) {
  const checks::Measures some{measure::count("zero", 0), measure::count("two", 2),
                              measure::seconds("none", 0), measure::text("empty", "")};
  BOOST_TEST(said("a[ {zero}][ {two}][ {none:.1f}][ {empty}][ {gone}]", some) == "a 2 0.0");
  BOOST_TEST(said("[?two x][!two y][?zero x][!zero y][!gone z]", some) == "xyz");
  BOOST_TEST(said("[{gone} [{two}]][{two}[ {gone}]]", some) == "2");
}

BOOST_AUTO_TEST_CASE(an_enumeration_joins_what_is_shown) {
  const checks::Measures some{measure::count("a", 1), measure::count("b", 2),
                              measure::list("l", {"x", "y"})};
  BOOST_TEST(said("<[{a} by a][{gone} by c][{b} by b][l: {l*}]>", some) ==
             "1 by a, 2 by b, l: x and l: y");
  BOOST_TEST(said("x[, <[{gone}]>]", some) == "x");
}

BOOST_AUTO_TEST_CASE(the_first_of_the_worst_verdict_is_the_reason_and_the_others_are_counted) {
  static const Code bad{.name = "bad",
                        .verdict = Verdict::fail,
                        .meaning = "",
                        .sentence = "{subject} is bad",
                        .line = "{subject}: bad"};
  static const Code good{
      .name = "good", .verdict = Verdict::pass, .meaning = "", .sentence = "all is good"};
  static const Code told{.name = "told",
                         .verdict = {},
                         .meaning = "",
                         .addition = ", by the way",
                         .control = "{n} were seen",
                         .heading = "head",
                         .columns = {{"who", "{subject}"}, {"n", "{n}"}}};
  checks::Check check{.name = "x",
                      .question = "",
                      .codes = {&bad, &good, &told},
                      .parameters = {},
                      .judge = nullptr};
  Finding seen = checks::found_of(told, "long-name", {measure::count("n", 7)});
  seen.control = {measure::count("n", 7)};
  const auto result = checks::conclude(
      "x", &check,
      {checks::found(good), checks::found_of(bad, "a"), checks::found_of(bad, "b"), seen});
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason == "a is bad (and 1 more), by the way");
  BOOST_TEST(result.control == "7 were seen");
  const std::vector<std::string> details{"a: bad", "b: bad", "head", "who        n",
                                         "long-name  7"};
  BOOST_TEST(result.details == details, boost::test_tools::per_element());
  BOOST_TEST((checks::conclude("x", &check, {}).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(every_code_is_named_once_and_says_what_it_means) {
  for (const auto* check : checks::registry()) {
    auto codes = check->codes;
    codes.insert(codes.end(), checks::common_codes().begin(), checks::common_codes().end());
    BOOST_TEST(names_of(codes).size() == codes.size(), check->name);
    for (const Code* code : codes) {
      BOOST_TEST(*code->meaning != 0, check->name << ": " << code->name);
      BOOST_TEST((!code->verdict || !code->sentence.empty() || code->name == std::string("works") ||
                  code->name == std::string("bound") || code->name == std::string("quiet")),
                 check->name << ": " << code->name << " decides and has no sentence");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

/// It looks back on what the tests of the rooms found.
BOOST_AUTO_TEST_SUITE(checks_codes, *boost::unit_test::depends_on("checks_bus_reset") *
                                        boost::unit_test::depends_on("checks_capture") *
                                        boost::unit_test::depends_on("checks_console") *
                                        boost::unit_test::depends_on("checks_device") *
                                        boost::unit_test::depends_on("checks_dma_stopped") *
                                        boost::unit_test::depends_on("checks_attribution") *
                                        boost::unit_test::depends_on("checks_golden") *
                                        boost::unit_test::depends_on("checks_irq_quiet") *
                                        boost::unit_test::depends_on("checks_kernel_log") *
                                        boost::unit_test::depends_on("checks_rare_codes"))

BOOST_AUTO_TEST_CASE(every_code_of_every_check_is_found_by_some_test) {
  for (const auto* check : checks::registry())
    for (const checks::Code* code : check->codes)
      BOOST_TEST(found_codes().count({check->name, code->name}) == 1U,
                 check->name << ": no test finds " << code->name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
