// SPDX-License-Identifier: GPL-2.0-or-later
// Resets as a client brings them about.
#include <boost/test/unit_test.hpp>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_reset)

using namespace quiesce;
using namespace quiesce::vfio_user;
using namespace quiesce::vfio_user::testing;

namespace {

/// A client that has enabled Bus Master, memory, MSI and an interrupt line, and an error that the
/// device has logged.
struct Used {
  explicit Used(const Layout& layout = Probe::full_layout()) : stand({}, layout) {
    write(4, 0x0006, 2);
    write(0x3c, 11, 1);
    write(*config().msi_offset() + 2U, 1, 2);
    config().set(static_cast<std::uint16_t>(*config().aer_offset() + 4), 4, 0x00040000);
    stand.device.story.clear();
  }
  ConfigSpace& config() { return stand.host().config(); }
  std::uint32_t device_control() { return *config().express_offset() + 8U; }
  std::uint32_t pmcsr() { return *config().pm_offset() + 4U; }
  void write(std::uint32_t offset, std::uint64_t value, unsigned width) {
    BOOST_REQUIRE(client.write(wire::region_config, offset, value, width));
  }
  std::uint64_t read(std::uint32_t offset, unsigned width) {
    return client.read_number(wire::region_config, offset, width);
  }
  unsigned resets(const std::string& kind) {
    return static_cast<unsigned>(
        std::ranges::count(stand.device.story, std::string("reset ") + kind));
  }
  void check_at_defaults() {
    BOOST_TEST(read(4, 2) == 0U);
    BOOST_TEST(read(0x3c, 1) == 0U);
    BOOST_TEST((read(*config().msi_offset() + 2U, 2) & 1) == 0U);
  }
  void check_untouched() {
    BOOST_TEST(read(4, 2) == 6U);
    BOOST_TEST(read(0x3c, 1) == 11U);
    BOOST_TEST((read(*config().msi_offset() + 2U, 2) & 1) == 1U);
  }
  bool error_is_logged() { return read(*config().aer_offset() + 4U, 4) == 0x00040000; }

  Stand stand;
  Client client = stand.ready_client();
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_device_reset_puts_everything_back) {
  Used used;
  const auto got = used.client.call(wire::device_reset, {});
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST(got->header.error == 0U);
  BOOST_TEST(got->body.empty());
  BOOST_TEST((used.stand.device.story == std::vector<std::string>{"reset device"}));
  used.check_at_defaults();
  BOOST_TEST(!used.error_is_logged());
}

BOOST_AUTO_TEST_CASE(a_reset_without_effect_reports_success_and_changes_nothing) {
  Used used;
  used.stand.device.obeys_reset = false;
  BOOST_TEST(used.client.error_of(wire::device_reset, {}) == 0);
  used.write(used.device_control(), 0x8000 | used.read(used.device_control(), 2), 2);
  BOOST_TEST(used.resets("device") == 1U);
  BOOST_TEST(used.resets("flr") == 1U);
  used.check_untouched();
  BOOST_TEST(used.error_is_logged());
}

BOOST_AUTO_TEST_CASE(a_function_level_reset_comes_by_byte_word_and_dword_and_keeps_the_log) {
  for (const auto& [at, width, value] :
       {std::tuple{1U, 1U, 0x80U}, {0U, 2U, 0x8000U}, {0U, 4U, 0x8000U}}) {
    Used used;
    used.write(used.device_control() + at, value, width);
    BOOST_TEST(used.resets("flr") == 1U, width << " bytes");
    BOOST_TEST(used.stand.device.story.size() == 2U);
    used.check_at_defaults();
    BOOST_TEST(used.error_is_logged());
  }
}

// A write of the whole capability, as a restore of configuration space may make, is cut into
// dwords.
BOOST_AUTO_TEST_CASE(a_wide_write_over_device_control_resets_once) {
  Used used;
  used.write(*used.config().express_offset() + 8U, 0xffffffff00008000, 8);
  BOOST_TEST(used.resets("flr") == 1U);
}

BOOST_AUTO_TEST_CASE(other_bits_of_device_control_reset_nothing) {
  Used used;
  used.write(used.device_control(), 0x7fff, 2);
  used.write(used.device_control() + 2, 0xffff, 2);
  used.write(used.device_control(), 0x80, 1);
  BOOST_TEST(used.resets("flr") == 0U);
  used.check_untouched();
}

BOOST_AUTO_TEST_CASE(without_the_capability_the_bit_does_nothing) {
  Layout layout = Probe::full_layout();
  layout.express->flr = false;
  Used used(layout);
  used.write(used.device_control(), 0x8000, 2);
  BOOST_TEST(used.resets("flr") == 0U);
  used.check_untouched();
}

BOOST_AUTO_TEST_CASE(waking_up_from_d3hot_is_a_reset) {
  Used used;
  used.write(used.pmcsr(), 3, 2);
  BOOST_TEST(used.resets("pm") == 0U);
  used.write(used.pmcsr(), 0, 2);
  BOOST_TEST(used.resets("pm") == 1U);
  used.check_at_defaults();
  BOOST_TEST(used.error_is_logged());
  used.write(used.pmcsr(), 0, 2);
  BOOST_TEST(used.resets("pm") == 1U);
}

BOOST_AUTO_TEST_CASE(waking_up_is_no_reset_with_no_soft_reset) {
  Layout layout = Probe::full_layout();
  layout.pm->no_soft_reset = true;
  Used used(layout);
  used.write(used.pmcsr(), 3, 2);
  used.write(used.pmcsr(), 0, 2);
  BOOST_TEST(used.resets("pm") == 0U);
  used.check_untouched();
}

BOOST_AUTO_TEST_CASE(waking_up_by_a_byte_is_a_reset_too) {
  Used used;
  used.write(used.pmcsr(), 3, 1);
  used.write(used.pmcsr(), 0, 1);
  BOOST_TEST(used.resets("pm") == 1U);
}

// It brings D0 about, and that used to count as a second reset.
BOOST_AUTO_TEST_CASE(a_function_level_reset_in_d3hot_is_one_reset) {
  Used used;
  used.write(used.pmcsr(), 3, 2);
  used.write(used.device_control(), 0x8000, 2);
  BOOST_TEST(used.resets("flr") == 1U);
  BOOST_TEST(used.resets("pm") == 0U);
  BOOST_TEST((used.read(used.pmcsr(), 2) & 3) == 0U);
}

BOOST_AUTO_TEST_CASE(a_reset_lets_go_of_the_pin) {
  Used used;
  const Fd pin = event();
  const int raw_pin = pin.get();
  BOOST_TEST(used.client.error_of(wire::device_set_irqs, irqs_body(36, 0, 0, 1), {&raw_pin, 1}) ==
             0);
  used.stand.host().set_intx(true);
  BOOST_TEST(count_of(pin) == 1U);
  used.write(used.device_control(), 0x8000, 2);
  BOOST_TEST((used.read(6, 2) & 8) == 0U);
  BOOST_TEST(used.client.error_of(wire::device_set_irqs, irqs_body(17, 0, 0, 1)) == 0);
  BOOST_TEST(count_of(pin) == 0U);
}

BOOST_AUTO_TEST_CASE(memory_and_events_are_the_clients_and_stay_over_a_reset) {
  Used used;
  const Fd one = event();
  const Fd file = memory_file("guest", 4096).value();
  const int raw_event = one.get();
  const int raw_file = file.get();
  BOOST_TEST(used.client.error_of(wire::dma_map, map_body(0, 4096), {&raw_file, 1}) == 0);
  BOOST_TEST(used.client.error_of(wire::device_set_irqs, irqs_body(36, 1, 0, 1), {&raw_event, 1}) ==
             0);
  BOOST_TEST(used.client.error_of(wire::device_reset, {}) == 0);
  BOOST_TEST(used.stand.host().dma_write(0, bytes_of("x")).has_value());
  BOOST_TEST(used.stand.host().raise_msi(0));
  BOOST_TEST(count_of(one) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
