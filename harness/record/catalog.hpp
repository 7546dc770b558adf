// SPDX-License-Identifier: GPL-2.0-or-later
// Every kind of record there is, by name: what documentation, damage tests and needs go through.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/fields.hpp"

namespace quiesce::record {

/// One kind of record, without its C++ type.
struct Kind {
  const char*
      where;         ///< the file: "timeline.ndjson"; of agent.ndjson also request, response, event
  const char* name;  ///< of the event or the op; empty when every line is of one kind
  const char* meaning;
  const Rows& (*rows)();
  /// The fields that are there and of another type, by key.
  Wrong (*wrong)(const Json& object);
};

/// Events of timeline.ndjson, in the order of a run.
std::span<const Kind> event_kinds();
/// Payloads of agent.ndjson.
std::span<const Kind> agent_kinds();
/// Lines of other files and JSON files.
std::span<const Kind> other_kinds();
/// nullptr for a name that is none.
const Kind* find_event(std::string_view name);

/// A file of the run directory.
struct FileRow {
  const char* name;
  const char* what;
  const char* writer;
};
std::span<const FileRow> files();

/// docs/run-directory.md.
std::string markdown();

}  // namespace quiesce::record
