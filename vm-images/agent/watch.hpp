// SPDX-License-Identifier: GPL-2.0-or-later
// Device events: what the kernel announces, and which driver took which PCI function when.
#pragma once

#include <map>
#include <mutex>
#include <thread>

#include "vm-images/agent/link.hpp"

namespace quiesce::agent {

class Watch {
 public:
  explicit Watch(Link& link) : link_(link) {}

  /// Starts to listen, once; later calls only set the instant that `bound` events count from.
  void begin();
  /// Announces bound functions that the listener has not seen (yet). Each binding is announced
  /// once.
  void catch_up();

 private:
  void remember_bound();
  void listen();
  void announce(const std::string& address, const std::string& driver);

  Link& link_;
  std::mutex mutex_;
  double since_ = 0;
  bool listening_ = false;
  std::map<std::string, std::string> bound_;  ///< address -> driver
};

/// The answer to `wait-bound`.
Result<Json> wait_bound(Watch& watch, const Request& request);

}  // namespace quiesce::agent
