// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>
#include <set>

#include "reports/text.hpp"
#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_judge)

using checks::Outcome;
using checks::Verdict;

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

checks::RunResult judge_texts(const evidence::Texts& texts) {
  const auto run = evidence::assemble(texts);
  BOOST_REQUIRE(run.has_value());
  return checks::judge(*run);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_check_is_registered_once_in_the_order_of_names) {
  std::vector<std::string> names;
  for (const auto* check : checks::registry()) names.emplace_back(check->name);
  const std::vector<std::string> expected{"bus.reset",     "capture.entered", "capture.flag",
                                          "console.input", "console.screen",  "console.serial",
                                          "device.works",  "dma.stopped",     "driver.reinit",
                                          "irq.quiet",     "kernel.log",      "pci.quiet"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_good_run_passes_as_a_whole) {
  const auto result = checks::judge(good_run().run());
  BOOST_TEST((result.outcome == Outcome::pass), reports::render_text(result, false, true));
  BOOST_TEST(result.reason == "11 checks passed");
  BOOST_TEST(checks::exit_code(result.outcome) == 0);
  BOOST_TEST(result.about["seconds"] == 41.0);
}

BOOST_AUTO_TEST_CASE(one_failed_check_fails_the_run_and_is_named) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "net0");
  run.drop_agent("kmsg");
  const auto result = checks::judge(run.run());
  BOOST_TEST((result.outcome == Outcome::fail));
  BOOST_TEST(says(result.reason, "dma.stopped: net0 wrote"));
}

BOOST_AUTO_TEST_CASE(an_inconclusive_check_makes_the_run_inconclusive) {
  auto run = good_run();
  run.drop_agent("kmsg");
  BOOST_TEST((checks::judge(run.run()).outcome == Outcome::inconclusive));
}

BOOST_AUTO_TEST_CASE(an_error_of_the_harness_is_worse_than_a_failed_check) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "net0");
  run.drop_events("run.end");
  run.event(39, "error",
            {{"phase", "collect"}, {"code", "closed"}, {"message", "QEMU closed its monitor"}});
  run.event(41, "run.end", {{"reason", "error"}});
  const auto result = checks::judge(run.run());
  BOOST_TEST((result.outcome == Outcome::error));
  BOOST_TEST(result.reason == "phase collect: QEMU closed its monitor");
  BOOST_TEST(result.phase == "collect");
  BOOST_TEST(result.checks.size() == checks::registry().size());
}

BOOST_AUTO_TEST_CASE(a_run_without_an_end_is_the_harness_that_died) {
  auto run = good_run();
  run.cut(15);
  const auto result = checks::judge(run.run());
  BOOST_TEST((result.outcome == Outcome::error));
  BOOST_TEST(result.reason == "the harness died in phase capture");
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_is_interrupted) {
  auto run = good_run();
  run.cut(15);
  run.event(15, "run.end", {{"reason", "interrupted"}});
  BOOST_TEST((checks::judge(run.run()).outcome == Outcome::interrupted));
}

BOOST_AUTO_TEST_CASE(a_production_kernel_that_never_booted_is_an_error) {
  auto run = good_run();
  run.cut(5);
  run.event(60, "run.end", {{"reason", "finished"}});
  const auto result = checks::judge(run.run());
  BOOST_TEST((result.outcome == Outcome::error));
  BOOST_TEST(says(result.reason, "never ready to crash"));
}

BOOST_AUTO_TEST_CASE(a_check_that_this_program_lacks_is_inconclusive) {
  auto run = good_run().run();
  run.plan.scenario.checks = {{"dump.true", nlohmann::json::object()}};
  const auto result = checks::judge(run);
  BOOST_REQUIRE_EQUAL(result.checks.size(), 1U);
  BOOST_TEST((result.checks[0].verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(no_cut_of_the_evidence_crashes_a_check_or_makes_it_pass_as_a_whole) {
  const auto whole = good_run();
  for (double t = 0; t < 41; t += 0.5) {
    auto run = whole;
    run.cut(t);
    BOOST_TEST((checks::judge(run.run()).outcome == Outcome::error), t);
  }
}

BOOST_AUTO_TEST_CASE(
    a_file_that_is_missing_or_nonsense_never_crashes_and_is_no_failure_of_the_kernel) {
  const auto whole = good_run().texts();
  for (const auto& [name, text] : whole) {
    if (name == "plan.json") continue;
    for (const std::string& replacement :
         {std::string(), std::string("[]"), std::string("\xff\x00\x1b[", 4),
          text.substr(0, text.size() / 2)}) {
      auto texts = whole;
      texts[name] = replacement;
      const auto result = judge_texts(texts);
      BOOST_TEST(!reports::render_text(result, true, true).empty());
      BOOST_TEST(!checks::to_json(result).dump().empty());
    }
    auto texts = whole;
    texts.erase(name);
    const auto result = judge_texts(texts);
    BOOST_TEST((result.outcome == Outcome::pass || result.outcome == Outcome::inconclusive ||
                result.outcome == Outcome::error),
               name << ": " << result.reason);
  }
}

BOOST_AUTO_TEST_CASE(every_field_of_another_type_never_crashes_a_check) {
  const auto whole = good_run().texts();
  for (const char* name : {"timeline.ndjson", "agent.ndjson", "dma.ndjson", "pci/handover.json"}) {
    for (const nlohmann::json& odd : {nlohmann::json(), nlohmann::json(-1e300), nlohmann::json("x"),
                                      nlohmann::json::array({1}), nlohmann::json::object()}) {
      auto texts = whole;
      std::string text;
      for (const auto& line : evidence::parse_lines(texts[name])) {
        auto object = nlohmann::json::parse(line);
        for (auto& [key, value] : object.items())
          if (key != "t" && key != "event" && key != "kind" && key != "role") value = odd;
        text += object.dump() + "\n";
      }
      texts[name] = text;
      const auto result = judge_texts(texts);
      BOOST_TEST(!reports::render_text(result, false, true).empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_result_is_json_with_its_format_and_verdicts) {
  const auto json = checks::to_json(checks::judge(good_run().run()));
  BOOST_TEST(json["format"] == 1);
  BOOST_TEST(json["outcome"] == "pass");
  BOOST_TEST(json["checks"].size() == checks::registry().size());
  BOOST_TEST(json["checks"][0]["name"] == "bus.reset");
  BOOST_TEST(json["checks"][0]["verdict"] == "skip");
  BOOST_TEST(json["checks"][1]["verdict"] == "pass");
}

BOOST_AUTO_TEST_CASE(exit_codes_are_those_of_the_manual) {
  BOOST_TEST(checks::exit_code(Outcome::fail) == 1);
  BOOST_TEST(checks::exit_code(Outcome::error) == 3);
  BOOST_TEST(checks::exit_code(Outcome::inconclusive) == 4);
  BOOST_TEST(checks::exit_code(Outcome::skip) == 77);
  BOOST_TEST(checks::exit_code(Outcome::interrupted) == 130);
}

BOOST_AUTO_TEST_CASE(the_manual_lists_every_check_and_parameter) {
  const std::string text = checks::checks_markdown();
  for (const auto* check : checks::registry()) {
    BOOST_TEST(says(text, std::string("## ") + check->name));
    for (const auto& parameter : check->parameters)
      BOOST_TEST(says(text, "`" + parameter.name + "`"));
  }
  BOOST_TEST(checks::vocabulary().size() == checks::registry().size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
