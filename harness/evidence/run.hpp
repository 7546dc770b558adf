// SPDX-License-Identifier: GPL-2.0-or-later
// A run directory, read with suspicion: it may be foreign, cut off in the middle of a line, or
// damaged.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"
#include "harness/base/tag.hpp"
#include "harness/base/units.hpp"
#include "harness/evidence/ledger.hpp"
#include "harness/evidence/seal.hpp"
#include "harness/evidence/trace.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/lines.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::evidence {

/// One line of timeline.ndjson, as it is; Run::events() reads what one kind of event says.
struct Event {
  double t = 0;
  std::string name;
  nlohmann::json fields;
};

/// A record and its time on the timeline.
template <class R>
struct Timed : R {
  double t = 0;
};
/// What an agent was asked or said; `refused`: its answer is an error.
template <class R>
struct Told : R {
  double t = 0;
  bool refused = false;
};

/// One changed page in one pass of the stray-write watch.
struct StrayPage {
  double t = 0;
  double since = 0;
  GuestPhys page;
  std::uint64_t bytes = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  struct Origin {
    Tag tag;
    bool foreign = false;
  };
  std::vector<Origin> tags;
  std::string owner;  ///< a writer that is no device, or empty
};

struct PciFunction {
  PciAddress address;
  PciConfig config;
  std::string driver;  ///< empty: none, or not known (from outside)
};

struct PciSnapshot {
  std::string mark;
  double t = 0;
  std::vector<PciFunction> functions;
  const PciFunction* find(PciAddress address) const;
};

struct AgentMessage {
  double t = 0;
  std::string kind;  ///< "request", "response", "event"
  std::string role;  ///< "production" or "capture"
  nlohmann::json payload;
  std::string name;      ///< the op, or of an event its name
  bool refused = false;  ///< it has an error instead of an answer
};

/// One line of serial.log.
struct SerialLine {
  double t = 0;
  std::string text;
};

/// Everything that a run left behind. What is missing is empty; `damage` says what could not be
/// read.
struct Run {
  std::filesystem::path folder;
  scenario::RunPlan plan;
  record::QemuFile qemu;
  std::vector<Event> timeline;
  std::vector<StrayPage> strays;
  Trace trace;
  std::map<std::string, PciSnapshot> pci;  ///< by mark; "-agent" suffix for libpci's view
  std::vector<AgentMessage> agent;
  std::vector<SerialLine> serial;
  std::map<std::string, std::vector<std::string>> screens;  ///< name -> lines of screen/NAME.txt
  std::map<std::string, record::ScreenTruth> screen_truth;  ///< role -> screen/vcs-ROLE.json
  std::map<std::string, Ledger> ledgers;                    ///< by device
  std::map<std::string, std::string> sounds;                ///< by device; "": of all of them
  record::Inventory inventory;                              ///< every file that is there
  Seal seal;
  std::vector<std::string> damage;  ///< one sentence each, "FILE: what"

  /// What is damaged of a file, or of all files whose names so begin when it ends with "/" or "-".
  std::vector<std::string> damage_of(const std::string& file) const;
  bool has_file(const std::string& name) const { return inventory.count(name) > 0; }
  /// What the device played, or empty. Older runs have one file for all sound cards.
  const std::string& sound_of(const std::string& device) const;
  /// The name of that file, there or not.
  std::string sound_file_of(const std::string& device) const;

  /// Time of a mark, nullopt when it was not reached.
  std::optional<double> mark(const std::string& name) const;
  /// The events of one kind (record::event::*).
  template <record::Record R>
  std::vector<Timed<R>> events() const {
    std::vector<Timed<R>> found;
    for (const Event& event : timeline)
      if (event.name == R::name) {
        record::read_into(event.fields, static_cast<R&>(found.emplace_back()));
        found.back().t = event.t;
      }
    return found;
  }
  /// Requests, responses or events of one kind (record::request, answer, said) of one agent.
  template <record::Record R>
  std::vector<Told<R>> said(const std::string& role) const {
    std::vector<Told<R>> found;
    for (const AgentMessage& message : agent) {
      if (message.role != role || message.kind != R::kind || message.name != R::name) continue;
      record::read_into(message.payload, static_cast<R&>(found.emplace_back()));
      found.back().t = message.t;
      found.back().refused = message.refused;
    }
    return found;
  }
  /// The last of them.
  template <record::Record R>
  std::optional<Told<R>> last_said(const std::string& role) const {
    auto found = said<R>(role);
    return found.empty() ? std::nullopt : std::optional(std::move(found.back()));
  }
};

/// Fails with invalid_input when there is no run directory, no plan, or a newer format.
/// `just_sealed`: the digest of the manifest that the run wrote a moment ago; else the one that
/// result.json carries counts.
Result<Run> open(const std::filesystem::path& folder,
                 const std::optional<std::string>& just_sealed = std::nullopt);

}  // namespace quiesce::evidence
