// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/device/audio.hpp"
#include "harness/checks/device/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// What all devices' findings begin with.
const std::string it_works = "{subject}: {test} works[: {detail}]";
/// And those of devices that the view from outside contradicts.
const std::string inside = "{subject}: {test} passed inside the guest[ ({detail})], but ";

const Code device_works{.name = "works",
                        .verdict = Verdict::pass,
                        .meaning = "its test passed, and it was seen outside where it can be",
                        .line = it_works +
                                "[; {frames_out|frame} came out][; {hertz:.0f} Hz was heard for "
                                "{tone_s:.1f} s][ where {asked_hz:.0f} Hz were asked for]"};
const Code test_failed{.name = "failed",
                       .verdict = Verdict::fail,
                       .meaning = "its test failed",
                       .sentence = "{subject}: {test} failed[: {detail}]",
                       .line = "{subject}: {test} failed[: {detail}]"};
const Code test_too_late{
    .name = "failed-late",
    .verdict = Verdict::fail,
    .meaning = "its test failed by what came too late or not at all; nothing that came was wrong",
    .sentence = test_failed.sentence,
    .line = test_failed.line,
    .of_time = true};
const Code no_test_verdict{.name = "no-verdict",
                           .verdict = Verdict::inconclusive,
                           .meaning = "its test did not say how it went",
                           .sentence = "{subject}: {test} gave no verdict[: {detail}]",
                           .line = "{subject}: {test} gave no verdict[: {detail}]"};
const Code no_frame_out{.name = "no-frame-out",
                        .verdict = Verdict::fail,
                        .meaning = "its test passed, and no frame came out of the machine",
                        .sentence = inside + "{frames_out|frame} came out of the machine",
                        .line = inside + "{frames_out|frame} came out of the machine",
                        .of_time = true};
const std::string loses = inside + "{lost|frame} of {expected} {where:w} never arrived";
const Code lossy{.name = "lossy",
                 .verdict = Verdict::fail,
                 .meaning =
                     "its test passed, and of the frames on a link that loses none more were "
                     "lost than `most_lost` allows",
                 .sentence = loses,
                 .line = loses,
                 .of_time = true};
const std::string damages = inside + "{damaged|frame} of {frames_out} came out damaged";
const Code damaged_out{.name = "damaged",
                       .verdict = Verdict::fail,
                       .meaning = "its test passed, and frames came out that are not what was sent",
                       .sentence = damages,
                       .line = damages};
const std::string heard =
    inside + "{hertz:.0f} Hz was heard for {tone_s:.1f} s only in what it played";
const Code not_heard{.name = "not-heard",
                     .verdict = Verdict::fail,
                     .meaning = "its test passed, and the tone is not in what the device played",
                     .sentence = heard,
                     .line = heard,
                     .of_time = true};
const std::string same_tone =
    inside + "production played {hertz:.0f} Hz as well, so its tone proves nothing";
const Code tone_of_production{.name = "tone-of-production",
                              .verdict = Verdict::inconclusive,
                              .meaning = "production played the test's tone, too",
                              .sentence = same_tone,
                              .line = same_tone};
const Code no_sound{.name = "no-sound",
                    .verdict = Verdict::inconclusive,
                    .meaning = "what the device played cannot be read",
                    .sentence = inside + "{why}",
                    .line = inside + "{why}"};
const std::string no_end =
    "{subject}: its test never ended[, the capture kernel got stuck in step {stuck}]";
const Code never_ended{.name = "never-ended",
                       .verdict = Verdict::fail,
                       .meaning = "its test began and never ended",
                       .sentence = no_end,
                       .line = no_end,
                       .of_time = true};
const Code ended_elsewhere{
    .name = "stuck-elsewhere",
    .verdict = Verdict::inconclusive,
    .meaning = "its test never ended, and the kernel got stuck in something else",
    .sentence = no_end,
    .line = no_end};
const std::string untested =
    "{subject}: it was not tested[, the capture kernel got stuck in step {stuck}][ ({cut_off})]";
const Code never_begun{.name = "never-begun",
                       .verdict = Verdict::fail,
                       .meaning = "the kernel got stuck in the tests before its own",
                       .sentence = untested,
                       .line = untested,
                       .of_time = true};
const std::string without_driver = "{subject}: {why}, so it does no work";
const Code no_driver{.name = "no-driver",
                     .verdict = Verdict::fail,
                     .meaning = "it was not tested, since no driver is bound to it",
                     .sentence = without_driver,
                     .line = without_driver,
                     .of_time = true};
const Code not_tested{.name = "not-tested",
                      .verdict = Verdict::inconclusive,
                      .meaning = "the run did not come to its test",
                      .sentence = untested,
                      .line = untested};
const Code all_work{.name = "all-work",
                    .verdict = Verdict::pass,
                    .meaning = "every device that is tested works",
                    .sentence = "{devices|device} [?one works][!one work]"};

std::string kind_of(const scenario::PlannedDevice& device) {
  const std::string kind = evidence::text_of(device.profile.test, "kind");
  return kind == "none" ? std::string() : kind;
}

bool is_tested(const scenario::PlannedDevice& device) {
  return device.driver_in_capture && !kind_of(device).empty();
}

using Tested = evidence::Timed<record::event::TestResult>;

std::optional<Tested> result_of(const evidence::Run& run, const std::string& device, double after) {
  std::optional<Tested> last;
  for (const auto& result : run.events<record::event::TestResult>())
    if (result.t >= after && result.device == device) last = result;
  return last;
}

bool was_asked(const evidence::Run& run, const std::string& device) {
  const auto requests = run.said<record::request::Test>("capture");
  return std::any_of(requests.begin(), requests.end(),
                     [&](const auto& request) { return request.device == device; });
}

/// It turns out to be another one.
void become(Finding& finding, const Code& code) {
  finding.code = code.name;
  finding.verdict = code.verdict;
}

/// More were lost than may be. Nothing to say of tests that did not count.
void judge_loss(Finding& finding, const char* where, double lost, double expected, double limit) {
  if (finding.verdict != Verdict::pass || expected <= 0 || 100 * lost <= limit * expected) return;
  std::erase_if(finding.measures, [](const Measure& one) { return one.key == "lost"; });
  finding.with(measure::count("lost", static_cast<std::uint64_t>(lost)))
      .with(measure::count("expected", static_cast<std::uint64_t>(expected)))
      .with(measure::text("where", where));
  become(finding, lossy);
}

/// Frames of the capture kernel that came out of the machine, and those that got lost on the way in
/// or out. `limit`: percent that may get lost.
void look_outside_net(Finding& finding, const evidence::Run& run, const Story& story,
                      const scenario::PlannedDevice& device, const std::optional<json>& numbers,
                      double limit) {
  const auto size = static_cast<std::uint64_t>(
      evidence::number_of(device.profile.test, "frame").value_or(wire::usual_frame));
  const auto echoes = run.events<record::event::Echo>();
  std::uint64_t out = 0;
  std::uint64_t damaged = 0;
  for (const auto& echo : echoes) {
    if (echo.t < *story.capture_entry || echo.device != finding.subject.name) continue;
    ++out;
    if (echo.damaged.value_or(false) || echo.bytes.value_or(size) != size) ++damaged;
  }
  finding.with(measure::count("frames_out", out));
  if (out == 0) return become(finding, no_frame_out);
  if (damaged > 0 && finding.verdict == Verdict::pass) {
    finding.with(measure::count("damaged", damaged));
    return become(finding, damaged_out);
  }
  if (!numbers) return;
  const auto told = record::read<record::event::NetNumbers>(*numbers);
  const auto received = told.received.value_or(0);
  const auto lost = told.lost.value_or(0);
  judge_loss(finding, "inwards", lost, received + lost, limit);
  const auto sent = told.sent.value_or(0);
  judge_loss(finding, "outwards", std::max(0.0, sent - static_cast<double>(out)), sent, limit);
}

/// The test's tone in what the sound device played. Production plays another one.
void look_outside_sound(Finding& finding, const evidence::Run& run,
                        const scenario::PlannedDevice& device) {
  constexpr double capture_hertz = 880;
  constexpr double production_hertz = 440;
  constexpr double enough = 0.3;  // seconds; of one played, 0.8 were heard under emulation
  const double hertz = evidence::number_of(device.profile.test, "hertz").value_or(capture_hertz);
  const double before = evidence::number_of(device.activity, "hertz").value_or(production_hertz);
  finding.with(measure::number("hertz", hertz, Unit::hertz));
  if (device.busy && std::abs(hertz - before) <= 2 * record::rate_tolerance * hertz)
    return become(finding, tone_of_production);
  const auto heard = find_tone(run, device.name, hertz);
  if (!heard) {
    finding.with(measure::text("why", heard.error().describe()));
    return become(finding, no_sound);
  }
  if (heard->hertz != hertz) {
    std::erase_if(finding.measures, [](const Measure& one) { return one.key == "hertz"; });
    finding.with(measure::number("hertz", heard->hertz, Unit::hertz))
        .with(measure::number("asked_hz", hertz, Unit::hertz));
  }
  finding.with(measure::seconds("tone_s", heard->seconds))
      .seen_in({run.sound_file_of(device.name), {}, {}});
  if (heard->seconds < enough) become(finding, not_heard);
}

Finding without_result(const evidence::Run& run, const Story& story, const std::string& device) {
  const bool asked = was_asked(run, device);
  if (const auto step = stuck_step(run)) {
    const bool here = *step == record::mark::tests;
    const Code& code =
        asked ? (here ? never_ended : ended_elsewhere) : (here ? never_begun : not_tested);
    return found_of(code, device, {measure::text("stuck", *step)});
  }
  if (story.finished() && asked) return found_of(never_ended, device);
  return found_of(not_tested, device, {measure::text("cut_off", story.cut_off())});
}

Finding judge_work_of(const evidence::Run& run, const Story& story,
                      const scenario::PlannedDevice& device, double most_lost) {
  const auto result = result_of(run, device.name, *story.capture_entry);
  if (!result) return without_result(run, story, device.name);
  if (result->untested)
    return found_of(no_driver, device.name, {measure::text("why", *result->untested)})
        .seen_in({record::file::timeline, record::event::TestResult::name, result->t});
  const auto ok = result->ok;
  const std::string kind = kind_of(device);
  // An agent that does not say why may have waited in vain.
  const bool late = !result->why || *result->why == to_string(Errc::timeout);
  Finding finding = found_of(ok == true ? device_works
                             : !ok      ? no_test_verdict
                             : late     ? test_too_late
                                        : test_failed,
                             device.name,
                             {measure::text("test", kind),
                              measure::text("detail", shorten(result->detail.value_or(""), 200))});
  if (const auto& numbers = result->numbers; numbers && numbers->is_object())
    for (const auto& [key, value] : numbers->items())
      if (value.is_number() && find(finding.measures, key) == nullptr)
        finding.with(measure::number(key, value.get<double>()));
  finding.seen_in({record::file::timeline, record::event::TestResult::name, result->t});
  if (ok != true) return finding;
  const auto witness = scenario::test_of(device).witness;
  if (witness == scenario::Witness::frames)
    look_outside_net(finding, run, story, device, result->numbers, most_lost);
  if (witness == scenario::Witness::tone) look_outside_sound(finding, run, device);
  return finding;
}

std::optional<std::string> skips_works(const scenario::RunPlan& plan) {
  if (!plan.scenario.steps.tests || !plan.scenario.steps.drivers)
    return "the plan tests no device in the capture kernel";
  if (std::none_of(plan.devices.begin(), plan.devices.end(), is_tested))
    return "no device of the plan has a function test and a driver in the capture kernel";
  return std::nullopt;
}

Findings judge_works(const evidence::Run& run, const json& parameters) {
  const double most_lost = evidence::number_of(parameters, "most_lost").value_or(0);
  const Story points = story(run);
  if (!points.capture_entry) return {found(code::no_userspace)};
  Findings findings;
  for (const auto& device : run.plan.devices)
    if (is_tested(device)) findings.push_back(judge_work_of(run, points, device, most_lost));
  const std::size_t devices = findings.size();
  if (fold(findings) == Verdict::pass)
    findings.push_back(
        found(all_work, {measure::count("devices", devices), measure::flag("one", devices == 1)}));
  return findings;
}

const Check check_device_works{
    .name = "device.works",
    .question =
        "Does each device do its work in the capture kernel: does its function test pass, and is "
        "it seen from outside where it can be?",
    .skips = skips_works,
    .needs = {&need::agent, &need::tests},
    .codes = {&device_works, &test_failed, &test_too_late, &no_test_verdict, &no_frame_out,
              &damaged_out, &lossy, &not_heard, &tone_of_production, &no_sound, &never_ended,
              &ended_elsewhere, &never_begun, &no_driver, &not_tested, &all_work},
    .phrases = {{"inwards", "that were fed to it"}, {"outwards", "that it sent"}},
    .parameters = {{.name = "most_lost",
                    .type = scenario::ParameterSpec::Type::number,
                    .choices = {},
                    .fallback = 5,
                    .meaning = "percent of a test's frames that may get lost, either way"}},
    .judge = judge_works};
const Registration register_device_works(check_device_works);

}  // namespace

}  // namespace quiesce::checks
