// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

namespace {

/// The stack of every CPU: machine_kexec goes on for some instructions after the breakpoint, so
/// what changes there in the first moment is no device's doing; nor is a flag in the kernel's data.
Result<void> own_stacks(Session& session, const std::vector<CpuState>& cpus) {
  for (const auto& cpu : cpus) {
    TRY_ASSIGN(const std::string text,
               session.machine->qmp().monitor(fmt::format("gva2gpa {:#x}", cpu.rsp.value),
                                              session.soon()));
    // "gpa: 0x12345678"
    const std::size_t at = text.find("0x");
    if (at == std::string::npos) continue;
    const auto gpa =
        parse_number(text.substr(at, text.find_first_not_of("0123456789abcdefx", at) - at));
    if (!gpa) continue;
    const GuestPhys page{*gpa & ~std::uint64_t{0xfff}};
    session.watch->set_owner({page, {page.value + 4096}}, fmt::format("cpu{}-stack", cpu.index));
  }
  return {};
}

/// The CPU that stands at the breakpoint.
Result<CpuState> at_machine_kexec(const Session& session, const std::vector<CpuState>& cpus) {
  for (const auto& cpu : cpus)
    if (cpu.rip == session.facts.machine_kexec) return cpu;
  return fail(Errc::protocol,
              "QEMU reported the breakpoint, but no CPU stands at machine_kexec ({:#x})",
              session.facts.machine_kexec.value);
}

}  // namespace

Result<void> handover(Session& session) {
  session.phase("handover");
  const TimePoint begin = session.loop.now();
  session.stopped_at_breakpoint();
  // What is still on its way was said by the dying kernel, not by the one that comes.
  session.machine->drain();
  session.mark(record::mark::handover);
  TRY(session.watch->begin());
  TRY_ASSIGN(const auto cpus, take_cpus(session, record::mark::handover));
  TRY_ASSIGN(const CpuState dying, at_machine_kexec(session, cpus));
  TRY(own_stacks(session, cpus));
  for (const auto& range : session.facts.kernel_data)
    session.watch->set_owner(range, "dying-kernel-data");
  TRY(take_pci(session, record::mark::handover));
  TRY(take_rings(session, record::mark::handover));
  TRY(session.machine->gdb().clear_breakpoint(session.facts.machine_kexec, session.soon()));
  session.landmarks.clear();
  session.role = "capture";
  session.servers->kernel("capture");
  TRY(session.resume());
  session.dir.event(record::event::Handover{.rip = fmt::format("{:#x}", dying.rip.value),
                                            .cpu = dying.index,
                                            .cpus = cpus.size(),
                                            .pause_s = (session.loop.now() - begin).count(),
                                            .facts = as_record(session.facts)});
  session.watch->start_passes();
  return {};
}

}  // namespace quiesce::run
