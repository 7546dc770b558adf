// SPDX-License-Identifier: GPL-2.0-or-later
// The harness's side of the agent protocol.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/result.hpp"
#include "harness/wire/frame.hpp"

namespace quiesce::run {

/// Keeps what the agent said and numbers what it is asked. Does not wait: Conversation does.
class AgentLink {
 public:
  using Send = std::function<Result<void>(std::string_view bytes)>;
  /// `kind` is "request", "response" or "event".
  using Note =
      std::function<void(const char* kind, std::uint32_t sequence, const nlohmann::json& payload)>;
  AgentLink(Send send, Note note) : send_(std::move(send)), note_(std::move(note)) {}

  void feed(std::string_view bytes);

  /// Sends a request; its number.
  Result<std::uint32_t> ask(const std::string& op, nlohmann::json parameters);
  /// Takes the response to a request, once it came.
  std::optional<nlohmann::json> answer(std::uint32_t sequence);

  /// The last hello, by role; a kernel that starts anew says another.
  const nlohmann::json* hello(const std::string& role) const;
  std::uint64_t noise() const { return decoder_.noise(); }
  std::uint64_t foreign_versions() const { return decoder_.foreign_versions(); }

 private:
  Send send_;
  Note note_;
  wire::Decoder decoder_;
  std::uint32_t next_ = 1;
  std::map<std::uint32_t, nlohmann::json> answers_;
  std::map<std::string, nlohmann::json> hellos_;
};

}  // namespace quiesce::run
