// SPDX-License-Identifier: GPL-2.0-or-later
// What a guest waits for a register of a served device, beside one of a device within QEMU: `edu`
// and the model `engine` in one machine, asked in turns.
#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "harness/base/temp_dir.hpp"
#include "harness/dispatch/places.hpp"
#include "harness/dispatch/resolve.hpp"
#include "harness/run/wiring.hpp"
#include "harness/wire/model_registers.hpp"
#include "tests/bench/median.hpp"

namespace {

using namespace quiesce;
using namespace quiesce::bench;
using nlohmann::json;

constexpr const char* scenario_text = R"({
  "format": 1,
  "production": {"kernel": "debian:6.1"},
  "devices": [{"profile": "edu", "name": "edu0"}, {"profile": "engine", "name": "engine0"}]
})";

constexpr int reads = 1000;  ///< of one round
constexpr int rounds = 5;    ///< of one turn

/// Whose first register holds what, so that it is known who was read.
struct Contender {
  std::string device;
  const char* what;
  const char* id;
};
const Contender contenders[] = {
    {"edu0", "`edu`, within QEMU", "0x10000ed"},  // docs/specs/edu.rst: version 1.0, and 0xed
    {"engine0", "model `engine`, served", "0x45435351"}};

/// Nanoseconds of one read by turn, of either contender.
struct Times {
  std::vector<double> of[2];
};

Result<scenario::RunPlan> make_plan() {
  TRY_ASSIGN(const dispatch::Places places, dispatch::Places::find());
  TRY_ASSIGN(const scenario::ProfileSet set, dispatch::all_profiles(places, {}));
  const auto loaded =
      scenario::load_text(scenario_text, "register-access", dispatch::vocabulary(set.profiles));
  if (!loaded) return tl::unexpected(dispatch::as_error(loaded.error()));
  return dispatch::resolve(loaded->front(), places,
                           {.qemu = "", .program = BENCH_QUIESCE, .profiles = set.profiles});
}

Result<double> one_turn(run::Wiring& wiring, const Contender& contender) {
  const auto device =
      std::ranges::find(wiring.recipe().devices, contender.device, &scenario::PlannedDevice::name);
  const json request{{"address", to_string(device->address)}, {"reads", reads}, {"rounds", rounds}};
  TRY_ASSIGN(const json answer, wiring.guest().agent.ask("register-bench", request, Seconds(90)));
  for (const char* when : {"first", "last"})
    if (answer.value(when, "") != contender.id)
      return fail(Errc::protocol, "the first register of {} is not {}: {}", contender.device,
                  contender.id, answer.dump());
  const double nanoseconds = answer.value("median", 0.0);
  if (nanoseconds <= 0)
    return fail(Errc::protocol, "{} was read in no time: {}", contender.device, answer.dump());
  return nanoseconds;
}

Result<Times> take_turns(run::Wiring& wiring, int count) {
  Times times;
  for (int turn = 0; turn < count; ++turn) {
    for (int place = 0; place < 2; ++place) {
      const int who = (turn + place) % 2;
      TRY_ASSIGN(const double nanoseconds, one_turn(wiring, contenders[who]));
      times.of[who].push_back(nanoseconds);
    }
    fmt::print(stderr, "turn {}: {:.0f} and {:.0f} ns\n", turn + 1, times.of[0].back(),
               times.of[1].back());
  }
  return times;
}

Result<Times> measure(const scenario::RunPlan& plan, int count) {
  TRY_ASSIGN(const TempDir folder, TempDir::create("quiesce-bench"));
  Loop loop;
  TRY_ASSIGN(run::RunDir dir, run::RunDir::create(folder.path() / "run", loop.clock()));
  run::Wiring wiring(loop, dir, scenario::recipe_of(plan),
                     {.timeouts = plan.scenario.timeouts, .seed = plan.scenario.seed}, {});
  auto times = [&]() -> Result<Times> {
    wiring.recorder().phase("boot");
    TRY(wiring.launch());
    TRY(run::boot(wiring.guest(), wiring.control()));
    return take_turns(wiring, count);
  }();
  Error error = times ? Error(Errc::internal, "") : wiring.waits().explained(times.error());
  wiring.shut_down();
  if (!times) return tl::unexpected(std::move(error));
  return times;
}

void print(const scenario::RunPlan& plan, const Times& times) {
  fmt::print("Accelerator {}; {} turns of {} rounds of {} reads of 32 bits, medians.\n\n",
             plan.accel, times.of[0].size(), rounds, reads);
  fmt::print(
      "| device | ns a read | fastest turn | slowest turn | ratio |\n|---|---|---|---|---|\n");
  for (int who = 0; who < 2; ++who) {
    const auto& mine = times.of[who];
    std::vector<double> ratios;
    for (std::size_t turn = 0; turn < mine.size(); ++turn)
      ratios.push_back(mine[turn] / times.of[0][turn]);
    fmt::print("| {} | {:.0f} | {:.0f} | {:.0f} | {:.1f} |\n", contenders[who].what, median(mine),
               std::ranges::min(mine), std::ranges::max(mine), median(ratios));
  }
}

}  // namespace

int main(int count, char** words) {
  const int wanted = count > 1 ? std::clamp(std::atoi(words[1]), 1, 999) : 15;
  const auto plan = make_plan();
  const auto times = plan ? measure(*plan, wanted) : tl::unexpected(plan.error());
  if (!times) {
    fmt::print(stderr, "{}\n", times.error().describe());
    return 3;
  }
  print(*plan, *times);
  return 0;
}
