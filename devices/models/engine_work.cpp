// SPDX-License-Identifier: GPL-2.0-or-later
// What the engine does by itself: writes and interrupts.
#include <zlib.h>

#include <cstring>
#include <utility>
#include <vector>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace line = record::ledger;
namespace reg = wire::model;

namespace {

constexpr std::uint32_t most_copied = 65536;
constexpr Seconds interrupt_lines{0.1};

std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace

void Engine::run() {
  const std::uint32_t item = registers_[reg::item_bytes / 4];
  const std::uint32_t bytes = registers_[reg::ring_bytes / 4];
  const std::uint32_t rate = registers_[reg::rate / 4];
  const bool fits = item >= Tag::size && item <= 4096 && item % Tag::size == 0 && bytes >= item &&
                    bytes % item == 0 && rate >= 1 && rate <= 100000;
  if (!fits || (behaviour_.needs_reset && used_)) {
    error_ = true;
    return;
  }
  // What the capture kernel asks for is done: the function test needs more than a few items.
  const bool limited = role_ != "capture";
  ring_ = {.address = wide(reg::ring_low),
           .bytes = bytes,
           .item = item,
           .left = limited ? behaviour_.most_items : 0};
  running_ = used_ = ever_used_ = true;
  error_ = false;
  blocked_why_.clear();
  note(line::Run{.address = {ring_.address}, .bytes = bytes, .item = item, .rate = rate});
  ticker_.start(host_->loop(), Seconds(1.0 / rate), [this] { tick(); });
  started();
  if (limited && settings_.value("begins", "handover") == "run") begins();
}

void Engine::started() {}
void Engine::begins() {}

void Engine::ended() {
  own_timer_.stop();
}

void Engine::stop(const char* by) {
  if (!running_) return;
  running_ = false;
  ticker_.stop();
  flush_interrupts();
  note(line::Stop{by});
}

void Engine::tick() {
  if (!may_write(slot_of(ring_), ring_.item) || !write_item(ring_)) return;
  if (ring_.left != 0 && --ring_.left == 0) stop("done");
}

std::uint64_t Engine::slot_of(const Ring& ring) const {
  return ring.address + sequence_ * ring.item % ring.bytes;
}

void Engine::blocked(const char* why, std::uint64_t address, std::size_t bytes) {
  if (blocked_why_ != why) note(line::Blocked{.address = {address}, .bytes = bytes, .why = why});
  blocked_why_ = why;
}

bool Engine::may_write(std::uint64_t address, std::size_t bytes) {
  if (!behaviour_.obeys_bus_master || host_->config().bus_master()) return true;
  blocked("bus-master", address, bytes);
  return false;
}

std::vector<std::byte> Engine::next_item(std::size_t size) const {
  std::vector<std::byte> bytes(size);
  if (settings_.value("tagged", true)) {
    fill_tagged(bytes, {.kind = TagKind::device_write,
                        .device = identity_.name,
                        .sequence = sequence_,
                        // After a reset the sequence begins anew: the same bytes again would be a
                        // write that nobody can see.
                        .block = epoch_,
                        .seed = identity_.seed});
    return bytes;
  }
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const std::uint64_t number = (sequence_ + 1 + (epoch_ << 32)) * 0x9e3779b97f4a7c15ULL + at;
    std::memcpy(bytes.data() + at, &number, sizeof number);
  }
  return bytes;
}

bool Engine::write_item(const Ring& ring) {
  const std::uint64_t address = slot_of(ring);
  const std::vector<std::byte> bytes = next_item(ring.item);
  const std::uint64_t sequence = sequence_;
  const std::uint64_t epoch = epoch_;
  if (!host_->dma_write(address, bytes)) {
    blocked("unmapped", address, bytes.size());
    return false;
  }
  blocked_why_.clear();
  note(line::Write{.address = record::Address{address},
                   .bytes = bytes.size(),
                   .crc = record::Word::of(crc_of(bytes)),
                   .sequence = sequence,
                   .epoch = epoch,
                   .tagged = settings_.value("tagged", true)});
  // A write by message serves requests meanwhile, and one of them may have been a reset.
  if (epoch != epoch_) return true;
  ++sequence_;
  if ((registers_[reg::control / 4] & reg::interrupt) != 0) raise();
  return true;
}

void Engine::raise() {
  if (!raise_message()) raise_pin();
}

bool Engine::raise_message() {
  if (!host_->raise_msi(0)) return false;
  count_interrupt("msi");
  return true;
}

/// A level: asserting it again is no further interrupt.
void Engine::raise_pin() {
  if (std::exchange(pin_, true)) return;
  count_interrupt("intx");
  if (held_)
    pin_waits_ = true;
  else
    host_->set_intx(true);
}

void Engine::release_pin() {
  pin_ = pin_waits_ = false;
  host_->set_intx(false);
}

void Engine::acknowledged() {
  release_pin();
}

/// A storm would fill the ledger: the first one at once, then a line in a while.
void Engine::count_interrupt(const char* kind) {
  ++interrupts_;
  if (pending_.kind != kind) flush_interrupts();
  pending_.kind = kind;
  ++pending_.count;
  const TimePoint now = host_->loop().now();
  if (pending_.last_line && now - *pending_.last_line < interrupt_lines) return;
  flush_interrupts();
  pending_.last_line = now;
}

void Engine::flush_interrupts() {
  if (pending_.count == 0) return;
  note(line::Interrupt{.kind = pending_.kind, .vector = 0, .count = pending_.count});
  pending_.count = 0;
}

void Engine::copy() {
  copied_ = false;
  if (held_) {
    copy_waits_ = true;
    return;
  }
  if (behaviour_.needs_reset && used_) {
    error_ = true;
    return;
  }
  const auto crc = do_copy();
  line::Copy done{.from = {wide(reg::copy_from_low)},
                  .to = {wide(reg::copy_to_low)},
                  .bytes = registers_[reg::copy_bytes / 4],
                  .ok = crc.has_value()};
  if (crc) done.crc = *crc;
  note(done);
  copied_ = crc.has_value();
  error_ = !copied_;
  if (copied_ && (registers_[reg::control / 4] & reg::interrupt) != 0) raise();
}

/// The CRC-32 of what was copied.
Result<std::uint32_t> Engine::do_copy() {
  const std::uint32_t bytes = registers_[reg::copy_bytes / 4];
  const std::uint64_t from = wide(reg::copy_from_low);
  const std::uint64_t to = wide(reg::copy_to_low);
  if (bytes == 0 || bytes > most_copied)
    return fail(Errc::invalid_input, "a copy has 1 to {} bytes", most_copied);
  if (!may_write(to, bytes)) return fail(Errc::unsupported, "Bus Master is off");
  std::vector<std::byte> data(bytes);
  TRY(host_->dma_read(from, data));
  TRY(host_->dma_write(to, data));
  return crc_of(data);
}

}  // namespace quiesce::models
