// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/models/bench.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "harness/base/text.hpp"

namespace quiesce::models {

using nlohmann::json;
using vfio_user::ResetKind;
namespace reg = wire::model;

namespace {

constexpr std::uint64_t copy_from = FakeHost::memory_at + 32 * 1024;
constexpr std::uint64_t copy_to = FakeHost::memory_at + 48 * 1024;

const Model& named(const std::string& name) {
  const Model* model = find(name);
  BOOST_REQUIRE_MESSAGE(model != nullptr, "there is no model " << name);
  return *model;
}

}  // namespace

std::optional<std::size_t> FakeHost::offset_of(std::uint64_t address, std::size_t bytes) const {
  if (address < memory_at || address - memory_at > memory.size() ||
      memory.size() - (address - memory_at) < bytes)
    return std::nullopt;
  return static_cast<std::size_t>(address - memory_at);
}

Result<void> FakeHost::dma_write(std::uint64_t address, std::span<const std::byte> bytes) {
  const auto at = offset_of(address, bytes.size());
  if (!at) return fail(Errc::not_found, "nothing is there");
  if (while_writing) while_writing();
  std::memcpy(memory.data() + *at, bytes.data(), bytes.size());
  writes.push_back({address, {bytes.begin(), bytes.end()}});
  return {};
}

Result<void> FakeHost::dma_read(std::uint64_t address, std::span<std::byte> bytes) {
  const auto at = offset_of(address, bytes.size());
  if (!at) return fail(Errc::not_found, "nothing is there");
  std::memcpy(bytes.data(), memory.data() + *at, bytes.size());
  return {};
}

Result<void> FakeHost::dma_write_stale(std::uint64_t address, std::span<const std::byte> bytes) {
  return dma_write(address, bytes);
}

bool FakeHost::set_intx(bool asserted) {
  pin_rises += asserted && !pin ? 1 : 0;
  pin = asserted;
  return true;
}

bool FakeHost::raise_msi(unsigned) {
  messages += msi_on ? 1 : 0;
  return msi_on;
}

Bench::Bench(const std::string& model, const BenchSettings& with)
    : ledger_file_(memory_file("ledger", 0).value()),
      ledger_(Fd::adopt(::dup(ledger_file_.get()))) {
  const Model& chosen = named(model);
  const auto settings = fill_settings(chosen, with.settings);
  if (!settings) BOOST_FAIL(settings.error().describe());
  device = chosen.make({.name = with.name, .seed = with.seed}, *settings, ledger_);
  host.config_space = device->config_space();
  device->attach(host);
  device->on_event([this](const json& message) { events.push_back(message); });
  // The machine's start.
  reset(ResetKind::device);
  bus_master(true);
}

std::uint32_t Bench::get(std::uint32_t offset) {
  return static_cast<std::uint32_t>(device->read(0, offset, 4));
}

void Bench::set(std::uint32_t offset, std::uint32_t value) {
  device->write(0, offset, 4, value);
}

std::uint64_t Bench::sequence() {
  return get(reg::sequence_low) | static_cast<std::uint64_t>(get(reg::sequence_high)) << 32;
}

void Bench::run(std::uint32_t control, std::uint32_t ring, std::uint32_t item, std::uint32_t rate) {
  set(reg::ring_low, FakeHost::memory_at);
  set(reg::ring_high, 0);
  set(reg::ring_bytes, ring);
  set(reg::item_bytes, item);
  set(reg::rate, rate);
  set(reg::control, control);
}

void Bench::copy(std::uint32_t bytes) {
  for (std::uint32_t i = 0; i < bytes && i < 16384; ++i)
    host.memory[copy_from - FakeHost::memory_at + i] = static_cast<std::byte>(i * 7 + 1);
  set(reg::copy_from_low, copy_from);
  set(reg::copy_to_low, copy_to);
  set(reg::copy_bytes, bytes);
  set(reg::doorbell, 1);
}

void Bench::pass(double seconds) {
  host.loop().run_until([] { return false; }, host.loop().now() + Seconds(seconds));
}

std::uint32_t Bench::config_read(std::uint16_t offset, unsigned width) {
  if (device->config_unreadable())
    return static_cast<std::uint32_t>(~std::uint64_t{0} >> (64 - 8 * width));
  return static_cast<std::uint32_t>(host.config().read(offset, width));
}

void Bench::config_write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  host.config().write(offset, width, value);
  device->config_written(offset, width, value);
}

bool Bench::reset(ResetKind kind) {
  using Kind = vfio_user::ConfigSpace::Reset;
  const bool effect = device->reset(kind);
  if (!effect) return false;
  host.config().reset(kind == ResetKind::device ? Kind::cold : Kind::sticky);
  host.set_intx(false);
  return true;
}

bool Bench::kernel_reset(const std::string& method) {
  // pci_dev_save_and_disable of the kernel; vfio_pci_pre_reset of QEMU.
  config_write(0x04, 2, 0x400);
  const bool effect = reset(method == "flr"  ? ResetKind::flr
                            : method == "pm" ? ResetKind::pm
                                             : ResetKind::device);
  config_write(0x04, 2, 0x6);
  return effect;
}

std::vector<json> Bench::ledger() const {
  const auto size = static_cast<std::size_t>(::lseek(ledger_file_.get(), 0, SEEK_END));
  std::string text(size, '\0');
  BOOST_REQUIRE(::pread(ledger_file_.get(), text.data(), size, 0) == static_cast<ssize_t>(size));
  std::vector<json> lines;
  for (const auto& line : split(text, '\n'))
    if (!line.empty()) lines.push_back(json::parse(line));
  return lines;
}

std::vector<json> Bench::ledger(const std::string& event) const {
  std::vector<json> lines;
  for (auto& line : ledger())
    if (line.at("event") == event) lines.push_back(std::move(line));
  return lines;
}

}  // namespace quiesce::models
