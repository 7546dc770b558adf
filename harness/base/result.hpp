// SPDX-License-Identifier: GPL-2.0-or-later
// Failure is in the type: every call that can fail returns a Result.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace quiesce {

/// What kind of failure it is; cli/ maps it to an exit code.
enum class Errc {
  invalid_input,  ///< what the user gave is wrong (exit 2)
  not_found,      ///< a thing that was named does not exist
  unsupported,    ///< this machine, kernel or QEMU cannot do it
  io,             ///< the operating system refused
  no_space,       ///< the disk is full
  protocol,       ///< a peer spoke nonsense
  closed,         ///< a peer is gone
  timeout,        ///< a deadline passed
  interrupted,    ///< the user asked to stop (exit 130)
  internal,       ///< our own mistake
};

/// "invalid-input", "timeout" and so on: the word that result.json carries.
const char* to_string(Errc code);
/// The other way round; internal for a word that is none of them.
Errc errc_of(std::string_view word);

/// A failure: a code for programs, a sentence for people, and what caused it.
class Error {
 public:
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

  Errc code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The message followed by those of all causes, separated by ": ".
  std::string describe() const;

  /// The same failure seen from one level up: `message` says what could not be done because of it.
  Error because(std::string message) const&;
  /// The same, where one level up it is a failure of another kind.
  Error because(Errc code, std::string message) const&;
  /// One level down; nullptr: this is where it began.
  const Error* cause() const { return cause_.get(); }

 private:
  Errc code_;
  std::string message_;
  std::shared_ptr<const Error> cause_;
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(Errc::closed, "device_del {} was pending", name);`
template <class... Args>
tl::unexpected<Error> fail(Errc code, fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected<Error>(Error(code, fmt::format(text, std::forward<Args>(args)...)));
}

/// The failure of a system call: "`what`: strerror(errno)"; ENOSPC and EDQUOT become no_space,
/// ENOENT not_found, ETIMEDOUT and ETIME timeout.
tl::unexpected<Error> fail_errno(const std::string& what);
tl::unexpected<Error> fail_errno(const std::string& what, int error_number);

}  // namespace quiesce

#define QUIESCE_CONCAT2(a, b) a##b
#define QUIESCE_CONCAT(a, b) QUIESCE_CONCAT2(a, b)

/// Returns the error of a Result<void> (or of a Result whose value is not needed) to the caller.
#define TRY(expression)                                                       \
  do {                                                                        \
    if (auto&& try_result = (expression); !try_result)                        \
      return tl::unexpected<::quiesce::Error>(std::move(try_result).error()); \
  } while (false)

/// `TRY_ASSIGN(auto fd, open_file(path));`
#define TRY_ASSIGN(declaration, expression) \
  TRY_ASSIGN_TO(QUIESCE_CONCAT(try_assign_, __COUNTER__), declaration, expression)
#define TRY_ASSIGN_TO(temporary, declaration, expression)                                \
  auto temporary = (expression);                                                         \
  if (!temporary) return tl::unexpected<::quiesce::Error>(std::move(temporary).error()); \
  declaration = std::move(*temporary)
