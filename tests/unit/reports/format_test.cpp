// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/format.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <set>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(reports_format)

BOOST_AUTO_TEST_CASE(every_format_registers_itself_once_and_says_what_it_is) {
  std::set<std::string> names;
  std::set<std::string> endings;
  for (const auto* format : reports::formats()) {
    BOOST_TEST(names.insert(format->name).second, format->name);
    BOOST_TEST(endings.insert(format->ending).second, format->name);
    BOOST_TEST(std::string(format->media).find('/') != std::string::npos, format->name);
    BOOST_TEST(reports::meanings().find(format->meaning) != std::string::npos, format->name);
    BOOST_TEST((reports::find_format(format->name) == format));
  }
  BOOST_TEST(names.count("text") == 1U);
  BOOST_TEST(names.count("json") == 1U);
  BOOST_TEST((reports::find_format("tex") == nullptr));
}

BOOST_AUTO_TEST_CASE(every_format_renders_every_outcome_with_its_last_line_ended) {
  auto failed = good_run();
  failed.stray(35, 35.5, 0x777000, "net0");
  auto killed = good_run();
  killed.cut(15);
  for (const auto* format : reports::formats())
    for (const auto& run : {good_run(), failed, killed}) {
      const auto result = checks::judge(run.run());
      const std::string report = format->render(result, {});
      BOOST_TEST(report.ends_with('\n'), format->name);
      // In what case it is written is the format's.
      std::string low = report;
      std::ranges::transform(low, low.begin(), [](unsigned char c) { return std::tolower(c); });
      BOOST_TEST(low.find(to_string(result.outcome)) != std::string::npos, format->name);
      BOOST_TEST(!format->render(checks::RunResult{}, {.colour = true, .verbose = true}).empty());
    }
}

BOOST_AUTO_TEST_CASE(json_is_the_result_with_its_findings) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "net0");
  const auto result = checks::judge(run.run());
  const auto json = nlohmann::json::parse(reports::find_format("json")->render(result, {}));
  BOOST_TEST(json["outcome"] == "fail");
  for (const auto& check : json["checks"]) {
    if (check["name"] != "dma.stopped") continue;
    BOOST_TEST(check["findings"].size() > 2U);
    for (const auto& finding : check["findings"])
      if (finding["code"] == "wrote-late") {
        BOOST_TEST(finding["subject"]["kind"] == "device");
        BOOST_TEST(finding["subject"]["name"] == "net0");
        BOOST_TEST(finding["verdict"] == "fail");
        BOOST_TEST(finding["references"][0]["file"] == "dma.ndjson");
      }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
