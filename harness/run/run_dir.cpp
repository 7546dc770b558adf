// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/run_dir.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/line.hpp"
#include "harness/record/manifest.hpp"

namespace quiesce::run {

namespace fs = std::filesystem;

Result<RunDir> RunDir::create(const fs::path& folder, Clock& clock) {
  std::error_code error;
  if (printable(folder.string()) != folder.string())
    return fail(Errc::invalid_input,
                "the name of the output folder {} is no UTF-8 text; choose another with --out",
                printable(folder.string()));
  fs::create_directories(folder, error);
  if (error)
    return fail(Errc::invalid_input,
                "cannot create the output folder {}: {}; choose another with --out",
                folder.string(), error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return fail(Errc::invalid_input,
                "the output folder {} is not writable; choose another with --out", folder.string());
  const bool empty = fs::is_empty(folder, error);
  if (error || !empty)
    return fail(Errc::invalid_input,
                "the output folder {} is not empty; choose another with --out, or remove it",
                folder.string());
  for (const char* inner : {record::file::pci, record::file::screen}) {
    fs::create_directory(folder / inner, error);
    if (error)
      return fail(error == std::errc::no_space_on_device ? Errc::no_space : Errc::io,
                  "cannot create {}: {}", (folder / inner).string(), error.message());
  }
  return RunDir(fs::absolute(folder), clock);
}

void RunDir::note(const Result<void>& written) {
  if (!written && !failed_)
    failed_ = written.error().because(
        fmt::format("cannot write to the run directory {}", path_.string()));
}

void RunDir::event(const char* name, nlohmann::json fields) {
  fields.update(record::as_json(record::event::Head{now(), name}));
  append_json(record::file::timeline, fields);
}

void RunDir::append_json(const char* file, const nlohmann::json& line) {
  if (Open* open = opened(file)) append_to(*open, record::numbered_line(line, ++open->records));
}

void RunDir::append(const char* file, std::string_view text) {
  if (Open* open = opened(file)) append_to(*open, text);
}

RunDir::Open* RunDir::opened(const char* file) {
  if (failed_) return nullptr;
  auto found = open_.find(file);
  if (found == open_.end()) {
    auto fd = open_file(path_ / file, O_WRONLY | O_CREAT | O_APPEND);
    if (!fd) {
      note(tl::unexpected(fd.error()));
      return nullptr;
    }
    found = open_.emplace(file, Open{.fd = std::move(*fd)}).first;
  }
  return &found->second;
}

void RunDir::append_to(Open& open, std::string_view text) {
  const auto written = write_all(open.fd.get(), text);
  note(written);
  if (written)
    open.size += text.size();
  else
    // Half a line is no evidence.
    (void)!::ftruncate(open.fd.get(), static_cast<off_t>(open.size));
}

void RunDir::write(const std::string& file, std::string_view text) {
  if (!failed_) note(replace_file(path_ / file, text));
}

namespace {

/// Names in the folder of all files that the manifest is to cover.
std::vector<std::string> covered_files(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    const std::string name = at->path().lexically_relative(folder).generic_string();
    if (at->is_regular_file(ignored) && record::is_covered(name)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

nlohmann::json RunDir::lengths() const {
  nlohmann::json lengths = nlohmann::json::object();
  for (const std::string& name : covered_files(path_)) {
    std::error_code error;
    const auto bytes = fs::file_size(path_ / name, error);
    if (!error && name != record::file::timeline) lengths[name] = bytes;
  }
  return lengths;
}

Result<void> RunDir::seal() const {
  record::Inventory inventory;
  for (const std::string& name : covered_files(path_)) {
    TRY_ASSIGN(inventory[name], record::look_at(path_, name));
  }
  return replace_file(path_ / record::file::manifest, to_json(inventory).dump(1) + "\n");
}

}  // namespace quiesce::run
