// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever comes over the wire: the decoder neither fails nor invents a frame, and pieces make no
// difference.
#include <cstdlib>
#include <vector>

#include "harness/wire/frame.hpp"

namespace {

using quiesce::wire::Decoder;
using quiesce::wire::Frame;

void drain(Decoder& decoder, std::vector<Frame>& frames) {
  for (Frame frame; decoder.next(frame);) frames.push_back(frame);
}

std::vector<Frame> decode(std::string_view bytes, std::size_t piece) {
  Decoder decoder;
  std::vector<Frame> frames;
  std::size_t used = 0;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    decoder.feed(bytes.substr(at, piece));
    drain(decoder, frames);
  }
  for (const Frame& frame : frames) used += encode(frame).size();
  if (used + decoder.noise() > bytes.size()) std::abort();  // a byte was counted twice
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = 1 + data[0] % 64U;
  const auto frames = decode(bytes, piece);
  for (const Frame& frame : frames)
    if (bytes.find(encode(frame)) == std::string_view::npos) std::abort();

  // What was sent whole after anything at all is heard.
  const Frame sentinel{.kind = quiesce::wire::Kind::event, .sequence = 1, .payload = "{}"};
  const auto with_sentinel = decode(std::string(bytes) + encode(sentinel), piece);
  if (with_sentinel.empty() || with_sentinel.back() != sentinel) std::abort();
  return 0;
}
