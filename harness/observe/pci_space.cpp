// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/pci_space.hpp"

#include <linux/pci_regs.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/base/text.hpp"

namespace quiesce::observe {

namespace {

constexpr std::size_t conventional_size = 256;
constexpr std::size_t express_size = 4096;
constexpr PciAddress host_bridge{};

/// Configuration mechanism 1 (PCI 3.0 section 3.2.2.3.2): what the address port held is put back at
/// the end.
class Ports {
 public:
  static Result<Ports> open(target::Bus& bus) {
    TRY_ASSIGN(const auto before, bus.in32(bus.configuration_access().address_port));
    return Ports(bus, before);
  }
  Result<std::uint32_t> read(PciAddress at, std::size_t offset) {
    TRY(select(at, offset));
    return bus_->in32(access().data_port);
  }
  Result<void> write(PciAddress at, std::size_t offset, std::uint32_t value) {
    TRY(select(at, offset));
    return bus_->out32(access().data_port, value);
  }
  const target::ConfigurationAccess& access() const { return bus_->configuration_access(); }
  Result<void> restore() { return bus_->out32(access().address_port, before_); }

 private:
  Ports(target::Bus& bus, std::uint32_t before) : bus_(&bus), before_(before) {}
  Result<void> select(PciAddress at, std::size_t offset) {
    const std::uint32_t place = 1U << 31 | static_cast<std::uint32_t>(at.bus) << 16 |
                                static_cast<std::uint32_t>(at.device) << 11 |
                                static_cast<std::uint32_t>(at.function) << 8 | (offset & 0xfc);
    return bus_->out32(access().address_port, place);
  }

  target::Bus* bus_;
  std::uint32_t before_;
};

/// Uses the ports and restores them, whatever came of it.
template <class Work>
auto with_ports(target::Bus& bus, Work work) -> decltype(work(std::declval<Ports&>())) {
  TRY_ASSIGN(auto ports, Ports::open(bus));
  auto outcome = work(ports);
  TRY(ports.restore());
  return outcome;
}

/// The memory window of configuration space, PCIe 7.2.2: a megabyte a bus.
struct Window {
  GuestPhys base;
  std::size_t buses = 0;
  GuestPhys of(PciAddress at) const {
    return {base.value + (static_cast<std::uint64_t>(at.bus) << 20 |
                          static_cast<std::uint64_t>(at.device) << 15 |
                          static_cast<std::uint64_t>(at.function) << 12)};
  }
};

/// The register of the host bridge: bit 0 enable, bits 2:1 length.
std::optional<Window> window_from(std::uint32_t low, std::uint32_t high) {
  constexpr std::array<std::size_t, 3> buses{256, 128, 64};
  const std::size_t length = low >> 1 & 3;
  if ((low & 1) == 0 || length >= buses.size()) return std::nullopt;
  const std::uint64_t size = static_cast<std::uint64_t>(buses.at(length)) << 20;
  const std::uint64_t base = (static_cast<std::uint64_t>(high & 0xf) << 32 | low) & ~(size - 1);
  return Window{.base = {base}, .buses = buses.at(length)};
}

Result<std::optional<Window>> find_window(Ports& ports) {
  const auto& access = ports.access();
  TRY_ASSIGN(const auto id, ports.read(host_bridge, 0));
  TRY_ASSIGN(const auto low, ports.read(host_bridge, access.window_register));
  TRY_ASSIGN(const auto high, ports.read(host_bridge, access.window_register + 4U));
  if (id != access.host_bridge) return std::nullopt;
  return window_from(low, high);
}

/// Reads functions one way or the other.
class Reader {
 public:
  Reader(target::Bus& bus, Ports& ports, std::optional<Window> window)
      : bus_(bus), ports_(ports), window_(window) {}

  const char* source() const { return window_ ? "ecam" : "cf8"; }

  Result<std::uint32_t> dword(PciAddress at, std::size_t offset) {
    if (through_window(at)) return bus_.read32({window_->of(at).value + offset});
    return ports_.read(at, offset);
  }

  Result<PciConfig> conventional(PciAddress at) {
    return through_window(at) ? first(at, conventional_size) : by_ports(at);
  }

  Result<PciConfig> whole(PciAddress at) {
    if (!through_window(at)) return by_ports(at);
    // A conventional function has nothing beyond: QEMU answers with ones. It is asked first, since
    // the machine stands still meanwhile and qtest spells out every byte.
    TRY_ASSIGN(const auto beyond, dword(at, conventional_size));
    return first(at, beyond == 0xffffffff ? conventional_size : express_size);
  }

 private:
  bool through_window(PciAddress at) const { return window_ && at.bus < window_->buses; }

  Result<PciConfig> first(PciAddress at, std::size_t size) {
    TRY_ASSIGN(auto bytes, bus_.read(window_->of(at), size));
    if (bytes.size() != size)
      return fail(Errc::protocol, "{} bytes of configuration space", bytes.size());
    return PciConfig(std::move(bytes));
  }

  Result<PciConfig> by_ports(PciAddress at) {
    std::vector<std::byte> bytes;
    for (std::size_t offset = 0; offset < conventional_size; offset += 4) {
      TRY_ASSIGN(const auto value, ports_.read(at, offset));
      for (int shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<std::byte>(value >> shift & 0xff));
    }
    return PciConfig(std::move(bytes));
  }

  target::Bus& bus_;
  Ports& ports_;
  std::optional<Window> window_;
};

/// Finds functions bus by bus.
class Scan {
 public:
  explicit Scan(Reader& reader) : reader_(reader) {}

  Result<std::vector<PciFunction>> run() {
    for (std::size_t next = 0; next < buses_.size(); ++next)
      for (std::uint8_t device = 0; device < 32; ++device)
        TRY(slot({.bus = buses_[next], .device = device}));
    std::ranges::sort(found_, {}, &PciFunction::address);
    return std::move(found_);
  }

 private:
  Result<void> slot(PciAddress at) {
    TRY_ASSIGN(const bool there, function(at));
    if (!there) return {};
    const bool multifunction = (found_.back().config.byte(PCI_HEADER_TYPE) & 0x80) != 0;
    for (std::uint8_t number = 1; multifunction && number < 8; ++number) {
      at.function = number;
      TRY(function(at));
    }
    return {};
  }

  Result<bool> function(PciAddress at) {
    TRY_ASSIGN(const auto id, reader_.dword(at, 0));
    if ((id & 0xffff) == 0xffff) return false;
    TRY_ASSIGN(auto config, reader_.whole(at));
    if (config.is_bridge()) add_bus(config.byte(PCI_SECONDARY_BUS));
    found_.push_back({.address = at, .config = std::move(config)});
    return true;
  }

  /// Bus 0 is the root: as a secondary number it means "not set up". Every bus is scanned once, so
  /// wrong numbers cannot make a loop.
  void add_bus(std::uint8_t number) {
    if (number != 0 && std::ranges::find(buses_, number) == buses_.end()) buses_.push_back(number);
  }

  Reader& reader_;
  std::vector<std::uint8_t> buses_{0};
  std::vector<PciFunction> found_;
};

}  // namespace

const PciFunction* PciSpace::find(PciAddress address) const {
  const auto at = std::ranges::find(functions, address, &PciFunction::address);
  return at != functions.end() ? &*at : nullptr;
}

Result<PciSpace> read_pci_space(target::Bus& bus) {
  return with_ports(bus, [&](Ports& ports) -> Result<PciSpace> {
    TRY_ASSIGN(const auto window, find_window(ports));
    Reader reader(bus, ports, window);
    TRY_ASSIGN(auto functions, Scan(reader).run());
    return PciSpace{.source = reader.source(), .functions = std::move(functions)};
  });
}

Result<PciConfig> read_pci_function(target::Bus& bus, PciAddress address) {
  return with_ports(bus, [&](Ports& ports) -> Result<PciConfig> {
    TRY_ASSIGN(const auto window, find_window(ports));
    return Reader(bus, ports, window).conventional(address);
  });
}

record::PciFile as_record(const PciSpace& space, const std::string& mark, double t) {
  record::PciFile file{.mark = mark, .t = t, .source = space.source, .functions = {}};
  for (const auto& [address, config] : space.functions)
    file.functions.push_back(record::as_json(
        record::PciFunctionLine{.address = to_string(address), .config = to_hex(config.bytes())}));
  return file;
}

Result<BusMaster> set_bus_master(target::Bus& bus, PciAddress address, BusMaster wanted) {
  constexpr std::size_t command = PCI_COMMAND;
  constexpr std::uint32_t bit = PCI_COMMAND_MASTER;
  return with_ports(bus, [&](Ports& ports) -> Result<BusMaster> {
    TRY_ASSIGN(const auto id, ports.read(address, 0));
    if ((id & 0xffff) == 0xffff)
      return fail(Errc::not_found, "there is no PCI function {}", to_string(address));
    TRY_ASSIGN(const auto value, ports.read(address, command));
    // The upper half is Status, where a one written clears: write zeros there.
    const std::uint32_t others = value & 0xffff & ~bit;
    TRY(ports.write(address, command, wanted == BusMaster::on ? others | bit : others));
    return (value & bit) != 0 ? BusMaster::on : BusMaster::off;
  });
}

Result<GuestPhys> bar_address(const PciConfig& config, int bar) {
  const int last = config.is_bridge() ? 1 : 5;
  if (bar < 0 || bar > last) return fail(Errc::invalid_input, "there is no BAR {}", bar);
  if (config.absent()) return fail(Errc::unsupported, "the function does not answer");
  if ((config.command() & PCI_COMMAND_MEMORY) == 0)
    return fail(Errc::unsupported, "the function does not decode memory");
  if (config.power_state().value_or(0) != 0)
    return fail(Errc::unsupported, "the function is in D{}, not in D0", *config.power_state());
  const std::size_t offset = PCI_BASE_ADDRESS_0 + 4 * static_cast<std::size_t>(bar);
  const std::uint32_t low = config.dword(offset);
  if ((low & PCI_BASE_ADDRESS_SPACE_IO) != 0)
    return fail(Errc::unsupported, "BAR {} is of I/O ports", bar);
  const bool wide = (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
  if (wide && bar == last) return fail(Errc::unsupported, "BAR {} lacks its upper half", bar);
  const std::uint64_t high = wide ? config.dword(offset + 4) : 0;
  const std::uint64_t base = high << 32 | (low & ~0xfU);
  if (base == 0 || (wide ? high : low) == 0xffffffff)
    return fail(Errc::unsupported, "BAR {} has no address", bar);
  return GuestPhys{base};
}

Result<RingState> read_ring(target::Bus& bus, const PciConfig& config, const RingRegisters& ring) {
  TRY_ASSIGN(const auto base, bar_address(config, ring.bar));
  TRY_ASSIGN(const auto head, bus.read32({base.value + ring.head}));
  TRY_ASSIGN(const auto tail, bus.read32({base.value + ring.tail}));
  if (head == 0xffffffff && tail == 0xffffffff)
    return fail(Errc::unsupported, "the device does not answer");
  RingState state{.head = head, .tail = tail, .descriptors = {}};
  if (ring.base == 0 || ring.length == 0) return state;
  TRY_ASSIGN(const std::uint64_t low, bus.read32({base.value + ring.base}));
  TRY_ASSIGN(const std::uint64_t high, bus.read32({base.value + ring.base + 4}));
  TRY_ASSIGN(const std::uint64_t bytes, bus.read32({base.value + ring.length}));
  const std::uint64_t begin = high << 32 | low;
  // A ring that was not set up, or nonsense.
  constexpr std::uint64_t most = 1U << 20;
  if (begin != 0 && bytes != 0 && bytes <= most) state.descriptors = {{begin}, {begin + bytes}};
  return state;
}

}  // namespace quiesce::observe
