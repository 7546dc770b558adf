// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/survey.hpp"

#include <algorithm>
#include <set>

#include "vm-images/builder/own_apt.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

bool source_before(const Source& a, const Source& b) {
  return compare_versions(a.offer.name, b.offer.name) < 0;
}

void add_sources(Survey& found, std::vector<KernelOffer> offers, const Apt& apt) {
  for (auto& offer : offers) {
    if (!offer.lacking.empty())
      found.broken.push_back(std::move(offer));
    else if (found.find(offer.name) == nullptr)
      found.sources.push_back({std::move(offer), apt});
  }
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

/// The names that were found whose packages have what is particular about the wanted one: no "-rt"
/// for a plain kernel.
std::vector<std::string> names_like(const Recipe& wanted, const Survey& survey) {
  Recipe any = wanted;
  any.prefix.clear();
  std::vector<std::string> names;
  for (const auto& source : survey.sources)
    if (!any.kernel_of(source.offer.packages.front().name).empty())
      names.push_back(source.offer.name);
  return names;
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
  observe(observer, "asking this machine's apt");
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
      observe(observer, trouble.summary);
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
  std::string text = "this machine's apt";
  if (!survey.asked.empty()) text += " and " + list_suites(survey.asked);
  text = fmt::format("there is no package {}*{} now; asked were {}", wanted.prefix, wanted.suffix,
                     text);
  for (const auto& offer : survey.broken)
    if (offer.name == wanted.name)
      text = fmt::format("{} still has {}, but no longer {}, without which it is no whole kernel",
                         offer.suite, offer.packages.front().name, fmt::join(offer.lacking, ", "));
  const std::vector<std::string> names = names_like(wanted, survey);
  if (!names.empty()) text += fmt::format("; there are {}", fmt::join(names, ", "));
  text +=
      "; take one of those that \"quiesce list kernels --remote\" shows, or give the kernel's "
      "files";
  for (const auto& trouble : survey.troubles) text += "\n  " + trouble.describe();
  return {survey.troubles.empty() ? Errc::not_found : Errc::io, text};
}

}  // namespace quiesce::builder
