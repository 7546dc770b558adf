// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "harness/base/fd.hpp"
#include "harness/base/result.hpp"

namespace quiesce {

/// A listening Unix stream socket. A path that begins with '@' is in the abstract name space
/// (unix(7)) and leaves no file. A socket file that nobody listens at is replaced; anything else
/// there is refused. invalid_input: more than 107 bytes, or none.
Result<Fd> listen_unix(const std::string& path);

}  // namespace quiesce
