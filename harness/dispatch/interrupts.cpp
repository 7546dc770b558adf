// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/interrupts.hpp"

#include <sys/signalfd.h>

namespace quiesce::dispatch {

Result<Interrupts> Interrupts::watch(Loop& loop) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  const int raw = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (raw < 0) return fail_errno("cannot watch for signals");
  Interrupts interrupts(Fd::adopt(raw), before);
  interrupts.watch_ = loop.on_readable(raw, [&loop, raw] {
    (void)read_some(raw);
    loop.stop();
  });
  return interrupts;
}

Interrupts::~Interrupts() {
  if (active_) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace quiesce::dispatch
