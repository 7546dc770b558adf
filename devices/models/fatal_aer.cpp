// SPDX-License-Identifier: GPL-2.0-or-later
#include <utility>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class FatalAer final : public Engine {
 public:
  FatalAer(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

  void kernel(const std::string& role) override {
    Engine::kernel(role);
    armed_ = role == "capture";
  }

 protected:
  /// The first access of the capture kernel, which is its PCI scan.
  void touched() override {
    if (!std::exchange(armed_, false)) return;
    // Malformed TLP (PCIe 6.0 section 7.8.4.2, bit 18).
    constexpr std::uint32_t malformed = 1U << 18;
    const std::string status = fmt::format("{:#x}", malformed);
    if (const auto aer = host().config().aer_offset())
      host().config().set(static_cast<std::uint16_t>(*aer + 4), 4, malformed);
    note("aer", {{"severity", "fatal"}, {"status", status}});
    tell({{"event", "aer"}, {"severity", "fatal"}, {"status", status}});
  }

 private:
  bool armed_ = false;
};

const Model model{
    .name = "fatal-aer",
    .description = "reports a fatal error on the capture kernel's first access",
    .settings = common_settings({}),
    .stops_on = {"flr", "pm", "bus"},
    .activity = {{"kind", "model-run"}, {"rate", 20}, {"item", 512}, {"length", 16384}},
    .make = [](const Identity& identity, const nlohmann::json& given,
               Ledger& ledger) -> std::unique_ptr<ModelDevice> {
      return std::make_unique<FatalAer>(identity, given, ledger);
    }};

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
