// SPDX-License-Identifier: GPL-2.0-or-later
// Events of timeline.ndjson about QEMU and the kernels in it.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record::event {

struct QemuStart {
  static constexpr const char* name = "qemu.start";
  static constexpr const char* meaning = "QEMU runs";
  std::int64_t pid = 0;
  std::string version;
  static Rows fields() {
    return table(field("pid", &QemuStart::pid, "", "its process"),
                 field("version", &QemuStart::version, "", "by QMP"));
  }
};

struct QemuExit {
  static constexpr const char* name = "qemu.exit";
  static constexpr const char* meaning = "QEMU ended";
  std::string how;
  bool expected = false;
  static Rows fields() {
    return table(field("how", &QemuExit::how, "", "its exit status or signal"),
                 field("expected", &QemuExit::expected, "", "the harness had asked for it"));
  }
};

struct QmpEvent {
  static constexpr const char* name = "qmp.event";
  static constexpr const char* meaning = "QEMU said something by itself";
  std::string event;
  Json data;
  static Rows fields() {
    return table(field("name", &QmpEvent::event, "", "QMP's name of it"),
                 field("data", &QmpEvent::data, "", "QMP's data"));
  }
};

struct SerialLine {
  static constexpr const char* name = "serial.line";
  static constexpr const char* meaning = "a line of `serial.log` that says where the kernel is";
  std::string role;
  std::string what;
  static Rows fields() {
    return table(
        field("role", &SerialLine::role, "", "`production` or `capture`"),
        field("what", &SerialLine::what, "",
              "`kernel-start`: the kernel's first line, `t` is that of the line in `serial.log`; "
              "`panic`; `purgatory`; `sysrq-help`"));
  }
};

struct AgentHello {
  static constexpr const char* name = "agent.hello";
  static constexpr const char* meaning = "the agent of the capture kernel is there: userspace";
  std::string role;
  std::optional<std::string> release;
  std::optional<std::string> command_line;
  static Rows fields() {
    return table(field("role", &AgentHello::role, "", "`capture`"),
                 field("release", &AgentHello::release, "", "of the kernel"),
                 field("command_line", &AgentHello::command_line, "", "that the kernel got"));
  }
};

/// Of a module that could not be loaded.
struct ModuleFailure {
  std::string module;
  std::string error;
  static Rows fields() {
    return table(field("name", &ModuleFailure::module, "", "of the module"),
                 field("error", &ModuleFailure::error, "", "the kernel's"));
  }
};

struct Modules {
  static constexpr const char* name = "modules";
  static constexpr const char* meaning = "the drivers were loaded";
  std::string role;
  std::vector<std::string> loaded;
  std::optional<std::vector<ModuleFailure>> failed;
  std::optional<double> seconds;
  static Rows fields() {
    return table(field("role", &Modules::role, "", "of the kernel that loaded them"),
                 field("loaded", &Modules::loaded, "", "names"),
                 maybe("failed", &Modules::failed, "", "of the capture kernel"),
                 field("seconds", &Modules::seconds, "s", "time that it took"));
  }
};

struct TestResult {
  static constexpr const char* name = "test.result";
  static constexpr const char* meaning =
      "a device's function test in the capture kernel is over; the last one of a device counts";
  std::string device;
  std::string kind;
  std::optional<double> began;
  std::optional<bool> ok;
  std::optional<std::string> why;
  std::optional<std::string> detail;
  std::optional<Json> numbers;
  std::optional<std::string> untested;
  static Rows fields() {
    return table(field("device", &TestResult::device, "", "its name in the plan"),
                 field("kind", &TestResult::kind, "", "of the test"),
                 field("began", &TestResult::began, "s", "when"),
                 maybe("ok", &TestResult::ok, "", "the device works"),
                 maybe("why", &TestResult::why, "",
                       "or not: an error's code, `timeout` for what came too late or not at all"),
                 maybe("detail", &TestResult::detail, "", "for people"),
                 maybe("numbers", &TestResult::numbers, "", "what was counted, by name"),
                 maybe("untested", &TestResult::untested, "", "why it was not begun"));
  }
};

/// Of a test's numbers those of a network card's.
struct NetNumbers {
  std::optional<double> sent, received, lost;
  static Rows fields() {
    return table(maybe("sent", &NetNumbers::sent, "", "frames of the guest"),
                 maybe("received", &NetNumbers::received, "", "frames of the harness"),
                 maybe("lost", &NetNumbers::lost, "",
                       "frames of the harness that are missing between the first and the last "
                       "that came"));
  }
};

/// A ring that an activity set up in the agent's own memory.
struct ActivityRing {
  Address begin;
  Address end;
  static Rows fields() {
    return table(field("begin", &ActivityRing::begin, "", "of its memory"),
                 field("end", &ActivityRing::end, "", "not included"));
  }
};

struct Activity {
  static constexpr const char* name = "activity";
  static constexpr const char* meaning = "what keeps a device busy was started, or counted";
  std::string device;
  std::string kind;
  std::string state;
  std::optional<std::string> node;
  std::optional<ActivityRing> ring;
  std::optional<std::uint64_t> operations;
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> errors;
  std::optional<std::string> message;
  std::optional<bool> ended;
  static Rows fields() {
    return table(
        field("device", &Activity::device, "", "its name in the plan"),
        field("kind", &Activity::kind, "", "as in docs/agent-protocol.md"),
        field("state", &Activity::state, "", "`started`, `restarted`, `running`, `failed`"),
        maybe("node", &Activity::node, "", "what it runs on: interface, block device"),
        maybe("ring", &Activity::ring, "", "of a model"),
        maybe("operations", &Activity::operations, "", "done so far"),
        maybe("bytes", &Activity::bytes, "bytes", "moved so far"),
        maybe("errors", &Activity::errors, "", "so far"),
        maybe("message", &Activity::message, "", "why it failed"),
        maybe("ended", &Activity::ended, "", "of one that was stopped: it came to its end"));
  }
};

struct Interrupts {
  static constexpr const char* name = "interrupts";
  static constexpr const char* meaning =
      "the agent was asked for its counts of interrupts; the answer is in `agent.ndjson`";
  std::string at;
  std::string role;
  std::optional<std::string> error;
  static Rows fields() {
    return table(field("at", &Interrupts::at, "", "a point of the run"),
                 field("role", &Interrupts::role, "", "of the kernel"),
                 maybe("error", &Interrupts::error, "", "why there is none"));
  }
};

struct AgentPciMissing {
  static constexpr const char* name = "agent.pci-missing";
  static constexpr const char* meaning =
      "the guest's configuration spaces did not answer libpci in time";
  std::string mark;
  std::string error;
  static Rows fields() {
    return table(field("mark", &AgentPciMissing::mark, "", "a point of the run"),
                 field("error", &AgentPciMissing::error, "", "the agent's"));
  }
};

struct Cpu {
  std::uint64_t index = 0;
  std::string rip;
  std::string rsp;
  bool halted = false;
  std::string place;
  static Rows fields() {
    return table(
        field("index", &Cpu::index, "", "QEMU's"), field("rip", &Cpu::rip, "", "address"),
        field("rsp", &Cpu::rsp, "", "address"), field("halted", &Cpu::halted, "", "it waits"),
        field("place", &Cpu::place, "",
              "contains one of `purgatory`, `decompressor`, `early kernel`, `production kernel`, "
              "`kernel`; the first CPU that is not halted is where the capture kernel is"));
  }
};

struct Cpus {
  static constexpr const char* name = "cpus";
  static constexpr const char* meaning = "where the CPUs are";
  std::string at;
  std::vector<Cpu> cpus;
  static Rows fields() {
    return table(field("at", &Cpus::at, "", "a mark, a phase, or the step that hangs"),
                 field("cpus", &Cpus::cpus, "", "one each"));
  }
};

/// A piece of what kexec loaded.
struct Segment {
  std::string segment;
  AddressRange range;
  static Rows fields() {
    return table(
        field("name", &Segment::segment, "", "`kernel`, `initramfs`, `elfcorehdr`, `purgatory`"),
        field("range", &Segment::range, "", "guest-physical"));
  }
};

/// What the later phases know of the production kernel.
struct Facts {
  Address machine_kexec;
  AddressRange crash_region;
  bool has_screen = false;
  std::vector<Segment> segments;
  static Rows fields() {
    return table(field("machine_kexec", &Facts::machine_kexec, "", "the breakpoint"),
                 field("crash_region", &Facts::crash_region, "", "guest-physical"),
                 field("has_screen", &Facts::has_screen, "", "it has a font"),
                 field("segments", &Facts::segments, "", "found in the crash region"));
  }
};

struct Handover {
  static constexpr const char* name = "handover";
  static constexpr const char* meaning = "a CPU stood at machine_kexec; the machine runs again";
  std::string rip;
  std::optional<int> cpu;
  std::optional<std::uint64_t> cpus;
  std::optional<double> pause_s;
  std::optional<Facts> facts;
  static Rows fields() {
    return table(field("rip", &Handover::rip, "", "address"),
                 maybe("cpu", &Handover::cpu, "", "that stood there"),
                 field("cpus", &Handover::cpus, "", "how many there are"),
                 field("pause_s", &Handover::pause_s, "s", "the machine stood still"),
                 maybe("facts", &Handover::facts, "", "what is known of the kernel"));
  }
};

struct KeySent {
  static constexpr const char* name = "key.sent";
  static constexpr const char* meaning = "keys were typed on the capture kernel's console";
  Words keys;
  static Rows fields() {
    return table(field("keys", &KeySent::keys, "",
                       "QMP key codes (`spc`, `ret`, `minus`, ...), or the text"));
  }
};

struct KeyReceived {
  static constexpr const char* name = "key.received";
  static constexpr const char* meaning = "the console received input";
  std::string text;
  static Rows fields() {
    return table(
        field("text", &KeyReceived::text, "", "a piece of what was read; pieces are put together"));
  }
};

struct PointerSent {
  static constexpr const char* name = "pointer.sent";
  static constexpr const char* meaning = "a pointer was moved";
  std::string device;
  int x = 0;
  int y = 0;
  static Rows fields() {
    return table(field("device", &PointerSent::device, "", "its name in the plan"),
                 field("x", &PointerSent::x, "", "0 to 32767"),
                 field("y", &PointerSent::y, "", "0 to 32767"));
  }
};

struct Screen {
  static constexpr const char* name = "screen";
  static constexpr const char* meaning = "a picture of the screen was kept";
  std::string screen;
  std::string file;
  std::optional<double> taken_t;
  std::optional<int> width;
  std::optional<int> height;
  std::optional<std::uint64_t> unknown_cells;
  std::optional<std::string> unreadable;
  std::optional<std::string> no_text;
  static Rows fields() {
    return table(field("name", &Screen::screen, "", "a mark"),
                 field("file", &Screen::file, "", "of the picture"),
                 maybe("taken_t", &Screen::taken_t, "s", "when, where it was looked at later"),
                 maybe("width", &Screen::width, "pixels", ""),
                 maybe("height", &Screen::height, "pixels", ""),
                 maybe("unknown_cells", &Screen::unknown_cells, "", "where no glyph fits"),
                 maybe("unreadable", &Screen::unreadable, "", "why the picture was not read"),
                 maybe("no_text", &Screen::no_text, "", "why no text was read"));
  }
};

struct ScreenSample {
  static constexpr const char* name = "screen.sample";
  static constexpr const char* meaning =
      "the screen was looked at, from the handover to `capture-end`";
  std::optional<double> taken_t;
  std::optional<bool> same_as_production;
  std::optional<bool> changed;
  std::optional<bool> uniform;
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> cells, unreadable;
  static Rows fields() {
    return table(
        field("taken_t", &ScreenSample::taken_t, "s", "when the picture was taken"),
        field("same_as_production", &ScreenSample::same_as_production, "",
              "it is still the old kernel's picture"),
        field("changed", &ScreenSample::changed, "", "since the sample before"),
        field("uniform", &ScreenSample::uniform, "", "it is of one colour"),
        field("bytes", &ScreenSample::bytes, "bytes", "of the picture"),
        maybe("cells", &ScreenSample::cells, "",
              "with something in them, by the production kernel's font; of a picture "
              "that is neither old nor of one colour"),
        maybe("unreadable", &ScreenSample::unreadable, "", "of these, that match no glyph"));
  }
};

}  // namespace quiesce::record::event
