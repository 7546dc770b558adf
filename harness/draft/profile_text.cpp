// SPDX-License-Identifier: GPL-2.0-or-later
// A profile as a person reads it: comments above the keys, one key a line.
#include <algorithm>
#include <array>

#include "harness/base/text.hpp"
#include "harness/draft/draft.hpp"

namespace quiesce::draft {

using nlohmann::json;

namespace {

constexpr std::size_t widest = 100;

/// One line of JSON with blanks in it; the key that says what an object is comes first.
std::string one_line(const json& value) {
  std::vector<std::string> parts;
  if (value.is_array()) {
    for (const auto& entry : value) parts.push_back(one_line(entry));
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  if (!value.is_object()) return value.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto add = [&](const std::string& key) {
    parts.push_back(fmt::format("{}: {}", json(key).dump(), one_line(value.at(key))));
  };
  constexpr std::array first_keys{"driver", "kind", "event", "id"};
  for (const char* key : first_keys)
    if (value.contains(key)) add(key);
  for (const auto& [key, entry] : value.items())
    if (std::ranges::find(first_keys, key) == first_keys.end()) add(key);
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::string objects_text(const std::vector<json>& objects) {
  if (objects.size() == 1) return one_line(objects);
  std::string text;
  for (const auto& object : objects)
    text += fmt::format("{}\n    {}", text.empty() ? "" : ",", one_line(object));
  return fmt::format("[{}\n  ]", text);
}

json trace_json(const std::vector<scenario::Profile::TraceMeaning>& meanings) {
  json list = json::array();
  for (const auto& meaning : meanings) {
    list.push_back({{"event", meaning.event}, {"means", meaning.means}});
    if (!meaning.matches.empty()) list.back()["matches"] = meaning.matches;
  }
  return list;
}

std::string comment_lines(const std::string& paragraph) {
  constexpr std::string_view start = "  //";
  std::string text;
  std::string line(start);
  for (const auto& word : split(printable(paragraph), ' ')) {
    if (line.size() + 1 + word.size() > widest && line != start) {
      text += line + "\n";
      line = start;
    }
    line += " " + word;
  }
  return text + line + "\n";
}

}  // namespace

std::string profile_text(const Draft& draft) {
  const auto& profile = draft.profile;
  const std::pair<const char*, std::string> lines[] = {
      {"format", "1"},
      {"name", one_line(profile.name)},
      {"description", one_line(profile.description)},
      {"backend", one_line(profile.backend)},
      {"qemu", objects_text(profile.qemu)},
      {"modules", one_line(profile.modules)},
      {"driver", one_line(profile.driver)},
      {"activity", one_line(profile.activity)},
      {"test", one_line(profile.test)},
      {"writes_tagged", one_line(profile.writes_tagged)},
      {"trace", one_line(trace_json(profile.trace))},
      {"reset_methods", one_line(profile.reset_methods)}};
  std::string text;
  for (const auto& [key, value] : lines) {
    if (!text.empty()) text += ",\n";
    if (const auto comments = draft.comments.find(key); comments != draft.comments.end())
      for (const auto& paragraph : comments->second) text += comment_lines(paragraph);
    text += fmt::format("  \"{}\": {}", key, value);
  }
  return "{\n" + text + "\n}\n";
}

}  // namespace quiesce::draft
