// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstring>
#include <thread>

#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(base_fd)

using namespace quiesce;

namespace {

bool is_open(int raw) {
  return ::fcntl(raw, F_GETFD) >= 0;
}

struct Ends {
  Fd read;
  Fd write;
};

Ends pipe_ends() {
  int ends[2];
  BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {Fd::adopt(ends[0]), Fd::adopt(ends[1])};
}

std::size_t entries(const std::filesystem::path& folder) {
  const auto range = std::filesystem::directory_iterator(folder);
  return static_cast<std::size_t>(std::distance(begin(range), end(range)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_descriptor_is_closed_with_its_owner) {
  int raw = -1;
  {
    const auto fd = open_file("/dev/null", O_RDONLY);
    raw = fd->get();
    BOOST_TEST(is_open(raw));
  }
  BOOST_TEST(!is_open(raw));
}

BOOST_AUTO_TEST_CASE(a_moved_descriptor_is_closed_once_by_its_new_owner) {
  auto ends = pipe_ends();
  const int raw = ends.read.get();
  {
    const Fd owner = std::move(ends.read);
    BOOST_TEST(is_open(raw));
  }
  BOOST_TEST(!is_open(raw));
}

BOOST_AUTO_TEST_CASE(assignment_closes_what_was_there) {
  auto ends = pipe_ends();
  const int replaced = ends.read.get();
  const int kept = ends.write.get();
  ends.read = std::move(ends.write);
  BOOST_TEST(!is_open(replaced));
  BOOST_TEST(ends.read.get() == kept);
  BOOST_TEST(is_open(kept));
}

BOOST_AUTO_TEST_CASE(a_descriptor_assigned_to_itself_stays_open) {
  auto ends = pipe_ends();
  Fd& same = ends.read;
  ends.read = std::move(same);
  BOOST_TEST(is_open(ends.read.get()));
}

BOOST_AUTO_TEST_CASE(a_released_descriptor_is_not_closed) {
  auto ends = pipe_ends();
  const int raw = ends.read.release();
  { const Fd gone = std::move(ends.read); }
  BOOST_TEST(is_open(raw));
  ::close(raw);
}

BOOST_AUTO_TEST_CASE(what_is_opened_here_is_closed_by_exec) {
  const auto file = open_file("/dev/null", O_RDONLY);
  const auto memory = memory_file("x", 1);
  const auto pair = socket_pair();
  for (const int raw : {file->get(), memory->get(), pair->mine.get(), pair->theirs.get()})
    BOOST_TEST((::fcntl(raw, F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_named) {
  const auto fd = open_file("/nonexistent/file", O_RDONLY);
  BOOST_TEST((fd.error().code() == Errc::not_found));
  BOOST_TEST(fd.error().message() == "cannot open /nonexistent/file: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_memory_file_has_its_size_and_is_zero) {
  const auto fd = memory_file("ram", 8192);
  struct stat about {};
  BOOST_REQUIRE(::fstat(fd->get(), &about) == 0);
  BOOST_TEST(about.st_size == 8192);
  BOOST_TEST(read_some(fd->get())->find_first_not_of('\0') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_memory_file_beyond_all_sizes_is_refused) {
  BOOST_TEST(!memory_file("ram", ~0ULL).has_value());
}

BOOST_AUTO_TEST_CASE(nothing_to_read_yet_is_empty_and_the_end_is_closed) {
  auto pair = socket_pair();
  BOOST_TEST(read_some(pair->mine.get()).value().empty());
  BOOST_REQUIRE(write_all(pair->theirs.get(), "last words"));
  { const Fd gone = std::move(pair->theirs); }
  BOOST_TEST(read_some(pair->mine.get(), 4).value() == "last");
  BOOST_TEST(read_some(pair->mine.get()).value() == " words");
  BOOST_TEST((read_some(pair->mine.get()).error().code() == Errc::closed));
}

BOOST_AUTO_TEST_CASE(a_slow_peer_gets_everything_in_order) {
  auto pair = socket_pair();
  std::string text(4U << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i % 251);
  std::string received;
  std::thread peer([&] {
    while (received.size() < text.size()) received += read_some(pair->theirs.get(), 10'000).value();
  });
  const auto written = write_all(pair->mine.get(), text);
  peer.join();
  BOOST_TEST(written.has_value());
  BOOST_TEST((received == text));
}

BOOST_AUTO_TEST_CASE(writing_to_a_socket_whose_peer_is_gone_is_closed_and_no_signal) {
  auto pair = socket_pair();
  { const Fd gone = std::move(pair->theirs); }
  BOOST_TEST((write_all(pair->mine.get(), "anyone?").error().code() == Errc::closed));
}

// Only sockets know MSG_NOSIGNAL: a pipe's SIGPIPE ended the whole program.
BOOST_AUTO_TEST_CASE(writing_to_a_pipe_without_a_reader_is_closed_and_no_signal) {
  auto ends = pipe_ends();
  { const Fd gone = std::move(ends.read); }
  BOOST_TEST((write_all(ends.write.get(), "anyone?").error().code() == Errc::closed));
  sigset_t pending;
  sigpending(&pending);
  BOOST_TEST(sigismember(&pending, SIGPIPE) == 0);
}

BOOST_AUTO_TEST_CASE(a_peer_that_hangs_up_while_we_wait_for_it_ends_the_write) {
  auto pair = socket_pair();
  std::thread peer([&] {
    BOOST_TEST(!read_some(pair->theirs.get(), 1).value().empty());
    ::shutdown(pair->theirs.get(), SHUT_RDWR);
  });
  const auto written = write_all(pair->mine.get(), std::string(8U << 20, 'x'));
  peer.join();
  BOOST_TEST((written.error().code() == Errc::closed));
}

BOOST_AUTO_TEST_CASE(writing_nothing_succeeds_everywhere) {
  BOOST_TEST(write_all(-1, "").has_value());
}

BOOST_AUTO_TEST_CASE(writing_to_a_full_disk_says_no_space) {
  const auto full = open_file("/dev/full", O_WRONLY);
  BOOST_TEST((write_all(full->get(), "x").error().code() == Errc::no_space));
}

BOOST_AUTO_TEST_CASE(a_file_of_proc_is_read_though_its_size_is_zero) {
  BOOST_TEST(read_file("/proc/self/status")->starts_with("Name:"));
}

BOOST_AUTO_TEST_CASE(a_file_is_read_up_to_its_limit_and_not_beyond) {
  const auto folder = TempDir::create();
  const auto path = folder->path() / "file";
  BOOST_REQUIRE(replace_file(path, std::string(70'000, 'x')));
  BOOST_TEST(read_file(path, 70'000)->size() == 70'000U);
  BOOST_TEST((read_file(path, 69'999).error().code() == Errc::invalid_input));
  BOOST_TEST((read_file("/dev/zero", 1U << 20).error().code() == Errc::invalid_input));
}

BOOST_AUTO_TEST_CASE(a_folder_is_no_file) {
  BOOST_TEST(!read_file("/").has_value());
}

BOOST_AUTO_TEST_CASE(a_replaced_file_is_the_new_one_and_nothing_stays_beside_it) {
  const auto folder = TempDir::create();
  const auto path = folder->path() / "result.json";
  BOOST_REQUIRE(replace_file(path, "old, and longer"));
  BOOST_REQUIRE(replace_file(path, "new"));
  BOOST_TEST(read_file(path).value() == "new");
  BOOST_TEST(entries(folder->path()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_reader_of_the_old_file_keeps_it) {
  const auto folder = TempDir::create();
  const auto path = folder->path() / "result.json";
  BOOST_REQUIRE(replace_file(path, "old"));
  const auto reader = open_file(path, O_RDONLY);
  BOOST_REQUIRE(replace_file(path, "new"));
  BOOST_TEST(read_some(reader->get()).value() == "old");
}

BOOST_AUTO_TEST_CASE(a_replacement_that_fails_leaves_nothing_behind) {
  const auto folder = TempDir::create();
  const auto path = folder->path() / "taken";
  std::filesystem::create_directory(path);
  std::filesystem::create_directory(path / "in-use");
  BOOST_TEST(!replace_file(path, "text").has_value());
  BOOST_TEST(entries(folder->path()) == 1U);
  BOOST_TEST(
      (replace_file(folder->path() / "no" / "where", "text").error().code() == Errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
