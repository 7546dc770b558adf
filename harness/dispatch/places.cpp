// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/places.hpp"

#include <algorithm>
#include <cstdlib>

#include "harness/base/names.hpp"
#include "harness/checks/check.hpp"
#include "harness/dispatch/model_profiles.hpp"

namespace quiesce::dispatch {

namespace fs = std::filesystem;

namespace {

Result<fs::path> existing(const char* what, const std::vector<fs::path>& candidates) {
  std::string tried;
  for (const auto& candidate : candidates) {
    std::error_code error;
    if (fs::exists(candidate, error)) return fs::weakly_canonical(candidate);
    tried += (tried.empty() ? "" : ", ") + candidate.string();
  }
  if (const char* chosen = chosen_data())
    return fail(Errc::unsupported,
                "cannot find {} (looked at {}), for QUIESCE_DATA is {}: let it name a source tree, "
                "or unset it",
                what, tried, chosen);
  return fail(Errc::unsupported,
              "cannot find {} (looked at {}); run from the build folder, or set QUIESCE_DATA", what,
              tried);
}

}  // namespace

const char* chosen_data() {
  const char* chosen = std::getenv("QUIESCE_DATA");
  return chosen != nullptr && *chosen != '\0' ? chosen : nullptr;
}

Result<Places> Places::find() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  const char* chosen = chosen_data();
  // BUILD/harness/cli/quiesce; the sources are named by the build.
  const fs::path build = here.parent_path().parent_path();
  const fs::path data = chosen != nullptr ? fs::path(chosen) : fs::path(QUIESCE_SOURCE_ROOT);
  const fs::path installed = here / "../share/quiesce";
  const auto find = [&](const char* what, const char* when_installed, const char* in_sources) {
    std::vector<fs::path> candidates{data / in_sources};
    if (chosen == nullptr) candidates.insert(candidates.begin(), installed / when_installed);
    return existing(what, candidates);
  };
  TRY_ASSIGN(fs::path catalog, find("the device catalog", "catalog", "devices/catalog"));
  TRY_ASSIGN(fs::path scenarios, find("the scenarios", "scenarios", "scenarios"));
  TRY_ASSIGN(fs::path agent, existing("the guest agent", {here / "../libexec/quiesce/quiesce-agent",
                                                          build / "vm-images/agent/quiesce-agent",
                                                          data / "quiesce-agent"}));
  return Places{.catalog = catalog, .scenarios = scenarios, .agent = agent};
}

Result<fs::path> find_scenario(const Places& places, const std::string& given) {
  std::error_code error;
  if (fs::is_regular_file(given, error)) return fs::path(given);
  const fs::path shipped = places.scenarios / (given + ".json");
  if (given.find('/') == std::string::npos && fs::is_regular_file(shipped, error)) return shipped;
  std::vector<std::string> names;
  for (const auto& item : fs::directory_iterator(places.scenarios, error))
    if (item.path().extension() == ".json") names.push_back(item.path().stem().string());
  std::ranges::sort(names);
  return fail(Errc::invalid_input, "{}",
              no_such("scenario", given, names, "quiesce list scenarios"));
}

scenario::ProfileSources profile_sources(const std::vector<std::string>& folders,
                                         const std::vector<std::string>& devices) {
  scenario::ProfileSources sources;
  if (const char* list = std::getenv("QUIESCE_DEVICES"))
    sources.folders = scenario::folders_of_list(list, "QUIESCE_DEVICES");
  for (const auto& folder : folders) sources.folders.push_back({folder, "--devices"});
  sources.devices = devices;
  return sources;
}

Result<scenario::ProfileSet> all_profiles(const Places& places,
                                          const scenario::ProfileSources& sources) {
  auto shipped = scenario::load_catalog(places.catalog);
  if (!shipped) return tl::unexpected(as_error(shipped.error()));
  for (auto& profile : model_profiles()) shipped->push_back(std::move(profile));
  auto set = scenario::gather_profiles(std::move(*shipped), sources);
  if (!set) return tl::unexpected(as_error(set.error()));
  return std::move(*set);
}

scenario::Vocabulary vocabulary(std::vector<scenario::Profile> profiles) {
  return {.profiles = std::move(profiles), .checks = checks::vocabulary()};
}

Error as_error(const std::vector<scenario::Diagnostic>& diagnostics) {
  std::string text;
  for (const auto& diagnostic : diagnostics)
    text += (text.empty() ? "" : "\n") + diagnostic.describe();
  return {Errc::invalid_input, text};
}

}  // namespace quiesce::dispatch
