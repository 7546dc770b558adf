// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <utility>

#include "harness/base/digest.hpp"
#include "harness/base/units.hpp"
#include "harness/checks/check.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/places.hpp"
#include "harness/cli/resolve.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/execute.hpp"
#include "reports/text.hpp"

namespace quiesce::cli {

namespace fs = std::filesystem;
using checks::Outcome;
using checks::RunResult;

namespace {

struct Options {
  std::vector<std::string> scenarios;
  std::string kernel;
  std::string capture_kernel;
  std::vector<std::string> settings;
  std::string out;
  int repeat = 1;
  std::string timeout;
  bool keep = false;
  bool bisect = false;
  bool json = false;
  std::string qemu;  ///< empty: the system's, or the fetched one
};

/// As long as it lives, Ctrl-C and SIGTERM stop the loop instead of the program, so that the guest
/// is ended and the evidence closed. Before and after a run they end the program as usual.
class Interrupts {
 public:
  static Result<Interrupts> watch(Loop& loop) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &signals, &before);
    const int raw = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (raw < 0) return fail_errno("cannot watch for signals");
    Interrupts interrupts(Fd::adopt(raw), before);
    interrupts.watch_ = loop.on_readable(raw, [&loop, raw] {
      (void)read_some(raw);
      loop.stop();
    });
    return interrupts;
  }
  Interrupts(Interrupts&& other) noexcept
      : fd_(std::move(other.fd_)),
        before_(other.before_),
        watch_(std::move(other.watch_)),
        active_(std::exchange(other.active_, false)) {}
  Interrupts& operator=(Interrupts&&) = delete;
  ~Interrupts() {
    if (active_) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  Interrupts(Fd fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}
  Fd fd_;
  sigset_t before_;
  Loop::Watch watch_;
  bool active_ = true;
};

/// Every scenario that was named, with --kernel and the like laid over it; all that is wrong in one
/// error.
Result<std::vector<scenario::Scenario>> load_scenarios(const Options& options,
                                                       const Places& places) {
  auto words = vocabulary(places);
  if (!words) return tl::unexpected(as_error(words.error()));
  std::vector<std::string> settings;
  if (!options.kernel.empty())
    settings.push_back("production.kernel=" + nlohmann::json(options.kernel).dump());
  if (!options.capture_kernel.empty())
    settings.push_back("capture.kernel=" + nlohmann::json(options.capture_kernel).dump());
  if (!options.timeout.empty())
    settings.push_back("timeouts.total=" + nlohmann::json(options.timeout).dump());
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());

  std::vector<scenario::Scenario> all;
  std::vector<scenario::Diagnostic> wrong;
  for (const auto& given : options.scenarios) {
    TRY_ASSIGN(const fs::path path, find_scenario(places, given));
    auto loaded = scenario::load(path, *words, settings);
    if (loaded)
      all.insert(all.end(), loaded->begin(), loaded->end());
    else
      wrong.insert(wrong.end(), loaded.error().begin(), loaded.error().end());
  }
  if (!wrong.empty()) return tl::unexpected(as_error(wrong));
  return all;
}

std::filesystem::path own_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

/// --out for one run; for several, a numbered folder inside it. Without --out below runs/, named by
/// time.
fs::path folder_for(const Options& options, const scenario::Scenario& scenario, std::size_t number,
                    std::size_t count) {
  std::string name = scenario.name;
  for (char& c : name)
    if (c == '/' || c == ' ') c = '_';
  if (!options.out.empty()) {
    if (count == 1) return options.out;
    return fs::path(options.out) / fmt::format("{:03d}-{}", number + 1, name);
  }
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
  return fs::path("runs") / fmt::format("{}-{}-{}{}", name, stamp, ::getpid(),
                                        count == 1 ? "" : fmt::format("-{:03d}", number + 1));
}

/// A folder that must be empty and writable is looked at before minutes are spent on images.
Result<void> check_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    fs::path parent = fs::absolute(folder).parent_path();
    while (!fs::exists(parent, error) && parent != parent.parent_path())
      parent = parent.parent_path();
    if (!fs::is_directory(parent, error) || ::access(parent.c_str(), W_OK | X_OK) != 0)
      return fail(Errc::invalid_input,
                  "the output folder {} cannot be created in {}; choose another with --out",
                  folder.string(), parent.string());
    return {};
  }
  if (!fs::is_directory(folder, error))
    return fail(Errc::invalid_input, "{} is no folder; choose another with --out", folder.string());
  if (!fs::is_empty(folder, error))
    return fail(Errc::invalid_input,
                "the output folder {} is not empty; choose another with --out, or remove it",
                folder.string());
  return {};
}

/// Judges what the run left and writes result.json.
Result<RunResult> judge_folder(const fs::path& folder) {
  // What a run left for want of space or of a seal is judged all the same, and called unsealed.
  const auto manifest = read_file(folder / record::file::manifest);
  TRY_ASSIGN(const evidence::Run run,
             evidence::open(folder, manifest ? std::optional(sha256(*manifest)) : std::nullopt));
  RunResult result = checks::judge(run);
  TRY(replace_file(folder / record::file::result, to_json(result).dump(1) + "\n"));
  return result;
}

struct Finished {
  RunResult result;
  fs::path folder;
};

Result<Finished> run_one(const scenario::Scenario& scenario, const Options& options,
                         const Places& places, const fs::path& folder, Loop& loop) {
  const auto mode = options.json          ? Progress::Mode::silent
                    : terminal_on_error() ? Progress::Mode::live
                                          : Progress::Mode::plain;
  Progress progress(mode, scenario.name);
  TRY(check_folder(folder));
  progress.phase("images");
  TRY_ASSIGN(const scenario::RunPlan plan,
             resolve(scenario, places, {.qemu = options.qemu, .program = own_program()}));
  TRY_ASSIGN(const Interrupts interrupts, Interrupts::watch(loop));
  const auto executed =
      run::execute(plan, folder, loop,
                   {.on_phase = [&](const std::string& name) { progress.phase(name); },
                    .on_note = [&](const std::string& text) { progress.note(text); }});
  // A folder that was refused holds no run: there is nothing to judge.
  if (!executed && executed.error().code() == Errc::invalid_input)
    return tl::unexpected(executed.error());
  progress.phase("judge");
  auto result = judge_folder(folder);
  progress.done();
  // A run that failed for want of space cannot be judged on disk either: its own error tells more.
  if (!result) return tl::unexpected(executed ? result.error() : executed.error());
  return Finished{std::move(*result), fs::absolute(folder)};
}

int bisect_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return exit_code::ok;
    case Outcome::fail:
      return exit_code::failed;
    // 128 and more end the bisection, which is what Ctrl-C means.
    case Outcome::interrupted:
      return exit_code::interrupted;
    default:
      return exit_code::bisect_skip;
  }
}

/// The worst of all runs decides: an interruption, an error, a failure, an inconclusive run.
int severity(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return 0;
    case Outcome::skip:
      return 1;
    case Outcome::inconclusive:
      return 2;
    case Outcome::fail:
      return 3;
    case Outcome::error:
      return 4;
    case Outcome::interrupted:
      return 5;
  }
  return 4;
}

void print_result(const Finished& finished, const Options& options) {
  if (options.json) {
    nlohmann::json json = to_json(finished.result);
    json["folder"] = finished.folder.string();
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("{}\nevidence: {}\n", reports::render_text(finished.result, colour_on_output()),
               finished.folder.string());
  }
  std::fflush(stdout);
}

/// What was wrong before or between the runs: reported, and as an exit code. To git, 2 or 3 would
/// mean a bad commit.
int refuse(const Options& options, const Error& error) {
  const int code = report(error);
  return options.bisect && code != exit_code::interrupted ? exit_code::bisect_skip : code;
}

/// The exit code of all runs together. For git one real failure outweighs a run that was lost.
int code_of(const Options& options, const std::vector<Outcome>& outcomes) {
  Outcome worst = Outcome::pass;
  bool failed = false;
  for (const Outcome outcome : outcomes) {
    if (severity(outcome) > severity(worst)) worst = outcome;
    failed = failed || outcome == Outcome::fail;
  }
  if (!options.bisect) return checks::exit_code(worst);
  return bisect_code(failed && worst != Outcome::interrupted ? Outcome::fail : worst);
}

void drop_if_not_kept(const Options& options, const Finished& finished) {
  if (options.keep || options.repeat == 1 || finished.result.outcome != Outcome::pass) return;
  std::error_code ignored;
  fs::remove_all(finished.folder, ignored);
}

int run_all(const Options& options) {
  const auto places = Places::find();
  if (!places) return refuse(options, places.error());
  const auto scenarios = load_scenarios(options, *places);
  if (!scenarios) return refuse(options, scenarios.error());
  Loop loop;
  const std::size_t count = scenarios->size() * static_cast<std::size_t>(options.repeat);
  std::vector<Outcome> outcomes;
  for (std::size_t number = 0; number < count; ++number) {
    const auto& scenario = (*scenarios)[number % scenarios->size()];
    const fs::path folder = folder_for(options, scenario, number, count);
    const auto finished = run_one(scenario, options, *places, folder, loop);
    if (!finished) {
      const int code = refuse(options, finished.error());
      // What earlier runs found is not lost with this one.
      const bool failed_before =
          std::find(outcomes.begin(), outcomes.end(), Outcome::fail) != outcomes.end();
      return options.bisect && failed_before ? exit_code::failed : code;
    }
    print_result(*finished, options);
    outcomes.push_back(finished->result.outcome);
    drop_if_not_kept(options, *finished);
    if (outcomes.back() == Outcome::interrupted) break;
  }
  return code_of(options, outcomes);
}

}  // namespace

void add_run(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("run", "Run scenarios and judge them");
  command->footer(
      "Example: quiesce run first-run --kernel arch/x86/boot/bzImage,modules --out evidence");
  command
      ->add_option("SCENARIO", options->scenarios, "Scenario files, or names of shipped scenarios")
      ->required();
  command->add_option("--kernel", options->kernel,
                      "Production kernel: debian:6.1, .deb files joined by commas, an unpacked "
                      "tree, or BZIMAGE,MODULES");
  command->add_option("--capture-kernel", options->capture_kernel,
                      "Capture kernel, as above, or \"same\"");
  command->add_option("--set", options->settings,
                      "Change one value of the scenario: devices.nic0.activity.rate=200");
  command->add_option("--out", options->out, "Folder for the evidence (default: runs/NAME-TIME)");
  command
      ->add_option("--repeat", options->repeat,
                   "Run each scenario so many times; passing repetitions leave no "
                   "evidence unless --keep is given")
      ->check(CLI::Range(1, 10000));
  command->add_option("--timeout", options->timeout, "Longest time of a run, as in 5min");
  command->add_flag("--keep", options->keep, "Keep the evidence of every repetition");
  command->add_flag("--bisect", options->bisect,
                    "Exit codes for git bisect run: 0 good, 1 bad, 125 skip");
  command->add_flag("--json", options->json, "Results as JSON, one a line; no progress");
  command->add_option("--qemu", options->qemu, "The QEMU to use");
  command->callback([options, &chosen] { chosen = [options] { return run_all(*options); }; });
}

}  // namespace quiesce::cli
