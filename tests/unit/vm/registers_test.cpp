// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/registers.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(vm_registers)

using namespace quiesce;

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

std::vector<target::CpuState> parse(const std::string& printed) {
  return vm::parse_registers(printed, target::architecture_of("q35").registers);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_qemu_7_2_prints_is_understood) {
  const auto cpus = parse(two_cpus);
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
  BOOST_TEST(parse("").empty());
  BOOST_TEST(parse("unknown command: 'info registers'\r\n").empty());
  BOOST_TEST(parse("CPU#0\r\nRIP=zz RSP=1\r\n").empty());
  BOOST_TEST(parse("CPU#0\r\nRIP=10\r\nCPU#1\r\nRSP=3 RIP=4\r\nCPU#").size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_address_behind_a_virtual_one_is_read_or_is_none) {
  BOOST_TEST(vm::parse_physical("gpa: 0x12345678\r\n").value().value == 0x12345678U);
  BOOST_TEST(!vm::parse_physical("Unmapped\r\n").has_value());
  BOOST_TEST(!vm::parse_physical("").has_value());
  BOOST_TEST(!vm::parse_physical("gpa: 0xzz").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
