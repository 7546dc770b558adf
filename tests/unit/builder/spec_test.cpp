// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/spec.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/process.hpp"
#include "tests/unit/builder/made_up.hpp"
#include "vm-images/builder/archive.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_spec)

namespace fs = std::filesystem;
using namespace made_up;

namespace {

const std::string release = "6.1.0-10-amd64";

/// resolve() over a bench, with an apt that knows nothing unless it is given.
struct Resolver {
  Bench bench;
  Digests digests = Digests::load(bench.at("digests.json"));
  FakeApt fake;
  std::vector<Recipe> recipes = {
      {"debian:6.1", "", "linux-image-6.1.", "-amd64", {}, {}, {}},
      {"debian:6.12", "", "linux-image-6.12.", "-amd64", {}, {}, {}},
  };

  Result<Kernel> operator()(const std::string& spec, Fetch fetch = Fetch::forbidden) {
    return resolve_with(spec, fetch, {bench.store, digests, fake.apt(), recipes});
  }
  std::string refusal(const std::string& spec, Fetch fetch = Fetch::forbidden) {
    auto kernel = (*this)(spec, fetch);
    BOOST_REQUIRE(!kernel);
    return bench.without_path(kernel.error().describe());
  }
};

Files kernel_files() {
  return {{"boot/vmlinuz-" + release, bzimage(release)},
          {"boot/config-" + release, "CONFIG_KEXEC_FILE=y\n"},
          {"boot/System.map-" + release, "stub"},
          {"lib/modules/" + release + "/kernel/a.ko", module(release)},
          {"lib/modules/" + release + "/modules.builtin", ""}};
}

constexpr const char* forms =
    "a .deb or several joined by ',', an unpacked tree, \"BZIMAGE,MODULES_FOLDER\"";

}  // namespace

BOOST_AUTO_TEST_CASE(a_package_becomes_a_kernel_in_the_store_once) {
  Resolver resolver;
  write_deb(resolver.bench.at("linux.deb"), kernel_files(), "xz");
  const std::string spec = resolver.bench.at("linux.deb").string();
  const auto kernel = resolver(spec);
  BOOST_REQUIRE_MESSAGE(kernel.has_value(), problem(kernel));
  BOOST_TEST(kernel->name == spec);
  BOOST_TEST(kernel->release == release);
  BOOST_TEST(kernel->image.filename().string() == "vmlinuz-" + release);
  BOOST_TEST(kernel->modules.filename() == release);
  BOOST_TEST(kernel->config.at("CONFIG_KEXEC_FILE") == "y");
  BOOST_TEST(kernel->image_sha256 == sha256(bzimage(release)));
  BOOST_TEST(!fs::exists(kernel->image.parent_path() / ("System.map-" + release)));

  const auto items = list(resolver.bench.store);
  BOOST_REQUIRE(items.size() == 1U);
  BOOST_TEST(items[0].kind == "kernel");
  BOOST_TEST(items[0].name == "linux.deb (" + release + ")");
  write(kernel->image, bzimage(release) + "changed in the store");
  BOOST_TEST(resolver(spec)->image_sha256 != kernel->image_sha256);  // it was not unpacked again
}

BOOST_AUTO_TEST_CASE(a_kernel_split_over_packages_is_put_together_in_any_order) {
  Resolver resolver;
  const std::string folder = "usr/lib/modules/" + release + "/";
  write_deb(resolver.bench.at("binary.deb"), {{folder + "vmlinuz", bzimage(release)}}, "zst");
  write_deb(resolver.bench.at("modules.deb"),
            {{folder + "kernel/a.ko.zst", compress(module(release), "zst")},
             {folder + "config", "CONFIG_CRASH_DUMP=y\n"}},
            "gz");
  const std::string binary = resolver.bench.at("binary.deb").string();
  const std::string modules = resolver.bench.at("modules.deb").string();
  const auto kernel = resolver(binary + "," + modules);
  BOOST_REQUIRE_MESSAGE(kernel.has_value(), problem(kernel));
  BOOST_TEST(kernel->config.contains("CONFIG_CRASH_DUMP"));
  BOOST_TEST(check_kernel(*kernel, "production", {}).has_value() == false);
  BOOST_TEST(resolver(modules + "," + binary)->image == kernel->image);
  BOOST_TEST(list(resolver.bench.store).size() == 1U);
  BOOST_TEST(
      resolver.refusal(modules) ==
      "kernel \"BENCH/modules.deb\": the packages do not make a whole kernel: what they "
      "unpack to holds no kernel: there is neither boot/vmlinuz-*, lib/modules/*/vmlinuz nor "
      "arch/x86/boot/bzImage; a kernel may come in several packages: give all of them, joined "
      "by ','");
}

BOOST_AUTO_TEST_CASE(an_unpacked_tree_is_used_where_it_is) {
  Resolver resolver;
  write_tree(resolver.bench.at("tree"), kernel_files());
  const auto kernel = resolver(resolver.bench.at("tree").string());
  BOOST_REQUIRE(kernel);
  BOOST_TEST(kernel->image == resolver.bench.at("tree/boot/vmlinuz-" + release));
  BOOST_TEST(kernel->config_source == resolver.bench.at("tree/boot/config-" + release).string());
  BOOST_TEST(list(resolver.bench.store).empty());
}

BOOST_AUTO_TEST_CASE(a_tree_with_several_kernels_is_refused_and_the_same_one_twice_is_not) {
  Resolver resolver;
  write_tree(resolver.bench.at("tree"), kernel_files());
  write(resolver.bench.at("tree/lib/modules/" + release + "/vmlinuz"), bzimage(release));
  BOOST_TEST(resolver(resolver.bench.at("tree").string()).has_value());
  write(resolver.bench.at("tree/boot/vmlinuz-5"), bzimage("5.0"));
  BOOST_TEST(resolver.refusal(resolver.bench.at("tree").string()) ==
             "kernel \"BENCH/tree\": BENCH/tree holds several kernels (BENCH/tree/boot/vmlinuz-5, "
             "BENCH/tree/boot/vmlinuz-6.1.0-10-amd64); name one as \"BZIMAGE,MODULES_FOLDER\"");
}

BOOST_AUTO_TEST_CASE(a_tree_without_a_kernel_says_where_one_was_looked_for) {
  Resolver resolver;
  fs::create_directories(resolver.bench.at("tree/boot"));
  BOOST_TEST(resolver.refusal(resolver.bench.at("tree").string()) ==
             "kernel \"BENCH/tree\": BENCH/tree holds no kernel: there is neither boot/vmlinuz-*, "
             "lib/modules/*/vmlinuz nor arch/x86/boot/bzImage");
}

BOOST_AUTO_TEST_CASE(a_bzimage_goes_with_its_modules_however_they_are_given) {
  Resolver resolver;
  const auto& bench = resolver.bench;
  write(bench.at("build/arch/x86/boot/bzImage"), bzimage(release));
  write(bench.at("build/.config"), "CONFIG_KEXEC_FILE=y\n");
  write(bench.at("build/modules.order"), "drivers/a.o\n");
  write(bench.at("build/drivers/a.ko"), module(release));
  write_tree(bench.at("installed"), {{"lib/modules/" + release + "/kernel/a.ko", module(release)}});
  const std::string image = bench.at("build/arch/x86/boot/bzImage").string();
  const fs::path inside = bench.at("installed/lib/modules/" + release);
  for (const fs::path& given : {bench.at("installed"), bench.at("installed/lib/modules"), inside}) {
    const auto kernel = resolver(image + "," + given.string());
    BOOST_REQUIRE_MESSAGE(kernel.has_value(), given);
    BOOST_TEST(kernel->modules == inside);
    BOOST_TEST(kernel->config.at("CONFIG_KEXEC_FILE") == "y");
  }
  BOOST_TEST(resolver(image + "," + bench.at("build").string())->modules == bench.at("build"));
  BOOST_TEST(resolver(bench.at("build").string())->modules == bench.at("build"));
  BOOST_TEST(resolver(image)->modules.empty());
}

BOOST_AUTO_TEST_CASE(modules_that_do_not_go_with_the_bzimage_are_refused) {
  Resolver resolver;
  const auto& bench = resolver.bench;
  write(bench.at("bzImage"), bzimage(release));
  write_tree(bench.at("other"), {{"lib/modules/5.0/kernel/a.ko", module("5.0")}});
  write(bench.at("none/file"), "");
  const std::string image = bench.at("bzImage").string();
  BOOST_TEST(resolver.refusal(image + "," + bench.at("other").string()) ==
             "kernel \"BENCH/bzImage,BENCH/other\": BENCH/other has modules for 5.0, the kernel is "
             "6.1.0-10-amd64; install its modules there (make modules_install "
             "INSTALL_MOD_PATH=...)");
  BOOST_TEST(resolver.refusal(image + "," + bench.at("none").string()) ==
             "kernel \"BENCH/bzImage,BENCH/none\": BENCH/none holds no modules; give "
             "lib/modules/6.1.0-10-amd64, a folder that holds it, or the build tree; or the "
             "bzImage alone when all is built in");
}

BOOST_AUTO_TEST_CASE(the_configuration_inside_an_image_is_found_and_remembered) {
  Resolver resolver;
  const std::string text = "IKCFG_ST" + compress("CONFIG_CRASH_DUMP=y\n", "gz") + "IKCFG_ED";
  write(resolver.bench.at("bzImage"), bzimage(release, compress(text, "xz") + "SIZE"));
  for (int time = 0; time < 2; ++time) {
    const auto kernel = resolver(resolver.bench.at("bzImage").string());
    BOOST_REQUIRE(kernel);
    BOOST_TEST(kernel->config.at("CONFIG_CRASH_DUMP") == "y");
    BOOST_TEST(kernel->config_source == "the image " + resolver.bench.at("bzImage").string());
    BOOST_TEST(fs::exists(resolver.bench.store.root / "configs" / kernel->image_sha256));
  }
}

BOOST_AUTO_TEST_CASE(what_names_no_kernel_is_refused_with_the_forms_there_are) {
  Resolver resolver;
  const std::string known = "a kernel is one of debian:6.1, debian:6.12, or " + std::string(forms);
  BOOST_TEST(resolver.refusal("debain:6.1") ==
             "kernel \"debain:6.1\": there is no kernel or file of that name; did you mean "
             "\"debian:6.1\" or \"debian:6.12\"? " +
                 known);
  BOOST_TEST(resolver.refusal("/no/such/file") ==
             "kernel \"/no/such/file\": there is no kernel or file of that name; " + known);
  BOOST_TEST(resolver.refusal("") ==
             "kernel \"\": there is no kernel or file of that name; " + known);
  BOOST_TEST(resolver.refusal("a,,b") == "kernel \"a,,b\": there is no file \"a\"");
  write(resolver.bench.at("x.txt"), "hello");
  const std::string text = resolver.bench.at("x.txt").string();
  BOOST_TEST(resolver.refusal(text) ==
             "kernel \"BENCH/x.txt\": BENCH/x.txt is not an x86 kernel image; give the bzImage "
             "(arch/x86/boot/bzImage, vmlinuz)");
  BOOST_TEST(resolver.refusal(text + "," + text) ==
             "kernel \"BENCH/x.txt,BENCH/x.txt\": these files do not go together; give " +
                 std::string(forms));
}

BOOST_AUTO_TEST_CASE(a_recipe_for_any_series_is_among_the_forms) {
  Resolver resolver;
  resolver.recipes = {
      {"debian:SERIES", "", "linux-image-SERIES.", "-amd64", {}, {}, {{"6.1", "x"}}}};
  BOOST_TEST(resolver.refusal("debian:6") ==
             "kernel \"debian:6\": there is no kernel or file of that name; did you mean "
             "\"debian:6.1\"? a kernel is one of debian:6.1, another debian:SERIES (\"quiesce list "
             "kernels --remote\" shows them), "
             "or " +
                 std::string(forms));
  BOOST_TEST(resolver.refusal("debian:7.9").find("it is not in the store") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_path_with_a_comma_is_one_path) {
  Resolver resolver;
  write_tree(resolver.bench.at("a,b"), kernel_files());
  BOOST_TEST(resolver(resolver.bench.at("a,b").string()).has_value());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_in_the_store_needs_leave_to_be_fetched) {
  Resolver resolver;
  BOOST_TEST(resolver.refusal("debian:6.1") ==
             "kernel \"debian:6.1\": it is not in the store BENCH/store and may not be fetched "
             "now; fetch it first, or give " +
                 std::string(forms));
}

BOOST_AUTO_TEST_CASE(a_kernel_is_fetched_by_name_once,
                     *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                       return find_program("apt-get").has_value();
                     })) {
  Resolver resolver;
  const std::string package = "linux-image-" + release;
  write_deb(resolver.bench.at("made.deb"), kernel_files(), "xz");
  resolver.fake.downloads = {{package + "_1_amd64.deb", read(resolver.bench.at("made.deb"))}};
  resolver.fake.answers = {
      {"apt-get indextargets --format $(FILENAME) Created-By: Packages", "list\n"},
      {"apt-cache pkgnames linux-image-6.1.", package + "\n"},
      {"apt-cache pkgnames linux-image-6.12.", ""},
      {"apt-cache policy " + package,
       package +
           ":\n  Candidate: 6.1.100-1\n  Version table:\n     6.1.100-1 500\n        500 http://m "
           "bookworm/main amd64 Packages\n"},
      {"apt-cache show --no-all-versions " + package,
       "Package: " + package + "\nVersion: 6.1.100-1\nDepends: kmod\n"},
      {"env apt-get -q download " + package + "=6.1.100-1", ""},
  };
  const auto kernel = resolver("debian:6.1", Fetch::allowed);
  BOOST_REQUIRE_MESSAGE(kernel.has_value(), problem(kernel));
  BOOST_TEST(kernel->name == "debian:6.1");
  BOOST_TEST(resolver.fake.asked.size() == 6U);
  BOOST_TEST(resolver("debian:6.1", Fetch::allowed)->image == kernel->image);
  BOOST_TEST(resolver("debian:6.1")->image == kernel->image);
  BOOST_TEST(resolver.fake.asked.size() == 6U);  // the store was enough
  BOOST_TEST(fs::is_empty(resolver.bench.at("store/tmp")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
