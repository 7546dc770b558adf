// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/config_image.hpp"

#include <linux/pci_regs.h>

#include <algorithm>

namespace quiesce::agent {

namespace {

std::uint32_t value_of(const PciConfig& config, ConfigField field) {
  if (field.width == 1) return config.byte(field.offset);
  return field.width == 2 ? config.word(field.offset) : config.dword(field.offset);
}

/// PCIe 6.0 section 7.5.1.2 for functions, 7.5.1.3 for bridges. Status registers are no fields:
/// writing ones clears them.
std::vector<ConfigField> header_fields(const PciConfig& config) {
  if (config.is_bridge())
    return {{PCI_CACHE_LINE_SIZE, 2},  {PCI_BASE_ADDRESS_0, 4},    {PCI_BASE_ADDRESS_1, 4},
            {PCI_PRIMARY_BUS, 4},      {PCI_IO_BASE, 2},           {PCI_MEMORY_BASE, 4},
            {PCI_PREF_MEMORY_BASE, 4}, {PCI_PREF_BASE_UPPER32, 4}, {PCI_PREF_LIMIT_UPPER32, 4},
            {PCI_IO_BASE_UPPER16, 4},  {PCI_ROM_ADDRESS1, 4},      {PCI_INTERRUPT_LINE, 1},
            {PCI_BRIDGE_CONTROL, 2}};
  return {{PCI_CACHE_LINE_SIZE, 2}, {PCI_BASE_ADDRESS_0, 4}, {PCI_BASE_ADDRESS_1, 4},
          {PCI_BASE_ADDRESS_2, 4},  {PCI_BASE_ADDRESS_3, 4}, {PCI_BASE_ADDRESS_4, 4},
          {PCI_BASE_ADDRESS_5, 4},  {PCI_ROM_ADDRESS, 4},    {PCI_INTERRUPT_LINE, 1}};
}

/// PCI 3.0 section 6.8.1: address and data, mask bits where there are any, and the control word
/// that enables them.
std::vector<ConfigField> msi_fields(const PciConfig& config, unsigned at) {
  const std::uint16_t control = config.word(at + PCI_MSI_FLAGS);
  const bool wide = (control & PCI_MSI_FLAGS_64BIT) != 0;
  const unsigned data = at + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
  std::vector<ConfigField> fields{{at + PCI_MSI_ADDRESS_LO, 4}, {data, 2}};
  if (wide) fields.push_back({at + PCI_MSI_ADDRESS_HI, 4});
  if ((control & PCI_MSI_FLAGS_MASKBIT) != 0) fields.push_back({data + 4, 4});
  fields.push_back({at + PCI_MSI_FLAGS, 2});
  return fields;
}

/// PCIe 6.0 section 7.5.3: Device Control, Link Control, Device Control 2 (version 2 on).
std::vector<ConfigField> express_fields(const PciConfig& config, unsigned at) {
  std::vector<ConfigField> fields{{at + PCI_EXP_DEVCTL, 2}, {at + PCI_EXP_LNKCTL, 2}};
  if ((config.word(at + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS) >= 2)
    fields.push_back({at + PCI_EXP_DEVCTL2, 2});
  return fields;
}

}  // namespace

std::vector<ConfigField> fields_to_restore(const PciConfig& config) {
  std::vector<ConfigField> fields = header_fields(config);
  const auto append = [&](const std::vector<ConfigField>& more) {
    fields.insert(fields.end(), more.begin(), more.end());
  };
  if (const auto found = config.capability(PCI_CAP_ID_EXP))
    append(express_fields(config, found->offset));
  if (const auto found = config.capability(PCI_CAP_ID_MSI))
    append(msi_fields(config, found->offset));
  // The table of MSI-X lies in a BAR: its owner fills it.
  if (const auto found = config.capability(PCI_CAP_ID_MSIX))
    append({{found->offset + unsigned{PCI_MSIX_FLAGS}, 2}});
  append({{PCI_COMMAND, 2}});
  return fields;
}

Result<void> restore_config(const PciTree& tree, PciAddress address, const PciConfig& saved) {
  for (const ConfigField field : fields_to_restore(saved)) {
    const std::uint32_t wanted = value_of(saved, field);
    TRY_ASSIGN(const std::uint32_t now, tree.read(address, field.offset, field.width));
    if (now != wanted) TRY(tree.write(address, field.offset, field.width, wanted));
  }
  return {};
}

bool same_setup(const PciConfig& before, const PciConfig& after) {
  std::vector<ConfigField> fields{{PCI_COMMAND, 2},
                                  {PCI_CACHE_LINE_SIZE, 1},
                                  {PCI_INTERRUPT_LINE, 2},
                                  {PCI_BASE_ADDRESS_0, 4},
                                  {PCI_BASE_ADDRESS_1, 4}};
  if (!before.is_bridge())
    fields.insert(fields.end(), {{PCI_BASE_ADDRESS_2, 4},
                                 {PCI_BASE_ADDRESS_3, 4},
                                 {PCI_BASE_ADDRESS_4, 4},
                                 {PCI_BASE_ADDRESS_5, 4}});
  return std::ranges::all_of(
      fields, [&](ConfigField field) { return value_of(before, field) == value_of(after, field); });
}

bool is_ready(std::uint16_t vendor) {
  return vendor != 0xffff && vendor != 0x0001;
}

}  // namespace quiesce::agent
