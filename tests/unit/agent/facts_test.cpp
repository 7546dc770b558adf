// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/facts.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

BOOST_AUTO_TEST_CASE(iomem_gives_ranges_with_depth_and_an_exclusive_end) {
  const auto entries = parse_iomem(
      "00001000-0009fbff : System RAM\n"
      "00100000-3ffdffff : System RAM\n"
      "  2d000000-3cffffff : Crash kernel\n"
      "    2d000000-2d0fffff : a : b\n");
  BOOST_REQUIRE_EQUAL(entries.size(), 4U);
  BOOST_TEST(entries[0].range.begin.value == 0x1000U);
  BOOST_TEST(entries[0].range.end.value == 0x9fc00U);
  BOOST_TEST(entries[2].depth == 1);
  BOOST_TEST(entries[3].depth == 2);
  BOOST_TEST(entries[3].name == "a : b");
}

BOOST_AUTO_TEST_CASE(iomem_lines_that_are_none_are_left_out) {
  for (const char* text :
       {"", "\n\n", " : ", "12 : x", "zz-yy : x", "2-1 : x", "-5 : x", "1-2", "     "})
    BOOST_TEST(parse_iomem(text).empty(), text);
}

BOOST_AUTO_TEST_CASE(the_larger_of_two_crash_regions_holds_the_kernel) {
  const auto region = crash_kernel(
      parse_iomem("  10000000-1fffffff : Crash kernel\n  100000000-13fffffff : Crash kernel\n"));
  BOOST_REQUIRE(region.has_value());
  BOOST_TEST(region->begin.value == 0x100000000U);
}

BOOST_AUTO_TEST_CASE(a_kernel_without_crash_region_has_none) {
  BOOST_TEST(!crash_kernel(parse_iomem("1000-1fff : System RAM\n")).has_value());
}

BOOST_AUTO_TEST_CASE(a_symbol_is_found_by_its_whole_name_only) {
  const auto find = [](std::string_view line) { return kallsyms_address(line, "machine_kexec"); };
  BOOST_TEST(find("ffffffff81068a50 T machine_kexec").value_or(0) == 0xffffffff81068a50U);
  BOOST_TEST(!find("ffffffff81068a40 T __pfx_machine_kexec").has_value());
  BOOST_TEST(!find("ffffffff81068a40 T machine_kexec_prepare").has_value());
  BOOST_TEST(!find("ffffffffc0068a40 t machine_kexec\t[module]").has_value());
  BOOST_TEST(!find("machine_kexec").has_value());
}

BOOST_AUTO_TEST_CASE(a_hidden_symbol_is_no_symbol) {
  BOOST_TEST(!kallsyms_address("0000000000000000 T machine_kexec", "machine_kexec").has_value());
}

BOOST_AUTO_TEST_CASE(the_last_of_two_kernel_parameters_counts) {
  const char* line = "quiesce.role=production quiet xquiesce.role=no quiesce.role=capture\n";
  BOOST_TEST(kernel_parameter(line, "quiesce.role") == "capture");
  BOOST_TEST(kernel_parameter(line, "quiet").empty());
  BOOST_TEST(kernel_parameter("", "quiesce.role").empty());
}

BOOST_AUTO_TEST_CASE(memory_is_read_from_meminfo) {
  BOOST_TEST(memory_total_kib("MemTotal:         719284 kB\nMemFree: 1 kB\n") == 719284U);
  BOOST_TEST(memory_total_kib("MemTotal: lots\n") == 0U);
  BOOST_TEST(memory_total_kib("") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
