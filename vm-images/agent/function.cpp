// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/function.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <thread>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"

namespace quiesce::agent {

namespace fs = std::filesystem;

bool Function::exists() const {
  std::error_code error;
  return fs::exists(folder(), error);
}

Result<PciConfig> Function::config() const {
  TRY_ASSIGN(const Fd fd, open_file(folder() / "config", O_RDONLY));
  std::vector<std::byte> bytes(256);
  const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  if (got < 64) return fail_errno("cannot read the configuration of " + to_string(address_));
  bytes.resize(static_cast<std::size_t>(got));
  return PciConfig(std::move(bytes));
}

Result<void> Function::write_config(std::uint16_t offset, unsigned width,
                                    std::uint32_t value) const {
  TRY_ASSIGN(const Fd fd, open_file(folder() / "config", O_WRONLY));
  char bytes[4];
  std::memcpy(bytes, &value, sizeof bytes);
  if (::pwrite(fd.get(), bytes, width, offset) != static_cast<ssize_t>(width))
    return fail_errno("cannot write the configuration of " + to_string(address_));
  return {};
}

Result<std::string> Function::file(const std::string& name) const {
  TRY_ASSIGN(const std::string text, read_file(folder() / name));
  return std::string(trim(text));
}

Result<void> Function::write(const fs::path& path, const std::string& text,
                             Seconds patience) const {
  auto promise = std::make_shared<std::promise<int>>();
  auto done = promise->get_future();
  // Detached: a kernel that never comes back must not take the agent with it.
  std::thread([promise, path, text] {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return promise->set_value(errno);
    const ssize_t written = ::write(fd, text.data(), text.size());
    const int problem = written < 0 ? errno : 0;
    ::close(fd);
    promise->set_value(problem);
  }).detach();
  if (done.wait_for(patience) != std::future_status::ready)
    return fail(Errc::timeout, "{} hangs: the kernel did not come back within {}",
                path.filename().string(), format_duration(patience));
  const int problem = done.get();
  if (problem != 0) return fail_errno(path.filename().string(), problem);
  return {};
}

std::optional<PciAddress> Function::bridge() const {
  std::error_code error;
  const fs::path real = fs::canonical(folder(), error);
  if (error) return std::nullopt;
  const auto above = parse_pci_address(real.parent_path().filename().string());
  return above ? std::optional(*above) : std::nullopt;
}

}  // namespace quiesce::agent
