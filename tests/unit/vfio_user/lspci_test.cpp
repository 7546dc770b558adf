// SPDX-License-Identifier: GPL-2.0-or-later
// What the builder makes is what the real lspci understands.
#include <boost/test/unit_test.hpp>
#include <string>

#include "devices/vfio_user/config_space.hpp"
#include "harness/base/process.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/base/text.hpp"
#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_lspci)

using namespace quiesce;
using namespace quiesce::vfio_user;

namespace {

/// As "lspci -xxxx" prints it, which is what "lspci -F" reads.
std::string dump(std::span<const std::byte> bytes) {
  std::string text = "00:03.0 a function that was built\n";
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    text += fmt::format("{:02x}:", at);
    for (std::size_t i = 0; i < 16; ++i)
      text += fmt::format(" {:02x}", std::to_integer<unsigned>(bytes[at + i]));
    text += "\n";
  }
  return text;
}

Result<std::string> lspci(const ConfigSpace& space, const std::string& option = "-vv") {
  TRY_ASSIGN(const TempDir folder, TempDir::create());
  const auto file = folder.path() / "function";
  TRY(replace_file(file, dump(space.bytes())));
  TRY_ASSIGN(const Captured done, capture({"lspci", option, "-n", "-F", file.string()}));
  // (It may say on standard error that it finds no kernel modules.)
  if (!done.status.ok()) return fail(Errc::protocol, "{}: {}", done.status.describe(), done.error);
  return done.output;
}

struct Decoded {
  explicit Decoded(const Layout& layout) : text(lspci(ConfigSpace::build(layout).value()).value()) {
    // What lspci says when a list loops or a register makes no sense.
    for (const char* bad : {"<chain broken>", "<chain looped>", "!!!", "<access denied>",
                            "<unreadable>", "Unknown header type"})
      BOOST_TEST(text.find(bad) == std::string::npos, bad << " in\n" << text);
  }
  void has(const std::string& line) const {
    BOOST_TEST(text.find(line) != std::string::npos, "no \"" << line << "\" in\n" << text);
  }
  void has_not(const std::string& line) const {
    BOOST_TEST(text.find(line) == std::string::npos, "\"" << line << "\" in\n" << text);
  }
  std::string text;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_header_and_bars_are_decoded) {
  const Decoded seen(testing::Probe::full_layout());
  seen.has("00:03.0 0200: 1234:5678 (rev 03)");
  seen.has("Subsystem: 1af4:1100");
  seen.has("Region 1: Memory at <unassigned> (64-bit, prefetchable)");
  seen.has("Region 4: I/O ports at <unassigned>");
  seen.has("Interrupt: pin A routed to IRQ 0");
  seen.has_not("Region 2:");
  // (It does not show a BAR that is all zeroes, as BAR 0 is before it has an address.)
}

BOOST_AUTO_TEST_CASE(power_management_is_decoded) {
  const Decoded seen(testing::Probe::full_layout());
  seen.has("Power Management version 3");
  seen.has("Flags: PMEClk- DSI- D1- D2- AuxCurrent=0mA PME(D0-,D1-,D2-,D3hot-,D3cold-)");
  seen.has("Status: D0 NoSoftRst- PME-Enable-");
}

BOOST_AUTO_TEST_CASE(pci_express_is_decoded) {
  const Decoded seen(testing::Probe::full_layout());
  seen.has("Express (v2) Endpoint, MSI 00");
  seen.has("DevCap:\tMaxPayload 256 bytes");
  seen.has("FLReset+");
  seen.has("RlxdOrd+ ExtTag- PhantFunc- AuxPwr- NoSnoop+");
  seen.has("MaxPayload 128 bytes, MaxReadReq 512 bytes");
  seen.has("LnkCap:\tPort #0, Speed 2.5GT/s, Width x1");
  seen.has("LnkSta:\tSpeed 2.5GT/s");
  seen.has("TransPend-");
}

BOOST_AUTO_TEST_CASE(msi_is_decoded) {
  const Decoded seen(testing::Probe::full_layout());
  seen.has("MSI: Enable- Count=1/4 Maskable+ 64bit+");
  seen.has("Masking: 00000000  Pending: 00000000");
}

BOOST_AUTO_TEST_CASE(msix_is_decoded) {
  const Decoded seen(testing::Probe::full_layout());
  seen.has("MSI-X: Enable- Count=16 Masked-");
  seen.has("Vector table: BAR=1 offset=00001000");
  seen.has("PBA: BAR=1 offset=00002000");
}

BOOST_AUTO_TEST_CASE(advanced_error_reporting_is_decoded) {
  const Decoded seen(testing::Probe::full_layout());
  seen.has("Capabilities: [100 v2] Advanced Error Reporting");
  seen.has("UESta:\tDLP- SDES- TLP- FCP- CmpltTO- CmpltAbrt- UnxCmplt- RxOF- MalfTLP-");
  seen.has("UESvrt:\tDLP+ SDES+ TLP- FCP+ CmpltTO- CmpltAbrt- UnxCmplt- RxOF+ MalfTLP+");
  seen.has("CEMsk:\tRxErr- BadTLP- BadDLLP- Rollover- Timeout- AdvNonFatalErr+");
}

BOOST_AUTO_TEST_CASE(each_capability_alone_is_decoded_and_no_other) {
  const auto alone = [](auto change) {
    Layout layout{.vendor = 0x1234, .device = 0x5678};
    layout.bars[1] = {.kind = Bar::Kind::memory32, .size = 4096};
    change(layout);
    return Decoded(layout);
  };
  const struct {
    const char* name;
    std::function<void(Layout&)> add;
  } capabilities[] = {
      {"Power Management", [](Layout& layout) { layout.pm = Layout::Pm{.no_soft_reset = true}; }},
      {"Express (v2)", [](Layout& layout) { layout.express = Layout::Express{.flr = false}; }},
      {"MSI: ", [](Layout& layout) { layout.msi = Layout::Msi{}; }},
      {"MSI-X: ", [](Layout& layout) { layout.msix = Layout::Msix{}; }},
  };
  for (const auto& here : capabilities) {
    const Decoded seen = alone(here.add);
    for (const auto& other : capabilities)
      if (&other == &here)
        seen.has(other.name);
      else
        seen.has_not(std::string("] ") + other.name);
  }
  alone(capabilities[0].add).has("NoSoftRst+");
  alone(capabilities[1].add).has("FLReset-");
  alone(capabilities[2].add).has("MSI: Enable- Count=1/1 Maskable- 64bit+");
  const Decoded none = alone([](Layout&) {});
  none.has_not("Capabilities:");
}

BOOST_AUTO_TEST_CASE(lspci_prints_the_bytes_back_that_it_was_given) {
  const ConfigSpace space = ConfigSpace::build(testing::Probe::full_layout()).value();
  const std::string back = lspci(space, "-xxxx").value();
  const std::string given = dump(space.bytes());
  BOOST_TEST(back.find(given.substr(given.find("00:"
                                               " 34"))) != std::string::npos,
             back);
}

BOOST_AUTO_TEST_CASE(what_the_guest_enabled_and_the_device_set_is_seen) {
  ConfigSpace space = ConfigSpace::build(testing::Probe::full_layout()).value();
  space.write(0x04, 2, 0x0006);
  space.write(0x10, 4, 0xfebd0000);
  space.write(static_cast<std::uint16_t>(*space.msi_offset() + 2), 2, 0x21);
  space.set(static_cast<std::uint16_t>(*space.aer_offset() + 4), 4, 0x00040000);
  space.set_transactions_pending(true);
  const std::string seen = lspci(space).value();
  for (const char* line : {"Mem+ BusMaster+", "Memory at febd0000 (32-bit, non-prefetchable)",
                           "MSI: Enable+ Count=4/4", "RxOF- MalfTLP+", "TransPend+"})
    BOOST_TEST(seen.find(line) != std::string::npos, line << " is not in\n" << seen);
}

// The control of the tests above: lspci does complain of what is wrong.
BOOST_AUTO_TEST_CASE(a_broken_list_is_seen_by_lspci) {
  ConfigSpace space = ConfigSpace::build(testing::Probe::full_layout()).value();
  space.set(static_cast<std::uint16_t>(*space.pm_offset() + 1), 1, *space.pm_offset());
  BOOST_TEST(lspci(space).value().find("<chain looped>") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
