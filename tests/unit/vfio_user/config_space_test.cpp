// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/config_space.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_config_space)

using namespace quiesce;
using namespace quiesce::vfio_user;

namespace {

ConfigSpace full() {
  return ConfigSpace::build(testing::Probe::full_layout()).value();
}

Layout small() {
  return {.vendor = 0x1234, .device = 1};
}

/// What build() says of a small layout with one thing changed.
std::string said_of(const std::function<void(Layout&)>& change) {
  Layout layout = small();
  change(layout);
  const auto built = ConfigSpace::build(layout);
  if (built) return "nothing";
  BOOST_TEST((built.error().code() == Errc::invalid_input));
  return built.error().message();
}

/// That build() names a mistake.
void check_mistake(const std::string& named, const std::function<void(Layout&)>& change) {
  const std::string said = said_of(change);
  BOOST_TEST(said.find(named) != std::string::npos, said << " does not name " << named);
}

std::uint16_t device_control(const ConfigSpace& space) {
  return static_cast<std::uint16_t>(*space.express_offset() + 8);
}

std::uint16_t pmcsr(const ConfigSpace& space) {
  return static_cast<std::uint16_t>(*space.pm_offset() + 4);
}

std::uint16_t aer(const ConfigSpace& space, unsigned offset) {
  return static_cast<std::uint16_t>(*space.aer_offset() + offset);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_header_says_what_the_layout_says) {
  const ConfigSpace space = full();
  BOOST_TEST(space.bytes().size() == 4096U);
  BOOST_TEST(space.read(0x00, 4) == 0x56781234U);
  BOOST_TEST(space.read(0x08, 4) == 0x02000003U);
  BOOST_TEST(space.read(0x0e, 1) == 0U);
  BOOST_TEST(space.read(0x2c, 4) == 0x11001af4U);
  BOOST_TEST(space.read(0x3d, 1) == 1U);
}

BOOST_AUTO_TEST_CASE(all_capabilities_are_in_the_list_at_their_offsets) {
  const ConfigSpace space = full();
  const PciConfig view = space.view();
  BOOST_TEST((view.status() & 0x10) != 0);
  BOOST_TEST(view.capability(0x01)->offset == *space.pm_offset());
  BOOST_TEST(view.capability(0x10)->offset == *space.express_offset());
  BOOST_TEST(view.capability(0x05)->offset == *space.msi_offset());
  BOOST_TEST(view.capability(0x11)->offset == *space.msix_offset());
  BOOST_TEST(view.extended_capability(0x01)->offset == *space.aer_offset());
  BOOST_TEST(view.capabilities().size() == 5U);
  for (const auto& capability : view.capabilities()) BOOST_TEST(capability.offset % 4 == 0);
  BOOST_TEST(view.has_flr());
}

BOOST_AUTO_TEST_CASE(a_function_without_capabilities_has_no_list_and_256_bytes) {
  const ConfigSpace space = ConfigSpace::build(small()).value();
  BOOST_TEST(space.bytes().size() == 256U);
  BOOST_TEST((space.view().status() & 0x10) == 0);
  BOOST_TEST(space.read(0x34, 1) == 0U);
  BOOST_TEST(!space.pm_offset().has_value());
  BOOST_TEST(!space.express_offset().has_value());
  BOOST_TEST(!space.msi_offset().has_value());
  BOOST_TEST(!space.msix_offset().has_value());
  BOOST_TEST(!space.aer_offset().has_value());
  BOOST_TEST(space.power_state() == 0);
}

BOOST_AUTO_TEST_CASE(bars_are_sized_as_a_kernel_sizes_them) {
  ConfigSpace space = full();
  for (const std::uint16_t at : {0x10, 0x14, 0x18, 0x1c, 0x20, 0x24})
    space.write(at, 4, 0xffffffff);
  BOOST_TEST(space.read(0x10, 4) == 0xfffff000U);
  BOOST_TEST(space.read(0x14, 4) == 0xffffc00cU);
  BOOST_TEST(space.read(0x18, 4) == 0xffffffffU);
  BOOST_TEST(space.read(0x1c, 4) == 0U);
  BOOST_TEST(space.read(0x20, 4) == 0xffffffe1U);
  BOOST_TEST(space.read(0x24, 4) == 0U);
  space.write(0x10, 4, 0xfebd0000);
  BOOST_TEST(space.read(0x10, 4) == 0xfebd0000U);
}

BOOST_AUTO_TEST_CASE(what_is_read_only_stays) {
  ConfigSpace space = full();
  const std::vector<std::byte> before(space.bytes().begin(), space.bytes().end());
  for (const std::uint16_t at : {0x00, 0x08, 0x2c, 0x34}) space.write(at, 4, 0);
  space.write(0x3d, 1, 0);
  space.write(*space.pm_offset(), 4, 0);
  space.write(*space.express_offset(), 8, 0);
  space.write(*space.msi_offset(), 2, 0);
  space.write(*space.msix_offset(), 2, 0);
  space.write(static_cast<std::uint16_t>(*space.msix_offset() + 4), 8, 0);
  space.write(*space.aer_offset(), 4, 0);
  BOOST_TEST(std::equal(before.begin(), before.end(), space.bytes().begin()));
}

BOOST_AUTO_TEST_CASE(the_command_register_takes_what_an_endpoint_has) {
  ConfigSpace space = full();
  space.write(0x04, 2, 0xffff);
  BOOST_TEST(space.read(0x04, 2) == 0x0547U);
  BOOST_TEST(space.bus_master());
  BOOST_TEST(space.memory_enabled());
  space.write(0x04, 1, 0);
  BOOST_TEST(space.read(0x04, 2) == 0x0500U);
  BOOST_TEST(!space.bus_master());
  BOOST_TEST(!space.memory_enabled());
}

BOOST_AUTO_TEST_CASE(status_bits_are_cleared_by_writing_one_and_set_by_the_device_alone) {
  ConfigSpace space = full();
  space.write(0x06, 2, 0xffff);
  BOOST_TEST(space.read(0x06, 2) == 0x0010U);
  space.set(0x06, 2, 0xf910);
  space.write(0x06, 2, 0x8000);
  BOOST_TEST(space.read(0x06, 2) == 0x7910U);
  // A dword write to Command touches Status too: zeroes there clear nothing.
  space.write(0x04, 4, 0x00000007);
  BOOST_TEST(space.read(0x06, 2) == 0x7910U);
}

BOOST_AUTO_TEST_CASE(any_width_and_alignment_inside_is_read_and_outside_is_all_ones) {
  const ConfigSpace space = full();
  BOOST_TEST(space.read(0x01, 1) == 0x12U);
  BOOST_TEST(space.read(0x01, 2) == 0x7812U);
  BOOST_TEST(space.read(0x00, 8) == 0x0010000056781234U);
  BOOST_TEST(space.read(4095, 1) == 0U);
  BOOST_TEST(space.read(4095, 2) == ~std::uint64_t{0});
  BOOST_TEST(space.read(0xffff, 8) == ~std::uint64_t{0});
  BOOST_TEST(space.read(0, 0) == ~std::uint64_t{0});
  BOOST_TEST(space.read(0, 9) == ~std::uint64_t{0});
}

BOOST_AUTO_TEST_CASE(writes_beyond_the_end_change_nothing) {
  ConfigSpace space = full();
  const std::vector<std::byte> before(space.bytes().begin(), space.bytes().end());
  space.write(4094, 8, ~std::uint64_t{0});
  space.write(0xffff, 8, ~std::uint64_t{0});
  space.write(0x04, 9, ~std::uint64_t{0});
  space.set(4095, 2, 0x1111);
  space.set(0, 9, 0);
  BOOST_TEST(std::equal(before.begin(), before.end(), space.bytes().begin()));
}

BOOST_AUTO_TEST_CASE(msi_takes_enable_vectors_address_data_and_mask) {
  ConfigSpace space = full();
  const std::uint16_t at = *space.msi_offset();
  for (unsigned offset = 2; offset < 24; offset += 2)
    space.write(static_cast<std::uint16_t>(at + offset), 2, 0xffff);
  BOOST_TEST(space.read(static_cast<std::uint16_t>(at + 2), 2) == 0x01f5U);
  BOOST_TEST(space.read(static_cast<std::uint16_t>(at + 4), 8) == 0xfffffffffffffffcU);
  BOOST_TEST(space.read(static_cast<std::uint16_t>(at + 12), 2) == 0xffffU);
  BOOST_TEST(space.read(static_cast<std::uint16_t>(at + 16), 4) == 0xfU);
  BOOST_TEST(space.view().interrupts().msi);
}

BOOST_AUTO_TEST_CASE(a_32_vector_msi_has_32_mask_bits) {
  Layout layout = small();
  layout.msi = Layout::Msi{.vectors = 32, .maskable = true};
  ConfigSpace space = ConfigSpace::build(layout).value();
  const auto mask = static_cast<std::uint16_t>(*space.msi_offset() + 16);
  space.write(mask, 4, 0xffffffff);
  BOOST_TEST(space.read(mask, 4) == 0xffffffffU);
}

BOOST_AUTO_TEST_CASE(msix_takes_enable_and_function_mask) {
  ConfigSpace space = full();
  const auto control = static_cast<std::uint16_t>(*space.msix_offset() + 2);
  space.write(control, 2, 0xffff);
  BOOST_TEST(space.read(control, 2) == 0xc00fU);
  BOOST_TEST(space.read(static_cast<std::uint16_t>(control + 2), 4) == 0x1001U);
  BOOST_TEST(space.read(static_cast<std::uint16_t>(control + 6), 4) == 0x2001U);
}

BOOST_AUTO_TEST_CASE(a_function_level_reset_is_asked_for_by_byte_word_or_dword) {
  const ConfigSpace space = full();
  const std::uint16_t at = device_control(space);
  const auto before = [&](int bytes) { return static_cast<std::uint16_t>(at - bytes); };
  const auto behind = [&](int bytes) { return static_cast<std::uint16_t>(at + bytes); };
  BOOST_TEST(space.starts_flr(behind(1), 1, 0x80));
  BOOST_TEST(space.starts_flr(at, 2, 0x8000));
  BOOST_TEST(space.starts_flr(at, 4, 0x00008000));
  BOOST_TEST(space.starts_flr(before(4), 8, 0x800000000000));
  BOOST_TEST(!space.starts_flr(behind(1), 1, 0x7f));
  BOOST_TEST(!space.starts_flr(at, 1, 0x80));
  BOOST_TEST(!space.starts_flr(at, 2, 0x7fff));
  BOOST_TEST(!space.starts_flr(behind(2), 2, 0xffff));
  BOOST_TEST(!space.starts_flr(before(2), 2, 0xffff));
  BOOST_TEST(!space.starts_flr(before(4), 4, 0xffffffff));
}

BOOST_AUTO_TEST_CASE(without_the_capability_there_is_no_function_level_reset) {
  Layout layout = small();
  layout.express = Layout::Express{.flr = false};
  const ConfigSpace space = ConfigSpace::build(layout).value();
  BOOST_TEST(!space.view().has_flr());
  BOOST_TEST(!space.starts_flr(device_control(space), 2, 0x8000));
  BOOST_TEST(!ConfigSpace::build(small()).value().starts_flr(0x48, 2, 0xffff));
}

BOOST_AUTO_TEST_CASE(the_bit_that_starts_a_reset_reads_as_zero) {
  ConfigSpace space = full();
  space.write(device_control(space), 2, 0xffff);
  BOOST_TEST(space.read(device_control(space), 2) == 0x7fffU);
}

// D1 and D2 are not in the capability: software that asks for them must not get them.
BOOST_AUTO_TEST_CASE(only_power_states_that_are_there_are_entered) {
  ConfigSpace space = full();
  for (const unsigned state : {1U, 2U}) {
    space.write(pmcsr(space), 2, state);
    BOOST_TEST(space.power_state() == 0);
  }
  space.write(pmcsr(space), 2, 3);
  BOOST_TEST(space.power_state() == 3);
  BOOST_TEST(space.view().power_state().value() == 3);
  for (const unsigned state : {1U, 2U}) {
    space.write(pmcsr(space), 2, state);
    BOOST_TEST(space.power_state() == 3);
  }
  space.write(pmcsr(space), 1, 0);
  BOOST_TEST(space.power_state() == 0);
}

BOOST_AUTO_TEST_CASE(no_soft_reset_is_told) {
  Layout layout = small();
  layout.pm = Layout::Pm{.no_soft_reset = true};
  const ConfigSpace space = ConfigSpace::build(layout).value();
  BOOST_TEST(space.read(pmcsr(space), 2) == 0x8U);
}

BOOST_AUTO_TEST_CASE(transactions_pending_is_the_devices_to_set) {
  ConfigSpace space = full();
  space.set_transactions_pending(true);
  BOOST_TEST(space.view().transactions_pending().value());
  // Not write-one-to-clear, unlike its neighbours.
  space.write(static_cast<std::uint16_t>(device_control(space) + 2), 2, 0xffff);
  BOOST_TEST(space.view().transactions_pending().value());
  space.set_transactions_pending(false);
  BOOST_TEST(!space.view().transactions_pending().value());
  ConfigSpace none = ConfigSpace::build(small()).value();
  none.set_transactions_pending(true);
  BOOST_TEST(!none.view().transactions_pending().has_value());
}

BOOST_AUTO_TEST_CASE(error_bits_and_masks_survive_a_function_level_reset) {
  ConfigSpace space = full();
  space.set(aer(space, 4), 4, 0x00040000);
  space.set(aer(space, 0x1c), 4, 0x12345678);
  space.write(aer(space, 8), 4, 0x00100000);
  space.write(aer(space, 12), 4, 0x00062030 | 0x1000);
  space.reset(ConfigSpace::Reset::sticky);
  BOOST_TEST(space.read(aer(space, 4), 4) == 0x00040000U);
  BOOST_TEST(space.read(aer(space, 8), 4) == 0x00100000U);
  BOOST_TEST(space.read(aer(space, 12), 4) == 0x00063030U);
  BOOST_TEST(space.read(aer(space, 0x1c), 4) == 0x12345678U);
  BOOST_TEST(space.view().aer()->uncorrectable == 0x00040000U);
  space.write(aer(space, 4), 4, 0xffffffff);
  BOOST_TEST(space.read(aer(space, 4), 4) == 0U);
}

// PCIe 6.0 section 6.6.2 names them: a link that FLR retrained would not be the function's own.
BOOST_AUTO_TEST_CASE(payload_size_and_link_control_survive_a_function_level_reset) {
  ConfigSpace space = full();
  const auto link_control = static_cast<std::uint16_t>(*space.express_offset() + 16);
  space.write(device_control(space), 2, 0x283f);
  space.write(link_control, 2, 0x0043);
  space.reset(ConfigSpace::Reset::sticky);
  BOOST_TEST(space.read(device_control(space), 2) == 0x2830U);
  BOOST_TEST(space.read(link_control, 2) == 0x0043U);
}

BOOST_AUTO_TEST_CASE(everything_else_is_at_its_default_after_a_reset) {
  ConfigSpace space = full();
  space.write(0x04, 2, 0xffff);
  space.write(0x10, 4, 0xfebd0000);
  space.write(0x3c, 1, 11);
  space.set(0x06, 2, 0xf918);
  space.write(pmcsr(space), 2, 3);
  space.write(static_cast<std::uint16_t>(*space.msi_offset() + 2), 2, 1);
  space.write(static_cast<std::uint16_t>(*space.msix_offset() + 2), 2, 0x8000);
  space.set_transactions_pending(true);
  space.reset(ConfigSpace::Reset::sticky);
  const ConfigSpace fresh = full();
  BOOST_TEST(std::equal(space.bytes().begin(), space.bytes().end(), fresh.bytes().begin()));
}

BOOST_AUTO_TEST_CASE(a_cold_reset_leaves_nothing) {
  ConfigSpace space = full();
  for (std::uint16_t at = 0; at < 4096; at = static_cast<std::uint16_t>(at + 8))
    space.write(at, 8, ~std::uint64_t{0});
  space.set(aer(space, 4), 4, 0xffffffff);
  space.reset(ConfigSpace::Reset::cold);
  const ConfigSpace fresh = full();
  BOOST_TEST(std::equal(space.bytes().begin(), space.bytes().end(), fresh.bytes().begin()));
}

BOOST_AUTO_TEST_CASE(each_mistake_in_a_bar_is_named) {
  const auto bar = [](int at, Bar what) {
    return [at, what](Layout& layout) { layout.bars[at] = what; };
  };
  using Kind = Bar::Kind;
  check_mistake("BAR 2: its size is no power of two", bar(2, {Kind::memory32, 3 * 4096}));
  check_mistake("BAR 2: its size is no power of two", bar(2, {Kind::memory64, 0}));
  check_mistake("BAR 0: a memory BAR has at least 16 bytes", bar(0, {Kind::memory32, 8}));
  check_mistake("BAR 0: a 32-bit BAR has at most 2 GiB", bar(0, {Kind::memory32, 1ULL << 32}));
  check_mistake("BAR 3: an I/O BAR has 4 to 256 bytes", bar(3, {Kind::io, 512}));
  check_mistake("BAR 3: an I/O BAR has 4 to 256 bytes", bar(3, {Kind::io, 2}));
  check_mistake("BAR 3: I/O is not prefetchable", bar(3, {Kind::io, 16, true}));
  check_mistake("BAR 5: a 64-bit BAR needs the next one too", bar(5, {Kind::memory64, 4096}));
  check_mistake("BAR 1: it has a size and no kind", bar(1, {Kind::none, 4096}));
  check_mistake("BAR 3: it is the upper half of BAR 2", [](Layout& layout) {
    layout.bars[2] = {Kind::memory64, 4096};
    layout.bars[3] = {Kind::memory32, 4096};
  });
}

BOOST_AUTO_TEST_CASE(the_largest_and_smallest_bars_are_no_mistake) {
  BOOST_TEST(said_of([](Layout& layout) {
               layout.bars[0] = {Bar::Kind::memory32, 1ULL << 31};
               layout.bars[1] = {Bar::Kind::io, 4};
               layout.bars[2] = {Bar::Kind::io, 256};
               layout.bars[3] = {Bar::Kind::memory32, 16};
               layout.bars[4] = {Bar::Kind::memory64, 1ULL << 63};
             }) == "nothing");
}

BOOST_AUTO_TEST_CASE(each_mistake_in_the_identity_and_capabilities_is_named) {
  check_mistake("vendor 0xffff", [](Layout& layout) { layout.vendor = 0xffff; });
  check_mistake("a class code has 24 bits", [](Layout& layout) { layout.class_code = 0x1000000; });
  check_mistake("interrupt pins are 0 to 4", [](Layout& layout) { layout.interrupt_pin = 5; });
  check_mistake("AER needs PCI Express", [](Layout& layout) { layout.aer = true; });
  check_mistake("maximum payload", [](Layout& layout) {
    layout.express = Layout::Express{.flr = true, .max_payload = 6};
  });
  for (const std::uint8_t vectors : {0, 3, 64})
    check_mistake("MSI has 1, 2, 4, 8, 16 or 32 vectors",
                  [vectors](Layout& layout) { layout.msi = Layout::Msi{.vectors = vectors}; });
}

BOOST_AUTO_TEST_CASE(each_mistake_in_msix_is_named) {
  const auto msix = [](Layout::Msix what) {
    return [what](Layout& layout) {
      layout.bars[1] = {Bar::Kind::memory32, 4096};
      layout.bars[2] = {Bar::Kind::io, 64};
      layout.msix = what;
    };
  };
  BOOST_TEST(said_of(msix({.vectors = 128})) == "nothing");
  check_mistake("MSI-X has 1 to 2048 vectors", msix({.vectors = 0}));
  check_mistake("MSI-X has 1 to 2048 vectors", msix({.vectors = 2049}));
  check_mistake("MSI-X table: BAR 0 is no memory BAR", msix({.table_bar = 0}));
  check_mistake("MSI-X table: BAR 6 is no memory BAR", msix({.table_bar = 6}));
  check_mistake("MSI-X table: BAR -1 is no memory BAR", msix({.table_bar = -1}));
  check_mistake("MSI-X pending bits: BAR 2 is no memory BAR", msix({.pending_bar = 2}));
  check_mistake("MSI-X table: offset 0x4 is no multiple of 8", msix({.table_offset = 4}));
  check_mistake("MSI-X pending bits: offset 0x801", msix({.pending_offset = 0x801}));
  check_mistake("MSI-X table does not fit into BAR 1",
                msix({.vectors = 2, .table_offset = 4096 - 16, .pending_offset = 0}));
  check_mistake("MSI-X table does not fit into BAR 1", msix({.table_offset = 0xfffffff8}));
  check_mistake("MSI-X pending bits does not fit into BAR 1", msix({.pending_offset = 4096}));
  check_mistake("MSI-X table and pending bits overlap", msix({.vectors = 129}));
  check_mistake("MSI-X table and pending bits overlap",
                msix({.vectors = 65, .table_offset = 0x10, .pending_offset = 0x8}));
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_named_at_once) {
  const std::string said = said_of([](Layout& layout) {
    layout.interrupt_pin = 9;
    layout.aer = true;
    layout.bars[0] = {Bar::Kind::memory32, 100};
  });
  BOOST_TEST(said ==
             "PCI configuration space: BAR 0: its size is no power of two; interrupt pins are 0 to "
             "4; AER needs PCI Express");
}

BOOST_AUTO_TEST_SUITE_END()
