// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/wire/panic.hpp"
#include "harness/base/text.hpp"
#include "harness/record/agent.hpp"
#include "harness/run/phases.hpp"

namespace quiesce::run {

using wire::PanicWay;

namespace {

// From the trigger to machine_kexec is well under a second; printing the panic to a slow console
// may add some.
constexpr Seconds panic_patience{60};

/// What the harness itself does once the guest is ready for it.
Result<void> act(const PanicWay& way, const GuestSide& guest, GuestControl& control) {
  if (way.by == PanicWay::By::keys)
    return control.target().press(split(way.what, '-'), guest.waits.soon());
  return control.target().inject_nmi(guest.waits.soon());
}

Result<void> trigger(const PanicWay& way, const scenario::PanicSpec& spec, const GuestSide& guest,
                     GuestControl& control) {
  if (way.by_agent())
    return guest.agent.tell(record::request::Panic{.method = way.name, .cpu = spec.cpu});
  TRY(guest.agent.ask(record::request::PanicPrepare{way.name}, Seconds(20)));
  return act(way, guest, control);
}

}  // namespace

Result<Panicked> panic(const scenario::PanicSpec& spec, const GuestSide& guest,
                       GuestControl& control, Cpus& cpus) {
  guest.recorder.phase("panic");
  const PanicWay* way = wire::find_panic(spec.method);
  if (way == nullptr) return fail(Errc::internal, "an unknown panic method");
  TRY(trigger(*way, spec, guest, control));
  // Not any stop: a kernel that resets the machine instead stops it too. A machine that cannot be
  // stopped says that it panics, and goes on.
  const bool stops = control.can(target::Capability::stop);
  const auto gone = [&] {
    return stops ? control.target().at_breakpoint() : guest.hearing.heard("panic");
  };
  TRY_ASSIGN(const Wait waited, guest.waits.wait(gone, guest.waits.scaled(panic_patience)));
  if (waited == Wait::done) return Panicked{true};
  // The dying kernel did not get there: where it is instead is the evidence.
  if (!guest.hearing.heard("panic") && !guest.hearing.heard("init-killed"))
    guest.recorder.note(
        fmt::format("the kernel's log does not speak of a panic, as \"{}\"", way->shows));
  TRY(cpus.take("panic"));
  return Panicked{false};
}

}  // namespace quiesce::run
