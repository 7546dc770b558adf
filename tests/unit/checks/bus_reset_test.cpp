// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

using checks::Verdict;
using nlohmann::json;

namespace {

/// net0 writes until 23.5; an FLR runs from 23.1 to 23.2 and is watched until 24.2.
RunBuilder with_reset(const json& over = json::object()) {
  auto run = good_run();
  json fields{{"at", "before-drivers"},
              {"number", 0},
              {"climb", true},
              {"do", "reset"},
              {"method", "flr"},
              {"device", "net0"},
              {"address", "0000:00:02.0"},
              {"ok", true},
              {"error", nullptr},
              {"began", 23.1},
              {"ended", 23.2},
              {"settled", 24.2},
              {"ready_ms", 100},
              {"restored", true}};
  fields.update(over);
  run.event(24.3, "reset.action", fields);
  return run;
}

checks::CheckResult judge(const RunBuilder& run, const json& parameters = json::object()) {
  return judge_one(run, "bus.reset", parameters);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checks_bus_reset)

BOOST_AUTO_TEST_CASE(without_an_action_the_check_is_skipped) {
  BOOST_TEST((judge(good_run()).verdict == Verdict::skip));
}

BOOST_AUTO_TEST_CASE(a_reset_that_ends_the_writes_and_brings_the_device_back_passes) {
  const auto result = judge(with_reset());
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(result.numbers["ladder"][0]["stopped_by"] == "reset flr");
}

BOOST_AUTO_TEST_CASE(a_reset_that_reports_success_and_does_nothing_fails) {
  auto run = with_reset();
  run.stray(23.3, 24.1, 0x777000, "net0");
  const auto result = judge(run);
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason.find("had no effect") != std::string::npos, result.reason);
}

BOOST_AUTO_TEST_CASE(a_device_that_is_late_lost_or_dead_after_its_reset_fails) {
  BOOST_TEST((judge(with_reset({{"ready_ms", 1500}})).verdict == Verdict::fail));
  BOOST_TEST((judge(with_reset({{"ready_ms", 1500}}), {{"ready", "2s"}}).verdict == Verdict::pass));
  BOOST_TEST((judge(with_reset({{"ready_ms", nullptr}})).verdict == Verdict::fail));
  BOOST_TEST((judge(with_reset({{"restored", false}})).verdict == Verdict::fail));
  auto dead = with_reset();
  dead.event(24.4, "reset.probe", {{"number", 0}, {"device", "net0"}, {"works", false}});
  BOOST_TEST((judge(dead).verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_device_that_was_quiet_before_proves_nothing) {
  auto run = with_reset();
  run.clear_strays();
  BOOST_TEST((judge(run).verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
