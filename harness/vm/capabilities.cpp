// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/capabilities.hpp"

#include <algorithm>

#include "harness/base/fd.hpp"
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

/// QEMU's error for a type that it has not.
bool is_unknown_device(const Error& error) {
  return error.code() == Errc::unsupported &&
         error.message().find("DeviceNotFound") != std::string::npos;
}

Result<Answers> converse(Loop& loop, Fd socket, const std::vector<std::string>& devices,
                         TimePoint deadline) {
  TRY_ASSIGN(const auto qmp,
             Qmp::connect(
                 loop, std::move(socket), [](const auto&, const auto&) {}, deadline));
  Answers answers{.version = qmp->qemu_version(), .lacks = {}, .no_device = {}};
  TRY_ASSIGN(json schema, qmp->call("query-qmp-schema", json::object(), deadline));
  answers.lacks = lacking(QmpSchema(std::move(schema)));
  for (const auto& device : devices) {
    const auto known = qmp->call("device-list-properties", {{"typename", device}}, deadline);
    if (known) continue;
    if (!is_unknown_device(known.error())) return tl::unexpected(known.error());
    answers.no_device.push_back(device);
  }
  return answers;
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

Result<Answers> ask_qemu(const std::filesystem::path& program,
                         const std::vector<std::string>& devices, Seconds patience) {
  TRY_ASSIGN(SocketPair pair, socket_pair());
  TRY_ASSIGN(const Fd said, memory_file("quiesce-qemu-says", 0));
  Loop loop;
  const TimePoint deadline = loop.now() + patience;
  TRY_ASSIGN(Process process,
             Process::start({.argv = {program.string(), "-machine", "none", "-nodefaults",
                                      "-no-user-config", "-display", "none", "-chardev",
                                      fmt::format("socket,id=qmp,fd={}", qmp_in_child), "-mon",
                                      "chardev=qmp,mode=control"},
                             .inherit = {{qmp_in_child, pair.theirs.get()}},
                             .output = said.get(),
                             .error = said.get(),
                             .set_environment = {}}));
  {
    // Ours is closed: without QEMU the conversation ends.
    const Fd theirs = std::move(pair.theirs);
  }
  auto answers = converse(loop, std::move(pair.mine), devices, deadline);
  if (answers) {
    // Not by "quit": with the connection gone QEMU may never read it, and is waited for.
    process.stop(Seconds(1));
    return answers;
  }
  // One that closed the connection is about to end, and how says more than our signal.
  if (answers.error().code() == Errc::closed) process.wait(Seconds(1));
  const ExitStatus ended = process.stop(Seconds(0));
  const auto text = read_file(fmt::format("/proc/self/fd/{}", said.get()));
  const std::string words = text ? std::string(trim(printable(*text))) : std::string();
  if (answers.error().code() == Errc::interrupted) return answers;
  return fail(Errc::unsupported, "{} does not answer as QEMU does: {}", program.string(),
              answers.error().code() == Errc::closed
                  ? fmt::format("it ended with {}{}{}", ended.describe(), words.empty() ? "" : ": ",
                                words.substr(0, 400))
                  : answers.error().describe());
}

}  // namespace quiesce::vm
