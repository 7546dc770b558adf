// SPDX-License-Identifier: GPL-2.0-or-later
// Disks: an image in memory whose blocks are tagged.
#include "harness/scenario/kind.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::scenario {

namespace {

std::pair<const char*, nlohmann::json> blockdev(const BackendPlace& place) {
  return {"-blockdev",
          {{"driver", "raw"},
           {"node-name", place.id},
           {"file",
            {{"driver", "file"},
             {"filename", fmt::format("/proc/self/fd/{}", place.fd)},
             {"locking", "off"}}}}};
}

constexpr Backend disk_backend{.name = "disk",
                               .property = "drive",
                               .inherits = Backend::Inherits::image,
                               .has_serial = true,
                               .option = blockdev};

std::vector<KindParameter> disk_parameters() {
  // A page and less lies in one descriptor; 1 MiB is what one request may hold on all disks here.
  return {{"block", shape::whole(512, 1 << 20)},
          {"rate", shape::whole(0, 1'000'000)},
          // Half of the 64 MiB disk.
          {"region", shape::whole(512, 32 << 20)}};
}

}  // namespace

const Kind& disk_kind() {
  static const Kind kind{
      .name = "disk",
      .backend = &disk_backend,
      .activities = {{.name = wire::activity::disk_read, .parameters = disk_parameters()},
                     {.name = wire::activity::disk_write, .parameters = disk_parameters()}},
      .tests = {{.name = wire::test::disk_compare,
                 .parameters = {{"blocks", shape::whole(1, 65'536)}}}},
      .attachments = {{"SCSI", "scsi-hd", true},
                      {"IDE", "ide-hd", true},
                      {"sdhci-bus", "sd-card", false},
                      {"sd-bus", "sd-card", false}},
      .offered_activity = {{"kind", wire::activity::disk_read},
                           {"block", 4096},
                           {"rate", 200},
                           {"region", 16 << 20}},
      .offered_test = {{"kind", wire::test::disk_compare}, {"blocks", 64}}};
  return kind;
}

}  // namespace quiesce::scenario
