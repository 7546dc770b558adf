// SPDX-License-Identifier: GPL-2.0-or-later
// The driver of the models against registers that a file holds and, where it must move, a thread
// plays.
#include "vm-images/agent/model.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>

#include "harness/base/tag.hpp"
#include "tests/unit/agent/fake_pci.hpp"
#include "vm-images/agent/model_run.hpp"

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;
namespace model = quiesce::wire::model;

namespace {

constexpr std::uint64_t memory_at = 0x12340000;
constexpr Seconds at_once{0};
constexpr Seconds long_enough{20};

/// Registers in a file, as the device left them.
class Registers {
 public:
  Registers() {
    std::filesystem::create_directories(place_.path());
    std::ofstream(path()) << std::string(model::bar0_size, '\0');
    bar_.emplace(Bar::open(path()).value());
    put(model::id, model::id_value);
    put(model::version, model::version_value);
    put(model::status, model::ready);
    put(model::scratch, model::scratch_default);
  }
  std::filesystem::path path() const { return place_.path() / "resource0"; }
  Bar& bar() { return *bar_; }
  void put(std::uint32_t offset, std::uint32_t value) { (void)bar_->write(offset, value); }
  std::uint32_t get(std::uint32_t offset) { return bar_->read(offset).value(); }

 private:
  TempDir place_ = TempDir::create().value();
  std::optional<Bar> bar_;
};

std::string why(const auto& result) {
  BOOST_REQUIRE(!result.has_value());
  return result.error().describe();
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

/// What a device does of its own.
struct Habits {
  bool spoils_copy = false;
  bool fails_copy = false;
  bool tags = true;
  bool writes = true;  ///< else it only counts
  bool stops = true;   ///< when control is cleared
  std::uint32_t seed = 7;
};

/// A device that plays the registers in a thread of its own.
class Device {
 public:
  Device(Registers& registers, std::span<std::byte> memory, Habits habits)
      : registers_(registers), memory_(memory), habits_(habits), thread_([this] { play(); }) {}
  ~Device() {
    over_ = true;
    thread_.join();
  }

 private:
  std::span<std::byte> at(std::uint32_t low, std::size_t bytes) {
    const std::uint64_t address =
        static_cast<std::uint64_t>(registers_.get(low + 4)) << 32 | registers_.get(low);
    const std::uint64_t offset = address - memory_at;
    if (offset + bytes > memory_.size()) return {};
    return memory_.subspan(offset, bytes);
  }

  void copy() {
    const std::size_t bytes = registers_.get(model::copy_bytes);
    const auto from = at(model::copy_from_low, bytes);
    const auto to = at(model::copy_to_low, bytes);
    if (!from.empty() && !to.empty()) std::memcpy(to.data(), from.data(), bytes);
    if (habits_.spoils_copy && !to.empty()) to.back() ^= std::byte{1};
    registers_.put(model::doorbell, 0);
    registers_.put(model::status,
                   model::ready | (habits_.fails_copy ? model::error : model::copy_done));
  }

  void write_item() {
    const std::size_t item = registers_.get(model::item_bytes);
    const auto ring = at(model::ring_low, registers_.get(model::ring_bytes));
    const std::uint32_t sequence = registers_.get(model::sequence_low);
    if (habits_.writes && ring.size() >= item) {
      const auto slot = ring.subspan(sequence % (ring.size() / item) * item, item);
      if (habits_.tags)
        fill_tagged(
            slot,
            {.kind = TagKind::frame, .device = "dma", .sequence = sequence, .seed = habits_.seed});
      else
        std::ranges::fill(slot, std::byte{1});
    }
    registers_.put(model::sequence_low, sequence + 1);
    registers_.put(model::status, model::ready | model::running | model::used);
  }

  void play() {
    bool running = false;
    while (!over_) {
      if (registers_.get(model::doorbell) == 1) copy();
      const bool run = (registers_.get(model::control) & model::run) != 0;
      if (run || (running && !habits_.stops))
        write_item();
      else if (running)
        registers_.put(model::status, model::ready);
      running = run || (running && !habits_.stops);
      std::this_thread::yield();
    }
  }

  Registers& registers_;
  std::span<std::byte> memory_;
  Habits habits_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

struct Bench {
  Registers registers;
  std::vector<std::byte> memory = std::vector<std::byte>(16384);
  Subject subject{.device = "dma", .address = {}, .kind = "model-copy", .seed = 7};
  CopyTest test{.ready = long_enough, .patience = long_enough};

  Outcome run(Habits habits) {
    const Device device(registers, memory, habits);
    return copy_test(registers.bar(), {.bytes = memory, .address = memory_at}, subject, test);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_mapping_that_is_void_is_an_error_and_no_signal) {
  Registers registers;
  BOOST_REQUIRE(::truncate(registers.path().c_str(), 0) == 0);
  BOOST_TEST(!registers.bar().read(model::id).has_value());
  BOOST_TEST(!registers.bar().write(model::control, 0));
  BOOST_TEST(has(why(registers.bar().get(model::status)), "register status is gone"));
  BOOST_TEST(has(why(wait_model_ready(registers.bar(), at_once)), "register id is gone"));
}

BOOST_AUTO_TEST_CASE(a_ready_model_is_ready_at_once) {
  Registers registers;
  BOOST_TEST(wait_model_ready(registers.bar(), at_once).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_model_is_told_with_register_and_value) {
  Registers registers;
  registers.put(model::status, model::used);
  BOOST_TEST(
      has(why(wait_model_ready(registers.bar(), at_once)), "status reads 0x20: ready is clear"));
  registers.put(model::status, model::ready | model::error);
  BOOST_TEST(
      has(why(wait_model_ready(registers.bar(), at_once)), "status reads 0x5: error is set"));
  registers.put(model::status, 0xffffffff);
  BOOST_TEST(has(why(wait_model_ready(registers.bar(), at_once)), "status reads 0xffffffff"));
  registers.put(model::version, 2);
  BOOST_TEST(has(why(wait_model_ready(registers.bar(), at_once)), "version reads 2 and not 1"));
  registers.put(model::id, 0xffffffff);
  BOOST_TEST(has(why(wait_model_ready(registers.bar(), at_once)), "id reads 0xffffffff"));
}

BOOST_AUTO_TEST_CASE(a_ring_is_programmed_before_it_runs) {
  Registers registers;
  const ModelRing ring{
      .address = 0x1'2345'6000, .bytes = 8192, .item = 512, .rate = 50, .interrupt = true};
  BOOST_REQUIRE(start_model_ring(registers.bar(), ring).has_value());
  BOOST_TEST(registers.get(model::ring_low) == 0x23456000U);
  BOOST_TEST(registers.get(model::ring_high) == 1U);
  BOOST_TEST(registers.get(model::ring_bytes) == 8192U);
  BOOST_TEST(registers.get(model::item_bytes) == 512U);
  BOOST_TEST(registers.get(model::rate) == 50U);
  BOOST_TEST(registers.get(model::control) == (model::run | model::interrupt));
  registers.put(model::status, model::error);
  BOOST_TEST(has(why(start_model_ring(registers.bar(), ring)), "status reads 0x4"));
}

BOOST_AUTO_TEST_CASE(a_model_that_runs_on_is_halted_no_longer_than_patience) {
  Registers registers;
  registers.put(model::control, model::run);
  registers.put(model::status, model::ready | model::running);
  BOOST_TEST(halt_model(registers.bar(), at_once).value() == false);
  BOOST_TEST(registers.get(model::control) == 0U);
  registers.put(model::status, model::ready);
  BOOST_TEST(halt_model(registers.bar(), at_once).value() == true);
}

BOOST_AUTO_TEST_CASE(a_well_behaved_model_passes_its_test) {
  Bench bench;
  const Outcome outcome = bench.run({});
  BOOST_TEST(outcome.ok(), outcome.detail);
  BOOST_TEST(outcome.numbers["bytes"] == 4096);
  BOOST_TEST(outcome.numbers["items"] >= 8);
  BOOST_TEST(outcome.numbers["tagged"] >= 8);
  BOOST_TEST(outcome.numbers["stopped"] == 1);
  BOOST_TEST(outcome.numbers["ready_ms"].is_number());
  BOOST_TEST(outcome.numbers["copy_ms"].is_number());
}

BOOST_AUTO_TEST_CASE(a_copy_that_differs_fails_with_its_place) {
  Bench bench;
  const Outcome outcome = bench.run({.spoils_copy = true});
  BOOST_REQUIRE(!outcome.ok());
  BOOST_TEST((*outcome.why == Errc::protocol));
  BOOST_TEST(has(outcome.detail, "differs from byte 4095 on"), outcome.detail);
}

BOOST_AUTO_TEST_CASE(a_copy_that_the_model_refuses_fails_with_its_status) {
  Bench bench;
  const Outcome outcome = bench.run({.fails_copy = true});
  BOOST_TEST(!outcome.ok());
  BOOST_TEST(has(outcome.detail, "status reads 0x5"), outcome.detail);
}

BOOST_AUTO_TEST_CASE(items_that_are_counted_but_do_not_arrive_fail) {
  Bench bench;
  const Outcome outcome = bench.run({.writes = false});
  BOOST_TEST(!outcome.ok());
  BOOST_TEST(outcome.numbers["items"] == 0);
}

BOOST_AUTO_TEST_CASE(items_need_tags_of_the_device_and_run_unless_it_has_none) {
  for (const Habits habits : {Habits{.tags = false}, Habits{.seed = 8}}) {
    Bench bench;
    BOOST_TEST(!bench.run(habits).ok());
    Bench lenient;
    lenient.test.tagged = false;
    BOOST_TEST(lenient.run(habits).ok());
  }
}

BOOST_AUTO_TEST_CASE(a_model_that_cannot_be_stopped_is_told_but_works) {
  Bench bench;
  const Outcome outcome = bench.run({.stops = false});
  BOOST_TEST(outcome.numbers["stopped"] == 0);
  BOOST_TEST(has(outcome.detail, "runs on"), outcome.detail);
}

BOOST_AUTO_TEST_CASE(a_dead_model_fails_its_test_in_time) {
  Bench bench;
  for (std::uint32_t offset = 0; offset < 0x54; offset += 4)
    bench.registers.put(offset, 0xffffffff);
  bench.test.ready = at_once;
  const Outcome outcome =
      copy_test(bench.registers.bar(), {.bytes = bench.memory, .address = memory_at}, bench.subject,
                bench.test);
  BOOST_REQUIRE(!outcome.ok());
  BOOST_TEST((*outcome.why == Errc::timeout));
  BOOST_TEST(has(outcome.detail, "id reads 0xffffffff"), outcome.detail);
}

// It answers at once, and what it answers is wrong: no host is to blame for that.
BOOST_AUTO_TEST_CASE(a_model_that_is_another_one_or_in_error_is_not_late) {
  for (const bool another : {true, false}) {
    Bench bench;
    if (another)
      bench.registers.put(model::id, 0x12345678);
    else
      bench.registers.put(model::status, model::ready | model::error);
    bench.test.ready = at_once;
    const Outcome outcome =
        copy_test(bench.registers.bar(), {.bytes = bench.memory, .address = memory_at},
                  bench.subject, bench.test);
    BOOST_REQUIRE(!outcome.ok());
    BOOST_TEST((*outcome.why == Errc::protocol), outcome.detail);
  }
}

BOOST_AUTO_TEST_CASE(a_page_of_memory_is_enough_for_the_test) {
  Bench bench;
  bench.memory.resize(4096);
  bench.test.bytes = 65536;
  const Outcome outcome = bench.run({});
  BOOST_TEST(outcome.ok(), outcome.detail);
  BOOST_TEST(outcome.numbers["bytes"] == 2048);
}

BOOST_AUTO_TEST_CASE(the_reset_before_the_test_is_the_command_lines_choice) {
  using Reset = CopyTest::ResetFirst;
  const auto reset = [](const Json& fields, const char* line) {
    return read_copy_test(Request(fields), line).value().reset_first;
  };
  const Json none = Json::object();
  BOOST_TEST((reset(none, "quiet reset_devices maxcpus=1\n") == Reset::function));
  BOOST_TEST((reset(none, "quiet reset_devices=1 xreset_devices\n") == Reset::none));
  BOOST_TEST((reset({{"reset_first", "none"}}, "reset_devices") == Reset::none));
  BOOST_TEST((reset({{"reset_first", "function"}}, "") == Reset::function));
  BOOST_TEST((reset({{"reset_first", "soft"}}, "") == Reset::soft));
  const Json bad = {{"reset_first", "hard"}};
  BOOST_TEST(!read_copy_test(Request(bad), "").has_value());
  const Json odd = {{"item", 100}};
  BOOST_TEST(!read_copy_test(Request(odd), "").has_value());
}

BOOST_AUTO_TEST_CASE(a_sequence_that_goes_back_tells_of_a_reset) {
  std::uint64_t known = 10;
  SequenceStep step = follow_sequence(known, 25);
  BOOST_TEST(step.written == 15U);
  BOOST_TEST(step.problem.empty());
  step = follow_sequence(known, 3);
  BOOST_TEST(step.written == 3U);
  BOOST_TEST(step.problem == "the register sequence went back from 25 to 3");
  step = follow_sequence(known, ~std::uint64_t{0});
  BOOST_TEST(step.written == 0U);
  BOOST_TEST(has(step.problem, "all ones"));
  BOOST_TEST(follow_sequence(known, 4).written == 1U);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_not_ours_lies_in_the_crash_region) {
  const char* iomem = "00100000-3ffdffff : System RAM\n  20000000-2fffffff : Crash kernel\n";
  const auto range = [&](const Json& fields, std::uint64_t bytes) {
    return foreign_range(read_target(Request(fields)).value(), bytes, iomem);
  };
  const auto crash = range({{"target", "crash-region"}, {"offset", 0x1000}}, 0x2000);
  BOOST_REQUIRE(crash.has_value());
  BOOST_TEST(crash->begin.value == 0x20001000U);
  BOOST_TEST(crash->end.value == 0x20003000U);
  const auto header = range({{"target", "elfcorehdr"}, {"target_address", "0x2ff00000"}}, 64);
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST(header->begin.value == 0x2ff00000U);
  const auto kernel = range({{"target", "capture-kernel"}, {"target_address", "0x2ff01000"}}, 64);
  BOOST_REQUIRE(kernel.has_value());
  BOOST_TEST(kernel->begin.value == 0x2ff01000U);
  BOOST_TEST(!range({{"target", "elfcorehdr"}, {"target_address", "0x1000"}}, 64).has_value());
  BOOST_TEST(!range({{"target", "crash-region"}, {"offset", 0x0fffffff}}, 64).has_value());
  BOOST_TEST(!foreign_range({.place = ModelTarget::Place::crash_region}, 64, "").has_value());
  for (const Json& bad : {Json{{"target", "moon"}}, Json{{"target", "elfcorehdr"}},
                          Json{{"target", "elfcorehdr"}, {"target_address", "here"}}})
    BOOST_TEST(!read_target(Request(bad)).has_value(), bad.dump());
}

BOOST_AUTO_TEST_CASE(frames_are_read_from_pagemap_entries) {
  BOOST_TEST(frame_of(0x8100'0000'0001'2345) == 0x12345U);
  BOOST_TEST(frame_of(0x0100'0000'0001'2345) == 0U);  // not present: those bits are a swap entry
}

BOOST_AUTO_TEST_CASE(the_longest_run_of_frames_skips_unknown_ones) {
  const auto run = [](std::vector<std::uint64_t> frames) {
    const FrameRun found = longest_run(frames);
    return std::pair(found.first, found.count);
  };
  BOOST_TEST((run({5, 7, 8, 9, 3, 4}) == std::pair<std::size_t, std::size_t>(1, 3)));
  BOOST_TEST((run({0, 1, 2}) == std::pair<std::size_t, std::size_t>(1, 2)));
  BOOST_TEST((run({9, 8, 7}) == std::pair<std::size_t, std::size_t>(0, 1)));
  BOOST_TEST(run({0, 0}).second == 0U);
  BOOST_TEST(run({}).second == 0U);
}

BOOST_AUTO_TEST_CASE(the_first_apic_id_is_that_of_the_first_processor) {
  BOOST_TEST(first_apic_id("processor\t: 0\napicid\t\t: 3\ninitial apicid\t: 9\n\nprocessor\t: "
                           "1\napicid\t\t: 4\n") == 3U);
  BOOST_TEST(first_apic_id("") == 0U);
}

BOOST_AUTO_TEST_CASE(opening_a_model_enables_memory_and_bus_master) {
  const fake::Sysfs sysfs;
  auto asleep = fake::endpoint();
  asleep[4] = std::byte{0};
  asleep[5] = std::byte{4};
  sysfs.put_config(fake::behind, asleep);
  sysfs.put(fake::behind, "resource0", std::string(model::bar0_size, '\0'));
  BOOST_REQUIRE(open_model(sysfs.tree(), fake::behind).has_value());
  BOOST_TEST(sysfs.text(fake::behind, "enable") == "1");
  BOOST_TEST(sysfs.tree().read(fake::behind, 4, 2).value() == 0x406U);
  BOOST_TEST(!open_model(sysfs.tree(), fake::neighbour).has_value());  // no resource0
}

BOOST_AUTO_TEST_CASE(msi_is_programmed_where_the_function_has_it) {
  const fake::Sysfs sysfs;
  const ModelInterrupts wanted{.apic = 2, .vector = 0xd3, .vectors = 4};
  BOOST_TEST(enable_model_interrupts(sysfs.tree(), fake::behind, wanted).value() == true);
  const PciConfig config = sysfs.tree().config(fake::behind).value();
  BOOST_TEST(config.dword(0x54) == 0xfee02000U);
  BOOST_TEST(config.dword(0x58) == 0U);
  BOOST_TEST(config.word(0x5c) == 0xd0U);  // aligned to the four messages
  BOOST_TEST(config.word(0x52) == 0x01a7U);
  BOOST_TEST(config.interrupts().msi);
}

BOOST_AUTO_TEST_CASE(a_function_without_msi_interrupts_by_its_pin) {
  const fake::Sysfs sysfs;
  auto config = fake::endpoint();
  config[0x34] = std::byte{0x70};  // no capability but PCI Express
  config[5] = std::byte{4};
  sysfs.put_config(fake::behind, config);
  BOOST_TEST(enable_model_interrupts(sysfs.tree(), fake::behind, {}).value() == false);
  BOOST_TEST(sysfs.tree().read(fake::behind, 4, 2).value() == 6U);
}

BOOST_AUTO_TEST_CASE(the_state_of_a_model_is_read_without_changing_it) {
  const fake::Sysfs sysfs;
  auto asleep = fake::endpoint();
  asleep[4] = std::byte{0};
  sysfs.put_config(fake::behind, asleep);
  sysfs.put(fake::behind, "resource0", std::string(model::bar0_size, '\0'));
  Bar bar = Bar::open(sysfs.file(fake::behind, "resource0")).value();
  BOOST_TEST(model_state(sysfs.tree(), fake::behind).answers == false);
  (void)bar.write(model::id, model::id_value);
  (void)bar.write(model::scratch, model::scratch_default);
  (void)bar.write(model::sequence_high, 1);
  (void)bar.write(model::resets, 3);
  Json state = record::as_json(model_state(sysfs.tree(), fake::behind));
  BOOST_TEST(state["answers"] == true);
  BOOST_TEST(state["id"] == "0x45435351");
  BOOST_TEST(state["sequence"] == 0x1'0000'0000U);
  BOOST_TEST(state["resets"] == 3);
  BOOST_TEST(state["defaults"] == true);
  BOOST_TEST(sysfs.tree().read(fake::behind, 4, 2).value() == 0U);
  (void)bar.write(model::control, model::run);
  BOOST_TEST(model_state(sysfs.tree(), fake::behind).defaults.value() == false);
  state = record::as_json(model_state(sysfs.tree(), fake::neighbour));
  BOOST_TEST(state["answers"] == false);
  BOOST_TEST(state["error"].is_string());
}

BOOST_AUTO_TEST_SUITE_END()
