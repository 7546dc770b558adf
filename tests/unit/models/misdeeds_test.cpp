// SPDX-License-Identifier: GPL-2.0-or-later
// Each model's own misdeed.
#include <boost/test/unit_test.hpp>

#include "tests/unit/models/bench.hpp"

BOOST_AUTO_TEST_SUITE(models_misdeeds)

using namespace quiesce;
using namespace quiesce::models;
using nlohmann::json;
using vfio_user::ResetKind;
namespace reg = quiesce::wire::model;

namespace {

constexpr std::uint32_t gone = 0xffffffff;

double since(const Bench& bench, TimePoint begin) {
  return (const_cast<Bench&>(bench).host.loop().now() - begin).count();
}

/// Seconds from now until the next write of the device.
double until_write(Bench& bench, double limit = 60) {
  auto& loop = bench.host.loop();
  const TimePoint begin = loop.now();
  const std::size_t before = bench.host.writes.size();
  loop.run_until([&] { return bench.host.writes.size() > before; }, begin + Seconds(limit));
  return since(bench, begin);
}

bool pending(Bench& bench) {
  const auto at = static_cast<std::uint16_t>(*bench.host.config().express_offset() + 10);
  return (bench.config_read(at, 2) & 0x20) != 0;
}

}  // namespace

// It remembered Bus Master, which kernel and QEMU have cleared when a reset comes: it never died.
BOOST_AUTO_TEST_CASE(a_device_that_dies_of_resets_dies_of_each_kind) {
  for (const std::string method : {"flr", "pm", "bus"}) {
    Bench bench("dead-after-reset");
    bench.run();
    bench.pass(1);
    bench.kernel_reset(method);
    BOOST_TEST(bench.config_read(0, 4) == gone, method);
    BOOST_TEST(bench.get(reg::id) == gone, method);
    bench.pass(3600);
    BOOST_TEST(!bench.kernel_reset("bus"), method);
    BOOST_TEST(bench.config_read(0, 4) == gone, method);
  }
}

BOOST_AUTO_TEST_CASE(a_device_that_dies_of_resets_survives_the_machines_start) {
  Bench bench("dead-after-reset");
  bench.kernel_reset("bus");
  bench.copy();
  bench.kernel_reset("bus");
  BOOST_TEST(bench.get(reg::id) == reg::id_value);
}

BOOST_AUTO_TEST_CASE(a_slow_device_does_not_answer_until_its_time_has_passed) {
  for (const std::string method : {"flr", "pm", "bus"}) {
    Bench bench("slow-ready", {.settings = {{"ready_ms", 1200}}});
    bench.run();
    bench.kernel_reset(method);
    bench.pass(1.19);
    BOOST_TEST(bench.config_read(0, 4) == gone, method);
    BOOST_TEST(bench.status() == gone, method);
    bench.run();
    bench.pass(0.02);
    BOOST_TEST(bench.config_read(0, 4) == (reg::device_id << 16 | reg::vendor_id), method);
    BOOST_TEST(bench.status() == reg::ready, "it took no write either: " << method);
    BOOST_TEST(bench.ledger("reset").back().at("ready_ms") == 1200, method);
  }
}

// The firmware did not see it: the machine's start is a reset, too.
BOOST_AUTO_TEST_CASE(a_slow_device_is_there_when_the_machine_starts) {
  Bench bench("slow-ready");
  BOOST_TEST(bench.config_read(0, 2) == reg::vendor_id);
  BOOST_TEST(bench.status() == reg::ready);
}

BOOST_AUTO_TEST_CASE(a_slow_device_may_hide_its_registers_alone) {
  Bench bench("slow-ready", {.settings = {{"mode", "registers"}}});
  bench.run();
  bench.kernel_reset("flr");
  BOOST_TEST(bench.config_read(0, 2) == reg::vendor_id);
  BOOST_TEST(bench.status() == gone);
}

// While the machine stands still its kernel does not wait.
BOOST_AUTO_TEST_CASE(time_while_held_makes_a_slow_device_no_readier) {
  Bench bench("slow-ready", {.settings = {{"ready_ms", 1000}}});
  bench.run();
  bench.kernel_reset("flr");
  bench.pass(0.5);
  bench.device->hold(true);
  bench.pass(100);
  BOOST_TEST(bench.status() == gone);
  bench.device->hold(false);
  bench.pass(0.49);
  BOOST_TEST(bench.status() == gone);
  bench.pass(0.02);
  BOOST_TEST(bench.status() == reg::ready);
}

BOOST_AUTO_TEST_CASE(a_used_device_that_needs_a_reset_refuses_to_be_set_up) {
  Bench bench("needs-reset");
  bench.run();
  bench.pass(1);
  bench.device->kernel("capture");
  bench.set(reg::control, 0);
  bench.set(reg::control, reg::soft_reset);
  BOOST_TEST(bench.ledger("reset").back().at("effect") == false);
  bench.copy();
  BOOST_TEST((bench.status() & (reg::error | reg::copy_done)) == reg::error);
  bench.run();
  BOOST_TEST((bench.status() & (reg::error | reg::running)) == reg::error);
  // And stays so.
  BOOST_TEST((bench.status() & reg::error) == reg::error);
  bench.kernel_reset("flr");
  BOOST_TEST(bench.status() == reg::ready);
}

// The copy made it used: no function test could ever pass.
BOOST_AUTO_TEST_CASE(a_copy_does_not_make_a_device_used) {
  Bench bench("needs-reset");
  bench.copy();
  bench.copy();
  bench.run();
  BOOST_TEST(bench.status() == (reg::ready | reg::running | reg::used | reg::copy_done));
}

BOOST_AUTO_TEST_CASE(a_late_writer_works_until_the_handover_and_writes_once_after_it) {
  Bench bench("late-writer");
  bench.run();
  bench.pass(5);
  BOOST_TEST(bench.host.writes.size() >= 99U);
  bench.device->kernel("capture");
  const double late = until_write(bench);
  BOOST_TEST(late >= 2.0);
  BOOST_TEST(late <= 9.0);
  BOOST_TEST(until_write(bench, 600) == 600.0);
}

// Its timer went on while the machine stood still, and what was due then came a period later.
BOOST_AUTO_TEST_CASE(a_late_writer_counts_from_the_moment_that_the_machine_goes_on) {
  const auto after_hold = [](double seconds) {
    Bench bench("late-writer");
    bench.run();
    bench.device->hold(true);
    bench.device->kernel("capture");
    bench.pass(seconds);
    bench.device->hold(false);
    return until_write(bench);
  };
  const double late = after_hold(0);
  BOOST_TEST(late < 60.0);
  BOOST_TEST(after_hold(100) == late, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(when_a_late_writer_writes_is_the_seeds_and_the_names_doing) {
  const auto time = [](std::uint32_t seed, const std::string& name) {
    Bench bench("late-writer", {.name = name, .seed = seed});
    bench.run();
    bench.device->kernel("capture");
    return until_write(bench);
  };
  BOOST_TEST(time(1, "a") == time(1, "a"));
  BOOST_TEST(time(1, "a") != time(2, "a"));
  BOOST_TEST(time(1, "a") != time(1, "b"));
  double earliest = 60;
  double latest = 0;
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    earliest = std::min(earliest, time(seed, "a"));
    latest = std::max(latest, time(seed, "a"));
  }
  BOOST_TEST(earliest >= 2.0);
  BOOST_TEST(earliest < 4.0);
  BOOST_TEST(latest > 7.0);
  BOOST_TEST(latest <= 9.0);
}

BOOST_AUTO_TEST_CASE(the_late_write_goes_into_the_old_ring_though_a_new_one_runs) {
  Bench bench("late-writer");
  bench.run(reg::run, 512, 512, 20);
  bench.device->kernel("capture");
  bench.set(reg::control, 0);
  bench.set(reg::ring_low, FakeHost::memory_at + 8192);
  bench.set(reg::control, reg::run);
  bench.pass(0.5);
  bench.set(reg::control, 0);
  const std::size_t before = bench.host.writes.size();
  BOOST_TEST(bench.host.writes.back().address == FakeHost::memory_at + 8192);
  bench.pass(20);
  BOOST_REQUIRE(bench.host.writes.size() == before + 1);
  BOOST_TEST(bench.host.writes.back().address == FakeHost::memory_at);
}

BOOST_AUTO_TEST_CASE(a_late_writer_may_be_quiet_from_its_run_on) {
  Bench bench("late-writer", {.settings = {{"begins", "run"}, {"earliest_ms", 8000}}});
  bench.run();
  const double late = until_write(bench);
  BOOST_TEST(late >= 8.0);
  BOOST_TEST(late <= 9.0);
  BOOST_TEST(until_write(bench, 600) == 600.0);
}

BOOST_AUTO_TEST_CASE(a_device_that_never_ran_misdeeds_nothing_at_the_handover) {
  for (const char* name : {"late-writer", "intx-stuck", "msi-storm", "fatal-aer"}) {
    Bench bench(name);
    bench.host.msi_on = true;
    bench.device->kernel("capture");
    bench.config_read(0, 4);
    bench.pass(60);
    BOOST_TEST(bench.host.writes.empty(), name);
    BOOST_TEST(bench.host.messages + bench.host.pin_rises == 0U, name);
    BOOST_TEST(bench.events.empty(), name);
  }
}

BOOST_AUTO_TEST_CASE(writers_into_foreign_memory_stop_by_themselves_before_the_panic) {
  const std::pair<const char*, std::size_t> cases[] = {{"crash-writer", 8},
                                                       {"elfcorehdr-writer", 1}};
  for (const auto& [name, items] : cases) {
    Bench bench(name);
    bench.run();
    bench.pass(60);
    BOOST_TEST(bench.host.writes.size() == items, name);
    BOOST_TEST(bench.sequence() == items, name);
    BOOST_TEST(bench.status() == (reg::ready | reg::used), name);
    BOOST_TEST(bench.ledger("stop").at(0).at("by") == "done", name);
    // Armed anew, as after an action in the production kernel.
    bench.set(reg::control, 0);
    bench.run();
    bench.pass(60);
    BOOST_TEST(bench.host.writes.size() == 2 * items, name);
  }
}

BOOST_AUTO_TEST_CASE(writers_into_foreign_memory_say_where_they_aim) {
  BOOST_TEST(find("crash-writer")->activity.at("target") == "capture-kernel");
  BOOST_TEST(find("elfcorehdr-writer")->activity.at("target") == "elfcorehdr");
}

BOOST_AUTO_TEST_CASE(a_stuck_pin_is_asserted_at_the_handover_and_kept) {
  Bench bench("intx-stuck");
  bench.run();
  bench.pass(2);
  BOOST_TEST(!bench.host.pin);
  BOOST_TEST(bench.sequence() > 0U, "else a run would find it idle");
  bench.device->kernel("capture");
  BOOST_TEST(bench.host.pin);
  bench.set(reg::acknowledge, 1);
  bench.set(reg::control, 0);
  bench.pass(60);
  BOOST_TEST(bench.host.pin);
  BOOST_TEST(bench.host.pin_rises == 1U);
  BOOST_TEST(bench.ledger("interrupt").at(0).at("kind") == "intx");
}

BOOST_AUTO_TEST_CASE(a_stuck_pin_is_not_let_go_by_an_acknowledgement) {
  Bench bench("intx-stuck", {.settings = {{"begins", "run"}}});
  bench.run();
  for (int i = 0; i < 3; ++i) {
    bench.set(reg::acknowledge, 1);
    BOOST_TEST(bench.host.pin);
  }
  bench.set(reg::control, 0);
  BOOST_TEST(bench.host.pin);
  BOOST_TEST(bench.get(reg::interrupts) == 1U);
}

BOOST_AUTO_TEST_CASE(a_stuck_pin_is_let_go_by_every_reset_and_obeys_then) {
  for (const std::string method : {"flr", "pm", "bus"}) {
    Bench bench("intx-stuck");
    bench.run();
    bench.device->kernel("capture");
    bench.kernel_reset(method);
    BOOST_TEST(!bench.host.pin, method);
    bench.run(reg::run | reg::interrupt);
    bench.pass(0.06);
    BOOST_TEST(bench.host.pin, method);
    bench.set(reg::acknowledge, 1);
    BOOST_TEST(!bench.host.pin, method);
  }
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_to_stick_while_held_waits_for_the_release) {
  Bench bench("intx-stuck");
  bench.run();
  bench.device->hold(true);
  bench.device->kernel("capture");
  bench.pass(10);
  BOOST_TEST(!bench.host.pin);
  bench.device->hold(false);
  BOOST_TEST(bench.host.pin);
  BOOST_TEST(bench.host.pin_rises == 1U);
}

BOOST_AUTO_TEST_CASE(a_storm_begins_at_the_handover_and_obeys_resets_alone) {
  for (const std::string method : {"flr", "pm", "bus"}) {
    Bench bench("msi-storm", {.settings = {{"per_second", 500}}});
    bench.host.msi_on = true;
    bench.run();
    bench.pass(2);
    BOOST_TEST(bench.host.messages == 0U);
    bench.device->kernel("capture");
    bench.set(reg::control, 0);
    bench.set(reg::acknowledge, 1);
    bench.bus_master(false);
    bench.pass(2);
    BOOST_TEST(bench.host.messages >= 995U);
    BOOST_TEST(bench.host.messages <= 1000U);
    bench.kernel_reset(method);
    const unsigned before = bench.host.messages;
    bench.pass(10);
    BOOST_TEST(bench.host.messages == before, method);
  }
}

// With MSI off it fell back to its pin: a second device that is stuck.
BOOST_AUTO_TEST_CASE(a_storm_is_quiet_while_msi_is_off) {
  Bench bench("msi-storm", {.settings = {{"begins", "run"}}});
  bench.run();
  bench.pass(2);
  BOOST_TEST(bench.host.pin_rises == 0U);
  BOOST_TEST(bench.get(reg::interrupts) == 0U);
  BOOST_TEST(bench.ledger("interrupt").empty());
  bench.host.msi_on = true;
  bench.pass(1);
  BOOST_TEST(bench.host.messages > 900U);
  BOOST_TEST(find("msi-storm")->activity.at("interrupt") == true);
}

// However high the rate, whoever reads a register gets his answer: each round of the loop has a
// turn for every descriptor.
BOOST_AUTO_TEST_CASE(a_storm_starves_nobody) {
  Bench bench("msi-storm", {.settings = {{"begins", "run"}, {"per_second", 100'000}}});
  bench.host.msi_on = true;
  auto pair = socket_pair().value();
  std::string heard;
  const auto watch = bench.host.loop().on_readable(
      pair.mine.get(), [&] { heard += read_some(pair.mine.get()).value(); });
  bench.run();
  bench.pass(0.001);
  BOOST_REQUIRE(write_all(pair.theirs.get(), "request"));
  const unsigned before = bench.host.messages;
  bench.host.loop().run_until([&] { return !heard.empty(); }, bench.host.loop().now() + Seconds(9));
  BOOST_TEST(heard == "request");
  BOOST_TEST(bench.host.messages - before <= 2U);
}

BOOST_AUTO_TEST_CASE(a_transaction_is_pending_for_ever_once_it_ran) {
  Bench bench("pending-forever");
  BOOST_TEST(!pending(bench));
  bench.run();
  BOOST_TEST(pending(bench));
  for (const std::string method : {"flr", "pm", "bus", "flr"}) {
    bench.kernel_reset(method);
    BOOST_TEST(pending(bench), method);
  }
  // The bit is read-only for the guest.
  bench.config_write(static_cast<std::uint16_t>(*bench.host.config().express_offset() + 10), 2,
                     0xffff);
  BOOST_TEST(pending(bench));
  // The harness looks while the machine stands still.
  bench.device->hold(true);
  bench.kernel_reset("bus");
  BOOST_TEST(pending(bench));
}

BOOST_AUTO_TEST_CASE(others_have_nothing_pending) {
  Bench bench("engine");
  bench.run();
  bench.pass(1);
  BOOST_TEST(!pending(bench));
}

BOOST_AUTO_TEST_CASE(the_capture_kernels_first_access_is_a_fatal_error_once) {
  Bench bench("fatal-aer");
  bench.run();
  bench.config_read(0, 4);
  BOOST_TEST(bench.events.empty());
  bench.device->kernel("capture");
  BOOST_TEST(bench.events.empty());
  bench.config_read(0, 4);
  bench.config_read(0, 4);
  (void)bench.status();
  BOOST_REQUIRE(bench.events.size() == 1U);
  BOOST_TEST(bench.events[0] ==
             (json{{"event", "aer"}, {"severity", "fatal"}, {"status", "0x40000"}}));
  BOOST_TEST(bench.ledger("aer").size() == 1U);
  const auto at = *bench.host.config().aer_offset();
  BOOST_TEST(bench.config_read(static_cast<std::uint16_t>(at + 4), 4) == 0x40000U);
  BOOST_TEST((bench.config_read(static_cast<std::uint16_t>(at + 0x18), 4) & 0x1f) == 18U);
  const auto express = *bench.host.config().express_offset();
  BOOST_TEST((bench.config_read(static_cast<std::uint16_t>(express + 10), 2) & 0x4) == 0x4U);
  bench.config_write(static_cast<std::uint16_t>(at + 4), 4, 0x40000);
  BOOST_TEST(bench.config_read(static_cast<std::uint16_t>(at + 4), 4) == 0U);
}

// At the handover the harness itself reads the configuration space: no kernel has run yet.
BOOST_AUTO_TEST_CASE(what_the_harness_reads_while_the_machine_stands_still_is_no_access) {
  Bench bench("fatal-aer");
  bench.run();
  bench.device->hold(true);
  bench.device->kernel("capture");
  bench.config_read(0, 4);
  BOOST_TEST(bench.events.empty());
  bench.device->hold(false);
  bench.config_read(0, 4);
  BOOST_TEST(bench.events.size() == 1U);
}

// Both write on after a function level reset; only one of them looks as if it had been reset.
BOOST_AUTO_TEST_CASE(a_reset_of_registers_alone_is_told_from_one_that_does_nothing) {
  for (const bool clears : {true, false}) {
    Bench bench(clears ? "bus-only" : "flr-noop");
    bench.run();
    bench.set(reg::scratch, 1);
    bench.pass(1);
    BOOST_TEST(bench.kernel_reset("flr") == clears);
    const std::size_t before = bench.host.writes.size();
    bench.pass(1);
    BOOST_TEST(bench.host.writes.size() > before);
    BOOST_TEST(bench.get(reg::scratch) == (clears ? reg::scratch_default : 1U));
    BOOST_TEST((bench.status() & reg::running) != 0U, "its status does not lie");
  }
}

BOOST_AUTO_TEST_SUITE_END()
