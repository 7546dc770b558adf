// SPDX-License-Identifier: GPL-2.0-or-later
// The shared libraries that a program of this machine needs, found as its dynamic loader would.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::builder {

/// Where libraries are looked for after DT_RUNPATH.
struct LibrarySearch {
  std::map<std::string, std::vector<std::filesystem::path>> cache;  ///< of ldconfig: name -> files
  std::vector<std::filesystem::path> folders;                       ///< the standard ones
  static LibrarySearch of_system();
};

/// From what `ldconfig -p` prints. Variants for newer processors (glibc-hwcaps) are left out: the
/// guest's may be older than the host's.
std::map<std::string, std::vector<std::filesystem::path>> parse_ldconfig(std::string_view text);

/// A program's companions.
struct Needs {
  std::string interpreter;  ///< absolute path, or empty for a static program
  std::map<std::string, std::filesystem::path> libraries;  ///< name asked for -> file
};
/// not_found names the library and who needs it.
Result<Needs> program_needs(const std::filesystem::path& program, const LibrarySearch& search);

}  // namespace quiesce::builder
