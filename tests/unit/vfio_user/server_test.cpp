// SPDX-License-Identifier: GPL-2.0-or-later
// What a client hears that behaves, and what it is refused.
#include "devices/vfio_user/server.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "devices/vfio_user/reply.hpp"
#include "harness/base/mapping.hpp"
#include "harness/base/temp_dir.hpp"
#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_server)

using namespace quiesce;
using namespace quiesce::vfio_user;
using namespace quiesce::vfio_user::testing;

namespace {

using Story = std::vector<std::string>;

template <class T>
T structure_of(const std::optional<Message>& got) {
  BOOST_REQUIRE(got.has_value());
  BOOST_REQUIRE_EQUAL(got->header.error, 0U);
  BOOST_REQUIRE_EQUAL(got->body.size(), sizeof(T));
  return *head<T>(got->body);
}

wire::RegionInfo region_info(Client& client, std::uint32_t index) {
  return structure_of<wire::RegionInfo>(client.call(
      wire::device_get_region_info, raw(wire::RegionInfo{.argsz = 32, .index = index})));
}

wire::IrqInfo irq_info(Client& client, std::uint32_t index) {
  return structure_of<wire::IrqInfo>(
      client.call(wire::device_get_irq_info, raw(wire::IrqInfo{.argsz = 16, .index = index})));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_client_is_served_as_qemu_begins) {
  Stand stand;
  Client client = stand.client();
  BOOST_TEST(!stand.server->has_client());
  BOOST_TEST(client.negotiate());
  BOOST_TEST(stand.server->has_client());
  const auto info = structure_of<wire::DeviceInfo>(
      client.call(wire::device_get_info, raw(wire::DeviceInfo{.argsz = 16})));
  BOOST_TEST(info.argsz == 16U);
  BOOST_TEST(info.flags == 3U);
  BOOST_TEST(info.regions == 9U);
  BOOST_TEST(info.irqs == 5U);
  BOOST_TEST((stand.device.story == Story{"connected"}));
}

BOOST_AUTO_TEST_CASE(regions_are_those_of_the_layout) {
  Stand stand;
  Client client = stand.ready_client();
  const std::uint64_t sizes[] = {4096, 16384, 0, 0, 32, 0, 0, 4096, 0};
  for (std::uint32_t index = 0; index < 9; ++index) {
    const auto info = region_info(client, index);
    BOOST_TEST(info.argsz == 32U);
    BOOST_TEST(info.index == index);
    BOOST_TEST(info.size == sizes[index]);
    // Readable and writable; nothing to map, no capabilities.
    BOOST_TEST(info.flags == (sizes[index] != 0 ? 3U : 0U));
    BOOST_TEST(info.cap_offset == 0U);
    BOOST_TEST(info.offset == 0U);
  }
}

BOOST_AUTO_TEST_CASE(interrupts_are_those_of_the_layout) {
  Stand stand;
  Client client = stand.ready_client();
  const std::uint32_t counts[] = {1, 4, 16, 0, 0};
  const std::uint32_t flags[] = {7, 1, 1, 0, 0};
  for (std::uint32_t index = 0; index < 5; ++index) {
    const auto info = irq_info(client, index);
    BOOST_TEST(info.argsz == 16U);
    BOOST_TEST(info.index == index);
    BOOST_TEST(info.count == counts[index]);
    BOOST_TEST(info.flags == flags[index]);
  }
}

BOOST_AUTO_TEST_CASE(questions_about_what_is_not_there_are_refused) {
  Stand stand;
  Client client = stand.ready_client();
  for (const std::uint32_t index : {9U, 100U, 0xffffffffU}) {
    BOOST_TEST(client.error_of(wire::device_get_region_info,
                               raw(wire::RegionInfo{.argsz = 32, .index = index})) == EINVAL);
    BOOST_TEST(client.error_of(wire::device_get_irq_info,
                               raw(wire::IrqInfo{.argsz = 16, .index = index})) == EINVAL);
  }
  BOOST_TEST(client.error_of(wire::device_get_irq_info,
                             raw(wire::IrqInfo{.argsz = 16, .index = 5})) == EINVAL);
}

// "argsz ... should be at least the size of the fixed reply payload headers."
BOOST_AUTO_TEST_CASE(a_client_without_room_for_the_reply_is_refused) {
  Stand stand;
  Client client = stand.ready_client();
  for (const std::uint32_t argsz : {0U, 15U})
    BOOST_TEST(client.error_of(wire::device_get_info, raw(wire::DeviceInfo{.argsz = argsz})) ==
               EINVAL);
  BOOST_TEST(client.error_of(wire::device_get_region_info, raw(wire::RegionInfo{.argsz = 31})) ==
             EINVAL);
  BOOST_TEST(client.error_of(wire::device_get_irq_info, raw(wire::IrqInfo{.argsz = 15})) == EINVAL);
  BOOST_TEST(client.error_of(wire::device_set_irqs, raw(wire::IrqSet{.argsz = 19, .flags = 33})) ==
             EINVAL);
  BOOST_TEST(client.error_of(wire::dma_map,
                             raw(wire::DmaMap{.argsz = 31, .flags = 3, .size = 1})) == EINVAL);
  BOOST_TEST(client.error_of(wire::dma_unmap, raw(wire::DmaUnmap{.argsz = 23})) == EINVAL);
  // More room than is needed is fine; the reply says what was needed.
  BOOST_TEST(structure_of<wire::RegionInfo>(
                 client.call(wire::device_get_region_info, raw(wire::RegionInfo{.argsz = 4096})))
                 .argsz == 32U);
}

BOOST_AUTO_TEST_CASE(bodies_too_short_for_their_command_are_refused) {
  Stand stand;
  Client client = stand.ready_client();
  const std::pair<std::uint16_t, std::size_t> sizes[] = {{wire::version, 4},
                                                         {wire::dma_map, 32},
                                                         {wire::dma_unmap, 24},
                                                         {wire::device_get_info, 16},
                                                         {wire::device_get_region_info, 32},
                                                         {wire::device_get_irq_info, 16},
                                                         {wire::device_set_irqs, 20},
                                                         {wire::region_read, 16},
                                                         {wire::region_write, 16}};
  for (const auto& [command, size] : sizes)
    for (std::size_t have = 0; have < size; ++have)
      BOOST_TEST(client.error_of(command, Bytes(have, std::byte{0xff})) == EINVAL,
                 command << " with " << have);
  BOOST_TEST(stand.server->has_client());
}

BOOST_AUTO_TEST_CASE(commands_that_are_not_offered_are_refused) {
  Stand stand;
  Client client = stand.ready_client();
  for (const std::uint16_t command :
       {std::uint16_t{0}, std::uint16_t{wire::device_get_region_io_fds},
        std::uint16_t{wire::dma_read}, std::uint16_t{wire::dma_write}, std::uint16_t{14},
        std::uint16_t{wire::region_write_multi}, std::uint16_t{wire::device_feature},
        std::uint16_t{wire::migration_read}, std::uint16_t{wire::migration_write},
        std::uint16_t{19}, std::uint16_t{65535}})
    BOOST_TEST(client.error_of(command, Bytes(64)) == ENOTSUP, command);
  BOOST_TEST(client.read(0, 0, 4).size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_second_version_is_refused_and_changes_nothing) {
  Stand stand;
  Client client = stand.ready_client();
  BOOST_TEST(client.error_of(wire::version, version_body()) == EINVAL);
  BOOST_TEST(client.read(0, 0, 4).size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_version_that_is_none_is_answered_and_ends_it) {
  for (const auto& [body, error] : {std::pair{version_body("{}", 1), ENOTSUP},
                                    {version_body("{"), EINVAL},
                                    {Bytes{}, EINVAL}}) {
    Stand stand;
    Client client = stand.client();
    BOOST_TEST(client.error_of(wire::version, body) == error);
    BOOST_TEST(client.is_over());
    BOOST_TEST(stand.server->last_end() == "bad message: no version to agree on");
  }
}

BOOST_AUTO_TEST_CASE(a_request_before_the_version_ends_it) {
  for (const std::uint16_t command : {wire::device_get_info, wire::device_reset, wire::dma_map}) {
    Stand stand;
    Client client = stand.client();
    client.send_request(command, raw(wire::DeviceInfo{.argsz = 16}));
    BOOST_TEST(client.is_over());
    BOOST_TEST(stand.server->clients_gone() == 1U);
    BOOST_TEST((stand.device.story == Story{"connected", "disconnected"}));
  }
}

BOOST_AUTO_TEST_CASE(registers_are_read_and_written_at_their_width) {
  Stand stand;
  stand.device.on_read = [](std::uint64_t offset) { return 0x1122334455667788 + offset; };
  Client client = stand.ready_client();
  stand.device.story.clear();
  BOOST_TEST(client.read_number(0, 0x10, 8) == 0x1122334455667798U);
  BOOST_TEST(client.read_number(0, 0x10, 4) == 0x55667798U);
  BOOST_TEST(client.read_number(1, 0x3ffe, 2) == 0xb786U);
  BOOST_TEST(client.read_number(4, 0x1f, 1) == 0xa7U);
  BOOST_TEST(client.write(0, 8, 0x0102030405060708, 8));
  BOOST_TEST(client.write(0, 4, 0xfffefdfc, 4));
  BOOST_TEST(client.write(4, 2, 0xabcd, 2));
  BOOST_TEST(client.write(1, 0x3fff, 0x5a, 1));
  BOOST_TEST((stand.device.story == Story{"read 0 0x10 8", "read 0 0x10 4", "read 1 0x3ffe 2",
                                          "read 4 0x1f 1", "write 0 0x8 8 0x102030405060708",
                                          "write 0 0x4 4 0xfffefdfc", "write 4 0x2 2 0xabcd",
                                          "write 1 0x3fff 1 0x5a"}));
}

BOOST_AUTO_TEST_CASE(an_access_of_another_size_comes_in_aligned_pieces) {
  Stand stand;
  Client client = stand.ready_client();
  stand.device.story.clear();
  BOOST_TEST(client.read(0, 1, 16).size() == 16U);
  BOOST_TEST((stand.device.story == Story{"read 0 0x1 1", "read 0 0x2 2", "read 0 0x4 4",
                                          "read 0 0x8 8", "read 0 0x10 1"}));
  stand.device.story.clear();
  BOOST_TEST(client.write(0, 6, 0x060504030201, 6));
  BOOST_TEST((stand.device.story == Story{"write 0 0x6 2 0x201", "write 0 0x8 4 0x6050403"}));
}

BOOST_AUTO_TEST_CASE(accesses_outside_of_a_region_are_refused_and_do_not_reach_the_device) {
  Stand stand;
  Client client = stand.ready_client();
  stand.device.story.clear();
  const std::uint64_t top = ~std::uint64_t{0};
  const std::tuple<std::uint32_t, std::uint64_t, std::uint32_t> accesses[] = {
      {0, 4096, 1},       {0, 4093, 4}, {0, top, 1},  {0, top - 3, 4},    {0, 0, 4097},
      {2, 0, 1},          {3, 0, 4},    {6, 0, 4},    {8, 0, 4},          {9, 0, 4},
      {0xffffffff, 0, 4}, {7, 4096, 1}, {7, 4094, 4}, {0, 0, 0xffffffff}, {0, 1, 0xffffffff}};
  for (const auto& [region, offset, count] : accesses) {
    BOOST_TEST(client.error_of(wire::region_read, read_body(region, offset, count)) == EINVAL,
               region << " " << offset << " " << count);
    const Bytes data(std::min(count, 5000U));
    BOOST_TEST(client.error_of(wire::region_write,
                               raw(wire::RegionAccess{offset, region, count}, data)) == EINVAL);
  }
  BOOST_TEST(stand.device.story.empty());
}

BOOST_AUTO_TEST_CASE(a_write_whose_count_is_not_its_datas_is_refused) {
  Stand stand;
  Client client = stand.ready_client();
  stand.device.story.clear();
  for (const std::size_t have : {0U, 3U, 5U, 8U})
    BOOST_TEST(client.error_of(wire::region_write,
                               raw(wire::RegionAccess{.offset = 0, .region = 0, .count = 4},
                                   Bytes(have))) == EINVAL);
  BOOST_TEST(stand.device.story.empty());
}

BOOST_AUTO_TEST_CASE(an_access_of_nothing_is_answered_with_nothing) {
  Stand stand;
  Client client = stand.ready_client();
  const auto got = client.call(wire::region_read, read_body(0, 4096, 0));
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST((got->body == read_body(0, 4096, 0)));
  BOOST_TEST(client.error_of(wire::region_write, write_body(0, 0, {})) == 0);
}

BOOST_AUTO_TEST_CASE(an_access_beyond_the_transfer_limit_is_refused) {
  Layout layout = Probe::full_layout();
  layout.bars[0].size = 1U << 20;
  Stand stand({.data_bytes = 4096}, layout);
  Client client = stand.ready_client();
  BOOST_TEST(client.read(0, 0, 4096).size() == 4096U);
  BOOST_TEST(client.error_of(wire::region_read, read_body(0, 0, 4097)) == EINVAL);
}

BOOST_AUTO_TEST_CASE(configuration_space_is_the_servers_own) {
  Stand stand;
  Client client = stand.ready_client();
  stand.device.story.clear();
  // QEMU reads all of it at once (vfio_pci_config_setup).
  const Bytes all = client.read(wire::region_config, 0, 4096);
  const auto bytes = stand.host().config().bytes();
  BOOST_TEST((all == Bytes(bytes.begin(), bytes.end())));
  BOOST_TEST(client.write(wire::region_config, 4, 0x0006, 2));
  BOOST_TEST(stand.host().config().bus_master());
  BOOST_TEST(client.read_number(wire::region_config, 4, 2) == 6U);
  BOOST_TEST((stand.device.story == Story{"config 0x4 2 0x6"}));
}

BOOST_AUTO_TEST_CASE(wide_configuration_writes_come_in_dwords) {
  Stand stand;
  Client client = stand.ready_client();
  stand.device.story.clear();
  BOOST_TEST(client.write(wire::region_config, 0x14, 0xfffffffffffffff0, 8));
  BOOST_TEST((stand.device.story == Story{"config 0x14 4 0xfffffff0", "config 0x18 4 0xffffffff"}));
}

BOOST_AUTO_TEST_CASE(a_device_that_is_not_ready_reads_as_all_ones) {
  Stand stand;
  Client client = stand.ready_client();
  stand.device.dead = true;
  BOOST_TEST((client.read(wire::region_config, 0, 64) == Bytes(64, std::byte{0xff})));
  stand.device.dead = false;
  BOOST_TEST(client.read_number(wire::region_config, 0, 2) == 0x1234U);
}

BOOST_AUTO_TEST_CASE(a_device_that_is_not_ready_loses_what_is_written_to_its_configuration) {
  Stand stand;
  Client client = stand.ready_client();
  const auto before = client.read_number(wire::region_config, 0x04, 2);
  stand.device.story.clear();
  stand.device.dead = true;
  BOOST_TEST(client.write(wire::region_config, 0x04, 0x0006, 2));
  stand.device.dead = false;
  BOOST_TEST(client.read_number(wire::region_config, 0x04, 2) == before);
  BOOST_TEST(stand.device.story.empty());
}

BOOST_AUTO_TEST_CASE(the_interrupt_pin_is_answered_by_a_device_that_is_not_ready) {
  Stand stand;
  Client client = stand.ready_client();
  const auto pin = client.read_number(wire::region_config, 0x3d, 1);
  BOOST_TEST(pin <= 4U);
  stand.device.dead = true;
  BOOST_TEST(client.read_number(wire::region_config, 0x3d, 1) == pin);
  BOOST_TEST((client.read(wire::region_config, 0x3c, 4) == Bytes(4, std::byte{0xff})));
}

BOOST_AUTO_TEST_CASE(memory_is_mapped_used_and_unmapped) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd file = memory_file("guest", 8192).value();
  const int raw_file = file.get();
  stand.device.story.clear();
  const auto mapped = client.call(wire::dma_map, map_body(0x40000000, 4096, 4096), {&raw_file, 1});
  BOOST_REQUIRE(mapped.has_value());
  BOOST_TEST(mapped->header.error == 0U);
  // "There is no payload in the reply message."
  BOOST_TEST(mapped->body.empty());
  BOOST_TEST(stand.host().dma_write(0x40000ffc, bytes_of("DMA!")).has_value());
  Bytes seen(4);
  BOOST_TEST(::pread(file.get(), seen.data(), 4, 8188) == 4);
  BOOST_TEST(text_of(seen) == "DMA!");
  Bytes back(4);
  BOOST_TEST(stand.host().dma_read(0x40000ffc, back).has_value());
  BOOST_TEST((back == seen));
  // "The server responds with the original DMA entry in the request."
  const auto unmapped = client.call(wire::dma_unmap, unmap_body(0x40000000, 4096));
  BOOST_REQUIRE(unmapped.has_value());
  BOOST_TEST((unmapped->body == unmap_body(0x40000000, 4096)));
  const auto gone = stand.host().dma_write(0x40000ffc, bytes_of("DMA!"));
  BOOST_REQUIRE(!gone.has_value());
  BOOST_TEST((gone.error().code() == Errc::not_found));
  BOOST_TEST(
      (stand.device.story == Story{"mapped 0x40000000 0x1000", "unmapped 0x40000000 0x1000"}));
}

BOOST_AUTO_TEST_CASE(an_access_over_the_seam_of_two_ranges_works_and_over_a_hole_does_nothing) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd low = memory_file("low", 4096).value();
  const Fd high = memory_file("high", 4096).value();
  const int low_raw = low.get();
  const int high_raw = high.get();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096), {&low_raw, 1}) == 0);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(4096, 4096), {&high_raw, 1}) == 0);
  const Bytes bytes = pattern(64);
  BOOST_TEST(stand.host().dma_write(4096 - 20, bytes).has_value());
  Bytes back(64);
  BOOST_TEST(stand.host().dma_read(4096 - 20, back).has_value());
  BOOST_TEST((back == bytes));
  Bytes second(44);
  BOOST_TEST(::pread(high.get(), second.data(), 44, 0) == 44);
  BOOST_TEST(std::equal(second.begin(), second.end(), bytes.begin() + 20));
  BOOST_TEST(!stand.host().dma_write(8192 - 20, bytes).has_value());
  Bytes end(20);
  BOOST_TEST(::pread(high.get(), end.data(), 20, 4096 - 20) == 20);
  BOOST_TEST((end == Bytes(20)));
}

BOOST_AUTO_TEST_CASE(maps_that_cannot_be_are_refused_and_leave_no_descriptor) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd file = memory_file("guest", 4096).value();
  const int two[] = {file.get(), file.get()};
  stand.device.story.clear();
  const std::size_t before = open_descriptors();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 8192), {two, 1}) == EINVAL);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096, 1), {two, 1}) == EINVAL);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 0), {two, 1}) == EINVAL);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096), two) == EINVAL);
  for (const std::uint32_t flags : {0U, 4U, 7U, 0x80000003U})
    BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096, 0, flags), {two, 1}) == EINVAL);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096), {two, 1}) == 0);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(4095, 2)) == EEXIST);
  BOOST_TEST(open_descriptors() == before);
  BOOST_TEST((stand.device.story == Story{"mapped 0x0 0x1000"}));
}

BOOST_AUTO_TEST_CASE(there_are_only_so_many_maps) {
  Stand stand({.mappings = 2});
  Client client = stand.ready_client();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096)) == 0);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(4096, 4096)) == 0);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(8192, 4096)) == ENOSPC);
}

BOOST_AUTO_TEST_CASE(everything_is_unmapped_by_one_flag_and_the_device_hears_of_each_range) {
  Stand stand;
  Client client = stand.ready_client();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0x1000, 0x1000)) == 0);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0x8000, 0x2000)) == 0);
  stand.device.story.clear();
  BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0, 4096, wire::unmap_all)) == EINVAL);
  BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(4096, 0, wire::unmap_all)) == EINVAL);
  BOOST_TEST(stand.device.story.empty());
  const auto got = client.call(wire::dma_unmap, unmap_body(0, 0, wire::unmap_all));
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST((got->body == unmap_body(0, 0, wire::unmap_all)));
  BOOST_TEST((stand.device.story == Story{"unmapped 0x1000 0x1000", "unmapped 0x8000 0x2000"}));
}

BOOST_AUTO_TEST_CASE(unmaps_that_are_not_offered_or_match_nothing_are_refused) {
  Stand stand;
  Client client = stand.ready_client();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0x1000, 0x2000)) == 0);
  // The dirty bitmap, and what nobody knows.
  for (const std::uint32_t flags : {1U, 3U, 4U, 0x80000000U})
    BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0x1000, 0x2000, flags)) == ENOTSUP);
  BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0x1000, 0x1000)) == ENOENT);
  BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0, 0)) == ENOENT);
  BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0x1000, 0x2000)) == 0);
}

BOOST_AUTO_TEST_CASE(access_flags_of_a_map_are_obeyed) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd file = memory_file("guest", 4096).value();
  const int raw_file = file.get();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096, 0, wire::map_readable),
                             {&raw_file, 1}) == 0);
  BOOST_TEST(client.error_of(wire::dma_map, map_body(4096, 4096, 0, wire::map_writable),
                             {&raw_file, 1}) == 0);
  Bytes bytes(8);
  BOOST_TEST(stand.host().dma_read(0, bytes).has_value());
  BOOST_TEST(!stand.host().dma_write(0, bytes).has_value());
  BOOST_TEST(!stand.host().dma_read(4096, bytes).has_value());
  BOOST_TEST(stand.host().dma_write(4096, bytes).has_value());
}

BOOST_AUTO_TEST_CASE(a_device_that_nobody_told_writes_on_where_it_may) {
  Stand stand({.stale_mappings = 8});
  Client client = stand.ready_client();
  const Fd file = memory_file("guest", 8192).value();
  const int raw_file = file.get();
  BOOST_TEST(client.error_of(wire::dma_map, map_body(0x1000, 8192), {&raw_file, 1}) == 0);
  BOOST_TEST(stand.host().dma_write_stale(0x1000, bytes_of("live")).has_value());
  BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0x1000, 8192)) == 0);
  BOOST_TEST(!stand.host().dma_write(0x1800, bytes_of("dead")).has_value());
  BOOST_TEST(stand.host().dma_write_stale(0x1800, bytes_of("dead")).has_value());
  Bytes seen(4);
  BOOST_TEST(::pread(file.get(), seen.data(), 4, 0x800) == 4);
  BOOST_TEST(text_of(seen) == "dead");
  BOOST_TEST(!stand.host().dma_write_stale(0x5000, bytes_of("none")).has_value());
}

// What a dead client gave used to stay mapped, and its memory with it, until 1024 others came.
BOOST_AUTO_TEST_CASE(a_client_that_left_leaves_no_memory) {
  Stand stand({.stale_mappings = 8});
  {
    Client client = stand.ready_client();
    const Fd file = memory_file("guest", 4096).value();
    const int raw_file = file.get();
    BOOST_TEST(client.error_of(wire::dma_map, map_body(0, 4096), {&raw_file, 1}) == 0);
    BOOST_TEST(client.error_of(wire::dma_unmap, unmap_body(0, 4096)) == 0);
    client.close();
    client.settle();
  }
  const auto gone = stand.host().dma_write_stale(0, bytes_of("x"));
  BOOST_REQUIRE(!gone.has_value());
  BOOST_TEST((gone.error().code() == Errc::closed));
  Client next = stand.ready_client();
  BOOST_TEST(!stand.host().dma_write_stale(0, bytes_of("x")).has_value());
  BOOST_TEST(read_file("/proc/self/maps")->find("memfd:guest") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_or_raised_without_a_client) {
  Stand stand;
  Bytes bytes(4);
  BOOST_TEST((stand.host().dma_write(0, bytes).error().code() == Errc::closed));
  BOOST_TEST((stand.host().dma_read(0, bytes).error().code() == Errc::closed));
  BOOST_TEST((stand.host().dma_write_stale(0, bytes).error().code() == Errc::closed));
  BOOST_TEST(!stand.host().raise_msi(0));
  BOOST_TEST(!stand.host().raise_msix(0));
  BOOST_TEST(!stand.host().set_intx(true));
}

BOOST_AUTO_TEST_CASE(messages_and_the_pin_reach_the_clients_events) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd events[] = {event(), event(), event()};
  for (std::uint32_t index = 0; index < 3; ++index) {
    const int raw_event = events[index].get();
    BOOST_TEST(
        client.error_of(wire::device_set_irqs, irqs_body(36, index, 0, 1), {&raw_event, 1}) == 0);
  }
  BOOST_TEST(stand.host().raise_msi(0));
  BOOST_TEST(stand.host().raise_msix(0));
  BOOST_TEST(stand.host().set_intx(true));
  for (const auto& one : events) BOOST_TEST(count_of(one) == 1U);
  BOOST_TEST((client.read_number(wire::region_config, 6, 2) & 8) == 8U);
  // QEMU: asserted, served, deasserted by the device, unmasked at the end of the interrupt.
  BOOST_TEST(stand.host().set_intx(false));
  BOOST_TEST(client.error_of(wire::device_set_irqs, irqs_body(17, 0, 0, 1)) == 0);
  BOOST_TEST(count_of(events[0]) == 0U);
  BOOST_TEST((client.read_number(wire::region_config, 6, 2) & 8) == 0U);
}

BOOST_AUTO_TEST_CASE(intx_disable_in_the_command_register_holds_the_pin_back) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd pin = event();
  const int raw_pin = pin.get();
  BOOST_TEST(client.error_of(wire::device_set_irqs, irqs_body(36, 0, 0, 1), {&raw_pin, 1}) == 0);
  BOOST_TEST(client.write(wire::region_config, 4, 0x0400, 2));
  BOOST_TEST(stand.host().set_intx(true));
  BOOST_TEST(count_of(pin) == 0U);
  // The status bit shows the pin all the same.
  BOOST_TEST((client.read_number(wire::region_config, 6, 2) & 8) == 8U);
  BOOST_TEST(client.write(wire::region_config, 4, 0, 2));
  BOOST_TEST(count_of(pin) == 1U);
}

BOOST_AUTO_TEST_CASE(descriptors_with_a_message_that_wants_none_are_closed) {
  Stand stand;
  Client client = stand.ready_client();
  const Fd one = event();
  const int files[] = {one.get(), one.get(), one.get()};
  const std::size_t before = open_descriptors();
  for (const std::uint16_t command : {wire::region_read, wire::device_reset, wire::device_feature})
    BOOST_TEST(client.error_of(command, read_body(0, 0, 4), files) != -1);
  BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(several_requests_in_flight_are_answered_in_order) {
  Stand stand;
  stand.device.on_read = [](std::uint64_t offset) { return offset; };
  Client client = stand.ready_client();
  for (std::uint16_t id = 0; id < 200; ++id)
    BOOST_TEST(client.send(message(wire::region_read, id, read_body(0, id * 8U, 4))));
  client.settle();
  for (std::uint16_t id = 0; id < 200; ++id) {
    const auto got = client.receive();
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST(got->header.id == id);
    BOOST_TEST((got->body == raw(*head<wire::RegionAccess>(read_body(0, id * 8U, 4)),
                                 raw(std::uint32_t{id} * 8U))));
  }
}

// "Message IDs ... can be re-used (even concurrently)."
BOOST_AUTO_TEST_CASE(the_same_id_twice_is_answered_twice) {
  Stand stand;
  Client client = stand.ready_client();
  for (int i = 0; i < 2; ++i) client.send(message(wire::region_read, 7, read_body(0, 0, 4)));
  client.settle();
  for (int i = 0; i < 2; ++i) BOOST_TEST(client.receive()->header.id == 7);
}

// QEMU posts the writes of a guest (hw/vfio-user/device.c): the read behind them sees what they
// did.
BOOST_AUTO_TEST_CASE(posted_writes_are_done_in_order_and_not_answered) {
  Stand stand;
  std::uint64_t value = 0;
  stand.device.on_write = [&](std::uint64_t, std::uint64_t written) { value = written; };
  stand.device.on_read = [&](std::uint64_t) { return value; };
  Client client = stand.ready_client();
  for (const std::uint32_t each : {1U, 2U, 3U})
    client.send_request(wire::region_write, write_body(0, 0, raw(each)), {}, wire::flag_no_reply);
  BOOST_TEST(client.read_number(0, 0, 4) == 3U);
  BOOST_TEST(!client.receive().has_value());
}

BOOST_AUTO_TEST_CASE(an_error_of_a_request_without_reply_is_not_answered_either) {
  Stand stand;
  Client client = stand.ready_client();
  client.send_request(wire::region_write, write_body(2, 0, Bytes(4)), {}, wire::flag_no_reply);
  client.send_request(99, {}, {}, wire::flag_no_reply);
  BOOST_TEST(client.read(0, 0, 4).size() == 4U);
  BOOST_TEST(!client.receive().has_value());
}

BOOST_AUTO_TEST_CASE(the_device_keeps_its_state_when_clients_come_and_go) {
  Stand stand;
  {
    Client client = stand.ready_client();
    BOOST_TEST(client.write(wire::region_config, 4, 6, 2));
    client.close();
    client.settle();
  }
  BOOST_TEST(!stand.server->has_client());
  BOOST_TEST(stand.server->clients_gone() == 1U);
  BOOST_TEST(stand.server->last_end() == "the client closed the connection");
  Client next = stand.ready_client();
  BOOST_TEST(next.read_number(wire::region_config, 4, 2) == 6U);
  BOOST_TEST(
      (stand.device.story == Story{"connected", "config 0x4 2 0x6", "disconnected", "connected"}));
}

BOOST_AUTO_TEST_CASE(events_of_a_client_that_left_are_closed) {
  Stand stand;
  const Fd one = event();
  const int raw_event = one.get();
  const std::size_t before = open_descriptors();
  {
    Client client = stand.ready_client();
    BOOST_TEST(client.error_of(wire::device_set_irqs, irqs_body(36, 1, 0, 1), {&raw_event, 1}) ==
               0);
    client.close();
    client.settle();
  }
  BOOST_TEST(open_descriptors() == before);
  BOOST_TEST(!stand.host().raise_msi(0));
}

BOOST_AUTO_TEST_CASE(a_second_client_waits_until_the_first_is_gone) {
  Stand stand;
  Client first = stand.ready_client();
  Client second = stand.client();
  second.send_request(wire::version, version_body());
  second.settle();
  BOOST_TEST(!second.receive().has_value());
  BOOST_TEST(first.read(0, 0, 4).size() == 4U);
  first.close();
  second.settle();
  const auto got = second.receive();
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST(got->header.error == 0U);
  BOOST_TEST(second.read(0, 0, 4).size() == 4U);
}

BOOST_AUTO_TEST_CASE(limits_that_are_none_are_named) {
  Loop loop;
  Probe device;
  const auto wrong = [&](const Limits& limits) {
    const auto server = Server::create(loop, device, std::move(socket_pair()->mine), limits);
    return server ? std::string() : server.error().message();
  };
  for (const auto& [name, limits] :
       {std::pair<const char*, Limits>{"data_bytes", {.data_bytes = 4095}},
        {"data_bytes", {.data_bytes = (64U << 20) + 1}},
        {"descriptors", {.descriptors = 0}},
        {"descriptors", {.descriptors = 17}},
        {"mappings", {.mappings = 0}},
        {"mappings", {.mappings = 65536}},
        {"outstanding", {.outstanding = 0}},
        {"outstanding", {.outstanding = 1025}},
        {"patience", {.patience = Seconds(-1)}}})
    BOOST_TEST(wrong(limits).find(name) != std::string::npos, name << ": " << wrong(limits));
}

BOOST_AUTO_TEST_CASE(a_server_listens_at_a_file_too_and_ends_with_its_loop) {
  const TempDir folder = TempDir::create().value();
  const std::string path = (folder.path() / "device.sock").string();
  FakeClock clock;
  Loop loop(clock);
  Probe device;
  std::optional<Client> client;
  const auto visit = loop.every(Seconds(1), [&] {
    if (!client) {
      client.emplace(loop, path);
      client->send_request(wire::version, version_body());
    } else {
      loop.stop();
    }
  });
  BOOST_TEST(serve(loop, device, path).has_value());
  BOOST_REQUIRE(client.has_value());
  BOOST_TEST(client->receive().has_value());
}

BOOST_AUTO_TEST_CASE(a_path_that_is_taken_is_refused) {
  const TempDir folder = TempDir::create().value();
  const std::string path = (folder.path() / "device.sock").string();
  const auto first = listen_at(path);
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST(!listen_at(path).has_value());
  BOOST_REQUIRE(replace_file(folder.path() / "text", "mine").has_value());
  BOOST_TEST(!listen_at((folder.path() / "text").string()).has_value());
  BOOST_TEST(!listen_at((folder.path() / std::string(200, 'x')).string()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
