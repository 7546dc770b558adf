// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/manifest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "harness/base/digest.hpp"
#include "harness/base/fd.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::record {

bool is_covered(const std::string& name) {
  return name != file::manifest && name != file::result;
}

Present look_at_text(const std::string& name, std::string_view text) {
  Present present{text.size(), sha256(text), std::nullopt};
  if (name.ends_with(".ndjson"))
    present.records = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  return present;
}

Result<Present> look_at(const std::filesystem::path& folder, const std::string& name,
                        const std::function<void(std::string_view)>& also) {
  TRY_ASSIGN(const Fd fd, open_file(folder / name, O_RDONLY));
  std::vector<char> chunk(1U << 20);
  Sha256 digest;
  Present present;
  if (name.ends_with(".ndjson")) present.records = 0;
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read " + (folder / name).string());
    if (got == 0) break;
    const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
    digest.add(bytes.data(), bytes.size());
    present.bytes += bytes.size();
    if (present.records)
      *present.records += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (also) also(bytes);
  }
  present.sha256 = digest.hex();
  return present;
}

nlohmann::json to_json(const Inventory& inventory) {
  nlohmann::json files = nlohmann::json::array();
  for (const auto& [name, present] : inventory) {
    nlohmann::json entry{{"name", name}, {"bytes", present.bytes}, {"sha256", present.sha256}};
    if (present.records) entry["records"] = *present.records;
    files.push_back(std::move(entry));
  }
  return {{"format", format}, {"files", std::move(files)}};
}

std::optional<Inventory> inventory_from_json(const nlohmann::json& manifest) {
  const auto files = manifest.is_object() ? manifest.find("files") : manifest.end();
  if (!manifest.is_object() || files == manifest.end() || !files->is_array()) return std::nullopt;
  Inventory inventory;
  for (const auto& entry : *files) {
    if (!entry.is_object()) return std::nullopt;
    const std::string name = text_at(entry, "name");
    const auto bytes = entry.find("bytes");
    if (name.empty() || bytes == entry.end() || !bytes->is_number_unsigned()) return std::nullopt;
    Present present{bytes->get<std::uint64_t>(), text_at(entry, "sha256"), std::nullopt};
    if (const auto records = entry.find("records");
        records != entry.end() && records->is_number_unsigned())
      present.records = records->get<std::uint64_t>();
    inventory[name] = std::move(present);
  }
  return inventory;
}

}  // namespace quiesce::record
