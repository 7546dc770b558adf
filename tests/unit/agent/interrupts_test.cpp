// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/interrupts.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

namespace {

// Captured from a q35 guest with two CPUs, shortened.
constexpr const char* of_6_1 =
    "           CPU0       CPU1       \n"
    "  0:         44          0   IO-APIC   2-edge      timer\n"
    "  4:          0         12   IO-APIC   4-edge      ttyS0\n"
    "  9:          0          0   IO-APIC   9-fasteoi   acpi\n"
    " 16:        100      99999   IO-APIC  16-fasteoi   uhci_hcd:usb1, eth0\n"
    " 24:          0        316   PCI-MSI 81920-edge      enp0s3-rx-0\n"
    " 25:          7          0   PCI-MSI 512000-edge    \n"
    "NMI:          0          0   Non-maskable interrupts\n"
    "LOC:       7161       6254   Local timer interrupts\n"
    "SPU:          3          0   Spurious interrupts\n"
    "ERR:          2\n"
    "MIS:          5\n"
    "PIN:          0          0   Posted-interrupt notification event\n";

constexpr const char* of_6_12 =
    "           CPU0       \n"
    "  1:          9  IO-APIC   1-edge      i8042\n"
    " 22:    1234567  IO-APIC  22-fasteoi \n"
    " 26:          1  PCI-MSI-0000:00:02.0   0-edge      nvme0q0\n"
    " 27:          0  None  \n"
    "  2:          0    XT-PIC      cascade\n"
    "TRM:          0   Thermal event interrupts\n"
    "ERR:          0\n"
    "MIS:          0\n"
    "PMN:          0   Posted MSI notification event\n";

const InterruptLine& line_of(const InterruptTable& table, const std::string& name) {
  const auto found = std::ranges::find(table.lines, name, &InterruptLine::name);
  BOOST_REQUIRE_MESSAGE(found != table.lines.end(), name);
  return *found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(interrupts_of_6_1_are_read_with_chip_and_actions) {
  const InterruptTable table = parse_interrupts(of_6_1);
  BOOST_TEST(table.cpus == 2U);
  BOOST_TEST(table.lines.size() == 10U);
  BOOST_TEST(table.error == 2U);
  BOOST_TEST(table.mis == 5U);
  const InterruptLine& shared = line_of(table, "16");
  BOOST_TEST((shared.counts == std::vector<std::uint64_t>{100, 99999}));
  BOOST_TEST(shared.total() == 100099U);
  BOOST_TEST(shared.chip == "IO-APIC 16-fasteoi");
  BOOST_TEST(shared.actions == "uhci_hcd:usb1, eth0");
  BOOST_TEST(line_of(table, "24").chip == "PCI-MSI 81920-edge");
  BOOST_TEST(line_of(table, "24").actions == "enp0s3-rx-0");
  BOOST_TEST(line_of(table, "25").actions.empty());
  BOOST_TEST(line_of(table, "LOC").total() == 13415U);
  BOOST_TEST(line_of(table, "LOC").chip.empty());
  BOOST_TEST(line_of(table, "SPU").actions == "Spurious interrupts");
}

BOOST_AUTO_TEST_CASE(interrupts_of_6_12_name_the_function_in_the_chip) {
  const InterruptTable table = parse_interrupts(of_6_12);
  BOOST_TEST(table.cpus == 1U);
  BOOST_TEST(line_of(table, "26").chip == "PCI-MSI-0000:00:02.0 0-edge");
  BOOST_TEST(line_of(table, "26").actions == "nvme0q0");
  BOOST_TEST(line_of(table, "22").total() == 1234567U);
  BOOST_TEST(line_of(table, "22").actions.empty());
  BOOST_TEST(line_of(table, "27").chip == "None");
  BOOST_TEST(line_of(table, "2").chip == "XT-PIC");
  BOOST_TEST(line_of(table, "2").actions == "cascade");
  BOOST_TEST(line_of(table, "PMN").actions == "Posted MSI notification event");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_table_gives_no_lines) {
  for (const char* text :
       {"", "\n", "CPU0\n", " CPU0\n: 1\n", " CPU0\n 1: x\n", "no CPUs\n 1: 2\n"})
    BOOST_TEST(parse_interrupts(text).lines.empty(), text);
}

BOOST_AUTO_TEST_CASE(a_count_too_large_for_its_type_ends_the_counts) {
  const InterruptTable table = parse_interrupts(" CPU0 CPU1\n 5: 1 99999999999999999999999 x\n");
  BOOST_TEST((line_of(table, "5").counts == std::vector<std::uint64_t>{1}));
}

BOOST_AUTO_TEST_CASE(the_spurious_counts_of_a_line_are_read) {
  const auto found = parse_spurious("count 99900\nunhandled 17\nlast_unhandled 4294667296 ms\n");
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->count == 99900U);
  BOOST_TEST(found->unhandled == 17U);
  BOOST_TEST(found->last_unhandled_ms == 4294667296U);
  for (const char* text :
       {"", "count 1\nunhandled 2\n", "count x\nunhandled 2\nlast_unhandled 3 ms\n"})
    BOOST_TEST(!parse_spurious(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(the_time_of_all_cpus_leaves_out_that_of_guests) {
  const auto time = parse_cpu_time("cpu  10 20 30 400 50 60 70 8 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
  BOOST_REQUIRE(time.has_value());
  BOOST_TEST(time->total == 648U);
  BOOST_TEST(time->idle == 400U);
  BOOST_TEST(time->irq == 60U);
  BOOST_TEST(time->softirq == 70U);
  for (const char* text : {"", "cpu0 1 2 3 4 5 6 7 8\n", "cpu 1 2 3\n", "cpu 1 2 3 4 x 6 7 8\n"})
    BOOST_TEST(!parse_cpu_time(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_line_that_the_kernel_gave_up_is_named) {
  BOOST_TEST(disabled_line("irq 16: nobody cared (try booting with the \"irqpoll\" option)") ==
             "16");
  BOOST_TEST(disabled_line("Disabling IRQ #5") == "5");
  for (const char* text : {"", "irq 16: Affinity broken", "irq x: nobody cared", "Disabling IRQ #",
                           "Disabling IRQ #5a", "a irq 16: nobody cared"})
    BOOST_TEST(disabled_line(text).empty(), text);
}

BOOST_AUTO_TEST_SUITE_END()
