// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/apt.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "harness/base/text.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr Seconds query_patience{120};
/// A kernel package has 100 MB; apt itself gives up on a silent server much earlier.
constexpr Seconds download_patience{3600};

std::string escape(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view(".+*?[]()^$|\\{}").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// apt's own complaint: its lines "E: ...", else the last line.
std::string complaint(const Captured& captured) {
  std::vector<std::string> errors;
  std::string last;
  for (const auto& line : split(captured.error, '\n')) {
    if (line.starts_with("E: ")) errors.push_back(line.substr(3));
    if (!trim(line).empty()) last = line;
  }
  if (errors.empty()) errors.push_back(last.empty() ? captured.status.describe() : last);
  return printable(fmt::format("{}", fmt::join(errors, "; ")));
}

std::string with_version(const Package& package) {
  return package.version.empty() ? package.name : package.name + "=" + package.version;
}

/// "linux-modules-7.3.4 (= 7.3.4-1) | other" -> name and, after "=", version.
Package parse_dependency(std::string_view text) {
  text = trim(text.substr(0, text.find('|')));
  const std::size_t name_end = text.find_first_of(" (:");
  Package package{std::string(text.substr(0, name_end)), ""};
  if (const std::size_t exact = text.find("(= "); exact != std::string_view::npos)
    package.version = trim(text.substr(exact + 3, text.find(')') - exact - 3));
  return package;
}

}  // namespace

std::map<std::string, std::string> parse_policy(std::string_view text) {
  std::map<std::string, std::string> candidates;
  constexpr std::string_view mark = "  Candidate: ";
  std::string name;
  for (const auto& line : split(text, '\n')) {
    if (!line.empty() && line[0] != ' ' && line.ends_with(':'))
      name = line.substr(0, line.size() - 1);
    else if (line.starts_with(mark) && line.substr(mark.size()) != "(none)")
      candidates[name] = trim(line.substr(mark.size()));
  }
  return candidates;
}

std::vector<Package> kernel_parts(std::string_view text, std::string_view release) {
  std::vector<Package> parts;
  for (const auto& line : split(text, '\n')) {
    const std::size_t colon = line.find(':');
    const std::string field = line.substr(0, colon);
    if (field != "Depends" && field != "Pre-Depends") continue;
    for (const auto& dependency : split(std::string_view(line).substr(colon + 1), ',')) {
      Package package = parse_dependency(dependency);
      if (package.name.starts_with("linux-") && package.name.find(release) != std::string::npos)
        parts.push_back(std::move(package));
    }
  }
  return parts;
}

std::vector<Package> parse_simulation(std::string_view text) {
  std::vector<Package> packages;
  constexpr std::string_view mark = "Inst ";
  for (const auto& line : split(text, '\n')) {
    // "Inst libyajl2 (2.1.0-3 Debian:12.15/oldstable [amd64])", "Inst x [old] (new ...)"
    const std::size_t open = line.find('(');
    if (!line.starts_with(mark) || open == std::string::npos) continue;
    const std::string_view rest = std::string_view(line).substr(mark.size());
    const std::string_view version = std::string_view(line).substr(open + 1);
    packages.push_back({std::string(rest.substr(0, rest.find(' '))),
                        std::string(version.substr(0, version.find_first_of(" )")))});
  }
  return packages;
}

Apt Apt::of_system() {
  const auto run = [](const std::vector<std::string>& argv, Seconds patience) {
    return capture(argv, patience, {"LC_ALL=C"});
  };
  return {run, ::geteuid() == 0 ? User::root : User::other};
}

Result<std::string> Apt::ask(const std::vector<std::string>& argv) const {
  TRY_ASSIGN(Captured captured, run_(argv, query_patience));
  if (!captured.status.ok()) return fail(Errc::io, "{} failed: {}", argv[0], complaint(captured));
  return std::move(captured.output);
}

Result<bool> Apt::lists_are_empty() const {
  TRY_ASSIGN(const std::string files,
             ask({"apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"}));
  return trim(files).empty();
}

Result<void> Apt::update() const {
  TRY_ASSIGN(const Captured captured, run_({"apt-get", "update"}, download_patience));
  if (!captured.status.ok())
    return fail(Errc::io, "apt-get update failed: {}", complaint(captured));
  return {};
}

Result<std::vector<Package>> Apt::find_in_lists(const Recipe& recipe) const {
  const std::string pattern = fmt::format("^{}.*{}$", escape(recipe.prefix), escape(recipe.suffix));
  TRY_ASSIGN(const std::string found, ask({"apt-cache", "search", "--names-only", pattern}));
  std::vector<std::string> question = {"apt-cache", "policy"};
  for (const auto& line : split(found, '\n'))
    if (const std::string name = line.substr(0, line.find(' ')); recipe.matches(name))
      question.push_back(name);
  if (question.size() == 2) return std::vector<Package>();
  TRY_ASSIGN(const std::string policy, ask(question));
  std::vector<Package> packages;
  for (const auto& [name, version] : parse_policy(policy))
    if (recipe.matches(name)) packages.push_back({name, version});
  return packages;
}

Result<void> Apt::add_parts(std::vector<Package>& packages, const std::string& release) const {
  for (std::size_t at = 0; at < packages.size(); ++at) {
    TRY_ASSIGN(const std::string shown,
               ask({"apt-cache", "show", "--no-all-versions", with_version(packages[at])}));
    for (auto& part : kernel_parts(shown, release)) {
      const bool known = std::any_of(packages.begin(), packages.end(), [&](const Package& package) {
        return package.name == part.name;
      });
      if (!known) packages.push_back(std::move(part));
    }
  }
  return {};
}

Result<std::vector<Package>> Apt::find_kernel(const Recipe& recipe) const {
  TRY_ASSIGN(auto packages, find_in_lists(recipe));
  if (packages.empty()) {
    TRY_ASSIGN(const bool empty, lists_are_empty());
    if (empty && user_ == User::other)
      return fail(Errc::not_found, "apt's package lists are empty; run \"apt-get update\" as root");
    if (empty) {
      TRY(update());
      TRY_ASSIGN(packages, find_in_lists(recipe));
    }
  }
  if (packages.empty())
    return fail(Errc::not_found,
                "apt knows no package {}*{}; add a suite that has it to apt's sources and run "
                "\"apt-get update\", or give the kernel's files",
                recipe.prefix, recipe.suffix);
  const auto newest =
      std::max_element(packages.begin(), packages.end(), [](const Package& a, const Package& b) {
        return compare_versions(a.version, b.version) < 0;
      });
  std::vector<Package> chosen = {*newest};
  constexpr std::string_view image = "linux-image-";
  const std::string& name = newest->name;
  TRY(add_parts(chosen, name.starts_with(image) ? name.substr(image.size()) : name));
  return chosen;
}

Result<std::vector<Package>> Apt::find_tool(const std::string& name) const {
  TRY_ASSIGN(const std::string simulated,
             ask({"apt-get", "install", "-s", "--no-install-recommends", name}));
  std::vector<Package> packages;
  for (auto& package : parse_simulation(simulated))
    if (package.name == name || package.name.starts_with("lib"))
      packages.push_back(std::move(package));
  if (packages.empty()) packages.push_back({name, ""});
  return packages;
}

Result<std::vector<fs::path>> Apt::download(const std::vector<Package>& packages,
                                            const fs::path& folder) const {
  // apt-get downloads into its working folder. As root it would do so as the user _apt, who may not
  // write there.
  std::vector<std::string> argv = {"env", "-C", folder.string(), "apt-get", "-q"};
  if (user_ == User::root) argv.insert(argv.end(), {"-o", "APT::Sandbox::User=root"});
  argv.push_back("download");
  for (const auto& package : packages) argv.push_back(with_version(package));
  TRY_ASSIGN(Captured captured, run_(argv, download_patience));
  if (!captured.status.ok() && user_ == User::root) {  // the lists may be older than the archive
    TRY(update());
    TRY_ASSIGN(captured, run_(argv, download_patience));
  }
  if (!captured.status.ok())
    return fail(Errc::io,
                "apt-get download failed: {}; if its lists are old, run \"apt-get update\"",
                complaint(captured));
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".deb") files.push_back(at->path());
  std::sort(files.begin(), files.end());
  if (files.size() != packages.size())
    return fail(Errc::io, "apt-get download left {} packages instead of {}", files.size(),
                packages.size());
  return files;
}

}  // namespace quiesce::builder
