// SPDX-License-Identifier: GPL-2.0-or-later
// A made-up Debian in a folder, and a machine whose apt gets Debian from there: for tests of the
// real apt without a network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vm-images/builder/apt.hpp"

namespace quiesce::builder::made_up {

/// A package of a repository. Its file is made by the test, if it is to be downloaded.
struct MadePackage {
  std::string name;
  std::string version;
  std::string depends;
  std::filesystem::path deb;  ///< empty: it is in the list, but not in the pool
};

class Repository {
 public:
  /// In `folder`, with the machine's apt configuration beside it. The machine knows the suite
  /// "bookworm" alone, which has no kernel.
  explicit Repository(const std::filesystem::path& folder);

  /// `valid_until`: a line of the Release file; empty: none.
  void add_suite(const std::string& suite, const std::vector<MadePackage>& packages,
                 const std::string& valid_until = "");
  /// The machine's apt.
  Apt apt() const;
  /// Makes the machine's lists say that Debian comes from `uri`, which nobody is asked for.
  void pretend_uri(const std::string& uri);

 private:
  std::filesystem::path folder_;
};

/// Whether this machine has apt at all.
bool has_apt();

}  // namespace quiesce::builder::made_up
