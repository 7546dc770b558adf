// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <csignal>
#include <utility>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"

namespace quiesce::dispatch {

/// As long as it lives, Ctrl-C and SIGTERM stop the loop instead of the program, so that the guest
/// is ended and the evidence closed. Before and after a run they end the program as usual.
class Interrupts {
 public:
  static Result<Interrupts> watch(Loop& loop);
  Interrupts(Interrupts&& other) noexcept
      : fd_(std::move(other.fd_)),
        before_(other.before_),
        watch_(std::move(other.watch_)),
        active_(std::exchange(other.active_, false)) {}
  Interrupts& operator=(Interrupts&&) = delete;
  ~Interrupts();

 private:
  Interrupts(Fd fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}
  Fd fd_;
  sigset_t before_;
  Loop::Watch watch_;
  bool active_ = true;
};

}  // namespace quiesce::dispatch
