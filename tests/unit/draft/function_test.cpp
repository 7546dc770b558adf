// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/function.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/draft/made_up.hpp"

namespace quiesce::draft {

BOOST_AUTO_TEST_SUITE(draft_function)

BOOST_AUTO_TEST_CASE(a_modalias_is_what_the_kernel_makes_of_the_same_bytes) {
  BOOST_TEST(modalias_of(made_up::card()) ==
             "pci:v00008086d000010C9sv00001AF4sd00001100bc02sc00i01");
}

BOOST_AUTO_TEST_CASE(classes_bars_and_capabilities_have_words) {
  BOOST_TEST(class_words(made_up::card()) == "Ethernet controller (class 020001)");
  BOOST_TEST(class_words(PciConfig(made_up::bytes(0x0280))) == "network controller (class 028001)");
  BOOST_TEST(class_words(PciConfig(made_up::bytes(0x4a00))) == "class 4a0001");
  BOOST_TEST(bar_words({{0, false, 131072}, {2, true, 32}}) ==
             "BAR 0: 128 KiB of memory; BAR 2: 32 bytes of I/O ports");
  BOOST_TEST(bar_words({}) == "no BAR");
  BOOST_TEST(capability_words(made_up::card()) == "PM, MSI");
  BOOST_TEST(capability_words(PciConfig(std::vector<std::byte>(64))) == "none");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::draft
