// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/attribution.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

using checks::By;
using checks::Verdict;
using nlohmann::json;

namespace {

/// run.start's monotonic clock shows 5000 at t = 0.
std::string ledger_write(double t, const char* address) {
  return json{{"mono", 5000 + t}, {"event", "dma.write"}, {"address", address}, {"bytes", 64}}
             .dump() +
         "\n";
}

RunBuilder quiet() {
  auto run = good_run();
  run.clear_strays();
  return run;
}

void gate(RunBuilder& run, double t, const json& off, const json& pages) {
  run.event(t + 0.5, "gate.window", {{"off", off}, {"t0", t}, {"t1", t + 0.5}, {"pages", pages}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checks_attribution)

BOOST_AUTO_TEST_CASE(a_tag_is_certain_and_an_owner_is_no_device) {
  const auto who = checks::attribute(good_run().run());
  BOOST_TEST((who.strays.front().by == By::tag));
  BOOST_TEST((who.strays.back().by == By::owner));
}

BOOST_AUTO_TEST_CASE(a_ledger_names_the_writer_of_the_bytes_in_the_time_of_the_pass) {
  auto run = quiet();
  run.stray(30, 30.5, 0x5000, "");
  run.stray(31, 31.5, 0x5000, "");
  run.file("device-a.ndjson", ledger_write(30.2, "0x5040"));
  run.file("device-b.ndjson", ledger_write(30.3, "0x5100"));
  const auto who = checks::attribute(run.run());
  BOOST_TEST((who.strays[0].by == By::ledger));
  BOOST_TEST(who.strays[0].devices.size() == 2U);
  BOOST_TEST((who.strays[1].by == By::unknown));
}

BOOST_AUTO_TEST_CASE(gating_names_the_one_device_that_fits) {
  auto run = quiet();
  run.stray(23, 23.5, 0x6000, "");
  run.stray(23, 23.5, 0x7000, "");
  gate(run, 23, nullptr, {"0x6000", "0x7000"});
  gate(run, 24, "net0", {"0x7000"});
  gate(run, 25, "disk0", {"0x6000", "0x7000"});
  gate(run, 26, nullptr, {"0x6000", "0x7000"});
  const auto who = checks::attribute(run.run());
  BOOST_TEST((who.strays[0].by == By::gating));
  BOOST_TEST(who.strays[0].devices.front() == "net0");
  BOOST_TEST((who.strays[1].by == By::unknown));
  BOOST_TEST(who.gating.at("net0").on == 3U);
}

BOOST_AUTO_TEST_CASE(a_device_that_is_late_by_its_ledger_only_fails) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "");
  run.file("device-net0.ndjson", ledger_write(35.2, "0x777000"));
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.numbers["devices"]["net0"]["by"]["ledger"] == 1);
}

BOOST_AUTO_TEST_CASE(a_write_that_the_watch_missed_makes_the_check_inconclusive) {
  auto run = good_run();
  run.file("device-net0.ndjson", ledger_write(20, "0x888000"));
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST((result.verdict == Verdict::inconclusive), result.reason);
  BOOST_TEST(result.numbers["ledger_missed"]["net0"] == 1);
}

BOOST_AUTO_TEST_CASE(a_ledger_without_a_clock_names_nobody_and_says_so) {
  auto run = quiet();
  run.drop_events("run.start");
  run.event(0, "run.start", {{"realtime", 1700000000}});
  run.stray(30, 30.5, 0x5000, "");
  run.file("device-a.ndjson", ledger_write(30.2, "0x5040") + "{\"mono\": 1}\n{");
  const auto judged = run.run();
  BOOST_TEST((checks::attribute(judged).strays[0].by == By::unknown));
  BOOST_TEST(judged.damage.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
