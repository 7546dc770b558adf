// SPDX-License-Identifier: GPL-2.0-or-later
// Events of timeline.ndjson that tell how the run went: its begin and end, phases, marks, steps.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record::event {

/// The keys that every line of the timeline has beside the fields of its event.
struct Head {
  std::optional<double> t;
  std::string event;
  static Rows fields() {
    return table(field("t", &Head::t, "s", "since `run.start`, on the host's monotonic clock"),
                 field("event", &Head::event, "", "which event it is"));
  }
};

struct RunStart {
  static constexpr const char* name = "run.start";
  static constexpr const char* meaning = "the first line";
  std::optional<double> realtime;
  std::optional<double> monotonic;
  std::optional<int> format;
  std::optional<std::string> plan;
  std::string version;
  std::optional<std::vector<std::string>> command;
  std::optional<std::string> directory;
  static Rows fields() {
    return table(
        field("realtime", &RunStart::realtime, "s",
              "since the epoch at `t` = 0: `trace.log`'s clock"),
        field(
            "monotonic", &RunStart::monotonic, "s",
            "what CLOCK_MONOTONIC showed at `t` = 0; without it the times of ledgers mean nothing"),
        maybe("format", &RunStart::format, "", "of the run directory"),
        maybe("plan", &RunStart::plan, "", "SHA-256 of plan.json"),
        field("version", &RunStart::version, "", "of the harness"),
        maybe("command", &RunStart::command, "",
              "words that repeat this one run, shown of a run that did not pass; not needed for "
              "judging"),
        maybe("directory", &RunStart::directory, "",
              "that relative paths in `command` start from"));
  }
};

struct RunEnd {
  static constexpr const char* name = "run.end";
  static constexpr const char* meaning =
      "the last line; a directory without it is a harness that was killed";
  std::string reason;
  std::optional<Json> files;
  static Rows fields() {
    return table(
        field(
            "reason", &RunEnd::reason, "",
            "`finished`, also when the guest missed a deadline: that is the kernel's failure and "
            "the "
            "checks name it; `error` only when the harness, QEMU or the host is at fault, with an "
            "`error` event before it; `interrupted`"),
        maybe("files", &RunEnd::files, "bytes",
              "the length of each file but the timeline, by its name"));
  }
};

struct Target {
  static constexpr const char* name = "target";
  static constexpr const char* meaning =
      "the machine is there; a check that needs what it cannot do is inconclusive and says so";
  std::string kind;
  std::vector<std::string> can;
  std::vector<std::string> cannot;
  static Rows fields() {
    return table(
        field("kind", &Target::kind, "", "`qemu`, `serial`"),
        field("can", &Target::can, "",
              "what it can do beside its serial lines: `stop` (at "
              "machine_kexec and when asked to), `registers`, `read-memory`, `watch-memory`, "
              "`configuration`, `trace`, `keys`, `screen`, `nmi`, `bus-errors`, `frames`"),
        field("cannot", &Target::cannot, "", "the rest of these words"));
  }
};

struct PhaseBegin {
  static constexpr const char* name = "phase.begin";
  static constexpr const char* meaning =
      "a phase begins; `panic`: the panic is asked for now, and without it, and without a "
      "`serial.line` of `what` `panic`, no panic happened";
  std::string phase;
  static Rows fields() {
    return table(field("phase", &PhaseBegin::phase, "",
                       "`boot`, `arm`, `panic`, `handover`, `capture`, `collect`"));
  }
};

struct PhaseEnd {
  static constexpr const char* name = "phase.end";
  static constexpr const char* meaning = "the next phase begins";
  std::string phase;
  static Rows fields() {
    return table(field("phase", &PhaseEnd::phase, "", "the one that is over"));
  }
};

struct Mark {
  static constexpr const char* name = "mark";
  static constexpr const char* meaning =
      "a point of the run, written while the machine stands still, beside a pass of the watch, so "
      "that no pass has it in its middle";
  std::string mark;
  static Rows fields() {
    return table(field(
        "name", &Mark::mark, "",
        "`production`: ready to crash, and a run that ends without it, without a panic and without "
        "a handover is an `error`, never a failed kernel; `handover`; `capture-entry`; `drivers`; "
        "`tests`; `closing`: a second or more before the end, what `\"deadline\": \"end\"` asks "
        "about; `capture-end`"));
  }
};

struct Step {
  static constexpr const char* name = "step";
  static constexpr const char* meaning = "a step of the capture side begins";
  std::string step;
  static Rows fields() {
    return table(field("name", &Step::step, "",
                       "`entry`, `window`, `gate`, `actions`, `drivers`, `tests`, `consoles`, "
                       "`end`"));
  }
};

struct CaptureStuck {
  static constexpr const char* name = "capture.stuck";
  static constexpr const char* meaning = "the capture kernel hangs or went down in this step";
  std::string step;
  std::string why;
  std::string guest_down;
  static Rows fields() {
    return table(field("step", &CaptureStuck::step, "", "as in `step`"),
                 field("why", &CaptureStuck::why, "", "what was waited for"),
                 field("guest_down", &CaptureStuck::guest_down, "",
                       "QEMU's reason when it went down, or empty"));
  }
};

struct Failure {
  static constexpr const char* name = "error";
  static constexpr const char* meaning = "the harness, QEMU or the host failed";
  std::string phase;
  std::string code;
  std::string message;
  static Rows fields() {
    return table(field("phase", &Failure::phase, "", "in which it failed"),
                 field("code", &Failure::code, "", "a word of `quiesce::Errc`"),
                 field("message", &Failure::message, "", "for people"));
  }
};

struct Cores {
  static constexpr const char* name = "cores";
  static constexpr const char* meaning =
      "once a second: what the machine has had of the host's processors; a guest that gets too "
      "little of them misses deadlines that are not its own";
  std::optional<double> had_s;
  std::optional<double> waited_s;
  static Rows fields() {
    return table(
        field("had_s", &Cores::had_s, "s", "on a processor, all of QEMU's threads since its start"),
        field("waited_s", &Cores::waited_s, "s",
              "ready to run while others had the processors, all threads since the start"));
  }
};

struct Usage {
  static constexpr const char* name = "usage";
  static constexpr const char* meaning = "what the run cost";
  double harness_cpu_s = 0;
  double qemu_cpu_s = 0;
  std::int64_t peak_rss_bytes = 0;
  std::uint64_t agent_noise_bytes = 0;
  static Rows fields() {
    return table(
        field("harness_cpu_s", &Usage::harness_cpu_s, "s", "CPU time of the harness"),
        field("qemu_cpu_s", &Usage::qemu_cpu_s, "s", "CPU time of QEMU"),
        field("peak_rss_bytes", &Usage::peak_rss_bytes, "bytes", "memory of the harness at most"),
        field("agent_noise_bytes", &Usage::agent_noise_bytes, "bytes",
              "on the agent's line that were no frame"));
  }
};

}  // namespace quiesce::record::event
