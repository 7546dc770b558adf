// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a socket pair, on the same loop as what is tested.
#pragma once

#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"

namespace quiesce::vm::testing {

/// Hands every piece of bytes to `on_bytes`; end() closes.
class Peer {
 public:
  Peer(Loop& loop, Fd socket) : loop_(loop), socket_(std::move(socket)) {
    watch_ = loop_.on_readable(socket_.get(), [this] {
      const auto bytes = read_some(socket_.get());
      if (!bytes) {
        watch_ = {};
        return;
      }
      heard += *bytes;
      if (on_bytes) on_bytes(*bytes);
    });
  }

  void say(std::string_view text) { BOOST_REQUIRE(write_all(socket_.get(), text)); }
  void end() {
    watch_ = {};
    const Fd gone = std::move(socket_);
  }

  std::function<void(std::string_view)> on_bytes;
  std::string heard;

 private:
  Loop& loop_;
  Fd socket_;
  Loop::Watch watch_;
};

/// A loop whose time passes only when nothing else is to do, and a peer on it.
struct WithPeer {
  FakeClock clock;
  Loop loop{clock};
  SocketPair pair = socket_pair().value();
  Peer peer{loop, std::move(pair.theirs)};

  TimePoint in(double seconds) { return loop.now() + Seconds(seconds); }
  /// Until nothing is left to be read.
  void settle() {
    loop.run_until([] { return false; }, in(1));
  }
};

}  // namespace quiesce::vm::testing
