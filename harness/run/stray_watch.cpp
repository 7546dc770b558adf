// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/stray_watch.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "harness/observe/landed.hpp"
#include "harness/observe/page_diff.hpp"
#include "harness/observe/stray.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::run {

namespace {

// A pass over the 190 MiB of a first run takes 25 to 45 ms (measured): one every 60 times as long
// keeps the watch below 2 % of a core. The checks want one every 5 s at least, however large the
// guest is.
constexpr double idle_factor = 60;
constexpr Seconds shortest_interval{1};
constexpr Seconds longest_interval{4};
// At the handover the machine waits for the copy: both cores. Later the guest needs them.
constexpr int handover_workers = 2;

}  // namespace

struct StrayWatch::Parts {
  Loop& loop;
  Recorder& recorder;
  Watched watched;
  std::optional<observe::GuestRam> ram;
  std::optional<observe::Baseline> baseline;
  std::vector<observe::Owner> owners;
  PhysRange crash_region;
  std::uint64_t low_memory = 0;
  TimePoint baseline_taken;
  double last_pass_t = 0;
  Seconds last_pass_took{};
  TimePoint next_pass;
  std::optional<Error> failed;
  Writes writes;
  std::vector<std::uint64_t> last_pages;
  bool watching = false;
  bool passed_while_stopped = false;
  Loop::Watch timer;

  Result<void> take(const char* what);
  Result<void> pass();
  void note(const observe::StrayWrite& write);
  void tick();
};

StrayWatch::StrayWatch(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
StrayWatch::~StrayWatch() = default;

Result<std::unique_ptr<StrayWatch>> StrayWatch::create(Loop& loop, Recorder& recorder,
                                                       target::Target& target, Watched watched) {
  std::unique_ptr<Parts> parts(
      new Parts{.loop = loop, .recorder = recorder, .watched = std::move(watched)});
  if (target.can(target::Capability::watch_memory)) {
    TRY_ASSIGN(const target::SharedMemory memory, target.memory());
    TRY_ASSIGN(parts->ram,
               observe::GuestRam::map(memory.fd, memory.size, parts->watched.architecture.ram));
  }
  return std::unique_ptr<StrayWatch>(new StrayWatch(std::move(parts)));
}

const StrayWatch::Writes& StrayWatch::writes() const {
  return parts_->writes;
}

const std::vector<std::uint64_t>& StrayWatch::last_pages() const {
  return parts_->last_pages;
}

const observe::GuestRam* StrayWatch::ram() const {
  return parts_->ram ? &*parts_->ram : nullptr;
}

void StrayWatch::set_owner(const PhysRange& range, const std::string& owner) {
  parts_->owners.push_back({range, owner});
}

Result<void> StrayWatch::prepare(PhysRange crash_region) {
  if (!parts_->ram) return {};
  parts_->crash_region = crash_region;
  parts_->low_memory = parts_->watched.architecture.low_memory;
  TRY_ASSIGN(parts_->baseline,
             observe::Baseline::create(*parts_->ram, {{{0}, {parts_->low_memory}}, crash_region}));
  return parts_->baseline->prepare(*parts_->ram);
}

Result<void> StrayWatch::Parts::take(const char* what) {
  const TimePoint begin = loop.now();
  TRY_ASSIGN(const Bytes copied, baseline->take(*ram, {.workers = handover_workers}));
  baseline_taken = loop.now();
  last_pass_t = recorder.now();
  recorder.event(record::event::Baseline{
      .purpose = what,
      .bytes = copied.value,
      .copy_s = (baseline_taken - begin).count(),
      .excluded = {{0, low_memory}, {crash_region.begin.value, crash_region.end.value}}});
  return {};
}

Result<void> StrayWatch::control_begin() {
  if (!parts_->ram) return {};
  // What came into use since prepare() is touched now, outside the handover's pause.
  TRY(parts_->baseline->prepare(*parts_->ram));
  return parts_->take("control");
}

Result<std::map<std::string, std::uint64_t>> StrayWatch::control_end() {
  std::map<std::string, std::uint64_t> pages;
  if (!parts_->ram) return pages;
  Recorder& recorder = parts_->recorder;
  TRY_ASSIGN(const observe::Pass pass, observe::diff(*parts_->baseline, *parts_->ram));
  TRY_ASSIGN(const auto writes, observe::stray_writes(pass, *parts_->baseline,
                                                      {.t = recorder.now(),
                                                       .since = parts_->last_pass_t,
                                                       .seed = parts_->watched.seed}));
  for (const auto& write : writes) {
    std::string last;
    for (const auto& origin : write.tags)
      if (!origin.foreign && origin.tag.device != last) ++pages[last = origin.tag.device];
  }
  for (const auto& device : parts_->watched.devices)
    recorder.event(record::event::Control{.device = device,
                                          .tagged_pages = pages[device],
                                          .changed_pages = pass.changed.size(),
                                          .t0 = parts_->last_pass_t,
                                          .t1 = recorder.now()});
  return pages;
}

Result<void> StrayWatch::begin() {
  if (!parts_->ram) return {};
  TRY(parts_->take("handover"));
  parts_->watching = true;
  return {};
}

Result<void> StrayWatch::pass() {
  if (!parts_->watching) return {};
  if (parts_->failed) return tl::unexpected(*parts_->failed);
  return parts_->pass();
}

Result<void> StrayWatch::Parts::pass() {
  const TimePoint begin = loop.now();
  const double begin_t = recorder.now();
  TRY_ASSIGN(const observe::Pass found, observe::diff(*baseline, *ram));
  const double t = recorder.now();
  TRY_ASSIGN(const auto found_writes,
             observe::stray_writes(
                 found, *baseline,
                 {.t = t, .since = last_pass_t, .seed = watched.seed, .owners = owners}));
  last_pages.clear();
  for (const auto& write : found_writes) note(write);
  // By now the dying kernel has made its last step.
  owners.clear();
  last_pass_took = loop.now() - begin;
  recorder.event(record::event::WatchPass{.begin_t = begin_t,
                                          .since = last_pass_t,
                                          .pages_compared = found.pages,
                                          .pages_changed = found.changed.size(),
                                          .seconds = last_pass_took.count()});
  // A write behind the comparing hand while it moved shows in the next pass only.
  last_pass_t = begin_t;
  passed_while_stopped = watched.stands_still();
  next_pass =
      loop.now() + std::clamp(last_pass_took * idle_factor, shortest_interval, longest_interval);
  return {};
}

void StrayWatch::Parts::note(const observe::StrayWrite& write) {
  recorder.dir().append_json(record::file::dma, record::as_json(as_record(write)));
  std::set<std::string> devices;
  for (const auto& origin : write.tags)
    if (!origin.foreign) devices.insert(origin.tag.device);
  for (const auto& device : devices) ++writes.tagged[device];
  if (!devices.empty() || !write.owner.empty()) return;
  ++writes.unnamed;
  last_pages.push_back(write.change.page.value);
}

void StrayWatch::Parts::tick() {
  if (loop.now() < next_pass || failed) return;
  if (auto done = pass(); !done) failed = done.error();
}

void StrayWatch::machine_resumes() {
  if (parts_->passed_while_stopped) parts_->last_pass_t = parts_->recorder.now();
  parts_->passed_while_stopped = false;
}

Result<void> StrayWatch::note_landed() {
  if (!parts_->watching) return {};
  TRY_ASSIGN(const auto all,
             observe::find_landed(*parts_->ram, parts_->crash_region, parts_->watched.seed));
  const auto& devices = parts_->watched.devices;
  for (const auto& landed : all)
    // Guest memory may hold any name.
    if (std::ranges::find(devices, landed.device) != devices.end())
      parts_->recorder.event(record::event::Landed{.device = landed.device,
                                                   .pages = landed.pages,
                                                   .oldest = landed.oldest,
                                                   .newest = landed.newest});
  return {};
}

void StrayWatch::start_passes() {
  if (!parts_->watching) return;
  parts_->timer = parts_->loop.every(Seconds(0.25), [parts = parts_.get()] { parts->tick(); });
}

void StrayWatch::stop_passes() {
  parts_->timer = {};
}

}  // namespace quiesce::run
