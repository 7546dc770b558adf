// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/conversation.hpp"

#include <optional>

namespace quiesce::run {

using nlohmann::json;

namespace {

/// From the agent's own bound to the end of ours: on a busy host an answer takes its time.
constexpr Seconds grace{15};

}  // namespace

Result<json> Conversation::ask(const std::string& op, json parameters, Seconds patience) {
  AgentLink& agent = hearing_.agent();
  // Its own bound is the shorter one: an answer that says what it waits for beats none.
  parameters[record::key_of(&record::RequestHead::within)] = waits_.scaled(patience).count();
  TRY_ASSIGN(const std::uint32_t sequence, agent.ask(op, std::move(parameters)));
  std::optional<json> answer;
  TRY(waits_.expect(
      fmt::format("the agent's answer to {}", op),
      [&] {
        if (!answer) answer = agent.answer(sequence);
        return answer.has_value();
      },
      waits_.scaled(patience) + grace));
  const auto error = record::read<record::PayloadHead>(*answer).error;
  if (error && error->is_object()) {
    const auto told = record::read<record::AgentError>(*error);
    return tl::unexpected(
        Error(errc_of(told.code), told.message.empty() ? error->dump() : told.message)
            .because(Errc::unsupported, "the agent cannot " + op));
  }
  return std::move(*answer);
}

}  // namespace quiesce::run
