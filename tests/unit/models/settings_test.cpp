// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "devices/models/model.hpp"

BOOST_AUTO_TEST_SUITE(models_settings)

using namespace quiesce;
using namespace quiesce::models;
using nlohmann::json;

namespace {

std::string why(const json& given, const char* model = "slow-ready") {
  const auto filled = fill_settings(*find(model), given);
  BOOST_REQUIRE(!filled.has_value());
  BOOST_TEST((filled.error().code() == Errc::invalid_input));
  return filled.error().describe();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_not_given_is_filled_in) {
  const auto filled = fill_settings(*find("slow-ready"), {{"ready_ms", 20}});
  BOOST_REQUIRE(filled.has_value());
  BOOST_TEST(*filled == (json{{"ready_ms", 20}, {"mode", "config"}, {"tagged", true}}));
}

BOOST_AUTO_TEST_CASE(a_whole_number_may_be_given_as_a_broken_one) {
  BOOST_TEST(fill_settings(*find("slow-ready"), {{"ready_ms", 0.5}}).has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_is_refused_with_the_nearest_known_one) {
  const std::string text = why({{"ready_mss", 20}});
  BOOST_TEST(has(text, "slow-ready has no setting \"ready_mss\""), text);
  BOOST_TEST(has(text, "did you mean \"ready_ms\"?"), text);
  BOOST_TEST(!has(why({{"quite_something_else", 1}}), "did you mean"));
}

BOOST_AUTO_TEST_CASE(a_value_of_another_type_is_refused_with_an_example) {
  for (const json& wrong : {json("20"), json(true), json(nullptr), json::array(), json::object()}) {
    const std::string text = why({{"ready_ms", wrong}});
    BOOST_TEST(has(text, "setting ready_ms of model slow-ready"), text);
    BOOST_TEST(has(text, "such as 1500, found " + wrong.dump()), text);
  }
  BOOST_TEST(has(why({{"tagged", 1}}), "such as true, found 1"));
}

// A negative time or a rate of zero went through, and became a period of nothing.
BOOST_AUTO_TEST_CASE(a_number_out_of_range_is_refused) {
  BOOST_TEST(has(why({{"ready_ms", -1}}), "expected at least 0, found -1"));
  BOOST_TEST(has(why({{"ready_ms", 1e12}}), "expected at most"));
  BOOST_TEST(has(why({{"per_second", 0}}, "msi-storm"), "expected at least 0.1, found 0"));
  BOOST_TEST(has(why({{"per_second", 1e9}}, "msi-storm"), "expected at most"));
  BOOST_TEST(has(why({{"earliest_ms", 0}}, "late-writer"), "expected at least 1"));
}

// Any text went through, and counted as the other word.
BOOST_AUTO_TEST_CASE(a_text_that_is_none_of_the_words_is_refused) {
  BOOST_TEST(has(why({{"mode", "confg"}}), "expected one of config, registers, found \"confg\""));
  BOOST_TEST(has(why({{"begins", "now"}}, "intx-stuck"), "expected one of handover, run"));
}

BOOST_AUTO_TEST_CASE(settings_that_are_no_object_are_refused) {
  for (const json& wrong : {json::array(), json(1), json("x"), json(nullptr)})
    BOOST_TEST(has(why(wrong), "expected an object"));
}

BOOST_AUTO_TEST_CASE(every_default_keeps_its_own_range) {
  unsigned seen = 0;
  for (const Model* model : registry())
    for (const auto& setting : model->settings) {
      ++seen;
      const auto filled = fill_settings(*model, {{setting.name, setting.fallback}});
      BOOST_TEST(filled.has_value(), model->name << ": " << setting.name);
      BOOST_TEST(!setting.meaning.empty(), model->name << ": " << setting.name);
    }
  BOOST_TEST(seen >= registry().size());
}

BOOST_AUTO_TEST_SUITE_END()
