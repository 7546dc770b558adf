// SPDX-License-Identifier: GPL-2.0-or-later
// The requests that the agent knows.
#pragma once

#include <string>
#include <vector>

#include "vm-images/agent/activities.hpp"
#include "vm-images/agent/watch.hpp"

namespace quiesce::agent {

/// What requests work on; one for the life of the kernel.
struct Agent {
  Link& link;
  Watch watch{link};
  Activities activities{link};
};

/// Carries out the request in `frame` and answers it, whatever is wrong with it.
void serve(Agent& agent, const wire::Frame& frame);

}  // namespace quiesce::agent
