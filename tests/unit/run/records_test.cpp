// SPDX-License-Identifier: GPL-2.0-or-later
// The small pure parts: facts and screens.
#include <boost/test/unit_test.hpp>

#include "harness/run/facts.hpp"
#include "harness/run/screens.hpp"

BOOST_AUTO_TEST_SUITE(run_records)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(facts_are_written_with_addresses_as_text) {
  const run::ArmedFacts facts{.recipe = {},
                              .machine_kexec = {0xffffffff81000000},
                              .crash_region = {{0x8000000}, {0xc000000}},
                              .kernel_data = {},
                              .production_font = {{"width", 8}},
                              .segments = {{"kernel", {{0x8001000}, {0x8002000}}}}};
  BOOST_TEST(record::as_json(as_record(facts)).dump() ==
             R"({"crash_region":["0x8000000","0xc000000"],"has_screen":true,)"
             R"("machine_kexec":"0xffffffff81000000",)"
             R"("segments":[{"name":"kernel","range":["0x8001000","0x8002000"]}]})");
  BOOST_TEST(record::as_json(as_record(run::ArmedFacts{}))["has_screen"] == false);
  BOOST_TEST(record::as_json(as_record(run::ArmedFacts{}))["segments"].empty());
}

BOOST_AUTO_TEST_CASE(facts_of_an_armed_guest_are_the_same_after_they_were_written_and_read) {
  const run::ArmedFacts facts{.recipe = "0123",
                              .machine_kexec = {0xffffffff81000000},
                              .crash_region = {{0x8000000}, {0xc000000}},
                              .kernel_data = {{{0x1000}, {0x2000}}, {{0x3000}, {0x4000}}},
                              .production_font = {{"width", 8}},
                              .segments = {{"kernel", {{0x8001000}, {0x8002000}}}}};
  const auto read = run::armed_from_json(nlohmann::json::parse(to_json(facts).dump()));
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().describe()));
  BOOST_TEST(to_json(*read) == to_json(facts));
  BOOST_TEST(read->recipe == "0123");
  BOOST_TEST(read->kernel_data.at(1).end.value == 0x4000U);
  BOOST_TEST(read->segments.at(0).name == "kernel");
  BOOST_TEST(read->production_font["width"] == 8);
  run::ArmedFacts dark = facts;
  dark.production_font = nullptr;
  BOOST_TEST(run::armed_from_json(to_json(dark)).value().production_font.is_null());
}

BOOST_AUTO_TEST_CASE(facts_that_lack_something_are_refused_by_its_name) {
  for (const char* key : {"recipe", "machine_kexec", "crash_region", "kernel_data", "segments"}) {
    auto json = to_json(run::ArmedFacts{});
    json.erase(key);
    const auto read = run::armed_from_json(json);
    BOOST_REQUIRE(!read);
    BOOST_TEST(read.error().describe().find(key) != std::string::npos);
    json[key] = true;
    BOOST_TEST(!run::armed_from_json(json).has_value(), key);
  }
  BOOST_TEST(!run::armed_from_json(nlohmann::json::array()).has_value());
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
  run::Devices devices;
  BOOST_TEST(!run::has_display(devices));
  for (const nlohmann::json& activity :
       {nlohmann::json::object(), nlohmann::json{{"kind", "net-receive"}},
        nlohmann::json{{"kind", 7}}}) {
    devices.push_back({.name = "a"});
    devices.back().profile.activity = activity;
  }
  BOOST_TEST(!run::has_display(devices));
  devices[1].profile.activity = {{"kind", "console"}};
  BOOST_TEST(run::has_display(devices));
}

BOOST_AUTO_TEST_SUITE_END()
