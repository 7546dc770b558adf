// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/names.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(cli_names)

using namespace quiesce;
using cli::read_request;
using cli::unknown_word;
using Words = std::vector<std::string>;

namespace {

/// A program with subcommands at two levels.
struct Program {
  CLI::App app{"about", "tool"};
  Words scenarios;
  std::string kernel;
  bool json = false;
  std::string what;

  Program() {
    app.require_subcommand(1);
    app.set_version_flag("--version", "1");
    CLI::App* run = app.add_subcommand("run", "Run it");
    run->add_option("SCENARIO", scenarios, "Which")->required();
    run->add_option("--kernel", kernel, "A kernel");
    run->add_flag("--json", json, "As JSON");
    app.add_subcommand("show", "Show it");
    app.add_subcommand("list", "List it")
        ->add_option("WHAT", what, "kind")
        ->required()
        ->check(cli::one_of("list of", {"scenarios", "checks"}));
    CLI::App* image = app.add_subcommand("image", "Images");
    image->require_subcommand(1);
    image->add_subcommand("fetch", "Fetch one")->add_option("KERNEL", scenarios, "Which");
  }

  std::string unknown(const Words& words) const { return unknown_word(app, words).value_or(""); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_exists_is_not_found_fault_with, Program) {
  BOOST_TEST(unknown({}).empty());
  BOOST_TEST(unknown({"--version"}).empty());
  BOOST_TEST(unknown({"run", "a", "b", "--kernel", "x", "--json"}).empty());
  BOOST_TEST(unknown({"run", "--kernel=x", "a"}).empty());
  BOOST_TEST(unknown({"image", "fetch", "anything"}).empty());
  // A path, a number and what stands behind "--" are no options.
  BOOST_TEST(unknown({"run", "-", "-3", "--", "--kernle"}).empty());
}

// "tool sweep --help" printed the general help and ended with 0.
BOOST_FIXTURE_TEST_CASE(a_subcommand_that_does_not_exist_brings_the_nearest, Program) {
  BOOST_TEST(unknown({"shwo"}) ==
             "there is no subcommand \"shwo\"; did you mean \"show\"? \"tool --help\" shows all");
  BOOST_TEST(unknown({"image", "fecth", "x"}) ==
             "there is no subcommand \"fecth\"; did you mean \"fetch\"? \"tool image --help\" "
             "shows all");
  BOOST_TEST(unknown({"sweeping"}) ==
             "there is no subcommand \"sweeping\"; expected \"run\", \"show\", \"list\" or "
             "\"image\"; \"tool --help\" shows all");
}

BOOST_FIXTURE_TEST_CASE(a_word_of_other_tools_is_understood, Program) {
  BOOST_TEST(unknown({"report"}) ==
             "there is no subcommand \"report\"; did you mean \"show\"? \"tool --help\" shows all");
}

// It was told that a scenario is missing.
BOOST_FIXTURE_TEST_CASE(an_option_that_does_not_exist_brings_the_nearest, Program) {
  BOOST_TEST(unknown({"run", "--kernle", "x"}) ==
             "there is no option \"--kernle\"; did you mean \"--kernel\"? \"tool run --help\" "
             "shows all");
  BOOST_TEST(unknown({"run", "x", "--kernle=y"}).starts_with("there is no option \"--kernle\";"));
  BOOST_TEST(unknown({"image", "--jsn", "fetch"}).starts_with("there is no option \"--jsn\""));
  BOOST_TEST(unknown({"run", "-k"}).starts_with("there is no option \"-k\""));
}

BOOST_FIXTURE_TEST_CASE(the_value_of_an_option_is_no_name, Program) {
  BOOST_TEST(unknown({"run", "--kernel", "fecth"}).empty());
}

BOOST_FIXTURE_TEST_CASE(help_can_be_asked_for_in_three_ways, Program) {
  for (const Words& words :
       {Words{"run", "--help"}, Words{"run", "-h"}, Words{"help", "run"}, Words{"--help", "run"}}) {
    const auto request = read_request(app, words);
    BOOST_TEST(request.help);
    BOOST_TEST(request.words == Words{"run"}, boost::test_tools::per_element());
  }
  BOOST_TEST(read_request(app, {"help"}).words.empty());
  BOOST_TEST(!read_request(app, {"run", "x"}).help);
  BOOST_TEST(!read_request(app, {"run", "--", "--help"}).help);
  BOOST_TEST(!read_request(app, {"run", "help"}).help);
}

BOOST_FIXTURE_TEST_CASE(help_is_that_of_the_subcommand_whatever_is_missing, Program) {
  cli::forgive_what_is_missing(app);
  app.parse(Words{"fetch", "image"});
  const Program as_written;
  const std::string help = cli::help_of(as_written.app, app);
  BOOST_TEST(help.starts_with("Fetch one\nUsage: tool image fetch [OPTIONS]"), help);
  app.parse(Words{"run"});
  const std::string run_help = cli::help_of(as_written.app, app);
  BOOST_TEST(run_help.find("SCENARIO TEXT ... REQUIRED") != std::string::npos, run_help);
}

BOOST_FIXTURE_TEST_CASE(a_choice_that_does_not_exist_brings_the_nearest, Program) {
  try {
    app.parse(Words{"chekcs", "list"});
    BOOST_ERROR("it was taken");
  } catch (const CLI::ParseError& error) {
    BOOST_TEST(error.what() ==
               std::string("there is no list of \"chekcs\"; did you mean \"checks\"?"));
  }
  app.parse(Words{"checks", "list"});
  BOOST_TEST(what == "checks");
}

// run --kernel "$K", with K unset, found the stock kernel good in a bisection.
BOOST_FIXTURE_TEST_CASE(an_empty_value_is_named, Program) {
  const auto empty = [](std::vector<std::string> words) {
    Program fresh;
    std::reverse(words.begin(), words.end());
    fresh.app.parse(words);
    return cli::empty_value(fresh.app).value_or("");
  };
  BOOST_TEST(empty({"run", "a", "--kernel", "x", "--json"}).empty());
  BOOST_TEST(empty({"run", "a", "--kernel", ""}) ==
             "--kernel: expected a value, found an empty text");
  BOOST_TEST(empty({"image", "fetch", ""}) == "KERNEL: expected a value, found an empty text");
  // CLI11 would take the scenario for the kernel.
  BOOST_TEST(unknown({"run", "--kernel=", "a"}) ==
             "--kernel: expected a value, found an empty text");
}

// "judge --bisect" ended with 125, for the word was looked for anywhere, and "run --bisect=true"
// with 2, which git takes for a bad commit.
BOOST_FIXTURE_TEST_CASE(a_flag_is_asked_for_where_there_is_one, Program) {
  const auto asked = [&](const Words& words) { return cli::asks_for(app, words, "--json"); };
  BOOST_TEST(asked({"run", "a", "--json"}));
  BOOST_TEST(asked({"run", "--kernle", "--json=true"}));
  BOOST_TEST(!asked({"run", "--json=false"}));
  BOOST_TEST(!asked({"run", "a"}));
  BOOST_TEST(!asked({"run", "--", "--json"}));
  BOOST_TEST(!asked({"show", "--json"}));
  BOOST_TEST(!asked({"shwo", "--json"}));
  BOOST_TEST(!asked({"--json", "run"}));
}

BOOST_AUTO_TEST_SUITE_END()
