// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/lines.hpp"

#include <fmt/format.h>

#include "harness/checks/dma/decisive.hpp"
#include "harness/checks/dma/device.hpp"

namespace quiesce::checks {

using nlohmann::json;

namespace {

/// "12 by tag, 3 by ledger", with how sure that is where it is not certain.
std::string describe_by(const Tally& tally) {
  std::vector<std::string> words;
  for (const By how : {By::tag, By::ledger, By::ring, By::gating})
    if (const auto changes = tally.by.at(static_cast<std::size_t>(how)); changes > 0)
      words.push_back(fmt::format("{} by {} ({})", changes, to_string(how),
                                  how == By::ring || how == By::gating ? "likely" : "certain"));
  return list_words(words);
}

/// A device whose ledger would have the write.
bool denies(const evidence::Run& run, const std::string& device) {
  const auto ledger = run.ledgers.find(device);
  return ledger != run.ledgers.end() && ledger->second.timed && ledger->second.kept();
}

}  // namespace

json by_numbers(const Tally& tally) {
  json by = json::object();
  for (const By how : {By::tag, By::ledger, By::ring, By::gating, By::unknown})
    by[to_string(how)] = tally.by.at(static_cast<std::size_t>(how));
  return by;
}

std::string describe_writes(const Tally& tally, double handover) {
  if (tally.pages.size() == 0) return "no write after the handover is known to be its";
  std::string text =
      fmt::format("{} ({} bytes), +{:.2f} s to +{:.2f} s", count(tally.pages.size(), "page"),
                  tally.bytes, *tally.first - handover, *tally.last - handover);
  if (tally.late.size() > 0) text += fmt::format(", {} late", tally.late.size());
  if (tally.straddling.size() > 0)
    text += fmt::format(", {} within one pass of the deadline", tally.straddling.size());
  const std::string by = describe_by(tally);
  return by.empty() ? text : text + ", " + by;
}

void add_totals(CheckResult& result, const Strays& strays, const Deadline& deadline,
                double handover) {
  const Tally& all = strays.all;
  result.numbers.update({{"pages", all.pages.size()},
                         {"bytes", all.bytes},
                         {"pages_late", all.late.size()},
                         {"bytes_late", all.late_bytes},
                         {"pages_straddling", all.straddling.size()},
                         {"by", by_numbers(all)},
                         {"deadline", deadline.name},
                         {"deadline_s", deadline.t - handover}});
  if (all.first) result.numbers["first_s"] = *all.first - handover;
  if (all.last) result.numbers["last_s"] = *all.last - handover;
  const Attribution& who = strays.attribution;
  if (who.windows > 0)
    result.numbers["gating"] = {{"windows", who.windows}, {"stopped_s", who.stopped_s}};
  for (const auto& [device, odds] : who.gating)
    result.details.push_back(
        fmt::format("by gating, likely {}: pages that changed in {} of {} with its Bus Master on "
                    "and in 0 of {} with it off",
                    device, odds.on, count(odds.on, "window"), odds.off));
  for (const auto& [owner, pages] : strays.owned)
    result.details.push_back(
        fmt::format("{} of {}, which is no device", count(pages, "page"), owner));
}

std::string describe_untagged(const evidence::Run& run, const Tally& tally, double handover) {
  std::vector<std::string> candidates;
  for (const auto& device : run.plan.devices)
    if (does_dma(device) && !denies(run, device.name)) candidates.push_back(device.name);
  return fmt::format("writes without a tag: {}; {}", describe_writes(tally, handover),
                     candidates.empty()
                         ? "their writer is unknown, no busy device is a candidate"
                         : "their writer is unknown, candidates are the busy devices, "
                           "which are not told apart: " +
                               list_words(candidates));
}

void add_untagged_endings(CheckResult& result, const evidence::Run& run, const Story& story) {
  for (const auto& device : run.plan.devices) {
    if (!does_dma(device) || is_witness(run, device)) continue;
    const auto list = endings(run, device, *story.handover);
    const auto why = decisive(list, {}, story.end);
    result.details.push_back(
        fmt::format("{} at {}: its writes carry no tag; {}", device.name, to_string(device.address),
                    why ? tell(*why, list, {}, *story.handover) : "no ending is known"));
    auto& numbers = result.numbers["devices"][device.name];
    numbers = {{"tagged", false}, {"ended", why ? word(why->cause) : "unknown"}};
    if (why) numbers["ended_s"] = why->t - *story.handover;
  }
}

}  // namespace quiesce::checks
