// SPDX-License-Identifier: GPL-2.0-or-later
// From a document with a matrix to one document a cell.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/scenario/json_text.hpp"

namespace quiesce::scenario {

inline constexpr std::size_t most_cells = 256;

/// Where a part of a document came from, when it is not the place in the file where it now stands.
struct Origin {
  std::string created;  ///< JSON pointer of the part
  std::string target;   ///< JSON pointer of the value itself, at or below `created`
  std::string file;     ///< the file to name
  std::string place;    ///< what stands for `target`; empty: the place itself is right
  std::string
      around;  ///< what stands for the parts between `created` and `target`, when `place` is set
};

struct Cell {
  nlohmann::json document;
  std::string label;  ///< "cpus=1,memory=2GiB"; empty without a matrix
  std::vector<Origin> origins;
  std::vector<std::string> settings = {};  ///< "machine.cpus=1": what --set takes to get it alone
};

/// The cells in the order of the axes in the text, the last axis fastest. Takes "matrix" out of the
/// document. An axis whose target is in `overridden` is dropped. Wrong axes are reported and left
/// out; there is always a cell.
std::vector<Cell> expand(Document document, std::span<const Origin> overridden,
                         std::span<const std::string> check_names, Report& report);

/// Where the user wrote what the diagnostic is about.
Diagnostic trace_back(Diagnostic diagnostic, std::span<const Origin> origins);

}  // namespace quiesce::scenario
