// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/wire/panic.hpp"
#include "harness/base/text.hpp"
#include "harness/record/agent.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

using nlohmann::json;
using wire::PanicWay;

namespace {

// From the trigger to machine_kexec is well under a second; printing the panic to a slow console
// may add some.
constexpr Seconds panic_patience{60};

/// "alt-sysrq-c" as QEMU wants it.
json keys(const char* together) {
  json list = json::array();
  for (const auto& name : split(together, '-')) list.push_back({{"type", "qcode"}, {"data", name}});
  return {{"keys", list}};
}

/// What the harness itself does once the guest is ready for it.
Result<void> act(Session& session, const PanicWay& way) {
  const bool typed = way.by == PanicWay::By::keys;
  TRY(session.machine->qmp().call(typed ? "send-key" : way.what,
                                  typed ? keys(way.what) : json::object(), session.soon()));
  return {};
}

Result<void> trigger(Session& session, const PanicWay& way) {
  if (!way.by_agent()) {
    TRY(session.ask(record::request::PanicPrepare{way.name}, Seconds(20)));
    return act(session, way);
  }
  const record::request::Panic request{.method = way.name, .cpu = session.plan.scenario.panic.cpu};
  TRY(session.agent.ask(request.name, record::as_json(request)));
  return {};
}

}  // namespace

Result<Panicked> panic(Session& session) {
  session.phase("panic");
  const PanicWay* way = wire::find_panic(session.plan.scenario.panic.method);
  if (way == nullptr) return fail(Errc::internal, "an unknown panic method");
  TRY(trigger(session, *way));
  // Not any stop: a kernel that resets the machine instead stops it too.
  TRY_ASSIGN(const Wait waited, session.wait([&] { return session.machine->gdb().at_breakpoint(); },
                                             session.scaled(panic_patience)));
  if (waited == Wait::done) return Panicked{true};
  // The dying kernel did not get there: where it is instead is the evidence.
  if (!session.landmarks.contains("panic") && !session.landmarks.contains("init-killed"))
    session.note(fmt::format("the kernel's log does not speak of a panic, as \"{}\"", way->shows));
  TRY(take_cpus(session, "panic"));
  return Panicked{false};
}

}  // namespace quiesce::run
