// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/result.hpp"

#include <cerrno>
#include <cstring>

namespace quiesce {

const char* to_string(Errc code) {
  switch (code) {
    case Errc::invalid_input:
      return "invalid-input";
    case Errc::not_found:
      return "not-found";
    case Errc::unsupported:
      return "unsupported";
    case Errc::io:
      return "io";
    case Errc::no_space:
      return "no-space";
    case Errc::protocol:
      return "protocol";
    case Errc::closed:
      return "closed";
    case Errc::timeout:
      return "timeout";
    case Errc::interrupted:
      return "interrupted";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

Errc errc_of(std::string_view word) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
    if (word == to_string(static_cast<Errc>(code))) return static_cast<Errc>(code);
  return Errc::internal;
}

std::string Error::describe() const {
  std::string text = message_;
  for (const Error* cause = cause_.get(); cause != nullptr; cause = cause->cause_.get())
    text += ": " + cause->message_;
  return text;
}

Error Error::because(std::string message) const& {
  return because(code_, std::move(message));
}

Error Error::because(Errc code, std::string message) const& {
  Error outer(code, std::move(message));
  outer.cause_ = std::make_shared<const Error>(*this);
  return outer;
}

tl::unexpected<Error> fail_errno(const std::string& what) {
  return fail_errno(what, errno);
}

tl::unexpected<Error> fail_errno(const std::string& what, int error_number) {
  Errc code = Errc::io;
  if (error_number == ENOSPC || error_number == EDQUOT) code = Errc::no_space;
  if (error_number == ENOENT) code = Errc::not_found;
  if (error_number == ETIMEDOUT || error_number == ETIME) code = Errc::timeout;
  return fail(code, "{}: {}", what, std::strerror(error_number));
}

}  // namespace quiesce
