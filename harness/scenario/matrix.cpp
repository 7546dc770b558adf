// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/matrix.hpp"

#include <algorithm>
#include <set>

#include "harness/base/text.hpp"
#include "harness/scenario/paths.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

struct Axis {
  std::string path;    ///< as written
  std::string label;   ///< the last word of it
  std::string target;  ///< JSON pointer
  json values;
};

std::string last_word(const std::string& path) {
  return path.substr(path.find_last_of("./") + 1);
}

std::string label_of(const json& value, std::size_t index) {
  constexpr std::size_t longest = 32;
  const bool plain = value.is_string() && value.get_ref<const std::string&>().find_first_of(
                                              "/ ,=\n\t") == std::string::npos;
  std::string text = plain                                     ? value.get<std::string>()
                     : value.is_number() || value.is_boolean() ? value.dump()
                                                               : std::string();
  return text.empty() || text.size() > longest || printable(text) != text
             ? fmt::format("#{}", index)
             : text;
}

/// What is wrong with the values of an axis; empty: nothing.
std::string wrong_values(const json& values) {
  if (!values.is_array() || values.empty())
    return fmt::format("expected a list of values, found {}", found(values));
  if (values.size() > most_cells)
    return fmt::format("expected at most {} values, found {}", most_cells, values.size());
  for (auto value = values.begin(); value != values.end(); ++value)
    if (std::find(values.begin(), value, *value) != value)
      return fmt::format("the value {} is given twice", found(*value));
  return {};
}

/// The order of the text, and what --set added after it.
std::vector<std::string> ordered_keys(const json& matrix, const std::vector<std::string>& order) {
  std::vector<std::string> keys;
  const auto add = [&](const std::string& key) {
    if (matrix.contains(key) && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  };
  for (const auto& key : order) add(key);
  for (const auto& [key, values] : matrix.items()) add(key);
  return keys;
}

/// Labels that are not unique become the whole path.
void make_labels_unique(std::vector<Axis>& axes) {
  std::map<std::string, int> uses;
  for (const auto& axis : axes) ++uses[axis.label];
  for (auto& axis : axes)
    if (uses[axis.label] > 1) axis.label = axis.path;
}

class Axes {
 public:
  Axes(const json& document, std::span<const Origin> overridden,
       std::span<const std::string> check_names, Report& report)
      : document_(document), overridden_(overridden), check_names_(check_names), report_(report) {}

  std::vector<Axis> read(const json& matrix, const std::vector<std::string>& order) {
    if (!matrix.is_object()) {
      report_.add("/matrix",
                  fmt::format("expected an object of paths and lists, found {}", found(matrix)));
      return {};
    }
    for (const auto& path : ordered_keys(matrix, order)) {
      if (report_.full()) break;
      read_one(path, matrix[path]);
    }
    make_labels_unique(axes_);
    return std::move(axes_);
  }

 private:
  void read_one(const std::string& path, const json& values) {
    const std::string place = below("/matrix", path);
    if (const std::string problem = wrong_values(values); !problem.empty())
      return report_.add(place, problem);
    json trial = document_;
    const auto placed = put(trial, path, nullptr, check_names_);
    if (!placed) return report_.add(place, placed.error());
    const auto same = [&](const auto& other) { return other.target == placed->target; };
    if (is_at_or_below(placed->target, "/matrix") || placed->target == "/format")
      return report_.add(place, "this cannot be an axis");
    if (std::ranges::any_of(axes_, same)) return report_.add(place, "another axis sets the same");
    if (std::ranges::any_of(overridden_, same)) return;
    axes_.push_back({path, last_word(path), placed->target, values});
  }

  const json& document_;
  std::span<const Origin> overridden_;
  std::span<const std::string> check_names_;
  Report& report_;
  std::vector<Axis> axes_;
};

Cell make_cell(const json& document, const std::vector<Axis>& axes,
               std::span<const std::string> check_names, std::size_t number, const Report& report) {
  Cell cell{document, {}, {}, {}};
  std::vector<std::size_t> index(axes.size());
  for (std::size_t at = axes.size(); at-- > 0;) {
    index[at] = number % axes[at].values.size();
    number /= axes[at].values.size();
  }
  for (std::size_t at = 0; at < axes.size(); ++at) {
    const Axis& axis = axes[at];
    const json& value = axis.values[index[at]];
    const std::string place = below("/matrix", axis.path);
    if (const auto placed = put(cell.document, axis.path, value, check_names))
      cell.origins.push_back(
          {placed->created, placed->target, report.file(), below(place, index[at]), place});
    cell.settings.push_back(fmt::format("{}={}", axis.path, value.dump()));
    cell.label += fmt::format("{}{}={}", at > 0 ? "," : "", axis.label, label_of(value, index[at]));
  }
  return cell;
}

}  // namespace

std::vector<Cell> expand(Document document, std::span<const Origin> overridden,
                         std::span<const std::string> check_names, Report& report) {
  json& value = document.value;
  std::vector<Axis> axes;
  if (value.is_object() && value.contains("matrix")) {
    const json matrix = std::move(value["matrix"]);
    value.erase("matrix");
    axes = Axes(value, overridden, check_names, report).read(matrix, document.matrix_order);
  }
  std::size_t count = 1;
  for (const auto& axis : axes)
    count = std::min(count * axis.values.size(), most_cells * most_cells);
  if (count > most_cells)
    report.add("/matrix", fmt::format("expected at most {} combinations, found {}", most_cells,
                                      count == most_cells * most_cells ? "more than 65535"
                                                                       : fmt::format("{}", count)));
  // With a wrong matrix one cell is enough to say what else is wrong.
  if (report.touches("/matrix")) count = 1;
  std::vector<Cell> cells;
  for (std::size_t number = 0; number < count; ++number)
    cells.push_back(make_cell(value, axes, check_names, number, report));
  return cells;
}

Diagnostic trace_back(Diagnostic diagnostic, std::span<const Origin> origins) {
  for (std::size_t at = origins.size(); at-- > 0;) {
    const Origin& origin = origins[at];
    if (!is_at_or_below(diagnostic.place, origin.created)) continue;
    diagnostic.file = origin.file;
    if (origin.place.empty()) return diagnostic;
    const bool inside = is_at_or_below(diagnostic.place, origin.target);
    diagnostic.place =
        inside ? origin.place + diagnostic.place.substr(origin.target.size()) : origin.around;
    return diagnostic;
  }
  return diagnostic;
}

}  // namespace quiesce::scenario
