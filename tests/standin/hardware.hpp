// SPDX-License-Identifier: GPL-2.0-or-later
// The machine of the stand-in: configuration spaces behind 0xcf8 and 0xcfc, and RAM that network
// cards write into.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/mapping.hpp"

namespace quiesce::standin {

class Hardware {
 public:
  /// From QEMU's arguments: "-m", and a PCI function for each "-device" with an "addr".
  explicit Hardware(const std::vector<std::string>& argv);

  /// The answer to a line of qtest.
  std::string qtest(const std::string& line);
  /// A received frame goes into one of eight pages from 32 MiB on.
  void receive(std::string_view frame);

 private:
  std::uint32_t config(std::uint32_t address) const;

  std::set<unsigned> slots_;
  std::uint32_t address_ = 0;
  std::uint64_t received_ = 0;
  Mapping ram_;
};

}  // namespace quiesce::standin
