// SPDX-License-Identifier: GPL-2.0-or-later
// What all models have in common: registers, ring, copy, interrupts, being held.
#include "devices/models/engine.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/models/bench.hpp"

BOOST_AUTO_TEST_SUITE(models_engine)

using namespace quiesce;
using namespace quiesce::models;
using nlohmann::json;
using vfio_user::ResetKind;
namespace reg = quiesce::wire::model;

namespace {

struct Fixture : Bench {
  Fixture() : Bench("engine") {}

  std::vector<std::uint64_t> addresses() const {
    std::vector<std::uint64_t> list;
    for (const auto& write : host.writes) list.push_back(write.address - FakeHost::memory_at);
    return list;
  }
};

struct FreeRunner : Bench {
  FreeRunner() : Bench("free-runner") {}
};

std::uint64_t interrupts_told(const Bench& bench) {
  std::uint64_t count = 0;
  for (const auto& line : bench.ledger("interrupt")) count += line.at("count").get<unsigned>();
  return count;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(it_shows_itself_to_the_driver, Fixture) {
  BOOST_TEST(get(reg::id) == reg::id_value);
  BOOST_TEST(get(reg::version) == reg::version_value);
  BOOST_TEST(status() == reg::ready);
  BOOST_TEST(get(reg::scratch) == reg::scratch_default);
  BOOST_TEST(config_read(0, 4) == (reg::device_id << 16 | reg::vendor_id));
  for (const auto at : {host.config().pm_offset(), host.config().express_offset(),
                        host.config().msi_offset(), host.config().aer_offset()})
    BOOST_TEST(at.has_value());
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_written_stays, Fixture) {
  for (const std::uint32_t at : {reg::id, reg::version, reg::status, reg::sequence_low,
                                 reg::sequence_high, reg::resets, reg::interrupts}) {
    const std::uint32_t before = get(at);
    set(at, 0x5555);
    BOOST_TEST(get(at) == before);
  }
}

BOOST_FIXTURE_TEST_CASE(accesses_of_any_kind_are_survived, Fixture) {
  for (const unsigned width : {1U, 2U, 4U, 8U})
    for (const std::uint64_t at : {0ULL, 1ULL, 2ULL, 0x7cULL, 0x80ULL, 0xffcULL, 0xfffULL}) {
      device->write(0, at, width, ~std::uint64_t{0});
      (void)device->read(0, at, width);
    }
  BOOST_TEST(device->read(1, 0, 4) == ~std::uint64_t{0});
  BOOST_TEST(get(reg::id) == reg::id_value);
}

BOOST_FIXTURE_TEST_CASE(the_ring_is_written_in_order_and_begins_anew, Fixture) {
  run(reg::run, 1024, 256, 10);
  pass(0.65);
  BOOST_TEST(addresses() == (std::vector<std::uint64_t>{0, 256, 512, 768, 0, 256}),
             boost::test_tools::per_element());
  BOOST_TEST(sequence() == 6U);
  BOOST_TEST(status() == (reg::ready | reg::running | reg::used));
}

BOOST_FIXTURE_TEST_CASE(a_ring_that_does_not_fit_is_refused_and_told_once, Fixture) {
  struct {
    std::uint32_t ring, item, rate;
  } const wrong[] = {{4096, 63, 20},       {4096, 100, 20},       {4096, 0, 20},
                     {4096, 8192, 20},     {8192, 4160, 20},      {0, 512, 20},
                     {256, 512, 20},       {4096 + 64, 512, 20},  {4096, 512, 0},
                     {4096, 512, 100'001}, {4096, 0xffffffc0, 20}};
  for (const auto& [ring, item, rate] : wrong) {
    run(reg::run, ring, item, rate);
    BOOST_TEST(status() == (reg::ready | reg::error), ring << ", " << item << ", " << rate);
    BOOST_TEST(status() == reg::ready);
    set(reg::control, 0);
  }
  pass(5);
  BOOST_TEST(host.writes.empty());
  run();
  BOOST_TEST(status() == (reg::ready | reg::running | reg::used));
}

// A ring of zero bytes under a running engine was a division by zero: a guest ended the program.
BOOST_FIXTURE_TEST_CASE(registers_that_change_under_a_running_ring_do_not_move_it, FreeRunner) {
  run(reg::run, 1024, 512, 10);
  for (const std::uint32_t value : {0U, 0xffffffffU, 64U})
    for (const std::uint32_t at : {reg::ring_low, reg::ring_bytes, reg::item_bytes, reg::rate}) {
      set(at, value);
      pass(0.3);
    }
  BOOST_REQUIRE(!host.writes.empty());
  for (const auto& write : host.writes) {
    BOOST_TEST(write.bytes.size() == 512U);
    BOOST_TEST(
        (write.address == FakeHost::memory_at || write.address == FakeHost::memory_at + 512));
  }
}

BOOST_FIXTURE_TEST_CASE(a_second_run_goes_on_with_the_sequence, Fixture) {
  run(reg::run, 1024, 256, 10);
  pass(0.25);
  set(reg::control, 0);
  run(reg::run, 1024, 256, 10);
  pass(0.25);
  BOOST_TEST(addresses() == (std::vector<std::uint64_t>{0, 256, 512, 768}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(bus_master_off_blocks_once_in_the_ledger_and_on_lets_it_go_on, Fixture) {
  run();
  pass(0.51);
  const std::size_t before = host.writes.size();
  BOOST_TEST(before == 10U);
  bus_master(false);
  pass(2);
  BOOST_TEST(host.writes.size() == before);
  BOOST_TEST(ledger("dma.blocked").size() == 1U);
  BOOST_TEST(ledger("dma.blocked")[0].at("why") == "bus-master");
  bus_master(true);
  pass(0.26);
  BOOST_TEST(host.writes.size() == before + 5);
  BOOST_TEST(host.writes[before].address == FakeHost::memory_at + 10 * 512 % 4096);
  BOOST_TEST(ledger("bus-master").size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_ring_in_memory_that_is_not_there_is_told_once, Fixture) {
  set(reg::ring_high, 0xff);
  run();
  set(reg::control, 0);
  set(reg::ring_low, 0xfffff000);
  set(reg::ring_high, 0xffffffff);
  set(reg::control, reg::run);
  pass(5);
  BOOST_TEST(host.writes.empty());
  BOOST_TEST(sequence() == 0U);
  BOOST_REQUIRE(ledger("dma.blocked").size() == 1U);
  BOOST_TEST(ledger("dma.blocked")[0].at("why") == "unmapped");
}

BOOST_FIXTURE_TEST_CASE(a_copy_copies, Fixture) {
  copy(1000);
  BOOST_TEST(status() == (reg::ready | reg::copy_done));
  BOOST_REQUIRE(host.writes.size() == 1U);
  BOOST_TEST(host.writes[0].bytes.size() == 1000U);
  BOOST_TEST(std::to_integer<unsigned>(host.writes[0].bytes[999]) == ((999U * 7 + 1) & 0xff));
  BOOST_TEST(ledger("copy").at(0).at("ok") == true);
}

BOOST_FIXTURE_TEST_CASE(a_copy_that_cannot_be_is_an_error_that_is_told_once, Fixture) {
  for (const std::uint32_t bytes : {0U, 65537U, 0xffffffffU, 65536U}) {
    copy(bytes);
    BOOST_TEST(status() == (reg::ready | reg::error), bytes);
    BOOST_TEST(status() == reg::ready, bytes);
  }
  bus_master(false);
  copy();
  BOOST_TEST(status() == (reg::ready | reg::error));
  BOOST_TEST(host.writes.empty());
  bus_master(true);
  copy();
  BOOST_TEST(status() == (reg::ready | reg::copy_done));
}

BOOST_FIXTURE_TEST_CASE(a_soft_reset_stops_an_engine_that_obeys, Fixture) {
  run();
  pass(1);
  set(reg::scratch, 1);
  set(reg::control, reg::soft_reset);
  BOOST_TEST(status() == reg::ready);
  BOOST_TEST(get(reg::scratch) == reg::scratch_default);
  BOOST_TEST(sequence() == 0U);
  BOOST_TEST(ledger("reset").back().at("effect") == true);
  const std::size_t before = host.writes.size();
  pass(2);
  BOOST_TEST(host.writes.size() == before);
}

BOOST_FIXTURE_TEST_CASE(a_soft_reset_does_nothing_to_one_that_does_not, FreeRunner) {
  run();
  set(reg::control, reg::soft_reset);
  BOOST_TEST(ledger("reset").back().at("effect") == false);
  pass(1);
  BOOST_TEST(!host.writes.empty());
}

BOOST_FIXTURE_TEST_CASE(resets_are_counted_with_effect_or_not, Fixture) {
  const std::uint32_t before = get(reg::resets);
  kernel_reset("flr");
  kernel_reset("pm");
  kernel_reset("bus");
  BOOST_TEST(get(reg::resets) == before + 3);
}

// The server clears Command after the device was asked: the ledger must not think it is still on.
BOOST_FIXTURE_TEST_CASE(bus_master_that_a_reset_cleared_is_in_the_ledger, Fixture) {
  reset(ResetKind::flr);
  BOOST_TEST(ledger("bus-master").back().at("on") == false);
  bus_master(true);
  BOOST_TEST(ledger("bus-master").back().at("on") == true);
}

BOOST_FIXTURE_TEST_CASE(items_interrupt_by_message_where_the_guest_enabled_it, Fixture) {
  host.msi_on = true;
  run(reg::run | reg::interrupt);
  pass(1.01);
  BOOST_TEST(host.messages == 20U);
  BOOST_TEST(get(reg::interrupts) == 20U);
  BOOST_TEST(host.pin_rises == 0U);
}

// Each item counted as an interrupt of its own while the pin was asserted all the time.
BOOST_FIXTURE_TEST_CASE(a_pin_that_is_asserted_already_is_no_further_interrupt, Fixture) {
  run(reg::run | reg::interrupt);
  pass(1.01);
  BOOST_TEST(host.pin);
  BOOST_TEST(get(reg::interrupts) == 1U);
  BOOST_TEST((status() & reg::interrupt_pending) != 0U);
  set(reg::acknowledge, 1);
  BOOST_TEST(!host.pin);
  BOOST_TEST((status() & reg::interrupt_pending) == 0U);
  pass(0.06);
  BOOST_TEST(get(reg::interrupts) == 2U);
}

// Every interrupt had a line of its own.
BOOST_FIXTURE_TEST_CASE(many_interrupts_are_a_few_lines_and_none_is_left_out, Fixture) {
  host.msi_on = true;
  run(reg::run | reg::interrupt, 4096, 512, 1000);
  pass(2);
  set(reg::control, 0);
  const std::size_t lines = ledger("interrupt").size();
  BOOST_TEST(lines >= 10U);
  BOOST_TEST(lines <= 25U);
  BOOST_TEST(interrupts_told(*this) == get(reg::interrupts));
  BOOST_TEST(get(reg::interrupts) > 1000U);
}

BOOST_FIXTURE_TEST_CASE(what_was_late_while_held_does_not_come_in_a_burst, Fixture) {
  run();
  pass(1);
  const std::size_t before = host.writes.size();
  device->hold(true);
  pass(60);
  device->hold(false);
  pass(0.001);
  BOOST_TEST(host.writes.size() <= before + 1);
  pass(0.5);
  BOOST_TEST(host.writes.size() <= before + 11);
  BOOST_TEST(host.writes.size() >= before + 9);
}

// Requests that were on their way are served while the machine stands still.
BOOST_FIXTURE_TEST_CASE(a_copy_that_is_asked_for_while_held_comes_after_the_release, Fixture) {
  device->hold(true);
  copy();
  BOOST_TEST(host.writes.empty());
  BOOST_TEST(status() == reg::ready);
  device->hold(false);
  BOOST_TEST(host.writes.size() == 1U);
  BOOST_TEST(status() == (reg::ready | reg::copy_done));
  BOOST_TEST(ledger().back().at("event") == "copy");
}

BOOST_FIXTURE_TEST_CASE(a_reset_while_held_takes_a_waiting_copy_away, Fixture) {
  device->hold(true);
  copy();
  reset(ResetKind::flr);
  device->hold(false);
  BOOST_TEST(host.writes.empty());
}

BOOST_FIXTURE_TEST_CASE(held_twice_is_held_once, Fixture) {
  device->hold(true);
  device->hold(true);
  device->hold(false);
  device->hold(false);
  BOOST_TEST(ledger("hold").size() == 1U);
  BOOST_TEST(ledger("release").size() == 1U);
}

// A write by message serves requests meanwhile (Host::dma_write).
BOOST_FIXTURE_TEST_CASE(a_reset_in_the_middle_of_a_write_leaves_a_fresh_engine, Fixture) {
  run();
  host.while_writing = [this] { reset(ResetKind::flr); };
  pass(0.06);
  host.while_writing = nullptr;
  BOOST_TEST(host.writes.size() == 1U);
  BOOST_TEST(ledger("dma.write").size() == 1U);
  BOOST_TEST(sequence() == 0U);
  BOOST_TEST(status() == reg::ready);
  pass(5);
  BOOST_TEST(host.writes.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(writes_without_tags_all_differ, Fixture) {
  Bench other("engine", {.settings = {{"tagged", false}}});
  other.run(reg::run, 1024, 256, 10);
  other.pass(0.85);
  BOOST_REQUIRE(other.host.writes.size() == 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    BOOST_TEST(!read_tag(other.host.writes[i].bytes).has_value());
    for (std::size_t j = 0; j < i; ++j)
      BOOST_TEST((other.host.writes[i].bytes != other.host.writes[j].bytes));
  }
  BOOST_TEST(other.ledger("dma.write")[0].at("tagged") == false);
}

BOOST_FIXTURE_TEST_CASE(lines_of_the_ledger_are_numbered_from_one_and_carry_a_checksum, Fixture) {
  const auto lines = ledger();
  BOOST_REQUIRE(!lines.empty());
  for (std::size_t at = 0; at < lines.size(); ++at) {
    BOOST_TEST(lines[at].at("n") == at + 1);
    BOOST_TEST(lines[at].at("c").get_ref<const std::string&>().size() == 8U);
  }
}

BOOST_FIXTURE_TEST_CASE(clients_come_and_go_in_the_ledger, Fixture) {
  device->connected();
  device->disconnected();
  BOOST_TEST(ledger("connect").size() == 1U);
  BOOST_TEST(ledger("disconnect").size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(writes_that_reset_or_wake_are_in_the_ledger, Fixture) {
  const std::size_t before = ledger("config").size();
  const auto at = [](std::optional<std::uint16_t> base, int offset) {
    return static_cast<std::uint16_t>(base.value() + offset);
  };
  config_write(at(host.config().pm_offset(), 4), 2, 3);
  config_write(at(host.config().express_offset(), 8), 2, 0xa810);
  config_write(at(host.config().msi_offset(), 2), 2, 1);
  config_write(0x3c, 1, 9);
  BOOST_TEST(ledger("config").size() == before + 3);
}

BOOST_AUTO_TEST_SUITE_END()
