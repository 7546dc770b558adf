// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/negotiation.hpp"

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "devices/vfio_user/protocol.hpp"

namespace quiesce::vfio_user {

using nlohmann::json;

namespace {

constexpr std::size_t longest_text = 4096;
constexpr const char* numbers[] = {"max_msg_fds", "max_data_xfer_size", "max_dma_maps", "pgsizes"};

/// Of one capability: whether its value can be what the specification says.
bool read_capability(const json& capabilities, const char* name, Proposal& proposal) {
  const auto found = capabilities.find(name);
  if (found == capabilities.end()) return true;
  if (!found->is_number_unsigned()) return false;
  proposal.named.insert(name);
  if (std::string_view(name) != "max_data_xfer_size") return true;
  proposal.data_bytes = found->get<std::uint64_t>();
  return proposal.data_bytes != 0;
}

bool read_text(const std::string& text, Proposal& proposal) {
  const json data = json::parse(text, nullptr, false);
  if (!data.is_object()) return false;
  proposal.has_text = true;
  const auto capabilities = data.find("capabilities");
  if (capabilities == data.end()) return true;
  proposal.has_capabilities = true;
  if (!capabilities->is_object()) return false;
  return std::ranges::all_of(
      numbers, [&](const char* name) { return read_capability(*capabilities, name, proposal); });
}

}  // namespace

int read_proposal(std::span<const std::byte> body, Proposal& proposal) {
  const auto version = head<wire::Version>(body);
  if (!version) return EINVAL;
  if (version->major != 0) return ENOTSUP;
  proposal.minor = version->minor;
  const auto data = body.subspan(sizeof *version);
  if (data.empty()) return 0;
  if (data.size() > longest_text || data.back() != std::byte{0}) return EINVAL;
  // Up to the first zero.
  const std::string text(reinterpret_cast<const char*>(data.data()));
  return read_text(text, proposal) ? 0 : EINVAL;
}

Reply accept(const Proposal& proposal, const Limits& limits) {
  const wire::Version version{.major = 0, .minor = std::min<std::uint16_t>(proposal.minor, 1)};
  if (!proposal.has_text) return answer(version);
  const std::uint64_t values[] = {limits.descriptors, limits.data_bytes, limits.mappings, 4096};
  json capabilities = json::object();
  for (std::size_t i = 0; i < std::size(numbers); ++i)
    if (proposal.named.contains(numbers[i])) capabilities[numbers[i]] = values[i];
  json data = json::object();
  if (proposal.has_capabilities) data["capabilities"] = std::move(capabilities);
  const std::string text = data.dump();
  return answer(version, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

}  // namespace quiesce::vfio_user
