// SPDX-License-Identifier: GPL-2.0-or-later
// The activities that run: one thread each, and one that reports.
#pragma once

#include <map>
#include <memory>
#include <thread>

#include "vm-images/agent/link.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

class Activities {
 public:
  explicit Activities(Link& link);

  /// The answers to activity-start, -status and -stop.
  Result<Json> start(const Request& request);
  Result<Json> status(const Request& request);
  /// A worker that a hanging device holds in the kernel is left behind.
  Result<Json> stop(const Request& request);

 private:
  struct Running;
  /// Has the device's worker stop, as a driver lets go of a device that was reset under it.
  void end_one(const std::string& device);
  void report(const std::stop_token& stop);

  Link& link_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Running>> running_;  ///< by device
  std::jthread reporter_;
};

}  // namespace quiesce::agent
