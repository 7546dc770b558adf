// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/run_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

namespace quiesce::dispatch {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& out, std::string scenario, Place place,
                   const std::string& stamp) {
  for (char& c : scenario)
    if (c == '/' || c == ' ') c = '_';
  const std::string number = place.count == 1 ? std::string() : fmt::format("{:03d}", place.number);
  if (out.empty())
    return fs::path("runs") /
           fmt::format("{}-{}{}", scenario, stamp, number.empty() ? "" : "-" + number);
  return number.empty() ? out : out / (number + "-" + scenario);
}

std::string stamp_of_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
  return fmt::format("{}-{}", stamp, ::getpid());
}

Result<void> check_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    fs::path parent = fs::absolute(folder).parent_path();
    while (!fs::exists(parent, error) && parent != parent.parent_path())
      parent = parent.parent_path();
    if (!fs::is_directory(parent, error) || ::access(parent.c_str(), W_OK | X_OK) != 0)
      return fail(Errc::invalid_input,
                  "the output folder {} cannot be created in {}; choose another with --out",
                  folder.string(), parent.string());
    return {};
  }
  if (!fs::is_directory(folder, error))
    return fail(Errc::invalid_input, "{} is no folder; choose another with --out", folder.string());
  if (!fs::is_empty(folder, error))
    return fail(Errc::invalid_input,
                "the output folder {} is not empty; choose another with --out, or remove it",
                folder.string());
  return {};
}

}  // namespace quiesce::dispatch
