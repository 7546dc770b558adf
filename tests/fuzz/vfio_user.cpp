// SPDX-License-Identifier: GPL-2.0-or-later
// A hostile vfio-user client: any bytes, with any descriptors, cut anywhere, while the device does
// DMA and interrupts by itself. What the server sends stays whole messages that were asked for, its
// descriptors do not pile up, and the next client is served.
//
// An input is a list of steps, each a byte that says what and then what it needs; see Play::step.
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "devices/vfio_user/reply.hpp"
#include "tests/unit/vfio_user/client.hpp"

namespace {

using namespace quiesce;
using namespace quiesce::vfio_user;
using namespace quiesce::vfio_user::testing;

void must(bool holds) {
  if (!holds) std::abort();
}

constexpr Limits limits{.data_bytes = 8192,
                        .descriptors = 4,
                        .mappings = 8,
                        .outstanding = 4,
                        .stale_mappings = 4,
                        // Whoever does not read at once is dropped: nothing here waits.
                        .patience = Seconds(0)};

/// The bytes of the input, from the front.
class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    const auto piece = take(1);
    return piece.empty() ? 0 : std::to_integer<std::uint8_t>(piece[0]);
  }
  std::uint16_t word() {
    const unsigned low = byte();
    return static_cast<std::uint16_t>(low | byte() << 8U);
  }
  std::span<const std::byte> take(std::size_t size) {
    const auto piece = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(piece.size());
    return piece;
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Answers that a reply of the server may have, by its command: sizes without error.
bool is_right_size(std::uint16_t command, std::span<const std::byte> body) {
  switch (command) {
    case wire::version:
      return body.size() >= sizeof(wire::Version);
    case wire::dma_map:
    case wire::device_set_irqs:
    case wire::device_reset:
      return body.empty();
    case wire::dma_unmap:
      return body.size() == sizeof(wire::DmaUnmap);
    case wire::device_get_info:
    case wire::device_get_irq_info:
    case wire::region_write:
      return body.size() == 16;
    case wire::device_get_region_info:
      return body.size() == sizeof(wire::RegionInfo);
    case wire::region_read:
      return body.size() >= 16 && body.size() == 16 + head<wire::RegionAccess>(body)->count;
    default:
      return false;
  }
}

/// The device asks for the client's memory inside of register accesses, too. It keeps no record.
class Busy final : public Probe {
 public:
  std::uint64_t read(int, std::uint64_t offset, unsigned) override {
    if (calm) return offset + 7;
    Bytes bytes(offset % 64);
    if (offset >= 0x800 && offset % 64 < 4) (void)host->dma_read(offset << 4, bytes);
    return offset;
  }
  void write(int, std::uint64_t offset, unsigned, std::uint64_t value) override {
    if (offset >= 0x800) (void)host->dma_write(value, Bytes(offset % 300));
  }
  void config_written(std::uint16_t, unsigned, std::uint32_t) override {}
  bool calm = false;
};

struct Play {
  Play() {
    server = Server::create(loop, device, listen_at(path).value(), limits).value();
    client.emplace(loop, path);
  }

  void step(Input& input) {
    device.story.clear();
    const std::uint8_t what = input.byte();
    switch (what % 8) {
      case 0:  // bytes as they are
        client->send(input.take(input.byte()), files(what >> 4U));
        break;
      case 1:
      case 2:
      case 3:  // a message with a right header
        say(input, what);
        break;
      case 4:
        client->send(message(wire::version, 1, version_body()));
        break;
      case 5:
        act(input);
        break;
      case 6:  // the file behind the memory changes its size
        must(::ftruncate(memory.get(), (what >> 4U) * 1024) == 0);
        break;
      default:
        client->close();
        client.emplace(loop, path);
        break;
    }
    work();
  }

  /// Command, flags, number, size of the body; descriptors by the upper bits of `what`.
  void say(Input& input, std::uint8_t what) {
    const std::uint16_t command = input.byte() % 20;
    const std::uint32_t flags = input.byte() & 0x31;
    const std::uint16_t id = input.byte() % 8;
    const auto body = input.take(input.byte());
    client->send(message(command, id, body, flags, flags == 0x21 ? 5 : 0), files(what >> 4U));
  }

  void act(Input& input) {
    const std::uint8_t what = input.byte();
    const std::uint64_t address = std::uint64_t{input.word()} << (what >> 4U);
    Bytes bytes(input.word() % 20000);
    Host& host = *device.host;
    if (what % 6 == 0) (void)host.dma_write(address, bytes);
    if (what % 6 == 1) (void)host.dma_read(address, bytes);
    if (what % 6 == 2) (void)host.dma_write_stale(address, bytes);
    if (what % 6 == 3) host.set_intx((what & 0x40) != 0);
    if (what % 6 == 4) (void)host.raise_msi(what >> 4U);
    if (what % 6 == 5) (void)host.raise_msix(what >> 4U);
  }

  /// Sets of descriptors that make sense, and some that do not.
  std::span<const int> files(unsigned choice) {
    const std::array kinds{memory.get(), one_event.get(), full_event.get(), pipe_end.get()};
    if (choice == 0) return {};
    const unsigned count = choice <= 4 ? 1 : choice - 3;
    for (unsigned i = 0; i < count; ++i)
      sent_files.at(i) = kinds.at(choice <= 4 ? choice - 1 : choice <= 7 ? 1 : i % kinds.size());
    return std::span(sent_files).first(count);
  }

  void work() {
    loop.run_until([] { return false; }, loop.now() + Seconds(0.1));
    while (auto got = client->receive()) check(*got);
  }

  void check(const Message& got) {
    const auto& header = got.header;
    must(header.size == sizeof header + got.body.size());
    must(got.body.size() <= limits.data_bytes + 16);
    if ((header.flags & wire::type_mask) == 0) {
      // A request of the server's: it never sends one of nothing, or more than was agreed on.
      must(header.flags == 0 && header.error == 0);
      const auto access = head<wire::DmaAccess>(got.body);
      must(access && access->count != 0 && access->count <= limits.data_bytes);
      must(got.body.size() ==
           sizeof *access + (header.command == wire::dma_write ? access->count : 0));
      must(header.command == wire::dma_write || header.command == wire::dma_read);
      return;
    }
    const bool failed = (header.flags & wire::flag_error) != 0;
    must(header.flags == (failed ? 0x21U : 1U));
    must(failed == (header.error != 0));
    must(failed ? got.body.empty() : is_right_size(header.command, got.body));
  }

  void check_next_client() {
    // Its socket, 8 maps, 21 vectors, 4 in half a message, 4 stale maps: each at most one.
    must(open_descriptors() <= before + 40);
    client->close();
    client.reset();
    // Whoever was in the queue goes, too.
    loop.run_until([] { return false; }, loop.now() + Seconds(0.5));
    must(!server->has_client());
    must(open_descriptors() == before);
    device.calm = true;
    Client next(loop, path);
    must(next.negotiate());
    must(next.error_of(wire::dma_map, map_body(0, 4096)) == 0);
    must(next.read_number(0, 16, 8) == 23);
    must(next.read_number(wire::region_config, 0, 4) == 0x56781234);
    must(next.error_of(wire::device_reset, {}) == 0);
  }

  const Fd memory = memory_file("fuzz", 16384).value();
  const Fd one_event = event();
  const Fd full_event = event(true);
  Fd pipe_end = full_pipe();
  std::array<int, 16> sent_files{};
  FakeClock clock;
  Loop loop{clock};
  Busy device;
  const std::string path = fmt::format("@quiesce-fuzz-vfio-user-{}", ::getpid());
  std::unique_ptr<Server> server;
  std::optional<Client> client;
  std::size_t before = 0;

 private:
  /// Its reader is gone: who writes to it gets a SIGPIPE.
  static Fd full_pipe() {
    int ends[2];
    must(::pipe2(ends, 0) == 0);
    ::close(ends[0]);
    return Fd::adopt(ends[1]);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Input input(std::as_bytes(std::span(data, size)));
  Play play;
  const std::uint64_t nearly_full = 0xfffffffffffffffe;
  must(::write(play.full_event.get(), &nearly_full, sizeof nearly_full) == sizeof nearly_full);
  play.before = open_descriptors() - 1;  // less the client's own
  for (int steps = 0; steps < 200 && !input.empty(); ++steps) play.step(input);
  play.check_next_client();
  return 0;
}
