// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/damage/suite.hpp"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "harness/checks/check.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::damage {

namespace {

using checks::RunResult;
using checks::Verdict;
using evidence::Texts;

/// Of a folder whose digests are known but for the files that were changed.
Result<evidence::Run> assemble(const Texts& texts, const Texts& base,
                               const record::Inventory& known) {
  evidence::Surroundings around;
  for (const auto& [name, text] : texts) {
    const auto before = base.find(name);
    around.inventory[name] = before != base.end() && before->second == text
                                 ? known.at(name)
                                 : record::look_at_text(name, text);
  }
  return evidence::assemble(texts, around);
}

bool speaks_of_damage(const std::string& reason) {
  return reason.find("not whole") != std::string::npos ||
         reason.find("harness died") != std::string::npos;
}

/// What is better about `now`; empty when nothing is.
std::string better(Verdict before, Verdict now, const std::string& reason) {
  if (before == now || before == Verdict::skip) return {};
  std::string words = fmt::format("{} became {}", to_string(before), to_string(now));
  if (now == Verdict::skip || now == Verdict::pass) return words;
  if (before == Verdict::fail && now == Verdict::inconclusive && !speaks_of_damage(reason))
    return words + " without a word of damage: " + reason;
  return {};
}

std::string words_of(const RunResult& result) {
  std::string words = to_string(result.outcome);
  for (const auto& check : result.checks) words += std::string(" ") + to_string(check.verdict);
  return words;
}

struct Judge {
  const Texts& base;
  Sealed sealed;
  record::Inventory known;
  RunResult before;
  Counts counts;
  std::mutex lock;

  void try_one(const Damage& damage) {
    Texts texts = base;
    damage.apply(texts);
    if (texts == base) return;
    const auto run = assemble(texts, base, known);
    Count found;
    found.judged = 1;
    if (run) compare(found, damage, *run, checks::judge(*run));
    const std::scoped_lock guard(lock);
    Count& count = counts[damage.kind];
    ++count.judged;
    const auto add = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    add(count.better, found.better);
    add(count.false_red, found.false_red);
    add(count.unseen, found.unseen);
    add(count.untold, found.untold);
  }

  void compare(Count& found, const Damage& damage, const evidence::Run& run,
               const RunResult& now) const {
    for (const auto& check : before.checks)
      for (const auto& other : now.checks) {
        if (other.name != check.name) continue;
        const std::string where = damage.what + ": " + check.name + " ";
        if (auto how = better(check.verdict, other.verdict, other.reason); !how.empty())
          found.better.push_back(where + how);
        if (sealed == Sealed::yes && check.verdict == Verdict::pass &&
            other.verdict == Verdict::fail)
          found.false_red.push_back(where + "pass became fail: " + other.reason);
      }
    if (before.outcome == checks::Outcome::fail &&
        (now.outcome == checks::Outcome::pass || now.outcome == checks::Outcome::skip))
      found.better.push_back(damage.what + ": the run passes");
    // With manifest and result both gone, a run whose end was not recorded is as a killed one left
    // it: its verdict then says "unsealed", where it was sealed.
    const bool unseal = damage.what.find(record::file::manifest) != std::string::npos &&
                        damage.what.find(record::file::result) != std::string::npos;
    const bool told =
        !run.damage.empty() || (unseal && run.seal.state == evidence::Seal::State::unsealed);
    if (sealed == Sealed::yes && !told) found.unseen.push_back(damage.what);
    if (sealed == Sealed::no && to_json(before)["about"] == to_json(now)["about"] &&
        words_of(before) == words_of(now))
      found.untold.push_back(damage.what);
  }
};

}  // namespace

Counts try_all(const Texts& run, const Texts& other, Sealed sealed, const Extent& extent) {
  Texts base = run;
  sealed == Sealed::yes ? seal(base) : unseal(base);
  Judge judge{base, sealed, {}, {}, {}, {}};
  for (const auto& [name, text] : base) judge.known[name] = record::look_at_text(name, text);
  const auto whole = evidence::assemble(base);
  if (!whole) throw std::runtime_error(whole.error().describe());
  judge.before = checks::judge(*whole);
  const auto damages = all_damages(base, other, {.turn = extent.turn, .all = extent.all_pairs});
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t at = next++; at < damages.size(); at = next++)
      if (at % extent.share == extent.turn % extent.share)
        if (sealed == Sealed::yes || damages[at].held_unsealed) judge.try_one(damages[at]);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  return judge.counts;
}

}  // namespace quiesce::damage
