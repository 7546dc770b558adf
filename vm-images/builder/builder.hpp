// SPDX-License-Identifier: GPL-2.0-or-later
// From a kernel as the user names it to something QEMU can boot.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::builder {

/// Where fetched kernels and built images are kept: $QUIESCE_CACHE, else $XDG_CACHE_HOME/quiesce,
/// else
/// ~/.cache/quiesce.
struct Store {
  std::filesystem::path root;
  static Result<Store> open();
  static Result<Store> open(const std::filesystem::path& root);
};

/// A kernel with its modules.
struct Kernel {
  std::string name;               ///< as the user named it
  std::string release;            ///< from the bzImage header
  std::filesystem::path image;    ///< bzImage
  std::filesystem::path modules;  ///< the folder that holds kernel/ (may be empty: all built in)
  std::map<std::string, std::string>
      config;                 ///< "CONFIG_KEXEC_FILE" -> "y"; empty when no config was found
  std::string config_source;  ///< where it came from, or empty
  std::string image_sha256;
};

/// Is told what is being done that takes long, a clause at a time: "looking into the suite sid
/// (Debian unstable)". An empty one is not called.
using Observer = std::function<void(const std::string&)>;
inline void observe(const Observer& observer, const std::string& what) {
  if (observer) observer(what);
}

/// What resolve may do about a name that is not in the store yet.
enum class Fetch { allowed, forbidden };

/// `spec`: a name ("debian:6.1", "debian:7.3-cloud"), a .deb or several joined by ',', an unpacked
/// tree, or "BZIMAGE,MODULES_FOLDER". Errors name the kernel, what is wrong with it and the remedy.
Result<Kernel> resolve(const std::string& spec, const Store& store, Fetch fetch,
                       const Observer& observer = {});

/// Whether `spec` names something that resolve() could look at: a name that it knows, or files that
/// are there. Nothing is read or fetched. invalid_input brings the nearest names.
Result<void> check_name(const std::string& spec);

/// Fails with invalid_input when the kernel lacks what `role` needs: CONFIG_KEXEC_FILE
/// (production), CONFIG_CRASH_DUMP and CONFIG_PROC_VMCORE (capture), or a module of the devices.
/// All problems in one error.
Result<void> check_kernel(const Kernel& kernel, const std::string& role,
                          const std::vector<scenario::PlannedDevice>& devices);

/// The two boot images of a run; the production one holds the capture kernel and its initramfs.
/// Reused from the store when their contents are the same.
struct Images {
  scenario::BootImage production;
  scenario::BootImage capture;
};
Result<Images> build(const Kernel& production, const Kernel& capture,
                     const std::vector<scenario::PlannedDevice>& devices,
                     const std::filesystem::path& agent, const Store& store);

/// Where "quiesce image fetch qemu" puts it; it need not be there.
std::filesystem::path fetched_qemu(const Store& store);
/// Brings the QEMU of vm-images/recipes/programs/qemu.json into the store, unless it is there, and
/// tries it: what is in the store starts and has vfio-user-pci. The archive, keys and proxy are
/// those of the machine's apt. Returns what it says of its version.
Result<std::string> fetch_qemu(const Store& store, const Observer& observer = {});

/// What is in the store: names, releases, sizes.
struct StoredItem {
  std::string kind;  ///< "kernel", "image", "tool"
  std::string name;
  std::filesystem::path path;
  Bytes size;
};
std::vector<StoredItem> list(const Store& store);
/// Removes everything of the store; returns how many bytes went.
Result<Bytes> clean(const Store& store);

/// The names worth showing: those of vm-images/recipes/ and those that were fetched.
std::vector<std::string> kernel_names(const Store& store);
/// What vm-images/recipes/ says of a kernel's name; empty: nothing.
std::string kernel_description(const std::string& name);
/// The release of the kernel that was fetched by this name; empty: none was.
std::string stored_release(const std::string& name, const Store& store);

/// A kernel that can be fetched by name now.
struct RemoteKernel {
  std::string name;     ///< "debian:7.3"
  std::string suite;    ///< "trixie-backports"
  std::string version;  ///< of the package
  Bytes size;           ///< to be downloaded
  std::string stored;   ///< the release that the store has by this name, or empty
};
struct RemoteKernels {
  std::vector<RemoteKernel> kernels;
  std::vector<Error> troubles;  ///< suites that could not be asked, each with its remedy
};
/// Asks the machine's apt, and then every suite of the recipes.
Result<RemoteKernels> list_remote(const Store& store, const Observer& observer = {});

}  // namespace quiesce::builder
