// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/tools.hpp"

#include <sys/stat.h>

#include "harness/base/fd.hpp"
#include "vm-images/builder/archive.hpp"
#include "vm-images/builder/elf.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr const char* kexec_package = "kexec-tools";
constexpr const char* kexec_path = "sbin/kexec";
constexpr const char* unpacked = "unpacked";

bool is_library(std::string_view path) {
  if (path.starts_with("usr/")) path.remove_prefix(4);
  return path.starts_with("lib") && path.find(".so") != std::string_view::npos;
}

/// A library is asked for by its SONAME, which a package ships as a link to the file.
Result<void> place_library(const fs::path& file, const fs::path& folder) {
  TRY_ASSIGN(const std::string bytes, read_file(file));
  const auto dynamic = read_dynamic(bytes, file.string());
  if (!dynamic || dynamic->soname.empty()) return {};
  std::error_code error;
  fs::rename(file, folder / "lib" / fs::path(dynamic->soname).filename(), error);
  if (error) return fail_errno("cannot place " + file.string(), error.value());
  return {};
}

Result<void> place(const fs::path& from, const std::string& path, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder / "lib", error);
  fs::create_directories(folder / "sbin", error);
  if (error) return fail_errno("cannot create folders in " + folder.string(), error.value());
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(from, error), end; !error && at != end;
       at.increment(error))
    if (at->is_regular_file(error)) files.push_back(at->path());
  for (const auto& file : files) {
    const std::string relative = file.lexically_relative(from).string();
    if (is_library(relative)) {
      TRY(place_library(file, folder));
      continue;
    }
    const fs::path program = folder / "sbin" / fs::path(path).filename();
    fs::rename(file, program, error);
    if (error) return fail_errno("cannot place " + program.string(), error.value());
    if (::chmod(program.c_str(), 0755) != 0) return fail_errno("cannot chmod " + program.string());
  }
  return {};
}

LibrarySearch with_folder(LibrarySearch search, const fs::path& folder) {
  search.folders.push_back(folder);
  return search;
}

Result<Tool> fetch_kexec(const fs::path& target, const Store& store, const Apt& apt,
                         const LibrarySearch& search) {
  TRY_ASSIGN(const auto packages, apt.find_tool(kexec_package));
  TRY_ASSIGN(const Draft downloads, Draft::create(store));
  TRY_ASSIGN(const auto debs, apt.download(packages, downloads.path()));
  TRY_ASSIGN(Draft draft, Draft::create(store));
  TRY(unpack_tool(debs, kexec_path, draft.path()));
  // Before it is published: a tool in the store can start.
  TRY(program_needs(draft.path() / kexec_path, with_folder(search, draft.path() / "lib")));
  TRY(draft.publish(target, {{"name", kexec_package}}));
  return Tool{target / kexec_path, with_folder(search, target / "lib")};
}

}  // namespace

Result<void> unpack_tool(const std::vector<fs::path>& debs, const std::string& path,
                         const fs::path& folder) {
  const auto wanted = [&](std::string_view candidate) {
    return candidate == path || candidate == "usr/" + path || is_library(candidate);
  };
  for (const auto& deb : debs) TRY(unpack_deb(deb, folder / unpacked, wanted));
  TRY(place(folder / unpacked, path, folder));
  std::error_code error;
  fs::remove_all(folder / unpacked, error);
  if (!fs::exists(folder / "sbin" / fs::path(path).filename(), error))
    return fail(Errc::unsupported, "the package {} holds no {}", debs.front().filename().string(),
                path);
  return {};
}

Result<Tool> kexec_tool(const Store& store, const Apt& apt, const LibrarySearch& search) {
  const fs::path target = store.root / "tools" / kexec_package;
  if (item_facts(target)) return Tool{target / kexec_path, with_folder(search, target / "lib")};
  if (auto here = find_program("kexec")) return Tool{*here, search};
  auto fetched = fetch_kexec(target, store, apt, search);
  if (!fetched)
    return tl::unexpected(fetched.error().because(
        "no kexec for the production kernel; install the package kexec-tools"));
  return fetched;
}

}  // namespace quiesce::builder
