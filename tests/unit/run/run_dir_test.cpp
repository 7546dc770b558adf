// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/run_dir.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "harness/base/digest.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/record/line.hpp"
#include "harness/record/manifest.hpp"

BOOST_AUTO_TEST_SUITE(run_run_dir)

using namespace quiesce;
using nlohmann::json;
using run::RunDir;

namespace {

struct Fixture {
  FakeClock clock;
  TempDir folder = TempDir::create().value();
  std::filesystem::path out = folder.path() / "a/b/out";

  RunDir created() { return RunDir::create(out, clock).value(); }
  std::string text(const std::string& file) { return read_file(out / file).value_or("(none)"); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(folders_are_made_as_needed, Fixture) {
  const RunDir dir = created();
  BOOST_TEST(std::filesystem::is_directory(out / "pci"));
  BOOST_TEST(std::filesystem::is_directory(out / "screen"));
  BOOST_TEST(dir.path().is_absolute());
}

BOOST_FIXTURE_TEST_CASE(an_empty_folder_is_taken_and_one_that_holds_something_is_not, Fixture) {
  std::filesystem::create_directories(out);
  { const RunDir dir = created(); }
  const auto again = RunDir::create(out, clock);
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().code() == Errc::invalid_input));
  BOOST_TEST(again.error().describe().find("is not empty") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(an_event_carries_its_name_and_time, Fixture) {
  RunDir dir = created();
  clock.idle_until(clock.now() + Seconds(2.5));
  dir.event("mark", {{"name", "production"}});
  dir.event("bare");
  BOOST_TEST(text("timeline.ndjson") ==
             record::numbered_line({{"event", "mark"}, {"name", "production"}, {"t", 2.5}}, 1) +
                 record::numbered_line({{"event", "bare"}, {"t", 2.5}}, 2));
  BOOST_TEST(dir.now() == 2.5);
}

BOOST_FIXTURE_TEST_CASE(text_that_is_no_utf8_is_replaced_and_never_thrown_over, Fixture) {
  RunDir dir = created();
  dir.event("note", {{"text", "a\xff"}});
  BOOST_TEST(json::accept(text("timeline.ndjson")));
  BOOST_TEST(!dir.failed());
}

BOOST_FIXTURE_TEST_CASE(files_are_appended_to_and_whole_ones_written_once, Fixture) {
  RunDir dir = created();
  dir.append("serial.log", "one\n");
  dir.append("serial.log", "two\n");
  dir.append_json("dma.ndjson", {{"page", "0x1000"}});
  dir.write("pci/production.json", "{}\n");
  BOOST_TEST(text("serial.log") == "one\ntwo\n");
  BOOST_TEST(text("dma.ndjson") == record::numbered_line({{"page", "0x1000"}}, 1));
  BOOST_TEST(text("pci/production.json") == "{}\n");
}

BOOST_FIXTURE_TEST_CASE(a_manifest_has_every_file_with_length_digest_and_records, Fixture) {
  RunDir dir = created();
  dir.append("serial.log", "one\n");
  dir.event("mark");
  dir.event("mark");
  dir.write("pci/production.json", "{}\n");
  dir.write("result.json", "{}\n");
  BOOST_TEST(dir.lengths() == json({{"serial.log", 4}, {"pci/production.json", 3}}));
  BOOST_REQUIRE(dir.seal());
  const auto inventory = record::inventory_from_json(json::parse(text("manifest.json")));
  BOOST_REQUIRE(inventory);
  BOOST_REQUIRE_EQUAL(inventory->size(), 3U);
  BOOST_TEST(inventory->at("serial.log").sha256 == sha256("one\n"));
  BOOST_TEST(inventory->at("timeline.ndjson").records.value() == 2U);
  BOOST_TEST(inventory->at("timeline.ndjson").bytes == text("timeline.ndjson").size());
  BOOST_TEST(!inventory->at("pci/production.json").records);
}

BOOST_FIXTURE_TEST_CASE(the_first_failure_is_kept_and_ends_all_writing, Fixture) {
  RunDir dir = created();
  dir.append("no/such/folder", "x");
  BOOST_REQUIRE(dir.failed());
  BOOST_TEST(dir.failed()->describe().find("run directory") != std::string::npos);
  const std::string first = dir.failed()->describe();
  dir.event("late");
  dir.write("late", "x");
  BOOST_TEST(text("timeline.ndjson") == "(none)");
  BOOST_TEST(text("late") == "(none)");
  BOOST_TEST(dir.failed()->describe() == first);
}

BOOST_FIXTURE_TEST_CASE(of_a_line_that_did_not_fit_nothing_stays, Fixture) {
  const pid_t child = ::fork();
  if (child == 0) {
    // A limit on the size of files stands in for a full disk.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    RunDir dir = created();
    for (int i = 0; i < 100; ++i) dir.event("mark", {{"number", i}});
    ::_exit(dir.failed() ? 0 : 3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
  const std::string written = text("timeline.ndjson");
  BOOST_TEST(written.size() > 900U);
  BOOST_TEST(written.size() <= 1000U);
  BOOST_TEST(written.back() == '\n');
}

BOOST_FIXTURE_TEST_CASE(a_name_that_is_no_text_is_refused_since_qemu_gets_it_as_json, Fixture) {
  for (const char* name : {"a\xff", "a\nb\x01"}) {
    const auto dir = RunDir::create(folder.path() / name, clock);
    BOOST_REQUIRE(!dir);
    BOOST_TEST((dir.error().code() == Errc::invalid_input));
  }
}

BOOST_AUTO_TEST_SUITE_END()
