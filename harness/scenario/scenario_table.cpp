// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/rules.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

constexpr std::array<Word<Accel>, 3> accel_words{
    {{"auto", Accel::automatic}, {"kvm", Accel::kvm}, {"tcg", Accel::tcg}}};

constexpr std::array<Word<ActionKind>, 6> action_words{
    {{"nothing", ActionKind::nothing},
     {"bus-master-off", ActionKind::bus_master_off},
     {"reset", ActionKind::reset},
     {"hot-reset", ActionKind::hot_reset},
     {"remove-rescan", ActionKind::remove_rescan},
     {"d3hot", ActionKind::d3hot}}};

constexpr std::array<Word<Gating>, 3> gating_words{
    {{"auto", Gating::automatic}, {"off", Gating::off}, {"always", Gating::always}}};

/// The kernel's words (drivers/pci/pci.c, pci_reset_fn_methods), as sysfs takes them.
const std::vector<std::string> reset_methods{
    "", "device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus"};
constexpr std::size_t most_actions = 16;

const Shape kernel_shape = shape::text(0, 4000);
/// The kernel takes 2,047 characters (COMMAND_LINE_SIZE on x86); the harness needs some for its
/// own.
const Shape command_line_shape = shape::text(0, 1500);

const Fields<MachineSpec>& machine_fields() {
  using T = MachineSpec;
  static const Fields<T> fields{
      text("type", &T::type, shape::choice({"q35"}), "QEMU machine type"),
      whole("cpus", &T::cpus, 1, 64, "CPUs of the machine"),
      size("memory", &T::memory, 256_MiB, 64_GiB, "Memory of the machine"),
      choice("accel", &T::accel, accel_words, "Accelerator; auto probes KVM and falls back")};
  return fields;
}

const Fields<ProductionSpec>& production_fields() {
  using T = ProductionSpec;
  static const Fields<T> fields{
      text("kernel", &T::kernel, kernel_shape, "The kernel that crashes: a name or a path").must(),
      size("crashkernel", &T::crashkernel, 1_MiB, 64_GiB, "Memory reserved for the capture kernel"),
      text("command_line", &T::command_line, command_line_shape,
           "Appended to the harness's own kernel parameters")};
  return fields;
}

const Fields<CaptureSpec>& capture_fields() {
  using T = CaptureSpec;
  static const Fields<T> fields{
      text("kernel", &T::kernel, kernel_shape, "The kdump kernel; same: the production kernel"),
      text("command_line", &T::command_line, command_line_shape,
           "Appended to the harness's own kernel parameters")};
  return fields;
}

/// A profile that the scenario itself holds. Its places lie below the device's.
void read_written_out(DeviceSpec& into, const json& value, const std::string& place,
                      Report& report) {
  Report inside(report.file());
  Profile profile;
  read_object(inline_profile_fields(), profile, value, "", inside);
  if (profile.name.empty() && !value.contains("name")) profile.name = inline_profile_name(value);
  apply_rules(profile, inside);
  for (auto& diagnostic : inside.take())
    report.add(place + diagnostic.place, std::move(diagnostic.message));
  into.profile = profile.name;
  into.written_out = std::move(profile);
}

Field<DeviceSpec> profile_field() {
  using T = DeviceSpec;
  const Shape name = shape::text(1, 64);
  const auto read = [name](T& into, const json& value, const std::string& place, Report& report) {
    if (value.is_object()) return read_written_out(into, value, place, report);
    if (!value.is_string())
      return report.add(
          place, fmt::format("expected a profile's name or a profile, found {}", found(value)));
    if (auto problem = name.wrong(value)) return report.add(place, std::move(*problem));
    into.profile = value.get_ref<const std::string&>();
  };
  const auto write = [](const T& from) {
    return std::optional(from.written_out ? write_object(inline_profile_fields(), *from.written_out)
                                          : json(from.profile));
  };
  return {"profile", "A profile's name, or a whole profile",
          true,      {{"anyOf", {name.schema(), object_schema(inline_profile_fields())}}},
          read,      write};
}

const Fields<DeviceSpec>& device_fields() {
  using T = DeviceSpec;
  static const Fields<T> fields{
      profile_field(),
      text("name", &T::name, shape::text(1, 23, &device_name_form),
           "Unique; without it the profile and a number"),
      free_object("activity", &T::activity, "Other values for the profile's activity parameters"),
      flag("busy", &T::busy, "false: its driver is loaded, but it is idle at the panic"),
      flag("driver_in_capture", &T::driver_in_capture, "false: the capture kernel gets no driver"),
      text("port", &T::port, shape::text(0, 23, &port_name_form),
           "Root port it sits behind; devices with the same one are its functions"),
      free_object("settings", &T::settings, "Other values for the settings of the model"),
      maybe_group("server", &T::server, server_fields(),
                  "vfio-user server instead of the profile's")};
  return fields;
}

const Fields<Action>& action_fields() {
  using T = Action;
  static const Fields<T> fields{
      choice("do", &T::what, action_words, "What is done").must(),
      text("method", &T::method, shape::choice(reset_methods), "For reset: the kernel's method"),
      texts("devices", &T::devices, shape::texts(most_devices, &device_name_form),
            "Their names; empty: all")};
  return fields;
}

std::vector<std::string> panic_names() {
  std::vector<std::string> names;
  names.reserve(std::size(wire::panic_ways));
  for (const auto& way : wire::panic_ways) names.emplace_back(way.name);
  return names;
}

const Fields<PanicSpec>& panic_fields() {
  using T = PanicSpec;
  static const Fields<T> fields{
      text("method", &T::method, shape::choice(panic_names()), "How the production kernel dies"),
      duration("busy", &T::busy, Seconds(0), Seconds(600), "How long the devices are busy before"),
      maybe_whole("cpu", &T::cpu, 0, 63, "The CPU that panics (sysrq, init-exit); else any")};
  return fields;
}

const Fields<Steps>& step_fields() {
  using T = Steps;
  static const Fields<T> fields{
      groups("production", &T::production, action_fields(), most_actions,
             "Done in the production kernel while the devices work"),
      groups("before_drivers", &T::before_drivers, action_fields(), most_actions,
             "Done in the capture kernel before a driver loads, one after the other"),
      flag("climb", &T::climb, "An action leaves out devices that earlier ones brought back"),
      duration("settle", &T::settle, Seconds(0), Seconds(60), "Observation after each action"),
      choice("gating", &T::gating, gating_words,
             "Take Bus Master from one device after the other to name who writes without a tag"),
      duration("window", &T::window, Seconds(0), Seconds(600),
               "Observation after the capture kernel's entry, before a driver loads"),
      flag("drivers", &T::drivers, "Load the drivers in the capture kernel"),
      flag("tests", &T::tests, "Run the function tests there; false when drivers is false")};
  return fields;
}

const Fields<Timeouts>& timeout_fields() {
  using T = Timeouts;
  static const Fields<T> fields{
      duration("total", &T::total, Seconds(10), Seconds(86400), "Longest run, under emulation"),
      duration("progress", &T::progress, Seconds(1), Seconds(3600),
               "Longest silence, under emulation; when it is left out, no longer than total")};
  return fields;
}

using Checks = std::map<std::string, json>;

void read_checks(Scenario& into, const json& checks, const std::string& place, Report& report) {
  if (!checks.is_object()) {
    report.add(place, fmt::format("expected an object of checks, found {}", found(checks)));
    return;
  }
  for (const auto& [name, parameters] : checks.items()) {
    if (report.full()) return;
    if (const auto problem = shape::text(1, 64, &word_form).wrong(name);
        problem && name != every_check)
      report.add(below(place, name), *problem);
    else if (!parameters.is_object())
      report.add(below(place, name),
                 fmt::format("expected an object of parameters, found {}", found(parameters)));
    else
      into.checks[name] = parameters;
  }
}

Field<Scenario> checks_field() {
  return {"checks",
          "What must hold, with parameters; without it, or with \"*\" in it, every other check "
          "with its "
          "defaults",
          false,
          {{"type", "object"}},
          read_checks,
          [](const Scenario& from) { return std::optional(json(from.checks)); }};
}

/// Read by load_text before a cell gets here; in a cell's own text they are gone.
Field<Scenario> not_here(std::string key, json schema, std::string meaning) {
  return {std::move(key),
          std::move(meaning),
          false,
          std::move(schema),
          [](Scenario&, const json&, const std::string&, Report&) {},
          [](const Scenario&) { return std::nullopt; }};
}

Fields<Scenario> with_file_keys() {
  Fields<Scenario> fields = scenario_fields();
  fields.push_back(
      not_here("matrix",
               {{"type", "object"}, {"additionalProperties", {{"type", "array"}, {"minItems", 1}}}},
               "Paths and the values that each takes: one run a combination"));
  fields.push_back(not_here("$schema", {{"type", "string"}}, "For editors; the loader ignores it"));
  return fields;
}

}  // namespace

const Fields<Scenario>& scenario_fields() {
  using T = Scenario;
  static const Fields<T> fields{
      constant<T>("format", shape::whole(1, 1), 1, "Version of this format").must(),
      text("name", &T::name, shape::text(0, 4000), "Without it the file's name"),
      text("description", &T::description, shape::text(0, 2000), "What the scenario is for"),
      group("machine", &T::machine, machine_fields(), "The machine"),
      group("production", &T::production, production_fields(), "The production kernel").must(),
      group("capture", &T::capture, capture_fields(), "The capture kernel"),
      groups("devices", &T::devices, device_fields(), most_devices, "Devices, in slots from 2 on"),
      group("panic", &T::panic, panic_fields(), "The panic"),
      group("steps", &T::steps, step_fields(), "What is done with the devices, and when"),
      checks_field(),
      group("timeouts", &T::timeouts, timeout_fields(), "When the harness gives up"),
      whole("seed", &T::seed, 0, 0xffffffff, "Tags of the run's data carry it")};
  return fields;
}

const Fields<Scenario>& scenario_file_fields() {
  static const Fields<Scenario> fields = with_file_keys();
  return fields;
}

}  // namespace quiesce::scenario
