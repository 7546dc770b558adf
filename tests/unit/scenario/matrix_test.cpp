// SPDX-License-Identifier: GPL-2.0-or-later
// --set and the matrix: values from elsewhere, and the place that the user wrote them in.
#include <boost/test/unit_test.hpp>

#include "harness/scenario/matrix.hpp"
#include "harness/scenario/paths.hpp"
#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_matrix)

using namespace quiesce;
using namespace quiesce::scenario;
using testing::complaints;
using testing::scenario_text;
using testing::small_vocabulary;

namespace {

std::vector<Scenario> cells(const std::string& text, const std::vector<Override>& overrides = {}) {
  auto loaded = load_text(text, "s.json", small_vocabulary(), overrides);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), complaints(loaded));
  return std::move(*loaded);
}

std::string names(const std::vector<Scenario>& scenarios) {
  std::string all;
  for (const auto& scenario : scenarios) all += (all.empty() ? "" : " ") + scenario.name;
  return all;
}

const std::string two_devices =
    R"("devices": [{"profile": "vga"}, {"profile": "e1000e", "name": "nic0"}])";

}  // namespace

BOOST_AUTO_TEST_CASE(the_last_axis_of_the_text_is_the_fastest) {
  const auto all = cells(
      scenario_text(R"("matrix": {"machine.memory": ["1GiB", "2GiB"], "/machine/cpus": [1, 2]})"));
  BOOST_TEST(names(all) ==
             "s/memory=1GiB,cpus=1 s/memory=1GiB,cpus=2 s/memory=2GiB,cpus=1 s/memory=2GiB,cpus=2");
  BOOST_TEST(all[2].machine.cpus == 1);
  BOOST_TEST((all[2].machine.memory == 2_GiB));
}

BOOST_AUTO_TEST_CASE(a_required_key_may_come_from_the_matrix) {
  const auto all =
      cells(R"({"format": 1, "matrix": {"production.kernel": ["debian:6.1", "/a/b"]}})");
  BOOST_TEST(names(all) == "s/kernel=debian:6.1 s/kernel=#1");
}

BOOST_AUTO_TEST_CASE(axes_of_one_last_word_are_named_by_their_path) {
  const auto all = cells(scenario_text(
      R"("matrix": {"production.command_line": ["a"], "capture.command_line": ["b c"], "checks": [{}]})"));
  BOOST_TEST(names(all) == "s/production.command_line=a,capture.command_line=#0,checks=#0");
}

BOOST_AUTO_TEST_CASE(a_path_goes_through_device_names_and_check_names) {
  const auto all =
      cells(scenario_text(two_devices + R"(, "matrix": {"devices.nic0.activity.rate": [10, 200],
      "checks.dma.stopped.deadline": ["capture-entry"]})"));
  BOOST_TEST(names(all) == "s/rate=10,deadline=capture-entry s/rate=200,deadline=capture-entry");
  BOOST_TEST(all[1].devices[1].activity["rate"] == 200);
  BOOST_TEST(all[1].checks.at("dma.stopped")["deadline"] == "capture-entry");
}

BOOST_AUTO_TEST_CASE(wrong_axes_are_named_where_they_stand) {
  const std::string all = complaints(scenario_text(
      two_devices +
      R"(, "matrix": {"devices.nic1.busy": [true], "devices.7.busy": [true], "seed": [],
      "panic.method": "nmi", "panic..x": [1], "machine.memory": ["1GiB", "1GiB"], "machine.cpus": [2],
      "/machine/cpus": [4], "format": [1], "production.kernel.x": [1]})"));
  BOOST_TEST(all ==
             R"(s.json: /matrix/devices.nic1.busy: unknown device "nic1"; did you mean "nic0"?
s.json: /matrix/devices.7.busy: there is no entry 7 in "/devices": it has 2
s.json: /matrix/seed: expected a list of values, found an empty list
s.json: /matrix/panic.method: expected a list of values, found "nmi"
s.json: /matrix/panic..x: a path is words with dots between, as in machine.cpus
s.json: /matrix/machine.memory: the value "1GiB" is given twice
s.json: /matrix/~1machine~1cpus: another axis sets the same
s.json: /matrix/format: this cannot be an axis
s.json: /matrix/production.kernel.x: nothing can be set below "/production/kernel": it is "debian:6.1")");
  BOOST_TEST(complaints(scenario_text(R"("matrix": [])")) ==
             "s.json: /matrix: expected an object of paths and lists, found an empty list");
}

BOOST_AUTO_TEST_CASE(a_wrong_value_of_an_axis_is_named_in_the_matrix) {
  BOOST_TEST(
      complaints(scenario_text(
          R"("matrix": {"machine.cpus": [1, "two"], "machine.cpu": [1], "timeout.total": ["1s"]})")) ==
      R"(s.json: /matrix/timeout.total: unknown key "timeout"; did you mean "timeouts"?
s.json: /matrix/machine.cpu/0: unknown key "cpu"; did you mean "cpus"?
s.json: /matrix/machine.cpus/1: expected a whole number from 1 to 64, found "two")");
}

BOOST_AUTO_TEST_CASE(a_rule_that_only_some_cells_break_names_the_first) {
  BOOST_TEST(
      complaints(scenario_text(R"("panic": {"cpu": 1}, "nope-nope": 1,
                                        "matrix": {"machine.cpus": [1, 2]})")) ==
      R"(s.json: /nope-nope: unknown key "nope-nope"; expected one of "format", "name", "description", )"
      R"("machine", "production", "capture", "devices", "panic", "steps", "checks", "timeouts", "seed", )"
      R"("matrix", "$schema")"
      "\n"
      R"(s.json: /panic/cpu: expected a CPU from 0 to 0 (machine.cpus is 1), found 1 (in cpus=1))");
}

BOOST_AUTO_TEST_CASE(more_than_256_cells_are_refused) {
  std::string values = "1";
  for (int value = 2; value <= 64; ++value) values += fmt::format(", {}", value);
  const std::string five = R"("steps.window": ["1s", "2s", "3s", "4s", "5s"])";
  BOOST_TEST(
      complaints(scenario_text("\"matrix\": {\"machine.cpus\": [" + values + "], " + five + "}")) ==
      "s.json: /matrix: expected at most 256 combinations, found 320");
  const std::string four = R"("steps.window": ["1s", "2s", "3s", "4s"])";
  BOOST_TEST(cells(scenario_text("\"matrix\": {\"machine.cpus\": [" + values + "], " + four + "}"))
                 .size() == 256U);
}

BOOST_AUTO_TEST_CASE(the_product_of_many_axes_does_not_overflow) {
  std::string matrix;
  for (int axis = 0; axis < 70; ++axis)
    matrix += fmt::format("{}\"x.k{}\": [1, 2]", axis > 0 ? ", " : "", axis);
  BOOST_TEST(complaints(scenario_text("\"matrix\": {" + matrix + "}"))
                 .starts_with(
                     "s.json: /matrix: expected at most 256 combinations, found more than 65535"));
}

BOOST_AUTO_TEST_CASE(set_takes_json_or_a_bare_string) {
  const auto all =
      cells(scenario_text(two_devices),
            {"machine.cpus=1", "/machine/memory=2GiB", "production.kernel=debian:6.12",
             "devices.nic0.activity.rate=200", "devices.0.busy=false", "devices.vga0.name=screen",
             "checks.dma.stopped={\"deadline\": \"capture-entry\"}", "capture.command_line=a=b c"});
  BOOST_TEST(all[0].machine.cpus == 1);
  BOOST_TEST((all[0].machine.memory == 2_GiB));
  BOOST_TEST(all[0].production.kernel == "debian:6.12");
  BOOST_TEST(all[0].devices[1].activity["rate"] == 200);
  BOOST_TEST(!all[0].devices[0].busy);
  BOOST_TEST(all[0].devices[0].name == "screen");
  BOOST_TEST(all[0].checks.at("dma.stopped")["deadline"] == "capture-entry");
  // It took all other checks away.
  BOOST_TEST(all[0].checks.size() == 3U);
  BOOST_TEST(all[0].capture.command_line == "a=b c");
}

BOOST_AUTO_TEST_CASE(a_wrong_override_is_a_diagnostic_of_set) {
  BOOST_TEST(complaints(scenario_text(two_devices),
                        {"machine.cpus=two", "mashine.cpus=1", "machine.cpu=1",
                         "devices.nic1.busy=true", "devices.9.busy=true", "nonsense", "=1",
                         "checks.dma.stoped.deadline=drivers", "devices.nic0.activity.rate=-1"}) ==
             R"(--set: "devices.nic1.busy": unknown device "nic1"; did you mean "nic0"?
--set: "devices.9.busy": there is no entry 9 in "/devices": it has 2
--set: "nonsense": expected PATH=VALUE, as in machine.cpus=1
--set: "": a path is words with dots between, as in machine.cpus
--set: /mashine: unknown key "mashine"; did you mean "machine"?
--set: /machine/cpu: unknown key "cpu"; did you mean "cpus"?
--set: /machine/cpus: expected a whole number from 1 to 64, found "two"
--set: /devices/1/activity/rate: expected a whole number from 0 to 1000000, found -1
--set: /checks/dma: unknown check "dma"; did you mean "dma.stopped"?)");
}

BOOST_AUTO_TEST_CASE(an_override_repairs_what_the_file_has_wrong) {
  BOOST_TEST(complaints(scenario_text(R"("machine": {"cpus": "two"})"), {"machine.cpus=2"}) == "");
}

BOOST_AUTO_TEST_CASE(an_override_of_an_axis_drops_the_axis) {
  const std::string text =
      scenario_text(R"("matrix": {"machine.cpus": [1, 2], "machine.memory": ["1GiB", "2GiB"]})");
  const auto all = cells(text, {"machine.cpus=4"});
  BOOST_TEST(names(all) == "s/memory=1GiB s/memory=2GiB");
  BOOST_TEST(all[0].machine.cpus == 4);
  BOOST_TEST(names(cells(text, {"matrix={}"})) == "s");
  BOOST_TEST(names(cells(text, {"matrix.machine.cpus=[8]", "machine.memory=1GiB"})) == "s/cpus=8");
}

BOOST_AUTO_TEST_CASE(a_cell_says_how_it_is_had_alone) {
  const std::string text = scenario_text(
      R"("matrix": {"machine.cpus": [1, 2], "production.command_line": ["a", "b c=\"d\""]})");
  BOOST_TEST(cells(scenario_text("\"name\": \"x\"")).front().cell.empty());
  for (const auto& cell : cells(text)) {
    const auto alone = cells(text, {cell.cell.begin(), cell.cell.end()});
    BOOST_REQUIRE_EQUAL(alone.size(), 1U);
    BOOST_TEST(alone[0].machine.cpus == cell.machine.cpus);
    BOOST_TEST(alone[0].production.command_line == cell.production.command_line);
  }
}

BOOST_AUTO_TEST_CASE(a_path_that_leads_nowhere_changes_nothing) {
  const nlohmann::json before = {{"a", {{"b", 1}}}};
  nlohmann::json document = before;
  BOOST_TEST(!put(document, "a.b.c", 2, {}).has_value());
  BOOST_TEST(!put(document, "", 2, {}).has_value());
  BOOST_TEST(!put(document, "/", 2, {}).has_value());
  std::string deep = "a";
  for (int depth = 0; depth < 1000; ++depth) deep += ".a";
  BOOST_TEST(!put(document, deep, 2, {}).has_value());
  BOOST_TEST(document == before);
}

BOOST_AUTO_TEST_CASE(a_pointer_is_unescaped) {
  nlohmann::json document = nlohmann::json::object();
  const auto placed = put(document, "/a~1b/c~0d", 1, {});
  BOOST_REQUIRE(placed.has_value());
  BOOST_TEST(document["a/b"]["c~d"] == 1);
  BOOST_TEST(placed->target == "/a~1b/c~0d");
  BOOST_TEST(placed->created == "/a~1b");
}

BOOST_AUTO_TEST_SUITE_END()
