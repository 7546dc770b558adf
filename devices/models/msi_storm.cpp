// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Messages only: with MSI off it is quiet, and no second stuck pin. (QEMU drops messages while Bus
/// Master is off, hw/pci/msi.c: the device raises them, nobody sees them.)
class MsiStorm final : public Engine {
 public:
  MsiStorm(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

 protected:
  void begins() override {
    own_timer().start(host().loop(), Seconds(1 / settings().value("per_second", 1000.0)),
                      [this] { raise_message(); });
  }
};

const Model model_msi_storm = [] {
  Model one = model_of<MsiStorm>("msi-storm",
                                 "raises MSI without end, acknowledged or not, until it is reset",
                                 {"control", "bus-master", "flr", "pm", "bus"},
                                 {{.name = "per_second",
                                   .fallback = 1000,
                                   .meaning = "interrupts a second",
                                   .least = 0.1,
                                   .most = 100'000},
                                  begins_setting()});
  // Without it the guest does not enable MSI.
  one.activity["interrupt"] = true;
  return one;
}();

const Registration register_msi_storm{model_msi_storm};

}  // namespace

}  // namespace quiesce::models
