// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/own_apt.hpp"

#include <array>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr const char* debian_label = "Debian";
constexpr const char* security_label = "Debian-Security";

const char* label_of(const Suite& suite) {
  return suite.name.ends_with("-security") ? security_label : debian_label;
}

/// apt's words (apt-pkg/acquire-item.cc, methods/connect.cc, methods/gpgv.cc), what they mean, and
/// the remedy. The first line whose words occur counts.
using TroubleKind = SuiteTrouble::Kind;
struct TroubleWords {
  std::string_view words;
  TroubleKind kind;
};
constexpr std::array trouble_words = {
    TroubleWords{"is expired", TroubleKind::expired},
    TroubleWords{"is not valid yet", TroubleKind::premature},
    TroubleWords{"not have a Release file", TroubleKind::gone},
    TroubleWords{"no longer has a Release file", TroubleKind::gone},
    // Of a suite's list, where apt was told to do without a Release file.
    TroubleWords{"404  Not Found", TroubleKind::gone},
    TroubleWords{"File not found", TroubleKind::gone},
    TroubleWords{"NO_PUBKEY", TroubleKind::unsigned_by_known},
    TroubleWords{"EXPKEYSIG", TroubleKind::unsigned_by_known},
    TroubleWords{"Missing key", TroubleKind::unsigned_by_known},
    TroubleWords{"is not signed", TroubleKind::unsigned_by_known},
    TroubleWords{"Could not resolve", TroubleKind::unreachable},
    TroubleWords{"Temporary failure resolving", TroubleKind::unreachable},
    TroubleWords{"Something wicked happened resolving", TroubleKind::unreachable},
    TroubleWords{"Could not connect", TroubleKind::unreachable},
    TroubleWords{"Cannot initiate the connection", TroubleKind::unreachable},
    TroubleWords{"Unable to connect", TroubleKind::unreachable},
    TroubleWords{"Connection timed out", TroubleKind::unreachable},
    TroubleWords{"Connection failed", TroubleKind::unreachable},
};

struct TroubleMeaning {
  TroubleKind kind;
  const char* what;
  const char* remedy;
};
constexpr std::array trouble_meanings = {
    TroubleMeaning{
        TroubleKind::expired, "has expired",
        "have apt's sources name a mirror that is kept up to date, or, when an old state is "
        "wanted, set Acquire::Check-Valid-Until \"false\" in a file of /etc/apt/apt.conf.d"},
    TroubleMeaning{TroubleKind::premature, "is from the future", "set this machine's clock"},
    TroubleMeaning{
        TroubleKind::gone, "is gone",
        "have apt's sources name a mirror that has it (Debian moves what it no longer keeps up "
        "to its archive of old releases), or give the files themselves"},
    TroubleMeaning{TroubleKind::unsigned_by_known, "is not signed by a key that apt trusts",
                   "install the newest debian-archive-keyring"},
    TroubleMeaning{TroubleKind::unreachable, "cannot be reached",
                   "see to the network, or to the proxy in apt's configuration"},
    TroubleMeaning{TroubleKind::other, "cannot be read", "try again, or give the files themselves"},
};

TroubleKind trouble_kind(std::string_view complaint) {
  for (const auto& entry : trouble_words)
    if (complaint.find(entry.words) != std::string_view::npos) return entry.kind;
  return TroubleKind::other;
}

const TroubleMeaning& trouble_meaning(TroubleKind kind) {
  for (const auto& meaning : trouble_meanings)
    if (meaning.kind == kind) return meaning;
  return trouble_meanings.back();
}

}  // namespace

Archives Archives::parse(std::string_view text) {
  Archives archives;
  // Origin and label are both "Debian" for Debian's own archive; security's label and backports'
  // origin differ, and others' lists have names of their own. A disc has no other suites.
  for (const auto& line : split(text, '\n')) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos || line.starts_with("cdrom:")) continue;
    for (const char* label : {debian_label, security_label})
      if (line.substr(space + 1) == fmt::format("{} {}", debian_label, label))
        archives.by_label_.try_emplace(label, line.substr(0, space));
  }
  return archives;
}

Result<Archives> Archives::of_machine(const Apt& machine) {
  TRY_ASSIGN(const std::string listed,
             machine.ask("apt-get", {"indextargets", "--format", format, "Created-By: Packages"}));
  Archives archives = parse(listed);
  if (!archives.by_label_.contains(debian_label))
    return fail(Errc::not_found,
                "apt has no package list of Debian's own archive; add it to apt's sources and run "
                "\"apt-get update\" as root");
  return archives;
}

std::optional<std::string> Archives::uri_of(const Suite& suite) const {
  const auto found = by_label_.find(label_of(suite));
  if (found == by_label_.end()) return std::nullopt;
  return found->second;
}

Result<Apt> own_apt(const Apt& machine, const Archives& archives, const std::vector<Suite>& suites,
                    const fs::path& folder) {
  std::error_code error;
  for (const char* name : {"state/lists/partial", "cache/archives/partial"})
    fs::create_directories(folder / name, error);
  if (error) return fail_errno("cannot create folders in " + folder.string(), error.value());
  std::string sources;
  for (const auto& suite : suites)
    if (const auto uri = archives.uri_of(suite))
      sources += fmt::format("deb [arch=amd64 target=Packages] {} {} main\n", *uri, suite.name);
  TRY(replace_file(folder / "sources.list", sources));
  TRY(replace_file(folder / "state/status", ""));
  std::vector<std::string> options;
  for (const auto& option :
       {"Dir::State=" + (folder / "state").string(),
        "Dir::State::status=" + (folder / "state/status").string(),
        "Dir::Cache=" + (folder / "cache").string(),
        // A container's apt may keep none, and then parses its lists with every command.
        std::string("Dir::Cache::pkgcache=pkgcache.bin"),
        "Dir::Etc::sourcelist=" + (folder / "sources.list").string(),
        std::string("Dir::Etc::sourceparts=/dev/null"),
        std::string("Dir::Etc::preferences=/dev/null"),
        std::string("Dir::Etc::preferencesparts=/dev/null"),
        // Without it an update ends well although a server could not be reached.
        std::string("APT::Update::Error-Mode=any"), std::string("APT::Install-Recommends=false"),
        std::string("APT::Sandbox::User="), std::string("Debug::NoLocking=1")})
    options.insert(options.end(), {"-o", option});
  return machine.with(std::move(options));
}

SuiteTrouble suite_trouble(const Suite& suite, const std::string& uri,
                           const std::string& complaint) {
  const TroubleMeaning& meaning = trouble_meaning(trouble_kind(complaint));
  const std::string words = complaint.substr(0, complaint.find_last_not_of('.') + 1);
  return {meaning.kind, fmt::format("the suite {} {}", suite.describe(), meaning.what),
          Error(Errc::io, fmt::format("the suite {} at {} {}: {}; {}", suite.describe(), uri,
                                      meaning.what, words, meaning.remedy))};
}

const Suite& suite_complained_of(const std::vector<Suite>& suites, std::string_view complaint) {
  for (const auto& suite : suites)
    for (const std::string& mention : {" " + suite.name + " ", "/dists/" + suite.name + "/"})
      if (complaint.find(mention) != std::string_view::npos) return suite;
  return suites.front();
}

}  // namespace quiesce::builder
