// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/snapshots.hpp"

#include <algorithm>

#include "harness/observe/pci_space.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::run {

Result<void> take_pci(GuestControl& control, Recorder& recorder, const std::string& mark) {
  if (!control.can(target::Capability::configuration)) return {};
  TRY_ASSIGN(Stopped stopped, Stopped::begin(control));
  TRY_ASSIGN(target::Bus* const bus, control.target().bus());
  TRY_ASSIGN(const observe::PciSpace space, observe::read_pci_space(*bus));
  recorder.write(fmt::format("{}/{}.json", record::file::pci, mark),
                 record::as_json(as_record(space, mark, recorder.now())).dump() + "\n");
  return stopped.end();
}

Result<void> take_agent_pci(const GuestSide& guest, const std::string& mark) {
  const auto told = guest.agent.ask(record::request::Pci(), Seconds(20));
  if (!told) {
    // Configuration space that does not answer, as while the kernel waits for a dead function, is
    // the device's fault and no reason to look no further.
    if (told.error().code() != Errc::unsupported) return tl::unexpected(told.error());
    guest.recorder.event(
        record::event::AgentPciMissing{.mark = mark, .error = told.error().describe()});
    return {};
  }
  const record::PciFile written{.mark = mark,
                                .t = guest.recorder.now(),
                                .source = "libpci",
                                .functions = record::read<record::answer::Pci>(*told).functions};
  guest.recorder.write(fmt::format("{}/{}.json", record::file::pci, record::agent_view(mark)),
                       record::as_json(written).dump() + "\n");
  return {};
}

Result<void> take_interrupts(const GuestSide& guest, const std::string& at) {
  const auto answer = guest.agent.ask(record::request::Interrupts{at}, Seconds(30));
  if (!answer && answer.error().code() != Errc::unsupported) return tl::unexpected(answer.error());
  record::event::Interrupts event{.at = at, .role = guest.hearing.role()};
  if (!answer) event.error = answer.error().describe();
  guest.recorder.event(event);
  return {};
}

Result<void> take_rings(GuestControl& control, Recorder& recorder,
                        const std::vector<scenario::PlannedDevice>& devices,
                        const std::string& at) {
  const bool wanted = std::ranges::any_of(
      devices, [](const auto& device) { return device.profile.ring.has_value(); });
  if (!wanted || !control.can(target::Capability::configuration) ||
      !control.can(target::Capability::read_memory))
    return {};
  TRY_ASSIGN(Stopped stopped, Stopped::begin(control));
  TRY_ASSIGN(target::Bus* const bus, control.target().bus());
  for (const auto& device : devices) {
    if (!device.profile.ring) continue;
    const auto& ring = *device.profile.ring;
    record::event::Ring event{.device = device.name, .at = at};
    TRY_ASSIGN(const PciConfig config, observe::read_pci_function(*bus, device.address));
    const auto state = observe::read_ring(*bus, config,
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
    recorder.event(event);
  }
  return stopped.end();
}

}  // namespace quiesce::run
