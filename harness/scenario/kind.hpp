// SPDX-License-Identifier: GPL-2.0-or-later
// What there is to know about a kind of device: how QEMU is connected, what keeps it busy, what
// shows that it works, and what the harness and the checks may expect of it. Nothing else compares
// kinds by name.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/scenario/shape.hpp"

namespace quiesce::scenario {

struct KindParameter {
  std::string name;
  Shape shape;
};

/// What the harness does from outside while the work goes on.
enum class Feed {
  nothing,
  frames,  ///< sends tagged Ethernet frames
  motion,  ///< moves the pointer
};

/// Who says that a test worked, beside the guest.
enum class Witness {
  nobody,
  frames,  ///< what the device sent, as QEMU handed it over
  tone,    ///< the tone in the file that QEMU wrote what was played into (Backend::leaves)
};

/// An activity or a function test of the agent (docs/agent-protocol.md).
struct Work {
  std::string name;
  std::vector<KindParameter> parameters;
  Feed feed = Feed::nothing;
  Witness witness = Witness::nobody;
  /// The device reads or writes memory of the guest for it.
  bool uses_memory = true;
  /// The device takes it well when its Bus Master is taken away for a moment and given back.
  bool bears_gating = true;
  bool shows_console = false;  ///< the kernel's console is on it
  bool model = false;          ///< it has the registers of harness/wire/model_registers.hpp
  std::string backend = {};    ///< that it needs; empty: any

  const KindParameter* parameter(std::string_view wanted) const;
};

/// Where a backend finds what it needs.
struct BackendPlace {
  std::string id;      ///< QEMU's name of it
  std::string device;  ///< the device's name
  int fd = -1;         ///< its descriptor in the child; -1: it inherits none
  std::filesystem::path run_dir;
};

/// What the harness puts behind a device.
struct Backend {
  enum class Inherits {
    nothing,
    socket,  ///< a stream socket to the harness
    image,   ///< a disk image in memory
  };

  const char* name;      ///< `backend` of a profile
  const char* property;  ///< of a -device that takes it, as QEMU names it
  Inherits inherits;
  bool has_mac = false;     ///< its device has a MAC address
  bool has_serial = false;  ///< its device has a serial number
  /// The option and its argument.
  std::pair<const char*, nlohmann::json> (*option)(const BackendPlace& place);
  /// The file that it leaves in the run directory; null: none.
  std::string (*leaves)(const std::string& device) = nullptr;
};

/// A device for a bus that a PCI function provides.
struct Attachment {
  const char* bus_type;  ///< QOM's
  const char* driver;    ///< the -device that goes onto it
  bool serial;           ///< it takes a serial number
};

struct Kind {
  const char* name;
  const Backend* backend = nullptr;  ///< null: none
  std::vector<Work> activities;
  std::vector<Work> tests;
  /// For profiles that are drafted: what is hung on a bus, the class of sysfs nodes that such a
  /// device has when it needs no backend (null: none), and work with its parameters.
  std::vector<Attachment> attachments = {};
  const char* node = nullptr;
  nlohmann::json offered_activity = {};
  nlohmann::json offered_test = {};
};

}  // namespace quiesce::scenario
