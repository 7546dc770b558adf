// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <map>

#include "harness/base/names.hpp"
#include "harness/base/text.hpp"
#include "harness/scenario/kinds.hpp"
#include "harness/scenario/paths.hpp"
#include "harness/scenario/profile_sources.hpp"
#include "harness/scenario/rules.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

/// The device's own profile, else the one that it names; nullptr when there is none.
const Profile* profile_of(const DeviceSpec& device, const Vocabulary& vocabulary) {
  if (device.written_out) return &*device.written_out;
  const auto same = [&](const Profile& profile) { return profile.name == device.profile; };
  const auto profile = std::ranges::find_if(vocabulary.profiles, same);
  return profile != vocabulary.profiles.end() ? &*profile : nullptr;
}

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& entry : map) keys.push_back(entry.first);
  return keys;
}

/// What `section.key` of the document is; nullptr when it is not there.
const json* given(const json& document, const char* section, const char* key) {
  if (!document.is_object()) return nullptr;
  const auto object = document.find(section);
  if (object == document.end() || !object->is_object()) return nullptr;
  const auto value = object->find(key);
  return value != object->end() ? &*value : nullptr;
}

void check_kernels(const Scenario& scenario, const json& document, Report& report) {
  if (scenario.production.kernel.empty() && given(document, "production", "kernel") != nullptr &&
      !report.touches("/production/kernel"))
    report.add("/production/kernel", "expected a kernel, as \"debian:6.1\", found \"\"");
  if (scenario.capture.kernel.empty())
    report.add("/capture/kernel", "expected a kernel or \"same\", found \"\"");
  const std::pair<const char*, const std::string*> lines[] = {
      {"/production/command_line", &scenario.production.command_line},
      {"/capture/command_line", &scenario.capture.command_line}};
  for (const auto& [place, line] : lines)
    if (line->starts_with("quiesce.") || line->find(" quiesce.") != std::string::npos)
      report.add(place, "kernel parameters that begin with \"quiesce.\" are the harness's own");
}

void check_memory(const Scenario& scenario, Report& report) {
  const Bytes memory = scenario.machine.memory;
  const Bytes crash = scenario.production.crashkernel;
  if (report.touches("/machine/memory") || report.touches("/production/crashkernel")) return;
  if (memory.value >= crash.value + production_needs.value) return;
  const Bytes enough{crash.value + production_needs.value};
  std::string remedy = fmt::format("set machine.memory to at least {}", write_bytes(enough));
  if (memory > production_needs)
    remedy += fmt::format(" or production.crashkernel to at most {}",
                          write_bytes({memory.value - production_needs.value}));
  report.add("/production/crashkernel",
             fmt::format("{} of {} memory does not leave the production kernel the {} it needs; {}",
                         format_bytes(crash), format_bytes(memory), format_bytes(production_needs),
                         remedy));
}

void check_panic(const Scenario& scenario, Report& report) {
  if (!scenario.panic.cpu || report.touches("/panic") || report.touches("/machine/cpus")) return;
  if (*scenario.panic.cpu >= scenario.machine.cpus)
    report.add("/panic/cpu",
               fmt::format("expected a CPU from 0 to {} (machine.cpus is {}), found {}",
                           scenario.machine.cpus - 1, scenario.machine.cpus, *scenario.panic.cpu));
  const auto* way = wire::find_panic(scenario.panic.method);
  if (way == nullptr || way->by_agent()) return;
  std::string choose;
  for (const auto& other : wire::panic_ways)
    if (other.by_agent())
      choose += fmt::format("{}\"{}\"", choose.empty() ? "" : " and ", other.name);
  report.add("/panic/cpu", fmt::format("the CPU can be chosen with the methods {} only", choose));
}

/// The default of timeouts.progress is no longer than a total that was given.
void check_times(Scenario& scenario, const json& document, Report& report) {
  Timeouts& timeouts = scenario.timeouts;
  if (report.touches("/timeouts") || report.touches("/panic/busy") || report.touches("/steps"))
    return;
  if (given(document, "timeouts", "progress") == nullptr)
    timeouts.progress = std::min(timeouts.progress, timeouts.total);
  if (timeouts.progress > timeouts.total)
    report.add("/timeouts/progress",
               fmt::format("{} is longer than timeouts.total, {}",
                           write_duration(timeouts.progress), write_duration(timeouts.total)));
  const Steps& steps = scenario.steps;
  const std::size_t actions = steps.production.size() + steps.before_drivers.size();
  const Seconds least =
      scenario.panic.busy + steps.window + steps.settle * static_cast<double>(actions);
  if (least >= timeouts.total)
    report.add(
        "/timeouts/total",
        fmt::format("{} is no longer than {} together, {}", write_duration(timeouts.total),
                    actions == 0 ? "panic.busy and steps.window"
                                 : "panic.busy, steps.window and steps.settle of each action",
                    write_duration(least)));
}

/// Tests need drivers: asking for them without is a mistake, not asking is not.
void check_steps(Scenario& scenario, const json& document, Report& report) {
  if (scenario.steps.drivers || !scenario.steps.tests || report.touches("/steps")) return;
  if (given(document, "steps", "tests") != nullptr)
    report.add("/steps/tests", "the function tests need drivers: set steps.drivers to true");
  scenario.steps.tests = false;
}

void check_activity(const DeviceSpec& device, const Profile& profile, const std::string& place,
                    Report& report) {
  std::vector<std::string> known = keys_of(profile.activity.get_ref<const json::object_t&>());
  std::erase(known, "kind");
  const auto kind_name = profile.activity.find("kind");
  const Work* kind = kind_name != profile.activity.end() && kind_name->is_string()
                         ? find_kind(activity_kinds(), kind_name->get_ref<const std::string&>())
                         : nullptr;
  for (const auto& [key, value] : device.activity.items()) {
    const std::string here = below(place, key);
    if (key == "kind") {
      report.add(here, fmt::format("the kind of activity is profile \"{}\"'s: name another profile",
                                   profile.name));
      continue;
    }
    const auto* parameter = kind != nullptr ? kind->parameter(key) : nullptr;
    if (parameter == nullptr || std::ranges::find(known, key) == known.end())
      report.add(here, unknown(fmt::format("activity parameter of profile \"{}\"", profile.name),
                               key, known));
    else if (const auto problem = parameter->shape.wrong(value))
      report.add(here, *problem);
  }
}

/// Settings are the model's: the same names, the same types.
void check_settings(const DeviceSpec& device, const Profile& profile, const std::string& place,
                    Report& report) {
  const auto known = keys_of(profile.settings.get_ref<const json::object_t&>());
  for (const auto& [key, value] : device.settings.items()) {
    const auto fallback = profile.settings.find(key);
    if (fallback == profile.settings.end())
      report.add(below(place, key),
                 unknown(fmt::format("setting of profile \"{}\"", profile.name), key, known));
    else if (value.is_number() ? !fallback->is_number() : value.type() != fallback->type())
      report.add(below(place, key), fmt::format("expected a value such as {}, found {}",
                                                fallback->dump(), found(value)));
  }
}

/// The reference models: each is a profile of its own.
std::vector<std::string> model_names(const Vocabulary& vocabulary) {
  std::vector<std::string> names;
  for (const auto& profile : vocabulary.profiles)
    if (profile.server && profile.server->model == profile.name) names.push_back(profile.name);
  return names;
}

/// A server is one of three things, and only a device of vfio-user has one.
void check_server(const DeviceSpec& device, const Profile& profile, const Vocabulary& vocabulary,
                  const std::string& place, Report& report) {
  if (device.server && !device.server->empty() && !profile.server)
    return report.add(place, fmt::format("profile \"{}\" is a device of QEMU's own: it is not "
                                         "served; take the profile \"vfio-user\"",
                                         profile.name));
  const std::optional<ServerSpec>& server = device.server ? device.server : profile.server;
  if (!server || !profile.server || report.touches(place)) return;
  const int given =
      int{!server->model.empty()} + int{!server->command.empty()} + int{!server->socket.empty()};
  if (given != 1)
    return report.add(place, "expected exactly one of \"model\", \"command\" and \"socket\"");
  const auto models = model_names(vocabulary);
  if (!server->model.empty() && std::ranges::find(models, server->model) == models.end())
    report.add(below(place, "model"),
               no_such("model", server->model, models, "quiesce device list"));
  if (device.server) check_server_words(*server, below(place, "command"), report);
}

void check_device_name(const std::vector<DeviceSpec>& devices, std::size_t at, Report& report) {
  const std::string place = below(below("/devices", at), "name");
  if (report.touches(place)) return;
  const std::string& name = devices[at].name;
  for (std::size_t earlier = 0; earlier < at; ++earlier)
    if (devices[earlier].name == name)
      return report.add(place, fmt::format("the name \"{}\" is taken by device {}", name, earlier));
  if (!device_name_form.matches(name))
    report.add(place, fmt::format("expected a name, since \"{}\" is none", name));
}

void check_device(const DeviceSpec& device, const Profile& profile, const Vocabulary& vocabulary,
                  const std::string& place, Report& report) {
  check_activity(device, profile, below(place, "activity"), report);
  check_settings(device, profile, below(place, "settings"), report);
  check_server(device, profile, vocabulary, below(place, "server"), report);
}

/// The ports that devices get to themselves, unless they name one.
std::vector<std::string> own_ports(const Scenario& scenario, const Vocabulary& vocabulary) {
  std::vector<std::string> ports;
  for (const auto& device : scenario.devices)
    if (const Profile* profile = profile_of(device, vocabulary);
        profile != nullptr && profile->port && device.port.empty())
      ports.push_back(own_port(device.name));
  return ports;
}

/// Eight functions make a device; ports and devices share QEMU's names.
void check_ports(const Scenario& scenario, const Vocabulary& vocabulary, Report& report) {
  std::map<std::string, std::size_t> functions;
  const auto own = own_ports(scenario, vocabulary);
  const auto is_own = [&](const std::string& name) {
    return std::ranges::find(own, name) != own.end();
  };
  for (std::size_t at = 0; at < scenario.devices.size(); ++at) {
    const std::string& port = scenario.devices[at].port;
    const std::string device = below("/devices", at);
    const std::string place = below(device, "port");
    if (is_own(scenario.devices[at].name) && !report.touches(below(device, "name")))
      report.add(below(device, "name"), fmt::format("\"{}\" is the name of another device's port",
                                                    scenario.devices[at].name));
    if (port.empty() || report.touches(place)) continue;
    if (++functions[port] > most_functions)
      report.add(place, fmt::format("port \"{}\" has {} functions already", port, most_functions));
    if (is_own(port)) report.add(place, fmt::format("\"{}\" is the port of a device alone", port));
    for (const auto& other : scenario.devices)
      if (other.name == port)
        report.add(place, fmt::format("\"{}\" is the name of a device", port));
  }
}

void check_action(const Action& action, const Scenario& scenario, const std::string& place,
                  Report& report) {
  if ((action.what == ActionKind::reset) == action.method.empty())
    report.add(below(place, "method"), action.method.empty()
                                           ? "\"reset\" needs a method, as \"flr\""
                                           : "only \"reset\" has a method");
  std::vector<std::string> known;
  for (const auto& device : scenario.devices) known.push_back(device.name);
  for (std::size_t at = 0; at < action.devices.size(); ++at)
    if (std::ranges::find(known, action.devices[at]) == known.end())
      report.add(below(below(place, "devices"), at), unknown("device", action.devices[at], known));
}

void check_actions(const Scenario& scenario, Report& report) {
  const std::pair<const char*, const std::vector<Action>*> lists[] = {
      {"/steps/production", &scenario.steps.production},
      {"/steps/before_drivers", &scenario.steps.before_drivers}};
  for (const auto& [place, actions] : lists)
    for (std::size_t at = 0; at < actions->size(); ++at)
      if (const std::string here = below(place, at); !report.touches(here))
        check_action((*actions)[at], scenario, here, report);
}

void check_devices(Scenario& scenario, const json& document, const Vocabulary& vocabulary,
                   Report& report) {
  const auto list = document.is_object() ? document.find("devices") : document.end();
  if (list == document.end() || !list->is_array()) return;
  const auto names = device_names(*list);
  std::vector<std::string> known;
  for (const auto& profile : vocabulary.profiles) known.push_back(profile.name);
  for (std::size_t at = 0; at < scenario.devices.size(); ++at) {
    DeviceSpec& device = scenario.devices[at];
    const std::string place = below("/devices", at);
    if (device.profile.empty() || report.full()) continue;
    if (device.name.empty()) device.name = names[at];
    const Profile* profile = profile_of(device, vocabulary);
    if (profile == nullptr && is_profile_file(device.profile))
      report.add(below(place, "profile"),
                 fmt::format("\"{}\" is a file, and a profile is named here: give the file with "
                             "--device and name its profile, or write the profile in its place",
                             printable(device.profile)));
    else if (profile == nullptr)
      report.add(below(place, "profile"), unknown("profile", device.profile, known));
    else
      check_device(device, *profile, vocabulary, place, report);
    if (profile != nullptr || (*list)[at].contains("name"))
      check_device_name(scenario.devices, at, report);
  }
}

json fill_parameters(const json& given_parameters, const std::vector<ParameterSpec>& specs,
                     const std::string& place, Report& report) {
  json all = json::object();
  std::vector<std::string> known;
  for (const auto& spec : specs) {
    known.push_back(spec.name);
    const auto value = given_parameters.find(spec.name);
    if (value == given_parameters.end()) {
      if (!spec.fallback.is_null()) all[spec.name] = spec.fallback;
    } else if (const auto problem = shape::parameter(spec).wrong(*value)) {
      report.add(below(place, spec.name), *problem);
    } else {
      all[spec.name] = *value;
    }
  }
  for (const auto& [key, value] : given_parameters.items())
    if (std::ranges::find(known, key) == known.end())
      report.add(below(place, key), unknown("parameter", key, known));
  return all;
}

void check_checks(Scenario& scenario, const Vocabulary& vocabulary, Report& report) {
  if (scenario.checks.empty() && !report.touches("/checks"))
    scenario.checks[every_check] = json::object();
  if (const auto every = scenario.checks.find(every_check); every != scenario.checks.end()) {
    if (!every->second.empty())
      report.add(
          below("/checks", every_check),
          fmt::format("\"{}\" takes no parameters; name the check that they are for", every_check));
    scenario.checks.erase(every);
    for (const auto& [name, specs] : vocabulary.checks)
      scenario.checks.try_emplace(name, json::object());
  }
  for (auto& [name, parameters] : scenario.checks) {
    const std::string place = below("/checks", name);
    const auto check = vocabulary.checks.find(name);
    if (check == vocabulary.checks.end())
      report.add(place, unknown("check", name, keys_of(vocabulary.checks)));
    else
      parameters = fill_parameters(parameters, check->second, place, report);
  }
}

}  // namespace

void apply_rules(Scenario& scenario, const json& document, const Vocabulary& vocabulary,
                 Report& report) {
  if (!report.touches("/name") && !scenario_name_form.matches(scenario.name))
    report.add("/name", fmt::format("expected a name of the form {}, found {}",
                                    scenario_name_form.pattern, found(scenario.name)));
  check_kernels(scenario, document, report);
  check_memory(scenario, report);
  check_panic(scenario, report);
  check_times(scenario, document, report);
  check_steps(scenario, document, report);
  check_devices(scenario, document, vocabulary, report);
  check_ports(scenario, vocabulary, report);
  check_actions(scenario, report);
  check_checks(scenario, vocabulary, report);
}

}  // namespace quiesce::scenario
