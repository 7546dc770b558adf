// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/draft.hpp"

#include <algorithm>

#include "harness/scenario/kinds.hpp"

namespace quiesce::draft {

using nlohmann::json;

namespace {

constexpr std::string_view input_alias = "input:";
constexpr const char* event_handler = "evdev";

std::string word_of(const json& object, const char* key) {
  const auto value = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && value != object.end() && value->is_string()
             ? value->get<std::string>()
             : std::string();
}

json list_of(const json& object, const char* key) {
  const auto value = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && value != object.end() && value->is_array() ? *value : json::array();
}

std::string same_form(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

std::string list_words(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

/// The function itself and every device below it.
std::vector<json> devices_of(const json& function) {
  std::vector<json> devices{function};
  for (const auto& child : list_of(function, "children")) devices.push_back(child);
  return devices;
}

/// The modules that hold a device's driver. Not every bus links a driver to its module
/// (drivers/mmc): then those whose aliases fit.
std::vector<std::string> holders_of(const json& device, const Known& known) {
  const std::string modalias = word_of(device, "modalias");
  if (modalias.starts_with(input_alias)) return {event_handler};
  if (word_of(device, "driver").empty()) return {};
  if (const std::string module = word_of(device, "module"); !module.empty()) return {module};
  const auto fitting = known.fitting_modules.find(modalias);
  return fitting != known.fitting_modules.end() ? fitting->second : std::vector<std::string>();
}

/// Modules whose drivers took the function or something below it, in the order they were loaded in.
std::vector<std::string> needed_modules(const Known& known) {
  std::vector<std::string> holders;
  for (const auto& device : devices_of(known.survey.function))
    for (const auto& module : holders_of(device, known)) holders.push_back(same_form(module));
  std::vector<std::string> needed;
  for (const auto& module : known.tried_modules)
    if (std::ranges::find(holders, same_form(module)) != holders.end()) needed.push_back(module);
  return needed;
}

/// "net (eth0), block (sda)": what the kernel made of it.
std::string node_words(const json& nodes) {
  std::vector<std::string> words;
  if (nodes.is_object())
    for (const auto& [kind, names] : nodes.items()) {
      std::vector<std::string> list;
      for (const auto& name : names)
        if (name.is_string()) list.push_back(name);
      words.push_back(fmt::format("{} ({})", kind, list_words(list)));
    }
  return words.empty() ? "nothing that has a class in /sys/class" : list_words(words);
}

std::string failure_words(const json& failed) {
  std::vector<std::string> words;
  if (failed.is_array())
    for (const auto& one : failed)
      words.push_back(fmt::format("{} ({})", word_of(one, "name"), word_of(one, "error")));
  return list_words(words);
}

class Drafter {
 public:
  explicit Drafter(const Known& known) : known_(known) { draft_.profile = known.attached; }

  Draft draft() {
    identity();
    objects();
    driver();
    activity();
    test();
    tags();
    trace();
    resets();
    return std::move(draft_);
  }

 private:
  void comment(const char* key, std::string text) {
    draft_.comments[key].push_back(std::move(text));
  }
  void conclude(std::string text) { draft_.conclusions.push_back(std::move(text)); }

  void identity() {
    const PciConfig& config = known_.facts.config;
    const std::string what =
        fmt::format("{}, {:04x}:{:04x}; {}; capabilities: {}", class_words(config), config.vendor(),
                    config.device(), bar_words(known_.facts.bars), capability_words(config));
    comment("format",
            fmt::format("A device profile of Quiesce, drafted by \"quiesce device new {}\" "
                        "from what QEMU {} and Linux {} showed. Change what you know better.",
                        known_.facts.device.name, known_.facts.qemu_version, known_.release));
    comment("description", what);
    conclude("it is: " + what);
  }

  void objects() {
    const auto& profile = draft_.profile;
    std::string text =
        "-device objects of QEMU, the PCI function first. The harness fills in @name, @addr";
    if (const auto* backend = scenario::find_backend(profile.backend); backend && backend->has_mac)
      text += ", @mac";
    text += profile.backend == "none" ? "." : ", @backend.";
    if (profile.qemu.size() > 1)
      text += fmt::format(" The {} hangs on it so that there is something to do.",
                          word_of(profile.qemu[1], "driver"));
    comment("qemu", text);
    if (profile.backend != "none")
      comment("backend", "What the harness puts behind it: net, disk, audio or none.");
  }

  void driver() {
    const json& function = known_.survey.function;
    auto& profile = draft_.profile;
    profile.driver = word_of(function, "driver");
    if (!profile.driver.empty()) profile.modules = needed_modules(known_);
    const std::string tried = known_.tried_modules.empty()
                                  ? "no module of this kernel has an alias that fits"
                                  : "modules by alias: " + list_words(known_.tried_modules);
    std::string text = tried;
    if (const std::string failed = failure_words(known_.survey.failed_modules); !failed.empty())
      text += fmt::format("; not loaded: {}", failed);
    text += profile.driver.empty()
                ? "; no driver took the device"
                : fmt::format("; the driver {} took it and made of it: {}", profile.driver,
                              node_words(function.value("nodes", json())));
    comment("modules", fmt::format("{} ({}).", text, known_.survey.function.value("modalias", "")));
    comment("driver", "As in /sys/bus/pci/drivers; empty: none is expected, in either kernel.");
    conclude("driver: " + text);
    if (profile.driver.empty())
      conclude(
          "without a driver a run judges only that the device is there: its configuration "
          "space, its interrupts, and writes into memory");
  }

  /// nullptr: it was not tried, or it did not work.
  const run::Trial* working(const std::optional<run::Trial>& trial) const {
    return trial && trial->works ? &*trial : nullptr;
  }

  void activity() {
    auto& profile = draft_.profile;
    profile.activity = {{"kind", "none"}};
    const auto& trial = known_.survey.activity;
    if (const auto* found = working(trial)) {
      profile.activity = known_.tried_work.activity;
      comment("activity",
              fmt::format("What keeps it busy until the crash. Tried: {}.", found->detail));
      return conclude(fmt::format("activity: {} works ({})", found->kind, found->detail));
    }
    const std::string why =
        trial ? fmt::format("{} was tried and did not work: {}", trial->kind, trial->detail)
              : std::string(
                    "nothing fits: the kernel made no network card, disk, sound card, input "
                    "device or screen of it");
    comment("activity", fmt::format("It is idle at the crash: {}.", why));
    conclude(fmt::format("activity: none; {}", why));
  }

  void test() {
    auto& profile = draft_.profile;
    profile.test = {{"kind", "none"}};
    const auto& trial = known_.survey.test;
    if (const auto* found = working(trial)) {
      profile.test = known_.tried_work.test;
      comment("test", fmt::format("What shows that it works in the capture kernel. Tried: {}.",
                                  found->detail));
      return conclude(fmt::format("test: {} works ({})", found->kind, found->detail));
    }
    const std::string why =
        trial ? fmt::format("{} was tried and did not work: {}", trial->kind, trial->detail)
              : std::string("as for the activity");
    comment("test", fmt::format("That it works is not asked for: {}.", why));
    conclude(
        fmt::format("test: none; {}. Then device.works has nothing to say: that the driver "
                    "binds again is the most that is judged",
                    why));
  }

  void tags() {
    auto& profile = draft_.profile;
    profile.writes_tagged = known_.survey.tagged_pages > 0;
    if (profile.writes_tagged) {
      comment("writes_tagged", fmt::format("{} pages that it wrote carried the harness's tags.",
                                           known_.survey.tagged_pages));
      return conclude("its writes carry tags: a stray page names it");
    }
    comment("writes_tagged",
            known_.survey.copied_pages > 0
                ? "Tagged pages came while its Bus Master was off, so the CPU copied them: a stray "
                  "page of it has no name."
                : "No page that it wrote carried a tag of the harness: a stray page of it has no "
                  "name.");
    conclude("its writes carry no tags that were seen: a stray page of it has no name of its own");
  }

  /// Only what came when its driver took the device: the machine's start resets everything.
  void trace() {
    // As many as a profile may hold.
    constexpr std::size_t most = 16;
    const auto& seen = known_.survey.events_while_loading;
    std::vector<std::string> silent;
    std::vector<std::string> told;
    draft_.profile.trace.clear();
    for (const auto& meaning : known_.attached.trace) {
      const auto count = seen.find(meaning.event);
      const auto& others = known_.facts.reset_events.others;
      if (count == seen.end()) {
        if (std::ranges::find(others, meaning.event) == others.end())
          silent.push_back(meaning.event);
        continue;
      }
      if (told.size() >= most) continue;
      draft_.profile.trace.push_back(meaning);
      told.push_back(fmt::format(
          "{} ({})", meaning.event,
          count->second == 1 ? std::string("once") : fmt::format("{} times", count->second)));
    }
    std::string text = "traced by QEMU while its driver loaded: " + list_words(told);
    if (told.empty())
      text = fmt::format("of the {} resets that QEMU can trace none came while its driver loaded",
                         known_.attached.trace.size());
    if (!silent.empty()) text += fmt::format("; did not come: {}", list_words(silent));
    if (told.empty())
      text += ", so that the end of its DMA has no cause that can be named (dma.stopped)";
    comment("trace", fmt::format("{}. QEMU's \"-trace help\" lists all events.", text));
    conclude("reset by its driver: " + text);
  }

  void resets() {
    std::vector<std::string> others;
    for (const auto& method : list_of(known_.survey.function, "reset_methods")) {
      const std::string name = method.is_string() ? method.get<std::string>() : std::string();
      if (name == "flr" || name == "pm" || name == "bus")
        draft_.profile.reset_methods.push_back(name);
      else if (!name.empty())
        others.push_back(name);
    }
    std::string text = "As the guest's reset_method lists them.";
    if (!others.empty()) text += fmt::format(" It also has: {}.", list_words(others));
    comment("reset_methods", text);
  }

  const Known& known_;
  Draft draft_;
};

}  // namespace

std::vector<std::string> unmet_modaliases(const json& function) {
  std::vector<std::string> unmet;
  for (const auto& device : devices_of(function)) {
    const std::string modalias = word_of(device, "modalias");
    const bool met = !word_of(device, "driver").empty() && !modalias.starts_with(input_alias);
    if (!modalias.empty() && !met) unmet.push_back(modalias);
  }
  return unmet;
}

std::vector<std::string> all_modaliases(const json& function) {
  std::vector<std::string> all;
  for (const auto& device : devices_of(function))
    if (std::string modalias = word_of(device, "modalias"); !modalias.empty())
      all.push_back(std::move(modalias));
  return all;
}

std::vector<std::string> worth_loading(const std::string& modalias,
                                       std::vector<std::string> modules) {
  if (modalias.starts_with(input_alias))
    std::erase_if(modules, [](const auto& module) { return module != event_handler; });
  return modules;
}

Draft make_draft(const Known& known) {
  return Drafter(known).draft();
}

}  // namespace quiesce::draft
