// SPDX-License-Identifier: GPL-2.0-or-later
// Serves a Device over the vfio-user protocol (version 0.1 as in libvfio-user's
// docs/vfio-user.rst and QEMU's docs/interop/vfio-user.rst).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "devices/vfio_user/device.hpp"
#include "harness/base/fd.hpp"

namespace quiesce::vfio_user {

/// What a client may at most ask for. What is beyond is answered with an error, or ends the
/// connection where the stream cannot be trusted any more; it never grows the server.
struct Limits {
  std::size_t message_bytes = 1U << 20;  ///< one message, data included; at least 65,536
  std::size_t data_bytes = 512U << 10;   ///< max_data_xfer_size that is offered
  unsigned descriptors = 8;              ///< with one message
  unsigned mappings = 1024;              ///< DMA ranges at a time
  unsigned stale_mappings = 1024;        ///< ranges kept after their unmap (oldest go first)
  unsigned outstanding = 64;             ///< requests of ours that wait for the client
};

class Server {
 public:
  /// `listener` is a listening Unix stream socket. One client at a time; a second one waits. The
  /// device keeps its state while no client is there, as hardware does.
  static Result<std::unique_ptr<Server>> create(Loop& loop, Device& device, Fd listener,
                                                const Limits& limits = {});
  virtual ~Server() = default;

  virtual Host& host() = 0;
  virtual bool has_client() const = 0;
  /// Clients that came and went, and why the last one went ("closed", "bad message: ...").
  virtual unsigned clients_gone() const = 0;
  virtual std::string last_end() const = 0;
};

/// A listening socket at `path` (107 bytes at most); a path that begins with '@' is in the abstract
/// name space and leaves no file. A stale socket file is replaced, anything else there is refused.
Result<Fd> listen_at(const std::string& path);

/// Serves until the loop is stopped: the whole main() of a device.
Result<void> serve(Loop& loop, Device& device, const std::string& path);

}  // namespace quiesce::vfio_user
