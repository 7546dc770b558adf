// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/wire/panic.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

namespace quiesce::wire {

BOOST_AUTO_TEST_SUITE(wire_panic)

BOOST_AUTO_TEST_CASE(every_way_to_panic_has_a_name_and_says_what_is_done_and_what_is_seen) {
  std::set<std::string> names;
  for (const auto& way : panic_ways) {
    BOOST_TEST(names.insert(way.name).second, way.name);
    BOOST_TEST(find_panic(way.name) == &way);
    BOOST_TEST(std::string(way.meaning).size() > 0);
    BOOST_TEST(std::string(way.shows).size() > 0);
    // An exit and an NMI are all that they need; everything else acts on something.
    BOOST_TEST((way.by == PanicWay::By::agent_exits || way.by == PanicWay::By::nmi) ==
                   std::string(way.what).empty(),
               way.name);
    BOOST_TEST((way.by == PanicWay::By::agent_writes) == !std::string(way.with).empty(), way.name);
    if (way.allowed_by != nullptr) BOOST_TEST(std::string(way.allowed_by).starts_with("/proc/"));
  }
}

BOOST_AUTO_TEST_CASE(a_way_that_does_not_exist_is_not_found) {
  BOOST_TEST(find_panic("") == nullptr);
  BOOST_TEST(find_panic("sysrq-") == nullptr);
}

BOOST_AUTO_TEST_CASE(the_agent_does_what_needs_no_hand_from_outside) {
  BOOST_TEST(find_panic("sysrq")->by_agent());
  BOOST_TEST(find_panic("init-exit")->by_agent());
  BOOST_TEST(!find_panic("sysrq-keyboard")->by_agent());
  BOOST_TEST(!find_panic("nmi")->by_agent());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::wire
