// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/metronome.hpp"

#include <algorithm>
#include <utility>

namespace quiesce::models {

void Metronome::start(Loop& loop, Seconds period, std::function<void()> tick) {
  loop_ = &loop;
  going_ = true;
  period_ = left_ = period;
  tick_ = std::move(tick);
  if (!held_) arm();
}

void Metronome::stop() {
  going_ = false;
  watch_ = {};
}

void Metronome::hold(bool held) {
  if (held == held_) return;
  held_ = held;
  if (!going_) return;
  if (!held) return arm();
  left_ = std::max(Seconds(0), left_ - (loop_->now() - since_));
  watch_ = {};
}

void Metronome::arm() {
  since_ = loop_->now();
  watch_ = loop_->every(left_, [this] { fire(); });
}

void Metronome::fire() {
  const bool was_short = left_ != period_;
  left_ = period_;
  since_ = loop_->now();
  if (was_short) arm();
  // It may replace what it is called by.
  const auto tick = tick_;
  tick();
}

}  // namespace quiesce::models
