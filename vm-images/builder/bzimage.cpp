// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/bzimage.hpp"

#include <cstdint>

#include "vm-images/builder/archive.hpp"

namespace quiesce::builder {

namespace {

// Offsets and values of Documentation/arch/x86/boot.rst.
constexpr std::size_t setup_sects_at = 0x1f1;
constexpr std::size_t boot_flag_at = 0x1fe;
constexpr std::size_t magic_at = 0x202;
constexpr std::size_t protocol_at = 0x206;
constexpr std::size_t kernel_version_at = 0x20e;  // counts from 0x200
constexpr std::size_t loadflags_at = 0x211;
constexpr std::size_t payload_offset_at = 0x248;  // counts from the protected-mode code
constexpr std::size_t payload_length_at = 0x24c;
constexpr std::size_t header_end = 0x250;
constexpr std::size_t sector = 512;
constexpr std::uint64_t loaded_high = 1;
constexpr std::uint64_t protocol_with_payload = 0x0208;
constexpr std::size_t longest_version = 256;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i > 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

/// What a file is that people give instead of a bzImage.
struct Lookalike {
  std::string_view magic;
  std::string_view is;
};
using namespace std::string_view_literals;
constexpr Lookalike lookalikes[] = {
    {"\x7f"
     "ELF"sv,
     "an ELF file (vmlinux?)"sv},
    {"!<arch>\n"sv, "a package without the name ending .deb"sv},
    {"\x1f\x8b"sv, "gzip data"sv},
    {"\x28\xb5\x2f\xfd"sv, "zstd data"sv},
    {"\xfd"
     "7zXZ"sv,
     "xz data"sv},
};

tl::unexpected<Error> no_kernel(std::string_view bytes, const std::string& what) {
  std::string is = "not an x86 kernel image";
  for (const auto& lookalike : lookalikes)
    if (bytes.starts_with(lookalike.magic)) is = lookalike.is;
  return fail(Errc::invalid_input, "{} is {}; give the bzImage (arch/x86/boot/bzImage, vmlinuz)",
              what, is);
}

/// The first word at `at`: text up to a blank or NUL.
std::string_view first_word(std::string_view bytes, std::size_t at) {
  if (at >= bytes.size()) return {};
  const std::string_view text = bytes.substr(at, longest_version);
  const std::size_t end = text.find_first_of(" \0"sv);
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

bool is_release(std::string_view text) {
  for (const char c : text)
    if (c <= 0x20 || c >= 0x7f || c == '/') return false;
  return !text.empty() && text[0] != '.';
}

}  // namespace

Result<BzImage> parse_bzimage(std::string_view bytes, const std::string& what) {
  if (bytes.size() < header_end || bytes.substr(magic_at, 4) != "HdrS" ||
      number(bytes, boot_flag_at, 2) != 0xaa55)
    return no_kernel(bytes, what);
  if ((number(bytes, loadflags_at, 1) & loaded_high) == 0)
    return fail(Errc::invalid_input, "{} is a zImage, which is loaded low; give the bzImage", what);

  BzImage image;
  const std::string_view release = first_word(bytes, number(bytes, kernel_version_at, 2) + 0x200);
  if (!is_release(release))
    return fail(Errc::invalid_input, "{} does not say which release it is; it may be cut short",
                what);
  image.release = release;

  if (number(bytes, protocol_at, 2) < protocol_with_payload) return image;
  std::uint64_t sectors = number(bytes, setup_sects_at, 1);
  if (sectors == 0) sectors = 4;  // boot.rst: for backwards compatibility
  const std::uint64_t begin = (sectors + 1) * sector + number(bytes, payload_offset_at, 4);
  const std::uint64_t length = number(bytes, payload_length_at, 4);
  if (begin + length > bytes.size())
    return fail(Errc::invalid_input,
                "{} is cut short: it has {} bytes, its header speaks of at least {}", what,
                bytes.size(), begin + length);
  image.payload = bytes.substr(begin, length);
  return image;
}

Result<std::optional<std::string>> embedded_config(const BzImage& image, const std::string& what) {
  constexpr std::string_view begin_mark = "IKCFG_ST";  // kernel/configs.c
  constexpr std::string_view end_mark = "IKCFG_ED";
  // The build appends the plain size to all but gzip data, which has it (scripts/Makefile.lib,
  // size_append).
  const bool is_gzip = image.payload.starts_with("\x1f\x8b");
  const std::size_t appended = is_gzip || image.payload.size() < 4 ? 0 : 4;
  TRY_ASSIGN(const std::string kernel,
             decompress(image.payload.substr(0, image.payload.size() - appended),
                        "the kernel in " + what));
  // The marks also occur as plain strings: the data follows the one with a gzip header behind it.
  const std::size_t begin = kernel.find(std::string(begin_mark) + "\x1f\x8b");
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t data = begin + begin_mark.size();
  const std::size_t end = kernel.find(end_mark, data);
  if (end == std::string::npos) return std::nullopt;
  TRY_ASSIGN(std::string config, decompress(std::string_view(kernel).substr(data, end - data),
                                            "the configuration in " + what));
  return config;
}

}  // namespace quiesce::builder
