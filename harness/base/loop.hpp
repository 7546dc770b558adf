// SPDX-License-Identifier: GPL-2.0-or-later
// The one loop of a run: callbacks note what came, linear code waits for what it needs.
#pragma once

#include <functional>
#include <memory>

#include "harness/base/clock.hpp"
#include "harness/base/result.hpp"

namespace quiesce {

/// Why a wait ended.
enum class Waited { done, deadline, stopped };

class Loop {
 public:
  explicit Loop(Clock& clock = system_clock());
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Ends its callback when destroyed. May be destroyed inside its own callback.
  class Watch {
   public:
    Watch();
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;
    ~Watch();

   private:
    friend class Loop;
    struct State;
    explicit Watch(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
  };

  /// Calls `callback` whenever `fd` can be read, is at its end or is broken: a callback that
  /// neither reads nor ends its Watch is called again and again. The fd must outlive the Watch; two
  /// Watches may share one. With a `lull` the fd is not looked at for so long after each call: a
  /// peer that writes byte by byte (a serial port) is then read in pieces worth a wakeup.
  [[nodiscard]] Watch on_readable(int fd, std::function<void()> callback, Seconds lull = {});

  /// Calls `callback` every `period`, first after one period. A late call is not made up for.
  [[nodiscard]] Watch every(Seconds period, std::function<void()> callback);

  /// Handles events until `done()` is true (looked at after every callback), `deadline` has passed,
  /// or stop(). What is ready at the deadline is still handled once. May be called inside a
  /// callback, which is not entered again meanwhile.
  Waited run_until(const std::function<bool()>& done, TimePoint deadline);

  /// Makes the current and every later run_until return `stopped`. Safe in a callback.
  void stop();
  /// Lets run_until work again after stop(), to bring things to an end.
  void resume();

  TimePoint now() const { return clock_.now(); }
  Clock& clock() { return clock_; }

 private:
  struct Impl;
  Clock& clock_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quiesce
