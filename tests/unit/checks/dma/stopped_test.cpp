// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_dma_stopped)

using checks::Verdict;

namespace {

checks::CheckResult judge(const RunBuilder& run, const char* deadline = "drivers") {
  return judge_one(run, "dma.stopped", {{"deadline", deadline}});
}

bool says(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(writes_that_end_with_the_drivers_reset_pass) {
  const auto result = judge(good_run());
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["pages"] == 25);
  BOOST_TEST(numbers(result)["devices"]["net0"]["ended"] == "driver-reset");
  BOOST_TEST(numbers(result)["last_s"] == 13.0);
  BOOST_TEST(says(result.control, "12 tagged pages before the panic"));
}

BOOST_AUTO_TEST_CASE(a_write_after_the_deadline_fails_and_names_its_device) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "net0");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(
      result.reason ==
      "net0 wrote 1 page of the dead kernel after drivers, the last 25.0 s after the handover");
  BOOST_TEST(numbers(result)["pages_late"] == 1);
}

BOOST_AUTO_TEST_CASE(a_late_write_without_a_tag_fails_and_names_the_candidates) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "writes without a tag changed 1 page"));
  BOOST_TEST(says(result.details.back(), "not told apart: net0"), result.details.back());
}

BOOST_AUTO_TEST_CASE(a_late_write_of_an_owner_that_is_no_device_does_not_count) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "", "cpu-stack");
  BOOST_TEST((judge(run).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(a_write_in_the_pass_of_the_deadline_is_reported_apart_and_does_not_fail) {
  auto run = good_run();
  run.stray(27.9, 28.1, 0x777000, "net0");
  run.trace(27.95, "e1000e_core_ctrl_sw_reset Doing SW reset");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["pages_straddling"] == 1);
}

BOOST_AUTO_TEST_CASE(a_long_pass_over_the_deadline_with_a_write_is_inconclusive) {
  auto run = good_run();
  run.stray(27.9, 30.1, 0x777000, "net0");
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(every_write_after_the_handover_is_late_for_the_deadline_handover) {
  const auto result = judge(good_run(), "handover");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(numbers(result)["pages_late"] == 25);
}

BOOST_AUTO_TEST_CASE(the_first_pass_is_late_even_when_it_began_before_the_handover_was_noted) {
  auto run = good_run();
  run.clear_strays();
  run.stray(10.4, 11, 0x777000, "net0");
  BOOST_TEST((judge(run, "handover").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_ring_that_ran_dry_is_not_a_device_that_was_stopped) {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  run.clear_strays();
  run.stray(12.5, 13, 0x777000, "net0");
  run.trace(12.9, "e1000e_rx_has_no_buffers 0");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "net0 was not stopped, only out of buffers"));
  BOOST_TEST(numbers(result)["devices"]["net0"]["ended"] == "ring-used-up");
}

BOOST_AUTO_TEST_CASE(equal_ring_registers_while_frames_are_fed_mean_a_dry_ring) {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  run.clear_strays();
  run.event(13, "ring",
            {{"device", "net0"}, {"head", 5}, {"tail", 5}, {"used_up", false}, {"at", "poll"}});
  BOOST_TEST(!says(judge(run).reason, "only out of buffers"));
  run.event(14, "ring", {{"device", "net0"}, {"head", 5}, {"tail", 5}, {"at", "poll"}});
  BOOST_TEST(says(judge(run).reason, "only out of buffers"));
}

/// A card of which QEMU cannot trace a reset.
RunBuilder run_without_a_reset_trace() {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  for (auto& device : run.plan.devices) device.profile.trace.clear();
  return run;
}

/// The sequence number of the newest frame that was fed before t.
std::uint64_t fed_until(const RunBuilder& run, double t) {
  std::uint64_t newest = 0;
  for (const auto& feed : run.run().events<record::event::Feed>())
    if (feed.t < t) newest = std::max(newest, feed.sequence.value_or(0));
  return newest;
}

/// Each frame that was fed until t lies in the dead kernel's memory.
void land_all_until(RunBuilder& run, double t) {
  run.clear_strays();
  for (double at = 11; at < t; at += 1)
    run.stray(at - 1, at, 0x777000, "net0", "", fed_until(run, at));
  run.stray(t - 1, t, 0x777000, "net0", "", fed_until(run, t));
}

void lie_in_crash_region(RunBuilder& run, std::uint64_t oldest, std::uint64_t newest) {
  run.event(39.9, "landed",
            {{"device", "net0"}, {"pages", 2}, {"oldest", oldest}, {"newest", newest}});
}

BOOST_AUTO_TEST_CASE(frames_in_the_capture_kernels_memory_show_that_its_driver_took_the_card_over) {
  auto run = run_without_a_reset_trace();
  land_all_until(run, 25.2);
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
  const std::uint64_t landed = fed_until(run, 31);
  lie_in_crash_region(run, landed, landed + 1);
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["devices"]["net0"]["ended"] == "taken-over");
}

// QEMU keeps frames for a card without buffers: the first that lands in new ones may be an old one.
BOOST_AUTO_TEST_CASE(a_frame_that_was_fed_before_the_deadline_does_not_show_a_stop_before_it) {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  land_all_until(run, 20);
  run.trace(20.1, "e1000e_rx_has_no_buffers 0");
  lie_in_crash_region(run, fed_until(run, 21), fed_until(run, 31));
  BOOST_TEST((judge(run).verdict == Verdict::fail), judge(run).reason);
  auto generic = run_without_a_reset_trace();
  land_all_until(generic, 20);
  lie_in_crash_region(generic, fed_until(generic, 21), fed_until(generic, 31));
  BOOST_TEST((judge(generic).verdict == Verdict::inconclusive), judge(generic).reason);
}

// Its buffers may have run out: then only the driver's new ones ended it.
BOOST_AUTO_TEST_CASE(
    a_card_that_went_quiet_before_its_driver_came_was_perhaps_only_out_of_buffers) {
  auto run = run_without_a_reset_trace();
  land_all_until(run, 20);
  const std::uint64_t landed = fed_until(run, 31);
  lie_in_crash_region(run, landed, landed + 1);
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(says(result.reason, "s before its driver came, and nothing shows why"), result.reason);
}

BOOST_AUTO_TEST_CASE(a_card_whose_reset_can_be_seen_must_have_shown_one) {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  land_all_until(run, 25.2);
  const std::uint64_t landed = fed_until(run, 31);
  lie_in_crash_region(run, landed, landed + 1);
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

// A capture kernel that reads the old memory copies the frames that lie there.
BOOST_AUTO_TEST_CASE(a_frame_that_lies_in_both_memories_shows_no_take_over) {
  auto run = run_without_a_reset_trace();
  land_all_until(run, 25.2);
  lie_in_crash_region(run, fed_until(run, 12), fed_until(run, 20));
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_reset_before_the_deadline_counts_after_a_dry_ring) {
  auto run = good_run();
  run.trace(13, "e1000e_rx_has_no_buffers 0");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(says(result.details.at(1), "after its receive ring was used up"));
}

BOOST_AUTO_TEST_CASE(cleared_bus_master_flr_and_bus_resets_are_told_as_the_cause) {
  for (const auto& [write, cause] : {std::pair{"@0x4 <- 0x503", "bus-master-cleared"},
                                     {"@0x88 <- 0x8000", "function-level-reset"}}) {
    auto run = good_run();
    run.drop_trace("e1000e_core_ctrl_sw_reset");
    run.trace(24, std::string("pci_cfg_write e1000e 00:02.0 ") + write);
    const auto result = judge(run);
    BOOST_TEST((result.verdict == Verdict::pass), result.reason);
    BOOST_TEST(numbers(result)["devices"]["net0"]["ended"] == cause);
  }
}

BOOST_AUTO_TEST_CASE(a_reset_after_which_the_device_still_wrote_ended_nothing) {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  run.trace(15, "e1000e_core_ctrl_sw_reset Doing SW reset");
  BOOST_TEST(numbers(judge(run))["devices"]["net0"]["ended"] == "unknown");
}

// The watch writes a baseline for its control as well.
BOOST_AUTO_TEST_CASE(a_baseline_before_the_panic_is_not_one_of_the_handover) {
  auto run = good_run();
  run.drop_events("baseline");
  run.event(9, "baseline", {{"for", "control"}});
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(without_a_write_before_the_panic_nothing_is_proved) {
  auto run = good_run();
  run.drop_events("control");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(says(result.reason, "the control of net0 before the panic is missing"), result.reason);
  run.event(10, "control", {{"device", "net0"}, {"tagged_pages", 0}});
  BOOST_TEST(judge(run).reason == "net0 was not seen to write before the panic");
}

BOOST_AUTO_TEST_CASE(without_frames_after_the_deadline_nothing_is_proved) {
  auto run = good_run();
  run.drop_events("feed", 27);
  BOOST_TEST(says(judge(run).reason, "net0 was fed no frame after drivers"));
}

BOOST_AUTO_TEST_CASE(a_gap_in_the_watch_is_inconclusive) {
  auto run = good_run();
  run.drop_events("watch.pass", 20);
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(says(result.details.at(1), "nobody watched for 20.0 s"), result.details.at(1));
  run.drop_events("watch.pass");
  BOOST_TEST(says(judge(run).details.at(1), "no pass of the watch was made"));
}

BOOST_AUTO_TEST_CASE(a_baseline_is_needed) {
  auto run = good_run();
  run.drop_events("baseline");
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_net_device_without_a_known_ending_is_not_taken_for_stopped) {
  auto run = good_run();
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  for (const bool shows_ring : {true, false}) {
    if (!shows_ring) run.plan.devices[0].profile.trace.clear();
    const auto result = judge(run);
    BOOST_TEST((result.verdict == Verdict::inconclusive));
    BOOST_TEST(result.reason ==
               "net0 went quiet 14.2 s before its driver came, and nothing shows why");
  }
}

BOOST_AUTO_TEST_CASE(every_busy_device_without_tags_gets_a_line_with_its_ending) {
  auto run = good_run();
  auto disk = run.plan.devices[0];
  disk.name = "disk0";
  disk.address = {.device = 5};
  disk.activity = {{"kind", "disk-write"}};
  disk.profile.writes_tagged = false;
  disk.profile.trace = {{"virtio_set_status", "driver-reset", "val 0"}};
  run.plan.devices.push_back(disk);
  run.plan.scenario.devices.push_back({.profile = "virtio-blk", .name = "disk0"});
  auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(result.details.back() ==
             "disk0 at 0000:00:05.0: its writes carry no tag; no ending is known");
  run.trace(24, "virtio_set_status vdev 0x1 val 0");
  result = judge(run);
  BOOST_TEST(says(result.details.back(), "its writes carry no tag; its driver reset it at +13.5"),
             result.details.back());
  BOOST_TEST(numbers(result)["devices"]["disk0"]["ended"] == "driver-reset");
}

BOOST_AUTO_TEST_CASE(a_ring_that_ran_dry_is_told_when_the_deadline_was_never_reached) {
  auto run = good_run();
  run.cut(24);
  run.event(24, "run.end", {{"reason", "the run took longer than its total time"}});
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  run.clear_strays();
  run.stray(12.5, 13, 0x777000, "net0");
  run.trace(13.02, "e1000e_rx_has_no_buffers 0");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(says(result.reason, "net0 was not stopped: its receive ring was used up at +2.52 s"),
             result.reason);
  BOOST_TEST(says(result.details.front(), "its receive ring was used up at +2.52 s"),
             result.details.front());
  BOOST_TEST(numbers(result)["devices"]["net0"]["ended"] == "ring-used-up");
}

BOOST_AUTO_TEST_CASE(
    a_device_without_tags_needs_work_before_the_panic_and_a_watch_that_saw_something) {
  auto run = good_run();
  run.clear_strays();
  run.plan.devices[0].profile.writes_tagged = false;
  run.event(5, "activity", {{"device", "net0"}, {"state", "running"}, {"operations", 40}});
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
  run.stray(10.5, 11, 0x888000, "", "cpu0-stack");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(says(result.control,
                  "net0: 40 operations before the panic; its writes carry no tag, so the "
                  "control is only that the watch saw other changes"));
}

BOOST_AUTO_TEST_CASE(a_plan_whose_only_device_is_a_console_is_skipped) {
  auto run = good_run();
  run.clear_strays();
  std::erase_if(run.plan.devices, [](const auto& device) { return device.name == "net0"; });
  run.stray(10.5, 11, 0x888000, "", "cpu0-stack");
  BOOST_TEST((judge(run).verdict == Verdict::skip));
}

BOOST_AUTO_TEST_CASE(a_frame_in_memory_is_as_late_as_its_feed_not_as_its_pass) {
  const auto result = judge(good_run());
  BOOST_TEST(says(result.details.at(1), "s after the last frame that landed was fed"),
             result.details.at(1));
}

BOOST_AUTO_TEST_CASE(only_devices_without_tags_leave_it_inconclusive_and_no_busy_device_skips) {
  auto run = good_run();
  run.clear_strays();
  run.plan.devices[0].profile.writes_tagged = false;
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
  for (auto& device : run.plan.devices) device.busy = false;
  BOOST_TEST((judge(run).verdict == Verdict::skip));
}

BOOST_AUTO_TEST_CASE(a_run_that_never_reached_its_deadline_is_inconclusive_with_its_numbers) {
  auto run = good_run();
  run.cut(21);
  // Killed, or its last lines lost: nobody knows which.
  const auto killed = judge(run);
  BOOST_TEST((killed.verdict == Verdict::inconclusive));
  BOOST_TEST(says(killed.reason, "timeline.ndjson has no end: the harness died"), killed.reason);
  run.event(21, "run.end", {{"reason", "the run took longer than its total time"}});
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(numbers(result)["pages"] == 20);
  run.cut(9);
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(the_deadline_end_forbids_writes_in_the_last_second_only) {
  auto run = good_run();
  run.stray(37, 37.5, 0x777000, "net0");
  run.trace(37.6, "e1000e_core_ctrl_sw_reset Doing SW reset");
  BOOST_TEST((judge(run, "end").verdict == Verdict::pass), judge(run, "end").reason);
  run.stray(39.2, 39.6, 0x777000, "net0");
  const auto result = judge(run, "end");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(numbers(result)["devices"]["net0"]["ended"] == "still-writing");
}

BOOST_AUTO_TEST_CASE(a_pass_over_the_whole_last_second_cannot_tell_that_nothing_was_written_in_it) {
  auto run = good_run();
  run.drop_mark("closing");
  run.stray(38.9, 39.95, 0x777000, "net0");
  run.trace(39.96, "e1000e_core_ctrl_sw_reset Doing SW reset");
  BOOST_TEST((judge(run, "end").verdict == Verdict::inconclusive), judge(run, "end").reason);
}

BOOST_AUTO_TEST_CASE(with_a_closing_mark_each_write_after_it_fails_the_deadline_end) {
  auto run = good_run();
  run.stray(38, 38.9, 0x777000, "net0");
  run.trace(38.85, "e1000e_core_ctrl_sw_reset Doing SW reset");
  BOOST_TEST((judge(run, "end").verdict == Verdict::pass), judge(run, "end").reason);
  run.stray(38.9, 39.95, 0x777000, "net0");
  BOOST_TEST((judge(run, "end").verdict == Verdict::fail));
}

// A crashed server's device was taken for one that had stopped.
BOOST_AUTO_TEST_CASE(a_device_whose_server_died_was_not_stopped) {
  for (const char* what : {"exited", "silent", "refused", "hung-up"}) {
    auto run = good_run();
    run.event(12, "device.server", {{"device", "net0"}, {"what", what}, {"status", "signal 11"}});
    const auto result = judge(run);
    BOOST_TEST((result.verdict == Verdict::inconclusive), result.reason);
    BOOST_TEST(says(result.reason, "the server of net0"), result.reason);
  }
  auto run = good_run();
  run.event(12, "device.server", {{"device", "net0"}, {"what", "started"}});
  BOOST_TEST((judge(run).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(tags_of_another_run_name_no_device) {
  auto run = good_run();
  run.clear_strays();
  run.stray(35, 35.5, 0x1000, "net0");
  auto texts = run.texts();
  auto& strays = texts["dma.ndjson"];
  strays.replace(strays.find("\"foreign\":false"), 15, "\"foreign\":true");
  forget_numbers(texts);
  const auto assembled = evidence::assemble(texts);
  BOOST_REQUIRE(assembled.has_value());
  for (const auto& check : checks::judge(*assembled).checks)
    if (check.name == "dma.stopped")
      BOOST_TEST(says(check.reason, "writes without a tag"), check.reason);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
