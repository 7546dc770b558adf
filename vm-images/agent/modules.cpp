// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/modules.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/worker.hpp"

namespace quiesce::agent {

namespace {

/// The longest that one module is waited for, when the others still have to be loaded.
constexpr Seconds longest_load{60};

/// Of a request that does not say when it wants to be answered.
constexpr double longest_request = 600;

/// Loaded now, or before.
Result<Json> load(const std::string& name, const std::string& parameters) {
  TRY_ASSIGN(const Fd fd, open_file("/modules/" + name + ".ko", O_RDONLY));
  if (::syscall(SYS_finit_module, fd.get(), parameters.c_str(), 0) == 0 || errno == EEXIST)
    return Json();
  return fail(Errc::io, "{}", std::strerror(errno));
}

std::string command_line() {
  const auto text = read_file("/proc/cmdline", 64U << 10);
  return text ? std::string(trim(*text)) : std::string();
}

/// The words of a command line; blanks within quotes belong to a word.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= line.size(); ++at) {
    if (at < line.size() && line[at] == '"') quoted = !quoted;
    const bool blank = at == line.size() || (!quoted && (line[at] == ' ' || line[at] == '\t'));
    if (!blank) continue;
    if (at > begin) words.push_back(line.substr(begin, at - begin));
    begin = at + 1;
  }
  return words;
}

std::string with_underscores(std::string_view name) {
  std::string spelled(name);
  std::ranges::replace(spelled, '-', '_');
  return spelled;
}

Result<Json> read_order() {
  TRY_ASSIGN(const std::string text, read_file("/modules/order.json", 16U << 20));
  Json order = Json::parse(text, nullptr, false);
  if (order.is_discarded()) return fail(Errc::invalid_input, "/modules/order.json is no JSON");
  return order;
}

/// Loads one and tells of it; what went wrong, or nothing.
std::string load_one(Link& link, const std::string& name, const std::string& parameters,
                     Seconds patience) {
  const double before = guest_seconds();
  const auto done =
      carry_out(link, "the load of " + name, patience, [=] { return load(name, parameters); });
  record::said::Module told{.module = name,
                            .ms = static_cast<int>((guest_seconds() - before) * 1000)};
  if (!done) told.error = done.error().message();
  link.event(told);
  return told.error.value_or(std::string());
}

}  // namespace

std::string module_parameters(std::string_view command_line, std::string_view module) {
  std::string parameters;
  for (const std::string_view word : words_of(command_line)) {
    // What comes after it is init's (init/main.c).
    if (word == "--") break;
    const std::size_t dot = word.find('.');
    if (dot == std::string_view::npos || dot > word.find('=') || dot + 1 == word.size()) continue;
    if (with_underscores(word.substr(0, dot)) != with_underscores(module)) continue;
    parameters += (parameters.empty() ? "" : " ") + std::string(word.substr(dot + 1));
  }
  return parameters;
}

bool is_blacklisted(std::string_view command_line, std::string_view module) {
  constexpr std::string_view key = "modprobe.blacklist=";
  for (const std::string_view word : words_of(command_line)) {
    if (!word.starts_with(key)) continue;
    for (const std::string& name : split(word.substr(key.size()), ','))
      if (with_underscores(name) == with_underscores(module)) return true;
  }
  return false;
}

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
  TRY_ASSIGN(const double within,
             request.number(&record::RequestHead::within, longest_request, 0, 86400));
  TRY_ASSIGN(const Json order, read_order());
  const std::string kernel = command_line();
  std::vector<std::string> wanted;
  answer::Modules done;
  for (const std::string& name : names) {
    if (is_blacklisted(kernel, name))
      done.failed.push_back({name, "modprobe.blacklist= of the command line names it"});
    else
      wanted.push_back(name);
  }
  TRY_ASSIGN(const ModulePlan plan, plan_modules(order, wanted));
  watch.begin();
  const double began = guest_seconds();
  for (const std::string& name : plan.unknown) done.failed.push_back({name, "not in the image"});
  for (const std::string& name : plan.order) {
    const Seconds left(within - (guest_seconds() - began));
    const std::string error =
        load_one(link, name, module_parameters(kernel, name), std::min(longest_load, left / 2));
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
