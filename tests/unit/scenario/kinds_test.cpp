// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/kinds.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "harness/wire/work.hpp"

namespace quiesce::scenario {

BOOST_AUTO_TEST_SUITE(scenario_kinds)

using nlohmann::json;

BOOST_AUTO_TEST_CASE(every_kind_has_a_name_of_its_own_and_work_that_no_other_kind_has) {
  BOOST_REQUIRE(!kinds().empty());
  std::set<std::string> names;
  std::set<std::string> activities;
  std::set<std::string> tests;
  for (const auto* kind : kinds()) {
    BOOST_TEST(names.insert(kind->name).second, kind->name);
    BOOST_TEST(!kind->activities.empty(), kind->name);
    BOOST_TEST(!kind->tests.empty(), kind->name);
    for (const auto& work : kind->activities) BOOST_TEST(activities.insert(work.name).second);
    for (const auto& work : kind->tests) BOOST_TEST(tests.insert(work.name).second);
  }
}

BOOST_AUTO_TEST_CASE(every_backend_says_how_qemu_is_given_it) {
  for (const auto& name : backend_names()) {
    const Backend* backend = find_backend(name);
    BOOST_REQUIRE_EQUAL(backend == nullptr, name == "none");
    if (backend == nullptr) continue;
    const auto [option, argument] =
        backend->option({.id = "a-backend", .device = "a", .fd = 20, .run_dir = "run"});
    BOOST_TEST(std::string(option).starts_with("-"));
    BOOST_TEST((argument.value("id", "") == "a-backend" ||
                argument.value("node-name", "") == "a-backend"));
  }
}

BOOST_AUTO_TEST_CASE(work_knows_the_backend_of_its_kind) {
  BOOST_TEST(activity_of(json{{"kind", "net-receive"}}).backend == "net");
  BOOST_TEST(test_of(json{{"kind", "sound-play"}}).backend == "audio");
  BOOST_TEST(activity_of(json{{"kind", "model-run"}}).backend.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_work_uses_no_memory) {
  for (const json& activity : {json(), json::object(), json(7), json{{"kind", 7}},
                               json{{"kind", ""}}, json{{"kind", wire::no_work}}}) {
    BOOST_TEST(!is_some(activity_of(activity)), activity);
    BOOST_TEST(!activity_of(activity).uses_memory, activity);
  }
}

// A plan of a later version must not be judged as if its devices had stood still.
BOOST_AUTO_TEST_CASE(work_that_is_not_known_counts_as_work_that_uses_memory) {
  const Work work = activity_of(json{{"kind", "teleport"}});
  BOOST_TEST(work.name == "teleport");
  BOOST_TEST(work.uses_memory);
  BOOST_TEST((work.feed == Feed::nothing));
}

BOOST_AUTO_TEST_CASE(a_console_uses_no_memory_and_is_a_display) {
  BOOST_TEST(!activity_of(json{{"kind", "console"}}).uses_memory);
  Profile profile;
  BOOST_TEST(!shows_console(profile));
  profile.activity = {{"kind", "console"}};
  BOOST_TEST(shows_console(profile));
}

BOOST_AUTO_TEST_CASE(what_is_offered_to_a_draft_is_work_that_profiles_may_name) {
  for (const auto* kind : kinds()) {
    if (kind->offered_activity.is_null()) continue;
    for (const auto& [offer, known] : {std::pair(&kind->offered_activity, &activity_kinds()),
                                       std::pair(&kind->offered_test, &test_kinds())}) {
      const Work* work = find_kind(*known, offer->value("kind", ""));
      BOOST_REQUIRE_MESSAGE(work != nullptr, kind->name);
      for (const auto& [key, value] : offer->items())
        BOOST_TEST((key == "kind" ||
                    (work->parameter(key) != nullptr && !work->parameter(key)->shape.wrong(value))),
                   kind->name);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::scenario
