// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/function.hpp"

#include <algorithm>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

namespace {

namespace fs = std::filesystem;

/// A hub below a controller is as deep as anything gets that is looked for.
constexpr int deepest_child = 12;

std::string attribute(const fs::path& file) {
  const auto text = read_file(file, 4096);
  return text ? std::string(trim(printable(*text))) : std::string();
}

/// Of its file, else of its event: a card in an SD slot has no file (drivers/mmc/core/bus.c).
std::string modalias_at(const fs::path& folder) {
  if (std::string modalias = attribute(folder / "modalias"); !modalias.empty()) return modalias;
  constexpr std::string_view key = "MODALIAS=";
  for (const auto& line : split(attribute(folder / "uevent"), '\n'))
    if (line.starts_with(key)) return line.substr(key.size());
  return {};
}

std::string link_name(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).filename().string();
}

/// Name of the driver, and of the module that holds it (empty: built in).
template <class R>
void take_bound(R& into, const fs::path& folder) {
  into.driver = link_name(folder / "driver");
  into.module = link_name(folder / "driver/module");
}

/// Every device below that has a modalias. Functions behind a bridge are devices of their own.
void add_children(const fs::path& root, const fs::path& folder, int depth,
                  std::vector<answer::FunctionChild>& list) {
  if (depth > deepest_child) return;
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_directory(error) && !entry->is_symlink(error)) folders.push_back(entry->path());
  std::ranges::sort(folders);
  for (const auto& child : folders) {
    if (parse_pci_address(child.filename().string())) continue;
    if (const std::string modalias = modalias_at(child); !modalias.empty()) {
      auto& item = list.emplace_back();
      take_bound(item, child);
      item.path = child.lexically_relative(root).string();
      item.modalias = modalias;
    }
    add_children(root, child, depth + 1, list);
  }
}

Json nodes_below(const fs::path& folder, const fs::path& classes) {
  Json nodes = Json::object();
  const auto address = parse_pci_address(folder.filename().string());
  std::error_code error;
  for (fs::directory_iterator entry(classes, error), end; address && !error && entry != end;
       entry.increment(error))
    if (const auto names = class_devices(entry->path(), *address); !names.empty())
      nodes[entry->path().filename().string()] = names;
  return nodes;
}

}  // namespace

Json function_facts(const fs::path& folder, const fs::path& classes) {
  answer::Function facts;
  take_bound(facts, folder);
  facts.modalias = modalias_at(folder);
  facts.class_code = attribute(folder / "class");
  for (const auto& method : split(attribute(folder / "reset_method"), ' '))
    if (!method.empty()) facts.reset_methods.push_back(method);
  add_children(folder, folder, 0, facts.children);
  facts.nodes = nodes_below(folder, classes);
  return record::as_json(facts);
}

Result<Json> describe_function(const Request& request) {
  TRY_ASSIGN(const PciAddress address, request.address(&ask::Function::address));
  std::error_code error;
  // The real path: nodes of a class are found by where their own real paths lie.
  const fs::path folder = fs::canonical("/sys/bus/pci/devices/" + to_string(address), error);
  if (error) return fail(Errc::not_found, "there is no function {}", to_string(address));
  Json facts = function_facts(folder, "/sys/class");
  facts[record::key_of(&answer::Function::address)] = to_string(address);
  return facts;
}

}  // namespace quiesce::agent
