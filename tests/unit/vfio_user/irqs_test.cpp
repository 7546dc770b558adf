// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/irqs.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_irqs)

using namespace quiesce;
using namespace quiesce::vfio_user;
using testing::Bytes;
using testing::count_of;
using testing::event;

namespace {

constexpr std::uint32_t by_event = wire::irq_data_eventfd | wire::irq_trigger;

/// Sets with an exact data size.
int set(Irqs& irqs, std::uint32_t flags, std::uint32_t index, std::uint32_t start,
        std::uint32_t count, const Bytes& data = {}, std::vector<Fd> files = {}) {
  return irqs.set({.argsz = sizeof(wire::IrqSet),
                   .flags = flags,
                   .index = index,
                   .start = start,
                   .count = count},
                  data, std::move(files));
}

/// Connects copies of events.
int connect(Irqs& irqs, std::uint32_t index, std::uint32_t start,
            const std::vector<const Fd*>& events) {
  std::vector<Fd> files;
  for (const Fd* one : events) files.push_back(Fd::adopt(::fcntl(one->get(), F_DUPFD_CLOEXEC, 3)));
  return set(irqs, by_event, index, start, static_cast<std::uint32_t>(events.size()), {},
             std::move(files));
}

std::vector<Fd> only(Fd file) {
  std::vector<Fd> files;
  files.push_back(std::move(file));
  return files;
}

struct World {
  Irqs irqs{testing::Probe::full_layout()};
  Fd pin = event();
  void connect_pin() { BOOST_REQUIRE_EQUAL(connect(irqs, wire::irq_intx, 0, {&pin}), 0); }
  int act(std::uint32_t action) {
    return set(irqs, wire::irq_data_none | action, wire::irq_intx, 0, 1);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(counts_and_flags_are_those_of_the_layout) {
  const Irqs irqs(testing::Probe::full_layout());
  BOOST_TEST(irqs.count(wire::irq_intx) == 1U);
  BOOST_TEST(irqs.count(wire::irq_msi) == 4U);
  BOOST_TEST(irqs.count(wire::irq_msix) == 16U);
  BOOST_TEST(irqs.count(3) == 0U);
  BOOST_TEST(irqs.count(0xffffffff) == 0U);
  BOOST_TEST(irqs.flags(wire::irq_intx) == 7U);
  BOOST_TEST(irqs.flags(wire::irq_msi) == 1U);
  BOOST_TEST(irqs.flags(4) == 0U);
  const Irqs none({.vendor = 1, .device = 1});
  for (std::uint32_t index = 0; index < 5; ++index) {
    BOOST_TEST(none.count(index) == 0U);
    BOOST_TEST(none.flags(index) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_message_reaches_the_vectors_own_event) {
  World world;
  const Fd first = event();
  const Fd third = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&first}) == 0);
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 2, {&third}) == 0);
  BOOST_TEST(world.irqs.raise(wire::irq_msi, 0));
  BOOST_TEST(world.irqs.raise(wire::irq_msi, 2));
  BOOST_TEST(world.irqs.raise(wire::irq_msi, 2));
  BOOST_TEST(count_of(first) == 1U);
  BOOST_TEST(count_of(third) == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_not_connected_is_not_raised) {
  World world;
  const Fd one = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&one}) == 0);
  BOOST_TEST(!world.irqs.raise(wire::irq_msi, 1));
  BOOST_TEST(!world.irqs.raise(wire::irq_msi, 4));
  BOOST_TEST(!world.irqs.raise(wire::irq_msi, 0xffffffff));
  BOOST_TEST(!world.irqs.raise(wire::irq_msix, 0));
  BOOST_TEST(!world.irqs.raise(3, 0));
  BOOST_TEST(count_of(one) == 0U);
}

BOOST_AUTO_TEST_CASE(many_vectors_are_connected_at_once_and_in_chunks_as_qemu_sends_them) {
  World world;
  std::vector<Fd> events;
  for (int i = 0; i < 16; ++i) events.push_back(event());
  for (std::uint32_t at = 0; at < 16; at += 8) {
    std::vector<const Fd*> chunk;
    for (std::uint32_t i = at; i < at + 8; ++i) chunk.push_back(&events[i]);
    BOOST_TEST(connect(world.irqs, wire::irq_msix, at, chunk) == 0);
  }
  for (unsigned i = 0; i < 16; ++i) {
    BOOST_TEST(world.irqs.raise(wire::irq_msix, i));
    for (unsigned j = 0; j < 16; ++j) BOOST_TEST(count_of(events[j]) == (i == j ? 1U : 0U));
  }
}

// QEMU sends its -1 so (hw/vfio-user/device.c, irq_howmany).
BOOST_AUTO_TEST_CASE(without_descriptors_the_vectors_are_disconnected) {
  World world;
  const Fd a = event();
  const Fd b = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msix, 3, {&a, &b}) == 0);
  BOOST_TEST(set(world.irqs, by_event, wire::irq_msix, 3, 1) == 0);
  BOOST_TEST(!world.irqs.raise(wire::irq_msix, 3));
  BOOST_TEST(world.irqs.raise(wire::irq_msix, 4));
}

BOOST_AUTO_TEST_CASE(none_with_a_count_of_zero_disconnects_all) {
  World world;
  const Fd a = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msix, 0, {&a, &a, &a}) == 0);
  BOOST_TEST(set(world.irqs, wire::irq_data_none | wire::irq_trigger, wire::irq_msix, 0, 0) == 0);
  for (unsigned i = 0; i < 3; ++i) BOOST_TEST(!world.irqs.raise(wire::irq_msix, i));
}

BOOST_AUTO_TEST_CASE(a_vector_connected_anew_uses_the_new_event) {
  World world;
  const Fd old = event();
  const Fd young = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&old}) == 0);
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&young}) == 0);
  world.irqs.raise(wire::irq_msi, 0);
  BOOST_TEST(count_of(old) == 0U);
  BOOST_TEST(count_of(young) == 1U);
}

BOOST_AUTO_TEST_CASE(the_client_can_trigger_an_interrupt_itself) {
  World world;
  const Fd a = event();
  const Fd b = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&a, &b}) == 0);
  BOOST_TEST(set(world.irqs, wire::irq_data_none | wire::irq_trigger, wire::irq_msi, 0, 2) == 0);
  BOOST_TEST(count_of(a) == 1U);
  BOOST_TEST(count_of(b) == 1U);
  BOOST_TEST(set(world.irqs, wire::irq_data_bool | wire::irq_trigger, wire::irq_msi, 0, 2,
                 {std::byte{0}, std::byte{1}}) == 0);
  BOOST_TEST(count_of(a) == 0U);
  BOOST_TEST(count_of(b) == 1U);
}

BOOST_AUTO_TEST_CASE(the_pin_masks_itself_and_fires_again_when_it_is_unmasked_and_still_asserted) {
  World world;
  world.connect_pin();
  BOOST_TEST(world.irqs.set_intx(true, false));
  BOOST_TEST(count_of(world.pin) == 1U);
  world.irqs.set_intx(true, false);
  BOOST_TEST(count_of(world.pin) == 0U);
  BOOST_TEST(world.act(wire::irq_unmask) == 0);
  BOOST_TEST(count_of(world.pin) == 1U);
  world.irqs.set_intx(false, false);
  BOOST_TEST(world.act(wire::irq_unmask) == 0);
  BOOST_TEST(count_of(world.pin) == 0U);
  world.irqs.set_intx(true, false);
  BOOST_TEST(count_of(world.pin) == 1U);
}

BOOST_AUTO_TEST_CASE(a_pin_asserted_while_it_is_masked_fires_at_the_unmask) {
  World world;
  world.connect_pin();
  BOOST_TEST(world.act(wire::irq_mask) == 0);
  world.irqs.set_intx(true, false);
  BOOST_TEST(count_of(world.pin) == 0U);
  BOOST_TEST(world.act(wire::irq_unmask) == 0);
  BOOST_TEST(count_of(world.pin) == 1U);
}

BOOST_AUTO_TEST_CASE(masks_by_bool_obey_the_bool) {
  World world;
  world.connect_pin();
  const auto mask_bool = [&](std::uint32_t action, unsigned value) {
    return set(world.irqs, wire::irq_data_bool | action, wire::irq_intx, 0, 1,
               {static_cast<std::byte>(value)});
  };
  BOOST_TEST(mask_bool(wire::irq_mask, 0) == 0);
  world.irqs.set_intx(true, false);
  BOOST_TEST(count_of(world.pin) == 1U);
  BOOST_TEST(mask_bool(wire::irq_unmask, 0) == 0);
  BOOST_TEST(count_of(world.pin) == 0U);
  BOOST_TEST(mask_bool(wire::irq_unmask, 1) == 0);
  BOOST_TEST(count_of(world.pin) == 1U);
}

BOOST_AUTO_TEST_CASE(intx_disable_holds_the_pin_back_until_it_is_cleared) {
  World world;
  world.connect_pin();
  world.irqs.set_intx(true, true);
  BOOST_TEST(count_of(world.pin) == 0U);
  world.irqs.set_intx(true, false);
  BOOST_TEST(count_of(world.pin) == 1U);
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_asserted_already_fires_when_it_is_connected) {
  World world;
  BOOST_TEST(!world.irqs.set_intx(true, false));
  world.connect_pin();
  BOOST_TEST(count_of(world.pin) == 1U);
}

BOOST_AUTO_TEST_CASE(a_client_that_left_leaves_no_event_and_no_mask) {
  World world;
  world.connect_pin();
  world.irqs.set_intx(true, false);
  (void)count_of(world.pin);
  world.irqs.clear();
  BOOST_TEST(!world.irqs.set_intx(true, false));
  BOOST_TEST(count_of(world.pin) == 0U);
  // The next client finds the pin as the device holds it.
  world.connect_pin();
  BOOST_TEST(count_of(world.pin) == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_pin_nothing_is_asserted) {
  Layout layout = testing::Probe::full_layout();
  layout.interrupt_pin = 0;
  Irqs irqs(layout);
  const Fd pin = event();
  BOOST_TEST(!irqs.set_intx(true, false));
  BOOST_TEST(connect(irqs, wire::irq_intx, 0, {&pin}) == EINVAL);
  BOOST_TEST(count_of(pin) == 0U);
}

BOOST_AUTO_TEST_CASE(flags_are_one_kind_of_data_and_one_action) {
  World world;
  for (std::uint32_t flags = 0; flags < 64; ++flags) {
    const auto data = flags & 7;
    const auto action = flags & 0x38;
    const bool single =
        (data == 1 || data == 2 || data == 4) && (action == 8 || action == 16 || action == 32);
    const Bytes bools(data == 2 ? 1 : 0);
    const int error = set(world.irqs, flags, wire::irq_intx, 0, 1, bools);
    // An event that masks or unmasks is right in itself, and not there.
    const int expected = !single ? EINVAL : data == 4 && action != 32 ? ENOTSUP : 0;
    BOOST_TEST(error == expected, "flags " << flags);
  }
  BOOST_TEST(set(world.irqs, 0x40 | wire::irq_data_none | wire::irq_trigger, 0, 0, 1) == EINVAL);
}

// QEMU under KVM asks for it, is told so, and unmasks by message (hw/vfio/pci.c,
// vfio_intx_enable_kvm). It used to be read from a body that ends before it.
BOOST_AUTO_TEST_CASE(an_event_that_unmasks_is_refused_and_closed) {
  World world;
  const std::size_t before = testing::open_descriptors();
  for (const std::uint32_t action : {wire::irq_mask, wire::irq_unmask})
    BOOST_TEST(set(world.irqs, wire::irq_data_eventfd | action, wire::irq_intx, 0, 1, {},
                   only(event())) == ENOTSUP);
  BOOST_TEST(testing::open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(only_the_pin_has_a_mask) {
  World world;
  for (const std::uint32_t index : {wire::irq_msi, wire::irq_msix})
    for (const std::uint32_t action : {wire::irq_mask, wire::irq_unmask})
      BOOST_TEST(set(world.irqs, wire::irq_data_none | action, index, 0, 1) == EINVAL);
}

BOOST_AUTO_TEST_CASE(vectors_that_are_not_there_are_refused) {
  World world;
  constexpr std::uint32_t flags = wire::irq_data_none | wire::irq_trigger;
  const std::uint32_t huge = 0xffffffff;
  for (const auto& [index, start, count] : {std::tuple{0U, 1U, 1U},
                                            {0U, 0U, 2U},
                                            {1U, 4U, 1U},
                                            {1U, 0U, 5U},
                                            {1U, 3U, 2U},
                                            {2U, 15U, 2U},
                                            {2U, 0U, huge},
                                            {2U, huge, 1U},
                                            {2U, huge, huge},
                                            {2U, 1U, huge},
                                            {3U, 0U, 1U},
                                            {3U, 0U, 0U},
                                            {4U, 0U, 1U},
                                            {5U, 0U, 0U},
                                            {huge, 0U, 1U}})
    BOOST_TEST(set(world.irqs, flags, index, start, count) == EINVAL,
               index << " " << start << " " << count);
}

BOOST_AUTO_TEST_CASE(a_count_of_zero_means_only_one_thing) {
  World world;
  BOOST_TEST(set(world.irqs, wire::irq_data_none | wire::irq_trigger, 1, 2, 0) == EINVAL);
  BOOST_TEST(set(world.irqs, wire::irq_data_none | wire::irq_mask, 0, 0, 0) == EINVAL);
  BOOST_TEST(set(world.irqs, wire::irq_data_bool | wire::irq_trigger, 1, 0, 0) == EINVAL);
  BOOST_TEST(set(world.irqs, by_event, 1, 0, 0) == EINVAL);
}

BOOST_AUTO_TEST_CASE(bools_are_as_many_as_vectors) {
  World world;
  constexpr std::uint32_t flags = wire::irq_data_bool | wire::irq_trigger;
  BOOST_TEST(set(world.irqs, flags, wire::irq_msi, 0, 4, Bytes(3)) == EINVAL);
  BOOST_TEST(set(world.irqs, flags, wire::irq_msi, 0, 4, Bytes(5)) == EINVAL);
  BOOST_TEST(set(world.irqs, flags, wire::irq_msi, 0, 4) == EINVAL);
  BOOST_TEST(set(world.irqs, flags, wire::irq_msi, 0, 4, Bytes(4)) == 0);
}

BOOST_AUTO_TEST_CASE(descriptors_are_as_many_as_vectors_and_come_only_as_such) {
  World world;
  const std::size_t before = testing::open_descriptors();
  BOOST_TEST(set(world.irqs, by_event, wire::irq_msi, 0, 2, {}, only(event())) == EINVAL);
  BOOST_TEST(set(world.irqs, wire::irq_data_none | wire::irq_trigger, wire::irq_msi, 0, 1, {},
                 only(event())) == EINVAL);
  BOOST_TEST(testing::open_descriptors() == before);
  BOOST_TEST(!world.irqs.raise(wire::irq_msi, 0));
}

// A full pipe would block a write to it, a socket without its other end would kill by SIGPIPE.
BOOST_AUTO_TEST_CASE(what_is_no_eventfd_is_refused_and_changes_nothing) {
  World world;
  const Fd good = event();
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&good}) == 0);
  int pipe[2];
  int sockets[2];
  BOOST_REQUIRE(::pipe(pipe) == 0);
  BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  for (const int raw : {pipe[0], pipe[1], sockets[0], sockets[1]})
    BOOST_TEST(set(world.irqs, by_event, wire::irq_msi, 0, 1, {}, only(Fd::adopt(raw))) == EINVAL);
  BOOST_TEST(set(world.irqs, by_event, wire::irq_msi, 0, 1, {},
                 only(memory_file("file", 8).value())) == EINVAL);
  BOOST_TEST(set(world.irqs, by_event, wire::irq_msi, 0, 1, {},
                 only(open_file("/dev/null", O_WRONLY).value())) == EINVAL);
  BOOST_TEST(world.irqs.raise(wire::irq_msi, 0));
  BOOST_TEST(count_of(good) == 1U);
}

// A write to a full counter waits until somebody reads it, which nobody may.
BOOST_AUTO_TEST_CASE(an_event_that_would_block_is_pending_and_waits_for_nobody) {
  World world;
  const Fd full = event(true);
  const std::uint64_t most = 0xfffffffffffffffe;
  BOOST_REQUIRE(::write(full.get(), &most, sizeof most) == sizeof most);
  BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&full}) == 0);
  BOOST_TEST(world.irqs.raise(wire::irq_msi, 0));
  BOOST_TEST(count_of(full) == most);
  BOOST_TEST(world.irqs.raise(wire::irq_msi, 0));
  BOOST_TEST(count_of(full) == 1U);
}

BOOST_AUTO_TEST_CASE(descriptors_are_as_many_as_connected_vectors) {
  const std::size_t before = testing::open_descriptors();
  {
    World world;
    const Fd one = event();
    for (int i = 0; i < 100; ++i) {
      BOOST_TEST(connect(world.irqs, wire::irq_msi, 0, {&one, &one, &one, &one}) == 0);
      BOOST_TEST(connect(world.irqs, wire::irq_msix, 8, {&one}) == 0);
    }
    BOOST_TEST(testing::open_descriptors() == before + 2 + 5);
  }
  BOOST_TEST(testing::open_descriptors() == before);
}

BOOST_AUTO_TEST_SUITE_END()
