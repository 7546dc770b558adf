// SPDX-License-Identifier: GPL-2.0-or-later
// What the builder reads of ELF files: how a module describes itself, what a program needs to
// start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::builder {

/// The "key=value" strings of a kernel module's .modinfo section, in their order. `what` names it
/// in errors.
Result<std::vector<std::pair<std::string, std::string>>> read_modinfo(std::string_view bytes,
                                                                      const std::string& what);

/// What the dynamic loader is told by a program or library.
struct Dynamic {
  unsigned machine = 0;  ///< e_machine
  unsigned bits = 0;     ///< 32 or 64
  std::string interpreter;
  std::string soname;
  std::vector<std::string> needed;
  std::vector<std::string> run_path;  ///< DT_RUNPATH, else DT_RPATH; "$ORIGIN" not yet replaced
};
/// A static program has neither interpreter nor needed libraries. What is no ELF file is
/// invalid_input.
Result<Dynamic> read_dynamic(std::string_view bytes, const std::string& what);

/// A program or library without what is only for linkers and debuggers: all behind the last
/// segment, and the section table. Bytes that are no such file come back as they are.
std::string loadable_part(std::string bytes);

}  // namespace quiesce::builder
