// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace quiesce {

namespace {

struct Address {
  sockaddr_un name{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

Result<Address> address_of(const std::string& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  constexpr std::size_t most = sizeof address.name.sun_path - 1;
  if (path.empty() || path == "@") return fail(Errc::invalid_input, "a socket needs a path");
  if (path.size() > most)
    return fail(Errc::invalid_input, "the socket path {} has {} bytes; {} fit", path, path.size(),
                most);
  std::memcpy(address.name.sun_path, path.data(), path.size());
  const bool abstract = path[0] == '@';
  if (abstract) address.name.sun_path[0] = '\0';
  address.length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  return address;
}

Result<Fd> stream_socket() {
  const int raw = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (raw < 0) return fail_errno("cannot make a socket");
  return Fd::adopt(raw);
}

/// Removes the file of a server that is gone.
Result<void> remove_stale(const std::string& path, const Address& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::invalid_input, "{} exists and is no socket; choose another path", path);
  TRY_ASSIGN(const Fd probe, stream_socket());
  if (::connect(probe.get(), address.get(), address.length) == 0)
    return fail(Errc::invalid_input, "somebody listens at {} already; choose another path", path);
  if (::unlink(path.c_str()) != 0) return fail_errno("cannot replace the socket " + path);
  return {};
}

}  // namespace

Result<Fd> listen_unix(const std::string& path) {
  TRY_ASSIGN(const Address address, address_of(path));
  if (path[0] != '@') TRY(remove_stale(path, address));
  TRY_ASSIGN(Fd listener, stream_socket());
  if (::bind(listener.get(), address.get(), address.length) != 0)
    return fail_errno("cannot bind a socket to " + path);
  if (::listen(listener.get(), 8) != 0) return fail_errno("cannot listen at " + path);
  return listener;
}

}  // namespace quiesce
