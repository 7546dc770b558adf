// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/mixer.hpp"

#include <fcntl.h>
#include <sound/asound.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <vector>

#include "harness/base/fd.hpp"

namespace quiesce::agent {

namespace {

Result<std::vector<snd_ctl_elem_id>> list_elements(int fd) {
  snd_ctl_elem_list list{};
  if (::ioctl(fd, SNDRV_CTL_IOCTL_ELEM_LIST, &list) != 0)
    return fail_errno("cannot list the mixer's elements");
  std::vector<snd_ctl_elem_id> ids(list.count);
  list.space = list.count;
  list.pids = ids.data();
  if (::ioctl(fd, SNDRV_CTL_IOCTL_ELEM_LIST, &list) != 0)
    return fail_errno("cannot list the mixer's elements");
  ids.resize(list.used);
  return ids;
}

std::string_view name_of(const snd_ctl_elem_id& id) {
  const std::string_view field(reinterpret_cast<const char*>(id.name), sizeof id.name);
  return field.substr(0, field.find('\0'));
}

/// Sets all channels to the greatest value; false when the element cannot be set.
bool raise(int fd, const snd_ctl_elem_id& id) {
  snd_ctl_elem_info info{};
  info.id = id;
  if (::ioctl(fd, SNDRV_CTL_IOCTL_ELEM_INFO, &info) != 0) return false;
  if ((info.access & SNDRV_CTL_ELEM_ACCESS_WRITE) == 0) return false;
  const bool is_switch = info.type == SNDRV_CTL_ELEM_TYPE_BOOLEAN;
  if (!is_switch && info.type != SNDRV_CTL_ELEM_TYPE_INTEGER) return false;
  snd_ctl_elem_value value{};
  value.id = id;
  const unsigned channels = std::min<unsigned>(info.count, std::size(value.value.integer.value));
  std::fill_n(value.value.integer.value, channels, is_switch ? 1 : info.value.integer.max);
  return ::ioctl(fd, SNDRV_CTL_IOCTL_ELEM_WRITE, &value) >= 0;
}

}  // namespace

MixerRole mixer_role(std::string_view name) {
  if (name.ends_with("Playback Volume")) return MixerRole::playback_volume;
  if (name.ends_with("Playback Switch")) return MixerRole::playback_switch;
  return MixerRole::other;
}

std::string control_of(std::string_view pcm_node) {
  constexpr std::string_view prefix = "/dev/snd/pcmC";
  const std::size_t end = pcm_node.find('D', prefix.size());
  if (!pcm_node.starts_with(prefix) || end == std::string_view::npos || end == prefix.size())
    return {};
  return "/dev/snd/controlC" + std::string(pcm_node.substr(prefix.size(), end - prefix.size()));
}

Result<int> open_playback(const std::string& control_node) {
  TRY_ASSIGN(const Fd fd, open_file(control_node, O_RDWR));
  TRY_ASSIGN(const auto ids, list_elements(fd.get()));
  return static_cast<int>(std::ranges::count_if(ids, [&](const snd_ctl_elem_id& id) {
    return mixer_role(name_of(id)) != MixerRole::other && raise(fd.get(), id);
  }));
}

}  // namespace quiesce::agent
