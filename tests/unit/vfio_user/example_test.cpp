// SPDX-License-Identifier: GPL-2.0-or-later
// The example device of docs/devices-of-your-own.md does what it says, and stays short.
#define main scratchpad_main
#include "devices/examples/scratchpad.cpp"
#undef main

#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_example)

using namespace quiesce;
using namespace quiesce::vfio_user::testing;

namespace {

struct World {
  World() {
    path = fmt::format("@quiesce-scratchpad-test-{}", ::getpid());
    server = Server::create(loop, device, listen_at(path).value()).value();
    client.emplace(loop, path);
    BOOST_REQUIRE(client->negotiate());
  }
  std::uint64_t get(std::uint64_t offset) { return client->read_number(0, offset, 4); }
  void set(std::uint64_t offset, std::uint64_t value) {
    BOOST_REQUIRE(client->write(0, offset, value, 4));
  }

  FakeClock clock;
  Loop loop{clock};
  Scratchpad device;
  std::string path;
  std::unique_ptr<Server> server;
  std::optional<Client> client;
};

}  // namespace

BOOST_AUTO_TEST_CASE(it_is_a_device_in_under_100_lines_that_the_page_names) {
  const std::string root = QUIESCE_SOURCE_ROOT;
  const std::string code = read_file(root + "/devices/examples/scratchpad.cpp").value();
  BOOST_TEST(std::ranges::count(code, '\n') < 100);
  const std::string page = read_file(root + "/docs/devices-of-your-own.md").value();
  BOOST_TEST(page.find("(../devices/examples/scratchpad.cpp)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(its_registers_answer) {
  World world;
  BOOST_TEST(world.get(Scratchpad::id) == Scratchpad::id_value);
  world.set(Scratchpad::scratch, 0xcafe);
  BOOST_TEST(world.get(Scratchpad::scratch) == 0xcafeU);
  world.set(Scratchpad::id, 0);
  BOOST_TEST(world.get(Scratchpad::id) == Scratchpad::id_value);
  BOOST_TEST(world.get(0x800) == 0U);
}

BOOST_AUTO_TEST_CASE(its_doorbell_writes_into_the_guest_and_interrupts) {
  World world;
  const Fd file = memory_file("guest", 4096).value();
  const Fd interrupt = event();
  const int file_raw = file.get();
  const int event_raw = interrupt.get();
  BOOST_TEST(world.client->error_of(wire::dma_map, map_body(0x100000000, 4096), {&file_raw, 1}) ==
             0);
  BOOST_TEST(world.client->error_of(wire::device_set_irqs, irqs_body(36, wire::irq_msi, 0, 1),
                                    {&event_raw, 1}) == 0);
  world.set(Scratchpad::scratch, 0x12345678);
  world.set(Scratchpad::address_low, 0x10);
  world.set(Scratchpad::address_high, 1);
  // Not before the guest lets it be a bus master.
  world.set(Scratchpad::doorbell, 1);
  BOOST_TEST(world.get(Scratchpad::status) == 2U);
  BOOST_TEST(count_of(interrupt) == 0U);
  BOOST_TEST(world.client->write(wire::region_config, 4, 6, 2));
  world.set(Scratchpad::doorbell, 1);
  BOOST_TEST(world.get(Scratchpad::status) == 1U);
  BOOST_TEST(count_of(interrupt) == 1U);
  std::uint32_t seen = 0;
  BOOST_TEST(::pread(file.get(), &seen, 4, 0x10) == 4);
  BOOST_TEST(seen == 0x12345678U);
  world.set(Scratchpad::address_low, 0xfff);
  world.set(Scratchpad::doorbell, 1);
  BOOST_TEST(world.get(Scratchpad::status) == 2U);
}

BOOST_AUTO_TEST_CASE(a_function_level_reset_clears_it) {
  World world;
  world.set(Scratchpad::scratch, 0xcafe);
  const auto& config = world.server->host().config();
  BOOST_TEST(world.client->write(wire::region_config, *config.express_offset() + 8U, 0x8000, 2));
  BOOST_TEST(world.get(Scratchpad::scratch) == 0U);
}

BOOST_AUTO_TEST_CASE(without_a_socket_it_says_how_it_is_used) {
  char name[] = "scratchpad";
  char* words[] = {name, nullptr};
  BOOST_TEST(scratchpad_main(1, words) == 2);
  char path[] = "/no/such/folder/socket";
  char* with_path[] = {name, path, nullptr};
  BOOST_TEST(scratchpad_main(2, with_path) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
