// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/json_text.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_json_text)

using namespace quiesce::scenario;
using testing::complaints;

BOOST_AUTO_TEST_CASE(text_that_is_no_json_is_placed_by_line_and_column) {
  BOOST_TEST(
      complaints("{\n  \"format\": 1,\n  name: 2\n}") ==
      "s.json: line 3, column 4: expected JSON, found syntax error while parsing object key - "
      "invalid literal; last read: '1,<U+000A>  na'; expected string literal");
  BOOST_TEST(complaints("") ==
             "s.json: line 1, column 1: expected JSON, found syntax error while "
             "parsing value - unexpected end of input; expected '[', '{', or a literal");
  BOOST_TEST(complaints("{\"a\": 1e999}") ==
             "s.json: line 1, column 11: expected JSON, found number overflow parsing '1e999'");
}

BOOST_AUTO_TEST_CASE(comments_are_passed_over_and_lines_still_count) {
  BOOST_TEST(complaints("// s\n{ /* two\nlines */ \"format\": 1, // one\n"
                        "\"production\": {\"kernel\": \"a//b\"}} // end") == "");
  BOOST_TEST(complaints("// first\n/* second\n third */ {\n  nope: 2 // fourth\n}")
                 .starts_with("s.json: line 4, column 4: expected JSON"));
  BOOST_TEST(complaints("{\"format\": 1 /* no end").find("missing closing '*/'") !=
             std::string::npos);
}

// "--set capture.command_line=1 // x" is a text that happens to begin with a number.
BOOST_AUTO_TEST_CASE(a_value_of_the_command_line_has_no_comments) {
  const auto loaded = load_text(testing::scenario_text(), "s.json", testing::small_vocabulary(),
                                std::vector<Override>{"capture.command_line=1 // x"});
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), complaints(loaded));
  BOOST_TEST(loaded->at(0).capture.command_line == "1 // x");
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_no_json_and_is_not_printed) {
  const std::string all = complaints("{\"a\": \"\xff\x1b[31m\"}");
  BOOST_TEST(all.starts_with("s.json: line 1, column 8: expected JSON"));
  BOOST_TEST(all.find('\xff') == std::string::npos);
  BOOST_TEST(all.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_given_twice_is_an_error_at_any_depth) {
  const std::string text =
      R"({"format": 1, "production": {"kernel": "a", "kernel": {"x": 1, "x": 2}},
          "devices": [{"profile": "vga"}, {"profile": "vga", "profile": "e1000e"}], "format": 2})";
  BOOST_TEST(complaints(text) ==
             "s.json: /production/kernel: this key is given twice\n"
             "s.json: /production/kernel/x: this key is given twice\n"
             "s.json: /devices/1/profile: this key is given twice\n"
             "s.json: /format: this key is given twice");
}

BOOST_AUTO_TEST_CASE(a_nesting_bomb_is_refused) {
  const std::string bomb = std::string(100'000, '[') + std::string(100'000, ']');
  BOOST_TEST(complaints(bomb).find("nested deeper than 64 levels") != std::string::npos);
  std::string objects;
  for (int depth = 0; depth < 1000; ++depth) objects += "{\"a\":";
  BOOST_TEST(complaints(objects).find("nested deeper than 64 levels") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_text_beyond_the_limit_is_refused) {
  BOOST_TEST(complaints(std::string(longest_text + 1, ' ')) == "s.json: longer than 1048576 bytes");
}

BOOST_AUTO_TEST_CASE(the_order_of_the_matrix_is_that_of_the_text) {
  Report report("x");
  const auto document =
      parse_json(R"({"a": {"matrix": {"no": 1}}, "matrix": {"z": [{"deep": 1}], "b": 1}})", report);
  BOOST_REQUIRE(document.has_value());
  const std::vector<std::string> expected{"z", "b"};
  BOOST_TEST(document->matrix_order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(depth_is_measured_without_recursion) {
  nlohmann::json value = 1;
  for (int depth = 0; depth < 64; ++depth) value = nlohmann::json::array({std::move(value)});
  BOOST_TEST(is_shallow(value));
  value = nlohmann::json::array({std::move(value)});
  BOOST_TEST(!is_shallow(value));
}

BOOST_AUTO_TEST_SUITE_END()
