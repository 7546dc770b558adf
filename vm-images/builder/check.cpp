// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/modules.hpp"

namespace quiesce::builder {

namespace {

/// Options that must be built in ("y"), and for which role; an empty role means both.
struct Option {
  std::string_view name;
  std::string_view role;
  std::string_view why;
};
constexpr std::array options = {
    Option{"CONFIG_KEXEC_FILE", "production", "it loads the capture kernel by kexec_file_load"},
    Option{"CONFIG_CRASH_DUMP", "capture", "it is to run in the crash region"},
    Option{"CONFIG_PROC_VMCORE", "capture", "it is to show the dead kernel's memory"},
    Option{"CONFIG_BLK_DEV_INITRD", "", "the harness boots an initramfs"},
    Option{"CONFIG_SERIAL_8250_CONSOLE", "", "its console is read from the serial port"},
};

std::vector<std::string> config_problems(const Kernel& kernel, const std::string& role) {
  std::vector<std::string> problems;
  if (kernel.config.empty()) return problems;  // not known: the run will show
  for (const auto& option : options) {
    if (!option.role.empty() && option.role != role) continue;
    const auto found = kernel.config.find(std::string(option.name));
    const std::string value = found != kernel.config.end() ? found->second : "not set";
    if (value != "y")
      problems.push_back(fmt::format("{} is {} in {}, it must be y: {}", option.name, value,
                                     kernel.config_source, option.why));
  }
  return problems;
}

}  // namespace

Result<void> check_kernel(const Kernel& kernel, const std::string& role,
                          const std::vector<scenario::PlannedDevice>& devices) {
  std::vector<std::string> problems = config_problems(kernel, role);
  TRY_ASSIGN(const ModulePlan plan, plan_modules(kernel, role, devices));
  problems.insert(problems.end(), plan.problems.begin(), plan.problems.end());
  if (problems.empty()) return {};
  return fail(Errc::invalid_input, "kernel {} ({}) cannot be the {} kernel:\n  {}", kernel.name,
              kernel.release, role, fmt::join(problems, "\n  "));
}

}  // namespace quiesce::builder
