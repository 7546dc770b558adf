// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/modules.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

BOOST_AUTO_TEST_CASE(modules_come_after_what_they_need_and_once) {
  const Json order = {{"a", {"base", "a"}}, {"b", {"base", "more", "b"}}};
  const auto plan = plan_modules(order, {"b", "a"});
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST((plan->order == std::vector<std::string>{"base", "more", "b", "a"}));
  BOOST_TEST(plan->unknown.empty());
}

BOOST_AUTO_TEST_CASE(a_module_that_the_image_lacks_is_named) {
  const auto plan = plan_modules(Json::object(), {"ghost"});
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST((plan->unknown == std::vector<std::string>{"ghost"}));
}

BOOST_AUTO_TEST_CASE(an_order_of_another_shape_is_an_error) {
  for (const Json& order : {Json(7), Json::array(), Json{{"a", 7}}, Json{{"a", {{"b", 1}}}}})
    BOOST_TEST(!plan_modules(order, {"a"}).has_value(), order);
}

// usbcore.nousb of Debian's own kdump command line did nothing: modules were loaded without it.
BOOST_AUTO_TEST_CASE(a_module_gets_what_the_command_line_says_to_it) {
  const std::string line =
      "root=/dev/sda usbcore.nousb e1000e.InterruptThrottleRate=0,0 snd-hda-intel.model=\"a b\" "
      "snd_hda_intel.single_cmd=1 usbcore. =x.y .z --  usbcore.blinkenlights=1";
  BOOST_TEST(module_parameters(line, "usbcore") == "nousb");
  BOOST_TEST(module_parameters(line, "e1000e") == "InterruptThrottleRate=0,0");
  BOOST_TEST(module_parameters(line, "snd-hda-intel") == "model=\"a b\" single_cmd=1");
  BOOST_TEST(module_parameters(line, "root") == "");
  BOOST_TEST(module_parameters(line, "") == "z");
  BOOST_TEST(module_parameters("a.b=c.d=e", "a") == "b=c.d=e");
  BOOST_TEST(module_parameters("a=b.c", "a=b") == "");
}

BOOST_AUTO_TEST_CASE(a_blacklisted_module_is_told_by_either_spelling) {
  const std::string line =
      "quiet modprobe.blacklist=nouveau,snd-hda-intel modprobe.blacklist=xhci_pci";
  BOOST_TEST(is_blacklisted(line, "nouveau"));
  BOOST_TEST(is_blacklisted(line, "snd_hda_intel"));
  BOOST_TEST(is_blacklisted(line, "xhci-pci"));
  BOOST_TEST(!is_blacklisted(line, "xhci"));
  BOOST_TEST(!is_blacklisted("", "nouveau"));
}

BOOST_AUTO_TEST_SUITE_END()
