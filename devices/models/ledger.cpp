// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/ledger.hpp"

#include <ctime>

#include "harness/record/line.hpp"

namespace quiesce::models {

void Ledger::write(const char* event, nlohmann::json fields) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  fields.update(record::as_json(record::LedgerHead{
      .mono = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9,
      .event = event}));
  // A ledger that cannot be written must not stop the device: the run finds it short.
  (void)write_all(file_->get(), record::numbered_line(std::move(fields), ++lines_));
}

}  // namespace quiesce::models
