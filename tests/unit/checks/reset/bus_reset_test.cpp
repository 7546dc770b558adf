// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/reset/action_run.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_bus_reset)

using checks::Verdict;
using nlohmann::json;

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Writes of net0's own ledger, `step` seconds apart; run.start's clock shows 5000 at t = 0.
std::string ledger(double from, double until, double step) {
  std::string text;
  for (double t = from; t <= until; t += step)
    text += json{{"mono", 5000 + t}, {"event", "dma.write"}, {"address", "0x5000"}, {"bytes", 64}}
                .dump() +
            "\n";
  return text;
}

std::string ledger_reset(double t, const char* kind, bool effect) {
  return json{{"mono", 5000 + t}, {"event", "reset"}, {"kind", kind}, {"effect", effect}}.dump() +
         "\n";
}

const json refused{{"ok", false}, {"error", "no reset method"}, {"methods", "pm bus"}};

}  // namespace

BOOST_AUTO_TEST_CASE(without_an_action_the_check_is_skipped) {
  BOOST_TEST((judge_one(good_run(), "bus.reset").verdict == Verdict::skip));
}

BOOST_AUTO_TEST_CASE(a_reset_that_ends_the_writes_and_brings_the_device_back_passes) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["ladder"][0]["stopped_by"] == "reset flr");
  BOOST_TEST(numbers(result)["ladder"][0]["brought_back_by"] == "reset flr");
  BOOST_TEST(says(result.reason, "net0: stopped by reset flr, its last write within 120 ms"),
             result.reason);
}

// A write up to five seconds before counted: each rung after the one that stopped the device
// stopped it again.
BOOST_AUTO_TEST_CASE(only_the_rung_that_stopped_the_device_is_credited) {
  ActionRun run;
  run.act("nothing", "", Writes::on).act("bus-master-off", "", Writes::until_the_action);
  run.act("reset", "flr", Writes::never).act("hot-reset", "", Writes::never);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  const auto ladder = numbers(result)["ladder"][0];
  BOOST_TEST(ladder["stopped_by"] == "bus-master-off");
  BOOST_TEST(ladder["rungs"][0]["dma"] == "goes on");
  BOOST_TEST(ladder["rungs"][1]["dma"] == "stopped");
  BOOST_TEST(ladder["rungs"][2]["dma"] == "was quiet");
  BOOST_TEST(ladder["rungs"][3]["dma"] == "was quiet");
  BOOST_TEST(ladder["rungs"][2]["stopped"] == false);
}

BOOST_AUTO_TEST_CASE(a_rung_is_credited_when_the_one_before_left_the_device_writing) {
  ActionRun run;
  run.act("nothing", "", Writes::on).act("reset", "flr", Writes::never);
  BOOST_TEST(numbers(run.judge())["ladder"][0]["stopped_by"] == "reset flr");
}

BOOST_AUTO_TEST_CASE(doing_nothing_stops_no_device) {
  ActionRun run;
  run.act("nothing", "", Writes::until_the_action).act("reset", "flr", Writes::never);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(numbers(result)["ladder"][0]["stopped_by"].is_null());
  BOOST_TEST(result.reason.starts_with("net0 went quiet after nothing"), result.reason);
}

BOOST_AUTO_TEST_CASE(a_device_that_was_quiet_for_a_pass_before_the_first_action_proves_nothing) {
  ActionRun run;
  run.run.clear_strays();
  run.run.stray(20, 21, 0x777000, "net0");
  run.act("reset", "flr", Writes::never);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(result.reason == "net0 was not seen to write before an action");
}

BOOST_AUTO_TEST_CASE(a_reset_that_reports_success_and_does_nothing_fails) {
  ActionRun run;
  run.act("reset", "flr", Writes::on);
  auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "had no effect, the device still writes"), result.reason);
  // Told only, and then another one does it.
  run.act("hot-reset", "", Writes::until_the_action);
  result = run.judge({{"lies", "tell"}});
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["ladder"][0]["stopped_by"] == "hot-reset");
  BOOST_TEST(numbers(result)["lies"] == 1);
  BOOST_TEST(says(result.details.back(), "net0: reset flr reported success and had no effect"),
             result.details.back());
}

BOOST_AUTO_TEST_CASE(a_device_that_ignores_its_bus_master_bit_fails) {
  ActionRun run;
  run.act("bus-master-off", "", Writes::on).act("reset", "flr", Writes::until_the_action);
  BOOST_TEST(says(run.judge().reason, "cleared its Bus Master, and the device still writes"));
  BOOST_TEST((run.judge({{"lies", "tell"}}).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(registers_or_a_ledger_give_a_lie_away_without_a_write) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  ActionRun by_ledger = run;
  run.run.event(24.15, "reset.state",
                {{"number", 0}, {"device", "net0"}, {"answers", true}, {"defaults", false}});
  BOOST_TEST(says(run.judge().reason, "its registers are not reset"), run.judge().reason);
  by_ledger.run.file("device-net0.ndjson",
                     ledger(18, 23.01, 0.1) + ledger_reset(23.05, "flr", false));
  BOOST_TEST(says(by_ledger.judge().reason, "by the device's own ledger"),
             by_ledger.judge().reason);
}

BOOST_AUTO_TEST_CASE(a_device_that_nothing_stopped_fails_a_climb) {
  ActionRun run;
  run.act("nothing", "", Writes::on).act("reset", "flr", Writes::on, refused);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason == "net0 was stopped by no rung");
}

BOOST_AUTO_TEST_CASE(what_a_device_does_not_offer_is_refused_and_no_failure) {
  ActionRun run;
  run.act("reset", "flr", Writes::on, refused).act("hot-reset", "", Writes::on, {{"ok", false}});
  run.act("d3hot", "", Writes::on,
          {{"ok", false}, {"before", "86801000"}, {"error", "no capability"}});
  run.act("bus-master-off", "", Writes::until_the_action);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  for (int rung = 0; rung < 3; ++rung)
    BOOST_TEST(numbers(result)["ladder"][0]["rungs"][rung]["outcome"] == "refused");
  BOOST_TEST(numbers(result)["ladder"][0]["stopped_by"] == "bus-master-off");
}

BOOST_AUTO_TEST_CASE(a_refused_action_stops_no_device) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action, refused);
  BOOST_TEST((run.judge().verdict == Verdict::inconclusive));
  BOOST_TEST(numbers(run.judge())["ladder"][0]["stopped_by"].is_null());
}

BOOST_AUTO_TEST_CASE(a_reset_that_exists_and_reports_a_failure_fails) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action, {{"ok", false}, {"error", "write: EIO"}});
  BOOST_TEST(says(run.judge().reason, "net0: reset flr failed: write: EIO"), run.judge().reason);
}

// The agent reports "does not answer" as an error: such a device was listed as refused.
BOOST_AUTO_TEST_CASE(a_device_that_is_lost_fails_once_and_not_for_the_rungs_after) {
  ActionRun run;
  const json lost{{"ok", false}, {"error", "it does not answer"}, {"ready_ms", nullptr}};
  run.act("reset", "flr", Writes::until_the_action, lost).act("hot-reset", "", Writes::never, lost);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason ==
             "net0: reset flr left it not ready for ever: it does not answer (and 1 more)");
  BOOST_TEST(numbers(result)["ladder"][0]["rungs"][1]["outcome"] == "lost");
  // The drivers' test says that it works; the last rung says that it does not answer.
  BOOST_TEST(numbers(result)["ladder"][0]["works"] == false);
}

BOOST_AUTO_TEST_CASE(an_action_that_nobody_answered_for_is_inconclusive) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  auto texts = run.run.texts();
  auto& timeline = texts["timeline.ndjson"];
  const auto begin = timeline.find("\"ready_ms\":100,");
  BOOST_REQUIRE(begin != std::string::npos);
  timeline.erase(begin, std::string("\"ready_ms\":100,").size());
  const auto ok = timeline.find("\"ok\":true", timeline.find("\"event\":\"reset.action\""));
  timeline.replace(ok, std::string("\"ok\":true").size(), "\"ok\":false");
  forget_numbers(texts);
  const auto assembled = evidence::assemble(texts);
  BOOST_REQUIRE(assembled.has_value());
  for (const auto& check : checks::judge(*assembled).checks) {
    if (check.name != "bus.reset") continue;
    BOOST_TEST((check.verdict == Verdict::inconclusive), check.reason);
    BOOST_TEST(numbers(check)["ladder"][0]["rungs"][0]["outcome"] == "unknown");
  }
}

BOOST_AUTO_TEST_CASE(a_device_that_is_late_or_loses_its_configuration_fails) {
  const auto with = [](const json& over) {
    ActionRun run;
    return run.act("reset", "flr", Writes::until_the_action, over);
  };
  BOOST_TEST(says(with({{"ready_ms", 1500}}).judge().reason, "took 1500 ms until it was ready"));
  BOOST_TEST((with({{"ready_ms", 1500}}).judge({{"ready", "2s"}}).verdict == Verdict::pass));
  BOOST_TEST(says(with({{"restored", false}}).judge().reason, "the kernel did not restore it"));
  ActionRun found_anew;
  found_anew.act("remove-rescan", "", Writes::until_the_action, {{"restored", false}});
  BOOST_TEST((found_anew.judge().verdict == Verdict::pass), found_anew.judge().reason);
}

BOOST_AUTO_TEST_CASE(a_device_that_never_works_again_fails_by_probe_or_by_test) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  ActionRun tested = run;
  run.run.event(24.2, "reset.probe", {{"number", 0}, {"device", "net0"}, {"works", false}});
  BOOST_TEST(run.judge().reason == "net0 does not work after reset flr");
  tested.run.drop_events("test.result");
  BOOST_TEST((tested.judge().verdict == Verdict::inconclusive));
  BOOST_TEST(tested.judge().reason == "net0 was brought back by no rung");
  tested.run.event(30, "test.result", {{"device", "net0"}, {"ok", false}});
  BOOST_TEST((tested.judge().verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_ledger_gives_the_last_write_to_the_instant) {
  ActionRun run;
  run.act("nothing", "", Writes::never).act("reset", "flr", Writes::never);
  run.act("hot-reset", "", Writes::never);
  run.run.clear_strays();
  run.run.file("device-net0.ndjson",
               ledger(15, 24.2 + 0.035, 0.01) + "\n" + ledger_reset(24.21, "flr", true));
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  const auto ladder = numbers(result)["ladder"][0];
  BOOST_TEST(ladder["stopped_by"] == "reset flr");
  BOOST_TEST(ladder["rungs"][0]["dma"] == "goes on");
  BOOST_TEST(ladder["rungs"][2]["dma"] == "was quiet");
  const double last = ladder["rungs"][1]["stopped_after_ms"];
  BOOST_TEST(last > 15);
  BOOST_TEST(last < 40);
  BOOST_TEST(ladder["rungs"][1]["stopped_after_at_least_ms"] == last);
  BOOST_TEST(ladder["rungs"][1]["ledger"][0] == "flr with effect");
}

// The probe has the device write again a moment after the settling.
BOOST_AUTO_TEST_CASE(what_the_ledger_has_after_the_settling_is_not_the_last_write) {
  ActionRun run;
  run.act("nothing", "", Writes::never).act("reset", "flr", Writes::never);
  run.run.clear_strays();
  run.run.file("device-net0.ndjson", ledger(15, 24.2 + 0.035, 0.01) +
                                         ledger_reset(24.21, "flr", true) +
                                         ledger(25.34, 25.38, 0.01));
  const json rung = numbers(run.judge())["ladder"][0]["rungs"][1];
  BOOST_TEST(rung["dma"] == "stopped");
  BOOST_TEST(rung["stopped_after_ms"].get<double>() < 40);
}

BOOST_AUTO_TEST_CASE(a_device_that_fell_silent_long_before_by_its_ledger_is_not_stopped_by_a_rung) {
  ActionRun run;
  run.act("reset", "flr", Writes::never);
  run.run.clear_strays();
  run.run.file("device-net0.ndjson", ledger(15, 22, 0.1));
  BOOST_TEST(numbers(run.judge())["ladder"][0]["rungs"][0]["dma"] == "was quiet");
}

BOOST_AUTO_TEST_CASE(silence_that_is_shorter_than_the_devices_own_pauses_proves_nothing) {
  ActionRun run;
  run.act("reset", "flr", Writes::never);
  run.run.clear_strays();
  run.run.drop_events("watch.pass");
  run.run.file("device-net0.ndjson", ledger(15, 23, 0.9));
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(numbers(result)["ladder"][0]["rungs"][0]["dma"] == "not watched");
}

BOOST_AUTO_TEST_CASE(a_ladder_of_refusals_says_nothing) {
  ActionRun run;
  json outside_a_climb = refused;
  outside_a_climb["climb"] = false;
  run.act("reset", "flr", Writes::on, outside_a_climb);
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::inconclusive), result.reason);
  BOOST_TEST(says(result.reason, "nothing that was asked for could be done to net0"),
             result.reason);
}

// All ones are no defaults: the reset was called a lie.
BOOST_AUTO_TEST_CASE(registers_that_do_not_answer_are_late_and_no_lie) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  run.run.event(24.5, "reset.state",
                {{"number", 0}, {"device", "net0"}, {"answers", false}, {"defaults", false}});
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
  BOOST_TEST(says(result.reason, "net0: reset flr: its registers did not answer"), result.reason);
  BOOST_TEST(numbers(result)["lies"] == 0);
}

// A server that keeps no ledger finds an open file all the same.
BOOST_AUTO_TEST_CASE(an_empty_ledger_is_none) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  run.run.file("device-net0.ndjson", "");
  BOOST_TEST((run.judge().verdict == Verdict::pass), run.judge().reason);
  run.run.drop_events("watch.pass", 23);
  BOOST_TEST(says(run.judge().reason, "that no pass of the watch tells of"), run.judge().reason);
}

BOOST_AUTO_TEST_CASE(a_device_without_frames_or_buffers_was_not_stopped) {
  ActionRun dry;
  dry.act("reset", "flr", Writes::until_the_action);
  ActionRun unfed = dry;
  dry.run.trace(22.5, "e1000e_rx_has_no_buffers 0");
  unfed.run.drop_events("feed", 23);
  for (const auto* run : {&dry, &unfed}) {
    BOOST_TEST((run->judge().verdict == Verdict::inconclusive));
    BOOST_TEST(says(run->judge().reason, "net0 had nothing to write after reset flr"),
               run->judge().reason);
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_died_was_not_stopped_by_a_reset) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  run.run.event(23.05, "device.server",
                {{"device", "net0"}, {"what", "exited"}, {"status", "signal 11"}});
  BOOST_TEST((run.judge().verdict == Verdict::inconclusive));
  BOOST_TEST(says(run.judge().reason, "signal 11"));
}

BOOST_AUTO_TEST_CASE(the_trace_tells_what_was_written_and_what_was_not) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  run.run.trace(23.01, "pci_cfg_write e1000e 00:02.0 @0x4 <- 0x400");
  BOOST_TEST((run.judge().verdict == Verdict::inconclusive));
  BOOST_TEST(says(run.judge().reason, "no write that does it"), run.judge().reason);
  run.run.trace(23.02, "pci_cfg_write e1000e 00:02.0 @0x88 <- 0x8000");
  const auto result = run.judge();
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  const json expected{"bus-master-cleared", "function-level-reset"};
  BOOST_TEST(numbers(result)["ladder"][0]["rungs"][0]["trace"] == expected);
}

BOOST_AUTO_TEST_CASE(resets_that_no_step_asked_for_are_listed_apart) {
  ActionRun run;
  run.act("reset", "flr", Writes::until_the_action);
  run.run.trace(23.02, "pci_cfg_write e1000e 00:02.0 @0x88 <- 0x8000");
  run.run.file("device-net0.ndjson", ledger_reset(1, "device", true) +
                                         ledger_reset(23.03, "flr", true) +
                                         ledger_reset(35, "soft", true));
  const auto result = run.judge();
  // The driver's own at 26 s and the ledger's at 35 s.
  BOOST_TEST(numbers(result)["seen"] == 2);
  BOOST_TEST(says(result.details.back(), "ledger of net0 at +24.50 s: soft with effect"),
             result.details.back());
}

BOOST_AUTO_TEST_CASE(each_device_has_a_ladder_of_its_own) {
  ActionRun run;
  auto other = run.run.plan.devices[0];
  other.name = "net1";
  other.address = {.device = 5};
  run.run.plan.devices.push_back(other);
  run.run.plan.scenario.devices.push_back({.profile = "e1000e", .name = "net1"});
  for (int i = 0; i < 80; ++i)
    run.run.event(8 + i * 0.4, "feed", {{"device", "net1"}, {"sequence", i}});
  run.run.event(31, "test.result", {{"device", "net1"}, {"ok", true}});
  run.run.stray(22, 22.9, 0x99000, "net1");
  run.run.stray(22.9, 23.12, 0x9a000, "net1");
  run.run.stray(23.13, 24.1, 0x9b000, "net1");
  run.act("reset", "pm", Writes::until_the_action);
  run.run.event(24.13, "reset.action",
                {{"at", "before-drivers"},
                 {"number", 0},
                 {"climb", true},
                 {"do", "reset"},
                 {"method", "pm"},
                 {"device", "net1"},
                 {"ok", true},
                 {"began", 23},
                 {"ended", 23.1},
                 {"settled", 24.12},
                 {"ready_ms", 10},
                 {"restored", true},
                 {"methods", "pm"},
                 {"error", nullptr},
                 {"address", "0000:00:05.0"}});
  const auto result = run.judge();
  BOOST_REQUIRE_EQUAL(numbers(result)["ladder"].size(), 2U);
  BOOST_TEST(numbers(result)["ladder"][0]["stopped_by"] == "reset pm");
  BOOST_TEST(numbers(result)["ladder"][1]["device"] == "net1");
  BOOST_TEST(numbers(result)["ladder"][1]["stopped_by"].is_null());
  BOOST_TEST(says(result.reason, "net1: reset pm reported success and had no effect"),
             result.reason);
}

namespace {

/// A reset of net0 in the production kernel, from 8.5 to 8.6 s; the control is at 10 s.
RunBuilder production_run(const json& over = json::object()) {
  auto run = good_run();
  json fields{{"at", "production"}, {"number", 0},      {"climb", false},
              {"do", "reset"},      {"method", "flr"},  {"device", "net0"},
              {"ok", true},         {"methods", "flr"}, {"address", "0000:00:02.0"},
              {"began", 8.5},       {"ended", 8.6},     {"settled", 9.6},
              {"ready_ms", 100},    {"restored", true}, {"error", nullptr}};
  fields.update(over);
  run.event(9.61, "reset.action", fields);
  run.plan.scenario.steps.production = {
      {.what = scenario::ActionKind::reset, .method = "flr", .devices = {"net0"}}};
  return run;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_reset_in_the_production_kernel_needs_no_stray_write) {
  const auto result = judge_one(production_run(), "bus.reset");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(result.reason == "net0: it works on in the production kernel");
  BOOST_TEST(numbers(result)["ladder"][0]["at"] == "production");
  BOOST_TEST(numbers(result)["ladder"][0]["rungs"][0]["began_s"] == -2.0);
  BOOST_TEST(says(result.details.at(1), "-2.00 s"), result.details.at(1));
}

BOOST_AUTO_TEST_CASE(a_device_that_does_not_work_on_in_the_production_kernel_fails) {
  auto run = production_run();
  run.drop_events("control");
  BOOST_TEST((judge_one(run, "bus.reset").verdict == Verdict::inconclusive));
  run.event(10, "control", {{"device", "net0"}, {"tagged_pages", 0}});
  const auto result = judge_one(run, "bus.reset");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason == "net0 does not work after reset flr");
  BOOST_TEST(
      (judge_one(production_run({{"ready_ms", 3000}}), "bus.reset").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_driver_may_set_its_device_to_work_again_but_a_model_stays_quiet) {
  auto run = production_run();
  run.file("device-net0.ndjson", ledger(7, 10, 0.05));
  BOOST_TEST((judge_one(run, "bus.reset").verdict == Verdict::pass));
  run.plan.devices[0].activity = {{"kind", "model-run"}};
  BOOST_TEST(says(judge_one(run, "bus.reset").reason, "had no effect, the device still writes"));
}

// Numbers begin anew in the capture kernel: what was read there is no answer to the other action.
BOOST_AUTO_TEST_CASE(a_state_in_the_capture_kernel_belongs_to_no_action_in_production) {
  auto run = production_run();
  run.event(23, "reset.state", {{"number", 0}, {"device", "net0"}, {"answers", false}});
  ActionRun later;
  later.run = run;
  later.run.clear_strays();
  later.run.drop_events("watch.pass");
  later.run.drop_events("reset.state");
  later.pass(22, 22.9, true);
  later.act("reset", "flr", Writes::until_the_action);
  later.run.event(24.15, "reset.state",
                  {{"number", 0}, {"device", "net0"}, {"answers", true}, {"defaults", false}});
  const auto result = later.judge({{"lies", "tell"}});
  BOOST_REQUIRE_EQUAL(numbers(result)["ladder"].size(), 2U);
  BOOST_TEST(!numbers(result)["ladder"][0]["rungs"][0].contains("defaults"));
  BOOST_TEST(numbers(result)["ladder"][1]["rungs"][0]["defaults"] == false);
}

BOOST_AUTO_TEST_CASE(production_is_judged_when_there_was_no_handover) {
  auto run = production_run();
  run.cut(10.05);
  run.event(10.05, "run.end", {{"reason", "the run took longer than its total time"}});
  const auto result = judge_one(run, "bus.reset");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(says(result.details.at(1), "+8.50 s"), result.details.at(1));
}

BOOST_AUTO_TEST_CASE(the_table_has_its_columns_under_their_names) {
  ActionRun run;
  run.act("nothing", "", Writes::on).act("bus-master-off", "", Writes::until_the_action);
  const auto result = run.judge();
  const auto& head = result.details.at(0);
  BOOST_TEST(result.details.at(1).substr(head.find("DMA"), 7) == "goes on");
  BOOST_TEST(result.details.at(2).substr(head.find("DMA"), 7) == "stopped");
  BOOST_TEST(result.details.at(2).substr(head.find("action"), 14) == "bus-master-off");
  BOOST_TEST(result.details.at(2).substr(head.find("last write"), 13) == "within 120 ms");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
