// SPDX-License-Identifier: GPL-2.0-or-later
// A plan of a run is run again, with the stand-in for QEMU.
#include "harness/dispatch/stored_plan.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "harness/base/digest.hpp"
#include "harness/base/fd.hpp"
#include "harness/dispatch/single_run.hpp"
#include "harness/record/layout.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_stored_plan)

using namespace quiesce;
using dispatch::check_inputs;
using dispatch::is_stored_plan;
using dispatch::load_plan;
using nlohmann::json;

namespace {

/// The stand of the runs, with a plan that says what its files are.
struct Stored : run::testing::Stand {
  Stored() {
    BOOST_REQUIRE(replace_file(plan.production.image, std::string(2048, 'k')));
    for (auto* image : {&plan.production, &plan.capture}) {
      image->image_sha256 = sha256(read_file(image->image).value());
      image->initramfs_sha256 = sha256(read_file(image->initramfs).value());
    }
    write(to_json(plan));
  }
  std::filesystem::path path() const { return dir.path() / "plan.json"; }
  void write(const json& value) const { BOOST_REQUIRE(replace_file(path(), value.dump(1))); }
  std::string refusal() const {
    const auto checked = check_inputs(plan, "plan.json");
    return checked ? std::string() : checked.error().describe();
  }
};

bool has_text(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_plan_is_told_from_a_scenario, Stored) {
  BOOST_TEST(is_stored_plan(path()));
  write({{"format", 1}, {"production", {{"kernel", "debian:6.1"}}}});
  BOOST_TEST(!is_stored_plan(path()));
  BOOST_REQUIRE(replace_file(path(), "{\"format\": 1, // a comment\n}"));
  BOOST_TEST(!is_stored_plan(path()));
  BOOST_TEST(!is_stored_plan(dir.path() / "nowhere.json"));
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_a_plan_is_named_with_its_file_and_place, Stored) {
  json broken = to_json(plan);
  broken["production"].erase("initramfs");
  write(broken);
  const auto loaded = load_plan(path());
  BOOST_REQUIRE(!loaded);
  BOOST_TEST((loaded.error().code() == Errc::invalid_input));
  BOOST_TEST(has_text(loaded.error().describe(), path().string() + ": run plan: /production"));
}

BOOST_FIXTURE_TEST_CASE(a_plan_is_the_same_after_it_was_written_and_read, Stored) {
  const auto loaded = load_plan(path());
  BOOST_REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().describe()));
  BOOST_TEST(to_json(*loaded) == to_json(plan));
}

BOOST_FIXTURE_TEST_CASE(files_that_are_as_they_were_are_accepted, Stored) {
  BOOST_TEST(refusal() == "");
}

BOOST_FIXTURE_TEST_CASE(every_file_that_is_another_is_named_with_its_place_and_the_remedy, Stored) {
  BOOST_REQUIRE(replace_file(plan.capture.initramfs, "another"));
  const std::string text = refusal();
  // Production and capture share their files here.
  for (const char* place :
       {"plan.json: /production/initramfs: ", "plan.json: /capture/initramfs: "})
    BOOST_TEST(has_text(text, place), text);
  BOOST_TEST(!has_text(text, "/capture/image"));
  BOOST_TEST(has_text(text, sha256("another")));
  BOOST_TEST(has_text(text, plan.capture.initramfs_sha256));
  BOOST_TEST(has_text(text, "run the scenario \"stand-in\""));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_gone_is_named, Stored) {
  std::filesystem::remove(plan.production.image);
  BOOST_TEST(has_text(refusal(), "/production/image: cannot open"), refusal());
}

// A plan without digests would be run with whatever lies there now.
BOOST_FIXTURE_TEST_CASE(a_plan_that_does_not_say_what_its_files_are_is_refused, Stored) {
  plan.production.image_sha256.clear();
  BOOST_TEST(has_text(refusal(), "/production/image: the plan has no SHA-256"));
}

BOOST_FIXTURE_TEST_CASE(a_qemu_that_lacks_what_the_plan_needs_is_refused, Stored) {
  script["lacks"] = {"e1000e"};
  write_script();
  const auto prepared = dispatch::ready(plan, "/quiesce");
  BOOST_REQUIRE(!prepared);
  BOOST_TEST((prepared.error().code() == Errc::unsupported));
  BOOST_TEST(has_text(prepared.error().describe(), "has no device e1000e"));
}

BOOST_FIXTURE_TEST_CASE(models_are_served_by_the_program_that_runs_the_plan, Stored) {
  write_script();
  plan.devices[1].server = scenario::ServerSpec{.model = "engine", .command = {"/gone/quiesce"}};
  const auto prepared = dispatch::ready(plan, "/here/quiesce");
  BOOST_REQUIRE_MESSAGE(prepared, (prepared ? "" : prepared.error().describe()));
  BOOST_TEST(prepared->devices[1].server->command.at(0) == "/here/quiesce");
}

BOOST_FIXTURE_TEST_CASE(a_stored_plan_is_run_and_judged_as_it_is, Stored) {
  write_script();
  const auto loaded = load_plan(path());
  BOOST_REQUIRE(loaded);
  const dispatch::Job job{.scenario = loaded->scenario, .stored = *loaded};
  std::vector<std::string> phases;
  const auto judged = dispatch::single_run(
      job, out(), {.places = {}, .profiles = {}, .qemu = {}, .program = "/quiesce"},
      {.command = {"quiesce", "run", "plan.json"}, .directory = "/there"}, loop,
      {.on_phase = [&](const std::string& name) { phases.push_back(name); }, .on_note = {}});
  BOOST_REQUIRE_MESSAGE(judged, (judged ? "" : judged.error().describe()));
  BOOST_TEST(judged->result.scenario == "stand-in");
  BOOST_TEST(phases.front() == "images");
  BOOST_TEST(phases.back() == "judge");
  BOOST_TEST(std::filesystem::exists(out() / record::file::result));
  json again = json::parse(read_file(out() / record::file::plan).value());
  BOOST_TEST(again == json::parse(read_file(path()).value()));
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_holds_something_is_refused_before_anything_is_started,
                        Stored) {
  std::filesystem::create_directory(out());
  BOOST_REQUIRE(replace_file(out() / "file", "x"));
  const auto judged =
      dispatch::single_run({.scenario = plan.scenario, .stored = plan}, out(),
                           {.places = {}, .profiles = {}, .qemu = {}, .program = {}}, {}, loop, {});
  BOOST_REQUIRE(!judged);
  BOOST_TEST((judged.error().code() == Errc::invalid_input));
  BOOST_TEST(log().empty());
}

BOOST_AUTO_TEST_SUITE_END()
