// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/irq/samples.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <set>

#include "harness/base/text.hpp"
#include "harness/record/agent.hpp"

namespace quiesce::checks {

namespace {

/// include/linux/ratelimit_types.h, DEFAULT_RATELIMIT_BURST and _INTERVAL.
constexpr std::size_t told_in_five_seconds = 10;

/// Seconds: messages of one tick of the clock are as good as at once.
constexpr double shortest = 0.001;

bool is_numbered(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

void read_line(const evidence::Run& run, IrqSample& sample,
               const record::answer::InterruptLine& line) {
  if (line.line == "SPU") sample.spurious = line.total;
  if (!is_numbered(line.line)) return;
  IrqLine one{line.total, 0, line.chip, list_words(line.actions.list), {}};
  one.device = device_of_line(run, one);
  sample.lines[line.line] = std::move(one);
}

IrqSample sample_of(const evidence::Run& run,
                    const evidence::Told<record::answer::Interrupts>& answer) {
  IrqSample sample;
  sample.t = answer.t;
  for (const auto& line : *answer.lines) read_line(run, sample, line);
  for (const auto& spurious : answer.spurious)
    if (is_numbered(spurious.line.text))
      sample.lines[spurious.line.text].unhandled = spurious.unhandled;
  for (const auto& line : answer.disabled)
    if (!line.text.empty()) sample.disabled.push_back(line.text);
  sample.ticks = answer.time.total;
  sample.irq_ticks = answer.time.irq + answer.time.softirq;
  sample.errors = answer.error;
  return sample;
}

/// "PCI-MSI 524288-edge": the function of an MSI; nullopt for other chips.
std::optional<PciAddress> function_of(const std::string& chip) {
  const std::size_t at = chip.find("PCI-MSI");
  if (at == std::string::npos) return std::nullopt;
  const auto words = split(std::string_view(chip).substr(at), ' ');
  if (const std::size_t dash = words[0].find('-', std::string_view("PCI-MSI").size());
      dash != std::string::npos) {
    const auto named = parse_pci_address(std::string_view(words[0]).substr(dash + 1));
    return named ? std::optional(*named) : std::nullopt;
  }
  if (words.size() < 2) return std::nullopt;
  const auto number = parse_number(words[1].substr(0, words[1].find('-')));
  if (!number) return std::nullopt;
  const std::uint64_t function = *number >> 11 & 0xffff;
  return PciAddress{.domain = static_cast<std::uint16_t>(*number >> 27 & 0xffff),
                    .bus = static_cast<std::uint8_t>(function >> 8),
                    .device = static_cast<std::uint8_t>(function >> 3 & 0x1f),
                    .function = static_cast<std::uint8_t>(function & 7)};
}

/// "16" of "irq 16: nobody cared" and "Disabling IRQ #16" (kernel/irq/spurious.c).
std::string number_in(std::string_view text, std::string_view before) {
  const std::size_t at = text.find(before);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + before.size());
  return std::string(rest.substr(0, rest.find_first_not_of("0123456789")));
}

/// "0.208": CPU and vector. "__common_interrupt: 0.208 No irq handler for vector" up to 6.9, "No
/// irq handler for 0.208" later (arch/x86/kernel/irq.c, common_interrupt; both seen).
std::string stray_vector(std::string_view text) {
  constexpr std::string_view words = "No irq handler for";
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return {};
  const std::string_view behind = trim(text.substr(at + words.size()));
  const std::string_view before = trim(text.substr(0, at));
  const bool is_behind = !behind.empty() && behind[0] >= '0' && behind[0] <= '9';
  const std::string_view place = is_behind ? behind : before.substr(before.rfind(' ') + 1);
  return std::string(place.substr(0, place.find_first_not_of("0123456789.")));
}

/// At `t` of the kernel's clock.
void note_vector(IrqMessages& messages, std::string_view text, double t) {
  const std::string name = stray_vector(text);
  if (name.empty()) return;
  StrayVector& vector = messages.vectors[name];
  if (t > 0)
    vector.times.push_back(t);
  else
    ++vector.untimed;
}

/// "[    0.293936] TEXT": the kernel's time and the text.
std::optional<std::pair<double, std::string_view>> stamped(std::string_view line) {
  const std::size_t bracket = line.find(']');
  if (bracket == std::string_view::npos || line[0] != '[') return std::nullopt;
  const std::string time(trim(line.substr(1, bracket - 1)));
  char* rest = nullptr;
  const double t = std::strtod(time.c_str(), &rest);
  if (time.empty() || *rest != '\0') return std::nullopt;
  return std::pair(t, line.substr(bracket + 1));
}

void sort_message(IrqMessages& messages, std::string_view text) {
  const std::string line = shorten(text, 160);
  const bool nobody = matches("irq *: nobody cared", text);
  if (nobody || matches("Disabling IRQ #", text)) {
    messages.giving_up.push_back(line);
    const std::string number = number_in(text, nobody ? "irq " : "Disabling IRQ #");
    if (!number.empty()) messages.disabled.insert(number);
  } else if (matches("No irq handler for", text)) {
    messages.no_handler.push_back(line);
  } else if (matches("no vector available", text)) {
    messages.no_vector.push_back(line);  // arch/x86/kernel/apic/vector.c
  } else if (matches("purious", text) && (matches("nterrupt", text) || matches("IRQ", text))) {
    messages.spurious.push_back(line);
  }
}

}  // namespace

std::string device_of_line(const evidence::Run& run, const IrqLine& line) {
  const auto& devices = run.plan.devices;
  if (const auto function = function_of(line.chip)) {
    const auto found = std::find_if(devices.begin(), devices.end(), [&](const auto& device) {
      return device.address == *function;
    });
    return found != devices.end() ? found->name : to_string(*function);
  }
  std::vector<std::string> named;
  for (const auto& device : devices)
    if (!line.actions.empty() && mentions(line.actions, device)) named.push_back(device.name);
  return list_words(named);
}

std::map<std::string, IrqSample> irq_samples(const evidence::Run& run) {
  std::map<std::string, IrqSample> samples;
  for (const auto& answer : run.said<record::answer::Interrupts>("capture"))
    if (answer.lines) samples[answer.at] = sample_of(run, answer);
  return samples;
}

std::optional<StrayVector::Burst> soonest_ten(std::vector<double> times) {
  std::ranges::sort(times);
  std::optional<StrayVector::Burst> soonest;
  for (std::size_t i = told_in_five_seconds - 1; i < times.size(); ++i) {
    const double seconds = times[i] - times[i - (told_in_five_seconds - 1)];
    if (!soonest || seconds < soonest->seconds)
      soonest = {told_in_five_seconds, seconds,
                 static_cast<double>(told_in_five_seconds - 1) / std::max(seconds, shortest)};
  }
  return soonest;
}

bool IrqMessages::used_up_early() const {
  constexpr double interval = 5;
  std::uint64_t untimed = 0;
  std::uint64_t told = 0;
  for (const auto& [name, vector] : vectors) {
    untimed += vector.untimed;
    told += vector.untimed + static_cast<std::uint64_t>(std::ranges::count_if(
                                 vector.times, [](double t) { return t <= interval; }));
  }
  return untimed > 0 && told >= told_in_five_seconds;
}

std::optional<double> IrqMessages::early_rate_by_clock() const {
  std::size_t untimed = 0;
  std::vector<double> times;
  for (const auto& [name, vector] : vectors) {
    untimed += vector.untimed;
    times.insert(times.end(), vector.times.begin(), vector.times.end());
  }
  if (untimed + 2 > told_in_five_seconds) return std::nullopt;
  const std::size_t timed = told_in_five_seconds - untimed;
  if (times.size() < timed) return std::nullopt;
  std::ranges::sort(times);
  // Those without a time came before the first that has one.
  const double seconds = times[timed - 1] - times.front();
  return static_cast<double>(told_in_five_seconds - 1) / std::max(seconds, shortest);
}

namespace {

/// Lines of the messages that have a time in the kernel's log, without those that came before its
/// clock ran as well: where the line carries no times (CONFIG_PRINTK_TIME, printk.time=0), the log
/// does all the same.
std::set<std::string, std::less<>> timed_lines(const evidence::Run& run) {
  std::set<std::string, std::less<>> timed;
  const auto log = run.last_said<record::answer::Kmsg>("capture");
  if (!log) return timed;
  const auto each = [&](bool has_time, const auto& act) {
    for (const auto& entry : log->entries)
      if ((entry.guest > 0) == has_time)
        for (const std::string& part : split(unescape(entry.text), '\n'))
          act(std::string(trim(part)));
  };
  each(true, [&](std::string line) { timed.insert(std::move(line)); });
  each(false, [&](const std::string& line) { timed.erase(line); });
  timed.erase("");
  return timed;
}

}  // namespace

std::optional<EarlyWindow> early_window(const evidence::Run& run, const Story& story) {
  if (!story.first_line) return std::nullopt;
  const auto lines = capture_serial(run, story);
  const bool has_stamps =
      std::ranges::any_of(lines, [](const auto* line) { return stamped(line->text).has_value(); });
  const auto timed = has_stamps ? std::set<std::string, std::less<>>() : timed_lines(run);
  EarlyWindow window{*story.first_line, *story.first_line};
  for (const auto* line : lines) {
    window.until = std::max(window.until, line->t);
    if (const auto said = stamped(line->text); said && said->first > 0) return window;
    if (timed.contains(trim(line->text))) return window;
  }
  // By its last line the kernel has long given out vectors itself.
  return has_stamps ? std::optional(window) : std::nullopt;
}

std::optional<EarlyRate> early_rate(const evidence::Run& run, const EarlyWindow& window,
                                    const std::string& vector, const StrayVector& seen) {
  const auto number = parse_number(vector.substr(vector.find('.') + 1));
  if (!number) return std::nullopt;
  // What was delivered to others shows that it was traced.
  if (run.trace.deliveries.empty() || run.trace.last < window.until || run.trace.goes_back)
    return std::nullopt;
  const auto found = run.trace.deliveries.find(static_cast<unsigned>(*number));
  // The old kernel leaves at most one of a vector pending: a bit of the APIC's IRR (Intel SDM 3A,
  // 10.8.4). It was delivered before the trace begins.
  constexpr std::size_t pending = 1;
  if (found == run.trace.deliveries.end())
    return seen.untimed <= pending ? std::optional(EarlyRate{0, 0}) : std::nullopt;
  const auto rate = [](const std::vector<double>& times) {
    const auto ten = soonest_ten(times);
    return ten ? ten->per_second : 0.0;
  };
  std::optional<double> least;
  std::vector<double> all;
  for (const auto& [where, times] : found->second) {
    std::vector<double> within;
    std::ranges::copy_if(times, std::back_inserter(within),
                         [&](double t) { return t >= window.from && t <= window.until; });
    if (within.size() + pending >= seen.untimed)
      least = std::min(least.value_or(rate(within)), rate(within));
    all.insert(all.end(), within.begin(), within.end());
  }
  if (all.size() + pending < seen.untimed) return std::nullopt;
  // Told of one CPU, delivered under several names of it.
  return EarlyRate{least.value_or(0), rate(all)};
}

IrqMessages irq_messages(const evidence::Run& run, const Story& story) {
  IrqMessages messages;
  std::set<std::string> seen;
  const auto add = [&](std::string_view text) {
    if (seen.insert(std::string(text)).second) sort_message(messages, text);
  };
  for (const auto* line : capture_serial(run, story)) add(message_of(line->text));
  if (const auto log = run.last_said<record::answer::Kmsg>("capture"))
    for (const auto& message : log->entries) {
      add(message.text);
      note_vector(messages, message.text, message.guest);
    }
  if (messages.vectors.empty())
    // Where a storm also costs characters: only when there is no log.
    for (const auto* line : capture_serial(run, story))
      if (const auto said = stamped(line->text)) note_vector(messages, said->second, said->first);
  return messages;
}

}  // namespace quiesce::checks
