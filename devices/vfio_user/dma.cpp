// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/dma.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quiesce::vfio_user {

namespace {

bool empty_or_wraps(std::uint64_t begin, std::uint64_t size) {
  return size == 0 || begin + (size - 1) < begin;
}

bool overlap(const DmaMap::Span& a, const DmaMap::Span& b) {
  return a.address <= b.address + (b.size - 1) && b.address <= a.address + (a.size - 1);
}

/// Nobody but a seccomp filter forbids a process to copy within itself.
bool forbidden() {
  return errno == EPERM || errno == ENOSYS || errno == EACCES;
}

}  // namespace

int DmaMap::add(Span span, std::uint64_t offset, std::optional<Fd> file, Access access) {
  if (empty_or_wraps(span.address, span.size) || empty_or_wraps(offset, span.size)) return EINVAL;
  if (!access.readable && !access.writable) return EINVAL;
  for (const auto& range : ranges_)
    if (overlap(span, range.span)) return EEXIST;
  if (ranges_.size() >= limits_.mappings) return ENOSPC;
  Range range{.span = span, .access = access, .mapping = {}, .skip = offset};
  if (file) {
    struct stat about {};
    // Who knows what a device's memory does when it is touched.
    if (::fstat(file->get(), &about) != 0 || !S_ISREG(about.st_mode)) return EINVAL;
    auto mapping =
        Mapping::of_file(file->get(), offset + span.size,
                         access.writable ? Mapping::Access::read_write : Mapping::Access::read);
    if (!mapping) return EINVAL;
    range.mapping = std::move(*mapping);
    range.device = about.st_dev;
    range.inode = about.st_ino;
  }
  ranges_.push_back(std::move(range));
  return 0;
}

void DmaMap::retire(Range&& range) {
  if (limits_.stale_mappings == 0 || !range.mapping || !range.access.writable) return;
  // QEMU takes the same range away and gives it again: once is enough.
  std::erase_if(stale_, [&](const Range& old) {
    return old.span == range.span && old.skip == range.skip && old.device == range.device &&
           old.inode == range.inode;
  });
  stale_.push_front(std::move(range));
  if (stale_.size() > limits_.stale_mappings) stale_.pop_back();
}

int DmaMap::remove(Span span) {
  const auto found =
      std::ranges::find_if(ranges_, [&](const Range& range) { return range.span == span; });
  if (found == ranges_.end()) return ENOENT;
  retire(std::move(*found));
  ranges_.erase(found);
  return 0;
}

std::vector<DmaMap::Span> DmaMap::remove_all() {
  std::vector<Span> spans;
  for (auto& range : ranges_) {
    spans.push_back(range.span);
    retire(std::move(range));
  }
  ranges_.clear();
  return spans;
}

void DmaMap::forget() {
  ranges_.clear();
  stale_.clear();
}

template <class Ranges>
std::optional<DmaMap::Piece> DmaMap::cut(const Ranges& ranges, Span span, Direction direction) {
  if (empty_or_wraps(span.address, span.size)) return std::nullopt;
  std::optional<Piece> first;
  for (std::uint64_t done = 0; done < span.size;) {
    const std::uint64_t at = span.address + done;
    const auto range = std::ranges::find_if(ranges, [&](const Range& one) {
      return at >= one.span.address && at - one.span.address < one.span.size;
    });
    if (range == ranges.end()) return std::nullopt;
    if (!(direction == Direction::write ? range->access.writable : range->access.readable))
      return std::nullopt;
    const std::uint64_t within = at - range->span.address;
    const std::uint64_t size = std::min(span.size - done, range->span.size - within);
    if (!first) {
      first = Piece{.size = size};
      // The map hands out memory that others write too: constness says nothing about it.
      if (range->mapping)
        first->memory =
            const_cast<std::byte*>(range->mapping->bytes().data()) + range->skip + within;
    }
    done += size;
  }
  return first;
}

std::optional<DmaMap::Piece> DmaMap::first_piece(Span span, Direction direction) const {
  return cut(ranges_, span, direction);
}

std::optional<DmaMap::Piece> DmaMap::first_stale_piece(Span span) const {
  return cut(stale_, span, Direction::write);
}

bool copy_out(std::byte* memory, std::span<const std::byte> bytes) {
  const iovec ours{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const iovec theirs{memory, bytes.size()};
  const ssize_t copied = ::process_vm_writev(::getpid(), &ours, 1, &theirs, 1, 0);
  if (copied < 0 && forbidden()) {
    std::memcpy(memory, bytes.data(), bytes.size());
    return true;
  }
  return copied >= 0 && static_cast<std::size_t>(copied) == bytes.size();
}

bool copy_in(std::span<std::byte> bytes, const std::byte* memory) {
  const iovec ours{bytes.data(), bytes.size()};
  const iovec theirs{const_cast<std::byte*>(memory), bytes.size()};
  const ssize_t copied = ::process_vm_readv(::getpid(), &ours, 1, &theirs, 1, 0);
  if (copied < 0 && forbidden()) {
    std::memcpy(bytes.data(), memory, bytes.size());
    return true;
  }
  return copied >= 0 && static_cast<std::size_t>(copied) == bytes.size();
}

}  // namespace quiesce::vfio_user
