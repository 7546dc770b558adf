// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/codes.hpp"

#include "harness/checks/endings.hpp"

namespace quiesce::checks::reset {

namespace {

/// "reset flr", and whose.
const std::string action = "{do}[ {method}]";
const std::string who = "{subject}: " + action;
const std::string no_answer = who + ": its registers did not answer {silent_ms:.0f} ms later";
const std::string in_production =
    "{subject}: {works?it works on in the production kernel:it does not work on in the production "
    "kernel:whether it works on in the production kernel is not known}";
const std::string climb =
    "{subject}: [stopped by {stopped_by}][!stopped_by {wrote_on?stopped by nothing that was "
    "tried:not seen to be stopped by anything}][, its last write [?within within "
    "]{stopped_after_ms:.0f} ms after it began][; brought back by "
    "{brought_back_by}][!brought_back_by {works?; it works:; it does not work:; whether it works "
    "is "
    "not known}]";

}  // namespace

const Code not_done{.name = "not-done",
                    .verdict = Verdict::inconclusive,
                    .meaning = "the run did not come to what the plan asks for",
                    .sentence =
                        "no reset [that the plan asks for was done: {cut_off}][was done: "
                        "the capture kernel got stuck in step {stuck}]"};
const Code no_effect{.name = "no-effect",
                     .verdict = Verdict::fail,
                     .meaning = "it reported success, and the device shows that nothing happened",
                     .sentence = who + "{lie:w}"};
const Code no_effect_told{.name = "no-effect-told",
                          .verdict = {},
                          .meaning = "the same, where the parameter `lies` has it only told",
                          .line = who + "{lie:w}"};
const Code action_failed{.name = "failed",
                         .verdict = Verdict::fail,
                         .meaning = "it is there and reported a failure",
                         .sentence = who + " failed: {error}"};
const Code outcome_unknown{.name = "outcome-unknown",
                           .verdict = Verdict::inconclusive,
                           .meaning = "the agent said nothing of it",
                           .sentence = who + ": nothing says how it went"};
const Code lost_for_ever{.name = "lost",
                         .verdict = Verdict::fail,
                         .meaning = "the device does not answer after it",
                         .sentence = who + " left it not ready for ever: {error}"};
const Code lost_before{.name = "lost-before",
                       .verdict = Verdict::fail,
                       .meaning = "the device did not answer from the start",
                       .sentence = "{subject} does not answer before anything was done"};
const Code ready_late{.name = "ready-late",
                      .verdict = Verdict::fail,
                      .meaning = "the device was ready later than the parameter `ready`",
                      .sentence = who + " took {ready_ms:.0f} ms until it was ready",
                      .of_time = true};
const Code registers_silent{.name = "registers-silent",
                            .verdict = Verdict::fail,
                            .meaning = "its registers do not answer after the time that it had",
                            .sentence = no_answer};
const Code registers_silent_yet{.name = "registers-silent-yet",
                                .verdict = Verdict::inconclusive,
                                .meaning = "its registers did not answer, and it still had time",
                                .sentence = no_answer};
const Code configuration_lost{.name = "configuration-lost",
                              .verdict = Verdict::fail,
                              .meaning = "its configuration space is not what it was",
                              .sentence = who +
                                          " lost its configuration, and [?by_kernel the "
                                          "kernel did not restore it][!by_kernel it could "
                                          "not be restored]"};
const Code not_in_trace{.name = "not-in-trace",
                        .verdict = Verdict::inconclusive,
                        .meaning = "it reported success, and QEMU saw no write that does it",
                        .sentence = who +
                                    " reported success, and QEMU's trace has no write that "
                                    "does it"};
const Code unwatched{
    .name = "unwatched",
    .verdict = Verdict::inconclusive,
    .meaning = "nobody could have seen a write after it",
    .sentence = "nobody watched long enough whether {subject} still wrote after " + action};
const Code nothing_to_write{.name = "nothing-to-write",
                            .verdict = Verdict::inconclusive,
                            .meaning = "it could not have written, whatever the action did",
                            .sentence = "{subject} had nothing to write after " + action +
                                        ": no frame or no buffer was left"};
const Code ended_by_itself{
    .name = "ended-by-itself",
    .verdict = Verdict::inconclusive,
    .meaning = "it went quiet with an action that stops nothing",
    .sentence = "{subject} went quiet after " + action + ", which cannot have stopped it"};
const Code never_seen_writing{.name = "never-seen-writing",
                              .verdict = Verdict::inconclusive,
                              .meaning = "nothing shows that there was anything to stop",
                              .sentence = "{subject} was not seen to write before an action"};
const Code does_not_work{.name = "does-not-work",
                         .verdict = Verdict::fail,
                         .meaning = "the device does not work after the last action",
                         .sentence = "{subject} does not work after " + action};
const Code works_unknown{
    .name = "works-unknown",
    .verdict = Verdict::inconclusive,
    .meaning = "nothing shows that it works on in the production kernel",
    .sentence = "nothing shows that {subject} works after " + action + " in the production kernel"};
const Code nothing_possible{.name = "nothing-possible",
                            .verdict = Verdict::inconclusive,
                            .meaning = "the device refused every action",
                            .sentence = "nothing that was asked for could be done to {subject}"};
const Code stopped_by_none{.name = "stopped-by-none",
                           .verdict = Verdict::fail,
                           .meaning = "it writes after the last rung",
                           .sentence = "{subject} was stopped by no rung"};
const Code stopped_by_none_seen{.name = "stopped-by-none-seen",
                                .verdict = Verdict::inconclusive,
                                .meaning = "no rung was seen to stop it, and it writes no more",
                                .sentence = "{subject} was stopped by no rung"};
const Code brought_back_by_none{.name = "brought-back-by-none",
                                .verdict = Verdict::inconclusive,
                                .meaning = "nothing shows that it works after a rung",
                                .sentence = "{subject} was brought back by no rung"};

const Code one_ladder{.name = "climbed",
                      .verdict = Verdict::pass,
                      .meaning = "what the only device's ladder showed",
                      .sentence = climb};
const Code works_in_production{.name = "works-in-production",
                               .verdict = Verdict::pass,
                               .meaning = "the only device works on in the production kernel",
                               .sentence = in_production};
const Code kept_word{
    .name = "kept-word",
    .verdict = Verdict::pass,
    .meaning = "each action did what it reported, or was refused",
    .sentence =
        "{actions|action} on {devices|device}[!lies : each did what it reported, or was "
        "refused][?lies ; {lies} without effect, which is told and not judged: "
        "{first_device}: " +
        action + "{lie:w}]"};
const Code rung_done{
    .name = "rung",
    .verdict = {},
    .meaning = "one action on one device: what it did",
    .columns = {{"device", "{subject}"},
                {"kernel", "{production?production:capture:capture}"},
                {"action", "{do}[ {method}]"},
                {"begun", "{began_s:+.2f} s"},
                {"outcome", "{outcome}"},
                {"DMA", "{dma}"},
                {"last write", "[[?within within ]{stopped_after_ms:.0f} ms][!stopped_after_ms -]"},
                {"ready", "[{ready_ms:.0f} ms][!ready_ms {lost?never:-:-}]"},
                {"registers", "{defaults?reset:kept:-}"},
                {"config", "{restored?restored:lost:-}"},
                {"works", "{works?yes:no:-}"}},
    .most = 200};
const Code ladder_climbed{.name = "ladder",
                          .verdict = {},
                          .meaning = "which action stopped the device, and which brought it back",
                          .line = climb};
const Code ladder_in_production{.name = "ladder-in-production",
                                .verdict = {},
                                .meaning = "whether the device works on in the production kernel",
                                .line = in_production};
const Code action_error{.name = "error",
                        .verdict = {},
                        .meaning = "what an action that was not done said",
                        .line = who + " {outcome}: {error}"};
const Code witnessed{.name = "witnessed",
                     .verdict = {},
                     .meaning = "what QEMU's trace and the device's ledger have of it",
                     .line = who + ": <[QEMU's trace: {trace*}][its ledger: {ledger*}]>"};
const Code other_reset{.name = "other-reset",
                       .verdict = {},
                       .meaning = "a reset that no step asked for: by a driver or by the kernel",
                       .line =
                           "[seen at {at_s:+.2f} s: {subject}: {cause:w}][ledger of {subject} at "
                           "{at_s:+.2f} s: {kind} {effect?with effect:without effect}]"};
const Code all_actions{.name = "actions",
                       .verdict = {},
                       .meaning = "how many actions there were on how many devices",
                       .control = "{actions|action} on {devices|device}"};

std::vector<const Code*> codes() {
  return {&not_done,
          &no_effect,
          &no_effect_told,
          &action_failed,
          &outcome_unknown,
          &lost_for_ever,
          &lost_before,
          &ready_late,
          &registers_silent,
          &registers_silent_yet,
          &configuration_lost,
          &not_in_trace,
          &unwatched,
          &nothing_to_write,
          &ended_by_itself,
          &never_seen_writing,
          &does_not_work,
          &works_unknown,
          &nothing_possible,
          &stopped_by_none,
          &stopped_by_none_seen,
          &brought_back_by_none,
          &one_ladder,
          &works_in_production,
          &kept_word,
          &rung_done,
          &ladder_climbed,
          &ladder_in_production,
          &action_error,
          &witnessed,
          &other_reset,
          &all_actions};
}

std::vector<Phrase> phrases() {
  std::vector<Phrase> all{
      {"bus-master", " cleared its Bus Master, and the device still writes"},
      {"writes", " reported success and had no effect, the device still writes"},
      {"registers", " reported success and had no effect, its registers are not reset"},
      {"ledger", " reported success and had no effect by the device's own ledger"}};
  for (const auto& [cause, says] : ending_words()) all.push_back({cause, says});
  return all;
}

}  // namespace quiesce::checks::reset
