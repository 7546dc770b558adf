// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/kinds.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

json parameters_schema(const std::vector<ParameterSpec>& specs) {
  json properties = json::object();
  for (const auto& spec : specs) {
    json schema = shape::parameter(spec).schema();
    schema["description"] = spec.meaning;
    if (!spec.fallback.is_null()) schema["default"] = spec.fallback;
    properties[spec.name] = std::move(schema);
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

json checks_schema(const Vocabulary& vocabulary) {
  json properties = json::object();
  for (const auto& [name, specs] : vocabulary.checks) properties[name] = parameters_schema(specs);
  properties[every_check] = parameters_schema({});
  properties[every_check]["description"] = "every check that is not named, with its defaults";
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

/// What `activity` of a device may hold: its profile's parameters.
json activity_schema(const Profile& profile) {
  json properties = json::object();
  const std::string kind_name = profile.activity.value("kind", json()).is_string()
                                    ? profile.activity["kind"].get<std::string>()
                                    : std::string();
  if (const Work* kind = find_kind(activity_kinds(), kind_name)) {
    for (const auto& parameter : kind->parameters) {
      if (!profile.activity.contains(parameter.name)) continue;
      properties[parameter.name] = parameter.shape.schema();
      properties[parameter.name]["default"] = profile.activity[parameter.name];
    }
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

void add_profiles(json& device, const Vocabulary& vocabulary) {
  json names = json::array();
  json rules = json::array();
  for (const auto& profile : vocabulary.profiles) {
    names.push_back(profile.name);
    rules.push_back({{"if", {{"properties", {{"profile", {{"const", profile.name}}}}}}},
                     {"then", {{"properties", {{"activity", activity_schema(profile)}}}}}});
  }
  json& profile_key = device["properties"]["profile"];
  // Of the two forms, the name becomes one of those that there are.
  profile_key["anyOf"][0] = {{"enum", names}};
  if (!rules.empty()) device["allOf"] = rules;
}

}  // namespace

json schema(const Vocabulary& vocabulary) {
  json schema = object_schema(scenario_file_fields());
  json& properties = schema["properties"];
  const json description = properties["checks"]["description"];
  properties["checks"] = checks_schema(vocabulary);
  properties["checks"]["description"] = description;
  // A plan's name also holds the cell, so this form is the file's alone.
  properties["name"]["pattern"] = fmt::format("^{}$", scenario_name_form.pattern);
  properties["name"]["maxLength"] = 64;
  properties["name"].erase("default");
  add_profiles(properties["devices"]["items"], vocabulary);
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Quiesce scenario";
  return schema;
}

}  // namespace quiesce::scenario
