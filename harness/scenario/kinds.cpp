// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/kinds.hpp"

#include <algorithm>

#include "harness/wire/work.hpp"

namespace quiesce::scenario {

// Where kinds are listed: each is kinds/NAME.cpp.
const Kind& net_kind();
const Kind& disk_kind();
const Kind& sound_kind();
const Kind& pointer_kind();
const Kind& console_kind();
const Kind& model_kind();

const std::vector<const Kind*>& kinds() {
  static const std::vector<const Kind*> list{&net_kind(),     &disk_kind(),    &sound_kind(),
                                             &pointer_kind(), &console_kind(), &model_kind()};
  return list;
}

namespace {

Work nothing() {
  return {.name = wire::no_work, .parameters = {}, .uses_memory = false};
}

std::vector<Work> all_of(std::vector<Work> Kind::*member) {
  std::vector<Work> all;
  for (const auto* kind : kinds())
    for (Work work : kind->*member) {
      if (kind->backend != nullptr) work.backend = kind->backend->name;
      all.push_back(std::move(work));
    }
  all.push_back(nothing());
  return all;
}

/// Plans may be foreign: what is no text counts as none.
Work work_in(const nlohmann::json& object, const std::vector<Work>& known) {
  const auto kind = object.is_object() ? object.find("kind") : object.end();
  Work work = nothing();
  work.name.clear();
  if (kind == object.end() || !kind->is_string()) return work;
  const auto& name = kind->get_ref<const std::string&>();
  if (name.empty() || name == wire::no_work) return work;
  if (const Work* found = find_kind(known, name)) return *found;
  work.name = name;
  work.uses_memory = true;
  return work;
}

}  // namespace

const std::vector<Work>& activity_kinds() {
  static const std::vector<Work> all = all_of(&Kind::activities);
  return all;
}

const std::vector<Work>& test_kinds() {
  static const std::vector<Work> all = all_of(&Kind::tests);
  return all;
}

const KindParameter* Work::parameter(std::string_view wanted) const {
  for (const auto& one : parameters)
    if (one.name == wanted) return &one;
  return nullptr;
}

const Work* find_kind(const std::vector<Work>& kinds, std::string_view name) {
  for (const auto& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

std::vector<std::string> kind_names(const std::vector<Work>& kinds) {
  std::vector<std::string> names;
  names.reserve(kinds.size());
  for (const auto& kind : kinds) names.push_back(kind.name);
  return names;
}

const std::vector<std::string>& backend_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"none"};
    for (const auto* kind : kinds())
      if (kind->backend != nullptr) all.emplace_back(kind->backend->name);
    return all;
  }();
  return names;
}

const Backend* find_backend(std::string_view name) {
  for (const auto* kind : kinds())
    if (kind->backend != nullptr && name == kind->backend->name) return kind->backend;
  return nullptr;
}

Work activity_of(const nlohmann::json& activity) {
  return work_in(activity, activity_kinds());
}

Work test_of(const nlohmann::json& test) {
  return work_in(test, test_kinds());
}

bool shows_console(const Profile& profile) {
  return activity_of(profile.activity).shows_console;
}

bool has_display(const std::vector<PlannedDevice>& devices) {
  return std::ranges::any_of(devices,
                             [](const auto& device) { return shows_console(device.profile); });
}

}  // namespace quiesce::scenario
