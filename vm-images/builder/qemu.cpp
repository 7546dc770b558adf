// SPDX-License-Identifier: GPL-2.0-or-later
// A QEMU of a newer Debian, unpacked into the store and run with its own libraries.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "vm-images/builder/archive.hpp"
#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/own_apt.hpp"
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
  if (!recipe.is_object() || !recipe.contains("suites") || texts(recipe, "packages").empty())
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

/// apt's own account of what it would download: "12 packages, 34.0 MiB".
std::string describe_download(const std::string& uris) {
  std::uint64_t bytes = 0;
  std::size_t packages = 0;
  for (const auto& size : parse_uri_sizes(uris)) {
    bytes += size;
    ++packages;
  }
  return fmt::format("{} packages, {}", packages, format_bytes(Bytes{bytes}));
}

Result<std::vector<fs::path>> download_qemu(const fs::path& folder, const json& recipe,
                                            const Observer& observer) {
  const Apt machine = Apt::of_system();
  TRY(machine.fill_lists());
  TRY_ASSIGN(const Archives archives, Archives::of_machine(machine));
  TRY_ASSIGN(const auto suites, parse_suites(recipe.value("suites", json()), "qemu.json: /suites"));
  TRY_ASSIGN(const Apt apt, own_apt(machine, archives, suites, folder));
  for (const auto& suite : suites) observe(observer, "looking into the suite " + suite.describe());
  if (const auto updated = apt.update(); !updated) {
    const std::string complaint = updated.error().describe();
    const Suite& suite = suite_complained_of(suites, complaint);
    return tl::unexpected(
        suite_trouble(suite, archives.uri_of(suite).value_or("?"), complaint).error);
  }
  std::vector<std::string> install{"-q", "-y", "-t", recipe.value("target", ""), "install"};
  for (const auto& name : texts(recipe, "packages")) install.push_back(name);
  std::vector<std::string> question = install;
  question.insert(question.begin(), "--print-uris");
  TRY_ASSIGN(const std::string uris, apt.ask("apt-get", question));
  observe(observer, "downloading " + describe_download(uris));
  install.insert(install.begin(), "--download-only");
  TRY(apt.ask("apt-get", install, patience));
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

Result<std::string> fetch_qemu(const Store& store, const Observer& observer) {
  const fs::path place = store.root / "tools" / item;
  if (const auto facts = item_facts(place)) return text_of(*facts, "version");
  TRY_ASSIGN(const json recipe, load_recipe());
  TRY_ASSIGN(const Draft downloads, Draft::create(store));
  const auto debs = download_qemu(downloads.path(), recipe, observer);
  if (!debs)
    return tl::unexpected(debs.error().because(
        "no QEMU could be fetched; --qemu names another one that has the device vfio-user-pci"));
  observe(observer, "unpacking");
  TRY_ASSIGN(Draft draft, Draft::create(store));
  // A library is asked for by its soname, which a package ships as a link.
  std::vector<ArchiveLink> links;
  const auto wanted = [](std::string_view path) {
    return !path.starts_with("usr/share/doc/") && !path.starts_with("usr/share/man/");
  };
  for (const auto& deb : *debs) TRY(unpack_deb(deb, draft.path() / "root", wanted, &links));
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
