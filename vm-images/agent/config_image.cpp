// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/config_image.hpp"

#include <algorithm>

namespace quiesce::agent {

namespace {

constexpr std::uint16_t msi_id = 0x05;
constexpr std::uint16_t express_id = 0x10;
constexpr std::uint16_t msix_id = 0x11;

std::uint32_t value_of(const PciConfig& config, ConfigField field) {
  if (field.width == 1) return config.byte(field.offset);
  return field.width == 2 ? config.word(field.offset) : config.dword(field.offset);
}

/// PCIe 6.0 section 7.5.1.2 for functions, 7.5.1.3 for bridges. Status registers are no fields:
/// writing ones clears them.
std::vector<ConfigField> header_fields(const PciConfig& config) {
  if (config.is_bridge())
    return {{0x0c, 2}, {0x10, 4}, {0x14, 4}, {0x18, 4}, {0x1c, 2}, {0x20, 4}, {0x24, 4},
            {0x28, 4}, {0x2c, 4}, {0x30, 4}, {0x38, 4}, {0x3c, 1}, {0x3e, 2}};
  return {{0x0c, 2}, {0x10, 4}, {0x14, 4}, {0x18, 4}, {0x1c, 4},
          {0x20, 4}, {0x24, 4}, {0x30, 4}, {0x3c, 1}};
}

/// PCI 3.0 section 6.8.1: address and data, mask bits where there are any, and the control word
/// that enables them.
std::vector<ConfigField> msi_fields(const PciConfig& config, unsigned at) {
  const std::uint16_t control = config.word(at + 2);
  const unsigned data = (control & 1U << 7) != 0 ? at + 12 : at + 8;
  std::vector<ConfigField> fields{{at + 4, 4}, {data, 2}};
  if (data == at + 12) fields.push_back({at + 8, 4});
  if ((control & 1U << 8) != 0) fields.push_back({data + 4, 4});
  fields.push_back({at + 2, 2});
  return fields;
}

/// PCIe 6.0 section 7.5.3: Device Control, Link Control, Device Control 2 (version 2 on).
std::vector<ConfigField> express_fields(const PciConfig& config, unsigned at) {
  std::vector<ConfigField> fields{{at + 0x08, 2}, {at + 0x10, 2}};
  if ((config.word(at + 2) & 0xf) >= 2) fields.push_back({at + 0x28, 2});
  return fields;
}

}  // namespace

std::vector<ConfigField> fields_to_restore(const PciConfig& config) {
  std::vector<ConfigField> fields = header_fields(config);
  const auto append = [&](const std::vector<ConfigField>& more) {
    fields.insert(fields.end(), more.begin(), more.end());
  };
  if (const auto found = config.capability(express_id))
    append(express_fields(config, found->offset));
  if (const auto found = config.capability(msi_id)) append(msi_fields(config, found->offset));
  // The table of MSI-X lies in a BAR: its owner fills it.
  if (const auto found = config.capability(msix_id)) append({{found->offset + 2U, 2}});
  append({{0x04, 2}});
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
  std::vector<ConfigField> fields{{0x04, 2}, {0x0c, 1}, {0x3c, 2}, {0x10, 4}, {0x14, 4}};
  if (!before.is_bridge())
    fields.insert(fields.end(), {{0x18, 4}, {0x1c, 4}, {0x20, 4}, {0x24, 4}});
  return std::ranges::all_of(
      fields, [&](ConfigField field) { return value_of(before, field) == value_of(after, field); });
}

bool is_ready(std::uint16_t vendor) {
  return vendor != 0xffff && vendor != 0x0001;
}

}  // namespace quiesce::agent
