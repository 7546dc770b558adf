// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/profile_sources.hpp"

#include <algorithm>

#include "harness/base/names.hpp"
#include "harness/base/text.hpp"
#include "harness/scenario/report.hpp"

namespace quiesce::scenario {

bool is_profile_file(const std::string& word) {
  return word.find('/') != std::string::npos || word.ends_with(".json");
}

namespace {

namespace fs = std::filesystem;

class Gatherer {
 public:
  explicit Gatherer(std::vector<Profile> shipped) { set_.profiles = std::move(shipped); }

  void add_folder(const ProfileFolder& folder) {
    auto catalog = load_catalog(folder.path);
    if (!catalog) {
      for (auto& diagnostic : catalog.error()) {
        diagnostic.message += fmt::format(" (a folder of {})", folder.named_by);
        wrong_.push_back(std::move(diagnostic));
      }
      return;
    }
    for (auto& profile : *catalog) {
      const fs::path file = folder.path / (profile.name + ".json");
      put(std::move(profile), file);
    }
  }

  void add_file(const std::string& word) {
    if (given_.contains(word)) return;
    auto profile = load_profile(word);
    if (!profile) {
      wrong_.insert(wrong_.end(), profile.error().begin(), profile.error().end());
      return;
    }
    for (const auto& [other, name] : given_)
      if (name == profile->name)
        return wrong_.push_back(
            {word, "/name",
             fmt::format("\"{}\" is also the name of {}: give one of them another name", name,
                         other)});
    given_[word] = profile->name;
    put(std::move(*profile), word);
  }

  /// After all files: a name may be that of any of them.
  void want(const std::string& word) {
    if (const auto file = given_.find(word); file != given_.end())
      return set_.wanted.push_back(file->second);
    if (is_profile_file(word)) return;  // could not be read
    std::vector<std::string> known;
    for (const auto& profile : set_.profiles) known.push_back(profile.name);
    if (std::ranges::find(known, word) != known.end()) return set_.wanted.push_back(word);
    wrong_.push_back({"--device", "",
                      no_such("device", word, known, "quiesce list devices") +
                          "; a file is named with a '/' or \".json\" in it"});
  }

  Loaded<ProfileSet> take() {
    if (!wrong_.empty()) return tl::unexpected(std::move(wrong_));
    return std::move(set_);
  }

 private:
  void put(Profile profile, const fs::path& file) {
    const std::string name = profile.name;
    const auto known = std::ranges::find(set_.profiles, name, &Profile::name);
    if (known == set_.profiles.end()) {
      set_.profiles.push_back(std::move(profile));
    } else {
      const auto earlier = set_.files.find(name);
      set_.notes.push_back(fmt::format(
          "the device profile {} is that of {}, not {}", name, file.string(),
          earlier == set_.files.end() ? "the shipped one" : "that of " + earlier->second.string()));
      *known = std::move(profile);
    }
    set_.files[name] = file;
  }

  ProfileSet set_;
  std::map<std::string, std::string> given_;  ///< file of --device -> its profile's name
  std::vector<Diagnostic> wrong_;
};

}  // namespace

Loaded<ProfileSet> gather_profiles(std::vector<Profile> shipped, const ProfileSources& sources) {
  Gatherer gatherer(std::move(shipped));
  for (const auto& folder : sources.folders) gatherer.add_folder(folder);
  for (const auto& word : sources.devices)
    if (is_profile_file(word)) gatherer.add_file(word);
  for (const auto& word : sources.devices) gatherer.want(word);
  return gatherer.take();
}

std::vector<ProfileFolder> folders_of_list(std::string_view list, const std::string& named_by) {
  std::vector<ProfileFolder> folders;
  for (const auto& path : split(list, ':'))
    if (!path.empty()) folders.push_back({path, named_by});
  return folders;
}

}  // namespace quiesce::scenario
