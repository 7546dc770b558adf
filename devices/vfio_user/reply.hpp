// SPDX-License-Identifier: GPL-2.0-or-later
// What a request is answered with.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace quiesce::vfio_user {

/// A body, or an errno and then no body.
struct Reply {
  int error = 0;
  std::vector<std::byte> body = {};
};

inline Reply refuse(int error) {
  return {.error = error};
}

template <class T>
Reply answer(const T& value, std::span<const std::byte> more = {}) {
  Reply reply;
  reply.body.resize(sizeof value + more.size());
  std::memcpy(reply.body.data(), &value, sizeof value);
  if (!more.empty()) std::memcpy(reply.body.data() + sizeof value, more.data(), more.size());
  return reply;
}

/// The structure that a body begins with; nullopt when the body is shorter.
template <class T>
std::optional<T> head(std::span<const std::byte> body) {
  if (body.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, body.data(), sizeof value);
  return value;
}

/// The same for structures that begin with `argsz`, the bytes that the client has room for: it must
/// be the structure at least ("Message sizes" of the specification).
template <class T>
std::optional<T> sized_head(std::span<const std::byte> body) {
  const auto value = head<T>(body);
  return value && value->argsz >= sizeof(T) ? value : std::nullopt;
}

}  // namespace quiesce::vfio_user
