// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a run directory: "==> NAME <==" begins a file, as head(1) prints several. It is
// judged and shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "harness/checks/check.hpp"
#include "harness/evidence/parse.hpp"
#include "reports/text.hpp"

namespace {

quiesce::evidence::Texts split_files(std::string_view text) {
  quiesce::evidence::Texts texts;
  std::string* file = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    if (line.starts_with("==> ") && line.ends_with(" <==\n"))
      file = &texts[std::string(line.substr(4, line.size() - 9))];
    else if (file != nullptr)
      file->append(line);
  }
  return texts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quiesce;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto texts = split_files(text);
  const bool has_plan = texts.count("plan.json") > 0;
  auto run = evidence::assemble(texts);
  if (!run && has_plan) return 0;
  if (!run) {
    // Most inputs have no valid plan: the rest is judged without one.
    run.emplace();
    run->timeline = evidence::parse_timeline(texts["timeline.ndjson"], run->damage);
    run->strays = evidence::parse_strays(texts["dma.ndjson"], run->damage);
    run->agent = evidence::parse_agent(texts["agent.ndjson"], run->damage);
    run->serial = evidence::parse_serial(texts["serial.log"]);
  }
  const checks::RunResult result = checks::judge(*run);
  if (checks::to_json(result).dump().empty() || reports::render_text(result, true, true).empty())
    std::abort();
  return 0;
}
