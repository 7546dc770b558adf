// SPDX-License-Identifier: GPL-2.0-or-later
// How fast a pass of the stray-write watch is, as a share of what memcmp does on the same bytes.
// Every round measures all contenders one after the other, so that a ratio compares neighbours in
// time.
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/mapping.hpp"
#include "harness/observe/page_diff.hpp"

namespace {

using namespace quiesce;

constexpr std::uint64_t size = 768ULL << 20;
constexpr int rounds = 9;

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
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
  /// memcmp over equal bytes, whole: it never stops early.
  double plain_pass() {
    int result = 1;
    const double took =
        seconds([&] { result = std::memcmp(plain.bytes().data(), guest.bytes().data(), size); });
    if (result != 0) fmt::print("wrong: memcmp stopped early\n");
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

void measure(Bench& bench, std::size_t changed) {
  std::vector<double> plain, one, two, ratio_one, ratio_two;
  for (int round = 0; round < rounds; ++round) {
    std::memcpy(bench.plain.writable().data(), bench.guest.bytes().data(), size);
    const double compare = bench.plain_pass();
    plain.push_back(compare);
    one.push_back(bench.pass(changed, 1));
    two.push_back(bench.pass(changed, 2));
    ratio_one.push_back(compare / one.back());
    ratio_two.push_back(compare / two.back());
  }
  const auto speed = [](const std::vector<double>& times) { return size / median(times) / 1e9; };
  fmt::print("{:>8} {:>8.2f} {:>9.2f} {:>6.2f} {:>6.2f} {:>10.2f} {:>6.2f} {:>6.2f}\n", changed,
             speed(plain), speed(one), median(ratio_one), std::ranges::max(ratio_one), speed(two),
             median(ratio_two), std::ranges::max(ratio_two));
}

}  // namespace

int main() {
  auto bench = make();
  if (!bench) {
    fmt::print(stderr, "{}\n", bench.error().describe());
    return 3;
  }
  fmt::print(
      "768 MiB, GB/s of compared bytes, medians of {} rounds; ratio to memcmp: median, best\n",
      rounds);
  fmt::print("{:>8} {:>8} {:>9} {:>6} {:>6} {:>10} {:>6} {:>6}\n", "changed", "memcmp", "1 worker",
             "ratio", "best", "2 workers", "ratio", "best");
  for (const std::size_t changed : {0, 100, 10000}) measure(*bench, changed);
  return 0;
}
