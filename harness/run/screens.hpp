// SPDX-License-Identifier: GPL-2.0-or-later
// The screen at the marks, and in between.
#pragma once

#include <string>
#include <string_view>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/run/sides.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

using Devices = std::vector<scenario::PlannedDevice>;

/// screen/NAME.png and, with the font, screen/NAME.txt. Does nothing without a display device.
Result<void> take_screen(GuestControl& control, Recorder& recorder, Waits& waits,
                         const Devices& devices, const std::string& name,
                         const nlohmann::json& font);
/// screen/vcs-ROLE.json: what the guest's kernel believes is on its screen.
Result<void> take_screen_truth(const GuestSide& guest, const Devices& devices);

/// Whether all pixels of a PPM picture have one colour.
bool is_uniform(std::string_view picture);

/// Whether one of them shows a picture.
using scenario::has_display;

/// Notes once a second, until it goes, whether the screen still shows what it showed at the
/// handover.
class ScreenSampler {
 public:
  ScreenSampler(Loop& loop, GuestControl& control, Recorder& recorder, Waits& waits)
      : loop_(loop), control_(control), recorder_(recorder), waits_(waits) {}
  /// Takes the picture that the others are compared with. Does nothing without a display device.
  Result<void> start(const Devices& devices);

 private:
  void sample();

  Loop& loop_;
  GuestControl& control_;
  Recorder& recorder_;
  Waits& waits_;
  std::string first_;
  std::string last_;
  double asked_t_ = 0;
  Loop::Watch timer_;
};

}  // namespace quiesce::run
