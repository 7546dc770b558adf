// SPDX-License-Identifier: GPL-2.0-or-later
// Which profile fits what was seen of a device, and the reasons, as text. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/draft/function.hpp"
#include "harness/run/survey.hpp"
#include "harness/scenario/model.hpp"

namespace quiesce::draft {

/// All that is known of a device once a kernel has run with it.
struct Known {
  QemuFacts facts;
  std::string kernel;          ///< as the user named it
  std::string release;         ///< "6.1.0-56-amd64"
  scenario::Profile attached;  ///< with_attachment(facts)
  /// Modalias of the function or of something below it -> the modules whose aliases fit.
  std::map<std::string, std::vector<std::string>> fitting_modules;
  std::vector<std::string> tried_modules;  ///< what aliases named, in the order of loading
  run::Work tried_work;                    ///< what the survey tried
  run::Survey survey;
};

struct Draft {
  scenario::Profile profile;
  /// Key of the profile -> why it says what it says; a paragraph each.
  std::map<std::string, std::vector<std::string>> comments;
  /// What it is, and which activity and test it could be given: for the person who asked.
  std::vector<std::string> conclusions;
};

/// Modaliases that a driver could still be found for: the function's and its children's that have
/// none, and those of input devices, which have handlers instead of drivers.
std::vector<std::string> unmet_modaliases(const nlohmann::json& function);
/// Of the modules that fit such an alias, those worth loading: of an input device's handlers only
/// evdev.
std::vector<std::string> worth_loading(const std::string& modalias,
                                       std::vector<std::string> modules);

/// Every modalias that the kernel shows: the function's and its children's.
std::vector<std::string> all_modaliases(const nlohmann::json& function);

Draft make_draft(const Known& known);

/// The file: JSON with the comments in it, as the loader reads it.
std::string profile_text(const Draft& draft);

}  // namespace quiesce::draft
