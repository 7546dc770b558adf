// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/checks/check.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/places.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

using nlohmann::json;

namespace {

struct Options {
  std::string what;
  bool json = false;
};

json entry(const std::string& name, const std::string& description) {
  return {{"name", name}, {"description", description}};
}

Result<json> scenarios() {
  TRY_ASSIGN(const Places places, Places::find());
  auto words = vocabulary(places);
  if (!words) return tl::unexpected(as_error(words.error()));
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(places.scenarios, error))
    if (item.path().extension() == ".json") paths.push_back(item.path());
  std::ranges::sort(paths);
  json list = json::array();
  for (const auto& path : paths) {
    auto loaded = scenario::load(path, *words);
    if (!loaded) return tl::unexpected(as_error(loaded.error()));
    list.push_back(entry(path.stem().string(), loaded->empty() ? "" : loaded->front().description));
  }
  return list;
}

Result<json> devices() {
  TRY_ASSIGN(const Places places, Places::find());
  auto profiles = scenario::load_catalog(places.catalog);
  if (!profiles) return tl::unexpected(as_error(profiles.error()));
  json list = json::array();
  for (const auto& profile : *profiles) list.push_back(entry(profile.name, profile.description));
  return list;
}

Result<json> all_checks() {
  json list = json::array();
  for (const auto* check : checks::registry()) {
    json item = entry(check->name, check->question);
    for (const auto& parameter : check->parameters)
      item["parameters"][parameter.name] = {{"default", parameter.fallback},
                                            {"meaning", parameter.meaning}};
    list.push_back(std::move(item));
  }
  return list;
}

Result<json> kernels() {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  json list = json::array();
  for (const auto& name : builder::known_names()) {
    const auto kernel = builder::resolve(name, store, builder::Fetch::forbidden);
    list.push_back(
        entry(name, kernel ? kernel->release : "not fetched; quiesce image fetch " + name));
  }
  return list;
}

struct Kind {
  const char* name;
  Result<json> (*list)();
};
constexpr Kind kinds[] = {
    {"scenarios", scenarios}, {"devices", devices}, {"checks", all_checks}, {"kernels", kernels}};

int list(const Options& options) {
  for (const auto& kind : kinds) {
    if (options.what != kind.name) continue;
    const auto items = kind.list();
    if (!items) return report(items.error());
    if (options.json) {
      fmt::print("{}\n", items->dump(1));
      return exit_code::ok;
    }
    std::size_t width = 0;
    for (const auto& item : *items)
      width = std::max(width, item["name"].get_ref<const std::string&>().size());
    for (const auto& item : *items)
      fmt::print("{:{}}  {}\n", item["name"].get_ref<const std::string&>(), width,
                 item["description"].get_ref<const std::string&>());
  }
  return exit_code::ok;
}

}  // namespace

void add_list(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("list", "What there is: scenarios, devices, checks, kernels");
  command->footer("Example: quiesce list checks");
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.emplace_back(kind.name);
  command->add_option("WHAT", options->what, "scenarios, devices, checks or kernels")
      ->required()
      ->check(CLI::IsMember(names));
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, &chosen] { chosen = [options] { return list(*options); }; });
}

}  // namespace quiesce::cli
