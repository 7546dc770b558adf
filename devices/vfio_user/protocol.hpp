// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of the vfio-user protocol, version 0.1, as on the wire: in the host's byte order, no
// padding beyond what stands here. Source: QEMU, docs/interop/vfio-user.rst; struct vfio_* of
// linux/vfio.h.
#pragma once

#include <cstdint>

namespace quiesce::vfio_user::wire {

struct Header {
  std::uint16_t id;
  std::uint16_t command;
  std::uint32_t size;  ///< of the whole message, this header included
  std::uint32_t flags;
  std::uint32_t error;  ///< errno, with flag_error
};
static_assert(sizeof(Header) == 16);

inline constexpr std::uint32_t type_mask = 0xf;
inline constexpr std::uint32_t type_reply = 0x1;
inline constexpr std::uint32_t flag_no_reply = 0x10;
inline constexpr std::uint32_t flag_error = 0x20;

enum Command : std::uint16_t {
  version = 1,
  dma_map = 2,
  dma_unmap = 3,
  device_get_info = 4,
  device_get_region_info = 5,
  device_get_region_io_fds = 6,
  device_get_irq_info = 7,
  device_set_irqs = 8,
  region_read = 9,
  region_write = 10,
  dma_read = 11,
  dma_write = 12,
  device_reset = 13,
  region_write_multi = 15,  ///< this and what follows: not offered, refused
  device_feature = 16,
  migration_read = 17,
  migration_write = 18,
};

struct Version {
  std::uint16_t major;
  std::uint16_t minor;  ///< a JSON text with its terminating zero follows
};

struct DmaMap {
  std::uint32_t argsz;
  std::uint32_t flags;   ///< map_readable, map_writable
  std::uint64_t offset;  ///< in the descriptor
  std::uint64_t address;
  std::uint64_t size;
};
static_assert(sizeof(DmaMap) == 32);
inline constexpr std::uint32_t map_readable = 1;
inline constexpr std::uint32_t map_writable = 2;

struct DmaUnmap {
  std::uint32_t argsz;
  std::uint32_t flags;  ///< 0 or unmap_all
  std::uint64_t address;
  std::uint64_t size;
};
static_assert(sizeof(DmaUnmap) == 24);
/// Not in the specification, but QEMU and libvfio-user have it from linux/vfio.h.
inline constexpr std::uint32_t unmap_all = 2;

struct DeviceInfo {
  std::uint32_t argsz;
  std::uint32_t flags;  ///< 1 reset works, 2 PCI
  std::uint32_t regions;
  std::uint32_t irqs;
};
static_assert(sizeof(DeviceInfo) == 16);

struct RegionInfo {
  std::uint32_t argsz;
  std::uint32_t flags;  ///< 1 readable, 2 writable
  std::uint32_t index;
  std::uint32_t cap_offset;
  std::uint64_t size;
  std::uint64_t offset;
};
static_assert(sizeof(RegionInfo) == 32);

struct IrqInfo {
  std::uint32_t argsz;
  std::uint32_t flags;  ///< 1 event descriptors, 2 maskable, 4 masks itself, 8 cannot be resized
  std::uint32_t index;
  std::uint32_t count;
};
static_assert(sizeof(IrqInfo) == 16);
inline constexpr std::uint32_t irq_eventfd = 1;
inline constexpr std::uint32_t irq_maskable = 2;
inline constexpr std::uint32_t irq_automasked = 4;

struct IrqSet {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint32_t index;
  std::uint32_t start;
  std::uint32_t count;
};
static_assert(sizeof(IrqSet) == 20);
inline constexpr std::uint32_t irq_data_none = 1;
inline constexpr std::uint32_t irq_data_bool = 2;
inline constexpr std::uint32_t irq_data_eventfd = 4;
inline constexpr std::uint32_t irq_mask = 8;
inline constexpr std::uint32_t irq_unmask = 16;
inline constexpr std::uint32_t irq_trigger = 32;

struct RegionAccess {
  std::uint64_t offset;
  std::uint32_t region;
  std::uint32_t count;  ///< data follow
};

static_assert(sizeof(RegionAccess) == 16);

struct DmaAccess {
  std::uint64_t address;
  std::uint64_t count;  ///< data follow
};
static_assert(sizeof(DmaAccess) == 16);

/// Regions and interrupts of a PCI device (linux/vfio.h).
inline constexpr std::uint32_t region_rom = 6;
inline constexpr std::uint32_t region_config = 7;
inline constexpr std::uint32_t regions = 9;
inline constexpr std::uint32_t irq_intx = 0;
inline constexpr std::uint32_t irq_msi = 1;
inline constexpr std::uint32_t irq_msix = 2;
inline constexpr std::uint32_t irqs = 5;

}  // namespace quiesce::vfio_user::wire
