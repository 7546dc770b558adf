// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <set>

#include "harness/base/names.hpp"
#include "harness/scenario/kinds.hpp"
#include "harness/scenario/rules.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

const std::vector<std::string> placeholders{"@name", "@backend", "@mac",   "@addr",
                                            "@bus",  "@port",    "@socket"};

/// The kind and parameters of "activity" or "test".
void check_kind(const json& value, const std::vector<Work>& kinds, const Profile& profile,
                const std::string& place, Report& report) {
  if (value.empty()) return;
  const auto name = value.find("kind");
  if (name == value.end())
    return report.add(place,
                      "the key \"kind\" is missing: one of " + quoted_list(kind_names(kinds)));
  if (const auto problem = shape::choice(kind_names(kinds)).wrong(*name))
    return report.add(below(place, "kind"), *problem);
  const Work& kind = *find_kind(kinds, name->get_ref<const std::string&>());
  if (!kind.backend.empty() && kind.backend != profile.backend && !report.touches("/backend"))
    report.add(below(place, "kind"), fmt::format("\"{}\" needs the backend \"{}\", found \"{}\"",
                                                 kind.name, kind.backend, profile.backend));
  std::vector<std::string> known;
  for (const auto& parameter : kind.parameters) known.push_back(parameter.name);
  for (const auto& [key, parameter] : value.items()) {
    if (key == "kind") continue;
    const auto* spec = kind.parameter(key);
    if (spec == nullptr)
      report.add(below(place, key),
                 unknown(fmt::format("parameter of \"{}\"", kind.name), key, known));
    else if (const auto problem = spec->shape.wrong(parameter))
      report.add(below(place, key), *problem);
  }
}

/// `"net", "disk" or "audio"`; "none" is left out.
std::string one_of(std::vector<std::string> names) {
  std::erase(names, "none");
  std::string text;
  for (std::size_t at = 0; at < names.size(); ++at)
    text += fmt::format("{}\"{}\"",
                        at == 0                  ? ""
                        : at + 1 == names.size() ? " or "
                                                 : ", ",
                        names[at]);
  return text;
}

std::vector<std::string> with_mac() {
  std::vector<std::string> names = backend_names();
  std::erase_if(names, [](const std::string& name) {
    const Backend* backend = find_backend(name);
    return backend == nullptr || !backend->has_mac;
  });
  return names;
}

/// Every text of the objects that begins with '@'.
std::set<std::string> check_placeholders(const Profile& profile, Report& report) {
  std::set<std::string> used;
  for (std::size_t at = 0; at < profile.qemu.size(); ++at) {
    for (const auto& [key, value] : profile.qemu[at].items()) {
      if (!value.is_string() || !value.get_ref<const std::string&>().starts_with('@')) continue;
      const auto& word = value.get_ref<const std::string&>();
      used.insert(word);
      if (std::ranges::find(placeholders, word) == placeholders.end())
        report.add(below(below("/qemu", at), key), unknown("placeholder", word, placeholders));
    }
  }
  return used;
}

void check_objects(const Profile& profile, Report& report) {
  if (report.touches("/qemu")) return;
  if (profile.qemu.empty()) return report.add("/qemu", "expected a list of objects, found none");
  const auto used = check_placeholders(profile, report);
  const json& function = profile.qemu.front();
  // Without its own name QEMU's trace and QMP do not know it; without the slot the two kernels may
  // not agree on it.
  for (const auto& [key, word] : {std::pair("id", "@name"), std::pair("addr", "@addr")})
    if (!function.contains(key) || function[key] != word)
      report.add("/qemu/0", fmt::format("expected \"{}\": \"{}\" in the PCI function", key, word));
  if (profile.server.has_value() != used.contains("@socket"))
    report.add("/server", "a server and \"@socket\" in the -device object need each other");
  if (report.touches("/backend")) return;
  if (profile.backend == "none" && used.contains("@backend"))
    report.add("/backend",
               fmt::format("expected {}, since \"@backend\" is used", one_of(backend_names())));
  if (profile.backend != "none" && !used.contains("@backend"))
    report.add("/qemu", fmt::format("backend \"{}\" is connected nowhere: no \"@backend\"",
                                    profile.backend));
  const Backend* backend = find_backend(profile.backend);
  if (used.contains("@mac") && (backend == nullptr || !backend->has_mac))
    report.add("/qemu", fmt::format("\"@mac\" is for the backend {} only", one_of(with_mac())));
}

void check_twice(const std::vector<std::string>& words, const std::string& place, Report& report) {
  std::set<std::string> seen;
  for (std::size_t at = 0; at < words.size(); ++at)
    if (!seen.insert(words[at]).second)
      report.add(below(place, at), fmt::format("\"{}\" is listed twice", words[at]));
}

}  // namespace

void check_server_words(const ServerSpec& server, const std::string& place, Report& report) {
  for (std::size_t at = 0; at < server.command.size(); ++at) {
    const std::string& word = server.command[at];
    if (!word.starts_with('@') || std::ranges::find(server_words, word) != server_words.end())
      continue;
    // Another program's words may begin so as well.
    if (const std::string near = did_you_mean(word, server_words); !near.empty())
      report.add(below(place, at), fmt::format("\"{}\" stands for nothing; {}", word, near));
  }
}

void apply_rules(const Profile& profile, Report& report) {
  if (profile.server) check_server_words(*profile.server, "/server/command", report);
  check_objects(profile, report);
  check_kind(profile.activity, activity_kinds(), profile, "/activity", report);
  check_kind(profile.test, test_kinds(), profile, "/test", report);
  check_twice(profile.modules, "/modules", report);
  check_twice(profile.reset_methods, "/reset_methods", report);
  if (profile.ring && !report.touches("/ring") && profile.ring->head == profile.ring->tail)
    report.add("/ring/tail", "head and tail are the same register");
}

}  // namespace quiesce::scenario
