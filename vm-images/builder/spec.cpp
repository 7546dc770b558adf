// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/spec.hpp"

#include <algorithm>
#include <array>

#include "harness/base/fd.hpp"
#include "harness/base/names.hpp"
#include "harness/base/text.hpp"
#include "vm-images/builder/archive.hpp"
#include "vm-images/builder/store.hpp"
#include "vm-images/builder/survey.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr const char* forms =
    "a .deb or several joined by ',', an unpacked tree, \"BZIMAGE,MODULES_FOLDER\"";

bool is_package(const fs::path& path) {
  return path.extension() == ".deb";
}

tl::unexpected<Error> no_such_kernel(const std::string& text, const std::vector<Recipe>& recipes) {
  const std::vector<std::string> names = shown_names(recipes);
  const std::vector<std::string> open = open_names(recipes);
  const std::string guess = did_you_mean(text, names);
  const std::string more =
      open.empty() ? ""
                   : fmt::format("another {} (\"quiesce list kernels --remote\" shows them), ",
                                 fmt::join(open, ", "));
  return fail(Errc::invalid_input,
              "there is no kernel or file of that name; {}{}a kernel is one of {}, {}or {}", guess,
              guess.empty() ? "" : " ", fmt::join(names, ", "), more, forms);
}

Result<Spec> parse_paths(const std::vector<std::string>& parts,
                         const std::vector<Recipe>& recipes) {
  Spec spec;
  for (const auto& part : parts) {
    std::error_code error;
    if (part.empty() || !fs::exists(part, error)) {
      if (parts.size() == 1) return no_such_kernel(part, recipes);
      return fail(Errc::invalid_input, "there is no file \"{}\"", part);
    }
    spec.paths.push_back(fs::absolute(part, error));
  }
  std::error_code error;
  const auto packages = std::count_if(spec.paths.begin(), spec.paths.end(), is_package);
  const bool starts_with_folder = fs::is_directory(spec.paths[0], error);
  if (packages == static_cast<std::ptrdiff_t>(spec.paths.size()) && !starts_with_folder)
    spec.kind = Spec::Kind::packages;
  else if (spec.paths.size() == 1 && starts_with_folder)
    spec.kind = Spec::Kind::tree;
  else if (spec.paths.size() == 1 || (spec.paths.size() == 2 && !starts_with_folder &&
                                      fs::is_directory(spec.paths[1], error)))
    spec.kind = Spec::Kind::files;
  else
    return fail(Errc::invalid_input, "these files do not go together; give {}", forms);
  return spec;
}

/// What of a kernel's package is unpacked.
bool is_needed(std::string_view path) {
  constexpr std::array<std::string_view, 4> starts = {"boot/vmlinuz-", "boot/config-",
                                                      "lib/modules/", "usr/lib/modules/"};
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return path.starts_with(start); });
}

/// One key for the same packages in any order.
Result<std::string> packages_key(const std::vector<fs::path>& debs, Digests& digests) {
  std::vector<std::string> keys;
  for (const auto& deb : debs) {
    TRY_ASSIGN(std::string key, digests.of_file(deb));
    keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return sha256(fmt::format("{}", fmt::join(keys, " ")));
}

/// `error` speaks of a folder that is gone when it is read.
Error not_whole(const Error& error, const fs::path& folder) {
  std::string text = error.describe();
  if (const std::size_t at = text.find(folder.string()); at != std::string::npos)
    text.replace(at, folder.string().size(), "what they unpack to");
  return Error(error.code(),
               fmt::format("the packages do not make a whole kernel: {}; a kernel may come in "
                           "several packages: give all of them, joined by ','",
                           text));
}

Result<std::vector<fs::path>> download_source(const Source& source, const fs::path& folder,
                                              const Observer& observer) {
  const auto& packages = source.offer.packages;
  observe(
      observer,
      fmt::format("downloading {} of {}, {}, {}", source.offer.version(), source.offer.suite,
                  packages.size() == 1 ? "1 package" : fmt::format("{} packages", packages.size()),
                  format_bytes(Bytes{source.offer.bytes()})));
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) return fail_errno("cannot create " + folder.string(), error.value());
  return source.apt.download(packages, folder);
}

Result<Kernel> fetch_by_name(const std::string& name, Fetch fetch, const Workshop& workshop) {
  if (const auto place = stored_kernel(name, workshop.store))
    return kernel_in_tree(*place, workshop.store, workshop.digests);
  if (fetch == Fetch::forbidden)
    return fail(Errc::not_found,
                "it is not in the store {} and may not be fetched now; fetch it first, or give {}",
                workshop.store.root.string(), forms);
  const auto recipe = find_recipe(workshop.recipes, name);
  if (!recipe) return no_such_kernel(name, workshop.recipes);
  if (auto program = find_program("apt-get"); !program)
    return fail(Errc::unsupported, "it can be fetched with apt only, which is not here; give {}",
                forms);
  TRY_ASSIGN(const Draft draft, Draft::create(workshop.store));
  TRY_ASSIGN(const Survey found,
             survey(workshop.apt, workshop.recipes, name, draft.path() / "apt", workshop.observer));
  const Source* const source = found.find(name);
  if (source == nullptr) return tl::unexpected(not_offered(*recipe, found));
  TRY_ASSIGN(const auto debs,
             download_source(*source, draft.path() / "packages", workshop.observer));
  observe(workshop.observer, "unpacking");
  TRY_ASSIGN(const fs::path place, store_packages(debs, name, workshop.store, workshop.digests));
  TRY_ASSIGN(Kernel kernel, kernel_in_tree(place, workshop.store, workshop.digests));
  // Last: a name in the store stands for a kernel that has been read.
  TRY(replace_file(workshop.store.root / "names" / file_name_for(name),
                   place.filename().string() + "\n"));
  return kernel;
}

Result<Kernel> resolve_any(const std::string& text, Fetch fetch, const Workshop& workshop) {
  TRY_ASSIGN(const Spec spec, parse_spec(text, workshop.recipes));
  switch (spec.kind) {
    case Spec::Kind::name:
      return fetch_by_name(text, fetch, workshop);
    case Spec::Kind::tree:
      return kernel_in_tree(spec.paths[0], workshop.store, workshop.digests);
    case Spec::Kind::files:
      return kernel_of_files(spec.paths[0], spec.paths.size() > 1 ? spec.paths[1] : fs::path(),
                             workshop.store, workshop.digests);
    case Spec::Kind::packages:
      break;
  }
  TRY_ASSIGN(const fs::path place, store_packages(spec.paths, spec.paths[0].filename().string(),
                                                  workshop.store, workshop.digests));
  return kernel_in_tree(place, workshop.store, workshop.digests);
}

}  // namespace

Result<Spec> parse_spec(const std::string& text, const std::vector<Recipe>& recipes) {
  std::error_code error;
  if (find_recipe(recipes, text)) return Spec{};
  if (!text.empty() && fs::exists(text, error)) return parse_paths({text}, recipes);
  const auto parts = split(text, ',');
  if (parts.empty()) return no_such_kernel(text, recipes);
  return parse_paths(parts, recipes);
}

std::optional<fs::path> stored_kernel(const std::string& name, const Store& store) {
  const auto key = read_file(store.root / "names" / file_name_for(name), 4096);
  if (!key) return std::nullopt;
  const std::string plain(trim(*key));
  if (plain.empty() || plain.find('/') != std::string::npos) return std::nullopt;
  const fs::path place = store.root / "kernels" / plain;
  if (!item_facts(place)) return std::nullopt;
  return place;
}

Result<fs::path> store_packages(const std::vector<fs::path>& debs, const std::string& name,
                                const Store& store, Digests& digests) {
  TRY_ASSIGN(const std::string key, packages_key(debs, digests));
  const fs::path place = store.root / "kernels" / key;
  if (item_facts(place)) return place;
  TRY_ASSIGN(Draft draft, Draft::create(store));
  for (const auto& deb : debs) TRY(unpack_deb(deb, draft.path(), is_needed));
  auto kernel = kernel_in_tree(draft.path(), store, digests);
  if (!kernel) return tl::unexpected(not_whole(kernel.error(), draft.path()));
  TRY(draft.publish(place, {{"name", name}, {"release", kernel->release}}));
  return place;
}

Result<Kernel> resolve_with(const std::string& spec, Fetch fetch, const Workshop& workshop) {
  auto kernel = resolve_any(spec, fetch, workshop);
  if (!kernel) return tl::unexpected(kernel.error().because(fmt::format("kernel \"{}\"", spec)));
  kernel->name = spec;
  // What is not remembered is read again: that must not fail a run.
  (void)workshop.digests.save();
  return kernel;
}

Result<void> check_name(const std::string& spec) {
  TRY_ASSIGN(const auto recipes, load_recipes(recipes_folder()));
  const auto parsed = parse_spec(spec, recipes);
  if (!parsed) return tl::unexpected(parsed.error().because(fmt::format("kernel \"{}\"", spec)));
  return {};
}

Result<Kernel> resolve(const std::string& spec, const Store& store, Fetch fetch,
                       const Observer& observer) {
  auto digests = Digests::load(store.root / "digests.json");
  TRY_ASSIGN(const auto recipes, load_recipes(recipes_folder()));
  return resolve_with(spec, fetch, {store, digests, Apt::of_system(), recipes, observer});
}

}  // namespace quiesce::builder
