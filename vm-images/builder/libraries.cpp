// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/libraries.hpp"

#include <optional>

#include "harness/base/fd.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "vm-images/builder/elf.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

/// A file on the way through the dependencies.
struct Found {
  fs::path file;
  Dynamic dynamic;
};

std::string replace_origin(std::string folder, const fs::path& origin) {
  for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"})
    if (const std::size_t at = folder.find(word); at != std::string::npos)
      folder.replace(at, word.size(), origin.string());
  return folder;
}

std::vector<fs::path> candidates(const std::string& name, const Found& user,
                                 const LibrarySearch& search) {
  if (name.find('/') != std::string::npos) return {name};
  std::vector<fs::path> files;
  for (const auto& folder : user.dynamic.run_path)
    files.push_back(fs::path(replace_origin(folder, user.file.parent_path())) / name);
  if (const auto cached = search.cache.find(name); cached != search.cache.end())
    files.insert(files.end(), cached->second.begin(), cached->second.end());
  for (const auto& folder : search.folders) files.push_back(folder / name);
  return files;
}

/// The first candidate that fits the machine of `user`; others are passed over, as ld.so(8) does.
std::optional<Found> find_library(const std::string& name, const Found& user,
                                  const LibrarySearch& search) {
  for (const auto& file : candidates(name, user, search)) {
    auto bytes = read_file(file);
    if (!bytes) continue;
    auto dynamic = read_dynamic(*bytes, file.string());
    if (dynamic && dynamic->machine == user.dynamic.machine && dynamic->bits == user.dynamic.bits)
      return Found{file, std::move(*dynamic)};
  }
  return std::nullopt;
}

}  // namespace

LibrarySearch LibrarySearch::of_system() {
  LibrarySearch search;
  search.folders = {"/lib/x86_64-linux-gnu",
                    "/usr/lib/x86_64-linux-gnu",
                    "/lib64",
                    "/usr/lib64",
                    "/lib",
                    "/usr/lib"};
  auto program = find_program("ldconfig");
  if (!program) return search;
  auto printed = capture({program->string(), "-p"});
  if (printed && printed->status.ok()) search.cache = parse_ldconfig(printed->output);
  return search;
}

std::map<std::string, std::vector<fs::path>> parse_ldconfig(std::string_view text) {
  std::map<std::string, std::vector<fs::path>> cache;
  constexpr std::string_view arrow = " => ";
  for (const auto& raw : split(text, '\n')) {
    // "\tlibc.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libc.so.6"
    const std::string_view line = trim(raw);
    const std::size_t to = line.find(arrow);
    if (to == std::string_view::npos || line.find("hwcap") != std::string_view::npos) continue;
    const std::string name(line.substr(0, line.find(' ')));
    cache[name].emplace_back(line.substr(to + arrow.size()));
  }
  return cache;
}

Result<Needs> program_needs(const fs::path& program, const LibrarySearch& search) {
  TRY_ASSIGN(const std::string bytes, read_file(program));
  TRY_ASSIGN(Dynamic first, read_dynamic(bytes, program.string()));
  Needs needs{.interpreter = first.interpreter, .libraries = {}};
  std::vector<Found> open = {{program, std::move(first)}};
  while (!open.empty()) {
    const Found user = std::move(open.back());
    open.pop_back();
    for (const auto& name : user.dynamic.needed) {
      if (needs.libraries.contains(name)) continue;
      auto found = find_library(name, user, search);
      if (!found)
        return fail(Errc::not_found, "the library {}, which {} needs, is not on this machine", name,
                    user.file.string());
      needs.libraries.emplace(name, found->file);
      open.push_back(std::move(*found));
    }
  }
  return needs;
}

}  // namespace quiesce::builder
