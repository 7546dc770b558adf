// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/attachment.hpp"

#include <algorithm>
#include <array>

#include "harness/scenario/load.hpp"

namespace quiesce::draft {

using nlohmann::json;

namespace {

constexpr std::array attachments{
    Attachment{"SCSI", "scsi-hd", "disk", "drive", true},
    Attachment{"IDE", "ide-hd", "disk", "drive", true},
    Attachment{"sdhci-bus", "sd-card", "disk", "drive", false},
    Attachment{"sd-bus", "sd-card", "disk", "drive", false},
    Attachment{"HDA", "hda-output", "audio", "audiodev", false},
    Attachment{"usb-bus", "usb-tablet", "none", nullptr, false},
};

/// A property of the function itself that takes a backend.
struct BackendProperty {
  const char* property;
  const char* backend;
};
constexpr BackendProperty backend_properties[] = {
    {"netdev", "net"}, {"drive", "disk"}, {"audiodev", "audio"}};

/// Work for a kind of backend, or for a class of nodes; the parameters are the shipped profiles'.
struct Offer {
  const char* backend;  ///< or null
  const char* node;     ///< class of sysfs, or null
  json activity;
  json test;
};
const std::vector<Offer>& offers() {
  static const std::vector<Offer> table{
      {"net",
       nullptr,
       {{"kind", "net-receive"}, {"rate", 10}, {"frame", 512}},
       {{"kind", "net-echo"}, {"frames", 20}}},
      {"disk",
       nullptr,
       {{"kind", "disk-read"}, {"block", 4096}, {"rate", 200}, {"region", 16 << 20}},
       {{"kind", "disk-compare"}, {"blocks", 64}}},
      {"audio",
       nullptr,
       {{"kind", "sound-play"}, {"hertz", 440}, {"rate", 48000}},
       {{"kind", "sound-play"}, {"hertz", 880}, {"seconds", 1}}},
      {nullptr, "graphics", {{"kind", "console"}}, {{"kind", "console"}}},
      {nullptr, "input", {{"kind", "pointer"}}, {{"kind", "pointer"}, {"seconds", 10}}}};
  return table;
}

json attached_object(const Attachment& attachment, const ChildBus& bus) {
  json object{{"driver", attachment.driver}};
  // A bus that has not the function's name is found by its type.
  if (bus.name.ends_with(".0")) object["bus"] = "@bus";
  if (attachment.serial) object["serial"] = "@name";
  if (attachment.property != nullptr) object[attachment.property] = "@backend";
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

const Attachment* find_attachment(std::string_view bus_type) {
  const auto same = [&](const Attachment& one) { return bus_type == one.bus_type; };
  const auto* found = std::ranges::find_if(attachments, same);
  return found != attachments.end() ? found : nullptr;
}

scenario::Profile with_attachment(const QemuFacts& facts) {
  scenario::Profile profile;
  profile.name = scenario::device_name_of(facts.device.name);
  profile.description =
      facts.device.description.empty()
          ? fmt::format("QEMU's {}: {}", facts.device.name, class_words(facts.config))
          : facts.device.description;
  json function{{"driver", facts.device.name}, {"id", "@name"}, {"addr", "@addr"}};
  for (const auto& [property, backend] : backend_properties) {
    if (!facts.properties.contains(property) || profile.backend != "none") continue;
    function[property] = "@backend";
    profile.backend = backend;
  }
  if (profile.backend == "net" && facts.properties.contains("mac")) function["mac"] = "@mac";
  if (profile.backend == "disk" && facts.properties.contains("serial"))
    function["serial"] = "@name";
  profile.qemu.push_back(std::move(function));
  profile.trace = reset_meanings(facts);
  if (profile.backend != "none") return profile;
  for (const auto& bus : facts.buses) {
    const Attachment* attachment = find_attachment(bus.type);
    if (attachment == nullptr) continue;
    profile.qemu.push_back(attached_object(*attachment, bus));
    profile.backend = attachment->backend;
    break;
  }
  return profile;
}

run::Work work_for(const scenario::Profile& profile, const json& nodes) {
  for (const auto& offer : offers()) {
    const bool fits = offer.backend != nullptr ? profile.backend == offer.backend
                                               : nodes.is_object() && nodes.contains(offer.node);
    if (fits) return {offer.activity, offer.test};
  }
  return {};
}

}  // namespace quiesce::draft
