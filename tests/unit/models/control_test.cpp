// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/control.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>

#include "tests/unit/models/bench.hpp"

BOOST_AUTO_TEST_SUITE(models_control)

using namespace quiesce;
using namespace quiesce::models;
using nlohmann::json;
namespace reg = quiesce::wire::model;

namespace {

struct Fixture {
  explicit Fixture(const char* model = "engine") : bench(model) {
    control.emplace(bench.host.loop(), *bench.device, std::move(pair.theirs));
  }

  Bench bench;
  SocketPair pair = socket_pair().value();
  std::optional<Control> control;
  std::string heard;

  void say(std::string_view text) { BOOST_REQUIRE(write_all(pair.mine.get(), text)); }
  Waited pass(double seconds) {
    auto& loop = bench.host.loop();
    return loop.run_until([] { return false; }, loop.now() + Seconds(seconds));
  }
  /// Answers, each a line.
  std::vector<json> hear() {
    heard += read_some(pair.mine.get()).value_or("");
    std::vector<json> lines;
    for (std::size_t end = 0; (end = heard.find('\n')) != std::string::npos;) {
      lines.push_back(json::parse(heard.substr(0, end)));
      heard.erase(0, end + 1);
    }
    return lines;
  }
  json ask(std::string_view text) {
    say(text);
    BOOST_TEST((pass(0) == Waited::deadline));
    const auto lines = hear();
    BOOST_REQUIRE(lines.size() == 1U);
    return lines.front();
  }
};

struct AerFixture : Fixture {
  AerFixture() : Fixture("fatal-aer") {}
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(hold_and_release_are_answered_when_they_are_done, Fixture) {
  bench.run();
  pass(1);
  BOOST_TEST(ask("{\"op\":\"hold\"}\n") == (json{{"ok", true}, {"op", "hold"}}));
  const std::size_t before = bench.host.writes.size();
  BOOST_TEST(before > 0U);
  pass(10);
  BOOST_TEST(bench.host.writes.size() == before);
  BOOST_TEST(ask("{\"op\":\"release\"}\n") == (json{{"ok", true}, {"op", "release"}}));
  pass(1);
  BOOST_TEST(bench.host.writes.size() > before);
  BOOST_TEST(bench.ledger("hold").size() == 1U);
  BOOST_TEST(bench.ledger("release").size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_kernel_that_runs_goes_into_the_ledger, Fixture) {
  BOOST_TEST(ask("{\"op\":\"kernel\",\"role\":\"capture\"}\n") ==
             (json{{"ok", true}, {"op", "kernel"}}));
  BOOST_TEST(bench.ledger("kernel").at(0).at("role") == "capture");
}

BOOST_FIXTURE_TEST_CASE(a_role_that_is_none_is_refused_and_changes_nothing, Fixture) {
  for (const char* line : {"{\"op\":\"kernel\"}\n", "{\"op\":\"kernel\",\"role\":1}\n",
                           "{\"op\":\"kernel\",\"role\":\"crash\"}\n"})
    BOOST_TEST(ask(line).at("ok") == false, line);
  BOOST_TEST(bench.ledger("kernel").empty());
}

BOOST_FIXTURE_TEST_CASE(nonsense_is_answered_and_survived, Fixture) {
  for (const char* line : {"\n", "{}\n", "[]\n", "null\n", "17\n", "hold\n", "{\"op\":\n",
                           "{\"op\":7}\n", "{\"op\":\"dance\"}\n", "\xff\xfe\n", "[[[[[[[[[[\n"})
    BOOST_TEST(ask(line).at("ok") == false, line);
  BOOST_TEST(ask("{\"op\":\"hold\",\"more\":[1,2]}\n").at("ok") == true);
}

BOOST_FIXTURE_TEST_CASE(requests_may_come_in_pieces_and_together, Fixture) {
  say("{\"op\":\"ho");
  pass(0);
  BOOST_TEST(hear().empty());
  say("ld\"}\n{\"op\":\"release\"}\n{\"op\":");
  pass(0);
  const auto lines = hear();
  BOOST_REQUIRE(lines.size() == 2U);
  BOOST_TEST(lines[0].at("op") == "hold");
  BOOST_TEST(lines[1].at("op") == "release");
}

BOOST_FIXTURE_TEST_CASE(the_longest_line_is_still_taken, Fixture) {
  std::string line = "{\"op\":\"hold\",\"pad\":\"";
  line += std::string(Control::longest - line.size() - 2, 'x') + "\"}";
  BOOST_REQUIRE(line.size() == Control::longest);
  BOOST_TEST(ask(line + "\n").at("ok") == true);
}

BOOST_FIXTURE_TEST_CASE(a_line_that_is_too_long_ends_the_model, Fixture) {
  say(std::string(Control::longest + 1, 'x'));
  BOOST_TEST((pass(10) == Waited::stopped));
}

// It was only looked at before more was read: one read could bring a longer line whole.
BOOST_FIXTURE_TEST_CASE(a_line_that_is_too_long_ends_the_model_with_its_end_too, Fixture) {
  say("{\"op\":\"hold\",\"pad\":\"" + std::string(Control::longest - 100, 'x'));
  BOOST_TEST((pass(0) == Waited::deadline));
  say(std::string(200, 'x') + "\"}\n");
  BOOST_TEST((pass(10) == Waited::stopped));
  BOOST_TEST(bench.ledger("hold").empty());
}

BOOST_FIXTURE_TEST_CASE(the_end_of_the_channel_ends_the_model, Fixture) {
  { const Fd gone = std::move(pair.mine); }
  BOOST_TEST((pass(10) == Waited::stopped));
}

BOOST_FIXTURE_TEST_CASE(a_device_says_its_events_unasked, AerFixture) {
  bench.run();
  bench.device->kernel("capture");
  bench.config_read(0, 4);
  const auto lines = hear();
  BOOST_REQUIRE(lines.size() == 1U);
  BOOST_TEST(lines[0].at("event") == "aer");
}

// The device outlives the channel, and what it says then goes nowhere.
BOOST_FIXTURE_TEST_CASE(without_the_channel_a_device_speaks_to_nobody, AerFixture) {
  bench.run();
  bench.device->kernel("capture");
  control.reset();
  bench.config_read(0, 4);
  BOOST_TEST(bench.ledger("aer").size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
