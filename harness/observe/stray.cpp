// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/stray.hpp"

#include <algorithm>
#include <tuple>

#include "harness/base/text.hpp"
#include "harness/record/tag_kind.hpp"

namespace quiesce::observe {

namespace {

/// The bytes in which a tag must lie whole to overlap the changed ones.
std::span<const std::byte> around(std::span<const std::byte> page, const ChangedPage& change) {
  constexpr std::size_t reach = Tag::size - 1;
  const std::size_t begin = change.first > reach ? change.first - reach : 0;
  const std::size_t end = std::min(page.size(), change.last + 1 + reach);
  return page.subspan(begin, end - begin);
}

bool same_item(const Tag& a, const Tag& b) {
  const auto key = [](const Tag& tag) {
    return std::tie(tag.kind, tag.device, tag.sequence, tag.block, tag.seed);
  };
  return key(a) == key(b);
}

std::vector<StrayWrite::Origin> origins(std::span<const std::byte> bytes, std::uint32_t seed) {
  std::vector<StrayWrite::Origin> found;
  for (const auto& tag : find_tags(bytes)) {
    const bool known =
        std::ranges::any_of(found, [&](const auto& origin) { return same_item(origin.tag, tag); });
    if (!known) found.push_back({.tag = tag, .foreign = tag.seed != seed});
  }
  return found;
}

std::string owner_of(const ChangedPage& change, const std::vector<Owner>& owners) {
  const PhysRange bytes{.begin = {change.page.value + change.first},
                        .end = {change.page.value + change.last + 1}};
  for (const auto& owner : owners)
    if (owner.range.begin < bytes.end && bytes.begin < owner.range.end) return owner.name;
  return {};
}

}  // namespace

Result<std::vector<StrayWrite>> stray_writes(const Pass& pass, const Baseline& baseline,
                                             const StrayContext& context) {
  std::vector<StrayWrite> strays;
  strays.reserve(pass.changed.size());
  for (const auto& change : pass.changed) {
    TRY_ASSIGN(const auto page, baseline.read(change.page, context.page));
    strays.push_back({.t = context.t,
                      .since = context.since,
                      .change = change,
                      .tags = origins(around(page, change), context.seed),
                      .owner = owner_of(change, context.owners)});
  }
  return strays;
}

record::StrayLine as_record(const StrayWrite& stray) {
  record::StrayLine line{.t = stray.t,
                         .since = stray.since,
                         .page = record::Address{stray.change.page.value},
                         .bytes = stray.change.bytes,
                         .first = stray.change.first,
                         .last = stray.change.last,
                         .tags = {},
                         .owner = stray.owner.empty() ? std::nullopt : std::optional(stray.owner)};
  for (const auto& [tag, foreign] : stray.tags)
    line.tags.push_back({.device = printable(tag.device),  // guest memory may hold anything
                         .kind = record::to_string(tag.kind),
                         .sequence = tag.sequence,
                         .block = tag.block,
                         .foreign = foreign});
  return line;
}

}  // namespace quiesce::observe
