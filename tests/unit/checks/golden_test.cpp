// SPDX-License-Identifier: GPL-2.0-or-later
// Run directories of tests/golden/runs, judged again. With QUIESCE_UPDATE_GOLDEN=1 in the
// environment they are written anew from the descriptions below, results included: read the
// difference before it is committed.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "harness/base/fd.hpp"
#include "tests/unit/checks/reset/action_run.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_golden)

namespace {

/// A stock kernel with the driver left out of the capture kernel: the card writes to the end of the
/// run.
RunBuilder dma_to_the_end() {
  auto run = good_run();
  run.plan.devices[0].driver_in_capture = false;
  run.plan.scenario.name = "no-driver";
  run.drop_trace("e1000e_core_ctrl_sw_reset");
  for (int i = 0; i < 20; ++i)
    run.stray(29 + i * 0.5, 29.5 + i * 0.5, 0x22340000 + static_cast<std::uint64_t>(i) * 0x1000,
              "net0");
  run.pci("capture-end-agent", 39, {{.address = "0000:00:02.0", .bus_master = true}});
  return run;
}

/// Purgatory's digest is wrong: the boot CPU loops, nothing is printed.
RunBuilder stuck_in_purgatory() {
  auto run = good_run();
  run.plan.scenario.name = "purgatory";
  run.cut(12);
  run.event(72, "cpus",
            {{"at", "end"},
             {"cpus",
              {{{"index", 0}, {"rip", "0x3bf0132a"}, {"halted", false}, {"place", "purgatory"}},
               {{"index", 1},
                {"rip", "0xffffffff81062d0f"},
                {"halted", true},
                {"place", "production kernel"}}}}});
  run.event(72.5, "run.end", {{"reason", "finished"}});
  return run;
}

/// The harness was killed while the capture kernel booted.
RunBuilder killed_harness() {
  auto run = good_run();
  run.plan.scenario.name = "killed";
  run.cut(19);
  return run;
}

/// The ladder on a card that ignores its Bus Master bit and a function reset: what `show` tells.
RunBuilder reset_ladder() {
  ActionRun ladder;
  ladder.run.plan.scenario.name = "reset-ladder";
  ladder.act("nothing", "", Writes::on)
      .act("bus-master-off", "", Writes::on)
      .act("reset", "af_flr", Writes::on,
           {{"ok", false}, {"error", "0000:00:02.0 has no reset method af_flr"}})
      .act("reset", "flr", Writes::on)
      .act("reset", "bus", Writes::until_the_action, {{"ready_ms", 230}});
  ladder.run.drop_trace("e1000e_core_ctrl_sw_reset");
  ladder.run.trace(26.61, "pci_cfg_write e1000e 00:02.0 @0x4 <- 0x400");
  ladder.run.trace(26.62, "pci_cfg_write e1000e 00:02.0 @0x88 <- 0x8000");
  for (int t = 30; t <= 40; ++t) ladder.pass(t - 1, t, false);
  return ladder.run;
}

struct Golden {
  const char* name;
  RunBuilder (*make)();
};
constexpr Golden goldens[] = {{"pass", good_run},
                              {"dma-to-the-end", dma_to_the_end},
                              {"stuck-in-purgatory", stuck_in_purgatory},
                              {"killed-harness", killed_harness},
                              {"reset-ladder", reset_ladder}};

std::filesystem::path folder_of(const Golden& golden) {
  return std::filesystem::path(QUIESCE_SOURCE_ROOT) / "tests/golden/runs" / golden.name;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  BOOST_REQUIRE(replace_file(path, text).has_value());
}

bool asked_to_update() {
  const char* wanted = std::getenv("QUIESCE_UPDATE_GOLDEN");
  return wanted != nullptr && std::string(wanted) == "1";
}

void update(const Golden& golden) {
  const auto folder = folder_of(golden);
  std::filesystem::remove_all(folder);
  for (const auto& [name, text] : golden.make().texts()) write_file(folder / name, text);
  const auto run = evidence::open(folder);
  BOOST_REQUIRE(run.has_value());
  write_file(folder / "result.json", checks::to_json(checks::judge(*run)).dump(1) + "\n");
}

}  // namespace

BOOST_AUTO_TEST_CASE(committed_run_directories_are_judged_as_their_result_says) {
  for (const Golden& golden : goldens) {
    BOOST_TEST_CONTEXT(golden.name) {
      if (asked_to_update()) update(golden);
      const auto run = evidence::open(folder_of(golden));
      BOOST_REQUIRE_MESSAGE(run.has_value(), (run ? std::string() : run.error().describe()));
      const auto expected = read_file(folder_of(golden) / "result.json");
      BOOST_REQUIRE(expected.has_value());
      const auto result = checks::judge(*run);
      for (const auto& check : result.checks) note_codes(check);
      BOOST_TEST(checks::to_json(result).dump(1) + "\n" == *expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(recorded_runs_are_judged_as_their_result_says_and_their_seals_hold) {
  std::vector<std::filesystem::path> folders;
  for (const char* kind : {"recorded", "models", "hangs"})
    for (const auto& entry : std::filesystem::directory_iterator(
             std::filesystem::path(QUIESCE_SOURCE_ROOT) / "tests/golden" / kind))
      folders.push_back(entry.path());
  BOOST_TEST(folders.size() >= 27U);
  for (const auto& folder : folders) {
    BOOST_TEST_CONTEXT(folder.filename().string()) {
      const auto run = evidence::open(folder);
      BOOST_REQUIRE_MESSAGE(run.has_value(), (run ? std::string() : run.error().describe()));
      BOOST_TEST((run->seal.state == evidence::Seal::State::whole));
      BOOST_TEST(run->damage.empty());
      const auto judged = checks::judge(*run);
      for (const auto& check : judged.checks) note_codes(check);
      const std::string result = checks::to_json(judged).dump(1) + "\n";
      if (asked_to_update()) write_file(folder / "result.json", result);
      const auto expected = read_file(folder / "result.json");
      BOOST_REQUIRE(expected.has_value());
      BOOST_TEST(result == *expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_committed_manual_is_the_one_that_the_registry_gives) {
  const auto path = std::filesystem::path(QUIESCE_SOURCE_ROOT) / "docs/checks.md";
  if (asked_to_update()) write_file(path, checks::checks_markdown());
  const auto text = read_file(path);
  BOOST_REQUIRE(text.has_value());
  BOOST_TEST(*text == checks::checks_markdown());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
