// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/irqs.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

namespace quiesce::vfio_user {

namespace {

constexpr std::uint32_t data_types =
    wire::irq_data_none | wire::irq_data_bool | wire::irq_data_eventfd;
constexpr std::uint32_t actions = wire::irq_mask | wire::irq_unmask | wire::irq_trigger;

/// "anon_inode:[eventfd]" has no type in its mode (fs/anon_inodes.c).
bool can_be_eventfd(const Fd& file) {
  struct stat about {};
  return ::fstat(file.get(), &about) == 0 && (about.st_mode & S_IFMT) == 0;
}

/// Whether the request is about its i-th vector.
bool chosen(const wire::IrqSet& request, std::span<const std::byte> data, std::size_t i) {
  return (request.flags & wire::irq_data_none) != 0 || data[i] != std::byte{0};
}

}  // namespace

Irqs::Irqs(const Layout& layout) {
  lines_[wire::irq_intx].events.resize(layout.interrupt_pin != 0 ? 1 : 0);
  lines_[wire::irq_msi].events.resize(layout.msi ? layout.msi->vectors : 0);
  lines_[wire::irq_msix].events.resize(layout.msix ? layout.msix->vectors : 0);
}

std::uint32_t Irqs::count(std::uint32_t index) const {
  return index < lines_.size() ? static_cast<std::uint32_t>(lines_[index].events.size()) : 0;
}

std::uint32_t Irqs::flags(std::uint32_t index) const {
  if (count(index) == 0) return 0;
  if (index != wire::irq_intx) return wire::irq_eventfd;
  return wire::irq_eventfd | wire::irq_maskable | wire::irq_automasked;
}

bool Irqs::fire(const Line& line, std::size_t vector) {
  if (vector >= line.events.size() || !line.events[vector]) return false;
  const int fd = line.events[vector]->get();
  // A counter that is full is an interrupt that is pending anyway, and a write to it would wait.
  // (Only a client that fills it between this line and the write makes us wait, for itself.)
  pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) == 0) return true;
  const std::uint64_t one = 1;
  return ::write(fd, &one, sizeof one) == sizeof one || errno == EAGAIN;
}

void Irqs::signal_intx() {
  Line& line = lines_[wire::irq_intx];
  if (asserted_ && !disabled_ && !line.masked) line.masked = fire(line, 0);
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
    line.masked = false;
  }
}

int Irqs::check(const wire::IrqSet& request, std::span<const std::byte> data,
                const std::vector<Fd>& files) const {
  const std::uint32_t type = request.flags & data_types;
  const std::uint32_t action = request.flags & actions;
  if (std::popcount(type) != 1 || std::popcount(action) != 1 ||
      (request.flags & ~(data_types | actions)) != 0)
    return EINVAL;
  const std::uint32_t vectors = count(request.index);
  if (request.start >= vectors || request.count > vectors - request.start) return EINVAL;
  // "A count (and start) of 0, with data flags of VFIO_IRQ_SET_DATA_NONE disables all."
  if (request.count == 0 &&
      (request.start != 0 || action != wire::irq_trigger || type != wire::irq_data_none))
    return EINVAL;
  if (type == wire::irq_data_bool && data.size() != request.count) return EINVAL;
  if (!files.empty() && (type != wire::irq_data_eventfd || files.size() != request.count ||
                         !std::ranges::all_of(files, can_be_eventfd)))
    return EINVAL;
  if (action == wire::irq_trigger) return 0;
  if (request.index != wire::irq_intx) return EINVAL;
  return type == wire::irq_data_eventfd ? ENOTSUP : 0;
}

void Irqs::trigger(const Line& line, const wire::IrqSet& request, std::span<const std::byte> data) {
  for (std::size_t i = 0; i < request.count; ++i)
    if (chosen(request, data, i)) fire(line, request.start + i);
}

/// Without descriptors the vectors are disconnected.
void Irqs::connect(Line& line, const wire::IrqSet& request, std::vector<Fd> files) {
  for (std::size_t i = 0; i < request.count; ++i) {
    auto& event = line.events[request.start + i];
    event.reset();
    if (!files.empty()) event.emplace(std::move(files[i]));
  }
  line.masked = false;
  if (request.index == wire::irq_intx) signal_intx();
}

int Irqs::set(const wire::IrqSet& request, std::span<const std::byte> data, std::vector<Fd> files) {
  if (const int error = check(request, data, files)) return error;
  Line& line = lines_[request.index];
  if ((request.flags & wire::irq_trigger) == 0) {
    if (chosen(request, data, 0)) line.masked = (request.flags & wire::irq_mask) != 0;
    signal_intx();
  } else if ((request.flags & wire::irq_data_eventfd) != 0) {
    connect(line, request, std::move(files));
  } else if (request.count == 0) {
    for (auto& event : line.events) event.reset();
    line.masked = false;
  } else {
    trigger(line, request, data);
  }
  return 0;
}

}  // namespace quiesce::vfio_user
