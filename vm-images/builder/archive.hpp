// SPDX-License-Identifier: GPL-2.0-or-later
// What libarchive does for the builder: Debian packages, single compressed files, cpio.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::builder {

/// A symbolic link of a package, as it names both ends.
struct ArchiveLink {
  std::string path;  ///< without a leading "./" or '/'
  std::string target;
};

/// Unpacks the regular files of a .deb (ar with data.tar, .gz, .xz, .zst and what else libarchive
/// knows) that `wanted` accepts. It gets the path without a leading "./". Files of the same path in
/// `folder` are an error; devices are left out, and so are symbolic links, which are appended to
/// `links` where somebody wants them. A damaged package is invalid_input.
Result<void> unpack_deb(const std::filesystem::path& deb, const std::filesystem::path& folder,
                        const std::function<bool(std::string_view)>& wanted,
                        std::vector<ArchiveLink>* links = nullptr);

/// Makes the links in `folder`, once every file is there: a file must never be written through one.
/// An absolute target is meant as seen from `folder`, as in a system whose root it is. A link that
/// would lead out of the folder, and one whose place is taken, is left out.
Result<void> make_links(const std::filesystem::path& folder, const std::vector<ArchiveLink>& links);

/// The plain content of `bytes`, whatever compression its magic names (gzip, xz, zstd, lz4, lzma,
/// bzip2); bytes without a known magic come back as they are. `what` names them in an error.
Result<std::string> decompress(std::string_view bytes, const std::string& what);

/// An entry of a cpio archive.
struct CpioEntry {
  enum class Kind { folder, file, link, character_device };
  std::string path;  ///< without a leading '/'
  Kind kind = Kind::file;
  unsigned mode = 0644;
  std::function<Result<std::string>()> content;  ///< of a file; asked once, when its turn comes
  std::string target;                            ///< of a link
  unsigned major = 0;                            ///< of a device
  unsigned minor = 0;
};

/// Writes `entries` in their order as cpio "newc"
/// (Documentation/driver-api/early-userspace/buffer-format.rst), uncompressed. Owner, times and
/// inode numbers do not depend on the machine.
Result<void> write_cpio(const std::filesystem::path& path, const std::vector<CpioEntry>& entries);

}  // namespace quiesce::builder
