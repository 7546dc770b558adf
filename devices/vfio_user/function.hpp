// SPDX-License-Identifier: GPL-2.0-or-later
// The PCI function as the client sees it: regions, interrupts, and the resets that come through
// configuration space.
#pragma once

#include <cstdint>
#include <span>

#include "devices/vfio_user/device.hpp"
#include "devices/vfio_user/irqs.hpp"
#include "devices/vfio_user/reply.hpp"

namespace quiesce::vfio_user {

class Function {
 public:
  Function(Device& device, ConfigSpace config, std::size_t most_data)
      : device_(device),
        config_(std::move(config)),
        irqs_(config_.layout()),
        most_data_(most_data) {}

  ConfigSpace& config() { return config_; }
  Irqs& irqs() { return irqs_; }

  static Reply info(std::span<const std::byte> body);
  Reply region_info(std::span<const std::byte> body) const;
  Reply irq_info(std::span<const std::byte> body) const;
  Reply set_irqs(std::span<const std::byte> body, std::vector<Fd> files);
  Reply read(std::span<const std::byte> body);
  Reply write(std::span<const std::byte> body);
  void reset(ResetKind kind);
  bool set_intx(bool asserted);

 private:
  std::uint64_t region_size(std::uint32_t index) const;
  bool within(const wire::RegionAccess& access) const;
  void write_config(std::uint16_t offset, unsigned width, std::uint32_t value);
  bool intx_disabled() const { return (config_.read(0x04, 2) & 0x400) != 0; }

  Device& device_;
  ConfigSpace config_;
  Irqs irqs_;
  std::size_t most_data_;
  bool intx_ = false;
};

}  // namespace quiesce::vfio_user
