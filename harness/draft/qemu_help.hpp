// SPDX-License-Identifier: GPL-2.0-or-later
// What "qemu -device help" and "qemu -device NAME,help" print. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::draft {

/// A line of "-device help": name "e1000", bus PCI, alias "e1000-82540em", desc "Intel ...".
struct QemuDevice {
  std::string name;
  std::string bus;  ///< "PCI", "usb-bus" ...; empty: none
  std::string alias;
  std::string description;
  std::string category;  ///< "Network devices"
};
std::vector<QemuDevice> parse_device_list(std::string_view text);

/// Its properties: name -> type in QEMU's words ("str", "uint32", "drive" ...).
std::map<std::string, std::string> parse_properties(std::string_view text);

/// The PCI device of that name or alias. invalid_input names those whose names are near, or the bus
/// that it sits on instead.
Result<QemuDevice> choose_device(const std::vector<QemuDevice>& devices, const std::string& name);

/// Of "-trace help", the events by which a device may say that it was reset; those of ports, queues
/// and the like, and QEMU's own, are left out.
struct ResetEvents {
  std::vector<std::string> own;     ///< by their names of this device: "lsi_reset" of lsi53c895a
  std::vector<std::string> others;  ///< "e1000e_core_ctrl_sw_reset", which igb's core says as well
};
ResetEvents reset_events(std::string_view text, std::string_view device);

}  // namespace quiesce::draft
