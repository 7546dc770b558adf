// SPDX-License-Identifier: GPL-2.0-or-later
// What an activity or a test works on, and how it tells what it has done.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "harness/base/clock.hpp"
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// The device of a request. `seed` is that of the run's tags.
struct Subject {
  std::string device;
  PciAddress address;
  std::string kind;
  std::uint32_t seed = 1;
  Seconds patience{60};  ///< for its node to appear
};
Result<Subject> read_subject(const Request& request);

/// Counters that the worker raises and others read.
struct Progress {
  std::atomic<std::uint64_t> operations = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> errors = 0;

  /// The last thing worth saying; empty when all is well.
  void say(const std::string& text);
  std::string message() const;

 private:
  mutable std::mutex mutex_;
  std::string message_;
};

/// An activity whose node is open, ready to run. `run` returns when stopped, or with the error that
/// ended it.
struct Work {
  std::string node;
  std::function<Result<void>(std::stop_token stop, Progress& progress)> run;
  Json facts = Json::object();  ///< what the answer to activity-start holds beside the node
};

/// Holds a loop to so many turns a second. Time that a slow turn took is not made up for in a
/// burst.
class Pace {
 public:
  /// 0: as fast as it goes.
  explicit Pace(double per_second);
  /// Waits for the next turn; false when stopped.
  bool next(const std::stop_token& stop);

 private:
  Seconds period_;
  TimePoint due_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
};

/// What a test found.
struct Outcome {
  /// Why the device does not work: timeout, when something came too late or not at all, and nothing
  /// of what came was wrong. nullopt: it works.
  std::optional<Errc> why;
  bool ok() const { return !why; }
  std::string detail;
  Json numbers = Json::object();
};

inline std::optional<Errc> why_not(bool works, Errc otherwise) {
  return works ? std::nullopt : std::optional(otherwise);
}

/// The function of an activity (kinds.cpp), or nullptr.
using Prepare = Result<Work> (*)(const Subject&, const Request&);
Prepare find_activity(std::string_view name);
/// The same of a function test.
using RunTest = Result<Outcome> (*)(const Subject&, const Request&);
RunTest find_test(std::string_view name);

/// The answer to `test`.
Result<Json> run_test(const Request& request);

}  // namespace quiesce::agent
