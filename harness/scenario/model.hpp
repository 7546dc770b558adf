// SPDX-License-Identifier: GPL-2.0-or-later
// What a scenario and a device profile say, as values. load.hpp reads them, plan.hpp resolves them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/units.hpp"

namespace quiesce::scenario {

/// `accel`: automatic probes KVM and falls back.
enum class Accel { automatic, kvm, tcg };

struct MachineSpec {
  std::string type = "q35";  ///< QEMU machine type; q35 is the one that is supported
  int cpus = 2;              ///< 1..64
  Bytes memory = 1_GiB;      ///< 256 MiB..64 GiB
  Accel accel = Accel::automatic;
};

struct ProductionSpec {
  std::string
      kernel;  ///< a kernel as the user names it ("debian:6.1", a path, several paths with ',')
  Bytes crashkernel = 256_MiB;
  std::string command_line;  ///< appended to the harness's own
};

struct CaptureSpec {
  std::string kernel = "same";  ///< as above, or "same"
  std::string command_line = "reset_devices nr_cpus=1 irqpoll";
};

/// One device of the machine. `activity` holds overrides of the profile's activity parameters (same
/// keys and types).
struct DeviceSpec {
  std::string profile;
  std::string name;  ///< [a-z][a-z0-9-]{0,22}, unique; default: profile and a number
  nlohmann::json activity = nlohmann::json::object();
  bool busy = true;               ///< false: present, driver loaded, idle
  bool driver_in_capture = true;  ///< false: the capture kernel gets no driver for it
};

/// How the production kernel dies. Only what a stock kernel offers without a module.
enum class PanicMethod {
  sysrq,           ///< 'c' to /proc/sysrq-trigger
  sysrq_keyboard,  ///< Alt-SysRq-C by QMP: lands in interrupt context
  nmi,             ///< inject-nmi with kernel.unknown_nmi_panic=1
  init_exit,       ///< init exits
};

struct PanicSpec {
  PanicMethod method = PanicMethod::sysrq;
  Seconds busy{2};         ///< how long all activities run before the panic, 0..600 s
  std::optional<int> cpu;  ///< which CPU panics (sysrq and init_exit); any when not given
};

struct CaptureSteps {
  Seconds window{3};    ///< observation without drivers after entry, 0..600 s
  bool drivers = true;  ///< load the profile's drivers
  bool tests = true;    ///< run the function tests (needs drivers)
};

struct Timeouts {
  Seconds total{300};    ///< of the whole run; 10 s..24 h
  Seconds progress{60};  ///< longest silence of guest and QEMU, under emulation; 1 s..1 h
};

/// A device profile of devices/catalog/.
struct Profile {
  std::string name;
  std::string description;
  /// What the harness puts behind it: "none", "net", "disk", "audio".
  std::string backend = "none";
  /// -device objects; the first is the PCI function. Strings may be the placeholders "@name",
  /// "@backend", "@mac",
  /// "@addr" (slot of the PCI function, filled in by the harness), "@bus" (name of the first object
  /// plus ".0").
  std::vector<nlohmann::json> qemu;
  /// Loaded in this order, each after its dependencies, in both kernels.
  std::vector<std::string> modules;
  /// The name of the driver that binds to the function, as in /sys/bus/pci/drivers; empty: none is
  /// expected.
  std::string driver;
  /// {"kind": "net-receive" | "disk-read" | "disk-write" | "sound-play" | "pointer" | "console" |
  /// "none", parameters}
  nlohmann::json activity = nlohmann::json::object();
  /// {"kind": "net-echo" | "disk-compare" | "sound-play" | "pointer" | "console" | "none",
  /// parameters}
  nlohmann::json test = nlohmann::json::object();
  /// Does the device write tagged data into guest memory while busy? If not, only untagged writes
  /// can show.
  bool writes_tagged = false;
  /// QEMU trace events and what each says happened.
  struct TraceMeaning {
    std::string event;    ///< QEMU's name of the trace event
    std::string means;    ///< "driver-reset" | "ring-used-up" | "device-stopped" | "device-started"
    std::string matches;  ///< only lines that contain this; empty: all
  };
  std::vector<TraceMeaning> trace;
  /// Receive ring registers in a memory BAR that can be read without side effects; head == tail
  /// means used up.
  struct Ring {
    int bar = 0;
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
  };
  std::optional<Ring> ring;
  /// Reset methods that the device has in QEMU: "flr", "pm", "bus".
  std::vector<std::string> reset_methods;
};

struct Scenario {
  std::string name;
  std::string description;
  MachineSpec machine;
  ProductionSpec production;
  CaptureSpec capture;
  std::vector<DeviceSpec> devices;
  PanicSpec panic;
  CaptureSteps steps;
  Timeouts timeouts;
  std::uint32_t seed = 1;
  /// Check name -> its parameters. A scenario that names none gets all with their defaults.
  std::map<std::string, nlohmann::json> checks;
};

}  // namespace quiesce::scenario
