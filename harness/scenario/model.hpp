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
#include "harness/wire/panic.hpp"

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

/// The vfio-user server behind a device: exactly one of the three.
struct ServerSpec {
  std::string model;                 ///< a reference model of ours
  std::vector<std::string> command;  ///< a program; "@socket" is where it must listen
  std::string socket;                ///< the path of one that listens already
  bool empty() const { return model.empty() && command.empty() && socket.empty(); }
};

/// What the words of ServerSpec::command stand for when the server is started.
inline const std::vector<std::string> server_words{"@name",    "@seed",     "@settings", "@ledger",
                                                   "@control", "@listener", "@socket"};

/// A device profile: of devices/catalog/, of a folder of the user's, of --device, or written into a
/// scenario.
struct Profile {
  std::string name;
  std::string description;
  /// What the harness puts behind it (kinds.hpp has the names), or "none".
  std::string backend = "none";
  /// -device objects; the first is the PCI function. Strings may be the placeholders "@name",
  /// "@backend", "@mac",
  /// "@addr" (slot of the PCI function, filled in by the harness), "@bus" (name of the first object
  /// plus ".0"), "@port" (the bus it sits on), "@socket" (the server's address, an object).
  std::vector<nlohmann::json> qemu;
  /// Loaded in this order, each after its dependencies, in both kernels.
  std::vector<std::string> modules;
  /// The name of the driver that binds to the function, as in /sys/bus/pci/drivers; empty: none is
  /// expected.
  std::string driver;
  /// {"kind": one of activity_kinds(), parameters}
  nlohmann::json activity = nlohmann::json::object();
  /// {"kind": one of test_kinds(), parameters}
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
    /// Where the descriptors lie, which the device writes back into: the low half of the address
    /// (the high one follows) and their bytes; 0: not known.
    std::uint64_t base = 0;
    std::uint64_t length = 0;
  };
  std::optional<Ring> ring;
  /// Reset methods that the device has in QEMU: "flr", "pm", "bus".
  std::vector<std::string> reset_methods;
  /// Of a device that is served over vfio-user.
  std::optional<ServerSpec> server;
  nlohmann::json settings = nlohmann::json::object();  ///< of a model, with their defaults
  bool port = false;                                   ///< behind a root port of its own
};

/// One device of the machine. `activity` holds overrides of the profile's activity parameters (same
/// keys and types).
struct DeviceSpec {
  std::string profile;                 ///< its profile's name
  std::optional<Profile> written_out;  ///< the profile itself, where the scenario holds it
  std::string name;  ///< [a-z][a-z0-9-]{0,22}, unique; default: profile and a number
  nlohmann::json activity = nlohmann::json::object();
  bool busy = true;               ///< false: present, driver loaded, idle
  bool driver_in_capture = true;  ///< false: the capture kernel gets no driver for it
  /// Name of the root port it sits behind; devices with the same one share it as functions 0 to 7.
  /// Empty: on bus 0, or behind a port of its own where the profile says so.
  std::string port;
  nlohmann::json settings = nlohmann::json::object();  ///< over the profile's
  std::optional<ServerSpec> server;                    ///< instead of the profile's
};

struct PanicSpec {
  std::string method = wire::panic_ways[0].name;  ///< one of wire::panic_ways
  Seconds busy{2};         ///< how long all activities run before the panic, 0..600 s
  std::optional<int> cpu;  ///< which CPU panics (those that the agent does); any when not given
};

/// What is done to devices to bring them to rest.
enum class ActionKind {
  nothing,         ///< only looked at: the rung that the others are compared with
  bus_master_off,  ///< Command bit 2 cleared
  reset,           ///< the kernel's reset by one named method
  hot_reset,       ///< Secondary Bus Reset of the bridge above: everything below it
  remove_rescan,   ///< taken out of the kernel's list and found again
  d3hot,           ///< to D3hot and back to D0
};

struct Action {
  ActionKind what = ActionKind::nothing;
  std::string method;                ///< for reset: as in /sys/bus/pci/devices/*/reset_method
  std::vector<std::string> devices;  ///< names; empty: all
};

/// Whether Bus Master is taken from one device after the other to find who makes a write that
/// carries no tag. `automatic`: when such a write was seen in the window.
enum class Gating { automatic, off, always };

struct Steps {
  std::vector<Action> production;  ///< while the devices work, before the panic
  Seconds window{3};               ///< observation without drivers after entry, 0..600 s
  Gating gating = Gating::automatic;
  std::vector<Action> before_drivers;  ///< in the capture kernel, after the window
  bool climb = false;   ///< an action leaves out the devices that earlier ones brought back
  Seconds settle{1};    ///< observation after each action, 0..60 s
  bool drivers = true;  ///< load the profile's drivers
  bool tests = true;    ///< run the function tests (needs drivers)
};

struct Timeouts {
  Seconds total{300};  ///< of the whole run; 10 s..24 h
  /// Longest silence of guest and QEMU, under emulation; 1 s..1 h. Longer than the minute after
  /// which NVMe's driver gives up a command (drivers/nvme/host, admin_timeout), to hear of it.
  Seconds progress{75};
};

/// Stands in `checks` for every check that is not named beside it.
inline constexpr const char* every_check = "*";

struct Scenario {
  std::string name;
  std::string description;
  MachineSpec machine;
  ProductionSpec production;
  CaptureSpec capture;
  std::vector<DeviceSpec> devices;
  PanicSpec panic;
  Steps steps;
  Timeouts timeouts;
  std::uint32_t seed = 1;
  /// Check name -> its parameters. A scenario that names none gets all with their defaults; so does
  /// one that names `every_check`, beside those that it names itself.
  std::map<std::string, nlohmann::json> checks;

  // Not in the text: how to ask for this one again.
  std::string source;             ///< as the user named it; empty: unknown
  std::vector<std::string> cell;  ///< "machine.cpus=1": what --set makes this cell of a matrix
};

}  // namespace quiesce::scenario
