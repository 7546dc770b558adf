// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <string>

#include "harness/record/tone.hpp"
#include "harness/record/wav.hpp"

BOOST_AUTO_TEST_SUITE(record_sound)

using namespace quiesce;
using namespace quiesce::record;

namespace {

void put(std::string& text, std::uint32_t value, int width) {
  for (int i = 0; i < width; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

struct Header {
  std::uint32_t size = 0;  ///< of the data; 0 as QEMU leaves it when it is killed
  std::uint32_t channels = 1;
  std::uint32_t rate = 8000;
  std::uint32_t bits = 16;
  std::uint32_t coding = 1;
};

std::string wav(const Header& header, const std::string& data) {
  std::string text = "RIFF";
  put(text, 0, 4);
  text += "WAVEfmt ";
  put(text, 16, 4);
  put(text, header.coding, 2);
  put(text, header.channels, 2);
  put(text, header.rate, 4);
  put(text, header.rate * header.channels * header.bits / 8, 4);
  put(text, header.channels * header.bits / 8, 2);
  put(text, header.bits, 2);
  text += "data";
  put(text, header.size, 4);
  return text + data;
}

Result<Sound> read(const std::string& file) {
  return read_wav({reinterpret_cast<const std::byte*>(file.data()), file.size()});
}

void play(Sound& sound, double hertz, double seconds, double amplitude) {
  const auto count = static_cast<int>(seconds * sound.rate);
  for (int i = 0; i < count; ++i)
    sound.samples.push_back(static_cast<std::int16_t>(
        std::lround(32767 * amplitude * std::sin(2 * std::numbers::pi * hertz * i / sound.rate))));
}

}  // namespace

BOOST_AUTO_TEST_CASE(samples_reach_to_the_end_of_a_file_whose_header_was_never_finished) {
  const std::string data("\x01\x00\xff\xff\x00\x80\x07", 7);
  for (const std::uint32_t size : {0U, 0xffffffffU, 0x7fffff00U}) {
    const auto sound = read(wav({.size = size}, data));
    BOOST_REQUIRE(sound);
    BOOST_TEST((sound->samples == std::vector<std::int16_t>{1, -1, -32768}));
    BOOST_TEST(sound->rate == 8000);
  }
}

BOOST_AUTO_TEST_CASE(a_finished_header_is_obeyed) {
  BOOST_TEST(read(wav({.size = 2}, std::string(4, '\x01')))->samples.size() == 1U);
}

BOOST_AUTO_TEST_CASE(channels_are_mixed_and_bytes_are_widened) {
  const auto stereo = read(wav({.channels = 2}, std::string("\x64\x00\x00\x00", 4)));
  BOOST_TEST((stereo->samples == std::vector<std::int16_t>{50}));
  const auto bytes = read(wav({.bits = 8}, std::string("\x00\x80\xff", 3)));
  BOOST_TEST((bytes->samples == std::vector<std::int16_t>{-32768, 0, 127 * 256}));
}

BOOST_AUTO_TEST_CASE(files_that_are_damaged_or_of_another_kind_are_refused) {
  const std::string good = wav({}, "");
  BOOST_TEST(read(good)->samples.empty());
  for (std::size_t length = 0; length < good.size(); ++length)
    BOOST_TEST(!read(good.substr(0, length)).has_value(), length);
  for (const Header& header : {Header{.channels = 0}, Header{.channels = 9}, Header{.rate = 0},
                               Header{.bits = 24}, Header{.bits = 0}, Header{.coding = 3}})
    BOOST_TEST(!read(wav(header, "abcd")).has_value());
}

BOOST_AUTO_TEST_CASE(a_pure_tone_is_measured) {
  Sound sound{.rate = 8000};
  play(sound, 440, 0.3, 0.5);
  const auto windows = tone(sound, 440);
  BOOST_REQUIRE(windows.size() == 3U);
  for (const auto& window : windows) {
    BOOST_TEST(window.amplitude == 0.5, boost::test_tools::tolerance(0.01));
    BOOST_TEST(window.share == 1.0, boost::test_tools::tolerance(0.01));
  }
  for (const auto& window : tone(sound, 880)) BOOST_TEST(window.amplitude < 0.001);
}

BOOST_AUTO_TEST_CASE(it_is_told_when_which_tone_was_heard) {
  Sound sound{.rate = 8000};
  play(sound, 440, 1.0, 0.2);
  play(sound, 440, 0.5, 0);
  play(sound, 880, 0.7, 0.2);
  play(sound, 440, 0.3, 0.2);
  const auto low = tone_heard(tone(sound, 440));
  BOOST_REQUIRE(low.size() == 2U);
  BOOST_TEST(low[0].begin == 0.0);
  BOOST_TEST(std::abs(low[0].end - 1.0) < 1e-6);
  BOOST_TEST(std::abs(low[1].begin - 2.2) < 1e-6);
  const auto high = tone_heard(tone(sound, 880));
  BOOST_REQUIRE(high.size() == 1U);
  BOOST_TEST(std::abs(high[0].begin - 1.5) < 1e-6);
  BOOST_TEST(std::abs(high[0].end - 2.2) < 1e-6);
}

BOOST_AUTO_TEST_CASE(silence_and_senseless_questions_have_no_tone) {
  Sound sound{.rate = 8000};
  play(sound, 440, 0.2, 0);
  BOOST_TEST(tone(sound, 440).size() == 2U);
  BOOST_TEST(tone_heard(tone(sound, 440)).empty());
  BOOST_TEST(tone(sound, 0).empty());
  BOOST_TEST(tone(sound, 4000).empty());
  BOOST_TEST(tone(sound, std::nan("")).empty());
  BOOST_TEST(tone(sound, 440, Seconds(0)).empty());
  BOOST_TEST(tone({}, 440).empty());
}

// ES1370 plays 880 Hz as 892; "device new" heard nothing of it and wrote that it does not play.
BOOST_AUTO_TEST_CASE(a_tone_of_a_divided_clock_is_found_where_it_is_and_another_tone_is_not) {
  Sound sound{.rate = 48000, .samples = {}};
  play(sound, 880 * 48662.0 / 48000, 1, 0.5);
  const HeardTone found = tone_near(sound, 880);
  BOOST_TEST(found.seconds > 0.8);
  BOOST_TEST(std::abs(found.hertz - 892) <= 6);
  BOOST_TEST(tone_near(sound, 830).seconds == 0);
  Sound right{.rate = 48000, .samples = {}};
  play(right, 880, 1, 0.5);
  BOOST_TEST(tone_near(right, 880).hertz == 880);
}

BOOST_AUTO_TEST_SUITE_END()
