// SPDX-License-Identifier: GPL-2.0-or-later
#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>

#include "vm-images/builder/archive.hpp"

namespace quiesce::builder {

namespace {

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

tl::unexpected<Error> refused(archive* writer, const std::filesystem::path& path) {
  const int number = archive_errno(writer);
  if (number > 0) return fail_errno("cannot write " + path.string(), number);
  const char* text = archive_error_string(writer);
  return fail(Errc::io, "cannot write {}: {}", path.string(), text != nullptr ? text : "unknown");
}

unsigned file_type(CpioEntry::Kind kind) {
  switch (kind) {
    case CpioEntry::Kind::folder:
      return AE_IFDIR;
    case CpioEntry::Kind::file:
      return AE_IFREG;
    case CpioEntry::Kind::link:
      return AE_IFLNK;
    case CpioEntry::Kind::character_device:
      return AE_IFCHR;
  }
  return AE_IFREG;
}

Entry header(const CpioEntry& from, std::size_t size, std::size_t number) {
  Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), from.path.c_str());
  archive_entry_set_filetype(entry.get(), file_type(from.kind));
  archive_entry_set_perm(entry.get(), static_cast<__LA_MODE_T>(from.mode));
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_ino(entry.get(), static_cast<la_int64_t>(number));
  archive_entry_set_nlink(entry.get(), 1);
  if (from.kind == CpioEntry::Kind::link)
    archive_entry_set_symlink(entry.get(), from.target.c_str());
  if (from.kind == CpioEntry::Kind::character_device) {
    archive_entry_set_rdevmajor(entry.get(), from.major);
    archive_entry_set_rdevminor(entry.get(), from.minor);
  }
  return entry;
}

}  // namespace

Result<void> write_cpio(const std::filesystem::path& path, const std::vector<CpioEntry>& entries) {
  const Writer writer(archive_write_new(), archive_write_free);
  archive_write_set_format_cpio_newc(writer.get());
  archive_write_add_filter_none(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 4);
  if (archive_write_open_filename(writer.get(), path.c_str()) != ARCHIVE_OK)
    return refused(writer.get(), path);
  std::size_t number = 0;
  for (const auto& entry : entries) {
    std::string content;
    if (entry.kind == CpioEntry::Kind::file && entry.content) {
      TRY_ASSIGN(content, entry.content());
    }
    const Entry head = header(entry, content.size(), ++number);
    if (archive_write_header(writer.get(), head.get()) != ARCHIVE_OK)
      return refused(writer.get(), path);
    if (!content.empty() && archive_write_data(writer.get(), content.data(), content.size()) !=
                                static_cast<la_ssize_t>(content.size()))
      return refused(writer.get(), path);
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return refused(writer.get(), path);
  return {};
}

}  // namespace quiesce::builder
