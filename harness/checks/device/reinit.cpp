// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "harness/base/units.hpp"
#include "harness/checks/common_codes.hpp"
#include "harness/checks/device/loads.hpp"
#include "harness/checks/device/needs.hpp"
#include "harness/checks/device/troubles.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

const std::string bound_after =
    "{subject} ({wanted}): bound [?at_the_latest at the latest ]{seconds:.2f} s after the request "
    "to load all modules[, {own_s:.2f} s after the load of {module} began][; before it {longest} "
    "took {longest_s:.1f} "
    "s]";
/// "3.1 s after the load of nvme began", "3.1 s after the request to load all modules".
const std::string own_time =
    "[{own_s:.1f} s after the load of {module} began][!own_s {seconds:.1f} s after the request to "
    "load all modules]";
const Code bound_in_time{
    .name = "bound",
    .verdict = Verdict::pass,
    .meaning = "its driver is bound, in time",
    .line = "[?timed " + bound_after + "][!timed {subject} ({wanted}): bound, when is not known]"};
const Code bound_late{
    .name = "bound-late",
    .verdict = Verdict::fail,
    .meaning = "its driver was bound too late",
    .sentence = "{subject} ({wanted}) was bound only " + own_time + ", more than {within_s:.1f} s",
    .line = bound_after,
    .of_time = true};
const Code silent_probe{
    .name = "silent-probe",
    .verdict = Verdict::fail,
    .meaning =
        "its driver is built in, and the kernel was silent for too long beside a message of "
        "it",
    .sentence =
        "{subject} ({wanted}): the kernel was silent for {seconds:.1f} s, more than "
        "{within_s:.1f} s, before: {text}",
    .line = "{subject} ({wanted}): the kernel was silent for {seconds:.1f} s before: {text}",
    .of_time = true};
const Code bound_perhaps_late{
    .name = "bound-perhaps-late",
    .verdict = Verdict::inconclusive,
    .meaning = "its driver was seen bound too late, and may have been earlier",
    .sentence =
        "{subject} ({wanted}) was bound at the latest " + own_time + ", more than {within_s:.1f} s",
    .line = bound_after};
const Code other_driver{.name = "other-driver",
                        .verdict = Verdict::fail,
                        .meaning = "another driver than the profile's is bound",
                        .sentence = "{subject} is bound to {driver}, not to {wanted}",
                        .line = "{subject} ({wanted}): bound to {driver}"};
const Code unbound{.name = "not-bound",
                   .verdict = Verdict::fail,
                   .meaning = "no driver is bound, or loading them never ended",
                   .sentence =
                       "{subject} has no driver[: the capture kernel got stuck in step "
                       "{stuck}][?never_loaded : loading the modules never ended][: {text}]",
                   .line = "{subject}: not bound",
                   .of_time = true};
const Code gave_up{.name = "probe-failed",
                   .verdict = Verdict::fail,
                   .meaning = "no driver is bound: its probe failed, by the kernel's own line",
                   .sentence = "{subject} has no driver: {text}[; {at_last}]",
                   .line = unbound.line};
const Code unbound_stuck{
    .name = "stuck-elsewhere",
    .verdict = Verdict::inconclusive,
    .meaning = "no driver is bound, and the kernel got stuck in something else",
    .sentence = "{subject} has no driver: the capture kernel got stuck in step {stuck}",
    .line = unbound.line};
const Code nobody_looked{.name = "nobody-looked",
                         .verdict = Verdict::inconclusive,
                         .meaning = "the modules are loaded, and nobody looked for the driver",
                         .sentence = "nobody looked whether {subject} has a driver",
                         .line = unbound.line};
const Code unbound_yet{.name = "not-bound-yet",
                       .verdict = Verdict::inconclusive,
                       .meaning = "the run ended while drivers were loaded",
                       .sentence = "{subject} has no driver yet: {cut_off}",
                       .line = unbound.line};
const Code trouble{.name = "trouble",
                   .verdict = {},
                   .meaning = "a message about the device that tells of trouble",
                   .line = "{text}",
                   .most = 10};
const Code slow_load{
    .name = "slow-module",
    .verdict = Verdict::fail,
    .meaning = "the load of one module took too long, whosever it is",
    .sentence = "the load of {module} took {seconds:.1f} s, more than {within_s:.1f} s",
    .line = "{module}: its load took {seconds:.1f} s",
    .of_time = true};
const Code last_loaded{.name = "last-module",
                       .verdict = {},
                       .meaning = "what was loaded last, when loading never ended",
                       .line = "the last module loaded: {module}"};
const std::string bound_all =
    "{devices|device} bound to [?one its driver][!one their drivers][, the slowest "
    "{slowest_s:.2f} s after the modules were asked for][; {trouble_lines|line} in their logs tell "
    "of trouble]";
const Code all_bound{.name = "all-bound",
                     .verdict = Verdict::pass,
                     .meaning = "every device has its driver",
                     .sentence = bound_all};
const Code bound_and_stuck{
    .name = "bound-and-stuck",
    .verdict = Verdict::fail,
    .meaning = "every device has its driver, and the kernel got stuck there",
    .sentence = bound_all + ", but the capture kernel got stuck in step {stuck}",
    .of_time = true};
const Code not_asked{.name = "not-asked",
                     .verdict = Verdict::inconclusive,
                     .meaning = "the run did not come to the drivers",
                     .sentence =
                         "the capture kernel was not asked to load drivers: [the capture "
                         "kernel got stuck in step {stuck}][{cut_off}]"};

/// The driver of a function and how long after the modules request it was bound, where that is
/// known.
struct Binding {
  std::string driver;
  std::optional<double> seconds;
  bool exact = false;  ///< from a `bound` event; otherwise the time of the look that found it bound
  std::optional<double> seen = {};   ///< when the record came that says so
  std::optional<double> guest = {};  ///< when it was bound, by the guest's clock
};

/// libpci's view of the end, which knows the drivers.
std::string last_view() {
  return record::agent_view(record::mark::capture_end);
}

bool is_at(const std::string& text, PciAddress address) {
  const auto here = parse_pci_address(text);
  return here && *here == address;
}

/// Which drivers an answer shows, and when it came.
struct Shown {
  double t = 0;
  std::vector<record::answer::BoundDriver> drivers;
};

std::vector<Shown> shown(const evidence::Run& run) {
  std::vector<Shown> all;
  for (const auto& answer : run.said<record::answer::WaitBound>("capture"))
    all.push_back({answer.t, answer.bound});
  for (const auto& answer : run.said<record::answer::Pci>("capture")) {
    Shown one{answer.t, {}};
    for (const json& entry : answer.functions) {
      const auto function = record::read<record::PciFunctionLine>(entry);
      one.drivers.push_back({function.address, function.driver.value.value_or("")});
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::optional<Binding> look(const evidence::Run& run, PciAddress address) {
  for (const auto& bound : run.said<record::said::Bound>("capture")) {
    if (!is_at(bound.address, address)) continue;
    Binding binding{bound.driver, std::nullopt, true, bound.t, bound.guest};
    if (bound.ms) binding.seconds = *bound.ms / 1000;
    return binding;
  }
  const auto asked = asked_at(run);
  for (const Shown& one : shown(run))
    for (const auto& entry : one.drivers)
      if (is_at(entry.address, address) && !entry.driver.empty()) {
        Binding binding{entry.driver, std::nullopt, false, one.t};
        if (asked && one.t >= *asked) binding.seconds = one.t - *asked;
        return binding;
      }
  if (const auto found = run.pci.find(last_view()); found != run.pci.end())
    if (const auto* function = found->second.find(address);
        function != nullptr && !function->driver.empty())
      return Binding{function->driver, std::nullopt, false};
  return std::nullopt;
}

/// Did anyone look whether drivers are bound, after they were loaded?
bool was_looked_at(const evidence::Run& run) {
  if (run.last_said<record::answer::WaitBound>("capture")) return true;
  const auto found = run.pci.find(last_view());
  return found != run.pci.end() && !found->second.functions.empty();
}

/// The step of the run that loads the drivers.
constexpr const char* own_step = record::mark::drivers;

Finding not_bound(const evidence::Run& run, const Story& story, const std::string& name) {
  const bool loading_ended = story.drivers || run.last_said<record::answer::Modules>("capture");
  if (loading_ended && was_looked_at(run)) return found_of(unbound, name);
  if (const auto step = stuck_step(run))
    return found_of(*step == own_step ? unbound : unbound_stuck, name,
                    {measure::text("stuck", *step)});
  if (loading_ended) return found_of(nobody_looked, name);
  if (story.finished() && asked_at(run))
    return found_of(unbound, name, {measure::flag("never_loaded", true)});
  return found_of(unbound_yet, name, {measure::text("cut_off", story.cut_off())});
}

/// A driver's time is its own: what others took before it is told and not counted.
Finding judge_binding(const evidence::Run& run, const scenario::PlannedDevice& device,
                      const Binding& binding, double within) {
  // Of one that was only seen to be bound nobody knows when it was.
  const auto begin = binding.guest ? begin_of(loads(run), device, *binding.guest) : std::nullopt;
  const auto seconds = begin ? *binding.guest - begin->own.from : binding.seconds;
  const bool late = seconds && *seconds > within;
  const Code& code = binding.driver != device.profile.driver ? other_driver
                     : !late                                 ? bound_in_time
                     : binding.exact                         ? bound_late
                                                             : bound_perhaps_late;
  Finding finding = found_of(
      code, device.name,
      {measure::text("driver", binding.driver), measure::text("wanted", device.profile.driver),
       measure::flag("timed", binding.seconds.has_value()),
       measure::flag("at_the_latest", !binding.exact), measure::seconds("within_s", within)});
  finding.seen_in({record::file::agent,
                   binding.exact ? record::said::Bound::name : record::answer::WaitBound::name,
                   binding.seen});
  if (begin) {
    finding.with_seconds("own_s", seconds).with(measure::text("module", begin->own.module));
    if (begin->longest)
      finding.with(measure::text("longest", begin->longest->module))
          .with(measure::seconds("longest_s", begin->longest->seconds()));
  }
  if (late && binding.seen)
    finding.too_long(
        {.from = *binding.seen - *seconds, .until = *binding.seen, .by_s = *seconds - within});
  return finding.with_seconds("seconds", binding.seconds);
}

/// Whether the silence begins or ends with a message about the device; one of the bus may come
/// first.
bool is_about(const Silence& silence, const scenario::PlannedDevice& device) {
  if (mentions(silence.after, device) || mentions(silence.before, device)) return true;
  if (!is_of_the_bus(silence.after)) return false;
  const auto first = std::find_if_not(silence.soon.begin(), silence.soon.end(), is_of_the_bus);
  return first != silence.soon.end() && mentions(*first, device);
}

/// A driver that is built in binds before anybody asks: what is seen of it is a silence of the
/// kernel, which boots one driver after the other, that begins or ends with a message of it.
std::optional<Finding> judge_silence(const evidence::Run& run,
                                     const scenario::PlannedDevice& device, double within) {
  const auto hello = run.last_said<record::said::Hello>("capture");
  if (!hello || !hello->guest) return std::nullopt;
  const auto silence = longest_silence(run, *hello->guest);
  if (!silence || silence->seconds() <= within || !is_about(*silence, device)) return std::nullopt;
  return found_of(
             silent_probe, device.name,
             {measure::text("wanted", device.profile.driver),
              measure::seconds("seconds", silence->seconds()), measure::seconds("within_s", within),
              measure::text("text", shorten(silence->after, 160))})
      .seen_in({record::file::agent, record::answer::Kmsg::name, {}})
      .too_long({.from = hello->t - (*hello->guest - silence->begin),
                 .until = hello->t - (*hello->guest - silence->end),
                 .by_s = silence->seconds() - within});
}

/// The last module that was loaded: what a hang came after.
std::string last_module(const evidence::Run& run) {
  const auto last = run.last_said<record::said::Module>("capture");
  return last ? last->module : "none";
}

bool is_expected(const scenario::PlannedDevice& device) {
  return !device.profile.driver.empty() && device.driver_in_capture;
}

std::optional<std::string> skips_reinit(const scenario::RunPlan& plan) {
  if (!plan.scenario.steps.drivers) return "the plan loads no drivers in the capture kernel";
  if (std::none_of(plan.devices.begin(), plan.devices.end(), is_expected))
    return "no device of the plan gets a driver in the capture kernel";
  return std::nullopt;
}

/// Of a device without a driver: the kernel's line that its probe failed, or the first one of
/// trouble, which is the cause; what follows is what came of it.
void say_why(Finding& finding, const std::vector<std::string>& lines,
             const scenario::PlannedDevice& device) {
  const auto failed = std::ranges::find_if(
      lines, [&](const std::string& line) { return says_that_probe_failed(line, device); });
  const bool ended = find(finding.measures, "stuck") == nullptr &&
                     find(finding.measures, "never_loaded") == nullptr;
  if (failed == lines.end() || !ended || std::ranges::any_of(lines, is_of_waiting)) {
    finding.with(measure::text("text", lines.front()));
    return;
  }
  finding.code = gave_up.name;
  finding.with(measure::text("text", lines.front()));
  if (failed != lines.begin()) finding.with(measure::text("at_last", *failed));
}

/// One device: its binding, then what its log tells of trouble.
void judge_driver_of(Findings& findings, const evidence::Run& run, const Story& story,
                     const scenario::PlannedDevice& device, double within) {
  const auto binding = look(run, device.address);
  const auto lines = trouble_lines(run, story, device);
  Finding finding =
      binding ? judge_binding(run, device, *binding, within) : not_bound(run, story, device.name);
  if (binding && !binding->exact)
    if (const auto silent = judge_silence(run, device, within)) finding = *silent;
  if (finding.code == unbound.name && !lines.empty()) say_why(finding, lines, device);
  findings.push_back(finding.with(measure::count("trouble_lines", lines.size())));
  for (const std::string& line : lines)
    findings.push_back(found_of(trouble, device.name, {measure::text("text", line)}));
}

/// Of findings that all passed: how many devices, the slowest, the lines of trouble.
Finding summary(const Findings& findings) {
  std::uint64_t devices = 0;
  std::uint64_t troubles_seen = 0;
  std::optional<double> slowest;
  for (const Finding& finding : findings) {
    if (!finding.verdict) {
      ++troubles_seen;
      continue;
    }
    ++devices;
    if (const Measure* seconds = find(finding.measures, "seconds"))
      slowest = std::max(slowest.value_or(0), std::get<double>(seconds->value));
  }
  return found(all_bound, {measure::count("devices", devices), measure::flag("one", devices == 1),
                           measure::count("trouble_lines", troubles_seen)})
      .with_seconds("slowest_s", slowest);
}

Findings judge_reinit(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.capture_entry) return {found(code::no_userspace)};
  const auto step = stuck_step(run);
  if (!asked_at(run) && !points.drivers && step != own_step)
    return {found(not_asked, {step ? measure::text("stuck", *step)
                                   : measure::text("cut_off", points.cut_off())})};
  const auto within = parse_duration(evidence::text_of(parameters, "within"));
  const double limit = within ? within->count() : 30.0;
  Findings findings;
  for (const auto& device : run.plan.devices)
    if (is_expected(device)) judge_driver_of(findings, run, points, device, limit);
  for (const Load& load : loads(run))
    if (load.seconds() > limit)
      findings.push_back(found(slow_load, {measure::text("module", load.module),
                                           measure::seconds("seconds", load.seconds()),
                                           measure::seconds("within_s", limit)})
                             .seen_in({record::file::agent, record::said::Module::name, load.told})
                             .too_long({.from = load.told - load.seconds(),
                                        .until = load.told,
                                        .by_s = load.seconds() - limit}));
  if (fold(findings) == Verdict::pass) {
    findings.push_back(summary(findings));
    if (step == own_step) {
      findings.back().code = bound_and_stuck.name;
      findings.back().verdict = bound_and_stuck.verdict;
      findings.back().with(measure::text("stuck", *step));
    }
  }
  if (!points.drivers && !run.last_said<record::answer::Modules>("capture"))
    findings.push_back(found(last_loaded, {measure::text("module", last_module(run))}));
  return findings;
}

const Check check_driver_reinit{
    .name = "driver.reinit",
    .question =
        "Does each device's driver bind to it in the capture kernel, in which time, and what does "
        "it complain about?",
    .skips = skips_reinit,
    .needs = {&need::serial, &need::agent, &need::bound, &need::pci_drivers},
    .codes = {&bound_in_time, &bound_late, &silent_probe, &bound_perhaps_late, &other_driver,
              &unbound, &gave_up, &unbound_stuck, &nobody_looked, &unbound_yet, &trouble,
              &slow_load, &last_loaded, &all_bound, &bound_and_stuck, &not_asked},
    .parameters = {{.name = "within",
                    .type = scenario::ParameterSpec::Type::duration,
                    .choices = {},
                    .fallback = "30s",
                    .meaning = "longest time from the load of its module until a driver is bound, "
                               "and of each load; of one that is "
                               "built in, from the request to load all modules"}},
    .judge = judge_reinit};
const Registration register_driver_reinit(check_driver_reinit);

}  // namespace

}  // namespace quiesce::checks
