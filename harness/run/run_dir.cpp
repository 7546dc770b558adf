// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/run_dir.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "harness/base/text.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"

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
  // Text of the guest may be any bytes: what is no UTF-8 is replaced, never thrown over.
  append(file, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void RunDir::append(const char* file, std::string_view text) {
  if (failed_) return;
  auto found = open_.find(file);
  if (found == open_.end()) {
    auto fd = open_file(path_ / file, O_WRONLY | O_CREAT | O_APPEND);
    if (!fd) {
      note(tl::unexpected(fd.error()));
      return;
    }
    found = open_.emplace(file, Open{.fd = std::move(*fd)}).first;
  }
  auto& [fd, size] = found->second;
  const auto written = write_all(fd.get(), text);
  note(written);
  if (written)
    size += text.size();
  else
    // Half a line is no evidence.
    (void)!::ftruncate(fd.get(), static_cast<off_t>(size));
}

void RunDir::write(const std::string& file, std::string_view text) {
  if (!failed_) note(replace_file(path_ / file, text));
}

}  // namespace quiesce::run
