// SPDX-License-Identifier: GPL-2.0-or-later
// A sysfs of PCI functions made of plain files: a bridge and what is behind it.
#pragma once

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/base/temp_dir.hpp"
#include "vm-images/agent/pci_tree.hpp"

namespace quiesce::agent::fake {

namespace fs = std::filesystem;

inline const PciAddress root_function{.device = 3};
inline const PciAddress bridge{.device = 1};
inline const PciAddress behind{.bus = 1};
inline const PciAddress neighbour{.bus = 1, .function = 1};

/// A configuration space with vendor 0x1234, power management at 0x40, MSI (64 bits, maskable, 8
/// messages) at 0x50 and PCI Express (version 2) at 0x70.
inline std::vector<std::byte> endpoint() {
  std::vector<std::byte> bytes(256);
  const auto put = [&](std::size_t at, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes[at++] = static_cast<std::byte>(value);
  };
  put(0x00, {0x34, 0x12, 0xce, 0x51, 0x06, 0x00, 0x10, 0x00});
  put(0x0c, {0x10});
  put(0x10, {0x00, 0x00, 0xe0, 0xfe});
  put(0x34, {0x40});
  put(0x3c, {0x0b, 0x01});
  put(0x40, {0x01, 0x50, 0x03, 0x00});
  put(0x50, {0x05, 0x70, 0x86, 0x01});
  put(0x70, {0x10, 0x00, 0x02, 0x00});
  return bytes;
}

inline std::vector<std::byte> port() {
  std::vector<std::byte> bytes(256);
  bytes[0] = std::byte{0x36};
  bytes[1] = std::byte{0x1b};
  bytes[0x0e] = std::byte{1};
  return bytes;
}

class Sysfs {
 public:
  Sysfs() {
    fs::create_directories(root() / "devices");
    const fs::path domain = place_.path() / "pci0000:00";
    add(domain, root_function, endpoint());
    add(domain, bridge, port());
    add(domain / to_string(bridge), behind, endpoint());
    add(domain / to_string(bridge), neighbour, endpoint());
  }

  fs::path root() const { return place_.path() / "bus"; }
  PciTree tree() const { return PciTree(root()); }
  fs::path file(PciAddress address, const char* name) const {
    return tree().device(address) / name;
  }

  void put(PciAddress address, const char* name, const std::string& text) const {
    std::ofstream(file(address, name)) << text;
  }
  std::string text(PciAddress address, const char* name) const {
    std::ifstream in(file(address, name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put_config(PciAddress address, const std::vector<std::byte>& bytes) const {
    put(address, "config", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  /// A file that holds up whoever writes to it.
  void make_pipe(PciAddress address, const char* name) const {
    fs::remove(file(address, name));
    BOOST_REQUIRE(::mkfifo(file(address, name).c_str(), 0600) == 0);
  }

 private:
  void add(const fs::path& parent, PciAddress address, const std::vector<std::byte>& config) const {
    const fs::path folder = parent / to_string(address);
    fs::create_directories(folder);
    fs::create_directory_symlink(folder, root() / "devices" / to_string(address));
    put_config(address, config);
    put(address, "enable", "0");
  }

  TempDir place_ = TempDir::create().value();
};

}  // namespace quiesce::agent::fake
