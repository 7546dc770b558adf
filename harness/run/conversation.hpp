// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent in the guest is asked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "harness/base/result.hpp"
#include "harness/record/agent.hpp"
#include "harness/run/waits.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

class Conversation {
 public:
  /// `seed`: what the run's tags hold.
  Conversation(Hearing& hearing, Waits& waits, std::uint32_t seed)
      : hearing_(hearing), waits_(waits), seed_(seed) {}

  /// Asks the agent and waits for its answer. By `patience` it answers, be it with what it still
  /// waits for; its own error is Errc::unsupported with the agent's as the cause, silence
  /// Errc::timeout, a guest that went down Errc::closed.
  Result<nlohmann::json> ask(const std::string& op, nlohmann::json parameters, Seconds patience);
  /// The same for one of record::request.
  template <record::Record Q>
  Result<nlohmann::json> ask(const Q& request, Seconds patience) {
    return ask(Q::name, record::as_json(request), patience);
  }
  /// `work`: parameters of an activity or a test, which go with it.
  template <record::Record Q>
  Result<nlohmann::json> ask(const Q& request, nlohmann::json work, Seconds patience) {
    work.update(record::as_json(request));
    return ask(Q::name, std::move(work), patience);
  }
  /// Of what ends the agent: there is no answer to wait for.
  template <record::Record Q>
  Result<void> tell(const Q& request) {
    TRY(hearing_.agent().ask(Q::name, record::as_json(request)));
    return {};
  }
  /// A request about a device's work.
  template <record::Record Q>
  Q about(const scenario::PlannedDevice& device) const {
    Q request;
    request.device = device.name;
    request.address = to_string(device.address);
    request.seed = seed_;
    return request;
  }

 private:
  Hearing& hearing_;
  Waits& waits_;
  std::uint32_t seed_;
};

}  // namespace quiesce::run
