// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/landed.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/tag.hpp"

namespace quiesce::observe {

Result<std::vector<Landed>> find_landed(const GuestRam& ram, const PhysRange& region,
                                        std::uint32_t seed) {
  constexpr std::uint64_t page = 4096;
  TRY_ASSIGN(const Extents used,
             ram.data(whole_pages(normalised(ram.layout().offsets_of(region)), page)));
  std::map<std::string, Landed> found;
  for (const Extent& extent : chopped(used, page)) {
    std::set<std::string> here;
    for (const Tag& tag : find_tags(ram.bytes().subspan(extent.begin, extent.size()))) {
      if (tag.kind != TagKind::frame || tag.seed != seed) continue;
      const auto [entry, is_new] = found.try_emplace(
          tag.device,
          Landed{.device = tag.device, .pages = 0, .oldest = tag.sequence, .newest = tag.sequence});
      Landed& landed = entry->second;
      landed.oldest = std::min(landed.oldest, tag.sequence);
      landed.newest = std::max(landed.newest, tag.sequence);
      if (here.insert(tag.device).second) ++landed.pages;
    }
  }
  std::vector<Landed> list;
  list.reserve(found.size());
  for (auto& [device, landed] : found) list.push_back(std::move(landed));
  return list;
}

}  // namespace quiesce::observe
