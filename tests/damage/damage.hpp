// SPDX-License-Identifier: GPL-2.0-or-later
// Every way in which the evidence of a run can be damaged, as changes of the texts of its folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/evidence/parse.hpp"

namespace quiesce::damage {

struct Damage {
  std::string kind;  ///< "cut", "line dropped", ...
  std::string what;  ///< which file and where, for people
  std::function<void(evidence::Texts&)> apply;
  /// It must do no harm without a seal either: a damage to a numbered record, or a whole file that
  /// is removed, emptied or cut.
  bool held_unsealed = true;
  /// It leaves the file as another run would have written it, so no seal is broken by it when one
  /// is made over it.
  bool forged = false;
};

/// Two files at once can be removed, emptied or halved in nine ways: which of them is tried.
struct PairWay {
  /// One of the nine for each pair: another in each turn, so that nine runs of which all damages
  /// are tried have all.
  std::size_t turn = 0;
  bool all = false;  ///< all nine
};

/// Of one file, of events, and of pairs of files; `other` is another run's folder.
std::vector<Damage> all_damages(const evidence::Texts& texts, const evidence::Texts& other,
                                const PairWay& wanted);

/// manifest.json over all that is there, and its digest in result.json.
void seal(evidence::Texts& texts);
/// Neither of them any more.
void unseal(evidence::Texts& texts);
/// The lines of an .ndjson of the harness with new numbers and checksums.
std::string renumber(const std::vector<std::string>& lines);
std::vector<std::string> lines_of(const std::string& text);
/// Paths of the machine that it was made on are gone, pictures left out, digests and lengths made
/// anew: a recorded run for tests/golden.
void thin(evidence::Texts& texts);

}  // namespace quiesce::damage
