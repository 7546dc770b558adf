// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/apt.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "harness/base/text.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

/// A kernel package has 100 MB; apt itself gives up on a silent server much earlier.
constexpr Seconds download_patience{3600};

/// apt's own complaint: its lines "E: ...", else the last line.
std::string complaint(const Captured& captured) {
  std::vector<std::string> errors;
  std::string last;
  for (const auto& line : split(captured.error, '\n')) {
    // What apt says after the reason, whatever it was.
    if (line.starts_with("E: Some index files failed to download")) continue;
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

/// Of "        500 URI bookworm-security/main amd64 Packages" the suite; empty of dpkg's own status
/// file.
std::string suite_of_source(std::string_view line) {
  std::vector<std::string> words;
  for (auto& word : split(trim(line), ' '))
    if (!word.empty()) words.push_back(std::move(word));
  if (words.size() < 3) return {};
  return words[2].substr(0, words[2].rfind('/'));
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

constexpr std::string_view image_start = "linux-image-";

/// The release in the name of the package that names a kernel.
std::string release_of(const std::string& package) {
  return package.starts_with(image_start) ? package.substr(image_start.size()) : package;
}

bool has_package(const KernelOffer& offer, const std::string& name) {
  return std::any_of(offer.packages.begin(), offer.packages.end(),
                     [&](const Package& package) { return package.name == name; });
}

const Stanza* find_stanza(const std::vector<Stanza>& stanzas, const Package& package) {
  const auto found = std::find_if(stanzas.begin(), stanzas.end(), [&](const Stanza& stanza) {
    return stanza.package.name == package.name &&
           (package.version.empty() || stanza.package.version == package.version);
  });
  return found == stanzas.end() ? nullptr : &*found;
}

/// Whether `a` is to be taken rather than `b`, of the same name.
bool is_better(const KernelOffer& a, const KernelOffer& b) {
  if (a.lacking.empty() != b.lacking.empty()) return a.lacking.empty();
  return compare_versions(a.version(), b.version()) > 0;
}

}  // namespace

std::map<std::string, Candidate> parse_policy(std::string_view text) {
  std::map<std::string, Candidate> candidates;
  constexpr std::string_view mark = "  Candidate: ";
  constexpr std::string_view source_indent = "        ";
  std::string name;
  std::string candidate;
  bool in_candidate = false;  // below the line of its version, where its sources are
  for (const auto& line : split(text, '\n')) {
    if (!line.empty() && line[0] != ' ' && line.ends_with(':')) {
      name = line.substr(0, line.size() - 1);
      candidate.clear();
      in_candidate = false;
    } else if (line.starts_with(mark)) {
      candidate = trim(line.substr(mark.size()));
    } else if (line.starts_with(source_indent)) {
      if (std::string suite = suite_of_source(line); in_candidate && !suite.empty())
        candidates.try_emplace(name, Candidate{candidate, std::move(suite)});
    } else if (line.size() > 5) {  // "     VERSION PRIORITY", " *** VERSION PRIORITY"
      const std::string_view version = std::string_view(line).substr(5);
      in_candidate = version.substr(0, version.find(' ')) == candidate;
    }
  }
  return candidates;
}

std::vector<Stanza> parse_show(std::string_view text) {
  std::vector<Stanza> stanzas;
  for (const auto& line : split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (line.empty() || line[0] == ' ' || colon == std::string::npos) continue;
    const std::string field = line.substr(0, colon);
    const std::string_view value = trim(std::string_view(line).substr(colon + 1));
    // apt prints Package first.
    if (field == "Package") stanzas.push_back({{std::string(value)}, {}});
    if (stanzas.empty()) continue;
    Stanza& stanza = stanzas.back();
    if (field == "Version") stanza.package.version = value;
    if (field == "Size") stanza.package.bytes = number_in(value);
    if (field == "Depends" || field == "Pre-Depends")
      for (const auto& dependency : split(value, ','))
        stanza.depends.push_back(parse_dependency(dependency));
  }
  return stanzas;
}

std::vector<Package> kernel_parts(const Stanza& stanza, std::string_view release) {
  std::vector<Package> parts;
  for (const auto& package : stanza.depends)
    if (package.name.starts_with("linux-") && package.name.find(release) != std::string::npos)
      parts.push_back(package);
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

std::vector<std::uint64_t> parse_uri_sizes(std::string_view text) {
  std::vector<std::uint64_t> sizes;
  // "'URI' NAME.deb SIZE SHA256:..."
  for (const auto& line : split(text, '\n'))
    if (const auto words = split(line, ' '); line.starts_with("'") && words.size() >= 3)
      sizes.push_back(number_in(words[2]));
  return sizes;
}

void take_stanzas(KernelOffer& offer, const std::vector<Stanza>& stanzas, std::size_t asked) {
  const std::string release = release_of(offer.packages.front().name);
  const std::size_t end = offer.packages.size();
  for (std::size_t i = asked; i < end; ++i) {
    const Stanza* const stanza = find_stanza(stanzas, offer.packages[i]);
    if (stanza == nullptr) {
      offer.lacking.push_back(offer.packages[i].name);
      continue;
    }
    offer.packages[i].bytes = stanza->package.bytes;
    for (auto& part : kernel_parts(*stanza, release))
      if (!has_package(offer, part.name)) offer.packages.push_back(std::move(part));
  }
}

std::vector<KernelOffer> newest_offers(std::vector<KernelOffer> offers) {
  std::map<std::string, KernelOffer> best;
  for (auto& offer : offers) {
    const auto [place, is_first] = best.try_emplace(offer.name, offer);
    if (!is_first && is_better(offer, place->second)) place->second = std::move(offer);
  }
  std::vector<KernelOffer> chosen;
  chosen.reserve(best.size());
  for (auto& [name, offer] : best) chosen.push_back(std::move(offer));
  return chosen;
}

std::uint64_t KernelOffer::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& package : packages) sum += package.bytes;
  return sum;
}

Apt Apt::of_system() {
  const auto run = [](const std::vector<std::string>& argv, Seconds patience) {
    return capture(argv, patience, {"LC_ALL=C"});
  };
  return {run, ::geteuid() == 0 ? User::root : User::other};
}

Apt Apt::with(std::vector<std::string> options) const {
  Apt other = *this;
  other.options_ = std::move(options);
  return other;
}

std::vector<std::string> Apt::command(const std::string& program,
                                      const std::vector<std::string>& words) const {
  std::vector<std::string> argv = {program};
  argv.insert(argv.end(), options_.begin(), options_.end());
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

Result<std::string> Apt::ask(const std::string& program, const std::vector<std::string>& words,
                             Seconds patience) const {
  TRY_ASSIGN(Captured captured, run_(command(program, words), patience));
  if (!captured.status.ok()) return fail(Errc::io, "{} failed: {}", program, complaint(captured));
  return std::move(captured.output);
}

Result<bool> Apt::lists_are_empty() const {
  TRY_ASSIGN(const std::string files,
             ask("apt-get", {"indextargets", "--format", "$(FILENAME)", "Created-By: Packages"}));
  return trim(files).empty();
}

Result<void> Apt::update() const {
  TRY_ASSIGN(const Captured captured, run_(command("apt-get", {"update"}), download_patience));
  if (!captured.status.ok())
    return fail(Errc::io, "apt-get update failed: {}", complaint(captured));
  return {};
}

Result<void> Apt::fill_lists() const {
  TRY_ASSIGN(const bool empty, lists_are_empty());
  if (!empty) return {};
  if (user_ == User::other)
    return fail(Errc::not_found, "apt's package lists are empty; run \"apt-get update\" as root");
  return update();
}

Result<std::vector<KernelOffer>> Apt::candidates(const std::vector<Recipe>& recipes) const {
  std::map<std::string, std::vector<std::string>> names;  // start -> packages
  std::map<std::string, std::string> kernel_of;           // package -> kernel
  for (const auto& recipe : recipes) {
    const auto [listed, is_new] = names.try_emplace(recipe.start());
    if (is_new) {
      TRY_ASSIGN(const std::string text, ask("apt-cache", {"pkgnames", recipe.start()}));
      listed->second = split(text, '\n');
    }
    for (const auto& package : listed->second)
      if (std::string kernel = recipe.kernel_of(package); !kernel.empty())
        kernel_of.try_emplace(package, std::move(kernel));
  }
  if (kernel_of.empty()) return std::vector<KernelOffer>();
  std::vector<std::string> question = {"policy"};
  for (const auto& [package, kernel] : kernel_of) question.push_back(package);
  TRY_ASSIGN(const std::string policy, ask("apt-cache", question));
  std::vector<KernelOffer> offers;
  for (const auto& [package, candidate] : parse_policy(policy))
    if (const auto kernel = kernel_of.find(package); kernel != kernel_of.end())
      offers.push_back({kernel->second, candidate.suite, {{package, candidate.version}}});
  return offers;
}

Result<void> Apt::add_parts(std::vector<KernelOffer>& offers) const {
  // Round by round, so that one command asks for packages of every kernel.
  std::vector<std::size_t> asked(offers.size(), 0);
  for (;;) {
    std::vector<std::string> question = {"show", "--no-all-versions"};
    const std::size_t words = question.size();
    for (std::size_t i = 0; i < offers.size(); ++i)
      for (std::size_t at = asked[i]; at < offers[i].packages.size(); ++at)
        question.push_back(offers[i].packages[at].name);
    if (question.size() == words) return {};
    const auto shown = ask("apt-cache", question);
    // What apt says when it has none of them; of some it shows the others and says nothing.
    const bool none =
        !shown && shown.error().message().find("No packages found") != std::string::npos;
    if (!shown && !none) return tl::unexpected(shown.error());
    const std::vector<Stanza> stanzas = none ? std::vector<Stanza>() : parse_show(*shown);
    for (std::size_t i = 0; i < offers.size(); ++i) {
      const std::size_t end = offers[i].packages.size();
      take_stanzas(offers[i], stanzas, asked[i]);
      asked[i] = end;
    }
  }
}

Result<std::vector<KernelOffer>> Apt::kernels(const std::vector<Recipe>& recipes) const {
  TRY_ASSIGN(auto offers, candidates(recipes));
  TRY(add_parts(offers));
  return newest_offers(std::move(offers));
}

Result<std::vector<Package>> Apt::find_tool(const std::string& name) const {
  TRY_ASSIGN(const std::string simulated,
             ask("apt-get", {"install", "-s", "--no-install-recommends", name}));
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
  std::vector<std::string> words = {"-q"};
  if (user_ == User::root) words.insert(words.end(), {"-o", "APT::Sandbox::User=root"});
  words.emplace_back("download");
  for (const auto& package : packages) words.push_back(with_version(package));
  std::vector<std::string> argv = command("apt-get", words);
  argv.insert(argv.begin(), {"env", "-C", folder.string()});
  TRY_ASSIGN(Captured captured, run_(argv, download_patience));
  if (!captured.status.ok() && user_ == User::root) {  // the lists may be older than the archive
    TRY(update());
    TRY_ASSIGN(captured, run_(argv, download_patience));
  }
  if (!captured.status.ok())
    return fail(Errc::io, "apt-get download failed: {}; {}", complaint(captured),
                options_.empty() ? "if its lists are old, run \"apt-get update\""
                                 : "the suite may have changed meanwhile: try again");
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
