// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/shape.hpp"

#include <algorithm>
#include <limits>

#include "harness/base/names.hpp"
#include "harness/base/text.hpp"
#include "harness/scenario/report.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;
/// A number's range that is none: whole numbers are exact up to here.
constexpr double any_number = 9e15;

bool is_one_line(std::string_view text) {
  return text.find_first_of("\n\t") == std::string_view::npos && printable(text) == text;
}

std::string expected_text(const Shape& shape) {
  if (shape.form != nullptr) return fmt::format("a text of the form {}", shape.form->pattern);
  if (shape.least > 0)
    return fmt::format("a line of text of {} to {} bytes", shape.least, shape.most);
  return fmt::format("a line of text of at most {} bytes", shape.most);
}

bool is_text(const Shape& shape, const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  const auto size = static_cast<double>(text.size());
  if (size < shape.least || size > shape.most || !is_one_line(text)) return false;
  return shape.form == nullptr || shape.form->matches(text);
}

bool is_choice(const Shape& shape, const json& value) {
  return value.is_string() && std::find(shape.choices.begin(), shape.choices.end(),
                                        value.get_ref<const std::string&>()) != shape.choices.end();
}

bool is_in(const Shape& shape, double number) {
  return number >= shape.least && number <= shape.most;
}

bool is_size(const Shape& shape, const json& value) {
  if (!value.is_string()) return false;
  const auto bytes = parse_bytes(value.get_ref<const std::string&>());
  return bytes && bytes->value % (1_MiB).value == 0 &&
         is_in(shape, static_cast<double>(bytes->value));
}

bool is_duration(const Shape& shape, const json& value) {
  if (!value.is_string()) return false;
  const auto time = parse_duration(value.get_ref<const std::string&>());
  return time && is_in(shape, time->count());
}

bool is_texts(const Shape& shape, const json& value) {
  if (!value.is_array() || static_cast<double>(value.size()) > shape.most) return false;
  const Shape entry = shape::text(1, 400, shape.form);
  return std::all_of(value.begin(), value.end(), [&](const json& one) {
    return shape.choices.empty() ? is_text(entry, one) : is_choice(shape, one);
  });
}

/// The first entry of a list that is not what it must be.
std::string bad_entry(const Shape& shape, const json& list) {
  const Shape entry =
      shape.choices.empty() ? shape::text(1, 400, shape.form) : shape::choice(shape.choices);
  for (std::size_t at = 0; at < list.size(); ++at)
    if (const auto problem = entry.wrong(list[at]))
      return fmt::format("entry {}: {}", at, *problem);
  return fmt::format("expected {}, found {} of them", shape.expected(), list.size());
}

bool holds(const Shape& shape, const json& value) {
  switch (shape.kind) {
    case Shape::Kind::boolean:
      return value.is_boolean();
    case Shape::Kind::whole:
      return value.is_number_integer() && is_in(shape, value.get<double>());
    case Shape::Kind::number:
      return value.is_number() && is_in(shape, value.get<double>());
    case Shape::Kind::text:
      return is_text(shape, value);
    case Shape::Kind::prose:
      return value.is_string() &&
             is_in(shape, static_cast<double>(value.get_ref<const std::string&>().size()));
    case Shape::Kind::size:
      return is_size(shape, value);
    case Shape::Kind::duration:
      return is_duration(shape, value);
    case Shape::Kind::choice:
      return is_choice(shape, value);
    case Shape::Kind::texts:
      return is_texts(shape, value);
    case Shape::Kind::object:
      return value.is_object();
  }
  return false;
}

std::string expected_duration(const Shape& shape) {
  return fmt::format("a duration from {} to {}, as \"2s\"", write_duration(Seconds(shape.least)),
                     write_duration(Seconds(shape.most)));
}

std::string expected_size(const Shape& shape) {
  return fmt::format("a size from {} to {} in whole MiB, as \"256MiB\"",
                     format_bytes({static_cast<std::uint64_t>(shape.least)}),
                     format_bytes({static_cast<std::uint64_t>(shape.most)}));
}

}  // namespace

std::string Shape::expected() const {
  switch (kind) {
    case Shape::Kind::boolean:
      return "true or false";
    case Shape::Kind::whole:
      if (least == most) return fmt::format("{}", least);
      return fmt::format("a whole number from {} to {}", least, most);
    case Shape::Kind::number:
      if (most >= any_number) return "a number";
      return fmt::format("a number from {} to {}", least, most);
    case Shape::Kind::text:
      return expected_text(*this);
    case Shape::Kind::prose:
      return fmt::format("a text of at most {} bytes", most);
    case Shape::Kind::size:
      return expected_size(*this);
    case Shape::Kind::duration:
      return expected_duration(*this);
    case Shape::Kind::choice:
      return choices.size() == 1 ? quoted_list(choices) : "one of " + quoted_list(choices);
    case Shape::Kind::texts:
      return fmt::format("a list of at most {} texts", most);
    case Shape::Kind::object:
      return "an object";
  }
  return {};
}

std::optional<std::string> Shape::wrong(const json& value) const {
  if (holds(*this, value)) return std::nullopt;
  if (kind == Shape::Kind::texts && value.is_array()) return bad_entry(*this, value);
  std::string message = fmt::format("expected {}, found {}", expected(), found(value));
  if (kind == Shape::Kind::choice && value.is_string())
    if (const auto guess = did_you_mean(value.get_ref<const std::string&>(), choices);
        !guess.empty())
      message += "; " + guess;
  return message;
}

json Shape::schema() const {
  switch (kind) {
    case Shape::Kind::boolean:
      return {{"type", "boolean"}};
    case Shape::Kind::whole:
      if (least == most) return {{"const", static_cast<std::int64_t>(least)}};
      return {{"type", "integer"},
              {"minimum", static_cast<std::int64_t>(least)},
              {"maximum", static_cast<std::int64_t>(most)}};
    case Shape::Kind::number:
      if (most >= any_number) return {{"type", "number"}};
      return {{"type", "number"}, {"minimum", least}, {"maximum", most}};
    case Shape::Kind::text: {
      json schema = {{"type", "string"}, {"maxLength", static_cast<std::int64_t>(most)}};
      if (least > 0) schema["minLength"] = static_cast<std::int64_t>(least);
      if (form != nullptr) schema["pattern"] = fmt::format("^{}$", form->pattern);
      return schema;
    }
    case Shape::Kind::prose:
      return {{"type", "string"}};
    case Shape::Kind::size:
      return {{"type", "string"},
              {"pattern", "^[0-9]+([KMGTk]|[KMGT]iB|B)?$"},
              {"examples", {"256MiB"}}};
    case Shape::Kind::duration:
      return {{"type", "string"}, {"pattern", "^[0-9.]+(ms|s|min|h)$"}, {"examples", {"2s"}}};
    case Shape::Kind::choice:
      return {{"enum", choices}};
    case Shape::Kind::texts: {
      json items =
          choices.empty() ? shape::text(1, 400, form).schema() : shape::choice(choices).schema();
      return {{"type", "array"}, {"items", items}, {"maxItems", static_cast<std::int64_t>(most)}};
    }
    case Shape::Kind::object:
      return {{"type", "object"}};
  }
  return {};
}

namespace shape {

Shape boolean() {
  return {.kind = Shape::Kind::boolean};
}
Shape whole(std::int64_t least, std::int64_t most) {
  return {.kind = Shape::Kind::whole,
          .least = static_cast<double>(least),
          .most = static_cast<double>(most)};
}
Shape number(double least, double most) {
  return {.kind = Shape::Kind::number, .least = least, .most = most};
}
Shape text(std::size_t least, std::size_t most, const Form* form) {
  return {.kind = Shape::Kind::text,
          .least = static_cast<double>(least),
          .most = static_cast<double>(most),
          .choices = {},
          .form = form};
}
Shape prose(std::size_t most) {
  return {.kind = Shape::Kind::prose, .most = static_cast<double>(most)};
}
Shape size(Bytes least, Bytes most) {
  return {.kind = Shape::Kind::size,
          .least = static_cast<double>(least.value),
          .most = static_cast<double>(most.value)};
}
Shape duration(Seconds least, Seconds most) {
  return {.kind = Shape::Kind::duration, .least = least.count(), .most = most.count()};
}
Shape choice(std::vector<std::string> choices) {
  return {.kind = Shape::Kind::choice, .choices = std::move(choices)};
}
Shape texts(std::size_t most, const Form* form) {
  return {
      .kind = Shape::Kind::texts, .most = static_cast<double>(most), .choices = {}, .form = form};
}
Shape texts_of(std::vector<std::string> choices) {
  return {.kind = Shape::Kind::texts, .most = 64, .choices = std::move(choices)};
}
Shape object() {
  return {.kind = Shape::Kind::object};
}

Shape parameter(const ParameterSpec& spec) {
  using Type = ParameterSpec::Type;
  switch (spec.type) {
    case Type::boolean:
      return boolean();
    case Type::number:
      return number(-any_number, any_number);
    case Type::duration:
      return duration(Seconds(0), Seconds(86400));
    case Type::text:
      return text(0, 400);
    case Type::choice:
      return choice(spec.choices);
    case Type::list:
      return spec.choices.empty() ? texts(64) : texts_of(spec.choices);
  }
  return object();
}

}  // namespace shape

std::string write_bytes(Bytes size) {
  constexpr std::pair<unsigned, const char*> units[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, unit] : units)
    if (size.value != 0 && size.value % (1ULL << shift) == 0)
      return fmt::format("{}{}", size.value >> shift, unit);
  return fmt::format("{}", size.value);
}

std::string write_duration(Seconds time) {
  return fmt::format("{}s", time.count());
}

}  // namespace quiesce::scenario
