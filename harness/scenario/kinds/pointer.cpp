// SPDX-License-Identifier: GPL-2.0-or-later
// Pointers, as a tablet behind a USB controller: the harness moves them.
#include "harness/scenario/kind.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::scenario {

const Kind& pointer_kind() {
  static const Kind kind{
      .name = "pointer",
      .activities = {{.name = wire::activity::pointer, .parameters = {}, .feed = Feed::motion}},
      .tests = {{.name = wire::test::pointer, .parameters = {{"seconds", shape::number(0, 600)}}}},
      .attachments = {{"usb-bus", "usb-tablet", false}},
      .node = "input",
      .offered_activity = {{"kind", wire::activity::pointer}},
      .offered_test = {{"kind", wire::test::pointer}, {"seconds", 10}}};
  return kind;
}

}  // namespace quiesce::scenario
