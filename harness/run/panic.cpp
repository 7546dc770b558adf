// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/agent.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

using nlohmann::json;
using scenario::PanicMethod;

namespace {

// From the trigger to machine_kexec is well under a second; printing the panic to a slow console
// may add some.
constexpr Seconds panic_patience{60};

json keys(std::initializer_list<const char*> names) {
  json list = json::array();
  for (const char* name : names) list.push_back({{"type", "qcode"}, {"data", name}});
  return {{"keys", list}};
}

Result<void> trigger(Session& session) {
  const auto& spec = session.plan.scenario.panic;
  const auto by_agent = [&](const char* method) -> Result<void> {
    const record::request::Panic request{.method = method, .cpu = spec.cpu};
    TRY(session.agent.ask(request.name, record::as_json(request)));
    return {};
  };
  const auto prepare = [&](const char* method) -> Result<void> {
    TRY(session.ask(record::request::PanicPrepare{method}, Seconds(20)));
    return {};
  };
  switch (spec.method) {
    case PanicMethod::sysrq:
      return by_agent("sysrq");
    case PanicMethod::init_exit:
      return by_agent("init-exit");
    case PanicMethod::sysrq_keyboard:
      TRY(prepare("sysrq-keyboard"));
      TRY(session.machine->qmp().call("send-key", keys({"alt", "sysrq", "c"}), session.soon()));
      return {};
    case PanicMethod::nmi:
      TRY(prepare("nmi"));
      TRY(session.machine->qmp().call("inject-nmi", json::object(), session.soon()));
      return {};
  }
  return fail(Errc::internal, "an unknown panic method");
}

}  // namespace

Result<Panicked> panic(Session& session) {
  session.phase("panic");
  TRY(trigger(session));
  // Not any stop: a kernel that resets the machine instead stops it too.
  TRY_ASSIGN(const Wait waited, session.wait([&] { return session.machine->gdb().at_breakpoint(); },
                                             session.scaled(panic_patience)));
  if (waited == Wait::done) return Panicked{true};
  // The dying kernel did not get there: where it is instead is the evidence.
  TRY(take_cpus(session, "panic"));
  return Panicked{false};
}

}  // namespace quiesce::run
