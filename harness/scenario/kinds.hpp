// SPDX-License-Identifier: GPL-2.0-or-later
// The activities and function tests that the agent knows (docs/agent-protocol.md), with their
// parameters.
#pragma once

#include <string>
#include <vector>

#include "harness/scenario/shape.hpp"

namespace quiesce::scenario {

struct KindParameter {
  std::string name;
  Shape shape;
};

struct Kind {
  std::string name;
  std::string backend;  ///< the backend it needs; empty: any
  std::vector<KindParameter> parameters;

  const KindParameter* parameter(std::string_view wanted) const;
};

const std::vector<Kind>& activity_kinds();
const std::vector<Kind>& test_kinds();

const Kind* find_kind(const std::vector<Kind>& kinds, std::string_view name);
std::vector<std::string> kind_names(const std::vector<Kind>& kinds);

}  // namespace quiesce::scenario
