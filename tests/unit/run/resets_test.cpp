// SPDX-License-Identifier: GPL-2.0-or-later
// Actions on devices and the gating experiment, in whole runs against the stand-in for QEMU.
#include "harness/run/resets.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(run_resets)

using namespace quiesce;
using nlohmann::json;
using scenario::Action;
using scenario::ActionKind;
using Texts = std::vector<std::string>;
namespace event = record::event;

namespace {

/// nic0 and vga0; nic0 is fed and writes until the capture kernel's drivers load.
struct Stand : run::testing::Stand {
  Stand() {
    plan.scenario.steps.settle = Seconds(0.2);
    plan.scenario.steps.gating = scenario::Gating::off;
  }

  void finish() {
    const auto done = run();
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().describe()));
    BOOST_TEST(texts(event::RunEnd::name, "reason") == Texts{"finished"},
               boost::test_tools::per_element());
  }

  /// What the agent answers to pci-action for nic0.
  void answers(const std::string& role, const json& over = json::object()) {
    json function{{"address", "0000:00:02.0"}, {"ok", true},          {"error", nullptr},
                  {"ready_ms", 12.5},          {"methods", "flr pm"}, {"restored", true}};
    function.update(over);
    at("agent:" + role + ":pci-action", "answer", json{{"functions", {function}}}.dump());
  }

  /// A device that is a model: it has registers and a probe.
  void make_model() {
    plan.devices[0].activity = {{"kind", "model-run"}};
    plan.devices[0].profile.activity = plan.devices[0].activity;
    plan.devices[0].profile.test = {{"kind", "model-copy"}};
    plan.devices[0].profile.ring.reset();
  }

  Texts seen(const char* what, const char* field) const {
    Texts found;
    for (const auto& one : events(what)) found.push_back(one.at(field).dump());
    return found;
  }
};

const Action flr{.what = ActionKind::reset, .method = "flr", .devices = {}};
const Action nothing{};

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_action_is_noted_with_its_times_and_the_agents_answer, Stand) {
  plan.scenario.steps.before_drivers = {flr};
  answers("capture");
  finish();
  const auto actions = events(event::ResetAction::name);
  BOOST_REQUIRE_EQUAL(actions.size(), 1U);  // a display is spared when nobody names it
  const json& action = actions[0];
  BOOST_TEST(action["at"] == "before-drivers");
  BOOST_TEST(action["number"] == 0);
  BOOST_TEST(action["do"] == "reset");
  BOOST_TEST(action["method"] == "flr");
  BOOST_TEST(action["device"] == "nic0");
  BOOST_TEST(action["address"] == "0000:00:02.0");
  BOOST_TEST(action["ok"] == true);
  BOOST_TEST(action["ready_ms"] == 12.5);
  BOOST_TEST(action["methods"] == "flr pm");
  BOOST_TEST(action["restored"] == true);
  BOOST_TEST(action["began"].get<double>() <= action["ended"].get<double>());
  BOOST_TEST(action["ended"].get<double>() < action["settled"].get<double>());
}

// The watch looks when the action is over and when the settling is: with the machine stopped, so
// that a write is on one side of it.
BOOST_FIXTURE_TEST_CASE(a_pass_ends_the_action_and_another_the_settling, Stand) {
  plan.scenario.steps.before_drivers = {nothing};
  finish();
  const json action = events(event::ResetAction::name).at(0);
  const double ended = action["ended"];
  const double settled = action["settled"];
  std::vector<json> between;
  for (auto& pass : events(event::WatchPass::name))
    if (pass["t"] > ended && pass["t"] < settled) between.push_back(std::move(pass));
  BOOST_REQUIRE(between.size() >= 2U);
  BOOST_TEST(between.front()["since"].get<double>() <= ended);
  BOOST_TEST(between[1]["since"].get<double>() >= between.front()["t"].get<double>());
}

BOOST_FIXTURE_TEST_CASE(the_named_device_is_acted_on_though_it_is_a_display, Stand) {
  Action named = nothing;
  named.devices = {"vga0"};
  plan.scenario.steps.before_drivers = {named};
  finish();
  BOOST_TEST(texts(event::ResetAction::name, "device") == Texts{"vga0"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_device_of_which_the_agent_says_nothing_is_noted_as_such, Stand) {
  plan.scenario.steps.before_drivers = {nothing};
  finish();
  const json action = events(event::ResetAction::name).at(0);
  BOOST_TEST(action["ok"] == false);
  BOOST_TEST(!action.contains("ready_ms"));
}

BOOST_FIXTURE_TEST_CASE(what_a_device_cannot_do_is_evidence_and_no_error, Stand) {
  plan.scenario.steps.before_drivers = {flr};
  answers("capture", {{"ok", false}, {"error", "no such method"}, {"methods", "pm"}});
  finish();
  const json action = events(event::ResetAction::name).at(0);
  BOOST_TEST(action["ok"] == false);
  BOOST_TEST(action["error"] == "no such method");
}

BOOST_FIXTURE_TEST_CASE(an_agent_that_knows_no_actions_is_an_error_of_ours, Stand) {
  plan.scenario.steps.before_drivers = {flr};
  at("agent:capture:pci-action", "error", "no such request");
  const auto done = run();
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().describe().find("no such request") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_kernel_that_dies_of_an_action_is_evidence_of_the_step, Stand) {
  plan.scenario.steps.before_drivers = {flr};
  at("agent:capture:pci-action", "reset");
  finish();
  const auto stuck = events(event::CaptureStuck::name);
  BOOST_REQUIRE_EQUAL(stuck.size(), 1U);
  BOOST_TEST(stuck[0]["step"] == "actions");
  BOOST_TEST(stuck[0]["guest_down"] == "guest-reset");
}

BOOST_FIXTURE_TEST_CASE(actions_in_the_production_kernel_come_before_the_control, Stand) {
  plan.scenario.steps.production = {flr};
  answers("production");
  finish();
  const auto actions = events(event::ResetAction::name);
  BOOST_REQUIRE_EQUAL(actions.size(), 1U);
  BOOST_TEST(actions[0]["at"] == "production");
  for (const auto& control : events(event::Control::name))
    BOOST_TEST(control["t0"].get<double>() >= actions[0]["settled"].get<double>());
}

BOOST_FIXTURE_TEST_CASE(a_climb_goes_on_while_the_device_writes, Stand) {
  plan.scenario.steps.before_drivers = {nothing, flr};
  plan.scenario.steps.climb = true;
  plan.devices[0].activity["rate"] = 200;
  answers("capture");
  finish();
  BOOST_TEST(seen(event::ResetAction::name, "number") == (Texts{"0", "1"}),
             boost::test_tools::per_element());
}

// It left out every device whose writes carry no tag from the first rung on.
BOOST_FIXTURE_TEST_CASE(a_device_that_was_never_seen_to_write_climbs_every_rung, Stand) {
  plan.scenario.steps.before_drivers = {nothing, flr, nothing};
  plan.scenario.steps.climb = true;
  at("net", "ignore");
  finish();
  BOOST_TEST(seen(event::ResetAction::name, "number") == (Texts{"0", "1", "2"}),
             boost::test_tools::per_element());
  BOOST_TEST(events(event::ResetProbe::name).empty());
}

BOOST_FIXTURE_TEST_CASE(without_a_climb_every_action_is_done, Stand) {
  plan.scenario.steps.before_drivers = {nothing, flr};
  at("net", "ignore");
  finish();
  BOOST_TEST(events(event::ResetAction::name).size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_quiet_model_is_read_and_tried_and_left_alone_when_it_works, Stand) {
  make_model();
  plan.scenario.steps.before_drivers = {nothing, flr, flr};
  plan.scenario.steps.climb = true;
  at("agent:capture:model-state", "answer", R"({"answers": true, "defaults": false})");
  finish();
  BOOST_TEST(events(event::ResetAction::name).size() == 2U);
  const auto states = events(event::ResetState::name);
  BOOST_REQUIRE_EQUAL(states.size(), 2U);
  BOOST_TEST(states[0]["device"] == "nic0");
  BOOST_TEST(states[0]["defaults"] == false);
  BOOST_TEST(!states[0].contains("op"));
  const auto probes = events(event::ResetProbe::name);
  BOOST_REQUIRE_EQUAL(probes.size(), 1U);
  BOOST_TEST(probes[0]["works"] == true);
}

BOOST_FIXTURE_TEST_CASE(a_model_that_does_not_work_gets_the_next_action, Stand) {
  make_model();
  plan.scenario.steps.before_drivers = {flr, flr};
  plan.scenario.steps.climb = true;
  at("agent:capture:test", "error", "bytes differ");
  at("agent:capture:model-state", "error", "no such BAR");
  finish();
  BOOST_TEST(seen(event::ResetAction::name, "number") == (Texts{"0", "1"}),
             boost::test_tools::per_element());
  const auto probes = events(event::ResetProbe::name);
  BOOST_REQUIRE_EQUAL(probes.size(), 2U);
  BOOST_TEST(probes[0]["works"] == false);
  BOOST_TEST(probes[0]["detail"].get<std::string>().find("bytes differ") != std::string::npos);
  const json state = events(event::ResetState::name).at(0);
  BOOST_TEST(state["error"].get<std::string>().find("no such BAR") != std::string::npos);
}

// The gating experiment.

BOOST_FIXTURE_TEST_CASE(automatic_gating_spares_a_machine_of_qemus_own_devices, Stand) {
  plan.scenario.steps.gating = scenario::Gating::automatic;
  finish();
  BOOST_TEST(events(event::GateWindow::name).empty());
}

BOOST_AUTO_TEST_SUITE_END()
