// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/initramfs.hpp"

#include <nlohmann/json.hpp>

#include "harness/base/fd.hpp"
#include "vm-images/builder/elf.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

/// Goes into every key: raise it when the same inputs give another image.
constexpr int format_version = 1;

using Kind = CpioEntry::Kind;

struct Fixed {
  const char* path;
  Kind kind;
  unsigned mode;
  const char* target;
  unsigned major;
  unsigned minor;
};
// Device numbers: Documentation/admin-guide/devices.txt. The kernel opens /dev/console before init
// can mount anything.
constexpr Fixed skeleton[] = {
    {"dev", Kind::folder, 0755, "", 0, 0},
    {"dev/console", Kind::character_device, 0600, "", 5, 1},
    {"dev/null", Kind::character_device, 0666, "", 1, 3},
    {"lib", Kind::folder, 0755, "", 0, 0},
    {"lib/x86_64-linux-gnu", Kind::link, 0777, ".", 0, 0},
    {"lib64", Kind::link, 0777, "lib", 0, 0},
    {"modules", Kind::folder, 0755, "", 0, 0},
    {"proc", Kind::folder, 0755, "", 0, 0},
    {"sys", Kind::folder, 0755, "", 0, 0},
    {"tmp", Kind::folder, 01777, "", 0, 0},
    {"usr", Kind::link, 0777, ".", 0, 0},
};

/// The loader's place in the guest. Its folder is a link to /lib on every common distribution.
std::string interpreter_place(const std::string& interpreter) {
  const fs::path path(interpreter);
  for (const char* folder : {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib/x86_64-linux-gnu",
                             "/usr/lib/x86_64-linux-gnu"})
    if (path.parent_path() == folder) return "lib/" + path.filename().string();
  return path.relative_path().string();
}

}  // namespace

void Initramfs::add(CpioEntry entry, const std::string& identity) {
  for (fs::path parent = fs::path(entry.path).parent_path(); !parent.empty();
       parent = parent.parent_path())
    if (!items_.contains(parent.string()))
      items_[parent.string()] = {{parent.string(), Kind::folder, 0755, {}, {}, 0, 0}, "folder"};
  const std::string path = entry.path;
  items_[path] = {std::move(entry), identity};
}

void Initramfs::add_skeleton() {
  for (const auto& fixed : skeleton)
    add({fixed.path, fixed.kind, fixed.mode, {}, fixed.target, fixed.major, fixed.minor},
        fmt::format("{} {} {}:{}", static_cast<int>(fixed.kind), fixed.target, fixed.major,
                    fixed.minor));
}

Result<void> Initramfs::add_binary(const std::string& path, const fs::path& file) {
  TRY_ASSIGN(const std::string digest, digests_.of_file(file));
  const auto content = [file]() -> Result<std::string> {
    TRY_ASSIGN(std::string bytes, read_file(file));
    return loadable_part(std::move(bytes));
  };
  add({path, Kind::file, 0755, content, {}, 0, 0}, "loadable " + digest);
  return {};
}

Result<void> Initramfs::add_program(const std::string& path, const fs::path& program,
                                    const LibrarySearch& search) {
  TRY_ASSIGN(const Needs needs, program_needs(program, search));
  TRY(add_binary(path, program));
  if (!needs.interpreter.empty())
    TRY(add_binary(interpreter_place(needs.interpreter), needs.interpreter));
  for (const auto& [name, file] : needs.libraries) {
    const std::string place = "lib/" + fs::path(name).filename().string();
    // The loader is its own library, too; it is there already.
    if (!items_.contains(place)) TRY(add_binary(place, file));
  }
  return {};
}

Result<void> Initramfs::add_modules(const ModulePlan& plan) {
  for (const auto& [name, file] : plan.files) {
    TRY_ASSIGN(const std::string digest, digests_.of_file(file));
    const auto content = [path = file] { return read_module(path); };
    add({"modules/" + name + ".ko", Kind::file, 0644, content, {}, 0, 0}, "module " + digest);
  }
  const std::string order = nlohmann::json(plan.order).dump(1) + "\n";
  const auto content = [order]() -> Result<std::string> { return order; };
  add({"modules/order.json", Kind::file, 0644, content, {}, 0, 0}, "text " + sha256(order));
  return {};
}

Result<void> Initramfs::add_file(const std::string& path, const fs::path& file) {
  TRY_ASSIGN(const std::string digest, digests_.of_file(file));
  add({path, Kind::file, 0644, [file] { return read_file(file); }, {}, 0, 0}, "file " + digest);
  return {};
}

std::string Initramfs::key(const std::string& role) const {
  std::string text = fmt::format("initramfs {} {}\n", format_version, role);
  for (const auto& [path, item] : items_)
    text += fmt::format("{} {:o} {}\n", path, item.entry.mode, item.identity);
  return sha256(text);
}

std::vector<CpioEntry> Initramfs::entries() const {
  std::vector<CpioEntry> all;
  for (const auto& [path, item] : items_) all.push_back(item.entry);
  return all;
}

}  // namespace quiesce::builder
