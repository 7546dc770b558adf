// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts as event descriptors of the client.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "devices/vfio_user/config_space.hpp"
#include "devices/vfio_user/protocol.hpp"
#include "harness/base/fd.hpp"

namespace quiesce::vfio_user {

class Irqs {
 public:
  explicit Irqs(const Layout& layout);

  /// Vectors of an index; 0 for what the device has not.
  std::uint32_t count(std::uint32_t index) const;
  /// Does what a DEVICE_SET_IRQS message says. Returns 0 or an errno.
  int set(const wire::IrqSet& request, std::span<const std::byte> data, std::vector<Fd> files);
  /// Forgets all descriptors: the client is gone.
  void clear();

  /// The pin's level. An edge is sent when the pin is asserted and not masked; sending it masks the
  /// pin until the client unmasks it (VFIO_IRQ_INFO_AUTOMASKED, linux/vfio.h), and it is sent again
  /// when it is asserted still. `disabled`: INTx Disable of the Command register.
  bool set_intx(bool asserted, bool disabled);
  bool raise(std::uint32_t index, unsigned vector);

 private:
  struct Line {
    std::vector<std::optional<Fd>> events;
    std::vector<bool> masked;
  };
  bool fire(Line& line, std::size_t vector);
  bool signal_intx();
  int trigger(Line& line, const wire::IrqSet& request, std::span<const std::byte> data);
  int mask(Line& line, const wire::IrqSet& request, std::span<const std::byte> data);

  std::array<Line, 3> lines_;
  bool asserted_ = false;
  bool disabled_ = false;
};

}  // namespace quiesce::vfio_user
