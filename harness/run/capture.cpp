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
#include "harness/run/silence.hpp"
#include "harness/run/snapshots.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;

namespace {

// Purgatory's digest and decompression take 7 s under emulation (measured), the kernel up to init 4
// s more.
constexpr Seconds capture_patience{120};

/// For the interface or disk of a driver that is bound: probing a disk may go on behind it.
constexpr Seconds node_patience{30};

/// For all of a device's test: its node, its own time, and a little to come back.
Seconds test_patience(const json& parameters) {
  constexpr Seconds to_come_back{20};
  return node_patience + Seconds(parameters.value("seconds", 0.0)) + to_come_back;
}

/// The steps of one capture kernel.
class CaptureSide {
 public:
  CaptureSide(const scenario::Case& one, const ArmedFacts& facts, const GuestSide& guest,
              const MachineSide& machine, const Drive& drive, Cpus& cpus)
      : case_(one), facts_(facts), guest_(guest), machine_(machine), drive_(drive), cpus_(cpus) {}

  /// The kernel reached its agent; else the CPUs say where it is.
  Result<bool> wait_for_entry(bool quiet);
  /// All that the case wants, one after the other.
  Result<void> go();

 private:
  Result<json> ask_if_it_can(const char* what, Result<json> answer) const;
  Result<bool> kernel_answers();
  Result<void> explain_silence(const std::string& step, const Error& why);
  Result<void> entry();
  Result<void> window();
  Result<void> experiment();
  Result<void> actions();
  Result<void> drivers();
  Result<void> test_device(const scenario::PlannedDevice& device);
  Result<void> tests();
  Result<void> consoles();
  Result<void> close();
  Result<void> end();

  const scenario::Case& case_;
  const ArmedFacts& facts_;
  const GuestSide& guest_;
  const MachineSide& machine_;
  const Drive& drive_;
  Cpus& cpus_;
  /// Functions that have no driver after the step that loads them.
  std::vector<std::string> driverless_;
};

/// What the agent could not do is one thing that is missing, and no reason to do nothing else: its
/// answer shows that the kernel is alive. An empty object then.
Result<json> CaptureSide::ask_if_it_can(const char* what, Result<json> answer) const {
  if (answer || answer.error().code() != Errc::unsupported) return answer;
  guest_.recorder.note(fmt::format("{}: {}", what, answer.error().describe()));
  return json::object();
}

/// Whether the capture kernel itself still works though its agent is silent: it answers a SysRq it
/// does not know with its help text (drivers/tty/sysrq.c).
Result<bool> CaptureSide::kernel_answers() {
  if (!machine_.control.can(target::Capability::keys)) return false;
  guest_.hearing.forget("sysrq-help");
  TRY(machine_.control.target().press({"alt", "sysrq", "h"}, guest_.waits.soon()));
  TRY_ASSIGN(const Wait waited,
             guest_.waits.wait([&] { return guest_.hearing.heard("sysrq-help"); }, Seconds(10)));
  return waited == Wait::done;
}

/// A step that did not end: the kernel's fault unless the kernel is well and only our agent is
/// silent.
Result<void> CaptureSide::explain_silence(const std::string& step, const Error& why) {
  if (why.code() != Errc::timeout && why.code() != Errc::closed) return tl::unexpected(why);
  if (!machine_.control.target().connected() || machine_.control.target().exit_status())
    return tl::unexpected(why);
  TRY(cpus_.take(step));
  if (!guest_.hearing.guest_down()) {
    TRY_ASSIGN(const bool alive, kernel_answers());
    if (alive)
      return tl::unexpected(why.because(fmt::format(
          "in step \"{}\" the agent fell silent though the capture kernel answers on its keyboard",
          step)));
  }
  guest_.recorder.event(record::event::CaptureStuck{
      .step = step, .why = why.describe(), .guest_down = guest_.hearing.guest_down().value_or("")});
  guest_.recorder.note("the capture kernel is stuck in step " + step);
  return {};
}

Result<bool> CaptureSide::wait_for_entry(bool quiet) {
  const auto hello = [&] { return guest_.hearing.agent().hello("capture") != nullptr; };
  const Seconds patience = guest_.waits.scaled(capture_patience);
  TRY_ASSIGN(const Wait waited,
             quiet ? wait_through_silence(guest_, machine_.control, hello, patience)
                   : guest_.waits.wait(hello, patience));
  if (waited == Wait::done) return true;
  TRY(cpus_.take("capture"));
  // A storm would fill the log.
  if (machine_.control.can(target::Capability::trace))
    TRY(machine_.control.target().trace_interrupts(false, guest_.waits.soon()));
  guest_.recorder.note("the capture kernel did not reach its agent");
  return false;
}

Result<void> CaptureSide::entry() {
  const auto hello = record::read<record::said::Hello>(*guest_.hearing.agent().hello("capture"));
  guest_.recorder.event(record::event::AgentHello{
      .role = "capture", .release = hello.release, .command_line = hello.command_line});
  TRY(machine_.control.pause());
  TRY(machine_.watch.pass());
  guest_.recorder.mark(record::mark::capture_entry);
  TRY(take_pci(machine_.control, guest_.recorder, record::mark::capture_entry));
  TRY(take_rings(machine_.control, guest_.recorder, case_.devices, record::mark::capture_entry));
  TRY(take_screen(machine_.control, guest_.recorder, guest_.waits, case_.devices,
                  record::mark::capture_entry, facts_.production_font));
  // From here on the agent counts them.
  if (machine_.control.can(target::Capability::trace))
    TRY(machine_.control.target().trace_interrupts(false, guest_.waits.soon()));
  TRY(machine_.control.resume());
  TRY(ask_if_it_can("what kernel it is",
                    guest_.agent.ask(record::request::Describe(), Seconds(30))));
  TRY(take_interrupts(guest_, record::mark::capture_entry));
  return take_agent_pci(guest_, record::mark::capture_entry);
}

Result<void> CaptureSide::window() {
  guest_.recorder.note("observing without drivers");
  TRY_ASSIGN(const Wait waited, guest_.waits.linger(case_.steps.window));
  if (waited == Wait::guest_down)
    return fail(Errc::closed, "the guest went down in the observation window");
  TRY(machine_.watch.pass());
  TRY(take_interrupts(guest_, record::mark::window_end));
  return take_rings(machine_.control, guest_.recorder, case_.devices, record::mark::window_end);
}

Result<void> CaptureSide::experiment() {
  drive_.feeder.ease(false);
  return gate(case_, machine_);
}

Result<void> CaptureSide::actions() {
  return act(case_, ActAt::before_drivers, guest_, machine_, drive_.servers);
}

Result<void> CaptureSide::drivers() {
  guest_.recorder.note("loading drivers in the capture kernel");
  record::request::Modules request;
  record::request::WaitBound bound{.addresses = {}, .seconds = 30};
  for (const auto& device : case_.devices) {
    if (!device.driver_in_capture) continue;
    for (const auto& module : device.profile.modules)
      if (std::ranges::find(request.names, module) == request.names.end())
        request.names.push_back(module);
    if (!device.profile.driver.empty()) bound.addresses.push_back(to_string(device.address));
  }
  TRY_ASSIGN(const json answer, guest_.agent.ask(request, Seconds(180)));
  const auto loaded = record::read<record::answer::Modules>(answer);
  guest_.recorder.event(record::event::Modules{.role = "capture",
                                               .loaded = loaded.loaded,
                                               .failed = loaded.failed,
                                               .seconds = loaded.seconds});
  TRY_ASSIGN(const json waited,
             ask_if_it_can("who has a driver", guest_.agent.ask(bound, Seconds(60))));
  driverless_ = record::read<record::answer::WaitBound>(waited).missing;
  TRY(machine_.control.pause());
  TRY(machine_.watch.pass());
  guest_.recorder.mark(record::mark::drivers);
  TRY(take_pci(machine_.control, guest_.recorder, record::mark::drivers));
  TRY(take_rings(machine_.control, guest_.recorder, case_.devices, record::mark::drivers));
  TRY(machine_.control.resume());
  return take_interrupts(guest_, record::mark::drivers);
}

Result<void> CaptureSide::test_device(const scenario::PlannedDevice& device) {
  const auto work = scenario::test_of(device);
  if (!scenario::is_some(work) || !device.driver_in_capture) return {};
  record::event::TestResult event{
      .device = device.name, .kind = work.name, .began = guest_.recorder.now()};
  if (std::ranges::find(driverless_, to_string(device.address)) != driverless_.end()) {
    event.ok = false;
    event.untested = "it has no driver";
    guest_.recorder.event(event);
    return {};
  }
  guest_.recorder.note("testing " + device.name);
  json parameters = device.profile.test;
  if (!parameters.contains("seconds")) parameters["seconds"] = 20;
  Loop::Watch frames;
  if (work.feed == scenario::Feed::frames) frames = drive_.feeder.hasten(device, case_.seed);
  auto request = guest_.agent.about<record::request::Test>(device);
  request.patience = node_patience.count();
  auto answer = guest_.agent.ask(request, parameters, test_patience(parameters));
  // A test that the agent could not even begin says more about the device than about us.
  if (!answer && answer.error().code() != Errc::unsupported) return tl::unexpected(answer.error());
  if (answer) {
    const auto result = record::read<record::answer::Test>(*answer);
    event.ok = result.ok;
    event.why = result.why;
    event.detail = result.detail;
    event.numbers = result.numbers;
  } else {
    const Error& error = answer.error();
    event.ok = false;
    event.why = to_string(error.cause() != nullptr ? error.cause()->code() : error.code());
    event.detail = error.describe();
  }
  guest_.recorder.event(event);
  return {};
}

/// Five frames at the usual pace.
constexpr Seconds some_frames{0.5};

Result<void> CaptureSide::tests() {
  // A test's first act may be what ends a device that its driver left running.
  const bool is_fed = std::ranges::any_of(case_.devices, [](const auto& device) {
    return device.busy && scenario::activity_of(device).feed == scenario::Feed::frames;
  });
  if (is_fed) TRY(guest_.waits.linger(some_frames));
  for (const auto& device : case_.devices) TRY(test_device(device));
  guest_.recorder.mark(record::mark::tests);
  return {};
}

/// A line of the kernel's own, a marker on the serial line and on the screen, and keys from outside
/// to the console.
Result<void> CaptureSide::consoles() {
  TRY(ask_if_it_can(
      "the kernel's line",
      guest_.agent.ask(
          record::request::WriteConsole{
              .device = "/dev/kmsg",
              .text = fmt::format("<{}>{}\n", record::error_level, record::request::kernel_marker)},
          Seconds(20))));
  TRY(ask_if_it_can("the serial marker",
                    guest_.agent.ask(
                        record::request::WriteConsole{
                            .device = std::string(machine_.control.architecture().console_device),
                            .text = "quiesce-marker-serial\n"},
                        Seconds(20))));
  if (!has_display(case_.devices)) return {};
  TRY(ask_if_it_can("the marker on the screen",
                    guest_.agent.ask(
                        record::request::WriteConsole{
                            .device = std::string(machine_.control.architecture().screen_device),
                            .text = "quiesce-marker-screen\n"},
                        Seconds(20))));
  if (!machine_.control.can(target::Capability::keys)) return {};
  TRY(ask_if_it_can("the keys", guest_.agent.ask(record::request::Keys{10}, Seconds(20))));
  // Noted first: the key may arrive before the target has answered.
  guest_.recorder.event(record::event::KeySent{.keys = {{"q"}}});
  TRY(machine_.control.target().press({"q"}, guest_.waits.soon()));
  TRY_ASSIGN(const Wait waited,
             guest_.waits.wait([&] { return guest_.hearing.heard("key-received"); }, Seconds(10)));
  if (waited != Wait::done) guest_.recorder.note("the key did not arrive");
  return {};
}

/// What "deadline": "end" asks about is what comes after a pass, and there must be time for it to
/// come.
constexpr Seconds closing_time{1};

Result<void> CaptureSide::close() {
  TRY(machine_.control.pause());
  TRY(machine_.watch.pass());
  guest_.recorder.mark(record::mark::closing);
  return machine_.control.resume();
}

Result<void> CaptureSide::end() {
  TRY(close());
  const TimePoint closing = guest_.waits.now();
  json font = facts_.production_font;
  if (has_display(case_.devices)) {
    // Without a console driver in the capture kernel there is no font to ask for: the old one is
    // all there is.
    if (auto answer = guest_.agent.ask(record::request::Font(), Seconds(30))) font = *answer;
    guest_.recorder.write(record::font_file("capture"), font.dump() + "\n");
  }
  TRY(take_interrupts(guest_, record::mark::capture_end));
  TRY(ask_if_it_can(
      "the kernel's log",
      guest_.agent.ask(record::request::Kmsg{.least_level = record::info_level}, Seconds(60))));
  TRY(take_agent_pci(guest_, record::mark::capture_end));
  const Seconds left = closing_time - (guest_.waits.now() - closing);
  if (left > Seconds(0)) TRY(guest_.waits.linger(left));
  TRY(take_screen_pair(guest_, machine_.control, case_.devices, record::mark::capture_end, font));
  TRY(machine_.control.pause());
  TRY(machine_.watch.pass());
  // The end is worth more than this.
  if (auto noted = machine_.watch.note_landed(); !noted)
    guest_.recorder.note("the crash region cannot be searched: " + noted.error().describe());
  TRY(take_pci(machine_.control, guest_.recorder, record::mark::capture_end));
  TRY(take_rings(machine_.control, guest_.recorder, case_.devices, record::mark::capture_end));
  guest_.recorder.mark(record::mark::capture_end);
  return {};
}

Result<void> CaptureSide::go() {
  struct Step {
    const char* name;
    bool wanted;
    Result<void> (CaptureSide::*act)();
  };
  const auto& steps = case_.steps;
  const Step list[] = {{"entry", true, &CaptureSide::entry},
                       {"window", true, &CaptureSide::window},
                       {"gate", true, &CaptureSide::experiment},
                       {"actions", !steps.before_drivers.empty(), &CaptureSide::actions},
                       {"drivers", steps.drivers, &CaptureSide::drivers},
                       {"tests", steps.drivers && steps.tests, &CaptureSide::tests},
                       {"consoles", true, &CaptureSide::consoles},
                       {"end", true, &CaptureSide::end}};
  for (const auto& step : list) {
    if (!step.wanted) continue;
    guest_.recorder.event(record::event::Step{step.name});
    if (auto done = (this->*step.act)(); !done) return explain_silence(step.name, done.error());
  }
  return {};
}

}  // namespace

Result<void> capture(const scenario::Case& one, bool quiet, const ArmedFacts& facts, Loop& loop,
                     const GuestSide& guest, const MachineSide& machine, const Drive& drive,
                     Cpus& cpus) {
  guest.recorder.phase("capture");
  drive.feeder.ease(true);
  ScreenSampler sampler(loop, machine.control, machine.recorder, machine.waits,
                        facts.production_font);
  TRY(sampler.start(one.devices));
  CaptureSide side(one, facts, guest, machine, drive, cpus);
  TRY_ASSIGN(const bool entered, side.wait_for_entry(quiet));
  return entered ? side.go() : Result<void>();
}

Result<void> collect(const GuestSide& guest, StrayWatch& watch) {
  guest.recorder.phase("collect");
  // Nothing below waits: an interruption would go unheard.
  TRY(guest.waits.wait([] { return true; }, Seconds(0)));
  watch.stop_passes();
  // Whatever the guest did last: the memory is still there.
  return watch.pass();
}

}  // namespace quiesce::run
