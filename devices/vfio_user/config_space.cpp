// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/config_space.hpp"

#include <linux/pci_regs.h>

#include <bit>
#include <string>

namespace quiesce::vfio_user {

namespace {

constexpr std::uint16_t command_at = PCI_COMMAND;
constexpr std::uint16_t status_at = PCI_STATUS;
constexpr std::uint16_t bars_at = PCI_BASE_ADDRESS_0;
constexpr std::uint16_t first_capability = PCI_STD_HEADER_SIZEOF;
constexpr std::uint16_t first_extended = PCI_CFG_SPACE_SIZE;
constexpr std::uint64_t all_ones = ~std::uint64_t{0};

/// Collects what is wrong.
class Mistakes {
 public:
  void add(bool wrong, const std::string& text) {
    if (wrong) text_ += (text_.empty() ? "" : "; ") + text;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool is_memory(const Bar& bar) {
  return bar.kind == Bar::Kind::memory32 || bar.kind == Bar::Kind::memory64;
}

/// Sizes as PCI 3.0 section 6.2.5.1 allows them.
void check_bar(const Layout& layout, int at, Mistakes& mistakes) {
  const Bar& bar = layout.bars[at];
  const std::string name = fmt::format("BAR {}", at);
  if (bar.kind == Bar::Kind::none) {
    mistakes.add(bar.size != 0, name + ": it has a size and no kind");
    return;
  }
  mistakes.add(!std::has_single_bit(bar.size), name + ": its size is no power of two");
  if (bar.kind == Bar::Kind::io) {
    mistakes.add(bar.size < 4 || bar.size > 256, name + ": an I/O BAR has 4 to 256 bytes");
    mistakes.add(bar.prefetchable, name + ": I/O is not prefetchable");
    return;
  }
  mistakes.add(bar.size < 16, name + ": a memory BAR has at least 16 bytes");
  if (bar.kind == Bar::Kind::memory32) {
    mistakes.add(bar.size > 1ULL << 31, name + ": a 32-bit BAR has at most 2 GiB");
    return;
  }
  mistakes.add(at == 5, name + ": a 64-bit BAR needs the next one too");
  if (at < 5)
    mistakes.add(layout.bars[at + 1].kind != Bar::Kind::none,
                 fmt::format("BAR {}: it is the upper half of BAR {}", at + 1, at));
}

void check_msix(const Layout& layout, Mistakes& mistakes) {
  const auto& msix = *layout.msix;
  mistakes.add(msix.vectors < 1 || msix.vectors > 2048, "MSI-X has 1 to 2048 vectors");
  const std::uint64_t pending_bytes = (msix.vectors + 63U) / 64U * 8U;
  const struct {
    const char* name;
    int bar;
    std::uint64_t offset;
    std::uint64_t bytes;
  } parts[] = {{"table", msix.table_bar, msix.table_offset, msix.vectors * 16ULL},
               {"pending bits", msix.pending_bar, msix.pending_offset, pending_bytes}};
  for (const auto& part : parts) {
    const bool exists = part.bar >= 0 && part.bar < 6 && is_memory(layout.bars[part.bar]);
    mistakes.add(!exists, fmt::format("MSI-X {}: BAR {} is no memory BAR", part.name, part.bar));
    mistakes.add(part.offset % 8 != 0,
                 fmt::format("MSI-X {}: offset {:#x} is no multiple of 8", part.name, part.offset));
    if (exists)
      mistakes.add(part.offset + part.bytes > layout.bars[part.bar].size,
                   fmt::format("MSI-X {} does not fit into BAR {}", part.name, part.bar));
  }
  const auto& [table, pending] = parts;
  mistakes.add(table.bar == pending.bar && table.offset < pending.offset + pending.bytes &&
                   pending.offset < table.offset + table.bytes,
               "MSI-X table and pending bits overlap");
}

std::string mistakes_of(const Layout& layout) {
  Mistakes mistakes;
  for (int at = 0; at < 6; ++at) check_bar(layout, at, mistakes);
  mistakes.add(layout.vendor == 0xffff, "vendor 0xffff means that no device is there");
  mistakes.add(layout.class_code > 0xffffff, "a class code has 24 bits");
  mistakes.add(layout.interrupt_pin > 4, "interrupt pins are 0 to 4");
  mistakes.add(layout.aer && !layout.express, "AER needs PCI Express");
  if (layout.express)
    mistakes.add(layout.express->max_payload > 5, "maximum payload is 0 (128) to 5 (4096)");
  if (layout.msi)
    mistakes.add(!std::has_single_bit(layout.msi->vectors) || layout.msi->vectors > 32,
                 "MSI has 1, 2, 4, 8, 16 or 32 vectors");
  if (layout.msix) check_msix(layout, mistakes);
  return mistakes.text();
}

std::uint64_t get(std::span<const std::byte> bytes, std::size_t at, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i)
    value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
  return value;
}

void put(std::span<std::byte> bytes, std::size_t at, unsigned width, std::uint64_t value) {
  for (unsigned i = 0; i < width; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

/// Lays registers down: value, what the guest may write, what it clears by writing 1.
struct Draft {
  std::vector<std::byte> value, writable, clears, sticky;
  std::uint16_t next = first_capability;
  std::uint16_t last_link = PCI_CAPABILITY_LIST;  ///< where the pointer to the next capability goes

  explicit Draft(std::size_t size) : value(size), writable(size), clears(size), sticky(size) {}

  void at(std::size_t offset, unsigned width, std::uint64_t what, std::uint64_t mask = 0,
          std::uint64_t w1c = 0) {
    put(value, offset, width, what);
    put(writable, offset, width, mask);
    put(clears, offset, width, w1c);
  }

  /// A capability of the list in the first 256 bytes (PCI 3.0 section 6.7).
  std::uint16_t capability(std::uint8_t id, std::uint16_t bytes) {
    const std::uint16_t here = next;
    put(value, last_link, 1, here);
    put(value, here, 1, id);
    last_link = static_cast<std::uint16_t>(here + 1);
    next = static_cast<std::uint16_t>((here + bytes + 3U) & ~3U);
    return here;
  }
};

/// PCI 3.0 section 6.1, type 0.
void lay_header(Draft& draft, const Layout& layout, bool has_capabilities) {
  draft.at(PCI_VENDOR_ID, 2, layout.vendor);
  draft.at(PCI_DEVICE_ID, 2, layout.device);
  // I/O, memory, Bus Master, parity, SERR#, INTx Disable.
  draft.at(command_at, 2, 0, 0x0547);
  draft.at(status_at, 2, has_capabilities ? PCI_STATUS_CAP_LIST : 0, 0, 0xf900);
  draft.at(PCI_CLASS_REVISION, 4,
           static_cast<std::uint64_t>(layout.class_code) << 8 | layout.revision);
  draft.at(PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
  draft.at(PCI_SUBSYSTEM_VENDOR_ID, 2, layout.subsystem_vendor);
  draft.at(PCI_SUBSYSTEM_ID, 2, layout.subsystem);
  draft.at(PCI_INTERRUPT_LINE, 1, 0, 0xff);
  draft.at(PCI_INTERRUPT_PIN, 1, layout.interrupt_pin);
  for (unsigned i = 0; i < 6; ++i) {
    const Bar& bar = layout.bars[i];
    const auto at = static_cast<std::uint16_t>(bars_at + 4 * i);
    const std::uint64_t mask = ~(bar.size - 1);
    const std::uint64_t prefetch = bar.prefetchable ? 8 : 0;
    if (bar.kind == Bar::Kind::memory32) draft.at(at, 4, prefetch, mask & 0xfffffff0);
    if (bar.kind == Bar::Kind::memory64) draft.at(at, 8, 4 | prefetch, mask & ~0xfULL);
    if (bar.kind == Bar::Kind::io) draft.at(at, 4, 1, mask & 0xfffffffc);
  }
}

/// PCI PM 1.2 section 3.2: version 3, D3hot, PME from nowhere.
std::uint16_t lay_pm(Draft& draft, const Layout::Pm& pm) {
  const std::uint16_t at = draft.capability(PCI_CAP_ID_PM, PCI_PM_SIZEOF);
  draft.at(at + PCI_PM_PMC, 2, 0x0003);
  draft.at(at + PCI_PM_CTRL, 2, pm.no_soft_reset ? PCI_PM_CTRL_NO_SOFT_RESET : 0,
           PCI_PM_CTRL_STATE_MASK);
  return at;
}

/// PCIe 6.0 section 7.5.3: version 2, an endpoint on a link of 2.5 GT/s and one lane.
std::uint16_t lay_express(Draft& draft, const Layout::Express& express) {
  const std::uint16_t at = draft.capability(PCI_CAP_ID_EXP, 0x3c);
  draft.at(at + 2U, 2, 0x0002);
  // Role-based error reporting, FLR.
  draft.at(at + 4U, 4, express.max_payload | 1U << 15 | (express.flr ? 1U << 28 : 0));
  // Default 512 bytes a read request, relaxed ordering and no snoop; bit 15 is FLR and reads as 0.
  draft.at(at + 8U, 2, 0x2810, 0x7fff);
  draft.at(at + 10U, 2, 0, 0, 0x000f);
  draft.at(at + 12U, 4, 0x11);
  draft.at(at + 16U, 2, 0, 0x03ff);
  // What FLR leaves alone: Max_Payload_Size and the link.
  put(draft.sticky, at + 8U, 2, 0x00e0);
  put(draft.sticky, at + 16U, 2, 0x03ff);
  draft.at(at + 18U, 2, 0x11);
  draft.at(at + 0x30U, 2, 0x1, 0xf);
  return at;
}

/// PCI 3.0 section 6.8.1, with 64-bit address.
std::uint16_t lay_msi(Draft& draft, const Layout::Msi& msi) {
  const std::uint16_t at = draft.capability(PCI_CAP_ID_MSI, msi.maskable ? 24 : 14);
  const auto log = static_cast<unsigned>(std::countr_zero(msi.vectors));
  draft.at(at + 2U, 2, log << 1 | 1U << 7 | (msi.maskable ? 1U << 8 : 0), 0x71);
  draft.at(at + 4U, 4, 0, 0xfffffffc);
  draft.at(at + 8U, 4, 0, 0xffffffff);
  draft.at(at + 12U, 2, 0, 0xffff);
  if (msi.maskable) draft.at(at + 16U, 4, 0, (1ULL << msi.vectors) - 1);
  return at;
}

/// PCI 3.0 section 6.8.2.
std::uint16_t lay_msix(Draft& draft, const Layout::Msix& msix) {
  const std::uint16_t at = draft.capability(PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
  draft.at(at + 2U, 2, msix.vectors - 1U, 0xc000);
  draft.at(at + 4U, 4, msix.table_offset | static_cast<unsigned>(msix.table_bar));
  draft.at(at + 8U, 4, msix.pending_offset | static_cast<unsigned>(msix.pending_bar));
  return at;
}

// Uncorrectable errors of PCIe 6.0 section 7.8.4.2, and which are fatal by default (7.8.4.4).
constexpr std::uint32_t uncorrectable_bits = 0x003ff030;
constexpr std::uint32_t fatal_by_default = 0x00062030;
constexpr std::uint32_t correctable_bits = 0x0000f1c1;

/// PCIe 6.0 section 7.8.4. Status, masks and severity are sticky.
std::uint16_t lay_aer(Draft& draft) {
  constexpr std::uint16_t at = first_extended;
  draft.at(at, 4, 0x00020001);
  draft.at(at + 4U, 4, 0, 0, uncorrectable_bits);
  draft.at(at + 8U, 4, 0, uncorrectable_bits);
  draft.at(at + 12U, 4, fatal_by_default, uncorrectable_bits);
  draft.at(at + 16U, 4, 0, 0, correctable_bits);
  // Masked by default: advisory non-fatal, internal error, header log overflow (7.8.4.6).
  draft.at(at + 20U, 4, 0xe000, correctable_bits);
  for (unsigned i = 4; i < 44; ++i) draft.sticky[at + i] = std::byte{0xff};
  return at;
}

}  // namespace

Result<ConfigSpace> ConfigSpace::build(const Layout& layout) {
  if (const std::string wrong = mistakes_of(layout); !wrong.empty())
    return fail(Errc::invalid_input, "PCI configuration space: {}", wrong);
  Draft draft(layout.express ? 4096 : 256);
  ConfigSpace space;
  space.layout_ = layout;
  lay_header(draft, layout, layout.pm || layout.express || layout.msi || layout.msix);
  if (layout.pm) space.pm_ = lay_pm(draft, *layout.pm);
  if (layout.express) space.express_ = lay_express(draft, *layout.express);
  if (layout.msi) space.msi_ = lay_msi(draft, *layout.msi);
  if (layout.msix) space.msix_ = lay_msix(draft, *layout.msix);
  if (layout.aer) space.aer_ = lay_aer(draft);
  space.bytes_ = space.defaults_ = std::move(draft.value);
  space.writable_ = std::move(draft.writable);
  space.clears_ = std::move(draft.clears);
  space.sticky_ = std::move(draft.sticky);
  return space;
}

std::uint64_t ConfigSpace::read(std::uint16_t offset, unsigned width) const {
  if (width == 0 || width > 8 || offset + width > bytes_.size()) return all_ones;
  return get(bytes_, offset, width);
}

void ConfigSpace::write(std::uint16_t offset, unsigned width, std::uint64_t value) {
  if (width == 0 || width > 8) return;
  const int power_before = power_state();
  for (unsigned i = 0; i < width && offset + i < bytes_.size(); ++i) {
    const auto byte = static_cast<std::byte>(value >> (8 * i));
    std::byte& target = bytes_[offset + i];
    target = (target & ~writable_[offset + i]) | (byte & writable_[offset + i]);
    target &= ~(byte & clears_[offset + i]);
  }
  // A state that is not there is not entered (PCI PM 1.2 section 3.2.4): D1 and D2.
  if (const int power = power_state(); power == 1 || power == 2) {
    std::byte& control = bytes_[*pm_ + 4U];
    control = (control & ~std::byte{3}) | static_cast<std::byte>(power_before);
  }
}

void ConfigSpace::set(std::uint16_t offset, unsigned width, std::uint64_t value) {
  if (width == 0 || width > 8 || offset + width > bytes_.size()) return;
  put(bytes_, offset, width, value);
}

bool ConfigSpace::bus_master() const {
  return (get(bytes_, command_at, 2) & PCI_COMMAND_MASTER) != 0;
}

bool ConfigSpace::memory_enabled() const {
  return (get(bytes_, command_at, 2) & PCI_COMMAND_MEMORY) != 0;
}

int ConfigSpace::power_state() const {
  return pm_ ? std::to_integer<int>(bytes_[*pm_ + 4U] & std::byte{3}) : 0;
}

bool ConfigSpace::starts_flr(std::uint16_t offset, unsigned width, std::uint64_t value) const {
  if (!express_ || !layout_.express->flr) return false;
  const int byte = *express_ + 9 - offset;  // which of those written is Device Control's upper one
  return byte >= 0 && byte < static_cast<int>(width) && (value >> (8 * byte) & 0x80) != 0;
}

void ConfigSpace::set_transactions_pending(bool pending) {
  if (!express_) return;
  const auto at = static_cast<std::uint16_t>(*express_ + 10);
  const std::uint64_t status = get(bytes_, at, 2);
  put(bytes_, at, 2, pending ? status | 0x20 : status & ~0x20ULL);
}

void ConfigSpace::reset(Reset kind) {
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    const std::byte keep = kind == Reset::sticky ? sticky_[i] : std::byte{0};
    bytes_[i] = (bytes_[i] & keep) | (defaults_[i] & ~keep);
  }
}

}  // namespace quiesce::vfio_user
