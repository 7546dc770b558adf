// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/kinds.hpp"

namespace quiesce::scenario {

namespace {

/// Ethernet without VLAN: 60 bytes without checksum to 1514 (IEEE 802.3, 3.2.7).
const KindParameter frame{"frame", shape::whole(60, 1514)};
const KindParameter rate{"rate", shape::whole(0, 1'000'000)};
/// A page and less lies in one descriptor; 1 MiB is what one request may hold on all disks here.
const KindParameter block{"block", shape::whole(512, 1 << 20)};
/// Half of the 64 MiB disk.
const KindParameter region{"region", shape::whole(512, 32 << 20)};
const KindParameter hertz{"hertz", shape::whole(20, 20'000)};
const KindParameter samples{"rate", shape::whole(8'000, 192'000)};
const KindParameter seconds{"seconds", shape::number(0, 600)};

}  // namespace

const std::vector<Kind>& activity_kinds() {
  static const std::vector<Kind> kinds{{"net-receive", "net", {rate, frame}},
                                       {"disk-read", "disk", {block, rate, region}},
                                       {"disk-write", "disk", {block, rate, region}},
                                       {"sound-play", "audio", {hertz, samples}},
                                       {"pointer", "", {}},
                                       {"console", "", {}},
                                       {"none", "", {}}};
  return kinds;
}

const std::vector<Kind>& test_kinds() {
  static const std::vector<Kind> kinds{
      {"net-echo", "net", {{"frames", shape::whole(1, 10'000)}}},
      {"disk-compare", "disk", {{"blocks", shape::whole(1, 65'536)}}},
      {"sound-play", "audio", {hertz, seconds}},
      {"pointer", "", {seconds}},
      {"console", "", {}},
      {"none", "", {}}};
  return kinds;
}

const KindParameter* Kind::parameter(std::string_view wanted) const {
  for (const auto& one : parameters)
    if (one.name == wanted) return &one;
  return nullptr;
}

const Kind* find_kind(const std::vector<Kind>& kinds, std::string_view name) {
  for (const auto& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

std::vector<std::string> kind_names(const std::vector<Kind>& kinds) {
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.push_back(kind.name);
  return names;
}

}  // namespace quiesce::scenario
