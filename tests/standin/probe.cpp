// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/standin/probe.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/vm/qmp.hpp"

namespace quiesce::standin {

using nlohmann::json;

namespace {

/// The descriptor of "-chardev socket,id=qmp,fd=N", or -1.
int qmp_descriptor(const std::vector<std::string>& argv) {
  constexpr std::string_view start = "socket,id=qmp,fd=";
  for (const auto& word : argv)
    if (word.starts_with(start)) return std::atoi(word.c_str() + start.size());
  return -1;
}

/// As much of a schema as is looked at, without what the script says it lacks.
json schema(const Script& script) {
  json entries = json::array();
  const auto add_command = [&](const char* name, const char* arguments) {
    if (!script.lacks(name))
      entries.push_back({{"meta-type", "command"}, {"name", name}, {"arg-type", arguments}});
  };
  add_command("set-action", "1");
  add_command("netdev_add", "2");
  add_command("screendump", "3");
  entries.push_back({{"meta-type", "object"}, {"name", "2"}, {"variants", {{{"case", "stream"}}}}});
  entries.push_back({{"meta-type", "object"}, {"name", "3"}, {"members", {{{"name", "format"}}}}});
  return entries;
}

json answer(const Script& script, const json& message) {
  const std::string command = message.value("execute", "");
  if (command == "query-qmp-schema") return {{"return", schema(script)}};
  if (command != "device-list-properties") return {{"return", json::object()}};
  const std::string type = message["arguments"].value("typename", "");
  if (!script.lacks(type)) return {{"return", json::array()}};
  return {{"error", {{"class", "DeviceNotFound"}, {"desc", "Device '" + type + "' not found"}}}};
}

}  // namespace

bool is_probe(const std::vector<std::string>& argv) {
  const auto option = std::ranges::find(argv, "-machine");
  return option != argv.end() && option + 1 != argv.end() && *(option + 1) == "none";
}

int answer_probe(Script script, const std::vector<std::string>& argv) {
  const int fd = qmp_descriptor(argv);
  const auto tell = [&](const json& message) { (void)write_all(fd, message.dump() + "\r\n"); };
  if (script.action_at("probe") == "exit") {
    std::fprintf(stderr, "%s\n", script.text().c_str());
    return script.exit_code();
  }
  const auto version = split(script.version(), '.');
  tell({{"QMP",
         {{"version",
           {{"qemu",
             {{"major", std::atoi(version.at(0).c_str())},
              {"minor", std::atoi(version.at(1).c_str())},
              {"micro", std::atoi(version.at(2).c_str())}}}}},
          {"capabilities", json::array()}}}});
  vm::QmpReader reader;
  for (auto bytes = read_some(fd); bytes; bytes = read_some(fd)) {
    const auto messages = reader.feed(*bytes);
    if (!messages) return 3;
    for (const auto& message : *messages) {
      if (message.value("execute", "") == "quit") return 0;
      json reply = answer(script, message);
      if (message.contains("id")) reply["id"] = message["id"];
      tell(reply);
    }
  }
  return 0;
}

}  // namespace quiesce::standin
