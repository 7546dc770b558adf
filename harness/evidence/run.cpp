// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/run.hpp"

#include <algorithm>

#include "harness/base/fd.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/evidence/parse.hpp"
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
  const json plan = json::parse(found->second, nullptr, false);
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

void add_named(Run& run, const std::string& name, const std::string& text) {
  if (const auto device = ledger_device(name))
    run.ledgers[*device] = parse_ledger(text, *device, start_of(run).monotonic, run.damage);
  if (const auto mark = stem(name, record::file::pci, ".json"))
    run.pci[*mark] = parse_pci(text, *mark, run.damage);
  if (const auto screen = stem(name, record::file::screen, ".txt"))
    run.screens[*screen] = parse_lines(text);
  if (const auto role = stem(name, record::file::screen, ".json");
      role && role->starts_with(record::screen_truth_begin)) {
    record::ScreenTruth truth;
    if (record::read_into(json::parse(text, nullptr, false), truth))
      run.screen_truth[role->substr(std::string_view(record::screen_truth_begin).size())] =
          std::move(truth);
    else
      run.damage.push_back(name + ": it is no JSON object");
  }
}

/// A file that exists but cannot be read becomes damage; one that does not exist is merely absent.
void read_text(Texts& texts, Damage& damage, const std::filesystem::path& folder,
               const std::string& name) {
  constexpr std::uint64_t most =
      256ULL << 20;  // beyond what a run writes; a foreign one must not fill the memory
  std::error_code error;
  if (!std::filesystem::is_regular_file(folder / name, error)) return;
  auto text = read_file(folder / name, most);
  if (text)
    texts[name] = *std::move(text);
  else
    damage.push_back(name + ": " + text.error().describe());
}

/// Files below `below` with one of the endings; without `below` those of the folder itself that are
/// ledgers.
void read_folder(Texts& texts, Damage& damage, const std::filesystem::path& folder,
                 const std::string& below, const std::vector<std::string>& endings) {
  constexpr std::size_t most = 256;  // files; a run has about ten
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at(folder / below, error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!below.empty() || ledger_device(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  if (names.size() > most) {
    damage.push_back(below + ": only the first 256 files were read");
    names.resize(most);
  }
  for (const std::string& name : names)
    for (const std::string& ending : endings)
      if (name.ends_with(ending))
        read_text(texts, damage, folder, below.empty() ? name : below + "/" + name);
}

}  // namespace

std::string Event::text(const std::string& field) const {
  return text_of(fields, field);
}
std::optional<double> Event::number(const std::string& field) const {
  return number_of(fields, field);
}

std::vector<const Event*> Run::events(const std::string& name) const {
  std::vector<const Event*> found;
  for (const Event& event : timeline)
    if (event.name == name) found.push_back(&event);
  return found;
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

Result<Run> assemble(const Texts& texts) {
  Run run;
  TRY_ASSIGN(run.plan, read_plan(texts));
  run.qemu = record::read<record::QemuFile>(
      json::parse(text_at(texts, record::file::qemu), nullptr, false));
  run.timeline = parse_timeline(text_at(texts, record::file::timeline), run.damage);
  run.strays = parse_strays(text_at(texts, record::file::dma), run.damage);
  run.trace = parse_trace(text_at(texts, record::file::trace), start_of(run).realtime.value_or(0));
  run.agent = parse_agent(text_at(texts, record::file::agent), run.damage);
  run.serial = parse_serial(text_at(texts, record::file::serial));
  for (const auto& [name, text] : texts) add_named(run, name, text);
  return run;
}

Result<Run> open(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    return fail(Errc::invalid_input, "{} is no run directory", folder.string());
  Texts texts;
  Damage damage;
  for (const char* name :
       {record::file::plan, record::file::qemu, record::file::timeline, record::file::serial,
        record::file::agent, record::file::dma, record::file::trace})
    read_text(texts, damage, folder, name);
  read_folder(texts, damage, folder, record::file::pci, {".json"});
  read_folder(texts, damage, folder, record::file::screen, {".txt", ".json"});
  read_folder(texts, damage, folder, "", {record::ledger_end});
  auto run = assemble(texts);
  if (!run) return tl::unexpected(run.error().because(folder.string() + " cannot be judged"));
  run->folder = folder;
  run->damage.insert(run->damage.begin(), damage.begin(), damage.end());
  return run;
}

}  // namespace quiesce::evidence
