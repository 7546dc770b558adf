// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/new_device.hpp"

#include "harness/base/fd.hpp"
#include "harness/dispatch/interrupts.hpp"
#include "harness/dispatch/qemu_choice.hpp"
#include "harness/draft/ask_qemu.hpp"

namespace quiesce::dispatch {

namespace fs = std::filesystem;

Result<void> check_new_file(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error))
    return fail(Errc::invalid_input,
                "{} is there already; choose another name with --out, or remove it", file.string());
  const fs::path folder = fs::absolute(file).parent_path();
  if (!fs::is_directory(folder, error))
    return fail(Errc::invalid_input, "there is no folder {} for {}", folder.string(),
                file.filename().string());
  return {};
}

namespace {

/// One that has the device; a fetched one may have what the system's has not.
Result<QemuChoice> qemu_with(const NewDeviceRequest& request, const builder::Store& store) {
  if (auto having = choose_qemu(request.qemu, vm::demands_for({request.name}), store))
    return having;
  // It may be an alias, which is in the list alone.
  std::vector<draft::QemuDevice> all;
  std::vector<std::string> asked;
  const std::vector<std::string> programs =
      request.qemu.empty()
          ? std::vector<std::string>{vm::system_qemu(), builder::fetched_qemu(store).string()}
          : std::vector<std::string>{request.qemu};
  for (const auto& program : programs) {
    const auto qemu = vm::find_qemu(program);
    const auto devices = qemu ? draft::list_devices(*qemu) : tl::unexpected(qemu.error());
    if (!devices) continue;
    if (qemu->enough() && draft::choose_device(*devices, request.name))
      return QemuChoice{*qemu, "it has the device"};
    all.insert(all.end(), devices->begin(), devices->end());
    asked.push_back(fmt::format("{} ({})", qemu->path.string(), qemu->version));
  }
  const auto chosen = draft::choose_device(all, request.name);
  if (asked.empty() || chosen) return choose_qemu(request.qemu, {}, store);
  return tl::unexpected(chosen.error().because(fmt::format("{}", fmt::join(asked, ", "))));
}

}  // namespace

Result<void> check_names(const NewDeviceRequest& request) {
  TRY(builder::check_name(request.kernel));
  TRY(check_named_qemu(request.qemu));
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  TRY(qemu_with(request, store));
  return {};
}

Result<DraftedDevice> draft_device(const NewDeviceRequest& request, const Places& places,
                                   Loop& loop, const run::Observer& observer) {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  TRY(builder::check_name(request.kernel));
  TRY_ASSIGN(const QemuChoice chosen, qemu_with(request, store));
  if (observer.on_note)
    observer.on_note(fmt::format("QEMU {} ({})", chosen.qemu.version, chosen.qemu.path.string()));
  const fs::path file = request.out.empty()
                            ? fs::path(scenario::device_name_of(request.name) + ".json")
                            : request.out;
  TRY(check_new_file(file));
  // A guest is ended, and folders of its boots and of what is being fetched go.
  TRY_ASSIGN(Interrupts interrupts, Interrupts::watch(loop));
  auto draft = draft::new_profile({.name = request.name,
                                   .kernel = request.kernel,
                                   .qemu = chosen.qemu,
                                   .agent = places.agent,
                                   .store = store},
                                  loop, observer);
  TRY(interrupts.check());
  if (!draft) return tl::unexpected(draft.error());
  return DraftedDevice{.file = file, .draft = *std::move(draft)};
}

Result<void> write_draft(const DraftedDevice& drafted) {
  TRY(check_new_file(drafted.file));
  return replace_file(drafted.file, draft::profile_text(drafted.draft));
}

std::string device_word(const fs::path& file) {
  return file.has_parent_path() ? file.string() : "./" + file.string();
}

}  // namespace quiesce::dispatch
