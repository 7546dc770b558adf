// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/ops.hpp"

#include <algorithm>
#include <exception>

#include "vm-images/agent/bounded.hpp"
#include "vm-images/agent/crash.hpp"
#include "vm-images/agent/facts.hpp"
#include "vm-images/agent/function.hpp"
#include "vm-images/agent/interrupts.hpp"
#include "vm-images/agent/kmsg.hpp"
#include "vm-images/agent/model.hpp"
#include "vm-images/agent/modules.hpp"
#include "vm-images/agent/pci.hpp"
#include "vm-images/agent/pci_action.hpp"
#include "vm-images/agent/register_bench.hpp"
#include "vm-images/agent/screen.hpp"

namespace quiesce::agent {

namespace {

/// Configuration reads wait as long as the kernel resets the function (drivers/pci/access.c,
/// pci_wait_cfg), and its answer may be a minute away.
Result<Json> read_pci_in_time(const Request& request) {
  constexpr Seconds patience{20};
  auto answer = within<Result<Json>>(
      patience, [fields = request.fields()] { return read_pci(Request(fields)); });
  if (answer) return *std::move(answer);
  return fail(Errc::timeout, "the configuration spaces do not answer within {:.0f} s",
              patience.count());
}

struct Op {
  const char* name;
  Result<Json> (*run)(Agent& agent, const Request& request);
};

constexpr Op ops[] = {
    {"describe", [](Agent&, const Request&) -> Result<Json> { return describe(); }},
    {"pci", [](Agent&, const Request& request) { return read_pci_in_time(request); }},
    {"function", [](Agent&, const Request& request) { return describe_function(request); }},
    {"pci-action", [](Agent&, const Request& request) { return act_on_pci(request); }},
    {"model-state", [](Agent&, const Request& request) { return read_model_state(request); }},
    {"register-bench", [](Agent&, const Request& request) { return bench_registers(request); }},
    {"interrupts", [](Agent&, const Request& request) { return read_interrupts(request); }},
    {"modules",
     [](Agent& agent, const Request& request) {
       return load_modules(agent.link, agent.watch, request);
     }},
    {"wait-bound",
     [](Agent& agent, const Request& request) { return wait_bound(agent.watch, request); }},
    {"activity-start",
     [](Agent& agent, const Request& request) { return agent.activities.start(request); }},
    {"activity-status",
     [](Agent& agent, const Request& request) { return agent.activities.status(request); }},
    {"activity-stop",
     [](Agent& agent, const Request& request) { return agent.activities.stop(request); }},
    {"test", [](Agent&, const Request& request) { return run_test(request); }},
    {"font", [](Agent&, const Request& request) { return read_font(request); }},
    {"screen-text", [](Agent&, const Request& request) { return read_screen(request); }},
    {"write-console", [](Agent&, const Request& request) { return write_console(request); }},
    {"keys", [](Agent& agent, const Request& request) { return watch_keys(agent.link, request); }},
    {"kexec-load", [](Agent&, const Request& request) { return load_capture_kernel(request); }},
    {"kmsg", [](Agent&, const Request& request) { return read_kmsg(request); }},
    {"panic-prepare", [](Agent&, const Request& request) { return prepare_panic(request); }},
    {"panic", [](Agent& agent, const Request& request) { return panic(agent.link, request); }},
    {"poweroff",
     [](Agent& agent, const Request& request) { return power_off(agent.link, request); }},
};

/// A defect of ours must be an answer, not the end of init.
Result<Json> run(Agent& agent, const Op& op, const Json& fields) {
  try {
    return op.run(agent, Request(fields));
  } catch (const std::exception& failure) {
    return fail(Errc::internal, "{}: {}", op.name, failure.what());
  } catch (...) {
    return fail(Errc::internal, "{}: an exception of unknown type", op.name);
  }
}

}  // namespace

void serve(Agent& agent, const wire::Frame& frame) {
  const auto fields = parse_request(frame.payload);
  if (!fields) return agent.link.respond(frame.sequence, "", tl::unexpected(fields.error()));
  const auto name = (*fields)["op"].get<std::string>();
  const auto* op = std::ranges::find(ops, name, &Op::name);
  if (op == std::end(ops))
    return agent.link.respond(frame.sequence, name,
                              fail(Errc::unsupported, "there is no request {}", name));
  agent.link.respond(frame.sequence, name, run(agent, *op, *fields));
}

}  // namespace quiesce::agent
