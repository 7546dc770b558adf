// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/irq/codes.hpp"

namespace quiesce::checks::irq {

namespace {

/// "net0, PCI-MSI 524288-edge, eth0".
const std::string described = "[{device}, ][{chip}, ][{actions}][!actions no driver]";

Code message_code(const char* name, const char* meaning) {
  return {.name = name, .verdict = {}, .meaning = meaning, .line = "{text}", .most = 10};
}

}  // namespace

const Code quiet{.name = "quiet",
                 .verdict = Verdict::pass,
                 .meaning = "nothing of all below",
                 .sentence = "no storm, no line disabled"};
const Code line_given_up{.name = "given-up",
                         .verdict = Verdict::fail,
                         .meaning = "the kernel's message that it gave a line up",
                         .sentence = "the kernel gave a line up: {text}"};
const Code line_disabled{.name = "disabled",
                         .verdict = Verdict::fail,
                         .meaning = "lines that the kernel disabled, by its counts or messages",
                         .sentence = "the kernel disabled irq {lines}"};
const Code storm{.name = "storm",
                 .verdict = Verdict::fail,
                 .meaning = "a line with more interrupts that no driver took than are tolerated",
                 .sentence = "irq {subject} (" + described +
                             ") came {unwanted_per_s:.0f} times a "
                             "second {span} and no driver took it"};
const Code busy_storm{.name = "busy-storm",
                      .verdict = Verdict::fail,
                      .meaning =
                          "a line so busy that the kernel's count of unhandled ones began "
                          "anew",
                      .sentence = "irq {subject} (" + described +
                                  ") came {per_s:.0f} times a "
                                  "second {span}, {count} in all"};
const Code no_vectors{.name = "no-vector",
                      .verdict = Verdict::fail,
                      .meaning = "the kernel ran out of vectors",
                      .sentence = "the kernel ran out of vectors: {text}"};
const Code stale_vectors{.name = "stale-vectors",
                         .verdict = Verdict::fail,
                         .meaning = "more vectors without a handler than are tolerated",
                         .sentence = "{stale_vectors|vector} without a handler"};
const Code vector_storm{
    .name = "vector-storm",
    .verdict = Verdict::fail,
    .meaning = "one vector that nobody had set up came all the time",
    .sentence =
        "vector {subject}, which nobody had set up, came {messages} times within "
        "{within_ms:.0f} ms, and the kernel stopped telling"};
const Code early_storm{
    .name = "early-storm",
    .verdict = Verdict::fail,
    .meaning =
        "one vector that nobody had set up came all the time before the kernel's clock ran, "
        "by what QEMU delivered",
    .sentence =
        "vector {subject}, which nobody had set up, came {per_s:.0f} times a second while "
        "the kernel booted, and the kernel stopped telling"};
const Code early_unknown{
    .name = "early-unknown",
    .verdict = Verdict::inconclusive,
    .meaning =
        "the kernel stopped telling of a vector before its clock ran, and how often it came "
        "nobody can tell",
    .sentence =
        "vector {subject}, which nobody had set up, came {messages|time} before the "
        "kernel's clock ran, and QEMU's trace does not tell how often"};
const Code early_vector{
    .name = "early-vector",
    .verdict = {},
    .meaning = "a vector that nobody had set up, before the kernel's clock ran",
    .line =
        "vector {subject}, which nobody had set up, came {messages|time} before the kernel's "
        "clock ran[, at most {per_s:.0f} times a second by what QEMU delivered]"};
const Code not_counted{.name = "not-counted",
                       .verdict = Verdict::inconclusive,
                       .meaning = "stretches of the run whose interrupts nobody counted",
                       .sentence = "interrupts were not counted {spans}"};
const Code counts_read{.name = "counted",
                       .verdict = {},
                       .meaning = "at how many points interrupts were counted, and what of them",
                       .control = "interrupts were counted at {points|point}"};
const Code boot_word{.name = "word",
                     .verdict = {},
                     .meaning = "whether the word is on the capture kernel's command line",
                     .line = "{subject} is [!given not ]on the capture kernel's command line"};
const Code span_counts{.name = "span",
                       .verdict = {},
                       .meaning = "what a stretch of the run cost, and the APIC's complaints"};
const Code cpu_time{.name = "cpu-time",
                    .verdict = {},
                    .meaning = "a hundredth or more of the CPUs' time went to interrupts",
                    .line =
                        "{subject}: {irq_share:.0f} % of the CPUs' time in interrupts, "
                        "{irq_s:.1f} of {seconds:.1f} s"};
const Code apic_spurious{.name = "apic-spurious",
                         .verdict = {},
                         .meaning = "the APIC had nothing to deliver",
                         .line = "{subject}: {count} spurious interrupts of the APIC"};
const Code apic_errors{.name = "apic-errors",
                       .verdict = {},
                       .meaning = "errors of the APIC",
                       .line = "{subject}: {count} errors of the APIC"};
const Code line_counts{.name = "line",
                       .verdict = {},
                       .meaning = "what came on a line in a stretch of the run",
                       .line = "{span}: irq {subject:>3} (" + described +
                               "): {count} in {seconds:.1f} s, {unhandled} unhandled"};

const Code said_given_up = message_code("message.given-up", "a message that a line was given up");
const Code said_no_handler =
    message_code("message.no-handler", "a message of a vector without a handler");
const Code said_no_vector = message_code("message.no-vector", "a message that no vector is left");
const Code said_spurious = message_code("message.spurious", "a message of a spurious interrupt");

std::vector<const Code*> codes() {
  return {&quiet,           &line_given_up,  &line_disabled, &storm,       &busy_storm,
          &no_vectors,      &stale_vectors,  &vector_storm,  &early_storm, &early_unknown,
          &early_vector,    &not_counted,    &counts_read,   &boot_word,   &span_counts,
          &cpu_time,        &apic_spurious,  &apic_errors,   &line_counts, &said_given_up,
          &said_no_handler, &said_no_vector, &said_spurious};
}

}  // namespace quiesce::checks::irq
