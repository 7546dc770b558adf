// SPDX-License-Identifier: GPL-2.0-or-later
// How fast a served device writes into a client's memory, as a share of what memcpy does with the
// same bytes at the same addresses. The server is the real one, its client a thread here. Every
// round has all contenders one after the other, so that a ratio compares neighbours in time.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "devices/models/engine.hpp"
#include "devices/vfio_user/reply.hpp"
#include "devices/vfio_user/server.hpp"
#include "harness/base/mapping.hpp"
#include "harness/base/temp_dir.hpp"
#include "tests/bench/median.hpp"
#include "tests/unit/vfio_user/client.hpp"

namespace {

using namespace quiesce;
using bench::median;
namespace wire = vfio_user::wire;
namespace testing = vfio_user::testing;
using testing::Bytes;

constexpr int rounds = 101;
constexpr std::size_t memory_bytes = 4U << 20;
/// Where the device sees the memory: by its descriptor, and once more without one.
constexpr std::uint64_t by_file = 0x1'0000'0000;
constexpr std::uint64_t by_message = 0x2'0000'0000;

/// The model whose items are measured.
class Writer : public models::Engine {
 public:
  explicit Writer(models::Ledger& ledger)
      : Engine({.name = "writer", .seed = 1}, nlohmann::json::object(), ledger, {}) {}
  using Engine::host;
  using Engine::Ring;
  using Engine::write_item;
};

/// Gives its memory away, and writes into it what the device sends by message.
class Guest {
 public:
  Guest(Loop& loop, const std::string& path, Mapping memory, Fd file)
      : client_(loop, path),
        memory_(std::move(memory)),
        file_(std::move(file)),
        thread_([this] { live(); }) {}
  std::span<std::byte> memory() { return memory_.writable(); }
  bool ready() const { return state_ == State::ready; }
  bool over() const { return state_ == State::over; }

 private:
  enum class State { starts, ready, over };

  bool receive(std::span<std::byte> into) {
    return into.empty() || ::recv(client_.fd(), into.data(), into.size(), MSG_WAITALL) ==
                               static_cast<ssize_t>(into.size());
  }
  bool receive(wire::Header& header, Bytes& body) {
    if (!receive(std::as_writable_bytes(std::span(&header, 1)))) return false;
    if (header.size < sizeof header) return false;
    body.resize(header.size - sizeof header);
    return receive(body);
  }
  bool ask(std::uint16_t command, const Bytes& body, std::span<const int> files = {}) {
    wire::Header header{};
    Bytes answer;
    return client_.send_request(command, body, files) && receive(header, answer) &&
           header.error == 0;
  }
  bool introduce() {
    const int file = file_.get();
    return ask(wire::version, testing::version_body()) &&
           ask(wire::dma_map, testing::map_body(by_file, memory_bytes), {&file, 1}) &&
           ask(wire::dma_map, testing::map_body(by_message, memory_bytes));
  }
  bool take_write() {
    wire::Header header{};
    if (!receive(header, body_) || header.command != wire::dma_write) return false;
    const auto access = vfio_user::head<wire::DmaAccess>(body_);
    if (!access || body_.size() != sizeof *access + access->count || access->address < by_message ||
        access->address + access->count > by_message + memory_bytes)
      return false;
    std::memcpy(memory().data() + (access->address - by_message), body_.data() + sizeof *access,
                access->count);
    // Without a body, as QEMU answers.
    return client_.send(testing::message(wire::dma_write, header.id, {}, wire::type_reply));
  }
  void live() {
    if (introduce()) state_ = State::ready;
    while (ready() && take_write()) {
    }
    state_ = State::over;
  }

  testing::Client client_;
  Mapping memory_;
  Fd file_;
  Bytes body_;
  std::atomic<State> state_{State::starts};
  std::jthread thread_;
};

/// `count` pieces of `size` bytes, one behind the other: few, so that a turn is over before others
/// want the core; a power of two, so that the model's ring ends with each turn.
struct Load {
  std::size_t size;
  std::size_t count;
};
constexpr Load loads[] = {{64, 256}, {512, 256}, {4096, 256}, {65536, 64}};

enum Who { copy, direct, item, message, contenders };

class Bench {
 public:
  Bench(Writer& writer, Guest& guest) : writer_(writer), guest_(guest) {}

  /// Seconds by round and contender; fails when something else arrived than was written.
  Result<std::vector<std::array<double, contenders>>> run(const Load& load) {
    std::vector<std::array<double, contenders>> all(rounds + 1);
    for (auto& times : all)
      for (int turn = 0; turn < contenders; ++turn) {
        const int who = (turn + static_cast<int>(&times - all.data())) % contenders;
        TRY_ASSIGN(times.at(static_cast<std::size_t>(who)), take_turn(static_cast<Who>(who), load));
      }
    all.erase(all.begin());  // it touched the pages
    return all;
  }

 private:
  Result<void> work(Who who, const Load& load) {
    const std::size_t all = load.size * load.count;
    for (std::size_t at = 0; at < all; at += load.size) switch (who) {
        case copy:
          std::memcpy(guest_.memory().data() + at, source_.data(), load.size);
          break;
        case direct:
          TRY(writer_.host().dma_write(by_file + at, source_));
          break;
        case message:
          TRY(writer_.host().dma_write(by_message + at, source_));
          break;
        default:
          if (!writer_.write_item({.address = by_file,
                                   .bytes = static_cast<std::uint32_t>(all),
                                   .item = static_cast<std::uint32_t>(load.size)}))
            return fail(Errc::internal, "the model could not write");
      }
    return {};
  }

  Result<double> take_turn(Who who, const Load& load) {
    source_ = testing::pattern(load.size, ++turn_);
    const auto begin = std::chrono::steady_clock::now();
    TRY(work(who, load));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    for (std::size_t i = 0; i < load.count; ++i)
      if (!arrived(who, guest_.memory().subspan(i * load.size, load.size)))
        return fail(Errc::internal, "piece {} of {} bytes did not arrive", i, load.size);
    return took.count();
  }

  bool arrived(Who who, std::span<const std::byte> piece) {
    if (who != item) return std::ranges::equal(piece, source_);
    const auto tag = read_tag(piece);
    return tag && tag->sequence == items_++ && is_tagged(piece, *tag);
  }

  Writer& writer_;
  Guest& guest_;
  Bytes source_;
  unsigned turn_ = 0;
  std::uint64_t items_ = 0;
};

void print(const Load& load, const std::vector<std::array<double, contenders>>& all) {
  const auto bytes = static_cast<double>(load.size * load.count);
  const auto median_of = [&](auto number) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const auto& times : all) values.push_back(number(times));
    return median(std::move(values));
  };
  fmt::print("| {} |", load.size);
  for (const Who who : {copy, direct, item, message}) {
    const double took = median_of([&](const auto& times) { return times.at(who); });
    fmt::print(" {:.3f} |", bytes / took / 1e9);
    if (who == copy) continue;
    fmt::print(" {:.2f} |", took / static_cast<double>(load.count) * 1e6);
    fmt::print(" {:.4f} |",
               median_of([&](const auto& times) { return times.at(copy) / times.at(who); }));
  }
  fmt::print("\n");
}

Result<void> run() {
  TRY_ASSIGN(const TempDir folder, TempDir::create("quiesce-bench"));
  // A file, as in a run: each item is a line of it.
  TRY_ASSIGN(Fd file, open_file(folder.path() / "ledger", O_RDWR | O_CREAT | O_APPEND));
  models::Ledger ledger(std::move(file));
  Loop loop;
  Writer writer(ledger);
  const std::string path = fmt::format("@quiesce-bench-{}", ::getpid());
  TRY_ASSIGN(Fd listener, vfio_user::listen_at(path));
  TRY_ASSIGN(Fd memory, memory_file("guest", memory_bytes));
  TRY_ASSIGN(Mapping mapping,
             Mapping::of_file(memory.get(), memory_bytes, Mapping::Access::read_write));
  Guest guest(loop, path, std::move(mapping), std::move(memory));
  // It goes first: then its client finds the connection closed, and ends.
  TRY_ASSIGN(const auto server, vfio_user::Server::create(loop, writer, std::move(listener)));
  const auto looker = loop.every(Seconds(0.005), [] {});
  loop.run_until([&] { return guest.ready() || guest.over(); }, loop.now() + Seconds(20));
  if (!guest.ready()) return fail(Errc::closed, "the client was refused: {}", server->last_end());

  fmt::print(
      "GB/s and microseconds a piece, medians of {} rounds; ratio: to memcpy, in its round.\n\n"
      "| bytes | memcpy | dma_write | us | ratio | model's item | us | ratio | by message | us | "
      "ratio |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
      rounds);
  Bench bench(writer, guest);
  for (const Load& load : loads) {
    TRY_ASSIGN(const auto times, bench.run(load));
    print(load, times);
  }
  return {};
}

}  // namespace

int main() {
  const auto ran = run();
  if (ran) return 0;
  fmt::print(stderr, "{}\n", ran.error().describe());
  return 3;
}
