// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/style/rules.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>

#include "harness/base/result.hpp"
#include "harness/base/text.hpp"
#include "harness/record/catalog.hpp"

namespace quiesce::style {

namespace {

using Problems = std::vector<std::string>;
using Folders = std::set<std::string>;

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](auto end) { return path.ends_with(end); });
}

bool is_cpp(const File& file) {
  return ends_with_any(file.path, {".cpp", ".hpp", ".c", ".h"});
}

bool is_source(const File& file) {
  return is_cpp(file) || file.text.starts_with("#!") || file.path.starts_with(".clang-") ||
         ends_with_any(file.path, {"meson.build", "meson_options.txt", ".sh", "debian.txt"});
}

/// Test data is what it is: captured logs, foreign formats, inputs that are wrong on purpose.
bool is_data(const File& file) {
  return file.path.starts_with("tests/golden/") ||
         file.path.find("/corpus/") != std::string::npos ||
         file.path.find("/data/") != std::string::npos || file.path.starts_with("LICENSES/");
}

/// The style suite has to write down what it forbids.
bool is_style(const File& file) {
  return file.path.starts_with("tests/style/") || file.path.starts_with("tests/unit/style/");
}

Problems licence(const File& file) {
  if (!is_source(file)) return {};
  const std::string_view text = file.text;
  const std::string_view head = text.substr(0, text.find('\n', text.find('\n') + 1));
  if (head.find("SPDX-License-Identifier: GPL-2.0-or-later") != std::string_view::npos) return {};
  return {"there is no SPDX line in its first two lines"};
}

/// The parts, longest path first where one lies within another, and what each may include: whole
/// parts, or single headers of one.
struct Part {
  const char* folder;
  Folders may_use;
};

const std::vector<Part>& parts() {
  static const std::vector<Part> table{
      {"harness/precompiled", {}},
      {"harness/base", {}},
      {"harness/record", {"harness/base"}},
      {"harness/wire", {"harness/base"}},
      {"harness/scenario", {"harness/base", "harness/record", "harness/wire"}},
      {"harness/target", {"harness/base", "harness/record"}},
      {"harness/vm", {"harness/base", "harness/wire", "harness/scenario", "harness/target"}},
      {"harness/observe", {"harness/base", "harness/record", "harness/target"}},
      {"harness/run",
       {"harness/base", "harness/record", "harness/wire", "harness/scenario", "harness/target",
        "harness/vm", "harness/observe"}},
      {"harness/evidence", {"harness/base", "harness/record", "harness/scenario"}},
      {"harness/checks",
       {"harness/base", "harness/wire", "harness/record", "harness/scenario", "harness/evidence"}},
      {"harness/history", {"harness/base", "harness/checks", "harness/evidence"}},
      // A report sees the result alone.
      {"reports", {"harness/base", "harness/record", "harness/checks/result.hpp"}},
      {"vm-images/builder", {"harness/base", "harness/scenario"}},
      {"vm-images/agent", {"harness/base", "harness/record", "harness/wire"}},
      {"devices/vfio_user", {"harness/base"}},
      {"devices/examples", {"harness/base", "devices/vfio_user"}},
      {"devices/models", {"harness/base", "harness/record", "harness/wire", "devices/vfio_user"}},
      {"harness/draft",
       {"harness/base", "harness/record", "harness/scenario", "harness/vm", "harness/observe",
        "harness/run", "vm-images/builder"}},
      {"harness/dispatch",
       {"harness/base", "harness/record", "harness/wire", "harness/scenario", "harness/vm",
        "harness/run", "harness/draft", "harness/evidence", "harness/checks", "vm-images/builder",
        "devices/models"}},
      {"harness/cli",
       {"harness/base", "harness/record", "harness/wire", "harness/scenario", "harness/vm",
        "harness/observe", "harness/run", "harness/draft", "harness/evidence", "harness/checks",
        "harness/history", "harness/dispatch", "reports", "vm-images/builder", "devices/vfio_user",
        "devices/models"}},
  };
  return table;
}

const Part* part_of(std::string_view path) {
  for (const auto& part : parts())
    if (path.starts_with(std::string(part.folder) + "/")) return &part;
  return nullptr;
}

Problems include_directions(const File& file) {
  Problems problems;
  if (!is_cpp(file)) return problems;
  const bool is_product = !file.path.starts_with("tests/");
  const Part* own = part_of(file.path);
  if (is_product && own == nullptr)
    return {"its folder is not in the table of tests/style/rules.cpp: say what it may include"};
  static const std::regex include(R"re(^\s*#\s*include\s*"([^"]+)")re");
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line) {
    std::smatch found;
    if (!std::regex_search(lines[line], found, include)) continue;
    const std::string path = found[1];
    if (path.find('/') == std::string::npos || path.find("..") != std::string::npos) {
      problems.push_back(
          fmt::format("line {}: \"{}\" is not named from the project's root", line + 1, path));
      continue;
    }
    const Part* other = part_of(path);
    if (is_product && other != own && !own->may_use.contains(path) &&
        (other == nullptr || !own->may_use.contains(other->folder)))
      problems.push_back(
          fmt::format("line {}: {} may not include {}", line + 1, own->folder, path));
  }
  return problems;
}

/// The room of a path, a folder below one that is divided into rooms; empty for what lies in the
/// hall, and nullopt for what is in no such part.
std::optional<std::string_view> room_of(std::string_view path) {
  static constexpr std::array<std::string_view, 1> halls{"harness/checks/"};
  for (const auto hall : halls) {
    if (!path.starts_with(hall)) continue;
    path.remove_prefix(hall.size());
    const auto slash = path.find('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  return std::nullopt;
}

/// No room reaches into another, and the hall into none: what two rooms use lies in the hall.
Problems rooms(const File& file) {
  Problems problems;
  const auto own = room_of(file.path);
  if (!is_cpp(file) || !own) return problems;
  static const std::regex include(R"re(^\s*#\s*include\s*"([^"]+)")re");
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line) {
    std::smatch found;
    if (!std::regex_search(lines[line], found, include)) continue;
    const std::string path = found[1];
    const auto other = room_of(path);
    if (other && !other->empty() && *other != *own)
      problems.push_back(
          fmt::format("line {}: {} is of another room; what two rooms use lies in "
                      "harness/checks itself",
                      line + 1, path));
  }
  return problems;
}

struct Forbidden {
  const char* pattern;
  const char* why;
};

Problems forbidden_words(const File& file) {
  Problems problems;
  if (is_style(file) || is_data(file)) return problems;
  static const std::array<Forbidden, 3> table{{
      {R"(://[^ "']*(debian|ubuntu|mirror|proxy)[^ "']*)",
       "a host that packages come from is the machine's, not ours"},
      {R"((^|[^A-Za-z0-9_.])(/home/[a-z]|/root/|/tmp/[a-z]/))", "a path of one machine"},
      {R"(\b(TODO|FIXME|XXX|HACK)\b)", "what is left to do belongs into an issue"},
  }};
  static const auto patterns = [] {
    std::vector<std::regex> list;
    list.reserve(table.size());
    for (const auto& entry : table) list.emplace_back(entry.pattern);
    return list;
  }();
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line)
    for (std::size_t i = 0; i < patterns.size(); ++i)
      // std::regex recurses with the length of a line.
      if (lines[line].size() < 10'000 && std::regex_search(lines[line], patterns[i]))
        problems.push_back(fmt::format("line {}: {}", line + 1, table.at(i).why));
  return problems;
}

Problems json_parses(const File& file) {
  if (!file.path.ends_with(".json") || is_data(file)) return {};
  if (nlohmann::json::accept(file.text)) return {};
  return {"it is no JSON"};
}

Problems whitespace(const File& file) {
  Problems problems;
  if (is_data(file)) return problems;
  if (!file.text.empty() && !file.text.ends_with('\n'))
    problems.emplace_back("its last line has no end");
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line)
    if (ends_with_any(lines[line], {" ", "\t", "\r"}))
      problems.push_back(fmt::format("line {}: blanks at the end", line + 1));
  return problems;
}

Problems length(const File& file) {
  constexpr auto most = 450;
  const auto lines = std::ranges::count(file.text, '\n');
  if (!is_cpp(file) || file.path.starts_with("tests/") || lines <= most) return {};
  return {fmt::format("{} lines; a file of more than {} holds two things", lines, most)};
}

/// Names and keys of a run directory are said once, in harness/record. What reads and writes one
/// there goes through its types.
Problems record_names(const File& file) {
  static constexpr std::array folders{"harness/run/",     "harness/evidence/", "harness/checks/",
                                      "harness/observe/", "reports/",          "devices/models/",
                                      "vm-images/agent/"};
  if (!is_cpp(file) || std::ranges::none_of(folders, [&](const char* folder) {
        return file.path.starts_with(folder);
      }))
    return {};
  static const std::array<std::pair<std::regex, const char*>, 3> patterns{{
      {std::regex(R"re(\b(event|ask|events|said|last_said)\(\s*")re"),
       "an event, a request or an answer is a type of harness/record, not a text"},
      {std::regex(
           R"re(\b(text|number|whole|flag|address|list|member)_(of|at)\()re"
           R"re((\*?\w+(->|\.))*\*?(fields|payload|answer|event|entry|line|tag|function)\s*,\s*")re"),
       "a key of a record: read it as a type of harness/record"},
      {std::regex(
           R"re(\b(fields|payload|answer|event|entry)(\[|(->|\.)(value|at|find|contains)\()\s*")re"),
       "a key of a record: read it as a type of harness/record"},
  }};
  Problems problems;
  // Elsewhere a note is a sentence for people.
  static const std::regex note(R"re(\bnote\(\s*")re");
  const bool keeps_ledger = file.path.starts_with("devices/models/");
  const auto names = record::event_kinds();
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line) {
    if (trim(lines[line]).starts_with("//")) continue;
    for (const auto& [pattern, why] : patterns)
      if (std::regex_search(lines[line], pattern))
        problems.push_back(fmt::format("line {}: {}", line + 1, why));
    if (keeps_ledger && std::regex_search(lines[line], note))
      problems.push_back(fmt::format(
          "line {}: a line of the ledger is a type of harness/record/ledger.hpp", line + 1));
    for (const auto& row : record::files())
      if (lines[line].find('"' + std::string(row.name) + '"') != std::string::npos)
        problems.push_back(fmt::format(
            "line {}: {} is a file of the run directory: harness/record/layout.hpp has it",
            line + 1, row.name));
    // Those with a dot mean nothing else.
    for (const auto& kind : names)
      if (const std::string name = kind.name;
          name.find('.') != std::string::npos &&
          lines[line].find('"' + name + '"') != std::string::npos)
        problems.push_back(
            fmt::format("line {}: \"{}\" is the name of an event, which is a type of "
                        "harness/record",
                        line + 1, name));
  }
  return problems;
}

/// Phases are handed what they need; who runs a whole machine puts it together.
Problems wiring_only(const File& file) {
  static constexpr std::array allowed{"harness/run/execute.cpp", "harness/run/survey.cpp",
                                      "harness/run/wiring.cpp"};
  if (!is_cpp(file) || file.path.starts_with("tests/") ||
      std::ranges::find(allowed, file.path) != allowed.end() ||
      file.text.find("#include \"harness/run/wiring.hpp\"") == std::string::npos)
    return {};
  return {
      "only who runs a whole machine includes harness/run/wiring.hpp; take what is needed as "
      "harness/run/sides.hpp has it"};
}

/// Who drives a run speaks to a target, which may be no QEMU.
Problems target_only(const File& file) {
  if (!is_cpp(file) || !file.path.starts_with("harness/run/")) return {};
  static const std::regex protocol(
      R"re(harness/vm/(qmp|gdb|qtest|machine|registers)\.hpp|\b(qmp|gdb|qtest)_?\b|)re"
      R"re(\b(Qmp|Gdb|Qtest|Machine)\b|human-monitor-command)re");
  Problems problems;
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line) {
    const std::string code = lines[line].substr(0, lines[line].find("//"));
    if (std::regex_search(code, protocol))
      problems.push_back(fmt::format(
          "line {}: harness/run speaks to a target (harness/target), not to QEMU's protocols",
          line + 1));
  }
  return problems;
}

/// What prints by itself throws, or fails unseen, when its reader is gone.
Problems printing(const File& file) {
  static constexpr std::array folders{"harness/", "reports/", "vm-images/builder/",
                                      "devices/models/", "devices/vfio_user/"};
  if (!is_cpp(file) || file.path.starts_with("harness/cli/output.") ||
      std::ranges::none_of(folders,
                           [&](const char* folder) { return file.path.starts_with(folder); }))
    return {};
  static const std::regex pattern(
      R"(\bfmt::v?print(ln)?\(|\bstd::(cout|cerr|clog)\b|\bf?(printf|puts|putc|write)\(.*\bstd(out|err)\b|)"
      R"((^|[^\w:])(std::)?(printf|puts|putchar)\()");
  Problems problems;
  const auto lines = split(file.text, '\n');
  for (std::size_t line = 0; line < lines.size(); ++line)
    if (!trim(lines[line]).starts_with("//") && std::regex_search(lines[line], pattern))
      problems.push_back(
          fmt::format("line {}: harness/cli/output.hpp prints, and nothing else does", line + 1));
  return problems;
}

}  // namespace

std::span<const Rule> rules() {
  static constexpr std::array<Rule, 11> table{{{"licence", licence},
                                               {"include-directions", include_directions},
                                               {"rooms", rooms},
                                               {"forbidden-words", forbidden_words},
                                               {"json", json_parses},
                                               {"whitespace", whitespace},
                                               {"length", length},
                                               {"record-names", record_names},
                                               {"target-only", target_only},
                                               {"wiring-only", wiring_only},
                                               {"printing", printing}}};
  return table;
}

}  // namespace quiesce::style
