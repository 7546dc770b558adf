// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/draft.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/draft/attachment.hpp"
#include "harness/scenario/load.hpp"
#include "tests/unit/draft/made_up.hpp"

namespace quiesce::draft {

BOOST_AUTO_TEST_SUITE(draft_draft)

using nlohmann::json;

namespace {

/// A card that works, below a kernel that loaded one module too many.
Known working() {
  Known known;
  known.facts = made_up::facts();
  known.facts.reset_events = {.own = {"made_reset", "made_soft_reset"}, .others = {"other_reset"}};
  known.kernel = "debian:6.1";
  known.release = "6.1.0";
  known.attached = with_attachment(known.facts);
  known.tried_modules = {"made_up_generic", "made_up", "mii-bus"};
  known.tried_work = work_for(known.attached, {});
  known.survey.function = {
      {"modalias", "pci:v00008086d000010C9"},
      {"driver", "made-up"},
      {"module", "made_up"},
      {"reset_methods", {"flr", "acpi", "bus"}},
      {"nodes", {{"net", {"eth0"}}}},
      {"children",
       json::array({{{"modalias", "mdio:1"}, {"driver", "mii"}, {"module", "mii_bus"}}})}};
  known.survey.failed_modules =
      json::array({{{"name", "made_up_generic"}, {"error", "No such device"}}});
  known.survey.activity = run::Trial{"net-receive", true, "30 operations in 3 s on eth0"};
  known.survey.test = run::Trial{"net-echo", true, "20 of 20 frames"};
  known.survey.events_while_loading = {{"made_reset", 2}};
  known.survey.tagged_pages = 12;
  return known;
}

std::string told(const Draft& draft) {
  return fmt::format("{}", fmt::join(draft.conclusions, "\n"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_profile_is_written_with_its_reasons) {
  BOOST_TEST(profile_text(make_draft(working())) ==
             R"json({
  // A device profile of Quiesce, drafted by "quiesce device new Made_Up" from what QEMU 9.9.9 and
  // Linux 6.1.0 showed. Change what you know better.
  "format": 1,
  "name": "made-up",
  // Ethernet controller (class 020001), 8086:10c9; BAR 0: 128 KiB of memory; capabilities: PM, MSI
  "description": "QEMU's Made_Up: Ethernet controller (class 020001)",
  // What the harness puts behind it: net, disk, audio or none.
  "backend": "net",
  // -device objects of QEMU, the PCI function first. The harness fills in @name, @addr, @mac,
  // @backend.
  "qemu": [{"driver": "Made_Up", "id": "@name", "addr": "@addr", "mac": "@mac", "netdev": "@backend"}],
  // modules by alias: made_up_generic, made_up, mii-bus; not loaded: made_up_generic (No such
  // device); the driver made-up took it and made of it: net (eth0) (pci:v00008086d000010C9).
  "modules": ["made_up", "mii-bus"],
  // As in /sys/bus/pci/drivers; empty: none is expected, in either kernel.
  "driver": "made-up",
  // What keeps it busy until the crash. Tried: 30 operations in 3 s on eth0.
  "activity": {"kind": "net-receive", "frame": 512, "rate": 10},
  // What shows that it works in the capture kernel. Tried: 20 of 20 frames.
  "test": {"kind": "net-echo", "frames": 20},
  // 12 pages that it wrote carried the harness's tags.
  "writes_tagged": true,
  // traced by QEMU while its driver loaded: made_reset (2 times); did not come: made_soft_reset.
  // QEMU's "-trace help" lists all events.
  "trace": [{"event": "made_reset", "means": "driver-reset"}],
  // As the guest's reset_method lists them. It also has: acpi.
  "reset_methods": ["flr", "bus"]
}
)json");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_what_the_loader_reads) {
  const Draft draft = make_draft(working());
  const auto loaded = scenario::load_profile_text(profile_text(draft), "made-up.json");
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST(loaded->name == draft.profile.name);
  BOOST_TEST(loaded->modules == draft.profile.modules, boost::test_tools::per_element());
  BOOST_TEST(loaded->activity == draft.profile.activity);
  BOOST_TEST(loaded->test == draft.profile.test);
  BOOST_TEST(loaded->writes_tagged);
  BOOST_REQUIRE(loaded->trace.size() == 1U);
  BOOST_TEST(loaded->trace.at(0).event == "made_reset");
}

BOOST_AUTO_TEST_CASE(what_was_tried_and_failed_is_left_out_and_said) {
  Known known = working();
  known.survey.activity = run::Trial{"disk-read", false, "no disk after 15 s"};
  known.survey.test.reset();
  known.survey.tagged_pages = 0;
  const Draft draft = make_draft(known);
  BOOST_TEST(draft.profile.activity == json({{"kind", "none"}}));
  BOOST_TEST(draft.profile.test == json({{"kind", "none"}}));
  BOOST_TEST(!draft.profile.writes_tagged);
  BOOST_TEST(told(draft).find("activity: none; disk-read was tried and did not work: no disk after "
                              "15 s") != std::string::npos);
  BOOST_TEST(scenario::load_profile_text(profile_text(draft), "p.json").has_value());
}

// ne2k_pci: its driver reads each frame through a port, so nothing of it can ever stray.
BOOST_AUTO_TEST_CASE(tagged_pages_of_a_device_without_bus_master_are_no_writes_of_its_own) {
  Known known = working();
  known.survey.tagged_pages = 0;
  known.survey.copied_pages = 12;
  const Draft draft = make_draft(known);
  BOOST_TEST(!draft.profile.writes_tagged);
  BOOST_TEST(profile_text(draft).find("so the CPU copied them") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_device_that_no_driver_takes_says_what_a_run_can_still_judge) {
  Known known = working();
  known.survey = {};
  known.survey.function = {{"modalias", "pci:x"}, {"driver", ""}, {"children", json::array()}};
  const Draft draft = make_draft(known);
  BOOST_TEST(draft.profile.driver == "");
  BOOST_TEST(draft.profile.modules.empty());
  BOOST_TEST(told(draft).find("no driver took the device") != std::string::npos);
  BOOST_TEST(told(draft).find("without a driver a run judges only") != std::string::npos);
  known.tried_modules.clear();
  BOOST_TEST(told(make_draft(known)).find("no module of this kernel has an alias that fits") !=
             std::string::npos);
}

// The draft forgot what the trace of a virtio device must match, and the event with it.
BOOST_AUTO_TEST_CASE(an_event_that_must_match_something_keeps_it) {
  Known known = working();
  known.attached.trace = {{"virtio_set_status", "driver-reset", "val 0"}};
  known.survey.events_while_loading = {{"virtio_set_status", 2}};
  const auto loaded = scenario::load_profile_text(profile_text(make_draft(known)), "made-up.json");
  BOOST_REQUIRE(loaded.has_value());
  BOOST_REQUIRE(loaded->trace.size() == 1U);
  BOOST_TEST(loaded->trace.at(0).event == "virtio_set_status");
  BOOST_TEST(loaded->trace.at(0).matches == "val 0");
}

// pcnet, tulip and i82559er: a run cannot say that their driver's reset ended their DMA.
BOOST_AUTO_TEST_CASE(a_device_whose_reset_no_event_shows_says_so) {
  Known known = working();
  known.survey.events_while_loading.clear();
  const Draft draft = make_draft(known);
  BOOST_TEST(draft.profile.trace.empty());
  BOOST_TEST(
      told(draft).find("of the 3 resets that QEMU can trace none came while its driver loaded; did "
                       "not come: made_reset, made_soft_reset") != std::string::npos);
}

// vmware-svga: its driver has an alias that fits, loads, and does not take the device.
BOOST_AUTO_TEST_CASE(a_module_that_fits_by_alias_but_takes_nothing_is_not_kept) {
  Known known = working();
  known.survey.function["module"] = "";
  BOOST_TEST(make_draft(known).profile.modules == std::vector<std::string>{"mii-bus"},
             boost::test_tools::per_element());
}

// The block driver of SD cards has no link to its module, and mmc_block was dropped: the disk that
// the survey had read never came in the run.
BOOST_AUTO_TEST_CASE(a_driver_without_a_link_to_its_module_keeps_those_that_fit_by_alias) {
  Known known = working();
  known.tried_modules = {"made_up", "mmc_block", "other"};
  known.survey.function["children"] =
      json::array({{{"modalias", "mmc:block"}, {"driver", "mmcblk"}, {"module", ""}},
                   {{"modalias", "x:y"}, {"driver", ""}, {"module", ""}}});
  known.fitting_modules = {{"mmc:block", {"mmc_block"}}, {"x:y", {"other"}}};
  BOOST_TEST(
      make_draft(known).profile.modules == std::vector<std::string>({"made_up", "mmc_block"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(modules_are_looked_for_as_long_as_something_has_no_driver) {
  const json function = {{"modalias", "pci:a"},
                         {"driver", "virtio-pci"},
                         {"children", json::array({{{"modalias", "virtio:b"}, {"driver", ""}},
                                                   {{"modalias", "usb:c"}, {"driver", "usb"}},
                                                   {{"modalias", "input:d"}, {"driver", ""}},
                                                   {{"driver", ""}},
                                                   3})}};
  BOOST_TEST(unmet_modaliases(function) == std::vector<std::string>({"virtio:b", "input:d"}),
             boost::test_tools::per_element());
  BOOST_TEST(unmet_modaliases(json()).empty());
}

BOOST_AUTO_TEST_CASE(of_the_handlers_of_an_input_device_only_evdev_is_loaded) {
  BOOST_TEST(worth_loading("input:b0003", {"mousedev", "evdev", "joydev"}) ==
                 std::vector<std::string>{"evdev"},
             boost::test_tools::per_element());
  BOOST_TEST(worth_loading("pci:x", {"8139too", "8139cp"}).size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::draft
