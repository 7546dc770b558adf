// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/modules.hpp"

#include <boost/test/unit_test.hpp>

using namespace quiesce;
using namespace quiesce::agent;

BOOST_AUTO_TEST_SUITE(agent)

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

BOOST_AUTO_TEST_SUITE_END()
