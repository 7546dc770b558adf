// SPDX-License-Identifier: GPL-2.0-or-later
// Text on the first virtual terminal: something to see that it lives, and something known to read
// back.
#include <fcntl.h>

#include "vm-images/agent/screen.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

Result<Work> console_write(const Subject& subject, const Request&) {
  TRY_ASSIGN(Fd fd, open_file(console_node, O_WRONLY | O_NOCTTY));
  auto shared = std::make_shared<Fd>(std::move(fd));
  return Work{
      .node = console_node,
      .run = [shared, subject](const std::stop_token& stop, Progress& progress) -> Result<void> {
        constexpr double lines_a_second = 2;
        for (Pace pace(lines_a_second); pace.next(stop); ++progress.operations) {
          const std::string line =
              fmt::format("{} line {}\n", subject.device, progress.operations.load());
          TRY(write_all(shared->get(), line));
          progress.bytes += line.size();
        }
        return {};
      }};
}

Result<Outcome> console_test(const Subject& subject, const Request&) {
  TRY_ASSIGN(const Fd fd, open_file(console_node, O_WRONLY | O_NOCTTY));
  const auto lines = marker_lines(subject.device);
  for (const std::string& line : lines) TRY(write_all(fd.get(), line + "\n"));
  Json numbers = {{"lines", lines.size()}};
  return Outcome{.why = {},
                 .detail = fmt::format("{}: {} marker lines written", console_node, lines.size()),
                 .numbers = numbers};
}

}  // namespace quiesce::agent
