// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/repository.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"
#include "vm-images/builder/digest.hpp"

namespace quiesce::builder::made_up {

namespace fs = std::filesystem;

namespace {

/// Everything of the machine is below the folder, and nobody's signature is asked for.
std::string machine_config(const std::string& folder) {
  std::string text;
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"Dir::Etc", folder + "/etc"},
           {"Dir::Etc::sourcelist", folder + "/etc/sources.list"},
           {"Dir::Etc::sourceparts", "/dev/null"},
           {"Dir::Etc::parts", "/dev/null"},
           {"Dir::Etc::main", "/dev/null"},
           {"Dir::Etc::preferences", "/dev/null"},
           {"Dir::Etc::preferencesparts", "/dev/null"},
           {"Dir::State", folder + "/state"},
           {"Dir::State::status", folder + "/state/status"},
           {"Dir::Cache", folder + "/cache"},
           {"APT::Architecture", "amd64"},
           {"APT::Sandbox::User", ""},
           {"APT::Get::AllowUnauthenticated", "true"},
           {"Acquire::AllowInsecureRepositories", "true"},
           {"Acquire::Check-Valid-Until", "true"},
           {"Acquire::Languages", "none"},
           {"Acquire::Retries", "0"}})
    text += name + " \"" + value + "\";\n";
  return text;
}

std::string stanza(const MadePackage& package, const std::string& pool_path) {
  std::string text = "Package: " + package.name + "\nVersion: " + package.version +
                     "\nArchitecture: amd64\nMaintainer: nobody\nDescription: made up\n";
  if (!package.depends.empty()) text += "Depends: " + package.depends + "\n";
  const std::string bytes = package.deb.empty() ? "gone" : read(package.deb);
  return text + "Filename: " + pool_path + "\nSize: " + std::to_string(bytes.size()) +
         "\nSHA256: " + sha256(bytes) + "\n\n";
}

}  // namespace

bool has_apt() {
  return find_program("apt-get").has_value();
}

Repository::Repository(const fs::path& folder) : folder_(folder) {
  for (const char* name : {"state/lists/partial", "cache/archives/partial", "etc", "debian"})
    fs::create_directories(folder / name);
  write(folder / "state/status", "");
  write(folder / "apt.conf", machine_config(folder.string()));
  write(folder / "etc/sources.list",
        "deb file:" + (folder / "debian").string() + " bookworm main\n");
  add_suite("bookworm", {});
}

void Repository::add_suite(const std::string& suite, const std::vector<MadePackage>& packages,
                           const std::string& valid_until) {
  std::string list = stanza({"other", "1", "", {}}, "pool/other.deb");  // apt keeps no empty list
  for (const auto& package : packages) {
    const std::string path = "pool/" + suite + "/" + package.name + ".deb";
    list += stanza(package, path);
    if (!package.deb.empty()) write(folder_ / "debian" / path, read(package.deb));
  }
  const fs::path dist = folder_ / "debian/dists" / suite;
  write(dist / "main/binary-amd64/Packages", list);
  write(dist / "Release", "Origin: Debian\nLabel: Debian\nSuite: " + suite +
                              "\nCodename: " + suite + "\nDate: Sat, 01 Jan 2000 00:00:00 UTC\n" +
                              (valid_until.empty() ? "" : "Valid-Until: " + valid_until + "\n") +
                              "Architectures: amd64\nComponents: main\nSHA256:\n " + sha256(list) +
                              " " + std::to_string(list.size()) + " main/binary-amd64/Packages\n");
}

Apt Repository::apt() const {
  const auto run = [config = "APT_CONFIG=" + (folder_ / "apt.conf").string()](
                       const std::vector<std::string>& argv, Seconds patience) {
    return capture(argv, patience, {"LC_ALL=C", config, "http_proxy=", "all_proxy="});
  };
  return {run, Apt::User::root};
}

void Repository::pretend_uri(const std::string& uri) {
  write(folder_ / "etc/sources.list", "deb " + uri + " bookworm main\n");
  std::string name = uri.substr(uri.find("//") + 2) + "_dists_bookworm_";
  for (char& c : name)
    if (c == '/') c = '_';
  const fs::path lists = folder_ / "state/lists";
  write(lists / (name + "Release"), read(folder_ / "debian/dists/bookworm/Release"));
  write(lists / (name + "main_binary-amd64_Packages"), "");
}

}  // namespace quiesce::builder::made_up
