// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/pci_writes.hpp"

#include <linux/pci_regs.h>

#include <array>
#include <optional>

namespace quiesce::record {

namespace {

/// A field of configuration space whose changes are actions: `bits` of the 16-bit word at `offset`.
struct Field {
  enum class Kind { bus_master, msi, msix, power, flr, bus_reset } kind{};
  std::uint16_t offset = 0;
  std::uint16_t bits = 0;
};

/// A capability's control word.
struct CapabilityField {
  std::uint16_t id;
  std::uint16_t at;  ///< offset in the capability
  std::uint16_t bits;
  Field::Kind kind;
};

constexpr std::array<CapabilityField, 5> capability_fields{{
    {PCI_CAP_ID_PM, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, Field::Kind::power},
    {PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, Field::Kind::msi},
    {PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, Field::Kind::msix},
    {PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, Field::Kind::flr},
    {PCI_CAP_ID_AF, PCI_AF_CTRL, PCI_AF_CTRL_FLR, Field::Kind::flr},
}};

struct Known {
  Field field;
  std::uint16_t value = 0;
};

struct Function {
  std::vector<Known> fields;
  bool bridge = false;
  std::uint8_t secondary = 0;
  std::uint8_t subordinate = 0;
};

Function function_from(const PciConfig& config) {
  Function function;
  const auto add = [&](Field::Kind kind, std::size_t offset, std::uint16_t bits) {
    const std::uint16_t word = config.absent() ? std::uint16_t{0} : config.word(offset);
    function.fields.push_back({.field = {kind, static_cast<std::uint16_t>(offset), bits},
                               .value = static_cast<std::uint16_t>(word & bits)});
  };
  add(Field::Kind::bus_master, PCI_COMMAND, PCI_COMMAND_MASTER);
  for (const auto& entry : capability_fields)
    if (const auto found = config.capability(entry.id))
      add(entry.kind, found->offset + std::size_t{entry.at}, entry.bits);
  if (!config.absent() && config.is_bridge()) {
    add(Field::Kind::bus_reset, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET);
    function.bridge = true;
    function.secondary = config.byte(PCI_SECONDARY_BUS);
    function.subordinate = config.byte(PCI_SUBORDINATE_BUS);
  }
  return function;
}

/// What the write puts into the bits of the field, nullopt when it does not reach them. QEMU gives
/// no width: a write two bytes before the word reaches it only when its value is that large, one
/// byte after it is a byte write.
std::optional<std::uint16_t> value_for(const PciCfgWrite& write, const Field& field) {
  const std::uint32_t bits = field.bits;
  if (write.offset == field.offset) {
    // A byte write cannot be told from a word's; bits of the upper half that are not written would
    // be taken for zeros, and no system writes the lower half of these words alone.
    return static_cast<std::uint16_t>(write.value & bits);
  }
  if (write.offset + 2U == field.offset && write.value > 0xffff)
    return static_cast<std::uint16_t>(write.value >> 16 & bits);
  if (write.offset == field.offset + 1U && (bits & 0xff00) != 0 && write.value <= 0xff)
    return static_cast<std::uint16_t>(write.value << 8 & bits);
  return std::nullopt;
}

PciAction action_for(Field::Kind kind, std::uint16_t value) {
  constexpr std::array<PciAction, 4> power{PciAction::power_d0, PciAction::power_d1,
                                           PciAction::power_d2, PciAction::power_d3hot};
  const bool on = value != 0;
  switch (kind) {
    case Field::Kind::bus_master:
      return on ? PciAction::bus_master_on : PciAction::bus_master_off;
    case Field::Kind::msi:
      return on ? PciAction::msi_on : PciAction::msi_off;
    case Field::Kind::msix:
      return on ? PciAction::msix_on : PciAction::msix_off;
    case Field::Kind::power:
      return power.at(value & 3U);
    case Field::Kind::bus_reset:
      return on ? PciAction::bus_reset_begin : PciAction::bus_reset_end;
    case Field::Kind::flr:
      break;
  }
  return PciAction::flr;
}

class Classifier {
 public:
  explicit Classifier(const std::map<PciAddress, PciConfig>& before) {
    for (const auto& [address, config] : before) functions_.emplace(address, function_from(config));
  }

  void take(const TimedPciWrite& seen) {
    auto [at, fresh] = functions_.try_emplace(seen.write.address);
    if (fresh) at->second = function_from(PciConfig({}));
    bool reset = false;
    for (auto& known : at->second.fields) {
      const auto value = value_for(seen.write, known.field);
      const bool flr = known.field.kind == Field::Kind::flr;
      if (!value || (flr ? *value == 0 : *value == known.value)) continue;
      if (!flr) known.value = *value;
      const PciAction action = action_for(known.field.kind, *value);
      found_.push_back(
          {.t = seen.t, .action = action, .address = at->first, .device = seen.write.device});
      reset = reset || flr;
      if (action == PciAction::bus_reset_begin) reset_below(at->second);
    }
    if (reset) forget(at->second);
  }

  std::vector<PciActionSeen> done() { return std::move(found_); }

 private:
  static void forget(Function& function) {
    for (auto& known : function.fields) known.value = 0;
  }

  void reset_below(const Function& bridge) {
    if (bridge.secondary == 0) return;
    for (auto& [address, function] : functions_)
      if (address.bus >= bridge.secondary && address.bus <= bridge.subordinate) forget(function);
  }

  std::map<PciAddress, Function> functions_;
  std::vector<PciActionSeen> found_;
};

}  // namespace

const char* to_string(PciAction action) {
  switch (action) {
    case PciAction::bus_master_on:
      return "bus-master-on";
    case PciAction::bus_master_off:
      return "bus-master-off";
    case PciAction::msi_on:
      return "msi-on";
    case PciAction::msi_off:
      return "msi-off";
    case PciAction::msix_on:
      return "msix-on";
    case PciAction::msix_off:
      return "msix-off";
    case PciAction::flr:
      return "flr";
    case PciAction::bus_reset_begin:
      return "bus-reset-begin";
    case PciAction::bus_reset_end:
      return "bus-reset-end";
    case PciAction::power_d0:
      return "power-d0";
    case PciAction::power_d1:
      return "power-d1";
    case PciAction::power_d2:
      return "power-d2";
    case PciAction::power_d3hot:
      return "power-d3hot";
  }
  return "unknown";
}

std::vector<PciActionSeen> classify_pci_writes(const std::vector<TimedPciWrite>& writes,
                                               const std::map<PciAddress, PciConfig>& before) {
  Classifier classifier(before);
  for (const auto& write : writes) classifier.take(write);
  return classifier.done();
}

}  // namespace quiesce::record
