// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/aliases.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_aliases)

using namespace made_up;

namespace {

const std::string release = "6.1.0";
const std::string card = "pci:v00008086d000010D3sv00001AF4sd00001100bc02sc00i00";

std::string modules(const AliasTable& table, const std::string& modalias) {
  return fmt::format("{}", fmt::join(table.modules_for(modalias), " "));
}

std::string module_with(const std::vector<std::string>& aliases) {
  std::vector<std::string> entries{"vermagic=" + release + " SMP"};
  for (const auto& alias : aliases) entries.push_back("alias=" + alias);
  return object(entries);
}

Kernel kernel_in(const std::filesystem::path& folder, const Files& files) {
  write_tree(folder, files);
  Kernel kernel;
  kernel.release = release;
  kernel.modules = folder;
  return kernel;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_modalias_finds_the_modules_whose_patterns_match_it) {
  const auto table = AliasTable::parse(
      "# Aliases extracted from modules themselves.\n"
      "alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n"
      "alias pci:v00008086d000010C9sv*sd*bc*sc*i* igb\n"
      "alias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci\n"
      "alias pci:v00008086d*sv*sd*bc02sc*i* all-of-intel\n"
      "alias pci:v00008086d*sv*sd*bc02sc*i* all-of-intel\n"
      "alias\nalias x\n");
  BOOST_TEST(modules(table, card) == "e1000e all_of_intel");
  BOOST_TEST(modules(table, "pci:v00001B36d0000000Dsv00001AF4sd00001100bc0Csc03i30") == "xhci_pci");
  BOOST_TEST(modules(table, "pci:v00001B36d0000000Dsv00001AF4sd00001100bc0Csc03i20") == "");
  BOOST_TEST(modules(table, "") == "");
}

BOOST_AUTO_TEST_CASE(a_dash_and_an_underscore_are_one_but_for_those_in_brackets) {
  const auto table = AliasTable::parse(
      "alias hid:b0003g*v*p-1 one\n"
      "alias usb:v1[0-9]p* two\n");
  BOOST_TEST(modules(table, "hid:b0003g0001v2p_1") == "one");
  BOOST_TEST(modules(table, "usb:v15p3") == "two");
}

BOOST_AUTO_TEST_CASE(modules_speak_for_themselves_where_depmod_has_not_run) {
  const Bench bench;
  const Kernel kernel =
      kernel_in(bench.at("modules"),
                {{"kernel/b.ko.xz", compress(module_with({"pci:v00008086d000010D3*"}), "xz")},
                 {"kernel/a-c.ko", module_with({"pci:v00008086d*", "virtio:d00000001v*"})},
                 {"kernel/damaged.ko", "no ELF"}});
  const auto table = AliasTable::of(kernel, bench.store);
  BOOST_REQUIRE_MESSAGE(table.has_value(), problem(table));
  BOOST_TEST(modules(*table, card) == "a_c b");
  BOOST_TEST(modules(*table, "virtio:d00000001v00001AF4") == "a_c");
  // A build tree changes from run to run: nothing is remembered of it.
  BOOST_TEST(std::filesystem::is_empty(bench.store.root / "aliases"));
}

BOOST_AUTO_TEST_CASE(what_depmod_wrote_is_taken_as_it_is) {
  const Bench bench;
  const Kernel kernel = kernel_in(
      bench.at("modules"),
      {{"modules.alias", "alias pci:v00008086* x\n"}, {"kernel/a.ko", module_with({"pci:*"})}});
  const auto table = AliasTable::of(kernel, bench.store);
  BOOST_REQUIRE(table.has_value());
  BOOST_TEST(modules(*table, card) == "x");
}

BOOST_AUTO_TEST_CASE(the_aliases_of_a_fetched_kernel_are_read_once) {
  const Bench bench;
  const Kernel kernel =
      kernel_in(bench.store.root / "kernels/k", {{"kernel/a.ko", module_with({"pci:v00008086*"})}});
  BOOST_REQUIRE(AliasTable::of(kernel, bench.store).has_value());
  std::filesystem::remove(kernel.modules / "kernel/a.ko");
  const auto again = AliasTable::of(kernel, bench.store);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(modules(*again, card) == "a");
}

BOOST_AUTO_TEST_CASE(a_kernel_without_modules_has_no_aliases) {
  const Bench bench;
  const auto table = AliasTable::of(Kernel{}, bench.store);
  BOOST_REQUIRE(table.has_value());
  BOOST_TEST(modules(*table, card) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
