// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/common_codes.hpp"

#include <array>

#include "harness/record/events_device.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace code {

const Code not_applicable{.name = "not-applicable",
                          .verdict = Verdict::skip,
                          .meaning = "the plan has nothing that the check could judge",
                          .sentence = "{why}"};
const Code unknown_check{.name = "unknown-check",
                         .verdict = Verdict::inconclusive,
                         .meaning = "the plan asks for a check that the program does not have",
                         .sentence = "this program has no check of that name"};
const Code evidence_missing{.name = "evidence.missing",
                            .verdict = Verdict::inconclusive,
                            .meaning = "what the check needs is missing though the run came there",
                            .sentence = "the evidence is not whole: {what}",
                            .line = "{what}"};
const Code evidence_damaged{.name = "evidence.damaged",
                            .verdict = Verdict::inconclusive,
                            .meaning = "a file that the check needs is not what the run left",
                            .sentence = "the evidence is not whole: {what}",
                            .line = "{what}"};
const Code no_handover{.name = "no-handover",
                       .verdict = Verdict::inconclusive,
                       .meaning = "the production kernel never left",
                       .sentence = "there was no handover: {cut_off}"};
const Code no_userspace{.name = "no-userspace",
                        .verdict = Verdict::inconclusive,
                        .meaning = "the capture kernel did not come far enough to be judged",
                        .sentence = "the capture kernel did not reach userspace"};
const Code silent_kernel{.name = "silent-kernel",
                         .verdict = Verdict::inconclusive,
                         .meaning = "neither a line nor an answer of the capture kernel",
                         .sentence = "the capture kernel said nothing"};
const Code server_ended{.name = "server-ended",
                        .verdict = Verdict::inconclusive,
                        .meaning = "the program behind a served device ended during the run",
                        .sentence = "the server of {subject} ended during the run ({status})"};
const Code server_deaf{.name = "server-deaf",
                       .verdict = Verdict::inconclusive,
                       .meaning = "the program behind a served device does not follow the machine",
                       .sentence =
                           "the server of {subject} was told what the machine does and did "
                           "not say that it follows ({what})"};

const Code starved{
    .name = "starved",
    .verdict = {},
    .meaning =
        "the host gave the machine too little of its processors for a failure that is a matter of "
        "time",
    .addition =
        "; within {within_s:.1f} s QEMU waited {waited_s:.1f} s for a processor and had one for "
        "{had_s:.1f} s, and a machine that is starved can come to this by itself: run fewer at "
        "once"};

}  // namespace code

std::span<const Code* const> common_codes() {
  static constexpr std::array all{
      &code::not_applicable, &code::unknown_check, &code::evidence_missing, &code::evidence_damaged,
      &code::no_handover,    &code::no_userspace,  &code::silent_kernel,    &code::server_ended,
      &code::server_deaf,    &code::starved};
  return all;
}

Findings lost_servers(const evidence::Run& run) {
  using record::event::DeviceServer;
  Findings lost;
  for (const auto& server : run.events<DeviceServer>()) {
    const Reference where{record::file::timeline, DeviceServer::name, server.t};
    if (server.what == "exited")
      lost.push_back(found_of(code::server_ended, server.device,
                              {measure::text("status", server.status.value_or(""))}));
    else if (server.what == "silent" || server.what == "refused" || server.what == "hung-up")
      lost.push_back(
          found_of(code::server_deaf, server.device, {measure::text("what", server.what)}));
    else
      continue;
    lost.back().seen_in(where);
  }
  return lost;
}

}  // namespace quiesce::checks
