// SPDX-License-Identifier: GPL-2.0-or-later
// Serves a Device over the vfio-user protocol (version 0.1 as in QEMU's
// docs/interop/vfio-user.rst).
//
// What is there: version negotiation, device, region and interrupt information, region access, DMA
// map and unmap, INTx, MSI and MSI-X by event descriptors, reset, DMA by message. What is not, and
// is refused with ENOTSUP: mapped regions and their event descriptors (DEVICE_GET_REGION_IO_FDS),
// REGION_WRITE_MULTI, device features and migration, dirty pages, an event descriptor that unmasks
// INTx (QEMU then unmasks by message).
#pragma once

#include <memory>
#include <string>

#include "devices/vfio_user/device.hpp"
#include "harness/base/fd.hpp"

namespace quiesce::vfio_user {

/// What a client may at most ask for. What is beyond is answered with an error, or ends the
/// connection where the stream cannot be trusted any more; it never grows the server. The upper
/// bounds are what QEMU takes (hw/vfio-user/protocol.h).
struct Limits {
  std::size_t data_bytes = 1U << 20;  ///< of one access; 4 KiB to 64 MiB. A client that does not
                                      ///< know our limit assumes 1 MiB
  unsigned descriptors = 8;           ///< with one message; 1 to 16
  unsigned mappings = 1024;           ///< DMA ranges at a time; 1 to 65535
  unsigned outstanding = 64;          ///< requests of ours that wait for the client, each inside
                                      ///< the one before; 1 to 1024
  /// Ranges that Host::dma_write_stale still reaches after their unmap, oldest go first. Each keeps
  /// its file's memory, until the client goes. The specification wants 0.
  unsigned stale_mappings = 0;
  /// How long the client may take to answer one DMA access of the device, and to read one answer;
  /// then it is dropped. QEMU itself waits 5 s.
  Seconds patience{5};

  /// The longest message that is received.
  std::size_t message_bytes() const { return data_bytes + 4096; }
};

class Server {
 public:
  /// `listener` is a listening Unix stream socket. One client at a time; a second one waits until
  /// the first is gone. The device keeps its state while no client is there, as hardware does.
  /// invalid_input: limits that are none.
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
