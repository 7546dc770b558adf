// SPDX-License-Identifier: GPL-2.0-or-later
// A client that says what a test tells it to, on the server's own loop and thread. No Boost here:
// the fuzz target uses it too.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "devices/vfio_user/connection.hpp"
#include "devices/vfio_user/protocol.hpp"
#include "devices/vfio_user/server.hpp"

namespace quiesce::vfio_user::testing {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::string_view text);
std::string text_of(std::span<const std::byte> bytes);
/// `size` bytes that are told apart.
Bytes pattern(std::size_t size, unsigned seed = 1);

template <class T>
Bytes raw(const T& value, std::span<const std::byte> more = {}) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  Bytes all(bytes.begin(), bytes.end());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// A whole message with a right header.
Bytes message(std::uint16_t command, std::uint16_t id, std::span<const std::byte> body,
              std::uint32_t flags = 0, std::uint32_t error = 0);
/// What QEMU 11 proposes (hw/vfio-user/proxy.c, caps_json).
Bytes version_body(
    std::string_view json =
        R"({"capabilities":{"migration":{"pgsize":4096,"max_bitmap_size":268435456},)"
        R"("max_msg_fds":16,"max_data_xfer_size":1048576,"pgsizes":4096,)"
        R"("max_dma_maps":65535,"write_multiple":true}})",
    std::uint16_t major = 0, std::uint16_t minor = 0);
Bytes map_body(std::uint64_t address, std::uint64_t size, std::uint64_t offset = 0,
               std::uint32_t flags = wire::map_readable | wire::map_writable);
Bytes unmap_body(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0);
Bytes read_body(std::uint32_t region, std::uint64_t offset, std::uint32_t count);
Bytes write_body(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data);
Bytes irqs_body(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count,
                std::span<const std::byte> data = {});

/// An eventfd that does not block, or does.
Fd event(bool blocking = false, unsigned value = 0);
/// What was counted since it was last read; 0 for nothing.
std::uint64_t count_of(const Fd& event);
/// Descriptors that this process has open.
std::size_t open_descriptors();

class Client {
 public:
  /// Connects; the server accepts when the loop runs.
  Client(Loop& loop, const std::string& path);

  /// Lets the server do all it can.
  void settle();
  /// Sends bytes as they are, with descriptors at the first of them. False when the server does not
  /// take them.
  bool send(std::span<const std::byte> bytes, std::span<const int> files = {});
  bool send_request(std::uint16_t command, std::span<const std::byte> body,
                    std::span<const int> files = {}, std::uint32_t flags = 0);
  /// The next whole message that is there; nullopt when there is none.
  std::optional<Message> receive() const;
  /// Sends a request, lets the server work, and takes its answer.
  std::optional<Message> call(std::uint16_t command, std::span<const std::byte> body,
                              std::span<const int> files = {});
  /// The errno of the answer; -1 without an answer.
  int error_of(std::uint16_t command, std::span<const std::byte> body,
               std::span<const int> files = {});
  bool negotiate();
  /// Whether the server has closed the connection.
  bool is_over();
  void close() { socket_.reset(); }
  /// Says that nothing more will come, and goes on reading.
  void finish() const;

  Bytes read(std::uint32_t region, std::uint64_t offset, std::uint32_t count);
  std::uint64_t read_number(std::uint32_t region, std::uint64_t offset, unsigned width);
  bool write(std::uint32_t region, std::uint64_t offset, std::uint64_t value, unsigned width);

  std::uint16_t last_id = 100;  ///< of our requests
  int fd() const { return socket_->get(); }

 private:
  Loop& loop_;
  std::optional<Fd> socket_;
};

/// A device that notes what is done to it and does what a test tells it to.
class Probe : public Device {
 public:
  ConfigSpace config_space() override { return ConfigSpace::build(layout).value(); }
  void attach(Host& given) override { host = &given; }
  std::uint64_t read(int bar, std::uint64_t offset, unsigned width) override;
  void write(int bar, std::uint64_t offset, unsigned width, std::uint64_t value) override;
  bool config_unreadable() override { return dead; }
  void config_written(std::uint16_t offset, unsigned width, std::uint32_t value) override;
  bool reset(ResetKind kind) override;
  void connected() override { story.emplace_back("connected"); }
  void disconnected() override { story.emplace_back("disconnected"); }
  void dma_mapped(std::uint64_t address, std::uint64_t bytes) override;
  void dma_unmapped(std::uint64_t address, std::uint64_t bytes) override;

  /// BAR 0 of 4 KiB, BAR 1 of 16 KiB in 64 bits with the MSI-X table, BAR 4 of I/O; all
  /// capabilities.
  static Layout full_layout();

  Layout layout = full_layout();
  Host* host = nullptr;
  std::vector<std::string> story;
  std::function<std::uint64_t(std::uint64_t offset)> on_read;
  std::function<void(std::uint64_t offset, std::uint64_t value)> on_write;
  bool dead = false;
  bool obeys_reset = true;
};

/// A served Probe with time that passes only when nothing is to do.
struct Stand {
  explicit Stand(const Limits& limits = {}, const Layout& layout = Probe::full_layout());

  FakeClock clock;
  Loop loop{clock};
  Probe device;
  std::string path;
  std::unique_ptr<Server> server;

  Client client() { return Client(loop, path); }
  /// Connected and agreed on a version.
  Client ready_client();
  Host& host() const { return *device.host; }
};

}  // namespace quiesce::vfio_user::testing
