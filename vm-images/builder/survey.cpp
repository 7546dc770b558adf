// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/survey.hpp"

#include <algorithm>
#include <set>

#include "harness/base/text.hpp"
#include "vm-images/builder/own_apt.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

bool source_before(const Source& a, const Source& b) {
  return compare_versions(a.offer.name, b.offer.name) < 0;
}

void add_sources(Survey& found, std::vector<KernelOffer> offers, const Apt& apt) {
  for (auto& offer : offers)
    if (found.find(offer.name) == nullptr) found.sources.push_back({std::move(offer), apt});
}

std::vector<Suite> suites_of(const std::vector<Recipe>& recipes) {
  std::vector<Suite> suites;
  for (const auto& recipe : recipes)
    for (const auto& suite : recipe.suites)
      if (std::find(suites.begin(), suites.end(), suite) == suites.end()) suites.push_back(suite);
  return suites;
}

Result<void> ask_suite(Survey& found, const Suite& suite, const Apt& apt,
                       const std::vector<Recipe>& recipes) {
  TRY_ASSIGN(auto offers, apt.kernels(recipes));
  found.asked.push_back(suite);
  add_sources(found, std::move(offers), apt);
  return {};
}

/// "trixie-security (Debian 13), sid (Debian unstable)"
std::string list_suites(const std::vector<Suite>& suites) {
  std::string text;
  for (const auto& suite : suites) text += (text.empty() ? "" : ", ") + suite.describe();
  return text;
}

}  // namespace

const Source* Survey::find(const std::string& name) const {
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const Source& source) { return source.offer.name == name; });
  return found == sources.end() ? nullptr : &*found;
}

Result<Survey> survey(const Apt& machine, const std::vector<Recipe>& recipes,
                      const std::string& wanted, const fs::path& folder, const Observer& observer) {
  Survey found;
  TRY(machine.fill_lists());
  TRY_ASSIGN(auto offers, machine.kernels(recipes));
  add_sources(found, std::move(offers), machine);
  if (found.find(wanted) != nullptr) return found;

  const auto archives = Archives::of_machine(machine);
  if (!archives) found.troubles.push_back(archives.error());
  std::set<std::string> unreachable;
  for (const auto& suite : archives ? suites_of(recipes) : std::vector<Suite>()) {
    const auto uri = archives->uri_of(suite);
    if (!uri || unreachable.contains(*uri)) continue;
    observe(observer, "looking into the suite " + suite.describe());
    TRY_ASSIGN(const Apt apt, own_apt(machine, *archives, {suite}, folder / suite.name));
    if (const auto updated = apt.update(); !updated) {
      SuiteTrouble trouble = suite_trouble(suite, *uri, updated.error().describe());
      if (trouble.kind == SuiteTrouble::Kind::unreachable) unreachable.insert(*uri);
      observe(observer, trouble.error.message());
      found.troubles.push_back(std::move(trouble.error));
      continue;
    }
    TRY(ask_suite(found, suite, apt, recipes));
    if (found.find(wanted) != nullptr) break;
  }
  std::sort(found.sources.begin(), found.sources.end(), source_before);
  return found;
}

Error not_offered(const Recipe& wanted, const Survey& survey) {
  std::vector<std::string> names;
  for (const auto& source : survey.sources) names.push_back(source.offer.name);
  std::string text = fmt::format("neither this machine's apt nor {} has a package {}*{} now",
                                 survey.asked.empty() ? "a suite" : list_suites(survey.asked),
                                 wanted.prefix, wanted.suffix);
  for (const auto& trouble : survey.troubles) text += "; " + trouble.describe();
  const std::string near = nearest(wanted.name, names);
  if (!near.empty()) text += fmt::format("; did you mean {}?", near);
  if (!names.empty()) text += fmt::format("; there are {}", fmt::join(names, ", "));
  return {survey.troubles.empty() ? Errc::not_found : Errc::io,
          text + "; or give the kernel's files"};
}

}  // namespace quiesce::builder
