// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/ledger.hpp"

#include <ctime>

namespace quiesce::models {

void Ledger::note(const char* event, nlohmann::json fields) {
  if (!file_) return;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  fields["mono"] = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  fields["event"] = event;
  // A ledger that cannot be written must not stop the device: the run finds it short.
  (void)write_all(file_->get(),
                  fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace quiesce::models
