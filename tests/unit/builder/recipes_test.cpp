// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/recipes.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_recipes)

using namespace made_up;

namespace {

constexpr const char* any_series = R"({
  "suites": [{"name": "sid", "release": "unstable"}, {"name": "trixie", "release": "Debian 13"}],
  "kernels": [
    {"name": "d:SERIES", "series": {"7.12": "Linux 7.12", "7.3": "Linux 7.3"},
     "package": {"prefix": "linux-image-SERIES.", "suffix": "-amd64", "without": ["-rt-"]}},
    {"name": "d:SERIES-rt", "suites": [{"name": "x", "release": "y"}],
     "package": {"prefix": "linux-image-SERIES.", "suffix": "-rt-amd64"}},
    {"name": "fixed:1", "package": {"prefix": "linux-image-1"}}]})";

}  // namespace

BOOST_AUTO_TEST_CASE(recipes_are_read_and_wrong_ones_refused_by_place) {
  const auto recipes = parse_recipes(
      R"({"kernels": [{"name": "d:1", "package": {"prefix": "linux-image-1.", "suffix": "-amd64",
          "without": ["-rt-"]}}]})",
      "r.json");
  BOOST_REQUIRE(recipes);
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-1.5-amd64") == "d:1");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-1.5-rt-amd64") == "");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-1.5-amd64-dbg") == "");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-12.5-amd64") == "");
  const std::pair<const char*, const char*> wrong[] = {
      {"{", "r.json: expected {\"kernels\": [...]}"},
      {"[]", "r.json: expected {\"kernels\": [...]}"},
      {R"({"kernels": [1]})", "r.json: /kernels/0: expected an object"},
      {R"({"kernels": [{"name": "d:1"}]})", "r.json: /kernels/0/package: expected an object"},
      {R"({"kernels": [{"name": "d", "package": {"prefix": "x"}}]})",
       "r.json: /kernels/0/name: expected \"DISTRIBUTION:VERSION\""},
      {R"({"kernels": [{"name": "d:1", "package": {"prefix": 7}}]})",
       "r.json: /kernels/0/package/prefix: expected the start of a name"},
      {R"({"kernels": [{"name": "d:1", "package": {"prefix": "x", "without": [1]}}]})",
       "r.json: /kernels/0/package/without: expected a list of texts"},
      {R"({"kernels": [{"name": "d:SERIES", "package": {"prefix": "x"}}]})",
       "r.json: /kernels/0: SERIES must be in both name and prefix, or in neither"},
      {R"({"kernels": [{"name": "d:1", "series": {"1.0": ""}, "package": {"prefix": "x"}}]})",
       "r.json: /kernels/0/series: expected {\"6.1\": DESCRIPTION} in a recipe with SERIES in its "
       "name"},
      {R"({"kernels": [{"name": "d:SERIES", "series": {"1": "x"}, "package": {"prefix": "SERIES"}}]})",
       "r.json: /kernels/0/series/1: expected a series and its description"},
      {R"({"kernels": [], "suites": ["sid"]})",
       "r.json: /suites: expected a list of {\"name\": SUITE, \"release\": WHOSE}"},
      {R"({"kernels": [{"name": "d:1", "suites": [], "package": {"prefix": "x"}}]})",
       "r.json: /kernels/0/suites: expected a list of {\"name\": SUITE, \"release\": WHOSE}"},
  };
  for (const auto& [text, message] : wrong) {
    const auto result = parse_recipes(text, "r.json");
    BOOST_REQUIRE(!result);
    BOOST_TEST(result.error().describe() == message);
  }
}

BOOST_AUTO_TEST_CASE(a_recipe_for_any_series_names_kernels_and_is_found_by_name) {
  const auto recipes = parse_recipes(any_series, "r.json");
  BOOST_REQUIRE_MESSAGE(recipes, problem(recipes));
  BOOST_TEST(recipes->at(0).start() == "linux-image-");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-7.3.4+deb13-amd64") == "d:7.3");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-7.3-amd64") == "");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-7.3.4-rt-amd64") == "");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-amd64") == "");
  BOOST_TEST(recipes->at(0).kernel_of("linux-image-7..4-amd64") == "");
  BOOST_TEST(recipes->at(1).kernel_of("linux-image-10.11.4-rt-amd64") == "d:10.11-rt");

  const auto plain = find_recipe(*recipes, "d:7.3");
  BOOST_REQUIRE(plain);
  BOOST_TEST(plain->prefix == "linux-image-7.3.");
  BOOST_TEST(plain->description == "Linux 7.3");
  BOOST_TEST(plain->kernel_of("linux-image-7.3.4-amd64") == "d:7.3");
  BOOST_TEST(plain->kernel_of("linux-image-7.30.4-amd64") == "");
  const std::vector<Suite> suites = {{"sid", "unstable"}, {"trixie", "Debian 13"}};
  BOOST_TEST((plain->suites == suites));
  BOOST_TEST(find_recipe(*recipes, "d:9.9")->description == "");
  BOOST_TEST(find_recipe(*recipes, "d:7.3-rt")->suffix == "-rt-amd64");
  BOOST_TEST((find_recipe(*recipes, "d:7.3-rt")->suites == std::vector<Suite>{{"x", "y"}}));
  BOOST_TEST(find_recipe(*recipes, "fixed:1")->prefix == "linux-image-1");
  for (const char* wrong : {"", "d:", "d:7", "d:7.", "d:.3", "d:7.3x", "d:7.3-cloud", "x:7.3",
                            "d:SERIES", "d:7.3.4", "d: 7.3"})
    BOOST_TEST(!find_recipe(*recipes, wrong), wrong);
}

BOOST_AUTO_TEST_CASE(the_names_worth_showing_are_in_the_order_of_their_series) {
  const auto recipes = parse_recipes(any_series, "r.json");
  BOOST_REQUIRE(recipes);
  const std::vector<std::string> shown = {"d:7.3", "d:7.12", "fixed:1"};
  const std::vector<std::string> open = {"d:SERIES", "d:SERIES-rt"};
  BOOST_TEST(shown_names(*recipes) == shown, boost::test_tools::per_element());
  BOOST_TEST(open_names(*recipes) == open, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_shipped_recipes_name_kernels_and_the_suites_to_be_asked) {
  const auto recipes = load_recipes(recipes_folder());
  BOOST_REQUIRE_MESSAGE(recipes, problem(recipes));
  for (const auto& name : shown_names(*recipes)) {
    const auto recipe = find_recipe(*recipes, name);
    BOOST_REQUIRE(recipe);
    BOOST_TEST(!recipe->description.empty(), name);
    BOOST_TEST(!recipe->suites.empty(), name);
  }
  for (const char* name : {"debian:6.1", "debian:7.3", "debian:7.4", "debian:6.12-cloud"})
    BOOST_TEST(find_recipe(*recipes, name).has_value(), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
