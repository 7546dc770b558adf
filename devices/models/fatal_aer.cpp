// SPDX-License-Identifier: GPL-2.0-or-later
#include <utility>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class FatalAer final : public Engine {
 public:
  FatalAer(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

  std::uint64_t read(int bar, std::uint64_t offset, unsigned width) override {
    if (on_register()) provoke();
    return Engine::read(bar, offset, width);
  }
  void write(int bar, std::uint64_t offset, unsigned width, std::uint64_t value) override {
    if (on_register()) provoke();
    Engine::write(bar, offset, width, value);
  }

 protected:
  void begins() override { armed_ = true; }
  void ended() override { armed_ = false; }
  /// The first access of all is one of configuration space: the kernel's scan. A stock kernel
  /// clears what is reported then before it looks (aer_enable_rootport and pci_aer_init,
  /// drivers/pci/pcie/aer.c), and says nothing.
  void touched() override {
    if (!on_register()) provoke();
  }

 private:
  bool on_register() const { return settings().value("access", "any") == "register"; }
  void provoke() {
    if (!held() && std::exchange(armed_, false)) report();
  }

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
    note(record::ledger::Aer{.severity = "fatal", .status = {1U << malformed}});
    tell({{"event", "aer"}, {"severity", "fatal"}, {"status", status}});
  }

  bool armed_ = false;
};

const Model model_fatal_aer = model_of<FatalAer>(
    "fatal-aer", "reports a fatal error on the capture kernel's first access, if it works then",
    {"control", "bus-master", "flr", "pm", "bus"},
    {{.name = "access",
      .fallback = "any",
      .meaning = "\"any\": the first access is the kernel's scan; \"register\": the first of a "
                 "driver, when error reporting is up",
      .words = {"any", "register"}}});

const Registration register_fatal_aer{model_fatal_aer};

}  // namespace

}  // namespace quiesce::models
