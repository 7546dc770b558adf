// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/registers.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace quiesce;
using run::parse_registers;
using run::place_of;

BOOST_AUTO_TEST_SUITE(run_registers)

namespace {

/// As QEMU 7.2 prints it: one CPU in the kernel, one in real mode that waits for its start.
const char* const two_cpus =
    "\r\nCPU#0\r\n"
    "RAX=0000000000000000 RBX=ffffffff82a1a940 RCX=0000000000000000 RDX=ffff888008000000\r\n"
    "RSI=0000000008001000 RDI=0000000000000000 RBP=ffffc90000013e68 RSP=ffffc90000013e40\r\n"
    "R8 =0000000000000000 R9 =c0000000ffffefff R10=0000000000000003 R11=ffffffff82ad9ee8\r\n"
    "R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=0000000000000000\r\n"
    "RIP=ffffffff81062a30 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\r\n"
    "ES =0000 0000000000000000 ffffffff 00c00000\r\n"
    "CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]\r\n"
    "CR0=80050033 CR2=0000000000000000 CR3=000000000280a000 CR4=000006f0\r\n"
    "EFER=0000000000000d01\r\n"
    "\r\nCPU#1\r\n"
    "EAX=00000000 EBX=00000000 ECX=00000000 EDX=00060fb1\r\n"
    "ESI=00000000 EDI=00000000 EBP=00000000 ESP=00006f00\r\n"
    "EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n"
    "ES =0000 00000000 0000ffff 00009300\r\n";

const run::GuestFacts facts{.machine_kexec = {0xffffffff81062a30},
                            .crash_region = {{0x20000000}, {0x30000000}},
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

BOOST_AUTO_TEST_CASE(what_qemu_7_2_prints_is_understood) {
  const auto cpus = parse_registers(two_cpus);
  BOOST_REQUIRE_EQUAL(cpus.size(), 2U);
  BOOST_TEST(cpus[0].index == 0);
  BOOST_TEST(cpus[0].rip.value == 0xffffffff81062a30U);
  BOOST_TEST(cpus[0].rsp.value == 0xffffc90000013e40U);
  BOOST_TEST(!cpus[0].halted);
  BOOST_TEST(cpus[1].index == 1);
  BOOST_TEST(cpus[1].rip.value == 0xfff0U);
  BOOST_TEST(cpus[1].rsp.value == 0x6f00U);
  BOOST_TEST(cpus[1].halted);
}

BOOST_AUTO_TEST_CASE(a_cpu_that_cannot_be_read_is_left_out) {
  BOOST_TEST(parse_registers("").empty());
  BOOST_TEST(parse_registers("unknown command: 'info registers'\r\n").empty());
  BOOST_TEST(parse_registers("CPU#0\r\nRIP=zz RSP=1\r\n").empty());
  BOOST_TEST(parse_registers("CPU#0\r\nRIP=10\r\nCPU#1\r\nRSP=3 RIP=4\r\nCPU#").size() == 1U);
}

BOOST_DATA_TEST_CASE(a_place_has_a_name, boost::unit_test::data::make(places), place) {
  BOOST_TEST(place_of({place.rip}, facts, place.spoke) == place.where);
}

BOOST_AUTO_TEST_SUITE_END()
