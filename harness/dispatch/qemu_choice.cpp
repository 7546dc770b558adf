// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/qemu_choice.hpp"

namespace quiesce::dispatch {

namespace {

/// What brings a QEMU that has it.
std::string remedy_for(const vm::Qemu& qemu, bool was_named) {
  if (was_named)
    return "leave --qemu out to take one that was fetched with \"quiesce image fetch qemu\"";
  // The fetched one is asked before this is said, but it may have been fetched for another need.
  for (const auto& lack : qemu.lacks)
    if (lack == "device vfio-user-pci")
      return "\"quiesce image fetch qemu\" brings one that has, or name another with --qemu";
  return "\"quiesce image fetch qemu\" brings a newer one, or name another with --qemu";
}

}  // namespace

std::string has_not(const std::vector<std::string>& lacks) {
  std::string text = "has ";
  for (std::size_t i = 0; i < lacks.size(); ++i)
    text += (i == 0 ? "no " : i + 1 == lacks.size() ? " and no " : ", no ") + lacks[i];
  return text;
}

Result<QemuChoice> choose_qemu(const std::string& named, const std::vector<std::string>& devices,
                               const builder::Store& store) {
  auto first = vm::find_qemu(named.empty() ? vm::system_qemu() : named, devices);
  if (first && first->enough())
    return QemuChoice{*first, named.empty() ? "the system's" : "named with --qemu"};
  if (named.empty()) {
    auto fetched = vm::find_qemu(builder::fetched_qemu(store), devices);
    if (fetched && fetched->enough())
      return QemuChoice{*fetched, first ? fmt::format("fetched, for the system's {} {}",
                                                      first->version, has_not(first->lacks))
                                        : "fetched, for the system has none that works"};
  }
  if (!first) return tl::unexpected(first.error());
  return fail(Errc::unsupported, "QEMU {} ({}) {}, which this run needs; {}", first->version,
              first->path.string(), has_not(first->lacks), remedy_for(*first, !named.empty()));
}

}  // namespace quiesce::dispatch
