// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/agent_link.hpp"

#include <utility>

#include "harness/record/agent.hpp"
#include "harness/scenario/json_text.hpp"

namespace quiesce::run {

using nlohmann::json;

void AgentLink::feed(std::string_view bytes) {
  decoder_.feed(bytes);
  for (wire::Frame frame; decoder_.next(frame);) {
    // A terminal that is not in raw mode yet sends our own requests back.
    if (frame.kind == wire::Kind::request) continue;
    json payload = json::parse(frame.payload, nullptr, false);
    // nlohmann copies and writes by recursion: a guest must not choose how deep.
    if (!payload.is_object() || !scenario::is_shallow(payload)) continue;
    const bool is_event = frame.kind == wire::Kind::event;
    note_(is_event ? record::said::Hello::kind : record::answer::Describe::kind, frame.sequence,
          payload);
    if (!is_event) {
      answers_[frame.sequence] = std::move(payload);
    } else if (record::read<record::PayloadHead>(payload).event == record::said::Hello::name) {
      // json's assignment takes its operand by value: the role must be read before it moves away.
      const std::string role = record::read<record::said::Hello>(payload).role;
      hellos_[role] = std::move(payload);
    }
  }
}

Result<std::uint32_t> AgentLink::ask(const std::string& op, json parameters) {
  parameters.update(record::as_json(record::RequestHead{.op = op, .within = std::nullopt}));
  const std::uint32_t sequence = next_++;
  note_(record::request::Request::kind, sequence, parameters);
  TRY(send_(wire::encode(
      {.kind = wire::Kind::request, .sequence = sequence, .payload = parameters.dump()})));
  return sequence;
}

std::optional<json> AgentLink::answer(std::uint32_t sequence) {
  const auto found = answers_.find(sequence);
  if (found == answers_.end()) return std::nullopt;
  json answer = std::move(found->second);
  answers_.erase(found);
  return answer;
}

const json* AgentLink::hello(const std::string& role) const {
  const auto found = hellos_.find(role);
  return found == hellos_.end() ? nullptr : &found->second;
}

}  // namespace quiesce::run
