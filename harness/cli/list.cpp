// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "devices/models/engine.hpp"
#include "harness/checks/check.hpp"
#include "harness/checks/needs.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/fetch_progress.hpp"
#include "harness/cli/names.hpp"
#include "harness/cli/output.hpp"
#include "harness/dispatch/interrupts.hpp"
#include "harness/dispatch/places.hpp"
#include "harness/record/catalog.hpp"
#include "reports/format.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

using nlohmann::json;

namespace {

struct ListOptions {
  std::string what;
  bool json = false;
  bool markdown = false;
  bool schema = false;
  bool remote = false;
  std::vector<std::string> folders;
};

json entry(const std::string& name, const std::string& description) {
  return {{"name", name}, {"description", description}};
}

Result<json> scenarios(const ListOptions& options) {
  TRY_ASSIGN(const dispatch::Places places, dispatch::Places::find());
  TRY_ASSIGN(scenario::ProfileSet set,
             dispatch::all_profiles(places, dispatch::profile_sources(options.folders)));
  const auto words = dispatch::vocabulary(std::move(set.profiles));
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(places.scenarios, error))
    if (item.path().extension() == ".json") paths.push_back(item.path());
  std::ranges::sort(paths);
  json list = json::array();
  for (const auto& path : paths) {
    auto loaded = scenario::load(path, words);
    if (!loaded) return tl::unexpected(dispatch::as_error(loaded.error()));
    list.push_back(entry(path.stem().string(), loaded->empty() ? "" : loaded->front().description));
  }
  return list;
}

Result<json> devices(const ListOptions& options) {
  TRY_ASSIGN(const dispatch::Places places, dispatch::Places::find());
  TRY_ASSIGN(const scenario::ProfileSet set,
             dispatch::all_profiles(places, dispatch::profile_sources(options.folders)));
  json list = json::array();
  for (const auto& profile : set.profiles) {
    json item = entry(profile.name, profile.description);
    if (const auto file = set.files.find(profile.name); file != set.files.end()) {
      item["file"] = file->second.string();
      item["description"] = fmt::format("{} ({})", profile.description, file->second.string());
    }
    list.push_back(std::move(item));
  }
  return list;
}

Result<json> all_checks(const ListOptions&) {
  json list = json::array();
  for (const auto* check : checks::registry()) {
    json item = entry(check->name, check->question);
    for (const auto& parameter : check->parameters)
      item["parameters"][parameter.name] = {{"default", parameter.fallback},
                                            {"meaning", parameter.meaning}};
    item["needs"] = json::array();
    for (const auto* need : check->needs)
      item["needs"].push_back({{"name", need->name}, {"whole_when", need->whole}});
    item["codes"] = json::array();
    for (const auto* code : check->codes)
      item["codes"].push_back({{"name", code->name},
                               {"verdict", code->verdict ? to_string(*code->verdict) : "told"},
                               {"meaning", code->meaning}});
    list.push_back(std::move(item));
  }
  return list;
}

std::string not_fetched(const std::string& name) {
  const std::string description = builder::kernel_description(name);
  return fmt::format("not fetched{}; quiesce image fetch {}",
                     description.empty() ? "" : " (" + description + ")", name);
}

Result<json> kernels(const ListOptions&) {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  json list = json::array();
  for (const auto& name : builder::kernel_names(store)) {
    const auto kernel = builder::resolve(name, store, builder::Fetch::forbidden);
    json item = entry(name, kernel ? kernel->release : not_fetched(name));
    if (kernel) {
      item["image"] = kernel->image.string();
      item["modules"] = kernel->modules.string();
    }
    list.push_back(std::move(item));
  }
  return list;
}

json to_json(const builder::RemoteKernel& kernel) {
  return {{"name", kernel.name},
          {"suite", kernel.suite},
          {"version", kernel.version},
          {"bytes", kernel.size.value},
          {"stored", kernel.stored.empty() ? json() : json(kernel.stored)}};
}

void print_remote(const std::vector<builder::RemoteKernel>& kernels) {
  using Row = std::array<std::string, 5>;
  std::vector<Row> rows = {{"name", "suite", "version", "download", "in the store"}};
  for (const auto& kernel : kernels)
    rows.push_back({kernel.name, kernel.suite, kernel.version, format_bytes(kernel.size),
                    kernel.stored.empty() ? "-" : kernel.stored});
  std::array<std::size_t, 4> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : rows)
    put("{:{}}  {:{}}  {:{}}  {:>{}}  {}\n", row[0], widths[0], row[1], widths[1], row[2],
        widths[2], row[3], widths[3], row[4]);
}

/// What the suites have. One that could not be asked leaves a hole in the list: exit code 3.
int list_remote(const ListOptions& options) {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  FetchProgress progress("kernels");
  const auto remote = dispatch::unless_interrupted(
      [&] { return builder::list_remote(*store, progress.observer()); });
  progress.done();
  if (!remote) return report(remote.error());
  if (options.json) {
    json list = json::array();
    for (const auto& kernel : remote->kernels) list.push_back(to_json(kernel));
    put("{}\n", list.dump(1));
  } else {
    print_remote(remote->kernels);
  }
  int code = exit_code::ok;
  for (const auto& trouble : remote->troubles) {
    report(trouble);
    code = exit_code::environment;
  }
  return code;
}

std::string setting_markdown(const models::Setting& setting) {
  return fmt::format("`{}` ({}): {}", setting.name, setting.fallback.dump(), setting.meaning);
}

/// A line a model, from what the models say of themselves.
std::string models_markdown() {
  const auto common = models::common_settings();
  std::string text =
      "\n## Reference models\n\nDevices of our own that misbehave, each in one way, served over "
      "vfio-user (to a QEMU with vfio-user-pci); each is a file of `devices/models/`. What ends "
      "its DMA: "
      "`control` is its own register, `bus-master` the bit in the Command register, `flr`, `pm` "
      "and `bus` are the kernel's reset methods. Settings are shown with their defaults; all have "
      "these:\n\n";
  for (const auto& setting : common) text += "- " + setting_markdown(setting) + "\n";
  text += "\n| model | what it does | what ends its DMA | settings |\n|---|---|---|---|\n";
  for (const auto* model : models::registry()) {
    std::string settings;
    for (const auto& setting : model->settings)
      if (std::ranges::find(common, setting.name, &models::Setting::name) == common.end())
        settings += (settings.empty() ? "" : "<br>") + setting_markdown(setting);
    text += fmt::format("| {} | {} | {} | {} |\n", model->name, model->description,
                        fmt::join(model->stops_on, ", "), settings);
  }
  return text;
}

std::string devices_markdown() {
  std::string text =
      "# Devices\n\nGenerated by `quiesce list devices --markdown`.\n\n## Devices that QEMU has"
      "\n\nEach is a file of `devices/catalog/`.\n\n"
      "| device | what it is | driver | modules | activity | test |\n|---|---|---|---|---|---|\n";
  const auto places = dispatch::Places::find();
  const auto profiles = places ? scenario::load_catalog(places->catalog)
                               : scenario::Loaded<std::vector<scenario::Profile>>();
  if (!profiles) return text;
  for (const auto& profile : *profiles) {
    std::string modules;
    for (const auto& module : profile.modules) modules += (modules.empty() ? "" : ", ") + module;
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", profile.name, profile.description,
                        profile.driver, modules, profile.activity.value("kind", "none"),
                        profile.test.value("kind", "none"));
  }
  return text + models_markdown();
}

Result<json> records(const ListOptions&) {
  json list = json::array();
  for (const auto& row : record::files()) list.push_back(entry(row.name, row.what));
  for (const auto& kind : record::event_kinds()) list.push_back(entry(kind.name, kind.meaning));
  return list;
}

Result<json> formats(const ListOptions&) {
  json list = json::array();
  for (const auto* format : reports::formats()) {
    json item = entry(format->name, format->meaning);
    item["media"] = format->media;
    item["ending"] = format->ending;
    list.push_back(std::move(item));
  }
  return list;
}

struct Kind {
  const char* name;
  Result<json> (*list)(const ListOptions& options);
  std::string (*markdown)();  ///< for docs/, or null
  bool takes_folders = false;
  bool has_schema = false;
  bool is_remote = false;
};
constexpr Kind kinds[] = {
    {.name = "scenarios",
     .list = scenarios,
     .markdown = nullptr,
     .takes_folders = true,
     .has_schema = true},
    {.name = "devices", .list = devices, .markdown = devices_markdown, .takes_folders = true},
    {.name = "checks", .list = all_checks, .markdown = checks::checks_markdown},
    {.name = "kernels", .list = kernels, .markdown = nullptr, .is_remote = true},
    {.name = "formats", .list = formats, .markdown = nullptr},
    {.name = "records", .list = records, .markdown = record::markdown}};

/// An option that not every list has.
struct Special {
  const char* name;
  bool (*given)(const ListOptions& options);
  bool (*fits)(const Kind& kind);
};
constexpr Special specials[] = {
    {"--devices", [](const ListOptions& options) { return !options.folders.empty(); },
     [](const Kind& kind) { return kind.takes_folders; }},
    {"--markdown", [](const ListOptions& options) { return options.markdown; },
     [](const Kind& kind) { return kind.markdown != nullptr; }},
    {"--schema", [](const ListOptions& options) { return options.schema; },
     [](const Kind& kind) { return kind.has_schema; }},
    {"--remote", [](const ListOptions& options) { return options.remote; },
     [](const Kind& kind) { return kind.is_remote; }}};

/// invalid_input for an option that would be without effect.
Result<void> check_options(const Kind& kind, const ListOptions& options) {
  for (const auto& special : specials) {
    if (!special.given(options) || special.fits(kind)) continue;
    std::string others;
    for (const auto& other : kinds)
      if (special.fits(other)) others += (others.empty() ? "" : " and ") + std::string(other.name);
    return fail(Errc::invalid_input, "{} goes with {} only", special.name, others);
  }
  return {};
}

/// The JSON Schema of scenarios, for editors and for docs/.
int print_schema(const ListOptions& options) {
  const auto places = dispatch::Places::find();
  if (!places) return report(places.error());
  auto set = dispatch::all_profiles(*places, dispatch::profile_sources(options.folders));
  if (!set) return report(set.error());
  put("{}\n", scenario::schema(dispatch::vocabulary(std::move(set->profiles))).dump(1));
  return exit_code::ok;
}

void print_items(const json& items) {
  std::size_t width = 0;
  for (const auto& item : items)
    width = std::max(width, item["name"].get_ref<const std::string&>().size());
  for (const auto& item : items) {
    put("{:{}}  {}\n", item["name"].get_ref<const std::string&>(), width,
        item["description"].get_ref<const std::string&>());
    std::string needs;
    for (const auto& need : item.value("needs", json::array()))
      needs += (needs.empty() ? "needs " : "; ") + need["name"].get<std::string>();
    if (!needs.empty()) put("{:{}}  {}\n", "", width, needs);
    std::string codes;
    for (const auto& code : item.value("codes", json::array()))
      codes += (codes.empty() ? "finds " : ", ") + code["name"].get<std::string>();
    if (!codes.empty()) put("{:{}}  {}\n", "", width, codes);
  }
}

int list(const ListOptions& options) {
  const auto* kind =
      std::ranges::find_if(kinds, [&](const Kind& entry) { return options.what == entry.name; });
  if (const auto fits = check_options(*kind, options); !fits) return report(fits.error());
  if (options.schema) return print_schema(options);
  if (options.remote) return list_remote(options);
  if (options.markdown) {
    put("{}", kind->markdown());
    return exit_code::ok;
  }
  const auto items = kind->list(options);
  if (!items) return report(items.error());
  if (options.json)
    put("{}\n", items->dump(1));
  else
    print_items(*items);
  return exit_code::ok;
}

/// With --help: whether the folders exist, and whether the options fit.
int check_list_names(const ListOptions& options) {
  const auto* kind =
      std::ranges::find_if(kinds, [&](const Kind& entry) { return options.what == entry.name; });
  if (kind != std::end(kinds))
    if (const auto fits = check_options(*kind, options); !fits) return report(fits.error());
  if (options.folders.empty()) return exit_code::ok;
  const auto places = dispatch::Places::find();
  if (!places) return report(places.error());
  const auto set = dispatch::all_profiles(*places, dispatch::profile_sources(options.folders));
  return set ? exit_code::ok : report(set.error());
}

}  // namespace

void add_list(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = program.add_subcommand(
      "list", "What there is: scenarios, devices, checks, kernels, formats, records");
  command->footer("Example: quiesce list checks");
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.emplace_back(kind.name);
  command
      ->add_option("WHAT", options->what,
                   "scenarios, devices, checks, kernels, formats or records (files and events of a "
                   "run)")
      ->required()
      ->check(one_of("list of", names, "quiesce list --help"));
  CLI::Option* json_flag = command->add_flag("--json", options->json, "As JSON");
  CLI::Option* markdown = command->add_flag("--markdown", options->markdown,
                                            "Devices, checks and records as the pages of docs/");
  markdown->excludes(json_flag);
  command->add_flag("--schema", options->schema, "The JSON Schema of scenarios")
      ->excludes(markdown);
  command->add_flag("--remote", options->remote,
                    "Of kernels: those that can be fetched by name now, which asks the network");
  add_devices_option(*command, options->folders);
  command->callback([options, &chosen] {
    chosen = {[options] { return list(*options); },
              [options] { return check_list_names(*options); }};
  });
}

}  // namespace quiesce::cli
