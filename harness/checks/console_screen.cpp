// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

/// The picture against the kernel's own idea of it, cell by cell.
struct Comparison {
  std::uint64_t cells = 0;  ///< with text in either
  std::uint64_t differing = 0;
  std::uint64_t unreadable = 0;  ///< U+FFFD in the picture
  Lines examples;
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
      result.examples.push_back(fmt::format("row {}: screen \"{}\", kernel \"{}\"", row,
                                            shorten(row < picture.size() ? picture[row] : "", 60),
                                            shorten(row < truth.size() ? truth[row] : "", 60)));
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
  std::size_t old = 0;                ///< samples that showed the old kernel's picture
  std::size_t uniform = 0;            ///< samples of one colour
  double last_dead = 0;               ///< the last of these, or the handover
  std::optional<double> first_alive;  ///< after which no dead sample came
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
    if (old || uniform) {
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

/// The step of the run in which the screen came back.
std::string step_at(const evidence::Run& run, const Story& story, const Return& back) {
  if (!story.capture_entry || *back.first_alive < *story.capture_entry)
    return "before the capture kernel's userspace";
  std::vector<std::string> modules;
  for (const auto& loaded : run.said<record::said::Module>("capture")) {
    if (loaded.t <= back.last_dead || loaded.t > *back.first_alive) continue;
    if (is_screen_module(run, loaded.module)) return "with module " + loaded.module;
    modules.push_back(loaded.module);
  }
  if (modules.empty())
    return story.drivers && *back.first_alive > *story.drivers ? "after the drivers were loaded"
                                                               : "in userspace, with no module";
  if (modules.size() == 1) return "with module " + modules.front();
  return fmt::format("while {} modules were loaded, {} to {}", modules.size(), modules.front(),
                     modules.back());
}

void describe_return(CheckResult& result, const evidence::Run& run, const Story& story,
                     bool right_at_end) {
  const Return back = find_return(run, *story.handover, right_at_end);
  if (back.samples == 0) return;
  result.details.push_back(
      fmt::format("{} after the handover: {} with the old kernel's picture, {} of one colour",
                  count(back.samples, "sample"), back.old, back.uniform));
  if (!back.first_alive) {
    result.details.emplace_back(right_at_end
                                    ? "no sample showed the screen back, only the final picture"
                                    : "the screen never came back while it was sampled");
    return;
  }
  const double from = back.last_dead - *story.handover;
  const double to = *back.first_alive - *story.handover;
  result.numbers["dead_at_least_s"] = from;
  result.numbers["dead_at_most_s"] = to;
  result.reason += fmt::format("; it came back {:.1f} to {:.1f} s after the handover, {}", from, to,
                               step_at(run, story, back));
}

/// Could a working screen have been read? In production it was.
bool control_holds(CheckResult& result, const std::optional<Comparison>& production) {
  constexpr double enough = 0.95;
  if (!production || production->cells == 0) {
    result.control = "there is no readable screen of the production kernel";
    return false;
  }
  const double right =
      1.0 - static_cast<double>(production->differing) / static_cast<double>(production->cells);
  result.control =
      fmt::format("in production {:.1f} % of {} cells were read as the kernel wrote them",
                  100 * right, production->cells);
  result.numbers["production_right"] = right;
  return right >= enough;
}

std::optional<std::string> skips_screen(const scenario::RunPlan& plan) {
  if (std::any_of(plan.devices.begin(), plan.devices.end(), has_screen)) return std::nullopt;
  return "the plan has no device with a screen";
}

CheckResult judge_screen(const evidence::Run& run, const json&) {
  const Story points = story(run);
  if (!points.handover || !points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel did not reach userspace");
  CheckResult result = verdict(Verdict::inconclusive, "");
  const auto captured = compare_named(run, "capture-end", "capture");
  if (!captured || captured->cells == 0) {
    result.reason = !captured
                        ? "the screen's picture or the kernel's idea of it is missing at the end"
                        : "the kernel wrote nothing on its screen that could be compared";
    if (const auto step = stuck_step(run)) result.reason += "; " + stuck_in(*step);
    describe_return(result, run, points, false);
    return result;
  }
  result.numbers.update({{"cells", captured->cells},
                         {"differing", captured->differing},
                         {"unreadable", captured->unreadable}});
  if (captured->differing == 0) {
    // Text that is exactly right proves by itself that it could be read.
    control_holds(result, compare_named(run, "production", "production"));
    result.verdict = Verdict::pass;
    result.reason = fmt::format("all {} cells show what the capture kernel wrote", captured->cells);
  } else if (!control_holds(result, compare_named(run, "production", "production"))) {
    result.reason = fmt::format(
        "{} of {} cells differ, but the production kernel's screen could not be read either",
        captured->differing, captured->cells);
  } else {
    result.verdict = Verdict::fail;
    result.reason =
        fmt::format("{} of {} cells do not show what the capture kernel wrote, {} cannot be read",
                    captured->differing, captured->cells, captured->unreadable);
    result.details = captured->examples;
  }
  describe_return(result, run, points, captured->differing == 0);
  return result;
}

const Check check_console_screen{
    .name = "console.screen",
    .question =
        "Does the screen show what the capture kernel wrote, cell by cell, and when did it come "
        "back?",
    .skips = skips_screen,
    .needs = {&need::agent, &need::screens, &need::samples},
    .parameters = {},
    .judge = judge_screen};
const Registration register_console_screen(check_console_screen);

}  // namespace

}  // namespace quiesce::checks
