// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <csignal>
#include <optional>

#include "devices/models/control.hpp"
#include "devices/models/model.hpp"
#include "devices/vfio_user/server.hpp"
#include "harness/base/names.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/output.hpp"

namespace quiesce::cli {

using nlohmann::json;

namespace {

struct DeviceOptions {
  std::string model;
  std::string socket;
  int listen_fd = -1;
  std::string name = "model";
  std::uint32_t seed = 1;
  std::vector<std::string> set;
  std::string settings = "{}";
  std::string ledger;
  int ledger_fd = -1;
  int control_fd = -1;
  bool json = false;
};

Result<const models::Model*> find_model(const std::string& name) {
  if (const auto* model = models::find(name)) return model;
  std::vector<std::string> names;
  for (const auto* model : models::registry()) names.push_back(model->name);
  return fail(Errc::invalid_input, "{}", no_such("model", name, names, "quiesce device list"));
}

/// --settings as an object, --set NAME=VALUE over it.
Result<json> settings_of(const models::Model& model, const DeviceOptions& options) {
  json given = json::parse(options.settings, nullptr, false);
  if (!given.is_object())
    return fail(Errc::invalid_input, "--settings: expected a JSON object, found {}",
                options.settings);
  for (const auto& word : options.set) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      return fail(Errc::invalid_input, "--set {}: expected NAME=VALUE", word);
    const std::string value = word.substr(equals + 1);
    json parsed = json::parse(value, nullptr, false);
    given[word.substr(0, equals)] = parsed.is_discarded() ? json(value) : parsed;
  }
  return models::fill_settings(model, given);
}

Result<Fd> inherited(int number, const char* option) {
  if (::fcntl(number, F_GETFD) < 0)
    return fail(Errc::invalid_input, "{} {}: this descriptor is not open", option, number);
  return Fd::adopt(number);
}

Result<Fd> listener_of(const DeviceOptions& options) {
  if (options.socket.empty() == (options.listen_fd < 0))
    return fail(Errc::invalid_input, "name the socket with either --socket or --listen-fd");
  if (options.listen_fd < 0) return vfio_user::listen_at(options.socket);
  TRY_ASSIGN(Fd listener, inherited(options.listen_fd, "--listen-fd"));
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(listener.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
    return fail(Errc::invalid_input, "--listen-fd {}: this is no listening socket",
                options.listen_fd);
  return listener;
}

Result<models::Ledger> ledger_of(const DeviceOptions& options) {
  if (options.ledger_fd >= 0) {
    TRY_ASSIGN(Fd file, inherited(options.ledger_fd, "--ledger-fd"));
    return models::Ledger(std::move(file));
  }
  if (options.ledger.empty()) return models::Ledger();
  TRY_ASSIGN(Fd file, open_file(options.ledger, O_WRONLY | O_CREAT | O_APPEND));
  return models::Ledger(std::move(file));
}

/// SIGINT and SIGTERM stop the loop.
Result<Fd> stop_on_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int raw = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (raw < 0) return fail_errno("cannot watch for signals");
  return Fd::adopt(raw);
}

/// Until a signal or the end of the control channel.
Result<void> serve_model(const models::Model& model, const json& settings,
                         const DeviceOptions& options, models::Ledger& ledger) {
  TRY_ASSIGN(Fd listener, listener_of(options));
  TRY_ASSIGN(const Fd signals, stop_on_signals());
  Loop loop;
  const auto watch = loop.on_readable(signals.get(), [&loop, &signals] {
    (void)read_some(signals.get());
    loop.stop();
  });
  const auto device = model.make({.name = options.name, .seed = options.seed}, settings, ledger);
  TRY_ASSIGN(const auto server, vfio_user::Server::create(loop, *device, std::move(listener)));
  std::optional<models::Control> control;
  if (options.control_fd >= 0) {
    TRY_ASSIGN(Fd channel, inherited(options.control_fd, "--control-fd"));
    control.emplace(loop, *device, std::move(channel));
  }
  while (loop.run_until([] { return false; }, loop.now() + Seconds(3600)) != Waited::stopped) {
  }
  return {};
}

Result<void> serve(const DeviceOptions& options) {
  TRY_ASSIGN(const models::Model* model, find_model(options.model));
  TRY_ASSIGN(const json settings, settings_of(*model, options));
  TRY_ASSIGN(models::Ledger ledger, ledger_of(options));
  ledger.note(record::ledger::Start{
      .model = model->name, .device = options.name, .seed = options.seed, .settings = settings});
  TRY(serve_model(*model, settings, options, ledger));
  // Its device is gone by now, and has noted the last of what it did.
  ledger.note(record::ledger::End());
  return {};
}

json describe(const models::Setting& setting) {
  json text{{"default", setting.fallback}, {"meaning", setting.meaning}};
  if (setting.least != models::Setting{}.least) text["least"] = setting.least;
  if (setting.most != models::Setting{}.most) text["most"] = setting.most;
  if (!setting.words.empty()) text["words"] = setting.words;
  return text;
}

json describe(const models::Model& model) {
  json settings = json::object();
  for (const auto& setting : model.settings) settings[setting.name] = describe(setting);
  return {{"name", model.name},
          {"description", model.description},
          {"stops_on", model.stops_on},
          {"settings", settings},
          {"activity", model.activity}};
}

void list_models(const DeviceOptions& options) {
  for (const auto* model : models::registry())
    if (options.json)
      put("{}\n", describe(*model).dump());
    else
      put("{:<18}  {}\n", model->name, model->description);
}

Result<void> show_model(const DeviceOptions& options) {
  TRY_ASSIGN(const models::Model* model, find_model(options.model));
  if (options.json) {
    put("{}\n", describe(*model).dump());
    return {};
  }
  put("{}: {}\nwhat ends its DMA: {}\nsettings:\n", model->name, model->description,
      fmt::join(model->stops_on, ", "));
  for (const auto& setting : model->settings)
    put("  {} (default {}): {}\n", setting.name, setting.fallback.dump(), setting.meaning);
  return {};
}

/// With --help: whether the model that is named exists, and its settings.
Result<void> check_model(const DeviceOptions& options) {
  if (options.model.empty()) return {};
  TRY_ASSIGN(const models::Model* model, find_model(options.model));
  TRY(settings_of(*model, options));
  return {};
}

int code_of(const Result<void>& done) {
  return done ? exit_code::ok : report(done.error());
}

void add_serve(CLI::App& command, const std::shared_ptr<DeviceOptions>& options, Action& chosen) {
  CLI::App* serve_command = command.add_subcommand("serve", "Serve one model over vfio-user");
  serve_command->footer(
      "Example: quiesce device serve flr-noop --socket /run/flr.sock --ledger flr.ndjson");
  serve_command->add_option("MODEL", options->model, "Which one")->required();
  serve_command->add_option("--socket", options->socket, "Path to listen at");
  serve_command->add_option("--listen-fd", options->listen_fd, "An inherited listening socket");
  serve_command->add_option("--name", options->name, "The device's name in what it writes");
  serve_command->add_option("--seed", options->seed, "The run's seed in what it writes");
  serve_command->add_option("--set", options->set, "One setting: NAME=VALUE")
      ->allow_extra_args(false);
  serve_command->add_option("--settings", options->settings, "Settings as a JSON object");
  serve_command->add_option("--ledger", options->ledger, "File for the record of what it does");
  serve_command->add_option("--ledger-fd", options->ledger_fd, "The same, inherited")
      ->excludes("--ledger");
  serve_command->add_option("--control-fd", options->control_fd,
                            "An inherited socket to hold and release it; its end ends the model");
  serve_command->callback([options, &chosen] {
    chosen = {[options] { return code_of(serve(*options)); },
              [options] { return code_of(check_model(*options)); }};
  });
}

}  // namespace

void add_device(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<DeviceOptions>();
  CLI::App* command = program.add_subcommand(
      "device", "A profile for a new device, and devices of our own, served over vfio-user");
  command->require_subcommand(1);
  command->footer(
      "Examples: quiesce device new pcnet\n"
      "          quiesce device show slow-ready");
  add_device_new(*command, chosen);
  add_serve(*command, options, chosen);
  CLI::App* list_command = command->add_subcommand("list", "The reference models");
  list_command->footer("Example: quiesce device list --json");
  list_command->add_flag("--json", options->json, "One JSON object a line");
  list_command->callback([options, &chosen] {
    chosen = [options] {
      list_models(*options);
      return exit_code::ok;
    };
  });
  CLI::App* show_command = command->add_subcommand("show", "A model with its settings");
  show_command->footer("Example: quiesce device show late-writer");
  show_command->add_option("MODEL", options->model, "Which one")->required();
  show_command->add_flag("--json", options->json, "As JSON");
  show_command->callback([options, &chosen] {
    chosen = {[options] { return code_of(show_model(*options)); },
              [options] { return code_of(check_model(*options)); }};
  });
}

}  // namespace quiesce::cli
