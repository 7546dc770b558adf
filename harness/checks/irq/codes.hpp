// SPDX-License-Identifier: GPL-2.0-or-later
// The codes of irq.quiet.
#pragma once

#include <vector>

#include "harness/checks/finding.hpp"

namespace quiesce::checks::irq {

/// What fails.
extern const Code line_given_up, line_disabled, storm, busy_storm;
extern const Code no_vectors, stale_vectors, vector_storm, early_storm;
/// What is not known.
extern const Code early_unknown, not_counted;
/// What was counted, stretch by stretch and line by line.
extern const Code early_vector, counts_read, boot_word, span_counts, cpu_time, line_counts;
extern const Code apic_spurious, apic_errors;
/// Messages of the kernel.
extern const Code said_given_up, said_no_handler, said_no_vector, said_spurious;
extern const Code quiet;

std::vector<const Code*> codes();

}  // namespace quiesce::checks::irq
