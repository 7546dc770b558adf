// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/elf.hpp"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "harness/base/text.hpp"

namespace quiesce::builder {

namespace {

using Handle = std::unique_ptr<Elf, decltype(&elf_end)>;

/// libelf wants writable memory; it only writes to it in its update calls, which are not used.
Handle open_elf(std::string_view bytes) {
  elf_version(EV_CURRENT);
  Handle elf(elf_memory(const_cast<char*>(bytes.data()), bytes.size()), elf_end);
  if (elf && elf_kind(elf.get()) != ELF_K_ELF) elf.reset();
  return elf;
}

std::vector<GElf_Phdr> segments(Elf* elf) {
  std::vector<GElf_Phdr> all;
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) return all;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) != nullptr) all.push_back(header);
  }
  return all;
}

/// `size` bytes of the file, or fewer where it ends.
std::string_view part(std::string_view bytes, std::uint64_t at, std::uint64_t size) {
  return at < bytes.size() ? bytes.substr(at, size) : std::string_view();
}

std::string_view text_at(std::string_view table, std::uint64_t at) {
  const std::string_view rest = part(table, at, table.size());
  return rest.substr(0, rest.find('\0'));
}

/// The file's bytes from a virtual address to its segment's end.
std::string_view at_address(std::string_view bytes, const std::vector<GElf_Phdr>& headers,
                            std::uint64_t address) {
  for (const auto& header : headers)
    if (header.p_type == PT_LOAD && address >= header.p_vaddr &&
        address - header.p_vaddr < header.p_filesz)
      return part(bytes, header.p_offset + (address - header.p_vaddr),
                  header.p_filesz - (address - header.p_vaddr));
  return {};
}

std::vector<GElf_Dyn> dynamic_entries(Elf* elf, const GElf_Phdr& header) {
  std::vector<GElf_Dyn> entries;
  Elf_Data* data = elf_getdata_rawchunk(elf, static_cast<std::int64_t>(header.p_offset),
                                        header.p_filesz, ELF_T_DYN);
  GElf_Dyn entry;
  for (int i = 0; data != nullptr && gelf_getdyn(data, i, &entry) != nullptr; ++i) {
    if (entry.d_tag == DT_NULL) break;
    entries.push_back(entry);
  }
  return entries;
}

void read_entries(Dynamic& dynamic, const std::vector<GElf_Dyn>& entries,
                  std::string_view strings) {
  std::vector<std::string> rpath;
  for (const auto& entry : entries) {
    const std::string text(text_at(strings, entry.d_un.d_val));
    switch (entry.d_tag) {
      case DT_NEEDED:
        dynamic.needed.push_back(text);
        break;
      case DT_SONAME:
        dynamic.soname = text;
        break;
      case DT_RUNPATH:
        dynamic.run_path = split(text, ':');
        break;
      case DT_RPATH:
        rpath = split(text, ':');
        break;
      default:
        break;
    }
  }
  if (dynamic.run_path.empty()) dynamic.run_path = rpath;
}

std::vector<std::pair<std::string, std::string>> split_modinfo(std::string_view section) {
  std::vector<std::pair<std::string, std::string>> info;
  while (!section.empty()) {
    const std::string_view entry = section.substr(0, section.find('\0'));
    section.remove_prefix(std::min(entry.size() + 1, section.size()));
    if (const std::size_t equals = entry.find('='); equals != std::string_view::npos)
      info.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return info;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> read_modinfo(std::string_view bytes,
                                                                      const std::string& what) {
  const Handle elf = open_elf(bytes);
  std::size_t names = 0;
  if (!elf || elf_getshdrstrndx(elf.get(), &names) != 0)
    return fail(Errc::invalid_input, "{} is no kernel module: it is no ELF object", what);
  for (Elf_Scn* at = elf_nextscn(elf.get(), nullptr); at != nullptr;
       at = elf_nextscn(elf.get(), at)) {
    GElf_Shdr header;
    if (gelf_getshdr(at, &header) == nullptr) continue;
    const char* name = elf_strptr(elf.get(), names, header.sh_name);
    if (name == nullptr || std::strcmp(name, ".modinfo") != 0) continue;
    return split_modinfo(part(bytes, header.sh_offset, header.sh_size));
  }
  return fail(Errc::invalid_input, "{} is no kernel module: it has no .modinfo", what);
}

Result<Dynamic> read_dynamic(std::string_view bytes, const std::string& what) {
  const Handle elf = open_elf(bytes);
  GElf_Ehdr file;
  if (!elf || gelf_getehdr(elf.get(), &file) == nullptr)
    return fail(Errc::invalid_input, "{} is no program: it is no ELF file", what);
  Dynamic dynamic;
  dynamic.machine = file.e_machine;
  dynamic.bits = gelf_getclass(elf.get()) == ELFCLASS64 ? 64 : 32;
  const auto headers = segments(elf.get());
  for (const auto& header : headers) {
    if (header.p_type == PT_INTERP)
      dynamic.interpreter = text_at(part(bytes, header.p_offset, header.p_filesz), 0);
    if (header.p_type != PT_DYNAMIC) continue;
    const auto entries = dynamic_entries(elf.get(), header);
    const auto strings = std::find_if(entries.begin(), entries.end(), [](const GElf_Dyn& entry) {
      return entry.d_tag == DT_STRTAB;
    });
    if (strings != entries.end())
      read_entries(dynamic, entries, at_address(bytes, headers, strings->d_un.d_ptr));
  }
  return dynamic;
}

std::string loadable_part(std::string bytes) {
  std::uint64_t end = 0;
  {
    const Handle elf = open_elf(bytes);
    GElf_Ehdr file;
    if (!elf || gelf_getclass(elf.get()) != ELFCLASS64 || !gelf_getehdr(elf.get(), &file))
      return bytes;
    if (file.e_type != ET_EXEC && file.e_type != ET_DYN) return bytes;
    end = file.e_phoff + std::uint64_t{file.e_phnum} * file.e_phentsize;
    for (const auto& header : segments(elf.get()))
      end = std::max<std::uint64_t>(end, header.p_offset + header.p_filesz);
  }
  if (end < sizeof(Elf64_Ehdr) || end >= bytes.size()) return bytes;
  bytes.resize(end);
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = SHN_UNDEF;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

}  // namespace quiesce::builder
