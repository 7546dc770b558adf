// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/capabilities.hpp"

#include <algorithm>
#include <optional>

#include "harness/base/fd.hpp"
#include "harness/base/names.hpp"
#include "harness/base/process.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/base/text.hpp"
#include "harness/vm/qmp.hpp"

namespace quiesce::vm {

using nlohmann::json;

namespace {

bool is_text(const json& object, const char* key, const std::string& text) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() &&
         found->get_ref<const std::string&>() == text;
}

/// Whether the list at `list` has an entry whose `key` is `text`.
bool lists(const json& object, const char* list, const char* key, const std::string& text) {
  const auto found = object.find(list);
  return found != object.end() && found->is_array() &&
         std::ranges::any_of(*found, [&](const json& entry) {
           return entry.is_object() && is_text(entry, key, text);
         });
}

/// What every run uses that not every QEMU has.
struct Need {
  const char* words;
  bool (*met)(const QmpSchema& schema);
};
constexpr Need needs_of_every_run[] = {
    {"-action", [](const QmpSchema& schema) { return schema.has_command("set-action"); }},
    {"-netdev stream",
     [](const QmpSchema& schema) { return schema.has_branch("netdev_add", "stream"); }},
    {"screendump with a format",
     [](const QmpSchema& schema) { return schema.has_argument("screendump", "format"); }},
};

/// Number of the QMP socket in the child.
constexpr int qmp_in_child = 3;

/// QEMU's own error: for a type that it has not, or that -device does not take ("virtio-pci" is
/// abstract).
bool is_no_device(const Error& error) {
  return error.code() == Errc::unsupported;
}

/// The "name" of each entry of a list.
std::vector<std::string> names_in(const json& list) {
  std::vector<std::string> names;
  if (!list.is_array()) return names;
  for (const json& entry : list)
    if (const auto name = entry.find("name"); entry.is_object() && name != entry.end())
      if (name->is_string()) names.push_back(name->get<std::string>());
  return names;
}

/// What -device takes and QEMU does not list: what is of every device (qom/qom-qmp-cmds.c,
/// qmp_device_list_properties), and the elements of arrays, which come to be by "len-NAME".
bool is_unlisted(const std::string& key) {
  constexpr std::string_view of_every_device[] = {
      "driver", "id", "bus", "hotplugged", "hotpluggable", "realized", "parent_bus"};
  return key.find('[') != std::string::npos ||
         std::ranges::find(of_every_device, key) != std::end(of_every_device);
}

Result<void> ask_for_device(Qmp& qmp, const Demands::Device& device, std::vector<Lack>& lacks,
                            TimePoint deadline) {
  const auto known = qmp.call("device-list-properties", {{"typename", device.type}}, deadline);
  if (!known) {
    if (!is_no_device(known.error())) return tl::unexpected(known.error());
    lacks.push_back({.what = "device " + device.type, .near = {}, .profile = device.profile});
    return {};
  }
  const std::vector<std::string> names = names_in(*known);
  if (names.empty()) return {};
  for (const auto& key : device.properties)
    if (!is_unlisted(key) && std::ranges::find(names, key) == names.end())
      lacks.push_back({.what = fmt::format("property \"{}\" of device {}", key, device.type),
                       .near = did_you_mean(key, names),
                       .profile = device.profile});
  return {};
}

/// After the devices: those that lie in modules bring their events with them.
Result<void> ask_for_events(Qmp& qmp, const std::vector<Demands::TraceEvent>& events,
                            std::vector<Lack>& lacks, TimePoint deadline) {
  if (events.empty()) return {};
  TRY_ASSIGN(const json all, qmp.call("trace-event-get-state", {{"name", "*"}}, deadline));
  const std::vector<std::string> names = names_in(all);
  if (names.empty()) return {};
  for (const auto& event : events)
    if (std::ranges::find(names, event.name) == names.end())
      lacks.push_back({.what = fmt::format("trace event \"{}\"", event.name),
                       .near = did_you_mean(event.name, names),
                       .profile = event.profile});
  return {};
}

Result<Answers> converse(Loop& loop, Fd socket, const Demands& demands, TimePoint deadline) {
  TRY_ASSIGN(const auto qmp,
             Qmp::connect(
                 loop, std::move(socket), [](const auto&, const auto&) {}, deadline));
  Answers answers{.version = qmp->qemu_version(), .lacks = {}};
  TRY_ASSIGN(json schema, qmp->call("query-qmp-schema", json::object(), deadline));
  const QmpSchema known(std::move(schema));
  for (auto& words : lacking(known))
    answers.lacks.push_back({.what = std::move(words), .near = {}, .profile = {}});
  for (const auto& device : demands.devices)
    TRY(ask_for_device(*qmp, device, answers.lacks, deadline));
  TRY(ask_for_events(*qmp, demands.trace_events, answers.lacks, deadline));
  return answers;
}

/// A QEMU without a machine, that answers over QMP.
struct Answering {
  Fd said;
  Fd socket;
  Process process;
};

Result<Answering> start_answering(const std::filesystem::path& program) {
  TRY_ASSIGN(SocketPair pair, socket_pair());
  TRY_ASSIGN(Fd said, memory_file("quiesce-qemu-says", 0));
  // Our copy of its end is closed with the pair: without QEMU the conversation ends.
  TRY_ASSIGN(Process process,
             Process::start({.argv = {program.string(), "-machine", "none", "-nodefaults",
                                      "-no-user-config", "-display", "none", "-chardev",
                                      fmt::format("socket,id=qmp,fd={}", qmp_in_child), "-mon",
                                      "chardev=qmp,mode=control"},
                             .inherit = {{qmp_in_child, pair.theirs.get()}},
                             .output = said.get(),
                             .error = said.get(),
                             .set_environment = {}}));
  return Answering{std::move(said), std::move(pair.mine), std::move(process)};
}

/// Every type that -device takes; empty where it cannot be had. By a QEMU of its own: it loads
/// every module, and may abort.
std::vector<std::string> all_device_types(const std::filesystem::path& program, Seconds patience) {
  auto qemu = start_answering(program);
  if (!qemu) return {};
  Loop loop;
  const TimePoint deadline = loop.now() + patience;
  const auto qmp = Qmp::connect(
      loop, std::move(qemu->socket), [](const auto&, const auto&) {}, deadline);
  if (!qmp) return {};
  const auto types =
      (*qmp)->call("qom-list-types", {{"implements", "device"}, {"abstract", false}}, deadline);
  qemu->process.stop(Seconds(1));
  return types ? names_in(*types) : std::vector<std::string>{};
}

/// Of devices that a profile names and that there are not, which are near.
void add_near_devices(const std::filesystem::path& program, const Demands& demands,
                      std::vector<Lack>& lacks, Seconds patience) {
  std::optional<std::vector<std::string>> types;
  for (const auto& device : demands.devices) {
    if (device.profile.empty()) continue;
    for (Lack& lack : lacks) {
      if (lack.what != "device " + device.type) continue;
      if (!types) types = all_device_types(program, patience);
      lack.near = did_you_mean(device.type, *types);
    }
  }
}

}  // namespace

const json* QmpSchema::find(const std::string& name) const {
  if (!entries_.is_array()) return nullptr;
  const auto found = std::ranges::find_if(entries_, [&](const json& entry) {
    return entry.is_object() && is_text(entry, "name", name);
  });
  return found != entries_.end() ? &*found : nullptr;
}

bool QmpSchema::has_command(const std::string& name) const {
  const json* entry = find(name);
  return entry != nullptr && is_text(*entry, "meta-type", "command");
}

const json* QmpSchema::arguments_of(const std::string& command) const {
  if (!has_command(command)) return nullptr;
  const json* entry = find(command);
  const auto type = entry->find("arg-type");
  return type != entry->end() && type->is_string() ? find(type->get<std::string>()) : nullptr;
}

bool QmpSchema::has_argument(const std::string& command, const std::string& argument) const {
  const json* arguments = arguments_of(command);
  return arguments != nullptr && lists(*arguments, "members", "name", argument);
}

bool QmpSchema::has_branch(const std::string& command, const std::string& branch) const {
  const json* arguments = arguments_of(command);
  return arguments != nullptr && lists(*arguments, "variants", "case", branch);
}

std::vector<std::string> lacking(const QmpSchema& schema) {
  std::vector<std::string> words;
  for (const auto& need : needs_of_every_run)
    if (!need.met(schema)) words.emplace_back(need.words);
  return words;
}

Result<Answers> ask_qemu(const std::filesystem::path& program, const Demands& demands,
                         Seconds patience) {
  TRY_ASSIGN(Answering qemu, start_answering(program));
  Loop loop;
  auto answers = converse(loop, std::move(qemu.socket), demands, loop.now() + patience);
  Process& process = qemu.process;
  if (answers) {
    // Not by "quit": with the connection gone QEMU may never read it, and is waited for.
    process.stop(Seconds(1));
    add_near_devices(program, demands, answers->lacks, patience);
    return answers;
  }
  // One that closed the connection is about to end, and how says more than our signal.
  if (answers.error().code() == Errc::closed) process.wait(Seconds(1));
  const ExitStatus ended = process.stop(Seconds(0));
  const auto text = read_file(fmt::format("/proc/self/fd/{}", qemu.said.get()));
  const std::string words = text ? std::string(trim(printable(*text))) : std::string();
  if (answers.error().code() == Errc::interrupted) return answers;
  return fail(Errc::unsupported, "{} does not answer as QEMU does: {}", program.string(),
              answers.error().code() == Errc::closed
                  ? fmt::format("it ended with {}{}{}", ended.describe(), words.empty() ? "" : ": ",
                                words.substr(0, 400))
                  : answers.error().describe());
}

}  // namespace quiesce::vm
