// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/interruption.hpp"

#include <sys/signalfd.h>

namespace quiesce {

namespace {

constexpr int numbers_of_ending[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers_of_ending) sigaddset(&signals, number);
  return signals;
}

Result<std::optional<Fd>> interruption() {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  sigset_t held;
  sigemptyset(&held);
  bool any = false;
  for (const int number : numbers_of_ending)
    if (sigismember(&blocked, number) == 1) {
      sigaddset(&held, number);
      any = true;
    }
  if (!any) return std::nullopt;
  const int raw = ::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
  if (raw < 0) return fail_errno("cannot watch for signals");
  return Fd::adopt(raw);
}

Result<void> not_interrupted() {
  // What is not held back never stays pending.
  sigset_t pending;
  ::sigpending(&pending);
  for (const int number : numbers_of_ending)
    if (sigismember(&pending, number) == 1) return fail(Errc::interrupted, "interrupted");
  return {};
}

}  // namespace quiesce
