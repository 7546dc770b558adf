// SPDX-License-Identifier: GPL-2.0-or-later
// Where in a tree a kernel's image, modules and configuration lie.
#include <algorithm>

#include "harness/base/fd.hpp"
#include "vm-images/builder/bzimage.hpp"
#include "vm-images/builder/config.hpp"
#include "vm-images/builder/modules.hpp"
#include "vm-images/builder/spec.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr const char* build_image = "arch/x86/boot/bzImage";
constexpr const char* module_roots[] = {"lib/modules", "usr/lib/modules"};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::vector<fs::path> images_in(const fs::path& tree) {
  std::vector<fs::path> images;
  for (const auto& file : sorted_entries(tree / "boot"))
    if (file.filename().string().starts_with("vmlinuz-") && is_file(file)) images.push_back(file);
  for (const char* root : module_roots)
    for (const auto& folder : sorted_entries(tree / root))
      if (is_file(folder / "vmlinuz")) images.push_back(folder / "vmlinuz");
  if (is_file(tree / build_image)) images.push_back(tree / build_image);
  return images;
}

/// Image and release of the one kernel that a tree holds; the same kernel may lie there twice.
Result<std::pair<fs::path, std::string>> only_kernel(const fs::path& tree) {
  std::map<std::string, fs::path> kernels;
  for (const auto& image : images_in(tree)) {
    TRY_ASSIGN(const std::string bytes, read_file(image));
    TRY_ASSIGN(const BzImage parsed, parse_bzimage(bytes, image.string()));
    kernels.emplace(parsed.release, image);
  }
  if (kernels.empty())
    return fail(Errc::invalid_input,
                "{} holds no kernel: there is neither boot/vmlinuz-*, lib/modules/*/vmlinuz nor {}",
                tree.string(), build_image);
  if (kernels.size() == 1) return std::pair(kernels.begin()->second, kernels.begin()->first);
  std::vector<std::string> images;
  images.reserve(kernels.size());
  for (const auto& [release, image] : kernels) images.push_back(image.string());
  return fail(Errc::invalid_input,
              "{} holds several kernels ({}); name one as \"BZIMAGE,MODULES_FOLDER\"",
              tree.string(), fmt::join(images, ", "));
}

/// Whether modules lie in `folder` itself.
bool holds_modules(const fs::path& folder, const std::string& release) {
  if (is_file(folder / "modules.builtin") || is_file(folder / "modules.order")) return true;
  auto tree = ModuleTree::open(folder, release);
  return tree && tree->any_file();
}

Result<fs::path> find_modules(const fs::path& folder, const std::string& release) {
  std::vector<std::string> others;
  for (const char* root : {"lib/modules", "usr/lib/modules", ""}) {
    const fs::path below = folder / root;
    if (is_folder(below / release)) return below / release;
    if (*root == '\0') continue;
    for (const auto& other : sorted_entries(below))
      if (is_folder(other)) others.push_back(other.filename().string());
  }
  if (!others.empty())
    return fail(Errc::invalid_input,
                "{} has modules for {}, the kernel is {}; install its modules there (make "
                "modules_install INSTALL_MOD_PATH=...)",
                folder.string(), fmt::join(others, ", "), release);
  if (holds_modules(folder, release)) return folder;
  return fail(Errc::invalid_input,
              "{} holds no modules; give lib/modules/{}, a folder that holds it, or the build "
              "tree; or the bzImage alone when all is built in",
              folder.string(), release);
}

/// Modules of a tree that holds the image too; none at all means that all is built in.
Result<fs::path> find_modules_beside(const fs::path& tree, const fs::path& image,
                                     const std::string& release) {
  const bool installed = is_folder(tree / "lib/modules") || is_folder(tree / "usr/lib/modules");
  if (image == tree / build_image && !installed)
    return holds_modules(tree, release) ? tree : fs::path();
  return installed ? find_modules(tree, release) : Result<fs::path>(fs::path());
}

std::vector<fs::path> config_places(const Kernel& kernel, const fs::path& tree) {
  std::vector<fs::path> places;
  if (!tree.empty()) places.push_back(tree / "boot" / ("config-" + kernel.release));
  if (!kernel.modules.empty()) {
    places.push_back(kernel.modules / "config");
    places.push_back(kernel.modules / ".config");
    places.push_back(kernel.modules / "build/.config");
  }
  if (!tree.empty()) places.push_back(tree / ".config");
  places.push_back(kernel.image.parent_path() / ("config-" + kernel.release));
  if (kernel.image.string().ends_with(std::string("/") + build_image))
    places.push_back(kernel.image.parent_path().parent_path().parent_path().parent_path() /
                     ".config");
  return places;
}

/// The configuration inside the image, remembered in the store: it takes a decompression of the
/// kernel.
Result<std::string> config_of_image(const Kernel& kernel, const BzImage& image,
                                    const Store& store) {
  const fs::path memory = store.root / "configs" / kernel.image_sha256;
  if (auto known = read_file(memory)) return known;
  // A compression that is not known here (lzo) is no reason to refuse the kernel.
  auto config = embedded_config(image, kernel.image.string());
  const std::string text = config && *config ? **config : "";
  TRY(replace_file(memory, text));
  return text;
}

Result<void> find_config(Kernel& kernel, const fs::path& tree, const BzImage& image,
                         const Store& store) {
  for (const auto& place : config_places(kernel, tree)) {
    auto text = read_file(place, 16U << 20);
    if (!text) continue;
    kernel.config = parse_config(*text);
    kernel.config_source = place.string();
    if (!kernel.config.empty()) return {};
  }
  kernel.config_source.clear();
  TRY_ASSIGN(const std::string text, config_of_image(kernel, image, store));
  kernel.config = parse_config(text);
  if (!kernel.config.empty()) kernel.config_source = "the image " + kernel.image.string();
  return {};
}

/// Fills in what the image itself says. `kernel` has image, release and modules.
Result<Kernel> complete(Kernel kernel, const fs::path& tree, const Store& store, Digests& digests) {
  TRY_ASSIGN(const std::string bytes, read_file(kernel.image));
  TRY_ASSIGN(const BzImage image, parse_bzimage(bytes, kernel.image.string()));
  TRY_ASSIGN(kernel.image_sha256, digests.of_file(kernel.image));
  TRY(find_config(kernel, tree, image, store));
  return kernel;
}

}  // namespace

Result<Kernel> kernel_in_tree(const fs::path& tree, const Store& store, Digests& digests) {
  TRY_ASSIGN(const auto found, only_kernel(tree));
  Kernel kernel;
  kernel.image = found.first;
  kernel.release = found.second;
  TRY_ASSIGN(kernel.modules, find_modules_beside(tree, kernel.image, kernel.release));
  return complete(std::move(kernel), tree, store, digests);
}

Result<Kernel> kernel_of_files(const fs::path& image, const fs::path& modules, const Store& store,
                               Digests& digests) {
  TRY_ASSIGN(const std::string bytes, read_file(image));
  TRY_ASSIGN(const BzImage parsed, parse_bzimage(bytes, image.string()));
  Kernel kernel;
  kernel.image = image;
  kernel.release = parsed.release;
  if (!modules.empty()) {
    TRY_ASSIGN(kernel.modules, find_modules(modules, kernel.release));
  }
  return complete(std::move(kernel), {}, store, digests);
}

}  // namespace quiesce::builder
