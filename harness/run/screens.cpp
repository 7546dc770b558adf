// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/screens.hpp"

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/observe/screen.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/lines.hpp"

namespace quiesce::run {

using nlohmann::json;

namespace {

constexpr Seconds sample_period{1};

}  // namespace

bool is_uniform(std::string_view picture) {
  // Every pixel equals its neighbour; where the header ends exactly does not matter for that.
  constexpr std::size_t pixel = 3;
  constexpr std::size_t header = 20;
  if (picture.size() <= header + pixel) return false;
  const std::string_view pixels = picture.substr(header);
  return pixels.substr(pixel) == pixels.substr(0, pixels.size() - pixel);
}

namespace {

/// A picture that was saved, and what can be read in it.
struct Shot {
  record::event::Screen event;
  std::optional<observe::ScreenText> text;
};

Result<Shot> shoot(GuestControl& control, Recorder& recorder, Waits& waits, const std::string& name,
                   const json& font) {
  const std::string file = fmt::format("{}/{}.png", record::file::screen, name);
  const std::filesystem::path path = recorder.path() / file;
  TRY(control.target().save_picture(path.string(), waits.soon()));
  Shot shot{.event = {.screen = name, .file = file}, .text = std::nullopt};
  TRY_ASSIGN(const std::string png, read_file(path));
  const auto picture = observe::read_png(std::as_bytes(std::span(png.data(), png.size())));
  const auto glyphs = observe::Font::from_json(font);
  if (picture) {
    shot.event.width = picture->width;
    shot.event.height = picture->height;
  } else {
    shot.event.unreadable = picture.error().describe();
  }
  if (picture && glyphs) {
    shot.text = observe::read_screen(*picture, *glyphs);
    shot.event.unknown_cells = shot.text->unknown;
  } else if (!glyphs) {
    shot.event.no_text = glyphs.error().describe();
  }
  return shot;
}

void keep(Recorder& recorder, const Shot& shot) {
  if (shot.text)
    recorder.write(fmt::format("{}/{}.txt", record::file::screen, shot.event.screen),
                   to_text(*shot.text));
  recorder.event(shot.event);
}

/// A kernel without a console on the screen has nothing to tell: that is evidence too.
Result<json> ask_for_text(const GuestSide& guest) {
  auto answer = guest.agent.ask(record::request::ScreenText(), Seconds(30));
  if (!answer && answer.error().code() != Errc::unsupported) return answer;
  return answer ? *answer
                : record::as_json(record::PayloadHead{.error = answer.error().describe()});
}

std::vector<std::string> lines_of(const json& told) {
  std::vector<std::string> lines;
  for (const json& line : record::read<record::ScreenTruth>(told).lines)
    lines.emplace_back(line.is_string() ? trim(line.get_ref<const std::string&>()) : "");
  return lines;
}

bool shows(const observe::ScreenText& text, const std::vector<std::string>& lines) {
  return std::ranges::equal(text.lines, lines,
                            [](const auto& seen, const auto& told) { return trim(seen) == told; });
}

}  // namespace

Result<void> take_screen(GuestControl& control, Recorder& recorder, Waits& waits,
                         const Devices& devices, const std::string& name, const json& font) {
  if (!has_display(devices) || !control.can(target::Capability::screen)) return {};
  TRY_ASSIGN(const Shot shot, shoot(control, recorder, waits, name, font));
  keep(recorder, shot);
  return {};
}

Result<void> take_screen_pair(const GuestSide& guest, GuestControl& control, const Devices& devices,
                              const std::string& name, const json& font) {
  if (!has_display(devices)) return {};
  constexpr int most = 5;
  TRY_ASSIGN(json told, ask_for_text(guest));
  Shot shot;
  const bool has_screen = control.can(target::Capability::screen);
  for (int turn = 0; has_screen && turn < most; ++turn) {
    const auto before = lines_of(told);
    TRY_ASSIGN(shot, shoot(control, guest.recorder, guest.waits, name, font));
    TRY_ASSIGN(told, ask_for_text(guest));
    if (!shot.text || (lines_of(told) == before && shows(*shot.text, before))) break;
  }
  guest.recorder.write(record::screen_truth_file(guest.hearing.role()), told.dump() + "\n");
  if (has_screen) keep(guest.recorder, shot);
  return {};
}

ScreenSampler::ScreenSampler(Loop& loop, GuestControl& control, Recorder& recorder, Waits& waits,
                             const json& font)
    : loop_(loop), control_(control), recorder_(recorder), waits_(waits) {
  if (auto glyphs = observe::Font::from_json(font)) font_ = *std::move(glyphs);
}

Result<void> ScreenSampler::start(const Devices& devices) {
  if (!has_display(devices) || !control_.can(target::Capability::screen)) return {};
  TRY_ASSIGN(first_, control_.target().picture(waits_.soon()));
  last_ = first_;
  asked_t_ = recorder_.now();
  TRY(control_.target().ask_picture());
  timer_ = loop_.every(sample_period, [this] { sample(); });
  return {};
}

void ScreenSampler::read(const std::string& picture, record::event::ScreenSample& sample) const {
  sample.cells.reset();
  sample.unreadable.reset();
  const auto pixels = observe::read_ppm(std::as_bytes(std::span(picture.data(), picture.size())));
  if (!pixels || !font_) return;
  const observe::ScreenText text = observe::read_screen(*pixels, *font_);
  std::uint64_t cells = text.unknown;
  // Each that cannot be read is three bytes of UTF-8, and counted already.
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  for (const std::string& line : text.lines)
    for (std::size_t at = 0; at < line.size(); ++at) {
      if (std::string_view(line).substr(at).starts_with(replacement))
        at += replacement.size() - 1;
      else if (line[at] != ' ' && (static_cast<unsigned char>(line[at]) & 0xc0U) != 0x80)
        ++cells;
    }
  sample.cells = cells;
  sample.unreadable = text.unknown;
}

void ScreenSampler::sample() {
  auto picture = control_.target().fetch_picture();
  if (picture && !picture->empty()) {
    record::event::ScreenSample sample{.taken_t = asked_t_,
                                       .same_as_production = *picture == first_,
                                       .changed = *picture != last_,
                                       .uniform = is_uniform(*picture),
                                       .bytes = picture->size(),
                                       .cells = cells_,
                                       .unreadable = unreadable_};
    if (*sample.same_as_production || *sample.uniform) {
      sample.cells.reset();
      sample.unreadable.reset();
    } else if (*sample.changed) {
      read(*picture, sample);
    }
    cells_ = sample.cells;
    unreadable_ = sample.unreadable;
    recorder_.event(sample);
    last_ = std::move(*picture);
  }
  asked_t_ = recorder_.now();
  // A QEMU that is gone is noticed by its exit.
  (void)control_.target().ask_picture();
}

}  // namespace quiesce::run
