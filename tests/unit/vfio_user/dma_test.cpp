// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/dma.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstddef>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_dma)

using namespace quiesce;
using namespace quiesce::vfio_user;
using testing::Bytes;
using Span = DmaMap::Span;
using Direction = DmaMap::Direction;

namespace {

constexpr std::uint64_t top = ~std::uint64_t{0};

Fd memory(std::uint64_t size) {
  return memory_file("guest", size).value();
}

int add(DmaMap& map, Span span, std::optional<Fd> file = {}, std::uint64_t offset = 0,
        DmaMap::Access access = {}) {
  return map.add(span, offset, std::move(file), access);
}

Bytes contents(const Fd& file, std::uint64_t offset, std::size_t size) {
  Bytes bytes(size);
  BOOST_REQUIRE(::pread(file.get(), bytes.data(), size, static_cast<off_t>(offset)) ==
                static_cast<ssize_t>(size));
  return bytes;
}

Fd copy_of(const Fd& file) {
  return Fd::adopt(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
}

/// From now on, in this process, process_vm_* are forbidden as a container may forbid them.
bool forbid_copying() {
  const auto call = [](int number) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(number)};
  };
  const sock_filter deny{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM};
  sock_filter filter[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                          call(SYS_process_vm_readv),
                          deny,
                          call(SYS_process_vm_writev),
                          deny,
                          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program{.len = std::size(filter), .filter = filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_copied_out_lands_in_the_clients_file) {
  DmaMap map({});
  const Fd file = memory(3 * 4096);
  BOOST_TEST(add(map, {0x100000, 8192}, copy_of(file), 4096) == 0);
  const Bytes bytes = testing::pattern(100);
  const auto piece = map.first_piece({0x100010, 100}, Direction::write);
  BOOST_REQUIRE(piece.has_value());
  BOOST_TEST(piece->size == 100U);
  BOOST_TEST(copy_out(piece->memory, bytes));
  BOOST_TEST((contents(file, 4096 + 0x10, 100) == bytes));
  Bytes back(100);
  BOOST_TEST(copy_in(back, piece->memory));
  BOOST_TEST((back == bytes));
}

// QEMU's offsets into its RAM need not be page aligned for mmap: the file is mapped from its begin.
BOOST_AUTO_TEST_CASE(an_offset_that_is_no_page_works) {
  DmaMap map({});
  const Fd file = memory(8192);
  BOOST_TEST(add(map, {0, 100}, copy_of(file), 4001) == 0);
  BOOST_TEST(copy_out(map.first_piece({0, 4}, Direction::write)->memory, testing::pattern(4)));
  BOOST_TEST((contents(file, 4001, 4) == testing::pattern(4)));
}

BOOST_AUTO_TEST_CASE(a_range_without_a_file_is_by_message) {
  DmaMap map({});
  BOOST_TEST(add(map, {0x1000, 0x1000}) == 0);
  const auto piece = map.first_piece({0x1800, 0x800}, Direction::read);
  BOOST_REQUIRE(piece.has_value());
  BOOST_TEST(piece->memory == nullptr);
  BOOST_TEST(piece->size == 0x800U);
}

BOOST_AUTO_TEST_CASE(ranges_that_cannot_be_are_refused) {
  DmaMap map({});
  BOOST_TEST(add(map, {0, 0}) == EINVAL);
  BOOST_TEST(add(map, {0x1000, top}) == EINVAL);
  BOOST_TEST(add(map, {top, 2}) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, memory(4096), top - 4094) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, {}, 0, {.readable = false, .writable = false}) == EINVAL);
  BOOST_TEST(map.count() == 0U);
}

BOOST_AUTO_TEST_CASE(the_last_byte_of_the_address_space_can_be_mapped) {
  DmaMap map({});
  BOOST_TEST(add(map, {top - 4095, 4096}) == 0);
  BOOST_TEST(map.first_piece({top, 1}, Direction::write).has_value());
  BOOST_TEST(!map.first_piece({top, 2}, Direction::write).has_value());
  BOOST_TEST(add(map, {top, 1}) == EEXIST);
  BOOST_TEST(add(map, {0, top}) == EEXIST);
  BOOST_TEST(add(map, {0, top - 4095}) == 0);
}

// "A command to map over an existing region must be failed by the server with EEXIST."
BOOST_AUTO_TEST_CASE(a_range_over_another_one_is_refused) {
  DmaMap map({});
  BOOST_TEST(add(map, {0x2000, 0x2000}) == 0);
  for (const Span span : {Span{0x2000, 0x2000}, Span{0x1000, 0x1001}, Span{0x3fff, 1},
                          Span{0x2800, 0x10}, Span{0, 0x10000}})
    BOOST_TEST(add(map, span) == EEXIST);
  BOOST_TEST(add(map, {0x1000, 0x1000}) == 0);
  BOOST_TEST(add(map, {0x4000, 0x1000}) == 0);
}

BOOST_AUTO_TEST_CASE(there_are_only_so_many_ranges) {
  DmaMap map({.mappings = 3});
  for (std::uint64_t i = 0; i < 3; ++i) BOOST_TEST(add(map, {i * 4096, 4096}) == 0);
  BOOST_TEST(add(map, {0x100000, 4096}) == ENOSPC);
  BOOST_TEST(map.remove({4096, 4096}) == 0);
  BOOST_TEST(add(map, {0x100000, 4096}) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_short_is_refused) {
  DmaMap map({});
  BOOST_TEST(add(map, {0, 4097}, memory(4096)) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, memory(4096), 1) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, memory(4096)) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_mapped_so_is_refused_and_closed) {
  const std::size_t before = testing::open_descriptors();
  DmaMap map({});
  int pipe[2];
  BOOST_REQUIRE(::pipe(pipe) == 0);
  BOOST_TEST(add(map, {0, 4096}, Fd::adopt(pipe[0])) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, Fd::adopt(pipe[1])) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, open_file("/dev/zero", O_RDWR).value()) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, open_file("/", O_RDONLY).value()) == EINVAL);
  const Fd file = memory(4096);
  const auto read_only = [&] {
    return open_file(fmt::format("/proc/self/fd/{}", file.get()), O_RDONLY).value();
  };
  BOOST_TEST(add(map, {0, 4096}, read_only()) == EINVAL);
  BOOST_TEST(add(map, {0, 4096}, read_only(), 0, {.readable = true, .writable = false}) == 0);
  BOOST_TEST(testing::open_descriptors() == before + 1);
}

BOOST_AUTO_TEST_CASE(a_mapped_file_needs_no_descriptor) {
  const std::size_t before = testing::open_descriptors();
  DmaMap map({});
  for (std::uint64_t i = 0; i < 50; ++i) BOOST_TEST(add(map, {i * 4096, 4096}, memory(4096)) == 0);
  BOOST_TEST(testing::open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(access_is_as_the_client_allowed_it) {
  DmaMap map({});
  BOOST_TEST(add(map, {0, 4096}, memory(4096), 0, {.readable = true, .writable = false}) == 0);
  BOOST_TEST(add(map, {4096, 4096}, memory(4096), 0, {.readable = false, .writable = true}) == 0);
  BOOST_TEST(map.first_piece({0, 1}, Direction::read).has_value());
  BOOST_TEST(!map.first_piece({0, 1}, Direction::write).has_value());
  BOOST_TEST(!map.first_piece({4096, 1}, Direction::read).has_value());
  BOOST_TEST(map.first_piece({4096, 1}, Direction::write).has_value());
  // Whole or not at all.
  BOOST_TEST(!map.first_piece({4095, 2}, Direction::read).has_value());
  BOOST_TEST(!map.first_piece({4095, 2}, Direction::write).has_value());
}

BOOST_AUTO_TEST_CASE(an_access_over_two_ranges_begins_with_its_first_piece) {
  DmaMap map({});
  BOOST_TEST(add(map, {0x1000, 0x1000}, memory(0x1000)) == 0);
  BOOST_TEST(add(map, {0x2000, 0x1000}) == 0);
  const auto piece = map.first_piece({0x1ff0, 0x20}, Direction::write);
  BOOST_REQUIRE(piece.has_value());
  BOOST_TEST(piece->size == 0x10U);
  BOOST_TEST(piece->memory != nullptr);
}

BOOST_AUTO_TEST_CASE(an_access_with_a_hole_or_a_wrap_is_none) {
  DmaMap map({});
  BOOST_TEST(add(map, {0, 0x1000}) == 0);
  BOOST_TEST(add(map, {0x2000, 0x1000}) == 0);
  BOOST_TEST(add(map, {top - 0xfff, 0x1000}) == 0);
  for (const Span span : {Span{0x800, 0x2000}, Span{0x1000, 1}, Span{0xfff, 2}, Span{0, 0},
                          Span{top, 2}, Span{0, top}, Span{0x1fff, 1}})
    BOOST_TEST(!map.first_piece(span, Direction::read).has_value());
}

BOOST_AUTO_TEST_CASE(only_a_whole_range_is_removed) {
  DmaMap map({});
  BOOST_TEST(add(map, {0x1000, 0x2000}) == 0);
  for (const Span span : {Span{0x1000, 0x1000}, Span{0x2000, 0x1000}, Span{0, 0x3000}, Span{0, 0}})
    BOOST_TEST(map.remove(span) == ENOENT);
  BOOST_TEST(map.remove({0x1000, 0x2000}) == 0);
  BOOST_TEST(map.remove({0x1000, 0x2000}) == ENOENT);
  BOOST_TEST(!map.first_piece({0x1000, 1}, Direction::read).has_value());
}

BOOST_AUTO_TEST_CASE(all_ranges_are_removed_and_named) {
  DmaMap map({});
  BOOST_TEST(add(map, {0x1000, 0x1000}) == 0);
  BOOST_TEST(add(map, {0x8000, 0x1000}, memory(0x1000)) == 0);
  BOOST_TEST((map.remove_all() == std::vector<Span>{{0x1000, 0x1000}, {0x8000, 0x1000}}));
  BOOST_TEST(map.count() == 0U);
  BOOST_TEST(map.remove_all().empty());
}

// "The server must release all references to that DMA region before replying."
BOOST_AUTO_TEST_CASE(nothing_stale_is_kept_unless_it_was_asked_for) {
  DmaMap map({});
  BOOST_TEST(add(map, {0, 4096}, memory(4096)) == 0);
  BOOST_TEST(map.remove({0, 4096}) == 0);
  BOOST_TEST(map.stale_count() == 0U);
  BOOST_TEST(!map.first_stale_piece({0, 1}).has_value());
}

BOOST_AUTO_TEST_CASE(stale_memory_is_reached_until_it_is_forgotten) {
  DmaMap map({.stale_mappings = 4});
  const Fd file = memory(4096);
  BOOST_TEST(add(map, {0x5000, 4096}, copy_of(file)) == 0);
  BOOST_TEST(map.remove({0x5000, 4096}) == 0);
  const auto piece = map.first_stale_piece({0x5000, 8});
  BOOST_REQUIRE(piece.has_value());
  BOOST_TEST(copy_out(piece->memory, testing::pattern(8)));
  BOOST_TEST((contents(file, 0, 8) == testing::pattern(8)));
  map.forget();
  BOOST_TEST(!map.first_stale_piece({0x5000, 8}).has_value());
}

BOOST_AUTO_TEST_CASE(stale_ranges_are_bounded_and_the_oldest_goes) {
  DmaMap map({.stale_mappings = 2});
  for (std::uint64_t i = 0; i < 3; ++i) {
    BOOST_TEST(add(map, {i * 4096, 4096}, memory(4096)) == 0);
    BOOST_TEST(map.remove({i * 4096, 4096}) == 0);
  }
  BOOST_TEST(map.stale_count() == 2U);
  BOOST_TEST(!map.first_stale_piece({0, 1}).has_value());
  BOOST_TEST(map.first_stale_piece({8192, 1}).has_value());
}

BOOST_AUTO_TEST_CASE(the_same_range_taken_away_again_and_again_is_kept_once) {
  DmaMap map({.stale_mappings = 8});
  const Fd file = memory(4096);
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(add(map, {0, 4096}, copy_of(file)) == 0);
    BOOST_TEST(map.remove({0, 4096}) == 0);
  }
  BOOST_TEST(map.stale_count() == 1U);
  // Another file at the same place is another range, and the younger one is what is meant.
  const Fd other = memory(4096);
  BOOST_TEST(add(map, {0, 4096}, copy_of(other)) == 0);
  BOOST_TEST(map.remove({0, 4096}) == 0);
  BOOST_TEST(map.stale_count() == 2U);
  BOOST_TEST(copy_out(map.first_stale_piece({0, 4})->memory, testing::pattern(4)));
  BOOST_TEST((contents(other, 0, 4) == testing::pattern(4)));
}

BOOST_AUTO_TEST_CASE(what_could_not_be_written_is_not_kept) {
  DmaMap map({.stale_mappings = 8});
  BOOST_TEST(add(map, {0, 4096}, memory(4096), 0, {.readable = true, .writable = false}) == 0);
  BOOST_TEST(add(map, {4096, 4096}) == 0);
  map.remove_all();
  BOOST_TEST(map.stale_count() == 0U);
}

// Touching such a page by a plain copy is a SIGBUS, which ended the server.
BOOST_AUTO_TEST_CASE(a_file_cut_after_its_map_fails_the_copy_and_ends_nobody) {
  DmaMap map({});
  const Fd file = memory(8192);
  BOOST_TEST(add(map, {0, 8192}, copy_of(file)) == 0);
  const auto piece = map.first_piece({4096, 16}, Direction::write);
  BOOST_REQUIRE(::ftruncate(file.get(), 4096) == 0);
  Bytes bytes(16);
  BOOST_TEST(!copy_out(piece->memory, bytes));
  BOOST_TEST(!copy_in(bytes, piece->memory));
  // Half of it is there: that is no copy either.
  BOOST_TEST(!copy_in(bytes, piece->memory - 8));
  BOOST_TEST(copy_in(bytes, piece->memory - 16));
}

BOOST_AUTO_TEST_CASE(where_the_kernel_forbids_such_copies_they_are_made_by_hand) {
  const Fd file = memory(4096);
  auto mapping = Mapping::of_file(file.get(), 4096, Mapping::Access::read_write).value();
  const pid_t child = ::fork();
  if (child == 0) {
    Bytes back(16);
    const bool good = forbid_copying() &&
                      copy_out(mapping.writable().data(), testing::pattern(16)) &&
                      copy_in(back, mapping.bytes().data()) && back == testing::pattern(16);
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  BOOST_TEST((contents(file, 0, 16) == testing::pattern(16)));
}

BOOST_AUTO_TEST_SUITE_END()
