// SPDX-License-Identifier: GPL-2.0-or-later
// The wire of an agent that is tested.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "vm-images/agent/link.hpp"

namespace quiesce::agent {

/// Both ends of a pseudo terminal: the harness has the master.
struct Line {
  Fd master;
  std::unique_ptr<Link> link;
};

inline Line open_line() {
  Fd master = Fd::adopt(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK));
  BOOST_REQUIRE(master.get() >= 0);
  ::grantpt(master.get());
  ::unlockpt(master.get());
  auto link = Link::open(::ptsname(master.get()));
  BOOST_REQUIRE(link.has_value());
  return {std::move(master), *std::move(link)};
}

}  // namespace quiesce::agent
