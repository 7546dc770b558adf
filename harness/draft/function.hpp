// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU says of a PCI device before any guest has run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/draft/qemu_help.hpp"

namespace quiesce::draft {

struct Bar {
  int number = 0;
  bool io = false;
  std::uint64_t size = 0;  ///< bytes
};

/// A bus that the device offers, as QOM has it: type "SCSI", "usb-bus" ...
struct ChildBus {
  std::string type;
  std::string name;  ///< of a device called "x" usually "x.0"
};

struct QemuFacts {
  std::string qemu_version;
  QemuDevice device;
  std::map<std::string, std::string> properties;
  PciConfig config{{}};  ///< 256 bytes, as at power on
  std::vector<Bar> bars;
  std::vector<ChildBus> buses;
  ResetEvents reset_events;
};

/// As the kernel writes it (drivers/pci/pci-driver.c, pci_uevent).
std::string modalias_of(const PciConfig& config);

/// "Ethernet controller (class 020000)": of the classes that there are names for here.
std::string class_words(const PciConfig& config);
/// "BAR 0: 128 KiB of memory; BAR 2: 32 bytes of I/O ports"; "no BAR".
std::string bar_words(const std::vector<Bar>& bars);
/// "PM, MSI, MSI-X, PCIe with FLR"; "none".
std::string capability_words(const PciConfig& config);

}  // namespace quiesce::draft
