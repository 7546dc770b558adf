// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the event device of a pointer that the harness moves.
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/base/fd.hpp"
#include "vm-images/agent/sysfs.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

namespace {

struct Pointer {
  std::string node;
  Fd fd;
};

Result<Pointer> open_pointer(const Subject& subject) {
  TRY_ASSIGN(const std::string node, wait_for_pointer(subject.address, subject.patience));
  TRY_ASSIGN(Fd fd, open_file(node, O_RDONLY | O_NONBLOCK));
  return Pointer{.node = node, .fd = std::move(fd)};
}

/// Hands each event that comes within `patience_ms` to `take`.
template <class Take>
Result<void> read_events(const Pointer& pointer, int patience_ms, Take take) {
  pollfd wait{.fd = pointer.fd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, patience_ms) <= 0) return {};
  std::array<input_event, 64> events{};
  const ssize_t got = ::read(pointer.fd.get(), events.data(), sizeof events);
  if (got < 0 && errno != EAGAIN && errno != EINTR)
    return fail_errno("cannot read " + pointer.node);
  const auto count = got > 0 ? static_cast<std::size_t>(got) / sizeof(input_event) : 0;
  for (std::size_t i = 0; i < count; ++i) take(events.at(i));
  return {};
}

}  // namespace

Result<Work> pointer_read(const Subject& subject, const Request&) {
  TRY_ASSIGN(Pointer pointer, open_pointer(subject));
  auto shared = std::make_shared<Pointer>(std::move(pointer));
  return Work{.node = shared->node,
              .run = [shared](const std::stop_token& stop, Progress& progress) -> Result<void> {
                while (!stop.stop_requested())
                  TRY(read_events(*shared, 100, [&](const input_event& event) {
                    if (event.type == EV_SYN) ++progress.operations;
                    progress.bytes += sizeof event;
                  }));
                return {};
              }};
}

Result<Outcome> pointer_test(const Subject& subject, const Request& request) {
  TRY_ASSIGN(const double seconds, request.number("seconds", 30, 0, 3600));
  TRY_ASSIGN(const Pointer pointer, open_pointer(subject));
  const TimePoint began = system_clock().now();
  std::uint64_t positions = 0;
  int x = -1;
  int y = -1;
  while (positions == 0 && system_clock().now() < began + Seconds(seconds))
    TRY(read_events(pointer, 100, [&](const input_event& event) {
      if (event.type != EV_ABS) return;
      if (event.code == ABS_X) x = event.value;
      if (event.code == ABS_Y) y = event.value;
      ++positions;
    }));
  const double waited = (system_clock().now() - began).count();
  return Outcome{
      .why = why_not(positions > 0, Errc::timeout),
      .detail = fmt::format("{}: {} after {:.1f} s", pointer.node,
                            positions > 0 ? "a position came" : "no position came", waited),
      .numbers = {{"positions", positions}, {"x", x}, {"y", y}, {"seconds", waited}}};
}

}  // namespace quiesce::agent
