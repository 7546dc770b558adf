// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/screens.hpp"

#include <algorithm>

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

Result<void> take_screen(GuestControl& control, Recorder& recorder, Waits& waits,
                         const Devices& devices, const std::string& name, const json& font) {
  if (!has_display(devices) || !control.can(target::Capability::screen)) return {};
  const std::string file = fmt::format("{}/{}.png", record::file::screen, name);
  const std::filesystem::path path = recorder.path() / file;
  TRY(control.target().save_picture(path.string(), waits.soon()));
  record::event::Screen event{.screen = name, .file = file};
  TRY_ASSIGN(const std::string png, read_file(path));
  const auto picture = observe::read_png(std::as_bytes(std::span(png.data(), png.size())));
  const auto glyphs = observe::Font::from_json(font);
  if (picture) {
    event.width = picture->width;
    event.height = picture->height;
  } else {
    event.unreadable = picture.error().describe();
  }
  if (picture && glyphs) {
    const observe::ScreenText text = observe::read_screen(*picture, *glyphs);
    event.unknown_cells = text.unknown;
    recorder.write(fmt::format("{}/{}.txt", record::file::screen, name), to_text(text));
  } else if (!glyphs) {
    event.no_text = glyphs.error().describe();
  }
  recorder.event(event);
  return {};
}

Result<void> take_screen_truth(const GuestSide& guest, const Devices& devices) {
  if (!has_display(devices)) return {};
  // A kernel without a console on the screen has nothing to tell: that is evidence too.
  auto answer = guest.agent.ask(record::request::ScreenText(), Seconds(30));
  if (!answer && answer.error().code() != Errc::unsupported) return tl::unexpected(answer.error());
  const json written =
      answer ? *answer : record::as_json(record::PayloadHead{.error = answer.error().describe()});
  guest.recorder.write(record::screen_truth_file(guest.hearing.role()), written.dump() + "\n");
  return {};
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

void ScreenSampler::sample() {
  auto picture = control_.target().fetch_picture();
  if (picture && !picture->empty()) {
    recorder_.event(record::event::ScreenSample{.taken_t = asked_t_,
                                                .same_as_production = *picture == first_,
                                                .changed = *picture != last_,
                                                .uniform = is_uniform(*picture),
                                                .bytes = picture->size()});
    last_ = std::move(*picture);
  }
  asked_t_ = recorder_.now();
  // A QEMU that is gone is noticed by its exit.
  (void)control_.target().ask_picture();
}

}  // namespace quiesce::run
