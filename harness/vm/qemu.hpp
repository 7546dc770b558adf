// SPDX-License-Identifier: GPL-2.0-or-later
// Which QEMU and which accelerator a run uses, found out by trying.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/result.hpp"
#include "harness/scenario/model.hpp"

namespace quiesce::vm {

/// A QEMU that was asked for its version.
struct Qemu {
  std::filesystem::path path;
  int major = 0;
  int minor = 0;
  int micro = 0;
  bool has_vfio_user() const;
  std::string version() const { return fmt::format("{}.{}.{}", major, minor, micro); }
};

/// The oldest that has all that is used: "-netdev stream" is from 7.2.
inline constexpr int oldest_major = 7;
inline constexpr int oldest_minor = 2;

/// The first with vfio-user-pci (its release notes).
inline constexpr int vfio_user_major = 10;
inline constexpr int vfio_user_minor = 1;

/// "QEMU emulator version 7.2.22 (Debian ...)" -> 7, 2, 22.
Result<Qemu> parse_version(const std::filesystem::path& path, const std::string& text);

/// `wanted`: a path or a name in PATH. not_found and unsupported name the remedy.
Result<Qemu> find_qemu(const std::string& wanted = "qemu-system-x86_64");

/// The accelerator and why it is the one.
struct Accelerator {
  std::string name;  ///< "kvm" or "tcg"
  std::string reason;
};

/// `automatic` tries KVM with a program that must finish: a few instructions up to 64-bit paging
/// that leave through QEMU's debug port. A /dev/kvm that merely opens is no proof. `kvm` fails with
/// unsupported when the trial does.
Result<Accelerator> choose_accelerator(scenario::Accel wanted, const Qemu& qemu);

/// What the trial said: empty when KVM works, else why it does not.
std::string try_kvm(const Qemu& qemu);

}  // namespace quiesce::vm
