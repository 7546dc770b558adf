// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/attachment.hpp"

#include <algorithm>
#include <array>

#include "harness/scenario/load.hpp"

namespace quiesce::draft {

using nlohmann::json;

namespace {

json attached_object(const Attachment& attachment, const ChildBus& bus) {
  json object{{"driver", attachment.driver}};
  // A bus that has not the function's name is found by its type.
  if (bus.name.ends_with(".0")) object["bus"] = "@bus";
  if (attachment.serial) object["serial"] = "@name";
  if (attachment.kind->backend != nullptr) object[attachment.kind->backend->property] = "@backend";
  return object;
}

/// What may tell of the device's reset. Those that do not come leave the profile again.
std::vector<scenario::Profile::TraceMeaning> reset_meanings(const QemuFacts& facts) {
  std::vector<scenario::Profile::TraceMeaning> meanings;
  // A virtio driver resets by writing 0 to the status (virtio 1.2, 3.1.1).
  if (facts.device.name.starts_with("virtio-"))
    meanings.push_back({"virtio_set_status", "driver-reset", "val 0"});
  for (const auto* events : {&facts.reset_events.own, &facts.reset_events.others})
    for (const auto& event : *events) meanings.push_back({event, "driver-reset", ""});
  return meanings;
}

}  // namespace

std::optional<Attachment> find_attachment(std::string_view bus_type) {
  for (const auto* kind : scenario::kinds())
    for (const auto& one : kind->attachments)
      if (bus_type == one.bus_type) return Attachment{one, kind};
  return std::nullopt;
}

scenario::Profile with_attachment(const QemuFacts& facts) {
  scenario::Profile profile;
  profile.name = scenario::device_name_of(facts.device.name);
  profile.description =
      facts.device.description.empty()
          ? fmt::format("QEMU's {}: {}", facts.device.name, class_words(facts.config))
          : facts.device.description;
  json function{{"driver", facts.device.name}, {"id", "@name"}, {"addr", "@addr"}};
  for (const auto* kind : scenario::kinds()) {
    const scenario::Backend* backend = kind->backend;
    if (backend == nullptr || !facts.properties.contains(backend->property)) continue;
    function[backend->property] = "@backend";
    profile.backend = backend->name;
    if (backend->has_mac && facts.properties.contains("mac")) function["mac"] = "@mac";
    if (backend->has_serial && facts.properties.contains("serial")) function["serial"] = "@name";
    break;
  }
  profile.qemu.push_back(std::move(function));
  profile.trace = reset_meanings(facts);
  if (profile.backend != "none") return profile;
  for (const auto& bus : facts.buses) {
    const auto attachment = find_attachment(bus.type);
    if (!attachment) continue;
    profile.qemu.push_back(attached_object(*attachment, bus));
    if (attachment->kind->backend != nullptr) profile.backend = attachment->kind->backend->name;
    break;
  }
  return profile;
}

run::Work work_for(const scenario::Profile& profile, const json& nodes) {
  // The last first: a display that has an input, too, is a display.
  for (auto at = scenario::kinds().rbegin(); at != scenario::kinds().rend(); ++at) {
    const scenario::Kind& kind = **at;
    const bool fits = kind.backend != nullptr ? profile.backend == kind.backend->name
                                              : kind.node != nullptr && profile.backend == "none" &&
                                                    nodes.is_object() && nodes.contains(kind.node);
    if (fits) return {kind.offered_activity, kind.offered_test};
  }
  return {};
}

}  // namespace quiesce::draft
