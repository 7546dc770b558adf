// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/places.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

namespace {

struct Options {
  std::vector<std::string> kernels;
  std::vector<std::string> profiles;
  std::vector<std::string> folders;
};

int fetch(const Options& options) {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  for (const auto& name : options.kernels) {
    if (name == "qemu") {
      const auto version = builder::fetch_qemu(*store);
      if (!version) return report(version.error());
      fmt::print("{}  {}  {}\n", name, *version, builder::fetched_qemu(*store).string());
      continue;
    }
    const auto kernel = builder::resolve(name, *store, builder::Fetch::allowed);
    if (!kernel) return report(kernel.error());
    fmt::print("{}  {}  {}\n", name, kernel->release, kernel->image.string());
  }
  return exit_code::ok;
}

Result<builder::Images> build_images(const Options& options, const builder::Store& store) {
  TRY_ASSIGN(const Places places, Places::find());
  TRY_ASSIGN(const scenario::ProfileSet set,
             all_profiles(places, profile_sources(options.folders, options.profiles)));
  // Images hold modules, whatever slots the devices will sit in.
  std::vector<scenario::PlannedDevice> devices;
  for (const auto& profile : set.profiles)
    if (options.profiles.empty() || std::ranges::find(set.wanted, profile.name) != set.wanted.end())
      devices.push_back({.name = profile.name, .profile = profile});
  TRY_ASSIGN(const builder::Kernel kernel,
             builder::resolve(options.kernels.at(0), store, builder::Fetch::allowed));
  TRY(builder::check_kernel(kernel, "production", devices));
  TRY(builder::check_kernel(kernel, "capture", devices));
  return builder::build(kernel, kernel, devices, places.agent, store);
}

int build(const Options& options) {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  const auto images = build_images(options, *store);
  if (!images) return report(images.error());
  fmt::print("production  {}\ncapture     {}\n", images->production.initramfs.string(),
             images->capture.initramfs.string());
  return exit_code::ok;
}

int list_store() {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  for (const auto& item : builder::list(*store))
    fmt::print("{:8}  {:10}  {}  {}\n", item.kind, format_bytes(item.size), item.name,
               item.path.string());
  return exit_code::ok;
}

int clean() {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  const auto freed = builder::clean(*store);
  if (!freed) return report(freed.error());
  fmt::print("{} freed in {}\n", format_bytes(*freed), store->root.string());
  return exit_code::ok;
}

}  // namespace

void add_image(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* image =
      program.add_subcommand("image", "Kernels and boot images that are kept for runs");
  image->require_subcommand(1);
  image->footer("Example: quiesce image fetch debian:6.1 debian:6.12");
  const auto add = [&](const char* name, const char* description, std::function<int()> act) {
    CLI::App* command = image->add_subcommand(name, description);
    command->callback([act = std::move(act), &chosen] { chosen = act; });
    return command;
  };
  CLI::App* fetching = add("fetch", "Fetch kernels by name, or \"qemu\": one with vfio-user",
                           [options] { return fetch(*options); });
  fetching->footer("Example: quiesce image fetch debian:6.12");
  fetching
      ->add_option("KERNEL", options->kernels,
                   "Names, as \"quiesce list kernels\" shows them, or qemu")
      ->required();
  CLI::App* building = add("build", "Build the boot images of a kernel ahead of a run",
                           [options] { return build(*options); });
  building->footer("Example: quiesce image build debian:6.1 --device e1000e --device vga");
  building->add_option("KERNEL", options->kernels, "A kernel, as in quiesce run --kernel")
      ->required()
      ->expected(1);
  building->add_option("--device", options->profiles,
                       "Only for these devices: names, or files of profiles (default: all)");
  add_devices_option(*building, options->folders);
  add("list", "What is kept, and how large it is", list_store)
      ->footer("Example: quiesce image list");
  add("clean", "Remove everything that is kept", clean)->footer("Example: quiesce image clean");
}

}  // namespace quiesce::cli
