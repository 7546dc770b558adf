// SPDX-License-Identifier: GPL-2.0-or-later
// Payloads of the agent protocol that the harness sends or reads (docs/agent-protocol.md):
// requests, the responses to them, and events. `kind` and `name` say where in agent.ndjson one
// lies.
#pragma once

#include "harness/record/agent_pci.hpp"
#include "harness/record/agent_requests.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/lines.hpp"

namespace quiesce::record {

/// KERN_WARNING and KERN_INFO (<linux/kern_levels.h>); smaller is worse.
constexpr int error_level = 3;
constexpr int warning_level = 4;
constexpr int info_level = 6;

namespace answer {

struct Range {
  std::string name;
  std::optional<Address> begin, end;
  std::optional<int> depth;
  static Rows fields() {
    return table(maybe("name", &Range::name, "", "of /proc/iomem"),
                 maybe("depth", &Range::depth, "", "in the tree of /proc/iomem"),
                 field("begin", &Range::begin, "", "guest-physical"),
                 field("end", &Range::end, "", "not included"));
  }
};

struct Symbols {
  std::optional<Address> machine_kexec;
  static Rows fields() {
    return table(maybe("machine_kexec", &Symbols::machine_kexec, "", "of kallsyms"));
  }
};

/// What a kernel is; the event `hello` and the answer to `describe`.
struct Kernel {
  std::string role;
  std::string release;
  std::string command_line;
  std::optional<Range> crash_kernel;
  std::optional<bool> vmcore;
  std::uint64_t vmcore_bytes = 0;
  std::optional<std::uint64_t> protocol, cpus, memory_kib;
  std::optional<std::string> version;
  static Rows fields() {
    return table(field("role", &Kernel::role, "", "`production` or `capture`"),
                 field("release", &Kernel::release, "", ""),
                 field("command_line", &Kernel::command_line, "", "that the kernel got"),
                 maybe("crash_kernel", &Kernel::crash_kernel, "", "the crash region"),
                 field("vmcore", &Kernel::vmcore, "", "/proc/vmcore exists"),
                 field("vmcore_bytes", &Kernel::vmcore_bytes, "bytes", "of it"),
                 maybe("protocol", &Kernel::protocol, "", "version of the agent's protocol"),
                 maybe("version", &Kernel::version, "", "of the agent"),
                 maybe("cpus", &Kernel::cpus, "", "that the kernel uses"),
                 maybe("memory_kib", &Kernel::memory_kib, "KiB", "MemTotal"));
  }
};

struct Describe : Kernel {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "describe";
  std::vector<Range> iomem;
  Symbols symbols;
  std::optional<std::uint64_t> crash_size;
  static Rows fields() {
    return joined(Kernel::fields(), table(field("iomem", &Describe::iomem, "", "of /proc/iomem"),
                                          field("symbols", &Describe::symbols, "", "of kallsyms"),
                                          maybe("crash_size", &Describe::crash_size, "bytes",
                                                "/sys/kernel/kexec_crash_size")));
  }
};

struct Modules {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "modules";
  std::vector<std::string> loaded;
  std::vector<event::ModuleFailure> failed;
  std::optional<double> seconds;
  static Rows fields() {
    return table(field("loaded", &Modules::loaded, "", "names"),
                 field("failed", &Modules::failed, "", ""),
                 field("seconds", &Modules::seconds, "s", "time that it took"));
  }
};

struct BoundDriver {
  std::string address;
  std::string driver;
  static Rows fields() {
    return table(field("address", &BoundDriver::address, "", "of the PCI function"),
                 field("driver", &BoundDriver::driver, "", "bound to it"));
  }
};

struct WaitBound {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "wait-bound";
  std::vector<BoundDriver> bound;
  std::vector<std::string> missing;
  static Rows fields() {
    return table(field("bound", &WaitBound::bound, "", ""),
                 field("missing", &WaitBound::missing, "", "addresses"));
  }
};

struct KexecLoad {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "kexec-load";
  bool loaded = false;
  std::string output;
  std::optional<double> seconds;
  static Rows fields() {
    return table(field("loaded", &KexecLoad::loaded, "", "the kernel took it"),
                 maybe("seconds", &KexecLoad::seconds, "s", "time that it took"),
                 field("output", &KexecLoad::output, "", "of kexec"));
  }
};

struct ActivityStart {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "activity-start";
  std::string node;
  std::optional<event::ActivityRing> ring;
  static Rows fields() {
    return table(field("node", &ActivityStart::node, "", "what it runs on"),
                 maybe("ring", &ActivityStart::ring, "", "of a model"));
  }
};

struct ActivityStatus {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "activity-status";
  std::vector<event::Activity> activities;
  static Rows fields() { return table(field("activities", &ActivityStatus::activities, "", "")); }
};

struct Test {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "test";
  std::optional<bool> ok;
  std::optional<std::string> why;
  std::optional<std::string> detail;
  std::optional<Json> numbers;
  static Rows fields() {
    return table(field("ok", &Test::ok, "", "the device works"),
                 maybe("why", &Test::why, "",
                       "or not: an error's code, `timeout` for what came too late or not at all"),
                 field("detail", &Test::detail, "", "for people"),
                 field("numbers", &Test::numbers, "", "what was counted, by name"));
  }
};

struct ActivityStop {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "activity-stop";
  std::vector<event::Activity> activities;
  static Rows fields() {
    return table(field("activities", &ActivityStop::activities, "", "that were stopped"));
  }
};

struct PanicPrepare {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "panic-prepare";
  std::string method;
  static Rows fields() {
    return table(field("method", &PanicPrepare::method, "", "what the kernel now allows"));
  }
};

struct WriteConsole {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "write-console";
  static Rows fields() { return Rows(); }
};

struct Keys {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "keys";
  static Rows fields() { return Rows(); }
};

/// A message of the kernel's log.
struct LogEntry {
  std::uint64_t sequence = 0;
  int level = 0;
  double guest = 0;
  std::string text;
  static Rows fields() {
    return table(field("sequence", &LogEntry::sequence, "", "the kernel's own number"),
                 field("level", &LogEntry::level, "", "0 is worst"),
                 field("guest", &LogEntry::guest, "s", "the kernel's own time"),
                 field("text", &LogEntry::text, "", ""));
  }
};

struct Kmsg {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "kmsg";
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::optional<std::uint64_t> records;
  std::optional<std::uint64_t> lost;
  std::uint64_t left_out = 0;
  std::vector<std::uint64_t> by_level;
  std::optional<int> console_level;
  std::vector<LogEntry> entries;
  static Rows fields() {
    return table(field("first_sequence", &Kmsg::first_sequence, "", "above 0: the log had wrapped"),
                 field("last_sequence", &Kmsg::last_sequence, "", ""),
                 field("records", &Kmsg::records, "", "read"),
                 field("lost", &Kmsg::lost, "", "overwritten"),
                 field("left_out", &Kmsg::left_out, "", "that did not fit into the answer"),
                 maybe("by_level", &Kmsg::by_level, "", "how many of each level, 0 to 7"),
                 maybe("console_level", &Kmsg::console_level, "",
                       "levels below it go to the consoles (/proc/sys/kernel/printk)"),
                 field("entries", &Kmsg::entries, "", "of the level that was asked for and worse"));
  }
};

/// The same with what is missing told from what is zero, for who asks whether it is whole.
struct LogEntryCame {
  std::optional<std::uint64_t> sequence;
  std::optional<std::string> text;
  static Rows fields() {
    return table(
        field(key_of(&LogEntry::sequence), &LogEntryCame::sequence, "", "the kernel's own number"),
        field(key_of(&LogEntry::text), &LogEntryCame::text, "", ""));
  }
};
struct KmsgCame {
  static constexpr const char* kind = Kmsg::kind;
  static constexpr const char* name = Kmsg::name;
  std::optional<std::uint64_t> first_sequence, last_sequence, records, lost;
  std::uint64_t left_out = 0;
  std::optional<std::vector<Json>> entries;
  std::vector<Json> by_level;
  static Rows fields() {
    return table(field(key_of(&Kmsg::first_sequence), &KmsgCame::first_sequence, "", ""),
                 field(key_of(&Kmsg::last_sequence), &KmsgCame::last_sequence, "", ""),
                 field(key_of(&Kmsg::records), &KmsgCame::records, "", ""),
                 field(key_of(&Kmsg::lost), &KmsgCame::lost, "", ""),
                 field(key_of(&Kmsg::left_out), &KmsgCame::left_out, "", ""),
                 field(key_of(&Kmsg::entries), &KmsgCame::entries, "", ""),
                 field(key_of(&Kmsg::by_level), &KmsgCame::by_level, "", "how many of each"));
  }
};

/// A line of /proc/interrupts.
struct InterruptLine {
  std::string line;
  std::uint64_t total = 0;
  std::string chip;
  Words actions;
  std::vector<std::uint64_t> counts;
  static Rows fields() {
    return table(field("name", &InterruptLine::line, "", "`24`, `LOC`"),
                 field("total", &InterruptLine::total, "", "of all CPUs"),
                 field("chip", &InterruptLine::chip, "", "`PCI-MSI 524288-edge`"),
                 field("actions", &InterruptLine::actions, "", "`eth0`; empty: no driver"),
                 maybe("counts", &InterruptLine::counts, "", "of each CPU"));
  }
};

/// /proc/irq/N/spurious.
struct Spurious {
  Word line;
  std::uint64_t unhandled = 0;
  std::optional<std::uint64_t> count, last_unhandled_ms;
  static Rows fields() {
    return table(
        field("line", &Spurious::line, "", "its number"),
        maybe("count", &Spurious::count, "", "of all, likewise"),
        maybe("last_unhandled_ms", &Spurious::last_unhandled_ms, "ms", "when the last one came"),
        field("unhandled", &Spurious::unhandled, "",
              "that nobody took, since the kernel last began to count"));
  }
};

struct CpuTime {
  double total = 0;
  double irq = 0;
  double softirq = 0;
  std::optional<double> idle, hertz;
  static Rows fields() {
    return table(field("total", &CpuTime::total, "ticks", "of all CPUs"),
                 field("irq", &CpuTime::irq, "ticks", "in handlers"),
                 field("softirq", &CpuTime::softirq, "ticks", "in soft ones"),
                 maybe("idle", &CpuTime::idle, "ticks", "with nothing to do"),
                 maybe("hertz", &CpuTime::hertz, "", "ticks a second"));
  }
};

struct Interrupts {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "interrupts";
  std::string at;
  std::optional<std::vector<InterruptLine>> lines;
  std::vector<Spurious> spurious;
  std::vector<Word> disabled;
  CpuTime time;
  std::uint64_t error = 0;
  std::optional<std::uint64_t> cpus, mis;
  static Rows fields() {
    return table(
        field("at", &Interrupts::at, "",
              "`capture-entry`, `window-end`, `drivers` (when the mark was reached), "
              "`capture-end`; a "
              "stretch between two of them that is missing makes `irq.quiet` inconclusive"),
        field("lines", &Interrupts::lines, "", "of /proc/interrupts"),
        field("spurious", &Interrupts::spurious, "", "of /proc/irq"),
        field("disabled", &Interrupts::disabled, "", "lines that the kernel's log gave up"),
        field("time", &Interrupts::time, "", "of all CPUs since their start"),
        field("error", &Interrupts::error, "", "`ERR`: errors of the APIC"),
        maybe("mis", &Interrupts::mis, "", "`MIS`: missed by the APIC"),
        maybe("cpus", &Interrupts::cpus, "", "columns of counts"));
  }
};

/// The same with what is missing told from what is zero.
struct InterruptLineCame {
  std::string line;
  std::optional<std::uint64_t> total;
  static Rows fields() {
    return table(field(key_of(&InterruptLine::line), &InterruptLineCame::line, "", ""),
                 field(key_of(&InterruptLine::total), &InterruptLineCame::total, "", ""));
  }
};
struct InterruptsCame {
  static constexpr const char* kind = Interrupts::kind;
  static constexpr const char* name = Interrupts::name;
  std::string at;
  std::vector<Json> lines;
  static Rows fields() {
    return table(field(key_of(&Interrupts::at), &InterruptsCame::at, "", ""),
                 field(key_of(&Interrupts::lines), &InterruptsCame::lines, "", ""));
  }
};

}  // namespace answer

/// What the agent says by itself.
namespace said {

struct Hello : answer::Kernel {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "hello";
  std::optional<double> guest;
  static Rows fields() {
    return joined(Kernel::fields(), table(maybe(key_of(&PayloadHead::guest), &Hello::guest, "s",
                                                "CLOCK_BOOTTIME of the guest")));
  }
};

struct Module {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "module";
  std::string module;
  std::optional<std::string> error;
  std::optional<int> ms;
  std::optional<double> guest;
  static Rows fields() {
    return table(field("name", &Module::module, "", "that was loaded"),
                 maybe("guest", &Module::guest, "s", "the guest's clock when it was over"),
                 maybe("ms", &Module::ms, "ms", "that it took"),
                 maybe("error", &Module::error, "", "or not"));
  }
};

struct Bound {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "bound";
  std::string address;
  std::string driver;
  std::optional<double> ms;
  std::optional<double> guest;
  static Rows fields() {
    return table(field("address", &Bound::address, "", "of the PCI function"),
                 maybe("guest", &Bound::guest, "s", "the guest's clock then"),
                 field("driver", &Bound::driver, "", "that took it"),
                 field("ms", &Bound::ms, "ms", "since the modules were asked for"));
  }
};

struct Key {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "key";
  std::string text;
  static Rows fields() { return table(field("text", &Key::text, "", "input read on the console")); }
};

/// What the kernel tells of devices.
struct Udev {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "udev";
  std::string action;
  std::string subsystem;
  std::string path;
  std::string driver;
  static Rows fields() {
    return table(field("action", &Udev::action, "", "`add`, `bind`, ..."),
                 field("subsystem", &Udev::subsystem, "", "`pci`, ..."),
                 field("path", &Udev::path, "", "below /sys"),
                 field("driver", &Udev::driver, "", "or empty"));
  }
};

/// A request that takes long: a sign of life.
struct Waiting {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "waiting";
  std::string what;
  double seconds = 0;
  std::string where;
  static Rows fields() {
    return table(field("what", &Waiting::what, "", "the request, or the module"),
                 field("seconds", &Waiting::seconds, "s", "since it began"),
                 field("where", &Waiting::where, "", "in the kernel, for people"));
  }
};

struct Log {
  static constexpr const char* kind = "event";
  static constexpr const char* name = "log";
  std::string message;
  static Rows fields() { return table(field("message", &Log::message, "", "for people")); }
};

}  // namespace said

}  // namespace quiesce::record
