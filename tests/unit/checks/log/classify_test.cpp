// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/classify.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/checks/support.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::classify;
using checks::Concerns;
using checks::UnderTest;

namespace {

const UnderTest& tested() {
  static const UnderTest machine{
      {"0000:00:03.0"}, {"e1000e"}, {"0000:00:00.0", "0000:00:1f.2", "0000:00:1f.3"}};
  return machine;
}

std::string kind_of(const char* text, std::optional<int> level = {}) {
  return classify({text, level}, tested()).kind;
}

}  // namespace

BOOST_AUTO_TEST_CASE(messages_of_real_kernels_are_put_in_their_class) {
  struct Row {
    const char* message;
    const char* kind;
  };
  constexpr Row rows[] = {
      {"WARNING: CPU: 0 PID: 1 at drivers/pci/msi.c:5 pci_msi+0x1/0x2", "warning"},
      {"WARNING: drivers/pci/msi.c:5 at pci_msi+0x1/0x2, CPU#0: init/1", "warning"},
      {"BUG: kernel NULL pointer dereference, address: 0000000000000000", "oops"},
      {"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [modprobe:1]", "lockup"},
      {"INFO: task kworker/0:1:12 blocked for more than 120 seconds.", "lockup"},
      {"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "lockup"},
      {"nvme nvme0: I/O 3 QID 0 timeout, disable controller", "timeout"},
      {"ata1.00: qc timed out", "timeout"},
      {"pcieport 0000:00:1c.0: AER: Uncorrected (Fatal) error received", "aer"},
      {"pcieport 0000:00:1c.0: AER: enabled with IRQ 24", ""},
      {"DMAR: [DMA Write NO_PASID] Request device [00:02.0] fault addr 0x1000", "dmar"},
      {"DMAR: Copied translation tables from previous kernel", ""},
      {"irq 11: nobody cared (try booting with the \"irqpoll\" option)", "irq"},
      {"__common_interrupt: 0.41 No irq handler for vector", "vector"},
      {"pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0", "aer-corrected"},
      {"e1000e 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Data Link Layer",
       "aer-corrected"},
      {"e1000e 0000:01:00.0:    [12] Timeout", "aer-corrected"},
      {"Command line: hung_task_timeout_secs=5 timeout", ""},
      {"nvme nvme0: Shutdown timeout set to 10 seconds", ""},
      {"Spectre V2 : WARNING: Unprivileged eBPF is enabled at boot", ""},
      {"e1000e: Intel(R) PRO/1000 Network Driver", ""},
      {"Initramfs unpacking failed: write error", "boot"},
      {"megaraid_sas 0000:00:03.0: FW provided TM TaskAbort/Reset timeout : 0 secs/0 secs", ""},
      {"e1000e 0000:00:03.0 eth0: Detected Hardware Unit Hang:", "timeout"},
      {"e1000e 0000:00:03.0: failed with error -110", "timeout"},
  };
  for (const Row& row : rows) BOOST_TEST(kind_of(row.message) == row.kind, row.message);
}

BOOST_AUTO_TEST_CASE(pieces_of_a_pattern_must_come_in_order) {
  BOOST_TEST(checks::matches("a*b", "xaxbx"));
  BOOST_TEST(!checks::matches("a*b", "xbxax"));
  BOOST_TEST(checks::matches("", ""));
  BOOST_TEST(checks::matches("*", "x"));
}

BOOST_AUTO_TEST_CASE(an_error_of_a_driver_under_test_is_taken_at_its_word) {
  const char* const text = "e1000e 0000:00:03.0 eth0: PHY is asleep";
  BOOST_TEST(kind_of(text, 3) == "device");
  BOOST_TEST(kind_of(text, 4) == "");
  BOOST_TEST(kind_of(text, 6) == "");
  // Of a driver that no plan knows it must say what is wrong.
  BOOST_TEST(kind_of("igb 0000:05:00.0 eth0: PHY is asleep", 3) == "");
  BOOST_TEST(kind_of("igb 0000:05:00.0 eth0: PHY failed", 3) == "device");
}

BOOST_AUTO_TEST_CASE(the_lower_the_level_the_plainer_must_trouble_be_said) {
  struct Row {
    const char* text;
    int least;  ///< the mildest level at which it counts
  };
  constexpr Row rows[] = {{"e1000e 0000:00:03.0: Adapter removed", 4},
                          {"e1000e 0000:00:03.0: PCI bus error", 4},
                          {"e1000e 0000:00:03.0: initialization failed", 6},
                          {"e1000e 0000:00:03.0: transmit timed out", 6}};
  for (const Row& row : rows)
    for (int level = 0; level <= 6; ++level)
      BOOST_TEST((kind_of(row.text, level) != "") == (level <= row.least),
                 row.text << " at level " << level);
}

BOOST_AUTO_TEST_CASE(an_error_that_is_stated_stays_one_though_the_driver_goes_on) {
  const char* const text = "e1000e 0000:00:03.0 eth0: receiver did not stop, continuing (-16)";
  BOOST_TEST(kind_of(text, 3) == "device");
  BOOST_TEST(kind_of(text, 4) == "");
  BOOST_TEST(kind_of("e1000e 0000:00:03.0: MSI-X failed, falling back to MSI", 3) == "");
}

BOOST_AUTO_TEST_CASE(the_failure_of_a_device_that_is_not_under_test_is_elsewhere) {
  BOOST_TEST(kind_of("ahci 0000:00:1f.2: Controller reset failed (0x1)", 3) == "elsewhere");
  BOOST_TEST(kind_of("tpm tpm0: A TPM error (256) occurred", 3) == "elsewhere");
  BOOST_TEST(kind_of("i8042: probe of i8042 failed with error -5", 3) == "elsewhere");
  // Nothing says that it is another's.
  BOOST_TEST(kind_of("nvme nvme0: Device not ready; aborting reset, CSTS=0x1", 3) == "timeout");
  // The kernel's own trouble is nobody else's.
  BOOST_TEST(kind_of("ahci 0000:00:1f.2: PCIe Bus Error: severity=Uncorrected (Fatal)", 3) ==
             "aer");
}

BOOST_AUTO_TEST_CASE(whose_device_it_is_is_told_by_address_driver_and_the_names_it_gives) {
  const auto whose = [](const char* text, const UnderTest& machine) {
    return classify({text, 3}, machine).concerns;
  };
  BOOST_TEST((whose("pci 0000:00:03.0: x", tested()) == Concerns::tested));
  BOOST_TEST((whose("NETDEV WATCHDOG: eth0 (e1000e): x", tested()) == Concerns::tested));
  BOOST_TEST((whose("e1000e 0000:00:1f.3: x", tested()) == Concerns::other));
  BOOST_TEST((whose("ata1.00: x", tested()) == Concerns::unknown));
  const UnderTest disk{{"0000:00:04.0"}, {"ahci", "sd_mod"}, {}};
  BOOST_TEST((whose("ata1.00: x", disk) == Concerns::tested));
  BOOST_TEST((whose("sd 0:0:0:0: [sda] x", disk) == Concerns::tested));
  const UnderTest chip{{}, {"tpm_tis"}, {}};
  BOOST_TEST((whose("tpm tpm0: x", chip) == Concerns::tested));
  BOOST_TEST((whose("tsc: x", tested()) == Concerns::kernel));
}

BOOST_AUTO_TEST_CASE(why_a_message_is_of_its_class_is_told) {
  BOOST_TEST(classify({"e1000e 0000:00:03.0: transmit timed out", 4}, tested()).why ==
             "\"timed out\" at level 4");
  BOOST_TEST(classify({"Initramfs unpacking failed: write error", 0}, tested()).why ==
             "the form \"^Initramfs unpacking failed\"");
  BOOST_TEST(classify({"e1000e 0000:00:03.0: bus error", {}}, tested()).why ==
             "\"error\" without a level");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
