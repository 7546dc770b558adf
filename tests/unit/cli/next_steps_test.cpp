// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/next_steps.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/process.hpp"
#include "harness/base/text.hpp"

BOOST_AUTO_TEST_SUITE(cli_next_steps)

using namespace quiesce;
using checks::Outcome;
using cli::Command;
using cli::next_steps;
using nlohmann::json;
using Words = std::vector<std::string>;

namespace {

/// A subcommand with options of every kind.
struct Run {
  CLI::App app{"about", "quiesce"};
  CLI::App* run = app.add_subcommand("run", "Run it");
  Words scenarios;
  Words settings;
  std::string kernel;
  std::string out;
  bool json_wanted = false;
  bool fresh = false;
  int repeat = 1;

  Run() {
    run->add_option("SCENARIO", scenarios, "Which")->required();
    run->add_option("--kernel", kernel, "A kernel");
    run->add_option("--set", settings, "A value");
    run->add_option("--out", out, "A folder");
    run->add_option("--repeat", repeat, "How often");
    run->add_flag("--json", json_wanted, "As JSON");
    run->add_flag("--fresh", fresh, "An option of tomorrow");
  }

  Words repeated(const std::string& line, const std::string& scenario) {
    app.parse("quiesce run " + line, true);
    return cli::repeat_command(*run, "quiesce", scenario, "/here").words;
  }
};

Words keys(const std::vector<cli::NextStep>& steps) {
  Words list;
  for (const auto& step : steps) list.push_back(step.key);
  return list;
}

cli::Ending ending(Outcome outcome) {
  return {.outcome = outcome,
          .program = "quiesce",
          .evidence = "/runs/a b",
          .repeat = {.words = {"quiesce", "run", "x"}, .folder = "/here"},
          .here = "/here"};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_shell_gets_back_the_words_that_were_quoted_for_it) {
  const Words words{"quiesce", "a b", "it's", "",  "$HOME", "a\nb",
                    "x=\"1\"", "~",   "=ls",  "*", "-x"};
  const auto said = capture({"/bin/sh", "-c", "printf '%s|' " + cli::shell_line(words)}).value();
  std::string wanted;
  for (const auto& word : words) wanted += word + "|";
  BOOST_TEST(said.output == wanted);
}

BOOST_AUTO_TEST_CASE(plain_words_are_not_quoted) {
  BOOST_TEST(cli::shell_line({"quiesce", "run", "--set", "machine.cpus=1", "a,b", "debian:6.1"}) ==
             "quiesce run --set machine.cpus=1 a,b debian:6.1");
}

BOOST_FIXTURE_TEST_CASE(a_run_is_repeated_with_every_option_but_those_about_results, Run) {
  BOOST_TEST(repeated("a b --kernel k --set x=1 --set y=2 --out o --repeat 3 --json --fresh",
                      "b") == (Words{"quiesce", "run", "b", "--kernel", "k", "--set", "x=1",
                                     "--set", "y=2", "--fresh"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_was_not_given_is_not_repeated, Run) {
  BOOST_TEST(repeated("a", "a") == (Words{"quiesce", "run", "a"}),
             boost::test_tools::per_element());
  BOOST_TEST(cli::repeat_command(*run, "q", "", "/").words == (Words{"q", "run"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_value_that_looks_like_an_option_stays_a_value, Run) {
  BOOST_TEST(repeated("a --kernel=--odd", "a") == (Words{"quiesce", "run", "a", "--kernel=--odd"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_command_of_another_folder_goes_there_first) {
  const Command command{.words = {"quiesce", "run", "x"}, .folder = "/a b"};
  BOOST_TEST(cli::shell_line(command, "/here") == "cd '/a b' && quiesce run x");
  BOOST_TEST(cli::shell_line(command, "/a b") == "quiesce run x");
}

// "The same again" was another run: QUIESCE_DEVICES and the like were left out.
BOOST_AUTO_TEST_CASE(what_was_taken_from_the_environment_goes_before_the_command) {
  const Words environment{"QUIESCE_CACHE=/a b"};
  BOOST_TEST(cli::shell_line(cli::with_environment(environment, {"quiesce", "doctor"})) ==
             "env 'QUIESCE_CACHE=/a b' quiesce doctor");
  BOOST_TEST(cli::with_environment({}, {"quiesce"}) == Words{"quiesce"},
             boost::test_tools::per_element());
  auto failed = ending(Outcome::error);
  failed.environment = environment;
  BOOST_TEST(next_steps(failed).back().line == "env 'QUIESCE_CACHE=/a b' quiesce doctor");
}

BOOST_AUTO_TEST_CASE(a_run_that_passed_needs_nothing) {
  BOOST_TEST(next_steps(ending(Outcome::pass)).empty());
  BOOST_TEST(cli::as_text({}).empty());
}

BOOST_AUTO_TEST_CASE(whatever_did_not_pass_is_shown_and_repeated) {
  for (const auto outcome :
       {Outcome::fail, Outcome::inconclusive, Outcome::interrupted, Outcome::skip})
    BOOST_TEST(keys(next_steps(ending(outcome))) == (Words{"show", "repeat"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_environment_asks_the_doctor_too) {
  BOOST_TEST(keys(next_steps(ending(Outcome::error))) == (Words{"show", "repeat", "doctor"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_text_has_a_line_a_command_and_the_json_a_key) {
  const auto steps = next_steps(ending(Outcome::fail));
  BOOST_TEST(cli::as_text(steps) ==
             "what to do next:\n"
             "  all details     quiesce show '/runs/a b'\n"
             "  the same again  quiesce run x\n");
  BOOST_TEST(cli::as_json(steps) ==
             (json{{"show", "quiesce show '/runs/a b'"}, {"repeat", "quiesce run x"}}));
}

// Directories of before have no command in their run.start.
BOOST_AUTO_TEST_CASE(evidence_that_names_no_command_is_only_not_repeated) {
  BOOST_TEST(cli::command_of(json::object()).empty());
  BOOST_TEST(cli::command_of(json(3)).empty());
  BOOST_TEST(cli::command_of(json{{"command", "quiesce run"}}).empty());
  BOOST_TEST(cli::command_of(json{{"command", {"quiesce", 3}}}).empty());
  const auto command =
      cli::command_of(json{{"command", {"quiesce", "run", "x"}}, {"directory", "/there"}});
  BOOST_TEST(command.words == (Words{"quiesce", "run", "x"}), boost::test_tools::per_element());
  BOOST_TEST(command.folder == "/there");
  auto without = ending(Outcome::fail);
  without.repeat = {};
  BOOST_TEST(keys(next_steps(without)) == Words{"show"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
