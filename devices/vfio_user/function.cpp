// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/function.hpp"

#include <cerrno>

namespace quiesce::vfio_user {

namespace {

constexpr std::uint64_t interrupt_pin_at = 0x3d;

/// An access in pieces of the widths that a device sees: 8, 4, 2 or 1 bytes, aligned.
template <class Access>
void in_pieces(std::uint64_t offset, std::uint64_t count, unsigned widest, Access access) {
  for (std::uint64_t at = 0; at < count;) {
    unsigned width = widest;
    while (width > count - at || (offset + at) % width != 0) width /= 2;
    access(offset + at, at, width);
    at += width;
  }
}

constexpr unsigned widest_of(bool is_config) {
  return is_config ? 4 : 8;
}

}  // namespace

Reply Function::info(std::span<const std::byte> body) {
  if (!sized_head<wire::DeviceInfo>(body)) return refuse(EINVAL);
  constexpr std::uint32_t reset_and_pci = 1 | 2;
  return answer(wire::DeviceInfo{.argsz = sizeof(wire::DeviceInfo),
                                 .flags = reset_and_pci,
                                 .regions = wire::regions,
                                 .irqs = wire::irqs});
}

std::uint64_t Function::region_size(std::uint32_t index) const {
  if (index == wire::region_config) return config_.bytes().size();
  return index < 6 ? config_.layout().bars[index].size : 0;
}

Reply Function::region_info(std::span<const std::byte> body) const {
  const auto asked = sized_head<wire::RegionInfo>(body);
  if (!asked || asked->index >= wire::regions) return refuse(EINVAL);
  const std::uint64_t size = region_size(asked->index);
  constexpr std::uint32_t read_and_write = 1 | 2;
  return answer(wire::RegionInfo{.argsz = sizeof(wire::RegionInfo),
                                 .flags = size != 0 ? read_and_write : 0U,
                                 .index = asked->index,
                                 .cap_offset = 0,
                                 .size = size,
                                 .offset = 0});
}

Reply Function::irq_info(std::span<const std::byte> body) const {
  const auto asked = sized_head<wire::IrqInfo>(body);
  if (!asked || asked->index >= wire::irqs) return refuse(EINVAL);
  return answer(wire::IrqInfo{.argsz = sizeof(wire::IrqInfo),
                              .flags = irqs_.flags(asked->index),
                              .index = asked->index,
                              .count = irqs_.count(asked->index)});
}

Reply Function::set_irqs(std::span<const std::byte> body, std::vector<Fd> files) {
  const auto asked = sized_head<wire::IrqSet>(body);
  if (!asked) return refuse(EINVAL);
  return refuse(irqs_.set(*asked, body.subspan(sizeof *asked), std::move(files)));
}

bool Function::within(const wire::RegionAccess& access) const {
  const std::uint64_t size = region_size(access.region);
  return access.count <= most_data_ && access.count <= size && access.offset <= size - access.count;
}

Reply Function::read(std::span<const std::byte> body) {
  const auto asked = head<wire::RegionAccess>(body);
  if (!asked || !within(*asked)) return refuse(EINVAL);
  std::vector<std::byte> data(asked->count);
  const bool is_config = asked->region == wire::region_config;
  const bool pin_alone = asked->offset == interrupt_pin_at && asked->count == 1;
  const bool dead = is_config && !pin_alone && device_.config_unreadable();
  in_pieces(asked->offset, asked->count, widest_of(is_config),
            [&](std::uint64_t offset, std::uint64_t at, unsigned width) {
              std::uint64_t value = ~std::uint64_t{0};
              if (!is_config)
                value = device_.read(static_cast<int>(asked->region), offset, width);
              else if (!dead)
                value = config_.read(static_cast<std::uint16_t>(offset), width);
              std::memcpy(data.data() + at, &value, width);
            });
  return answer(*asked, data);
}

Reply Function::write(std::span<const std::byte> body) {
  const auto asked = head<wire::RegionAccess>(body);
  if (!asked || !within(*asked) || asked->count != body.size() - sizeof *asked)
    return refuse(EINVAL);
  const auto data = body.subspan(sizeof *asked);
  const bool is_config = asked->region == wire::region_config;
  in_pieces(asked->offset, asked->count, widest_of(is_config),
            [&](std::uint64_t offset, std::uint64_t at, unsigned width) {
              std::uint64_t value = 0;
              std::memcpy(&value, data.data() + at, width);
              if (is_config)
                write_config(static_cast<std::uint16_t>(offset), width,
                             static_cast<std::uint32_t>(value));
              else
                device_.write(static_cast<int>(asked->region), offset, width, value);
            });
  return answer(*asked);
}

void Function::write_config(std::uint16_t offset, unsigned width, std::uint32_t value) {
  if (device_.config_unreadable()) return;
  const bool asleep = config_.power_state() == 3;
  config_.write(offset, width, value);
  // Looked at before a reset brings D0 about.
  const bool woke = asleep && config_.power_state() == 0;
  if (config_.starts_flr(offset, width, value))
    reset(ResetKind::flr);
  else if (woke && !config_.layout().pm->no_soft_reset)
    reset(ResetKind::pm);
  irqs_.set_intx(intx_, intx_disabled());
  device_.config_written(offset, width, value);
}

void Function::reset(ResetKind kind) {
  if (!device_.reset(kind)) return;
  config_.reset(kind == ResetKind::device ? ConfigSpace::Reset::cold : ConfigSpace::Reset::sticky);
  set_intx(false);
}

bool Function::set_intx(bool asserted) {
  intx_ = asserted;
  // Interrupt Status shows the pin whether or not INTx Disable holds it back (PCI 3.0, 6.2.3).
  const std::uint64_t status = config_.read(0x06, 2);
  config_.set(0x06, 2, asserted ? status | 0x8 : status & ~0x8ULL);
  return irqs_.set_intx(asserted, intx_disabled());
}

}  // namespace quiesce::vfio_user
