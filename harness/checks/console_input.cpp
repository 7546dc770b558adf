// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
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

CheckResult judge_input(const evidence::Run& run, const json&) {
  const Story points = story(run);
  std::string sent;
  std::string received;
  std::optional<double> first_sent;
  std::optional<double> last_received;
  for (const auto& event : run.events<record::event::KeySent>()) {
    if (!points.capture_entry || event.t < *points.capture_entry) continue;
    sent += text_sent(event);
    if (!first_sent) first_sent = event.t;
  }
  for (const auto& event : run.events<record::event::KeyReceived>()) {
    if (!first_sent || event.t < *first_sent) continue;
    received += event.text;
    last_received = event.t;
  }
  if (!points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel did not reach userspace");
  const auto step = stuck_step(run);
  if (!first_sent && step)
    return verdict(Verdict::inconclusive, "no key was sent: " + stuck_in(*step));
  if (!first_sent)
    return verdict(Verdict::inconclusive,
                   "no key was sent to the capture kernel: " + points.cut_off());
  const std::string want(trim(sent));
  const std::string got(trim(received));
  if (want == got && !want.empty()) {
    CheckResult result =
        verdict(Verdict::pass, fmt::format("\"{}\" arrived {:.2f} s after the first key", want,
                                           *last_received - *first_sent));
    result.numbers["seconds"] = *last_received - *first_sent;
    return result;
  }
  if (!run.last_said<record::answer::Keys>("capture"))
    return verdict(
        Verdict::inconclusive,
        std::string("keys were sent, but nothing shows that the agent listened on the console") +
            (step ? ": " + stuck_in(*step) : std::string()));
  return verdict(Verdict::fail,
                 got.empty() ? fmt::format("of the keys \"{}\" none arrived on the console", want)
                             : fmt::format("\"{}\" was typed, \"{}\" arrived", want, shorten(got)));
}

const Check check_console_input{
    .name = "console.input",
    .question = "Does the capture kernel's console receive the keys that are typed?",
    .skips = skips_input,
    .needs = {&need::agent, &need::keys},
    .parameters = {},
    .judge = judge_input};
const Registration register_console_input(check_console_input);

}  // namespace

}  // namespace quiesce::checks
