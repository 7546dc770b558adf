// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qemu.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/vm/capabilities.hpp"

using namespace quiesce;
using vm::find_qemu;
using Words = std::vector<std::string>;

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

/// QEMU's side of QMP in a few lines: it knows "-netdev stream" and every device but one.
const char* const talker = R"sh(exec <&3 >&3
echo '{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 3}}, "capabilities": []}}'
schema='{"name": "netdev_add", "meta-type": "command", "arg-type": "1"},
  {"name": "1", "meta-type": "object", "variants": [{"case": "stream", "type": "2"}]}'
while read -r line; do
  id=$(printf %s "$line" | sed 's/.*"id":"\([^"]*\)".*/\1/')
  case "$line" in
    *quit*) exit 0 ;;
    *vfio-user-pci*) echo '{"error": {"class": "DeviceNotFound", "desc": "no"}, "id": "'$id'"}' ;;
    *query-qmp-schema*) echo '{"return": ['$schema'], "id": "'$id'"}' ;;
    *) echo '{"return": [], "id": "'$id'"}' ;;
  esac
done)sh";

}  // namespace

BOOST_AUTO_TEST_CASE(a_program_that_is_missing_names_the_package) {
  for (const char* name : {"no-such-qemu", "/no/such/qemu"}) {
    const auto qemu = find_qemu(name);
    BOOST_REQUIRE(!qemu);
    BOOST_TEST((qemu.error().code() == Errc::unsupported));
    BOOST_TEST(qemu.error().describe().find("qemu-system-x86") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_program_is_asked_what_it_can_do) {
  const Program program(talker);
  const auto qemu = find_qemu(program.path, {"e1000e", "vfio-user-pci", "nvme"});
  BOOST_REQUIRE_MESSAGE(qemu, (qemu ? "" : qemu.error().describe()));
  BOOST_TEST(qemu->path == program.path);
  BOOST_TEST(qemu->version == "10.0.3");
  BOOST_TEST(qemu->lacks == (Words{"-action", "screendump with a format", "device vfio-user-pci"}),
             boost::test_tools::per_element());
  BOOST_TEST(!qemu->enough());
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_answer_is_unsupported_with_what_it_printed) {
  const std::pair<const char*, const char*> programs[] = {
      {"echo no >&2; exit 3", "ended with exit code 3: no"},
      {"exec 3<&-; echo; exit 0", "ended with exit code 0"},
      {"echo hello >&3", "that is no JSON object"},
  };
  for (const auto& [lines, why] : programs) {
    const Program program(lines);
    const auto qemu = find_qemu(program.path);
    BOOST_REQUIRE(!qemu);
    BOOST_TEST((qemu.error().code() == Errc::unsupported));
    BOOST_TEST(qemu.error().describe().find("does not answer as QEMU does") != std::string::npos);
    BOOST_TEST(qemu.error().describe().find(why) != std::string::npos, qemu.error().describe());
  }
}

BOOST_AUTO_TEST_CASE(a_program_that_is_silent_is_given_up_and_ended) {
  const Program silent("exec sleep 1000");
  const auto answers = vm::ask_qemu(silent.path, {}, Seconds(0.2));
  BOOST_REQUIRE(!answers);
  BOOST_TEST((answers.error().code() == Errc::unsupported));
  BOOST_TEST(answers.error().describe().find("in time") != std::string::npos);
  BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
}

BOOST_AUTO_TEST_CASE(the_devices_of_a_plan_are_named_once_with_their_ports) {
  scenario::PlannedDevice disk;
  disk.profile.qemu = {{{"driver", "virtio-scsi-pci"}}, {{"driver", "scsi-hd"}}};
  scenario::PlannedDevice other = disk;
  other.port = "port0";
  BOOST_TEST(
      vm::device_types({disk, other}) == (Words{"virtio-scsi-pci", "scsi-hd", "pcie-root-port"}),
      boost::test_tools::per_element());
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
