// SPDX-License-Identifier: GPL-2.0-or-later
// The first message of a client: which version, and what each side can take.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "devices/vfio_user/reply.hpp"
#include "devices/vfio_user/server.hpp"

namespace quiesce::vfio_user {

/// What a client says of itself.
struct Proposal {
  std::uint16_t minor = 0;
  /// Most data of one DMA message to it; what the specification says where the client does not.
  std::uint64_t data_bytes = 1U << 20;
  bool has_text = false;
  bool has_capabilities = false;
  std::set<std::string> named;  ///< the capabilities that it named
};

/// Reads the body of a VERSION request. 0 and `proposal`, or an errno: another major version
/// (ENOTSUP), or a text that is no JSON, not ended by a zero, longer than 4096 bytes, or holds a
/// capability of the wrong type (EINVAL).
int read_proposal(std::span<const std::byte> body, Proposal& proposal);

/// The reply that accepts. "The capability list must be a subset of those proposed": names nothing
/// that the client did not, so that QEMU's room for the reply, which is the size of its request
/// (vfio_user_send_wait), is enough. REGION_WRITE_MULTI and a second socket are never offered.
Reply accept(const Proposal& proposal, const Limits& limits);

}  // namespace quiesce::vfio_user
