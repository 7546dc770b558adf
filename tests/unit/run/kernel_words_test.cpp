// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/kernel_words.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::run {

BOOST_AUTO_TEST_SUITE(run_kernel_words)

namespace {

scenario::PlannedDevice svga() {
  scenario::PlannedDevice device;
  device.name = "vga0";
  device.address = {0, 0, 2, 0};
  device.profile.driver = "vmwgfx";
  device.profile.modules = {"vmwgfx"};
  return device;
}

std::vector<record::answer::LogEntry> log_of(const std::vector<std::string>& texts) {
  std::vector<record::answer::LogEntry> log;
  for (const auto& text : texts) log.push_back({.sequence = log.size(), .text = text});
  return log;
}

}  // namespace

// "no driver bound to 0000:00:02.0", and the kernel's own line that said why was not told.
BOOST_AUTO_TEST_CASE(the_last_lines_about_the_device_are_told_in_their_order) {
  const auto lines = telling_lines(
      log_of({"vmwgfx 0000:00:02.0: one", "Hardware has no pitchlock", "vmwgfx 0000:00:02.0: two",
              "vmwgfx 0000:00:02.0: three", "vmwgfx: probe failed with error -38", "usb 1-1: new"}),
      {svga()});
  BOOST_TEST(
      (lines == std::vector<std::string>{"vmwgfx 0000:00:02.0: two", "vmwgfx 0000:00:02.0: three",
                                         "vmwgfx: probe failed with error -38"}));
}

BOOST_AUTO_TEST_CASE(of_a_device_that_the_log_does_not_name_the_last_lines_of_all_are_told) {
  const auto lines = telling_lines(log_of({"a", "b", "c", "d"}), {svga()});
  BOOST_TEST((lines == std::vector<std::string>{"b", "c", "d"}));
  BOOST_TEST(telling_lines({}, {svga()}).empty());
  const auto driver =
      telling_lines(log_of({"pci 0000:00:02.0: BAR 0", "scsi host0: ioc0"}), {svga()});
  BOOST_TEST((driver == std::vector<std::string>{"pci 0000:00:02.0: BAR 0", "scsi host0: ioc0"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::run
