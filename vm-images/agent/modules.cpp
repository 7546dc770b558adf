// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/modules.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quiesce::agent {

namespace {

/// Empty when it is loaded now, or was.
std::string load(const std::string& name) {
  const auto fd = open_file("/modules/" + name + ".ko", O_RDONLY);
  if (!fd) return fd.error().describe();
  if (::syscall(SYS_finit_module, fd->get(), "", 0) == 0 || errno == EEXIST) return {};
  return std::strerror(errno);
}

Result<Json> read_order() {
  TRY_ASSIGN(const std::string text, read_file("/modules/order.json", 16U << 20));
  Json order = Json::parse(text, nullptr, false);
  if (order.is_discarded()) return fail(Errc::invalid_input, "/modules/order.json is no JSON");
  return order;
}

}  // namespace

Result<ModulePlan> plan_modules(const Json& order, const std::vector<std::string>& names) {
  if (!order.is_object()) return fail(Errc::invalid_input, "the module order is no object");
  ModulePlan plan;
  std::set<std::string> planned;
  for (const std::string& name : names) {
    const auto needed = order.find(name);
    if (needed == order.end()) {
      plan.unknown.push_back(name);
      continue;
    }
    TRY_ASSIGN(const auto list, Request(order).texts(name.c_str()));
    for (const std::string& module : list)
      if (planned.insert(module).second) plan.order.push_back(module);
  }
  return plan;
}

Result<Json> load_modules(Link& link, Watch& watch, const Request& request) {
  TRY_ASSIGN(const auto names, request.texts(&ask::Modules::names));
  TRY_ASSIGN(const Json order, read_order());
  TRY_ASSIGN(const ModulePlan plan, plan_modules(order, names));
  watch.begin();
  const double began = guest_seconds();
  answer::Modules done;
  for (const std::string& name : plan.unknown) done.failed.push_back({name, "not in the image"});
  for (const std::string& name : plan.order) {
    const double before = guest_seconds();
    const std::string error = load(name);
    record::said::Module told{.module = name,
                              .ms = static_cast<int>((guest_seconds() - before) * 1000)};
    if (!error.empty()) told.error = error;
    link.event(told);
    if (error.empty())
      done.loaded.push_back(name);
    else
      done.failed.push_back({name, error});
  }
  watch.catch_up();
  done.seconds = guest_seconds() - began;
  return record::as_json(done);
}

}  // namespace quiesce::agent
