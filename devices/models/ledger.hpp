// SPDX-License-Identifier: GPL-2.0-or-later
// A model's own record of what it did: device-NAME.ndjson of a run directory. What the checks found
// is held against it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/fd.hpp"
#include "harness/record/ledger.hpp"

namespace quiesce::models {

/// Lines of record::ledger with their time, numbered and with a checksum, each written at once.
class Ledger {
 public:
  /// Without a file nothing is written.
  Ledger() = default;
  explicit Ledger(Fd file) : file_(std::move(file)) {}

  template <record::Record R>
  void note(const R& what) {
    if (file_) write(R::name, record::as_json(what));
  }

 private:
  void write(const char* event, nlohmann::json fields);

  std::optional<Fd> file_;
  std::uint64_t lines_ = 0;
};

}  // namespace quiesce::models
