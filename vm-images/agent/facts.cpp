// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/facts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <fstream>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/wire/frame.hpp"

namespace quiesce::agent {

namespace {

std::optional<std::uint64_t> from_hexadecimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// One line of /proc/iomem: "  02000000-0fffffff : Crash kernel".
std::optional<IomemEntry> parse_iomem_line(std::string_view line) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(indent);
  const std::size_t dash = line.find('-');
  const std::size_t colon = line.find(" : ");
  if (dash == std::string_view::npos || colon == std::string_view::npos || dash > colon)
    return std::nullopt;
  const auto begin = from_hexadecimal(line.substr(0, dash));
  const auto last = from_hexadecimal(line.substr(dash + 1, colon - dash - 1));
  if (!begin || !last || *last < *begin) return std::nullopt;
  return IomemEntry{.range = {.begin = {*begin}, .end = {*last + 1}},
                    .name = std::string(line.substr(colon + 3)),
                    .depth = static_cast<int>(indent / 2)};
}

std::string read_or_empty(const char* path) {
  return read_file(path, 16U << 20).value_or(std::string());
}

answer::Range as_record(const PhysRange& range) {
  return {.begin = record::Address{range.begin.value}, .end = record::Address{range.end.value}};
}

/// Stops at the name: to format all of kallsyms takes seconds under emulation.
std::optional<std::uint64_t> find_symbol(std::string_view name) {
  // With kptr_restrict=1 even root reads zeros from a process without CAP_SYSLOG at open.
  if (auto fd = open_file("/proc/sys/kernel/kptr_restrict", O_WRONLY))
    (void)write_all(fd->get(), "0");
  std::ifstream lines("/proc/kallsyms");
  for (std::string line; std::getline(lines, line);)
    if (const auto address = kallsyms_address(line, name)) return address;
  return std::nullopt;
}

std::optional<PhysRange> own_crash_kernel() {
  return crash_kernel(parse_iomem(read_or_empty("/proc/iomem")));
}

}  // namespace

std::vector<IomemEntry> parse_iomem(std::string_view text) {
  std::vector<IomemEntry> entries;
  for (const std::string& line : split(text, '\n'))
    if (auto entry = parse_iomem_line(line)) entries.push_back(*std::move(entry));
  return entries;
}

std::optional<PhysRange> crash_kernel(const std::vector<IomemEntry>& iomem) {
  std::optional<PhysRange> largest;
  for (const IomemEntry& entry : iomem)
    if (entry.name == "Crash kernel" && (!largest || entry.range.size() > largest->size()))
      largest = entry.range;
  return largest;
}

std::optional<std::uint64_t> kallsyms_address(std::string_view line, std::string_view name) {
  // "ffffffff81068a50 T machine_kexec"; a symbol of a module has a tab and "[module]" after it.
  if (!line.ends_with(name)) return std::nullopt;
  const auto words = split(line, ' ');
  if (words.size() != 3 || words[2] != name) return std::nullopt;
  const auto address = from_hexadecimal(words[0]);
  return address == 0U ? std::nullopt : address;
}

std::string kernel_parameter(std::string_view command_line, std::string_view name) {
  std::string value;
  for (const std::string& word : split(trim(command_line), ' '))
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=')
      value = word.substr(name.size() + 1);
  return value;
}

std::uint64_t memory_total_kib(std::string_view meminfo) {
  constexpr std::string_view key = "MemTotal:";
  for (const std::string& line : split(meminfo, '\n')) {
    if (!line.starts_with(key)) continue;
    const std::string_view rest = trim(std::string_view(line).substr(key.size()));
    std::uint64_t number = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), number);
    return number;
  }
  return 0;
}

namespace {

answer::Kernel kernel_facts() {
  utsname names{};
  ::uname(&names);
  const std::string command_line(trim(read_or_empty("/proc/cmdline")));
  const auto region = own_crash_kernel();
  struct stat vmcore {};
  const bool has_vmcore = ::stat("/proc/vmcore", &vmcore) == 0;
  answer::Kernel facts{.role = kernel_parameter(command_line, "quiesce.role"),
                       .release = names.release,
                       .command_line = command_line,
                       .vmcore = has_vmcore,
                       .vmcore_bytes = has_vmcore ? static_cast<std::uint64_t>(vmcore.st_size) : 0,
                       .protocol = wire::version,
                       .cpus = static_cast<std::uint64_t>(::sysconf(_SC_NPROCESSORS_ONLN)),
                       .memory_kib = memory_total_kib(read_or_empty("/proc/meminfo")),
                       .version = QUIESCE_VERSION};
  if (region) facts.crash_kernel = as_record(*region);
  return facts;
}

}  // namespace

Json hello() {
  return record::as_json(kernel_facts());
}

Json describe() {
  answer::Describe facts{kernel_facts()};
  if (const auto address = find_symbol("machine_kexec"))
    facts.symbols.machine_kexec = record::Address{*address};
  for (const IomemEntry& entry : parse_iomem(read_or_empty("/proc/iomem"))) {
    auto& item = facts.iomem.emplace_back(as_record(entry.range));
    item.name = entry.name;
    item.depth = entry.depth;
  }
  std::uint64_t crash_size = 0;
  std::ifstream("/sys/kernel/kexec_crash_size") >> crash_size;
  facts.crash_size = crash_size;
  return record::as_json(facts);
}

}  // namespace quiesce::agent
