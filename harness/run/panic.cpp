// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/agent.hpp"
#include "harness/run/phases.hpp"

namespace quiesce::run {

using scenario::PanicMethod;

namespace {

// From the trigger to machine_kexec is well under a second; printing the panic to a slow console
// may add some.
constexpr Seconds panic_patience{60};

Result<void> trigger(const scenario::PanicSpec& spec, const GuestSide& guest,
                     GuestControl& control) {
  const auto by_agent = [&](const char* method) {
    return guest.agent.tell(record::request::Panic{.method = method, .cpu = spec.cpu});
  };
  const auto prepare = [&](const char* method) -> Result<void> {
    TRY(guest.agent.ask(record::request::PanicPrepare{method}, Seconds(20)));
    return {};
  };
  switch (spec.method) {
    case PanicMethod::sysrq:
      return by_agent("sysrq");
    case PanicMethod::init_exit:
      return by_agent("init-exit");
    case PanicMethod::sysrq_keyboard:
      TRY(prepare("sysrq-keyboard"));
      return control.target().press({"alt", "sysrq", "c"}, guest.waits.soon());
    case PanicMethod::nmi:
      TRY(prepare("nmi"));
      return control.target().inject_nmi(guest.waits.soon());
  }
  return fail(Errc::internal, "an unknown panic method");
}

}  // namespace

Result<Panicked> panic(const scenario::PanicSpec& spec, const GuestSide& guest,
                       GuestControl& control, Cpus& cpus) {
  guest.recorder.phase("panic");
  TRY(trigger(spec, guest, control));
  // Not any stop: a kernel that resets the machine instead stops it too. A machine that cannot be
  // stopped says that it panics, and goes on.
  const bool stops = control.can(target::Capability::stop);
  const auto gone = [&] {
    return stops ? control.target().at_breakpoint() : guest.hearing.heard("panic");
  };
  TRY_ASSIGN(const Wait waited, guest.waits.wait(gone, guest.waits.scaled(panic_patience)));
  if (waited == Wait::done) return Panicked{true};
  // The dying kernel did not get there: where it is instead is the evidence.
  TRY(cpus.take("panic"));
  return Panicked{false};
}

}  // namespace quiesce::run
