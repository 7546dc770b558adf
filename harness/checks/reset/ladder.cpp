// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/ladder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"

namespace quiesce::checks {

namespace {

using Dma = Rung::Dma;
using nlohmann::json;

/// The function test after the drivers have loaded.
std::optional<bool> tested_after(const evidence::Run& run, const Rung& last) {
  std::optional<bool> works;
  for (const auto& test : run.events<record::event::TestResult>())
    if (test.t >= last.settled && test.device == last.device) works = test.ok;
  return works;
}

/// In the production kernel a device works when it goes on with what keeps it busy: the control
/// comes after all actions.
std::optional<bool> busy_again(const evidence::Run& run, const scenario::PlannedDevice& device,
                               const Rung& last) {
  std::optional<bool> works;
  for (const auto& control : run.events<record::event::Control>())
    if (control.t >= last.settled && control.device == device.name && device.profile.writes_tagged)
      works = control.tagged_pages > 0;
  if (works) return works;
  std::uint64_t operations = 0;
  for (const auto& activity : run.events<record::event::Activity>()) {
    if (activity.device != device.name) continue;
    const std::uint64_t now = activity.operations.value_or(0);
    if (activity.t >= last.settled && activity.state == "failed") works = false;
    if (activity.t >= last.settled && now > operations) works = true;
    operations = std::max(operations, now);
  }
  return works;
}

std::optional<bool> works_at_last(const evidence::Run& run, const scenario::PlannedDevice& device,
                                  const Ladder& ladder) {
  const Rung& last = ladder.rungs.back();
  if (ladder.at == at_production) {
    const auto busy = busy_again(run, device, last);
    return busy ? busy : last.works;
  }
  return last.works ? last.works : tested_after(run, last);
}

bool climbed(const evidence::Run& run, const std::string& device, const std::string& at) {
  for (const auto& action : run.events<record::event::ResetAction>())
    if (action.device == device && action.at == at && action.climb == true)
      return at == at_capture;  // only there a rung leaves devices out
  return false;
}

json or_null(const std::optional<double>& value) {
  return value ? json(*value) : json();
}

json numbers_of(const Rung& rung, double zero) {
  json numbers{{"number", rung.number},
               {"do", rung.action},
               {"method", rung.method},
               {"began_s", rung.began - zero},
               {"outcome", to_string(rung.outcome)},
               {"ok", rung.outcome == Rung::Ran::done},
               {"dma", to_string(rung.dma)},
               {"stopped", rung.dma == Dma::stopped},
               {"stopped_after_ms", nullptr},
               {"ready_ms", or_null(rung.ready_ms)},
               {"works", rung.works ? json(*rung.works) : json()},
               {"trace", json::array()},
               {"ledger", rung.ledger},
               {"error", rung.error}};
  for (const Ending& ending : rung.trace) numbers["trace"].push_back(word(ending.cause));
  if (rung.dma == Dma::stopped) {
    numbers["stopped_after_ms"] = or_null(rung.last_at_most_ms);
    numbers["stopped_after_at_least_ms"] = or_null(rung.last_at_least_ms);
  }
  if (rung.defaults) numbers["defaults"] = *rung.defaults;
  if (rung.restored) numbers["restored"] = *rung.restored;
  return numbers;
}

std::string words_of(const std::optional<bool>& value, const char* yes, const char* no) {
  if (!value) return "-";
  return *value ? yes : no;
}

/// "120 ms", "within 120 ms" where only a pass is known.
std::string last_write(const Rung& rung) {
  if (rung.dma != Dma::stopped || !rung.last_at_most_ms) return "-";
  const bool exact = rung.last_at_least_ms == rung.last_at_most_ms;
  return fmt::format("{}{:.0f} ms", exact ? "" : "within ", *rung.last_at_most_ms);
}

using Row = std::vector<std::string>;

Row row_of(const Ladder& ladder, const Rung& rung, double zero) {
  std::string ready = "-";
  if (rung.outcome == Rung::Ran::lost) ready = "never";
  if (rung.ready_ms) ready = fmt::format("{:.0f} ms", *rung.ready_ms);
  return {rung.device,
          ladder.at == at_production ? "production" : "capture",
          rung.what(),
          fmt::format("{:+.2f} s", rung.began - zero),
          to_string(rung.outcome),
          to_string(rung.dma),
          last_write(rung),
          ready,
          words_of(rung.defaults, "reset", "kept"),
          words_of(rung.restored, "restored", "lost"),
          words_of(rung.works, "yes", "no")};
}

std::vector<std::string> aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

const Rung* Ladder::stopped_by() const {
  for (const Rung& rung : rungs)
    if (rung.dma == Dma::stopped) return &rung;
  return nullptr;
}

const Rung* Ladder::brought_back_by() const {
  for (const Rung& rung : rungs) {
    const bool at_last = &rung == &rungs.back() && works == true;
    const bool still = rung.dma == Dma::writing || rung.dma == Dma::unknown;
    if (rung.does_something() && rung.outcome == Rung::Ran::done && !still &&
        (rung.works == true || at_last))
      return &rung;
  }
  return nullptr;
}

bool Ladder::any(Rung::Dma dma) const {
  return std::any_of(rungs.begin(), rungs.end(), [&](const Rung& rung) { return rung.dma == dma; });
}

bool Ladder::was_seen_writing() const {
  return std::any_of(rungs.begin(), rungs.end(),
                     [](const Rung& rung) { return rung.was_seen_writing(); });
}

std::vector<Ladder> ladders_of(const evidence::Run& run, const Attribution& who) {
  std::vector<Ladder> ladders;
  for (const char* at : {at_production, at_capture})
    for (const auto& device : run.plan.devices) {
      Ladder ladder{device.name, at, climbed(run, device.name, at), rungs_of(run, device, at, who),
                    std::nullopt};
      if (ladder.rungs.empty()) continue;
      ladder.works = works_at_last(run, device, ladder);
      ladders.push_back(std::move(ladder));
    }
  return ladders;
}

json numbers_of(const Ladder& ladder, double zero) {
  const auto name = [](const Rung* rung) { return rung != nullptr ? json(rung->what()) : json(); };
  json numbers{{"device", ladder.device},
               {"at", ladder.at},
               {"rungs", json::array()},
               {"stopped_by", name(ladder.stopped_by())},
               {"brought_back_by", name(ladder.brought_back_by())},
               {"works", ladder.works ? json(*ladder.works) : json()}};
  for (const Rung& rung : ladder.rungs) numbers["rungs"].push_back(numbers_of(rung, zero));
  return numbers;
}

std::vector<std::string> table_of(const std::vector<Ladder>& ladders, double zero) {
  std::vector<Row> rows{{"device", "kernel", "action", "begun", "outcome", "DMA", "last write",
                         "ready", "registers", "config", "works"}};
  for (const Ladder& ladder : ladders)
    for (const Rung& rung : ladder.rungs) rows.push_back(row_of(ladder, rung, zero));
  return aligned(rows);
}

std::string summary_of(const Ladder& ladder) {
  std::string text = ladder.device + ": ";
  const Rung* stopped = ladder.stopped_by();
  const Rung* back = ladder.brought_back_by();
  if (ladder.at == at_production)
    return text + (ladder.works == true    ? "it works on in the production kernel"
                   : ladder.works == false ? "it does not work on in the production kernel"
                                           : "whether it works on in the production kernel is not "
                                             "known");
  if (stopped != nullptr)
    text += "stopped by " + stopped->what();
  else
    text += ladder.any(Dma::writing) ? "stopped by nothing that was tried"
                                     : "not seen to be stopped by anything";
  if (stopped != nullptr && stopped->last_at_most_ms)
    text += ", its last write " + last_write(*stopped) + " after it began";
  if (back != nullptr) return text + "; brought back by " + back->what();
  return text + (ladder.works == true    ? "; it works"
                 : ladder.works == false ? "; it does not work"
                                         : "; whether it works is not known");
}

}  // namespace quiesce::checks
