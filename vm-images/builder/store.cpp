// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "harness/base/text.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr std::array folders = {"kernels", "images", "tools", "names", "configs", "aliases", "tmp"};

/// A folder younger than this may not be locked yet.
constexpr std::time_t lock_grace_seconds = 60;

struct StoreFolder {
  const char* folder;
  const char* kind;
};
constexpr std::array kinds = {StoreFolder{"kernels", "kernel"}, StoreFolder{"images", "image"},
                              StoreFolder{"tools", "tool"}};

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

/// What the files below take; hard links and holes do not matter here.
std::uint64_t size_below(const fs::path& path) {
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  if (error) return 0;
  if (fs::is_regular_file(status)) return fs::file_size(path, error);
  std::uint64_t sum = 0;
  if (fs::is_directory(status))
    for (const auto& entry : sorted_entries(path)) sum += size_below(entry);
  return sum;
}

bool is_locked(const fs::path& folder) {
  auto fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  return !fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0;
}

}  // namespace

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    found.push_back(at->path());
  std::sort(found.begin(), found.end());
  return found;
}

Result<Store> Store::open() {
  if (const char* chosen = environment("QUIESCE_CACHE")) return open(chosen);
  if (const char* cache = environment("XDG_CACHE_HOME")) return open(fs::path(cache) / "quiesce");
  if (const char* home = environment("HOME")) return open(fs::path(home) / ".cache/quiesce");
  return fail(Errc::invalid_input,
              "no folder for kernels and images: none of QUIESCE_CACHE, XDG_CACHE_HOME and HOME is "
              "set; set QUIESCE_CACHE to a folder");
}

Result<Store> Store::open(const fs::path& root) {
  std::error_code error;
  for (const char* folder : folders) {
    fs::create_directories(root / folder, error);
    if (error)
      return tl::unexpected(
          fail_errno("cannot create " + (root / folder).string(), error.value())
              .value()
              .because("no folder for kernels and images; set QUIESCE_CACHE to one"));
  }
  return Store{fs::absolute(root, error)};
}

Result<Draft> Draft::create(const Store& store) {
  sweep(store);
  TRY_ASSIGN(TempDir folder, TempDir::create_in(store.root / "tmp", ""));
  TRY_ASSIGN(Fd lock, open_file(folder.path(), O_RDONLY | O_DIRECTORY));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail_errno("cannot lock " + folder.path().string());
  return Draft(std::move(folder), std::move(lock));
}

Result<void> Draft::publish(const fs::path& place, const nlohmann::json& facts) {
  // Last, so that an item with item.json is whole.
  TRY(replace_file(path() / item_file, facts.dump(1) + "\n"));
  if (::chmod(path().c_str(), 0755) != 0) return fail_errno("cannot chmod " + path().string());
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (::rename(path().c_str(), place.c_str()) == 0) {
      folder_.keep();
      return {};
    }
    if (errno != ENOTEMPTY && errno != EEXIST) return fail_errno("cannot create " + place.string());
    if (item_facts(place)) return {};
    TRY_ASSIGN(TempDir grave, TempDir::create_in(path().parent_path(), "damaged-"));
    ::rename(place.c_str(), (grave.path() / "item").c_str());
  }
  return fail(Errc::io, "cannot replace the damaged {}; remove it", place.string());
}

std::optional<nlohmann::json> item_facts(const fs::path& place) {
  auto text = read_file(place / item_file, 1U << 20);
  if (!text) return std::nullopt;
  auto facts = nlohmann::json::parse(*text, nullptr, false);
  if (!facts.is_object()) return std::nullopt;
  return facts;
}

std::string text_of(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

void sweep(const Store& store) {
  const std::time_t now = std::time(nullptr);
  for (const auto& folder : sorted_entries(store.root / "tmp")) {
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) continue;
    if (status.st_mtim.tv_sec + lock_grace_seconds > now || is_locked(folder)) continue;
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
}

std::string file_name_for(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '+' || c == '-' || (c == '.' && !name.empty());
    name += plain ? std::string(1, c) : fmt::format("_{:02x}", static_cast<unsigned char>(c));
  }
  return name;
}

std::string text_of_file_name(const std::string& name) {
  std::string text;
  for (std::size_t at = 0; at < name.size(); ++at) {
    unsigned byte = 0;
    const char* const digits = name.data() + at + 1;
    const bool coded = name[at] == '_' && at + 2 < name.size() &&
                       std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    text += coded ? static_cast<char>(byte) : name[at];
    if (coded) at += 2;
  }
  return text;
}

std::vector<StoredItem> list(const Store& store) {
  std::vector<StoredItem> items;
  for (const auto& kind : kinds) {
    for (const auto& place : sorted_entries(store.root / kind.folder)) {
      const auto facts = item_facts(place);
      if (!facts) continue;
      std::string name = text_of(*facts, "name");
      if (const std::string release = text_of(*facts, "release"); !release.empty())
        name += fmt::format(" ({})", release);
      items.push_back({kind.kind, name, place, Bytes{size_below(place)}});
    }
  }
  return items;
}

Result<Bytes> clean(const Store& store) {
  std::uint64_t gone = 0;
  std::vector<fs::path> places = {store.root / "digests.json"};
  for (const char* folder : folders)
    for (const auto& place : sorted_entries(store.root / folder)) places.push_back(place);
  for (const auto& place : places) {
    const std::uint64_t size = size_below(place);
    std::error_code error;
    fs::remove_all(place, error);
    if (error) return fail_errno("cannot remove " + place.string(), error.value());
    gone += size;
  }
  return Bytes{gone};
}

}  // namespace quiesce::builder
