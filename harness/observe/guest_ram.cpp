// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/guest_ram.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace quiesce::observe {

Result<GuestRam> GuestRam::map(int fd, Bytes size, const target::RamSplit& split) {
  if (size.value == 0 || size.value % 4096 != 0)
    return fail(Errc::invalid_input, "guest RAM of {} bytes is no whole number of pages",
                size.value);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("cannot look at the file of guest RAM");
  if (static_cast<std::uint64_t>(status.st_size) < size.value)
    return fail(Errc::invalid_input, "the file of guest RAM has {} bytes, {} are expected",
                status.st_size, size.value);
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail_errno("cannot duplicate the descriptor of guest RAM");
  Fd own = Fd::adopt(copy);
  TRY_ASSIGN(auto mapping, Mapping::of_file(own.get(), size.value, Mapping::Access::read));
  return GuestRam(std::move(own), std::move(mapping), RamLayout::of(split, size));
}

Result<std::span<const std::byte>> GuestRam::read(GuestPhys at, std::size_t size) const {
  if (size == 0) return std::span<const std::byte>();
  const std::uint64_t last = at.value + (size - 1);
  const auto begin = layout_.offset_of(at);
  const auto end = layout_.offset_of({last});
  if (!begin || !end || last < at.value || *end - *begin != size - 1)
    return fail(Errc::not_found, "no {} bytes of RAM at {:#x}", size, at.value);
  return bytes().subspan(*begin, size);
}

Result<Extents> GuestRam::data(const Extents& where) const {
  Extents found;
  off_t data_begin = 0;  // [data_begin, data_end) is the run of data seen last
  off_t data_end = 0;
  for (const auto& part : where) {
    const auto part_end = static_cast<off_t>(part.end);
    for (auto at = static_cast<off_t>(part.begin); at < part_end; at = data_end) {
      if (at >= data_end) {
        data_begin = ::lseek(fd_.get(), at, SEEK_DATA);
        if (data_begin < 0 && errno == ENXIO) return found;  // only holes up to the end
        if (data_begin < 0) return fail_errno("cannot find the used parts of guest RAM");
        data_end = data_begin;
        if (data_begin >= part_end) break;
        data_end = ::lseek(fd_.get(), data_begin, SEEK_HOLE);
        if (data_end <= data_begin) return fail_errno("cannot find the holes of guest RAM");
      }
      found.push_back({.begin = static_cast<std::uint64_t>(std::max(at, data_begin)),
                       .end = static_cast<std::uint64_t>(std::min(data_end, part_end))});
    }
  }
  return normalised(std::move(found));
}

}  // namespace quiesce::observe
