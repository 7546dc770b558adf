// SPDX-License-Identifier: GPL-2.0-or-later
// One PCI function through sysfs: configuration space, and the files that act on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"

namespace quiesce::agent {

class Function {
 public:
  /// `root` is /sys/bus/pci, or a test's copy of it.
  explicit Function(PciAddress address, std::filesystem::path root = "/sys/bus/pci")
      : address_(address), root_(std::move(root)) {}

  PciAddress address() const { return address_; }
  std::filesystem::path folder() const { return root_ / "devices" / to_string(address_); }
  bool exists() const;
  /// The first 256 bytes, all ones where the function does not answer.
  Result<PciConfig> config() const;
  Result<void> write_config(std::uint16_t offset, unsigned width, std::uint32_t value) const;
  /// A file of the function, without its last line's end.
  Result<std::string> file(const std::string& name) const;
  /// Writes into a file of sysfs, whose answer may take as long as the kernel likes: after
  /// `patience` the writer is left behind and the error is timeout.
  Result<void> write(const std::filesystem::path& path, const std::string& text,
                     Seconds patience) const;
  /// The bridge above; nullopt on a root bus.
  std::optional<PciAddress> bridge() const;
  const std::filesystem::path& root() const { return root_; }

 private:
  PciAddress address_;
  std::filesystem::path root_;
};

}  // namespace quiesce::agent
