// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/exit_codes.hpp"

#include <algorithm>

namespace quiesce::cli {

using checks::Outcome;

namespace {

int bisect_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return exit_code::ok;
    case Outcome::fail:
      return exit_code::failed;
    // 128 and more end the bisection, which is what Ctrl-C means.
    case Outcome::interrupted:
      return exit_code::interrupted;
    default:
      return exit_code::bisect_skip;
  }
}

/// The worst of all runs decides: an interruption, an error, a failure, an inconclusive run.
int severity(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return 0;
    case Outcome::skip:
      return 1;
    case Outcome::inconclusive:
      return 2;
    case Outcome::fail:
      return 3;
    case Outcome::error:
      return 4;
    case Outcome::interrupted:
      return 5;
  }
  return 4;
}

}  // namespace

int exit_code_of(const Error& error) {
  switch (error.code()) {
    case Errc::invalid_input:
    case Errc::not_found:
      return exit_code::usage;
    case Errc::interrupted:
      return exit_code::interrupted;
    default:
      return exit_code::environment;
  }
}

int exit_code_without_output(int code, For whom) {
  return whom == For::bisect || code == exit_code::interrupted ? code : exit_code::environment;
}

int exit_code_of(const std::vector<Outcome>& outcomes, For whom) {
  const auto worst = std::ranges::max_element(outcomes, {}, severity);
  if (worst == outcomes.end()) return exit_code::ok;
  if (whom == For::people) return checks::exit_code(*worst);
  const bool failed = std::ranges::find(outcomes, Outcome::fail) != outcomes.end();
  return bisect_code(failed && *worst != Outcome::interrupted ? Outcome::fail : *worst);
}

}  // namespace quiesce::cli
