// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of dma.ndjson and agent.ndjson, and the JSON files of a run directory.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record {

/// A tag that was found in a changed page.
struct StrayTag {
  std::string device;
  std::string kind;
  std::uint64_t sequence = 0;
  std::uint64_t block = 0;
  bool foreign = false;
  static Rows fields() {
    return table(field("device", &StrayTag::device, "", "whose tag it is"),
                 field("kind", &StrayTag::kind, "",
                       "`frame`, `disk_block`, `guest_write`, `guest_frame`, `device_write`"),
                 field("sequence", &StrayTag::sequence, "", "of the frame or write"),
                 field("block", &StrayTag::block, "", "of the disk; resets of a model"),
                 field("foreign", &StrayTag::foreign, "", "of another seed"));
  }
};

/// dma.ndjson: a page that changed in a pass. One that changes again is listed again.
struct StrayLine {
  std::optional<double> t;
  std::optional<double> since;
  std::optional<Address> page;
  std::uint64_t bytes = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::vector<StrayTag> tags;
  OrNull<std::string> owner;
  static Rows fields() {
    return table(
        field("t", &StrayLine::t, "s", "end of the pass"),
        field("since", &StrayLine::since, "s", "end of the pass before"),
        field("page", &StrayLine::page, "", "guest-physical"),
        field("bytes", &StrayLine::bytes, "bytes", "changed"),
        field("first", &StrayLine::first, "bytes", "offset in the page"),
        field("last", &StrayLine::last, "bytes", "offset in the page, included"),
        field("tags", &StrayLine::tags, "", "that lie in the change"),
        field("owner", &StrayLine::owner, "",
              "a writer that is no device, for example the dying CPU's own stack; or null"));
  }
};

/// agent.ndjson: what was asked of an agent and what it said.
struct AgentLine {
  std::optional<double> t;
  std::string kind;
  std::uint64_t sequence = 0;
  std::string role;
  Json payload;
  static Rows fields() {
    return table(field("t", &AgentLine::t, "s", "on the timeline"),
                 field("kind", &AgentLine::kind, "", "`request`, `response`, `event`"),
                 field("sequence", &AgentLine::sequence, "", "of the frame"),
                 field("role", &AgentLine::role, "",
                       "`production` or `capture`; of a request: whom it goes to"),
                 field("payload", &AgentLine::payload, "", "as in docs/agent-protocol.md"));
  }
};

/// What every payload of the agent may have.
struct PayloadHead {
  std::string op;
  std::string event;
  std::optional<double> guest;
  std::optional<Json> error;
  static Rows fields() {
    return table(maybe("op", &PayloadHead::op, "", "of requests and responses"),
                 maybe("event", &PayloadHead::event, "", "of events"),
                 maybe("guest", &PayloadHead::guest, "s", "CLOCK_BOOTTIME of the guest"),
                 maybe("error", &PayloadHead::error, "", "`{\"code\", \"message\"}`"));
  }
};

/// What makes an object a request.
struct RequestHead {
  std::string op;
  std::optional<double> within;
  static Rows fields() {
    return table(
        field("op", &RequestHead::op, "", "what is asked for"),
        maybe("within", &RequestHead::within, "s",
              "by then the agent answers, be it with what it still waits for; none: it may wait"));
  }
};

/// Why the agent could not do what it was asked for.
struct AgentError {
  std::string code;
  std::string message;
  static Rows fields() {
    return table(field("code", &AgentError::code, "", "as in docs/agent-protocol.md"),
                 field("message", &AgentError::message, "", "for people"));
  }
};

/// A PCI function as it was seen.
struct PciFunctionLine {
  std::string address;
  std::string config;
  std::optional<std::uint64_t> length;
  OrNull<std::string> driver;
  std::optional<Json> capabilities;
  std::optional<Json> irq;
  static Rows fields() {
    return table(field("address", &PciFunctionLine::address, "", "0000:bb:dd.f"),
                 field("config", &PciFunctionLine::config, "", "configuration space, hex"),
                 maybe("length", &PciFunctionLine::length, "bytes",
                       "of the configuration space; `config` then had trailing zero bytes cut"),
                 maybe("driver", &PciFunctionLine::driver, "", "libpci only; null: none"),
                 maybe("capabilities", &PciFunctionLine::capabilities, "", "libpci only"),
                 maybe("irq", &PciFunctionLine::irq, "", "libpci only"));
  }
};

/// pci/MARK.json.
struct PciFile {
  std::string mark;
  double t = 0;
  std::string source;
  std::vector<Json> functions;
  static Rows fields() {
    return table(field("mark", &PciFile::mark, "", "when"), field("t", &PciFile::t, "s", "when"),
                 field("source", &PciFile::source, "", "`ecam`, `cf8` or `libpci`"),
                 field("functions", &PciFile::functions, "", "one each, see below"));
  }
};

/// What plan.json has beside the run plan (harness/scenario/plan.hpp).
struct PlanHead {
  std::optional<std::uint64_t> format;
  static Rows fields() {
    return table(field("format", &PlanHead::format, "", "of the run directory"));
  }
};

/// qemu.json.
struct QemuFile {
  std::string binary;
  std::string version;
  std::vector<std::string> argv;
  std::string accel;
  std::string accel_reason;
  static Rows fields() {
    return table(field("binary", &QemuFile::binary, "", "its path"),
                 field("version", &QemuFile::version, "", "by QMP"),
                 field("argv", &QemuFile::argv, "", "its arguments"),
                 field("accel", &QemuFile::accel, "", "`kvm` or `tcg`"),
                 field("accel_reason", &QemuFile::accel_reason, "", "why this one"));
  }
};

/// screen/vcs-ROLE.json: what the kernel believes is on the screen.
struct ScreenTruth {
  std::optional<std::uint64_t> columns, rows;
  std::vector<Json> lines;
  static Rows fields() {
    return table(maybe("columns", &ScreenTruth::columns, "cells", ""),
                 maybe("rows", &ScreenTruth::rows, "cells", ""),
                 maybe("lines", &ScreenTruth::lines, "", "texts, not trimmed"));
  }
};

}  // namespace quiesce::record
