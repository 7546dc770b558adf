// SPDX-License-Identifier: GPL-2.0-or-later
// Packages through the machine's own apt: its sources, its keys, its proxy. Nothing is installed.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/base/result.hpp"
#include "vm-images/builder/recipes.hpp"

namespace quiesce::builder {

struct Package {
  std::string name;
  std::string version;  ///< empty: apt's candidate
  bool operator==(const Package&) const = default;
};

/// Compares versions as dpkg does (deb-version(7)): negative, zero or positive.
int compare_versions(std::string_view a, std::string_view b);

/// "apt-cache policy NAME...": name -> candidate; a package without one is left out.
std::map<std::string, std::string> parse_policy(std::string_view text);

/// Of "apt-cache show NAME": the packages in Depends and Pre-Depends (first alternatives) whose
/// names begin with "linux-" and hold `release`: the other parts of the same kernel.
std::vector<Package> kernel_parts(std::string_view text, std::string_view release);

/// Of "apt-get install -s": the packages that would be installed.
std::vector<Package> parse_simulation(std::string_view text);

/// apt's commands, with a seam where they are run.
class Apt {
 public:
  using Runner =
      std::function<Result<Captured>(const std::vector<std::string>& argv, Seconds patience)>;
  enum class User { root, other };
  Apt(Runner run, User user) : run_(std::move(run)), user_(user) {}
  static Apt of_system();

  /// The newest kernel that the recipe means, with its other parts. Refreshes empty lists when it
  /// may (as root).
  Result<std::vector<Package>> find_kernel(const Recipe& recipe) const;
  /// `name` and the libraries among its dependencies that this machine lacks.
  Result<std::vector<Package>> find_tool(const std::string& name) const;
  /// Downloads into `folder`, which must be empty, and returns the files.
  Result<std::vector<std::filesystem::path>> download(const std::vector<Package>& packages,
                                                      const std::filesystem::path& folder) const;

 private:
  /// The output of a command that must succeed.
  Result<std::string> ask(const std::vector<std::string>& argv) const;
  Result<std::vector<Package>> find_in_lists(const Recipe& recipe) const;
  Result<bool> lists_are_empty() const;
  Result<void> update() const;
  Result<void> add_parts(std::vector<Package>& packages, const std::string& release) const;

  Runner run_;
  User user_;
};

}  // namespace quiesce::builder
