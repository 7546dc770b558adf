// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/feeder.hpp"

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "harness/base/tag.hpp"
#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(run_feeder)

using namespace quiesce;
using nlohmann::json;
using run::Feeder;
using run::RunDir;

namespace {

std::vector<Tag> tags_in(std::string_view frame) {
  return find_tags(std::as_bytes(std::span(frame.data(), frame.size())));
}

struct Fixture {
  FakeClock clock;
  Loop loop{clock};
  TempDir folder = TempDir::create().value();
  RunDir dir = RunDir::create(folder.path() / "out", clock).value();
  scenario::RunPlan plan;
  std::map<std::string, std::vector<std::string>> frames;
  std::vector<std::pair<int, int>> moves;
  bool takes = true;
  Feeder feeder{loop, dir,
                [this](const std::string& device, std::string_view frame) -> Result<void> {
                  if (!takes) return fail(Errc::timeout, "full");
                  frames[device].emplace_back(frame);
                  return {};
                },
                [this](const std::string&, int x, int y) -> Result<void> {
                  if (!takes) return fail(Errc::closed, "gone");
                  moves.emplace_back(x, y);
                  return {};
                }};

  void add(const std::string& name, const json& activity, bool busy = true) {
    plan.devices.push_back({.name = name, .activity = activity, .busy = busy});
  }
  void pass(double seconds) {
    // A little more than that: a sum of periods is not exact.
    loop.run_until([] { return false; }, loop.now() + Seconds(seconds + 0.001));
  }
  std::vector<std::uint64_t> sequences(const std::string& device) {
    std::vector<std::uint64_t> list;
    for (const auto& frame : frames[device]) list.push_back(tags_in(frame).at(0).sequence);
    return list;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_is_a_broadcast_full_of_its_own_tag) {
  const std::string frame = run::tagged_frame("nic0", 7, 3, 512);
  BOOST_REQUIRE_EQUAL(frame.size(), 512U);
  BOOST_TEST(frame.substr(0, 6) == std::string(6, '\xff'));
  BOOST_TEST(frame.substr(12, 2) == "\x88\xb5");
  const auto tags = tags_in(frame);
  BOOST_TEST(tags.size() == 7U);  // (512 - 14) / 64
  for (const auto& tag : tags) {
    BOOST_TEST((tag.kind == TagKind::frame));
    BOOST_TEST(tag.device == "nic0");
    BOOST_TEST(tag.sequence == 7U);
    BOOST_TEST(tag.seed == 3U);
  }
  // However short it is wished for, it carries one.
  BOOST_TEST(tags_in(run::tagged_frame("nic0", 7, 3, 1)).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(frames_come_at_the_activitys_rate_and_size, Fixture) {
  plan.scenario.seed = 9;
  add("nic0", {{"kind", "net-receive"}, {"rate", 20}, {"frame", 256}});
  add("nic1", {{"kind", "net-receive"}});
  feeder.start(plan.devices, plan.scenario.seed);
  BOOST_TEST(frames.empty());
  pass(2);
  BOOST_TEST(feeder.sent("nic0") == 40U);
  BOOST_TEST(feeder.sent("nic1") == 20U);
  BOOST_TEST(feeder.sent("nic2") == 0U);
  BOOST_TEST(frames["nic0"][0].size() == 256U);
  BOOST_TEST(frames["nic1"][0].size() == 512U);
  BOOST_TEST(tags_in(frames["nic0"][0]).at(0).seed == 9U);
}

BOOST_FIXTURE_TEST_CASE(idle_devices_and_other_kinds_get_nothing, Fixture) {
  add("nic0", {{"kind", "net-receive"}}, false);
  add("disk0", {{"kind", "disk-read"}});
  add("odd0", {{"kind", 7}});
  add("none0", json::object());
  feeder.start(plan.devices, plan.scenario.seed);
  pass(2);
  BOOST_TEST(frames.empty());
  BOOST_TEST(moves.empty());
}

BOOST_FIXTURE_TEST_CASE(numbers_that_cannot_be_are_brought_into_range, Fixture) {
  add("nic0", {{"kind", "net-receive"}, {"rate", 0}, {"frame", 1e9}});
  add("nic1", {{"kind", "net-receive"}, {"rate", "fast"}, {"frame", -5}});
  feeder.start(plan.devices, plan.scenario.seed);
  pass(101);
  BOOST_TEST(frames["nic0"].at(0).size() == 1514U);
  BOOST_TEST(frames["nic1"].at(0).size() == 78U);
  BOOST_TEST(frames["nic1"].size() >= 1000U);
}

BOOST_FIXTURE_TEST_CASE(a_pause_holds_frames_back_and_the_count_goes_on_without_a_gap, Fixture) {
  add("nic0", {{"kind", "net-receive"}, {"rate", 10}});
  feeder.start(plan.devices, plan.scenario.seed);
  pass(0.2);
  feeder.pause();
  pass(5);
  BOOST_TEST(feeder.sent("nic0") == 2U);
  feeder.resume();
  pass(0.2);
  BOOST_TEST(sequences("nic0") == (std::vector<std::uint64_t>{0, 1, 2, 3}),
             boost::test_tools::per_element());
}

// Refused frames were counted, and the guest's test looked for numbers that never came.
BOOST_FIXTURE_TEST_CASE(a_frame_that_is_refused_comes_again_and_is_no_evidence, Fixture) {
  add("nic0", {{"kind", "net-receive"}, {"rate", 10}});
  feeder.start(plan.devices, plan.scenario.seed);
  pass(0.2);
  takes = false;
  pass(1);
  takes = true;
  pass(0.2);
  BOOST_TEST(sequences("nic0") == (std::vector<std::uint64_t>{0, 1, 2, 3}),
             boost::test_tools::per_element());
  const auto timeline = read_file(dir.path() / "timeline.ndjson").value();
  BOOST_TEST(std::count(timeline.begin(), timeline.end(), '\n') == 4);
}

BOOST_FIXTURE_TEST_CASE(a_pointer_moves_five_times_a_second_within_its_range_and_never_rests,
                        Fixture) {
  add("usb0", {{"kind", "pointer"}});
  feeder.start(plan.devices, plan.scenario.seed);
  pass(60);
  BOOST_TEST(moves.size() == 300U);
  for (std::size_t i = 0; i < moves.size(); ++i) {
    BOOST_TEST((moves[i].first >= 0 && moves[i].first < 32768));
    BOOST_TEST((moves[i].second >= 0 && moves[i].second < 32768));
    if (i > 0) BOOST_TEST((moves[i] != moves[i - 1]));
  }
}

BOOST_AUTO_TEST_CASE(a_frame_with_one_bit_turned_anywhere_is_not_whole) {
  std::string frame = run::tagged_frame("nic0", 7, 3, 512);
  const Tag tag = tags_in(frame).front();
  BOOST_TEST(run::is_whole_frame(frame, tag));
  for (const std::size_t at : {12U, 13U, 100U, 511U}) {
    std::string turned = frame;
    turned[at] = static_cast<char>(turned[at] ^ 1);
    BOOST_TEST(!run::is_whole_frame(turned, tag), at);
  }
  BOOST_TEST(!run::is_whole_frame(frame.substr(0, 14), tag));
  // Of a frame whose first piece is damaged the second one is read.
  frame[20] = static_cast<char>(frame[20] ^ 1);
  BOOST_TEST(!run::is_whole_frame(frame, tags_in(frame).front()));
}

// Between the handover and the drivers a ring must last.
BOOST_AUTO_TEST_CASE(an_eased_feeder_gives_every_fifth_frame_and_leaves_no_number_out) {
  Fixture f;
  f.add("nic0", {{"kind", "net-receive"}, {"rate", 10}});
  f.feeder.start(f.plan.devices, 1);
  f.pass(1);
  BOOST_TEST(f.frames["nic0"].size() == 10U);
  f.feeder.ease(true);
  f.pass(2);
  BOOST_TEST(f.frames["nic0"].size() == 14U);
  f.feeder.ease(false);
  f.pass(1);
  BOOST_TEST(f.frames["nic0"].size() == 24U);
  std::vector<std::uint64_t> expected(24);
  std::iota(expected.begin(), expected.end(), 0);
  BOOST_TEST(f.sequences("nic0") == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
