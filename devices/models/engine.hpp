// SPDX-License-Identifier: GPL-2.0-or-later
// The device that all models are: a register file, a ring that is written into, a copy for the
// function test. Behaviour says in what a model differs; what cannot be said so overrides a call.
#pragma once

#include <array>
#include <optional>

#include "devices/models/model.hpp"
#include "harness/base/tag.hpp"
#include "harness/wire/model_registers.hpp"

namespace quiesce::models {

/// What a reset of one kind does to a model.
struct ResetEffect {
  bool flr = true;
  bool pm = true;
  bool device = true;  ///< a secondary bus reset arrives as this
  bool of(vfio_user::ResetKind kind) const;
};

struct Behaviour {
  bool obeys_bus_master = true;  ///< no write while Bus Master Enable is clear
  bool obeys_control = true;     ///< clearing Control.run and a soft reset stop it
  ResetEffect resets;
  /// After a reset that had effect the device does not answer for so long (ms).
  double ready_ms = 0;
  bool dead_after_reset = false;     ///< all ones for ever
  bool unready_hides_config = true;  ///< not ready: configuration reads are all ones, too
  bool needs_reset = false;          ///< from a used state only a reset helps
  std::uint64_t most_items = 0;      ///< stops by itself after so many; 0: never
  bool writes = true;                ///< false: only interrupts or status, no ring
};

class Engine : public ModelDevice {
 public:
  Engine(Identity identity, nlohmann::json settings, Ledger& ledger, Behaviour behaviour);

  vfio_user::ConfigSpace config_space() override;
  void attach(vfio_user::Host& host) override;
  std::uint64_t read(int bar, std::uint64_t offset, unsigned width) override;
  void write(int bar, std::uint64_t offset, unsigned width, std::uint64_t value) override;
  bool config_unreadable() override;
  void config_written(std::uint16_t offset, unsigned width, std::uint32_t value) override;
  bool reset(vfio_user::ResetKind kind) override;
  void connected() override;
  void disconnected() override;
  void hold(bool held) override;
  void kernel(const std::string& role) override;
  void on_event(std::function<void(const nlohmann::json&)> send) override;

 protected:
  /// Control.run was set and taken. Default: items are written at the rate.
  virtual void started();
  /// It no longer runs; `by` is for the ledger.
  virtual void stopped(const char* by);
  /// The driver acknowledged an interrupt.
  virtual void acknowledged();
  /// A register or the configuration space is about to be read or written.
  virtual void touched();

  /// One item of the ring now. False when it could not be written.
  bool write_item();
  void begin_ticking(double per_second);
  void raise(const char* kind);
  bool set_pin(bool asserted);
  bool running() const { return running_; }
  bool held() const { return held_; }
  void stop(const char* by);
  void note(const char* event, nlohmann::json fields = nlohmann::json::object()) {
    ledger_.note(event, std::move(fields));
  }
  void tell(const nlohmann::json& message);
  vfio_user::Host& host() { return *host_; }
  const nlohmann::json& settings() const { return settings_; }
  const Identity& identity() const { return identity_; }
  /// A tick of begin_ticking. Default: one item.
  virtual void tick();

 private:
  bool answers() const;
  void defaults();
  std::uint32_t status() const;
  void set_control(std::uint32_t value);
  void run();
  void copy();
  Result<void> do_copy();
  std::uint64_t wide(std::uint32_t low) const;
  bool may_write(std::uint64_t address, std::size_t bytes);
  void flush_interrupts(bool all);

  Identity identity_;
  nlohmann::json settings_;
  Ledger& ledger_;
  Behaviour behaviour_;
  vfio_user::Host* host_ = nullptr;
  std::function<void(const nlohmann::json&)> send_;
  std::array<std::uint32_t, 32> registers_{};
  std::uint64_t sequence_ = 0;
  std::uint32_t resets_ = 0;
  std::uint32_t interrupts_ = 0;
  bool running_ = false;
  bool used_ = false;
  bool error_ = false;
  bool copied_ = false;
  bool pin_ = false;
  bool held_ = false;
  bool dead_ = false;
  bool bus_master_ = false;
  std::optional<TimePoint> ready_at_;
  std::string blocked_why_;
  struct Pending {
    std::string kind;
    std::uint64_t count = 0;
    TimePoint since;
  } pending_;
  Loop::Watch ticker_;
};

/// Settings that every model has.
std::vector<Setting> common_settings(std::vector<Setting> more = {});

/// A model that is an Engine with a behaviour and nothing else.
template <class Make>
Model engine_model(std::string name, std::string description, std::vector<std::string> stops_on,
                   Make behaviour, std::vector<Setting> more = {}) {
  return {.name = std::move(name),
          .description = std::move(description),
          .settings = common_settings(std::move(more)),
          .stops_on = std::move(stops_on),
          .activity = {{"kind", "model-run"}, {"rate", 20}, {"item", 512}, {"length", 16384}},
          .make = [behaviour](const Identity& identity, const nlohmann::json& settings,
                              Ledger& ledger) -> std::unique_ptr<ModelDevice> {
            return std::make_unique<Engine>(identity, settings, ledger, behaviour(settings));
          }};
}

}  // namespace quiesce::models
