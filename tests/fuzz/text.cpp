// SPDX-License-Identifier: GPL-2.0-or-later
// What base/ makes of any bytes: log text, hexadecimal, base 64, addresses, sizes, tags,
// configuration space.
#include "harness/base/text.hpp"

#include <algorithm>
#include <cstdlib>

#include "harness/base/pci_config.hpp"
#include "harness/base/tag.hpp"
#include "harness/base/units.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quiesce;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto bytes = std::as_bytes(std::span(data, size));

  const std::string shown = printable(text);
  require(printable(shown) == shown);
  require(shown.find('\x1b') == std::string::npos);
  const auto same = [&](const std::vector<std::byte>& other) {
    return std::ranges::equal(other, bytes);
  };
  require(same(from_hex(to_hex(bytes)).value()));
  require(same(from_base64(to_base64(bytes)).value()));
  (void)from_hex(text);
  (void)from_base64(text);
  (void)parse_bytes(text);
  (void)parse_duration(text);
  (void)parse_number(text);
  if (const auto address = parse_pci_address(text))
    require(parse_pci_address(to_string(*address)).value() == *address);
  require(find_tags(bytes).size() <= size / Tag::size);

  const PciConfig config(std::vector<std::byte>(bytes.begin(), bytes.end()));
  require(config.capabilities().size() <= 48 + 960);
  (void)config.interrupts();
  (void)config.has_flr();
  (void)config.aer();
  (void)config.transactions_pending();
  (void)config.power_state();
  return 0;
}
