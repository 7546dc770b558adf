// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/seal.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/digest.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/line.hpp"
#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::evidence {

BOOST_AUTO_TEST_SUITE(evidence_seal)

namespace {

using test::RunBuilder;

/// The texts of a run with its manifest, and result.json with the seal.
Texts sealed(const RunBuilder& builder) {
  Texts texts = builder.texts();
  record::Inventory inventory;
  for (const auto& [name, text] : texts) inventory[name] = record::look_at_text(name, text);
  texts["manifest.json"] = to_json(inventory).dump();
  texts["result.json"] = nlohmann::json{{"seal", sha256(texts["manifest.json"])}}.dump();
  return texts;
}

Run read(const Texts& texts) {
  auto run = assemble(texts);
  BOOST_REQUIRE(run.has_value());
  return *std::move(run);
}

bool tells(const Run& run, const std::string& sentence) {
  return std::find(run.damage.begin(), run.damage.end(), sentence) != run.damage.end();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_run_as_it_was_left_is_sealed_and_undamaged) {
  const Run run = read(sealed(test::good_run()));
  BOOST_TEST((run.seal.state == Seal::State::whole));
  BOOST_TEST(run.seal.digest.size() == 64U);
  BOOST_TEST(run.damage.empty());
}

BOOST_AUTO_TEST_CASE(what_is_missing_shorter_longer_changed_or_new_is_said) {
  Texts texts = sealed(test::good_run());
  const auto length = texts["serial.log"].size();
  texts.erase("dma.ndjson");
  texts["serial.log"].resize(10);
  texts["trace.log"] += "more\n";
  texts["qemu.json"][5] = '?';
  texts["pci/extra.json"] = "{\"functions\": []}";
  const Run run = read(texts);
  BOOST_TEST((run.seal.state == Seal::State::broken));
  BOOST_TEST(tells(
      run, fmt::format("serial.log: it is shorter than the run left it, 10 of {} bytes", length)));
  BOOST_TEST(run.damage_of("dma.ndjson").at(0).find("it is missing") != std::string::npos);
  BOOST_TEST(run.damage_of("trace.log").at(0).find("it is longer") != std::string::npos);
  BOOST_TEST(tells(run, "qemu.json: it was changed since the run left it"));
  BOOST_TEST(tells(run, "pci/extra.json: the run left no such file"));
}

BOOST_AUTO_TEST_CASE(a_manifest_that_is_gone_or_changed_is_damage_when_the_result_speaks_of_it) {
  Texts gone = sealed(test::good_run());
  gone.erase("manifest.json");
  BOOST_TEST((read(gone).seal.state == Seal::State::broken));
  BOOST_TEST(tells(read(gone), "manifest.json: it is missing, and result.json speaks of a seal"));
  Texts changed = sealed(test::good_run());
  changed["manifest.json"] += " ";
  BOOST_TEST(tells(read(changed), "manifest.json: it does not fit the seal in result.json"));
}

BOOST_AUTO_TEST_CASE(without_manifest_and_seal_a_run_is_unsealed_and_that_is_no_damage) {
  const Run run = read(test::good_run().texts());
  BOOST_TEST((run.seal.state == Seal::State::unsealed));
  BOOST_TEST(run.damage.empty());
}

BOOST_AUTO_TEST_CASE(without_the_result_the_manifest_is_still_compared) {
  Texts texts = sealed(test::good_run());
  texts.erase("result.json");
  texts["serial.log"].clear();
  const Run run = read(texts);
  BOOST_TEST((run.seal.state == Seal::State::unsealed));
  BOOST_TEST(tells(run, "result.json: it is missing, and there is a manifest.json"));
  BOOST_TEST(run.damage_of("serial.log").size() == 1U);
}

// A run that was killed before its manifest, or whose manifest somebody took away.
BOOST_AUTO_TEST_CASE(the_lengths_of_the_runs_end_show_what_is_cut_without_a_seal) {
  auto builder = test::good_run();
  builder.event(41.5, "run.end", {{"reason", "finished"}, {"files", {{"serial.log", 4711}}}});
  BOOST_TEST(read(builder.texts()).damage_of("serial.log").size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_plan_than_the_one_that_the_run_began_with_is_damage) {
  auto builder = test::good_run();
  builder.event(0.01, "run.start", {{"plan", std::string(64, '0')}});
  BOOST_TEST(tells(read(builder.texts()), "plan.json: it is not the plan that the run began with"));
}

BOOST_AUTO_TEST_CASE(numbers_and_checksums_show_what_happened_to_lines) {
  using record::numbered_line;
  const auto line = [](int number) {
    return numbered_line({{"t", 1}, {"event", "mark"}}, static_cast<std::uint64_t>(number));
  };
  const auto damage = [](const std::string& text) {
    std::vector<std::string> said;
    (void)parse_timeline(text, said);
    return said.empty() ? std::string("none") : said.front();
  };
  std::string turned = line(2);
  turned.replace(turned.find("\"t\":1"), 5, "\"t\":2");
  const std::string bare = "{\"t\": 1, \"event\": \"mark\"}\n";
  BOOST_TEST(damage(line(1) + line(2) + line(3)) == "none");
  BOOST_TEST(damage(bare + bare) == "none");  // of an older program
  BOOST_TEST(damage(line(1) + line(3)) == "timeline.ndjson: line 2: record 2 is missing before it");
  BOOST_TEST(damage(line(4)) == "timeline.ndjson: line 1: records 1 to 3 are missing before it");
  BOOST_TEST(damage(line(1) + line(1)) ==
             "timeline.ndjson: line 2: record 1 comes again or too late");
  BOOST_TEST(damage(line(2) + line(1)) ==
             "timeline.ndjson: line 1: record 1 is missing before it (and 1 more)");
  BOOST_TEST(damage(line(1) + turned) == "timeline.ndjson: line 2: it does not fit its checksum");
  BOOST_TEST(damage(line(1) + bare) == "timeline.ndjson: line 2 carries no number, and others do");
  BOOST_TEST(damage(line(1) + line(2).substr(0, line(2).size() - 1)) ==
             "timeline.ndjson: line 2: it is cut off");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::evidence
