// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/cpu_place.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(run_cpu_place)

using namespace quiesce;
using run::place_of;

namespace {

const run::ArmedFacts facts{.recipe = {},
                            .machine_kexec = {0xffffffff81062a30},
                            .crash_region = {{0x20000000}, {0x30000000}},
                            .kernel_data = {},
                            .production_font = nullptr,
                            .segments = {{"kernel", {{0x2c000000}, {0x2f000000}}},
                                         {"purgatory", {{0x2fff0000}, {0x2fff8000}}}}};

struct Place {
  std::uint64_t rip;
  bool spoke;
  const char* where;
};
std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << std::hex << place.rip << (place.spoke ? " after" : " before") << " its first line";
}

const std::vector<Place> places{
    {0x2fff1234, false, "purgatory"},
    {0x2c100000, false, "decompressor"},
    {0x2c100000, true, "decompressor"},
    {0x21000000, false, "decompressor or early kernel"},
    {0xffffffff81000000, false, "early kernel"},
    {0xffffffff81000000, true, "kernel"},
    {0xffffffffc0201000, true, "kernel"},
    {0xffff888001000000, false, "kernel"},
    {0x9000, false, "real-mode code"},
    {0xfff0, true, "real-mode code"},
    {0x555555554000, true, "userspace"},
    {0x555555554000, false, "outside of all known code"},
    {0x10000000, false, "outside of all known code"},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_place_has_a_name, boost::unit_test::data::make(places), place) {
  BOOST_TEST(place_of({place.rip}, facts, target::architecture_of("q35"), place.spoke) ==
             place.where);
}

BOOST_AUTO_TEST_SUITE_END()
