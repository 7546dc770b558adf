// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/recorder.hpp"

#include "harness/record/events_run.hpp"

namespace quiesce::run {

void Recorder::phase(const std::string& name) {
  if (!phase_.empty()) event(record::event::PhaseEnd{phase_});
  phase_ = name;
  event(record::event::PhaseBegin{name});
  if (observer_.on_phase) observer_.on_phase(name);
}

void Recorder::mark(const char* name) {
  event(record::event::Mark{name});
}

void Recorder::note(const std::string& text) const {
  if (observer_.on_note) observer_.on_note(text);
}

}  // namespace quiesce::run
