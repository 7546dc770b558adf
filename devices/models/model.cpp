// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/model.hpp"

#include <algorithm>

#include "harness/base/names.hpp"

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

Result<void> check_value(const Model& model, const Setting& setting, const json& value) {
  const auto wrong = [&](const std::string& expected) {
    return fail(Errc::invalid_input, "setting {} of model {}: expected {}, found {}", setting.name,
                model.name, expected, value.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  if (!same_type(setting.fallback, value))
    return wrong("a value such as " + setting.fallback.dump());
  if (value.is_number()) {
    const double number = value.get<double>();
    if (number < setting.least) return wrong(fmt::format("at least {}", setting.least));
    if (number > setting.most) return wrong(fmt::format("at most {}", setting.most));
  }
  if (value.is_string() && !setting.words.empty() &&
      std::ranges::find(setting.words, value.get_ref<const std::string&>()) == setting.words.end())
    return wrong(fmt::format("one of {}", fmt::join(setting.words, ", ")));
  return {};
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
    const auto setting = std::ranges::find(model.settings, name, &Setting::name);
    if (setting == model.settings.end()) {
      const std::string guess = did_you_mean(name, names);
      return fail(Errc::invalid_input, "model {} has no setting \"{}\"{}{}", model.name, name,
                  guess.empty() ? "" : "; ", guess);
    }
    TRY(check_value(model, *setting, value));
    all[name] = value;
  }
  return all;
}

}  // namespace quiesce::models
