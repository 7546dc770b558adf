// SPDX-License-Identifier: GPL-2.0-or-later
// A run plan: a scenario with everything resolved. A run can be repeated from its JSON alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"
#include "harness/scenario/model.hpp"

namespace quiesce::scenario {

/// A kernel with its initramfs, ready to boot.
struct BootImage {
  std::string kernel;           ///< as the user named it
  std::string release;          ///< "6.1.0-56-amd64"
  std::filesystem::path image;  ///< bzImage
  std::filesystem::path initramfs;
  std::string image_sha256;
  std::string initramfs_sha256;
};

/// A device with its place in the machine.
struct PlannedDevice {
  std::string name;
  Profile profile;
  nlohmann::json activity;  ///< the profile's with the scenario's overrides; kind included
  bool busy = true;
  bool driver_in_capture = true;
  PciAddress address;   ///< of its PCI function, the same in both kernels
  std::string mac;      ///< 52:54:00:51:xx:xx where its backend has one, else empty
  std::string port;     ///< QEMU id of its root port; empty: on bus 0
  int port_slot = 0;    ///< of the root port on bus 0
  bool shared = false;  ///< a function of a device with several
  nlohmann::json settings = nlohmann::json::object();  ///< the profile's with the scenario's
  /// Where its vfio-user server comes from; a model has become its command.
  std::optional<ServerSpec> server;
};

struct RunPlan {
  Scenario scenario;
  std::vector<PlannedDevice> devices;
  BootImage production;
  BootImage capture;
  std::string accel;  ///< "kvm" or "tcg": what was chosen
  std::string accel_reason;
  std::filesystem::path qemu;  ///< the binary
};

/// Whether QEMU must have vfio-user-pci.
bool needs_vfio_user(const std::vector<PlannedDevice>& devices);

/// Gives every device its slot (from 2 on, in order; bus 0) and its MAC address. Fails when there
/// are too many.
Result<std::vector<PlannedDevice>> place_devices(const Scenario& scenario,
                                                 const std::vector<Profile>& profiles);

nlohmann::json to_json(const RunPlan& plan);
/// Accepts what to_json gave; anything else is invalid_input that names the place.
Result<RunPlan> plan_from_json(const nlohmann::json& json);

}  // namespace quiesce::scenario
