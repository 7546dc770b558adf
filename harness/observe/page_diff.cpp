// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/page_diff.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <functional>
#include <thread>

#include "harness/observe/page_compare.hpp"

namespace quiesce::observe {

namespace {

/// What one thread takes from the list at a time: small enough to share evenly, large enough that
/// taking costs nothing.
constexpr std::uint64_t chunk = 1U << 20;

Result<void> check(const DiffOptions& options) {
  const std::uint64_t page = options.page.value;
  if (page < 64 || page > chunk || !std::has_single_bit(page))
    return fail(Errc::invalid_input, "a page of {} bytes", page);
  if (options.workers < 1 || options.workers > 64)
    return fail(Errc::invalid_input, "{} workers", options.workers);
  return {};
}

/// Calls work(worker, piece) for every piece, on `workers` threads (the caller's is one of them).
void share_out(const Extents& pieces, int workers,
               const std::function<void(std::size_t, const Extent&)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto run = [&](std::size_t worker) {
    for (std::size_t at = next++; at < pieces.size(); at = next++) work(worker, pieces[at]);
  };
  std::vector<std::jthread> helpers;
  for (int worker = 1; worker < workers; ++worker)
    helpers.emplace_back(run, static_cast<std::size_t>(worker));
  run(0);
}

/// Makes the kernel fill the page tables now. MADV_POPULATE_* is Linux 5.14; before that, touch.
void populate(std::span<const std::byte> memory) {
#ifdef MADV_POPULATE_READ
  if (::madvise(const_cast<std::byte*>(memory.data()), memory.size(), MADV_POPULATE_READ) == 0)
    return;
#endif
  const volatile std::byte* at = memory.data();
  for (std::size_t offset = 0; offset < memory.size(); offset += 4096) (void)at[offset];
}

/// Gives every page memory of its own and keeps what it holds.
void touch(std::span<std::byte> memory) {
#ifdef MADV_POPULATE_WRITE
  if (::madvise(memory.data(), memory.size(), MADV_POPULATE_WRITE) == 0) return;
#endif
  volatile std::byte* at = memory.data();
  // cppcheck-suppress selfAssignment; the write is what it is for
  for (std::size_t offset = 0; offset < memory.size(); offset += 4096) at[offset] = at[offset];
}

}  // namespace

Result<Baseline> Baseline::create(const GuestRam& ram, const std::vector<PhysRange>& excluded) {
  TRY_ASSIGN(auto copy, Mapping::anonymous(ram.bytes().size()));
  // A guest uses a fifth of its RAM, here and there: huge pages would more than double what must be
  // cleared (measured: 0.5 s a run), and the comparison is bound by memory, not by the TLB.
  ::madvise(copy.writable().data(), copy.size(), MADV_NOHUGEPAGE);
  Extents offsets;
  for (const auto& range : excluded)
    for (const auto& extent : ram.layout().offsets_of(range)) offsets.push_back(extent);
  return Baseline(std::move(copy), ram.layout(), whole_pages(std::move(offsets), 4096));
}

// Only holes are searched again. Data that became a hole is compared as before: it reads as zeros.
Result<void> Baseline::find_used(const GuestRam& ram) {
  if (ram.bytes().size() != copy_.size())
    return fail(Errc::internal, "the baseline is of another guest's RAM");
  const Extents unknown = without({{.begin = 0, .end = copy_.size()}}, united(used_, excluded_));
  TRY_ASSIGN(const auto fresh, ram.data(unknown));
  used_ = united(std::move(used_), fresh);
  return {};
}

Result<void> Baseline::prepare(const GuestRam& ram) {
  TRY(find_used(ram));
  for (const auto& fresh : without(used_, touched_)) {
    touch(copy_.writable().subspan(fresh.begin, fresh.size()));
    populate(ram.bytes().subspan(fresh.begin, fresh.size()));
  }
  touched_ = used_;
  return {};
}

Result<Bytes> Baseline::take(const GuestRam& ram, DiffOptions options) {
  TRY(check(options));
  TRY(find_used(ram));
  share_out(chopped(used_, chunk), options.workers, [&](std::size_t, const Extent& piece) {
    std::memcpy(copy_.writable().data() + piece.begin, ram.bytes().data() + piece.begin,
                piece.size());
  });
  touched_ = used_;
  return Bytes{total(used_)};
}

Result<std::span<const std::byte>> Baseline::read(GuestPhys at, std::size_t size) const {
  const auto offset = layout_.offset_of(at);
  if (!offset || size > copy_.size() - *offset)
    return fail(Errc::not_found, "no {} bytes of RAM at {:#x}", size, at.value);
  return copy_.bytes().subspan(*offset, size);
}

Result<Pass> diff(Baseline& baseline, const GuestRam& now, DiffOptions options) {
  TRY(check(options));
  TRY(baseline.find_used(now));
  const auto pieces = chopped(baseline.used_, chunk);

  std::vector<PageComparer> comparers(static_cast<std::size_t>(options.workers),
                                      PageComparer(options.page.value));
  share_out(pieces, options.workers, [&](std::size_t worker, const Extent& piece) {
    comparers[worker].compare(baseline.copy_.writable().data(), now.bytes().data(), piece);
  });

  Pass pass{.pages = total(baseline.used_) / options.page.value};
  for (const auto& comparer : comparers)
    for (const auto& found : comparer.found())
      pass.changed.push_back({.page = *baseline.layout_.phys_of(found.offset),
                              .bytes = found.bytes,
                              .first = found.first,
                              .last = found.last});
  std::ranges::sort(pass.changed, {}, &ChangedPage::page);
  return pass;
}

}  // namespace quiesce::observe
