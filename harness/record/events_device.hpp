// SPDX-License-Identifier: GPL-2.0-or-later
// Events of timeline.ndjson about what is done to devices, and about the programs behind them.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record::event {

struct ResetAction {
  static constexpr const char* name = "reset.action";
  static constexpr const char* meaning =
      "an action of the scenario on one device, in its order, written after the settling; from "
      "`ended` to `settled` there is a pass of the watch that began after `ended`, and without "
      "one, "
      "or a ledger, nothing is said about its DMA";
  std::string at;
  std::optional<std::uint64_t> number;
  std::optional<bool> climb;
  std::string action;
  std::string method;
  std::string device;
  std::string address;
  std::optional<bool> ok;
  std::optional<std::string> error;
  std::optional<double> began, ended, settled;
  OrNull<double> ready_ms;
  std::optional<std::string> methods;
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::optional<bool> restored;
  std::optional<double> guest_began, guest_ended;
  static Rows fields() {
    return table(
        field("at", &ResetAction::at, "", "`production` or `before-drivers`"),
        field("number", &ResetAction::number, "",
              "in the scenario's list; begins anew with each list of actions"),
        field("climb", &ResetAction::climb, "", "the list is a ladder"),
        field("do", &ResetAction::action, "", "as in docs/scenarios.md"),
        field("method", &ResetAction::method, "", "of a reset"),
        field("device", &ResetAction::device, "", "its name in the plan"),
        field("address", &ResetAction::address, "", "its PCI address"),
        field("ok", &ResetAction::ok, "", "the kernel reported success"),
        maybe("error", &ResetAction::error, "", "or this"),
        field("began", &ResetAction::began, "s", "it was asked for"),
        field("ended", &ResetAction::ended, "s", "it came back"),
        field("settled", &ResetAction::settled, "s", "until when the device was watched"),
        maybe("ready_ms", &ResetAction::ready_ms, "ms",
              "until the function answered; there whenever the agent looked, null when it does not "
              "answer"),
        maybe("methods", &ResetAction::methods, "", "what sysfs listed before"),
        maybe("before", &ResetAction::before, "", "configuration space, hex"),
        maybe("after", &ResetAction::after, "", "configuration space, hex"),
        maybe("restored", &ResetAction::restored, "", "the configuration space is as before"),
        maybe("guest_began", &ResetAction::guest_began, "s", "by the guest's clock"),
        maybe("guest_ended", &ResetAction::guest_ended, "s", "by the guest's clock"));
  }
};

struct ResetState {
  static constexpr const char* name = "reset.state";
  static constexpr const char* meaning =
      "registers of a reference model; lies between the action's `settled` and the `began` of the "
      "next action on the device";
  std::optional<std::uint64_t> number;
  std::string device;
  std::optional<bool> answers;
  std::optional<bool> defaults;
  std::optional<std::string> status, control, scratch;
  std::optional<std::uint64_t> sequence, resets, interrupts;
  std::optional<std::string> error;
  static Rows fields() {
    return table(field("number", &ResetState::number, "", "of the action"),
                 field("device", &ResetState::device, "", "its name in the plan"),
                 maybe("answers", &ResetState::answers, "", "its registers can be read"),
                 maybe("defaults", &ResetState::defaults, "", "they are as after a reset"),
                 maybe("status", &ResetState::status, "", "register"),
                 maybe("control", &ResetState::control, "", "register"),
                 maybe("scratch", &ResetState::scratch, "", "register"),
                 maybe("sequence", &ResetState::sequence, "", "of its tags"),
                 maybe("resets", &ResetState::resets, "", "how many it had"),
                 maybe("interrupts", &ResetState::interrupts, "", "how many it raised"),
                 maybe("error", &ResetState::error, "", "why there are none"));
  }
};

struct ResetProbe {
  static constexpr const char* name = "reset.probe";
  static constexpr const char* meaning =
      "a model that went quiet was tried; lies where `reset.state` lies";
  std::optional<std::uint64_t> number;
  std::string device;
  std::optional<bool> works;
  std::string detail;
  static Rows fields() {
    return table(field("number", &ResetProbe::number, "", "of the action"),
                 field("device", &ResetProbe::device, "", "its name in the plan"),
                 field("works", &ResetProbe::works, "", "its test passed"),
                 field("detail", &ResetProbe::detail, "", "for people"));
  }
};

struct DeviceServer {
  static constexpr const char* name = "device.server";
  static constexpr const char* meaning = "something happened to the program behind a device";
  std::string device;
  std::string what;
  std::optional<std::int64_t> pid;
  std::optional<std::vector<std::string>> argv;
  std::optional<std::string> status;
  std::optional<Json> answer;
  std::optional<Json> asked;
  static Rows fields() {
    return table(
        field("device", &DeviceServer::device, "", "its name in the plan"),
        field("what", &DeviceServer::what, "",
              "`started`; `exited`: before the run ended a server that it started; `silent`, "
              "`refused`, `hung-up`: it does not follow what the machine does"),
        maybe("pid", &DeviceServer::pid, "", "of `started`"),
        maybe("argv", &DeviceServer::argv, "", "of `started`"),
        maybe("status", &DeviceServer::status, "", "of `exited`"),
        maybe("answer", &DeviceServer::answer, "", "of `refused`"),
        maybe("asked", &DeviceServer::asked, "", "of `silent`"));
  }
};

struct AerInjected {
  static constexpr const char* name = "aer.injected";
  static constexpr const char* meaning = "a device's error was reported by its root port";
  std::string device;
  std::string port;
  std::string severity;
  bool sent = false;
  static Rows fields() {
    return table(field("device", &AerInjected::device, "", "its name in the plan"),
                 field("port", &AerInjected::port, "", "QEMU's name of it"),
                 field("severity", &AerInjected::severity, "", "`fatal`, `nonfatal`, `corrected`"),
                 field("sent", &AerInjected::sent, "", "QEMU was told"));
  }
};

}  // namespace quiesce::record::event
