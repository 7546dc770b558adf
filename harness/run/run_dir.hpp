// SPDX-License-Identifier: GPL-2.0-or-later
// Writing a run directory: appended and flushed at once, so that a killed run still tells its
// story.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/clock.hpp"
#include "harness/base/fd.hpp"
#include "harness/base/result.hpp"
#include "harness/record/fields.hpp"

namespace quiesce::run {

class RunDir {
 public:
  /// Creates the folder, or takes it when it is empty. invalid_input when it holds something, is no
  /// folder, cannot be written to, or has a name that is no text (QEMU gets it as JSON).
  static Result<RunDir> create(const std::filesystem::path& folder, Clock& clock);

  const std::filesystem::path& path() const { return path_; }
  /// Seconds since run.start.
  double now() const { return (clock_->now() - start_).count(); }

  /// A line of timeline.ndjson: one of record::event::*; "t" and "event" are added. Lines of
  /// .ndjson files are numbered and carry a checksum (record/line.hpp).
  template <record::Record R>
  void event(const R& record) {
    event(R::name, record::as_json(record));
  }
  void event(const char* name, nlohmann::json fields = nlohmann::json::object());
  /// A line of any other .ndjson file.
  void append_json(const char* file, const nlohmann::json& line);
  void append(const char* file, std::string_view text);
  /// A whole file, written once. The name may contain a folder that exists.
  void write(const std::string& file, std::string_view text);

  /// Length in bytes of each file that is there, but the timeline: for run.end, so that what is cut
  /// or gone shows without the seal too.
  nlohmann::json lengths() const;
  /// Writes manifest.json over every file that is there. When nothing more will be written; also
  /// after a failure, as far as there is space.
  Result<void> seal() const;

  /// The first write that failed; everything after it was dropped, and of the failed line nothing
  /// stays. A run ends when this is set.
  const std::optional<Error>& failed() const { return failed_; }

 private:
  RunDir(std::filesystem::path path, Clock& clock)
      : path_(std::move(path)), clock_(&clock), start_(clock.now()) {}
  void note(const Result<void>& written);
  struct Open {
    Fd fd;
    std::uint64_t size = 0;     ///< whole lines only
    std::uint64_t records = 0;  ///< numbered lines
  };
  /// The file to append to, opened when it was not; nullptr after a failure.
  Open* opened(const char* file);
  void append_to(Open& open, std::string_view text);

  std::filesystem::path path_;
  Clock* clock_;
  TimePoint start_;
  std::map<std::string, Open> open_;
  std::optional<Error> failed_;
};

}  // namespace quiesce::run
