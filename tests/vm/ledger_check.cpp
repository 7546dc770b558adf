// SPDX-License-Identifier: GPL-2.0-or-later
// Holds what the watch found against the ledger of the device that wrote it: the same pages, the
// same bytes, the same order. A test's tool: prints "PASS name" or "FAIL name: reason" for each.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "harness/checks/attribution.hpp"
#include "harness/evidence/run.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace {

using namespace quiesce;

constexpr std::uint64_t page_size = 4096;
/// A model notes a write right after it made it; its line may be late by a scheduling delay.
constexpr double slack = 0.05;

struct Comparison {
  const evidence::Run& run;
  const evidence::Ledger& ledger;
  std::string device;
  /// That are the device's by their tags, or lie in the ring that its driver gave it: not by
  /// attribution, which believes the ledger.
  std::vector<const evidence::StrayPage*> strays;
  double from = 0;  ///< what the watch looked at
  double until = 0;

  bool watched(const evidence::LedgerWrite& write) const {
    return write.t > from + slack && write.t < until - slack;
  }
};

std::set<std::uint64_t> pages_of(const evidence::LedgerWrite& write) {
  std::set<std::uint64_t> pages;
  for (std::uint64_t at = write.address / page_size;
       at <= (write.address + write.bytes - 1) / page_size; ++at)
    pages.insert(at * page_size);
  return pages;
}

/// Every page that the ledger has, and no other.
std::string same_pages(const Comparison& all) {
  const auto missed = checks::missed_by_watch(all.run);
  if (const auto found = missed.find(all.device); found == missed.end() || found->second != 0)
    return fmt::format("the watch missed {} pages", found == missed.end() ? 0 : found->second);
  std::set<std::uint64_t> written;
  for (const auto& write : all.ledger.writes) written.merge(pages_of(write));
  for (const auto* stray : all.strays)
    if (!written.contains(stray->page.value))
      return fmt::format("page {:#x} is not in the ledger", stray->page.value);
  return all.strays.empty() ? "the watch found no page of the device" : "";
}

/// What changed lies within what the ledger has as written in that time, and its tags are those
/// whose bytes the ledger has the checksum of.
std::string same_bytes(const Comparison& all) {
  // A reset begins the numbers anew.
  std::multimap<std::uint64_t, const evidence::LedgerWrite*> by_sequence;
  for (const auto& write : all.ledger.writes) {
    if (!write.sequence || !write.tagged) continue;
    by_sequence.emplace(*write.sequence, &write);
    std::vector<std::byte> bytes(write.bytes);
    fill_tagged(bytes, {.kind = TagKind::device_write,
                        .device = all.device,
                        .sequence = *write.sequence,
                        .block = write.epoch,
                        .seed = all.run.plan.scenario.seed});
    const auto crc =
        ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    if (write.crc != crc) return fmt::format("item {} has another checksum", *write.sequence);
  }
  for (const auto* stray : all.strays) {
    const auto covers = [&](std::uint64_t at) {
      return std::ranges::any_of(all.ledger.writes, [&](const auto& write) {
        return write.t >= stray->since - slack && write.t <= stray->t + slack &&
               write.address <= at && at < write.address + write.bytes;
      });
    };
    for (const std::uint64_t at : {stray->first, stray->last})
      if (!covers(stray->page.value + at))
        return fmt::format("byte {:#x} changed by +{:.2f} s and no write of the ledger covers it",
                           stray->page.value + at, stray->t);
    for (const auto& origin : stray->tags) {
      if (origin.foreign || origin.tag.device != all.device) continue;
      const auto [begin, end] = by_sequence.equal_range(origin.tag.sequence);
      if (std::none_of(begin, end, [&](const auto& entry) {
            return entry.second->t <= stray->t + slack && entry.second->epoch == origin.tag.block &&
                   pages_of(*entry.second).contains(stray->page.value);
          }))
        return fmt::format("item {} was found in page {:#x}, where the ledger has it not",
                           origin.tag.sequence, stray->page.value);
    }
  }
  return "";
}

/// The newest item that each pass found is the ledger's newest of then, and later passes find later
/// items.
std::string same_order(const Comparison& all) {
  std::map<double, std::uint64_t> newest;  // end of a pass -> item
  for (const auto* stray : all.strays)
    for (const auto& origin : stray->tags)
      if (!origin.foreign && origin.tag.device == all.device)
        newest[stray->t] = std::max(newest[stray->t], origin.tag.sequence);
  std::uint64_t before = 0;
  for (const auto& found : newest) {
    const double t = found.first;
    const std::uint64_t item = found.second;
    if (item < before) return fmt::format("item {} was found after item {}", item, before);
    before = item;
    const auto written = std::ranges::find_if(all.ledger.writes, [&](const auto& write) {
      return write.sequence == item && write.t <= t + slack && write.t > all.from;
    });
    if (written == all.ledger.writes.end())
      return fmt::format("item {} was found at {:.2f} s and written later, or never", item, t);
  }
  double last = 0;
  for (const auto& write : all.ledger.writes) {
    if (write.t < last) return "the ledger's own order is not that of its times";
    last = write.t;
  }
  return "";
}

/// Where the agent had the device write in the production kernel.
std::pair<std::uint64_t, std::uint64_t> ring_of(const evidence::Run& run,
                                                const std::string& device) {
  for (const auto& activity : run.events<record::event::Activity>())
    if (activity.device == device && activity.ring)
      return {activity.ring->begin.value, activity.ring->end.value};
  return {0, 0};
}

Comparison compare(const evidence::Run& run, const std::string& device) {
  Comparison all{run, run.ledgers.at(device), device, {}, 0, 0};
  const auto ring = ring_of(run, device);
  for (const auto& stray : run.strays) {
    const bool tagged = std::ranges::any_of(stray.tags, [&](const auto& origin) {
      return !origin.foreign && origin.tag.device == device;
    });
    const std::uint64_t at = stray.page.value + stray.first;
    if (stray.owner.empty() && (tagged || (at >= ring.first && at < ring.second)))
      all.strays.push_back(&stray);
  }
  for (const auto& baseline : run.events<record::event::Baseline>()) all.from = baseline.t;
  for (const auto& pass : run.events<record::event::WatchPass>())
    all.until = std::max(all.until, pass.begin_t.value_or(pass.t));
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "Usage: ledger-check RUN_DIR DEVICE\n");
    return 2;
  }
  const auto run = evidence::open(argv[1]);
  if (!run || !run->ledgers.contains(argv[2])) {
    fmt::print("FAIL ledger-of-{}: {}\n", argv[2], run ? "there is none" : run.error().describe());
    return 1;
  }
  const Comparison all = compare(*run, argv[2]);
  const std::pair<const char*, std::string (*)(const Comparison&)> tests[] = {
      {"same-pages", same_pages}, {"same-bytes", same_bytes}, {"same-order", same_order}};
  bool good = true;
  for (const auto& [name, test] : tests) {
    const std::string wrong = test(all);
    good = good && wrong.empty();
    if (wrong.empty())
      fmt::print("PASS ledger-of-{}-{}\n", argv[2], name);
    else
      fmt::print("FAIL ledger-of-{}-{}: {}\n", argv[2], name, wrong);
  }
  return good ? 0 : 1;
}
