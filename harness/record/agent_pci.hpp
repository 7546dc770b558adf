// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent answers about PCI functions: what an action did, what they are, the registers of a
// reference model.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record::answer {

/// What an action did to one function.
struct PciActionDone {
  std::string address;
  bool ok = false;
  OrNull<std::string> error;
  bool hangs = false;
  double guest_began = 0, guest_ended = 0;
  OrNull<double> ready_ms;
  OrNull<std::string> methods, before, after;
  bool restored = false;
  std::vector<std::string> affected;
  static Rows fields() {
    return table(
        field("address", &PciActionDone::address, "", "of the PCI function"),
        field("ok", &PciActionDone::ok, "", "the kernel reported success"),
        field("error", &PciActionDone::error, "", "or this"),
        field("hangs", &PciActionDone::hangs, "", "the kernel has not come back"),
        field("guest_began", &PciActionDone::guest_began, "s", "by the guest's clock"),
        field("guest_ended", &PciActionDone::guest_ended, "s", "by the guest's clock"),
        field("ready_ms", &PciActionDone::ready_ms, "ms", "until the function answered"),
        field("methods", &PciActionDone::methods, "", "what sysfs listed before"),
        field("before", &PciActionDone::before, "", "configuration space, hex"),
        field("after", &PciActionDone::after, "", "configuration space, hex"),
        field("restored", &PciActionDone::restored, "", "the configuration space is as before"),
        field("affected", &PciActionDone::affected, "", "other functions that it hit"));
  }
};
struct PciAction {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "pci-action";
  std::string action;
  std::string method;
  std::vector<Json> functions;
  static Rows fields() {
    return table(maybe("do", &PciAction::action, "", "what"),
                 maybe("method", &PciAction::method, "", "of a reset"),
                 field("functions", &PciAction::functions, "",
                       "one each, with the fields of event `reset.action` from `ok` on"));
  }
};

/// The registers of a reference model.
struct ModelState {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "model-state";
  std::string address;
  bool answers = false;
  OrNull<std::string> error;
  std::optional<std::string> id, status, control, scratch;
  std::optional<std::uint64_t> sequence, resets, interrupts;
  std::optional<bool> defaults;
  static Rows fields() {
    return table(field("address", &ModelState::address, "", "of the PCI function"),
                 field("answers", &ModelState::answers, "", "its registers can be read"),
                 field("error", &ModelState::error, "", "why there are none"),
                 maybe("id", &ModelState::id, "", "register"),
                 maybe("status", &ModelState::status, "", "register"),
                 maybe("control", &ModelState::control, "", "register"),
                 maybe("scratch", &ModelState::scratch, "", "register"),
                 maybe("sequence", &ModelState::sequence, "", "of its tags"),
                 maybe("resets", &ModelState::resets, "", "how many it had"),
                 maybe("interrupts", &ModelState::interrupts, "", "how many it raised"),
                 maybe("defaults", &ModelState::defaults, "", "they are as after a reset"));
  }
};

/// A device that shows up below a PCI function.
struct FunctionChild {
  std::string driver;
  std::string module;
  std::string path;
  std::string modalias;
  static Rows fields() {
    return table(field("driver", &FunctionChild::driver, "", "bound to it"),
                 field("module", &FunctionChild::module, "", "empty: built in"),
                 field("path", &FunctionChild::path, "", "below the function"),
                 field("modalias", &FunctionChild::modalias, "", ""));
  }
};
struct Function {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "function";
  std::string address;
  std::string driver;
  std::string module;
  std::string modalias;
  std::string class_code;
  std::vector<std::string> reset_methods;
  std::vector<FunctionChild> children;
  Json nodes = Json::object();
  static Rows fields() {
    return table(field("address", &Function::address, "", "0000:bb:dd.f"),
                 field("driver", &Function::driver, "", "bound to it"),
                 field("module", &Function::module, "", "empty: built in"),
                 field("modalias", &Function::modalias, "", ""),
                 field("class", &Function::class_code, "", "as sysfs has it"),
                 field("reset_methods", &Function::reset_methods, "", "as sysfs has them"),
                 field("children", &Function::children, "", "what shows up below it"),
                 field("nodes", &Function::nodes, "", "by class of sysfs"));
  }
};

struct RegisterBench {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "register-bench";
  std::string address;
  std::uint64_t offset = 0, reads = 0;
  Address first, last;
  std::vector<double> nanoseconds;
  double median = 0;
  static Rows fields() {
    return table(field("address", &RegisterBench::address, "", "of the PCI function"),
                 field("offset", &RegisterBench::offset, "", "of the register"),
                 field("reads", &RegisterBench::reads, "", "a round"),
                 field("first", &RegisterBench::first, "", "value"),
                 field("last", &RegisterBench::last, "", "value"),
                 field("nanoseconds", &RegisterBench::nanoseconds, "ns", "a read, by round"),
                 field("median", &RegisterBench::median, "ns", "of the rounds"));
  }
};

struct Pci {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "pci";
  std::vector<Json> functions;
  static Rows fields() {
    return table(field("functions", &Pci::functions, "", "as in `pci/MARK.json`"));
  }
};

}  // namespace quiesce::record::answer
