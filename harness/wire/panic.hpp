// SPDX-License-Identifier: GPL-2.0-or-later
// The ways in which the production kernel can be made to panic: only what a stock kernel offers
// without a module. One row each; scenario, run and agent all read this table, and what a row can
// say needs no code of its own.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace quiesce::wire {

struct PanicWay {
  /// Who does it, and what `what` and `with` are.
  enum class By {
    agent_writes,  ///< the agent: writes `with` into the file `what`
    agent_exits,   ///< the agent, which is init, exits
    keys,          ///< the harness: presses QEMU's key codes `what` ("alt-sysrq-c") together
    nmi,           ///< the harness: has the machine inject an NMI
  };

  const char* name;     ///< of `panic.method` in a scenario
  const char* meaning;  ///< a phrase for people
  By by;
  const char* what;
  const char* with;
  /// A file that the agent writes "1" into before, so that the kernel allows it; null: none.
  const char* allowed_by;
  /// What the kernel's log says when it has begun, beside "Kernel panic".
  const char* shows;

  /// The agent does it, and can choose the CPU.
  constexpr bool by_agent() const { return by == By::agent_writes || by == By::agent_exits; }
};

/// The first is the default.
inline constexpr std::array panic_ways{
    PanicWay{"sysrq", "`c` to /proc/sysrq-trigger", PanicWay::By::agent_writes,
             "/proc/sysrq-trigger", "c", "/proc/sys/kernel/sysrq", "sysrq: Trigger a crash"},
    PanicWay{"sysrq-keyboard", "Alt-SysRq-C on the keyboard: lands in interrupt context",
             PanicWay::By::keys, "alt-sysrq-c", "", "/proc/sys/kernel/sysrq",
             "sysrq: Trigger a crash"},
    // arch/x86/kernel/nmi.c, unknown_nmi_error()
    PanicWay{"nmi", "an NMI of unknown reason", PanicWay::By::nmi, "", "",
             "/proc/sys/kernel/unknown_nmi_panic", "NMI: Not continuing"},
    // kernel/exit.c, do_exit()
    PanicWay{"init-exit", "init exits", PanicWay::By::agent_exits, "", "", nullptr,
             "Attempted to kill init"},
};

/// nullptr: there is none of that name.
constexpr const PanicWay* find_panic(std::string_view name) {
  const auto found =
      std::ranges::find_if(panic_ways, [&](const auto& way) { return name == way.name; });
  return found == panic_ways.end() ? nullptr : &*found;
}

}  // namespace quiesce::wire
