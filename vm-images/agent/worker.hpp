// SPDX-License-Identifier: GPL-2.0-or-later
// A request is carried out on a thread of its own: a driver that does not come back, or that takes
// the thread with it by an oops, holds up nothing but its own request.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "vm-images/agent/link.hpp"

namespace quiesce::agent {

/// What a thread of ours waits for in the kernel, the innermost first: "msleep < e1000_probe <
/// local_pci_probe". From /proc/self/task/TID/stack (fs/proc/base.c, proc_pid_stack), without the
/// scheduler's own functions; at most six. Empty when the text has none.
std::string innermost_calls(std::string_view stack);

/// What `call` returned. When it has not after `patience` its thread is left behind and the error
/// says where in the kernel it is; when the kernel ended the thread it says that. Errc::timeout,
/// Errc::closed. Meanwhile the link hears `waiting` events, a sign of life. `call` must own all
/// that it uses and must not throw.
Result<Json> carry_out(Link& link, const std::string& what, Seconds patience,
                       std::function<Result<Json>()> call);

}  // namespace quiesce::agent
