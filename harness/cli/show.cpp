// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/checks/check.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/formats.hpp"
#include "harness/cli/next_steps.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/line.hpp"
#include "reports/text.hpp"

namespace quiesce::cli {

using nlohmann::json;

namespace {

struct ShowOptions {
  std::string folder;
  std::string format;
  bool json = false;
  bool timeline = false;
};

/// Events that tell the story; the many small ones (frames, samples, passes) are counted instead.
bool tells(const std::string& event) {
  constexpr const char* many[] = {record::event::Feed::name,         record::event::Echo::name,
                                  record::event::ScreenSample::name, record::event::WatchPass::name,
                                  record::event::PointerSent::name,  record::event::Activity::name,
                                  record::event::Cores::name};
  return std::ranges::none_of(many, [&](const char* name) { return event == name; });
}

std::string brief(const json& fields) {
  std::string text;
  for (const auto& [key, value] : fields.items()) {
    if (key == "t" || key == "event" || key == record::number_key || key == record::checksum_key)
      continue;
    std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    constexpr std::size_t longest = 72;
    if (shown.size() > longest) shown.replace(longest - 3, std::string::npos, "...");
    text += fmt::format("  {}={}", key, shown);
  }
  return text;
}

void print_timeline(const evidence::Run& run) {
  for (const auto& event : run.timeline)
    if (tells(event.name)) put("{:9.3f}  {:14}{}\n", event.t, event.name, brief(event.fields));
}

json as_json(const evidence::Run& run, const checks::RunResult& result) {
  json timeline = json::array();
  for (const auto& event : run.timeline)
    if (tells(event.name)) timeline.push_back(event.fields);
  return {{"folder", run.folder.string()},
          {"result", to_json(result)},
          {"timeline", timeline},
          {"damage", run.damage}};
}

int show(const ShowOptions& options) {
  const auto run = evidence::open(options.folder);
  if (!run) return report(run.error());
  const checks::RunResult result = checks::judge(*run);
  if (options.json) {
    put("{}\n", as_json(*run, result).dump(1, ' ', false, json::error_handler_t::replace));
    return 0;
  }
  if (options.timeline) {
    print_timeline(*run);
    return 0;
  }
  if (!options.format.empty()) {
    put("{}", reports::find_format(options.format)
                  ->render(result, {.colour = colour_on_output(), .verbose = true}));
    return 0;
  }
  put("{}\n", reports::render_text(result, colour_on_output()));
  for (const auto& check : result.checks) {
    put("\n{} {}: {}\n", to_string(check.verdict), check.name, check.reason);
    for (const auto& detail : check.details) put("    {}\n", detail);
    if (!check.control.empty()) put("    control: {}\n", check.control);
  }
  for (const auto& damage : run->damage) put("damaged evidence: {}\n", damage);
  put("\nevidence: {}\n", run->folder.string());
  flush_output();
  std::error_code error;
  say("{}", as_text(next_steps({.outcome = result.outcome,
                                .program = called_as(),
                                .environment = own_environment(),
                                .evidence = {},
                                .repeat = command_of(result.about),
                                .here = std::filesystem::current_path(error)})));
  return 0;
}

}  // namespace

int check_run_folder(const std::string& folder) {
  if (folder.empty()) return exit_code::ok;
  const auto run = evidence::open(folder);
  return run ? exit_code::ok : report(run.error());
}

void add_show(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App* command = program.add_subcommand("show", "Show a run with all details");
  command->footer("Example: quiesce show runs/first-run-20261123-101500-4711 --timeline");
  command->add_option("RUN_DIR", options->folder, "The folder that the run left")->required();
  add_format_option(*command, options->format);
  command->add_flag("--json", options->json, "Result and timeline as JSON, for programs");
  command->add_flag("--timeline", options->timeline, "What happened when");
  command->callback([options, &chosen] {
    chosen = {[options] { return show(*options); },
              [options] { return check_run_folder(options->folder); }};
  });
}

}  // namespace quiesce::cli
