// SPDX-License-Identifier: GPL-2.0-or-later
// Every model on the list against what it says of itself: what ends its DMA, and what its ledger
// has of it. A new model is tested by being on the list.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>

#include "harness/base/tag.hpp"
#include "harness/base/units.hpp"
#include "tests/unit/models/bench.hpp"

BOOST_AUTO_TEST_SUITE(models_rungs)

using namespace quiesce;
using namespace quiesce::models;
using nlohmann::json;
namespace reg = quiesce::wire::model;

namespace {

const std::vector<std::string> rungs{"control", "bus-master", "flr", "pm", "bus"};

/// Longer than any model waits by its defaults.
constexpr double long_enough = 30;

/// The 15 of the issue, with what may end their DMA.
const std::map<std::string, std::vector<std::string>> wanted{
    {"bus-only", {"bus"}},
    {"crash-writer", rungs},
    {"dead-after-reset", rungs},
    {"elfcorehdr-writer", rungs},
    {"engine", rungs},
    {"fatal-aer", rungs},
    {"flr-noop", {"pm", "bus"}},
    {"flr-only", {"flr"}},
    {"free-runner", {"flr", "pm", "bus"}},
    {"intx-stuck", rungs},
    {"late-writer", {"flr", "pm", "bus"}},
    {"msi-storm", rungs},
    {"needs-reset", rungs},
    {"pending-forever", rungs},
    {"slow-ready", rungs},
};

void climb(Bench& bench, const std::string& rung) {
  if (rung == "control")
    bench.set(reg::control, 0);
  else if (rung == "bus-master")
    bench.bus_master(false);
  else if (rung != "nothing")
    bench.kernel_reset(rung);
}

/// Writes of its own after the rung, from a run that the production kernel began.
std::size_t writes_after(const Model& model, const std::string& rung) {
  Bench bench(model.name);
  bench.run();
  bench.device->kernel("capture");
  climb(bench, rung);
  const std::size_t before = bench.host.writes.size();
  bench.pass(long_enough);
  return bench.host.writes.size() - before;
}

/// CRC-32 of IEEE 802.3, bit by bit: not the one that the models use.
std::uint32_t crc32_of(const std::vector<std::byte>& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/// The ledger's writes, one by one, are what the memory saw.
void compare_ledger(const Bench& bench, const std::string& name) {
  std::vector<json> told;
  for (const auto& line : bench.ledger()) {
    if (line.at("event") == "dma.write") told.push_back(line);
    if (line.at("event") != "copy" || line.at("ok") != true) continue;
    told.push_back({{"address", line.at("to")}, {"bytes", line.at("bytes")}, {"crc", line["crc"]}});
  }
  BOOST_REQUIRE_MESSAGE(told.size() == bench.host.writes.size(),
                        name << ": " << told.size() << " of " << bench.host.writes.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    const SeenWrite& seen = bench.host.writes[i];
    const bool same = parse_number(told[i].at("address").get<std::string>()) == seen.address &&
                      told[i].at("bytes") == seen.bytes.size() &&
                      told[i].at("crc") == crc32_of(seen.bytes);
    BOOST_TEST(same, name << ", write " << i << ": " << told[i].dump());
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_models_of_the_issue_are_on_the_list) {
  BOOST_TEST(wanted.size() == 15U);
  for (const auto& [name, stops_on] : wanted) {
    const Model* model = find(name);
    BOOST_REQUIRE_MESSAGE(model != nullptr, name);
    BOOST_TEST(model->stops_on == stops_on, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_list_is_in_order_and_has_each_name_once) {
  BOOST_REQUIRE(registry().size() >= wanted.size());
  const auto later = [](const Model* a, const Model* b) { return a->name >= b->name; };
  BOOST_TEST((std::ranges::adjacent_find(registry(), later) == registry().end()));
}

BOOST_AUTO_TEST_CASE(a_model_says_what_it_is) {
  for (const Model* model : registry()) {
    BOOST_TEST(!model->description.empty(), model->name);
    BOOST_TEST((!model->name.empty() && model->name.size() <= 20 &&
                model->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
                    std::string::npos),
               model->name);
    BOOST_TEST(model->activity.value("kind", "") == "model-run", model->name);
    for (const auto& what : model->stops_on)
      BOOST_TEST((std::ranges::find(rungs, what) != rungs.end()), model->name << ": " << what);
    BOOST_TEST(fill_settings(*model, json::object()).has_value(), model->name);
  }
}

// Without this the next test could pass on models that never write.
BOOST_AUTO_TEST_CASE(left_alone_each_writes_after_the_handover) {
  for (const Model* model : registry())
    BOOST_TEST(writes_after(*model, "nothing") > 0U, model->name);
}

BOOST_AUTO_TEST_CASE(dma_ends_on_what_the_model_says_and_on_nothing_else) {
  for (const Model* model : registry())
    for (const auto& rung : rungs) {
      const bool stops = std::ranges::find(model->stops_on, rung) != model->stops_on.end();
      BOOST_TEST((writes_after(*model, rung) == 0) == stops, model->name << " on " << rung);
    }
}

BOOST_AUTO_TEST_CASE(a_reset_says_in_the_ledger_what_it_did) {
  for (const Model* model : registry())
    for (const std::string rung : {"flr", "pm", "bus"}) {
      Bench bench(model->name);
      bench.run();
      const bool effect = bench.kernel_reset(rung);
      const json line = bench.ledger("reset").back();
      const bool stops = std::ranges::find(model->stops_on, rung) != model->stops_on.end();
      BOOST_TEST(line.at("kind") == (rung == "bus" ? "device" : rung), model->name);
      BOOST_TEST(line.at("effect") == effect, model->name << " on " << rung);
      BOOST_TEST(line.at("stops") == stops, model->name << " on " << rung);
      BOOST_TEST(bench.ledger("stop").size() == (stops ? 1U : 0U), model->name << " on " << rung);
    }
}

BOOST_AUTO_TEST_CASE(registers_are_at_their_defaults_after_a_reset_with_effect_and_only_then) {
  for (const Model* model : registry())
    for (const std::string rung : {"flr", "pm", "bus"}) {
      Bench bench(model->name);
      bench.set(reg::scratch, 0x1234);
      bench.run();
      const bool effect = bench.kernel_reset(rung);
      const std::uint32_t scratch = bench.get(reg::scratch);
      if (scratch == 0xffffffff) continue;  // it does not answer, which has its own test
      BOOST_TEST(scratch == (effect ? reg::scratch_default : 0x1234U),
                 model->name << " on " << rung);
      BOOST_TEST(bench.get(reg::control) == (effect ? 0U : 1U), model->name << " on " << rung);
      BOOST_TEST(bench.get(reg::ring_bytes) == (effect ? 0U : 4096U),
                 model->name << " on " << rung);
    }
}

BOOST_AUTO_TEST_CASE(the_ledger_has_what_the_memory_saw) {
  for (const Model* model : registry()) {
    Bench bench(model->name);
    bench.run(reg::run | reg::interrupt);
    bench.pass(1);
    bench.copy();
    bench.device->hold(true);
    bench.pass(1);
    bench.device->kernel("capture");
    bench.device->hold(false);
    bench.pass(long_enough);
    bench.kernel_reset("bus");
    bench.pass(5);
    bench.run();
    bench.pass(1);
    compare_ledger(bench, model->name);
  }
}

BOOST_AUTO_TEST_CASE(what_lies_in_memory_carries_tags_of_its_writer) {
  for (const Model* model : registry()) {
    Bench bench(model->name, {.name = "somebody", .seed = 99});
    bench.run();
    bench.pass(0.12);
    const auto& writes = bench.host.writes;
    BOOST_REQUIRE_MESSAGE(!writes.empty(), model->name);
    const auto found = read_tag(writes.front().bytes);
    BOOST_REQUIRE_MESSAGE(found.has_value(), model->name);
    const Tag tag{.kind = TagKind::device_write,
                  .device = "somebody",
                  .sequence = 0,
                  .block = found->block,
                  .seed = 99};
    BOOST_TEST(is_tagged(writes.front().bytes, tag), model->name);
  }
}

// The sequence begins anew: the same bytes in the same slot were a write that no watch could see.
BOOST_AUTO_TEST_CASE(what_is_written_after_a_reset_differs_from_what_was_written_before) {
  for (const bool tagged : {true, false}) {
    Bench bench("engine", {.settings = {{"tagged", tagged}}, .name = "somebody", .seed = 99});
    bench.run();
    bench.pass(0.12);
    const auto before = bench.host.writes.front().bytes;
    BOOST_REQUIRE(bench.reset(vfio_user::ResetKind::flr));
    bench.host.writes.clear();
    bench.bus_master(true);
    bench.run();
    bench.pass(0.12);
    BOOST_REQUIRE(!bench.host.writes.empty());
    BOOST_TEST((bench.host.writes.front().bytes != before), "tagged: " << tagged);
  }
}

BOOST_AUTO_TEST_CASE(while_held_none_writes_or_interrupts) {
  for (const Model* model : registry()) {
    Bench bench(model->name);
    bench.run(reg::run | reg::interrupt);
    bench.device->hold(true);
    bench.device->kernel("capture");
    bench.set(reg::control, 0);
    bench.run(reg::run | reg::interrupt);
    bench.copy();
    const unsigned rises = bench.host.pin_rises;
    bench.host.msi_on = true;
    const std::size_t before = bench.host.writes.size();
    bench.pass(long_enough);
    BOOST_TEST(bench.host.writes.size() == before, model->name);
    BOOST_TEST(bench.host.messages == 0U, model->name);
    BOOST_TEST(bench.host.pin_rises == rises, model->name);
  }
}

// The function test of the agent: reset, copy, then some items (model_copy.cpp).
BOOST_AUTO_TEST_CASE(what_a_reset_brought_back_passes_the_function_test) {
  unsigned tried = 0;
  for (const Model* model : registry()) {
    Bench bench(model->name);
    bench.run(reg::run | reg::interrupt);
    bench.pass(1);
    bench.device->kernel("capture");
    for (const auto& rung : model->stops_on)
      if (rung == "flr" || rung == "pm" || rung == "bus") bench.kernel_reset(rung);
    bench.pass(5);
    const std::uint32_t status = bench.status();
    if (status == 0xffffffff) continue;  // dead, which has its own test
    ++tried;
    BOOST_TEST(status == reg::ready, model->name);
    bench.copy();
    BOOST_TEST((bench.status() & (reg::copy_done | reg::error)) == reg::copy_done, model->name);
    bench.run();
    BOOST_TEST((bench.status() & reg::error) == 0U, model->name);
    bench.pass(2);
    BOOST_TEST(bench.sequence() >= 30U, model->name);
  }
  BOOST_TEST(tried >= wanted.size() - 1);
}

BOOST_AUTO_TEST_SUITE_END()
