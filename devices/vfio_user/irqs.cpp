// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/irqs.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace quiesce::vfio_user {

Irqs::Irqs(const Layout& layout) {
  const std::size_t counts[] = {layout.interrupt_pin != 0 ? 1U : 0U,
                                layout.msi ? layout.msi->vectors : 0U,
                                layout.msix ? layout.msix->vectors : 0U};
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    lines_[i].events.resize(counts[i]);
    lines_[i].masked.resize(counts[i]);
  }
}

std::uint32_t Irqs::count(std::uint32_t index) const {
  return index < lines_.size() ? static_cast<std::uint32_t>(lines_[index].events.size()) : 0;
}

bool Irqs::fire(Line& line, std::size_t vector) {
  if (vector >= line.events.size() || !line.events[vector]) return false;
  // A counter that is full (EAGAIN) is an interrupt that is pending anyway.
  const std::uint64_t one = 1;
  return ::write(line.events[vector]->get(), &one, sizeof one) == sizeof one || errno == EAGAIN;
}

bool Irqs::signal_intx() {
  Line& line = lines_[wire::irq_intx];
  if (line.events.empty() || !asserted_ || disabled_ || line.masked[0]) return false;
  if (!fire(line, 0)) return false;
  line.masked[0] = true;
  return true;
}

bool Irqs::set_intx(bool asserted, bool disabled) {
  asserted_ = asserted;
  disabled_ = disabled;
  const Line& line = lines_[wire::irq_intx];
  signal_intx();
  return !line.events.empty() && line.events[0].has_value();
}

bool Irqs::raise(std::uint32_t index, unsigned vector) {
  return index < lines_.size() && fire(lines_[index], vector);
}

void Irqs::clear() {
  for (auto& line : lines_) {
    for (auto& event : line.events) event.reset();
    line.masked.assign(line.masked.size(), false);
  }
}

int Irqs::trigger(Line& line, const wire::IrqSet& request, std::span<const std::byte> data) {
  const bool all = (request.flags & wire::irq_data_none) != 0;
  for (std::size_t i = 0; i < request.count; ++i)
    if (all || data[i] != std::byte{0}) fire(line, request.start + i);
  return 0;
}

int Irqs::mask(Line& line, const wire::IrqSet& request, std::span<const std::byte> data) {
  const bool all = (request.flags & wire::irq_data_none) != 0;
  for (std::size_t i = 0; i < request.count; ++i)
    if (all || data[i] != std::byte{0})
      line.masked[request.start + i] = (request.flags & wire::irq_mask) != 0;
  if (request.index == wire::irq_intx) signal_intx();
  return 0;
}

int Irqs::set(const wire::IrqSet& request, std::span<const std::byte> data, std::vector<Fd> files) {
  if (request.index >= lines_.size()) return request.index < wire::irqs ? ENOTSUP : EINVAL;
  Line& line = lines_[request.index];
  const std::size_t size = line.events.size();
  if (request.start > size || request.count > size - request.start) return EINVAL;
  const bool by_bool = (request.flags & wire::irq_data_bool) != 0;
  if (by_bool && data.size() < request.count) return EINVAL;
  const std::uint32_t action =
      request.flags & (wire::irq_mask | wire::irq_unmask | wire::irq_trigger);
  if (action == wire::irq_mask || action == wire::irq_unmask) return mask(line, request, data);
  if (action != wire::irq_trigger) return EINVAL;
  if ((request.flags & wire::irq_data_eventfd) == 0) {
    // "none" with a count of zero takes all of them away (linux/vfio.h).
    if ((request.flags & wire::irq_data_none) != 0 && request.count == 0) {
      for (auto& event : line.events) event.reset();
      return 0;
    }
    return trigger(line, request, data);
  }
  if (!files.empty() && files.size() != request.count) return EINVAL;
  for (std::size_t i = 0; i < request.count; ++i) {
    auto& event = line.events[request.start + i];
    if (files.empty())
      event.reset();
    else
      event = std::move(files[i]);
    line.masked[request.start + i] = false;
  }
  if (request.index == wire::irq_intx) signal_intx();
  return 0;
}

}  // namespace quiesce::vfio_user
