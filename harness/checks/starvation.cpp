// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/starvation.hpp"

#include <algorithm>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/sentences.hpp"
#include "harness/record/events_run.hpp"

namespace quiesce::checks {

namespace {

/// Seconds before a finding that can have brought it about: a kernel waits for a timer for less
/// than one, for a lost CPU some.
constexpr double moments_before = 5;

bool is_of_time(const Check& check, const Finding& finding) {
  const Code* code = find_code(&check, finding.code);
  return finding.verdict == Verdict::fail && code != nullptr && code->of_time;
}

/// What took too long by more than the machine waited meanwhile would have done so on any host;
/// by less, it need not have. That it waited for longer than it had is asked for only where nobody
/// knows by how much a failure came too late.
std::optional<Cores> starved_within(const evidence::Run& run, const Overrun& overrun) {
  const auto cores = cores_between(run, overrun.from, overrun.until);
  const bool explains = cores && cores->waited() && cores->waited_s >= overrun.by_s;
  return explains ? cores : std::nullopt;
}

/// What starved the machine where it can have led to the finding; nullopt: nothing did.
std::optional<Cores> starved_before(const Course& course, const Finding& finding) {
  if (finding.overrun) return starved_within(course.run, *finding.overrun);
  const Story& story = course.story;
  const double begin = story.panic.value_or(story.handover.value_or(0));
  // What came after it cannot have led to it.
  double until = story.end;
  for (const Reference& reference : finding.references)
    if (reference.t) until = std::min(until, *reference.t);
  for (const double from : {begin, std::max(begin, until - moments_before)})
    if (const auto cores = cores_between(course.run, from, until); cores && cores->starved())
      return cores;
  return std::nullopt;
}

}  // namespace

bool is_panic_of_time(std::string_view message) {
  // arch/x86/kernel/apic/io_apic.c, kernel/watchdog.c, kernel/watchdog_hld.c, kernel/hung_task.c,
  // kernel/rcu/tree_stall.h, arch/x86/kernel/cpu/mce/core.c.
  constexpr std::string_view reasons[] = {"IO-APIC + timer doesn't work",
                                          "softlockup: hung tasks",
                                          "Hard LOCKUP",
                                          "hung_task: blocked tasks",
                                          "RCU Stall",
                                          "Timeout: Not all CPUs entered"};
  constexpr std::string_view panic = "Kernel panic - not syncing: ";
  const std::size_t at = message.find(panic);
  return at != std::string_view::npos && std::ranges::any_of(reasons, [&](std::string_view reason) {
           return message.substr(at + panic.size()).starts_with(reason);
         });
}

bool Cores::waited() const {
  constexpr double worth_asking = 0.1;  // of the time: one that sleeps waits now and then, too
  return waited_s > worth_asking * seconds;
}

bool Cores::starved() const {
  return waited() && waited_s > had_s;
}

std::optional<Cores> cores_between(const evidence::Run& run, double from, double until) {
  using Counted = evidence::Timed<record::event::Cores>;
  std::optional<Counted> first;
  std::optional<Counted> last;
  for (const auto& counted : run.events<record::event::Cores>()) {
    if (!counted.had_s || !counted.waited_s) continue;
    // From the last count before the stretch to the first one behind it.
    if (!first || counted.t <= from) first = counted;
    if (!last || last->t < until) last = counted;
  }
  if (!first || last->t <= first->t) return std::nullopt;
  return Cores{.seconds = last->t - first->t,
               .had_s = *last->had_s - *first->had_s,
               .waited_s = *last->waited_s - *first->waited_s};
}

Findings without_the_hosts_part(const Course& course, const Check& check, Findings findings) {
  Findings doubted = findings;
  std::optional<Cores> why;
  for (Finding& finding : doubted) {
    if (!is_of_time(check, finding)) continue;
    const auto cores = starved_before(course, finding);
    if (!cores) continue;
    finding.verdict = Verdict::inconclusive;
    if (!why) why = cores;
  }
  // What fails for another reason fails all the same, and then nothing needs to be doubted.
  if (!why || fold(doubted) == Verdict::fail) return findings;
  doubted.push_back(found(code::starved, {measure::seconds("waited_s", why->waited_s),
                                          measure::seconds("had_s", why->had_s),
                                          measure::seconds("within_s", why->seconds)}));
  return doubted;
}

}  // namespace quiesce::checks
