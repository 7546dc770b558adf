// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/register_bench.hpp"

#include <linux/pci_regs.h>

#include <algorithm>

#include "vm-images/agent/bounded.hpp"

namespace quiesce::agent {

namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Json to_json(const RegisterBench& bench, const RegisterTimes& times) {
  return record::as_json(answer::RegisterBench{.address = to_string(bench.address),
                                               .offset = bench.offset,
                                               .reads = bench.reads,
                                               .first = {times.first},
                                               .last = {times.last},
                                               .nanoseconds = times.nanoseconds,
                                               .median = median(times.nanoseconds)});
}

Result<Json> measure(const PciTree& tree, const RegisterBench& bench,
                     const std::atomic<bool>& over) {
  return while_enabled(tree, bench.address, [&]() -> Result<Json> {
    TRY_ASSIGN(const Bar bar, Bar::open(tree.device(bench.address) / "resource0"));
    TRY_ASSIGN(const RegisterTimes times, time_reads(bar, bench, over));
    return to_json(bench, times);
  });
}

}  // namespace

Result<RegisterBench> read_register_bench(const Request& request) {
  RegisterBench bench;
  TRY_ASSIGN(bench.address, request.address(&ask::RegisterBench::address));
  TRY_ASSIGN(const std::uint64_t offset,
             request.whole(&ask::RegisterBench::offset, 0, 0,
                           wire::model::bar0_size - sizeof(std::uint32_t)));
  if (offset % sizeof(std::uint32_t) != 0)
    return fail(Errc::invalid_input, "the field offset must be a multiple of 4, found {}", offset);
  bench.offset = static_cast<std::uint32_t>(offset);
  TRY_ASSIGN(bench.reads, request.whole(&ask::RegisterBench::reads, bench.reads, 1, 1'000'000));
  TRY_ASSIGN(bench.rounds, request.whole(&ask::RegisterBench::rounds, bench.rounds, 1, 1000));
  TRY_ASSIGN(const double patience,
             request.number(&ask::RegisterBench::seconds, bench.patience.count(), 0.1, 600));
  bench.patience = Seconds(patience);
  return bench;
}

Result<RegisterTimes> time_reads(const Bar& bar, const RegisterBench& bench,
                                 const std::atomic<bool>& over) {
  RegisterTimes times;
  TRY_ASSIGN(times.first, bar.get(bench.offset));
  for (std::uint64_t round = 0; round < bench.rounds; ++round) {
    const TimePoint begin = system_clock().now();
    const auto done = bar.read_often(bench.offset, bench.reads, over);
    const Seconds took = system_clock().now() - begin;
    if (!done) return fail(Errc::closed, "{} is gone", to_string(bench.address));
    if (*done < bench.reads)
      return fail(Errc::timeout, "{} was read {} times and {} rounds in time",
                  to_string(bench.address), *done, round);
    times.nanoseconds.push_back(took.count() * 1e9 / static_cast<double>(bench.reads));
  }
  TRY_ASSIGN(times.last, bar.get(bench.offset));
  return times;
}

Result<Json> while_enabled(const PciTree& tree, PciAddress address,
                           const std::function<Result<Json>()>& call) {
  TRY_ASSIGN(const std::string enabled, tree.attribute(address, "enable"));
  TRY_ASSIGN(const std::uint32_t command, tree.read(address, PCI_COMMAND, 2));
  // The kernel also opens the bridges above (drivers/pci/pci.c, pci_enable_bridge).
  if (enabled == "0") TRY(tree.set_attribute(address, "enable", "1"));
  auto answer = [&]() -> Result<Json> {
    TRY_ASSIGN(const std::uint32_t now, tree.read(address, PCI_COMMAND, 2));
    TRY(tree.write(address, PCI_COMMAND, 2, now | PCI_COMMAND_MEMORY));
    return call();
  }();
  if (enabled == "0") (void)tree.set_attribute(address, "enable", "0");
  (void)tree.write(address, PCI_COMMAND, 2, command);
  return answer;
}

Result<Json> bench_registers(const PciTree& tree, const RegisterBench& bench) {
  const auto over = std::make_shared<std::atomic<bool>>(false);
  auto answer = within<Result<Json>>(bench.patience,
                                     [tree, bench, over] { return measure(tree, bench, *over); });
  if (answer) return *std::move(answer);
  *over = true;
  return fail(Errc::timeout, "{} reads of {} were not over within {:.1f} s",
              bench.reads * bench.rounds, to_string(bench.address), bench.patience.count());
}

Result<Json> bench_registers(const Request& request) {
  TRY_ASSIGN(const RegisterBench bench, read_register_bench(request));
  return bench_registers(PciTree(), bench);
}

}  // namespace quiesce::agent
