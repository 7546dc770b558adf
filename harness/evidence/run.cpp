// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "harness/base/digest.hpp"
#include "harness/base/fd.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/evidence/parse.hpp"
#include "harness/evidence/stream.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;

const std::string& text_at(const Texts& texts, const std::string& name) {
  static const std::string empty;
  const auto found = texts.find(name);
  return found == texts.end() ? empty : found->second;
}

/// "pci/handover.json" in `folder` with `ending` gives "handover".
std::optional<std::string> stem(const std::string& name, std::string_view folder,
                                std::string_view ending) {
  const std::size_t around = folder.size() + 1 + ending.size();
  if (name.size() <= around || !name.starts_with(folder) || name[folder.size()] != '/' ||
      !name.ends_with(ending))
    return std::nullopt;
  return name.substr(folder.size() + 1, name.size() - around);
}

Result<scenario::RunPlan> read_plan(const Texts& texts) {
  const auto found = texts.find(record::file::plan);
  if (found == texts.end()) return fail(Errc::invalid_input, "there is no plan.json");
  const json plan = parsed(found->second);
  if (!plan.is_object()) return fail(Errc::invalid_input, "plan.json is no JSON object");
  const auto format = record::read<record::PlanHead>(plan).format;
  if (!format) return fail(Errc::invalid_input, "plan.json has no number \"format\"");
  if (*format > record::format)
    return fail(Errc::invalid_input, "plan.json has format {}, this program reads up to {}",
                *format, record::format);
  return scenario::plan_from_json(plan);
}

/// What other clocks showed at t = 0.
record::event::RunStart start_of(const Run& run) {
  const auto starts = run.events<record::event::RunStart>();
  if (starts.empty()) return {};
  return starts.front();
}

/// "device-engine0.ndjson" gives "engine0".
std::optional<std::string> ledger_device(const std::string& name) {
  constexpr std::string_view begin = record::ledger_begin;
  constexpr std::string_view end = record::ledger_end;
  if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end))
    return std::nullopt;
  return name.substr(begin.size(), name.size() - begin.size() - end.size());
}

/// "audio-sound0.wav" gives "sound0", "audio.wav" the empty name.
std::optional<std::string> sound_device(const std::string& name) {
  if (name == record::file::audio) return std::string();
  constexpr std::string_view begin = record::sound_begin;
  constexpr std::string_view end = record::sound_end;
  if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end))
    return std::nullopt;
  return name.substr(begin.size(), name.size() - begin.size() - end.size());
}

void add_named(Run& run, const std::string& name, const std::string& text) {
  if (const auto device = sound_device(name)) run.sounds[*device] = text;
  if (const auto device = ledger_device(name))
    run.ledgers[*device] = parse_ledger(text, *device, start_of(run).monotonic, run.damage);
  if (const auto mark = stem(name, record::file::pci, ".json"))
    run.pci[*mark] = parse_pci(text, *mark, run.damage);
  if (const auto screen = stem(name, record::file::screen, ".txt"))
    run.screens[*screen] = parse_lines(text);
  if (const auto role = stem(name, record::file::screen, ".json");
      role && role->starts_with(record::screen_truth_begin)) {
    record::ScreenTruth truth;
    if (record::read_into(parsed(text), truth))
      run.screen_truth[role->substr(std::string_view(record::screen_truth_begin).size())] =
          std::move(truth);
    else
      run.damage.push_back(name + ": it is no JSON object");
  }
}

/// Files whose text is read; of the others only length and digest.
bool is_read(const std::string& name) {
  constexpr std::array whole{record::file::plan, record::file::qemu, record::file::timeline,
                             record::file::manifest, record::file::result};
  return std::any_of(whole.begin(), whole.end(), [&](const char* one) { return name == one; }) ||
         ledger_device(name) || sound_device(name) || stem(name, record::file::pci, ".json") ||
         stem(name, record::file::screen, ".json") || stem(name, record::file::screen, ".txt");
}

/// Names of all files below the folder, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder, Damage& damage) {
  constexpr std::size_t most = 4096;  // files; a run has about thirty
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored))
      names.push_back(at->path().lexically_relative(folder).generic_string());
  }
  // A subfolder that cannot be read ends the walk, and nobody knows what lies behind it.
  if (error)
    damage.push_back(
        fmt::format("{}: its files cannot be listed: {}", folder.string(), error.message()));
  std::sort(names.begin(), names.end());
  if (names.size() > most) {
    damage.push_back(fmt::format("{}: only the first {} files were read", folder.string(), most));
    names.resize(most);
  }
  return names;
}

/// Beyond what a run writes; a foreign one must not fill the memory.
constexpr std::uint64_t longest_text = 256ULL << 20;
/// Of the trace little is kept.
constexpr std::uint64_t longest_trace = 1ULL << 30;

/// A file that exists but cannot be read becomes damage; one that does not exist is merely absent.
void read_one(Texts& texts, record::Inventory& inventory, Damage& damage,
              const std::filesystem::path& folder, const std::string& name) {
  if (is_read(name)) {
    auto text = read_file(folder / name, longest_text);
    if (text) {
      inventory[name] = record::look_at_text(name, *text);
      texts[name] = *std::move(text);
      return;
    }
    damage.push_back(name + ": " + text.error().describe());
    return;
  }
  if (auto present = record::look_at(folder, name))
    inventory[name] = *std::move(present);
  else
    damage.push_back(name + ": " + present.error().describe());
}

Result<record::Present> read_stream(Streams& streams, const std::filesystem::path& folder,
                                    const std::string& name) {
  const std::uint64_t most = name == record::file::trace ? longest_trace : longest_text;
  std::error_code error;
  if (std::filesystem::file_size(folder / name, error) > most && !error)
    return fail(Errc::invalid_input, "{} is larger than {} bytes", (folder / name).string(), most);
  return record::look_at(folder, name, [&](std::string_view bytes) { streams.feed(name, bytes); });
}

std::optional<std::string> if_there(const Texts& texts, const char* name) {
  const auto found = texts.find(name);
  return found == texts.end() ? std::nullopt : std::optional(found->second);
}

/// Does what is there fit to what the run says that it left?
void check_whole(Run& run, const Texts& texts, const Surroundings& around, bool serial_cut) {
  run.inventory = around.inventory;
  const auto manifest = if_there(texts, record::file::manifest);
  run.seal = check_seal(manifest, if_there(texts, record::file::result), around.just_sealed,
                        run.inventory, run.damage);
  for (const Event& event : run.timeline) {
    const auto end = event.name == record::event::RunEnd::name
                         ? record::read<record::event::RunEnd>(event.fields)
                         : record::event::RunEnd();
    const bool ended = end.files.has_value();
    if (ended && !manifest) check_lengths(*end.files, run.inventory, run.damage);
    // Judged all the same: the run may have been killed in between, or its disk been full.
    if (ended && !manifest && run.seal.digest.empty())
      run.damage.emplace_back(
          "the seal: the run came to its end, and nothing vouches for its files");
    if (event.name != record::event::RunStart::name) continue;
    const std::string plan =
        record::read<record::event::RunStart>(event.fields).plan.value_or(std::string());
    if (!plan.empty() && plan != sha256(text_at(texts, record::file::plan)))
      run.damage.emplace_back("plan.json: it is not the plan that the run began with");
  }
  // QEMU's own files may end anywhere.
  if (serial_cut) run.damage.emplace_back("serial.log: the last line is cut off");
}

}  // namespace

std::string Run::sound_file_of(const std::string& device) const {
  return sounds.count(device) == 0 && sounds.count("") > 0 ? record::file::audio
                                                           : record::sound_file(device);
}

const std::string& Run::sound_of(const std::string& device) const {
  static const std::string silence;
  for (const std::string& name : {device, std::string()})
    if (const auto found = sounds.find(name); found != sounds.end()) return found->second;
  return silence;
}

const PciFunction* PciSnapshot::find(PciAddress address) const {
  const auto found =
      std::find_if(functions.begin(), functions.end(),
                   [&](const PciFunction& function) { return function.address == address; });
  return found == functions.end() ? nullptr : &*found;
}

std::optional<double> Run::mark(const std::string& name) const {
  for (const auto& mark : events<record::event::Mark>())
    if (mark.mark == name) return mark.t;
  return std::nullopt;
}

std::vector<std::string> Run::damage_of(const std::string& file) const {
  const bool many = file.ends_with("/") || file.ends_with("-");
  const std::string begin = many ? file : file + ":";
  std::vector<std::string> found;
  for (const std::string& line : damage)
    if (line.starts_with(begin)) found.push_back(line);
  return found;
}

namespace {

/// Feeds every stream that there is, and may look at the rest of the folder meanwhile.
using FeedStreams = std::function<void(Streams& streams)>;

Result<Run> assembled(const Texts& texts, const Surroundings& around, const FeedStreams& feed) {
  Run run;
  TRY_ASSIGN(run.plan, read_plan(texts));
  run.qemu = record::read<record::QemuFile>(parsed(text_at(texts, record::file::qemu)));
  run.timeline = parse_timeline(text_at(texts, record::file::timeline), run.damage);
  Streams streams(run.plan, start_of(run).realtime.value_or(0));
  feed(streams);
  streams.done(run);
  for (const auto& [name, text] : texts) add_named(run, name, text);
  check_whole(run, texts, around, streams.serial_cut());
  return run;
}

}  // namespace

Result<Run> assemble(const Texts& texts, const Surroundings& around) {
  return assembled(texts, around, [&](Streams& streams) {
    for (const auto& [name, text] : texts)
      if (Streams::has(name)) streams.feed(name, text);
  });
}

Result<Run> assemble(const Texts& texts) {
  Surroundings around;
  for (const auto& [name, text] : texts) around.inventory[name] = record::look_at_text(name, text);
  return assemble(texts, around);
}

Result<Run> open(const std::filesystem::path& folder,
                 const std::optional<std::string>& just_sealed) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    return fail(Errc::invalid_input, "{} is no run directory", folder.string());
  Texts texts;
  Damage damage;
  Surroundings around{{}, just_sealed};
  const auto names = names_in(folder, damage);
  for (const std::string& name : names)
    if (!Streams::has(name)) read_one(texts, around.inventory, damage, folder, name);
  auto run = assembled(texts, around, [&](Streams& streams) {
    for (const std::string& name : names) {
      if (!Streams::has(name)) continue;
      if (auto present = read_stream(streams, folder, name))
        around.inventory[name] = *std::move(present);
      else
        damage.push_back(name + ": " + present.error().describe());
    }
  });
  if (!run) return tl::unexpected(run.error().because(folder.string() + " cannot be judged"));
  run->folder = folder;
  run->damage.insert(run->damage.begin(), damage.begin(), damage.end());
  return run;
}

}  // namespace quiesce::evidence
