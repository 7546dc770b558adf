// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace quiesce::models {

using nlohmann::json;
using vfio_user::ResetKind;
namespace reg = wire::model;

namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};
constexpr std::uint32_t most_copied = 65536;
constexpr Seconds interrupt_lines{0.1};

std::string hex(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace

bool ResetEffect::of(ResetKind kind) const {
  switch (kind) {
    case ResetKind::flr:
      return flr;
    case ResetKind::pm:
      return pm;
    case ResetKind::device:
      return device;
  }
  return device;
}

std::vector<Setting> common_settings(std::vector<Setting> more) {
  std::vector<Setting> all{
      {"tagged", true, "what it writes carries tags; false: numbers that nobody can tell apart"}};
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return all;
}

Engine::Engine(Identity identity, json settings, Ledger& ledger, Behaviour behaviour)
    : identity_(std::move(identity)),
      settings_(std::move(settings)),
      ledger_(ledger),
      behaviour_(behaviour) {
  defaults();
}

vfio_user::ConfigSpace Engine::config_space() {
  vfio_user::Layout layout{.vendor = reg::vendor_id,
                           .device = reg::device_id,
                           .subsystem_vendor = reg::vendor_id,
                           .subsystem = reg::device_id,
                           .class_code = reg::class_code,
                           .revision = 1,
                           .interrupt_pin = 1,
                           .bars = {},
                           .pm = vfio_user::Layout::Pm{},
                           .express = vfio_user::Layout::Express{},
                           .msi = vfio_user::Layout::Msi{},
                           .msix = {},
                           .aer = true};
  layout.bars[0] = {.kind = vfio_user::Bar::Kind::memory32, .size = reg::bar0_size};
  // The layout stands here and holds: a test builds it.
  return vfio_user::ConfigSpace::build(layout).value();
}

void Engine::attach(vfio_user::Host& host) {
  host_ = &host;
}

void Engine::on_event(std::function<void(const json&)> send) {
  send_ = std::move(send);
}

void Engine::tell(const json& message) {
  if (send_) send_(message);
}

void Engine::defaults() {
  registers_.fill(0);
  registers_[reg::item_bytes / 4] = 512;
  registers_[reg::rate / 4] = 20;
  registers_[reg::scratch / 4] = reg::scratch_default;
  sequence_ = 0;
  used_ = error_ = copied_ = false;
}

bool Engine::answers() const {
  return !dead_ && (!ready_at_ || host_->loop().now() >= *ready_at_);
}

std::uint32_t Engine::status() const {
  return (answers() ? reg::ready : 0U) | (running_ ? reg::running : 0U) |
         (error_ ? reg::error : 0U) | (copied_ ? reg::copy_done : 0U) |
         (pin_ ? reg::interrupt_pending : 0U) | (used_ ? reg::used : 0U);
}

std::uint64_t Engine::read(int bar, std::uint64_t offset, unsigned width) {
  touched();
  if (bar != 0 || !answers()) return all_ones;
  if (width != 4 || offset % 4 != 0 || offset / 4 >= registers_.size()) return 0;
  switch (offset) {
    case reg::id:
      return reg::id_value;
    case reg::version:
      return reg::version_value;
    case reg::status:
      return status();
    case reg::sequence_low:
      return sequence_ & 0xffffffff;
    case reg::sequence_high:
      return sequence_ >> 32;
    case reg::resets:
      return resets_;
    case reg::interrupts:
      return interrupts_;
    case reg::doorbell:
    case reg::acknowledge:
      return 0;
    default:
      return registers_[offset / 4];
  }
}

void Engine::write(int bar, std::uint64_t offset, unsigned width, std::uint64_t value) {
  touched();
  if (bar != 0 || !answers() || width != 4 || offset % 4 != 0 || offset / 4 >= registers_.size())
    return;
  const auto word = static_cast<std::uint32_t>(value);
  switch (offset) {
    case reg::id:
    case reg::version:
    case reg::status:
    case reg::sequence_low:
    case reg::sequence_high:
    case reg::resets:
    case reg::interrupts:
      return;
    case reg::control:
      return set_control(word);
    case reg::doorbell:
      if (word == 1) copy();
      return;
    case reg::acknowledge:
      if (word == 1) acknowledged();
      return;
    default:
      registers_[offset / 4] = word;
  }
}

void Engine::set_control(std::uint32_t value) {
  if ((value & reg::soft_reset) != 0) {
    note("reset", {{"kind", "soft"}, {"effect", behaviour_.obeys_control}});
    if (!behaviour_.obeys_control || behaviour_.needs_reset) return;
    stop("soft");
    defaults();
    return;
  }
  registers_[reg::control / 4] = value;
  const bool wanted = (value & reg::run) != 0;
  if (wanted && !running_) run();
  if (!wanted && running_ && behaviour_.obeys_control) stop("control");
}

std::uint64_t Engine::wide(std::uint32_t low) const {
  return registers_[low / 4] | static_cast<std::uint64_t>(registers_[low / 4 + 1]) << 32;
}

void Engine::run() {
  const std::uint32_t item = registers_[reg::item_bytes / 4];
  const std::uint32_t ring = registers_[reg::ring_bytes / 4];
  const std::uint32_t rate = registers_[reg::rate / 4];
  const bool fits = item >= Tag::size && item <= 4096 && item % Tag::size == 0 && ring >= item &&
                    ring % item == 0 && rate >= 1 && rate <= 100000;
  if (!fits || (behaviour_.needs_reset && used_)) {
    error_ = true;
    return;
  }
  running_ = used_ = true;
  note("run",
       {{"address", hex(wide(reg::ring_low))}, {"bytes", ring}, {"item", item}, {"rate", rate}});
  started();
}

void Engine::started() {
  begin_ticking(registers_[reg::rate / 4]);
}

void Engine::begin_ticking(double per_second) {
  ticker_ = host_->loop().every(Seconds(1 / per_second), [this] {
    if (!held_ && running_) tick();
  });
}

void Engine::tick() {
  if (behaviour_.writes) write_item();
}

void Engine::stop(const char* by) {
  if (!running_) return;
  running_ = false;
  ticker_ = {};
  note("stop", {{"by", by}});
  stopped(by);
}

void Engine::stopped(const char*) {}
void Engine::touched() {}

void Engine::acknowledged() {
  set_pin(false);
}

bool Engine::may_write(std::uint64_t address, std::size_t bytes) {
  if (!behaviour_.obeys_bus_master || host_->config().bus_master()) {
    blocked_why_.clear();
    return true;
  }
  if (blocked_why_ != "bus-master")
    note("dma.blocked", {{"address", hex(address)}, {"bytes", bytes}, {"why", "bus-master"}});
  blocked_why_ = "bus-master";
  return false;
}

bool Engine::write_item() {
  const std::uint32_t item = registers_[reg::item_bytes / 4];
  const std::uint32_t ring = registers_[reg::ring_bytes / 4];
  const std::uint64_t address = wide(reg::ring_low) + sequence_ * item % ring;
  if (!may_write(address, item)) return false;
  std::vector<std::byte> bytes(item);
  const bool tagged = settings_.value("tagged", true);
  if (tagged) {
    fill_tagged(bytes, {.kind = TagKind::device_write,
                        .device = identity_.name,
                        .sequence = sequence_,
                        .seed = identity_.seed});
  } else {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      const std::uint64_t number = sequence_ * 0x9e3779b97f4a7c15ULL + at;
      std::memcpy(bytes.data() + at, &number, sizeof number);
    }
  }
  const auto written = host_->dma_write(address, bytes);
  if (!written) {
    if (blocked_why_ != "unmapped")
      note("dma.blocked", {{"address", hex(address)}, {"bytes", item}, {"why", "unmapped"}});
    blocked_why_ = "unmapped";
    return false;
  }
  note("dma.write", {{"address", hex(address)},
                     {"bytes", item},
                     {"sequence", sequence_},
                     {"tagged", tagged},
                     {"crc", crc_of(bytes)}});
  ++sequence_;
  if ((registers_[reg::control / 4] & reg::interrupt) != 0) raise("item");
  if (behaviour_.most_items != 0 && sequence_ >= behaviour_.most_items) stop("done");
  return true;
}

/// MSI when the guest has enabled it, else the pin.
void Engine::raise(const char*) {
  const bool msi = host_->raise_msi(0);
  if (!msi && !set_pin(true)) return;
  ++interrupts_;
  const char* kind = msi ? "msi" : "intx";
  if (pending_.kind != kind) flush_interrupts(true);
  if (pending_.count++ == 0) {
    pending_.kind = kind;
    pending_.since = host_->loop().now();
  }
  flush_interrupts(false);
}

void Engine::flush_interrupts(bool all) {
  if (pending_.count == 0) return;
  if (!all && pending_.count > 1 && host_->loop().now() - pending_.since < interrupt_lines) return;
  note("interrupt", {{"kind", pending_.kind}, {"vector", 0}, {"count", pending_.count}});
  pending_ = {.kind = pending_.kind, .count = 0, .since = {}};
}

bool Engine::set_pin(bool asserted) {
  pin_ = asserted;
  return host_->set_intx(asserted);
}

void Engine::copy() {
  copied_ = false;
  if (behaviour_.needs_reset && used_) {
    error_ = true;
    return;
  }
  const auto done = do_copy();
  note("copy", {{"from", hex(wide(reg::copy_from_low))},
                {"to", hex(wide(reg::copy_to_low))},
                {"bytes", registers_[reg::copy_bytes / 4]},
                {"ok", done.has_value()}});
  used_ = true;
  copied_ = done.has_value();
  error_ = !copied_;
  if (copied_ && (registers_[reg::control / 4] & reg::interrupt) != 0) raise("copy");
}

Result<void> Engine::do_copy() {
  const std::uint32_t bytes = registers_[reg::copy_bytes / 4];
  if (bytes == 0 || bytes > most_copied)
    return fail(Errc::invalid_input, "a copy has 1 to {} bytes", most_copied);
  if (!may_write(wide(reg::copy_to_low), bytes))
    return fail(Errc::unsupported, "Bus Master is off");
  std::vector<std::byte> data(bytes);
  TRY(host_->dma_read(wide(reg::copy_from_low), data));
  return host_->dma_write(wide(reg::copy_to_low), data);
}

bool Engine::config_unreadable() {
  touched();
  return dead_ || (!answers() && behaviour_.unready_hides_config);
}

void Engine::config_written(std::uint16_t offset, unsigned width, std::uint32_t value) {
  const bool now = host_->config().bus_master();
  if (now != bus_master_) note("bus-master", {{"on", now}});
  bus_master_ = now;
  const auto& config = host_->config();
  const auto within = [&](std::optional<std::uint16_t> at, int first, int last) {
    return at && offset >= *at + first && offset < *at + last;
  };
  if (offset == 0x04 || within(config.pm_offset(), 4, 6) ||
      within(config.express_offset(), 8, 10) || within(config.msi_offset(), 2, 14))
    note("config", {{"offset", hex(offset)}, {"width", width}, {"value", hex(value)}});
}

bool Engine::reset(ResetKind kind) {
  ++resets_;
  const bool effect = behaviour_.resets.of(kind) && !dead_;
  note("reset", {{"kind", to_string(kind)},
                 {"effect", effect},
                 {"ready_ms", effect ? behaviour_.ready_ms : 0}});
  if (!effect) return false;
  stop(to_string(kind));
  defaults();
  set_pin(false);
  if (behaviour_.ready_ms > 0)
    ready_at_ = host_->loop().now() + Seconds(behaviour_.ready_ms / 1000);
  // The machine's own start is a reset, too: only a device that was used can die of one.
  dead_ = behaviour_.dead_after_reset && bus_master_;
  bus_master_ = false;
  return true;
}

void Engine::connected() {
  note("connect");
}

void Engine::disconnected() {
  flush_interrupts(true);
  note("disconnect");
}

void Engine::hold(bool held) {
  if (held == held_) return;
  held_ = held;
  flush_interrupts(true);
  note(held ? "hold" : "release");
}

void Engine::kernel(const std::string& role) {
  note("kernel", {{"role", role}});
}

}  // namespace quiesce::models
