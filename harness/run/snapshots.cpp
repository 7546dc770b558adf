// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/snapshots.hpp"

#include <algorithm>

#include "harness/observe/pci_space.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::run {

namespace {

/// Stops the machine when it was running; end() lets it run again. After a failure in between it
/// stays stopped: the run ends then.
class Stopped {
 public:
  static Result<Stopped> begin(Session& session) {
    const bool was_running = !session.paused();
    if (was_running) TRY(session.pause());
    return Stopped(session, was_running);
  }
  Result<void> end() { return was_running_ ? session_.resume() : Result<void>(); }

 private:
  Stopped(Session& session, bool was_running) : session_(session), was_running_(was_running) {}
  Session& session_;
  bool was_running_;
};

}  // namespace

Result<void> take_pci(Session& session, const std::string& mark) {
  TRY_ASSIGN(Stopped stopped, Stopped::begin(session));
  TRY_ASSIGN(const observe::PciSpace space, observe::read_pci_space(session.machine->qtest()));
  session.dir.write(fmt::format("{}/{}.json", record::file::pci, mark),
                    record::as_json(as_record(space, mark, session.dir.now())).dump() + "\n");
  return stopped.end();
}

Result<void> take_agent_pci(Session& session, const std::string& mark) {
  const auto told = session.ask(record::request::Pci(), Seconds(60));
  if (!told) {
    // Configuration space that does not answer, as while the kernel waits for a dead function, is
    // the device's fault and no reason to look no further.
    if (told.error().code() != Errc::unsupported) return tl::unexpected(told.error());
    session.dir.event(
        record::event::AgentPciMissing{.mark = mark, .error = told.error().describe()});
    return {};
  }
  const record::PciFile written{.mark = mark,
                                .t = session.dir.now(),
                                .source = "libpci",
                                .functions = record::read<record::answer::Pci>(*told).functions};
  session.dir.write(fmt::format("{}/{}.json", record::file::pci, record::agent_view(mark)),
                    record::as_json(written).dump() + "\n");
  return {};
}

Result<void> take_interrupts(Session& session, const std::string& at) {
  const auto answer = session.ask(record::request::Interrupts{at}, Seconds(30));
  if (!answer && answer.error().code() != Errc::unsupported) return tl::unexpected(answer.error());
  record::event::Interrupts event{.at = at, .role = session.role};
  if (!answer) event.error = answer.error().describe();
  session.dir.event(event);
  return {};
}

Result<void> take_rings(Session& session, const std::string& at) {
  const bool wanted = std::ranges::any_of(
      session.plan.devices, [](const auto& device) { return device.profile.ring.has_value(); });
  if (!wanted) return {};
  TRY_ASSIGN(Stopped stopped, Stopped::begin(session));
  for (const auto& device : session.plan.devices) {
    if (!device.profile.ring) continue;
    const auto& ring = *device.profile.ring;
    record::event::Ring event{.device = device.name, .at = at};
    TRY_ASSIGN(const PciConfig config,
               observe::read_pci_function(session.machine->qtest(), device.address));
    const auto state = observe::read_ring(session.machine->qtest(), config,
                                          {.bar = ring.bar,
                                           .head = ring.head,
                                           .tail = ring.tail,
                                           .base = ring.base,
                                           .length = ring.length});
    if (state) {
      event.head = state->head;
      event.tail = state->tail;
      event.used_up = state->used_up();
      if (state->descriptors.begin < state->descriptors.end)
        event.descriptors = {state->descriptors.begin.value, state->descriptors.end.value};
    } else {
      event.unreadable = state.error().describe();
    }
    session.dir.event(event);
  }
  return stopped.end();
}

Result<std::vector<CpuState>> take_cpus(Session& session, const std::string& at) {
  TRY_ASSIGN(const std::string text,
             session.machine->qmp().monitor("info registers -a", session.soon()));
  const auto cpus = parse_registers(text);
  // Before the handover it is the production kernel that runs; afterwards a CPU that stands where
  // it stood then was parked by the dying kernel and never left it.
  if (session.role == "production") session.facts.parked = cpus;
  const bool spoke = session.landmarks.contains("kernel-start");
  const auto in_production = [&](const CpuState& cpu) {
    return std::ranges::any_of(session.facts.parked, [&](const CpuState& before) {
      return before.index == cpu.index && before.rip == cpu.rip;
    });
  };
  record::event::Cpus event{.at = at, .cpus = {}};
  for (const auto& cpu : cpus)
    event.cpus.push_back({.index = static_cast<std::uint64_t>(cpu.index),
                          .rip = fmt::format("{:#x}", cpu.rip.value),
                          .rsp = fmt::format("{:#x}", cpu.rsp.value),
                          .halted = cpu.halted,
                          .place = in_production(cpu) ? "production kernel"
                                                      : place_of(cpu.rip, session.facts, spoke)});
  session.dir.event(event);
  return cpus;
}

}  // namespace quiesce::run
