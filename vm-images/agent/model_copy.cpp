// SPDX-License-Identifier: GPL-2.0-or-later
// The function test of a model: what a driver does after a crash, then a copy and some items.
#include <algorithm>
#include <random>
#include <set>

#include "harness/base/fd.hpp"
#include "harness/base/tag.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/bounded.hpp"
#include "vm-images/agent/model_run.hpp"

namespace quiesce::agent {

namespace model = wire::model;

namespace {

constexpr std::byte untouched{0xa5};

/// What the test has to tell, so far.
struct Story {
  Json numbers = Json::object();
  std::string detail;
};

double milliseconds(Seconds time) {
  return time.count() * 1e3;
}

void note_reset(Story& story, const char* how) {
  story.numbers["reset"] = 1;
  story.detail = fmt::format("{}; ", how);
}

/// As a driver that honours reset_devices: the function's reset if the kernel knows one, else that
/// of the device's own registers.
Result<void> reset_first(const PciTree& tree, const Subject& subject, CopyTest& test,
                         Story& story) {
  if (test.reset_first != CopyTest::ResetFirst::function) return {};
  std::error_code error;
  if (!std::filesystem::exists(tree.device(subject.address) / "reset", error)) {
    test.reset_first = CopyTest::ResetFirst::soft;
    return {};
  }
  // The kernel itself waits up to 60 s for a function to come back (drivers/pci/pci.h,
  // PCIE_RESET_READY_POLL_MS).
  const auto done = within<Result<void>>(test.ready, [tree, address = subject.address] {
    return tree.set_attribute(address, "reset", "1");
  });
  if (!done)
    return fail(Errc::timeout, "the function reset has not ended after {:.1f} s",
                test.ready.count());
  if (!*done) return tl::unexpected(done->error().because("the function reset failed"));
  note_reset(story, "reset by the kernel");
  return {};
}

Result<void> initialise(Bar& bar, const CopyTest& test, Story& story) {
  TRY_ASSIGN(Seconds ready, wait_model_ready(bar, test.ready));
  if (test.reset_first == CopyTest::ResetFirst::soft) {
    TRY(bar.set(model::control, model::soft_reset));
    TRY_ASSIGN(ready, wait_model_ready(bar, test.ready));
    note_reset(story, "reset by its control register");
  }
  story.numbers["ready_ms"] = milliseconds(ready);
  // It may still run from before.
  TRY_ASSIGN(const bool halted, halt_model(bar, Seconds(1)));
  if (!halted) story.detail += "runs on after control was cleared; ";
  for (const std::uint32_t value : {0x12345678U, 0xedcba987U, model::scratch_default})
    TRY(bar.set_checked(model::scratch, value));
  return {};
}

Result<void> copy(Bar& bar, const DmaMemory& memory, const CopyTest& test, Story& story) {
  const std::size_t half = memory.bytes.size() / 2;
  const std::size_t bytes = std::min<std::size_t>(test.bytes, half);
  const DmaMemory from = memory.part(0, bytes);
  const DmaMemory to = memory.part(half, bytes);
  // Another pattern at each test: what the last one left must not pass.
  std::random_device entropy;
  std::minstd_rand numbers(entropy());
  std::ranges::generate(from.bytes, [&] { return static_cast<std::byte>(numbers() >> 8); });
  std::ranges::transform(from.bytes, to.bytes.begin(), [](std::byte each) { return ~each; });
  TRY(bar.set64(model::copy_from_low, from.address));
  TRY(bar.set64(model::copy_to_low, to.address));
  TRY(bar.set_checked(model::copy_bytes, static_cast<std::uint32_t>(bytes)));
  TRY(bar.set(model::doorbell, 1));
  TRY_ASSIGN(const Seconds took, wait_model_status(bar, model::copy_done, test.patience));
  story.numbers["copy_ms"] = milliseconds(took);
  story.numbers["bytes"] = bytes;
  const auto differs = std::ranges::mismatch(from.bytes, to.bytes).in1;
  if (differs == from.bytes.end()) return {};
  return fail(Errc::protocol, "the copy of {} bytes differs from byte {} on", bytes,
              differs - from.bytes.begin());
}

/// What lies in the ring when it has stopped.
struct Arrived {
  std::size_t items = 0;   ///< slots that were written
  std::size_t tagged = 0;  ///< of those, with tags of this device and run
};

Arrived look_at_ring(std::span<const std::byte> ring, std::uint32_t item, const Subject& subject) {
  const std::string name = subject.device.substr(0, Tag::longest_name);
  Arrived arrived;
  std::set<std::uint64_t> sequences;
  for (std::size_t at = 0; at + item <= ring.size(); at += item) {
    const auto slot = ring.subspan(at, item);
    if (std::ranges::all_of(slot, [](std::byte each) { return each == untouched; })) continue;
    ++arrived.items;
    const auto tag = read_tag(slot);
    if (tag && tag->device == name && tag->seed == subject.seed && is_tagged(slot, *tag))
      sequences.insert(tag->sequence);
  }
  arrived.tagged = sequences.size();
  return arrived;
}

Result<std::uint64_t> wait_for_items(const Bar& bar, std::uint64_t before, const CopyTest& test) {
  const TimePoint deadline = system_clock().now() + test.patience;
  for (Pace pace(200);;) {
    TRY_ASSIGN(const std::uint64_t now, bar.get64(model::sequence_low));
    if (now != ~std::uint64_t{0} && now >= before + test.items) return now - before;
    if (system_clock().now() >= deadline)
      return fail(Errc::timeout, "the register sequence reads {} after {:.1f} s, expected {}", now,
                  test.patience.count(), before + test.items);
    pace.next({});
  }
}

Result<void> run_ring(Bar& bar, const DmaMemory& memory, const Subject& subject,
                      const CopyTest& test, Story& story) {
  // Twice as many slots as items: what is written while we look overwrites nothing.
  const std::size_t slots = std::min<std::size_t>(2 * test.items, memory.bytes.size() / test.item);
  const DmaMemory ring = memory.part(0, slots * test.item);
  std::ranges::fill(ring.bytes, untouched);
  TRY_ASSIGN(const std::uint64_t before, bar.get64(model::sequence_low));
  TRY(start_model_ring(bar, {.address = ring.address,
                             .bytes = static_cast<std::uint32_t>(ring.bytes.size()),
                             .item = test.item,
                             .rate = test.rate}));
  const auto written = wait_for_items(bar, before, test);
  TRY_ASSIGN(const bool halted, halt_model(bar, Seconds(1)));
  story.numbers["stopped"] = halted ? 1 : 0;
  if (!written) return tl::unexpected(written.error());
  const Arrived arrived = look_at_ring(ring.bytes, test.item, subject);
  story.numbers["items"] = arrived.items;
  story.numbers["tagged"] = arrived.tagged;
  if (!halted) story.detail += "the ring runs on after control was cleared; ";
  const std::size_t wanted = std::min<std::size_t>(test.items, slots);
  if (arrived.items >= wanted && (!test.tagged || arrived.tagged >= wanted)) return {};
  return fail(Errc::protocol, "of {} items that it counted {} arrived, {} with its tags", *written,
              arrived.items, arrived.tagged);
}

Outcome tell(const Story& story, const Result<void>& result) {
  const std::string end =
      result ? "the copy is right and the items arrived" : result.error().describe();
  return {.why = result ? std::nullopt : std::optional(result.error().code()),
          .detail = story.detail + end,
          .numbers = story.numbers};
}

Outcome run_copy_test(Bar& bar, const DmaMemory& memory, const Subject& subject,
                      const CopyTest& test, Story& story) {
  const auto run = [&]() -> Result<void> {
    TRY(initialise(bar, test, story));
    TRY(copy(bar, memory, test, story));
    return run_ring(bar, memory, subject, test, story);
  };
  return tell(story, run());
}

}  // namespace

Result<CopyTest> read_copy_test(const Request& request, std::string_view command_line) {
  using Reset = CopyTest::ResetFirst;
  CopyTest test;
  TRY_ASSIGN(const std::uint64_t bytes, request.whole("bytes", test.bytes, 1, 65536));
  TRY_ASSIGN(const std::uint64_t items, request.whole("items", test.items, 1, 256));
  TRY_ASSIGN(const std::uint64_t item, request.whole("item", test.item, 64, 4096));
  TRY_ASSIGN(const std::uint64_t rate, request.whole("rate", test.rate, 1, 100'000));
  TRY_ASSIGN(const double ready, request.number("ready_seconds", test.ready.count(), 0, 600));
  TRY_ASSIGN(const double patience, request.number("seconds", test.patience.count(), 0.01, 600));
  TRY_ASSIGN(test.tagged, request.flag("tagged", test.tagged));
  TRY_ASSIGN(const std::string reset, request.text(&ask::ForDevice::reset_first, "auto"));
  if (item % 64 != 0)
    return fail(Errc::invalid_input, "the field item must be a multiple of 64, found {}", item);
  const auto words = split(trim(command_line), ' ');
  if (reset == "function" ||
      (reset == "auto" && std::ranges::find(words, "reset_devices") != words.end()))
    test.reset_first = Reset::function;
  else if (reset == "soft")
    test.reset_first = Reset::soft;
  else if (reset != "none" && reset != "auto")
    return fail(Errc::invalid_input, "there is no reset_first {} (auto, none, function, soft)",
                reset);
  test.bytes = static_cast<std::uint32_t>(bytes);
  test.items = static_cast<std::uint32_t>(items);
  test.item = static_cast<std::uint32_t>(item);
  test.rate = static_cast<std::uint32_t>(rate);
  test.ready = Seconds(ready);
  test.patience = Seconds(patience);
  return test;
}

Outcome copy_test(Bar& bar, const DmaMemory& memory, const Subject& subject, const CopyTest& test) {
  Story story;
  return run_copy_test(bar, memory, subject, test, story);
}

Result<Outcome> model_copy_test(const Subject& subject, const Request& request) {
  TRY_ASSIGN(CopyTest test, read_copy_test(request, read_file("/proc/cmdline").value_or("")));
  const PciTree tree;
  const std::size_t room =
      std::max<std::size_t>(2 * test.bytes, std::size_t{2} * test.items * test.item);
  TRY_ASSIGN(const DmaMemory memory, dma_memory(subject.device + " test", room));
  Story story;
  if (auto reset = reset_first(tree, subject, test, story); !reset) return tell(story, reset);
  auto bar = open_model(tree, subject.address);
  if (!bar) return tell(story, tl::unexpected(bar.error()));
  return run_copy_test(*bar, memory, subject, test, story);
}

}  // namespace quiesce::agent
