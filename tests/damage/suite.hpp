// SPDX-License-Identifier: GPL-2.0-or-later
// Damaged copies of a recorded run, judged, and what became of the verdicts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/damage/damage.hpp"

namespace quiesce::damage {

/// How many copies were judged, and which broke a rule.
struct Count {
  std::size_t judged = 0;
  std::vector<std::string> better;     ///< a verdict became better
  std::vector<std::string> false_red;  ///< sealed: pass became fail
  std::vector<std::string> unseen;     ///< sealed: nothing says that there is damage
  /// Unsealed, and no rule: no verdict and no note changed.
  std::vector<std::string> untold;
  std::size_t broken() const { return better.size() + false_red.size() + unseen.size(); }
};

/// By the kind of damage.
using Counts = std::map<std::string, Count>;

enum class Sealed { yes, no };

/// Which damages of a run are tried.
struct Extent {
  std::size_t share = 1;  ///< one of so many
  std::size_t turn = 0;   ///< which one
  bool all_pairs = false;
};

Counts try_all(const evidence::Texts& run, const evidence::Texts& other, Sealed sealed,
               const Extent& extent);

}  // namespace quiesce::damage
