// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/function.hpp"

#include "harness/base/units.hpp"

namespace quiesce::draft {

namespace {

struct CodeName {
  std::uint16_t code;
  const char* name;
};

// PCI Code and ID Assignment Specification 1.11; a subclass before its base class (0x..ff here).
constexpr CodeName class_names[] = {{0x0100, "SCSI controller"},
                                    {0x0101, "IDE controller"},
                                    {0x0104, "RAID controller"},
                                    {0x0106, "SATA controller"},
                                    {0x0107, "SAS controller"},
                                    {0x0108, "NVM controller"},
                                    {0x01ff, "storage controller"},
                                    {0x0200, "Ethernet controller"},
                                    {0x02ff, "network controller"},
                                    {0x0300, "VGA controller"},
                                    {0x03ff, "display controller"},
                                    {0x0401, "audio device"},
                                    {0x0403, "HD Audio controller"},
                                    {0x04ff, "multimedia device"},
                                    {0x05ff, "memory controller"},
                                    {0x0604, "PCI bridge"},
                                    {0x06ff, "bridge"},
                                    {0x0700, "serial controller"},
                                    {0x07ff, "communication device"},
                                    {0x0805, "SD host controller"},
                                    {0x08ff, "system peripheral"},
                                    {0x09ff, "input device"},
                                    {0x0c03, "USB controller"},
                                    {0x0cff, "serial bus controller"},
                                    {0x10ff, "encryption device"},
                                    {0xffff, "device of no class"}};

constexpr CodeName capability_names[] = {
    {0x01, "PM"},           {0x05, "MSI"},       {0x07, "PCI-X"},
    {0x09, "vendor's own"}, {0x0d, "subsystem"}, {0x10, "PCIe"},
    {0x11, "MSI-X"},        {0x12, "SATA"},      {0x13, "AF"}};

constexpr std::size_t prog_if_offset = 0x09;
constexpr std::size_t subsystem_vendor_offset = 0x2c;
constexpr std::size_t subsystem_offset = 0x2e;

}  // namespace

std::string modalias_of(const PciConfig& config) {
  return fmt::format("pci:v{:08X}d{:08X}sv{:08X}sd{:08X}bc{:02X}sc{:02X}i{:02X}", config.vendor(),
                     config.device(), config.word(subsystem_vendor_offset),
                     config.word(subsystem_offset), config.class_code() >> 8,
                     config.class_code() & 0xff, config.byte(prog_if_offset));
}

std::string class_words(const PciConfig& config) {
  const unsigned code = config.class_code();
  std::string number = fmt::format("class {:04x}{:02x}", code, config.byte(prog_if_offset));
  for (const auto& [known, name] : class_names)
    if (known == code || known == (code | 0xffU)) return fmt::format("{} ({})", name, number);
  return number;
}

std::string bar_words(const std::vector<Bar>& bars) {
  std::string words;
  for (const auto& bar : bars)
    words += fmt::format("{}BAR {}: {} of {}", words.empty() ? "" : "; ", bar.number,
                         format_bytes({bar.size}), bar.io ? "I/O ports" : "memory");
  return words.empty() ? "no BAR" : words;
}

std::string capability_words(const PciConfig& config) {
  std::string words;
  for (const auto& capability : config.capabilities()) {
    std::string name = fmt::format("{:02x}", capability.id);
    for (const auto& [known, word] : capability_names)
      if (known == capability.id) name = word;
    words += (words.empty() ? "" : ", ") + name;
  }
  if (config.has_flr()) words += ", with FLR";
  return words.empty() ? "none" : words;
}

}  // namespace quiesce::draft
