// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/feeder.hpp"

#include <algorithm>
#include <array>

#include "harness/base/tag.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/scenario/kinds.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::run {

namespace {

constexpr std::size_t header_size = 14;
// Five moves a second keep an interrupt endpoint busy without filling the event ring.
constexpr Seconds pointer_period{0.2};
constexpr unsigned ease_factor = 5;
// What a test gets: slow enough for an emulated driver to take each frame by itself.
constexpr Seconds test_period{0.02};

double number_at(const nlohmann::json& object, const char* key, double fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : fallback;
}

std::size_t frame_size(const scenario::PlannedDevice& device) {
  return static_cast<std::size_t>(
      std::clamp(number_at(device.activity, "frame", wire::usual_frame), 78.0, 1514.0));
}

}  // namespace

std::string tagged_frame(const std::string& device, std::uint64_t sequence, std::uint32_t seed,
                         std::size_t size) {
  std::vector<std::byte> bytes(std::max(size, header_size + Tag::size));
  std::fill_n(bytes.begin(), 6, std::byte{0xff});
  // A locally administered address that no guest has.
  constexpr std::array<unsigned char, 6> source{0x52, 0x54, 0x00, 0x51, 0xff, 0x01};
  std::ranges::transform(source, bytes.begin() + 6,
                         [](unsigned char byte) { return std::byte{byte}; });
  bytes[12] = std::byte{ether_type >> 8};
  bytes[13] = std::byte{ether_type & 0xff};
  fill_tagged(std::span(bytes).subspan(header_size), {.kind = TagKind::frame,
                                                      .device = device,
                                                      .sequence = sequence,
                                                      .block = 0,
                                                      .offset = 0,
                                                      .seed = seed});
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_our_type(std::string_view frame) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(frame[at]); };
  return frame.size() > header_size && (byte(12) << 8 | byte(13)) == ether_type;
}

bool is_whole_frame(std::string_view frame, const Tag& tag) {
  const auto bytes = std::as_bytes(std::span(frame.data(), frame.size()));
  return is_our_type(frame) && is_tagged(bytes.subspan(header_size), tag);
}

void Feeder::start(const std::vector<scenario::PlannedDevice>& devices, std::uint32_t seed) {
  for (const auto& device : devices) {
    if (!device.busy) continue;
    const scenario::Feed feeds = scenario::activity_of(device).feed;
    const std::string name = device.name;
    if (feeds == scenario::Feed::frames) {
      const double rate = std::clamp(number_at(device.activity, "rate", 10), 0.01, 100'000.0);
      const std::size_t size = frame_size(device);
      timers_.push_back(
          loop_.every(Seconds(1 / rate), [this, name, seed, size, turn = 0U]() mutable {
            if (paused_) return;
            if (!eased_ || turn++ % ease_factor == 0) feed(name, seed, size);
          }));
    } else if (feeds == scenario::Feed::motion) {
      timers_.push_back(loop_.every(pointer_period, [this, name] { move(name); }));
    }
  }
}

Loop::Watch Feeder::hasten(const scenario::PlannedDevice& device, std::uint32_t seed) {
  return loop_.every(test_period, [this, name = device.name, seed, size = frame_size(device)] {
    feed(name, seed, size);
  });
}

std::uint64_t Feeder::sent(const std::string& device) const {
  const auto found = sent_.find(device);
  return found == sent_.end() ? 0 : found->second;
}

void Feeder::feed(const std::string& device, std::uint32_t seed, std::size_t size) {
  if (paused_) return;
  std::uint64_t& sequence = sent_[device];
  // A QEMU that is gone is noticed by its exit, not here; a device that takes nothing now gets the
  // same frame the next time.
  if (!send_frame_(device, tagged_frame(device, sequence, seed, size))) return;
  dir_.event(record::event::Feed{.device = device, .sequence = sequence, .bytes = size});
  ++sequence;
}

void Feeder::move(const std::string& device) {
  if (paused_) return;
  const std::uint64_t step = sent_[device]++;
  // A slow walk over the tablet's 0..32767 range that never repeats the last position.
  const int x = static_cast<int>(step * 331 % 32768);
  const int y = static_cast<int>(step * 173 % 32768);
  if (move_pointer_(device, x, y))
    dir_.event(record::event::PointerSent{.device = device, .x = x, .y = y});
}

}  // namespace quiesce::run
