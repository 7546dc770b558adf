// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/connection.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_connection)

using namespace quiesce;
using namespace quiesce::vfio_user;
using testing::Bytes;
using testing::bytes_of;
using testing::message;

namespace {

/// A connection and the other end of its socket, which a test writes to as it likes.
struct Ends {
  explicit Ends(const Limits& limits = {}) : connection(std::move(pair.mine), limits) {}
  void put(std::span<const std::byte> bytes) { BOOST_REQUIRE(write_all(pair.theirs.get(), bytes)); }
  /// One sendmsg(2) with copies of /dev/null.
  void put_with_files(std::span<const std::byte> bytes, std::size_t files) {
    const Fd null = open_file("/dev/null", O_RDONLY).value();
    std::vector<char> control(CMSG_SPACE(files * sizeof(int)));
    iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr out{};
    out.msg_iov = &piece;
    out.msg_iovlen = 1;
    out.msg_control = control.data();
    out.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&out);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(files * sizeof(int));
    for (std::size_t i = 0; i < files; ++i) {
      const int raw = null.get();
      std::memcpy(CMSG_DATA(part) + i * sizeof raw, &raw, sizeof raw);
    }
    BOOST_REQUIRE(::sendmsg(pair.theirs.get(), &out, 0) == static_cast<ssize_t>(bytes.size()));
  }
  Errc failure() {
    const auto got = connection.receive();
    BOOST_REQUIRE(!got.has_value());
    return got.error().code();
  }

  SocketPair pair = socket_pair().value();
  Connection connection;
};

Bytes of_size(std::uint32_t size) {
  return testing::raw(
      wire::Header{.id = 1, .command = wire::device_reset, .size = size, .flags = 0, .error = 0});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_comes_whole) {
  Ends ends;
  BOOST_TEST(!ends.connection.receive()->has_value());
  ends.put(message(wire::region_read, 7, bytes_of("body"), wire::flag_no_reply));
  const auto got = *ends.connection.receive();
  BOOST_TEST(got->header.id == 7);
  BOOST_TEST(got->header.command == wire::region_read);
  BOOST_TEST(got->header.flags == wire::flag_no_reply);
  BOOST_TEST(testing::text_of(got->body) == "body");
  BOOST_TEST(!ends.connection.receive()->has_value());
}

BOOST_AUTO_TEST_CASE(a_message_byte_by_byte_comes_whole_and_nothing_waits_for_it) {
  Ends ends;
  const Bytes bytes = message(wire::region_write, 9, bytes_of("slowly"));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    BOOST_TEST(!ends.connection.receive()->has_value());
    ends.put(std::span(bytes).subspan(i, 1));
  }
  BOOST_TEST(testing::text_of((*ends.connection.receive())->body) == "slowly");
}

BOOST_AUTO_TEST_CASE(messages_behind_each_other_are_told_apart) {
  Ends ends;
  Bytes both = message(1, 1, bytes_of("first"));
  const Bytes second = message(2, 2, {});
  both.insert(both.end(), second.begin(), second.end());
  ends.put(both);
  BOOST_TEST(testing::text_of((*ends.connection.receive())->body) == "first");
  const auto got = *ends.connection.receive();
  BOOST_TEST(got->header.id == 2);
  BOOST_TEST(got->body.empty());
}

BOOST_AUTO_TEST_CASE(a_size_below_the_header_is_no_message) {
  for (const std::uint32_t size : {0U, 1U, 15U}) {
    Ends ends;
    ends.put(of_size(size));
    BOOST_TEST((ends.failure() == Errc::protocol));
  }
}

BOOST_AUTO_TEST_CASE(a_size_beyond_the_limit_is_no_message_and_costs_no_memory) {
  const Limits limits{.data_bytes = 4096};
  for (const std::uint32_t size :
       {static_cast<std::uint32_t>(limits.message_bytes() + 1), 0x7fffffffU, 0xffffffffU}) {
    Ends ends(limits);
    ends.put(of_size(size));
    BOOST_TEST((ends.failure() == Errc::protocol));
  }
}

BOOST_AUTO_TEST_CASE(the_longest_message_passes) {
  const Limits limits{.data_bytes = 4096};
  Ends ends(limits);
  const Bytes body = testing::pattern(limits.message_bytes() - sizeof(wire::Header));
  ends.put(message(1, 1, body));
  BOOST_TEST(((*ends.connection.receive())->body == body));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_at_any_byte_is_told) {
  const Bytes bytes = message(1, 1, bytes_of("body"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Ends ends;
    ends.put(std::span(bytes).first(size));
    { const Fd gone = std::move(ends.pair.theirs); }
    BOOST_TEST((ends.failure() == Errc::closed), "after " << size << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(what_was_sent_before_the_end_is_still_heard) {
  Ends ends;
  ends.put(message(1, 1, bytes_of("last words")));
  { const Fd gone = std::move(ends.pair.theirs); }
  BOOST_TEST(testing::text_of((*ends.connection.receive())->body) == "last words");
  BOOST_TEST((ends.failure() == Errc::closed));
}

BOOST_AUTO_TEST_CASE(descriptors_come_with_their_message) {
  Ends ends;
  ends.put(message(1, 1, bytes_of("none")));
  ends.put_with_files(message(2, 2, bytes_of("two")), 2);
  ends.put_with_files(message(3, 3, {}), 1);
  BOOST_TEST((*ends.connection.receive())->files.empty());
  BOOST_TEST((*ends.connection.receive())->files.size() == 2U);
  BOOST_TEST((*ends.connection.receive())->files.size() == 1U);
}

BOOST_AUTO_TEST_CASE(descriptors_do_not_go_to_programs_that_are_started) {
  Ends ends;
  ends.put_with_files(message(1, 1, {}), 1);
  const auto got = *ends.connection.receive();
  BOOST_TEST((::fcntl(got->files[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(too_many_descriptors_end_it_and_none_is_left_open) {
  const std::size_t before = testing::open_descriptors();
  for (const std::size_t files : {9U, 64U, 65U, 253U}) {
    Ends ends;
    ends.put_with_files(message(1, 1, {}), files);
    BOOST_TEST((ends.failure() == Errc::protocol), files << " descriptors");
  }
  BOOST_TEST(testing::open_descriptors() == before);
}

// Each piece is below the limit, all of them are not.
BOOST_AUTO_TEST_CASE(descriptors_trickled_into_one_message_are_counted_together) {
  const std::size_t before = testing::open_descriptors();
  {
    Ends ends;
    const Bytes bytes = message(1, 1, testing::pattern(64));
    std::size_t sent = 0;
    std::size_t limit = 0;
    for (; sent < 10 && limit == 0; ++sent) {
      ends.put_with_files(std::span(bytes).subspan(sent, 1), 1);
      if (!ends.connection.receive()) limit = sent;
    }
    BOOST_TEST(limit == 8U);
  }
  BOOST_TEST(testing::open_descriptors() == before);
}

// recvmsg(2) then drops descriptors and says MSG_CTRUNC: a map without its file would be taken for
// one by message.
BOOST_AUTO_TEST_CASE(a_process_without_room_for_descriptors_hears_no_half_of_a_message) {
  Ends ends;
  ends.put_with_files(message(1, 1, {}), 4);
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const Fd last = Fd::adopt(::dup(0));
  const rlimit none{.rlim_cur = static_cast<rlim_t>(last.get()) + 1, .rlim_max = before.rlim_max};
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto got = ends.connection.receive();
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  BOOST_REQUIRE(!got.has_value());
  BOOST_TEST((got.error().code() == Errc::protocol));
}

BOOST_AUTO_TEST_CASE(what_is_sent_arrives) {
  Ends ends;
  const wire::Header header{.id = 5, .command = 9, .size = 20, .flags = 1, .error = 0};
  BOOST_REQUIRE(ends.connection.send(header, bytes_of("body")).has_value());
  BOOST_TEST((bytes_of(read_some(ends.pair.theirs.get()).value()) ==
              testing::raw(header, bytes_of("body"))));
}

BOOST_AUTO_TEST_CASE(a_long_answer_reaches_a_client_that_reads_it) {
  Ends ends;
  const Bytes body = testing::pattern(4U << 20);
  std::string heard;
  std::thread reader([&] {
    while (heard.size() < body.size() + sizeof(wire::Header)) {
      const auto some = read_some(ends.pair.theirs.get());
      if (!some) return;
      heard += *some;
    }
  });
  const auto sent = ends.connection.send({}, body);
  if (!sent) ::shutdown(ends.connection.fd(), SHUT_RDWR);
  reader.join();
  BOOST_REQUIRE(sent.has_value());
  BOOST_TEST((bytes_of(heard.substr(sizeof(wire::Header))) == body));
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_given_up) {
  Ends ends({.patience = Seconds(0.01)});
  const auto sent = ends.connection.send({}, Bytes(4U << 20));
  BOOST_REQUIRE(!sent.has_value());
  BOOST_TEST((sent.error().code() == Errc::timeout));
}

// Each read used to give the client the whole time again.
BOOST_AUTO_TEST_CASE(a_client_that_reads_too_slowly_is_given_up) {
  Ends ends({.patience = Seconds(0.05)});
  std::atomic<bool> over = false;
  std::thread reader([&] {
    while (!over) (void)read_some(ends.pair.theirs.get(), 1);
  });
  const auto sent = ends.connection.send({}, Bytes(256U << 20));
  over = true;
  ::shutdown(ends.connection.fd(), SHUT_RDWR);
  reader.join();
  BOOST_REQUIRE(!sent.has_value());
  BOOST_TEST((sent.error().code() == Errc::timeout));
}

BOOST_AUTO_TEST_CASE(sending_to_a_client_that_is_gone_fails_and_does_not_kill) {
  Ends ends;
  { const Fd gone = std::move(ends.pair.theirs); }
  const auto sent = ends.connection.send({}, bytes_of("anyone?"));
  BOOST_REQUIRE(!sent.has_value());
  BOOST_TEST((sent.error().code() == Errc::closed));
}

BOOST_AUTO_TEST_SUITE_END()
