// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/pci.hpp"

#include <cstdio>

extern "C" {
#include <pci/pci.h>
}

#include <cstdarg>
#include <map>
#include <memory>

#include "harness/base/text.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

namespace {

/// What libpci's error handler throws: it must not return, and libpci's own ends the process, which
/// is init.
struct PciFailure {
  std::string message;
};

/// GNU's attribute, because clang makes only that one part of the type that libpci wants.
__attribute__((noreturn)) void throw_failure(char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  // The analyser of clang 14 does not know va_start in a function that does not return.
  // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized)
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  throw PciFailure{text};
}

void say_nothing(char*, ...) {}

Json capabilities(const pci_dev& device) {
  Json list = Json::array();
  for (const pci_cap* cap = device.first_cap; cap != nullptr; cap = cap->next)
    list.push_back(
        {{"id", cap->id}, {"offset", cap->addr}, {"extended", cap->type == PCI_CAP_EXTENDED}});
  return list;
}

PciAddress address_of(const pci_dev& device) {
  return {.domain = static_cast<std::uint16_t>(device.domain),
          .bus = device.bus,
          .device = device.dev,
          .function = device.func};
}

Json to_json(pci_dev* device, PciAddress address) {
  pci_fill_info(device, PCI_FILL_IDENT | PCI_FILL_IRQ | PCI_FILL_CAPS | PCI_FILL_EXT_CAPS);
  std::vector<std::byte> config(4096);
  auto* raw = reinterpret_cast<u8*>(config.data());
  // Conventional functions have 256 bytes; the longer read fails as a whole.
  if (pci_read_block(device, 0, raw, 4096) == 0) {
    config.resize(256);
    // cppcheck-suppress invalidContainer; to shrink moves nothing
    if (pci_read_block(device, 0, raw, 256) == 0) config.clear();
  }
  const std::string driver = driver_of(address);
  record::PciFunctionLine function{.address = to_string(address),
                                   .config = to_hex(without_trailing_zeros(config)),
                                   .length = config.size(),
                                   .capabilities = capabilities(*device),
                                   .irq = Json(device->irq)};
  function.driver.said = true;
  if (!driver.empty()) function.driver.value = driver;
  return record::as_json(function);
}

}  // namespace

std::span<const std::byte> without_trailing_zeros(std::span<const std::byte> bytes) {
  while (!bytes.empty() && bytes.back() == std::byte{0}) bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

Result<Json> read_pci(const Request&) {
  const std::unique_ptr<pci_access, decltype(&pci_cleanup)> access(pci_alloc(), pci_cleanup);
  access->method = PCI_ACCESS_SYS_BUS_PCI;
  access->error = throw_failure;
  access->warning = say_nothing;
  access->debug = say_nothing;
  try {
    pci_init(access.get());
    pci_scan_bus(access.get());
    std::map<PciAddress, Json> by_address;  // libpci gives them in no order
    for (pci_dev* device = access->devices; device != nullptr; device = device->next)
      by_address[address_of(*device)] = to_json(device, address_of(*device));
    answer::Pci all;
    for (auto& [address, function] : by_address) all.functions.push_back(std::move(function));
    return record::as_json(all);
  } catch (const PciFailure& failure) {
    return fail(Errc::io, "libpci: {}", failure.message);
  }
}

}  // namespace quiesce::agent
