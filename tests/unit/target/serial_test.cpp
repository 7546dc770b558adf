// SPDX-License-Identifier: GPL-2.0-or-later
// A machine at the other end of two lines.
#include "harness/target/serial.hpp"

#include <sys/socket.h>

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"

BOOST_AUTO_TEST_SUITE(target_serial)

using namespace quiesce;
using target::Capability;

namespace {

struct Line {
  FakeClock clock;
  Loop loop{clock};
  SocketPair console = socket_pair().value();
  SocketPair agent = socket_pair().value();
  std::string on_console, on_agent;
  int ends = 0;
  target::SerialTarget serial{
      loop,
      std::move(console.mine),
      std::move(agent.mine),
      {.on_event = [](const auto&, const auto&) { BOOST_ERROR("a line has no events"); },
       .on_console = [this](std::string_view bytes) { on_console += bytes; },
       .on_agent = [this](std::string_view bytes) { on_agent += bytes; },
       .on_frame = [](const auto&, auto) { BOOST_ERROR("a line has no frames"); },
       .on_exit = [this](const ExitStatus&) { ++ends; }}};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_the_machine_says_is_heard, Line) {
  BOOST_REQUIRE(write_all(console.theirs.get(), "Linux version 6.1"));
  BOOST_REQUIRE(write_all(agent.theirs.get(), "frame"));
  serial.drain();
  BOOST_TEST(on_console == "Linux version 6.1");
  BOOST_TEST(on_agent == "frame");
  BOOST_TEST(ends == 0);
}

BOOST_FIXTURE_TEST_CASE(the_agent_is_spoken_to, Line) {
  BOOST_REQUIRE(serial.send_agent("request"));
  BOOST_TEST(read_some(agent.theirs.get()).value() == "request");
}

BOOST_FIXTURE_TEST_CASE(the_end_of_the_console_is_the_end_of_the_target, Line) {
  BOOST_REQUIRE(write_all(console.theirs.get(), "last words"));
  ::shutdown(console.theirs.get(), SHUT_WR);
  BOOST_TEST(serial.connected());
  serial.drain();
  BOOST_TEST(on_console == "last words");
  BOOST_TEST(ends == 1);
  BOOST_TEST(!serial.connected());
  BOOST_TEST(serial.exit_status().has_value());
  BOOST_TEST(!serial.complaints().empty());
}

BOOST_FIXTURE_TEST_CASE(it_can_do_nothing_else_and_says_so, Line) {
  BOOST_TEST((serial.capabilities() == target::Capabilities()));
  const TimePoint soon = loop.now() + Seconds(1);
  const auto unable = [](const auto& result, Capability capability) {
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().code() == Errc::unsupported));
    BOOST_TEST(result.error().describe().ends_with(record::words_of(capability)));
  };
  unable(serial.halt(soon), Capability::stop);
  unable(serial.set_breakpoint({1}, soon), Capability::stop);
  unable(serial.clear_breakpoint({1}, soon), Capability::stop);
  unable(serial.cpus(soon), Capability::registers);
  unable(serial.physical({1}, soon), Capability::registers);
  unable(serial.bus(), Capability::configuration);
  unable(serial.memory(), Capability::watch_memory);
  unable(serial.press({"q"}, soon), Capability::keys);
  unable(serial.move_pointer(1, 1), Capability::keys);
  unable(serial.trace_interrupts(true, soon), Capability::trace);
  unable(serial.inject_nmi(soon), Capability::nmi);
  unable(serial.report_bus_error("port", target::BusError::fatal), Capability::bus_errors);
  unable(serial.save_picture("/dev/null", soon), Capability::screen);
  unable(serial.picture(soon), Capability::screen);
  unable(serial.ask_picture(), Capability::screen);
  unable(serial.fetch_picture(), Capability::screen);
  unable(serial.send_frame("nic0", "frame"), Capability::frames);
  BOOST_TEST(!serial.halted());
  BOOST_TEST(!serial.at_breakpoint());
}

BOOST_AUTO_TEST_SUITE_END()
