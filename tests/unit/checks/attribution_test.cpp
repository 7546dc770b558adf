// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/attribution.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_attribution)

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
  BOOST_TEST(numbers(result)["devices"]["net0"]["by"]["ledger"] == 1);
}

BOOST_AUTO_TEST_CASE(a_write_that_the_watch_missed_makes_the_check_inconclusive) {
  auto run = good_run();
  run.file("device-net0.ndjson", ledger_write(20, "0x888000"));
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST((result.verdict == Verdict::inconclusive), result.reason);
  BOOST_TEST(numbers(result)["ledger_missed"]["net0"] == 1);
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

// Devices a and b are models with ledgers, b without tags; net0 is QEMU's own, with tags in its
// frames and none in its descriptors.
BOOST_AUTO_TEST_CASE(three_writers_at_once_are_told_apart) {
  auto run = quiet();
  for (const char* name : {"a", "b"}) {
    auto model = run.plan.devices.front();
    model.name = name;
    model.address.device = static_cast<std::uint8_t>(0x10 + name[0] - 'a');
    model.busy = false;
    run.plan.devices.push_back(model);
  }
  for (int i = 0; i < 6; ++i) {
    const double since = 23 + i;
    const double t = since + 0.5;
    run.stray(since, t, 0xa0000000, "a");
    run.stray(since, t, 0xb0000000, "");
    run.stray(since, t, 0xc0000000, "net0");
    run.stray(since, t, 0xd0000000, "");
    run.stray(since, t, 0xe0000000, "");
  }
  std::string a;
  std::string b;
  for (int i = 0; i < 6; ++i) {
    a += ledger_write(23.2 + i, "0xa0000000");
    b += ledger_write(23.25 + i, "0xb0000040");
  }
  run.file("device-a.ndjson", a);
  run.file("device-b.ndjson", b);
  const json all{"0xb0000000", "0xd0000000", "0xe0000000"};
  gate(run, 23, nullptr, all);
  gate(run, 24, "a", all);
  gate(run, 25, "b", {"0xd0000000", "0xe0000000"});
  gate(run, 26, "net0", {"0xb0000000", "0xe0000000"});
  gate(run, 27, nullptr, all);
  const auto who = checks::attribute(run.run());
  const auto check = [&](std::size_t at, By by, const std::vector<std::string>& devices) {
    BOOST_TEST((who.strays[at].by == by), at);
    BOOST_TEST(who.strays[at].devices == devices, boost::test_tools::per_element());
  };
  for (std::size_t pass = 0; pass < 6; ++pass) {
    check(5 * pass, By::tag, {"a"});
    check(5 * pass + 1, By::ledger, {"b"});
    check(5 * pass + 2, By::tag, {"net0"});
    check(5 * pass + 3, By::gating, {"net0"});
    check(5 * pass + 4, By::unknown, {});
  }
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST(numbers(result)["by"]["tag"] == 12);
  BOOST_TEST(numbers(result)["by"]["ledger"] == 6);
  BOOST_TEST(numbers(result)["by"]["gating"] == 6);
  BOOST_TEST(numbers(result)["by"]["unknown"] == 6);
  const auto told = [&](const std::string& part) {
    return std::any_of(result.details.begin(), result.details.end(),
                       [&](const auto& detail) { return detail.find(part) != std::string::npos; });
  };
  BOOST_TEST(told("6 by tag (certain) and 6 by gating (likely)"));
  BOOST_TEST(told("b: 1 page"));
  BOOST_TEST(told("their writer is unknown"));
}

BOOST_AUTO_TEST_CASE(the_descriptors_of_an_untagged_writer_stay_unknown_without_the_experiment) {
  auto run = quiet();
  run.stray(23, 23.5, 0xd0000000, "");
  run.file("device-net0.ndjson", ledger_write(20, "0xa0000000"));
  const auto who = checks::attribute(run.run());
  BOOST_TEST((who.strays[0].by == By::unknown));
  // A device whose ledger would have the write is no candidate.
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST(std::any_of(result.details.begin(), result.details.end(), [](const auto& detail) {
    return detail.find("their writer is unknown, no busy device is a candidate") !=
           std::string::npos;
  }));
}

// A tag that an earlier write left in the page named the wrong device, for certain.
BOOST_AUTO_TEST_CASE(a_ledger_overrules_an_old_tag_of_a_device_whose_ledger_is_silent) {
  auto run = quiet();
  run.stray(30, 30.5, 0x5000, "a");
  run.file("device-a.ndjson", ledger_write(20, "0x5040"));
  run.file("device-b.ndjson", ledger_write(30.2, "0x5080"));
  auto who = checks::attribute(run.run());
  BOOST_TEST((who.strays[0].by == By::ledger));
  BOOST_TEST(who.strays[0].devices == std::vector<std::string>{"b"},
             boost::test_tools::per_element());
  // Without a ledger of its own the tag stands, beside the other.
  run.drop_file("device-a.ndjson");
  who = checks::attribute(run.run());
  BOOST_TEST((who.strays[0].by == By::tag));
  BOOST_TEST(who.strays[0].devices.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_watch_that_saw_nothing_of_what_a_ledger_has_before_the_panic_is_blind) {
  auto run = quiet();
  run.drop_events("control");
  run.event(10, "control", {{"device", "net0"}, {"tagged_pages", 0}, {"t0", 8}, {"t1", 10}});
  run.file("device-net0.ndjson", ledger_write(9, "0x888000"));
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST((result.verdict == Verdict::inconclusive));
  BOOST_TEST(result.reason.find("the watch saw no write of net0 before the panic") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_write_that_changes_no_byte_is_not_missed) {
  auto run = good_run();
  const auto write = [](double t, int bytes, int crc) {
    return json{{"mono", 5000 + t},
                {"event", "dma.write"},
                {"address", "0x888000"},
                {"bytes", bytes},
                {"crc", crc}}
               .dump() +
           "\n";
  };
  run.file("device-net0.ndjson", write(9, 64, 7) + write(20, 64, 7));
  BOOST_TEST((judge_one(run, "dma.stopped").verdict == Verdict::pass));
  run.file("device-net0.ndjson", write(9, 64, 7) + write(20, 128, 7));
  BOOST_TEST(numbers(judge_one(run, "dma.stopped"))["ledger_missed"]["net0"] == 1);
}

BOOST_AUTO_TEST_CASE(an_empty_ledger_makes_no_witness) {
  auto run = good_run();
  run.plan.devices[0].profile.writes_tagged = false;
  run.event(5, "activity", {{"device", "net0"}, {"state", "running"}, {"operations", 40}});
  run.file("device-net0.ndjson", "");
  const auto result = judge_one(run, "dma.stopped");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(!numbers(result).contains("ledger_missed"));
}

BOOST_AUTO_TEST_CASE(a_write_into_the_descriptors_of_a_ring_is_likely_its_devices) {
  auto run = quiet();
  const auto ring = [&](const char* at, const char* begin, const char* end) {
    run.event(10.6, "ring", {{"device", "net0"}, {"at", at}, {"descriptors", {begin, end}}});
  };
  ring("production", "0x500000", "0x501000");
  ring("handover", "0x777000", "0x777800");
  run.stray(12, 12.5, 0x777000, "");  // bytes 0 to 63 of the page
  run.stray(13, 13.5, 0x778000, "");  // behind the ring
  run.stray(14, 14.5, 0x500000, "");  // where it was before
  const auto who = checks::attribute(run.run());
  BOOST_REQUIRE(who.strays.size() == 3U);
  BOOST_TEST((who.strays[0].by == By::ring));
  BOOST_TEST(who.strays[0].devices == std::vector<std::string>{"net0"},
             boost::test_tools::per_element());
  BOOST_TEST((who.strays[1].by == By::unknown));
  BOOST_TEST((who.strays[2].by == By::unknown));
}

BOOST_AUTO_TEST_CASE(a_write_into_memory_that_two_rings_claim_is_nobodys) {
  auto run = quiet();
  for (const char* device : {"net0", "net1"})
    run.event(10.6, "ring",
              {{"device", device}, {"at", "handover"}, {"descriptors", {"0x777000", "0x778000"}}});
  run.stray(12, 12.5, 0x777000, "");
  BOOST_TEST((checks::attribute(run.run()).strays[0].by == By::unknown));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
