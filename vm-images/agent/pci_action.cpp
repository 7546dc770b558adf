// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/pci_action.hpp"

#include <linux/pci_regs.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <optional>

#include "harness/base/text.hpp"
#include "vm-images/agent/bounded.hpp"
#include "vm-images/agent/config_image.hpp"
#include "vm-images/agent/link.hpp"

namespace quiesce::agent {

namespace {

/// One function and what is done to it. Owned by the thread that does it.
struct Job {
  PciTree tree;
  std::string method;
  PciAddress address;
  TimePoint deadline;
  PciConfig before{{}};
  PciConfig expected{{}};            ///< what the action should leave
  std::vector<PciAddress> affected;  ///< others that the reset hit
  /// When the reset was over, as far as software sees: readiness counts from there.
  TimePoint triggered;
  std::map<PciAddress, Seconds> ready;  ///< who answered, for actions that waited themselves
};

struct Done {
  std::string error;  ///< empty: it worked
  std::map<PciAddress, Seconds> ready;
  std::vector<std::byte> after;
  bool restored = false;
  std::vector<PciAddress> affected;
  double ended = 0;
};

void wait(Seconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count() * 1e3));
}

/// Until all of them answer configuration reads or the deadline has passed; one look at least.
void wait_ready(Job& job, std::vector<PciAddress> addresses) {
  for (;;) {
    std::erase_if(addresses, [&](PciAddress each) {
      const auto vendor = job.tree.read(each, 0, 2);
      if (!vendor || !is_ready(static_cast<std::uint16_t>(*vendor))) return false;
      job.ready[each] = system_clock().now() - job.triggered;
      return true;
    });
    if (addresses.empty() || system_clock().now() >= job.deadline) return;
    wait(Seconds(0.002));
  }
}

Result<void> nothing(Job&) {
  return {};
}

Result<void> bus_master_off(Job& job) {
  TRY_ASSIGN(const std::uint32_t command, job.tree.read(job.address, PCI_COMMAND, 2));
  std::vector<std::byte> bytes = job.before.bytes();
  if (bytes.size() > PCI_COMMAND) bytes[PCI_COMMAND] &= ~static_cast<std::byte>(PCI_COMMAND_MASTER);
  job.expected = PciConfig(std::move(bytes));
  return job.tree.write(job.address, PCI_COMMAND, 2, command & ~PCI_COMMAND_MASTER);
}

/// The kernel's reset of one function; it saves and restores the configuration itself
/// (drivers/pci/pci.c, pci_reset_function).
Result<void> reset(Job& job) {
  std::string methods;
  if (!job.method.empty()) {
    TRY_ASSIGN(methods, job.tree.attribute(job.address, "reset_method"));
    const auto chosen = job.tree.set_attribute(job.address, "reset_method", job.method);
    if (!chosen)
      return tl::unexpected(chosen.error().because(
          fmt::format("{} has no reset method {} (it has: {})", to_string(job.address), job.method,
                      methods.empty() ? "none" : methods)));
  }
  job.triggered = system_clock().now();
  auto done = job.tree.set_attribute(job.address, "reset", "1");
  if (!methods.empty()) (void)job.tree.set_attribute(job.address, "reset_method", methods);
  return done;
}

Result<void> hot_reset(Job& job) {
  constexpr unsigned bridge_control = PCI_BRIDGE_CONTROL;
  constexpr std::uint32_t secondary_bus_reset = PCI_BRIDGE_CTL_BUS_RESET;
  const auto bridge = job.tree.bridge_of(job.address);
  if (!bridge)
    return fail(Errc::unsupported, "{} sits on a root bus: there is no bridge that could reset it",
                to_string(job.address));
  std::map<PciAddress, PciConfig> saved;
  const std::vector<PciAddress> below = job.tree.behind(*bridge);
  for (const PciAddress each : below) {
    TRY_ASSIGN(PciConfig config, job.tree.config(each));
    saved.emplace(each, std::move(config));
    if (each != job.address) job.affected.push_back(each);
  }
  TRY_ASSIGN(const std::uint32_t control, job.tree.read(*bridge, bridge_control, 2));
  TRY(job.tree.write(*bridge, bridge_control, 2, control | secondary_bus_reset));
  wait(Seconds(0.002));  // Trst is 1 ms (PCI 3.0 section 4.3.2); the kernel takes 2 as well
  TRY(job.tree.write(*bridge, bridge_control, 2, control & ~secondary_bus_reset));
  job.triggered = system_clock().now();
  wait(Seconds(0.1));  // PCIe 6.0 section 6.6.1: no request before
  wait_ready(job, below);
  // Who does not answer is told by its own entry; those nearer to the bridge come first.
  for (const PciAddress each : below)
    if (job.ready.contains(each) && !saved.at(each).absent())
      TRY(restore_config(job.tree, each, saved.at(each)));
  return {};
}

Result<void> d3hot(Job& job) {
  constexpr std::uint16_t pm_id = 0x01;
  constexpr std::uint32_t state_bits = 3;
  const auto pm = job.before.capability(pm_id);
  if (!pm)
    return fail(Errc::unsupported, "{} has no power management capability", to_string(job.address));
  const unsigned at = pm->offset + 4U;
  TRY_ASSIGN(const std::uint32_t control, job.tree.read(job.address, at, 2));
  const std::uint32_t awake = control & ~(state_bits | 1U << 15);  // PME Status: a one clears it
  TRY(job.tree.write(job.address, at, 2, awake | state_bits));
  wait(Seconds(0.01));  // PCI PM 1.2 section 5.6.1: 10 ms in either direction
  TRY_ASSIGN(const std::uint32_t asleep, job.tree.read(job.address, at, 2));
  TRY(job.tree.write(job.address, at, 2, awake));
  job.triggered = system_clock().now();
  wait(Seconds(0.01));
  wait_ready(job, {job.address});
  if (!job.ready.contains(job.address)) return {};
  TRY(restore_config(job.tree, job.address, job.before));
  if ((asleep & state_bits) == state_bits) return {};
  return fail(Errc::io, "PMCSR of {} reads {:#x} after D3hot was written to it",
              to_string(job.address), asleep);
}

Result<void> remove_rescan(Job& job) {
  const auto until = [&](bool there) {
    while (job.tree.has(job.address) != there && system_clock().now() < job.deadline)
      wait(Seconds(0.005));
    return job.tree.has(job.address) == there;
  };
  TRY(job.tree.set_attribute(job.address, "remove", "1"));
  if (!until(false))
    return fail(Errc::timeout, "{} stays after its removal", to_string(job.address));
  job.triggered = system_clock().now();
  TRY(job.tree.rescan());
  if (!until(true))
    return fail(Errc::timeout, "{} is not found again by a rescan", to_string(job.address));
  return {};
}

struct ActionRow {
  const char* name;
  Result<void> (*run)(Job& job);
};
constexpr ActionRow action_rows[] = {{"nothing", nothing}, {"bus-master-off", bus_master_off},
                                     {"reset", reset},     {"hot-reset", hot_reset},
                                     {"d3hot", d3hot},     {"remove-rescan", remove_rescan}};

/// What became of one function.
void look_after(Done& done, const PciTree& tree, PciAddress address, const PciConfig& expected) {
  const bool ready = done.ready.contains(address);
  if (!ready && done.error.empty())
    done.error = fmt::format("{} does not answer", to_string(address));
  const auto after = tree.config(address);
  if (!after) return;
  done.after = after->bytes();
  done.restored = ready && same_setup(expected, *after);
}

Done run(const ActionRow& kind, Job job) {
  const Result<void> result = kind.run(job);
  if (!job.ready.contains(job.address)) wait_ready(job, {job.address});
  Done done{.ready = std::move(job.ready), .affected = std::move(job.affected)};
  if (!result) done.error = result.error().describe();
  done.ended = guest_seconds();
  look_after(done, job.tree, job.address, job.expected);
  return done;
}

/// What is known before anything is done; sysfs may be held by an earlier reset that hangs.
struct Before {
  PciConfig config{{}};
  std::optional<std::string> methods;
};

std::optional<Before> look(const PciTree& tree, PciAddress address) {
  return within<Before>(Seconds(1), [tree, address] {
    Before before;
    if (auto config = tree.config(address)) before.config = *std::move(config);
    if (auto methods = tree.attribute(address, "reset_method"))
      before.methods = *std::move(methods);
    return before;
  });
}

std::vector<std::string> texts(const std::vector<PciAddress>& addresses) {
  std::vector<std::string> list;
  list.reserve(addresses.size());
  for (const PciAddress address : addresses) list.push_back(to_string(address));
  return list;
}

/// How one function fared; `done` is nullopt when the kernel has not come back.
struct Entry {
  PciAddress address;
  double guest_began = 0;
  std::optional<Before> before;
  std::optional<Done> done;
};

Json to_json(const Entry& entry, Seconds patience) {
  const auto bytes = [](const std::vector<std::byte>& config) {
    return config.empty() ? std::nullopt : std::optional(to_hex(config));
  };
  const bool hangs = !entry.done;
  const Done done = entry.done.value_or(
      Done{.error = fmt::format("the kernel has not come back after {:.1f} s", patience.count()),
           .ended = guest_seconds()});
  const auto ready = done.ready.find(entry.address);
  const Before before = entry.before.value_or(Before());
  return record::as_json(answer::PciActionDone{
      .address = to_string(entry.address),
      .ok = done.error.empty(),
      .error = done.error.empty() ? std::nullopt : std::optional(done.error),
      .hangs = hangs,
      .guest_began = entry.guest_began,
      .guest_ended = done.ended,
      .ready_ms =
          ready != done.ready.end() ? std::optional(ready->second.count() * 1e3) : std::nullopt,
      .methods = before.methods ? std::optional<std::string>(*before.methods) : std::nullopt,
      .before = bytes(before.config.bytes()),
      .after = bytes(done.after),
      .restored = done.restored,
      .affected = texts(done.affected)});
}

void act(const PciTree& tree, const PciAction& action, const ActionRow& kind, Entry& entry) {
  constexpr Seconds grace{0.5};  // for what comes after the deadline: the last reads
  if (!entry.before) return;
  if (entry.before->config.bytes().empty()) {
    entry.done =
        Done{.error = to_string(entry.address) + " is not there", .ended = guest_seconds()};
    return;
  }
  const TimePoint now = system_clock().now();
  const Job job{.tree = tree,
                .method = action.method,
                .address = entry.address,
                .deadline = now + action.patience,
                .before = entry.before->config,
                .expected = entry.before->config,
                .triggered = now};
  entry.guest_began = guest_seconds();
  entry.done = within<Done>(action.patience + grace, [&kind, job] { return run(kind, job); });
}

/// One of the functions that a reset of their bus hit with `leader`.
void follow(const PciTree& tree, const Entry& leader, Entry& entry) {
  entry.guest_began = leader.guest_began;
  if (!leader.done || !entry.before) return;
  Done done{.ready = leader.done->ready, .ended = leader.done->ended};
  if (!leader.done->affected.empty()) done.affected.push_back(leader.address);
  for (const PciAddress each : leader.done->affected)
    if (each != entry.address) done.affected.push_back(each);
  entry.done = within<Done>(
      Seconds(1), [tree, done, address = entry.address, before = entry.before->config]() mutable {
        look_after(done, tree, address, before);
        return done;
      });
}

}  // namespace

Result<PciAction> read_pci_action(const Request& request) {
  PciAction action;
  TRY_ASSIGN(action.what, request.text(&ask::PciAction::action));
  if (std::ranges::find(action_rows, action.what, &ActionRow::name) == std::end(action_rows))
    return fail(Errc::invalid_input, "there is no action {}", action.what);
  TRY_ASSIGN(action.method, request.text(&ask::PciAction::method, ""));
  TRY_ASSIGN(const double patience, request.number(&ask::PciAction::ready_seconds, 60, 0.1, 600));
  action.patience = Seconds(patience);
  TRY_ASSIGN(const auto names, request.texts(&ask::PciAction::addresses));
  for (const std::string& name : names) {
    const auto address = parse_pci_address(name);
    if (!address) return fail(Errc::invalid_input, "{} is no PCI address", name);
    action.addresses.push_back(*address);
  }
  return action;
}

Json act_on_pci(const PciTree& tree, const PciAction& action) {
  const auto* kind = std::ranges::find(action_rows, action.what, &ActionRow::name);
  // All first: the reset of one may be that of all.
  std::vector<Entry> entries;
  for (const PciAddress address : action.addresses)
    entries.push_back(
        {.address = address, .guest_began = guest_seconds(), .before = look(tree, address)});
  const bool whole_bus = action.what == "hot-reset";
  std::map<PciAddress, const Entry*> leaders;  // by the bridge above
  for (Entry& entry : entries) {
    const auto bridge = whole_bus ? tree.bridge_of(entry.address) : std::nullopt;
    const auto leader = bridge ? leaders.find(*bridge) : leaders.end();
    if (leader != leaders.end()) {
      follow(tree, *leader->second, entry);
      continue;
    }
    act(tree, action, *kind, entry);
    if (bridge) leaders.emplace(*bridge, &entry);
  }
  answer::PciAction done{.action = action.what, .method = action.method, .functions = {}};
  for (const Entry& entry : entries) done.functions.push_back(to_json(entry, action.patience));
  return record::as_json(done);
}

Result<Json> act_on_pci(const Request& request) {
  TRY_ASSIGN(const PciAction action, read_pci_action(request));
  return act_on_pci(PciTree(), action);
}

}  // namespace quiesce::agent
