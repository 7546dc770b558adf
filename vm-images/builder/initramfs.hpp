// SPDX-License-Identifier: GPL-2.0-or-later
// What goes into an initramfs. The list is made without reading file contents, so that an image
// that is already in the store costs next to nothing.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vm-images/builder/archive.hpp"
#include "vm-images/builder/digest.hpp"
#include "vm-images/builder/libraries.hpp"
#include "vm-images/builder/modules.hpp"

namespace quiesce::builder {

/// Files by their path in the guest. Libraries lie in /lib; /usr, /lib64 and the multiarch folder
/// are links to it, so that every distribution's dynamic loader finds them without a cache.
class Initramfs {
 public:
  explicit Initramfs(Digests& digests) : digests_(digests) {}

  /// The folders, links and device nodes that every image has.
  void add_skeleton();
  /// A program at `path` with the libraries and the loader that it needs, without their debugging
  /// information.
  Result<void> add_program(const std::string& path, const std::filesystem::path& program,
                           const LibrarySearch& search);
  /// The modules, uncompressed, and /modules/order.json.
  Result<void> add_modules(const ModulePlan& plan);
  /// A file as it is.
  Result<void> add_file(const std::string& path, const std::filesystem::path& file);

  /// Changes with anything that would change the image.
  std::string key(const std::string& role) const;
  /// In the order of their paths, so that folders come before what is in them.
  std::vector<CpioEntry> entries() const;

 private:
  void add(CpioEntry entry, const std::string& identity);
  Result<void> add_binary(const std::string& path, const std::filesystem::path& file);

  struct Item {
    CpioEntry entry;
    std::string identity;  ///< what its content depends on
  };
  Digests& digests_;
  std::map<std::string, Item> items_;
};

}  // namespace quiesce::builder
