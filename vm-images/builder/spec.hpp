// SPDX-License-Identifier: GPL-2.0-or-later
// From a kernel's name to its files: the parts of resolve(), with their seams.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vm-images/builder/apt.hpp"
#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/digest.hpp"

namespace quiesce::builder {

/// The ways in which a kernel can be named.
struct Spec {
  enum class Kind { name, packages, tree, files };
  Kind kind = Kind::name;
  std::vector<std::filesystem::path>
      paths;  ///< absolute; files: bzImage and perhaps the modules folder
};
/// `recipes`: of those that can be fetched. invalid_input says which forms there are.
Result<Spec> parse_spec(const std::string& text, const std::vector<Recipe>& recipes);

/// What resolve() works with.
struct Workshop {
  const Store& store;
  Digests& digests;
  const Apt& apt;
  const std::vector<Recipe>& recipes;
  Observer observer = {};
};

/// list_remote() with the outside world given.
Result<RemoteKernels> list_remote_with(const Apt& apt, const std::vector<Recipe>& recipes,
                                       const Store& store, const Observer& observer);

/// resolve() with the outside world given.
Result<Kernel> resolve_with(const std::string& spec, Fetch fetch, const Workshop& workshop);

/// The kernel in an unpacked tree or a build tree.
Result<Kernel> kernel_in_tree(const std::filesystem::path& tree, const Store& store,
                              Digests& digests);
/// A bzImage and the folder of its modules: lib/modules/RELEASE itself, a folder that holds it
/// (INSTALL_MOD_PATH), or the build tree. An empty `modules`: all is built in.
Result<Kernel> kernel_of_files(const std::filesystem::path& image,
                               const std::filesystem::path& modules, const Store& store,
                               Digests& digests);

/// Where a kernel that was fetched by name is kept, when it is whole.
std::optional<std::filesystem::path> stored_kernel(const std::string& name, const Store& store);

/// Unpacks what is needed of a kernel's packages into the store; returns its place there.
Result<std::filesystem::path> store_packages(const std::vector<std::filesystem::path>& debs,
                                             const std::string& name, const Store& store,
                                             Digests& digests);

}  // namespace quiesce::builder
