// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>

#include "harness/base/fd.hpp"
#include "harness/base/interruption.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

Reader new_reader() {
  return {archive_read_new(), archive_read_free};
}

/// What kernels, modules and Debian packages are compressed with. Not
/// archive_read_support_filter_all(): that may run programs.
void known_compressions(archive* reader) {
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_lz4(reader);
  archive_read_support_filter_lzma(reader);
  archive_read_support_filter_bzip2(reader);
}

std::string reason(archive* from) {
  const char* text = archive_error_string(from);
  return text != nullptr ? text : "unknown error";
}

/// The content of one entry of an archive, handed to another reader piece by piece.
ssize_t read_member(archive*, void* outer, const void** piece) {
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int status = archive_read_data_block(static_cast<archive*>(outer), piece, &size, &offset);
  if (status == ARCHIVE_EOF) return 0;
  return status < ARCHIVE_WARN ? -1 : static_cast<ssize_t>(size);
}

/// Without "./" and "/" at the front; empty for a path that leads elsewhere.
std::string plain_path(const char* name) {
  if (name == nullptr) return {};
  const fs::path path = fs::path(name).lexically_normal().relative_path();
  for (const auto& part : path)
    if (part == "..") return {};
  return path.string();
}

Result<void> write_entry(archive* from, const fs::path& to, const fs::path& deb) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) return fail_errno("cannot create " + to.parent_path().string(), error.value());
  TRY_ASSIGN(Fd fd, open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
  for (;;) {
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(from, &piece, &size, &offset);
    if (status == ARCHIVE_EOF) return {};
    if (status < ARCHIVE_WARN)
      return fail(Errc::invalid_input, "{} is damaged: {}", deb.string(), reason(from));
    TRY(write_all(fd.get(), std::string_view(static_cast<const char*>(piece), size)));
  }
}

/// The target as a relative path from the link's place, or empty when it leads out of the folder.
/// Only leading ".." are taken: behind a name they would mean what a link makes of the name.
fs::path inner_target(const ArchiveLink& link) {
  const fs::path place = fs::path(link.path).parent_path();
  const fs::path target(link.target);
  if (target.empty() || link.path.empty()) return {};
  bool named = false;
  for (const auto& part : target.relative_path()) {
    if (part == ".." && (named || target.is_absolute())) return {};
    named = named || (part != ".." && part != ".");
  }
  if (target.is_absolute()) return target.relative_path().lexically_relative(place);
  const fs::path reached = (place / target).lexically_normal();
  return *reached.begin() == ".." ? fs::path() : target;
}

/// Whether a folder on the way to the link's place is itself a link: what is made behind it could
/// lie anywhere.
bool leads_through_link(const fs::path& folder, const fs::path& path) {
  fs::path reached = folder;
  std::error_code error;
  for (const auto& part : path.parent_path()) {
    reached /= part;
    if (fs::is_symlink(fs::symlink_status(reached, error))) return true;
  }
  return false;
}

Result<void> unpack_data(archive* outer, const fs::path& deb, const fs::path& folder,
                         const std::function<bool(std::string_view)>& wanted,
                         std::vector<ArchiveLink>* links) {
  const Reader inner = new_reader();
  known_compressions(inner.get());
  archive_read_support_format_tar(inner.get());
  if (archive_read_open(inner.get(), outer, nullptr, read_member, nullptr) != ARCHIVE_OK)
    return fail(Errc::invalid_input, "{} is damaged: {}", deb.string(), reason(inner.get()));
  for (;;) {
    TRY(not_interrupted());
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(inner.get(), &entry);
    if (status == ARCHIVE_EOF) return {};
    if (status < ARCHIVE_WARN)
      return fail(Errc::invalid_input, "{} is damaged: {}", deb.string(), reason(inner.get()));
    const std::string path = plain_path(archive_entry_pathname(entry));
    const bool regular =
        archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
    if (path.empty() || !wanted(path)) continue;
    if (regular) TRY(write_entry(inner.get(), folder / path, deb));
    const char* target = archive_entry_symlink(entry);
    if (links != nullptr && target != nullptr && archive_entry_filetype(entry) == AE_IFLNK)
      links->push_back({path, target});
  }
}

}  // namespace

Result<void> unpack_deb(const fs::path& deb, const fs::path& folder,
                        const std::function<bool(std::string_view)>& wanted,
                        std::vector<ArchiveLink>* links) {
  // libarchive's own message would not know which file: open first.
  TRY_ASSIGN(const Fd fd, open_file(deb, O_RDONLY));
  const Reader outer = new_reader();
  archive_read_support_format_ar(outer.get());
  constexpr std::size_t block = 1U << 16;
  if (archive_read_open_fd(outer.get(), fd.get(), block) != ARCHIVE_OK)
    return fail(Errc::invalid_input, "{} is no Debian package", deb.string());
  for (bool first = true;; first = false) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(outer.get(), &entry);
    const char* member =
        status >= ARCHIVE_WARN && status != ARCHIVE_EOF ? archive_entry_pathname(entry) : nullptr;
    const std::string name = member != nullptr ? member : "";
    if (first && name != "debian-binary")  // deb(5)
      return fail(Errc::invalid_input, "{} is no Debian package", deb.string());
    if (status == ARCHIVE_EOF)
      return fail(Errc::invalid_input, "{} is damaged: it has no data.tar", deb.string());
    if (status < ARCHIVE_WARN)
      return fail(Errc::invalid_input, "{} is damaged: {}", deb.string(), reason(outer.get()));
    if (name.starts_with("data.tar")) return unpack_data(outer.get(), deb, folder, wanted, links);
  }
}

Result<void> make_links(const fs::path& folder, const std::vector<ArchiveLink>& links) {
  for (const auto& link : links) {
    const fs::path target = inner_target(link);
    const fs::path place = folder / link.path;
    std::error_code error;
    if (leads_through_link(folder, link.path)) continue;
    if (target.empty() || fs::symlink_status(place, error).type() != fs::file_type::not_found)
      continue;
    fs::create_directories(place.parent_path(), error);
    if (!error) fs::create_symlink(target, place, error);
    if (error) return fail_errno("cannot link " + place.string(), error.value());
  }
  return {};
}

Result<std::string> decompress(std::string_view bytes, const std::string& what) {
  if (bytes.empty()) return std::string();
  const Reader reader = new_reader();
  known_compressions(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) < ARCHIVE_WARN)
    return fail(Errc::invalid_input, "{} is damaged: {}", what, reason(reader.get()));
  std::string plain;
  for (;;) {
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(reader.get(), &piece, &size, &offset);
    if (status == ARCHIVE_EOF) return plain;
    if (status < ARCHIVE_WARN)
      return fail(Errc::invalid_input, "{} is damaged: {}", what, reason(reader.get()));
    plain.append(static_cast<const char*>(piece), size);
  }
}

}  // namespace quiesce::builder
