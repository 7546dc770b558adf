// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/base/interruption.hpp"
#include "vm-images/builder/apt.hpp"
#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/digest.hpp"
#include "vm-images/builder/initramfs.hpp"
#include "vm-images/builder/modules.hpp"
#include "vm-images/builder/store.hpp"
#include "vm-images/builder/tools.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

/// What both images are made from.
struct Ingredients {
  const Store& store;
  const std::vector<scenario::PlannedDevice>& devices;
  const fs::path& agent;
  LibrarySearch search;
  Digests digests;
};

/// The image in the store, when it is whole: its size is what it was when it was made.
std::optional<std::string> stored_digest(const fs::path& place) {
  const auto facts = item_facts(place);
  if (!facts) return std::nullopt;
  std::error_code error;
  const std::uintmax_t size = fs::file_size(place / "initramfs", error);
  const auto recorded = facts->find("bytes");
  if (error || recorded == facts->end() || *recorded != size) return std::nullopt;
  std::string digest = text_of(*facts, "sha256");
  if (digest.empty()) return std::nullopt;
  return digest;
}

Result<std::string> make_image(const fs::path& place, const Initramfs& contents,
                               const Kernel& kernel, const std::string& role,
                               const Ingredients& from) {
  TRY_ASSIGN(Draft draft, Draft::create(from.store));
  const fs::path file = draft.path() / "initramfs";
  TRY(write_cpio(file, contents.entries()));
  auto fresh = Digests::load({});
  TRY_ASSIGN(std::string digest, fresh.of_file(file));
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) return fail_errno("cannot stat " + file.string(), error.value());
  // Facts first: a whole image that another one publishes between the two looks is kept.
  const bool has_facts = item_facts(place).has_value();
  if (auto made = stored_digest(place)) return *made;
  if (has_facts) fs::remove(place / item_file, error);  // damaged: publish may replace it
  TRY(draft.publish(place, {{"name", role + " image of " + kernel.name},
                            {"release", kernel.release},
                            {"sha256", digest},
                            {"bytes", size}}));
  return digest;
}

Result<Initramfs> common_contents(const Kernel& kernel, const std::string& role,
                                  Ingredients& from) {
  TRY_ASSIGN(const ModulePlan plan, plan_modules(kernel, role, from.devices));
  if (!plan.problems.empty())
    return fail(Errc::invalid_input, "kernel {} ({}) cannot be the {} kernel:\n  {}", kernel.name,
                kernel.release, role, fmt::join(plan.problems, "\n  "));
  Initramfs contents(from.digests);
  contents.add_skeleton();
  auto added = contents.add_program("init", from.agent, from.search);
  if (!added) return tl::unexpected(added.error().because("cannot put the agent into an image"));
  TRY(contents.add_modules(plan));
  return contents;
}

Result<scenario::BootImage> finish(const Initramfs& contents, const Kernel& kernel,
                                   const std::string& role, const Ingredients& from) {
  const std::string key = contents.key(role + " " + kernel.image_sha256);
  const fs::path place = from.store.root / "images" / key;
  auto digest = stored_digest(place);
  if (!digest) {
    TRY_ASSIGN(digest, make_image(place, contents, kernel, role, from));
  }
  return scenario::BootImage{.kernel = kernel.name,
                             .release = kernel.release,
                             .image = kernel.image,
                             .initramfs = place / "initramfs",
                             .image_sha256 = kernel.image_sha256,
                             .initramfs_sha256 = *digest};
}

/// A maintainer may build while a run is prepared: then the parts would not belong together.
Result<void> same_as_resolved(const Kernel& kernel, Ingredients& from) {
  TRY_ASSIGN(const std::string digest, from.digests.of_file(kernel.image));
  if (digest == kernel.image_sha256) return {};
  return fail(Errc::invalid_input, "kernel {}: {} has changed since it was read; run again",
              kernel.name, kernel.image.string());
}

Result<scenario::BootImage> build_capture(const Kernel& kernel, Ingredients& from) {
  TRY_ASSIGN(const Initramfs contents, common_contents(kernel, "capture", from));
  return finish(contents, kernel, "capture", from);
}

Result<scenario::BootImage> build_production(const Kernel& kernel,
                                             const scenario::BootImage& capture,
                                             Ingredients& from) {
  TRY_ASSIGN(Initramfs contents, common_contents(kernel, "production", from));
  TRY_ASSIGN(const Tool kexec, kexec_tool(from.store, Apt::of_system(), from.search));
  TRY(contents.add_program("sbin/kexec", kexec.program, kexec.search));
  TRY(contents.add_file("capture/kernel", capture.image));
  TRY(contents.add_file("capture/initramfs", capture.initramfs));
  return finish(contents, kernel, "production", from);
}

}  // namespace

Result<Images> build(const Kernel& production, const Kernel& capture,
                     const std::vector<scenario::PlannedDevice>& devices, const fs::path& agent,
                     const Store& store) {
  Ingredients from{.store = store,
                   .devices = devices,
                   .agent = agent,
                   .search = LibrarySearch::of_system(),
                   .digests = Digests::load(store.root / "digests.json")};
  TRY(same_as_resolved(production, from));
  TRY(same_as_resolved(capture, from));
  Images images;
  TRY(not_interrupted());
  TRY_ASSIGN(images.capture, build_capture(capture, from));
  TRY(not_interrupted());
  TRY_ASSIGN(images.production, build_production(production, images.capture, from));
  // What is not remembered is read again: that must not fail a run.
  (void)from.digests.save();
  return images;
}

}  // namespace quiesce::builder
