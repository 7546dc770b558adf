// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/wording.hpp"

namespace quiesce::checks::wording {

namespace {

using Kind = Phrase::Kind;
using enum Trouble;

constexpr Phrase phrase_table[] = {
    // What did not come in time, or does not move.
    {"timed out", grave, Kind::verb, true},
    {"timed-out", grave, Kind::verb, true},
    {"timedout", grave, Kind::verb, true},
    {"time out", grave, Kind::time, true},
    {"time-out", grave, Kind::time, true},
    {"timeout", grave, Kind::time, true},
    {"timeouts", grave, Kind::time, true},
    {"hang", grave, Kind::noun, true},
    {"hangs", grave, Kind::noun, true},
    {"hanging", grave, Kind::verb, true},
    {"hung", grave, Kind::noun, true},
    {"stuck", grave, Kind::noun, true},
    {"stall", grave, Kind::noun, true},
    {"stalled", grave, Kind::verb, true},
    {"stalls", grave, Kind::noun, true},
    {"lockup", grave, Kind::noun, true},
    {"locked up", grave, Kind::verb, true},
    {"deadlock", grave, Kind::noun, true},
    {"unresponsive", grave, Kind::verb, true},
    {"non-responsive", grave, Kind::verb, true},
    {"not responding", grave, Kind::verb, true},
    {"not respond", grave, Kind::verb, true},
    {"no response", grave, Kind::verb, true},
    {"no reply", grave, Kind::verb, true},
    {"no answer", grave, Kind::verb, true},
    {"not ready", stated, Kind::verb, true},
    {"not become ready", grave, Kind::verb, true},
    {"not come ready", grave, Kind::verb, true},
    {"never ready", grave, Kind::verb, true},
    {"won't go", grave, Kind::verb, true},
    {"won't", stated},
    {"giving up", grave},
    {"gave up", grave},
    {"not completed", grave, Kind::verb, true},
    {"not complete", grave, Kind::verb, true},
    {"never completed", grave, Kind::verb, true},
    {"never came", grave, Kind::verb, true},
    {"not cleared", grave, Kind::verb, true},
    {"not stopped", grave, Kind::verb, true},
    {"not stop", grave, Kind::verb, true},
    {"not halt", grave, Kind::verb, true},
    {"not halted", grave, Kind::verb, true},
    {"not start", grave, Kind::verb, true},
    {"not changed", grave, Kind::verb, true},
    {"not running", stated, Kind::verb, true},
    {"hasn't", stated, Kind::verb, true},
    {"hasn't changed", grave, Kind::verb, true},
    {"too long", grave, Kind::verb, true},
    {"still busy", stated, Kind::verb, true},
    {"still in progress", stated, Kind::verb, true},
    // What is lost for good.
    {"dead", grave},
    {"died", grave},
    {"fatal", grave, Kind::noun},
    {"fell off", grave},
    {"fallen off", grave},
    {"crashed", grave},
    {"wedged", grave, Kind::verb, true},
    {"frozen", grave},
    {"killed", grave},
    {"non-operational", grave},
    {"not operational", grave},
    {"non-functional", grave},
    {"not functional", grave},
    {"not working", grave},
    {"not work", stated},
    {"inaccessible", grave},
    {"not accessible", grave},
    {"unreachable", grave},
    {"unrecoverable", grave, Kind::noun},
    {"uncorrectable", grave, Kind::noun},
    {"unusable", grave},
    {"link lost", grave},
    {"is lost", grave},
    {"queues lost", grave},
    {"contact lost", grave},
    {"connection lost", grave},
    {"lost connection", grave},
    {"lost contact", grave},
    {"lost interrupt", grave, Kind::verb, true},
    // What did not succeed.
    {"failed", stated},
    {"fails", stated},
    {"fail", stated},
    {"failing", stated},
    {"failure", stated, Kind::noun},
    {"failures", stated, Kind::noun},
    {"unsuccessful", stated},
    {"unable", stated},
    {"couldn't", stated},
    {"could not", stated},
    {"did not", stated},
    {"didn't", stated},
    {"cannot", stated},
    {"can not", stated},
    {"can't", stated},
    {"not possible", stated},
    {"no memory", stated},
    {"no firmware", stated},
    {"out of memory", stated},
    {"no usable", stated},
    {"impossible", stated},
    {"not created", stated},
    {"not initialized", stated},
    {"not accepting", stated},
    {"corruption", stated, Kind::noun},
    {"corrupted", stated},
    {"corrupt", stated},
    {"unexpectedly", stated},
    {"excessive errors", stated},
    {"spontaneous reset", stated},
    {"ignoring device", stated},
    {"ignoring board", stated},
    {"disable device", stated},
    {"disabling device", stated},
    {"disabling disk", stated},
    {"disabling it", mentioned},
    // What is named, or may only be mentioned.
    {"error", named, Kind::noun},
    {"errors", named, Kind::noun},
    {"err", named, Kind::noun},
    {"fault", named, Kind::noun},
    {"faults", named, Kind::noun},
    {"faulted", named},
    {"aborting", named},
    {"aborted", mentioned},
    {"abort", mentioned, Kind::time},
    {"aborts", mentioned, Kind::noun},
    {"exception", named, Kind::noun},
    {"mismatch", named, Kind::noun},
    {"not valid", named},
    {"is invalid", named},
    {"not found", mentioned},
    {"not available", mentioned},
    {"unavailable", named},
    {"not accepted", mentioned},
    {"not enough", named},
    {"insufficient", named},
    {"exhausted", mentioned},
    {"is full", named},
    {"overflow", named, Kind::noun},
    {"overrun", named, Kind::noun},
    {"underrun", named, Kind::noun},
    {"refused", mentioned},
    {"refuses", named},
    {"rejected", mentioned},
    {"rejecting", named},
    {"offline", mentioned},
    {"offlined", stated},
    {"is down", mentioned},
    {"detached", mentioned},
    {"removed", mentioned},
    {"removing", mentioned},
    {"stopped", mentioned},
    {"bogus", mentioned},
    {"illegal", mentioned},
    {"doesn't", hinted},
    {"does not", hinted},
    {"refusing", mentioned},
    {"too big", mentioned},
    {"too large", mentioned},
    {"too small", mentioned},
    {"not capable", mentioned},
    {"not enabled", hinted},
    {"bad", mentioned},
    {"broken", mentioned, Kind::noun},
    {"busy", mentioned},
    {"malfunction", named, Kind::noun},
    {"out-of-sync", mentioned},
    {"misclassified", mentioned},
    {"problem", mentioned, Kind::noun},
    {"problems", mentioned, Kind::noun},
    {"reset adapter", mentioned},
    {"resetting adapter", mentioned},
    {"resetting controller", mentioned},
    {"too much work", mentioned},
    // What may be said of what is well.
    {"invalid", mentioned, Kind::noun},
    {"unknown", hinted},
    {"unexpected", hinted, Kind::noun},
    {"unhandled", mentioned, Kind::noun},
    {"spurious", hinted, Kind::noun},
    {"missing", hinted, Kind::noun},
    {"wrong", hinted, Kind::noun},
    {"unsupported", hinted},
    {"warning", hinted, Kind::noun},
    {"lost", hinted, Kind::noun},
    {"resetting", hinted},
    {"resets", hinted, Kind::time},
    {"reset", hinted, Kind::time},
};

constexpr std::string_view negation_table[] = {"no",   "not",  "without", "never",
                                               "none", "zero", "free"};
constexpr std::string_view condition_table[] = {"if",     "when",      "may",   "might",   "would",
                                                "unless", "expecting", "avoid", "prevent", "case",
                                                "until",  "should",    "shall"};
constexpr std::string_view feature_table[] = {
    "reporting",   "handler",  "handlers",  "handling",      "correction", "recovery",
    "containment", "logging",  "log",       "logs",          "counter",    "counters",
    "count",       "counts",   "mask",      "collector",     "record",     "records",
    "detection",   "detector", "injection", "policy",        "threshold",  "limit",
    "mode",        "level",    "watchdog",  "workaround",    "method",     "methods",
    "delay",       "deadline", "support",   "supported",     "capability", "capabilities",
    "enabled",     "disabled", "armed",     "serialization", "statistics", "notification",
    "checking",    "action",   "tolerance", "check"};
constexpr std::string_view setting_table[] = {
    "set",   "default", "defaults", "maximum",  "max",     "minimum",    "min",
    "value", "values",  "period",   "interval", "limited", "configured", "using"};
constexpr std::string_view ability_table[] = {
    "assign",   "claim",    "reassign", "reserve", "do",      "disable",
    "override", "handle",   "size",     "set",     "use",     "support",
    "decrease", "increase", "adjust",   "recover", "autoneg", "change"};
constexpr std::string_view success_table[] = {
    "success",   "successful", "successfully", "succeeded", "succeed",  "recovered",
    "passed",    "restored",   "completed",    "done",      "complete", "resolved",
    "corrected", "ok",         "fixed",        "gone",      "cleared"};
constexpr std::string_view way_out_table[] = {
    "instead",         "using legacy", "using default", "will use",      "retry",
    "retrying",        "retries",      "continuing",    "continue",      "skipping",
    "skipped",         "ignoring",     "ignored",       "assuming",      "assume",
    "treating",        "patient",      "workaround",    "not supported", "does not support",
    "doesn't support", "not support",  "default to",    "defaulting",    "; waiting",
    "not using",       "trying"};

constexpr std::string_view replacement_table[] = {"falling back", "fall back", "fallback",
                                                  "fell back"};

constexpr Errno errno_table[] = {
    {1, "EPERM", stated},
    {2, "ENOENT", stated},
    {4, "EINTR", stated},
    {5, "EIO", stated},
    {6, "ENXIO", stated},
    {11, "EAGAIN", stated},
    {12, "ENOMEM", stated},
    {13, "EACCES", stated},
    {14, "EFAULT", stated},
    {16, "EBUSY", stated},
    {17, "EEXIST", stated},
    {19, "ENODEV", stated},
    {22, "EINVAL", stated},
    {24, "EMFILE", stated},
    {28, "ENOSPC", stated},
    {32, "EPIPE", stated},
    {34, "ERANGE", stated},
    {38, "ENOSYS", hinted},
    {61, "ENODATA", stated},
    {62, "ETIME", grave, true},
    {71, "EPROTO", stated},
    {74, "EBADMSG", stated},
    {75, "EOVERFLOW", stated},
    {84, "EILSEQ", stated},
    {90, "EMSGSIZE", stated},
    {95, "EOPNOTSUPP", hinted},
    {104, "ECONNRESET", stated},
    {107, "ENOTCONN", stated},
    {108, "ESHUTDOWN", stated},
    {110, "ETIMEDOUT", grave, true},
    {121, "EREMOTEIO", stated},
    {125, "ECANCELED", stated},
    {134, "PCIBIOS_DEVICE_NOT_FOUND", stated},
    {517, "EPROBE_DEFER", none},
    {524, "ENOTSUPP", hinted},
};

}  // namespace

std::span<const Phrase> phrases() {
  return phrase_table;
}
std::span<const std::string_view> negations() {
  return negation_table;
}
std::span<const std::string_view> conditions() {
  return condition_table;
}
std::span<const std::string_view> features() {
  return feature_table;
}
std::span<const std::string_view> settings() {
  return setting_table;
}
std::span<const std::string_view> abilities() {
  return ability_table;
}
std::span<const std::string_view> successes() {
  return success_table;
}
std::span<const std::string_view> ways_out() {
  return way_out_table;
}
std::span<const std::string_view> replacements() {
  return replacement_table;
}
std::span<const Errno> errnos() {
  return errno_table;
}

}  // namespace quiesce::checks::wording
