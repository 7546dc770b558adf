// SPDX-License-Identifier: GPL-2.0-or-later
// Made-up kernels, modules, packages and programs, small enough to be made in a test.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/temp_dir.hpp"
#include "vm-images/builder/apt.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::builder::made_up {

using Files = std::map<std::string, std::string>;  ///< path -> content

/// A folder for one test, with a store in it.
struct Bench {
  Bench();
  std::filesystem::path at(const std::string& name) const { return folder.path() / name; }
  /// Replaces the folder's random name in a text by "BENCH".
  std::string without_path(std::string text) const;
  TempDir folder;
  Store store;
};

/// What went wrong, for a message; empty when nothing did.
template <class R>
std::string problem(const R& result) {
  return result ? std::string() : result.error().describe();
}

void write(const std::filesystem::path& path, std::string_view content);
std::string read(const std::filesystem::path& path);
void write_tree(const std::filesystem::path& folder, const Files& files);

/// `compression`: "none", "gz", "xz" or "zst".
std::string compress(std::string_view bytes, const std::string& compression);
/// A .deb whose data.tar holds `files` as "./PATH", and symbolic links: path -> target.
void write_deb(const std::filesystem::path& path, const Files& files,
               const std::string& compression, const Files& links = {});

/// A bzImage: boot sector, header and `payload`.
std::string bzimage(const std::string& release, std::string_view payload = "");
/// A relocatable ELF object with a .modinfo of these "key=value" texts.
std::string object(const std::vector<std::string>& modinfo);
/// A module for `release` with these depends= and softdep= (left out when empty).
std::string module(const std::string& release, const std::string& depends = "",
                   const std::string& softdep = "");
/// A 64-bit x86 program or library that names these libraries, and text behind its only segment.
std::string program(const std::vector<std::string>& needed, const std::string& run_path = "");

/// A device whose profile, of the same name, names these modules.
scenario::PlannedDevice device(const std::string& name, const std::vector<std::string>& modules);

/// The entries of a cpio newc archive: path -> "MODE CONTENT" (octal mode; a device's numbers are
/// its content).
std::vector<std::pair<std::string, std::string>> read_cpio(const std::filesystem::path& path);

/// An apt that answers from a table, command line by command line; those of an own apt stand there
/// without its options and with its suites: "[sid] apt-get update". What is not in the table fails
/// the test.
struct FakeApt {
  std::map<std::string, std::string> answers;
  Files downloads;  ///< file name of a package -> its bytes, left by any "download"
  std::vector<std::string> asked;
  Apt apt(Apt::User user = Apt::User::other);
};

}  // namespace quiesce::builder::made_up
