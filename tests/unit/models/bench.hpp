// SPDX-License-Identifier: GPL-2.0-or-later
// A model on a bench: a host of its own memory and time, and what kernel and QEMU do around resets.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "devices/models/model.hpp"
#include "harness/base/clock.hpp"
#include "harness/base/loop.hpp"
#include "harness/wire/model_registers.hpp"

namespace quiesce::models {

/// What the device wrote, in order.
struct SeenWrite {
  std::uint64_t address = 0;
  std::vector<std::byte> bytes;
};

class FakeHost final : public vfio_user::Host {
 public:
  static constexpr std::uint64_t memory_at = 0x10000;

  Loop& loop() override { return loop_; }
  vfio_user::ConfigSpace& config() override { return *config_space; }
  Result<void> dma_write(std::uint64_t address, std::span<const std::byte> bytes) override;
  Result<void> dma_read(std::uint64_t address, std::span<std::byte> bytes) override;
  Result<void> dma_write_stale(std::uint64_t address, std::span<const std::byte> bytes) override;
  bool set_intx(bool asserted) override;
  bool raise_msi(unsigned vector) override;
  bool raise_msix(unsigned) override { return false; }

  std::optional<vfio_user::ConfigSpace> config_space;
  std::vector<std::byte> memory = std::vector<std::byte>(64 * 1024);
  std::vector<SeenWrite> writes;
  std::function<void()> while_writing;  ///< a write by message serves requests
  bool msi_on = false;
  unsigned messages = 0;
  bool pin = false;
  unsigned pin_rises = 0;

 private:
  std::optional<std::size_t> offset_of(std::uint64_t address, std::size_t bytes) const;
  FakeClock clock_;
  Loop loop_{clock_};
};

struct BenchSettings {
  nlohmann::json settings = nlohmann::json::object();
  std::string name = "dut0";
  std::uint32_t seed = 7;
};

class Bench {
 public:
  /// `model` by name; a name that is not on the list ends the test.
  explicit Bench(const std::string& model, const BenchSettings& with = {});

  std::uint32_t get(std::uint32_t offset);
  void set(std::uint32_t offset, std::uint32_t value);
  std::uint64_t sequence();
  std::uint32_t status() { return get(wire::model::status); }

  /// Programs a ring at the beginning of the memory and has it run.
  void run(std::uint32_t control = wire::model::run, std::uint32_t ring = 4096,
           std::uint32_t item = 512, std::uint32_t rate = 20);
  /// Copies `bytes` from one place of the memory to another.
  void copy(std::uint32_t bytes = 256);
  void pass(double seconds);

  /// As the server does it: asks the device, then writes.
  std::uint32_t config_read(std::uint16_t offset, unsigned width);
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value);
  void bus_master(bool on) { config_write(0x04, 2, on ? 0x6 : 0x2); }
  /// As a message of the client; true: with effect.
  bool reset(vfio_user::ResetKind kind);
  /// As kernel and QEMU do it: Bus Master is off when it comes, and restored afterwards.
  bool kernel_reset(const std::string& method);

  std::vector<nlohmann::json> ledger() const;
  std::vector<nlohmann::json> ledger(const std::string& event) const;
  std::vector<nlohmann::json> events;  ///< that it said

  FakeHost host;

 private:
  Fd ledger_file_;
  Ledger ledger_;

 public:
  std::unique_ptr<ModelDevice> device;
};

}  // namespace quiesce::models
