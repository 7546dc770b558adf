// SPDX-License-Identifier: GPL-2.0-or-later
// How fast a pass of the stray-write watch is, as a share of what memcmp does on the same bytes.
// Every round measures all contenders one after the other, so that a ratio compares neighbours in
// time.
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/mapping.hpp"
#include "harness/observe/page_diff.hpp"
#include "tests/bench/median.hpp"

namespace {

using namespace quiesce;
using bench::median;

constexpr std::uint64_t size = 768ULL << 20;
constexpr int rounds = 9;

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The guest's side of the file, and a plain copy for memcmp.
struct Bench {
  Mapping guest;
  observe::GuestRam ram;
  observe::Baseline baseline;
  Mapping plain;
  std::vector<std::uint64_t> pages;
  std::uint8_t generation = 0;

  /// Changes 16 bytes in each of the first `count` pages of a random order.
  void change(std::size_t count) {
    ++generation;
    for (std::size_t i = 0; i < count; ++i)
      std::memset(guest.writable().data() + pages[i] * 4096 + 1000, generation, 16);
  }
  double pass(std::size_t changed, int workers) {
    change(changed);
    std::size_t seen = 0;
    const double took = seconds([&] {
      seen = observe::diff(baseline, ram, {.page = 4_KiB, .workers = workers})->changed.size();
    });
    if (seen != changed) fmt::print("wrong: {} changed pages seen\n", seen);
    return took;
  }
  /// memcmp over equal bytes, whole: it never stops early. With two threads each takes a half.
  double plain_pass(int threads) const {
    std::atomic<int> different = 0;
    const double took = seconds([&] {
      const std::uint64_t share = size / static_cast<std::uint64_t>(threads);
      std::vector<std::jthread> helpers;
      const auto compare = [&](std::uint64_t at) {
        if (std::memcmp(plain.bytes().data() + at, guest.bytes().data() + at, share) != 0)
          ++different;
      };
      for (int i = 1; i < threads; ++i)
        helpers.emplace_back(compare, static_cast<std::uint64_t>(i) * share);
      compare(0);
    });
    if (different != 0) fmt::print("wrong: memcmp stopped early\n");
    return took;
  }
};

Result<Bench> make() {
  TRY_ASSIGN(const auto fd, memory_file("bench", size));
  TRY_ASSIGN(auto guest, Mapping::of_file(fd.get(), size, Mapping::Access::read_write));
  std::mt19937_64 random(1);
  auto* words = reinterpret_cast<std::uint64_t*>(guest.writable().data());
  for (std::uint64_t i = 0; i < size / 8; ++i) words[i] = i * 0x9e3779b97f4a7c15ULL;
  TRY_ASSIGN(auto ram, observe::GuestRam::map(fd.get(), {size}));
  TRY_ASSIGN(auto baseline, observe::Baseline::create(ram, {}));
  TRY_ASSIGN(auto plain, Mapping::anonymous(size));
  ::madvise(plain.writable().data(), size, MADV_HUGEPAGE);  // memcmp gets the same advantage
  std::memcpy(plain.writable().data(), guest.bytes().data(), size);
  const double prepare = seconds([&] { (void)baseline.prepare(ram); });
  const double take = seconds([&] { (void)baseline.take(ram); });
  const double both = seconds([&] { (void)baseline.take(ram, {.workers = 2}); });
  fmt::print("prepare {:.3f} s, take {:.3f} s, take with two workers {:.3f} s\n\n", prepare, take,
             both);
  std::vector<std::uint64_t> pages(size / 4096);
  for (std::uint64_t i = 0; i < pages.size(); ++i) pages[i] = i;
  std::ranges::shuffle(pages, random);
  return Bench{std::move(guest), std::move(ram), std::move(baseline), std::move(plain),
               std::move(pages)};
}

/// What one round measured, seconds.
struct Times {
  double plain = 0;
  double plain_both = 0;
  double one = 0;
  double two = 0;
};

template <class Number>
double median_of(const std::vector<Times>& all, Number number) {
  std::vector<double> values;
  values.reserve(all.size());
  for (const auto& times : all) values.push_back(std::invoke(number, times));
  return median(std::move(values));
}

void measure(Bench& bench, std::size_t changed) {
  std::vector<Times> all;
  for (int round = 0; round < rounds; ++round) {
    std::memcpy(bench.plain.writable().data(), bench.guest.bytes().data(), size);
    Times times{.plain = bench.plain_pass(1), .plain_both = bench.plain_pass(2)};
    times.one = bench.pass(changed, 1);
    times.two = bench.pass(changed, 2);
    all.push_back(times);
  }
  const auto speed = [&](auto number) { return size / median_of(all, number) / 1e9; };
  const auto ratio = [&](auto a, auto b) {
    return median_of(all, [&](const Times& times) { return times.*a / times.*b; });
  };
  fmt::print("| {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n",
             changed, speed(&Times::plain), speed(&Times::one), ratio(&Times::plain, &Times::one),
             speed(&Times::plain_both), speed(&Times::two), ratio(&Times::plain_both, &Times::two),
             ratio(&Times::plain, &Times::plain_both), ratio(&Times::one, &Times::two));
}

}  // namespace

int main() {
  auto bench = make();
  if (!bench) {
    fmt::print(stderr, "{}\n", bench.error().describe());
    return 3;
  }
  fmt::print(
      "768 MiB, GB/s of compared bytes, medians of {} rounds. Targets: ratio >= 0.8 with one "
      "worker; "
      "two workers scale as two memcmp do, since memory bounds both.\n\n",
      rounds);
  fmt::print(
      "| changed pages | memcmp | 1 worker | ratio | 2-thread memcmp | 2 workers | ratio | memcmp "
      "scales | workers scale |\n|---|---|---|---|---|---|---|---|---|\n");
  for (const std::size_t changed : {0, 100, 10000}) measure(*bench, changed);
  return 0;
}
