// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/patterns.hpp"

#include "harness/checks/support.hpp"

namespace quiesce::checks {

namespace {

// The first that matches decides. Texts are those of the kernel's sources, 6.1 to 7.2.
constexpr LogPattern patterns[] = {
    {"oops", "Kernel panic - not syncing"},
    {"oops", "Oops:"},
    {"oops",
     "BUG: "},  // NULL pointer, KASAN, "scheduling while atomic"; soft lockups are taken out below
    {"oops", "kernel BUG at "},
    {"oops", "general protection fault"},
    {"oops", "Unable to handle kernel"},
    {"oops", "Machine check: "},
    {"oops", "mce: [Hardware Error]"},
    {"oops", "invalid opcode:"},
    {"warning",
     "WARNING: * at "},  // "CPU: 0 PID: 1 at file:line" to 6.17, "file:line at function" later
    {"warning", "WARNING: possible "},
    {"warning", "UBSAN: "},
    {"lockup", "INFO: task * blocked for more than"},
    {"lockup", "rcu* detected stall"},
    {"lockup", "rcu* self-detected stall"},
    {"lockup", "rcu* kthread starved"},
    {"aer-corrected", "PCIe Bus Error: severity=Correct"},
    {"aer-corrected", "AER: Correct"},  // "Corrected error", "Correctable error message" later
    {"aer-corrected", "AER: Multiple Correct"},
    {"aer-corrected", "[12] Timeout"},  // the name of a correctable error's status bit
    {"aer", "PCIe Bus Error: severity=Uncorrect"},
    {"aer", "AER: Uncorrect"},
    {"aer", "AER: Multiple Uncorrect"},
    {"dmar", "DMAR: *fault"},
    {"dmar", "DMAR: [DMA "},
    {"dmar", "DMAR: [INTR-REMAP]"},
    {"dmar", "AMD-Vi: Event logged"},
    {"irq", "nobody cared"},
    {"irq", "Disabling IRQ #"},
    {"vector", "No irq handler for"},
    {"memory", "Out of memory"},
    {"memory", "page allocation failure"},
    {"timeout", "timed out"},
    {"timeout", "Timed out"},
    {"timeout", "timeout"},
    {"timeout", "Timeout"},
    {"timeout", "TIMEOUT"},
};

// Tested before the patterns above; "BUG: soft lockup" is a lockup and no oops.
constexpr LogPattern before_patterns[] = {
    {"lockup", "soft lockup - CPU"},
    {"lockup", "hard LOCKUP"},
    {"lockup", "BUG: workqueue lockup"},
};

constexpr Harmless harmless[] = {
    {"ommand line:", "echoes the command line, whatever it says"},
    {"Unknown kernel command line parameters", "echoes the command line, whatever it says"},
    {"audit: initializing netlink", "says nothing of devices"},
    {"watchdog: * initialized", "a watchdog names its timeout when it starts"},
    {"heartbeat=", "a watchdog names its timeout when it starts"},
    {"timeout set to", "a driver names its setting"},
    {"timeout: 0", "a driver names its setting"},
    {"timeout=", "a driver names its setting"},
    {"timeouts:", "a driver names its setting"},
    {"timeout values", "a driver names its setting"},
    {"default timeout", "a driver names its setting"},
    {"shutdown timeout set to", "nvme names its setting when it starts"},
    {"pciehp: Timeout on hotplug command",
     "hot-plug ports that report completion late; the kernel goes on at once"},
    {"rcu: *timeout set to", "RCU names its setting"},
    {"Spectre V2 : WARNING", "about mitigations, not about devices"},
};

}  // namespace

std::span<const LogPattern> log_patterns() {
  return patterns;
}
std::span<const Harmless> harmless_messages() {
  return harmless;
}

std::string classify(std::string_view message) {
  for (const LogPattern& known : before_patterns)
    if (matches(known.pattern, message)) return known.kind;
  for (const Harmless& known : harmless)
    if (matches(known.pattern, message)) return {};
  for (const LogPattern& known : patterns)
    if (matches(known.pattern, message)) return known.kind;
  return {};
}

}  // namespace quiesce::checks
