// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/mention.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::scenario {

BOOST_AUTO_TEST_SUITE(scenario_mention)

BOOST_AUTO_TEST_CASE(a_word_stands_by_itself_in_either_spelling) {
  BOOST_TEST(names_word("usb 1-1: using xhci_hcd", "xhci-hcd"));
  BOOST_TEST(!names_word("e1000e: x", "e1000"));
  BOOST_TEST(!names_word("x", ""));
}

BOOST_AUTO_TEST_CASE(a_line_is_about_a_device_by_its_address_its_driver_or_a_module) {
  PlannedDevice device;
  device.address = {.device = 3};
  device.profile.driver = "snd_hda_intel";
  device.profile.modules = {"snd-hda-codec-generic"};
  BOOST_TEST(mentions("pcieport 0000:00:03.0: AER", device));
  BOOST_TEST(mentions("snd-hda-intel: no codecs", device));
  BOOST_TEST(mentions("snd_hda_codec_generic hdaudioC0D0: autoconfig", device));
  BOOST_TEST(!mentions("snd_hda_intel_dsp: x", device));
  BOOST_TEST(!mentions("0000:00:03.1: x", device));
}

BOOST_AUTO_TEST_CASE(modules_are_the_same_in_either_spelling) {
  BOOST_TEST(quiesce::scenario::same_module("snd_hda_intel", "snd-hda-intel"));
  BOOST_TEST(!quiesce::scenario::same_module("snd_hda_intel", "snd-hda"));
  BOOST_TEST(!quiesce::scenario::same_module("e1000", "e1000e"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::scenario
