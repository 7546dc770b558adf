// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/disks.hpp"

#include "harness/base/mapping.hpp"
#include "harness/base/tag.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

namespace {

Tag laid(const std::string& device, std::uint64_t block, std::uint32_t seed) {
  return {.kind = TagKind::disk_block,
          .device = device,
          .sequence = 0,
          .block = block,
          .offset = 0,
          .seed = seed};
}

}  // namespace

Result<std::map<std::string, Fd>> make_disks(const scenario::RunPlan& plan) {
  std::map<std::string, Fd> disks;
  for (const auto& device : plan.devices) {
    const auto* backend = scenario::find_backend(device.profile.backend);
    if (backend == nullptr || backend->inherits != scenario::Backend::Inherits::image) continue;
    TRY_ASSIGN(Fd fd, memory_file("quiesce-disk-" + device.name, disk_size.value));
    TRY_ASSIGN(Mapping image,
               Mapping::of_file(fd.get(), disk_size.value, Mapping::Access::read_write));
    for (std::uint64_t block = 0; block < disk_size.value / disk_block; ++block)
      fill_tagged(image.writable().subspan(block * disk_block, disk_block),
                  laid(device.name, block, plan.scenario.seed));
    disks.emplace(device.name, std::move(fd));
  }
  return disks;
}

Result<DiskTruth> inspect_disk(int fd, const std::string& device, std::uint32_t seed) {
  TRY_ASSIGN(const Mapping image, Mapping::of_file(fd, disk_size.value, Mapping::Access::read));
  DiskTruth truth;
  const std::uint64_t blocks = disk_size.value / disk_block;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    const auto bytes = image.bytes().subspan(block * disk_block, disk_block);
    const auto tag = read_tag(bytes);
    const bool as_laid = tag && is_tagged(bytes, laid(device, block, seed));
    if (block < blocks / 2) {
      if (!as_laid) ++truth.damaged_first_half;
    } else if (as_laid) {
      ++truth.untouched;
    } else if (tag && tag->kind == TagKind::guest_write && tag->device == device &&
               tag->seed == seed && is_tagged(bytes, *tag)) {
      ++truth.guest_blocks;
    } else {
      ++truth.other;
    }
  }
  return truth;
}

}  // namespace quiesce::run
