// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <random>
#include <vector>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Quiet from the moment on that "begins" names, as a device that has stopped; then one write into
/// the ring as it was, whatever Bus Master and its registers say meanwhile.
class LateWriter final : public Engine {
 public:
  LateWriter(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

 protected:
  void begins() override {
    fall_silent();
    const Ring then = ring();
    own_timer().start(host().loop(), delay(), [this, then] {
      if (write_item(then)) own_timer().stop();
    });
  }

 private:
  Seconds delay() const {
    const double earliest = settings().value("earliest_ms", 2000.0);
    const double latest = std::max(earliest, settings().value("latest_ms", 9000.0));
    // Two of them in one run write at different times.
    std::vector<std::uint32_t> parts(identity().name.begin(), identity().name.end());
    parts.push_back(identity().seed);
    std::seed_seq seed(parts.begin(), parts.end());
    std::mt19937 random(seed);
    const double part = static_cast<double>(random()) / static_cast<double>(std::mt19937::max());
    return Seconds((earliest + (latest - earliest) * part) / 1000);
  }
};

const Model model_late_writer = model_of<LateWriter>(
    "late-writer", "goes quiet and writes once more, late, at a time drawn from the seed",
    {"flr", "pm", "bus"},
    {{.name = "earliest_ms",
      .fallback = 2000,
      .meaning = "the write comes not before, ms after it began to be quiet",
      .least = 1,
      .most = 3'600'000},
     {.name = "latest_ms",
      .fallback = 9000,
      .meaning = "and not after, ms",
      .least = 1,
      .most = 3'600'000},
     begins_setting()});

const Registration register_late_writer{model_late_writer};

}  // namespace

}  // namespace quiesce::models
