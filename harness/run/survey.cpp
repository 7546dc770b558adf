// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/survey.hpp"

#include <algorithm>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/agent_requests.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/lines.hpp"
#include "harness/record/tone.hpp"
#include "harness/run/wiring.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;

namespace {

// Drivers that probe asynchronously take seconds under emulation; one that does not come is common
// here.
constexpr Seconds bind_patience{8};
constexpr Seconds node_patience{15};
constexpr Seconds busy_time{3};

/// An answer that the agent gave instead of the one that was asked for is a finding; a guest or a
/// QEMU that is gone is not.
bool is_finding(const Error& error) {
  return error.code() == Errc::unsupported;
}

json request_for(const json& work) {
  json request = work;
  request["patience"] = node_patience.count();
  return request;
}

/// The device that is looked at, in its machine.
struct Subject {
  Wiring& run;
  scenario::PlannedDevice device;  ///< with what it is tried with
};

/// What QEMU has traced so far; it flushes line by line.
std::string traced(Subject& subject) {
  return read_file(subject.run.recorder().path() / record::file::trace, 64U << 20)
      .value_or(std::string());
}

void count_events(Subject& subject, std::string_view trace, Survey& found) {
  for (const auto& meaning : subject.device.profile.trace)
    for (const auto& line : split(trace, '\n'))
      // "4711@1700000000.123456:pcnet_s_reset s=0x..."
      if (line.find(":" + meaning.event + " ") != std::string::npos &&
          line.find(meaning.matches) != std::string::npos)
        ++found.events_while_loading[meaning.event];
}

Result<void> load(Subject& subject, Survey& found) {
  const auto& device = subject.device;
  const std::size_t traced_before = traced(subject).size();
  TRY_ASSIGN(const json answer,
             subject.run.guest().agent.ask(record::request::Modules{device.profile.modules},
                                           Seconds(120)));
  found.failed_modules =
      answer.value(record::key_of(&record::answer::Modules::failed), json::array());
  if (!device.profile.modules.empty())
    TRY(subject.run.guest().agent.ask(
        record::request::WaitBound{{to_string(device.address)},
                                   static_cast<std::uint64_t>(bind_patience.count())},
        bind_patience + Seconds(30)));
  // Before it QEMU and the firmware reset everything.
  const std::string trace = traced(subject);
  count_events(subject, std::string_view(trace).substr(std::min(traced_before, trace.size())),
               found);
  return {};
}

/// Whether the device may write into memory by itself. False too when it has no configuration space
/// any more: what it is not seen to do is not claimed.
Result<bool> masters_bus(Subject& subject) {
  TRY_ASSIGN(const json answer, subject.run.guest().agent.ask(record::request::Pci(), Seconds(60)));
  for (const json& told : record::read<record::answer::Pci>(answer).functions) {
    const auto function = record::read<record::PciFunctionLine>(told);
    if (function.address != to_string(subject.device.address)) continue;
    const auto bytes = from_hex(function.config);
    return bytes && PciConfig(*bytes).bus_master();
  }
  return false;
}

/// Devices below the function (disks, inputs) come one after the other: until nothing new has come
/// for a second.
Result<json> look(Subject& subject) {
  const record::request::Function request{to_string(subject.device.address)};
  json last;
  for (int tries = 0; tries < 10; ++tries) {
    TRY_ASSIGN(json function, subject.run.guest().agent.ask(request, Seconds(30)));
    for (const char* key : {"op", "guest"}) function.erase(key);
    if (function == last) break;
    last = std::move(function);
    TRY(subject.run.waits().linger(Seconds(1)));
  }
  return last;
}

double operations_of(const json& status) {
  const json activities = status.value("activities", json::array());
  if (!activities.is_array() || activities.empty() || !activities[0].is_object()) return 0;
  const auto operations = activities[0].find("operations");
  return operations != activities[0].end() && operations->is_number() ? operations->get<double>()
                                                                      : 0;
}

std::string message_of(const json& status) {
  const json activities = status.value("activities", json::array());
  return activities.is_array() && !activities.empty() ? text_at(activities[0], "message")
                                                      : std::string();
}

Result<Trial> try_activity(Subject& subject, const json& work, Survey& found) {
  Trial trial{.kind = text_at(work, "kind")};
  subject.run.recorder().note("trying " + trial.kind);
  // A screen that cannot say its font cannot be read.
  if (scenario::activity_of(work).shows_console)
    if (const auto font = subject.run.guest().agent.ask(record::request::Font(), Seconds(30));
        !font) {
      if (!is_finding(font.error())) return tl::unexpected(font.error());
      trial.detail = font.error().describe();
      return trial;
    }
  subject.run.feeder().start({subject.device}, subject.run.recipe().seed);
  const auto started = subject.run.guest().agent.ask(
      subject.run.guest().agent.about<record::request::ActivityStart>(subject.device),
      request_for(work), Seconds(60));
  if (!started) {
    if (!is_finding(started.error())) return tl::unexpected(started.error());
    trial.detail = started.error().describe();
    return trial;
  }
  TRY(subject.run.waits().linger(busy_time / 2));
  TRY(subject.run.watch().control_begin());
  TRY(subject.run.waits().linger(busy_time / 2));
  TRY_ASSIGN(const json status,
             subject.run.guest().agent.ask(record::request::ActivityStatus(), Seconds(30)));
  TRY_ASSIGN(auto pages, subject.run.watch().control_end());
  TRY_ASSIGN(const bool masters, masters_bus(subject));
  (masters ? found.tagged_pages : found.copied_pages) = pages[subject.device.name];
  const double operations = operations_of(status);
  trial.works = operations > 0 && message_of(status).empty();
  trial.detail = fmt::format("{:.0f} operations in {:.0f} s", operations, busy_time.count());
  if (const std::string node = text_at(*started, "node"); !node.empty())
    trial.detail += " on " + node;
  if (const std::string message = message_of(status); !message.empty())
    trial.detail += "; " + message;
  TRY(subject.run.guest().agent.ask(record::request::ActivityStop(), Seconds(30)));
  return trial;
}

Result<Trial> try_test(Subject& subject, const json& work) {
  Trial trial{.kind = text_at(work, "kind")};
  subject.run.recorder().note("trying the test " + trial.kind);
  json request = request_for(work);
  if (!request.contains("seconds")) request["seconds"] = 20;
  Loop::Watch frames;
  if (scenario::test_of(work).feed == scenario::Feed::frames)
    frames = subject.run.feeder().hasten(subject.device, subject.run.recipe().seed);
  const auto answer = subject.run.guest().agent.ask(
      subject.run.guest().agent.about<record::request::Test>(subject.device), request, Seconds(90));
  if (!answer && !is_finding(answer.error())) return tl::unexpected(answer.error());
  trial.works = answer && record::read<record::answer::Test>(*answer).ok.value_or(false);
  trial.detail = answer ? record::read<record::answer::Test>(*answer).detail.value_or(std::string())
                        : answer.error().describe();
  return trial;
}

/// What the guest takes for played counts only when it came out. Once QEMU has ended its file is
/// whole.
void listen(const std::filesystem::path& file, const scenario::Work& kind, const json& work,
            std::optional<Trial>& trial) {
  if (!trial || !trial->works || kind.witness != scenario::Witness::tone) return;
  const double hertz = work.value("hertz", 0.0);
  record::HeardTone heard{hertz, 0};
  if (const auto bytes = read_file(file, 64U << 20))
    if (const auto sound = record::read_wav(std::as_bytes(std::span(*bytes))))
      heard = record::tone_near(*sound, hertz);
  trial->works = heard.seconds > 0;
  trial->detail += fmt::format("; {:.0f} Hz was heard for {:.1f} s", heard.hertz, heard.seconds);
}

/// The boot, in the words that phases have.
Result<Survey> surveyed(Subject& subject, const ChooseWork& choose, Work& tried) {
  Survey found;
  auto& run = subject.run;
  run.recorder().phase("boot");
  TRY(run.launch());
  TRY(boot(run.guest(), run.control()));
  run.recorder().phase("survey");
  const auto* hello = run.guest().hearing.agent().hello("production");
  TRY_ASSIGN(const PhysRange region, crash_region(record::read<record::answer::Kernel>(*hello)));
  TRY(run.watch().prepare(region));
  TRY(load(subject, found));
  TRY_ASSIGN(found.function, look(subject));
  const auto work = choose(found.function);
  if (!work) return found;
  tried = *work;
  // What the feeder feeds is only known once the device has been looked at.
  subject.device.activity = work->activity;
  if (scenario::is_some(scenario::activity_of(work->activity))) {
    TRY_ASSIGN(found.activity, try_activity(subject, work->activity, found));
  }
  // What came meanwhile may lack a module still.
  if (found.activity && !found.activity->works) {
    TRY_ASSIGN(found.function, look(subject));
  }
  // What cannot be kept busy need not be asked twice: its node did not come.
  if (scenario::is_some(scenario::test_of(work->test)) &&
      (!found.activity || found.activity->works)) {
    TRY_ASSIGN(found.test, try_test(subject, work->test));
  }
  return found;
}

}  // namespace

Result<Survey> survey(const scenario::RunPlan& given, const std::filesystem::path& folder,
                      Loop& loop, Observer observer, const ChooseWork& choose) {
  TRY_ASSIGN(RunDir dir, RunDir::create(folder, loop.clock()));
  Wiring run(loop, dir, scenario::recipe_of(given),
             {.timeouts = given.scenario.timeouts, .seed = given.scenario.seed},
             std::move(observer));
  Subject subject{.run = run, .device = given.devices.front()};
  Work tried;
  auto found = surveyed(subject, choose, tried);
  if (!found) {
    loop.resume();
    const auto& down = run.guest().hearing.guest_down();
    const Error cause =
        down ? found.error().because("the kernel went down with this device (" + *down + ")")
             : run.waits().explained(found.error());
    run.shut_down();
    return tl::unexpected(cause);
  }
  run.shut_down();
  const auto* backend = scenario::find_backend(subject.device.profile.backend);
  if (backend == nullptr || backend->leaves == nullptr) return found;
  const auto sound = folder / backend->leaves(subject.device.name);
  listen(sound, scenario::activity_of(tried.activity), tried.activity, found->activity);
  listen(sound, scenario::test_of(tried.test), tried.test, found->test);
  return found;
}

}  // namespace quiesce::run
