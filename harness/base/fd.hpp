// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "harness/base/result.hpp"

namespace quiesce {

/// An open file descriptor, closed with its owner. Move-only; a moved-from Fd may only be destroyed
/// or assigned to.
class Fd {
 public:
  /// Takes over `raw`, which must be open.
  static Fd adopt(int raw) { return Fd(raw); }
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const { return raw_; }
  /// Gives the descriptor away; the caller closes it.
  int release() { return std::exchange(raw_, -1); }

 private:
  explicit Fd(int raw) : raw_(raw) {}
  int raw_;
};

/// A connected pair of stream sockets, both close-on-exec; `mine` does not block.
struct SocketPair {
  Fd mine;
  Fd theirs;
};
Result<SocketPair> socket_pair();

/// Both ends close-on-exec.
struct Pipe {
  Fd read;
  Fd write;
};
Result<Pipe> make_pipe();
/// Reads and writes do not wait.
Result<void> make_nonblocking(const Fd& fd);

/// open(2) with O_CLOEXEC; the error names the path.
Result<Fd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

/// An anonymous file in memory of `size` bytes, close-on-exec. It leaves nothing behind, however
/// its users die.
Result<Fd> memory_file(const std::string& name, std::uint64_t size);

/// Writes all of `bytes`, waiting where the peer is slow; Errc::closed, and no SIGPIPE, when
/// the peer is gone; Errc::timeout when it takes nothing for 10 s.
Result<void> write_all(int fd, std::span<const std::byte> bytes);
Result<void> write_all(int fd, std::string_view text);

/// What read_some gives at most, bytes.
inline constexpr std::size_t most_at_once = 65536;

/// What one read(2) gives: nothing to read yet is an empty string, end of file is Errc::closed.
Result<std::string> read_some(int fd, std::size_t limit = most_at_once);

/// A whole file; fails with invalid_input beyond `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit = 1ULL << 30);

/// Writes beside `path`, then renames over it: a reader sees the old file or the whole new one.
Result<void> replace_file(const std::filesystem::path& path, std::string_view text);

}  // namespace quiesce
