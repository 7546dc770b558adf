// SPDX-License-Identifier: GPL-2.0-or-later
// Holds the files that standard input names, one a line, to the rules. Prints one verdict a rule.
#include <fmt/core.h>

#include <algorithm>
#include <iostream>

#include "harness/base/fd.hpp"
#include "tests/style/rules.hpp"

int main() {
  using namespace quiesce;
  std::vector<style::File> files;
  for (std::string path; std::getline(std::cin, path);) {
    auto text = read_file(path);
    if (!text) {
      fmt::print("FAIL files: {}\n", text.error().describe());
      return 1;
    }
    const bool binary = text->find('\0') != std::string::npos;
    if (!binary) files.push_back({.path = path, .text = std::move(*text)});
  }
  if (files.empty()) {
    fmt::print("FAIL files: there are none\n");
    return 1;
  }
  bool good = true;
  for (const auto& rule : style::rules()) {
    std::size_t count = 0;
    for (const auto& file : files)
      for (const auto& problem : rule.problems(file)) {
        fmt::print("{}: {}\n", file.path, problem);
        ++count;
      }
    if (count == 0)
      fmt::print("PASS {}\n", rule.name);
    else
      fmt::print("FAIL {}: {} problems, listed above\n", rule.name, count);
    good = good && count == 0;
  }
  return good ? 0 : 1;
}
