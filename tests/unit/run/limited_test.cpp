// SPDX-License-Identifier: GPL-2.0-or-later
// Runs on a target that cannot do all: what it cannot do is said and left out, and no verdict is
// made of it.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "harness/base/fd.hpp"
#include "harness/checks/check.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(run_limited)

using namespace quiesce;
using checks::Verdict;
using run::testing::Stand;
using target::Capabilities;
using target::Capability;
using Texts = std::vector<std::string>;
namespace event = record::event;

namespace {

/// The stand-in's machine behind a target that offers `able` of it and nothing else: what is not
/// offered must not be asked for.
class Limited final : public target::Target {
 public:
  Limited(std::unique_ptr<target::Target> whole, Capabilities able)
      : whole_(std::move(whole)), able_(able) {}
  Capabilities capabilities() const override { return able_; }
  target::Identity identity() const override {
    // A line is no process and has no command line.
    if (able_ == Capabilities()) return {.kind = "serial", .version = {}, .argv = {}};
    return whole_->identity();
  }
  Result<void> run() override { return whole_->run(); }
  Result<void> send_agent(std::string_view bytes) override { return whole_->send_agent(bytes); }
  void drain() override { whole_->drain(); }
  bool connected() const override { return whole_->connected(); }
  std::optional<ExitStatus> exit_status() override { return whole_->exit_status(); }
  std::string complaints() const override { return whole_->complaints(); }
  double cpu_seconds() const override { return whole_->cpu_seconds(); }
  std::optional<CoreTime> core_time() override { return whole_->core_time(); }
  ExitStatus end() override { return whole_->end(); }

  Result<void> halt(TimePoint deadline) override {
    return has(Capability::stop) ? whole_->halt(deadline) : Target::halt(deadline);
  }
  bool halted() const override { return whole_->halted(); }
  bool at_breakpoint() const override { return has(Capability::stop) && whole_->at_breakpoint(); }
  Result<void> set_breakpoint(GuestVirt at, TimePoint deadline) override {
    return has(Capability::stop) ? whole_->set_breakpoint(at, deadline)
                                 : Target::set_breakpoint(at, deadline);
  }
  Result<void> clear_breakpoint(GuestVirt at, TimePoint deadline) override {
    return has(Capability::stop) ? whole_->clear_breakpoint(at, deadline)
                                 : Target::clear_breakpoint(at, deadline);
  }
  Result<std::vector<target::CpuState>> cpus(TimePoint deadline) override {
    return has(Capability::registers) ? whole_->cpus(deadline) : Target::cpus(deadline);
  }
  Result<std::optional<GuestPhys>> physical(GuestVirt at, TimePoint deadline) override {
    return has(Capability::registers) ? whole_->physical(at, deadline)
                                      : Target::physical(at, deadline);
  }
  Result<target::Bus*> bus() override {
    return has(Capability::configuration) ? whole_->bus() : Target::bus();
  }
  Result<target::SharedMemory> memory() override {
    return has(Capability::watch_memory) ? whole_->memory() : Target::memory();
  }
  Result<void> press(const std::vector<std::string>& keys, TimePoint deadline) override {
    return has(Capability::keys) ? whole_->press(keys, deadline) : Target::press(keys, deadline);
  }

 private:
  bool has(Capability capability) const { return able_.has(capability); }
  std::unique_ptr<target::Target> whole_;
  Capabilities able_;
};

struct LimitedStand : Stand {
  Result<void> run_with(Capabilities able) {
    write_script();
    auto done =
        run::execute(plan, out(), loop, observer, asked,
                     [able](vm::TargetOrder order) -> Result<std::unique_ptr<target::Target>> {
                       TRY_ASSIGN(auto whole, vm::start_qemu(std::move(order)));
                       return std::make_unique<Limited>(std::move(whole), able);
                     });
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().describe()));
    return done;
  }
  checks::RunResult judged() const { return checks::judge(evidence::open(out()).value()); }
  static const checks::CheckResult& of(const checks::RunResult& result, const std::string& name) {
    const auto found = std::ranges::find(result.checks, name, &checks::CheckResult::name);
    BOOST_REQUIRE_MESSAGE((found != result.checks.end()), name);
    return *found;
  }
  bool is_there(const char* file) const { return std::filesystem::exists(out() / file); }
};

void check_unable(const checks::RunResult& result, const std::string& check, Capability what) {
  const auto& one = LimitedStand::of(result, check);
  BOOST_TEST((one.verdict == Verdict::inconclusive), check + ": " + one.reason);
  BOOST_TEST(one.reason.find(fmt::format("the target cannot {}", record::words_of(what))) !=
                 std::string::npos,
             check + ": " + one.reason);
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_run_says_what_its_target_can_do, Stand) {
  BOOST_REQUIRE(run());
  const auto told = events(event::Target::name);
  BOOST_REQUIRE_EQUAL(told.size(), 1U);
  BOOST_TEST(told[0]["kind"] == "qemu");
  BOOST_TEST(told[0]["cannot"].empty());
  BOOST_TEST(told[0]["can"].size() == record::capability_count);
}

BOOST_FIXTURE_TEST_CASE(a_machine_that_is_only_a_serial_line_is_run_through_and_judged_by_nobody,
                        LimitedStand) {
  BOOST_REQUIRE(run_with({}));
  const auto told = events(event::Target::name);
  BOOST_REQUIRE_EQUAL(told.size(), 1U);
  BOOST_TEST(told[0]["can"].empty());
  BOOST_TEST(told[0]["cannot"].size() == record::capability_count);
  // It went through all phases and all that the agent can do was done.
  BOOST_TEST(texts(event::PhaseBegin::name, "phase").back() == "collect");
  BOOST_TEST(texts(event::TestResult::name, "device") == (Texts{"nic0", "vga0"}),
             boost::test_tools::per_element());
  BOOST_TEST(!events(event::AgentHello::name).empty());
  // What it cannot do left nothing behind that somebody could take for evidence.
  for (const char* name : {event::Baseline::name, event::Control::name, event::WatchPass::name,
                           event::Ring::name, event::Cpus::name, event::KeySent::name,
                           event::Screen::name, event::ScreenSample::name, event::Handover::name})
    BOOST_TEST(events(name).empty(), name);
  BOOST_TEST(!is_there("pci/production.json"));
  BOOST_TEST(is_there("pci/production-agent.json"));
  const auto order = log();
  for (const char* call : {"stop", "set-breakpoint", "peek", "registers"})
    BOOST_TEST((std::ranges::find(order, call) == order.end()), call);
  const auto result = judged();
  BOOST_TEST((result.outcome == checks::Outcome::inconclusive), result.reason);
  for (const auto& check : result.checks) {
    if (check.verdict == Verdict::skip) continue;
    check_unable(result, check.name, Capability::stop);
  }
}

BOOST_FIXTURE_TEST_CASE(a_machine_that_can_stop_is_judged_by_what_it_can_show, LimitedStand) {
  BOOST_REQUIRE(run_with({Capability::stop, Capability::registers, Capability::frames}));
  const auto result = judged();
  check_unable(result, "dma.stopped", Capability::watch_memory);
  check_unable(result, "pci.quiet", Capability::configuration);
  check_unable(result, "console.screen", Capability::screen);
  check_unable(result, "console.input", Capability::keys);
  for (const char* check : {"capture.entered", "driver.reinit", "device.works", "kernel.log"})
    BOOST_TEST(of(result, check).reason.find("the target cannot") == std::string::npos, check);
  BOOST_TEST((of(result, "capture.entered").verdict == Verdict::pass),
             of(result, "capture.entered").reason);
}

// A panic that only a keyboard can cause is an error of the run, not of the kernel.
BOOST_FIXTURE_TEST_CASE(a_panic_by_keys_that_cannot_be_pressed_is_the_runs_error, Stand) {
  plan.scenario.panic.method = "sysrq-keyboard";
  write_script();
  const auto done =
      run::execute(plan, out(), loop, observer, asked,
                   [](vm::TargetOrder order) -> Result<std::unique_ptr<target::Target>> {
                     TRY_ASSIGN(auto whole, vm::start_qemu(std::move(order)));
                     return std::make_unique<Limited>(
                         std::move(whole), Capabilities{Capability::stop, Capability::registers});
                   });
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().describe() == "phase panic: the target cannot get keys");
}

BOOST_AUTO_TEST_SUITE_END()
