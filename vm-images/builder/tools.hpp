// SPDX-License-Identifier: GPL-2.0-or-later
// Programs of the host's distribution that go into an image without being installed on the host.
#pragma once

#include <filesystem>
#include <string>

#include "vm-images/builder/apt.hpp"
#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/libraries.hpp"

namespace quiesce::builder {

struct Tool {
  std::filesystem::path program;
  LibrarySearch search;  ///< where its libraries are
};

/// kexec: from the store, from this machine, or from the package kexec-tools, which is unpacked
/// into the store with those libraries that the machine lacks (Debian's kexec needs Xen's).
Result<Tool> kexec_tool(const Store& store, const Apt& apt, const LibrarySearch& search);

/// Unpacks program (`path`, "sbin/kexec") and libraries of packages into `folder`: the program as
/// sbin/NAME, each library as lib/SONAME.
Result<void> unpack_tool(const std::vector<std::filesystem::path>& debs, const std::string& path,
                         const std::filesystem::path& folder);

}  // namespace quiesce::builder
