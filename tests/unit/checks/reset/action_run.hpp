// SPDX-License-Identifier: GPL-2.0-or-later
// Runs in which resets were done, in the files' own texts.
#pragma once

#include <string>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

/// Whether the device writes in the pass that ends the action, and in the one that ends the
/// settling.
enum class Writes { on, until_the_action, never, only_after };

/// A run in which the capture kernel does one action after the other, as harness/run does it: a
/// pass with the machine stopped after the action, another after the settling.
class ActionRun {
 public:
  ActionRun() {
    run.clear_strays();
    run.drop_events("watch.pass", 21.9);
    run.plan.scenario.steps.climb = true;
    pass(22, 22.9, true);
  }

  /// A pass, and whether net0 wrote in it.
  void pass(double since, double t, bool writes, const std::string& device = "net0") {
    run.event(t, "watch.pass", {{"begin_t", t - 0.01}, {"since", since}});
    if (writes) run.stray(since, t, page_ += 0x1000, device);
  }

  /// 0.1 s of action, then 1 s of settling; 1.2 s in all.
  ActionRun& act(const std::string& what, const std::string& method, Writes writes,
                 const nlohmann::json& over = nlohmann::json::object()) {
    const double began = next_;
    next_ += 1.2;
    pass(last_, began + 0.12, writes == Writes::on || writes == Writes::until_the_action);
    pass(began + 0.13, began + 1.1, writes == Writes::on || writes == Writes::only_after);
    last_ = began + 1.11;
    nlohmann::json fields{{"at", "before-drivers"},
                          {"number", number_++},
                          {"climb", true},
                          {"do", what},
                          {"method", method},
                          {"device", "net0"},
                          {"address", "0000:00:02.0"},
                          {"ok", true},
                          {"error", nullptr},
                          {"methods", "flr pm bus"},
                          {"began", began},
                          {"ended", began + 0.1},
                          {"settled", began + 1.12},
                          {"ready_ms", 100},
                          {"restored", true}};
    fields.update(over);
    run.event(began + 1.13, "reset.action", fields);
    run.plan.scenario.steps.before_drivers.push_back(
        {.what = scenario::ActionKind::reset, .method = "flr", .devices = {"net0"}});
    return *this;
  }

  checks::CheckResult judge(const nlohmann::json& parameters = nlohmann::json::object()) const {
    return judge_one(run, "bus.reset", parameters);
  }
  double next() const { return next_; }

  RunBuilder run = good_run();

 private:
  double next_ = 23;
  double last_ = 22.9;
  int number_ = 0;
  std::uint64_t page_ = 0x40000000;
};

}  // namespace quiesce::test
