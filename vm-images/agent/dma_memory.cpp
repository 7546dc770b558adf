// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/dma_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "harness/base/fd.hpp"

namespace quiesce::agent {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t huge_page = 2U << 20;

std::size_t round_up(std::size_t size, std::size_t unit) {
  return (size + unit - 1) / unit * unit;
}

Result<std::vector<std::uint64_t>> frames_of(std::span<const std::byte> memory) {
  TRY_ASSIGN(const Fd fd, open_file("/proc/self/pagemap", O_RDONLY));
  std::vector<std::uint64_t> frames(memory.size() / page);
  const auto first = reinterpret_cast<std::uintptr_t>(memory.data()) / page;
  const std::size_t size = frames.size() * sizeof frames[0];
  const ssize_t got =
      ::pread(fd.get(), frames.data(), size, static_cast<off_t>(first * sizeof frames[0]));
  if (got != static_cast<ssize_t>(size)) return fail_errno("cannot read /proc/self/pagemap");
  std::ranges::transform(frames, frames.begin(), frame_of);
  return frames;
}

/// A fork would share the pages, and the next write of ours to one would move us to a copy of it.
void keep_from_children(std::span<std::byte> memory) {
  ::madvise(memory.data(), memory.size(), MADV_DONTFORK);
}

/// The longest contiguous piece of `memory`.
Result<DmaMemory> contiguous_part(std::span<std::byte> memory) {
  TRY_ASSIGN(const auto frames, frames_of(memory));
  keep_from_children(memory);
  const FrameRun run = longest_run(frames);
  if (run.count == 0)
    return fail(Errc::unsupported, "/proc/self/pagemap shows no frame of {} pages", frames.size());
  return DmaMemory{.bytes = memory.subspan(run.first * page, run.count * page),
                   .address = frames[run.first] * page};
}

/// The kernel gives one more huge page when it has one; that it has not shows when it is mapped.
void ask_for_huge_pages(std::size_t count) {
  constexpr const char* path = "/proc/sys/vm/nr_hugepages";
  std::size_t now = 0;
  if (!(std::ifstream(path) >> now)) return;
  std::ofstream(path) << now + count;
}

Result<DmaMemory> huge_memory(std::size_t most) {
  const std::size_t size = round_up(most, huge_page);
  ask_for_huge_pages(size / huge_page);
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
  if (at == MAP_FAILED) return fail_errno("cannot map a huge page");
  auto memory = contiguous_part({static_cast<std::byte*>(at), size});
  if (!memory) ::munmap(at, size);
  return memory;
}

/// Pages that neither compaction nor khugepaged may move: mlock(2) keeps them in memory, not in
/// place.
Result<DmaMemory> locked_memory(std::size_t most) {
  std::ofstream("/proc/sys/vm/compact_unevictable_allowed") << 0;
  // More than is needed, so that there is a contiguous run among them.
  const std::size_t size = std::max(4 * round_up(most, page), std::size_t{256} * page);
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return fail_errno("cannot map memory for DMA");
  ::madvise(at, size, MADV_NOHUGEPAGE);
  if (::mlock(at, size) != 0) {
    auto failed = fail_errno(fmt::format("cannot lock {} bytes", size));
    ::munmap(at, size);
    return failed;
  }
  auto memory = contiguous_part({static_cast<std::byte*>(at), size});
  if (!memory) {
    ::munmap(at, size);
    return memory;
  }
  auto* const begin = static_cast<std::byte*>(at);
  memory->bytes = memory->bytes.first(std::min(memory->bytes.size(), round_up(most, page)));
  std::byte* const end = memory->bytes.data() + memory->bytes.size();
  if (memory->bytes.data() > begin)
    ::munmap(begin, static_cast<std::size_t>(memory->bytes.data() - begin));
  if (end < begin + size) ::munmap(end, static_cast<std::size_t>(begin + size - end));
  return memory;
}

}  // namespace

std::uint64_t frame_of(std::uint64_t pagemap_entry) {
  constexpr std::uint64_t present = 1ULL << 63;
  constexpr std::uint64_t frame_bits = (1ULL << 55) - 1;
  return (pagemap_entry & present) != 0 ? pagemap_entry & frame_bits : 0;
}

FrameRun longest_run(std::span<const std::uint64_t> frames) {
  FrameRun best;
  FrameRun run;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const bool follows = run.count > 0 && frames[at] == frames[at - 1] + 1;
    if (!follows) run = {.first = at, .count = 0};
    if (frames[at] != 0) ++run.count;
    if (run.count > best.count) best = run;
  }
  return best;
}

Result<DmaMemory> dma_memory(const std::string& owner, std::size_t most) {
  struct Owned {
    DmaMemory memory;
    std::size_t asked = 0;
  };
  static std::mutex mutex;
  static std::map<std::string, Owned> owned;
  const std::lock_guard lock(mutex);
  const auto found = owned.find(owner);
  // What was too little at the first time is taken as all there is: memory does not get less
  // fragmented, and what a device had is never given back.
  if (found != owned.end() && found->second.asked >= most) return found->second.memory;
  auto memory = huge_memory(most);
  if (!memory) memory = locked_memory(most);
  if (memory) owned[owner] = {.memory = *memory, .asked = most};
  return memory;
}

}  // namespace quiesce::agent
