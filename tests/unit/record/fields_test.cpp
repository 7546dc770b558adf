// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/fields.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "harness/record/catalog.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/lines.hpp"

namespace quiesce::record {

BOOST_AUTO_TEST_SUITE(record_fields)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  const event::WatchPass pass{
      .begin_t = 1.5, .since = 1, .pages_compared = 400, .pages_changed = 3, .seconds = 0.25};
  const Json json = as_json(pass);
  BOOST_TEST(
      json.dump() ==
      R"({"begin_t":1.5,"pages_changed":3,"pages_compared":400,"seconds":0.25,"since":1.0})");
  BOOST_TEST(as_json(read<event::WatchPass>(json)).dump() == json.dump());

  const event::Baseline baseline{
      .purpose = "handover", .bytes = 4096, .copy_s = 0.5, .excluded = {{0, 0x100000}}};
  BOOST_TEST(as_json(baseline)["excluded"].dump() == R"([["0x0","0x100000"]])");
  BOOST_TEST(as_json(baseline)["for"] == "handover");
  BOOST_TEST(as_json(read<event::Baseline>(as_json(baseline))) == as_json(baseline));

  const event::Cpus cpus{.at = "end", .cpus = {{.index = 1, .rip = "0x10", .halted = true}}};
  BOOST_TEST(as_json(read<event::Cpus>(as_json(cpus))) == as_json(cpus));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_left_out_and_what_null_says_is_kept) {
  event::ResetAction action;
  BOOST_TEST(!as_json(action).contains("ready_ms"));
  action.ready_ms = OrNull<double>(std::nullopt);
  BOOST_TEST(as_json(action)["ready_ms"].is_null());
  BOOST_TEST(!read<event::ResetAction>(Json::object()).ready_ms.said);
  BOOST_TEST(read<event::ResetAction>({{"ready_ms", nullptr}}).ready_ms.said);
  BOOST_TEST(!read<event::ResetAction>({{"ready_ms", nullptr}}).ready_ms.value.has_value());
  BOOST_TEST(read<event::ResetAction>({{"ready_ms", 100}}).ready_ms.value.value() == 100);
  BOOST_TEST(!read<event::ResetAction>({{"error", nullptr}}).error.has_value());
}

BOOST_AUTO_TEST_CASE(a_field_of_another_type_is_missing_and_named) {
  event::Cpus cpus;
  Wrong wrong;
  const Json json = {{"at", 7}, {"cpus", {{{"index", -1}, {"rip", "0x10"}}, 5, {{"index", 2.0}}}}};
  BOOST_TEST(read_into(json, cpus, &wrong));
  BOOST_TEST(cpus.at.empty());
  BOOST_REQUIRE_EQUAL(cpus.cpus.size(), 2U);
  BOOST_TEST(cpus.cpus[0].rip == "0x10");
  BOOST_TEST(cpus.cpus[1].index == 2U);
  const Wrong expected{"at", "cpus[].index", "cpus"};
  BOOST_TEST(wrong == expected, boost::test_tools::per_element());
  BOOST_TEST(!read_into(Json("text"), cpus));
}

BOOST_AUTO_TEST_CASE(numbers_and_addresses_are_not_taken_for_each_other) {
  std::uint64_t whole = 9;
  for (const Json& no : {Json(-1), Json(2.5), Json(1e300), Json("3"), Json(true), Json()})
    BOOST_TEST(!take(no, whole), no.dump());
  BOOST_TEST(whole == 9U);
  BOOST_TEST((take(Json(3.0), whole) && whole == 3));
  Address address;
  BOOST_TEST((take(Json("0x1f2e"), address) && address.value == 0x1f2e));
  BOOST_TEST(!take(Json(16), address));
  BOOST_TEST(!take(Json("there"), address));
  AddressRange range;
  BOOST_TEST(!take(Json::parse(R"(["0x1"])"), range));
  BOOST_TEST(!take(Json::parse(R"(["0x1", 2])"), range));
  Words words;
  BOOST_TEST((take(Json("one"), words) && words.list.size() == 1));
  BOOST_TEST(!take(Json::parse(R"(["a", 1])"), words));
}

BOOST_AUTO_TEST_CASE(a_text_has_nothing_that_a_terminal_must_not_see) {
  BOOST_TEST(read<event::KeyReceived>({{"text", "a\x1b[31m"}}).text.find('\x1b') ==
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_kind_of_event_has_a_name_of_its_own_a_meaning_and_described_fields) {
  std::set<std::string> names;
  for (const Kind& kind : event_kinds()) {
    BOOST_TEST(names.insert(kind.name).second, kind.name);
    BOOST_TEST(find_event(kind.name) == &kind);
    BOOST_TEST(*kind.meaning != 0, kind.name);
    std::set<std::string> keys;
    for (const RowText& row : texts_of(kind.rows())) {
      BOOST_TEST(keys.insert(row.key).second, kind.name << "." << row.key);
      BOOST_TEST((!row.meaning.empty() || !row.unit.empty()), kind.name << "." << row.key);
    }
    BOOST_TEST(kind.wrong(Json::object()).empty(), kind.name);
  }
  BOOST_TEST(find_event("crash.segments") == nullptr);
}

BOOST_AUTO_TEST_CASE(the_page_has_every_event_every_field_and_every_file) {
  const std::string page = markdown();
  const auto has = [&](const std::string& text) { return page.find(text) != std::string::npos; };
  for (const Kind& kind : event_kinds()) {
    BOOST_TEST(has(std::string("### `") + kind.name + "`"), kind.name);
    for (const RowText& row : texts_of(kind.rows()))
      BOOST_TEST(has("| `" + row.key + "` |"), row.key);
  }
  for (const FileRow& row : files()) BOOST_TEST(has(std::string("| `") + row.name + "` |"));
  BOOST_TEST(has("`cpus[].place`"));
}

BOOST_AUTO_TEST_CASE(a_word_that_was_a_number_is_written_as_one) {
  Word word;
  BOOST_REQUIRE(take(Json(24), word));
  BOOST_TEST(word.text == "24");
  BOOST_TEST(written(word) == Json(24));
  BOOST_REQUIRE(take(Json("24"), word));
  BOOST_TEST(written(word) == Json("24"));
  BOOST_TEST(written(Word::of(7)) == Json(7));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::record
