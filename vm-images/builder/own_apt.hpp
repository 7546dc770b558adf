// SPDX-License-Identifier: GPL-2.0-or-later
// Suites of Debian that the machine's apt does not know: an apt with a configuration of its own,
// which gets them from where the machine gets Debian, with the machine's keys and proxy. The
// machine's apt is left alone.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm-images/builder/apt.hpp"

namespace quiesce::builder {

/// Where the machine gets Debian from.
class Archives {
 public:
  /// Reads the machine's apt. not_found when it has no list of Debian's own archive.
  static Result<Archives> of_machine(const Apt& machine);
  /// "apt-get indextargets" with the format below: a line a list.
  static Archives parse(std::string_view text);
  static constexpr const char* format = "$(REPO_URI) $(ORIGIN) $(LABEL)";

  /// The repository that has the suite: Debian's own, or for "...-security" that of security, which
  /// has a host of its own. nullopt: the machine knows none.
  std::optional<std::string> uri_of(const Suite& suite) const;

 private:
  std::map<std::string, std::string> by_label_;  ///< "Debian-Security" -> URI
};

/// An apt for the suites (at least one of which the archives must have), with its state in
/// `folder`. No package counts as installed.
Result<Apt> own_apt(const Apt& machine, const Archives& archives, const std::vector<Suite>& suites,
                    const std::filesystem::path& folder);

/// What is wrong with a suite, by what apt says of it.
struct SuiteTrouble {
  enum class Kind { expired, premature, gone, unsigned_by_known, unreachable, other };
  Kind kind = Kind::other;
  std::string summary;  ///< "the suite sid (Debian unstable) is gone"
  Error error;          ///< that, with the place, apt's words and the remedy
};
SuiteTrouble suite_trouble(const Suite& suite, const std::string& uri,
                           const std::string& complaint);

/// The suite of a list in whose update apt complained; the first when it names none.
const Suite& suite_complained_of(const std::vector<Suite>& suites, std::string_view complaint);

}  // namespace quiesce::builder
