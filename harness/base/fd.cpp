// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace quiesce {

namespace {

/// write(2) without SIGPIPE: only sockets have a flag for that, so for others the signal is blocked
/// and, where this write raised it, taken away again.
ssize_t write_quietly(int fd, std::span<const std::byte> bytes) {
  sigset_t pipe_signal;
  sigset_t before;
  sigset_t pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t done = ::write(fd, bytes.data(), bytes.size());
  const int why = errno;
  if (done < 0 && why == EPIPE && !was_pending) {
    constexpr timespec at_once{};
    while (sigtimedwait(&pipe_signal, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return done;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (raw_ >= 0) ::close(raw_);
    raw_ = std::exchange(other.raw_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (raw_ >= 0) ::close(raw_);
}

Result<SocketPair> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("cannot create a socket pair");
  SocketPair pair{Fd::adopt(ends[0]), Fd::adopt(ends[1])};
  TRY(make_nonblocking(pair.mine));
  return pair;
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot create a pipe");
  return Pipe{Fd::adopt(ends[0]), Fd::adopt(ends[1])};
}

Result<void> make_nonblocking(const Fd& fd) {
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("cannot set O_NONBLOCK");
  return {};
}

Result<Fd> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  const int raw = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (raw < 0) return fail_errno("cannot open " + path.string());
  return Fd::adopt(raw);
}

Result<Fd> memory_file(const std::string& name, std::uint64_t size) {
  const int raw = ::memfd_create(name.c_str(), MFD_CLOEXEC);
  if (raw < 0) return fail_errno("cannot create the memory file " + name);
  Fd fd = Fd::adopt(raw);
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    return fail_errno(fmt::format("cannot size the memory file {} to {} bytes", name, size));
  return fd;
}

Result<void> write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t done = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done < 0 && errno == ENOTSOCK) done = write_quietly(fd, bytes);
    if (done >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(done));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET)
      return fail(Errc::closed, "the peer closed the connection");
    if (errno != EAGAIN && errno != EWOULDBLOCK) return fail_errno("cannot write");
    pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
    constexpr int patience_ms = 10'000;  // a peer that takes nothing for so long is as good as gone
    const int ready = ::poll(&wait, 1, patience_ms);
    if (ready == 0)
      return fail(Errc::timeout, "the peer took no data for {} s", patience_ms / 1000);
    if (ready < 0 && errno != EINTR) return fail_errno("cannot wait for a peer");
  }
  return {};
}

Result<void> write_all(int fd, std::string_view text) {
  return write_all(fd, std::as_bytes(std::span(text.data(), text.size())));
}

Result<std::string> read_some(int fd, std::size_t limit) {
  // Mostly a few bytes come: a string of `limit` cleared for each of them was a fifth of the work
  // of a sanitized run against the tests' stand-in.
  std::array<char, most_at_once> bytes;  // NOLINT(*-member-init): read(2) writes it
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data(), std::min(limit, bytes.size()));
    if (got > 0) return std::string(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0 || errno == ECONNRESET)
      return fail(Errc::closed, "the peer closed the connection");
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::string();
    return fail_errno("cannot read");
  }
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit) {
  TRY_ASSIGN(Fd fd, open_file(path, O_RDONLY));
  std::string text;
  // A regular file's size spares copying the text each time it grows; others say 0.
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && status.st_size > 0)
    text.reserve(std::min<std::uint64_t>(static_cast<std::uint64_t>(status.st_size), limit) +
                 (1U << 17));
  for (;;) {
    constexpr std::size_t chunk = 1U << 16;
    const std::size_t before = text.size();
    text.resize(before + chunk);
    const ssize_t got = ::read(fd.get(), text.data() + before, chunk);
    if (got < 0 && errno == EINTR) {
      text.resize(before);
      continue;
    }
    if (got < 0) return fail_errno("cannot read " + path.string());
    text.resize(before + static_cast<std::size_t>(got));
    if (got == 0) return text;
    if (text.size() > limit)
      return fail(Errc::invalid_input, "{} is larger than {} bytes", path.string(), limit);
  }
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::path beside = path;
  beside += fmt::format(".{}.new", ::getpid());
  {
    TRY_ASSIGN(Fd fd, open_file(beside, O_WRONLY | O_CREAT | O_TRUNC));
    if (auto written = write_all(fd.get(), text); !written) {
      ::unlink(beside.c_str());
      return tl::unexpected(written.error().because("cannot write " + path.string()));
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    auto failed = fail_errno("cannot replace " + path.string());
    ::unlink(beside.c_str());
    return failed;
  }
  return {};
}

}  // namespace quiesce
