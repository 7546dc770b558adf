// SPDX-License-Identifier: GPL-2.0-or-later
// What the phases of one run share: the machine, the agent, the run directory, and the one way to
// wait.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/loop.hpp"
#include "harness/record/agent.hpp"
#include "harness/run/agent_link.hpp"
#include "harness/run/facts.hpp"
#include "harness/run/feeder.hpp"
#include "harness/run/run_dir.hpp"
#include "harness/run/serial_log.hpp"
#include "harness/run/servers.hpp"
#include "harness/run/stray_watch.hpp"
#include "harness/scenario/plan.hpp"
#include "harness/vm/machine.hpp"

namespace quiesce::run {

/// What a person who watches is told. Both may be empty.
struct Observer {
  std::function<void(const std::string& phase)> on_phase;
  std::function<void(const std::string& note)> on_note;
};

/// How a wait ended that did not fail.
enum class Wait {
  done,
  deadline,    ///< the caller's patience ran out
  stalled,     ///< guest and QEMU said nothing for the scenario's progress time
  guest_down,  ///< the guest reset, powered off or crashed; the machine is paused and can be looked
               ///< at
};

class Session {
 public:
  Session(Loop& loop, RunDir& dir, const scenario::RunPlan& plan, Observer observer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Makes the disks and starts QEMU, stopped.
  Result<void> launch();
  /// Lets the machine run (for the first time, or after pause()).
  Result<void> resume();
  /// Stops it; the feeder holds its breath meanwhile.
  Result<void> pause();
  /// The breakpoint stopped the machine: from here on it is paused, as after pause().
  void stopped_at_breakpoint();
  /// Ends QEMU and notes what it used.
  void shut_down();

  /// Waits until `done`. Fails only when the run cannot go on: QEMU gone, interrupted, disk full,
  /// total time used up.
  Result<Wait> wait(const std::function<bool()>& done, Seconds patience);
  /// As wait(), but anything else than done is a failure that names `what`.
  Result<void> expect(const std::string& what, const std::function<bool()>& done, Seconds patience);
  /// Lets time pass: the feeder feeds, the watcher watches.
  Result<Wait> linger(Seconds time);

  /// Asks the agent and waits for its answer. Its own error is Errc::unsupported, silence
  /// Errc::timeout, a guest that went down Errc::closed.
  Result<nlohmann::json> ask(const std::string& op, nlohmann::json parameters, Seconds patience);
  /// The same for one of record::request.
  template <record::Record Q>
  Result<nlohmann::json> ask(const Q& request, Seconds patience) {
    return ask(Q::name, record::as_json(request), patience);
  }
  /// `work`: parameters of an activity or a test, which go with it.
  template <record::Record Q>
  Result<nlohmann::json> ask(const Q& request, nlohmann::json work, Seconds patience) {
    work.update(record::as_json(request));
    return ask(Q::name, std::move(work), patience);
  }
  /// A request about a device's work.
  template <record::Record Q>
  Q about(const scenario::PlannedDevice& device) const {
    Q request;
    request.device = device.name;
    request.address = to_string(device.address);
    request.seed = plan.scenario.seed;
    return request;
  }

  void phase(const std::string& name);
  void mark(const char* name);
  void note(const std::string& text);
  /// A duration of the scenario as it applies to the accelerator in use.
  Seconds scaled(Seconds time) const;
  /// Time by which short exchanges with QEMU are over; a QEMU that is silent for the scenario's
  /// progress time is as good as dead.
  TimePoint soon() const;
  /// QEMU's end shows first as a closed connection of whatever is in use. Then what ended it is the
  /// error.
  Error explained(const Error& error);

  Loop& loop;
  RunDir& dir;
  const scenario::RunPlan& plan;
  GuestFacts facts;
  AgentLink agent;
  Feeder feeder;
  std::unique_ptr<DeviceServers> servers;
  std::unique_ptr<vm::Machine> machine;
  std::unique_ptr<StrayWatch> watch;
  std::map<std::string, Fd> disks;
  std::string current_phase;

  /// Landmarks of the console since the last clear: name -> time.
  std::map<std::string, double> landmarks;
  /// Which kernel's console and agent it is now.
  std::string role = "production";
  /// Why the guest is down, once it is.
  const std::optional<std::string>& guest_down() const { return guest_down_; }
  bool paused() const { return paused_; }

 private:
  vm::MachineListener listener();
  void on_serial_line(const std::string& line);
  void on_qmp_event(const std::string& name, const nlohmann::json& data);
  void on_server_event(const std::string& device, const nlohmann::json& message);
  void on_agent_message(const char* kind, std::uint32_t sequence, const nlohmann::json& payload);
  void on_frame(const std::string& device, std::string_view frame);
  Result<void> broken() const;
  /// The breakpoint was hit while the kernel was still being armed: going on would run past the
  /// handover unseen.
  bool crashed_early() const;

  Observer observer_;
  SerialLog serial_;
  TimePoint last_progress_;
  TimePoint total_deadline_;
  bool paused_ = true;
  std::optional<std::string> guest_down_;
  std::optional<ExitStatus> qemu_exit_;
};

}  // namespace quiesce::run
