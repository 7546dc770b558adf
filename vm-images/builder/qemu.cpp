// SPDX-License-Identifier: GPL-2.0-or-later
// A QEMU of a newer Debian, unpacked into the store and run with its own libraries.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "vm-images/builder/archive.hpp"
#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/recipes.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr Seconds patience{3600};
constexpr const char* item = "qemu";
constexpr const char* wrapper = "qemu-system-x86_64";

std::vector<std::string> texts(const json& recipe, const char* key) {
  return recipe.value(key, std::vector<std::string>());
}

Result<json> load_recipe() {
  const fs::path path = recipes_folder() / "programs" / "qemu.json";
  TRY_ASSIGN(const std::string text, read_file(path));
  json recipe = json::parse(text, nullptr, false);
  if (!recipe.is_object() || texts(recipe, "suites").empty() || texts(recipe, "packages").empty())
    return fail(Errc::invalid_input, "{}: no recipe", path.string());
  return recipe;
}

Result<std::string> run(const std::vector<std::string>& argv) {
  TRY_ASSIGN(Captured captured, capture(argv, patience, {"LC_ALL=C"}));
  if (!captured.status.ok())
    return fail(
        Errc::io, "{} failed: {}", argv[0],
        printable(std::string(trim(captured.error.empty() ? captured.output : captured.error))));
  return std::move(captured.output);
}

/// Where the machine itself gets Debian from. Security has a host of its own and other suites.
Result<std::string> archive_of_machine() {
  TRY_ASSIGN(const std::string listed,
             run({"apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)",
                  "Created-By: Packages"}));
  // Origin and Label are both "Debian" for Debian's own archive; security's label and backports'
  // origin differ, and others' lists have names of their own.
  for (const auto& line : split(listed, '\n')) {
    const std::size_t space = line.find(' ');
    if (space != std::string::npos && line.substr(space + 1) == "Debian Debian")
      return line.substr(0, space);
  }
  return fail(Errc::not_found,
              "apt has no package list of Debian's own archive; run \"apt-get update\" as root, or "
              "name a QEMU of 10.1 or newer with --qemu");
}

/// Options of an apt that leaves the machine's alone. Its keys and its proxy are the machine's.
Result<std::vector<std::string>> own_apt(const fs::path& folder, const json& recipe) {
  TRY_ASSIGN(const std::string archive, archive_of_machine());
  std::error_code error;
  for (const char* name : {"state/lists/partial", "cache/archives/partial"})
    fs::create_directories(folder / name, error);
  if (error) return fail_errno("cannot create folders in " + folder.string(), error.value());
  std::string sources;
  for (const auto& suite : texts(recipe, "suites"))
    sources += fmt::format("deb {} {} main\n", archive, suite);
  TRY(replace_file(folder / "sources.list", sources));
  TRY(replace_file(folder / "state/status", ""));
  std::vector<std::string> options;
  for (const auto& option :
       {"Dir::State=" + (folder / "state").string(),
        "Dir::State::status=" + (folder / "state/status").string(),
        "Dir::Cache=" + (folder / "cache").string(),
        "Dir::Etc::sourcelist=" + (folder / "sources.list").string(),
        std::string("Dir::Etc::sourceparts=/dev/null"), std::string("Dir::Etc::preferencesparts="),
        std::string("APT::Install-Recommends=false"), std::string("APT::Sandbox::User="),
        std::string("Debug::NoLocking=1")})
    options.insert(options.end(), {"-o", option});
  return options;
}

Result<std::vector<fs::path>> download(const fs::path& folder, const json& recipe) {
  TRY_ASSIGN(const auto options, own_apt(folder, recipe));
  const auto apt = [&](std::vector<std::string> words) {
    std::vector<std::string> argv{"apt-get", "-q"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), words.begin(), words.end());
    return run(argv);
  };
  TRY(apt({"update"}));
  std::vector<std::string> install{"-y", "--download-only", "-t", recipe.value("target", ""),
                                   "install"};
  for (const auto& name : texts(recipe, "packages")) install.push_back(name);
  TRY(apt(install));
  std::vector<fs::path> debs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "cache/archives", error))
    if (entry.path().extension() == ".deb") debs.push_back(entry.path());
  if (debs.empty()) return fail(Errc::io, "apt downloaded nothing");
  return debs;
}

/// The folder may be moved: everything is named from where the program is found. exec keeps the
/// process that the harness started.
std::string wrapper_text(const json& recipe) {
  std::string libraries;
  for (const auto& folder : texts(recipe, "libraries"))
    libraries += (libraries.empty() ? "" : ":") + ("$here/root/" + folder);
  std::string text =
      "#!/bin/sh\nhere=$(dirname -- \"$(readlink -f -- \"$0\")\")\n"
      "QEMU_MODULE_DIR=$here/root/" +
      recipe.value("modules", "") + "\nexport QEMU_MODULE_DIR\nexec \"$here/root/" +
      recipe.value("loader", "") + "\" --library-path \"" + libraries + "\" \"$here/root/" +
      recipe.value("program", "") + "\"";
  for (const auto& folder : texts(recipe, "firmware")) text += " -L \"$here/root/" + folder + "\"";
  return text + " \"$@\"\n";
}

/// It must start and know the device that it was fetched for.
Result<std::string> check(const fs::path& program) {
  TRY_ASSIGN(const std::string version, run({program.string(), "--version"}));
  TRY_ASSIGN(const std::string help, run({program.string(), "-device", "vfio-user-pci,help"}));
  if (help.find("socket=") == std::string::npos)
    return fail(Errc::unsupported, "the QEMU that was fetched has no vfio-user-pci: {}",
                printable(version.substr(0, version.find('\n'))));
  return version.substr(0, version.find('\n'));
}

}  // namespace

fs::path fetched_qemu(const Store& store) {
  return store.root / "tools" / item / wrapper;
}

Result<std::string> fetch_qemu(const Store& store) {
  const fs::path place = store.root / "tools" / item;
  if (const auto facts = item_facts(place)) return text_of(*facts, "version");
  TRY_ASSIGN(const json recipe, load_recipe());
  TRY_ASSIGN(const Draft downloads, Draft::create(store));
  TRY_ASSIGN(const auto debs, download(downloads.path(), recipe));
  TRY_ASSIGN(Draft draft, Draft::create(store));
  // A library is asked for by its soname, which a package ships as a link.
  std::vector<ArchiveLink> links;
  const auto wanted = [](std::string_view path) {
    return !path.starts_with("usr/share/doc/") && !path.starts_with("usr/share/man/");
  };
  for (const auto& deb : debs) TRY(unpack_deb(deb, draft.path() / "root", wanted, &links));
  TRY(make_links(draft.path() / "root", links));
  const fs::path program = draft.path() / wrapper;
  TRY(replace_file(program, wrapper_text(recipe)));
  for (const fs::path& file : {program, draft.path() / "root" / recipe.value("program", ""),
                               draft.path() / "root" / recipe.value("loader", "")})
    if (::chmod(file.c_str(), 0755) != 0) return fail_errno("cannot chmod " + file.string());
  auto version = check(program);
  if (!version)
    return tl::unexpected(version.error().because("the QEMU that was fetched does not work here"));
  TRY(draft.publish(place, {{"name", item}, {"version", *version}}));
  return *version;
}

}  // namespace quiesce::builder
