// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

namespace {

/// The stack of every CPU: machine_kexec goes on for some instructions after the breakpoint, so
/// what changes there in the first moment is no device's doing; nor is a flag in the kernel's data.
Result<void> own_stacks(const MachineSide& machine, const std::vector<target::CpuState>& cpus) {
  for (const auto& cpu : cpus) {
    TRY_ASSIGN(const auto stack, machine.control.target().physical(cpu.rsp, machine.waits.soon()));
    if (!stack) continue;
    const GuestPhys page{stack->value & ~std::uint64_t{0xfff}};
    machine.watch.set_owner({page, {page.value + 4096}}, fmt::format("cpu{}-stack", cpu.index));
  }
  return {};
}

/// The CPU that stands at the breakpoint.
Result<target::CpuState> at_machine_kexec(const ArmedFacts& facts,
                                          const std::vector<target::CpuState>& cpus) {
  for (const auto& cpu : cpus)
    if (cpu.rip == facts.machine_kexec) return cpu;
  return fail(Errc::protocol,
              "the breakpoint was reported, but no CPU stands at machine_kexec ({:#x})",
              facts.machine_kexec.value);
}

}  // namespace

Result<void> handover(const scenario::Case& one, const ArmedFacts& facts,
                      const MachineSide& machine, Cpus& cpus) {
  auto& control = machine.control;
  auto& recorder = machine.recorder;
  recorder.phase("handover");
  if (!control.can(target::Capability::stop)) {
    // Nobody saw when: there is neither a mark nor a baseline.
    control.next_kernel();
    return {};
  }
  const TimePoint begin = machine.waits.now();
  control.stopped_at_breakpoint();
  // What is still on its way was said by the dying kernel, not by the one that comes.
  control.target().drain();
  recorder.mark(record::mark::handover);
  TRY(machine.watch.begin());
  TRY_ASSIGN(const auto seen, cpus.take(record::mark::handover));
  TRY_ASSIGN(const target::CpuState dying, at_machine_kexec(facts, seen));
  TRY(own_stacks(machine, seen));
  for (const auto& range : facts.kernel_data) machine.watch.set_owner(range, "dying-kernel-data");
  TRY(take_pci(control, recorder, record::mark::handover));
  TRY(take_rings(control, recorder, one.devices, record::mark::handover));
  TRY(control.target().clear_breakpoint(facts.machine_kexec, machine.waits.soon()));
  control.next_kernel();
  if (control.can(target::Capability::trace))
    TRY(control.target().trace_interrupts(true, machine.waits.soon()));
  TRY(control.resume());
  recorder.event(record::event::Handover{.rip = fmt::format("{:#x}", dying.rip.value),
                                         .cpu = dying.index,
                                         .cpus = seen.size(),
                                         .pause_s = (machine.waits.now() - begin).count(),
                                         .facts = as_record(facts)});
  machine.watch.start_passes();
  return {};
}

}  // namespace quiesce::run
