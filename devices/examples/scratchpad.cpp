// SPDX-License-Identifier: GPL-2.0-or-later
// A PCI device as a program of its own: a scratch register, and a doorbell that writes it into the
// guest's memory and interrupts. Run it with the path of a socket, then
//   qemu-system-x86_64 -machine q35,memory-backend=ram -object memory-backend-memfd,id=ram,size=1G
//     -device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"PATH"}}'
#include <cstdio>

#include "devices/vfio_user/server.hpp"

namespace {

using namespace quiesce::vfio_user;

class Scratchpad final : public Device {
 public:
  /// Registers of BAR 0, 32 bits each.
  enum Register : std::uint64_t {
    id = 0x00,            ///< RO: id_value
    scratch = 0x04,       ///< RW
    address_low = 0x08,   ///< RW: where the doorbell writes to
    address_high = 0x0c,  ///< RW
    status = 0x10,        ///< RO: 1 written, 2 could not be written
    doorbell = 0x14,      ///< WO
  };
  static constexpr std::uint32_t id_value = 0x50415243;

  ConfigSpace config_space() override {
    Layout layout{.vendor = 0x1234, .device = 0x5c4a, .class_code = 0xff0000};
    layout.bars[0] = {.kind = Bar::Kind::memory32, .size = 4096};
    layout.pm = Layout::Pm{};
    layout.express = Layout::Express{.flr = true};
    layout.msi = Layout::Msi{.vectors = 1};
    return ConfigSpace::build(layout).value();
  }

  void attach(Host& host) override { host_ = &host; }

  std::uint64_t read(int, std::uint64_t offset, unsigned) override {
    switch (offset) {
      case id:
        return id_value;
      case scratch:
        return scratch_;
      case address_low:
        return address_ & 0xffffffff;
      case address_high:
        return address_ >> 32;
      case status:
        return status_;
      default:
        return 0;
    }
  }

  void write(int, std::uint64_t offset, unsigned, std::uint64_t value) override {
    if (offset == scratch) scratch_ = static_cast<std::uint32_t>(value);
    if (offset == address_low) address_ = (address_ & ~0xffffffffULL) | (value & 0xffffffff);
    if (offset == address_high) address_ = (address_ & 0xffffffff) | value << 32;
    if (offset == doorbell) ring();
  }

  /// Every kind has effect; the server puts the configuration space back.
  bool reset(ResetKind) override {
    scratch_ = status_ = 0;
    address_ = 0;
    return true;
  }

 private:
  void ring() {
    const auto bytes = std::as_bytes(std::span(&scratch_, 1));
    const bool done = host_->config().bus_master() && host_->dma_write(address_, bytes);
    status_ = done ? 1 : 2;
    if (done) host_->raise_msi(0);
  }

  Host* host_ = nullptr;
  std::uint32_t scratch_ = 0;
  std::uint32_t status_ = 0;
  std::uint64_t address_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: scratchpad SOCKET\n", stderr);
    return 2;
  }
  quiesce::Loop loop;
  Scratchpad device;
  const auto served = serve(loop, device, argv[1]);
  if (!served) std::fprintf(stderr, "scratchpad: %s\n", served.error().describe().c_str());
  return served ? 0 : 1;
}
