// SPDX-License-Identifier: GPL-2.0-or-later
// Which kernels can be had by name: from the machine's own apt first, then suite after suite.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vm-images/builder/apt.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::builder {

/// A kernel, and the apt that downloads it.
struct Source {
  KernelOffer offer;
  Apt apt;
};

struct Survey {
  std::vector<Source> sources;      ///< of each name the first that was found, sorted by name
  std::vector<KernelOffer> broken;  ///< those that lack a part
  std::vector<Suite> asked;         ///< the suites that answered
  std::vector<Error> troubles;      ///< those that did not, each with its remedy

  const Source* find(const std::string& name) const;
};

/// Asks until `wanted` is found; an empty one is never found, so that every suite is asked. A suite
/// that cannot be read is a trouble, and the others are asked all the same. The lists are kept
/// below `folder`, which must outlive the use of the sources' apt.
Result<Survey> survey(const Apt& machine, const std::vector<Recipe>& recipes,
                      const std::string& wanted, const std::filesystem::path& folder,
                      const Observer& observer);

/// Why a kernel was not found, with what there is instead.
Error not_offered(const Recipe& wanted, const Survey& survey);

}  // namespace quiesce::builder
