// SPDX-License-Identifier: GPL-2.0-or-later
// The small pure parts: facts and screens.
#include <boost/test/unit_test.hpp>

#include "harness/run/facts.hpp"
#include "harness/run/screens.hpp"

using namespace quiesce;

BOOST_AUTO_TEST_SUITE(run_records)

BOOST_AUTO_TEST_CASE(facts_are_written_with_addresses_as_text) {
  const run::GuestFacts facts{.machine_kexec = {0xffffffff81000000},
                              .crash_region = {{0x8000000}, {0xc000000}},
                              .production_font = {{"width", 8}},
                              .segments = {{"kernel", {{0x8001000}, {0x8002000}}}}};
  BOOST_TEST(record::as_json(as_record(facts)).dump() ==
             R"({"crash_region":["0x8000000","0xc000000"],"has_screen":true,)"
             R"("machine_kexec":"0xffffffff81000000",)"
             R"("segments":[{"name":"kernel","range":["0x8001000","0x8002000"]}]})");
  BOOST_TEST(record::as_json(as_record(run::GuestFacts{}))["has_screen"] == false);
  BOOST_TEST(record::as_json(as_record(run::GuestFacts{}))["segments"].empty());
}

BOOST_AUTO_TEST_CASE(a_picture_of_one_colour_is_uniform) {
  const std::string header = "P6\n8 16\n255\n";
  const std::size_t bytes = std::size_t{8} * 16 * 3;
  std::string picture = header + std::string(bytes, '\0');
  BOOST_TEST(run::is_uniform(picture));
  picture.back() = '\1';
  BOOST_TEST(!run::is_uniform(picture));
  picture = header;
  for (std::size_t i = 0; i < bytes; i += 3) picture += "abc";
  BOOST_TEST(run::is_uniform(picture));
  picture[picture.size() / 2] = 'x';
  BOOST_TEST(!run::is_uniform(picture));
}

BOOST_AUTO_TEST_CASE(a_picture_that_is_not_there_yet_is_not_uniform) {
  BOOST_TEST(!run::is_uniform(""));
  BOOST_TEST(!run::is_uniform("P6\n"));
  BOOST_TEST(!run::is_uniform("P6\n1024 768\n255\n"));
}

BOOST_AUTO_TEST_CASE(a_plan_has_a_display_when_a_profile_writes_to_the_console) {
  scenario::RunPlan plan;
  BOOST_TEST(!run::has_display(plan));
  for (const nlohmann::json& activity :
       {nlohmann::json::object(), nlohmann::json{{"kind", "net-receive"}},
        nlohmann::json{{"kind", 7}}}) {
    plan.devices.push_back({.name = "a"});
    plan.devices.back().profile.activity = activity;
  }
  BOOST_TEST(!run::has_display(plan));
  plan.devices[1].profile.activity = {{"kind", "console"}};
  BOOST_TEST(run::has_display(plan));
}

BOOST_AUTO_TEST_SUITE_END()
