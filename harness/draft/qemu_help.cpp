// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/qemu_help.hpp"

#include <algorithm>
#include <cctype>

#include "harness/base/names.hpp"
#include "harness/base/text.hpp"

namespace quiesce::draft {

namespace {

/// The text behind `key` up to the closing quote or, without quotes, the comma.
std::string help_value(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string::npos) return {};
  std::string_view rest = line.substr(at + key.size());
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  return std::string(rest.substr(0, rest.find(quoted ? '"' : ',')));
}

/// Whether a device may say by it that it was reset: not one of its parts, nor QEMU itself.
bool is_reset_event(std::string_view event) {
  constexpr std::string_view parts_of_devices[] = {
      "port",  "queue",     "irq",        "phy",         "slot",  "_ep_",  "zone",
      "cache", "iotlb",     "bus_reset",  "unsupported", "_rx_",  "_tx_",  "clear_ns",
      "_ld",   "reset_dev", "busdevicer", "failed",      "_unit", "cursor"};
  constexpr std::string_view not_devices[] = {"guest_cpu", "qdev_",   "qbus_", "resettable_",
                                              "qmp_",      "hbitmap", "vfio_", "vhost",
                                              "postcopy",  "apic",    "qemu_", "kvm_"};
  if (event.find("reset") == std::string::npos) return false;
  for (const auto part : parts_of_devices)
    if (event.find(part) != std::string::npos) return false;
  return std::ranges::none_of(not_devices,
                              [&](std::string_view begin) { return event.starts_with(begin); });
}

/// "lsi_reset" for lsi53c895a by its first word, "usb_xhci_reset" for nec-usb-xhci by all of them.
bool has_name_of(std::string_view event, std::string_view device) {
  constexpr std::size_t shortest = 3;
  const auto words = split(event, '_');
  if (words.size() < 2) return false;
  // Those two begin too many names.
  const bool tells = words[0] != "pci" && words[0] != "virtio";
  if (tells && words[0].size() >= shortest && device.starts_with(words[0])) return true;
  return std::ranges::all_of(words, [&](const std::string& word) {
    return word == "reset" || device.find(word) != std::string::npos;
  });
}

}  // namespace

std::vector<QemuDevice> parse_device_list(std::string_view text) {
  std::vector<QemuDevice> devices;
  std::string category;
  for (const auto& line : split(text, '\n')) {
    if (line.starts_with("name \""))
      devices.push_back({help_value(line, "name "), help_value(line, "bus "),
                         help_value(line, "alias "), help_value(line, "desc "), category});
    else if (line.ends_with(':'))
      category = line.substr(0, line.size() - 1);
  }
  return devices;
}

std::map<std::string, std::string> parse_properties(std::string_view text) {
  std::map<std::string, std::string> properties;
  for (const auto& line : split(text, '\n')) {
    // "  netdev=<str>           - ID of a netdev to use as a backend"
    const std::string_view plain = trim(line);
    const std::size_t equals = plain.find("=<");
    const std::size_t end = plain.find('>');
    if (equals == std::string::npos || end == std::string::npos || end < equals) continue;
    properties[std::string(plain.substr(0, equals))] = plain.substr(equals + 2, end - equals - 2);
  }
  return properties;
}

Result<QemuDevice> choose_device(const std::vector<QemuDevice>& devices, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& device : devices) {
    const bool named = device.name == name || (!device.alias.empty() && device.alias == name);
    if (named && device.bus == "PCI") return device;
    if (named)
      return fail(Errc::invalid_input,
                  "{} is no PCI device of QEMU: it sits on {}; a profile is one PCI function, with "
                  "what hangs on it",
                  name, device.bus.empty() ? "no bus" : "the bus " + device.bus);
    if (device.bus != "PCI") continue;
    names.push_back(device.name);
    if (!device.alias.empty()) names.push_back(device.alias);
  }
  // Two QEMUs may have been asked.
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return fail(Errc::invalid_input, "{}",
              no_such("PCI device", name, names, "qemu-system-x86_64 -device help"));
}

ResetEvents reset_events(std::string_view text, std::string_view device) {
  std::string lower(device);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  ResetEvents events;
  for (const auto& line : split(text, '\n'))
    if (const std::string event(trim(line)); is_reset_event(event))
      (has_name_of(event, lower) ? events.own : events.others).push_back(event);
  return events;
}

}  // namespace quiesce::draft
