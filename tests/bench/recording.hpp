// SPDX-License-Identifier: GPL-2.0-or-later
// What a run directory says about the time its run took, and about what it asked of the guest.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::bench {

/// Something that happened at `t` seconds: "hello production", "request kexec-load production",
/// "answer test nic0", "step window", "phase panic", "kernel capture" and so on.
struct Point {
  double t = 0;
  std::string name;
};

/// The name of a message between harness and agent; empty when it is of no interest.
std::string message_point(const std::string& kind, const std::string& role,
                          const nlohmann::json& payload, std::string& last_test);

/// When the first point of this name was.
std::optional<double> time_of(const std::vector<Point>& points, const std::string& name);

/// A stretch of a run, from one point to the next of those that were seen.
struct Part {
  std::string name;
  double seconds = 0;
};
std::vector<Part> parts(const std::vector<Point>& points);

/// Stretches that a bare run has, too. Empty ones were not seen.
struct Span {
  const char* name;
  const char* begin;
  const char* end;
};
const std::vector<Span>& spans();
std::optional<double> length_of(const Span& span, const std::vector<Point>& points);

/// A request as the run sent it.
struct Request {
  std::string role;
  std::string op;
  nlohmann::json parameters;
};

/// Requests that change nothing in the guest and are only there to look.
bool only_looks(const std::string& op);

struct Recording {
  scenario::RunPlan plan;
  std::vector<Request> requests;
  std::vector<Point> points;
  double run_s = 0;      ///< run.start to run.end
  double still_s = 0;    ///< of it, the machine was stopped
  double looking_s = 0;  ///< of it, the guest answered requests that only look
  double harness_cpu_s = 0;
  double qemu_cpu_s = 0;
  double pause_s = 0;  ///< the machine stood still at the handover
  double copy_s = 0;   ///< of it, for the baseline's copy
  double bytes = 0;    ///< of guest memory in use then
};

/// Fails when the run did not come to its end, or never reached the handover.
Result<Recording> read_recording(const std::filesystem::path& folder);

}  // namespace quiesce::bench
