// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/parse.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/evidence/pci_write.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/line.hpp"
#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::evidence {

BOOST_AUTO_TEST_SUITE(evidence_parse)

BOOST_AUTO_TEST_CASE(a_timeline_line_gives_its_time_name_and_fields) {
  Damage damage;
  const auto events = parse_timeline(R"({"t": 1.5, "event": "mark", "name": "handover", "n": 3})"
                                     "\n",
                                     damage);
  BOOST_REQUIRE_EQUAL(events.size(), 1U);
  BOOST_TEST(events[0].t == 1.5);
  BOOST_TEST(events[0].name == "mark");
  BOOST_TEST(record::read<record::event::Mark>(events[0].fields).mark == "handover");
  BOOST_TEST(damage.empty());
}

BOOST_AUTO_TEST_CASE(damaged_lines_are_counted_and_the_rest_is_read) {
  Damage damage;
  const auto events = parse_timeline(
      "{\"t\": 1, \"event\": \"a\"}\nnonsense\n[1]\n{\"t\": \"x\", \"event\": \"b\"}\n"
      "{\"t\": 1e999, \"event\": \"c\"}\n{\"t\": 2, \"event\": \"d\"}\n",
      damage);
  BOOST_TEST(events.size() == 2U);
  BOOST_REQUIRE_EQUAL(damage.size(), 1U);
  BOOST_TEST(damage[0] == "timeline.ndjson: 4 of 6 lines could not be read, the first is line 2");
}

BOOST_AUTO_TEST_CASE(a_last_line_that_is_cut_off_is_told_apart_from_damage) {
  Damage damage;
  const auto events = parse_timeline("{\"t\": 1, \"event\": \"a\"}\n{\"t\": 2, \"eve", damage);
  BOOST_TEST(events.size() == 1U);
  BOOST_REQUIRE_EQUAL(damage.size(), 1U);
  BOOST_TEST(damage[0] == "timeline.ndjson: the last line is cut off");
}

BOOST_AUTO_TEST_CASE(a_stray_page_carries_its_tags_and_owner) {
  Damage damage;
  const auto strays = parse_strays(
      R"({"t": 2, "since": 1, "page": "0x12345000", "bytes": 64, "first": 0, "last": 63, "owner": null,)"
      R"( "tags": [{"device": "net0", "kind": "disk_block", "sequence": 4, "block": 9, "foreign": true}, 7]})"
      "\n"
      R"({"t": 2, "since": 1, "page": "0x1000", "owner": "cpu-stack"})"
      "\n",
      damage);
  BOOST_REQUIRE_EQUAL(strays.size(), 2U);
  BOOST_TEST(strays[0].page.value == 0x12345000U);
  BOOST_REQUIRE_EQUAL(strays[0].tags.size(), 1U);
  BOOST_TEST(strays[0].tags[0].tag.device == "net0");
  BOOST_TEST((strays[0].tags[0].tag.kind == TagKind::disk_block));
  BOOST_TEST(strays[0].tags[0].foreign);
  BOOST_TEST(strays[0].owner.empty());
  BOOST_TEST(strays[1].owner == "cpu-stack");
}

BOOST_AUTO_TEST_CASE(a_serial_line_without_a_time_takes_the_one_before) {
  const auto lines =
      parse_serial("[1.500000] [    0.000000] Linux\r\nrest\n[x] y\n[2.0] \x1b[31mred\x1b[0m");
  BOOST_REQUIRE_EQUAL(lines.size(), 4U);
  BOOST_TEST(lines[0].text == "[    0.000000] Linux");
  BOOST_TEST(lines[1].t == 1.5);
  BOOST_TEST(lines[2].text == "[x] y");
  BOOST_TEST(lines[3].t == 2.0);
  BOOST_TEST(lines[3].text == "red");
}

BOOST_AUTO_TEST_CASE(trace_times_are_put_on_the_clock_of_the_timeline) {
  const auto trace = parse_trace(
      "4242@1700000012.250000:pci_cfg_write e1000e 00:02.0 @0x4 <- 0x503\n"
      "qemu: warning: hello\n4242@bad:x y\n",
      1700000000, {});
  BOOST_TEST(trace.lines == 1U);
  BOOST_REQUIRE_EQUAL(trace.writes.size(), 1U);
  BOOST_TEST(trace.writes[0].t == 12.25);
  BOOST_TEST(trace.writes[0].value == 0x503U);
}

BOOST_AUTO_TEST_CASE(a_trace_keeps_configuration_writes_by_function_and_what_profiles_name) {
  scenario::RunPlan plan;
  plan.devices.emplace_back();
  plan.devices[0].profile.trace = {{"x_reset", "driver-reset", ""},
                                   {"x_status", "device-stopped", "val 0"}};
  const auto trace = parse_trace(
      "1@1700000001.0:pci_cfg_write a 00:02.0 @0x4 <- 0x1\n"
      "1@1700000002.0:x_reset now\n1@1700000003.0:x_status val 1\n"
      "1@1700000004.0:x_status val 0\n1@1700000005.0:x_other val 0\n"
      "1@1700000006.0:pci_cfg_write b 00:03.0 @0x4 <- 0x2\n"
      "1@1700000007.0:pci_cfg_write a 00:02.0 @0x4 <- 0x3\n"
      "1@1700000008.0:pci_cfg_write a 00:02.0 @0x4",
      1700000000, plan);
  BOOST_TEST(trace.lines == 8U);
  BOOST_TEST(trace.writes.size() == 3U);
  const std::vector<std::uint32_t> first{0, 2};
  BOOST_TEST(trace.by_function.at(*parse_pci_address("0000:00:02.0")) == first,
             boost::test_tools::per_element());
  BOOST_TEST(trace.times_of(plan.devices[0].profile.trace[0]) == std::vector<double>{2},
             boost::test_tools::per_element());
  BOOST_TEST(trace.times_of(plan.devices[0].profile.trace[1]) == std::vector<double>{4},
             boost::test_tools::per_element());
  BOOST_TEST(trace.times_of({"x_other", "", ""}).empty());
}

// Read whole, evidence of hundreds of megabytes was held twice.
BOOST_AUTO_TEST_CASE(deliveries_are_kept_by_vector_and_cpu_and_a_time_that_goes_back_is_seen) {
  const std::string one =
      "1@1000.5:apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 39 trigger_mode 0\n"
      "1@1000.4:apic_deliver_irq dest 1 dest_mode 1 delivery_mode 0 vector 39 trigger_mode 0\n";
  const auto trace = parse_trace(one, 1000, {});
  BOOST_TEST(trace.deliveries.at(39).at("dest 0 dest_mode 0").at(0) == 0.5,
             boost::test_tools::tolerance(1e-6));
  BOOST_TEST(trace.deliveries.at(39).size() == 2U);
  BOOST_TEST(!trace.goes_back);
  BOOST_TEST(trace.last == 0.4, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(parse_trace("1@4600.0:x y\n" + one, 1000, {}).goes_back);
}

BOOST_AUTO_TEST_CASE(lines_that_come_in_pieces_are_those_of_the_whole) {
  const std::string text = "one\r\n\ntwo\n\r\nthree";
  std::vector<std::pair<std::string, bool>> whole;
  each_line(text, [&](std::string_view line, bool ends) { whole.emplace_back(line, ends); });
  BOOST_REQUIRE_EQUAL(whole.size(), 5U);
  BOOST_TEST(whole[0].first == "one");
  BOOST_TEST(whole[4].first == "three");
  BOOST_TEST(!whole[4].second);
  for (std::size_t size = 1; size < text.size(); ++size) {
    std::vector<std::pair<std::string, bool>> pieces;
    LineCutter cutter([&](std::string_view line, bool ends) { pieces.emplace_back(line, ends); });
    for (std::size_t at = 0; at < text.size(); at += size)
      cutter.feed(std::string_view(text).substr(at, size));
    cutter.end();
    BOOST_TEST((pieces == whole), size);
  }
}

BOOST_AUTO_TEST_CASE(a_configuration_write_says_what_it_turned_off) {
  const PciConfig config(test::config_of({.address = "0000:00:02.0"}));
  const auto write = [](const std::string& text) {
    return parse_pci_write({1, "pci_cfg_write", text});
  };
  BOOST_TEST(!write("e1000e 00:02.0 @0x4").has_value());
  BOOST_TEST(!write("").has_value());
  BOOST_REQUIRE(write("e1000e 00:02.0 @0x4 <- 0x503").has_value());
  BOOST_TEST((sets_bus_master(*write("e1000e 00:02.0 @0x4 <- 0x503")) == false));
  BOOST_TEST((sets_bus_master(*write("e1000e 00:02.0 @0x4 <- 0x507")) == true));
  BOOST_TEST(!sets_bus_master(*write("e1000e 00:02.0 @0x6 <- 0x0")).has_value());
  BOOST_TEST((sets_msix(*write("e1000e 00:02.0 @0xa2 <- 0x8004"), config) == true));
  BOOST_TEST((sets_msix(*write("e1000e 00:02.0 @0xa2 <- 0x4"), config) == false));
  BOOST_TEST(initiates_flr(*write("e1000e 00:02.0 @0x88 <- 0xa810"), config));
  BOOST_TEST(initiates_flr(*write("e1000e 00:02.0 @0x89 <- 0xa8"), config));
  BOOST_TEST(!initiates_flr(*write("e1000e 00:02.0 @0x88 <- 0x2810"), config));
}

BOOST_AUTO_TEST_CASE(a_cut_configuration_space_is_filled_with_zeros_to_its_length) {
  Damage damage;
  const auto snapshot = parse_pci(
      R"({"mark": "x", "t": 3, "functions": [{"address": "0000:00:02.0", "config": "8680d310", "length": 256, "driver": null},)"
      R"( {"address": "nowhere", "config": "00"}, {"address": "0000:00:03.0", "config": "0"}, 5]})",
      "x", damage);
  BOOST_REQUIRE_EQUAL(snapshot.functions.size(), 1U);
  BOOST_TEST(snapshot.functions[0].config.bytes().size() == 256U);
  BOOST_REQUIRE_EQUAL(damage.size(), 1U);
  BOOST_TEST(damage[0] == "pci/x.json: 3 functions are damaged");
}

BOOST_AUTO_TEST_CASE(fields_of_another_type_count_as_missing) {
  const auto object =
      nlohmann::json::parse(R"({"n": -1, "f": 2.5, "w": 3.0, "big": 1e300, "s": "0x10", "b": 1})");
  BOOST_TEST(!whole_of(object, "n").has_value());
  BOOST_TEST(!whole_of(object, "f").has_value());
  BOOST_TEST(whole_of(object, "w").value() == 3U);
  BOOST_TEST(!whole_of(object, "big").has_value());
  BOOST_TEST(address_of(object, "s").value() == 16U);
  BOOST_TEST(!flag_of(object, "b").has_value());
  BOOST_TEST(list_of(object, "s").empty());
  BOOST_TEST(text_of(nlohmann::json(7), "s").empty());
}

BOOST_AUTO_TEST_CASE(a_field_of_another_type_is_damage_of_its_line_and_counts_as_missing) {
  Damage damage;
  const auto events = parse_timeline(
      "{\"t\": 1, \"event\": \"watch.pass\", \"begin_t\": 0.5, \"pages_changed\": 3}\n"
      "{\"t\": 2, \"event\": \"watch.pass\", \"begin_t\": \"0.5\", \"pages_changed\": -1}\n"
      "{\"t\": 3, \"event\": \"control\", \"device\": 7}\n",
      damage);
  BOOST_TEST(events.size() == 3U);
  BOOST_REQUIRE_EQUAL(damage.size(), 1U);
  BOOST_TEST(damage[0] ==
             "timeline.ndjson: 2 events have fields of another type, the first is begin_t of "
             "watch.pass at 2.000 s");
  Run run;
  run.timeline = events;
  const auto passes = run.events<record::event::WatchPass>();
  BOOST_REQUIRE_EQUAL(passes.size(), 2U);
  BOOST_TEST(passes[0].pages_changed.value() == 3U);
  BOOST_TEST(!passes[1].begin_t.has_value());
  BOOST_TEST(!passes[1].pages_changed.has_value());
  BOOST_TEST(passes[1].t == 2.0);
}

BOOST_AUTO_TEST_CASE(messages_of_an_agent_are_read_by_their_kind_and_name) {
  test::RunBuilder builder = test::good_run();
  builder.agent(39, "response", {{"op", "kmsg"}, {"error", {{"code", "io"}, {"message", "no"}}}});
  const auto run = builder.run();
  const auto logs = run.said<record::answer::Kmsg>("capture");
  BOOST_REQUIRE_EQUAL(logs.size(), 2U);
  BOOST_TEST(logs[0].records.value() == 512U);
  BOOST_TEST(!logs[0].refused);
  BOOST_TEST(run.last_said<record::answer::Kmsg>("capture")->refused);
  BOOST_TEST(run.said<record::answer::Kmsg>("production").empty());
  // A count of errors of the APIC is no refusal.
  BOOST_TEST(!run.said<record::answer::Interrupts>("capture").at(0).refused);
}

BOOST_AUTO_TEST_CASE(a_run_directory_is_read_from_its_folder) {
  auto folder = TempDir::create();
  BOOST_REQUIRE(folder.has_value());
  std::filesystem::create_directories(folder->path() / "pci");
  std::filesystem::create_directories(folder->path() / "screen");
  const auto texts = test::good_run().texts();
  for (const auto& [name, text] : texts)
    BOOST_REQUIRE(replace_file(folder->path() / name, text).has_value());
  const auto run = open(folder->path());
  BOOST_REQUIRE_MESSAGE(run.has_value(), (run ? std::string() : run.error().describe()));
  BOOST_TEST(run->damage.empty());
  BOOST_TEST(run->pci.size() == 6U);
  BOOST_TEST(run->screens.count("capture-end") == 1U);
  BOOST_TEST(run->screen_truth.count("capture") == 1U);
  BOOST_TEST(run->mark("handover").value() == 10.5);
  BOOST_TEST(!run->mark("nowhere").has_value());
  BOOST_TEST(run->trace.lines == 3U);
  const auto& resets = run->trace.times_of({"e1000e_core_ctrl_sw_reset", "driver-reset", ""});
  BOOST_REQUIRE(!resets.empty());
  BOOST_TEST(resets.front() == 9.0, boost::test_tools::tolerance(1e-6));
}

// Ledgers were the only lines without a number: one that was taken out was not missed.
BOOST_AUTO_TEST_CASE(a_line_that_is_missing_from_a_ledger_is_told) {
  std::string text;
  for (std::uint64_t number = 1; number <= 4; ++number)
    if (number != 3)
      text += record::numbered_line(
          {{"mono", 1.0 * static_cast<double>(number)}, {"event", "connect"}}, number);
  Damage damage;
  BOOST_TEST(parse_ledger(text, "dut", 0.0, damage).entries.size() == 3U);
  BOOST_REQUIRE_EQUAL(damage.size(), 1U);
  BOOST_TEST(damage[0] == "device-dut.ndjson: line 3: record 3 is missing before it");
  // Of an older program, or a server that is not ours.
  damage.clear();
  BOOST_TEST(
      parse_ledger("{\"mono\": 1, \"event\": \"connect\"}\n", "dut", 0.0, damage).entries.size() ==
      1U);
  BOOST_TEST(damage.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_run_directory_is_invalid_input) {
  const auto code = [](const Texts& texts) {
    const auto run = assemble(texts);
    return run ? std::string("read") : run.error().message();
  };
  BOOST_TEST(code({}) == "there is no plan.json");
  BOOST_TEST(code({{"plan.json", "[1]"}}) == "plan.json is no JSON object");
  BOOST_TEST(code({{"plan.json", "{}"}}) == "plan.json has no number \"format\"");
  BOOST_TEST(code({{"plan.json", "{\"format\": 2}"}}) ==
             "plan.json has format 2, this program reads up to 1");
  const auto nowhere = open("/nonexistent-run-directory");
  BOOST_REQUIRE(!nowhere.has_value());
  BOOST_TEST((nowhere.error().code() == Errc::invalid_input));
}

// To copy it took a stack as deep, and judging it died of SIGSEGV.
BOOST_AUTO_TEST_CASE(what_is_nested_as_deep_as_nobody_writes_is_damage) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  Damage damage;
  const auto events = parse_timeline(R"({"event": "note", "t": 1, "x": )" + deep + "}\n", damage);
  BOOST_TEST(events.empty());
  BOOST_TEST(damage.size() == 1U);
  const auto snapshot =
      parse_pci(R"({"mark": "m", "t": 1, "functions": )" + deep + "}", "m", damage);
  BOOST_TEST(snapshot.functions.empty());
  BOOST_TEST(damage.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_mark_is_damage) {
  const std::string text = R"({"mark": "handover", "t": 1, "functions": []})";
  Damage damage;
  parse_pci(text, "handover", damage);
  parse_pci(text, "handover-agent", damage);
  BOOST_TEST(damage.empty());
  parse_pci(text, "capture-end", damage);
  BOOST_REQUIRE(damage.size() == 1U);
  BOOST_TEST(damage[0] == "pci/capture-end.json: it is of the mark \"handover\"");
}

BOOST_AUTO_TEST_CASE(a_timeline_of_a_numbered_run_without_any_number_is_damage) {
  Damage damage;
  parse_timeline("{\"event\": \"run.start\", \"t\": 0}\n", damage);
  const std::size_t of_old_ones = damage.size();
  parse_timeline("{\"event\": \"run.start\", \"t\": 0, \"plan\": \"00\"}\n", damage);
  BOOST_TEST(damage.size() > of_old_ones);
  BOOST_TEST(damage.back() == "timeline.ndjson: no line carries a number");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::evidence
