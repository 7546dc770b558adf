// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/qemu_choice.hpp"

#include <optional>
#include <set>

#include "harness/base/process.hpp"

namespace quiesce::dispatch {

namespace {

/// What brings a QEMU that has it, when the fetched one is not there or lacks it as well.
std::string remedy_for(const vm::Qemu& qemu, bool was_named,
                       const std::optional<vm::Qemu>& fetched) {
  if (was_named) return "leave --qemu out to take the system's, or the one that was fetched";
  if (fetched)
    return fmt::format("nor is it in the fetched {}; name another with --qemu", fetched->version);
  for (const auto& lack : qemu.lacks)
    if (lack.what == std::string("device ") + vm::served_type)
      return "\"quiesce image fetch qemu\" brings one that has, or name another with --qemu";
  return "\"quiesce image fetch qemu\" brings a newer one, or name another with --qemu";
}

/// `profile "my-card": `, of those that name what is lacking. Empty when the harness itself lacks
/// something as well: then it is this QEMU that is wrong.
std::string naming(const std::vector<vm::Lack>& lacks) {
  std::set<std::string> profiles;
  for (const auto& lack : lacks) {
    if (lack.profile.empty()) return {};
    profiles.insert(fmt::format("profile \"{}\": ", lack.profile));
  }
  return fmt::format("{}", fmt::join(profiles, ""));
}

}  // namespace

Result<void> check_named_qemu(const std::string& named) {
  if (named.empty()) return {};
  if (auto program = find_program(named); !program)
    return fail(Errc::invalid_input, "--qemu: {}", program.error().describe());
  return {};
}

std::string has_not(const std::vector<vm::Lack>& lacks) {
  std::string text = "has ";
  for (std::size_t i = 0; i < lacks.size(); ++i) {
    text += (i == 0 ? "no " : i + 1 == lacks.size() ? " and no " : ", no ") + lacks[i].what;
    if (!lacks[i].near.empty()) text += " (" + lacks[i].near + ")";
  }
  return text;
}

Result<QemuChoice> choose_qemu(const std::string& named, const vm::Demands& demands,
                               const builder::Store& store) {
  TRY(check_named_qemu(named));
  auto first = vm::find_qemu(named.empty() ? vm::system_qemu() : named, demands);
  if (first && first->enough())
    return QemuChoice{*first, named.empty() ? "the system's" : "named with --qemu"};
  std::optional<vm::Qemu> other;
  if (named.empty()) {
    auto fetched = vm::find_qemu(builder::fetched_qemu(store), demands);
    if (fetched) other = *fetched;
    if (fetched && fetched->enough())
      return QemuChoice{*fetched, first ? fmt::format("fetched, for the system's {} {}",
                                                      first->version, has_not(first->lacks))
                                        : "fetched, for the system has none that works"};
  }
  if (!first) return tl::unexpected(first.error());
  const std::string profiles = naming(first->lacks);
  return fail(profiles.empty() ? Errc::unsupported : Errc::invalid_input,
              "{}QEMU {} ({}) {}, which this run needs; {}", profiles, first->version,
              first->path.string(), has_not(first->lacks),
              remedy_for(*first, !named.empty(), other));
}

}  // namespace quiesce::dispatch
