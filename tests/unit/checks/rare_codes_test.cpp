// SPDX-License-Identifier: GPL-2.0-or-later
// Findings that the other tests do not come to, most of them behind the gate: a check says what is
// wrong also where nothing vouches for its evidence.
#include <boost/test/unit_test.hpp>

#include "harness/checks/sentences.hpp"
#include "tests/unit/checks/reset/action_run.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_rare_codes)

using nlohmann::json;

namespace {

/// What the check finds without the gate, the defaults of its parameters under `parameters`.
checks::CheckResult judge_alone(const RunBuilder& builder, const std::string& name,
                                const json& parameters) {
  const auto& registry = checks::registry();
  const auto check = std::find_if(registry.begin(), registry.end(),
                                  [&](const auto* known) { return known->name == name; });
  BOOST_REQUIRE((check != registry.end()));
  json all = json::object();
  for (const auto& parameter : (*check)->parameters) all[parameter.name] = parameter.fallback;
  all.update(parameters);
  auto result = checks::conclude(name, *check, (*check)->judge(builder.run(), all));
  note_codes(result);
  return result;
}

/// A sound file of so many seconds of silence, 8 kHz mono 16 bit.
std::string silence(std::uint32_t seconds) {
  const std::uint32_t bytes = seconds * 16000;
  const auto number = [](std::uint32_t value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  return "RIFF" + number(36 + bytes, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) + number(1, 2) +
         number(8000, 4) + number(16000, 4) + number(2, 2) + number(16, 2) + "data" +
         number(bytes, 4) + std::string(bytes, '\0');
}

/// The device vga0 tests as a sound card does.
RunBuilder sound_run(const json& test = {{"kind", "sound-play"}}) {
  auto run = good_run();
  run.plan.devices[1].profile.test = test;
  return run;
}

/// Drivers were asked for, and nobody bound one.
RunBuilder loading() {
  auto run = good_run();
  for (const char* name : {"bound", "modules", "wait-bound", "pci"}) run.drop_agent(name);
  run.drop_file("pci/capture-end-agent.json");
  run.agent(25, "request", {{"op", "modules"}});
  return run;
}

RunBuilder kmsg_run(json answer) {
  auto run = good_run();
  run.drop_agent("kmsg");
  answer["op"] = "kmsg";
  answer["entries"] = json::array();
  run.agent(38, "response", answer);
  return run;
}

/// One action of a climb without what `keys` name.
RunBuilder action_without(const std::vector<std::string>& keys) {
  auto run = good_run();
  json fields{{"at", "before-drivers"}, {"number", 0},   {"climb", true},    {"do", "reset"},
              {"method", "flr"},        {"ok", false},   {"device", "net0"}, {"began", 23},
              {"ended", 23.1},          {"ready_ms", 5}, {"settled", 24.1}};
  for (const auto& key : keys) fields.erase(key);
  run.event(24.2, "reset.action", fields);
  return run;
}

struct Rare {
  const char* check;
  const char* code;
  RunBuilder run;
  json parameters = json::object();
};

RunBuilder with(RunBuilder run, void (*change)(RunBuilder& run)) {
  change(run);
  return run;
}

RunBuilder saying(const char* line) {
  auto run = good_run();
  run.serial(30, line);
  return run;
}

std::vector<Rare> rare_of_resets() {
  return {{"bus.reset", "not-done", good_run()},
          {"bus.reset", "outcome-unknown", action_without({"ready_ms"})},
          {"bus.reset", "lost-before",
           ActionRun().act("nothing", "", Writes::on, {{"ok", false}, {"ready_ms", nullptr}}).run},
          {"bus.reset",
           "registers-silent-yet",
           with(ActionRun().act("reset", "flr", Writes::until_the_action).run,
                [](RunBuilder& run) {
                  run.event(24.5, "reset.state",
                            {{"number", 0}, {"device", "net0"}, {"answers", false}});
                }),
           {{"ready", "5s"}}},
          {"bus.reset", "works-unknown", with(good_run(), [](RunBuilder& run) {
             run.drop_events("control");
             run.drop_events("activity");
             run.event(9.61, "reset.action",
                       {{"at", "production"},
                        {"number", 0},
                        {"do", "reset"},
                        {"method", "flr"},
                        {"device", "net0"},
                        {"ok", true},
                        {"began", 8.5},
                        {"ended", 8.6},
                        {"settled", 9.6},
                        {"ready_ms", 1}});
           })}};
}

std::vector<Rare> rare_of_the_capture_kernel() {
  return {{"capture.entered", "entered-unseen",
           with(good_run(),
                [](RunBuilder& run) {
                  run.drop_mark("handover");
                  run.drop_events("handover");
                })},
          {"console.input", "no-listener",
           with(good_run(),
                [](RunBuilder& run) {
                  run.drop_events("key.received");
                  run.drop_agent("keys");
                })},
          {"console.screen", "blank",
           with(good_run(),
                [](RunBuilder& run) {
                  run.file("screen/capture-end.txt", " \n");
                  run.file("screen/vcs-capture.json", R"({"rows": 1, "lines": [" "]})");
                })},
          {"console.screen", "only-at-the-end",
           with(good_run(),
                [](RunBuilder& run) {
                  run.drop_events("screen.sample", 27);
                  run.drop_events("screen");
                })},
          {"console.serial", "unheard-before",
           with(good_run(), [](RunBuilder& run) { run.drop_serial(""); })}};
}

std::vector<Rare> rare_of_devices() {
  return {
      {"device.works", "no-verdict",
       with(good_run(),
            [](RunBuilder& run) {
              run.event(33, "test.result", {{"device", "vga0"}});
            })},
      {"device.works", "not-heard",
       with(sound_run(), [](RunBuilder& run) { run.file("audio.wav", silence(2)); })},
      {"device.works", "tone-of-production", sound_run({{"kind", "sound-play"}, {"hertz", 440}})},
      {"device.works", "no-sound", sound_run()},
      {"device.works", "stuck-elsewhere",
       with(good_run(),
            [](RunBuilder& run) {
              run.drop_events("test.result");
              run.agent(29, "request", {{"op", "test"}, {"device", "net0"}});
              run.event(39, "capture.stuck", {{"step", "consoles"}});
            })},
      {"driver.reinit",
       "bound-perhaps-late",
       with(loading(),
            [](RunBuilder& run) {
              run.agent(39, "response",
                        {{"op", "wait-bound"},
                         {"bound", {{{"address", "0000:00:02.0"}, {"driver", "e1000e"}}}}});
            }),
       {{"within", "2s"}}},
      {"driver.reinit", "stuck-elsewhere",
       with(loading(),
            [](RunBuilder& run) {
              run.drop_mark("drivers");
              run.event(39, "capture.stuck", {{"step", "tests"}});
            })},
      {"driver.reinit", "nobody-looked", loading()},
      {"driver.reinit", "not-bound-yet",
       with(loading(),
            [](RunBuilder& run) {
              run.drop_mark("drivers");
              run.drop_events("run.end");
            })},
      {"driver.reinit", "not-asked",
       with(good_run(),
            [](RunBuilder& run) {
              run.cut(24);
              run.event(24, "run.end", {{"reason", "the run took longer than its total time"}});
            })},
      {"driver.reinit", "bound-and-stuck",
       with(good_run(),
            [](RunBuilder& run) {
              run.event(39, "capture.stuck", {{"step", "drivers"}});
            })},
      {"pci.quiet", "pending-unproved", with(good_run(), [](RunBuilder& run) {
         run.drop_trace("pci_cfg_write");
         run.pci("capture-end", 40, {{.address = "0000:00:02.0", .pending = true}});
       })}};
}

std::vector<Rare> rare_of_dma() {
  return {{"dma.stopped", "no-tag-idle",
           with(good_run(),
                [](RunBuilder& run) {
                  run.plan.devices[0].profile.writes_tagged = false;
                  run.drop_events("activity");
                })},
          {"dma.stopped", "no-busy-device",
           with(good_run(),
                [](RunBuilder& run) {
                  run.clear_strays();
                  for (auto& device : run.plan.devices) device.busy = false;
                })},
          {"dma.stopped", "no-baseline",
           with(good_run(), [](RunBuilder& run) { run.drop_events("baseline"); })},
          {"dma.stopped", "no-pass",
           with(good_run(), [](RunBuilder& run) { run.drop_events("watch.pass"); })},
          {"dma.stopped", "no-end",
           with(good_run(), [](RunBuilder& run) { run.drop_mark("capture-end"); })},
          {"dma.stopped", "watch-gap",
           with(good_run(), [](RunBuilder& run) { run.drop_events("watch.pass", 20); })}};
}

std::vector<Rare> rare_of_messages() {
  return {{"irq.quiet", "disabled",
           with(good_run(),
                [](RunBuilder& run) {
                  run.agent(39.6, "response",
                            {{"op", "interrupts"},
                             {"at", "capture-end"},
                             {"lines", {{{"name", "16"}, {"total", 1}}}},
                             {"disabled", {"16"}}});
                })},
          {"kernel.log", "log-summary", kmsg_run({{"records", 5}})},
          {"kernel.log", "log-empty", kmsg_run({{"records", 0}, {"lost", 0}})},
          {"kernel.log", "log-overwritten",
           with(kmsg_run({{"records", 5}, {"lost", 0}, {"first_sequence", 7}}),
                [](RunBuilder& run) { run.drop_serial("Linux version"); })},
          {"kernel.log", "oops", saying("Oops: 0000 [#1]")},
          {"kernel.log", "warning", saying("WARNING: CPU: 0 PID: 1 at drivers/pci/msi.c:5 x+1/2")},
          {"kernel.log", "lockup", saying("watchdog: BUG: soft lockup - CPU#0 stuck for 26s!")},
          {"kernel.log", "aer",
           saying("pcieport 0000:00:1c.0: AER: Uncorrected (Fatal) error "
                  "received")},
          {"kernel.log", "dmar",
           saying("DMAR: [DMA Write NO_PASID] Request device [00:02.0] fault "
                  "addr 0x1000")}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_is_found_and_has_a_sentence_without_a_hole) {
  for (const auto& rows : {rare_of_resets(), rare_of_the_capture_kernel(), rare_of_devices(),
                           rare_of_dma(), rare_of_messages()})
    for (const Rare& row : rows) {
      const auto result = judge_alone(row.run, row.check, row.parameters);
      BOOST_TEST(!findings_of(result, row.code).empty(),
                 row.check << " does not find " << row.code << ": " << result.reason);
      BOOST_TEST(!result.reason.empty(), row.code);
      for (const std::string& text : result.details)
        BOOST_TEST((text.find('{') == std::string::npos), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
