// SPDX-License-Identifier: GPL-2.0-or-later
// Calls into the kernel that may not come back for a minute: they run beside, and the caller waits
// no longer than it wants to.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "harness/base/clock.hpp"

namespace quiesce::agent {

/// What `call` returned; nullopt when it has not come back after `patience`. Its thread is left
/// behind then, so it must own all that it uses. It must not throw.
template <class T>
std::optional<T> within(Seconds patience, std::function<T()> call) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<T> value;
  };
  auto shared = std::make_shared<Shared>();
  std::thread([shared, call = std::move(call)] {
    T value = call();
    const std::lock_guard lock(shared->mutex);
    shared->value.emplace(std::move(value));
    shared->done.notify_all();
  }).detach();
  std::unique_lock lock(shared->mutex);
  shared->done.wait_for(lock, patience, [&] { return shared->value.has_value(); });
  return std::move(shared->value);
}

}  // namespace quiesce::agent
