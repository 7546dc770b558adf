// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/layout.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

using nlohmann::json;

namespace {

/// The stack of every CPU: machine_kexec goes on for some instructions after the breakpoint, so
/// what changes there is no device's doing.
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
    if (gpa)
      session.watch->set_owner({*gpa & ~std::uint64_t{0xfff}},
                               fmt::format("cpu{}-stack", cpu.index));
  }
  return {};
}

}  // namespace

Result<void> handover(Session& session) {
  session.phase("handover");
  const TimePoint begin = session.loop.now();
  session.stopped_at_breakpoint();
  session.mark(record::mark::handover);
  TRY(session.watch->begin());
  TRY_ASSIGN(const auto cpus, take_cpus(session, record::mark::handover));
  TRY(own_stacks(session, cpus));
  TRY(take_pci(session, record::mark::handover));
  TRY(take_rings(session, record::mark::handover));
  TRY(session.machine->gdb().clear_breakpoint(session.facts.machine_kexec, session.soon()));
  session.landmarks.clear();
  session.role = "capture";
  TRY(session.resume());
  session.dir.event(record::event::handover,
                    {{"rip", fmt::format("{:#x}", cpus.empty() ? 0 : cpus.front().rip.value)},
                     {"cpus", cpus.size()},
                     {"pause_s", (session.loop.now() - begin).count()},
                     {"facts", to_json(session.facts)}});
  session.watch->start_passes();
  return {};
}

}  // namespace quiesce::run
