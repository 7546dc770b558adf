// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/model.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/base/fd.hpp"
#include "harness/wire/model_registers.hpp"
#include "vm-images/agent/facts.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

namespace reg = wire::model;

namespace {

constexpr std::uint64_t small_page = 4096;
constexpr std::uint64_t huge_page = 2U << 20;
constexpr std::uint16_t memory_and_bus_master = 0x6;
constexpr std::uint16_t intx_disable = 0x400;
/// Free of the kernel's own use and of high priority: above the device vectors, below the system's
/// (arch/x86/include/asm/irq_vectors.h: FIRST_SYSTEM_VECTOR is 0xec or higher).
constexpr std::uint64_t default_vector = 0xe1;
constexpr std::uint32_t msi_address = 0xfee00000;  ///< CPU 0, fixed (Intel SDM vol. 3, 11.11.1)

Result<ModelRegisters> checked(ModelRegisters registers, const Function& function) {
  const std::uint32_t id = registers.read(reg::id);
  if (id != reg::id_value)
    return fail(Errc::protocol, "{}: the id register reads {:#x} instead of {:#x}",
                to_string(function.address()), id, reg::id_value);
  return registers;
}

}  // namespace

std::optional<std::uint64_t> physical_address(std::uint64_t entry, std::uint64_t virtual_address) {
  const std::uint64_t frame = entry & ((1ULL << 55) - 1);
  if ((entry >> 63) == 0 || frame == 0) return std::nullopt;
  return frame * small_page + virtual_address % small_page;
}

Result<ModelRegisters> ModelRegisters::open(const Function& function) {
  // "enable" wakes the function and lets it decode; Bus Master is the driver's to set.
  TRY(function.write(function.folder() / "enable", "1", Seconds(30)));
  TRY_ASSIGN(const PciConfig config, function.config());
  if (config.absent())
    return fail(Errc::protocol, "{}: its configuration reads as all ones",
                to_string(function.address()));
  TRY(function.write_config(0x04, 2, (config.command() | memory_and_bus_master)));
  TRY_ASSIGN(const Fd fd, open_file(function.folder() / "resource0", O_RDWR | O_SYNC));
  TRY_ASSIGN(Mapping mapping,
             Mapping::of_file(fd.get(), reg::bar0_size, Mapping::Access::read_write));
  return ModelRegisters(std::move(mapping));
}

std::uint32_t ModelRegisters::read(std::uint32_t offset) const {
  return *reinterpret_cast<const volatile std::uint32_t*>(mapping_.bytes().data() + offset);
}

void ModelRegisters::write(std::uint32_t offset, std::uint32_t value) {
  *reinterpret_cast<volatile std::uint32_t*>(mapping_.writable().data() + offset) = value;
}

void ModelRegisters::write_wide(std::uint32_t offset, std::uint64_t value) {
  write(offset, static_cast<std::uint32_t>(value));
  write(offset + 4, static_cast<std::uint32_t>(value >> 32));
}

std::uint64_t ModelRegisters::sequence() const {
  return read(reg::sequence_low) | static_cast<std::uint64_t>(read(reg::sequence_high)) << 32;
}

Result<DmaMemory> DmaMemory::create(std::uint64_t bytes) {
  if (bytes == 0 || bytes > huge_page)
    return fail(Errc::invalid_input, "DMA memory has 1 to {} bytes", huge_page);
  // One page more than there are; a kernel that gives none leaves the small ones.
  if (const auto count = read_file("/proc/sys/vm/nr_hugepages")) {
    const auto want = std::to_string(std::strtoull(count->c_str(), nullptr, 10) + 1);
    if (const auto fd = open_file("/proc/sys/vm/nr_hugepages", O_WRONLY))
      (void)write_all(fd->get(), want);
  }
  DmaMemory memory;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE;
  void* at = ::mmap(nullptr, huge_page, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
  memory.mapped_ = huge_page;
  memory.size_ = bytes;
  if (at == MAP_FAILED) {
    memory.mapped_ = small_page;
    memory.size_ = std::min(bytes, small_page);
    at = ::mmap(nullptr, small_page, PROT_READ | PROT_WRITE, flags, -1, 0);
  }
  if (at == MAP_FAILED) return fail_errno("cannot get memory for DMA");
  memory.data_ = static_cast<std::byte*>(at);
  std::memset(at, 0, memory.mapped_);
  TRY_ASSIGN(const Fd pagemap, open_file("/proc/self/pagemap", O_RDONLY));
  const auto virtual_address = reinterpret_cast<std::uintptr_t>(at);
  std::uint64_t entry = 0;
  const auto where = static_cast<off_t>(virtual_address / small_page * sizeof entry);
  if (::pread(pagemap.get(), &entry, sizeof entry, where) != sizeof entry)
    return fail_errno("cannot read /proc/self/pagemap");
  const auto physical = physical_address(entry, virtual_address);
  if (!physical) return fail(Errc::unsupported, "the kernel does not tell where a page lies");
  memory.address_ = *physical;
  return memory;
}

DmaMemory::DmaMemory(DmaMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      mapped_(other.mapped_),
      size_(other.size_),
      address_(other.address_) {}

DmaMemory::~DmaMemory() {
  if (data_ != nullptr) ::munmap(data_, mapped_);
}

Result<Json> model_state(const Request& request) {
  TRY_ASSIGN(const PciAddress address, request.address("address"));
  const Function function(address);
  TRY_ASSIGN(const PciConfig config, function.config());
  Json answer{{"answers", false}, {"absent", config.absent()}, {"command", hex(config.command())}};
  if (config.absent()) return answer;
  // A look changes as little as it can: only memory decoding is needed to read registers.
  TRY(function.write_config(0x04, 2, config.command() | 0x2U));
  TRY_ASSIGN(const Fd fd, open_file(function.folder() / "resource0", O_RDWR | O_SYNC));
  TRY_ASSIGN(const Mapping mapping,
             Mapping::of_file(fd.get(), reg::bar0_size, Mapping::Access::read_write));
  const auto read = [&](std::uint32_t offset) {
    return *reinterpret_cast<const volatile std::uint32_t*>(mapping.bytes().data() + offset);
  };
  const std::uint32_t scratch = read(reg::scratch);
  const std::uint32_t control = read(reg::control);
  answer["answers"] = read(reg::id) == reg::id_value;
  answer["id"] = hex(read(reg::id));
  answer["status"] = hex(read(reg::status));
  answer["control"] = hex(control);
  answer["scratch"] = hex(scratch);
  answer["sequence"] = read(reg::sequence_low);
  answer["resets"] = read(reg::resets);
  answer["interrupts"] = read(reg::interrupts);
  answer["defaults"] = scratch == reg::scratch_default && control == 0;
  TRY(function.write_config(0x04, 2, config.command()));
  return answer;
}

namespace {

/// What a run of the ring needs, from the request.
struct Ring {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::uint64_t item = 512;
  std::uint64_t rate = 20;
  bool interrupt = false;
};

struct Armed {
  ModelRegisters registers;
  std::optional<DmaMemory> memory;
  Ring ring;
};

Result<std::uint64_t> crash_region_begin() {
  TRY_ASSIGN(const std::string text, read_file("/proc/iomem"));
  const auto region = crash_kernel(parse_iomem(text));
  if (!region) return fail(Errc::unsupported, "there is no crash region to aim at");
  return region->begin.value;
}

/// Its own memory, or what the scenario wants to see hit.
Result<void> aim(Armed& armed, const Request& request, const std::string& target) {
  TRY_ASSIGN(const std::uint64_t offset, request.whole("offset", 0, 0, 1ULL << 40));
  if (target == "own") {
    TRY_ASSIGN(DmaMemory memory, DmaMemory::create(armed.ring.bytes));
    armed.ring.address = memory.address();
    armed.ring.bytes = memory.size() / armed.ring.item * armed.ring.item;
    armed.memory.emplace(std::move(memory));
    return {};
  }
  if (target == "crash-region") {
    TRY_ASSIGN(armed.ring.address, crash_region_begin());
  } else if (target == "elfcorehdr") {
    TRY_ASSIGN(const std::string text, request.text("target_address"));
    const auto address = parse_number(text);
    if (!address) return fail(Errc::invalid_input, "target_address: {} is no address", text);
    armed.ring.address = *address;
  } else {
    return fail(Errc::invalid_input, "target: there is no target {}", target);
  }
  armed.ring.address += offset;
  return {};
}

/// Interrupts without a driver of the kernel: MSI written by hand, or the pin let free.
Result<void> connect_interrupt(const Function& function, std::uint64_t vector) {
  TRY_ASSIGN(const PciConfig config, function.config());
  TRY(function.write_config(0x04, 2, config.command() & ~unsigned{intx_disable}));
  const auto msi = config.capability(0x05);
  if (!msi) return {};
  const auto at = [&](unsigned offset) { return static_cast<std::uint16_t>(msi->offset + offset); };
  TRY(function.write_config(at(4), 4, msi_address));
  TRY(function.write_config(at(8), 4, 0));
  TRY(function.write_config(at(12), 2, static_cast<std::uint32_t>(vector)));
  return function.write_config(at(2), 2, config.word(at(2)) | 1U);
}

Result<Ring> read_ring(const Request& request) {
  Ring ring;
  TRY_ASSIGN(ring.bytes, request.whole("length", 16384, 64, 1U << 20));
  TRY_ASSIGN(ring.item, request.whole("item", 512, 64, 4096));
  TRY_ASSIGN(ring.rate, request.whole("rate", 20, 1, 100000));
  const auto interrupt = request.fields().find("interrupt");
  ring.interrupt = interrupt != request.fields().end() && *interrupt == true;
  return ring;
}

Result<void> start(Armed& armed) {
  auto& registers = armed.registers;
  registers.write_wide(reg::ring_low, armed.ring.address);
  registers.write(reg::ring_bytes, static_cast<std::uint32_t>(armed.ring.bytes));
  registers.write(reg::item_bytes, static_cast<std::uint32_t>(armed.ring.item));
  registers.write(reg::rate, static_cast<std::uint32_t>(armed.ring.rate));
  // What is not the default shows later whether a reset reached the registers.
  registers.write(reg::scratch, 0x0badcafe);
  registers.write(reg::control, reg::run | (armed.ring.interrupt ? reg::interrupt : 0U));
  const std::uint32_t status = registers.read(reg::status);
  if ((status & reg::error) != 0 || (status & reg::used) == 0)
    return fail(Errc::protocol, "the model did not start: its status register reads {:#x}", status);
  return {};
}

}  // namespace

Result<Work> model_run(const Subject& subject, const Request& request) {
  const Function function(subject.address);
  TRY_ASSIGN(ModelRegisters opened, ModelRegisters::open(function));
  TRY_ASSIGN(ModelRegisters registers, checked(std::move(opened), function));
  auto armed = std::make_shared<Armed>(Armed{std::move(registers), {}, {}});
  TRY_ASSIGN(armed->ring, read_ring(request));
  TRY_ASSIGN(const std::string target, request.text("target", "own"));
  TRY(aim(*armed, request, target));
  TRY_ASSIGN(const std::uint64_t vector, request.whole("vector", default_vector, 32, 255));
  if (armed->ring.interrupt) TRY(connect_interrupt(function, vector));
  TRY(start(*armed));
  return Work{.node = hex(armed->ring.address) + "+" + hex(armed->ring.bytes),
              .run = [armed](const std::stop_token& stop, Progress& progress) -> Result<void> {
                for (Pace pace(5); pace.next(stop);) {
                  const std::uint64_t items = armed->registers.sequence();
                  if (items == ~std::uint64_t{0}) continue;  // it does not answer now
                  const std::uint64_t interrupts = armed->registers.read(reg::interrupts);
                  const bool used = (armed->registers.read(reg::status) & reg::used) != 0;
                  progress.operations = std::max({items, interrupts, std::uint64_t{used}});
                  progress.bytes = items * armed->ring.item;
                }
                armed->registers.write(reg::control, 0);
                return {};
              }};
}

namespace {

Result<double> wait_ready(const ModelRegisters& registers, Seconds patience) {
  const TimePoint begin = system_clock().now();
  const bool ready = poll_until<bool>(patience, [&] {
    const std::uint32_t status = registers.read(reg::status);
    return status != ~std::uint32_t{0} && (status & reg::ready) != 0;
  });
  if (!ready)
    return fail(Errc::timeout, "not ready: its status register reads {:#x} after {}",
                registers.read(reg::status), format_duration(patience));
  return (system_clock().now() - begin).count() * 1000;
}

/// As a driver's probe does when it honours reset_devices.
Result<void> reset_first(const Function& function, const Request& request) {
  TRY_ASSIGN(std::string how, request.text("reset_first", "auto"));
  if (how == "auto") {
    TRY_ASSIGN(const std::string line, read_file("/proc/cmdline"));
    how = (" " + line).find(" reset_devices") != std::string::npos ? "function" : "none";
  }
  if (how != "function") return {};
  return function.write(function.folder() / "reset", "1", Seconds(60));
}

Result<void> copy(ModelRegisters& registers, DmaMemory& memory, std::uint64_t bytes) {
  std::byte* from = memory.data();
  std::byte* to = memory.data() + bytes;
  for (std::uint64_t i = 0; i < bytes; ++i) from[i] = static_cast<std::byte>(i * 7 + 3);
  std::memset(to, 0, bytes);
  registers.write_wide(reg::copy_from_low, memory.address());
  registers.write_wide(reg::copy_to_low, memory.address() + bytes);
  registers.write(reg::copy_bytes, static_cast<std::uint32_t>(bytes));
  registers.write(reg::doorbell, 1);
  const bool ended = poll_until<bool>(Seconds(5), [&] {
    return (registers.read(reg::status) & (reg::copy_done | reg::error)) != 0;
  });
  const std::uint32_t status = registers.read(reg::status);
  if (!ended || (status & reg::copy_done) == 0 || (status & reg::error) != 0)
    return fail(Errc::protocol, "the copy failed: the status register reads {:#x}", status);
  if (std::memcmp(from, to, bytes) != 0)
    return fail(Errc::protocol, "the copy is not what was copied");
  return {};
}

Result<Outcome> test_model(const Subject& subject, const Request& request) {
  const Function function(subject.address);
  TRY(reset_first(function, request));
  TRY_ASSIGN(ModelRegisters registers, ModelRegisters::open(function));
  TRY_ASSIGN(const double patience, request.number("ready_seconds", 5, 0, 60));
  TRY_ASSIGN(const double ready_ms, wait_ready(registers, Seconds(patience)));
  TRY_ASSIGN(ModelRegisters device, checked(std::move(registers), function));
  device.write(reg::control, 0);
  device.write(reg::scratch, 0x12345678);
  if (const auto value = device.read(reg::scratch); value != 0x12345678)
    return fail(Errc::protocol, "the scratch register reads {:#x} instead of 0x12345678", value);
  TRY_ASSIGN(std::uint64_t bytes, request.whole("bytes", 2048, 64, 65536));
  TRY_ASSIGN(DmaMemory memory, DmaMemory::create(bytes * 2));
  bytes = memory.size() / 2;
  const TimePoint begin = system_clock().now();
  TRY(copy(device, memory, bytes));
  const double copy_ms = (system_clock().now() - begin).count() * 1000;
  return Outcome{.ok = true,
                 .detail = fmt::format("ready after {:.0f} ms, {} bytes copied", ready_ms, bytes),
                 .numbers = {{"ready_ms", ready_ms}, {"copy_ms", copy_ms}, {"bytes", bytes}}};
}

}  // namespace

Result<Outcome> model_copy_test(const Subject& subject, const Request& request) {
  auto outcome = test_model(subject, request);
  // What the device did wrong is the outcome of the test, not a failure of the test.
  if (!outcome) return Outcome{.ok = false, .detail = outcome.error().describe()};
  return outcome;
}

}  // namespace quiesce::agent
