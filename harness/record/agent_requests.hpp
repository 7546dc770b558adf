// SPDX-License-Identifier: GPL-2.0-or-later
// What the harness asks the agent in the guest (docs/agent-protocol.md).
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record {

namespace request {

/// Of those without parameters.
struct Request {
  static constexpr const char* kind = "request";
};

struct None {
  static Rows fields() { return Rows(); }
};

struct Describe : Request, None {
  static constexpr const char* name = "describe";
};
struct Font : Request, None {
  static constexpr const char* name = "font";
};
struct ScreenText : Request, None {
  static constexpr const char* name = "screen-text";
};
struct Pci : Request, None {
  static constexpr const char* name = "pci";
};
struct ActivityStatus : Request, None {
  static constexpr const char* name = "activity-status";
};

struct ActivityStop : Request {
  static constexpr const char* name = "activity-stop";
  std::optional<double> seconds;
  static Rows fields() { return table(maybe("seconds", &ActivityStop::seconds, "s", "at most")); }
};
struct PowerOff : Request, None {
  static constexpr const char* name = "poweroff";
};

struct RegisterBench {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "register-bench";
  std::string address;
  std::optional<std::uint64_t> offset, reads, rounds;
  std::optional<double> seconds;
  static Rows fields() {
    return table(field("address", &RegisterBench::address, "", "of the PCI function"),
                 maybe("offset", &RegisterBench::offset, "", "of a register in its BAR 0"),
                 maybe("reads", &RegisterBench::reads, "", "a round"),
                 maybe("rounds", &RegisterBench::rounds, "", ""),
                 maybe("seconds", &RegisterBench::seconds, "s", "at most"));
  }
};

struct Function {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "function";
  std::string address;
  static Rows fields() {
    return table(field("address", &Function::address, "", "of the PCI function to describe"));
  }
};

struct Modules {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "modules";
  std::vector<std::string> names;
  static Rows fields() { return table(field("names", &Modules::names, "", "as in the profiles")); }
};

struct WaitBound {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "wait-bound";
  std::vector<std::string> addresses;
  std::uint64_t seconds = 0;
  static Rows fields() {
    return table(field("addresses", &WaitBound::addresses, "", "of PCI functions"),
                 field("seconds", &WaitBound::seconds, "s", "at most"));
  }
};

struct KexecLoad {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "kexec-load";
  std::string command_line;
  std::optional<double> seconds;
  static Rows fields() {
    return table(field("command_line", &KexecLoad::command_line, "", "of the capture kernel"),
                 maybe("seconds", &KexecLoad::seconds, "s", "at most"));
  }
};

/// What the requests about a device's work have beside the parameters of the work.
struct ForDevice {
  std::string device;
  std::string address;
  std::uint64_t seed = 0;
  std::optional<std::string> work;
  std::optional<double> patience;
  std::optional<bool> restart;
  std::optional<Address> target_address;
  std::optional<std::string> reset_first;
  static Rows fields() {
    return table(
        field("device", &ForDevice::device, "", "its name in the plan"),
        field("address", &ForDevice::address, "", "its PCI address"),
        field("seed", &ForDevice::seed, "", "of the run's tags"),
        maybe("kind", &ForDevice::work, "", "the activity or the test"),
        maybe("patience", &ForDevice::patience, "s", "for its node to appear"),
        maybe("restart", &ForDevice::restart, "", "end what keeps the device busy first"),
        maybe("target_address", &ForDevice::target_address, "", "of a segment, for a model"),
        maybe("reset_first", &ForDevice::reset_first, "", "for a model's test"));
  }
};

struct Test : ForDevice {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "test";
};
struct ActivityStart : ForDevice {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "activity-start";
};

/// What the capture kernel itself prints near the end, as an error: only `loglevel=3` and less keep
/// it off its console. A console that went mute after the boot shows so, whatever else is logged.
inline constexpr std::string_view kernel_marker = "quiesce: a line for the console";

struct WriteConsole {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "write-console";
  std::string device;
  std::string text;
  static Rows fields() {
    return table(
        field("device", &WriteConsole::device, "", "`/dev/tty1`, `/dev/ttyS0` or `/dev/kmsg`"),
        field("text", &WriteConsole::text, "",
              "contains `quiesce-marker-serial` or `quiesce-marker-screen`; of "
              "/dev/kmsg a line with its level, which the kernel prints"));
  }
};

struct Keys {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "keys";
  std::uint64_t seconds = 0;
  static Rows fields() { return table(field("seconds", &Keys::seconds, "s", "to listen")); }
};

struct Kmsg {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "kmsg";
  std::uint64_t least_level = 4;
  static Rows fields() {
    return table(field("least_level", &Kmsg::least_level, "", "this level and worse"));
  }
};

struct Interrupts {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "interrupts";
  std::string at;
  static Rows fields() { return table(field("at", &Interrupts::at, "", "a point of the run")); }
};

struct PciAction {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "pci-action";
  std::string action;
  std::vector<std::string> addresses;
  double ready_seconds = 60;
  std::optional<std::string> method;
  static Rows fields() {
    return table(field("do", &PciAction::action, "", "what"),
                 field("addresses", &PciAction::addresses, "", "of PCI functions"),
                 field("ready_seconds", &PciAction::ready_seconds, "s", "at most"),
                 maybe("method", &PciAction::method, "", "of a reset"));
  }
};

struct ModelState {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "model-state";
  std::string address;
  static Rows fields() {
    return table(field("address", &ModelState::address, "", "its PCI address"));
  }
};

struct Panic {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "panic";
  std::string method;
  std::optional<int> cpu;
  static Rows fields() {
    return table(field("method", &Panic::method, "", "`sysrq`, `init-exit`"),
                 maybe("cpu", &Panic::cpu, "", "on which"));
  }
};

struct PanicPrepare {
  static constexpr const char* kind = "request";
  static constexpr const char* name = "panic-prepare";
  std::string method;
  static Rows fields() {
    return table(field("method", &PanicPrepare::method, "", "`nmi`, `sysrq-keyboard`"));
  }
};

}  // namespace request

}  // namespace quiesce::record
