// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/qemu_help.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::draft {

BOOST_AUTO_TEST_SUITE(draft_qemu_help)

namespace {

/// Lines as QEMU 7.2 prints them.
constexpr const char* list_text =
    "Controller/Bridge/Hub devices:\n"
    "name \"pcie-root-port\", bus PCI, desc \"PCI Express Root Port\"\n"
    "\n"
    "Network devices:\n"
    "name \"e1000\", bus PCI, alias \"e1000-82540em\", desc \"Intel Gigabit, Ethernet\"\n"
    "name \"igb\", bus PCI\n"
    "name \"ne2k_isa\", bus ISA\n"
    "name \"virtio-net-pci\", bus PCI, alias \"virtio-net\"\n"
    "\n"
    "CPU devices:\n"
    "name \"qemu64-x86_64-cpu\"\n";

std::string refusal(const std::string& name) {
  const auto chosen = choose_device(parse_device_list(list_text), name);
  return chosen ? "none" : chosen.error().describe();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_line_of_help_is_a_device) {
  const auto devices = parse_device_list(list_text);
  BOOST_REQUIRE(devices.size() == 6U);
  BOOST_TEST(devices.at(1).name == "e1000");
  BOOST_TEST(devices.at(1).bus == "PCI");
  BOOST_TEST(devices.at(1).alias == "e1000-82540em");
  BOOST_TEST(devices.at(1).description == "Intel Gigabit, Ethernet");
  BOOST_TEST(devices.at(1).category == "Network devices");
  BOOST_TEST(devices.at(5).bus == "");
  BOOST_TEST(parse_device_list("").empty());
  BOOST_TEST(parse_device_list("name \"").at(0).name == "");
}

BOOST_AUTO_TEST_CASE(properties_have_their_types) {
  const auto properties = parse_properties(
      "igb options:\n"
      "  addr=<int32>           - Slot and optional function number, example: 06.0\n"
      "  netdev=<str>           - ID of a netdev to use as a backend\n"
      "  romfile=<str>\n"
      "  odd>=<\n");
  BOOST_TEST(properties.size() == 3U);
  BOOST_TEST(properties.at("addr") == "int32");
  BOOST_TEST(properties.at("netdev") == "str");
  BOOST_TEST(properties.at("romfile") == "str");
}

BOOST_AUTO_TEST_CASE(a_device_is_chosen_by_name_or_alias) {
  const auto devices = parse_device_list(list_text);
  BOOST_TEST(choose_device(devices, "igb")->name == "igb");
  BOOST_TEST(choose_device(devices, "e1000-82540em")->name == "e1000");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_is_explained) {
  BOOST_TEST(refusal("ibg") ==
             "there is no PCI device \"ibg\"; did you mean \"igb\"? "
             "\"qemu-system-x86_64 -device help\" shows all");
  // A whole part of a name says more than three letters of its beginning.
  BOOST_TEST(refusal("net-pci").find("did you mean \"virtio-net-pci\"?") != std::string::npos);
  BOOST_TEST(refusal("ne2k_isa") ==
             "ne2k_isa is no PCI device of QEMU: it sits on the bus ISA; a profile is one PCI "
             "function, with what hangs on it");
  BOOST_TEST(refusal("qemu64-x86_64-cpu").find("it sits on no bus") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(events_of_a_reset_begin_as_the_device_does) {
  const std::string text =
      "pcnet_s_reset\nlsi_reset\nlsi_execute_script\nusb_xhci_reset\nusb_ehci_port_reset\n"
      "usb_ehci_reset\nzz_reset\nreset\npci_nvme_reset\nvirtio_iommu_reset\n";
  const auto events = [&](const char* device) {
    return fmt::format("{}", fmt::join(reset_events(text, device).own, " "));
  };
  BOOST_TEST(events("pcnet") == "pcnet_s_reset");
  BOOST_TEST(events("lsi53c895a") == "lsi_reset");
  BOOST_TEST(events("usb-ehci") == "usb_xhci_reset usb_ehci_reset");
  BOOST_TEST(events("nec-usb-xhci") == "usb_xhci_reset");
  BOOST_TEST(events("AC97") == "");
  BOOST_TEST(events("reset") == "");
  BOOST_TEST(events("pcie-root-port") == "");
  BOOST_TEST(events("virtio-rng-pci") == "");
  BOOST_TEST(events("virtio-iommu-pci") == "virtio_iommu_reset");
}

// igb's core traces as e1000e's, am53c974 as esp: by their own names neither was asked for, and the
// draft said that QEMU had traced none.
BOOST_AUTO_TEST_CASE(a_device_may_say_its_reset_by_the_name_of_its_core) {
  const std::string text =
      "e1000e_core_ctrl_sw_reset\ne1000e_core_ctrl_phy_reset\nesp_mem_writeb_cmd_reset\n"
      "esp_mem_writeb_cmd_bus_reset\nqdev_reset\nresettable_phase_hold_exec\nguest_cpu_reset\n"
      "vfio_pci_reset\nigb_reset\ne1000e_rx_start\n";
  const auto events = reset_events(text, "igb");
  BOOST_TEST(fmt::format("{}", fmt::join(events.own, " ")) == "igb_reset");
  BOOST_TEST(fmt::format("{}", fmt::join(events.others, " ")) ==
             "e1000e_core_ctrl_sw_reset esp_mem_writeb_cmd_reset");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::draft
