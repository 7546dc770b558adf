// SPDX-License-Identifier: GPL-2.0-or-later
// The files of a run directory from their texts. Pure: the fuzzers and the tests need no folder.
// Nothing here fails: what cannot be read is left out and becomes one sentence a file in `damage`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/run.hpp"
#include "harness/evidence/stream.hpp"

namespace quiesce::evidence {

/// A line without a number "t" or a text "event" counts as damaged.
std::vector<Event> parse_timeline(std::string_view text, Damage& damage);
std::vector<StrayPage> parse_strays(std::string_view text, Damage& damage);
std::vector<AgentMessage> parse_agent(std::string_view text, Damage& damage);
/// Made printable; a line without the "[seconds] " prefix takes the time of the line before.
std::vector<SerialLine> parse_serial(std::string_view text);
/// Whether the records of the run are numbered: those of every program that writes down which plan
/// it began with.
bool is_numbered(const std::vector<Event>& timeline);

/// `realtime` and `plan` as in TraceReader.
Trace parse_trace(std::string_view text, double realtime, const scenario::RunPlan& plan);
/// `name` is the file's name without ".json"; functions without an address or with damaged bytes
/// are left out.
PciSnapshot parse_pci(std::string_view text, const std::string& name, Damage& damage);
/// Lines of a text, without their line ends.
std::vector<std::string> parse_lines(std::string_view text);

/// The texts of a run directory by their names in it ("pci/handover.json").
using Texts = std::map<std::string, std::string>;

/// What there is beside the texts, and how the run was sealed.
struct Surroundings {
  /// Every file of the folder, those that have a text here included.
  record::Inventory inventory;
  /// The digest of the manifest of a run that just ended; its result.json is not written yet.
  std::optional<std::string> just_sealed;
};

/// Errors as in open(), which reads the texts from a folder. Alone, the texts are the whole folder.
Result<Run> assemble(const Texts& texts);
Result<Run> assemble(const Texts& texts, const Surroundings& around);

}  // namespace quiesce::evidence
