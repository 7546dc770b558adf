// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of keys: one row says what a key is, reads it, writes it and describes it. A row's default
// is what a default constructed T holds, so it cannot differ from the model.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/scenario/report.hpp"
#include "harness/scenario/shape.hpp"

namespace quiesce::scenario {

template <class T>
struct Field {
  std::string key;
  std::string meaning;
  bool required = false;
  nlohmann::json schema;  ///< without description and default
  /// Puts a good value into the T; reports a bad one, and then leaves the default.
  std::function<void(T&, const nlohmann::json&, const std::string& place, Report&)> read;
  /// nullopt: the key is left out.
  std::function<std::optional<nlohmann::json>(const T&)> write;

  Field must() && {
    required = true;
    return std::move(*this);
  }
};

template <class T>
using Fields = std::vector<Field<T>>;

template <class T>
void read_object(const Fields<T>& fields, T& into, const nlohmann::json& json,
                 const std::string& place, Report& report) {
  if (!json.is_object()) {
    report.add(place, fmt::format("expected an object, found {}", found(json)));
    return;
  }
  for (const auto& [key, value] : json.items()) {
    if (report.full()) return;
    const auto same = [&key = key](const Field<T>& field) { return field.key == key; };
    if (std::any_of(fields.begin(), fields.end(), same)) continue;
    std::vector<std::string> known;
    for (const auto& field : fields) known.push_back(field.key);
    report.add(below(place, key), unknown("key", key, known));
  }
  for (const auto& field : fields) {
    const auto value = json.find(field.key);
    if (value != json.end())
      field.read(into, *value, below(place, field.key), report);
    else if (field.required)
      report.add(place, fmt::format("the key \"{}\" is missing: {}", field.key, field.meaning));
  }
}

template <class T>
nlohmann::json write_object(const Fields<T>& fields, const T& from) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& field : fields)
    if (auto value = field.write(from)) json[field.key] = std::move(*value);
  return json;
}

template <class T>
nlohmann::json object_schema(const Fields<T>& fields) {
  nlohmann::json properties = nlohmann::json::object();
  nlohmann::json required = nlohmann::json::array();
  const T defaults{};
  for (const auto& field : fields) {
    nlohmann::json schema = field.schema;
    schema["description"] = field.meaning;
    if (field.required)
      required.push_back(field.key);
    else if (const auto value = field.write(defaults);
             value && !value->is_structured() && *value != "")
      schema["default"] = *value;
    properties[field.key] = std::move(schema);
  }
  nlohmann::json schema = {
      {"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

/// A value of one Shape: `take` is given only what has that shape.
template <class T>
Field<T> value_field(std::string key, std::string meaning, const Shape& shape,
                     std::function<void(T&, const nlohmann::json&)> take,
                     std::function<std::optional<nlohmann::json>(const T&)> write) {
  Field<T> field{std::move(key), std::move(meaning), false, shape.schema(), {}, std::move(write)};
  field.read = [shape, take = std::move(take)](T& into, const nlohmann::json& json,
                                               const std::string& place, Report& report) {
    if (auto problem = shape.wrong(json))
      report.add(place, std::move(*problem));
    else
      take(into, json);
  };
  return field;
}

template <class T>
Field<T> flag(std::string key, bool T::*member, std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape::boolean(),
      [member](T& into, const nlohmann::json& json) { into.*member = json.get<bool>(); },
      [member](const T& from) { return nlohmann::json(from.*member); });
}

template <class T, class N>
Field<T> whole(std::string key, N T::*member, std::int64_t least, std::int64_t most,
               std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape::whole(least, most),
      [member](T& into, const nlohmann::json& json) { into.*member = json.get<N>(); },
      [member](const T& from) { return nlohmann::json(from.*member); });
}

/// A whole number that may be left out.
template <class T>
Field<T> maybe_whole(std::string key, std::optional<int> T::*member, std::int64_t least,
                     std::int64_t most, std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape::whole(least, most),
      [member](T& into, const nlohmann::json& json) { into.*member = json.get<int>(); },
      [member](const T& from) {
        return from.*member ? std::optional(nlohmann::json(*(from.*member))) : std::nullopt;
      });
}

/// `Text` is std::string or a path.
template <class T, class Text>
Field<T> text(std::string key, Text T::*member, const Shape& shape, std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape,
      [member](T& into, const nlohmann::json& json) {
        into.*member = json.get_ref<const std::string&>();
      },
      [member](const T& from) {
        if constexpr (std::is_same_v<Text, std::filesystem::path>)
          return nlohmann::json((from.*member).string());
        else
          return nlohmann::json(from.*member);
      });
}

template <class T>
Field<T> texts(std::string key, std::vector<std::string> T::*member, const Shape& shape,
               std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape,
      [member](T& into, const nlohmann::json& json) {
        into.*member = json.get<std::vector<std::string>>();
      },
      [member](const T& from) { return nlohmann::json(from.*member); });
}

template <class T>
Field<T> size(std::string key, Bytes T::*member, Bytes least, Bytes most, std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape::size(least, most),
      [member](T& into, const nlohmann::json& json) {
        into.*member = parse_bytes(json.get_ref<const std::string&>()).value_or(Bytes{});
      },
      [member](const T& from) { return nlohmann::json(write_bytes(from.*member)); });
}

template <class T>
Field<T> duration(std::string key, Seconds T::*member, Seconds least, Seconds most,
                  std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape::duration(least, most),
      [member](T& into, const nlohmann::json& json) {
        into.*member = parse_duration(json.get_ref<const std::string&>()).value_or(Seconds(0));
      },
      [member](const T& from) { return nlohmann::json(write_duration(from.*member)); });
}

/// An enum's value as a word. Every value of E has its word.
template <class E>
struct Word {
  const char* word;
  E value;
};

template <class T, class E, std::size_t N>
Field<T> choice(std::string key, E T::*member, const std::array<Word<E>, N>& words,
                std::string meaning) {
  std::vector<std::string> choices;
  choices.reserve(N);
  for (const auto& word : words) choices.emplace_back(word.word);
  return value_field<T>(
      std::move(key), std::move(meaning), shape::choice(std::move(choices)),
      [member, words](T& into, const nlohmann::json& json) {
        for (const auto& word : words)
          if (json == word.word) into.*member = word.value;
      },
      [member, words](const T& from) -> std::optional<nlohmann::json> {
        for (const auto& word : words)
          if (from.*member == word.value) return nlohmann::json(word.word);
        return std::nullopt;
      });
}

/// Any object, kept as it is.
template <class T>
Field<T> free_object(std::string key, nlohmann::json T::*member, std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape::object(),
      [member](T& into, const nlohmann::json& json) { into.*member = json; },
      [member](const T& from) { return nlohmann::json(from.*member); });
}

/// An object with a table of its own.
template <class T, class Child>
Field<T> group(std::string key, Child T::*member, const Fields<Child>& fields,
               std::string meaning) {
  return {
      std::move(key),
      std::move(meaning),
      false,
      object_schema(fields),
      [member, &fields](T& into, const nlohmann::json& json, const std::string& place,
                        Report& report) { read_object(fields, into.*member, json, place, report); },
      [member, &fields](const T& from) {
        return std::optional(write_object(fields, from.*member));
      }};
}

/// The same for one that may be left out.
template <class T, class Child>
Field<T> maybe_group(std::string key, std::optional<Child> T::*member, const Fields<Child>& fields,
                     std::string meaning) {
  return {std::move(key),
          std::move(meaning),
          false,
          object_schema(fields),
          [member, &fields](T& into, const nlohmann::json& json, const std::string& place,
                            Report& report) {
            // Not emplace(): clang 14 judges Child's constructor before its enclosing class is
            // whole.
            into.*member = Child{};
            read_object(fields, *(into.*member), json, place, report);
          },
          [member, &fields](const T& from) {
            return from.*member ? std::optional(write_object(fields, *(from.*member)))
                                : std::nullopt;
          }};
}

/// A list of objects of one table.
template <class T, class Child>
Field<T> groups(std::string key, std::vector<Child> T::*member, const Fields<Child>& fields,
                std::size_t most, std::string meaning) {
  const nlohmann::json schema = {
      {"type", "array"}, {"maxItems", most}, {"items", object_schema(fields)}};
  return {
      std::move(key),
      std::move(meaning),
      false,
      schema,
      [member, &fields, most](T& into, const nlohmann::json& json, const std::string& place,
                              Report& report) {
        if (!json.is_array() || json.size() > most) {
          report.add(place,
                     fmt::format("expected a list of at most {} objects, found {}", most,
                                 json.is_array() ? fmt::format("{}", json.size()) : found(json)));
          return;
        }
        for (std::size_t at = 0; at < json.size(); ++at)
          read_object(fields, (into.*member).emplace_back(), json[at], below(place, at), report);
      },
      [member, &fields](const T& from) {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& child : from.*member) list.push_back(write_object(fields, child));
        return std::optional(list);
      }};
}

/// A key that is not kept here: only its shape is looked at. `write` gives what stands in its
/// place.
template <class T>
Field<T> constant(std::string key, const Shape& shape, nlohmann::json value, std::string meaning) {
  return value_field<T>(
      std::move(key), std::move(meaning), shape, [](T&, const nlohmann::json&) {},
      [value = std::move(value)](const T&) { return value; });
}

}  // namespace quiesce::scenario
