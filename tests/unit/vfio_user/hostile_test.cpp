// SPDX-License-Identifier: GPL-2.0-or-later
// Clients that mean harm, or die anywhere. Whatever they do, the next one is served.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_hostile)

using namespace quiesce;
using namespace quiesce::vfio_user;
using namespace quiesce::vfio_user::testing;

namespace {

/// What a client may say, one message of each kind, each right.
std::vector<Bytes> conversation() {
  return {
      message(wire::version, 1, version_body()),
      message(wire::device_get_info, 2, raw(wire::DeviceInfo{.argsz = 16})),
      message(wire::device_get_region_info, 3, raw(wire::RegionInfo{.argsz = 32, .index = 7})),
      message(wire::device_get_irq_info, 4, raw(wire::IrqInfo{.argsz = 16, .index = 1})),
      message(wire::dma_map, 5, map_body(0, 4096)),
      message(wire::device_set_irqs, 6, irqs_body(33, 1, 0, 0)),
      message(wire::region_read, 7, read_body(7, 0, 64)),
      message(wire::region_write, 8, write_body(0, 0, pattern(8))),
      message(wire::dma_unmap, 9, unmap_body(0, 4096)),
      message(wire::device_reset, 10, {}),
  };
}

void check_served(Stand& stand) {
  Client next = stand.client();
  BOOST_REQUIRE(next.negotiate());
  BOOST_TEST(next.read_number(wire::region_config, 0, 2) == 0x1234U);
  BOOST_TEST(next.read(0, 0, 8).size() == 8U);
  next.close();
  next.settle();
}

/// The server ends such a client, says why, and serves the next one.
void check_ended(Client& client, Stand& stand, const std::string& why) {
  BOOST_TEST(client.is_over());
  BOOST_TEST(stand.server->last_end().find(why) != std::string::npos, stand.server->last_end());
  client.close();
  check_served(stand);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_client_may_die_behind_any_byte) {
  Stand stand;
  Bytes all;
  for (const auto& one : conversation()) all.insert(all.end(), one.begin(), one.end());
  for (std::size_t size = 0; size <= all.size(); ++size) {
    Client client = stand.client();
    BOOST_REQUIRE(client.send(std::span(all).first(size)));
    client.settle();
    client.close();
    client.settle();
    BOOST_REQUIRE_EQUAL(stand.server->clients_gone(), size + 1);
    BOOST_REQUIRE(!stand.server->has_client());
  }
  check_served(stand);
}

BOOST_AUTO_TEST_CASE(a_client_may_die_before_it_has_read_its_answers) {
  Stand stand;
  Bytes all;
  for (const auto& one : conversation()) {
    all.insert(all.end(), one.begin(), one.end());
    Client client = stand.client();
    BOOST_REQUIRE(client.send(all));
    client.close();
    client.settle();
    BOOST_REQUIRE(!stand.server->has_client());
  }
  check_served(stand);
}

BOOST_AUTO_TEST_CASE(a_conversation_in_single_bytes_is_one) {
  Stand stand;
  Client client = stand.client();
  for (const auto& one : conversation()) {
    for (std::size_t i = 0; i < one.size(); ++i) {
      BOOST_REQUIRE(!client.receive().has_value());
      BOOST_REQUIRE(client.send(std::span(one).subspan(i, 1)));
      client.settle();
    }
    const auto got = client.receive();
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST(got->header.error == 0U, got->header.command);
  }
}

BOOST_AUTO_TEST_CASE(a_half_message_keeps_nobody_from_work) {
  Stand stand;
  Client client = stand.ready_client();
  const Bytes read = message(wire::region_read, 1, read_body(0, 0, 4));
  client.send(std::span(read).first(20));
  unsigned ticks = 0;
  const auto timer = stand.loop.every(Seconds(0.125), [&] { ++ticks; });
  client.settle();
  BOOST_TEST(ticks == 8U);
  BOOST_TEST(stand.server->has_client());
}

BOOST_AUTO_TEST_CASE(sizes_that_cannot_be_end_it) {
  for (const std::uint32_t size : {0U, 15U, 0x00101001U, 0xffffffffU}) {
    Stand stand;
    Client client = stand.ready_client();
    client.send(raw(wire::Header{.id = 1, .command = wire::region_write, .size = size}));
    check_ended(client, stand, "bad message: a size of");
  }
}

BOOST_AUTO_TEST_CASE(types_that_are_none_end_it) {
  for (const std::uint32_t type : {2U, 3U, 15U}) {
    Stand stand;
    Client client = stand.ready_client();
    client.send(message(wire::region_read, 1, read_body(0, 0, 4), type));
    check_ended(client, stand, "bad message: a type of");
  }
}

BOOST_AUTO_TEST_CASE(an_answer_before_the_version_ends_it) {
  Stand stand;
  Client client = stand.client();
  client.send(message(wire::dma_read, 1, {}, wire::type_reply));
  check_ended(client, stand, "bad message: an answer to nothing");
}

BOOST_AUTO_TEST_CASE(too_many_descriptors_end_it_and_none_is_left) {
  Stand stand;
  const Fd one = event();
  const std::vector<int> many(64, one.get());
  const std::size_t before = open_descriptors();
  for (const std::size_t count : {9U, 16U, 64U}) {
    Client client = stand.ready_client();
    client.send(message(wire::dma_map, 1, map_body(0, 4096)), std::span(many).first(count));
    check_ended(client, stand, "descriptors");
  }
  BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(a_client_that_never_reads_is_dropped) {
  Stand stand({.patience = Seconds(0)});
  Client client = stand.ready_client();
  // Answers of 4 KiB fill the socket before the requests for them do.
  for (int i = 0; i < 1000 && stand.server->has_client(); ++i) {
    if (!client.send_request(wire::region_read, read_body(wire::region_config, 0, 4096))) break;
    client.settle();
  }
  BOOST_TEST(!stand.server->has_client());
  BOOST_TEST(stand.server->last_end() == "the client does not read its answers");
  check_served(stand);
}

BOOST_AUTO_TEST_CASE(a_client_that_never_stops_does_not_keep_the_device_from_its_work) {
  Stand stand;
  Client client = stand.ready_client();
  unsigned ticks = 0;
  unsigned reads_at_tick = 0;
  unsigned reads = 0;
  stand.device.on_read = [&](std::uint64_t) { return ++reads; };
  for (int i = 0; i < 150; ++i)
    client.send_request(wire::region_read, read_body(0, 0, 4), {}, wire::flag_no_reply);
  // Due at once: it runs between two bursts.
  const auto timer = stand.loop.every(Seconds(0), [&] {
    if (++ticks == 2) reads_at_tick = reads;
  });
  stand.loop.run_until([&] { return reads == 150; }, stand.loop.now() + Seconds(1));
  BOOST_TEST(ticks >= 2U);
  BOOST_TEST(reads_at_tick < 150U);
}

BOOST_AUTO_TEST_CASE(descriptors_do_not_pile_up_over_many_clients) {
  Stand stand;
  const Fd file = memory_file("guest", 4096).value();
  const Fd one = event();
  const int file_raw = file.get();
  const int event_raw = one.get();
  const Bytes half_of = message(wire::dma_map, 1, map_body(0, 4096));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 100; ++i) {
    Client client = stand.ready_client();
    BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096), {&file_raw, 1}) == 0);
    BOOST_TEST(client.error_of(wire::device_set_irqs, irqs_body(36, 2, 3, 1), {&event_raw, 1}) ==
               0);
    client.send(std::span(half_of).first(17), {&file_raw, 1});
    client.close();
    client.settle();
  }
  BOOST_TEST(open_descriptors() == before);
  check_served(stand);
}

BOOST_AUTO_TEST_CASE(a_file_cut_under_the_device_ends_neither) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd file = memory_file("guest", 8192).value();
  const int file_raw = file.get();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 8192), {&file_raw, 1}) == 0);
  BOOST_REQUIRE(::ftruncate(file.get(), 0) == 0);
  Bytes bytes(16);
  const auto written = stand.host().dma_write(4090, bytes);
  BOOST_REQUIRE(!written.has_value());
  BOOST_TEST((written.error().code() == Errc::io));
  BOOST_TEST((stand.host().dma_read(0, bytes).error().code() == Errc::io));
  BOOST_TEST(client.read(0, 0, 4).size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_while_the_device_is_told_so_is_told_once) {
  Stand stand;
  stand.device.on_write = [&](std::uint64_t, std::uint64_t) {
    (void)stand.host().dma_write(0, Bytes(4));
  };
  Client client = stand.ready_client();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096)) == 0);
  client.send_request(wire::region_write, write_body(0, 0, Bytes(64)));
  client.close();
  stand.loop.run_until([] { return false; }, stand.loop.now() + Seconds(1));
  BOOST_TEST(std::ranges::count(stand.device.story, "disconnected") == 1);
  BOOST_TEST(stand.server->clients_gone() == 1U);
  stand.device.on_write = nullptr;
  check_served(stand);
}

// accept(2) fails, and the listener stays readable: that used to be a busy loop.
BOOST_AUTO_TEST_CASE(a_server_without_descriptors_waits_and_goes_on) {
  Stand stand;
  std::vector<Fd> taken;
  Client client = stand.client();
  for (int raw_copy = 0; (raw_copy = ::dup(0)) >= 0;) taken.push_back(Fd::adopt(raw_copy));
  unsigned rounds = 0;
  stand.loop.run_until(
      [&] {
        ++rounds;
        return false;
      },
      stand.loop.now() + Seconds(1));
  const bool accepted = stand.server->has_client();
  taken.clear();
  BOOST_TEST(!accepted);
  BOOST_TEST(rounds < 100U);
  BOOST_TEST(client.negotiate());
}

BOOST_AUTO_TEST_SUITE_END()
