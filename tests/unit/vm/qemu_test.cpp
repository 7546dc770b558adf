// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qemu.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"

using namespace quiesce;
using vm::find_qemu;
using vm::parse_version;

BOOST_AUTO_TEST_SUITE(vm_qemu)

namespace {

/// A program that answers everything with `lines` of shell.
struct Program {
  explicit Program(const std::string& lines) {
    BOOST_REQUIRE(replace_file(path, "#!/bin/sh\n" + lines + "\n"));
    ::chmod(path.c_str(), 0755);
  }
  TempDir dir = TempDir::create().value();
  std::string path = (dir.path() / "qemu").string();
};

}  // namespace

BOOST_AUTO_TEST_CASE(debians_version_line_is_understood) {
  const auto qemu = parse_version("q",
                                  "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\n"
                                  "Copyright (c) 2003-2022 Fabrice Bellard\n");
  BOOST_REQUIRE(qemu);
  BOOST_TEST(qemu->version() == "7.2.22");
  BOOST_TEST(qemu->path == "q");
  BOOST_TEST(parse_version("q", "QEMU emulator version 11.1.3").value().version() == "11.1.3");
  BOOST_TEST(parse_version("q", "QEMU emulator version 7.2.0").has_value());
}

BOOST_AUTO_TEST_CASE(a_version_that_is_too_old_is_unsupported_and_says_what_is_needed) {
  for (const char* version : {"7.1.99", "6.2.0", "0.0.0"}) {
    const auto qemu = parse_version("q", std::string("QEMU emulator version ") + version);
    BOOST_REQUIRE(!qemu);
    BOOST_TEST((qemu.error().code() == Errc::unsupported));
    BOOST_TEST(qemu.error().describe().find(version) != std::string::npos);
    BOOST_TEST(qemu.error().describe().find("7.2") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_version_is_unsupported) {
  for (const char* text : {"", "hello", "version", "version x.y.z", "QEMU emulator version 8"})
    BOOST_TEST((parse_version("q", text).error().code() == Errc::unsupported));
}

BOOST_AUTO_TEST_CASE(a_program_that_is_missing_names_the_package) {
  for (const char* name : {"no-such-qemu", "/no/such/qemu"}) {
    const auto qemu = find_qemu(name);
    BOOST_REQUIRE(!qemu);
    BOOST_TEST((qemu.error().code() == Errc::unsupported));
    BOOST_TEST(qemu.error().describe().find("qemu-system-x86") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_program_is_asked_for_its_version) {
  const Program good("echo QEMU emulator version 9.2.1; test \"$1\" = --version");
  BOOST_TEST(find_qemu(good.path).value().version() == "9.2.1");
  const Program bad("echo no >&2; exit 3");
  const auto qemu = find_qemu(bad.path);
  BOOST_REQUIRE(!qemu);
  BOOST_TEST((qemu.error().code() == Errc::unsupported));
  BOOST_TEST(qemu.error().describe().find("exit code 3: no") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(emulation_needs_no_trial) {
  const auto chosen = vm::choose_accelerator(scenario::Accel::tcg, {.path = "/no/such/qemu"});
  BOOST_REQUIRE(chosen);
  BOOST_TEST(chosen->name == "tcg");
  BOOST_TEST(!chosen->reason.empty());
}

BOOST_AUTO_TEST_CASE(without_a_working_qemu_kvm_falls_back_or_is_refused_with_the_reason) {
  const vm::Qemu none{.path = "/no/such/qemu"};
  const auto chosen = vm::choose_accelerator(scenario::Accel::automatic, none);
  BOOST_REQUIRE(chosen);
  BOOST_TEST(chosen->name == "tcg");
  BOOST_TEST(chosen->reason.find("KVM does not work here") != std::string::npos);
  const auto refused = vm::choose_accelerator(scenario::Accel::kvm, none);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code() == Errc::unsupported));
}

BOOST_AUTO_TEST_SUITE_END()
