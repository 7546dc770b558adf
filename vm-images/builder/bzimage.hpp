// SPDX-License-Identifier: GPL-2.0-or-later
// What the header of an x86 kernel image says (Documentation/arch/x86/boot.rst, "The Real-Mode
// Kernel Header").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.hpp"

namespace quiesce::builder {

struct BzImage {
  std::string release;       ///< first word of kernel_version: "6.1.0-56-amd64"
  std::string_view payload;  ///< the compressed kernel, in the bytes that were parsed; may be empty
};

/// `bytes` is the whole file, `what` names it in errors. What is no bzImage is invalid_input, with
/// the remedy where it is something else that is known (vmlinux, a compressed Image).
Result<BzImage> parse_bzimage(std::string_view bytes, const std::string& what);

/// The configuration that CONFIG_IKCONFIG left in the kernel, or nullopt. Decompresses the whole
/// kernel.
Result<std::optional<std::string>> embedded_config(const BzImage& image, const std::string& what);

}  // namespace quiesce::builder
