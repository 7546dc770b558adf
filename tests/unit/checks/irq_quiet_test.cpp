// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

using checks::Verdict;
using nlohmann::json;

BOOST_AUTO_TEST_SUITE(checks_irq_quiet)

BOOST_AUTO_TEST_CASE(interrupts_that_a_driver_takes_are_quiet) {
  const auto result = judge_one(good_run(), "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(result.numbers["irqpoll"] == true);
  BOOST_TEST(result.numbers["pci=nomsi"] == false);
}

BOOST_AUTO_TEST_CASE(a_line_that_the_kernel_disabled_fails) {
  auto run = good_run();
  run.serial(23, "[    5.000000] irq 16: nobody cared (try booting with the \"irqpoll\" option)");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_storm_that_no_driver_takes_fails_above_its_parameter) {
  auto run = good_run();
  run.drop_agent("interrupts");
  for (const int at : {0, 1})
    run.agent(22 + 3 * at, "response",
              {{"op", "interrupts"},
               {"at", at == 0 ? "capture-entry" : "window-end"},
               {"lines", {{{"name", "16"}, {"total", 30000 * at}, {"actions", ""}}}}});
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::fail));
  BOOST_TEST((judge_one(run, "irq.quiet", {{"storm", 20000}}).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(stale_vectors_are_tolerated_unless_a_limit_is_given) {
  auto run = good_run();
  run.serial(18, "[    1.000000] __common_interrupt: 0.35 No irq handler for vector");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::pass));
  BOOST_TEST((judge_one(run, "irq.quiet", {{"stale_vectors", 0}}).verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(without_counts_nothing_is_known_of_interrupts) {
  auto run = good_run();
  run.drop_agent("interrupts");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
