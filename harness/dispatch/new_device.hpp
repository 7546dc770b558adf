// SPDX-License-Identifier: GPL-2.0-or-later
// A profile for a device that QEMU has and Quiesce does not know, as a file.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/dispatch/places.hpp"
#include "harness/draft/new_profile.hpp"

namespace quiesce::dispatch {

struct NewDeviceRequest {
  std::string name;           ///< of QEMU's -device
  std::string kernel;         ///< as in a scenario's production.kernel
  std::filesystem::path out;  ///< empty: NAME.json in the current folder
  std::string qemu;           ///< empty: the system's, or the fetched one
};

struct DraftedDevice {
  std::filesystem::path file;  ///< not written yet
  draft::Draft draft;
};

/// Whether kernel, QEMU and device exist; asks QEMU without a machine. invalid_input names what is
/// near.
Result<void> check_names(const NewDeviceRequest& request);

/// Looks, tries and drafts; up to four boots of a guest. invalid_input before any of them when the
/// file is there already; `interrupted` by Ctrl-C and SIGTERM, with nothing left behind.
Result<DraftedDevice> draft_device(const NewDeviceRequest& request, const Places& places,
                                   Loop& loop, const run::Observer& observer);

/// Writes it, unless somebody else made the file meanwhile.
Result<void> write_draft(const DraftedDevice& drafted);

/// What "quiesce run --device" takes for this file: a bare name would be looked up among the
/// profiles that are known.
std::string device_word(const std::filesystem::path& file);

/// Whether a new file can be made there.
Result<void> check_new_file(const std::filesystem::path& file);

}  // namespace quiesce::dispatch
