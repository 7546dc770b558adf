// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/standin/script.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/fd.hpp"

namespace quiesce::standin {

using nlohmann::json;

Script Script::load() {
  const char* path = std::getenv("QUIESCE_FAKE_QEMU");
  const auto text = path != nullptr ? read_file(path) : Result<std::string>("{}");
  json parsed = text ? json::parse(*text, nullptr, false) : json();
  if (!parsed.is_object()) std::abort();  // the test is wrong
  return Script(std::move(parsed));
}

std::string Script::action_at(const std::string& point) {
  if (!json_.contains("rules")) return {};
  for (auto& rule : json_["rules"]) {
    const int turns = rule.value("turns", 1'000'000);
    if (rule.at("at") != point || turns <= 0) continue;
    rule["turns"] = turns - 1;
    text_ = rule.value("text", "");
    exit_code_ = rule.value("code", 1);
    return rule.at("do");
  }
  return {};
}

std::string Script::version() const {
  return json_.value("version", "7.2.22");
}

bool Script::lacks(const std::string& word) const {
  const auto words = json_.value("lacks", std::vector<std::string>());
  return std::ranges::find(words, word) != words.end();
}

void Script::note(const std::string& line) const {
  const std::string path = json_.value("log", "");
  if (path.empty()) return;
  if (const auto log = open_file(path, O_WRONLY | O_CREAT | O_APPEND))
    (void)write_all(log->get(), line + "\n");
}

}  // namespace quiesce::standin
