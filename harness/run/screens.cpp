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

Result<void> take_screen(Session& session, const std::string& name, const json& font) {
  if (!has_display(session.plan)) return {};
  const std::string file = fmt::format("{}/{}.png", record::file::screen, name);
  const std::filesystem::path path = session.dir.path() / file;
  TRY(session.machine->qmp().call("screendump", {{"filename", path.string()}, {"format", "png"}},
                                  session.soon()));
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
    session.dir.write(fmt::format("{}/{}.txt", record::file::screen, name), to_text(text));
  } else if (!glyphs) {
    event.no_text = glyphs.error().describe();
  }
  session.dir.event(event);
  return {};
}

Result<void> take_screen_truth(Session& session) {
  if (!has_display(session.plan)) return {};
  // A kernel without a console on the screen has nothing to tell: that is evidence too.
  auto answer = session.ask(record::request::ScreenText(), Seconds(30));
  if (!answer && answer.error().code() != Errc::unsupported) return tl::unexpected(answer.error());
  const json written =
      answer ? *answer : record::as_json(record::PayloadHead{.error = answer.error().describe()});
  session.dir.write(record::screen_truth_file(session.role), written.dump() + "\n");
  return {};
}

Result<void> ScreenSampler::start() {
  if (!has_display(session_.plan)) return {};
  TRY_ASSIGN(first_, session_.machine->picture(session_.soon()));
  last_ = first_;
  asked_t_ = session_.dir.now();
  TRY(session_.machine->ask_picture());
  timer_ = session_.loop.every(sample_period, [this] { sample(); });
  return {};
}

void ScreenSampler::sample() {
  auto picture = session_.machine->fetch_picture();
  if (picture && !picture->empty()) {
    session_.dir.event(record::event::ScreenSample{.taken_t = asked_t_,
                                                   .same_as_production = *picture == first_,
                                                   .changed = *picture != last_,
                                                   .uniform = is_uniform(*picture),
                                                   .bytes = picture->size()});
    last_ = std::move(*picture);
  }
  asked_t_ = session_.dir.now();
  // A QEMU that is gone is noticed by its exit.
  (void)session_.machine->ask_picture();
}

}  // namespace quiesce::run
