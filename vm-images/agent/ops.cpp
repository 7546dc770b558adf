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
    {ask::Describe::name, [](Agent&, const Request&) -> Result<Json> { return describe(); }},
    {ask::Pci::name, [](Agent&, const Request& request) { return read_pci_in_time(request); }},
    {ask::Function::name,
     [](Agent&, const Request& request) { return describe_function(request); }},
    {ask::PciAction::name, [](Agent&, const Request& request) { return act_on_pci(request); }},
    {ask::ModelState::name,
     [](Agent&, const Request& request) { return read_model_state(request); }},
    {ask::RegisterBench::name,
     [](Agent&, const Request& request) { return bench_registers(request); }},
    {ask::Interrupts::name,
     [](Agent&, const Request& request) { return read_interrupts(request); }},
    {ask::Modules::name,
     [](Agent& agent, const Request& request) {
       return load_modules(agent.link, agent.watch, request);
     }},
    {ask::WaitBound::name,
     [](Agent& agent, const Request& request) { return wait_bound(agent.watch, request); }},
    {ask::ActivityStart::name,
     [](Agent& agent, const Request& request) { return agent.activities.start(request); }},
    {ask::ActivityStatus::name,
     [](Agent& agent, const Request& request) { return agent.activities.status(request); }},
    {ask::ActivityStop::name,
     [](Agent& agent, const Request& request) { return agent.activities.stop(request); }},
    {ask::Test::name, [](Agent&, const Request& request) { return run_test(request); }},
    {ask::Font::name, [](Agent&, const Request& request) { return read_font(request); }},
    {ask::ScreenText::name, [](Agent&, const Request& request) { return read_screen(request); }},
    {ask::WriteConsole::name,
     [](Agent&, const Request& request) { return write_console(request); }},
    {ask::Keys::name,
     [](Agent& agent, const Request& request) { return watch_keys(agent.link, request); }},
    {ask::KexecLoad::name,
     [](Agent&, const Request& request) { return load_capture_kernel(request); }},
    {ask::Kmsg::name, [](Agent&, const Request& request) { return read_kmsg(request); }},
    {ask::PanicPrepare::name,
     [](Agent&, const Request& request) { return prepare_panic(request); }},
    {ask::Panic::name,
     [](Agent& agent, const Request& request) { return panic(agent.link, request); }},
    {ask::PowerOff::name,
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
  const auto name = (*fields)[record::key_of(&record::RequestHead::op)].get<std::string>();
  const auto* op = std::ranges::find(ops, name, &Op::name);
  if (op == std::end(ops))
    return agent.link.respond(frame.sequence, name,
                              fail(Errc::unsupported, "there is no request {}", name));
  agent.link.respond(frame.sequence, name, run(agent, *op, *fields));
}

}  // namespace quiesce::agent
