// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/model_run.hpp"

#include <memory>

#include "harness/base/fd.hpp"
#include "vm-images/agent/facts.hpp"

namespace quiesce::agent {

namespace model = wire::model;

namespace {

constexpr std::uint64_t largest_page = 2U << 20;

struct Settings {
  ModelRing ring;  ///< its bytes are what is asked for
  ModelTarget target;
  ModelInterrupts interrupts;
};

Result<Settings> read_settings(const Request& request) {
  Settings settings;
  TRY_ASSIGN(const std::uint64_t item, request.whole("item", 256, 64, 4096));
  if (item % 64 != 0)
    return fail(Errc::invalid_input, "the field item must be a multiple of 64, found {}", item);
  TRY_ASSIGN(const std::uint64_t rate, request.whole("rate", 100, 1, 100'000));
  TRY_ASSIGN(const std::uint64_t length, request.whole("length", 65536, item, largest_page));
  TRY_ASSIGN(settings.ring.interrupt, request.flag("interrupt", false));
  // Vectors of devices end below 0xeb, where those of the kernel itself begin (6.10 on; 0xec
  // before: arch/x86/include/asm/irq_vectors.h), and the kernel hands them out from below: nobody
  // has 0xd0. In the class of the timer's (0xe and 0xf) it would hold that up.
  TRY_ASSIGN(const std::uint64_t vector, request.whole("vector", 0xd0, 0x20, 0xfe));
  TRY_ASSIGN(const std::uint64_t vectors, request.whole("vectors", 1, 1, 32));
  TRY_ASSIGN(settings.target, read_target(request));
  settings.ring.item = static_cast<std::uint32_t>(item);
  settings.ring.rate = static_cast<std::uint32_t>(rate);
  settings.ring.bytes = static_cast<std::uint32_t>(length / item * item);
  settings.interrupts.vector = static_cast<std::uint8_t>(vector);
  settings.interrupts.vectors = static_cast<unsigned>(vectors);
  return settings;
}

Result<void> place_ring(const Subject& subject, const ModelTarget& target, ModelRing& ring) {
  if (target.place != ModelTarget::Place::own) {
    const std::string iomem = read_file("/proc/iomem", 16U << 20).value_or(std::string());
    TRY_ASSIGN(const PhysRange range, foreign_range(target, ring.bytes, iomem));
    ring.address = range.begin.value;
    return {};
  }
  if (target.offset > largest_page)
    return fail(Errc::invalid_input, "the field offset is beyond a huge page");
  TRY_ASSIGN(const DmaMemory memory, dma_memory(subject.device, target.offset + ring.bytes));
  if (memory.bytes.size() < target.offset + ring.item)
    return fail(Errc::unsupported, "there are only {} bytes of contiguous memory",
                memory.bytes.size());
  const std::uint64_t room = memory.bytes.size() - target.offset;
  if (ring.bytes > room) ring.bytes = static_cast<std::uint32_t>(room / ring.item * ring.item);
  ring.address = memory.address + target.offset;
  return {};
}

Result<Bar> arm(const PciTree& tree, const Subject& subject, Settings& settings) {
  TRY_ASSIGN(Bar bar, open_model(tree, subject.address));
  TRY(wait_model_ready(bar, subject.patience));
  TRY(halt_model(bar, Seconds(1)));
  TRY(place_ring(subject, settings.target, settings.ring));
  if (settings.ring.interrupt) {
    settings.interrupts.apic = first_apic_id(read_file("/proc/cpuinfo").value_or(std::string()));
    TRY(enable_model_interrupts(tree, subject.address, settings.interrupts));
  }
  return bar;
}

bool is_running(const Bar& bar) {
  const auto status = bar.read(model::status);
  return status && *status != ~std::uint32_t{0} && (*status & model::running) != 0;
}

/// Counts what the device says it wrote until it is told to stop. A device that was reset meanwhile
/// is left as it is: whoever reset it wants to see what becomes of it.
Result<void> watch(Bar& bar, const Subject& subject, std::uint64_t known, std::uint32_t item,
                   const std::stop_token& stop, Progress& progress) {
  std::string said;
  for (Pace pace(5); pace.next(stop);) {
    const auto now = bar.get64(model::sequence_low);
    SequenceStep step;
    if (now) {
      step = follow_sequence(known, *now);
    } else {
      step.problem = now.error().describe();
      // It was removed; once it is back its registers are elsewhere.
      auto again = Bar::open(PciTree().device(subject.address) / "resource0");
      if (again) bar = *std::move(again);
    }
    progress.operations += step.written;
    progress.bytes += step.written * item;
    // One that only interrupts, or writes later, is busy when it says that it runs.
    if (progress.operations == 0 && is_running(bar)) progress.operations = 1;
    if (step.problem.empty() || step.problem == said) continue;
    said = step.problem;
    ++progress.errors;
    progress.say(said);
  }
  const auto halted = halt_model(bar, Seconds(1));
  if (halted && !*halted) progress.say("the device runs on after control was cleared");
  return {};
}

}  // namespace

Result<ModelTarget> read_target(const Request& request) {
  using Place = ModelTarget::Place;
  ModelTarget target;
  TRY_ASSIGN(const std::string name, request.text("target", "own"));
  TRY_ASSIGN(target.offset, request.whole("offset", 0, 0, 1ULL << 40));
  if (name == "own") return target;
  if (name == "crash-region") {
    target.place = Place::crash_region;
    return target;
  }
  if (name != "elfcorehdr" && name != "capture-kernel")
    return fail(Errc::invalid_input,
                "there is no target {} (own, crash-region, capture-kernel, elfcorehdr)", name);
  target.place = Place::segment;
  TRY_ASSIGN(const std::string address, request.text(&ask::ForDevice::target_address));
  const auto number = parse_number(address);
  if (!number)
    return fail(Errc::invalid_input, "the field target_address must be an address, found {}",
                address);
  target.address = *number;
  return target;
}

Result<PhysRange> foreign_range(const ModelTarget& target, std::uint64_t bytes,
                                std::string_view iomem) {
  const auto region = crash_kernel(parse_iomem(iomem));
  if (!region) return fail(Errc::not_found, "/proc/iomem has no \"Crash kernel\"");
  const std::uint64_t base =
      target.place == ModelTarget::Place::segment ? target.address : region->begin.value;
  const PhysRange range{{base + target.offset}, {base + target.offset + bytes}};
  if (range.begin < region->begin || range.end > region->end || range.end < range.begin)
    return fail(Errc::invalid_input,
                "{:#x} to {:#x} is not within the crash region, {:#x} to {:#x}", range.begin.value,
                range.end.value, region->begin.value, region->end.value);
  return range;
}

SequenceStep follow_sequence(std::uint64_t& known, std::uint64_t now) {
  constexpr std::uint64_t nobody = ~std::uint64_t{0};
  if (now == nobody) return {.problem = "the register sequence reads all ones"};
  const std::uint64_t before = std::exchange(known, now);
  if (now >= before) return {.written = now - before};
  return {.written = now,
          .problem = fmt::format("the register sequence went back from {} to {}", before, now)};
}

Result<Work> model_run(const Subject& subject, const Request& request) {
  TRY_ASSIGN(Settings settings, read_settings(request));
  const PciTree tree;
  TRY_ASSIGN(Bar bar, arm(tree, subject, settings));
  TRY_ASSIGN(const std::uint64_t known, bar.get64(model::sequence_low));
  TRY(start_model_ring(bar, settings.ring));
  auto shared = std::make_shared<Bar>(std::move(bar));
  const ModelRing ring = settings.ring;
  return Work{.node = tree.device(subject.address) / "resource0",
              .run =
                  [shared, subject, known, item = ring.item](const std::stop_token& stop,
                                                             Progress& progress) {
                    return watch(*shared, subject, known, item, stop, progress);
                  },
              .facts = {{record::key_of(&answer::ActivityStart::ring),
                         record::as_json(record::event::ActivityRing{
                             {ring.address}, {ring.address + ring.bytes}})}}};
}

}  // namespace quiesce::agent
