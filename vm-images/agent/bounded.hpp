// SPDX-License-Identifier: GPL-2.0-or-later
// Calls into the kernel that may not come back for a minute: they run beside, and the caller waits
// no longer than it wants to.
#pragma once

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "harness/base/clock.hpp"

namespace quiesce::agent {

/// A call on a thread of its own. When nobody waits for it any more the thread is left behind, so
/// the call must own all that it uses. It must not throw.
template <class T>
class Beside {
 public:
  explicit Beside(std::function<T()> call) : shared_(std::make_shared<Shared>()) {
    std::thread([shared = shared_, call = std::move(call)] {
      shared->thread = ::gettid();
      T value = call();
      const std::lock_guard lock(shared->mutex);
      shared->value.emplace(std::move(value));
      shared->done.notify_all();
    }).detach();
  }

  /// What it returned; nullopt when it has not after `patience`. Once it was given out, not again.
  std::optional<T> wait(Seconds patience) {
    std::unique_lock lock(shared_->mutex);
    shared_->done.wait_for(lock, patience, [&] { return shared_->value.has_value(); });
    return std::exchange(shared_->value, std::nullopt);
  }

  /// 0 until it runs.
  pid_t thread() const { return shared_->thread; }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<T> value;
    std::atomic<pid_t> thread = 0;
  };
  std::shared_ptr<Shared> shared_;
};

/// What `call` returned; nullopt when it has not come back after `patience`.
template <class T>
std::optional<T> within(Seconds patience, std::function<T()> call) {
  return Beside<T>(std::move(call)).wait(patience);
}

}  // namespace quiesce::agent
