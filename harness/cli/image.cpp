// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/base/names.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/fetch_progress.hpp"
#include "harness/cli/output.hpp"
#include "harness/dispatch/interrupts.hpp"
#include "harness/dispatch/places.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

namespace {

struct ImageOptions {
  std::vector<std::string> kernels;
  std::vector<std::string> profiles;
  std::vector<std::string> folders;
};

constexpr const char* program_name = "qemu";

/// Kernels and "qemu": whether there are such, before the first is fetched.
Result<void> check_fetchable(const std::vector<std::string>& names) {
  const std::vector<std::string> others{program_name};
  for (const auto& name : names) {
    if (name == program_name) continue;
    const auto known = builder::check_name(name);
    if (!known && !nearest_names(name, others).empty())
      return fail(Errc::invalid_input, "{}", no_such("kernel or program", name, others));
    if (!known) return tl::unexpected(known.error());
  }
  return {};
}

bool is_stored(const std::string& name, const builder::Store& store) {
  std::error_code error;
  if (name == program_name) return std::filesystem::exists(builder::fetched_qemu(store), error);
  return !builder::stored_release(name, store).empty();
}

/// What was fetched: release or version, and its place.
Result<std::pair<std::string, std::filesystem::path>> fetch_one(const std::string& name,
                                                                const builder::Store& store) {
  FetchProgress progress(name);
  if (name == program_name) {
    TRY_ASSIGN(const std::string version, builder::fetch_qemu(store, progress.observer()));
    return std::pair(version, builder::fetched_qemu(store));
  }
  TRY_ASSIGN(const builder::Kernel kernel,
             builder::resolve(name, store, builder::Fetch::allowed, progress.observer()));
  return std::pair(kernel.release, kernel.image);
}

int fetch(const ImageOptions& options) {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  if (const auto known = check_fetchable(options.kernels); !known) return report(known.error());
  for (const auto& name : options.kernels) {
    if (is_stored(name, *store)) say("{} is in the store already\n", name);
    const auto fetched = dispatch::unless_interrupted([&] { return fetch_one(name, *store); });
    if (!fetched) return report(fetched.error());
    put("{}  {}  {}\n", name, fetched->first, fetched->second.string());
  }
  return exit_code::ok;
}

/// Images hold modules, whatever slots the devices will sit in.
Result<std::vector<scenario::PlannedDevice>> named_devices(const ImageOptions& options,
                                                           const dispatch::Places& places) {
  TRY_ASSIGN(
      const scenario::ProfileSet set,
      dispatch::all_profiles(places, dispatch::profile_sources(options.folders, options.profiles)));
  for (const auto& note : set.notes) say("quiesce: {}\n", note);
  std::vector<scenario::PlannedDevice> devices;
  for (const auto& profile : set.profiles)
    if (options.profiles.empty() || std::ranges::find(set.wanted, profile.name) != set.wanted.end())
      devices.push_back({.name = profile.name, .profile = profile});
  return devices;
}

/// With --help: whether what is named exists.
Result<void> check_image_names(const ImageOptions& options) {
  TRY_ASSIGN(const dispatch::Places places, dispatch::Places::find());
  TRY(named_devices(options, places));
  for (const auto& kernel : options.kernels) TRY(builder::check_name(kernel));
  return {};
}

Result<builder::Images> build_images(const ImageOptions& options, const builder::Store& store) {
  TRY_ASSIGN(const dispatch::Places places, dispatch::Places::find());
  TRY_ASSIGN(const auto devices, named_devices(options, places));
  TRY_ASSIGN(const builder::Kernel kernel,
             builder::resolve(options.kernels.at(0), store, builder::Fetch::allowed));
  TRY(builder::check_kernel(kernel, "production", devices));
  TRY(builder::check_kernel(kernel, "capture", devices));
  return builder::build(kernel, kernel, devices, places.agent, store);
}

int build(const ImageOptions& options) {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  const auto images = dispatch::unless_interrupted([&] { return build_images(options, *store); });
  if (!images) return report(images.error());
  put("production  {}\ncapture     {}\n", images->production.initramfs.string(),
      images->capture.initramfs.string());
  return exit_code::ok;
}

int list_store() {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  for (const auto& item : builder::list(*store))
    put("{:8}  {:10}  {}  {}\n", item.kind, format_bytes(item.size), item.name, item.path.string());
  return exit_code::ok;
}

int clean() {
  const auto store = builder::Store::open();
  if (!store) return report(store.error());
  const auto freed = builder::clean(*store);
  if (!freed) return report(freed.error());
  put("{} freed in {}\n", format_bytes(*freed), store->root.string());
  return exit_code::ok;
}

}  // namespace

void add_image(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<ImageOptions>();
  CLI::App* image =
      program.add_subcommand("image", "Kernels and boot images that are kept for runs");
  image->require_subcommand(1);
  image->footer("Example: quiesce image fetch debian:6.1 debian:7.3");
  const auto add = [&](const char* name, const char* description, Action action) {
    CLI::App* command = image->add_subcommand(name, description);
    command->callback([action = std::move(action), &chosen] { chosen = action; });
    return command;
  };
  const auto code_of = [](const Result<void>& known) {
    return known ? exit_code::ok : report(known.error());
  };
  CLI::App* fetching = add("fetch", "Fetch kernels by name, or \"qemu\": one with vfio-user",
                           {[options] { return fetch(*options); },
                            [=] { return code_of(check_fetchable(options->kernels)); }});
  fetching->footer(
      "A kernel comes from this machine's own apt when that has it, else from the Debian suite "
      "that has it.\n\nExample: quiesce image fetch debian:7.3");
  fetching
      ->add_option("KERNEL", options->kernels,
                   "Names, as \"quiesce list kernels --remote\" shows them, or qemu")
      ->required();
  CLI::App* building = add("build", "Build the boot images of a kernel ahead of a run",
                           {[options] { return build(*options); },
                            [=] { return code_of(check_image_names(*options)); }});
  building->footer("Example: quiesce image build debian:6.1 --device e1000e --device vga");
  building->add_option("KERNEL", options->kernels, "A kernel, as in quiesce run --kernel")
      ->required()
      ->expected(1);
  building
      ->add_option("--device", options->profiles,
                   "Only for this device, a name or the file of a profile (default: all)")
      ->allow_extra_args(false);
  add_devices_option(*building, options->folders);
  add("list", "What is kept, and how large it is", list_store)
      ->footer("Example: quiesce image list");
  add("clean", "Remove everything that is kept", clean)->footer("Example: quiesce image clean");
}

}  // namespace quiesce::cli
