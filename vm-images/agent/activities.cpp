// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/activities.hpp"

#include <algorithm>

#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

struct Activities::Running {
  Subject subject;
  Work work;
  Progress progress;
  std::stop_source stop;
  std::atomic<bool> failed = false;
  std::atomic<bool> ended = false;

  record::event::Activity state() const {
    return {.device = subject.device,
            .kind = subject.kind,
            .state = failed ? "failed" : "running",
            .operations = progress.operations.load(),
            .bytes = progress.bytes.load(),
            .errors = progress.errors.load(),
            .message = progress.message()};
  }

  /// The worker's thread.
  void run(Link& link) {
    const auto result = work.run(stop.get_token(), progress);
    if (!result) {
      progress.say(result.error().describe());
      failed = true;
      link.event(state());
    }
    ended = true;
  }
};

Activities::Activities(Link& link)
    : link_(link), reporter_([this](const std::stop_token& stop) { report(stop); }) {}

void Activities::report(const std::stop_token& stop) {
  for (Pace pace(1); pace.next(stop);) {
    std::vector<record::event::Activity> states;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [device, running] : running_)
        if (!running->failed) states.push_back(running->state());
    }
    for (const auto& state : states) link_.event(state);
  }
}

void Activities::end_one(const std::string& device) {
  std::shared_ptr<Running> running;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(device);
    if (found == running_.end()) return;
    running = found->second;
  }
  running->stop.request_stop();
  poll_until<bool>(Seconds(5), [&] { return running->ended.load(); });
}

Result<Json> Activities::start(const Request& request) {
  TRY_ASSIGN(const Subject subject, read_subject(request));
  const Prepare prepare = find_activity(subject.kind);
  if (prepare == nullptr) return fail(Errc::invalid_input, "there is no activity {}", subject.kind);
  TRY_ASSIGN(const bool restart, request.flag(&ask::ForDevice::restart, false));
  if (restart) end_one(subject.device);
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(subject.device);
    if (found != running_.end() && !found->second->ended)
      return fail(Errc::invalid_input, "{} is busy already", subject.device);
  }
  auto running = std::make_shared<Running>();
  running->subject = subject;
  TRY_ASSIGN(running->work, prepare(subject, request));
  {
    const std::lock_guard lock(mutex_);
    running_[subject.device] = running;
  }
  std::thread([running, &link = link_] { running->run(link); }).detach();
  Json started = running->work.facts;
  started[record::key_of(&answer::ActivityStart::node)] = running->work.node;
  return started;
}

Result<Json> Activities::status(const Request&) {
  answer::ActivityStatus status;
  const std::lock_guard lock(mutex_);
  for (const auto& [device, running] : running_) status.activities.push_back(running->state());
  return record::as_json(status);
}

Result<Json> Activities::stop(const Request& request) {
  TRY_ASSIGN(const double patience, request.number(&ask::ActivityStop::seconds, 5, 0, 600));
  std::map<std::string, std::shared_ptr<Running>> running;
  {
    const std::lock_guard lock(mutex_);
    running = std::exchange(running_, {});
  }
  for (auto& [device, activity] : running) activity->stop.request_stop();
  poll_until<bool>(Seconds(patience), [&] {
    return std::ranges::all_of(running, [](const auto& each) { return each.second->ended.load(); });
  });
  answer::ActivityStop stopped;
  for (const auto& [device, activity] : running) {
    stopped.activities.push_back(activity->state());
    stopped.activities.back().ended = activity->ended.load();
  }
  return record::as_json(stopped);
}

}  // namespace quiesce::agent
