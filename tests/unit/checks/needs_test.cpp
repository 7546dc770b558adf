// SPDX-License-Identifier: GPL-2.0-or-later
// The gate: what is missing or damaged makes a check inconclusive, by name, before it runs.
#include "harness/checks/needs.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_needs)

namespace {

using checks::Verdict;

/// The check is inconclusive, and its reason or details name what is wrong.
void gated(const RunBuilder& run, const std::string& check, const std::string& names) {
  const auto result = judge_one(run, check);
  BOOST_TEST((result.verdict == Verdict::inconclusive), check + ": " + result.reason);
  bool named = result.reason.find(names) != std::string::npos;
  for (const auto& detail : result.details)
    named = named || detail.find(names) != std::string::npos;
  BOOST_TEST(named, check + ": " + result.reason + " does not name " + names);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_the_target_cannot_do_is_inconclusive_by_its_name_and_no_damage) {
  struct Lack {
    const char* name;
    const char* check;
    const char* words;
  };
  const Lack lacks[] = {
      {"stop", "capture.entered", "the target cannot stop at machine_kexec"},
      {"watch-memory", "dma.stopped", "the target cannot have its memory watched"},
      {"configuration", "pci.quiet", "the target cannot have its configuration space read"},
      {"screen", "console.screen", "the target cannot show its screen"},
      {"keys", "console.input", "the target cannot get keys"}};
  for (const Lack& lack : lacks) {
    auto run = good_run();
    run.event(0.1, "target", {{"kind", "serial"}, {"can", {"trace"}}, {"cannot", {lack.name}}});
    const auto result = judge_one(run, lack.check);
    BOOST_TEST((result.verdict == Verdict::inconclusive), lack.check);
    BOOST_TEST(result.reason.find(std::string("the evidence is not whole: ") + lack.words) == 0,
               result.reason);
  }
}

BOOST_AUTO_TEST_CASE(a_check_that_needs_nothing_of_it_is_judged_on_a_target_that_lacks_something) {
  auto run = good_run();
  run.event(0.1, "target",
            {{"kind", "serial"}, {"can", {"stop"}}, {"cannot", {"watch-memory", "screen"}}});
  for (const char* check : {"capture.entered", "kernel.log", "device.works"})
    BOOST_TEST((judge_one(run, check).verdict == Verdict::pass), check);
}

BOOST_AUTO_TEST_CASE(every_check_says_what_it_needs) {
  for (const auto* check : checks::registry()) BOOST_TEST(!check->needs.empty(), check->name);
}

// A plan whose device was taken out judged the run as if the device had never been there.
BOOST_AUTO_TEST_CASE(events_of_a_device_that_the_plan_has_not_are_of_another_plan) {
  auto run = good_run();
  run.plan.devices.erase(run.plan.devices.begin());
  gated(run, "device.works", "which the plan has not");
  auto gate = good_run();
  gate.event(24, "gate.window", {{"off", "net7"}, {"t0", 23}, {"t1", 24}});
  gated(gate, "kernel.log", "tells of net7 (gate.window), which the plan has not");
}

BOOST_AUTO_TEST_CASE(an_action_that_nobody_planned_is_of_another_plan) {
  auto run = good_run();
  run.plan.scenario.steps.before_drivers = {{.method = "flr"}};
  run.event(23, "reset.action",
            {{"at", "before-drivers"}, {"number", 1}, {"device", "net0"}, {"ok", true}});
  gated(run, "bus.reset", "net0 is told of action 2 (before-drivers), which the plan has not");
}

// With dma.ndjson removed, emptied or halved dma.stopped passed.
BOOST_AUTO_TEST_CASE(strays_that_the_passes_counted_and_the_file_has_not_are_missed) {
  auto run = good_run();
  for (int i = 0; i < 3; ++i)
    run.event(35 + i, "watch.pass", {{"begin_t", 34.9 + i}, {"pages_changed", 20}});
  gated(run, "dma.stopped", "counted 20 pages, and dma.ndjson has");
}

// Without its key.sent events console.input was skipped and the run passed.
BOOST_AUTO_TEST_CASE(a_key_that_the_plan_types_and_the_record_has_not_is_no_skip) {
  auto run = good_run();
  run.drop_events("key.sent");
  gated(run, "console.input", "the key that the plan has typed");
}

// Without control, activity and baseline everything passed.
BOOST_AUTO_TEST_CASE(a_device_without_its_control_activity_or_baseline_is_missed) {
  for (const auto& [event, names] :
       {std::pair{"control", "the control of net0"}, std::pair{"activity", "what net0 did"},
        std::pair{"baseline", "no baseline"}}) {
    auto run = good_run();
    run.drop_events(event);
    gated(run, "dma.stopped", names);
  }
}

BOOST_AUTO_TEST_CASE(half_of_the_watch_the_closing_mark_and_samples_of_the_screen_are_missed) {
  auto watch = good_run();
  watch.drop_events("watch.pass", 25);
  gated(watch, "dma.stopped", "nobody watched for");
  auto closing = good_run();
  closing.drop_mark("closing");
  gated(closing, "dma.stopped", "the mark closing is missing");
  auto samples = good_run();
  samples.drop_events("screen.sample");
  gated(samples, "console.screen", "nobody looked at the screen");
}

BOOST_AUTO_TEST_CASE(marks_that_the_plans_steps_ask_for_are_missed) {
  for (const char* name : {"handover", "drivers", "tests", "capture-end"}) {
    auto run = good_run();
    run.drop_mark(name);
    gated(run, "kernel.log", std::string("the mark ") + name);
  }
}

// pci.quiet passed with half of the pci/ files, with a function missing, and with a configuration
// cut to four bytes.
BOOST_AUTO_TEST_CASE(snapshots_and_functions_that_are_not_whole_are_missed) {
  for (const char* mark : {"capture-entry", "drivers", "capture-end-agent", "production-agent"}) {
    auto run = good_run();
    run.drop_file(std::string("pci/") + mark + ".json");
    gated(run, "pci.quiet", mark);
  }
  auto missing = good_run();
  missing.pci("handover", 10.5, {{.address = "0000:00:02.0", .bus_master = true, .msix = true}});
  gated(missing, "pci.quiet", "pci/handover.json has not the function 0000:00:00.0");
  auto cut = good_run();
  cut.file("pci/handover.json",
           R"({"mark": "handover", "t": 10.5, "functions": [)"
           R"({"address": "0000:00:00.0", "config": "8680d310", "length": 256},)"
           R"({"address": "0000:00:02.0", "config": "8680d310", "length": 256},)"
           R"({"address": "0000:00:03.0", "config": "8680d310", "length": 256},)"
           R"({"address": "0000:00:1f.2", "config": "8680d310", "length": 256}]})");
  gated(cut, "pci.quiet", "have not the same function 0000:00:00.0");
}

// irq.quiet passed with the kernel's log gone or its lines empty, kernel.log with malformed
// entries.
BOOST_AUTO_TEST_CASE(a_kernel_log_that_is_gone_or_not_whole_is_missed) {
  for (const char* check : {"irq.quiet", "kernel.log"}) {
    auto gone = good_run();
    gone.drop_agent("kmsg");
    gated(gone, check, "the answer with the capture kernel's log is missing");
    auto numbers = good_run();
    numbers.drop_agent("kmsg");
    numbers.agent(38, "response",
                  {{"op", "kmsg"},
                   {"records", 500},
                   {"lost", 0},
                   {"first_sequence", 0},
                   {"last_sequence", 511},
                   {"entries", nlohmann::json::array()}});
    gated(numbers, check, "numbered its log 0 to 511, and 500 records are told of");
    auto malformed = good_run();
    malformed.drop_agent("kmsg");
    malformed.agent(38, "response",
                    {{"op", "kmsg"},
                     {"records", 512},
                     {"lost", 0},
                     {"first_sequence", 0},
                     {"last_sequence", 511},
                     {"entries", {{{"sequence", 4}, {"level", 4}}, 7}}});
    gated(malformed, check, "2 messages of the capture kernel's log cannot be read");
  }
  auto counts = good_run();
  counts.drop_agent("interrupts");
  gated(counts, "irq.quiet", "the counts of interrupts at window-end are missing");
}

// A halved serial.log was blamed on the kernel.
BOOST_AUTO_TEST_CASE(a_banner_that_the_timeline_noted_and_the_serial_log_has_not_is_missed) {
  auto run = good_run();
  run.drop_serial("Linux version");
  gated(run, "console.serial", "serial.log has not the line \"Linux version\"");
}

BOOST_AUTO_TEST_CASE(a_result_of_a_test_that_was_done_is_missed) {
  auto run = good_run();
  run.drop_events("test.result");
  gated(run, "device.works", "the result of the test of net0 is missing");
}

BOOST_AUTO_TEST_CASE(a_frame_in_memory_that_nobody_fed_and_a_gap_in_the_feeds_are_missed) {
  auto few = good_run();
  few.drop_events("feed", 9);
  gated(few, "dma.stopped", "frame 7 was seen in memory");
}

// Before lines were numbered.
BOOST_AUTO_TEST_CASE(a_run_without_numbers_is_judged_as_before) {
  auto texts = good_run().texts();
  forget_numbers(texts);
  const auto run = evidence::assemble(texts);
  BOOST_REQUIRE(run);
  BOOST_TEST(run->damage.empty());
  BOOST_TEST((checks::judge(*run).outcome == checks::Outcome::pass));
}

// What the plan asks for became a skip.
BOOST_AUTO_TEST_CASE(resets_that_the_plan_asks_for_and_nobody_noted_are_no_skip) {
  auto run = good_run();
  run.plan.scenario.steps.before_drivers = {
      {.what = scenario::ActionKind::reset, .method = "flr", .devices = {}}};
  gated(run, "bus.reset", "what action 1 did to net0 (before-drivers) is missing");
}

// The gate must not excuse a kernel that hangs: what it never reached is not missing.
BOOST_AUTO_TEST_CASE(what_a_hanging_kernel_never_reached_is_not_missing) {
  auto run = good_run();
  run.drop_mark("tests");
  run.drop_mark("closing");
  run.drop_mark("capture-end");
  run.drop_events("test.result");
  run.drop_agent("kmsg");
  run.agent(29, "request", {{"op", "test"}, {"device", "net0"}});
  run.event(39, "capture.stuck", {{"step", "tests"}, {"why", "it did not answer"}});
  const auto result = judge_one(run, "device.works");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
