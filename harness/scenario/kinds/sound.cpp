// SPDX-License-Identifier: GPL-2.0-or-later
// Sound cards: each plays into a file of its own, in which a check listens for the test's tone.
#include "harness/record/layout.hpp"
#include "harness/scenario/kind.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::scenario {

namespace {

/// 8 kHz mono is enough to hear a tone and keeps the file small.
std::pair<const char*, nlohmann::json> audiodev(const BackendPlace& place) {
  return {"-audiodev",
          {{"driver", "wav"},
           {"id", place.id},
           {"path", (place.run_dir / record::sound_file(place.device)).string()},
           {"out",
            {{"frequency", 8000}, {"channels", 1}, {"format", "s16"}, {"fixed-settings", true}}}}};
}

constexpr Backend sound_backend{.name = "audio",
                                .property = "audiodev",
                                .inherits = Backend::Inherits::nothing,
                                .option = audiodev,
                                .leaves = record::sound_file};

KindParameter hertz() {
  return {"hertz", shape::whole(20, 20'000)};
}

}  // namespace

const Kind& sound_kind() {
  static const Kind kind{
      .name = "sound",
      .backend = &sound_backend,
      .activities = {{.name = wire::activity::sound_play,
                      .parameters = {hertz(), {"rate", shape::whole(8'000, 192'000)}},
                      .witness = Witness::tone}},
      .tests = {{.name = wire::test::sound_play,
                 .parameters = {hertz(), {"seconds", shape::number(0, 600)}},
                 .witness = Witness::tone}},
      .attachments = {{"HDA", "hda-output", false}},
      .offered_activity = {{"kind", wire::activity::sound_play}, {"hertz", 440}, {"rate", 48000}},
      .offered_test = {{"kind", wire::test::sound_play}, {"hertz", 880}, {"seconds", 1}}};
  return kind;
}

}  // namespace quiesce::scenario
