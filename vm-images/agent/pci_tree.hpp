// SPDX-License-Identifier: GPL-2.0-or-later
// PCI functions through sysfs (Documentation/ABI/testing/sysfs-bus-pci), changed as well as read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"

namespace quiesce::agent {

/// Any call may block as long as the kernel resets the function: pci_wait_cfg() of
/// drivers/pci/access.c.
class PciTree {
 public:
  explicit PciTree(std::filesystem::path root = "/sys/bus/pci") : root_(std::move(root)) {}

  std::filesystem::path device(PciAddress address) const;
  bool has(PciAddress address) const;
  /// All functions, sorted.
  std::vector<PciAddress> functions() const;

  /// The first 256 bytes of its configuration space.
  Result<PciConfig> config(PciAddress address) const;
  /// `width` is 1, 2 or 4, `offset` a multiple of it: the kernel makes one access of it
  /// (drivers/pci/pci-sysfs.c, pci_write_config).
  Result<std::uint32_t> read(PciAddress address, unsigned offset, unsigned width) const;
  Result<void> write(PciAddress address, unsigned offset, unsigned width,
                     std::uint32_t value) const;

  /// A file of the function, without the blanks at its ends.
  Result<std::string> attribute(PciAddress address, const char* name) const;
  Result<void> set_attribute(PciAddress address, const char* name, const std::string& text) const;
  /// Looks for functions that are not known, on all buses.
  Result<void> rescan() const;

  /// The bridge above; nullopt on a root bus.
  std::optional<PciAddress> bridge_of(PciAddress address) const;
  /// The functions behind a bridge, those nearer to it first.
  std::vector<PciAddress> behind(PciAddress bridge) const;

 private:
  std::filesystem::path root_;
};

}  // namespace quiesce::agent
