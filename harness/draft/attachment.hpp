// SPDX-License-Identifier: GPL-2.0-or-later
// What is hung on a device so that there is work for it, and what work it could be. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "harness/draft/function.hpp"
#include "harness/run/survey.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::draft {

/// A device for a bus, and of which kind it is.
struct Attachment : scenario::Attachment {
  const scenario::Kind* kind = nullptr;
};
/// nullopt: nothing of the harness fits that bus.
std::optional<Attachment> find_attachment(std::string_view bus_type);

/// Name, description, backend and "qemu" of a profile: the function with the backend that its
/// properties ask for, and a device for the first bus that one is known for. "trace" holds what may
/// tell of its reset: the survey shows what does.
scenario::Profile with_attachment(const QemuFacts& facts);

/// What to try: by the backend, else by what the kernel made of the device (`nodes` of the agent's
/// `function`). Kinds are empty where nothing fits.
run::Work work_for(const scenario::Profile& profile, const nlohmann::json& nodes);

}  // namespace quiesce::draft
