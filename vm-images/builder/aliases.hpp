// SPDX-License-Identifier: GPL-2.0-or-later
// Which modules of a kernel say that they drive a device: the aliases in the modules themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::builder {

class AliasTable {
 public:
  /// The text of a modules.alias (depmod): "alias PATTERN MODULE" a line.
  static AliasTable parse(std::string_view text);

  /// Of a kernel's modules: from modules.alias where depmod has run there, else from the modules
  /// themselves (seconds for a distribution's kernel; remembered in the store for kernels that lie
  /// in it). What a kernel has built in is not in it.
  static Result<AliasTable> of(const Kernel& kernel, const Store& store);

  /// The modules whose patterns match, in the table's order, each once, with '_' for '-'.
  /// `modalias`: as the guest's sysfs has it, "pci:v00008086d000010D3sv...".
  std::vector<std::string> modules_for(std::string_view modalias) const;

 private:
  struct Entry {
    std::string pattern;
    std::string module;
  };
  std::vector<Entry> entries_;
};

}  // namespace quiesce::builder
