// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/ops.hpp"

#include <algorithm>
#include <exception>

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
#include "vm-images/agent/worker.hpp"

namespace quiesce::agent {

namespace {

struct Op {
  const char* name;
  Result<Json> (*run)(Agent& agent, const Request& request);
  /// It bounds itself, or ends the kernel: not on a thread of its own.
  bool in_place = false;
};

constexpr Op ops[] = {
    {ask::Describe::name, [](Agent&, const Request&) -> Result<Json> { return describe(); }},
    {ask::Pci::name, [](Agent&, const Request& request) { return read_pci(request); }},
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
     },
     true},
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
     [](Agent& agent, const Request& request) { return panic(agent.link, request); }, true},
    {ask::PowerOff::name,
     [](Agent& agent, const Request& request) { return power_off(agent.link, request); }, true},
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

/// By when the request wants to be answered; nullopt when it may take its time.
Result<std::optional<Seconds>> bound_of(const Json& fields) {
  const Request request(fields);
  if (!request.has(&record::RequestHead::within)) return std::nullopt;
  TRY_ASSIGN(const double seconds, request.number(&record::RequestHead::within, 0, 0, 86400));
  return Seconds(seconds);
}

/// What is asked of a device that hangs must not hold up what is asked next.
Result<Json> run_bounded(Agent& agent, const Op& op, const Json& fields) {
  TRY_ASSIGN(const auto bound, bound_of(fields));
  if (!bound || op.in_place) return run(agent, op, fields);
  return carry_out(agent.link, op.name, *bound,
                   [&agent, &op, fields] { return run(agent, op, fields); });
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
  agent.link.respond(frame.sequence, name, run_bounded(agent, *op, *fields));
}

}  // namespace quiesce::agent
