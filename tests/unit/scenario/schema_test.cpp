// SPDX-License-Identifier: GPL-2.0-or-later
// The published schema and the loader are made of the same tables: here both are asked about every
// key.
#include <boost/test/unit_test.hpp>

#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_schema)

using namespace quiesce;
using namespace quiesce::scenario;
using nlohmann::json;
using testing::small_vocabulary;

namespace {

/// A value that the schema allows.
json sample(const json& schema) {
  if (schema.contains("const")) return schema["const"];
  if (schema.contains("anyOf")) return sample(schema["anyOf"][0]);
  if (schema.contains("enum")) return schema["enum"][0];
  if (schema.contains("default")) return schema["default"];
  if (schema.contains("examples")) return schema["examples"][0];
  const std::string type = schema.value("type", "");
  if (type == "integer" || type == "number") return schema.value("minimum", json(1));
  if (type == "boolean") return false;
  if (type == "array") return json::array();
  if (type == "object") return json::object();
  return "a";
}

/// Complaints about the document that are no rule's: those of a key or a type.
std::vector<Diagnostic> refusals(const json& document) {
  const auto loaded = load_text(document.dump(), "s.json", small_vocabulary());
  return loaded ? std::vector<Diagnostic>() : loaded.error();
}

bool refuses(const json& document, const std::string& place) {
  for (const auto& diagnostic : refusals(document))
    if (diagnostic.place == place) return true;
  return false;
}

/// The shortest good document with an object at `pointer`.
json document_with(const std::string& pointer) {
  json document = {{"format", 1}, {"production", {{"kernel", "k"}}}};
  if (pointer.starts_with("/devices")) document["devices"] = json::array({{{"profile", "e1000e"}}});
  if (!pointer.empty() && !document.contains(json::json_pointer(pointer)))
    document[json::json_pointer(pointer)] = json::object();
  return document;
}

int keys_tried = 0;

void walk(const json& schema, const std::string& pointer) {
  BOOST_TEST_CONTEXT("at " << pointer) {
    BOOST_TEST(schema.value("additionalProperties", json()) == json(false));
    for (const auto& [key, value] : schema["properties"].items()) {
      ++keys_tried;
      json document = document_with(pointer);
      json& object = pointer.empty() ? document : document[json::json_pointer(pointer)];
      if (!object.contains(key)) object[key] = sample(value);
      BOOST_TEST(!refuses(document, pointer + "/" + key),
                 key << " is refused: " << document.dump());
      object[key + "-x"] = sample(value);
      BOOST_TEST(refuses(document, pointer + "/" + key + "-x"), key << "-x is accepted");
      if (value.contains("properties")) walk(value, pointer + "/" + key);
      if (value.contains("items") && value["items"].contains("properties"))
        walk(value["items"], pointer + "/" + key + "/0");
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_key_of_the_schema_is_accepted_and_no_other) {
  keys_tried = 0;
  walk(schema(small_vocabulary()), "");
  BOOST_TEST(keys_tried >= 40);
}

BOOST_AUTO_TEST_CASE(what_the_schema_requires_the_loader_misses) {
  BOOST_TEST(schema(small_vocabulary())["required"] == json({"format", "production"}));
  BOOST_TEST(refusals(json::object()).size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_schema_knows_profiles_their_activity_and_checks) {
  const json all = schema(small_vocabulary());
  const json& device = all["properties"]["devices"]["items"];
  BOOST_TEST(device["properties"]["profile"]["anyOf"][0]["enum"] == json({"e1000e", "vga"}));
  const json& rule = device["allOf"][0];
  BOOST_TEST(rule["if"]["properties"]["profile"]["const"] == "e1000e");
  BOOST_TEST(rule["then"]["properties"]["activity"]["properties"]["rate"]["default"] == 10);
  const json& check = all["properties"]["checks"]["properties"]["dma.stopped"];
  BOOST_TEST(check["properties"]["deadline"]["enum"] == json({"capture-entry", "drivers"}));
  BOOST_TEST(check["properties"]["deadline"]["default"] == "drivers");
  BOOST_TEST(all["properties"]["machine"]["properties"]["cpus"]["default"] == 2);
  BOOST_TEST(all["properties"]["machine"]["properties"]["memory"]["default"] == "1GiB");
}

BOOST_AUTO_TEST_CASE(every_key_of_a_profile_is_accepted_inside_a_scenario_and_no_other) {
  const json all = schema(small_vocabulary());
  const json& form = all["properties"]["devices"]["items"]["properties"]["profile"]["anyOf"][1];
  BOOST_TEST(form["required"] == json({"qemu"}));
  BOOST_TEST(form["additionalProperties"] == json(false));
  for (const auto& [key, value] : form["properties"].items()) {
    json profile = {
        {"qemu", json::array({{{"driver", "edu"}, {"id", "@name"}, {"addr", "@addr"}}})}};
    if (!profile.contains(key)) profile[key] = sample(value);
    profile[key + "-x"] = 1;
    const json document = {{"format", 1},
                           {"production", {{"kernel", "k"}}},
                           {"devices", json::array({{{"profile", profile}}})}};
    // Rules may still ask for more than an empty object.
    for (const auto& diagnostic : refusals(document))
      BOOST_TEST(!(diagnostic.place == "/devices/0/profile/" + key &&
                   diagnostic.message.starts_with("unknown key")),
                 key << " is unknown");
    BOOST_TEST(refuses(document, "/devices/0/profile/" + key + "-x"), key << "-x is accepted");
  }
}

BOOST_AUTO_TEST_CASE(a_vocabulary_of_nothing_has_a_schema) {
  BOOST_TEST(
      schema({})["properties"]["devices"]["items"]["properties"]["profile"]["anyOf"][0]["enum"]
          .empty());
}

BOOST_AUTO_TEST_SUITE_END()
