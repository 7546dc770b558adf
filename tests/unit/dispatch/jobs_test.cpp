// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/jobs.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/digest.hpp"
#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_jobs)

using namespace quiesce;
using dispatch::gather;
using nlohmann::json;
using Texts = std::vector<std::string>;

namespace {

/// The shipped devices and scenarios, and files of the test's own.
struct Desk {
  TempDir dir = TempDir::create().value();
  dispatch::Places places{.catalog = std::filesystem::path(QUIESCE_SOURCE_ROOT) / "devices/catalog",
                          .scenarios = std::filesystem::path(QUIESCE_SOURCE_ROOT) / "scenarios",
                          .agent = "/agent"};

  std::string file(const std::string& name, const std::string& text) const {
    BOOST_REQUIRE(replace_file(dir.path() / name, text));
    return (dir.path() / name).string();
  }
  /// A stored plan whose four files are one.
  std::string plan() const {
    const std::string image = file("vmlinuz", "kernel");
    scenario::RunPlan plan{.accel = "tcg", .qemu = "qemu"};
    plan.scenario.name = "stored";
    plan.scenario.production.kernel = "a-kernel-that-nobody-has";
    for (auto* one : {&plan.production, &plan.capture})
      *one = {.kernel = "k",
              .release = "1",
              .image = image,
              .initramfs = image,
              .image_sha256 = sha256("kernel"),
              .initramfs_sha256 = sha256("kernel")};
    return file("plan.json", to_json(plan).dump());
  }
  std::string refusal(const dispatch::Request& request) const {
    const auto all = gather(request, places);
    if (all) return {};
    BOOST_TEST((all.error().code() == Errc::invalid_input));
    return all.error().describe();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_shipped_scenario_becomes_a_job_with_what_is_laid_over_it, Desk) {
  const auto all = gather({.scenarios = {"first-run"},
                           .kernel = "debian:6.12",
                           .settings = {"machine.cpus=1"},
                           .timeout = "5min"},
                          places);
  BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().describe()));
  BOOST_REQUIRE_EQUAL(all->jobs.size(), 1U);
  const auto& job = all->jobs[0];
  BOOST_TEST(!job.stored);
  BOOST_TEST(job.scenario.source == "first-run");
  BOOST_TEST(job.scenario.production.kernel == "debian:6.12");
  BOOST_TEST(job.scenario.machine.cpus == 1);
  BOOST_TEST(job.scenario.timeouts.total.count() == 300);
}

BOOST_FIXTURE_TEST_CASE(a_matrix_becomes_a_job_a_cell, Desk) {
  const std::string given = file("m.json", R"({"format": 1, "name": "m",
    "production": {"kernel": "debian:6.1"}, "matrix": {"machine.cpus": [1, 2]}})");
  const auto all = gather({.scenarios = {given}}, places);
  BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().describe()));
  BOOST_REQUIRE_EQUAL(all->jobs.size(), 2U);
  BOOST_TEST(all->jobs[1].scenario.cell == Texts{"machine.cpus=2"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_device_that_is_given_alone_gets_a_scenario_with_its_name, Desk) {
  const auto all = gather({.devices = {"e1000e", "nvme"}}, places);
  BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().describe()));
  BOOST_REQUIRE_EQUAL(all->jobs.size(), 1U);
  BOOST_TEST(all->jobs[0].scenario.name == "e1000e-nvme");
  BOOST_TEST(all->jobs[0].scenario.devices.size() == 2U);
}

// "--set: /timeouts/total: ..." though nobody had said --set, and of a short --timeout, that the
// default of another value is longer.
BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_an_option_is_said_of_it, Desk) {
  BOOST_TEST(refusal({.scenarios = {"first-run"}, .timeout = "5mni"})
                 .starts_with("--timeout: /timeouts/total: "));
  const auto all = gather({.scenarios = {"first-run"}, .timeout = "30s"}, places);
  BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().describe()));
  BOOST_TEST(all->jobs[0].scenario.timeouts.progress.count() == 30);
}

BOOST_FIXTURE_TEST_CASE(a_profile_in_the_place_of_another_is_announced_before_an_error, Desk) {
  const std::string mine =
      file("mine.json", R"({"format": 1, "name": "e1000e", "description": "mine",
        "qemu": [{"driver": "e1000e", "id": "@name", "addr": "@addr"}]})");
  Texts notes;
  const auto all = gather({.scenarios = {"first-run"}, .devices = {mine}}, places,
                          [&](const std::string& note) { notes.push_back(note); });
  BOOST_TEST(!all);
  BOOST_REQUIRE_EQUAL(notes.size(), 1U);
  BOOST_TEST(notes[0].find("not the shipped one") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(names_are_looked_at_without_anything_to_run, Desk) {
  BOOST_TEST(check_names({}, places).has_value());
  BOOST_TEST(!check_names({.folders = {"/nonexistent"}}, places).has_value());
  BOOST_TEST(!check_names({.kernel = "debain:6.1"}, places).has_value());
  BOOST_TEST(!check_names({.qemu = "/nonexistent/qemu"}, places).has_value());
}

BOOST_FIXTURE_TEST_CASE(nothing_named_is_refused_with_what_could_be, Desk) {
  BOOST_TEST(refusal({}).find("quiesce list scenarios") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(everything_wrong_with_all_scenarios_is_one_error, Desk) {
  const std::string text =
      refusal({.scenarios = {file("a.json", R"({"format": 1, "machin": {}})"),
                             file("b.json", R"({"format": 1, "devics": []})")}});
  BOOST_TEST(text.find("a.json") != std::string::npos);
  BOOST_TEST(text.find("b.json") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_kernel_that_nobody_knows_is_refused_before_the_first_run, Desk) {
  BOOST_TEST(refusal({.scenarios = {"first-run"}, .kernel = "debain:6.1"})
                 .find("did you mean \"debian:6.1\"") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_stored_plan_stands_beside_scenarios_and_needs_no_kernels_name, Desk) {
  const std::string given = plan();
  const auto all = gather({.scenarios = {given, "first-run"}}, places);
  BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().describe()));
  BOOST_REQUIRE_EQUAL(all->jobs.size(), 2U);
  BOOST_TEST(all->jobs[0].stored.has_value());
  BOOST_TEST(all->jobs[0].scenario.name == "stored");
  BOOST_TEST(all->jobs[0].scenario.source == given);
  BOOST_TEST(!all->jobs[1].stored.has_value());
}

BOOST_FIXTURE_TEST_CASE(what_would_change_a_stored_plan_is_refused_by_name, Desk) {
  const std::string given = plan();
  const auto refused = [&](dispatch::Request request, const std::string& option) {
    request.scenarios = {given};
    const std::string text = refusal(request);
    BOOST_TEST(text.find("leave " + option + " out") != std::string::npos, text);
    BOOST_TEST(text.find("run the scenario \"stored\"") != std::string::npos, text);
  };
  refused({.kernel = "debian:6.1"}, "--kernel");
  refused({.capture_kernel = "debian:6.1"}, "--capture-kernel");
  refused({.settings = {"seed=2"}}, "--set");
  refused({.timeout = "5min"}, "--timeout");
  refused({.qemu = "qemu"}, "--qemu");
  refused({.devices = {"nvme"}, .settings = {"seed=2"}}, "--device and --set");
}

BOOST_FIXTURE_TEST_CASE(a_stored_plan_whose_files_are_others_is_refused, Desk) {
  const std::string given = plan();
  file("vmlinuz", "another kernel");
  BOOST_TEST(refusal({.scenarios = {given}}).find("/capture/initramfs: ") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
