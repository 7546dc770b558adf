// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/attribution.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

constexpr std::uint64_t page_size = 4096;
/// A model notes a write after it made it, and its line can be late by a scheduling delay.
constexpr double slack = 0.05;
/// It is never early; but the two clocks are compared once, at the run's start.
constexpr double clock_slack = 0.005;

std::uint64_t page_of(std::uint64_t address) {
  return address & ~(page_size - 1);
}

/// A write of a ledger in one page.
struct Claim {
  std::uint64_t page = 0;
  double t = 0;
  std::uint64_t first = 0;  ///< bytes of the page, both included
  std::uint64_t last = 0;
  const std::string* device = nullptr;
};

bool before(const Claim& a, const Claim& b) {
  return std::tie(a.page, a.t) < std::tie(b.page, b.t);
}

/// The pages that changed, sorted, each once.
std::vector<std::uint64_t> stray_pages(const evidence::Run& run) {
  std::vector<std::uint64_t> pages;
  for (const auto& stray : run.strays) pages.push_back(page_of(stray.page.value));
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  return pages;
}

/// All writes of all ledgers into the pages that changed, by page and time. A device writes
/// millions of times where nothing is stray.
std::vector<Claim> claims_of(const evidence::Run& run) {
  const auto pages = stray_pages(run);
  std::vector<Claim> claims;
  for (const auto& [device, ledger] : run.ledgers) {
    if (!ledger.timed) continue;
    for (const auto& write : ledger.writes) {
      const std::uint64_t end = write.address + (write.bytes - 1);
      for (auto page = std::lower_bound(pages.begin(), pages.end(), page_of(write.address));
           page != pages.end() && *page <= end; ++page)
        claims.push_back({*page, write.t, std::max(write.address, *page) - *page,
                          std::min(end, *page + (page_size - 1)) - *page, &device});
    }
  }
  std::sort(claims.begin(), claims.end(), before);
  return claims;
}

std::vector<std::string> claimed_by(const std::vector<Claim>& claims,
                                    const evidence::StrayPage& stray) {
  std::set<std::string> devices;
  const Claim from{page_of(stray.page.value), stray.since - clock_slack, 0, 0, nullptr};
  for (auto at = std::lower_bound(claims.begin(), claims.end(), from, before);
       at != claims.end() && at->page == from.page && at->t <= stray.t + slack; ++at)
    if (at->first <= stray.last && at->last >= stray.first) devices.insert(*at->device);
  return {devices.begin(), devices.end()};
}

std::vector<std::string> tagged_by(const evidence::StrayPage& stray) {
  std::set<std::string> devices;
  for (const auto& origin : stray.tags)
    if (!origin.foreign) devices.insert(origin.tag.device);
  return {devices.begin(), devices.end()};
}

bool keeps_ledger(const evidence::Run& run, const std::string& device) {
  const auto ledger = run.ledgers.find(device);
  return ledger != run.ledgers.end() && ledger->second.timed && ledger->second.kept();
}

/// A tag may lie in the page since an earlier write, beside what somebody else changes now: when a
/// ledger claims the change, the tag of a device whose own ledger does not is an old one. Whoever
/// else claims it wrote as well.
std::vector<std::string> named_by(const evidence::Run& run, const std::vector<std::string>& tagged,
                                  const std::vector<std::string>& claimed) {
  std::set<std::string> devices(claimed.begin(), claimed.end());
  for (const std::string& device : tagged)
    if (claimed.empty() || !keeps_ledger(run, device)) devices.insert(device);
  return {devices.begin(), devices.end()};
}

/// The gating experiment, and what it says of a page.
class Gates {
 public:
  explicit Gates(std::vector<evidence::GateWindow> windows) {
    for (auto& window : windows)
      if (window.had_bus_master) windows_.push_back(std::move(window));
    for (const auto& window : windows_)
      if (!window.off.empty()) devices_.insert(window.off);
  }

  std::optional<GateOdds> fits(std::uint64_t page, const std::string& device) const {
    GateOdds odds;
    bool on_last = false;
    for (const auto& window : windows_) {
      const bool changed = std::binary_search(window.pages.begin(), window.pages.end(), page);
      const bool off = window.off == device;
      if (off == changed) return std::nullopt;
      if (off && odds.on == 0) return std::nullopt;
      ++(off ? odds.off : odds.on);
      on_last = !off;
    }
    return on_last && odds.off > 0 ? std::optional(odds) : std::nullopt;
  }

  /// The one device that fits, or nothing.
  std::optional<std::pair<std::string, GateOdds>> writer(std::uint64_t page) const {
    std::optional<std::pair<std::string, GateOdds>> found;
    for (const std::string& device : devices_) {
      const auto odds = fits(page, device);
      if (!odds) continue;
      if (found) return std::nullopt;
      found.emplace(device, *odds);
    }
    return found;
  }

 private:
  std::vector<evidence::GateWindow> windows_;
  std::set<std::string> devices_;
};

/// By tag and by ledger; nullopt when neither says anything. By tag, when any tag counts.
std::optional<Attributed> name_writers(const evidence::Run& run, const std::vector<Claim>& claims,
                                       const evidence::StrayPage& stray) {
  const auto tagged = tagged_by(stray);
  Attributed one{By::ledger, named_by(run, tagged, claimed_by(claims, stray))};
  if (one.devices.empty()) return std::nullopt;
  for (const std::string& device : tagged)
    if (std::binary_search(one.devices.begin(), one.devices.end(), device)) one.by = By::tag;
  return one;
}

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Memory that a device's own registers named as that of its descriptors when the old kernel left.
struct DescriptorRing {
  std::string device;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::vector<DescriptorRing> rings_of(const evidence::Run& run) {
  std::vector<DescriptorRing> rings;
  for (const auto& ring : run.events<record::event::Ring>())
    if (const auto& range = ring.descriptors;
        ring.at == record::mark::handover && range && range->begin < range->end)
      rings.push_back({ring.device, range->begin, range->end});
  return rings;
}

/// The one ring that holds all that changed, or nullptr.
const DescriptorRing* ring_around(const std::vector<DescriptorRing>& rings,
                                  const evidence::StrayPage& stray) {
  const DescriptorRing* found = nullptr;
  for (const auto& ring : rings) {
    if (stray.page.value + stray.first < ring.begin || stray.page.value + stray.last >= ring.end)
      continue;
    if (found != nullptr) return nullptr;
    found = &ring;
  }
  return found;
}

/// The ranges that the watch does not look at: they belong to the capture kernel.
Ranges excluded_ranges(const record::event::Baseline& baseline) {
  Ranges ranges;
  for (const auto& range : baseline.excluded) ranges.emplace_back(range.begin, range.end);
  return ranges;
}

/// Whether the page touches a range: the watch leaves out whole pages.
bool touches(const Ranges& ranges, std::uint64_t page) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return range.first <= page + (page_size - 1) && range.second > page;
  });
}

/// The pages that the watch saw change, by page and time.
struct Seen {
  std::uint64_t page;
  double since;
  double t;
};

bool was_seen(const std::vector<Seen>& seen, std::uint64_t page, double t) {
  auto at = std::lower_bound(seen.begin(), seen.end(), page,
                             [](const Seen& one, std::uint64_t value) { return one.page < value; });
  for (; at != seen.end() && at->page == page; ++at)
    if (at->since - slack <= t && t <= at->t + slack) return true;
  return false;
}

/// What the watch looked at: from the baseline to the begin of the last pass.
struct Watched {
  double from = 0;
  double until = 0;
  Ranges excluded;
};

std::optional<Watched> watched_by(const evidence::Run& run) {
  const auto baselines = run.events<record::event::Baseline>();
  const auto passes = run.events<record::event::WatchPass>();
  const auto handover = run.mark(record::mark::handover);
  if (baselines.empty() || passes.empty() || !handover) return std::nullopt;
  const auto& baseline = baselines.back();
  if (baseline.t < *handover) return std::nullopt;
  Watched watched{baseline.t, 0, excluded_ranges(baseline)};
  for (const auto& pass : passes)
    watched.until = std::max(watched.until, pass.begin_t.value_or(pass.t));
  return watched;
}

std::uint64_t missed_of(const evidence::Ledger& ledger, const Watched& watched,
                        const std::vector<Seen>& seen) {
  // What was written last at an address: bytes and their CRC.
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> there;
  std::set<std::uint64_t> missed;
  for (const auto& write : ledger.writes) {
    const auto last = there.find(write.address);
    const std::pair now{write.bytes, write.crc.value_or(0)};
    const bool same = write.crc && last != there.end() && last->second == now;
    if (write.crc)
      there[write.address] = now;
    else
      there.erase(write.address);
    if (same || write.t <= watched.from + slack || write.t >= watched.until - slack) continue;
    const std::uint64_t end = page_of(write.address + (write.bytes - 1));
    for (std::uint64_t page = page_of(write.address);; page += page_size) {
      if (!touches(watched.excluded, page) && !was_seen(seen, page, write.t)) missed.insert(page);
      if (page == end) break;
    }
  }
  return missed.size();
}

}  // namespace

const char* to_string(By by) {
  constexpr std::array<const char*, by_count> words{"tag",    "ledger", "ring",
                                                    "gating", "owner",  "unknown"};
  return words.at(static_cast<std::size_t>(by));
}

Attribution attribute(const evidence::Run& run) {
  Attribution attribution;
  const auto claims = claims_of(run);
  const auto windows = evidence::gate_windows(run);
  attribution.windows = windows.size();
  for (const auto& window : windows) attribution.stopped_s += window.stopped_s;
  const Gates gates(windows);
  const auto rings = rings_of(run);
  for (const auto& stray : run.strays) {
    Attributed one;
    if (!stray.owner.empty()) {
      one.by = By::owner;
    } else if (auto named = name_writers(run, claims, stray)) {
      one = *std::move(named);
    } else if (const auto* ring = ring_around(rings, stray)) {
      one = {By::ring, {ring->device}};
    } else if (const auto writer = gates.writer(page_of(stray.page.value))) {
      one = {By::gating, {writer->first}};
      attribution.gating[writer->first] = writer->second;
    }
    attribution.strays.push_back(std::move(one));
  }
  return attribution;
}

std::map<std::string, std::uint64_t> missed_by_watch(const evidence::Run& run) {
  std::map<std::string, std::uint64_t> missed;
  const auto watched = watched_by(run);
  if (!watched) return missed;
  std::vector<Seen> seen;
  for (const auto& stray : run.strays)
    seen.push_back({page_of(stray.page.value), stray.since, stray.t});
  std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.page, a.t) < std::tie(b.page, b.t);
  });
  for (const auto& [device, ledger] : run.ledgers)
    if (ledger.timed && ledger.kept()) missed[device] = missed_of(ledger, *watched, seen);
  return missed;
}

}  // namespace quiesce::checks
