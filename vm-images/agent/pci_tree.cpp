// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/pci_tree.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

namespace fs = std::filesystem;

namespace {

Result<void> write_file(const fs::path& path, const std::string& text) {
  TRY_ASSIGN(const Fd fd, open_file(path, O_WRONLY));
  // One write(2): the kernel acts on each.
  if (::write(fd.get(), text.data(), text.size()) < 0)
    return fail_errno(fmt::format("cannot write \"{}\" to {}", text, path.string()));
  return {};
}

/// Where the function is in the tree of devices; empty when it is not there.
fs::path real_path(const fs::path& device) {
  std::error_code error;
  fs::path path = fs::canonical(device, error);
  return error ? fs::path() : path;
}

std::ptrdiff_t depth(const fs::path& path) {
  return std::distance(path.begin(), path.end());
}

}  // namespace

fs::path PciTree::device(PciAddress address) const {
  return root_ / "devices" / to_string(address);
}

bool PciTree::has(PciAddress address) const {
  std::error_code error;
  return fs::exists(device(address), error);
}

std::vector<PciAddress> PciTree::functions() const {
  std::vector<PciAddress> found;
  std::error_code error;
  for (fs::directory_iterator entry(root_ / "devices", error), end; !error && entry != end;
       entry.increment(error))
    if (const auto address = parse_pci_address(entry->path().filename().string()))
      found.push_back(*address);
  std::ranges::sort(found);
  return found;
}

Result<PciConfig> PciTree::config(PciAddress address) const {
  const fs::path path = device(address) / "config";
  TRY_ASSIGN(const Fd fd, open_file(path, O_RDONLY));
  std::vector<std::byte> bytes(256);
  const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  if (got < 0) return fail_errno("cannot read " + path.string());
  bytes.resize(static_cast<std::size_t>(got));
  return PciConfig(std::move(bytes));
}

Result<std::uint32_t> PciTree::read(PciAddress address, unsigned offset, unsigned width) const {
  const fs::path path = device(address) / "config";
  TRY_ASSIGN(const Fd fd, open_file(path, O_RDONLY));
  std::uint32_t value = 0;
  const ssize_t got = ::pread(fd.get(), &value, width, offset);
  if (got == static_cast<ssize_t>(width)) return value;
  if (got >= 0) errno = EIO;
  return fail_errno(fmt::format("cannot read {} at {:#x}", path.string(), offset));
}

Result<void> PciTree::write(PciAddress address, unsigned offset, unsigned width,
                            std::uint32_t value) const {
  const fs::path path = device(address) / "config";
  TRY_ASSIGN(const Fd fd, open_file(path, O_WRONLY));
  const ssize_t done = ::pwrite(fd.get(), &value, width, offset);
  if (done == static_cast<ssize_t>(width)) return {};
  if (done >= 0) errno = EIO;
  return fail_errno(fmt::format("cannot write {:#x} to {} at {:#x}", value, path.string(), offset));
}

Result<std::string> PciTree::attribute(PciAddress address, const char* name) const {
  TRY_ASSIGN(const std::string text, read_file(device(address) / name, 1U << 16));
  return std::string(trim(text));
}

Result<void> PciTree::set_attribute(PciAddress address, const char* name,
                                    const std::string& text) const {
  return write_file(device(address) / name, text);
}

Result<void> PciTree::rescan() const {
  return write_file(root_ / "rescan", "1");
}

std::optional<PciAddress> PciTree::bridge_of(PciAddress address) const {
  // ".../pci0000:00/0000:00:01.0/0000:01:00.0": the name of a root bus is no address.
  const auto above =
      parse_pci_address(real_path(device(address)).parent_path().filename().string());
  if (!above) return std::nullopt;
  return *above;
}

std::vector<PciAddress> PciTree::behind(PciAddress bridge) const {
  std::vector<PciAddress> found = functions();
  std::erase_if(found, [&](PciAddress each) {
    return each == bridge || !lies_under(real_path(device(each)), bridge);
  });
  std::ranges::stable_sort(found, {},
                           [&](PciAddress each) { return depth(real_path(device(each))); });
  return found;
}

}  // namespace quiesce::agent
