// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/exit_codes.hpp"

namespace quiesce::cli {

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

}  // namespace quiesce::cli
