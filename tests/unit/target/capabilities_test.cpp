// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/target/capabilities.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

BOOST_AUTO_TEST_SUITE(target_capabilities)

using namespace quiesce;
using target::Capabilities;
using target::Capability;
using Texts = std::vector<std::string>;

BOOST_AUTO_TEST_CASE(a_set_has_what_was_put_in_and_not_what_was_taken_out) {
  constexpr Capabilities some{Capability::stop, Capability::screen};
  BOOST_TEST(some.has(Capability::stop));
  BOOST_TEST(!some.has(Capability::keys));
  BOOST_TEST(some.names() == (Texts{"stop", "screen"}), boost::test_tools::per_element());
  BOOST_TEST(some.without({Capability::stop, Capability::nmi}).names() == Texts{"screen"},
             boost::test_tools::per_element());
  BOOST_TEST(Capabilities().names().empty());
}

BOOST_AUTO_TEST_CASE(every_capability_has_a_name_and_words_of_its_own) {
  const auto names = Capabilities::all().names();
  BOOST_TEST(names.size() == record::capability_count);
  std::set<std::string_view> words;
  for (std::size_t at = 0; at < record::capability_count; ++at)
    BOOST_TEST(words.insert(record::words_of(static_cast<Capability>(at))).second);
  BOOST_TEST(std::set<std::string>(names.begin(), names.end()).size() == names.size());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_is_said_in_words) {
  const Result<void> refused = target::cannot(Capability::watch_memory);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code() == Errc::unsupported));
  BOOST_TEST(refused.error().describe() == "the target cannot have its memory watched");
}

BOOST_AUTO_TEST_SUITE_END()
