// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/modules.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_modules)

using namespace made_up;

namespace {

const std::string release = "6.1.0";

/// A kernel whose modules are these files.
Kernel kernel_with(const Bench& bench, const Files& files) {
  write_tree(bench.at("modules"), files);
  Kernel kernel;
  kernel.name = "mine";
  kernel.release = release;
  kernel.modules = bench.at("modules");
  return kernel;
}

std::string order_of(const Kernel& kernel, const std::string& name) {
  auto tree = ModuleTree::open(kernel.modules, kernel.release);
  BOOST_REQUIRE(tree);
  auto order = tree->load_order(name);
  if (!order) return "error: " + order.error().describe();
  return fmt::format("{}", fmt::join(*order, " "));
}

}  // namespace

BOOST_AUTO_TEST_CASE(dependencies_come_first_whatever_their_compression) {
  const Bench bench;
  const Kernel kernel = kernel_with(
      bench, {{"kernel/a/snd-hda-intel.ko.xz", compress(module(release, "snd-pcm,snd"), "xz")},
              {"kernel/b/snd-pcm.ko.zst", compress(module(release, "snd"), "zst")},
              {"kernel/c/snd.ko.gz", compress(module(release, "built-in-one"), "gz")},
              {"modules.builtin", "kernel/x/built_in_one.ko\n"}});
  BOOST_TEST(order_of(kernel, "snd-hda-intel") == "snd snd_pcm snd_hda_intel");
  BOOST_TEST(order_of(kernel, "snd_hda_intel") == "snd snd_pcm snd_hda_intel");
  BOOST_TEST(order_of(kernel, "built-in-one") == "");
}

BOOST_AUTO_TEST_CASE(soft_dependencies_are_loaded_where_they_exist) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"a.ko", module(release, "", "pre: b missing post: c")},
                                            {"b.ko", module(release, "d")},
                                            {"c.ko", module(release)},
                                            {"d.ko", module(release)}});
  BOOST_TEST(order_of(kernel, "a") == "d b a c");
}

BOOST_AUTO_TEST_CASE(circular_soft_dependencies_end_and_never_put_a_module_before_its_needs) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"a.ko", module(release, "", "pre: b")},
                                            {"b.ko", module(release, "", "pre: a")},
                                            {"x.ko", module(release, "", "pre: y")},
                                            {"y.ko", module(release, "x")}});
  BOOST_TEST(order_of(kernel, "a") == "b a");
  BOOST_TEST(order_of(kernel, "x") == "x y");  // y cannot come before x: it needs x's symbols
}

BOOST_AUTO_TEST_CASE(a_soft_dependency_that_cannot_be_loaded_is_left_out) {
  const Bench bench;
  const Kernel kernel = kernel_with(
      bench, {{"a.ko", module(release, "", "pre: b")}, {"b.ko", module(release, "missing")}});
  BOOST_TEST(order_of(kernel, "a") == "a");
}

BOOST_AUTO_TEST_CASE(what_modules_ask_for_at_run_time_is_loaded_before) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"snd-hda-intel.ko", module(release)},
                                            {"snd-hda-codec-generic.ko", module(release)}});
  BOOST_TEST(order_of(kernel, "snd-hda-intel") == "snd_hda_codec_generic snd_hda_intel");
}

BOOST_AUTO_TEST_CASE(a_missing_module_is_named_with_who_depends_on_it) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"a.ko", module(release, "gone")}});
  BOOST_TEST(order_of(kernel, "nothing") ==
             "error: nothing is neither a module of the kernel nor built in");
  BOOST_TEST(order_of(kernel, "a") ==
             "error: gone, which a depends on, is neither a module of the kernel nor built in");
}

BOOST_AUTO_TEST_CASE(modules_of_another_release_are_refused) {
  const Bench bench;
  const Kernel kernel =
      kernel_with(bench, {{"a.ko", module("6.1.0-rc1")}, {"b.ko", object({"license=GPL"})}});
  BOOST_TEST(bench.without_path(order_of(kernel, "a")) ==
             "error: module a was made for 6.1.0-rc1, the kernel is 6.1.0: give the modules that "
             "were built with it (BENCH/modules/a.ko)");
  BOOST_TEST(bench.without_path(order_of(kernel, "b")) ==
             "error: module b was made for no release that it names, the kernel is 6.1.0: give the "
             "modules that were built with it (BENCH/modules/b.ko)");
}

BOOST_AUTO_TEST_CASE(damaged_modules_are_refused) {
  const Bench bench;
  const std::string whole = module(release);
  const Kernel kernel =
      kernel_with(bench, {{"text.ko", "hello"},
                          {"empty.ko", ""},
                          {"prog.ko", program({})},
                          {"cut.ko.xz", compress(std::string(9999, 'x'), "xz").substr(0, 40)}});
  BOOST_TEST(order_of(kernel, "text") ==
             "error: module text is no kernel module: it is no ELF object");
  BOOST_TEST(order_of(kernel, "empty") ==
             "error: module empty is no kernel module: it is no ELF object");
  BOOST_TEST(order_of(kernel, "prog") ==
             "error: module prog is no kernel module: it has no .modinfo");
  BOOST_TEST(bench.without_path(order_of(kernel, "cut"))
                 .starts_with("error: BENCH/modules/cut.ko.xz is damaged: "));
  for (std::size_t size = 0; size < whole.size(); ++size)  // no prefix may be read beyond its end
    (void)module_info(std::string(whole.substr(0, size)), "prefix");
}

BOOST_AUTO_TEST_CASE(updated_modules_win_over_the_kernels_own) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"kernel/a.ko", module(release, "old")},
                                            {"updates/dkms/a.ko", module(release)},
                                            {"zzz/a.ko", module(release, "other")}});
  BOOST_TEST(order_of(kernel, "a") == "a");
}

BOOST_AUTO_TEST_CASE(a_build_tree_is_read_by_its_modules_order) {
  for (const std::string line : {"drivers/a.ko", "drivers/a.o", "kernel/drivers/a.ko"}) {
    const Bench bench;
    const Kernel kernel = kernel_with(bench, {{".config", "CONFIG_A=m\n"},
                                              {"modules.order", line + "\n"},
                                              {"modules.builtin", "kernel/lib/b.ko\n"},
                                              {"drivers/a.ko", module(release, "b")},
                                              {"old/a.ko", module("5.0")}});
    BOOST_TEST(order_of(kernel, "a") == "a");
  }
}

BOOST_AUTO_TEST_CASE(without_a_modules_folder_all_is_built_in) {
  Kernel kernel;
  kernel.release = release;
  BOOST_TEST(order_of(kernel, "anything") == "");
}

BOOST_AUTO_TEST_CASE(a_plan_holds_what_the_devices_of_a_role_need) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"core.ko", module(release)},
                                            {"nvme.ko", module(release, "core")},
                                            {"hid-generic.ko", module(release)}});
  std::vector devices = {device("disk", {"nvme"}), device("key", {"hid-generic"})};
  devices[1].driver_in_capture = false;
  const auto production = plan_modules(kernel, "production", devices);
  const auto capture = plan_modules(kernel, "capture", devices);
  BOOST_REQUIRE(production && capture);
  BOOST_TEST(production->order.at("hid-generic").at(0) == "hid_generic");
  BOOST_TEST(production->files.size() == 3U);
  BOOST_TEST(capture->files.size() == 2U);
  BOOST_TEST(!capture->order.contains("hid-generic"));
}

BOOST_AUTO_TEST_CASE(a_module_whose_name_is_misspelled_brings_those_that_are_near) {
  const Bench bench;
  const Kernel kernel = kernel_with(bench, {{"e1000e.ko", module(release)}});
  const auto plan = plan_modules(kernel, "production", {device("nic0", {"e100e"})});
  BOOST_REQUIRE(plan && plan->problems.size() == 1U);
  BOOST_TEST(plan->problems[0] ==
             "device nic0 (profile nic0) needs the module e100e: e100e is neither a module of the "
             "kernel nor built in; did you mean \"e1000e\"?");
}

BOOST_AUTO_TEST_CASE(a_kernel_is_checked_for_all_that_its_role_needs_at_once) {
  const Bench bench;
  Kernel kernel = kernel_with(bench, {{"a.ko", module(release)}});
  kernel.config = {{"CONFIG_CRASH_DUMP", "y"},
                   {"CONFIG_KEXEC_FILE", "y"},
                   {"CONFIG_BLK_DEV_INITRD", "y"},
                   {"CONFIG_SERIAL_8250_CONSOLE", "m"}};
  kernel.config_source = ".config";
  auto result = check_kernel(kernel, "capture", {device("nic0", {"a", "e1000e"})});
  BOOST_REQUIRE(!result);
  BOOST_TEST(result.error().message() ==
             "kernel mine (6.1.0) cannot be the capture kernel:\n"
             "  CONFIG_PROC_VMCORE is not set in .config, it must be y: it is to show the dead "
             "kernel's memory\n"
             "  CONFIG_SERIAL_8250_CONSOLE is m in .config, it must be y: its console is read from "
             "the serial port\n"
             "  device nic0 (profile nic0) needs the module e1000e: e1000e is neither a module of "
             "the kernel nor built in");
  kernel.config["CONFIG_SERIAL_8250_CONSOLE"] = "y";
  BOOST_TEST(check_kernel(kernel, "production", {device("nic0", {"a"})}).has_value());
  kernel.config.clear();  // not known is no problem
  BOOST_TEST(check_kernel(kernel, "capture", {device("nic0", {"a"})}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
