// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

const Json* Request::find(const char* key) const {
  const auto found = fields_->find(key);
  return found == fields_->end() || found->is_null() ? nullptr : &*found;
}

bool Request::has(const char* key) const {
  return find(key) != nullptr;
}

Result<std::string> Request::text(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr || !field->is_string())
    return fail(Errc::invalid_input, "the field {} must be a text", key);
  return field->get<std::string>();
}

Result<std::string> Request::text(const char* key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  return text(key);
}

Result<std::vector<std::string>> Request::texts(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr || !field->is_array())
    return fail(Errc::invalid_input, "the field {} must be a list of texts", key);
  std::vector<std::string> list;
  for (const Json& item : *field) {
    if (!item.is_string()) return fail(Errc::invalid_input, "the field {} must hold texts", key);
    list.push_back(item.get<std::string>());
  }
  return list;
}

Result<double> Request::number(const char* key, double otherwise, double least, double most) const {
  const Json* field = find(key);
  if (field == nullptr) return otherwise;
  if (!field->is_number()) return fail(Errc::invalid_input, "the field {} must be a number", key);
  const double value = field->get<double>();
  if (!(value >= least && value <= most))
    return fail(Errc::invalid_input, "the field {} must be within {} and {}", key, least, most);
  return value;
}

Result<std::uint64_t> Request::whole(const char* key, std::uint64_t otherwise, std::uint64_t least,
                                     std::uint64_t most) const {
  const Json* field = find(key);
  if (field == nullptr) return otherwise;
  if (!field->is_number_unsigned() && !(field->is_number_integer() && *field >= 0))
    return fail(Errc::invalid_input, "the field {} must be a whole number", key);
  const auto value = field->get<std::uint64_t>();
  if (value < least || value > most)
    return fail(Errc::invalid_input, "the field {} must be within {} and {}", key, least, most);
  return value;
}

Result<bool> Request::flag(const char* key, bool otherwise) const {
  const Json* field = find(key);
  if (field == nullptr) return otherwise;
  if (!field->is_boolean())
    return fail(Errc::invalid_input, "the field {} must be true or false", key);
  return field->get<bool>();
}

Result<PciAddress> Request::address(const char* key) const {
  TRY_ASSIGN(const std::string name, text(key));
  auto address = parse_pci_address(name);
  if (!address) return fail(Errc::invalid_input, "the field {} must be a PCI address", key);
  return address;
}

Result<Json> parse_request(const std::string& payload) {
  Json fields = Json::parse(payload, nullptr, false);
  if (!fields.is_object()) return fail(Errc::invalid_input, "a request must be a JSON object");
  const auto op = fields.find(record::key_of(&record::RequestHead::op));
  if (op == fields.end() || !op->is_string())
    return fail(Errc::invalid_input, "a request must have a text op");
  return fields;
}

std::string hex(std::uint64_t number) {
  return fmt::format("{:#x}", number);
}

}  // namespace quiesce::agent
