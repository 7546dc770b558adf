// SPDX-License-Identifier: GPL-2.0-or-later
// Registers, configuration space, resets; what it does by itself is in engine_work.cpp.
#include "devices/models/engine.hpp"

#include <utility>

#include "harness/wire/work.hpp"

namespace quiesce::models {

using nlohmann::json;
using vfio_user::ResetKind;
namespace line = record::ledger;
namespace reg = wire::model;

namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};

}  // namespace

std::string hex(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

Effect ResetEffect::of(ResetKind kind) const {
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

std::vector<Setting> common_settings() {
  return {
      {"tagged", true, "what it writes carries tags; false: numbers that nobody can tell apart"}};
}

Setting begins_setting() {
  return {.name = "begins",
          .fallback = "handover",
          .meaning =
              "\"handover\": when it is told that the capture kernel runs, if it works "
              "then; \"run\": as soon as the production kernel has it run",
          .words = {"handover", "run"}};
}

Model ring_model(const std::string& name, const std::string& description,
                 const std::vector<std::string>& stops_on, const std::vector<Setting>& settings,
                 decltype(Model::make) make) {
  Model model{.name = name,
              .description = description,
              .settings = common_settings(),
              .stops_on = stops_on,
              .activity = {{"kind", wire::activity::model_run},
                           {"rate", 20},
                           {"item", 512},
                           {"length", 16384}},
              .make = std::move(make)};
  model.settings.insert(model.settings.end(), settings.begin(), settings.end());
  return model;
}

Engine::Engine(Identity identity, json settings, Ledger& ledger, Behaviour behaviour)
    : identity_(std::move(identity)),
      settings_(std::move(settings)),
      ledger_(ledger),
      behaviour_(behaviour) {
  defaults();
}

Engine::~Engine() {
  flush_interrupts();
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

/// What a reset does to the registers.
void Engine::defaults() {
  registers_.fill(0);
  registers_[reg::item_bytes / 4] = 512;
  registers_[reg::rate / 4] = 20;
  registers_[reg::scratch / 4] = reg::scratch_default;
  error_ = copied_ = copy_waits_ = false;
}

/// The time that passed for the machine, too.
TimePoint Engine::time() const {
  const TimePoint now = host_->loop().now();
  return (held_ ? held_since_ : now) - held_for_;
}

bool Engine::answers() const {
  return !dead_ && (!ready_at_ || time() >= *ready_at_);
}

std::uint32_t Engine::status() const {
  return (answers() ? reg::ready : 0U) | (running_ ? reg::running : 0U) |
         (error_ ? reg::error : 0U) | (copied_ ? reg::copy_done : 0U) |
         (pin_ ? reg::interrupt_pending : 0U) | (used_ ? reg::used : 0U);
}

/// An error is told once: a driver that comes later must not stumble over it. Only a model that
/// needs a reset keeps it.
std::uint32_t Engine::take_status() {
  const std::uint32_t now = status();
  error_ = error_ && behaviour_.needs_reset;
  return now;
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
      return take_status();
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
    const bool effect = behaviour_.obeys_control && !behaviour_.needs_reset;
    note(line::Reset{.kind = "soft", .effect = effect, .stops = effect, .ready_ms = 0});
    if (effect) end_all("soft");
    return;
  }
  registers_[reg::control / 4] = value;
  const bool wanted = (value & reg::run) != 0;
  if (wanted && !running_) run();
  if (!wanted && behaviour_.obeys_control) stop("control");
}

std::uint64_t Engine::wide(std::uint32_t low) const {
  return registers_[low / 4] | static_cast<std::uint64_t>(registers_[low / 4 + 1]) << 32;
}

bool Engine::config_unreadable() {
  touched();
  return dead_ || (!answers() && behaviour_.unready_hides_config);
}

void Engine::note_bus_master(bool now) {
  if (now != bus_master_) note(line::BusMaster{now});
  bus_master_ = now;
}

void Engine::config_written(std::uint16_t offset, unsigned width, std::uint32_t value) {
  const auto& config = host_->config();
  note_bus_master(config.bus_master());
  const auto within = [&](std::optional<std::uint16_t> at, int first, int last) {
    return at && offset >= *at + first && offset < *at + last;
  };
  if (offset == 0x04 || within(config.pm_offset(), 4, 6) ||
      within(config.express_offset(), 8, 10) || within(config.msi_offset(), 2, 14))
    note(line::Config{.offset = {offset}, .width = width, .value = {value}});
}

/// All that a reset ends and clears.
void Engine::end_all(const char* by) {
  stop(by);
  ended();
  ++epoch_;
  sequence_ = 0;
  used_ = false;
  defaults();
  release_pin();
}

bool Engine::reset(ResetKind kind) {
  ++resets_;
  flush_interrupts();
  const Effect effect = dead_ ? Effect::none : behaviour_.resets.of(kind);
  const double ready_ms = effect != Effect::none && ever_used_ ? behaviour_.ready_ms : 0;
  note(line::Reset{.kind = to_string(kind),
                   .effect = effect != Effect::none,
                   .stops = effect == Effect::all,
                   .ready_ms = ready_ms});
  if (effect == Effect::none) return false;
  if (effect == Effect::all) {
    end_all(to_string(kind));
  } else {
    defaults();
    release_pin();
  }
  // The server clears the Command register when this returns.
  note_bus_master(false);
  if (ready_ms > 0) ready_at_ = time() + Seconds(ready_ms / 1000);
  // Not by Bus Master: the kernel and QEMU have cleared it when a reset arrives
  // (pci_dev_save_and_disable, drivers/pci/pci.c; vfio_pci_pre_reset, hw/vfio/pci.c).
  dead_ = behaviour_.dead_after_reset && ever_used_;
  return true;
}

void Engine::connected() {
  note(line::Connect());
}

void Engine::disconnected() {
  flush_interrupts();
  note(line::Disconnect());
}

void Engine::hold(bool held) {
  if (held == held_) return;
  const TimePoint now = host_->loop().now();
  if (held)
    held_since_ = now;
  else
    held_for_ += now - held_since_;
  held_ = held;
  ticker_.hold(held);
  own_timer_.hold(held);
  flush_interrupts();
  if (held) return note(line::Hold());
  note(line::Release());
  if (std::exchange(pin_waits_, false)) host_->set_intx(true);
  if (std::exchange(copy_waits_, false)) copy();
}

void Engine::kernel(const std::string& role) {
  flush_interrupts();
  note(line::Kernel{role});
  const bool handover = role == "capture" && role_ != role;
  role_ = role;
  if (handover && running_ && settings_.value("begins", "handover") == "handover") begins();
}

void Engine::touched() {}

}  // namespace quiesce::models
