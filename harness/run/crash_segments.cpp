// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/crash_segments.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <string_view>

namespace quiesce::run {

namespace {

constexpr std::size_t page_size = 4096;
using Page = std::span<const std::byte>;

/// What a segment looks like at its first page, and how long it is.
struct Looks {
  const char* name;
  std::function<bool(Page)> matches;
  std::uint64_t size;
};

/// Reads [at, at + size) of a file; empty when it is shorter.
std::vector<std::byte> piece_of(const std::filesystem::path& path, std::uint64_t at,
                                std::size_t size) {
  auto fd = open_file(path, O_RDONLY);
  std::vector<std::byte> bytes(size);
  if (!fd ||
      ::pread(fd->get(), bytes.data(), size, static_cast<off_t>(at)) != static_cast<ssize_t>(size))
    return {};
  return bytes;
}

std::function<bool(Page)> begins_with(std::vector<std::byte> start) {
  return [start = std::move(start)](Page page) {
    return !start.empty() && std::equal(start.begin(), start.end(), page.begin());
  };
}

/// The x86 boot protocol (Documentation/arch/x86/boot.rst): setup_sects at 0x1f1, init_size at
/// 0x260; the protected-mode part follows the setup sectors.
Looks kernel_looks(const std::filesystem::path& image) {
  constexpr std::size_t header = 0x264;
  const auto setup = piece_of(image, 0, header);
  if (setup.empty()) return {"kernel", [](Page) { return false; }, 0};
  const auto sectors = std::to_integer<std::uint64_t>(setup[0x1f1]);
  std::uint32_t init_size = 0;
  std::memcpy(&init_size, setup.data() + 0x260, sizeof init_size);
  return {"kernel", begins_with(piece_of(image, ((sectors == 0 ? 4 : sectors) + 1) * 512, 64)),
          init_size};
}

Looks initramfs_looks(const std::filesystem::path& initramfs) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(initramfs, error);
  // A cpio header and its first name.
  auto begins = begins_with(piece_of(initramfs, 0, 112));
  return {"initramfs", std::move(begins), error ? 0 : size};
}

Looks core_header_looks() {
  return {"elfcorehdr",
          [](Page page) {
            // ELF64, little endian, e_type ET_CORE.
            constexpr std::array<unsigned char, 6> ident{0x7f, 'E', 'L', 'F', 2, 1};
            return std::memcmp(page.data(), ident.data(), ident.size()) == 0 &&
                   page[16] == std::byte{4};
          },
          page_size};
}

/// Purgatory is a handful of pages with its SHA-256 table among them: kernel and table are told
/// apart by distance.
constexpr std::uint64_t purgatory_reach = 32768;

bool holds_sha256_table(Page page) {
  constexpr std::array<std::uint32_t, 4> constants{0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5};
  std::array<char, sizeof constants> wanted{};
  std::memcpy(wanted.data(), constants.data(), wanted.size());
  const std::string_view text(reinterpret_cast<const char*>(page.data()), page.size());
  return text.find(std::string_view(wanted.data(), wanted.size())) != std::string_view::npos;
}

bool inside_any(const std::vector<CrashSegment>& segments, GuestPhys at) {
  return std::ranges::any_of(segments,
                             [&](const auto& segment) { return segment.range.contains(at); });
}

/// Calls `visit` with every page of `region` that is RAM.
void each_page(const observe::GuestRam& ram, const PhysRange& region,
               const std::function<void(GuestPhys, Page)>& visit) {
  for (std::uint64_t at = region.begin.value; at + page_size <= region.end.value; at += page_size)
    if (const auto page = ram.read({at}, page_size)) visit({at}, *page);
}

}  // namespace

Result<std::vector<CrashSegment>> find_crash_segments(const observe::GuestRam& ram,
                                                      PhysRange region,
                                                      const scenario::BootImage& capture) {
  TRY_ASSIGN(const observe::Extents data, ram.data(ram.layout().offsets_of(region)));
  // It loses sight of what a std::function holds.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
  const std::array<Looks, 3> looks{kernel_looks(capture.image), initramfs_looks(capture.initramfs),
                                   core_header_looks()};
  std::vector<CrashSegment> segments;
  std::vector<GuestPhys> tables;
  for (const auto& extent : data) {
    const auto begin = ram.layout().phys_of(extent.begin);
    if (!begin) continue;
    each_page(ram, {*begin, {begin->value + extent.size()}}, [&](GuestPhys at, Page page) {
      for (const auto& look : looks)
        if (look.matches(page)) segments.push_back({look.name, {at, {at.value + look.size}}});
      if (holds_sha256_table(page)) tables.push_back(at);
    });
  }
  for (const GuestPhys table : tables) {
    if (inside_any(segments, table)) continue;
    const std::uint64_t from =
        std::max(region.begin.value, table.value - std::min(table.value, purgatory_reach));
    segments.push_back(
        {"purgatory", {{from}, {std::min(region.end.value, table.value + purgatory_reach)}}});
  }
  return segments;
}

}  // namespace quiesce::run
