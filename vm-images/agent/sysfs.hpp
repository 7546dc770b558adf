// SPDX-License-Identifier: GPL-2.0-or-later
// From a PCI function to what its driver made of it: an interface, a disk, a PCM, an input device.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"

namespace quiesce::agent {

/// Whether the real path of a sysfs device leads through the function: virtio, nvme and usb devices
/// are nested below.
bool lies_under(const std::filesystem::path& real_path, PciAddress address);

/// The block device that an nvme path device belongs to: "nvme0c1n2" -> "nvme0n2" (with native
/// multipath the disk itself is a virtual device); empty for other names.
std::string multipath_disk(std::string_view name);

/// Names in /sys/class/`kind` (or /sys/block) below the function, sorted.
std::vector<std::string> class_devices(const std::filesystem::path& kind, PciAddress address);

/// Calls `look` until it finds something or `patience` is over; probing is asynchronous, and
/// devtmpfs sends no event that tells about all kinds of nodes, hence short polls.
template <class Found>
Found poll_until(Seconds patience, const std::function<Found()>& look);
void short_wait();

/// The node of the first disk of the function ("/dev/nvme0n1"), once it can be opened; and so on.
/// The error is timeout and says what was waited for.
Result<std::string> wait_for_interface(PciAddress address, Seconds patience);
Result<std::string> wait_for_disk(PciAddress address, Seconds patience);
/// A PCM for playback, device 0: "/dev/snd/pcmC0D0p".
Result<std::string> wait_for_pcm(PciAddress address, Seconds patience);
/// An event device; one with absolute axes where there is one.
Result<std::string> wait_for_pointer(PciAddress address, Seconds patience);

/// The driver of a PCI function, empty when there is none.
std::string driver_of(PciAddress address);
/// All PCI functions that sysfs has.
std::vector<PciAddress> pci_functions();

template <class Found>
Found poll_until(Seconds patience, const std::function<Found()>& look) {
  const TimePoint deadline = system_clock().now() + patience;
  for (;;) {
    Found found = look();
    if (found || system_clock().now() >= deadline) return found;
    short_wait();
  }
}

}  // namespace quiesce::agent
