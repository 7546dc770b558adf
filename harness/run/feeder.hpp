// SPDX-License-Identifier: GPL-2.0-or-later
// What the harness does to keep devices busy from outside: frames for network cards, motion for
// pointers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/loop.hpp"
#include "harness/base/tag.hpp"
#include "harness/run/run_dir.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

/// The Ethernet type of all our frames: "local experimental 1" (IEEE 802).
inline constexpr std::uint16_t ether_type = 0x88B5;

/// One broadcast frame whose payload is tagged; `size` counts the 14-byte header.
std::string tagged_frame(const std::string& device, std::uint64_t sequence, std::uint32_t seed,
                         std::size_t size);

/// A frame with a header of our Ethernet type and something behind it.
bool is_our_type(std::string_view frame);
/// Whether behind its header the frame is nothing but the item that `tag` is a piece of.
bool is_whole_frame(std::string_view frame, const Tag& tag);

/// Feeds at the pace of each device's activity from start() until it goes, through the crash;
/// pause() holds it while the machine is stopped, since QEMU throws frames away then.
class Feeder {
 public:
  using SendFrame = std::function<Result<void>(const std::string& device, std::string_view frame)>;
  using MovePointer = std::function<Result<void>(const std::string& device, int x, int y)>;
  Feeder(Loop& loop, RunDir& dir, SendFrame send_frame, MovePointer move_pointer)
      : loop_(loop),
        dir_(dir),
        send_frame_(std::move(send_frame)),
        move_pointer_(std::move(move_pointer)) {}

  /// Begins to feed every busy "net-receive" and "pointer" device.
  void start(const std::vector<scenario::PlannedDevice>& devices, std::uint32_t seed);
  /// Feeds `device` fast, busy or not, as long as the watch lives: a test that counts frames need
  /// not wait for the slow pace that a crash is watched at.
  [[nodiscard]] Loop::Watch hasten(const scenario::PlannedDevice& device, std::uint32_t seed);
  /// From the handover until something is done in the capture kernel: frames at a fifth of their
  /// pace. Nobody gives the card new buffers in that time, and one that has none left looks like
  /// one that was stopped: rings of 32 buffers, the smallest that are usual, last 15 s so at 10 a
  /// second.
  void ease(bool eased) { eased_ = eased; }
  void pause() { paused_ = true; }
  void resume() { paused_ = false; }

  /// Frames given to a device so far.
  std::uint64_t sent(const std::string& device) const;

 private:
  void feed(const std::string& device, std::uint32_t seed, std::size_t size);
  void move(const std::string& device);

  Loop& loop_;
  RunDir& dir_;
  SendFrame send_frame_;
  MovePointer move_pointer_;
  bool paused_ = false;
  bool eased_ = false;
  std::map<std::string, std::uint64_t> sent_;
  std::vector<Loop::Watch> timers_;
};

}  // namespace quiesce::run
