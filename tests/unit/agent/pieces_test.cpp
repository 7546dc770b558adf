// SPDX-License-Identifier: GPL-2.0-or-later
// The small pure parts: sysfs paths, sound, mixer, screen, PCI bytes.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "vm-images/agent/mixer.hpp"
#include "vm-images/agent/pci.hpp"
#include "vm-images/agent/pcm.hpp"
#include "vm-images/agent/screen.hpp"
#include "vm-images/agent/sysfs.hpp"
#include "vm-images/agent/work.hpp"

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

namespace {

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_device_lies_under_its_function_however_deep) {
  const PciAddress nic{.device = 3};
  BOOST_TEST(lies_under("/sys/devices/pci0000:00/0000:00:03.0/net/eth0", nic));
  BOOST_TEST(lies_under("/sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda", nic));
  BOOST_TEST(!lies_under("/sys/devices/pci0000:00/0000:00:03.1/net/eth0", nic));
  BOOST_TEST(!lies_under("/sys/devices/virtual/net/lo", nic));
}

BOOST_AUTO_TEST_CASE(a_disk_with_native_multipath_is_named_without_its_controller) {
  BOOST_TEST(multipath_disk("nvme0c1n2") == "nvme0n2");
  BOOST_TEST(multipath_disk("nvme10c0n1") == "nvme10n1");
  for (const char* name :
       {"nvme0n1", "nvme0", "nvme", "c0n1", "nvme0c", "nvme0c1", "nvme0c1n", "nvme0c1n1p1"})
    BOOST_TEST(multipath_disk(name).empty(), name);
}

BOOST_AUTO_TEST_CASE(a_second_of_sine_joins_itself_and_does_not_clip_when_doubled) {
  const auto frames = sine_second(440, 48'000);
  BOOST_REQUIRE_EQUAL(frames.size(), 48'000U);
  BOOST_TEST(frames.front()[0] == 0);
  const int step = std::abs(frames.back()[0] - frames.front()[0]);
  const int first_step = std::abs(frames[1][0] - frames[0][0]);
  BOOST_TEST(std::abs(step - first_step) <= 1);
  const auto loudest = *std::ranges::max_element(frames);
  BOOST_TEST(loudest[0] > 4000);
  BOOST_TEST(loudest[0] < 16'384);
  BOOST_TEST(loudest[0] == loudest[1]);
}

BOOST_AUTO_TEST_CASE(the_control_device_of_a_pcm_has_its_card_number) {
  BOOST_TEST(control_of("/dev/snd/pcmC0D0p") == "/dev/snd/controlC0");
  BOOST_TEST(control_of("/dev/snd/pcmC12D0p") == "/dev/snd/controlC12");
  for (const char* node : {"", "/dev/snd/pcmC", "/dev/snd/pcmCD0p", "/dev/null"})
    BOOST_TEST(control_of(node).empty(), node);
}

BOOST_AUTO_TEST_CASE(only_playback_is_turned_up) {
  BOOST_TEST((mixer_role("Master Playback Volume") == MixerRole::playback_volume));
  BOOST_TEST((mixer_role("PCM Playback Switch") == MixerRole::playback_switch));
  BOOST_TEST((mixer_role("Mic Capture Volume") == MixerRole::other));
}

BOOST_AUTO_TEST_CASE(glyphs_lose_the_rows_below_their_height) {
  std::vector<std::byte> raw(64);
  raw[0] = std::byte{1};
  raw[1] = std::byte{2};
  raw[2] = std::byte{9};
  raw[32] = std::byte{3};
  BOOST_TEST((pack_glyphs(raw, 8, 2, 2) == bytes_of({1, 2, 3, 0})));
}

BOOST_AUTO_TEST_CASE(wide_glyphs_have_two_bytes_a_row) {
  std::vector<std::byte> raw(128);
  raw[3] = std::byte{7};
  raw[64] = std::byte{8};
  BOOST_TEST((pack_glyphs(raw, 10, 2, 2) == bytes_of({0, 0, 0, 7, 8, 0, 0, 0})));
}

BOOST_AUTO_TEST_CASE(a_font_that_promises_more_than_it_has_is_cut) {
  BOOST_TEST(pack_glyphs(std::vector<std::byte>(40), 8, 16, 512).size() == 16U);
  BOOST_TEST(pack_glyphs(std::vector<std::byte>(32), 8, 200, 1).size() == 32U);
}

BOOST_AUTO_TEST_CASE(screen_cells_become_utf8) {
  const std::uint32_t cells[] = {'a', 0, 0xe9, 0x2588, 0x1f600, 0xd800, 0x110000};
  BOOST_TEST(cells_to_utf8(cells) == "a \u00e9\u2588\U0001f600\ufffd\ufffd");
}

BOOST_AUTO_TEST_CASE(marker_lines_show_all_printable_ascii) {
  const auto lines = marker_lines("vga-1");
  std::string all;
  for (const auto& line : lines) all += line;
  for (char code = 0x20; code < 0x7f; ++code) BOOST_TEST(all.find(code) != std::string::npos);
  BOOST_TEST(lines[0].find("vga-1") != std::string::npos);
  for (const auto& line : lines) BOOST_TEST(line.size() <= 80U);
}

BOOST_AUTO_TEST_CASE(only_zeros_at_the_end_are_cut) {
  const auto config = bytes_of({0, 1, 0, 2, 0, 0});
  BOOST_TEST(without_trailing_zeros(config).size() == 4U);
  BOOST_TEST(without_trailing_zeros(bytes_of({0, 0})).empty());
}

BOOST_AUTO_TEST_CASE(a_stopped_pace_does_not_wait) {
  std::stop_source source;
  source.request_stop();
  Pace pace(0.001);
  BOOST_TEST(!pace.next(source.get_token()));
  BOOST_TEST(!pace.next(source.get_token()));
}

BOOST_AUTO_TEST_SUITE_END()
