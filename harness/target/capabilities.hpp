// SPDX-License-Identifier: GPL-2.0-or-later
// A set of capabilities.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/record/capability.hpp"

namespace quiesce::target {

using record::Capability;

class Capabilities {
 public:
  constexpr Capabilities() = default;
  constexpr Capabilities(std::initializer_list<Capability> list) {
    for (const Capability one : list) bits_ |= bit(one);
  }
  static constexpr Capabilities all() {
    Capabilities set;
    set.bits_ = (1U << record::capability_count) - 1;
    return set;
  }
  constexpr bool has(Capability one) const { return (bits_ & bit(one)) != 0; }
  constexpr Capabilities without(Capabilities others) const {
    Capabilities set;
    set.bits_ = bits_ & ~others.bits_;
    return set;
  }
  bool operator==(const Capabilities&) const = default;

  /// "stop", "watch-memory": of those that are there, in the order of the enumerators.
  std::vector<std::string> names() const;

 private:
  static constexpr std::uint32_t bit(Capability one) {
    return std::uint32_t{1} << static_cast<unsigned>(one);
  }
  std::uint32_t bits_ = 0;
};

/// unsupported: "the target cannot have its memory watched".
tl::unexpected<Error> cannot(Capability capability);

}  // namespace quiesce::target
