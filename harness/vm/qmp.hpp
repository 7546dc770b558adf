// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's machine protocol over a connected socket.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"

namespace quiesce::vm {

/// Reads QMP's stream of JSON objects out of bytes in any pieces. Separate from Qmp to be fuzzed.
class QmpReader {
 public:
  /// One complete JSON value a line; a line beyond 16 MiB or that is no JSON object is a protocol
  /// error.
  Result<std::vector<nlohmann::json>> feed(std::string_view bytes);

 private:
  std::string line_;
};

/// A client that has negotiated capabilities. After the connection has ended every call fails with
/// Errc::closed.
class Qmp {
 public:
  using EventHandler = std::function<void(const std::string& name, const nlohmann::json& data)>;

  /// Waits for the greeting and sends qmp_capabilities.
  static Result<std::unique_ptr<Qmp>> connect(Loop& loop, Fd socket, EventHandler on_event,
                                              TimePoint deadline);
  Qmp(const Qmp&) = delete;
  Qmp& operator=(const Qmp&) = delete;

  /// Sends a command and waits for its "return". QEMU's own error is Errc::unsupported with its
  /// class and text.
  Result<nlohmann::json> call(const std::string& command, const nlohmann::json& arguments,
                              TimePoint deadline);
  /// human-monitor-command; the text it prints.
  Result<std::string> monitor(const std::string& line, TimePoint deadline);

  /// Sends a command whose answer nobody needs.
  Result<void> post(const std::string& command, const nlohmann::json& arguments);
  /// Asks QEMU to end, without waiting for an answer: there may be none.
  void quit();

  bool connected() const { return !closed_; }
  /// "7.2.22"
  const std::string& qemu_version() const { return version_; }

 private:
  Qmp(Loop& loop, Fd socket, EventHandler on_event);
  void readable();
  Result<void> send(const nlohmann::json& message);

  Loop& loop_;
  Fd socket_;
  EventHandler on_event_;
  QmpReader reader_;
  std::optional<nlohmann::json> greeting_;
  std::map<std::string, nlohmann::json> replies_;
  std::uint64_t next_id_ = 0;
  std::optional<Error> closed_;
  std::string version_;
  Loop::Watch watch_;
};

}  // namespace quiesce::vm
