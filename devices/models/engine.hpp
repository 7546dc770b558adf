// SPDX-License-Identifier: GPL-2.0-or-later
// The device that all models are: a register file, a ring that is written into, a copy for the
// function test. Behaviour says in what a model differs; what cannot be said so overrides a call.
#pragma once

#include <array>
#include <optional>

#include "devices/models/metronome.hpp"
#include "devices/models/model.hpp"
#include "harness/base/tag.hpp"
#include "harness/wire/model_registers.hpp"

namespace quiesce::models {

/// What a reset does to a model.
enum class Effect {
  none,       ///< nothing at all
  registers,  ///< registers and configuration space are at their defaults, its DMA goes on
  all,
};

/// An address or a register in a ledger: "0x1f000".
std::string hex(std::uint64_t value);

struct ResetEffect {
  Effect flr = Effect::all;
  Effect pm = Effect::all;
  Effect device = Effect::all;  ///< a secondary bus reset arrives as this
  Effect of(vfio_user::ResetKind kind) const;
};

struct Behaviour {
  bool obeys_bus_master = true;  ///< no write while Bus Master Enable is clear
  bool obeys_control = true;     ///< clearing Control.run and a soft reset stop it
  ResetEffect resets;
  /// After a reset that had effect the device does not answer for so long (ms). The machine's own
  /// start is a reset, too: this and `dead_after_reset` are for a device that has been run.
  double ready_ms = 0;
  bool dead_after_reset = false;     ///< all ones for ever
  bool unready_hides_config = true;  ///< not ready: configuration reads are all ones, too
  bool needs_reset = false;          ///< run once, only a reset makes it ready to run again
  /// A run that the production kernel began ends by itself after so many items; 0: never.
  std::uint64_t most_items = 0;
};

class Engine : public ModelDevice {
 public:
  Engine(Identity identity, nlohmann::json settings, Ledger& ledger, Behaviour behaviour);
  ~Engine() override;

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
  /// Control.run was set and taken.
  virtual void started();
  /// It runs, and the moment of the setting "begins" has come: what a model does once or from then
  /// on. Default: nothing.
  virtual void begins();
  /// A reset has ended its DMA: what begins() set going is over. Default: own_timer() stops.
  virtual void ended();
  /// The driver acknowledged an interrupt. Default: the pin is let go.
  virtual void acknowledged();
  /// A register or the configuration space is about to be read, or a register written. While the
  /// device is held() it is the harness that does so.
  virtual void touched();

  /// The ring as it was when it was started: registers that change under it do not move it.
  struct Ring {
    std::uint64_t address = 0;
    std::uint32_t bytes = 0;
    std::uint32_t item = 0;
    std::uint64_t left = 0;  ///< items until it ends by itself; 0: it does not
  };
  const Ring& ring() const { return ring_; }
  /// One item into the ring now, whatever Bus Master says. False when it could not be written.
  bool write_item(const Ring& ring);
  /// No further item by itself; it counts as running all the same.
  void fall_silent() { ticker_.stop(); }
  /// An MSI when the guest has enabled it, else the pin.
  void raise();
  bool raise_message();
  void raise_pin();
  void release_pin();
  bool held() const { return held_; }
  void stop(const char* by);
  template <record::Record R>
  void note(const R& what) {
    ledger_.note(what);
  }
  void tell(const nlohmann::json& message);
  vfio_user::Host& host() { return *host_; }
  const nlohmann::json& settings() const { return settings_; }
  const Identity& identity() const { return identity_; }
  /// A timer that is held with the device.
  Metronome& own_timer() { return own_timer_; }

 private:
  /// Interrupts that are not in the ledger yet.
  struct Pending {
    std::string kind;
    std::uint64_t count = 0;
    std::optional<TimePoint> last_line;
  };

  TimePoint time() const;
  bool answers() const;
  void defaults();
  void end_all(const char* by);
  std::uint32_t status() const;
  std::uint32_t take_status();
  void set_control(std::uint32_t value);
  void run();
  void tick();
  void copy();
  Result<std::uint32_t> do_copy();
  std::uint64_t wide(std::uint32_t low) const;
  std::uint64_t slot_of(const Ring& ring) const;
  bool may_write(std::uint64_t address, std::size_t bytes);
  void blocked(const char* why, std::uint64_t address, std::size_t bytes);
  std::vector<std::byte> next_item(std::size_t size) const;
  void count_interrupt(const char* kind);
  void flush_interrupts();
  void note_bus_master(bool now);

  Identity identity_;
  nlohmann::json settings_;
  Ledger& ledger_;
  Behaviour behaviour_;
  vfio_user::Host* host_ = nullptr;
  std::function<void(const nlohmann::json&)> send_;
  std::string role_ = "production";
  std::array<std::uint32_t, 32> registers_{};
  Ring ring_;
  std::uint64_t sequence_ = 0;
  std::uint64_t epoch_ = 0;  ///< counts resets that ended its DMA
  std::uint32_t resets_ = 0;
  std::uint32_t interrupts_ = 0;
  bool running_ = false;
  bool used_ = false;
  bool ever_used_ = false;
  bool error_ = false;
  bool copied_ = false;
  bool copy_waits_ = false;
  bool pin_ = false;
  bool pin_waits_ = false;
  bool held_ = false;
  bool dead_ = false;
  bool bus_master_ = false;
  TimePoint held_since_{};
  Seconds held_for_{};
  std::optional<TimePoint> ready_at_;  ///< by time()
  std::string blocked_why_;
  Pending pending_;
  Metronome ticker_;
  Metronome own_timer_;
};

/// Settings that every model has.
std::vector<Setting> common_settings();
/// The setting "begins", for a model whose misdeed has a moment.
Setting begins_setting();
/// A model that the agent arms as it arms all (docs/agent-protocol.md). `settings` are over
/// common_settings().
Model ring_model(const std::string& name, const std::string& description,
                 const std::vector<std::string>& stops_on, const std::vector<Setting>& settings,
                 decltype(Model::make) make);

/// A model of a class of its own, which is made from identity, settings and ledger.
template <class Class>
Model model_of(const std::string& name, const std::string& description,
               const std::vector<std::string>& stops_on,
               const std::vector<Setting>& settings = {}) {
  return ring_model(name, description, stops_on, settings,
                    [](const Identity& identity, const nlohmann::json& given,
                       Ledger& ledger) -> std::unique_ptr<ModelDevice> {
                      return std::make_unique<Class>(identity, given, ledger);
                    });
}

/// A model that is an Engine with a behaviour, which is made from the settings, and nothing else.
template <class Make>
Model engine_model(const std::string& name, const std::string& description,
                   const std::vector<std::string>& stops_on, Make behaviour,
                   const std::vector<Setting>& settings = {}) {
  return ring_model(name, description, stops_on, settings,
                    [behaviour](const Identity& identity, const nlohmann::json& given,
                                Ledger& ledger) -> std::unique_ptr<ModelDevice> {
                      return std::make_unique<Engine>(identity, given, ledger, behaviour(given));
                    });
}

}  // namespace quiesce::models
