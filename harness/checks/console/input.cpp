// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/checks/common_codes.hpp"
#include "harness/checks/console/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// QMP key codes whose name is not what they type (qapi/ui.json, QKeyCode).
struct KeyCode {
  const char* name;
  const char* types;
};
constexpr KeyCode key_codes[] = {{"spc", " "}, {"ret", "\n"},  {"tab", "\t"}, {"minus", "-"},
                                 {"dot", "."}, {"comma", ","}, {"slash", "/"}};

std::string typed(const std::string& key) {
  for (const KeyCode& code : key_codes)
    if (key == code.name) return code.types;
  return key;
}

/// `keys` is a list of key codes, or the text itself.
std::string text_sent(const record::event::KeySent& sent) {
  std::string text;
  for (const std::string& key : sent.keys.list) text += typed(key);
  return text;
}

/// Keys are typed on a console.
std::optional<std::string> skips_input(const scenario::RunPlan& plan) {
  if (std::any_of(plan.devices.begin(), plan.devices.end(),
                  [](const auto& device) { return scenario::shows_console(device.profile); }))
    return std::nullopt;
  return "the plan has no console, and no key is typed";
}

const Code arrived{.name = "arrived",
                   .verdict = Verdict::pass,
                   .meaning = "the console received what was typed",
                   .sentence = "\"{typed}\" arrived {seconds:.2f} s after the first key"};
const Code none_arrived{.name = "none-arrived",
                        .verdict = Verdict::fail,
                        .meaning = "somebody listened, and no key came",
                        .sentence = "of the keys \"{typed}\" none arrived on the console",
                        .of_time = true};
const Code others_arrived{.name = "others-arrived",
                          .verdict = Verdict::fail,
                          .meaning = "the console received something else",
                          .sentence = "\"{typed}\" was typed, \"{received}\" arrived"};
const Code no_listener{
    .name = "no-listener",
    .verdict = Verdict::inconclusive,
    .meaning = "the agent did not say that it listened",
    .sentence =
        "keys were sent, but nothing shows that the agent listened on the console[: the "
        "capture kernel got stuck in step {stuck}]"};
const Code not_sent{.name = "not-sent",
                    .verdict = Verdict::inconclusive,
                    .meaning = "the run did not come to the keys",
                    .sentence =
                        "no key was sent[: the capture kernel got stuck in step {stuck}][ to "
                        "the capture kernel: {cut_off}]"};

/// What was typed and what came.
struct Typed {
  std::string sent;
  std::string received;
  std::optional<double> first_sent;
  std::optional<double> last_received;
};

Typed read_keys(const evidence::Run& run, double capture_entry) {
  Typed keys;
  for (const auto& event : run.events<record::event::KeySent>()) {
    if (event.t < capture_entry) continue;
    keys.sent += text_sent(event);
    if (!keys.first_sent) keys.first_sent = event.t;
  }
  for (const auto& event : run.events<record::event::KeyReceived>()) {
    if (!keys.first_sent || event.t < *keys.first_sent) continue;
    keys.received += event.text;
    keys.last_received = event.t;
  }
  return keys;
}

Findings judge_input(const evidence::Run& run, const json&) {
  const Story points = story(run);
  if (!points.capture_entry) return {found(code::no_userspace)};
  const Typed keys = read_keys(run, *points.capture_entry);
  const auto step = stuck_step(run);
  if (!keys.first_sent)
    return {found(not_sent, {step ? measure::text("stuck", *step)
                                  : measure::text("cut_off", points.cut_off())})};
  const std::string want(trim(keys.sent));
  const std::string got(trim(keys.received));
  const bool right = want == got && !want.empty();
  const bool listened = run.last_said<record::answer::Keys>("capture").has_value();
  Finding finding = found(right         ? arrived
                          : !listened   ? no_listener
                          : got.empty() ? none_arrived
                                        : others_arrived,
                          {measure::text("typed", want), measure::text("received", shorten(got))});
  if (right) finding.with(measure::seconds("seconds", *keys.last_received - *keys.first_sent));
  if (!right && step) finding.with(measure::text("stuck", *step));
  finding.seen_in({record::file::timeline, record::event::KeySent::name, keys.first_sent});
  if (keys.last_received)
    finding.seen_in({record::file::timeline, record::event::KeyReceived::name, keys.last_received});
  return {finding};
}

const Check check_console_input{
    .name = "console.input",
    .question = "Does the capture kernel's console receive the keys that are typed?",
    .skips = skips_input,
    .needs = {&need::agent, &need::keys},
    .codes = {&arrived, &none_arrived, &others_arrived, &no_listener, &not_sent},
    .parameters = {},
    .judge = judge_input};
const Registration register_console_input(check_console_input);

}  // namespace

}  // namespace quiesce::checks
