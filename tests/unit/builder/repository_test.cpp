// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels by name through the real apt, from a repository in a folder.
#include "tests/unit/builder/repository.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <thread>

#include "tests/unit/builder/made_up.hpp"
#include "vm-images/builder/spec.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_repository,
                      *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                        return made_up::has_apt();
                      }))

namespace fs = std::filesystem;
using namespace made_up;

namespace {

const std::string release = "7.3.4+deb13-amd64";
constexpr const char* long_ago = "Sun, 02 Jan 2000 00:00:00 UTC";

/// A store, and a machine that gets Debian from a folder.
struct Town {
  Bench bench;
  Repository repository{bench.at("machine")};
  Digests digests = Digests::load(bench.at("digests.json"));
  std::vector<std::string> told;
  std::vector<Recipe> recipes;

  Town() {
    Recipe recipe{.name = "debian:SERIES", .without = {"-rt-"}};
    recipe.prefix = "linux-image-SERIES.";
    recipe.suffix = "-amd64";
    recipe.suites = {{"trixie", "Debian 13"}, {"trixie-backports", "Debian 13"}};
    recipes = {recipe};
    repository.add_suite("trixie", {});
  }
  Result<Kernel> resolve(const std::string& name) {
    const Observer observer = [this](const std::string& what) { told.push_back(what); };
    return resolve_with(name, Fetch::allowed,
                        {bench.store, digests, repository.apt(), recipes, observer});
  }
  std::string refusal(const std::string& name) {
    const auto kernel = resolve(name);
    BOOST_REQUIRE(!kernel);
    BOOST_TEST(fs::is_empty(bench.at("store/tmp")));
    BOOST_TEST(fs::is_empty(bench.at("store/names")));
    return bench.without_path(kernel.error().describe());
  }
  /// Linux 7.3 in three packages, as Debian has it.
  std::vector<MadePackage> split_kernel() {
    const std::string folder = "usr/lib/modules/" + release + "/";
    write_deb(bench.at("image.deb"), {{"usr/share/doc/x", ""}}, "xz");
    write_deb(bench.at("binary.deb"), {{folder + "vmlinuz", bzimage(release)}}, "xz");
    write_deb(bench.at("modules.deb"),
              {{folder + "kernel/a.ko", module(release)}, {folder + "config", "CONFIG_X=y\n"}},
              "xz");
    return {{"linux-image-" + release, "7.3.4-1",
             "kmod, linux-binary-" + release + " (= 7.3.4-1), linux-modules-" + release +
                 " (= 7.3.4-1)",
             bench.at("image.deb")},
            {"linux-binary-" + release, "7.3.4-1", "", bench.at("binary.deb")},
            {"linux-modules-" + release, "7.3.4-1", "", bench.at("modules.deb")}};
  }
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_kernel_in_parts_comes_from_the_suite_that_has_it_and_then_from_the_store) {
  Town town;
  town.repository.add_suite("trixie-backports", town.split_kernel());
  const auto kernel = town.resolve("debian:7.3");
  BOOST_REQUIRE_MESSAGE(kernel, problem(kernel));
  BOOST_TEST(kernel->release == release);
  BOOST_TEST(kernel->modules.filename() == release);
  BOOST_TEST(kernel->config.at("CONFIG_X") == "y");
  BOOST_TEST(fs::is_empty(town.bench.at("store/tmp")));
  BOOST_REQUIRE(town.told.size() == 5U);
  BOOST_TEST(town.told[0] == "asking this machine's apt");
  BOOST_TEST(town.told[1] == "looking into the suite trixie (Debian 13)");
  BOOST_TEST(town.told[2] == "looking into the suite trixie-backports (Debian 13)");
  BOOST_TEST(town.told[3].starts_with("downloading 7.3.4-1 of trixie-backports, 3 packages, "));
  BOOST_TEST(town.told[4] == "unpacking");

  fs::remove_all(town.bench.at("machine"));  // nobody is asked again
  town.told.clear();
  BOOST_TEST(town.resolve("debian:7.3")->image == kernel->image);
  BOOST_TEST(town.told.empty());
  BOOST_TEST(stored_release("debian:7.3", town.bench.store) == release);
}

BOOST_AUTO_TEST_CASE(two_that_fetch_the_same_kernel_at_once_get_one) {
  Town town;
  town.repository.add_suite("trixie-backports", town.split_kernel());
  BOOST_REQUIRE(town.repository.apt().fill_lists());
  std::array<std::optional<Result<Kernel>>, 2> kernels;
  std::vector<std::thread> threads;
  for (auto& kernel : kernels)
    threads.emplace_back([&town, &kernel] {
      auto digests = Digests::load({});
      kernel = resolve_with("debian:7.3", Fetch::allowed,
                            {town.bench.store, digests, town.repository.apt(), town.recipes});
    });
  for (auto& thread : threads) thread.join();
  for (const auto& kernel : kernels) BOOST_REQUIRE_MESSAGE(kernel->has_value(), problem(*kernel));
  BOOST_TEST((**kernels[0]).image == (**kernels[1]).image);
  BOOST_TEST(list(town.bench.store).size() == 1U);
  BOOST_TEST(fs::is_empty(town.bench.at("store/tmp")));
}

BOOST_AUTO_TEST_CASE(the_machines_own_lists_go_before_the_suites) {
  Town town;
  town.repository.add_suite("bookworm", town.split_kernel());
  const auto kernel = town.resolve("debian:7.3");
  BOOST_REQUIRE_MESSAGE(kernel, problem(kernel));
  BOOST_REQUIRE(town.told.size() == 3U);
  BOOST_TEST(town.told[1].starts_with("downloading 7.3.4-1 of bookworm, "));
}

BOOST_AUTO_TEST_CASE(an_expired_suite_and_one_that_is_gone_are_named_with_the_remedy) {
  Town town;
  town.repository.add_suite("trixie", town.split_kernel(), long_ago);
  const std::string text = town.refusal("debian:7.3");
  BOOST_TEST(text.starts_with("kernel \"debian:7.3\": there is no package linux-image-7.3.*-amd64"),
             text);
  BOOST_TEST(
      holds(text, "the suite trixie (Debian 13) at file:BENCH/machine/debian/ has expired: "),
      text);
  BOOST_TEST(holds(text, "set Acquire::Check-Valid-Until \"false\""), text);
  BOOST_TEST(
      holds(text, "the suite trixie-backports (Debian 13) at file:BENCH/machine/debian/ is gone: "),
      text);
  BOOST_TEST(holds(text, "have apt's sources name a mirror that has it"), text);
}

BOOST_AUTO_TEST_CASE(an_expired_suite_does_not_hide_the_kernel_of_another) {
  Town town;
  town.repository.add_suite("trixie", {}, long_ago);
  town.repository.add_suite("trixie-backports", town.split_kernel());
  const auto kernel = town.resolve("debian:7.3");
  BOOST_TEST(kernel.has_value(), problem(kernel));
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_reached_is_named_with_the_remedy_and_asked_once) {
  Town town;
  town.repository.pretend_uri("http://127.0.0.1:1/d");  // tcpmux, which nobody serves
  const std::string text = town.refusal("debian:7.3");
  BOOST_TEST(holds(text,
                   "the suite trixie (Debian 13) at http://127.0.0.1:1/d/ cannot be "
                   "reached: "),
             text);
  BOOST_TEST(holds(text, "see to the network, or to the proxy in apt's configuration"), text);
  BOOST_TEST(!holds(text, "trixie-backports"), text);
}

BOOST_AUTO_TEST_CASE(a_package_that_is_gone_from_the_pool_leaves_nothing) {
  Town town;
  auto packages = town.split_kernel();
  packages[1].deb.clear();
  town.repository.add_suite("trixie-backports", packages);
  const std::string text = town.refusal("debian:7.3");
  BOOST_TEST(holds(text, "apt-get download failed: "), text);
  BOOST_TEST(holds(text, "the suite may have changed meanwhile: try again"), text);
  BOOST_TEST(list(town.bench.store).empty());
}

BOOST_AUTO_TEST_CASE(a_kernel_of_which_only_a_part_is_left_is_not_fetched) {
  Town town;
  auto packages = town.split_kernel();
  packages.pop_back();
  town.repository.add_suite("trixie-backports", packages);
  BOOST_TEST(town.refusal("debian:7.3") ==
             "kernel \"debian:7.3\": trixie-backports still has linux-image-7.3.4+deb13-amd64, but "
             "no longer linux-modules-7.3.4+deb13-amd64, without which it is no whole kernel; take "
             "one of those that \"quiesce list kernels --remote\" shows, or give the kernel's "
             "files");
}

BOOST_AUTO_TEST_CASE(what_can_be_fetched_is_listed_with_what_the_store_has) {
  Town town;
  town.repository.add_suite("trixie-backports", town.split_kernel());
  town.repository.add_suite("trixie", {{"linux-image-6.12.9-amd64", "6.12.9-1", "", {}}});
  const auto observer = [](const std::string&) {};
  const auto before =
      list_remote_with(town.repository.apt(), town.recipes, town.bench.store, observer);
  BOOST_REQUIRE_MESSAGE(before, problem(before));
  BOOST_TEST(before->troubles.empty());
  BOOST_REQUIRE(before->kernels.size() == 2U);
  BOOST_TEST(before->kernels[0].name == "debian:6.12");
  BOOST_TEST(before->kernels[0].suite == "trixie");
  BOOST_TEST(before->kernels[0].version == "6.12.9-1");
  BOOST_TEST(before->kernels[0].size.value == 4U);
  BOOST_TEST(before->kernels[1].name == "debian:7.3");
  BOOST_TEST(before->kernels[1].stored == "");
  BOOST_TEST(fs::is_empty(town.bench.at("store/tmp")));

  BOOST_REQUIRE(town.resolve("debian:7.3"));
  town.repository.add_suite("trixie", {}, long_ago);
  const auto after =
      list_remote_with(town.repository.apt(), town.recipes, town.bench.store, observer);
  BOOST_REQUIRE_MESSAGE(after, problem(after));
  BOOST_TEST(after->troubles.size() == 1U);
  BOOST_REQUIRE(after->kernels.size() == 1U);
  BOOST_TEST(after->kernels[0].stored == release);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
