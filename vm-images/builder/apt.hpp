// SPDX-License-Identifier: GPL-2.0-or-later
// Packages through apt: the machine's own, or one with a configuration of its own beside it
// (own_apt.hpp). Nothing is installed.
#pragma once

#include <cstdint>
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
  std::string version = {};  ///< empty: apt's candidate
  std::uint64_t bytes = 0;   ///< of its .deb; 0: not known
  bool operator==(const Package&) const = default;
};

/// Compares versions as dpkg does (deb-version(7)): negative, zero or positive.
int compare_versions(std::string_view a, std::string_view b);

/// What apt would install of a package.
struct Candidate {
  std::string version;
  std::string suite;  ///< "trixie-backports": the first source that has it
  bool operator==(const Candidate&) const = default;
};
/// "apt-cache policy NAME...": name -> candidate; a package without one, and one that only dpkg
/// knows, is left out.
std::map<std::string, Candidate> parse_policy(std::string_view text);

/// A package in apt's lists.
struct Stanza {
  Package package;
  std::vector<Package> depends;  ///< Depends and Pre-Depends, first alternatives
};
/// "apt-cache show NAME...".
std::vector<Stanza> parse_show(std::string_view text);

/// Of what a kernel's package depends on: the other parts of the same kernel, whose names begin
/// with "linux-" and hold `release`.
std::vector<Package> kernel_parts(const Stanza& stanza, std::string_view release);

/// Of "apt-get install -s": the packages that would be installed.
std::vector<Package> parse_simulation(std::string_view text);

/// Of "apt-get --print-uris": the size of each file, in bytes.
std::vector<std::uint64_t> parse_uri_sizes(std::string_view text);

/// A kernel that an apt knows.
struct KernelOffer {
  std::string name;               ///< "debian:7.3"
  std::string suite;              ///< "trixie-backports"
  std::vector<Package> packages;  ///< the one that names it first, then its other parts
  /// Parts that the lists lack: Debian removes those of old versions before the package that names
  /// the kernel. With one it cannot be fetched.
  std::vector<std::string> lacking = {};

  const std::string& version() const { return packages.front().version; }
  std::uint64_t bytes() const;
};

/// Takes from the stanzas of its packages their sizes and what else belongs to the kernel. A
/// package from `asked` on without a stanza of its version is lacking.
void take_stanzas(KernelOffer& offer, const std::vector<Stanza>& stanzas, std::size_t asked);

/// Of each name the newest that lacks nothing; when all lack something the newest.
std::vector<KernelOffer> newest_offers(std::vector<KernelOffer> offers);

/// apt's commands, with a seam where they are run.
class Apt {
 public:
  using Runner =
      std::function<Result<Captured>(const std::vector<std::string>& argv, Seconds patience)>;
  enum class User { root, other };
  Apt(Runner run, User user) : run_(std::move(run)), user_(user) {}
  static Apt of_system();
  /// The same programs with these options ("-o", "Dir::State=...") behind the name of each.
  Apt with(std::vector<std::string> options) const;

  /// Makes sure that there are package lists: empty ones are refreshed, which takes root.
  Result<void> fill_lists() const;
  /// "apt-get update"; the error holds apt's own complaint.
  Result<void> update() const;
  /// The kernels of the lists that the recipes mean, one a name: the newest.
  Result<std::vector<KernelOffer>> kernels(const std::vector<Recipe>& recipes) const;
  /// `name` and the libraries among its dependencies that this machine lacks.
  Result<std::vector<Package>> find_tool(const std::string& name) const;
  /// Downloads into `folder`, which must be empty, and returns the files.
  Result<std::vector<std::filesystem::path>> download(const std::vector<Package>& packages,
                                                      const std::filesystem::path& folder) const;
  /// The output of "apt-get WORDS..." or "apt-cache WORDS...", which must succeed.
  Result<std::string> ask(const std::string& program, const std::vector<std::string>& words,
                          Seconds patience = Seconds(120)) const;

 private:
  std::vector<std::string> command(const std::string& program,
                                   const std::vector<std::string>& words) const;
  Result<bool> lists_are_empty() const;
  Result<std::vector<KernelOffer>> candidates(const std::vector<Recipe>& recipes) const;
  Result<void> add_parts(std::vector<KernelOffer>& offers) const;

  Runner run_;
  User user_;
  std::vector<std::string> options_ = {};
};

}  // namespace quiesce::builder
