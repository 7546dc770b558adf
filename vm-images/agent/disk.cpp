// SPDX-License-Identifier: GPL-2.0-or-later
// Tagged blocks, read and written past the page cache. The first half of a disk is as the harness
// laid it, the second is ours.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "harness/base/fd.hpp"
#include "harness/base/tag.hpp"
#include "harness/base/units.hpp"
#include "vm-images/agent/sysfs.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

namespace {

constexpr std::size_t tag_block = 512;

/// Memory that O_DIRECT accepts.
class Buffer {
 public:
  explicit Buffer(std::size_t size)
      : size_(size),
        data_(static_cast<std::byte*>(std::aligned_alloc(4096, (size + 4095) & ~4095UL)),
              std::free) {}
  std::span<std::byte> bytes() { return {data_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte, decltype(&std::free)> data_;
};

struct Disk {
  std::string node;
  Fd fd;
  std::uint64_t half = 0;  ///< where the second half begins, bytes
  std::size_t unit = 512;  ///< smallest transfer
};

Result<Disk> open_disk(const Subject& subject) {
  TRY_ASSIGN(const std::string node, wait_for_disk(subject.address, subject.patience));
  TRY_ASSIGN(Fd fd, open_file(node, O_RDWR | O_DIRECT));
  std::uint64_t bytes = 0;
  int unit = 0;
  if (::ioctl(fd.get(), BLKGETSIZE64, &bytes) != 0 || ::ioctl(fd.get(), BLKSSZGET, &unit) != 0)
    return fail_errno("cannot ask for the size of " + node);
  // The harness lays tags in blocks of 512, whatever the disk's own are.
  constexpr std::uint64_t alignment = 1U << 20;
  const std::uint64_t half = bytes / 2 / alignment * alignment;
  if (half == 0) return fail(Errc::unsupported, "{} has only {} bytes", node, bytes);
  return Disk{
      .node = node, .fd = std::move(fd), .half = half, .unit = static_cast<std::size_t>(unit)};
}

Tag block_tag(const Subject& subject, TagKind kind, std::uint64_t sequence,
              std::uint64_t position) {
  return {.kind = kind,
          .device = subject.device.substr(0, Tag::longest_name),
          .sequence = sequence,
          .block = position / tag_block,
          .offset = 0,
          .seed = subject.seed};
}

Result<void> read_at(const Disk& disk, std::span<std::byte> bytes, std::uint64_t position) {
  const ssize_t got =
      ::pread(disk.fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
  if (got == static_cast<ssize_t>(bytes.size())) return {};
  if (got >= 0) errno = EIO;
  return fail_errno(fmt::format("cannot read {} at {}", disk.node, position));
}

Result<void> write_at(const Disk& disk, std::span<const std::byte> bytes, std::uint64_t position) {
  const ssize_t done =
      ::pwrite(disk.fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
  if (done == static_cast<ssize_t>(bytes.size())) return {};
  if (done >= 0) errno = EIO;
  return fail_errno(fmt::format("cannot write {} at {}", disk.node, position));
}

/// The number of 512-byte blocks in `bytes` that are not as `kind` and `sequence` want them.
std::uint64_t count_wrong(const Subject& subject, std::span<const std::byte> bytes, TagKind kind,
                          std::uint64_t sequence, std::uint64_t position) {
  std::uint64_t wrong = 0;
  for (std::size_t at = 0; at < bytes.size(); at += tag_block)
    if (!is_tagged(bytes.subspan(at, tag_block), block_tag(subject, kind, sequence, position + at)))
      ++wrong;
  return wrong;
}

void fill(const Subject& subject, std::span<std::byte> bytes, std::uint64_t sequence,
          std::uint64_t position) {
  for (std::size_t at = 0; at < bytes.size(); at += tag_block)
    fill_tagged(bytes.subspan(at, tag_block),
                block_tag(subject, TagKind::guest_write, sequence, position + at));
}

/// A sequence number that no activity reaches and no earlier test had: old contents must not pass
/// for what was written now.
std::uint64_t fresh_sequence() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  constexpr std::uint64_t nanoseconds = 1'000'000'000;
  return static_cast<std::uint64_t>(now.tv_sec) * nanoseconds +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// How an activity goes over its half.
struct Pattern {
  std::size_t block = 4096;
  double rate = 200;
  std::uint64_t region = 0;  ///< bytes, a multiple of block
};

Result<Pattern> read_pattern(const Disk& disk, const Request& request) {
  Pattern pattern;
  TRY_ASSIGN(pattern.block, request.whole("block", 4096, disk.unit, 1U << 20));
  TRY_ASSIGN(pattern.rate, request.number("rate", 200, 0, 1e6));
  TRY_ASSIGN(const std::uint64_t region, request.whole("region", 16U << 20, 1, 1ULL << 40));
  if (pattern.block % disk.unit != 0 || pattern.block % tag_block != 0)
    return fail(Errc::invalid_input, "the block size must be a multiple of {}", disk.unit);
  pattern.region = std::min(region, disk.half) / pattern.block * pattern.block;
  if (pattern.region == 0) return fail(Errc::invalid_input, "the region is smaller than a block");
  return pattern;
}

Result<void> read_all(const Disk& disk, const Subject& subject, const Pattern& pattern,
                      const std::stop_token& stop, Progress& progress) {
  Buffer buffer(pattern.block);
  Pace pace(pattern.rate);
  for (std::uint64_t position = 0; pace.next(stop);
       position = (position + pattern.block) % pattern.region) {
    TRY(read_at(disk, buffer.bytes(), position));
    ++progress.operations;
    progress.bytes += pattern.block;
    const auto wrong = count_wrong(subject, buffer.bytes(), TagKind::disk_block, 0, position);
    if (wrong == 0) continue;
    ++progress.errors;
    progress.say(fmt::format("{} wrong blocks of 512 bytes at {}", wrong, position));
  }
  return {};
}

Result<void> write_on(const Disk& disk, const Subject& subject, const Pattern& pattern,
                      const std::stop_token& stop, Progress& progress) {
  Buffer buffer(pattern.block);
  Pace pace(pattern.rate);
  std::uint64_t offset = 0;
  for (std::uint64_t sequence = 0; pace.next(stop); ++sequence) {
    const std::uint64_t position = disk.half + offset;
    fill(subject, buffer.bytes(), sequence, position);
    TRY(write_at(disk, buffer.bytes(), position));
    ++progress.operations;
    progress.bytes += pattern.block;
    offset = (offset + pattern.block) % pattern.region;
  }
  return {};
}

using Run = Result<void> (*)(const Disk&, const Subject&, const Pattern&, const std::stop_token&,
                             Progress&);

Result<Work> prepare(const Subject& subject, const Request& request, Run run) {
  TRY_ASSIGN(Disk disk, open_disk(subject));
  TRY_ASSIGN(const Pattern pattern, read_pattern(disk, request));
  auto shared = std::make_shared<Disk>(std::move(disk));
  return Work{
      .node = shared->node,
      .run = [shared, subject, pattern, run](const std::stop_token& stop, Progress& progress) {
        return run(*shared, subject, pattern, stop, progress);
      }};
}

}  // namespace

Result<Work> disk_read(const Subject& subject, const Request& request) {
  return prepare(subject, request, read_all);
}

Result<Work> disk_write(const Subject& subject, const Request& request) {
  return prepare(subject, request, write_on);
}

Result<Outcome> disk_compare_test(const Subject& subject, const Request& request) {
  TRY_ASSIGN(const std::uint64_t blocks, request.whole("blocks", 64, 1, 65536));
  TRY_ASSIGN(const Disk disk, open_disk(subject));
  const std::uint64_t sequence = fresh_sequence();
  const TimePoint began = system_clock().now();
  const std::uint64_t stride =
      std::max(disk.half / blocks / disk.unit, std::uint64_t{1}) * disk.unit;
  Buffer buffer(disk.unit);
  std::uint64_t wrong = 0;
  std::uint64_t wrong_back = 0;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    const std::uint64_t position = block * stride % disk.half;
    TRY(read_at(disk, buffer.bytes(), position));
    if (count_wrong(subject, buffer.bytes(), TagKind::disk_block, 0, position) != 0) ++wrong;
    fill(subject, buffer.bytes(), sequence, disk.half + position);
    TRY(write_at(disk, buffer.bytes(), disk.half + position));
  }
  for (std::uint64_t block = 0; block < blocks; ++block) {
    const std::uint64_t position = disk.half + block * stride % disk.half;
    TRY(read_at(disk, buffer.bytes(), position));
    if (count_wrong(subject, buffer.bytes(), TagKind::guest_write, sequence, position) != 0)
      ++wrong_back;
  }
  return Outcome{.why = why_not(wrong == 0 && wrong_back == 0, Errc::protocol),
                 .detail = fmt::format("{}: {} of {} known blocks differ, {} of {} written ones",
                                       disk.node, wrong, blocks, wrong_back, blocks),
                 .numbers = {{"blocks", blocks},
                             {"wrong", wrong},
                             {"wrong_back", wrong_back},
                             {"seconds", (system_clock().now() - began).count()}}};
}

}  // namespace quiesce::agent
