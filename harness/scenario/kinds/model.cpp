// SPDX-License-Identifier: GPL-2.0-or-later
// Reference models, and what has their registers (harness/wire/model_registers.hpp).
#include "harness/scenario/kind.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::scenario {

namespace {

/// What the registers take.
KindParameter model_rate() {
  return {"rate", shape::whole(1, 100'000)};
}
KindParameter model_item() {
  return {"item", shape::whole(64, 4096)};
}

std::vector<KindParameter> run_parameters() {
  return {model_rate(),
          model_item(),
          // A huge page holds the ring.
          {"length", shape::whole(64, 2 << 20)},
          {"target", shape::choice({"own", "crash-region", "capture-kernel", "elfcorehdr"})},
          {"offset", shape::whole(0, std::int64_t{1} << 40)},
          {"interrupt", shape::boolean()},
          // Below 0x20 are the CPU's exceptions (Intel SDM volume 3, table 6-1).
          {"vector", shape::whole(0x20, 0xfe)},
          {"vectors", shape::whole(1, 32)}};
}

std::vector<KindParameter> copy_parameters() {
  return {{"bytes", shape::whole(1, 65'536)},
          {"items", shape::whole(1, 256)},
          model_item(),
          model_rate(),
          {"tagged", shape::boolean()},
          {"reset_first", shape::choice({"auto", "none", "function", "soft"})},
          {"ready_seconds", shape::number(0, 600)},
          {"seconds", shape::number(0, 600)}};
}

}  // namespace

const Kind& model_kind() {
  static const Kind kind{
      .name = "model",
      .activities = {{.name = wire::activity::model_run,
                      .parameters = run_parameters(),
                      .model = true}},
      .tests = {{.name = wire::test::model_copy, .parameters = copy_parameters(), .model = true}}};
  return kind;
}

}  // namespace quiesce::scenario
