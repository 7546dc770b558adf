// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/aliases.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "vm-images/builder/digest.hpp"
#include "vm-images/builder/elf.hpp"
#include "vm-images/builder/modules.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view keyword = "alias ";

/// As kmod compares (libkmod-util.c, alias_normalize): '-' is '_', but not within brackets.
std::string alias_form(std::string_view text) {
  std::string form(text);
  bool in_brackets = false;
  for (char& letter : form) {
    if (letter == '[') in_brackets = true;
    if (letter == ']') in_brackets = false;
    if (letter == '-' && !in_brackets) letter = '_';
  }
  return form;
}

/// Whether no build of the user's can change what lies there.
bool lies_in_store(const Kernel& kernel, const Store& store) {
  const fs::path relative = kernel.modules.lexically_relative(store.root);
  return !relative.empty() && *relative.begin() != "..";
}

/// As depmod would write them. A module that cannot be read has no alias.
Result<std::string> aliases_of_modules(const Kernel& kernel) {
  TRY_ASSIGN(const ModuleTree tree, ModuleTree::open(kernel.modules, kernel.release));
  std::string text;
  for (const auto& [name, path] : tree.files()) {
    const auto bytes = read_module(path);
    if (!bytes) continue;
    const auto entries = read_modinfo(*bytes, "module " + name);
    if (!entries) continue;
    for (const auto& [key, value] : *entries)
      if (key == "alias") text += fmt::format("{}{} {}\n", keyword, value, name);
  }
  return text;
}

}  // namespace

AliasTable AliasTable::parse(std::string_view text) {
  AliasTable table;
  for (const auto& line : split(text, '\n')) {
    if (!line.starts_with(keyword)) continue;
    const std::size_t blank = line.rfind(' ');
    if (blank <= keyword.size()) continue;
    table.entries_.push_back({line.substr(keyword.size(), blank - keyword.size()),
                              normalise(std::string_view(line).substr(blank + 1))});
  }
  return table;
}

Result<AliasTable> AliasTable::of(const Kernel& kernel, const Store& store) {
  if (kernel.modules.empty()) return AliasTable();
  if (const auto text = read_file(kernel.modules / "modules.alias", 64U << 20)) return parse(*text);
  const fs::path memory = store.root / "aliases" / sha256(kernel.modules.string());
  const bool remembered = lies_in_store(kernel, store);
  if (remembered)
    if (const auto text = read_file(memory, 64U << 20)) return parse(*text);
  TRY_ASSIGN(const std::string text, aliases_of_modules(kernel));
  // What is not remembered is read again: that must not fail anything.
  if (remembered) (void)replace_file(memory, text);
  return parse(text);
}

std::vector<std::string> AliasTable::modules_for(std::string_view modalias) const {
  const std::string wanted = alias_form(modalias);
  std::vector<std::string> modules;
  for (const auto& entry : entries_)
    if (::fnmatch(alias_form(entry.pattern).c_str(), wanted.c_str(), 0) == 0 &&
        std::ranges::find(modules, entry.module) == modules.end())
      modules.push_back(entry.module);
  return modules;
}

}  // namespace quiesce::builder
