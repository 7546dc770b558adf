// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/modules.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "harness/base/fd.hpp"
#include "harness/base/names.hpp"
#include "harness/base/text.hpp"
#include "vm-images/builder/archive.hpp"
#include "vm-images/builder/elf.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

/// Modules that others ask for at run time (request_module), which no "depends=" names and which an
/// initramfs without modprobe must load first. What a kernel does not have is left out.
struct Need {
  std::string_view module;
  std::string_view needs;
  std::string_view why;
};
constexpr Need known_needs[] = {
    {"snd_hda_intel", "snd_hda_codec_generic", "else \"Cannot probe codecs, giving up\" (tried)"},
    {"libcrc32c", "crc32c_generic", "its init allocates the algorithm crc32c: lib/libcrc32c.c"},
};

constexpr std::string_view suffixes[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

/// "drivers/net/e1000e.ko.xz" -> "e1000e"; empty when it is no module file.
std::string module_name(const fs::path& path) {
  const std::string file = path.filename().string();
  for (const auto suffix : suffixes)
    if (file.size() > suffix.size() && file.ends_with(suffix))
      return normalise(std::string_view(file).substr(0, file.size() - suffix.size()));
  return {};
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> all;
  for (const auto& line : split(text, '\n'))
    if (const auto plain = trim(line); !plain.empty()) all.emplace_back(plain);
  return all;
}

/// "pre: a b post: c": the words after "pre:" or "post:" go to their lists.
void add_softdep(ModuleInfo& info, std::string_view text) {
  std::vector<std::string>* into = nullptr;
  for (const auto& word : split(text, ' ')) {
    if (word == "pre:")
      into = &info.before;
    else if (word == "post:")
      into = &info.after;
    else if (into != nullptr && !word.empty())
      into->push_back(normalise(word));
  }
}

/// A folder that `make` worked in, not one that modules were installed to.
bool is_build_tree(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / ".config", error) ||
         fs::exists(folder / "include/config/kernel.release", error);
}

/// depmod.d(5): modules in updates/ win over those in kernel/.
bool is_update(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() == "updates";
}

}  // namespace

std::string normalise(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  return plain;
}

Result<ModuleInfo> module_info(std::string_view bytes, const std::string& name) {
  TRY_ASSIGN(const auto entries, read_modinfo(bytes, "module " + name));
  ModuleInfo info;
  for (const auto& [key, value] : entries) {
    if (key == "vermagic") info.vermagic = value;
    if (key == "softdep") add_softdep(info, value);
    if (key != "depends") continue;
    for (const auto& need : split(value, ','))
      if (!need.empty()) info.needs.push_back(normalise(need));
  }
  for (const auto& need : known_needs)
    if (need.module == name) info.before.emplace_back(need.needs);
  return info;
}

Result<std::string> read_module(const fs::path& path) {
  TRY_ASSIGN(std::string bytes, read_file(path));
  if (path.extension() == ".ko") return bytes;
  return decompress(bytes, path.string());
}

void ModuleTree::add_file(const fs::path& path) {
  const std::string name = module_name(path);
  if (name.empty()) return;
  const auto known = files_.find(name);
  if (known == files_.end())
    files_.emplace(name, path);
  else if (is_update(path, folder_) || (!is_update(known->second, folder_) && path < known->second))
    known->second = path;
}

/// modules.order of a build tree: "drivers/x/y.ko", since 6.3 "drivers/x/y.o", before 5.2
/// "kernel/drivers/x/y.ko".
void ModuleTree::read_order(std::string_view text) {
  for (const auto& line : lines(text)) {
    fs::path file = folder_ / line;
    file.replace_extension(".ko");
    std::error_code error;
    if (!fs::exists(file, error) && line.starts_with("kernel/"))
      file = folder_ / line.substr(std::string_view("kernel/").size());
    if (fs::exists(file, error)) add_file(file);
  }
}

void ModuleTree::walk() {
  std::error_code error;
  // Links to folders are not followed: "build" and "source" lead to whole source trees.
  for (fs::recursive_directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error))
    add_file(at->path());
}

Result<ModuleTree> ModuleTree::open(const fs::path& folder, const std::string& release) {
  ModuleTree tree(folder, release);
  if (folder.empty()) return tree;
  if (auto text = read_file(folder / "modules.builtin"))
    for (const auto& line : lines(*text)) tree.built_in_[module_name(line)] = true;
  if (is_build_tree(folder))
    if (auto text = read_file(folder / "modules.order")) tree.read_order(*text);
  if (tree.files_.empty()) tree.walk();
  return tree;
}

ModuleTree::Where ModuleTree::where(const std::string& name) const {
  const std::string plain = normalise(name);
  if (files_.contains(plain)) return Where::file;
  return folder_.empty() || built_in_.contains(plain) ? Where::built_in : Where::absent;
}

Result<const ModuleInfo*> ModuleTree::info(const std::string& name) {
  if (const auto known = infos_.find(name); known != infos_.end()) return &known->second;
  TRY_ASSIGN(const std::string bytes, read_module(path(name)));
  TRY_ASSIGN(ModuleInfo read, module_info(bytes, name));
  const std::string made_for = read.vermagic.substr(0, read.vermagic.find(' '));
  if (made_for != release_)
    return fail(
        Errc::invalid_input,
        "module {} was made for {}, the kernel is {}: give the modules that were built with "
        "it ({})",
        name, made_for.empty() ? "no release that it names" : made_for, release_,
        path(name).string());
  return &infos_.emplace(name, std::move(read)).first->second;
}

namespace {

/// One walk over the dependencies of one module.
class Order {
 public:
  explicit Order(ModuleTree& tree) : tree_(tree) {}

  Result<void> add(const std::string& name, const std::string& wanted_by) {
    if (tree_.where(name) == ModuleTree::Where::built_in || state_.contains(name)) return {};
    if (tree_.where(name) == ModuleTree::Where::absent)
      return wanted_by.empty()
                 ? fail(Errc::not_found, "{} is neither a module of the kernel nor built in", name)
                 : fail(Errc::not_found,
                        "{}, which {} depends on, is neither a module of the kernel nor built in",
                        name, wanted_by);
    state_[name] = State::begun;
    TRY_ASSIGN(const ModuleInfo* info, tree_.info(name));
    for (const auto& need : info->needs) TRY(add(need, name));
    for (const auto& soft : info->before) TRY(add_soft(soft, name));
    state_[name] = State::done;
    order_.push_back(name);
    for (const auto& soft : info->after) TRY(add_soft(soft, name));
    return {};
  }

  /// The soft dependencies that had to wait; those that cannot come even now are left out.
  Result<void> add_later() {
    while (!later_.empty()) {
      const std::string name = later_.front();
      later_.pop_front();
      std::set<std::string> seen;
      TRY_ASSIGN(const bool possible, can_come_now(name, seen));
      if (possible) TRY(add(name, ""));
    }
    return {};
  }

  std::vector<std::string> take() { return std::move(order_); }

 private:
  enum class State { begun, done };

  /// Soft dependencies may be missing, and may lead back: what depends on a module that is begun
  /// has to come later.
  Result<void> add_soft(const std::string& name, const std::string& wanted_by) {
    if (tree_.where(name) != ModuleTree::Where::file) return {};
    std::set<std::string> seen;
    TRY_ASSIGN(const bool possible, can_come_now(name, seen));
    if (possible) return add(name, wanted_by);
    later_.push_back(name);
    return {};
  }

  /// Whether all that `name` depends on is there and not itself waiting.
  Result<bool> can_come_now(const std::string& name, std::set<std::string>& seen) {
    const auto where = tree_.where(name);
    if (where != ModuleTree::Where::file) return where == ModuleTree::Where::built_in;
    if (!seen.insert(name).second) return true;
    if (const auto known = state_.find(name); known != state_.end())
      return known->second == State::done;
    TRY_ASSIGN(const ModuleInfo* info, tree_.info(name));
    for (const auto& need : info->needs) {
      TRY_ASSIGN(const bool possible, can_come_now(need, seen));
      if (!possible) return false;
    }
    return true;
  }

  ModuleTree& tree_;
  std::map<std::string, State> state_;
  std::vector<std::string> order_;
  std::deque<std::string> later_;
};

}  // namespace

Result<std::vector<std::string>> ModuleTree::load_order(const std::string& name) {
  Order order(*this);
  TRY(order.add(normalise(name), ""));
  TRY(order.add_later());
  return order.take();
}

std::vector<std::string> ModuleTree::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  for (const auto& [name, is] : built_in_) names.push_back(name);
  return names;
}

Result<ModulePlan> plan_modules(const Kernel& kernel, const std::string& role,
                                const std::vector<scenario::PlannedDevice>& devices) {
  TRY_ASSIGN(ModuleTree tree, ModuleTree::open(kernel.modules, kernel.release));
  ModulePlan plan;
  for (const auto& device : devices) {
    if (role == "capture" && !device.driver_in_capture) continue;
    for (const auto& name : device.profile.modules) {
      if (plan.order.contains(name)) continue;
      auto order = tree.load_order(name);
      if (!order) {
        std::string problem =
            fmt::format("device {} (profile {}) needs the module {}: {}", device.name,
                        device.profile.name, name, order.error().describe());
        if (tree.where(name) == ModuleTree::Where::absent)
          if (const std::string near = did_you_mean(normalise(name), tree.names()); !near.empty())
            problem += "; " + near;
        plan.problems.push_back(std::move(problem));
        continue;
      }
      for (const auto& module : *order) plan.files.emplace(module, tree.path(module));
      plan.order.emplace(name, std::move(*order));
    }
  }
  return plan;
}

}  // namespace quiesce::builder
