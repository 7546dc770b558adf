// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/abilities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/record/events_run.hpp"

namespace quiesce::checks {

namespace {

using record::Capability;

struct Ability {
  const Need* need;
  Capability capability;
};

// The agent has its own view of configuration space (need::pci_drivers), which every target
// carries. The handover, from which all times count, is the machine's stop at machine_kexec.
constexpr std::array<Ability, 12> abilities{{{&need::timeline, Capability::stop},
                                             {&need::strays, Capability::watch_memory},
                                             {&need::watch, Capability::watch_memory},
                                             {&need::control, Capability::watch_memory},
                                             {&need::feeds, Capability::frames},
                                             {&need::trace, Capability::trace},
                                             {&need::pci_handover, Capability::configuration},
                                             {&need::pci_marks, Capability::configuration},
                                             {&need::screens, Capability::screen},
                                             {&need::samples, Capability::screen},
                                             {&need::keys, Capability::keys},
                                             {&need::closing, Capability::stop}}};

}  // namespace

std::optional<Capability> capability_of(const Need& need) {
  const auto found = std::find_if(abilities.begin(), abilities.end(),
                                  [&](const Ability& ability) { return ability.need == &need; });
  return found == abilities.end() ? std::nullopt : std::optional(found->capability);
}

std::optional<std::string> out_of_reach(const evidence::Run& run, const Need& need) {
  const auto capability = capability_of(need);
  if (!capability) return std::nullopt;
  for (const auto& target : run.events<record::event::Target>()) {
    const auto& cannot = target.cannot;
    if (std::find(cannot.begin(), cannot.end(), record::name_of(*capability)) != cannot.end())
      return fmt::format("the target cannot {}", record::words_of(*capability));
  }
  return std::nullopt;
}

}  // namespace quiesce::checks
