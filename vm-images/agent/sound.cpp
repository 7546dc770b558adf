// SPDX-License-Identifier: GPL-2.0-or-later
// A sine on the sound card, endless or for a test.
#include "vm-images/agent/mixer.hpp"
#include "vm-images/agent/pcm.hpp"
#include "vm-images/agent/sysfs.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

namespace {

struct Player {
  std::string node;
  Pcm pcm;
  std::vector<Frame> second;
  std::size_t at = 0;

  /// Hands the driver what it takes now, a period at most.
  Result<std::size_t> step() {
    const auto rest = std::span<const Frame>(second).subspan(at);
    TRY_ASSIGN(const std::size_t done, pcm.write(rest.first(std::min(rest.size(), pcm.period()))));
    at = (at + done) % second.size();
    return done;
  }
};

Result<Player> open_player(const Subject& subject, const Request& request, unsigned default_hertz) {
  TRY_ASSIGN(const std::uint64_t hertz, request.whole("hertz", default_hertz, 20, 20'000));
  TRY_ASSIGN(const std::uint64_t rate, request.whole("rate", 48'000, 8000, 192'000));
  TRY_ASSIGN(const std::string node, wait_for_pcm(subject.address, subject.patience));
  TRY(open_playback(control_of(node)));
  TRY_ASSIGN(Pcm pcm, Pcm::open(node, static_cast<unsigned>(rate)));
  return Player{.node = node,
                .pcm = std::move(pcm),
                .second = sine_second(static_cast<unsigned>(hertz), static_cast<unsigned>(rate))};
}

Result<void> play(Player& player, const std::stop_token& stop, Progress& progress) {
  while (!stop.stop_requested()) {
    TRY_ASSIGN(const std::size_t done, player.step());
    if (done > 0) ++progress.operations;
    progress.bytes += done * sizeof(Frame);
    if (player.pcm.underruns() == progress.errors) continue;
    progress.errors = player.pcm.underruns();
    progress.say("the sound was interrupted");
  }
  return {};
}

}  // namespace

Result<Work> sound_play(const Subject& subject, const Request& request) {
  constexpr unsigned default_hertz = 440;
  TRY_ASSIGN(Player player, open_player(subject, request, default_hertz));
  auto shared = std::make_shared<Player>(std::move(player));
  return Work{.node = shared->node,
              .run = [shared](const std::stop_token& stop, Progress& progress) {
                return play(*shared, stop, progress);
              }};
}

Result<Outcome> sound_play_test(const Subject& subject, const Request& request) {
  constexpr unsigned default_hertz = 880;
  TRY_ASSIGN(const double seconds, request.number("seconds", 2, 0.1, 600));
  TRY_ASSIGN(Player player, open_player(subject, request, default_hertz));
  const auto wanted = static_cast<std::size_t>(seconds * static_cast<double>(player.second.size()));
  const TimePoint began = system_clock().now();
  std::size_t played = 0;
  while (played < wanted) {
    TRY_ASSIGN(const std::size_t done, player.step());
    played += done;
  }
  TRY(player.pcm.drain());
  const double took = (system_clock().now() - began).count();
  const std::uint64_t underruns = player.pcm.underruns();
  return Outcome{.why = why_not(underruns == 0, Errc::timeout),
                 .detail = fmt::format("{}: {} frames in {:.1f} s, {} underruns", player.node,
                                       played, took, underruns),
                 .numbers = {{"frames", played}, {"underruns", underruns}, {"seconds", took}}};
}

}  // namespace quiesce::agent
