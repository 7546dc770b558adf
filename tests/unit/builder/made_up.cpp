// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/made_up.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <gelf.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"

namespace quiesce::builder::made_up {

namespace fs = std::filesystem;

namespace {

std::string archive_of(const Files& files, const std::string& format,
                       const std::string& compression, const Files& links = {}) {
  archive* writer = archive_write_new();
  archive_write_set_format_by_name(writer, format.c_str());
  if (compression == "gz") archive_write_add_filter_gzip(writer);
  if (compression == "xz") archive_write_add_filter_xz(writer);
  if (compression == "zst") archive_write_add_filter_zstd(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  // No format or compression here makes more of an entry than this: clearing much more was most of
  // these tests' time.
  std::size_t most = (1U << 16) + 4096 * (files.size() + links.size());
  for (const auto& [path, content] : files) most += 2 * content.size();
  std::string out(most, '\0');
  std::size_t used = 0;
  BOOST_REQUIRE_EQUAL(archive_write_open_memory(writer, out.data(), out.size(), &used), ARCHIVE_OK);
  for (const auto& [path, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    BOOST_REQUIRE_EQUAL(archive_write_header(writer, entry), ARCHIVE_OK);
    if (!content.empty()) archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  for (const auto& [path, target] : links) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, AE_IFLNK);
    archive_entry_set_perm(entry, 0777);
    archive_entry_set_symlink(entry, target.c_str());
    BOOST_REQUIRE_EQUAL(archive_write_header(writer, entry), ARCHIVE_OK);
    archive_entry_free(entry);
  }
  BOOST_REQUIRE_EQUAL(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <class T>
std::string raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::uint64_t hex(const std::string& text) {
  return std::stoull(text, nullptr, 16);
}

}  // namespace

Bench::Bench()
    : folder(*TempDir::create("builder-test-")), store(*Store::open(folder.path() / "store")) {}

std::string Bench::without_path(std::string text) const {
  const std::string path = folder.path().string();
  for (std::size_t at = 0; (at = text.find(path, at)) != std::string::npos;)
    text.replace(at, path.size(), "BENCH");
  return text;
}

void write(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  BOOST_REQUIRE(replace_file(path, content));
}

std::string read(const fs::path& path) {
  auto text = read_file(path);
  BOOST_REQUIRE_MESSAGE(text.has_value(), "no file " << path);
  return *text;
}

void write_tree(const fs::path& folder, const Files& files) {
  for (const auto& [path, content] : files) write(folder / path, content);
}

std::string compress(std::string_view bytes, const std::string& compression) {
  return archive_of({{"x", std::string(bytes)}}, "raw", compression);
}

void write_deb(const fs::path& path, const Files& files, const std::string& compression,
               const Files& links) {
  Files dotted;
  for (const auto& [name, content] : files) dotted["./" + name] = content;
  const std::string suffix = compression == "none" ? "" : "." + compression;
  // std::map keeps "control..." < "data..." < "debian-binary"; deb(5) wants debian-binary first.
  const std::string control = archive_of({{"./control", "Package: x\n"}}, "ustar", "gz");
  const std::string data = archive_of(dotted, "ustar", compression, links);
  std::string deb = archive_of({{"debian-binary", "2.0\n"}}, "ar", "none");
  for (const auto& member :
       {Files{{"control.tar.gz", control}}, Files{{"data.tar" + suffix, data}}})
    deb += archive_of(member, "ar", "none").substr(std::string_view("!<arch>\n").size());
  write(path, deb);
}

std::string bzimage(const std::string& release, std::string_view payload) {
  constexpr std::size_t setup_sectors = 3;
  std::string bytes((setup_sectors + 1) * 512, '\0');
  put<std::uint8_t>(bytes, 0x1f1, setup_sectors);
  put<std::uint16_t>(bytes, 0x1fe, 0xaa55);
  bytes.replace(0x202, 4, "HdrS");
  put<std::uint16_t>(bytes, 0x206, 0x020f);
  put<std::uint16_t>(bytes, 0x20e, 0x200);
  put<std::uint8_t>(bytes, 0x211, 1);
  put<std::uint32_t>(bytes, 0x248, 16);
  put<std::uint32_t>(bytes, 0x24c, static_cast<std::uint32_t>(payload.size()));
  const std::string version = release + " (me@here) #1 SMP";
  bytes.replace(0x400, version.size(), version);
  return bytes + std::string(16, '\x90') + std::string(payload);
}

std::string object(const std::vector<std::string>& modinfo) {
  std::string info;
  for (const auto& entry : modinfo) info += entry + '\0';
  std::string names = std::string("\0.shstrtab\0.modinfo\0", 20);
  elf_version(EV_CURRENT);
  auto fd = memory_file("module", 0);
  BOOST_REQUIRE(fd);
  Elf* elf = elf_begin(fd->get(), ELF_C_WRITE, nullptr);
  auto* file = static_cast<Elf64_Ehdr*>(gelf_newehdr(elf, ELFCLASS64));
  file->e_type = ET_REL;
  file->e_machine = EM_X86_64;
  file->e_shstrndx = 1;
  const auto add = [&](std::string& content, unsigned name, unsigned type) {
    Elf_Scn* section = elf_newscn(elf);
    Elf_Data* data = elf_newdata(section);
    data->d_buf = content.data();
    data->d_size = content.size();
    data->d_align = 1;
    Elf64_Shdr* header = elf64_getshdr(section);
    header->sh_name = name;
    header->sh_type = type;
  };
  add(names, 1, SHT_STRTAB);
  add(info, 11, SHT_PROGBITS);
  BOOST_REQUIRE(elf_update(elf, ELF_C_WRITE) > 0);
  elf_end(elf);
  return read(fmt::format("/proc/self/fd/{}", fd->get()));
}

std::string module(const std::string& release, const std::string& depends,
                   const std::string& softdep) {
  std::vector<std::string> info = {"license=GPL", "depends=" + depends};
  if (!softdep.empty()) info.push_back("softdep=" + softdep);
  info.push_back("vermagic=" + release + " SMP mod_unload ");
  return object(info);
}

std::string program(const std::vector<std::string>& needed, const std::string& run_path) {
  constexpr std::uint64_t dynamic_at = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
  std::string strings(1, '\0');
  std::string dynamic;
  const auto name = [&](std::int64_t tag, const std::string& text) {
    dynamic += raw(Elf64_Dyn{tag, {strings.size()}});
    strings += text + '\0';
  };
  for (const auto& library : needed) name(DT_NEEDED, library);
  if (!run_path.empty()) name(DT_RUNPATH, run_path);
  const std::uint64_t strings_at = dynamic_at + dynamic.size() + 2 * sizeof(Elf64_Dyn);
  dynamic += raw(Elf64_Dyn{DT_STRTAB, {strings_at}}) + raw(Elf64_Dyn{DT_NULL, {0}});
  const std::uint64_t end = strings_at + strings.size();

  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_DYN;
  file.e_machine = EM_X86_64;
  file.e_version = EV_CURRENT;
  file.e_phoff = sizeof file;
  file.e_ehsize = sizeof file;
  file.e_phentsize = sizeof(Elf64_Phdr);
  file.e_phnum = 2;
  file.e_shentsize = sizeof(Elf64_Shdr);
  const Elf64_Phdr load{PT_LOAD, PF_R, 0, 0, 0, end, end, 4096};
  const Elf64_Phdr place{PT_DYNAMIC, PF_R,           dynamic_at,     dynamic_at,
                         dynamic_at, dynamic.size(), dynamic.size(), 8};
  return raw(file) + raw(load) + raw(place) + dynamic + strings + "debugging information";
}

scenario::PlannedDevice device(const std::string& name, const std::vector<std::string>& modules) {
  scenario::PlannedDevice made;
  made.name = name;
  made.profile.name = name;
  made.profile.modules = modules;
  return made;
}

std::vector<std::pair<std::string, std::string>> read_cpio(const fs::path& path) {
  // "070701" and 13 fields of 8 hexadecimal digits: buffer-format.rst.
  const std::string bytes = read(path);
  const auto round_up = [](std::size_t at) { return (at + 3) & ~std::size_t{3}; };
  std::vector<std::pair<std::string, std::string>> entries;
  for (std::size_t at = 0;;) {
    BOOST_REQUIRE_EQUAL(bytes.substr(at, 6), "070701");
    std::vector<std::uint64_t> field;
    for (std::size_t i = 0; i < 13; ++i) field.push_back(hex(bytes.substr(at + 6 + i * 8, 8)));
    const std::string name = bytes.substr(at + 110, field[11] - 1);
    if (name == "TRAILER!!!") return entries;
    BOOST_TEST(field[2] == 0U);  // user
    BOOST_TEST(field[3] == 0U);  // group
    BOOST_TEST(field[5] == 0U);  // time
    at = round_up(at + 110 + field[11]);
    std::string content = bytes.substr(at, field[6]);
    if (field[9] != 0) content = fmt::format("{}:{}", field[9], field[10]);
    entries.emplace_back(name, fmt::format("{:o} {}", field[1], content));
    at = round_up(at + field[6]);
  }
}

namespace {

/// Takes the options of an own apt away, which name the test's random folder; returns the suites of
/// its sources as "[sid] ", or nothing for the machine's.
std::string take_own_options(std::vector<std::string>& argv) {
  constexpr std::string_view mark = "Dir::Etc::sourcelist=";
  std::string suites;
  for (const auto& word : argv)
    if (word.starts_with(mark))
      for (const auto& line : split(read(word.substr(mark.size())), '\n'))
        if (const auto words = split(line, ' '); words.size() > 4)
          suites += (suites.empty() ? "" : " ") + words[4];
  if (suites.empty()) return {};
  for (std::size_t at = 1; at + 1 < argv.size();) {
    if (argv[at] != "-o") {
      ++at;
      continue;
    }
    argv.erase(argv.begin() + static_cast<std::ptrdiff_t>(at),
               argv.begin() + static_cast<std::ptrdiff_t>(at) + 2);
  }
  return "[" + suites + "] ";
}

}  // namespace

Apt FakeApt::apt(Apt::User user) {
  const auto run = [this](std::vector<std::string> argv, Seconds) -> Result<Captured> {
    const std::string whose = take_own_options(argv);
    std::string line = whose + fmt::format("{}", fmt::join(argv, " "));
    if (argv.size() > 3 && argv[0] == "env") {
      for (const auto& [name, bytes] : downloads) write(fs::path(argv[2]) / name, bytes);
      line = whose + "env " + fmt::format("{}", fmt::join(argv.begin() + 3, argv.end(), " "));
    }
    asked.push_back(line);
    const auto answer = answers.find(line);
    BOOST_REQUIRE_MESSAGE(answer != answers.end(), "unexpected: " << line);
    if (answer->second.starts_with("E: ")) return Captured{{.code = 100}, "", answer->second};
    return Captured{{}, answer->second, ""};
  };
  return {run, user};
}

}  // namespace quiesce::builder::made_up
