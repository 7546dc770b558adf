// SPDX-License-Identifier: GPL-2.0-or-later
// The large files of a run directory, each taken in one pass as its bytes come: none is held whole.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/run.hpp"
#include "harness/evidence/sequence.hpp"

namespace quiesce::evidence {

using Damage = std::vector<std::string>;

/// Cuts bytes that come in pieces into lines. A line feed ends a line, carriage returns before it
/// go; `whole` is false for what is left at the end without one.
class LineCutter {
 public:
  using Take = std::function<void(std::string_view line, bool whole)>;
  explicit LineCutter(Take take) : take_(std::move(take)) {}
  void feed(std::string_view bytes);
  void end();

 private:
  void give(std::string_view line, bool whole);

  Take take_;
  std::string rest_;
};

/// Calls `take` for each line of a text.
void each_line(std::string_view text, const LineCutter::Take& take);

/// Collects the objects of an .ndjson that `make(object) -> optional<Item>` accepts, and says what
/// was lost.
template <class Item>
class Ndjson {
 public:
  using Make = std::optional<Item> (*)(const nlohmann::json& object);
  Ndjson(std::string file, Make make) : file_(std::move(file)), make_(make) {}

  void take(std::string_view line, bool whole);
  std::vector<Item> done(Damage& damage);
  /// There are lines, and none carries a number.
  bool is_bare() const { return sequence_.bare(); }

 private:
  std::string file_;
  Make make_;
  std::vector<Item> items_;
  std::size_t lines_ = 0;
  std::size_t bad_ = 0;
  std::size_t first_bad_ = 0;
  bool cut_ = false;
  Sequence sequence_;
};

/// Readers of the kinds that there are.
Ndjson<Event> timeline_reader();
Ndjson<StrayPage> stray_reader();
Ndjson<AgentMessage> agent_reader();

/// serial.log: made printable; a line without the "[seconds] " prefix takes the time of the line
/// before.
class SerialReader {
 public:
  void take(std::string_view line, bool whole);
  /// The harness writes whole lines.
  bool cut() const { return cut_; }
  std::vector<SerialLine> done() { return std::move(lines_); }

 private:
  std::vector<SerialLine> lines_;
  double t_ = 0;
  bool cut_ = false;
};

/// All of them.
class Streams {
 public:
  /// `realtime` as in TraceReader.
  Streams(const scenario::RunPlan& plan, double realtime);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  /// Whether the file is one of them.
  static bool has(const std::string& name);

  void feed(const std::string& name, std::string_view bytes) { cutters_.at(name).feed(bytes); }
  /// Ends the files, and puts what they said into the run, whose timeline is there already.
  void done(Run& run);
  bool serial_cut() const { return serial_.cut(); }

 private:
  Ndjson<StrayPage> strays_;
  Ndjson<AgentMessage> agent_;
  SerialReader serial_;
  TraceReader trace_;
  std::map<std::string, LineCutter> cutters_;
};

}  // namespace quiesce::evidence
