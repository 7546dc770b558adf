// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/health.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/fd.hpp"
#include "harness/base/process.hpp"
#include "harness/base/units.hpp"
#include "harness/dispatch/places.hpp"
#include "harness/dispatch/qemu_choice.hpp"
#include "harness/vm/qemu.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::dispatch {

namespace {

/// The QEMU that a run with such devices would take, and why.
Finding examine_qemu(const char* what, const std::vector<std::string>& devices, Health without) {
  const auto store = builder::Store::open();
  if (!store) return {without, what, store.error().describe(), "see \"image store\""};
  const auto chosen = choose_qemu("", vm::demands_for(devices), *store);
  if (chosen)
    return {
        Health::good, what,
        fmt::format(
            "{} at {}: {}{}", chosen->qemu.version, chosen->qemu.path.string(), chosen->why,
            devices.empty() ? std::string() : fmt::format("; it has {}", fmt::join(devices, ", "))),
        ""};
  const bool served = devices == std::vector<std::string>{vm::served_type};
  return {without, what,
          served ? "none has device vfio-user-pci: scenarios with served devices cannot run"
                 : chosen.error().describe(),
          served ? "quiesce image fetch qemu" : "apt-get install qemu-system-x86"};
}

/// Which profiles of the catalog the QEMU of most runs has devices for.
Finding examine_devices() {
  constexpr const char* what = "QEMU, devices";
  const auto places = Places::find();
  if (!places) return {Health::limited, what, places.error().describe(), "see \"program data\""};
  const auto profiles = scenario::load_catalog(places->catalog);
  if (!profiles) return {Health::limited, what, as_error(profiles.error()).describe(), ""};
  std::vector<scenario::PlannedDevice> planned;
  for (const auto& profile : *profiles)
    if (!profile.server) planned.push_back({.name = profile.name, .profile = profile});
  const auto qemu = vm::find_qemu(vm::system_qemu(), vm::demands_of(planned));
  if (!qemu) return {Health::limited, what, "cannot be asked without QEMU", "install QEMU first"};
  if (qemu->enough())
    return {Health::good, what,
            fmt::format("{} has those of all {} profiles of QEMU's own devices", qemu->version,
                        planned.size()),
            ""};
  return {Health::limited, what, fmt::format("{} {}", qemu->version, has_not(qemu->lacks)),
          "scenarios with them take the fetched one, if it has them: quiesce image fetch qemu"};
}

Finding examine_acceleration() {
  const auto qemu = vm::find_qemu(vm::system_qemu());
  if (!qemu)
    return {Health::limited, "acceleration", "cannot be tried without QEMU", "install QEMU first"};
  const std::string why_not = vm::try_kvm(*qemu);
  if (why_not.empty())
    return {Health::good, "acceleration", "KVM: a trial program ran to its end", ""};
  return {Health::limited, "acceleration", "emulation only: " + why_not,
          "runs work, slower; for KVM use a host whose CPU offers vmx or svm and let this user "
          "open /dev/kvm"};
}

Finding examine_memory() {
  const auto text = read_file("/proc/meminfo");
  const std::size_t at = text ? text->find("MemAvailable:") : std::string::npos;
  if (at == std::string::npos) return {Health::limited, "memory", "/proc/meminfo does not say", ""};
  const Bytes available{std::strtoull(text->c_str() + at + 13, nullptr, 10) << 10};
  // Guest RAM, its copy for the stray-write watch, and QEMU itself.
  constexpr Bytes needed = 3_GiB;
  const std::string found = format_bytes(available) + " available";
  if (available >= needed) return {Health::good, "memory", found, ""};
  return {Health::limited, "memory", found,
          "a 1 GiB guest takes up to 3 GiB with its copy; use a smaller machine.memory"};
}

Finding examine_disk(const char* what, const std::filesystem::path& folder, Bytes needed) {
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0)
    return {Health::limited, what, folder.string() + " cannot be examined", ""};
  const Bytes free{space.f_bavail * space.f_frsize};
  const std::string found = fmt::format("{} free at {}", format_bytes(free), folder.string());
  if (free >= needed) return {Health::good, what, found, ""};
  return {Health::limited, what, found, fmt::format("free at least {}", format_bytes(needed))};
}

Finding examine_store() {
  const auto store = builder::Store::open();
  if (!store)
    return {Health::missing, "image store", store.error().describe(),
            "set QUIESCE_CACHE to a folder that you can write to"};
  return examine_disk("image store", store->root, 2_GiB);
}

Finding examine_program(const std::string& name, const std::string& why,
                        const std::string& remedy) {
  const auto path = find_program(name);
  if (path) return {Health::good, name, path->string(), ""};
  return {Health::limited, name, "not found; " + why, remedy};
}

Finding examine_kernels() {
  const auto store = builder::Store::open();
  std::string have;
  if (store)
    for (const auto& name : builder::kernel_names(*store))
      if (const auto kernel = builder::resolve(name, *store, builder::Fetch::forbidden))
        have += (have.empty() ? "" : ", ") + name + " (" + kernel->release + ")";
  if (!have.empty()) return {Health::good, "kernels", have, ""};
  return {Health::limited, "kernels", "none fetched yet", "quiesce image fetch debian:6.1"};
}

Finding examine_data() {
  const auto places = Places::find();
  if (!places)
    return {Health::missing, "program data", places.error().describe(),
            chosen_data() != nullptr ? "unset QUIESCE_DATA" : "build it: tools/quickstart does"};
  return {Health::good, "program data", places->catalog.string() + ", " + places->agent.string(),
          ""};
}

}  // namespace

std::vector<Finding> examine() {
  return {
      examine_qemu("QEMU", {}, Health::missing),
      examine_devices(),
      examine_qemu("QEMU, vfio-user", {vm::served_type}, Health::limited),
      examine_acceleration(),
      examine_memory(),
      examine_disk("evidence folder", std::filesystem::current_path(), 200_MiB),
      examine_store(),
      examine_program("apt-get", "kernels cannot be fetched by name",
                      "give kernels as .deb files, as a tree, or as BZIMAGE,MODULES"),
      examine_kernels(),
      examine_data(),
  };
}

bool is_missing(const std::vector<Finding>& findings) {
  return std::ranges::find(findings, Health::missing, &Finding::health) != findings.end();
}

}  // namespace quiesce::dispatch
