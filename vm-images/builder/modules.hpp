// SPDX-License-Identifier: GPL-2.0-or-later
// Which modules a kernel has, and in which order those of the devices must be loaded.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::builder {

/// As the kernel names a module: '-' and '_' are the same, '_' is the form in /proc/modules.
std::string normalise(std::string_view name);

/// What a module says of itself.
struct ModuleInfo {
  std::string vermagic;             ///< "6.1.0-56-amd64 SMP preempt mod_unload modversions"
  std::vector<std::string> needs;   ///< depends=: symbols come from these
  std::vector<std::string> before;  ///< softdep=pre:, and what the table of known needs adds
  std::vector<std::string> after;   ///< softdep=post:
};
/// `bytes`: an uncompressed module, named `name` (normalised).
Result<ModuleInfo> module_info(std::string_view bytes, const std::string& name);

/// The modules of one kernel: an installed folder (lib/modules/RELEASE) or a build tree. Reads a
/// module at most once.
class ModuleTree {
 public:
  /// An empty `folder` means that all is built in.
  static Result<ModuleTree> open(const std::filesystem::path& folder, const std::string& release);

  enum class Where { absent, built_in, file };
  Where where(const std::string& name) const;
  bool any_file() const { return !files_.empty(); }
  /// Of all modules, built in ones too.
  std::vector<std::string> names() const;
  /// Every module file by its (normalised) name.
  const std::map<std::string, std::filesystem::path>& files() const { return files_; }
  /// Only for what where() calls `file`.
  const std::filesystem::path& path(const std::string& name) const {
    return files_.at(normalise(name));
  }
  /// Fails when the file is damaged or made for another release.
  Result<const ModuleInfo*> info(const std::string& name);

  /// What to load for `name`, itself last but for its soft dependencies "post". Empty for what is
  /// built in. Names are normalised. not_found when the module or one that it needs is neither a
  /// file nor built in.
  Result<std::vector<std::string>> load_order(const std::string& name);

 private:
  ModuleTree(std::filesystem::path folder, std::string release)
      : folder_(std::move(folder)), release_(std::move(release)) {}
  void add_file(const std::filesystem::path& path);
  void read_order(std::string_view text);
  void walk();

  std::filesystem::path folder_;
  std::string release_;
  std::map<std::string, std::filesystem::path> files_;
  std::map<std::string, bool> built_in_;
  std::map<std::string, ModuleInfo> infos_;
};

/// The uncompressed content of a module file.
Result<std::string> read_module(const std::filesystem::path& path);

/// What the devices' profiles name, for one role.
struct ModulePlan {
  std::map<std::string, std::vector<std::string>> order;  ///< as /modules/order.json has it
  std::map<std::string, std::filesystem::path> files;     ///< name -> module file
  std::vector<std::string> problems;  ///< a sentence for each module that is lacking
};
/// `role`: "production" or "capture"; the latter leaves out devices that get no driver there.
Result<ModulePlan> plan_modules(const Kernel& kernel, const std::string& role,
                                const std::vector<scenario::PlannedDevice>& devices);

}  // namespace quiesce::builder
