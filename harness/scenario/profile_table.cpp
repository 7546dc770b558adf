// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cctype>

#include "harness/scenario/kinds.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;
using TraceMeaning = Profile::TraceMeaning;
using Ring = Profile::Ring;

const Fields<TraceMeaning>& trace_fields() {
  using T = TraceMeaning;
  static const Fields<T> fields{
      text("event", &T::event, shape::text(1, 64, &word_form), "QEMU's name of it").must(),
      text("means", &T::means,
           shape::choice({"driver-reset", "ring-used-up", "device-stopped", "device-started"}),
           "What it says happened")
          .must(),
      text("matches", &T::matches, shape::text(0, 100), "Only lines that contain this")};
  return fields;
}

Field<Ring> register_field(std::string key, std::uint64_t Ring::*member, std::string meaning) {
  return value_field<Ring>(
      std::move(key), std::move(meaning), shape::text(3, 10, &register_form),
      [member](Ring& into, const json& value) {
        into.*member = parse_number(value.get_ref<const std::string&>()).value_or(0);
      },
      [member](const Ring& from) { return json(fmt::format("{:#x}", from.*member)); });
}

const Fields<Ring>& ring_fields() {
  static const Fields<Ring> fields{
      whole("bar", &Ring::bar, 0, 5, "The memory BAR that holds them"),
      register_field("head", &Ring::head, "Offset of the device's end of the ring").must(),
      register_field("tail", &Ring::tail, "Offset of the driver's end").must(),
      register_field("base", &Ring::base, "Offset of the descriptors' address, two words"),
      register_field("length", &Ring::length, "Offset of the descriptors' size in bytes")};
  return fields;
}

/// Each object a -device argument; what it holds beyond "driver" is QEMU's.
void read_objects(Profile& into, const json& list, const std::string& place, Report& report) {
  if (!list.is_array() || list.size() > 8) {
    report.add(place, fmt::format("expected a list of at most 8 objects, found {}", found(list)));
    return;
  }
  for (std::size_t at = 0; at < list.size(); ++at) {
    const json& object = list[at];
    const std::string here = below(place, at);
    if (!object.is_object()) {
      report.add(here, fmt::format("expected an object, found {}", found(object)));
    } else if (const auto driver = object.find("driver"); driver == object.end()) {
      report.add(here, "the key \"driver\" is missing: QEMU's name of the device");
    } else if (const auto problem = shape::text(1, 64, &word_form).wrong(*driver)) {
      report.add(below(here, "driver"), *problem);
    } else {
      into.qemu.push_back(object);
    }
  }
}

Field<Profile> objects_field() {
  const json object = {{"type", "object"}, {"required", {"driver"}}};
  return {"qemu",       "-device objects; the first is the PCI function",
          true,         {{"type", "array"}, {"items", object}, {"maxItems", 8}},
          read_objects, [](const Profile& from) { return std::optional(json(from.qemu)); }};
}

}  // namespace

const Fields<ServerSpec>& server_fields() {
  using T = ServerSpec;
  static const Fields<T> fields{
      text("model", &T::model, shape::text(0, 64, &optional_word_form), "A reference model"),
      texts("command", &T::command, shape::texts(64),
            "A program; \"@socket\" is the path at which it must listen"),
      text("socket", &T::socket, shape::text(0, 107), "Where a server listens already")};
  return fields;
}

const Fields<Profile>& profile_fields() {
  using T = Profile;
  static const Fields<T> fields{
      constant<T>("format", shape::whole(1, 1), 1, "Version of this format").must(),
      text("name", &T::name, shape::text(1, 23, &device_name_form), "As scenarios name it").must(),
      text("description", &T::description, shape::text(0, 2000), "What it is good for"),
      text("backend", &T::backend, shape::choice(backend_names()),
           "What the harness puts behind it"),
      objects_field(),
      texts("modules", &T::modules, shape::texts(64, &word_form), "Kernel modules in their order"),
      text("driver", &T::driver, shape::text(0, 64), "Name in /sys/bus/pci/drivers"),
      free_object("activity", &T::activity, "What keeps it busy: kind and parameters"),
      free_object("test", &T::test, "Its function test: kind and parameters"),
      flag("writes_tagged", &T::writes_tagged, "It writes tagged data into memory while busy"),
      groups("trace", &T::trace, trace_fields(), 16, "QEMU trace events and what they say"),
      maybe_group("ring", &T::ring, ring_fields(), "Receive ring; head == tail: used up"),
      texts("reset_methods", &T::reset_methods, shape::texts_of({"flr", "pm", "bus"}),
            "Resets that the device has in QEMU"),
      maybe_group("server", &T::server, server_fields(), "Of a device served over vfio-user"),
      free_object("settings", &T::settings, "Settings of a model, with their defaults"),
      flag("port", &T::port, "It sits behind a root port of its own")};
  return fields;
}

const Fields<Profile>& inline_profile_fields() {
  static const Fields<Profile> fields = [] {
    Fields<Profile> relaxed = profile_fields();
    for (auto& field : relaxed)
      if (field.key == "format" || field.key == "name") field.required = false;
    return relaxed;
  }();
  return fields;
}

std::string inline_profile_name(const json& profile) {
  const auto text_of = [](const json& object, const char* key) {
    const auto value = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && value != object.end() && value->is_string()
               ? value->get<std::string>()
               : std::string();
  };
  if (!profile.is_object()) return {};
  if (profile.contains("name")) return text_of(profile, "name");
  const auto objects = profile.find("qemu");
  if (objects == profile.end() || !objects->is_array() || objects->empty()) return {};
  return device_name_of(text_of(objects->front(), "driver"));
}

std::string device_name_of(std::string_view driver) {
  std::string name;
  for (const char letter : driver) {
    const auto byte = static_cast<unsigned char>(letter);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '-';
  }
  // A number and a blank must still find room behind it.
  constexpr std::size_t longest = 20;
  name.resize(std::min(name.size(), longest));
  if (name.empty() || name[0] < 'a' || name[0] > 'z') name.insert(0, "d");
  return name;
}

}  // namespace quiesce::scenario
