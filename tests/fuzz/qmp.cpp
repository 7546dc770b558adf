// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever QEMU sends as QMP: pieces make no difference, and only objects come out.
#include <cstdlib>
#include <string_view>
#include <vector>

#include "harness/vm/qmp.hpp"

namespace {

using quiesce::vm::QmpReader;

struct Outcome {
  std::vector<nlohmann::json> messages;
  bool failed = false;
};

Outcome read(std::string_view bytes, std::size_t piece) {
  QmpReader reader;
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto got = reader.feed(bytes.substr(at, piece));
    if (!got) {
      outcome.failed = true;
      return outcome;
    }
    for (auto& message : *got) outcome.messages.push_back(std::move(message));
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const Outcome whole = read(bytes, bytes.size() + 1);
  const Outcome pieces = read(bytes, 1 + data[0] % 64U);
  if (whole.failed != pieces.failed) std::abort();
  // What came before the bad line of one piece is lost with it, in smaller pieces it is not.
  if (!whole.failed && whole.messages != pieces.messages) std::abort();
  for (const auto& message : pieces.messages)
    if (!message.is_object()) std::abort();
  return 0;
}
