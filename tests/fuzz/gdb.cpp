// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever a gdb stub sends: pieces make no difference, and a good packet behind it is heard.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "harness/vm/gdb.hpp"

namespace {

using quiesce::vm::GdbReader;
using Packets = std::vector<GdbReader::Packet>;

Packets read(std::string_view bytes, std::size_t piece) {
  GdbReader reader;
  Packets packets;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    for (auto& packet : reader.feed(bytes.substr(at, piece))) packets.push_back(std::move(packet));
  return packets;
}

bool same(const Packets& a, const Packets& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].body != b[i].body || a[i].checksum_ok != b[i].checksum_ok) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t piece = 1 + data[0] % 64U;
  if (!same(read(bytes, bytes.size() + 1), read(bytes, piece))) std::abort();

  // A packet that is still open swallows one '$' at most.
  const std::string with = std::string(bytes) + "#00" + quiesce::vm::gdb_packet("OK");
  const Packets packets = read(with, piece);
  if (packets.empty() || packets.back().body != "OK" || !packets.back().checksum_ok) std::abort();
  return 0;
}
