// SPDX-License-Identifier: GPL-2.0-or-later
// DMA into memory that the client gave no descriptor for. Its answers stand in the socket before
// they are asked for: our requests are numbered from 1.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <thread>

#include "devices/vfio_user/reply.hpp"
#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_message_dma)

using namespace quiesce;
using namespace quiesce::vfio_user;
using namespace quiesce::vfio_user::testing;

namespace {

constexpr std::uint64_t base = 0x80000000;

struct World {
  explicit World(const Limits& limits = {}, std::string_view capabilities = "{}")
      : stand(limits), client(stand.client()) {
    BOOST_REQUIRE_EQUAL(client.error_of(wire::version, version_body(capabilities)), 0);
    BOOST_REQUIRE_EQUAL(client.error_of(wire::dma_map, map_body(base, 1U << 20)), 0);
  }
  void answer_read(std::uint16_t id, std::uint64_t address, std::span<const std::byte> data) {
    client.send(message(wire::dma_read, id, raw(wire::DmaAccess{address, data.size()}, data),
                        wire::type_reply));
  }
  void answer_write(std::uint16_t id, std::span<const std::byte> body = {}) {
    client.send(message(wire::dma_write, id, body, wire::type_reply));
  }
  /// The next request of the server.
  Message asked(std::uint16_t command) {
    auto got = client.receive();
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST(got->header.command == command);
    BOOST_TEST(got->header.flags == 0U);
    BOOST_TEST(got->header.error == 0U);
    return std::move(*got);
  }
  Result<void> write(std::string_view text, std::uint64_t at = base) {
    return stand.host().dma_write(at, bytes_of(text));
  }

  Stand stand;
  Client client;
};

Errc code_of(const Result<void>& result) {
  BOOST_REQUIRE(!result.has_value());
  return result.error().code();
}

}  // namespace

BOOST_AUTO_TEST_CASE(memory_is_read_by_message) {
  World world;
  world.answer_read(1, base + 16, bytes_of("guest"));
  Bytes bytes(5);
  BOOST_TEST(world.stand.host().dma_read(base + 16, bytes).has_value());
  BOOST_TEST(text_of(bytes) == "guest");
  BOOST_TEST((world.asked(wire::dma_read).body == raw(wire::DmaAccess{base + 16, 5})));
}

// The specification's reply has address and count, QEMU's has no body (vfio_user_dma_write).
BOOST_AUTO_TEST_CASE(memory_is_written_by_message_whatever_the_answer_holds) {
  World world;
  world.answer_write(1);
  BOOST_TEST(world.write("first").has_value());
  world.answer_write(2, raw(wire::DmaAccess{base, 6}));
  BOOST_TEST(world.write("second").has_value());
  BOOST_TEST(
      (world.asked(wire::dma_write).body == raw(wire::DmaAccess{base, 5}, bytes_of("first"))));
  BOOST_TEST(
      (world.asked(wire::dma_write).body == raw(wire::DmaAccess{base, 6}, bytes_of("second"))));
}

// QEMU loses its place in the stream when a request is larger than what it said it takes.
BOOST_AUTO_TEST_CASE(no_message_is_larger_than_what_the_client_takes) {
  World world({}, R"({"capabilities":{"max_data_xfer_size":4}})");
  for (std::uint16_t id = 1; id <= 3; ++id) world.answer_write(id);
  BOOST_TEST(world.write("0123456789").has_value());
  for (const auto& [at, text] : {std::pair{0U, "0123"}, {4U, "4567"}, {8U, "89"}})
    BOOST_TEST((world.asked(wire::dma_write).body ==
                raw(wire::DmaAccess{base + at, std::string_view(text).size()}, bytes_of(text))));
  for (const auto& [id, text] : {std::pair{4U, "abcd"}, {5U, "ef"}})
    world.answer_read(static_cast<std::uint16_t>(id), base + (id - 4) * 4, bytes_of(text));
  Bytes bytes(6);
  BOOST_TEST(world.stand.host().dma_read(base, bytes).has_value());
  BOOST_TEST(text_of(bytes) == "abcdef");
}

BOOST_AUTO_TEST_CASE(no_message_is_larger_than_what_we_said_we_take) {
  World world({.data_bytes = 4096});
  world.answer_write(1);
  world.answer_write(2);
  BOOST_TEST(world.stand.host().dma_write(base, Bytes(4097)).has_value());
  BOOST_TEST(world.asked(wire::dma_write).body.size() == sizeof(wire::DmaAccess) + 4096);
  BOOST_TEST(world.asked(wire::dma_write).body.size() == sizeof(wire::DmaAccess) + 1);
}

BOOST_AUTO_TEST_CASE(an_access_may_begin_in_mapped_memory_and_end_by_message) {
  World world;
  const Fd file = memory_file("guest", 4096).value();
  const int raw_file = file.get();
  BOOST_TEST(world.client.error_of(wire::dma_map, map_body(base - 4096, 4096), {&raw_file, 1}) ==
             0);
  world.answer_write(1);
  BOOST_TEST(world.write("seam", base - 2).has_value());
  BOOST_TEST((world.asked(wire::dma_write).body == raw(wire::DmaAccess{base, 2}, bytes_of("am"))));
  world.answer_read(2, base, bytes_of("AM"));
  Bytes bytes(4);
  BOOST_TEST(world.stand.host().dma_read(base - 2, bytes).has_value());
  BOOST_TEST(text_of(bytes) == "seAM");
}

BOOST_AUTO_TEST_CASE(an_access_of_nothing_asks_nobody) {
  World world;
  BOOST_TEST(world.write("").has_value());
  BOOST_TEST(world.stand.host().dma_read(base, {}).has_value());
  BOOST_TEST(!world.client.receive().has_value());
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_client_is_a_failure_and_no_more) {
  World world;
  world.client.send(message(wire::dma_write, 1, {}, wire::type_reply | wire::flag_error, EFAULT));
  BOOST_TEST((code_of(world.write("x")) == Errc::unsupported));
  // "It may be zero even if the Error bit is set", and it may be anything.
  world.client.send(message(wire::dma_write, 2, {}, wire::type_reply | wire::flag_error, 0));
  BOOST_TEST((code_of(world.write("x")) == Errc::unsupported));
  world.client.send(
      message(wire::dma_write, 3, {}, wire::type_reply | wire::flag_error, 0xffffffff));
  BOOST_TEST((code_of(world.write("x")) == Errc::unsupported));
  BOOST_TEST(world.client.is_over() == false);
}

BOOST_AUTO_TEST_CASE(a_read_answered_with_something_else_is_a_failure) {
  const Bytes answers[] = {
      {},
      raw(wire::DmaAccess{base, 4}),
      raw(wire::DmaAccess{base, 4}, Bytes(3)),
      raw(wire::DmaAccess{base, 4}, Bytes(5)),
      raw(wire::DmaAccess{base, 3}, Bytes(4)),
      raw(wire::DmaAccess{base + 1, 4}, Bytes(4)),
      raw(wire::DmaAccess{base, 1ULL << 63}, Bytes(4)),
  };
  for (const auto& body : answers) {
    World world;
    world.client.send(message(wire::dma_read, 1, body, wire::type_reply));
    Bytes bytes(4);
    BOOST_TEST((code_of(world.stand.host().dma_read(base, bytes)) == Errc::protocol));
  }
}

BOOST_AUTO_TEST_CASE(an_answer_to_nothing_ends_it) {
  for (const bool other_command : {false, true}) {
    World world;
    world.client.send(message(other_command ? wire::dma_read : wire::dma_write,
                              other_command ? 1 : 2, {}, wire::type_reply));
    const auto result = other_command ? world.write("x") : Result<void>();
    BOOST_TEST(world.client.is_over());
    BOOST_TEST(result.has_value() == !other_command);
    BOOST_TEST(world.stand.server->last_end() ==
               "bad message: an answer to nothing that was asked");
  }
}

BOOST_AUTO_TEST_CASE(two_answers_to_one_request_end_it) {
  World world;
  world.answer_write(1);
  world.answer_write(1);
  (void)world.write("x");
  BOOST_TEST(world.client.is_over());
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_answer_is_dropped) {
  World world;
  const auto before = world.stand.clock.now();
  BOOST_TEST((code_of(world.write("x")) == Errc::closed));
  BOOST_TEST((world.stand.clock.now() - before == Seconds(5)));
  BOOST_TEST(world.stand.server->last_end() == "the client did not answer in time");
  BOOST_TEST(world.client.is_over());
  // And the next one is served.
  BOOST_TEST(world.stand.ready_client().read(0, 0, 4).size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_while_it_is_asked_is_gone) {
  World world;
  world.client.close();
  BOOST_TEST((code_of(world.write("x")) == Errc::closed));
  BOOST_TEST(world.stand.server->clients_gone() == 1U);
  BOOST_TEST(world.stand.device.story.back() == "disconnected");
  BOOST_TEST(!world.stand.server->has_client());
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_in_the_middle_of_its_answer_is_gone) {
  World world;
  const Bytes reply =
      message(wire::dma_read, 1, raw(wire::DmaAccess{base, 4}, Bytes(4)), wire::type_reply);
  for (const std::size_t size : {1U, 16U, 35U}) {
    World each;
    each.client.send(std::span(reply).first(size));
    each.client.close();
    Bytes bytes(4);
    BOOST_TEST((code_of(each.stand.host().dma_read(base, bytes)) == Errc::closed));
  }
}

BOOST_AUTO_TEST_CASE(requests_are_served_while_we_wait_for_the_client) {
  World world;
  world.stand.device.on_read = [](std::uint64_t offset) { return offset + 1; };
  world.client.send_request(wire::region_read, read_body(0, 8, 4));
  world.answer_write(1);
  BOOST_TEST(world.write("x").has_value());
  (void)world.asked(wire::dma_write);
  const auto got = world.client.receive();
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST((got->body == raw(wire::RegionAccess{8, 0, 4}, raw(std::uint32_t{9}))));
}

/// A device that reads the client's memory inside each register read.
struct Nested : World {
  explicit Nested(const Limits& limits = {}) : World(limits) {
    stand.device.on_read = [this](std::uint64_t offset) {
      ++depth;
      deepest = std::max(deepest, depth);
      Bytes bytes(4);
      const auto got = stand.host().dma_read(base + offset, bytes);
      --depth;
      results.push_back(got.has_value());
      return got ? *head<std::uint32_t>(bytes) : 0xffffffff;
    };
  }
  int depth = 0;
  int deepest = 0;
  std::vector<bool> results;
};

BOOST_AUTO_TEST_CASE(a_register_access_may_need_the_clients_memory) {
  Nested world;
  world.client.send_request(wire::region_read, read_body(0, 8, 4));
  world.answer_read(1, base + 8, raw(std::uint32_t{0xabcd}));
  world.client.settle();
  (void)world.asked(wire::dma_read);
  const auto got = world.client.receive();
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST((got->body == raw(wire::RegionAccess{8, 0, 4}, raw(std::uint32_t{0xabcd}))));
}

BOOST_AUTO_TEST_CASE(answers_in_any_order_reach_their_requests) {
  Nested world;
  world.client.send_request(wire::region_read, read_body(0, 0, 4));
  world.client.send_request(wire::region_read, read_body(0, 4, 4));
  world.answer_read(1, base, raw(std::uint32_t{1}));
  world.answer_read(2, base + 4, raw(std::uint32_t{2}));
  world.client.settle();
  BOOST_TEST(world.deepest == 2);
  BOOST_TEST((world.results == std::vector<bool>{true, true}));
  // The second request is inside the first: it is answered first.
  (void)world.asked(wire::dma_read);
  (void)world.asked(wire::dma_read);
  const auto inner = world.client.receive();
  const auto outer = world.client.receive();
  BOOST_REQUIRE((inner && outer));
  BOOST_TEST(inner->header.id == world.client.last_id);
  BOOST_TEST(outer->header.id == world.client.last_id - 1);
}

BOOST_AUTO_TEST_CASE(requests_inside_requests_have_a_limit) {
  Nested world({.outstanding = 3});
  for (int i = 0; i < 10; ++i) world.client.send_request(wire::region_read, read_body(0, 0, 4));
  world.client.settle();
  // The fourth cannot ask; the first three wait for a client that does not answer.
  BOOST_TEST(world.deepest == 4);
  BOOST_TEST(world.depth == 0);
  BOOST_TEST(world.stand.server->clients_gone() == 1U);
  for (const bool good : world.results) BOOST_TEST(!good);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_deep_inside_leaves_nothing_behind) {
  Nested world;
  for (int i = 0; i < 5; ++i) world.client.send_request(wire::region_read, read_body(0, 0, 4));
  world.client.finish();
  world.stand.loop.run_until([] { return false; }, world.stand.loop.now() + Seconds(1));
  BOOST_TEST(world.deepest == 5);
  BOOST_TEST(world.stand.server->clients_gone() == 1U);
  world.stand.device.on_read = nullptr;
  BOOST_TEST(world.stand.ready_client().read(0, 0, 4).size() == 4U);
}

// The pieces of an access used to be looked up once: the second one was a mapping that is gone.
BOOST_AUTO_TEST_CASE(memory_unmapped_while_we_wait_is_not_written) {
  World world;
  const Fd file = memory_file("guest", 4096).value();
  const int raw_file = file.get();
  const std::uint64_t behind = base + (1U << 20);
  BOOST_TEST(world.client.error_of(wire::dma_map, map_body(behind, 4096), {&raw_file, 1}) == 0);
  world.client.send_request(wire::dma_unmap, unmap_body(behind, 4096));
  world.answer_write(1);
  BOOST_TEST((code_of(world.write("seam", behind - 2)) == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_reset_while_we_wait_is_served) {
  World world;
  world.client.send_request(wire::device_reset, {});
  world.answer_write(1);
  BOOST_TEST(world.write("x").has_value());
  BOOST_TEST(world.stand.device.story.back() == "reset device");
}

BOOST_AUTO_TEST_CASE(timers_of_the_device_do_not_run_while_it_waits) {
  World world;
  bool inside = false;
  bool ran_inside = false;
  const auto timer =
      world.stand.loop.every(Seconds(0.5), [&] { ran_inside = ran_inside || inside; });
  inside = true;
  (void)world.write("x");
  inside = false;
  BOOST_TEST(!ran_inside);
}

// While the first request waits, 65536 others come and go inside it: the last may not take its
// number.
BOOST_AUTO_TEST_CASE(numbers_of_requests_start_over_and_skip_those_in_use) {
  World world;
  std::uint16_t next = 2;
  unsigned inner = 0;
  bool good = true;
  world.stand.device.on_read = [&](std::uint64_t) -> std::uint64_t {
    while (world.client.receive()) {
    }
    if (next == 1) ++next;
    world.answer_write(next++);
    good = good && world.write("inner").has_value();
    if (++inner == 65536)
      world.answer_write(1);
    else
      world.client.send_request(wire::region_read, read_body(0, 0, 4));
    return 0;
  };
  world.client.send_request(wire::region_read, read_body(0, 0, 4));
  BOOST_TEST(world.write("outer").has_value());
  BOOST_TEST(good);
  BOOST_TEST(inner == 65536U);
}

// With a client of its own thread and the real clock, as QEMU is.
BOOST_AUTO_TEST_CASE(a_client_in_another_thread_answers) {
  Loop loop;
  Probe device;
  const std::string path = fmt::format("@quiesce-vfio-user-thread-{}", ::getpid());
  const auto server = Server::create(loop, device, listen_at(path).value()).value();
  std::thread other([&] {
    FakeClock clock;
    Loop own(clock);
    Client client(own, path);
    const auto wait = [&] {
      std::optional<Message> got;
      while (!(got = client.receive())) std::this_thread::yield();
      return std::move(*got);
    };
    client.send(message(wire::version, 1, version_body()));
    (void)wait();
    client.send(message(wire::dma_map, 2, map_body(base, 4096)));
    (void)wait();
    for (int i = 0; i < 50; ++i) {
      const Message asked = wait();
      client.send(message(wire::dma_write, asked.header.id, {}, wire::type_reply));
    }
  });
  unsigned written = 0;
  const auto writer = loop.every(Seconds(0.001), [&] {
    if (written < 50 && device.host->dma_write(base, bytes_of("tick"))) ++written;
  });
  loop.run_until([&] { return written == 50 && !server->has_client(); }, loop.now() + Seconds(60));
  other.join();
  BOOST_TEST(written == 50U);
}

BOOST_AUTO_TEST_SUITE_END()
