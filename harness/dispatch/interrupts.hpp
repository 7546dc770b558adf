// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <csignal>
#include <memory>
#include <utility>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"

namespace quiesce::dispatch {

/// As long as it lives, Ctrl-C and SIGTERM do not end the program: it brings things to an end first
/// (a guest, evidence, what is being fetched). Before and after it they end it as usual.
class Interrupts {
 public:
  /// Held back, for work that looks for them (harness/base/interruption.hpp).
  static Result<Interrupts> hold();
  /// They stop the loop, too.
  static Result<Interrupts> watch(Loop& loop);
  Interrupts(Interrupts&& other) noexcept
      : fd_(std::move(other.fd_)),
        before_(other.before_),
        watch_(std::move(other.watch_)),
        come_(std::move(other.come_)),
        active_(std::exchange(other.active_, false)) {}
  Interrupts& operator=(Interrupts&&) = delete;
  ~Interrupts();

  /// Fails with `interrupted` when one has come, however what was interrupted put it. The signal is
  /// taken by that: it does not end the program any more.
  Result<void> check();

 private:
  Interrupts(Fd fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}
  Fd fd_;
  sigset_t before_;
  Loop::Watch watch_;
  std::shared_ptr<bool> come_ = std::make_shared<bool>(false);
  bool active_ = true;
};

/// The Result of `work`, or `interrupted` when Ctrl-C or SIGTERM came meanwhile: what it had half
/// made is gone then.
template <class Work>
auto unless_interrupted(const Work& work) -> decltype(work()) {
  TRY_ASSIGN(Interrupts interrupts, Interrupts::hold());
  auto done = work();
  TRY(interrupts.check());
  return done;
}

}  // namespace quiesce::dispatch
