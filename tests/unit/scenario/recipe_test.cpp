// SPDX-License-Identifier: GPL-2.0-or-later
// A plan in two halves: nothing gets lost between them, and a case cannot change what is booted.
#include "harness/scenario/recipe.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/scenario/load.hpp"

BOOST_AUTO_TEST_SUITE(scenario_recipe)

using namespace quiesce;
using namespace quiesce::scenario;
using nlohmann::json;

namespace {

const std::filesystem::path source_root = QUIESCE_SOURCE_ROOT;

/// A plan that a real run left.
RunPlan recorded(const std::string& name) {
  const auto path = source_root / "tests/golden/recorded" / name / "plan.json";
  auto plan = plan_from_json(json::parse(read_file(path).value()));
  BOOST_REQUIRE_MESSAGE(plan, (plan ? "" : plan.error().describe()));
  return *plan;
}

const char* const names[] = {"first-run", "dma-at-entry", "no-capture", "two-rungs"};

}  // namespace

BOOST_AUTO_TEST_CASE(recipe_and_case_joined_are_the_plan_again) {
  for (const char* name : names) {
    const RunPlan plan = recorded(name);
    BOOST_TEST(to_json(join(recipe_of(plan), case_of(plan))) == to_json(plan), name);
  }
}

BOOST_AUTO_TEST_CASE(a_recipe_is_the_same_after_it_was_written_and_read) {
  for (const char* name : names) {
    const Recipe recipe = recipe_of(recorded(name));
    const auto read = recipe_from_json(json::parse(to_json(recipe).dump()));
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().describe()));
    BOOST_TEST((*read == recipe), name);
    BOOST_TEST(to_json(*read) == to_json(recipe), name);
  }
}

// Many cases share one armed guest: whatever only a case says leaves the recipe as it is.
BOOST_AUTO_TEST_CASE(what_is_done_to_a_guest_does_not_change_what_is_booted) {
  const RunPlan plan = recorded("first-run");
  const std::string key = key_of(recipe_of(plan));
  const auto same = [&](const char* what, const auto& change) {
    RunPlan other = plan;
    change(other);
    BOOST_TEST(to_json(other) != to_json(plan), what);
    BOOST_TEST(key_of(recipe_of(other)) == key, what);
  };
  same("panic", [](RunPlan& p) { p.scenario.panic.method = "nmi"; });
  same("moment", [](RunPlan& p) { p.scenario.panic.busy = Seconds(30); });
  same("window", [](RunPlan& p) { p.scenario.steps.window = Seconds(30); });
  same("gating", [](RunPlan& p) { p.scenario.steps.gating = Gating::always; });
  same("actions", [](RunPlan& p) {
    p.scenario.steps.before_drivers = {
        {.what = ActionKind::hot_reset, .method = {}, .devices = {}}};
  });
  same("drivers", [](RunPlan& p) {
    p.scenario.steps.drivers = false;
    p.scenario.steps.tests = false;
  });
  same("timeouts", [](RunPlan& p) { p.scenario.timeouts.total = Seconds(900); });
  same("checks", [](RunPlan& p) { p.scenario.checks = {{"dma.stopped", json::object()}}; });
  same("name", [](RunPlan& p) { p.scenario.name = "another"; });
  same("activity", [](RunPlan& p) { p.devices.at(1).activity["rate"] = 3; });
  same("idle", [](RunPlan& p) { p.devices.at(1).busy = false; });
  same("no driver", [](RunPlan& p) { p.devices.at(1).driver_in_capture = false; });
}

BOOST_AUTO_TEST_CASE(what_decides_what_is_booted_changes_the_recipe) {
  const RunPlan plan = recorded("first-run");
  const std::string key = key_of(recipe_of(plan));
  const auto another = [&](const char* what, const auto& change) {
    RunPlan other = plan;
    change(other);
    BOOST_TEST(key_of(recipe_of(other)) != key, what);
  };
  const std::string digest(64, 'f');
  another("kernel", [&](RunPlan& p) { p.production.image_sha256 = digest; });
  another("initramfs", [&](RunPlan& p) { p.production.initramfs_sha256 = digest; });
  another("capture kernel", [&](RunPlan& p) { p.capture.image_sha256 = digest; });
  another("capture initramfs", [&](RunPlan& p) { p.capture.initramfs_sha256 = digest; });
  another("QEMU", [](RunPlan& p) { p.qemu = "/another/qemu"; });
  another("accelerator", [](RunPlan& p) { p.accel = "kvm"; });
  another("cpus", [](RunPlan& p) { p.scenario.machine.cpus = 1; });
  another("memory", [](RunPlan& p) { p.scenario.machine.memory = 2_GiB; });
  another("crash region", [](RunPlan& p) { p.scenario.production.crashkernel = 512_MiB; });
  another("command line", [](RunPlan& p) { p.scenario.production.command_line = "x"; });
  another("capture command line", [](RunPlan& p) { p.scenario.capture.command_line = "x"; });
  another("device", [](RunPlan& p) { p.devices.pop_back(); });
  another("seed", [](RunPlan& p) { p.scenario.seed = 99; });
  RunPlan explained = plan;
  explained.accel_reason = "for another reason";
  BOOST_TEST((recipe_of(explained) == recipe_of(plan)));
}

BOOST_AUTO_TEST_CASE(what_is_no_recipe_is_refused_with_its_place) {
  json broken = to_json(recipe_of(recorded("first-run")));
  broken["capture"].erase("image");
  const auto refused = recipe_from_json(broken);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code() == Errc::invalid_input));
  BOOST_TEST(refused.error().describe().find("/capture") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
