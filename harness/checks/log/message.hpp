// SPDX-License-Identifier: GPL-2.0-or-later
// A message of a kernel, and who says it: the shapes that the kernel's own functions print.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quiesce::checks {

/// Without the kernel's time stamp. The level is /dev/kmsg's, 0 emergency to 7 debug; a serial line
/// has none.
struct Message {
  std::string text;
  std::optional<int> level;
};

/// Who says it, parts of the text:
///   "e1000e 0000:00:03.0 eth0: Hardware Error"   dev_err() and netdev_err(): driver, device
///   "ata1.00: qc timeout", "mmc0: error -110"    a subsystem's own name of a device
///   "[drm:bochs_hw_init [bochs]] *ERROR* ID"     drm_err(): a driver
///   "tsc: Fast TSC calibration failed"           pr_fmt(): a part of the kernel, or a driver
///   "This may impact system performance"         nobody
struct Origin {
  enum class Shape { device, part, nobody };
  Shape shape = Shape::nobody;
  std::string_view driver;  ///< or part; of "ata1.00" it is "ata"
  std::string_view device;  ///< "0000:00:03.0", "nvme0", "ata1.00"; may be empty
  std::string_view body;    ///< what is said
  bool set_in = false;      ///< blanks before it: it belongs to the line above
  bool says_error = false;  ///< DRM's *ERROR*, whatever the level
};
Origin origin_of(std::string_view text);

/// Begins with a blank: what the kernel puts below the line before.
bool is_indented(std::string_view text);

/// The next PCI address, 0000:00:03.0, in `text` from `from` on, or empty; `from` moves behind it.
std::string_view next_address(std::string_view text, std::size_t& from);

}  // namespace quiesce::checks
