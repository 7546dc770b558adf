// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/console/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

const Code differing_row{.name = "row",
                         .verdict = {},
                         .meaning = "a row that does not show what the kernel wrote",
                         .line = "row {subject}: screen \"{screen}\", kernel \"{kernel}\""};

/// The picture against the kernel's own idea of it, cell by cell.
struct Comparison {
  std::uint64_t cells = 0;  ///< with text in either
  std::uint64_t differing = 0;
  std::uint64_t unreadable = 0;  ///< U+FFFD in the picture
  Findings examples;             ///< rows that differ
};

/// Code points; bytes that are no UTF-8 count as one each.
std::u32string code_points(std::string_view text) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    char32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length && at + i < text.size(); ++i)
      point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
    points += point;
    at += length;
  }
  while (!points.empty() && (points.back() == U' ' || points.back() == 0)) points.pop_back();
  return points;
}

Comparison compare_cells(const Lines& picture, const Lines& truth) {
  constexpr std::size_t most_examples = 5;
  Comparison result;
  for (std::size_t row = 0; row < std::max(picture.size(), truth.size()); ++row) {
    const auto seen = code_points(row < picture.size() ? picture[row] : "");
    const auto real = code_points(row < truth.size() ? truth[row] : "");
    std::uint64_t differing = 0;
    for (std::size_t column = 0; column < std::max(seen.size(), real.size()); ++column) {
      const char32_t a = column < seen.size() ? seen[column] : U' ';
      const char32_t b = column < real.size() ? real[column] : U' ';
      if (a != U' ' || b != U' ') ++result.cells;
      if (a != b) ++differing;
      if (a == U'\ufffd') ++result.unreadable;
    }
    result.differing += differing;
    if (differing > 0 && result.examples.size() < most_examples)
      result.examples.push_back(
          found(differing_row, {Subject::Kind::row, fmt::format("{}", row)},
                {measure::text("screen", shorten(row < picture.size() ? picture[row] : "", 60)),
                 measure::text("kernel", shorten(row < truth.size() ? truth[row] : "", 60)),
                 measure::count("differing", differing)}));
  }
  return result;
}

std::optional<Comparison> compare_named(const evidence::Run& run, const std::string& screen,
                                        const std::string& role) {
  const auto picture = run.screens.find(screen);
  const auto truth = run.screen_truth.find(role);
  if (picture == run.screens.end() || truth == run.screen_truth.end()) return std::nullopt;
  Lines lines;
  for (const json& line : truth->second.lines)
    lines.push_back(line.is_string() ? line.get<std::string>() : std::string());
  if (lines.empty()) return std::nullopt;
  return compare_cells(picture->second, lines);
}

/// A device that has a screen: its profile uses the console, or QEMU calls it a VGA.
bool has_screen(const scenario::PlannedDevice& device) {
  if (scenario::shows_console(device.profile) || scenario::test_of(device).shows_console)
    return true;
  for (const json& object : device.profile.qemu) {
    std::string driver = evidence::text_of(object, "driver");
    std::transform(driver.begin(), driver.end(), driver.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (driver.find("vga") != std::string::npos || driver.find("display") != std::string::npos)
      return true;
  }
  return false;
}

/// When the screen came back, and what came before.
struct Return {
  std::size_t samples = 0;
  std::size_t old = 0;      ///< samples that showed the old kernel's picture
  std::size_t uniform = 0;  ///< samples of one colour
  /// Samples that showed something, and hardly anything of it could be read.
  std::size_t garbled = 0;
  std::optional<double> garbled_from, garbled_until;
  std::uint64_t garbled_cells = 0, garbled_unreadable = 0;  ///< of the worst of them
  double last_dead = 0;                                     ///< the last of these, or the handover
  std::optional<double> first_alive;                        ///< after which no dead sample came
};

/// When the picture was taken; it is looked at later.
template <class R>
double taken(const evidence::Timed<R>& picture) {
  return picture.taken_t.value_or(picture.t);
}

/// When the picture that was compared at the end was taken.
std::optional<double> final_picture(const evidence::Run& run) {
  for (const auto& picture : run.events<record::event::Screen>())
    if (picture.screen == record::mark::capture_end) return taken(picture);
  return std::nullopt;
}

/// Many cells, and more than half of them match no glyph: drawn for another mode than the one that
/// is scanned out. A picture on a boot logo is a few.
bool is_garbled(const record::event::ScreenSample& sample) {
  constexpr std::uint64_t many = 100;
  return sample.cells && sample.unreadable && *sample.cells >= many &&
         2 * *sample.unreadable > *sample.cells;
}

/// `right_at_end`: the final picture shows what the kernel wrote, so it is one more alive sample.
Return find_return(const evidence::Run& run, double handover, bool right_at_end) {
  Return result;
  result.last_dead = handover;
  for (const auto& sample : run.events<record::event::ScreenSample>()) {
    const double t = taken(sample);
    if (t < handover) continue;
    ++result.samples;
    const bool old = sample.same_as_production.value_or(false);
    const bool uniform = sample.uniform.value_or(false);
    result.old += old ? 1 : 0;
    result.uniform += uniform ? 1 : 0;
    const bool garbled = !old && !uniform && is_garbled(sample);
    if (garbled) {
      ++result.garbled;
      if (!result.garbled_from) result.garbled_from = t;
      result.garbled_until = t;
      if (*sample.unreadable > result.garbled_unreadable) {
        result.garbled_unreadable = *sample.unreadable;
        result.garbled_cells = *sample.cells;
      }
    }
    if (old || uniform || garbled) {
      result.first_alive.reset();
      result.last_dead = t;
    } else if (!result.first_alive) {
      result.first_alive = t;
    }
  }
  if (right_at_end && !result.first_alive) result.first_alive = final_picture(run);
  return result;
}

/// Is it a module of a screen's profile? Names differ in - and _.
bool is_screen_module(const evidence::Run& run, std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  for (const auto& device : run.plan.devices) {
    if (!has_screen(device)) continue;
    for (std::string module : device.profile.modules) {
      std::replace(module.begin(), module.end(), '-', '_');
      if (module == name) return true;
    }
  }
  return false;
}

const Code screen_right{
    .name = "right",
    .verdict = Verdict::pass,
    .meaning = "every cell shows what the capture kernel wrote",
    .sentence = "all {cells} cells show what the capture kernel wrote",
    .control =
        "[in production {production_right:.1f} % of {production_cells} cells were read as "
        "the kernel wrote them][!production_cells there is no readable screen of the "
        "production kernel]"};
const Code screen_wrong{.name = "wrong",
                        .verdict = Verdict::fail,
                        .meaning = "cells show something else, and in production they were right",
                        .sentence =
                            "{differing} of {cells} cells do not show what the capture "
                            "kernel wrote, {unreadable} cannot be read",
                        .control = screen_right.control};
const Code screen_unproved{.name = "unproved",
                           .verdict = Verdict::inconclusive,
                           .meaning = "cells differ, and in production they did, too",
                           .sentence =
                               "{differing} of {cells} cells differ, but the production "
                               "kernel's screen could not be read either",
                           .control = screen_right.control};
const Code no_picture{.name = "no-picture",
                      .verdict = Verdict::inconclusive,
                      .meaning = "there is nothing to compare",
                      .sentence =
                          "the screen's picture or the kernel's idea of it is missing at the "
                          "end[; the capture kernel got stuck in step {stuck}]"};
const Code blank_screen{.name = "blank",
                        .verdict = Verdict::inconclusive,
                        .meaning = "the kernel wrote nothing",
                        .sentence =
                            "the kernel wrote nothing on its screen that could be "
                            "compared[; the capture kernel got stuck in step {stuck}]"};
const Code came_back{
    .name = "came-back",
    .verdict = {},
    .meaning = "between which samples the screen came back, and with what",
    .addition =
        "; it came back {dead_at_least_s:.1f} to {dead_at_most_s:.1f} s after the "
        "handover, {with:w}[ {module}][ {modules} modules were loaded, {first_module} to "
        "{last_module}]"};
const Code garbled_screen{
    .name = "garbled",
    .verdict = Verdict::fail,
    .meaning =
        "for two samples or more the screen showed what cannot be read: a console that draws "
        "for another mode than the one that is scanned out",
    .sentence =
        "from {from_s:.1f} to {until_s:.1f} s after the handover the screen showed what "
        "cannot be read: {unreadable} of {cells} cells match no glyph"};
const Code sampled{.name = "samples",
                   .verdict = {},
                   .meaning = "what the samples of the screen showed after the handover",
                   .line =
                       "{samples|sample} after the handover: {old} with the old kernel's "
                       "picture, {uniform} of one colour[, {garbled} that cannot be read]"};
const Code only_at_the_end{.name = "only-at-the-end",
                           .verdict = {},
                           .meaning = "the screen was back in the final picture alone",
                           .line = "no sample showed the screen back, only the final picture"};
const Code never_back{.name = "never-back",
                      .verdict = {},
                      .meaning = "no sample showed the screen back",
                      .line = "the screen never came back while it was sampled"};

/// The step of the run in which the screen came back.
void add_step(Finding& finding, const evidence::Run& run, const Story& story, const Return& back) {
  const auto with = [&](const char* word) { finding.with(measure::text("with", word)); };
  if (!story.capture_entry || *back.first_alive < *story.capture_entry)
    return with("before-userspace");
  std::vector<std::string> modules;
  for (const auto& loaded : run.said<record::said::Module>("capture")) {
    if (loaded.t <= back.last_dead || loaded.t > *back.first_alive) continue;
    if (is_screen_module(run, loaded.module)) {
      modules = {loaded.module};
      break;
    }
    modules.push_back(loaded.module);
  }
  if (modules.empty())
    return with(story.drivers && *back.first_alive > *story.drivers ? "after-drivers"
                                                                    : "no-module");
  if (modules.size() == 1) {
    with("module");
    finding.with(measure::text("module", modules.front()));
    return;
  }
  with("modules");
  finding.with(measure::count("modules", modules.size()))
      .with(measure::text("first_module", modules.front()))
      .with(measure::text("last_module", modules.back()));
}

void describe_return(Findings& findings, const evidence::Run& run, const Story& story,
                     bool right_at_end) {
  const Return back = find_return(run, *story.handover, right_at_end);
  if (back.samples == 0) return;
  findings.push_back(
      found(sampled, {measure::count("samples", back.samples), measure::count("old", back.old),
                      measure::count("uniform", back.uniform)}));
  if (back.garbled > 0) findings.back().with(measure::count("garbled", back.garbled));
  // One may have been taken in the middle of a change of mode.
  if (back.garbled > 1)
    findings.push_back(
        found(garbled_screen, {measure::seconds("from_s", *back.garbled_from - *story.handover),
                               measure::seconds("until_s", *back.garbled_until - *story.handover),
                               measure::count("unreadable", back.garbled_unreadable),
                               measure::count("cells", back.garbled_cells)})
            .seen_in(
                {record::file::timeline, record::event::ScreenSample::name, back.garbled_from}));
  if (!back.first_alive) {
    findings.push_back(found(right_at_end ? only_at_the_end : never_back));
    return;
  }
  Finding returned =
      found(came_back, {measure::seconds("dead_at_least_s", back.last_dead - *story.handover),
                        measure::seconds("dead_at_most_s", *back.first_alive - *story.handover)});
  add_step(returned, run, story, back);
  findings.push_back(returned.seen_in(
      {record::file::timeline, record::event::ScreenSample::name, back.first_alive}));
}

double percent_right(const Comparison& comparison) {
  return 100 -
         100 * static_cast<double>(comparison.differing) / static_cast<double>(comparison.cells);
}

/// Could a working screen have been read? In production it was.
bool control_holds(const std::optional<Comparison>& production) {
  constexpr double enough = 95;
  return production && production->cells > 0 && percent_right(*production) >= enough;
}

std::optional<std::string> skips_screen(const scenario::RunPlan& plan) {
  if (std::any_of(plan.devices.begin(), plan.devices.end(), has_screen)) return std::nullopt;
  return "the plan has no device with a screen";
}

Findings judge_screen(const evidence::Run& run, const json&) {
  const Story points = story(run);
  if (!points.handover || !points.capture_entry) return {found(code::no_userspace)};
  const auto captured = compare_named(run, "capture-end", "capture");
  Findings findings;
  if (!captured || captured->cells == 0) {
    findings.push_back(found(captured ? blank_screen : no_picture));
    if (const auto step = stuck_step(run)) findings.front().with(measure::text("stuck", *step));
    describe_return(findings, run, points, false);
    return findings;
  }
  const auto production = compare_named(run, "production", "production");
  // Text that is exactly right proves by itself that it could be read.
  const bool right = captured->differing == 0;
  Finding finding = found(
      right                       ? screen_right
      : control_holds(production) ? screen_wrong
                                  : screen_unproved,
      {measure::count("cells", captured->cells), measure::count("differing", captured->differing),
       measure::count("unreadable", captured->unreadable)});
  finding.control = {measure::count("production_cells", production ? production->cells : 0)};
  if (production && production->cells > 0)
    finding.control.push_back(
        measure::number("production_right", percent_right(*production), Unit::percent));
  finding.seen_in({"screen/capture-end.txt", {}, final_picture(run)});
  findings.push_back(finding);
  if (finding.code == screen_wrong.name)
    findings.insert(findings.end(), captured->examples.begin(), captured->examples.end());
  describe_return(findings, run, points, right);
  return findings;
}

const Check check_console_screen{
    .name = "console.screen",
    .question =
        "Does the screen show what the capture kernel wrote, cell by cell, and when did it come "
        "back?",
    .skips = skips_screen,
    .needs = {&need::agent, &need::screens, &need::samples},
    .codes = {&screen_right, &screen_wrong, &screen_unproved, &no_picture, &blank_screen,
              &differing_row, &garbled_screen, &sampled, &came_back, &only_at_the_end, &never_back},
    .phrases = {{"before-userspace", "before the capture kernel's userspace"},
                {"module", "with module"},
                {"modules", "while"},
                {"after-drivers", "after the drivers were loaded"},
                {"no-module", "in userspace, with no module"}},
    .parameters = {},
    .judge = judge_screen};
const Registration register_console_screen(check_console_screen);

}  // namespace

}  // namespace quiesce::checks
