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
/// What the registers of a reference model take (harness/wire/model_registers.hpp).
const KindParameter model_rate{"rate", shape::whole(1, 100'000)};
const KindParameter model_item{"item", shape::whole(64, 4096)};
/// A huge page holds the ring.
const KindParameter model_length{"length", shape::whole(64, 2 << 20)};
const std::vector<KindParameter> model_run{
    model_rate,
    model_item,
    model_length,
    {"target", shape::choice({"own", "crash-region", "capture-kernel", "elfcorehdr"})},
    {"offset", shape::whole(0, std::int64_t{1} << 40)},
    {"interrupt", shape::boolean()},
    // Below 0x20 are the CPU's exceptions (Intel SDM volume 3, table 6-1).
    {"vector", shape::whole(0x20, 0xfe)},
    {"vectors", shape::whole(1, 32)}};
const std::vector<KindParameter> model_copy{
    {"bytes", shape::whole(1, 65'536)},
    {"items", shape::whole(1, 256)},
    model_item,
    model_rate,
    {"tagged", shape::boolean()},
    {"reset_first", shape::choice({"auto", "none", "function", "soft"})},
    {"ready_seconds", shape::number(0, 600)},
    seconds};

}  // namespace

const std::vector<Kind>& activity_kinds() {
  static const std::vector<Kind> kinds{{"net-receive", "net", {rate, frame}},
                                       {"disk-read", "disk", {block, rate, region}},
                                       {"disk-write", "disk", {block, rate, region}},
                                       {"sound-play", "audio", {hertz, samples}},
                                       {"pointer", "", {}},
                                       {"console", "", {}},
                                       {"model-run", "", model_run},
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
      {"model-copy", "", model_copy},
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
