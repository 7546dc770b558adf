// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/request.hpp"

#include <boost/test/unit_test.hpp>

#include "vm-images/agent/work.hpp"

BOOST_AUTO_TEST_SUITE(agent)

namespace {

using namespace quiesce;
using namespace quiesce::agent;

template <class T>
bool is_bad(const Result<T>& result) {
  return !result && result.error().code() == Errc::invalid_input;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_that_is_no_json_is_refused) {
  for (const char* text : {"", "{", "[1]", "7", "null", "\"op\"", "{\"op\": 7}", "{}", "\xff\xfe"})
    BOOST_TEST(is_bad(parse_request(text)), text);
  BOOST_TEST(is_bad(parse_request(std::string(500'000, '['))));
}

BOOST_AUTO_TEST_CASE(a_request_with_a_text_op_is_taken) {
  const auto request = parse_request(R"({"op": "describe"})");
  BOOST_REQUIRE(request.has_value());
  BOOST_TEST((*request)["op"] == "describe");
}

BOOST_AUTO_TEST_CASE(a_field_of_another_type_is_refused_by_name) {
  const Json fields = {{"x", Json::array({1, "a"})}, {"object", Json::object()}, {"word", "w"}};
  const Request request(fields);
  for (const char* key : {"x", "object", "absent"}) BOOST_TEST(is_bad(request.text(key)), key);
  BOOST_TEST(is_bad(request.text("x", "otherwise")));
  BOOST_TEST(is_bad(request.texts("x")));
  BOOST_TEST(is_bad(request.texts("absent")));
  BOOST_TEST(is_bad(request.number("word", 1, 0, 9)));
  BOOST_TEST(is_bad(request.whole("word", 1, 0, 9)));
  BOOST_TEST(is_bad(request.address("word")));
  BOOST_TEST(request.text("x").error().message().find("field x ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_or_null_field_takes_its_default) {
  const Json fields = {{"none", nullptr}};
  const Request request(fields);
  BOOST_TEST(request.number("none", 1.5, 0, 9).value() == 1.5);
  BOOST_TEST(request.whole("absent", 3, 0, 9).value() == 3U);
  BOOST_TEST(request.text("none", "otherwise").value() == "otherwise");
  BOOST_TEST(!request.has("none"));
}

BOOST_AUTO_TEST_CASE(a_number_out_of_range_is_refused) {
  const Json fields = {
      {"less", -1}, {"more", 1e300}, {"broken", 1.5}, {"huge", 18446744073709551615U}};
  const Request request(fields);
  for (const char* key : {"less", "more", "huge"}) {
    BOOST_TEST(is_bad(request.number(key, 0, 0, 9)), key);
    BOOST_TEST(is_bad(request.whole(key, 0, 0, 9)), key);
  }
  BOOST_TEST(is_bad(request.whole("broken", 0, 0, 9)));
}

BOOST_AUTO_TEST_CASE(a_subject_needs_device_address_and_kind) {
  Json fields = {{"device", "nic"}, {"address", "00:03.0"}, {"kind", "net-echo"}, {"seed", 7}};
  const auto subject = read_subject(Request(fields));
  BOOST_REQUIRE(subject.has_value());
  BOOST_TEST(subject->address.device == 3);
  BOOST_TEST(subject->seed == 7U);
  for (const char* key : {"device", "address", "kind"}) {
    Json less = fields;
    less.erase(key);
    BOOST_TEST(is_bad(read_subject(Request(less))), key);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_test_is_refused) {
  const Json fields = {{"device", "nic"}, {"address", "00:03.0"}, {"kind", "dance"}};
  BOOST_TEST(is_bad(run_test(Request(fields))));
}

BOOST_AUTO_TEST_SUITE_END()
