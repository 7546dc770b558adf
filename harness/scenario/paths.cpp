// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/paths.hpp"

#include <algorithm>
#include <set>

#include "harness/base/text.hpp"
#include "harness/scenario/json_text.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;
using Tokens = std::vector<std::string>;

std::string unescaped(std::string_view token) {
  std::string key;
  for (std::size_t at = 0; at < token.size(); ++at) {
    const bool escape = token[at] == '~' && at + 1 < token.size();
    if (escape && (token[at + 1] == '0' || token[at + 1] == '1'))
      key += token[++at] == '0' ? '~' : '/';
    else
      key += token[at];
  }
  return key;
}

struct Path {
  Tokens tokens;
  bool dotted = true;
};

Path parse_path(std::string_view text) {
  if (!text.starts_with('/')) return {split(text, '.'), true};
  Path path{split(text.substr(1), '/'), false};
  for (auto& token : path.tokens) token = unescaped(token);
  return path;
}

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>() : std::string();
}

/// The name of the profile that a device names or holds.
std::string profile_name(const json& device) {
  const auto profile = device.is_object() ? device.find("profile") : device.end();
  if (!device.is_object() || profile == device.end()) return {};
  return profile->is_object() ? inline_profile_name(*profile) : text_at(device, "profile");
}

std::string joined(std::span<const std::string> tokens) {
  std::string key;
  for (const auto& token : tokens) key += (key.empty() ? "" : ".") + token;
  return key;
}

class Walk {
 public:
  Walk(json& document, const Path& path, std::span<const std::string> check_names)
      : node_(&document), path_(path), check_names_(check_names) {}

  tl::expected<Placed, std::string> run(json value) {
    while (at_ < path_.tokens.size()) {
      const std::string problem = node_->is_array() ? enter_list() : enter_object();
      if (!problem.empty()) return tl::unexpected(problem);
    }
    *node_ = std::move(value);
    return Placed{place_, created_.empty() ? place_ : created_};
  }

 private:
  /// How many tokens make the next key: a key may contain dots itself.
  std::size_t key_length() const {
    const std::span<const std::string> rest(path_.tokens.data() + at_, path_.tokens.size() - at_);
    if (!path_.dotted) return 1;
    if (place_ == "/matrix") return rest.size();
    for (std::size_t length = rest.size(); length > 1; --length) {
      const std::string key = joined(rest.first(length));
      if (node_->contains(key)) return length;
      if (place_ == "/checks" && std::ranges::find(check_names_, key) != check_names_.end())
        return length;
    }
    return 1;
  }

  std::string enter_object() {
    if (!node_->is_object())
      return fmt::format("nothing can be set below \"{}\": it is {}", place_, found(*node_));
    const std::size_t length = key_length();
    const std::string key = joined({path_.tokens.data() + at_, length});
    place_ = below(place_, key);
    at_ += length;
    if (!node_->contains(key)) {
      if (created_.empty()) created_ = place_;
      // Who sets a check's parameter does not take the others away.
      (*node_)[key] = place_ == "/checks" && at_ < path_.tokens.size()
                          ? json::object({{every_check, json::object()}})
                          : json::object();
    }
    node_ = &(*node_)[key];
    return {};
  }

  std::string enter_list() {
    const std::string& token = path_.tokens[at_];
    std::size_t index = 0;
    if (const auto number = parse_number(token)) {
      index = *number;
    } else {
      const auto names = device_names(*node_);
      index = static_cast<std::size_t>(std::ranges::find(names, token) - names.begin());
      if (index == names.size()) return unknown("device", token, names);
    }
    if (index >= node_->size())
      return fmt::format("there is no entry {} in \"{}\": it has {}", token, place_, node_->size());
    place_ = below(place_, index);
    ++at_;
    node_ = &(*node_)[index];
    return {};
  }

  json* node_;
  const Path& path_;
  std::span<const std::string> check_names_;
  std::size_t at_ = 0;
  std::string place_;
  std::string created_;
};

}  // namespace

tl::expected<Placed, std::string> put(json& document, std::string_view text, json value,
                                      std::span<const std::string> check_names) {
  const Path path = parse_path(text);
  const auto is_empty = [](const std::string& token) { return token.empty(); };
  if (path.tokens.empty() || std::ranges::any_of(path.tokens, is_empty))
    return tl::unexpected(std::string("a path is words with dots between, as in machine.cpus"));
  if (path.tokens.size() >= deepest / 2) return tl::unexpected(std::string("the path is too long"));
  if (!document.is_object())
    return tl::unexpected(fmt::format("nothing can be set in {}", found(document)));
  return Walk(document, path, check_names).run(std::move(value));
}

std::vector<std::string> device_names(const json& devices) {
  std::vector<std::string> names;
  if (!devices.is_array()) return names;
  std::set<std::string> taken;
  for (const auto& device : devices) taken.insert(names.emplace_back(text_at(device, "name")));
  for (std::size_t at = 0; at < names.size(); ++at) {
    const std::string profile = profile_name(devices[at]);
    if (!names[at].empty() || profile.empty()) continue;
    // "vmxnet30" would be read as another device.
    const char* between = profile.back() >= '0' && profile.back() <= '9' ? "-" : "";
    for (std::size_t number = 0; names[at].empty(); ++number)
      if (std::string name = fmt::format("{}{}{}", profile, between, number);
          taken.insert(name).second)
        names[at] = std::move(name);
  }
  return names;
}

}  // namespace quiesce::scenario
