// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/json_text.hpp"

#include <algorithm>
#include <deque>

#include "harness/base/text.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

std::string line_and_column(std::string_view text, std::size_t bytes_read) {
  const std::string_view read = text.substr(0, bytes_read > 0 ? bytes_read - 1 : 0);
  const auto line = 1 + std::count(read.begin(), read.end(), '\n');
  const std::size_t newline = read.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? read.size() + 1 : read.size() - newline;
  return fmt::format("line {}, column {}", line, column);
}

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." -> "syntax
/// error ..."
std::string without_prefix(std::string_view what) {
  for (const std::string_view mark : {"column ", "] "}) {
    const std::size_t at = what.find(mark);
    if (at == std::string_view::npos) continue;
    const std::size_t colon = mark == "] " ? at : what.find(": ", at);
    if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
    break;
  }
  std::string text = printable(what.substr(0, 300));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// Builds the value while it watches for duplicate keys and depth. The parser itself does not
/// recurse.
class Builder final : public nlohmann::json_sax<json> {
 public:
  Builder(std::string_view text, Report& report) : text_(text), report_(report) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    json& object = *open_.back().node;
    if (object.contains(name)) {
      if (!report_.full()) report_.add(below(place(), name), "this key is given twice");
      slot_ = &scraps_.emplace_back();
    } else {
      if (open_.size() == 2 && open_.back().key == "matrix") document_.matrix_order.push_back(name);
      slot_ = &object[name];
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    report_.add(line_and_column(text_, position),
                fmt::format("expected JSON, found {}", without_prefix(error.what())));
    return false;
  }

  Document take() { return std::move(document_); }

 private:
  struct Open {
    json* node;
    std::string key;  ///< its own key in the container around it; empty in a list
  };

  /// Where the next value goes. Pointers into a container stay good: nothing is added to it while
  /// one inside is open.
  json& place_for() {
    if (open_.empty()) return document_.value;
    json& around = *open_.back().node;
    if (around.is_array()) return around.emplace_back();
    return *slot_;
  }

  bool put(json value) {
    place_for() = std::move(value);
    return true;
  }

  bool open(json container) {
    if (open_.size() >= deepest) {
      report_.add(place(), fmt::format("nested deeper than {} levels", deepest));
      return false;
    }
    const bool in_object = !open_.empty() && open_.back().node->is_object();
    json& node = place_for();
    node = std::move(container);
    open_.push_back({&node, in_object ? key_ : std::string()});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string place() const {
    std::string pointer;
    for (std::size_t at = 1; at < open_.size(); ++at) {
      const json& around = *open_[at - 1].node;
      pointer =
          around.is_array() ? below(pointer, around.size() - 1) : below(pointer, open_[at].key);
    }
    return pointer;
  }

  std::string_view text_;
  Report& report_;
  Document document_;
  std::vector<Open> open_;
  json* slot_ = nullptr;
  std::string key_;
  std::deque<json> scraps_;  ///< values of keys that are given again
};

}  // namespace

std::optional<Document> parse_json(std::string_view text, Report& report, Comments comments) {
  if (text.size() > longest_text) {
    report.add("", fmt::format("longer than {} bytes", longest_text));
    return std::nullopt;
  }
  Builder builder(text, report);
  constexpr bool to_the_end = true;
  if (!json::sax_parse(text.begin(), text.end(), &builder, nlohmann::detail::input_format_t::json,
                       to_the_end, comments == Comments::allowed))
    return std::nullopt;
  return builder.take();
}

bool is_shallow(const json& value) {
  std::vector<std::pair<const json*, std::size_t>> open{{&value, 0}};
  while (!open.empty()) {
    const auto [node, depth] = open.back();
    open.pop_back();
    if (!node->is_structured()) continue;
    if (depth >= deepest) return false;
    for (const auto& child : *node) open.emplace_back(&child, depth + 1);
  }
  return true;
}

}  // namespace quiesce::scenario
