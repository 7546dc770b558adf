// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/model.hpp"

#include <poll.h>

#include <functional>

namespace quiesce::agent {

namespace model = wire::model;

namespace {

constexpr std::uint32_t nobody = 0xffffffff;  ///< what a read gives that no device answers

/// Asks `look` every millisecond until it says true or fails.
Result<bool> ask_until(Seconds patience, const std::function<Result<bool>()>& look) {
  const TimePoint deadline = system_clock().now() + patience;
  for (;;) {
    TRY_ASSIGN(const bool found, look());
    if (found || system_clock().now() >= deadline) return found;
    ::poll(nullptr, 0, 1);
  }
}

Seconds since(TimePoint began) {
  return system_clock().now() - began;
}

/// What is wrong with a register; empty when nothing is.
Result<std::string> wrong_identity(const Bar& bar) {
  TRY_ASSIGN(const std::uint32_t id, bar.get(model::id));
  if (id != model::id_value)
    return fmt::format("the register id reads {:#x} and not {:#x}", id, model::id_value);
  TRY_ASSIGN(const std::uint32_t version, bar.get(model::version));
  if (version != model::version_value)
    return fmt::format("the register version reads {} and not {}", version, model::version_value);
  return std::string();
}

Result<std::string> wrong_status(const Bar& bar) {
  TRY_ASSIGN(const std::uint32_t status, bar.get(model::status));
  if (status == nobody) return std::string("the register status reads 0xffffffff");
  if ((status & model::error) != 0)
    return fmt::format("the register status reads {:#x}: error is set", status);
  if ((status & model::ready) == 0)
    return fmt::format("the register status reads {:#x}: ready is clear", status);
  return std::string();
}

}  // namespace

Result<Seconds> wait_model_ready(const Bar& bar, Seconds patience) {
  const TimePoint began = system_clock().now();
  std::string wrong;
  // One that answers, and wrongly, is not late.
  bool answers = false;
  TRY_ASSIGN(const bool ready, ask_until(patience, [&]() -> Result<bool> {
               TRY_ASSIGN(const std::uint32_t id, bar.get(model::id));
               TRY_ASSIGN(const std::uint32_t status, bar.get(model::status));
               TRY_ASSIGN(wrong, wrong_identity(bar));
               answers = id != nobody && (!wrong.empty() || (status & model::error) != 0);
               if (!wrong.empty()) return false;
               TRY_ASSIGN(wrong, wrong_status(bar));
               return wrong.empty();
             }));
  if (ready) return since(began);
  return fail(answers ? Errc::protocol : Errc::timeout, "{} after {:.1f} s", wrong,
              patience.count());
}

Result<Seconds> wait_model_status(const Bar& bar, std::uint32_t bits, Seconds patience) {
  const TimePoint began = system_clock().now();
  std::uint32_t status = 0;
  TRY_ASSIGN(const bool seen, ask_until(patience, [&]() -> Result<bool> {
               TRY_ASSIGN(status, bar.get(model::status));
               if (status == nobody) return false;
               if ((status & model::error) != 0)
                 return fail(Errc::protocol, "the register status reads {:#x}: error is set",
                             status);
               return (status & bits) != 0;
             }));
  if (seen) return since(began);
  return fail(Errc::timeout, "the register status reads {:#x} after {:.1f} s, none of {:#x} is set",
              status, patience.count(), bits);
}

Result<bool> halt_model(Bar& bar, Seconds patience) {
  TRY(bar.set(model::control, 0));
  return ask_until(patience, [&]() -> Result<bool> {
    TRY_ASSIGN(const std::uint32_t status, bar.get(model::status));
    return (status & model::running) == 0;
  });
}

Result<void> start_model_ring(Bar& bar, const ModelRing& ring) {
  TRY(bar.set64(model::ring_low, ring.address));
  TRY(bar.set_checked(model::ring_bytes, ring.bytes));
  TRY(bar.set_checked(model::item_bytes, ring.item));
  TRY(bar.set_checked(model::rate, ring.rate));
  // So that a reset shows: without it a register has its default anyway.
  TRY(bar.set_checked(model::scratch, ~model::scratch_default));
  TRY(bar.set(model::control, model::run | (ring.interrupt ? model::interrupt : 0U)));
  TRY_ASSIGN(const std::uint32_t status, bar.get(model::status));
  if ((status & model::error) == 0) return {};
  return fail(Errc::protocol, "the register status reads {:#x} after control was set to run",
              status);
}

}  // namespace quiesce::agent
