// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/classify.hpp"

#include <algorithm>

#include "harness/checks/log/reading.hpp"
#include "harness/checks/log/tables.hpp"
#include "harness/scenario/mention.hpp"

namespace quiesce::checks {

namespace {

using Texts = std::vector<std::string>;

bool contains(const Texts& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool names_any_address(std::string_view text, const Texts& addresses) {
  for (std::size_t from = 0; from < text.size();)
    if (const auto address = next_address(text, from);
        !address.empty() && contains(addresses, address))
      return true;
  return false;
}

bool is_alias(const tables::Alias& alias, std::string_view driver) {
  const std::string_view known = alias.driver;
  return known.ends_with('*')
             ? driver.starts_with(known.substr(0, known.size() - 1))
             : scenario::names_word(driver, known) && driver.size() == known.size();
}

/// A name that devices of one of these drivers get from others.
bool speaks_for(std::string_view name, const Texts& drivers) {
  const auto aliases = tables::aliases();
  return std::any_of(aliases.begin(), aliases.end(), [&](const tables::Alias& alias) {
    return name == alias.name &&
           std::any_of(drivers.begin(), drivers.end(),
                       [&](const std::string& driver) { return is_alias(alias, driver); });
  });
}

bool is_platform(std::string_view text, const Origin& origin) {
  const auto names = tables::platform();
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    if (origin.driver == name ||
        (origin.driver.starts_with(name) && origin.driver.substr(name.size()).starts_with('_')))
      return true;
    if (!text.starts_with(name))
      return text.find(", dev " + std::string(name)) != std::string_view::npos;
    return text.size() == name.size() || text[name.size()] == ' ' || text[name.size()] == ':';
  });
}

/// A serial line has none; DRM says that it is an error.
std::optional<int> level_of(const Message& message, const Origin& origin) {
  constexpr int error = 3;
  if (!origin.says_error) return message.level;
  return std::min(message.level.value_or(error), error);
}

/// What a device's driver says counts from this on. `outright`: an error needs no word for it.
Trouble least_of_device(std::optional<int> level, bool outright) {
  if (!level) return Trouble::named;
  if (*level <= 3) return outright ? Trouble::none : Trouble::hinted;
  return *level == 4 ? Trouble::mentioned : Trouble::stated;
}

/// What a part of the kernel says counts from this on, if ever: it tells of much that does not
/// matter.
std::optional<Trouble> least_of_part(std::optional<int> level) {
  if (!level || *level > 4) return std::nullopt;
  return *level <= 3 ? Trouble::mentioned : Trouble::grave;
}

/// Another way was found, or all is well. An error that was stated stays one though the driver goes
/// on, and what is of no use any more is not forgiven at all.
bool is_forgiven(const Reading& reading, std::optional<int> level) {
  const Trouble least = level && *level <= 3 ? Trouble::stated : Trouble::grave;
  return reading.calm || reading.replaced || (reading.managed && reading.trouble < least);
}

std::string reason(const Reading& reading, std::optional<int> level) {
  std::string why = reading.words.empty() ? "said" : "\"" + reading.words + "\"";
  return why + (level ? " at level " + std::to_string(*level) : " without a level");
}

Judgement by_sentence(const Message& message, const Origin& origin, Concerns whose) {
  const auto level = level_of(message, origin);
  const Reading reading = read_sentence(origin.body);
  const bool of_device = origin.shape == Origin::Shape::device || whose == Concerns::tested;
  const bool outright = whose == Concerns::tested || origin.says_error;
  const auto least =
      of_device ? std::optional(least_of_device(level, outright)) : least_of_part(level);
  Judgement judgement{.kind = {}, .concerns = whose, .why = {}};
  // What is set in belongs to the line above, as the bits of an AER report.
  if (!least || reading.trouble < *least || is_forgiven(reading, level) || origin.set_in)
    return judgement;
  judgement.kind = reading.late ? "timeout" : "device";
  judgement.why = reason(reading, level);
  // An error without a word of trouble is a line of what the driver says more of.
  judgement.follows = reading.trouble == Trouble::none;
  return judgement;
}

const tables::Report* report_of(std::string_view text) {
  const auto table = tables::reports();
  const auto found = std::find_if(table.begin(), table.end(), [&](const tables::Report& report) {
    return tables::fits(report.pattern, text);
  });
  return found == table.end() ? nullptr : &*found;
}

const tables::Harmless* harmless_of(std::string_view text) {
  const auto table = tables::harmless();
  const auto found = std::find_if(table.begin(), table.end(), [&](const tables::Harmless& known) {
    return tables::fits(known.pattern, text);
  });
  return found == table.end() ? nullptr : &*found;
}

/// Trouble of a device, and not the kernel's own, which counts whoever caused it.
bool is_of_device(std::string_view kind) {
  return kind == "device" || kind == "timeout";
}

}  // namespace

Concerns concerns(std::string_view text, const Origin& origin, const UnderTest& tested) {
  if (names_any_address(text, tested.addresses)) return Concerns::tested;
  const bool other_address = names_any_address(text, tested.others);
  if (!other_address &&
      (speaks_for(origin.driver, tested.drivers) ||
       std::any_of(tested.drivers.begin(), tested.drivers.end(),
                   [&](const std::string& name) { return scenario::names_word(text, name); })))
    return Concerns::tested;
  if (other_address || is_platform(text, origin)) return Concerns::other;
  return origin.shape == Origin::Shape::device ? Concerns::unknown : Concerns::kernel;
}

const char* to_string(Concerns whose) {
  switch (whose) {
    case Concerns::kernel:
      return "kernel";
    case Concerns::tested:
      return "device under test";
    case Concerns::other:
      return "other device";
    case Concerns::unknown:
      break;
  }
  return "unknown device";
}

Judgement classify(const Message& message, const UnderTest& tested) {
  const std::string_view text = message.text;
  if (const auto* known = harmless_of(text))
    return {.kind = {}, .concerns = Concerns::kernel, .why = known->reason};
  const Origin origin = origin_of(text);
  Judgement judgement;
  if (const auto* report = report_of(text))
    judgement = {.kind = report->kind,
                 .concerns = concerns(text, origin, tested),
                 .why = std::string("the form \"") + report->pattern + "\"",
                 .follows = report->follows};
  else
    judgement = by_sentence(message, origin, concerns(text, origin, tested));
  if (is_of_device(judgement.kind) && judgement.concerns == Concerns::other)
    judgement.kind = "elsewhere";
  return judgement;
}

}  // namespace quiesce::checks
