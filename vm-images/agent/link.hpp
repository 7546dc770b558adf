// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the wire: frames over a serial line. Any thread may send.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "harness/base/clock.hpp"
#include "harness/base/fd.hpp"
#include "harness/wire/frame.hpp"
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// CLOCK_BOOTTIME in seconds.
double guest_seconds();

class Link {
 public:
  /// Opens the terminal and makes it raw, 115200 baud, no echo. `tty` stays open for ever.
  static Result<std::unique_ptr<Link>> open(const std::filesystem::path& tty);

  /// The next request into `frame`; false when none came within `patience`.
  bool receive(wire::Frame& frame, Seconds patience);

  /// Sending fails silently: there is nobody else to tell, and a dead peer must not end the agent.
  /// One of record::said, or an activity.
  template <record::Record R>
  void event(const R& what) {
    event(R::name, record::as_json(what));
  }
  void event(const char* name, Json fields);
  void log(const std::string& message) { event(record::said::Log{message}); }
  void respond(std::uint32_t sequence, const std::string& op, Result<Json> answer);
  /// Waits until what was sent has left the machine, a second at most.
  void drain();

 private:
  explicit Link(Fd tty) : tty_(std::move(tty)) {}
  void send(wire::Kind kind, std::uint32_t sequence, const Json& fields);

  Fd tty_;
  wire::Decoder decoder_;
  std::mutex sending_;
  std::uint32_t events_ = 0;
};

/// The word for an error in a response: "bad-request" for what the harness got wrong, else that of
/// Errc.
std::string error_word(Errc code);

}  // namespace quiesce::agent
