// SPDX-License-Identifier: GPL-2.0-or-later
// The PCI side of a model: its function in sysfs.
#include <bit>
#include <charconv>

#include <linux/pci_regs.h>
#include "harness/base/text.hpp"
#include "vm-images/agent/bounded.hpp"
#include "vm-images/agent/model.hpp"

namespace quiesce::agent {

namespace model = wire::model;

namespace {

constexpr std::uint32_t intx_disable = 1U << 10;

/// Sysfs answers at once, or waits for a reset of the function that does not end.
constexpr Seconds sysfs_patience{10};

Result<Bar> enable_and_map(const PciTree& tree, PciAddress address) {
  TRY_ASSIGN(const std::string enabled, tree.attribute(address, "enable"));
  // It counts who enabled the function; once is enough.
  if (enabled == "0") TRY(tree.set_attribute(address, "enable", "1"));
  // The kernel writes Command for the first one that enables only: a reset since may have cleared
  // it.
  TRY_ASSIGN(const std::uint32_t command, tree.read(address, PCI_COMMAND, 2));
  TRY(tree.write(address, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
  return Bar::open(tree.device(address) / "resource0");
}

Result<void> program_msi(const PciTree& tree, PciAddress address, unsigned at,
                         const ModelInterrupts& wanted) {
  constexpr std::uint32_t enable = 1;
  constexpr std::uint32_t has_64_bits = 1U << 7;
  constexpr std::uint32_t maskable = 1U << 8;
  TRY_ASSIGN(const std::uint32_t control, tree.read(address, at + 2, 2));
  const bool wide = (control & has_64_bits) != 0;
  // Multiple Message Enable: the logarithm, at most what the function asks for (PCI 3.0 section
  // 6.8.1.3).
  const std::uint32_t most = control >> 1 & 7;
  const std::uint32_t count =
      std::min(most, static_cast<std::uint32_t>(std::bit_width(wanted.vectors) - 1));
  // The function replaces the low bits of the data.
  const std::uint32_t data = wanted.vector & ~((1U << count) - 1);
  const std::uint32_t off = control & ~(enable | 7U << 4);
  TRY(tree.write(address, at + 2, 2, off));
  TRY(tree.write(address, at + 4, 4, 0xfee00000 | wanted.apic << 12));
  if (wide) TRY(tree.write(address, at + 8, 4, 0));
  TRY(tree.write(address, at + (wide ? 12 : 8), 2, data));
  if ((control & maskable) != 0) TRY(tree.write(address, at + (wide ? 16 : 12), 4, 0));
  return tree.write(address, at + 2, 2, off | enable | count << 4);
}

answer::ModelState no_state(const std::string& error) {
  answer::ModelState state;
  state.error = std::optional(error);
  return state;
}

answer::ModelState state_of(const PciTree& tree, PciAddress address) {
  answer::ModelState state;
  state.error.said = true;
  const auto fill = [&]() -> Result<void> {
    TRY_ASSIGN(const Bar bar, Bar::open(tree.device(address) / "resource0"));
    TRY_ASSIGN(const std::uint32_t id, bar.get(model::id));
    TRY_ASSIGN(const std::uint32_t control, bar.get(model::control));
    TRY_ASSIGN(const std::uint32_t scratch, bar.get(model::scratch));
    TRY_ASSIGN(const std::uint32_t status, bar.get(model::status));
    TRY_ASSIGN(const std::uint64_t sequence, bar.get64(model::sequence_low));
    TRY_ASSIGN(const std::uint32_t resets, bar.get(model::resets));
    TRY_ASSIGN(const std::uint32_t interrupts, bar.get(model::interrupts));
    state.answers = id == model::id_value;
    state.id = hex(id);
    state.status = hex(status);
    state.control = hex(control);
    state.scratch = hex(scratch);
    state.sequence = sequence;
    state.resets = resets;
    state.interrupts = interrupts;
    state.defaults = scratch == model::scratch_default && control == 0;
    return {};
  };
  if (const auto filled = fill(); !filled) state.error = std::optional(filled.error().describe());
  return state;
}

}  // namespace

Result<Bar> open_model(const PciTree& tree, PciAddress address) {
  auto bar = within<Result<Bar>>(sysfs_patience,
                                 [tree, address] { return enable_and_map(tree, address); });
  if (bar) return *std::move(bar);
  return fail(Errc::timeout, "{} cannot be enabled: its sysfs files do not answer within {:.0f} s",
              to_string(address), sysfs_patience.count());
}

Result<bool> enable_model_interrupts(const PciTree& tree, PciAddress address,
                                     const ModelInterrupts& wanted) {
  constexpr std::uint16_t msi_id = 0x05;
  TRY_ASSIGN(const PciConfig config, tree.config(address));
  if (const auto msi = config.capability(msi_id)) {
    TRY(program_msi(tree, address, msi->offset, wanted));
    return true;
  }
  TRY(tree.write(address, PCI_COMMAND, 2, config.command() & ~intx_disable));
  return false;
}

std::uint32_t first_apic_id(std::string_view cpuinfo) {
  // "apicid\t\t: 0"; processor 0 comes first.
  for (const std::string& line : split(cpuinfo, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || trim(std::string_view(line).substr(0, colon)) != "apicid")
      continue;
    const std::string_view text = trim(std::string_view(line).substr(colon + 1));
    std::uint32_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    return id;
  }
  return 0;
}

answer::ModelState model_state(const PciTree& tree, PciAddress address) {
  const auto command = tree.read(address, PCI_COMMAND, 2);
  if (!command) return no_state(command.error().describe());
  const bool asleep = (*command & PCI_COMMAND_MEMORY) == 0;
  if (asleep) (void)tree.write(address, PCI_COMMAND, 2, *command | PCI_COMMAND_MEMORY);
  answer::ModelState state = state_of(tree, address);
  if (asleep) (void)tree.write(address, PCI_COMMAND, 2, *command);
  return state;
}

Result<Json> read_model_state(const Request& request) {
  TRY_ASSIGN(const PciAddress address, request.address(&ask::ModelState::address));
  auto state = within<answer::ModelState>(sysfs_patience,
                                          [address] { return model_state(PciTree(), address); });
  if (!state)
    state = no_state(fmt::format("sysfs does not answer within {:.0f} s", sysfs_patience.count()));
  state->address = to_string(address);
  return record::as_json(*state);
}

}  // namespace quiesce::agent
