// SPDX-License-Identifier: GPL-2.0-or-later
// Displays: the kernel's console is on them. The CPU draws; the device reads nothing of the guest.
#include "harness/scenario/kind.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::scenario {

const Kind& console_kind() {
  static const Kind kind{.name = "console",
                         .activities = {{.name = wire::activity::console,
                                         .parameters = {},
                                         .uses_memory = false,
                                         .shows_console = true}},
                         .tests = {{.name = wire::test::console,
                                    .parameters = {},
                                    .uses_memory = false,
                                    .shows_console = true}},
                         .node = "graphics",
                         .offered_activity = {{"kind", wire::activity::console}},
                         .offered_test = {{"kind", wire::test::console}}};
  return kind;
}

}  // namespace quiesce::scenario
