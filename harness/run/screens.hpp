// SPDX-License-Identifier: GPL-2.0-or-later
// The screen at the marks, and in between.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/observe/font.hpp"
#include "harness/run/sides.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

using Devices = std::vector<scenario::PlannedDevice>;

/// screen/NAME.png and, with the font, screen/NAME.txt. Does nothing without a display device.
Result<void> take_screen(GuestControl& control, Recorder& recorder, Waits& waits,
                         const Devices& devices, const std::string& name,
                         const nlohmann::json& font);
/// take_screen(), and beside it screen/vcs-ROLE.json: what the guest's kernel believes is on its
/// screen. The kernel writes while it is asked, so both are taken as a pair, again until the text
/// is the same before and after the picture and the picture shows it, or five times.
Result<void> take_screen_pair(const GuestSide& guest, GuestControl& control, const Devices& devices,
                              const std::string& name, const nlohmann::json& font);

/// Whether all pixels of a PPM picture have one colour.
bool is_uniform(std::string_view picture);

/// Whether one of them shows a picture.
using scenario::has_display;

/// Notes once a second, until it goes, whether the screen still shows what it showed at the
/// handover.
class ScreenSampler {
 public:
  /// `font`: the production kernel's, by which the samples are read.
  ScreenSampler(Loop& loop, GuestControl& control, Recorder& recorder, Waits& waits,
                const nlohmann::json& font);
  /// Takes the picture that the others are compared with. Does nothing without a display device.
  Result<void> start(const Devices& devices);

 private:
  void sample();
  /// What of it is text, into the sample.
  void read(const std::string& picture, record::event::ScreenSample& sample) const;

  Loop& loop_;
  GuestControl& control_;
  Recorder& recorder_;
  Waits& waits_;
  std::optional<observe::Font> font_;
  std::string first_;
  std::string last_;
  double asked_t_ = 0;
  /// Of the last sample: a picture that has not changed is not read again.
  std::optional<std::uint64_t> cells_, unreadable_;
  Loop::Watch timer_;
};

}  // namespace quiesce::run
