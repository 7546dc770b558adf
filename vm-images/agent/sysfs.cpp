// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/sysfs.hpp"

#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "harness/base/fd.hpp"

namespace quiesce::agent {

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;
using Node = std::optional<std::string>;

std::vector<std::string> entries(const fs::path& folder) {
  Names names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename());
  std::ranges::sort(names);
  return names;
}

Result<std::string> wait_for(const char* what, PciAddress address, Seconds patience,
                             const std::function<Node()>& look) {
  const Node found = poll_until<Node>(patience, look);
  if (found) return *found;
  return fail(Errc::timeout, "{} has no {} after {:.0f} s", to_string(address), what,
              patience.count());
}

bool has_absolute_axes(const std::string& node) {
  unsigned long bits = 0;
  const auto fd = open_file(node, O_RDONLY | O_NONBLOCK);
  return fd && ::ioctl(fd->get(), EVIOCGBIT(0, sizeof bits), &bits) >= 0 &&
         (bits >> EV_ABS & 1U) != 0;
}

Names disks(PciAddress address) {
  Names found = class_devices("/sys/block", address);
  for (const std::string& controller : class_devices("/sys/class/nvme", address))
    for (const std::string& name : entries("/sys/class/nvme/" + controller))
      if (const std::string disk = multipath_disk(name); !disk.empty()) found.push_back(disk);
  return found;
}

}  // namespace

void short_wait() {
  ::poll(nullptr, 0, 20);
}

bool lies_under(const fs::path& real_path, PciAddress address) {
  const std::string name = to_string(address);
  return std::ranges::any_of(real_path, [&](const fs::path& part) { return part == name; });
}

std::string multipath_disk(std::string_view name) {
  constexpr std::string_view prefix = "nvme";
  const auto digits = [&](std::size_t at) {
    while (at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0) ++at;
    return at;
  };
  if (!name.starts_with(prefix)) return {};
  const std::size_t subsystem = digits(prefix.size());
  if (subsystem == prefix.size() || subsystem == name.size() || name[subsystem] != 'c') return {};
  const std::size_t controller = digits(subsystem + 1);
  if (controller == subsystem + 1 || controller == name.size() || name[controller] != 'n')
    return {};
  if (digits(controller + 1) != name.size() || controller + 1 == name.size()) return {};
  return std::string(name.substr(0, subsystem)) + std::string(name.substr(controller));
}

std::vector<std::string> class_devices(const fs::path& kind, PciAddress address) {
  Names names = entries(kind);
  std::erase_if(names, [&](const std::string& name) {
    std::error_code error;
    const fs::path real = fs::canonical(kind / name, error);
    return error || !lies_under(real, address);
  });
  return names;
}

Result<std::string> wait_for_interface(PciAddress address, Seconds patience) {
  return wait_for("network interface", address, patience, [&]() -> Node {
    const Names names = class_devices("/sys/class/net", address);
    return names.empty() ? Node() : names.front();
  });
}

Result<std::string> wait_for_disk(PciAddress address, Seconds patience) {
  return wait_for("disk", address, patience, [&]() -> Node {
    for (const std::string& name : disks(address))
      if (open_file("/dev/" + name, O_RDONLY)) return "/dev/" + name;
    return {};
  });
}

Result<std::string> wait_for_pcm(PciAddress address, Seconds patience) {
  return wait_for("PCM for playback", address, patience, [&]() -> Node {
    for (const std::string& name : class_devices("/sys/class/sound", address))
      if (name.starts_with("pcmC") && name.ends_with("D0p") &&
          ::access(("/dev/snd/" + name).c_str(), W_OK) == 0)
        return "/dev/snd/" + name;
    return {};
  });
}

Result<std::string> wait_for_pointer(PciAddress address, Seconds patience) {
  return wait_for("input device", address, patience, [&]() -> Node {
    Node any;
    for (const std::string& name : class_devices("/sys/class/input", address)) {
      const std::string node = "/dev/input/" + name;
      if (!name.starts_with("event") || ::access(node.c_str(), R_OK) != 0) continue;
      if (!any || has_absolute_axes(node)) any = node;
    }
    return any;
  });
}

std::string driver_of(PciAddress address) {
  std::error_code error;
  return fs::read_symlink("/sys/bus/pci/devices/" + to_string(address) + "/driver", error)
      .filename();
}

std::vector<PciAddress> pci_functions() {
  std::vector<PciAddress> functions;
  for (const std::string& name : entries("/sys/bus/pci/devices"))
    if (const auto address = parse_pci_address(name)) functions.push_back(*address);
  return functions;
}

}  // namespace quiesce::agent
