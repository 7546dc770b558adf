// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/bar.hpp"

#include <fcntl.h>

#include <algorithm>
#include <csetjmp>
#include <csignal>

#include "harness/base/fd.hpp"

namespace quiesce::agent {

namespace model = wire::model;

namespace {

/// Where this thread goes on when its access faults. Volatile: nothing that the compiler sees reads
/// it between the two stores around an access, so it would drop the first (g++ 12 and clang 14 do).
thread_local sigjmp_buf* volatile landing = nullptr;

void on_bus_error(int) {
  if (landing != nullptr) siglongjmp(*landing, 1);
  // Not ours: the same access faults again, without us.
  std::signal(SIGBUS, SIG_DFL);
}

/// SA_NODEFER: siglongjmp leaves the handler without restoring the mask, which would cost a system
/// call an access.
void catch_bus_errors() {
  struct sigaction action {};
  action.sa_handler = on_bus_error;
  action.sa_flags = SA_NODEFER;
  ::sigaction(SIGBUS, &action, nullptr);
}

/// False when `access` touched a mapping that is void. It must keep nothing that needs a
/// destructor.
template <class Access>
bool guarded(const Access& access) {
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {
    landing = nullptr;
    return false;
  }
  landing = &here;
  access();
  landing = nullptr;
  return true;
}

struct Name {
  std::uint32_t offset;
  const char* text;
};
constexpr Name names[] = {
    {model::id, "id"},
    {model::version, "version"},
    {model::status, "status"},
    {model::control, "control"},
    {model::ring_low, "ring_low"},
    {model::ring_high, "ring_high"},
    {model::ring_bytes, "ring_bytes"},
    {model::item_bytes, "item_bytes"},
    {model::rate, "rate"},
    {model::sequence_low, "sequence_low"},
    {model::sequence_high, "sequence_high"},
    {model::scratch, "scratch"},
    {model::copy_from_low, "copy_from_low"},
    {model::copy_from_high, "copy_from_high"},
    {model::copy_to_low, "copy_to_low"},
    {model::copy_to_high, "copy_to_high"},
    {model::copy_bytes, "copy_bytes"},
    {model::doorbell, "doorbell"},
    {model::resets, "resets"},
    {model::interrupts, "interrupts"},
    {model::acknowledge, "acknowledge"},
};

}  // namespace

std::string register_name(std::uint32_t offset) {
  const auto* name = std::ranges::find(names, offset, &Name::offset);
  return name != std::end(names) ? name->text : fmt::format("register {:#x}", offset);
}

Result<Bar> Bar::open(const std::filesystem::path& resource) {
  catch_bus_errors();
  TRY_ASSIGN(const Fd fd, open_file(resource, O_RDWR | O_SYNC));
  auto mapping = Mapping::of_file(fd.get(), model::bar0_size, Mapping::Access::read_write);
  if (!mapping) return tl::unexpected(mapping.error().because("cannot map " + resource.string()));
  return Bar(*std::move(mapping));
}

const volatile std::uint32_t* Bar::at(std::uint32_t offset) const {
  return reinterpret_cast<const volatile std::uint32_t*>(mapping_.bytes().data() + offset);
}

std::optional<std::uint32_t> Bar::read(std::uint32_t offset) const {
  const auto* from = at(offset);
  volatile std::uint32_t value = 0;
  if (!guarded([&] { value = *from; })) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> Bar::read_often(std::uint32_t offset, std::uint64_t times,
                                             const std::atomic<bool>& over) const {
  const auto* from = at(offset);
  volatile std::uint64_t done = 0;
  const bool there = guarded([&] {
    std::uint64_t count = 0;
    for (; count < times && !over.load(std::memory_order_relaxed); ++count) (void)*from;
    done = count;
  });
  if (!there) return std::nullopt;
  return done;
}

bool Bar::write(std::uint32_t offset, std::uint32_t value) {
  auto* to = reinterpret_cast<volatile std::uint32_t*>(mapping_.writable().data() + offset);
  return guarded([&] { *to = value; });
}

Result<std::uint32_t> Bar::get(std::uint32_t offset) const {
  if (const auto value = read(offset)) return *value;
  return fail(Errc::closed, "the register {} is gone with its device", register_name(offset));
}

Result<std::uint64_t> Bar::get64(std::uint32_t low) const {
  // The halves are two accesses: the upper one must not have changed in between.
  TRY_ASSIGN(std::uint32_t high_before, get(low + 4));
  for (int turn = 0;; ++turn) {
    TRY_ASSIGN(const std::uint32_t low_half, get(low));
    TRY_ASSIGN(const std::uint32_t high_half, get(low + 4));
    if (high_half == high_before || turn == 3)
      return static_cast<std::uint64_t>(high_half) << 32 | low_half;
    high_before = high_half;
  }
}

Result<void> Bar::set(std::uint32_t offset, std::uint32_t value) {
  if (write(offset, value)) return {};
  return fail(Errc::closed, "the register {} is gone with its device", register_name(offset));
}

Result<void> Bar::set64(std::uint32_t low, std::uint64_t value) {
  TRY(set_checked(low, static_cast<std::uint32_t>(value)));
  return set_checked(low + 4, static_cast<std::uint32_t>(value >> 32));
}

Result<void> Bar::set_checked(std::uint32_t offset, std::uint32_t value) {
  TRY(set(offset, value));
  TRY_ASSIGN(const std::uint32_t now, get(offset));
  if (now == value) return {};
  return fail(Errc::protocol, "the register {} reads {:#x} after {:#x} was written to it",
              register_name(offset), now, value);
}

}  // namespace quiesce::agent
