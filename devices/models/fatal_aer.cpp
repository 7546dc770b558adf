// SPDX-License-Identifier: GPL-2.0-or-later
#include <utility>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class FatalAer final : public Engine {
 public:
  FatalAer(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

 protected:
  void begins() override { armed_ = true; }
  void ended() override { armed_ = false; }
  /// The first access of the capture kernel, which is its PCI scan.
  void touched() override {
    if (!held() && std::exchange(armed_, false)) report();
  }

 private:
  void report() {
    // Malformed TLP (PCIe 6.0 section 7.8.4.2): bit 18, also in the First Error Pointer.
    constexpr unsigned malformed = 18;
    const std::string status = fmt::format("{:#x}", 1U << malformed);
    auto& config = host().config();
    const auto add = [&config](std::optional<std::uint16_t> at, int offset, std::uint32_t bits) {
      if (!at) return;
      const auto here = static_cast<std::uint16_t>(*at + offset);
      config.set(here, 4, config.read(here, 4) | bits);
    };
    add(config.aer_offset(), 0x04, 1U << malformed);
    add(config.aer_offset(), 0x18, malformed);
    // Fatal Error Detected of Device Status, which is the upper half.
    add(config.express_offset(), 0x08, 1U << (16 + 2));
    note("aer", {{"severity", "fatal"}, {"status", status}});
    tell({{"event", "aer"}, {"severity", "fatal"}, {"status", status}});
  }

  bool armed_ = false;
};

const Model model = model_of<FatalAer>(
    "fatal-aer", "reports a fatal error on the capture kernel's first access, if it works then",
    {"control", "bus-master", "flr", "pm", "bus"});

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
