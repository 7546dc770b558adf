// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_device)

using checks::Verdict;

namespace {

bool says(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

const Function bridge{.address = "0000:00:00.0", .class_code = 0x0600, .bus_master = true};
const Function screen{.address = "0000:00:03.0", .class_code = 0x0300};
const Function firmware{.address = "0000:00:1f.2", .class_code = 0x0106, .bus_master = true};

/// A run in which nobody claims net0, in this state at the end.
RunBuilder unclaimed(const Function& net_at_end) {
  auto run = good_run();
  run.pci("capture-end", 40, {bridge, net_at_end, screen, firmware});
  auto with_driver = net_at_end;
  run.pci("capture-end-agent", 39, {bridge, with_driver, firmware});
  return run;
}

}  // namespace

BOOST_AUTO_TEST_CASE(functions_that_a_driver_claims_are_quiet_and_firmwares_are_noted) {
  const auto result = judge_one(good_run(), "pci.quiet");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["notes"] == 2);
  BOOST_TEST(says(result.details.back(), "left on by firmware"));
  BOOST_TEST(says(result.details.at(2), "0000:00:02.0 8086:10d3  0200  BX             BX"));
}

BOOST_AUTO_TEST_CASE(a_function_that_nobody_touched_fails) {
  const auto result = judge_one(
      unclaimed({.address = "0000:00:02.0", .bus_master = true, .msix = true}), "pci.quiet");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason ==
             "0000:00:02.0 Bus Master and MSI-X left on since the panic: nothing turned it off and "
             "no driver claimed it");
}

BOOST_AUTO_TEST_CASE(a_function_that_was_turned_off_once_is_not_untouched) {
  auto run = unclaimed({.address = "0000:00:02.0", .bus_master = true});
  run.trace(19, "pci_cfg_write e1000e 00:02.0 @0x4 <- 0x503");
  BOOST_TEST((judge_one(run, "pci.quiet").verdict == Verdict::pass));
}

// Through a reset without a write to Command that clears: what is on at the end was turned on
// again. A reset that leaves it on, and nobody turns it on, had no effect.
BOOST_AUTO_TEST_CASE(a_function_that_was_reset_and_turned_on_again_is_not_untouched) {
  struct Case {
    double reset, set;
    Verdict verdict;
  };
  for (const auto& [reset, set, verdict] :
       {Case{19, 20, Verdict::pass}, Case{19, 18, Verdict::fail}, Case{19, 0, Verdict::fail},
        Case{9, 20, Verdict::fail}}) {
    auto run = unclaimed({.address = "0000:00:02.0", .bus_master = true});
    run.trace(reset, "pci_cfg_write e1000e 00:02.0 @0x88 <- 0xa810");
    if (set > 0) run.trace(set, "pci_cfg_write e1000e 00:02.0 @0x4 <- 0x507");
    const auto result = judge_one(run, "pci.quiet");
    BOOST_TEST((result.verdict == verdict), reset << " " << set << ": " << result.reason);
  }
}

BOOST_AUTO_TEST_CASE(pending_transactions_at_the_end_fail) {
  BOOST_TEST(
      says(judge_one(unclaimed({.address = "0000:00:02.0", .pending = true}), "pci.quiet").reason,
           "transactions pending"));
}

BOOST_AUTO_TEST_CASE(a_function_that_fell_off_the_bus_fails) {
  auto run = good_run();
  run.pci("capture-end", 40, {bridge, screen, firmware});
  run.pci("capture-end-agent", 39, {bridge, screen, firmware});
  auto result = judge_one(run, "pci.quiet");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "0000:00:02.0 fell off the bus"), result.reason);
  run.pci("capture-end", 40, {bridge, {.address = "0000:00:02.0", .gone = true}, screen, firmware});
  run.drop_trace("pci_cfg_write");
  result = judge_one(run, "pci.quiet");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "reads all ones at the end"), result.reason);
}

BOOST_AUTO_TEST_CASE(bridges_count_when_they_are_asked_for) {
  auto run = good_run();
  auto driven = bridge;
  driven.driver = "pcieport";
  run.pci("production-agent", 10, {driven, firmware});
  const auto result = judge_one(run, "pci.quiet", {{"ignore_bridges", false}});
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "0000:00:00.0"));
}

BOOST_AUTO_TEST_CASE(without_snapshots_trace_or_drivers_nothing_is_proved) {
  const Function left{.address = "0000:00:02.0", .bus_master = true};
  auto run = unclaimed(left);
  run.drop_trace("pci_cfg_write");
  BOOST_TEST((judge_one(run, "pci.quiet").verdict == Verdict::inconclusive));
  run = unclaimed(left);
  run.drop_file("pci/capture-end-agent.json");
  BOOST_TEST((judge_one(run, "pci.quiet").verdict == Verdict::inconclusive));
  run.drop_file("pci/handover.json");
  BOOST_TEST((judge_one(run, "pci.quiet").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_function_whose_use_in_production_is_not_known_is_inconclusive) {
  auto run = good_run();
  run.drop_file("pci/production-agent.json");
  BOOST_TEST((judge_one(run, "pci.quiet").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(bound_drivers_pass_with_their_time) {
  const auto result = judge_one(good_run(), "driver.reinit");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(
      result.reason ==
      "2 devices bound to their drivers, the slowest 2.10 s after the modules were asked for");
  BOOST_TEST(result.details.front() ==
             "net0 (e1000e): bound 1.10 s after the request to load all modules");
}

// Modules are loaded one after the other: of a slow one every later driver was called late.
BOOST_AUTO_TEST_CASE(a_driver_that_waits_for_another_ones_module_is_not_late) {
  // By the guest's clock, a second of which the request was under way.
  const auto with = [](double others, double own) {
    auto run = good_run();
    for (const char* name : {"bound", "module"}) run.drop_agent(name);
    run.plan.devices[0].profile.modules = {"e1000e"};
    run.plan.devices[1].profile.modules = {"bochs"};
    const auto module = [&](const char* name, double from, double until) {
      run.agent(26 + until, "event",
                {{"event", "module"},
                 {"name", name},
                 {"ms", static_cast<int>(std::lround((until - from) * 1000))},
                 {"guest", 9 + until}});
    };
    const auto bound = [&](const char* address, const char* driver, double at) {
      run.agent(26 + at, "event",
                {{"event", "bound"},
                 {"address", address},
                 {"driver", driver},
                 {"ms", at * 1000},
                 {"guest", 9 + at}});
    };
    module("bochs", 0, others);
    bound("0000:00:03.0", "bochs-drm", others - 0.01);
    module("e1000e", others, others + own);
    bound("0000:00:02.0", "e1000e", others + own - 0.01);
    return judge_one(run, "driver.reinit", {{"within", "2s"}});
  };
  const auto waits = with(2.5, 0.4);
  BOOST_TEST((waits.verdict == Verdict::fail), waits.reason);
  BOOST_TEST(waits.reason ==
             "vga0 (bochs-drm) was bound only 2.5 s after the load of bochs began, "
             "more than 2.0 s (and 1 more)");
  const auto fine = with(1.9, 0.4);
  BOOST_TEST((fine.verdict == Verdict::pass), fine.reason);
  BOOST_TEST(fine.details.front() ==
             "net0 (e1000e): bound 2.29 s after the request to load all modules, 0.39 s after the "
             "load of e1000e began; before it bochs took 1.9 s");
  const auto slow = with(0.1, 2.5);
  BOOST_TEST((slow.verdict == Verdict::fail), slow.reason);
  BOOST_TEST(says(slow.reason,
                  "net0 (e1000e) was bound only 2.5 s after the load of e1000e began, "
                  "more than 2.0 s"),
             slow.reason);
}

// What several drivers need is nobody's module, and its init can hang as well.
BOOST_AUTO_TEST_CASE(a_module_that_loads_too_long_fails_whosever_it_is) {
  auto run = good_run();
  run.agent(26, "event",
            {{"event", "module"}, {"name", "nvme_core"}, {"ms", 60000}, {"guest", 70}});
  const auto result = judge_one(run, "driver.reinit");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
  BOOST_TEST(result.reason == "the load of nvme_core took 60.0 s, more than 30.0 s");
}

BOOST_AUTO_TEST_CASE(a_slow_a_wrong_and_a_missing_driver_fail) {
  BOOST_TEST(says(judge_one(good_run(), "driver.reinit", {{"within", "2s"}}).reason,
                  "vga0 (bochs-drm) was bound only 2.1 s after the request to load all modules"));
  auto run = good_run();
  run.drop_agent("bound");
  run.pci("capture-end-agent", 39, {{.address = "0000:00:02.0"}});
  BOOST_TEST(judge_one(run, "driver.reinit").reason == "net0 has no driver (and 1 more)");
  run.agent(
      27, "response",
      {{"op", "wait-bound"}, {"bound", {{{"address", "0000:00:02.0"}, {"driver", "vfio-pci"}}}}});
  BOOST_TEST(judge_one(run, "driver.reinit").reason ==
             "net0 is bound to vfio-pci, not to e1000e (and 1 more)");
}

BOOST_AUTO_TEST_CASE(a_module_that_never_returns_fails_and_names_the_last_one) {
  auto run = good_run();
  run.cut(26.05);
  run.event(86, "capture.stuck", {{"step", "drivers"}, {"why", "it did not answer"}});
  run.event(90, "run.end", {{"reason", "finished"}});
  const auto result = judge_one(run, "driver.reinit");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "stuck in step drivers"), result.reason);
  BOOST_TEST(result.details.back() == "the last module loaded: e1000e");
}

BOOST_AUTO_TEST_CASE(a_drivers_complaints_are_listed) {
  auto run = good_run();
  run.serial(26.5, "[    9.000000] e1000e 0000:00:02.0: Hardware Error");
  run.serial(26.5, "[    9.000000] e1000e_other: error");
  const auto result = judge_one(run, "driver.reinit");
  BOOST_TEST((result.verdict == Verdict::pass));
  BOOST_TEST(numbers(result)["devices"]["net0"]["trouble_lines"] == 1);
}

BOOST_AUTO_TEST_CASE(a_line_that_names_a_module_in_either_spelling_is_the_devices) {
  auto run = good_run();
  run.plan.devices[0].profile.modules = {"snd-hda-intel", "xhci_pci"};
  run.serial(26.5, "[    9.000000] snd_hda_intel: azx_get_response timeout");
  run.serial(26.6, "[    9.100000] xhci-pci: init failed");
  run.serial(26.7, "[    9.200000] xhci_pci_renesas: init failed");
  BOOST_TEST(numbers(judge_one(run, "driver.reinit"))["devices"]["net0"]["trouble_lines"] == 2);
}

BOOST_AUTO_TEST_CASE(a_capture_kernel_that_got_stuck_is_the_reason) {
  auto run = good_run();
  run.cut(26.05);
  run.drop_file("screen/capture-end.txt");
  run.event(60, "capture.stuck", {{"step", "drivers"}, {"why", "timeout"}, {"guest_down", ""}});
  run.event(61, "run.end", {{"reason", "finished"}});
  auto result = judge_one(run, "driver.reinit");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(
      says(result.reason, "net0 has no driver: the capture kernel got stuck in step drivers"),
      result.reason);
  for (const char* check : {"device.works", "console.serial", "console.screen", "console.input"}) {
    result = judge_one(run, check);
    BOOST_TEST((result.verdict == Verdict::inconclusive), check);
    BOOST_TEST(says(result.reason, "the capture kernel got stuck in step drivers"), result.reason);
  }
}

BOOST_AUTO_TEST_CASE(a_capture_kernel_that_got_stuck_in_the_tests_fails_them_only) {
  auto run = good_run();
  run.cut(28.5);
  run.agent(28.6, "request", {{"op", "test"}, {"device", "net0"}});
  run.event(60, "capture.stuck", {{"step", "tests"}, {"why", "timeout"}, {"guest_down", ""}});
  run.event(61, "run.end", {{"reason", "finished"}});
  const auto result = judge_one(run, "device.works");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(
      says(result.reason, "net0: its test never ended, the capture kernel got stuck in step tests"),
      result.reason);
  BOOST_TEST((judge_one(run, "driver.reinit").verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(drivers_that_nobody_looked_at_are_inconclusive) {
  auto run = good_run();
  run.drop_agent("bound");
  run.drop_file("pci/capture-end-agent.json");
  BOOST_TEST((judge_one(run, "driver.reinit").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(drivers_that_were_never_asked_for_are_inconclusive_or_skipped) {
  auto run = good_run();
  run.cut(24);
  BOOST_TEST((judge_one(run, "driver.reinit").verdict == Verdict::inconclusive));
  run.cut(12);
  BOOST_TEST((judge_one(run, "driver.reinit").verdict == Verdict::inconclusive));
  run.plan.scenario.steps.tests = false;
  run.plan.scenario.steps.drivers = false;
  BOOST_TEST((judge_one(run, "driver.reinit").verdict == Verdict::skip));
}

BOOST_AUTO_TEST_CASE(tests_that_pass_and_are_seen_outside_pass) {
  const auto result = judge_one(good_run(), "device.works");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["devices"]["net0"]["frames_out"] == 5);
}

BOOST_AUTO_TEST_CASE(a_test_that_fails_or_is_not_seen_outside_fails) {
  auto run = good_run();
  run.drop_events("echo");
  BOOST_TEST((judge_one(run, "device.works").verdict == Verdict::fail));
  run = good_run();
  run.event(33, "test.result", {{"device", "vga0"}, {"ok", false}, {"detail", "no console"}});
  BOOST_TEST(judge_one(run, "device.works").reason == "vga0: console failed: no console");
}

BOOST_AUTO_TEST_CASE(a_test_that_never_ended_fails_and_one_that_was_not_asked_for_is_inconclusive) {
  auto run = good_run();
  run.drop_events("test.result");
  BOOST_TEST((judge_one(run, "device.works").verdict == Verdict::inconclusive));
  run.agent(29, "request", {{"op", "test"}, {"device", "net0"}});
  run.event(39, "capture.stuck", {{"step", "tests"}, {"why", "it did not answer"}});
  BOOST_TEST(says(judge_one(run, "device.works").reason, "net0: its test never ended, "));
}

BOOST_AUTO_TEST_CASE(a_sound_test_without_audio_is_inconclusive) {
  auto run = good_run();
  run.plan.devices[1].profile.test = {{"kind", "sound-play"}};
  const auto result = judge_one(run, "device.works");
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(says(result.reason, "audio-vga0.wav is missing"), result.reason);
}

namespace {

/// A second of a tone, 8 kHz mono 16 bit, behind the header that QEMU writes.
std::string played(double hertz) {
  constexpr int rate = 8000;
  std::string text(
      "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0", 44);
  for (int at = 0; at < rate; ++at) {
    const auto sample =
        static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * hertz * at / rate));
    text += static_cast<char>(sample & 0xff);
    text += static_cast<char>(sample >> 8 & 0xff);
  }
  return text;
}

}  // namespace

// Two sound cards shared one file: what one played was heard for the other.
BOOST_AUTO_TEST_CASE(a_sound_card_is_judged_by_what_it_played_itself) {
  auto run = good_run();
  run.plan.devices[1].profile.test = {{"kind", "sound-play"}, {"hertz", 880}};
  run.file("audio-vga0.wav", played(880));
  BOOST_TEST((judge_one(run, "device.works").verdict == Verdict::pass),
             judge_one(run, "device.works").reason);
  run.file("audio-other.wav", played(880));
  run.file("audio-vga0.wav", played(440));
  BOOST_TEST((judge_one(run, "device.works").verdict == Verdict::fail));
  run.drop_file("audio-vga0.wav");
  BOOST_TEST((judge_one(run, "device.works").verdict == Verdict::inconclusive));
}

// ES1370 plays 48,000 samples a second as 48,662: "880 Hz heard 0.0 s", and the reason said at once
// that it works.
BOOST_AUTO_TEST_CASE(a_tone_is_looked_for_within_what_a_divided_clock_allows) {
  auto run = good_run();
  run.plan.devices[1].profile.test = {{"kind", "sound-play"}, {"hertz", 880}};
  for (const double hertz : {892.1, 868.0, 880.0}) {
    run.file("audio-vga0.wav", played(hertz));
    const auto result = judge_one(run, "device.works");
    BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  }
  for (const double hertz : {932.3, 831.0, 440.0}) {
    run.file("audio-vga0.wav", played(hertz));
    const auto result = judge_one(run, "device.works");
    BOOST_TEST((result.verdict == Verdict::fail), hertz);
    BOOST_TEST(says(result.reason, "passed inside the guest"), result.reason);
    BOOST_TEST(!says(result.reason, "works"), result.reason);
  }
}

namespace {

RunBuilder with_frames(int sent, int received, int lost) {
  auto run = good_run();
  run.event(34, "test.result",
            {{"device", "net0"},
             {"kind", "net-echo"},
             {"ok", true},
             {"detail", "enough"},
             {"numbers", {{"sent", sent}, {"received", received}, {"lost", lost}}}});
  return run;
}

}  // namespace

// e1000e dropped every second frame: "20 of 20 received", pass.
BOOST_AUTO_TEST_CASE(frames_lost_on_a_link_that_loses_none_fail) {
  const auto half = judge_one(with_frames(0, 20, 19), "device.works");
  BOOST_TEST((half.verdict == Verdict::fail), half.reason);
  BOOST_TEST(says(half.reason, "19 frames of 39 that were fed to it never arrived"), half.reason);
  const auto outwards = judge_one(with_frames(200, 20, 0), "device.works");
  BOOST_TEST((outwards.verdict == Verdict::fail), outwards.reason);
  BOOST_TEST(says(outwards.reason, "of 200 that it sent never arrived"), outwards.reason);
  const auto few = judge_one(with_frames(0, 39, 1), "device.works");
  BOOST_TEST((few.verdict == Verdict::pass), few.reason);
  BOOST_TEST((judge_one(with_frames(0, 39, 1), "device.works", {{"most_lost", 1}}).verdict ==
              Verdict::fail));
}

// A bit of each frame that e1000e sent was turned: the first tag of it still named it.
BOOST_AUTO_TEST_CASE(a_frame_that_comes_out_damaged_fails) {
  auto run = good_run();
  run.event(31, "echo",
            {{"device", "net0"},
             {"sequence", 5},
             {"bytes", 512},
             {"damaged", true},
             {"role", "capture"}});
  const auto result = judge_one(run, "device.works");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "but 1 frame of 6 came out damaged"), result.reason);
  auto cut = good_run();
  cut.event(31, "echo",
            {{"device", "net0"},
             {"sequence", 5},
             {"bytes", 508},
             {"damaged", false},
             {"role", "capture"}});
  BOOST_TEST((judge_one(cut, "device.works").verdict == Verdict::fail));
}

// A probe of 45 s in a driver that is built in: "the slowest 0.05 s".
BOOST_AUTO_TEST_CASE(a_silence_of_the_kernel_beside_a_drivers_message_is_its_probe) {
  const auto silent = [](double seconds) {
    auto run = good_run();
    for (const char* name : {"bound", "hello"}) run.drop_agent(name);
    run.agent(22, "event", {{"event", "hello"}, {"role", "capture"}, {"guest", seconds + 5}});
    run.kernel_log(
        {{.level = 4, .guest = 1, .text = "nvme: loaded"},
         {.level = 4, .guest = seconds + 1, .text = "e1000e 0000:00:02.0: the card is there"}});
    return judge_one(run, "driver.reinit");
  };
  const auto late = silent(45);
  BOOST_TEST((late.verdict == Verdict::fail), late.reason);
  BOOST_TEST(says(late.reason, "the kernel was silent for 45.0 s"), late.reason);
  const auto soon = silent(5);
  BOOST_TEST((soon.verdict == Verdict::pass), soon.reason);
}

// What ended it on a real kernel: "ACPI: \_SB_.GSIG: Enabled at IRQ 22", five milliseconds before.
BOOST_AUTO_TEST_CASE(a_silence_is_of_the_device_that_is_spoken_of_first_after_it) {
  const auto ended_by = [](const char* text, double later,
                           const char* first = "ACPI: GSIG: Enabled at IRQ 22") {
    auto run = good_run();
    for (const char* name : {"bound", "hello"}) run.drop_agent(name);
    run.agent(22, "event", {{"event", "hello"}, {"role", "capture"}, {"guest", 50}});
    run.kernel_log({{.level = 4, .guest = 1, .text = "nvme: loaded"},
                    {.level = 4, .guest = 46, .text = first},
                    {.level = 4, .guest = 46 + later, .text = text}});
    return judge_one(run, "driver.reinit").verdict;
  };
  BOOST_TEST((ended_by("e1000e 0000:00:02.0: the card is there", 0.005) == Verdict::fail));
  BOOST_TEST((ended_by("e1000e 0000:00:02.0: the card is there", 0.5) == Verdict::pass));
  BOOST_TEST((ended_by("ahci 0000:00:1f.2: a controller", 0.005) == Verdict::pass));
  // Somebody else's long work.
  BOOST_TEST((ended_by("e1000e 0000:00:02.0: the card is there", 0.005, "Unpacking initramfs...") ==
              Verdict::pass));
}

// A device without a driver was tested, and the agent waited for its interface for ever.
BOOST_AUTO_TEST_CASE(a_device_without_a_driver_does_no_work) {
  auto run = good_run();
  run.event(34, "test.result",
            {{"device", "net0"}, {"kind", "net-echo"}, {"ok", false}, {"untested", "no driver"}});
  const auto result = judge_one(run, "device.works");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason == "net0: no driver, so it does no work", result.reason);
}

BOOST_AUTO_TEST_CASE(an_older_run_has_one_sound_file_for_all) {
  auto run = good_run();
  run.plan.devices[1].profile.test = {{"kind", "sound-play"}, {"hertz", 880}};
  run.file("audio.wav", played(880));
  BOOST_TEST((judge_one(run, "device.works").verdict == Verdict::pass),
             judge_one(run, "device.works").reason);
  BOOST_TEST(run.run().sound_file_of("vga0") == "audio.wav");
  run.drop_file("audio.wav");
  BOOST_TEST(run.run().sound_file_of("vga0") == "audio-vga0.wav");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
