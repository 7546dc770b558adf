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
  /// VFIO_IRQ_INFO_* of an index. Not NORESIZE: each vector can be connected alone.
  std::uint32_t flags(std::uint32_t index) const;
  /// Does what a DEVICE_SET_IRQS message says, or nothing of it. Returns 0 or an errno: EINVAL for
  /// what is wrong in itself, ENOTSUP for an event descriptor that masks or unmasks. A descriptor
  /// must be an anonymous inode, as eventfd's are: writing to a pipe or socket of the client could
  /// block or kill us.
  int set(const wire::IrqSet& request, std::span<const std::byte> data, std::vector<Fd> files);
  /// Forgets all descriptors: the client is gone.
  void clear();

  /// The pin's level. An event is sent when the pin is asserted and not masked; sending it masks
  /// the pin until the client unmasks it (VFIO_IRQ_INFO_AUTOMASKED, linux/vfio.h), and it is sent
  /// again when it is asserted still. `disabled`: INTx Disable of the Command register. True when
  /// an event is connected.
  bool set_intx(bool asserted, bool disabled);
  /// True when an event was sent, or one that the client has not read yet is there.
  bool raise(std::uint32_t index, unsigned vector);

 private:
  struct Line {
    std::vector<std::optional<Fd>> events;
    bool masked = false;  ///< only the pin can be
  };
  int check(const wire::IrqSet& request, std::span<const std::byte> data,
            const std::vector<Fd>& files) const;
  static bool fire(const Line& line, std::size_t vector);
  void signal_intx();
  static void trigger(const Line& line, const wire::IrqSet& request,
                      std::span<const std::byte> data);
  void connect(Line& line, const wire::IrqSet& request, std::vector<Fd> files);

  std::array<Line, 3> lines_;
  bool asserted_ = false;
  bool disabled_ = false;
};

}  // namespace quiesce::vfio_user
