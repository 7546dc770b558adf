// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/record/agent.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/gate.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/resets.hpp"
#include "harness/run/screens.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;

namespace {

// Purgatory's digest and decompression take 7 s under emulation (measured), the kernel up to init 4
// s more.
constexpr Seconds capture_patience{120};

/// Whether the capture kernel itself still works though its agent is silent: it answers a SysRq it
/// does not know with its help text (drivers/tty/sysrq.c).
Result<bool> kernel_answers(Session& session) {
  session.landmarks.erase("sysrq-help");
  const json keys = {{"keys",
                      {{{"type", "qcode"}, {"data", "alt"}},
                       {{"type", "qcode"}, {"data", "sysrq"}},
                       {{"type", "qcode"}, {"data", "h"}}}}};
  TRY(session.machine->qmp().call("send-key", keys, session.soon()));
  TRY_ASSIGN(const Wait waited,
             session.wait([&] { return session.landmarks.contains("sysrq-help"); }, Seconds(10)));
  return waited == Wait::done;
}

/// A step that did not end: the kernel's fault unless the kernel is well and only our agent is
/// silent.
Result<void> explain_silence(Session& session, const std::string& step, const Error& why) {
  if (why.code() != Errc::timeout && why.code() != Errc::closed) return tl::unexpected(why);
  if (!session.machine->qmp().connected() || session.machine->exit_status())
    return tl::unexpected(why);
  TRY(take_cpus(session, step));
  if (!session.guest_down()) {
    TRY_ASSIGN(const bool alive, kernel_answers(session));
    if (alive)
      return tl::unexpected(why.because(fmt::format(
          "in step \"{}\" the agent fell silent though the capture kernel answers on its keyboard",
          step)));
  }
  session.dir.event(record::event::CaptureStuck{
      .step = step, .why = why.describe(), .guest_down = session.guest_down().value_or("")});
  session.note("the capture kernel is stuck in step " + step);
  return {};
}

Result<bool> wait_for_entry(Session& session) {
  TRY_ASSIGN(const Wait waited,
             session.wait([&] { return session.agent.hello("capture") != nullptr; },
                          session.scaled(capture_patience)));
  if (waited == Wait::done) return true;
  TRY(take_cpus(session, "capture"));
  session.note("the capture kernel did not reach its agent");
  return false;
}

Result<void> entry(Session& session) {
  const auto hello = record::read<record::said::Hello>(*session.agent.hello("capture"));
  session.dir.event(record::event::AgentHello{
      .role = "capture", .release = hello.release, .command_line = hello.command_line});
  TRY(session.pause());
  TRY(session.watch->pass());
  session.mark(record::mark::capture_entry);
  TRY(take_pci(session, record::mark::capture_entry));
  TRY(take_rings(session, record::mark::capture_entry));
  TRY(take_screen(session, record::mark::capture_entry, session.facts.production_font));
  TRY(session.resume());
  TRY(session.ask(record::request::Describe(), Seconds(30)));
  TRY(take_interrupts(session, record::mark::capture_entry));
  return take_agent_pci(session, record::mark::capture_entry);
}

Result<void> window(Session& session) {
  session.note("observing without drivers");
  TRY_ASSIGN(const Wait waited, session.linger(session.plan.scenario.steps.window));
  if (waited == Wait::guest_down)
    return fail(Errc::closed, "the guest went down in the observation window");
  TRY(session.watch->pass());
  TRY(take_interrupts(session, record::mark::window_end));
  return take_rings(session, record::mark::window_end);
}

Result<void> actions(Session& session) {
  return act(session, ActAt::before_drivers);
}

Result<void> drivers(Session& session) {
  session.note("loading drivers in the capture kernel");
  record::request::Modules request;
  record::request::WaitBound bound{.addresses = {}, .seconds = 30};
  for (const auto& device : session.plan.devices) {
    if (!device.driver_in_capture) continue;
    for (const auto& module : device.profile.modules)
      if (std::ranges::find(request.names, module) == request.names.end())
        request.names.push_back(module);
    if (!device.profile.driver.empty()) bound.addresses.push_back(to_string(device.address));
  }
  TRY_ASSIGN(const json answer, session.ask(request, Seconds(120)));
  const auto loaded = record::read<record::answer::Modules>(answer);
  session.dir.event(record::event::Modules{.role = "capture",
                                           .loaded = loaded.loaded,
                                           .failed = loaded.failed,
                                           .seconds = loaded.seconds});
  TRY(session.ask(bound, Seconds(60)));
  TRY(session.pause());
  TRY(session.watch->pass());
  session.mark(record::mark::drivers);
  TRY(take_pci(session, record::mark::drivers));
  TRY(take_rings(session, record::mark::drivers));
  TRY(session.resume());
  return take_interrupts(session, record::mark::drivers);
}

Result<void> test_device(Session& session, const scenario::PlannedDevice& device) {
  const auto work = scenario::test_of(device);
  if (!scenario::is_some(work) || !device.driver_in_capture) return {};
  session.note("testing " + device.name);
  json parameters = device.profile.test;
  if (!parameters.contains("seconds")) parameters["seconds"] = 20;
  const double begin = session.dir.now();
  Loop::Watch frames;
  if (work.feed == scenario::Feed::frames)
    frames = session.feeder.hasten(device, session.plan.scenario.seed);
  auto answer = session.ask(session.about<record::request::Test>(device), parameters, Seconds(90));
  // A test that the agent could not even begin says more about the device than about us.
  if (!answer && answer.error().code() != Errc::unsupported) return tl::unexpected(answer.error());
  record::event::TestResult event{.device = device.name, .kind = work.name, .began = begin};
  if (answer) {
    const auto result = record::read<record::answer::Test>(*answer);
    event.ok = result.ok;
    event.detail = result.detail;
    event.numbers = result.numbers;
  } else {
    event.ok = false;
    event.detail = answer.error().describe();
  }
  session.dir.event(event);
  return {};
}

Result<void> tests(Session& session) {
  for (const auto& device : session.plan.devices) TRY(test_device(session, device));
  session.mark(record::mark::tests);
  return {};
}

/// A marker on the serial line and on the screen, and keys from outside to the console.
Result<void> consoles(Session& session) {
  TRY(session.ask(
      record::request::WriteConsole{.device = "/dev/ttyS0", .text = "quiesce-marker-serial\n"},
      Seconds(20)));
  if (!has_display(session.plan)) return {};
  TRY(session.ask(
      record::request::WriteConsole{.device = "/dev/tty1", .text = "quiesce-marker-screen\n"},
      Seconds(20)));
  TRY(session.ask(record::request::Keys{10}, Seconds(20)));
  const json keys = {{"keys", {{{"type", "qcode"}, {"data", "q"}}}}};
  // Noted first: the key may arrive before QEMU has answered.
  session.dir.event(record::event::KeySent{.keys = {{"q"}}});
  TRY(session.machine->qmp().call("send-key", keys, session.soon()));
  TRY_ASSIGN(const Wait waited,
             session.wait([&] { return session.landmarks.contains("key-received"); }, Seconds(10)));
  if (waited != Wait::done) session.note("the key did not arrive");
  return {};
}

/// What "deadline": "end" asks about is what comes after a pass, and there must be time for it to
/// come.
constexpr Seconds closing_time{1};

Result<void> close(Session& session) {
  TRY(session.pause());
  TRY(session.watch->pass());
  session.mark(record::mark::closing);
  return session.resume();
}

Result<void> end(Session& session) {
  TRY(close(session));
  const TimePoint closing = session.loop.now();
  json font = session.facts.production_font;
  if (has_display(session.plan)) {
    // Without a console driver in the capture kernel there is no font to ask for: the old one is
    // all there is.
    if (auto answer = session.ask(record::request::Font(), Seconds(30))) font = *answer;
    session.dir.write(record::font_file("capture"), font.dump() + "\n");
  }
  TRY(take_interrupts(session, record::mark::capture_end));
  TRY(session.ask(record::request::Kmsg{.least_level = 4}, Seconds(60)));
  TRY(take_agent_pci(session, record::mark::capture_end));
  TRY(take_screen_truth(session));
  const Seconds left = closing_time - (session.loop.now() - closing);
  if (left > Seconds(0)) TRY(session.linger(left));
  TRY(session.pause());
  TRY(session.watch->pass());
  TRY(take_pci(session, record::mark::capture_end));
  TRY(take_rings(session, record::mark::capture_end));
  TRY(take_screen(session, record::mark::capture_end, font));
  session.mark(record::mark::capture_end);
  return {};
}

}  // namespace

Result<void> capture(Session& session) {
  session.phase("capture");
  ScreenSampler sampler(session);
  TRY(sampler.start());
  TRY_ASSIGN(const bool entered, wait_for_entry(session));
  if (!entered) return {};

  struct Step {
    const char* name;
    bool wanted;
    Result<void> (*act)(Session&);
  };
  const auto& steps = session.plan.scenario.steps;
  const Step list[] = {{"entry", true, entry},
                       {"window", true, window},
                       {"gate", true, gate},
                       {"actions", !steps.before_drivers.empty(), actions},
                       {"drivers", steps.drivers, drivers},
                       {"tests", steps.drivers && steps.tests, tests},
                       {"consoles", true, consoles},
                       {"end", true, end}};
  for (const auto& step : list) {
    if (!step.wanted) continue;
    session.dir.event(record::event::Step{step.name});
    if (auto done = step.act(session); !done)
      return explain_silence(session, step.name, done.error());
  }
  return {};
}

Result<void> collect(Session& session) {
  session.phase("collect");
  // Nothing below waits: an interruption would go unheard.
  TRY(session.wait([] { return true; }, Seconds(0)));
  if (session.watch) {
    session.watch->stop_passes();
    // Whatever the guest did last: the memory is still there.
    TRY(session.watch->pass());
  }
  session.shut_down();
  if (session.dir.failed()) return tl::unexpected(*session.dir.failed());
  return {};
}

}  // namespace quiesce::run
