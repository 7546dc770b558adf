// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/model.hpp"

#include <algorithm>

#include "harness/base/text.hpp"

namespace quiesce::models {

using nlohmann::json;

namespace {

std::vector<const Model*>& list() {
  static std::vector<const Model*> models;
  return models;
}

bool same_type(const json& a, const json& b) {
  return a.is_number() ? b.is_number() : a.type() == b.type();
}

}  // namespace

Registration::Registration(const Model& model) {
  auto& models = list();
  const auto by_name = [](const Model* one) { return one->name; };
  models.insert(std::ranges::lower_bound(models, model.name, {}, by_name), &model);
}

const std::vector<const Model*>& registry() {
  return list();
}

const Model* find(const std::string& name) {
  for (const Model* model : list())
    if (model->name == name) return model;
  return nullptr;
}

Result<json> fill_settings(const Model& model, const json& given) {
  json all = json::object();
  std::vector<std::string> names;
  for (const auto& setting : model.settings) {
    all[setting.name] = setting.fallback;
    names.push_back(setting.name);
  }
  if (!given.is_object())
    return fail(Errc::invalid_input, "settings of {}: expected an object", model.name);
  for (const auto& [name, value] : given.items()) {
    if (!all.contains(name)) {
      const std::string near = nearest(name, names);
      return fail(Errc::invalid_input, "model {} has no setting \"{}\"{}", model.name, name,
                  near.empty() ? std::string() : "; did you mean \"" + near + "\"?");
    }
    if (!same_type(all[name], value))
      return fail(Errc::invalid_input,
                  "setting {} of model {}: expected a value such as {}, found {}", name, model.name,
                  all[name].dump(), value.dump());
    all[name] = value;
  }
  return all;
}

}  // namespace quiesce::models
