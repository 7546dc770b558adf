// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/codes.hpp"

#include "harness/checks/endings.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks::dma {

namespace {

const std::string writes =
    "[!pages no write after the handover is known to be its][{pages|page} ({bytes} "
    "bytes), +{first_s:.2f} s to +{last_s:.2f} s[, {pages_late} late][, {pages_straddling} within "
    "one pass of the deadline][, <[{by.tag} by tag (certain)][{by.ledger} by ledger "
    "(certain)][{by.ring} by ring (likely)][{by.gating} by gating (likely)]>]]";
const std::string ending =
    "{cause:w} at +{ended_s:.2f} s[, {after_frame_s:.2f} s after the last frame that landed was "
    "fed][?in_last_pass , in the pass of the last write][, {after_write_s:.2f} s after the last "
    "write][, after its receive ring was used up at +{ring_used_up_s:.2f} s]";
const std::string ended = "[?still_writing still writing at the end[; " + ending +
                          "]][!still_writing [" + ending + "][!cause why they ended is not known]]";
const std::string device_line = "{subject} at {address}: " + writes + "; " + ended;
const std::string device_control =
    "{subject}: {tagged_pages_before_panic|tagged page} before the panic[, "
    "{ledger_writes_before_panic|write} by its ledger][?is_fed , {fed_after_deadline|frame} fed "
    "after "
    "{deadline}]";
const std::string late =
    "{pages_late|page} of the dead kernel after {deadline}, the last "
    "{last_s:.1f} s after the handover";
const std::string untagged_line =
    "writes without a tag: " + writes +
    "; their writer is unknown, [candidates are the busy devices, which are not told apart: "
    "{candidates}][!candidates no busy device is a candidate]";
const std::string no_tag_line =
    "{subject} at {address}: its writes carry no tag; [" + ending + "][!cause no ending is known]";
const std::string no_tag_control =
    "{subject}: {operations} operations before the panic; its writes carry no tag, so the control "
    "is only that the watch saw other changes";

/// A judgement of one device: the line and the control are always the same.
Code of_device(const char* name, std::optional<Verdict> verdict, const char* meaning,
               std::string sentence) {
  return {.name = name,
          .verdict = verdict,
          .meaning = meaning,
          .sentence = std::move(sentence),
          .line = device_line,
          .control = device_control};
}

Code of_no_tag(const char* name, std::optional<Verdict> verdict, const char* meaning,
               const char* sentence) {
  return {.name = name,
          .verdict = verdict,
          .meaning = meaning,
          .sentence = sentence,
          .line = no_tag_line,
          .control = no_tag_control};
}

}  // namespace

const Code quiet =
    of_device("quiet", Verdict::pass, "no late write, and it could have been seen", "");
const Code wrote_late = of_device("wrote-late", Verdict::fail, "it wrote after the deadline",
                                  "{subject} wrote " + late);
const Code idle_before =
    of_device("idle-before", Verdict::inconclusive, "nothing shows that it wrote before the panic",
              "{subject} was not seen to write before the panic");
const Code watch_blind = of_device(
    "watch-blind", Verdict::inconclusive, "its ledger has writes that the control did not see",
    "the watch saw no write of {subject} before the panic, and its ledger has some");
const Code not_fed = of_device("not-fed", Verdict::inconclusive,
                               "no frame came that it could have written after the deadline",
                               "{subject} was fed no frame after {deadline}");
const Code out_of_buffers =
    of_device("out-of-buffers", Verdict::fail, "it went quiet for want of buffers, and would go on",
              "{subject} was not stopped, only out of buffers: its receive ring was used up "
              "{ended_s:.2f} s after the handover, and nothing reset it before {deadline}");
const Code went_quiet =
    of_device("went-quiet", Verdict::inconclusive, "it writes no more, and no ending is known",
              "{subject} went quiet[ {before_driver_s:.1f} s before its driver came], and nothing "
              "shows why");

const Code no_tag = of_no_tag(
    "no-tag", std::nullopt, "it is judged together with all others whose writes carry no tag", "");
const Code no_tag_idle =
    of_no_tag("no-tag-idle", Verdict::inconclusive, "nothing shows that it worked before the panic",
              "{subject} was not seen to work before the panic");
const Code no_tag_watch_blind =
    of_no_tag("no-tag-watch-blind", Verdict::inconclusive, "nothing shows that the watch sees",
              "the watch saw nothing change after the handover, not even the dying CPU's stack");
const Code untagged{.name = "untagged",
                    .verdict = {},
                    .meaning = "writes whose writer nothing names, all before the deadline",
                    .line = untagged_line};
const Code untagged_late{.name = "untagged-late",
                         .verdict = Verdict::fail,
                         .meaning = "writes after the deadline whose writer nothing names",
                         .sentence = "writes without a tag changed " + late,
                         .line = untagged_line};
const Code idle_wrote{.name = "idle-wrote",
                      .verdict = {},
                      .meaning = "a device wrote that was not to be busy",
                      .line = "{subject}: " + writes};
const Code idle_wrote_late{.name = "idle-wrote-late",
                           .verdict = Verdict::fail,
                           .meaning = "a device that was not to be busy wrote after the deadline",
                           .sentence = "{subject} wrote " + late,
                           .line = "{subject}: " + writes};

const Code by_gating{.name = "by-gating",
                     .verdict = {},
                     .meaning = "pages that changed only while the device had Bus Master",
                     .line =
                         "by gating, likely {subject}: pages that changed in {on} of "
                         "{on|window} with its Bus Master on and in 0 of {off} with it off"};
const Code other_writer{.name = "other-writer",
                        .verdict = {},
                        .meaning = "changes by a writer that is no device",
                        .line = "{pages|page} of {subject}, which is no device"};
const Code totals{.name = "totals",
                  .verdict = {},
                  .meaning = "all writes together",
                  .control = "watch passes: {passes}"};
const Code none_late{.name = "none-late",
                     .verdict = Verdict::pass,
                     .meaning = "no stray write after the deadline",
                     .sentence =
                         "no stray write after {deadline} ({pages|page} before it, [the last at "
                         "+{last_s:.2f} s][!pages none at all])"};
const Code no_busy_device{.name = "no-busy-device",
                          .verdict = Verdict::inconclusive,
                          .meaning = "there is nothing that could have been seen",
                          .sentence = "no device was busy"};
const Code no_baseline{.name = "no-baseline",
                       .verdict = Verdict::inconclusive,
                       .meaning = "nothing to compare the memory with",
                       .sentence = "no baseline of the memory was taken at the handover"};
const Code ledger_missed{
    .name = "ledger-missed",
    .verdict = Verdict::inconclusive,
    .meaning = "a ledger has writes that the watch did not see",
    .sentence = "the watch missed {ledger_missed|page} that {subject} wrote by its own ledger"};
const Code ledger_agrees{
    .name = "ledger-agrees", .verdict = {}, .meaning = "the watch saw all that the ledger has"};
const Code no_pass{.name = "no-pass",
                   .verdict = Verdict::inconclusive,
                   .meaning = "nobody watched",
                   .sentence = "no pass of the watch was made after the handover"};
const Code no_end{.name = "no-end",
                  .verdict = Verdict::inconclusive,
                  .meaning = "the watch ended before the run was to",
                  .sentence = "the run did not reach its end"};
const Code watch_gap{
    .name = "watch-gap",
    .verdict = Verdict::inconclusive,
    .meaning = "nobody watched for more than 5 s",
    .sentence = "nobody watched for {longest_gap_s:.1f} s from +{gap_from_s:.1f} s on"};
const Code straddling{.name = "straddling",
                      .verdict = Verdict::inconclusive,
                      .meaning = "a write may have come before the deadline or after it",
                      .sentence =
                          "{pages_straddling|page} changed in a pass that ended only "
                          "{pass_late_s:.1f} s after {deadline}"};

const Code no_deadline{
    .name = "no-deadline",
    .verdict = Verdict::inconclusive,
    .meaning = "the run was over before its deadline",
    .sentence =
        "the run never reached its deadline, {deadline}; {pages|page} changed after the handover"};
const Code seen_until = of_device("seen", std::nullopt, "what it wrote until the run was over", "");
const Code not_stopped{.name = "not-stopped",
                       .verdict = {},
                       .meaning = "it ran out of buffers before the run was over",
                       .addition = "; {subject} was not stopped: {cause:w} at +{ended_s:.2f} s",
                       .line = device_line};

std::vector<const Code*> codes() {
  return {&quiet,          &wrote_late,    &idle_before, &watch_blind,     &not_fed,
          &out_of_buffers, &went_quiet,    &no_tag,      &no_tag_idle,     &no_tag_watch_blind,
          &untagged,       &untagged_late, &idle_wrote,  &idle_wrote_late, &by_gating,
          &other_writer,   &totals,        &none_late,   &no_busy_device,  &no_baseline,
          &ledger_missed,  &ledger_agrees, &no_pass,     &no_end,          &watch_gap,
          &straddling,     &no_deadline,   &seen_until,  &not_stopped};
}

std::vector<Phrase> phrases() {
  std::vector<Phrase> all;
  for (const auto& [word, says] : ending_words()) all.push_back({word, says});
  return all;
}

void add_writes(Finding& finding, const Tally& tally, double handover) {
  finding.with(measure::pages("pages", tally.pages.size()))
      .with(measure::bytes("bytes", tally.bytes))
      .with(measure::pages("pages_late", tally.late.size()))
      .with(measure::bytes("bytes_late", tally.late_bytes))
      .with(measure::pages("pages_straddling", tally.straddling.size()));
  for (const By how : {By::tag, By::ledger, By::ring, By::gating, By::unknown})
    finding.with(measure::count(std::string("by.") + to_string(how),
                                tally.by.at(static_cast<std::size_t>(how))));
  if (tally.first) finding.with(measure::seconds("first_s", *tally.first - handover));
  if (tally.last) finding.with(measure::seconds("last_s", *tally.last - handover));
  if (tally.last) finding.seen_in({record::file::dma, {}, tally.last});
}

Finding total(const Strays& strays, const Deadline& deadline, double handover) {
  Finding all = found(totals, {measure::text("deadline", deadline.name),
                               measure::seconds("deadline_s", deadline.t - handover)});
  add_writes(all, strays.all, handover);
  const Attribution& who = strays.attribution;
  if (who.windows > 0)
    all.with(measure::count("gating.windows", who.windows))
        .with(measure::seconds("gating.stopped_s", who.stopped_s));
  return all;
}

void add_likely(Findings& findings, const Strays& strays) {
  for (const auto& [device, odds] : strays.attribution.gating)
    findings.push_back(found_of(by_gating, device,
                                {measure::count("on", odds.on), measure::count("off", odds.off)}));
  for (const auto& [owner, pages] : strays.owned)
    findings.push_back(
        found(other_writer, {Subject::Kind::writer, owner}, {measure::pages("pages", pages)}));
}

}  // namespace quiesce::checks::dma
