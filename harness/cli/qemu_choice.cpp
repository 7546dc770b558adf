// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/qemu_choice.hpp"

namespace quiesce::cli {

Result<QemuChoice> choose_qemu(const std::string& named, Needs needs, const builder::Store& store) {
  const auto enough = [&](const vm::Qemu& qemu) {
    return needs == Needs::any || qemu.has_vfio_user();
  };
  const std::string first = fmt::format("{}.{}", vm::vfio_user_major, vm::vfio_user_minor);
  auto system = named.empty() ? vm::find_qemu() : vm::find_qemu(named);
  if (system && enough(*system)) {
    if (!named.empty()) return QemuChoice{*system, "named with --qemu"};
    return QemuChoice{*system, needs == Needs::any
                                   ? "the system's"
                                   : "the system's, which has vfio-user-pci (from " + first + ")"};
  }
  if (named.empty())
    if (auto fetched = vm::find_qemu(builder::fetched_qemu(store)); fetched && enough(*fetched))
      return QemuChoice{*fetched, system
                                      ? fmt::format("fetched, for the system's {} is older than {}",
                                                    system->version(), first)
                                      : "fetched, for the system has none"};
  if (!system) return tl::unexpected(system.error());
  return fail(Errc::unsupported,
              "a device of this scenario is served over vfio-user, which {} ({}) has not: QEMU {} "
              "is the first; {}",
              system->path.string(), system->version(), first,
              named.empty() ? "\"quiesce image fetch qemu\" brings one, or name another with --qemu"
                            : "leave --qemu out to take one that was fetched with \"quiesce image "
                              "fetch qemu\"");
}

}  // namespace quiesce::cli
