// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/interrupts.hpp"

#include <sys/signalfd.h>

#include "harness/base/interruption.hpp"

namespace quiesce::dispatch {

Result<Interrupts> Interrupts::hold() {
  const sigset_t signals = ending_signals();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  const int raw = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (raw < 0) {
    auto failure = fail_errno("cannot watch for signals");
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return failure;
  }
  return Interrupts(Fd::adopt(raw), before);
}

Result<Interrupts> Interrupts::watch(Loop& loop) {
  TRY_ASSIGN(Interrupts interrupts, hold());
  const int raw = interrupts.fd_.get();
  interrupts.watch_ = loop.on_readable(raw, [&loop, raw, come = interrupts.come_] {
    (void)read_some(raw);
    *come = true;
    loop.stop();
  });
  return interrupts;
}

Result<void> Interrupts::check() {
  const auto signal = read_some(fd_.get());
  if (!*come_ && (!signal || signal->empty())) return {};
  *come_ = false;
  return fail(Errc::interrupted, "interrupted");
}

Interrupts::~Interrupts() {
  if (active_) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace quiesce::dispatch
