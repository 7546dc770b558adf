// SPDX-License-Identifier: GPL-2.0-or-later
// The fields of a request, read with their types checked: nothing the harness sends can end the
// agent.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"
#include "harness/record/agent.hpp"

namespace quiesce::agent {

using Json = nlohmann::json;
namespace answer = record::answer;
namespace ask = record::request;

/// Every error is invalid_input and names the field.
class Request {
 public:
  /// `fields` must outlive the request.
  explicit Request(const Json& fields) : fields_(&fields) {}

  const Json& fields() const { return *fields_; }
  bool has(const char* key) const;

  /// The same by the member of a record::request that holds it.
  template <class R, class M>
  bool has(M R::*member) const {
    return has(record::key_of(member));
  }
  template <class R, class M, class... Rest>
  Result<std::string> text(M R::*member, const Rest&... rest) const {
    return text(record::key_of(member), rest...);
  }
  template <class R, class M>
  Result<std::vector<std::string>> texts(M R::*member) const {
    return texts(record::key_of(member));
  }
  template <class R, class M>
  Result<double> number(M R::*member, double otherwise, double least, double most) const {
    return number(record::key_of(member), otherwise, least, most);
  }
  template <class R, class M>
  Result<std::uint64_t> whole(M R::*member, std::uint64_t otherwise, std::uint64_t least,
                              std::uint64_t most) const {
    return whole(record::key_of(member), otherwise, least, most);
  }
  template <class R, class M>
  Result<bool> flag(M R::*member, bool otherwise) const {
    return flag(record::key_of(member), otherwise);
  }
  template <class R, class M>
  Result<PciAddress> address(M R::*member) const {
    return address(record::key_of(member));
  }

  Result<std::string> text(const char* key) const;
  Result<std::string> text(const char* key, const std::string& otherwise) const;
  Result<std::vector<std::string>> texts(const char* key) const;
  /// A number within [least, most]; `otherwise` when it is missing.
  Result<double> number(const char* key, double otherwise, double least, double most) const;
  Result<std::uint64_t> whole(const char* key, std::uint64_t otherwise, std::uint64_t least,
                              std::uint64_t most) const;
  Result<bool> flag(const char* key, bool otherwise) const;
  Result<PciAddress> address(const char* key) const;

 private:
  const Json* find(const char* key) const;
  const Json* fields_;
};

/// A request's payload: a JSON object with a text `op`.
Result<Json> parse_request(const std::string& payload);

/// "0x1f2e", as the protocol writes addresses.
std::string hex(std::uint64_t number);

}  // namespace quiesce::agent
