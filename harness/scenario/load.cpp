// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/load.hpp"

#include <algorithm>

#include "harness/base/fd.hpp"
#include "harness/scenario/matrix.hpp"
#include "harness/scenario/paths.hpp"
#include "harness/scenario/rules.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

/// A value as JSON, else as a bare string: --set production.kernel=debian:6.1 needs no quotes.
json parse_value(const std::string& text) {
  Report ignored("");
  // A text with "//" in it is more likely a URL or a path than a comment.
  auto document = parse_json(text, ignored, Comments::refused);
  return document && ignored.empty() ? std::move(document->value) : json(text);
}

void apply_override(json& document, const Override& setting,
                    std::span<const std::string> check_names, std::vector<Origin>& origins,
                    Report& report) {
  const std::string& text = setting.text;
  const std::size_t equals = text.find('=');
  const std::string path = text.substr(0, equals);
  if (equals == std::string::npos)
    return report.add(
        {setting.named_by, found(json(text)), "expected PATH=VALUE, as in machine.cpus=1"});
  if (const auto placed = put(document, path, parse_value(text.substr(equals + 1)), check_names))
    origins.push_back({placed->created, placed->target, setting.named_by, "", ""});
  else
    report.add({setting.named_by, found(json(path)), placed.error()});
}

/// Devices of the command line that the document does not name get an entry of their own, after its
/// others.
void append_devices(json& document, std::span<const std::string> profiles,
                    std::vector<Origin>& origins) {
  if (!document.is_object() || profiles.empty()) return;
  json& list = document["devices"];
  if (list.is_null()) list = json::array();
  if (!list.is_array()) return;
  const auto named = [&](const std::string& profile) {
    return std::ranges::any_of(list, [&](const json& device) {
      const auto name = device.is_object() ? device.find("profile") : device.end();
      return device.is_object() && name != device.end() && *name == profile;
    });
  };
  std::vector<std::string> missing;
  for (const auto& profile : profiles)
    if (!named(profile)) missing.push_back(profile);
  for (const auto& profile : missing) {
    const std::string place = below("/devices", list.size());
    origins.push_back({place, place, "--device", "", ""});
    list.push_back({{"profile", profile}});
  }
}

/// One cell's scenario, and what is wrong with it where the user wrote it.
std::pair<Scenario, std::vector<Diagnostic>> read_cell(const Cell& cell, const std::string& file,
                                                       std::span<const Origin> overrides,
                                                       const Vocabulary& vocabulary) {
  Report report(file);
  Scenario scenario;
  scenario.name = std::filesystem::path(file).stem().string();
  read_object(scenario_file_fields(), scenario, cell.document, "", report);
  // Rules about what is no object at all would say nothing new.
  if (cell.document.is_object()) apply_rules(scenario, cell.document, vocabulary, report);
  if (!cell.label.empty()) scenario.name += "/" + cell.label;
  scenario.cell = cell.settings;
  std::vector<Origin> origins(overrides.begin(), overrides.end());
  origins.insert(origins.end(), cell.origins.begin(), cell.origins.end());
  std::vector<Diagnostic> diagnostics = report.take();
  for (auto& diagnostic : diagnostics) diagnostic = trace_back(std::move(diagnostic), origins);
  return {std::move(scenario), std::move(diagnostics)};
}

bool same(const Diagnostic& a, const Diagnostic& b) {
  return a.file == b.file && a.place == b.place && a.message == b.message;
}

/// Diagnostics of many cells as one list: each once, with the first cell that has it unless all do.
class Merge {
 public:
  void add(std::vector<Diagnostic> diagnostics, const std::string& label) {
    ++cells_;
    for (auto& diagnostic : diagnostics) {
      const auto known = std::ranges::find_if(
          entries_, [&](const Entry& entry) { return same(entry.diagnostic, diagnostic); });
      if (known != entries_.end())
        ++known->cells;
      else
        entries_.push_back({std::move(diagnostic), label, 1});
    }
  }

  bool full() const { return entries_.size() >= Report::limit; }

  void into(Report& report) {
    for (auto& entry : entries_) {
      const bool of_an_axis = entry.diagnostic.place.starts_with("/matrix/");
      if (entry.cells < cells_ && !of_an_axis)
        entry.diagnostic.message += fmt::format(" (in {})", entry.label);
      report.add(std::move(entry.diagnostic));
    }
  }

 private:
  struct Entry {
    Diagnostic diagnostic;
    std::string label;
    std::size_t cells = 0;
  };
  std::vector<Entry> entries_;
  std::size_t cells_ = 0;
};

Loaded<std::vector<Scenario>> read_cells(const std::vector<Cell>& cells,
                                         const Vocabulary& vocabulary,
                                         std::span<const Origin> overrides, Report& report) {
  std::vector<Scenario> scenarios;
  Merge merge;
  for (const auto& cell : cells) {
    auto [scenario, diagnostics] = read_cell(cell, report.file(), overrides, vocabulary);
    scenarios.push_back(std::move(scenario));
    merge.add(std::move(diagnostics), cell.label);
    if (merge.full()) break;
  }
  merge.into(report);
  if (!report.empty()) return tl::unexpected(report.take());
  return scenarios;
}

tl::unexpected<std::vector<Diagnostic>> unreadable(const std::filesystem::path& path,
                                                   const Error& error) {
  return tl::unexpected(std::vector<Diagnostic>{{path.string(), "", error.describe()}});
}

}  // namespace

Loaded<std::vector<Scenario>> load_text(std::string_view text, const std::string& name,
                                        const Vocabulary& vocabulary,
                                        std::span<const Override> overrides,
                                        std::span<const std::string> devices) {
  Report report(name);
  auto document = parse_json(text, report);
  if (!document) return tl::unexpected(report.take());
  std::vector<std::string> check_names;
  for (const auto& [check, specs] : vocabulary.checks) check_names.push_back(check);
  std::vector<Origin> origins;
  append_devices(document->value, devices, origins);
  for (const auto& setting : overrides)
    apply_override(document->value, setting, check_names, origins, report);
  if (!is_shallow(document->value)) {
    report.add("", fmt::format("nested deeper than {} levels", deepest));
    return tl::unexpected(report.take());
  }
  const auto cells = expand(std::move(*document), origins, check_names, report);
  return read_cells(cells, vocabulary, origins, report);
}

Loaded<std::vector<Scenario>> load(const std::filesystem::path& path, const Vocabulary& vocabulary,
                                   std::span<const Override> overrides,
                                   std::span<const std::string> devices) {
  const auto text = read_file(path, longest_text);
  if (!text) return unreadable(path, text.error());
  return load_text(*text, path.string(), vocabulary, overrides, devices);
}

Loaded<Profile> load_profile_text(std::string_view text, const std::string& name) {
  Report report(name);
  const auto document = parse_json(text, report);
  if (!document) return tl::unexpected(report.take());
  Profile profile;
  read_object(profile_fields(), profile, document->value, "", report);
  if (document->value.is_object()) apply_rules(profile, report);
  if (!report.empty()) return tl::unexpected(report.take());
  return profile;
}

Loaded<Profile> load_profile(const std::filesystem::path& path) {
  const auto text = read_file(path, longest_text);
  if (!text) return unreadable(path, text.error());
  return load_profile_text(*text, path.string());
}

Loaded<std::vector<Profile>> load_catalog(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".json") files.push_back(entry->path());
  if (error) return unreadable(folder, Error(Errc::io, error.message()));
  std::ranges::sort(files);
  std::vector<Profile> profiles;
  std::vector<Diagnostic> wrong;
  for (const auto& file : files) {
    auto profile = load_profile(file);
    if (!profile)
      wrong.insert(wrong.end(), profile.error().begin(), profile.error().end());
    else if (profile->name != file.stem())
      wrong.push_back({file.string(), "/name",
                       fmt::format("expected the file's name, \"{}\", found \"{}\"",
                                   file.stem().string(), profile->name)});
    else
      profiles.push_back(std::move(*profile));
  }
  if (!wrong.empty()) return tl::unexpected(std::move(wrong));
  return profiles;
}

}  // namespace quiesce::scenario
