// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/capabilities.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(vm_capabilities)

using namespace quiesce;
using nlohmann::json;
using vm::QmpSchema;
using Words = std::vector<std::string>;

namespace {

// As QEMU 7.2.22 answered query-qmp-schema, without what is not asked for.
const char* const schema_7_2 = R"([
  {"name": "set-action", "ret-type": "0", "meta-type": "command", "arg-type": "103"},
  {"name": "screendump", "ret-type": "0", "meta-type": "command", "arg-type": "122",
   "allow-oob": false, "features": ["x"]},
  {"name": "122", "members": [{"name": "filename", "type": "str"},
    {"name": "device", "default": null, "type": "str"},
    {"name": "format", "default": null, "type": "310"}], "meta-type": "object"},
  {"name": "netdev_add", "ret-type": "0", "meta-type": "command", "arg-type": "125"},
  {"name": "125", "tag": "type", "variants": [{"case": "none", "type": "0"},
    {"case": "user", "type": "327"}, {"case": "stream", "type": "332"}],
   "members": [{"name": "id", "type": "str"}, {"name": "type", "type": "326"}],
   "meta-type": "object"}])";

}  // namespace

BOOST_AUTO_TEST_CASE(a_schema_tells_of_commands_arguments_and_branches) {
  const QmpSchema schema(json::parse(schema_7_2));
  BOOST_TEST(schema.has_command("set-action"));
  BOOST_TEST(!schema.has_command("122"));
  BOOST_TEST(!schema.has_command("no-such"));
  BOOST_TEST(schema.has_argument("screendump", "format"));
  BOOST_TEST(!schema.has_argument("screendump", "colour"));
  BOOST_TEST(!schema.has_argument("set-action", "panic"));
  BOOST_TEST(schema.has_branch("netdev_add", "stream"));
  BOOST_TEST(!schema.has_branch("netdev_add", "pigeon"));
  BOOST_TEST(!schema.has_branch("screendump", "format"));
}

BOOST_AUTO_TEST_CASE(what_every_run_needs_is_there_in_7_2_and_named_where_it_is_not) {
  BOOST_TEST(vm::lacking(QmpSchema(json::parse(schema_7_2))).empty());
  json older = json::parse(schema_7_2);
  older[4]["variants"].erase(2);
  older[2]["members"].erase(2);
  BOOST_TEST(vm::lacking(QmpSchema(older)) == (Words{"-netdev stream", "screendump with a format"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_schema_of_another_shape_knows_nothing) {
  for (const char* text : {"null", "3", "{}", "[3]", "[{}]", R"([{"name": 3}])",
                           R"([{"name": "screendump", "meta-type": "command"}])",
                           R"([{"name": "screendump", "meta-type": "command", "arg-type": 3}])",
                           R"([{"name": "netdev_add", "meta-type": "command", "arg-type": "1"},
                               {"name": "1", "variants": [3]}])"}) {
    const QmpSchema schema(json::parse(text));
    BOOST_TEST(!schema.has_argument("screendump", "format"), text);
    BOOST_TEST(!schema.has_branch("netdev_add", "stream"), text);
    BOOST_TEST(vm::lacking(schema).size() >= 2, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
