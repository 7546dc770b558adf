// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/new_device.hpp"

#include "harness/base/fd.hpp"
#include "harness/dispatch/interrupts.hpp"
#include "harness/dispatch/qemu_choice.hpp"

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

Result<DraftedDevice> draft_device(const NewDeviceRequest& request, const Places& places,
                                   Loop& loop, const run::Observer& observer) {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  // A fetched one may have what the system's has not. That none has it is said with the names that
  // are near.
  auto having = choose_qemu(request.qemu, {request.name}, store);
  if (!having) having = choose_qemu(request.qemu, {}, store);
  TRY_ASSIGN(const QemuChoice chosen, having);
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
