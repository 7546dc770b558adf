// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qemu.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/vm/capabilities.hpp"

BOOST_AUTO_TEST_SUITE(vm_qemu)

using namespace quiesce;
using vm::find_qemu;
using Words = std::vector<std::string>;

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

/// QEMU's side of QMP in a few lines: it knows "-netdev stream" and every device but two, each with
/// the same two properties, and two trace events.
const char* const talker = R"sh(exec <&3 >&3
echo '{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 3}}, "capabilities": []}}'
schema='{"name": "netdev_add", "meta-type": "command", "arg-type": "1"},
  {"name": "1", "meta-type": "object", "variants": [{"case": "stream", "type": "2"}]}'
while read -r line; do
  id=$(printf %s "$line" | sed 's/.*"id":"\([^"]*\)".*/\1/')
  case "$line" in
    *quit*) exit 0 ;;
    *vfio-user-pci* | *e1000f*) echo '{"error": {"class": "DeviceNotFound", "desc": "no"}, "id": "'$id'"}' ;;
    *query-qmp-schema*) echo '{"return": ['$schema'], "id": "'$id'"}' ;;
    *device-list-properties*) echo '{"return": [{"name": "mac"}, {"name": "netdev"}], "id": "'$id'"}' ;;
    *trace-event-get-state*) echo '{"return": [{"name": "nic_reset"}, {"name": "pci_cfg_write"}], "id": "'$id'"}' ;;
    *qom-list-types*) echo '{"return": [{"name": "e1000"}, {"name": "nvme"}], "id": "'$id'"}' ;;
    *) echo '{"return": [], "id": "'$id'"}' ;;
  esac
done)sh";

Words lacks_of(const vm::Qemu& qemu) {
  Words words;
  for (const auto& lack : qemu.lacks) words.push_back(lack.what);
  return words;
}

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
  const auto qemu = find_qemu(program.path, vm::demands_for({"e1000e", "vfio-user-pci", "nvme"}));
  BOOST_REQUIRE_MESSAGE(qemu, (qemu ? "" : qemu.error().describe()));
  BOOST_TEST(qemu->path == program.path);
  BOOST_TEST(qemu->version == "10.0.3");
  BOOST_TEST(
      lacks_of(*qemu) == (Words{"-action", "screendump with a format", "device vfio-user-pci"}),
      boost::test_tools::per_element());
  BOOST_TEST(!qemu->enough());
}

BOOST_AUTO_TEST_CASE(names_of_a_profile_that_qemu_has_not_are_told_with_those_that_are_near) {
  const Program program(talker);
  vm::Demands demands;
  demands.devices = {
      {.type = "e1000f", .properties = {"colour"}, .profile = "a"},
      {.type = "e1000", .properties = {"driver", "id", "bus", "mac", "netdef"}, .profile = "b"}};
  demands.trace_events = {{.name = "nic_reset", .profile = "b"},
                          {.name = "nic_rest", .profile = "b"}};
  const auto qemu = find_qemu(program.path, demands);
  BOOST_REQUIRE_MESSAGE(qemu, (qemu ? "" : qemu.error().describe()));
  BOOST_TEST(
      lacks_of(*qemu) == (Words{"-action", "screendump with a format", "device e1000f",
                                "property \"netdef\" of device e1000", "trace event \"nic_rest\""}),
      boost::test_tools::per_element());
  BOOST_TEST(qemu->lacks.at(0).profile.empty());
  BOOST_TEST(qemu->lacks.at(2).near == "did you mean \"e1000\"?");
  BOOST_TEST(qemu->lacks.at(3).near == "did you mean \"netdev\"?");
  BOOST_TEST(qemu->lacks.at(4).near == "did you mean \"nic_reset\"?");
  BOOST_TEST(qemu->lacks.at(4).profile == "b");
}

// Built without trace events it runs all the same, and the checks say what they could not see.
BOOST_AUTO_TEST_CASE(a_program_that_tells_of_no_property_and_no_event_lacks_none) {
  std::string silent(talker);
  for (const char* list : {R"([{"name": "mac"}, {"name": "netdev"}])",
                           R"([{"name": "nic_reset"}, {"name": "pci_cfg_write"}])"})
    silent.replace(silent.find(list), std::string_view(list).size(), "[]");
  const Program program(silent);
  vm::Demands demands;
  demands.devices = {{.type = "e1000", .properties = {"mac"}, .profile = "a"}};
  demands.trace_events = {{.name = "nic_reset", .profile = "a"}};
  BOOST_TEST(lacks_of(find_qemu(program.path, demands).value()).size() == 2U);
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

BOOST_AUTO_TEST_CASE(what_a_plan_demands_is_named_once_with_its_profile_and_its_ports) {
  scenario::PlannedDevice disk;
  disk.profile.name = "scsi";
  disk.profile.qemu = {{{"driver", "virtio-scsi-pci"}}, {{"driver", "scsi-hd"}, {"lun", 1}}};
  disk.profile.trace = {{.event = "scsi_reset"}};
  scenario::PlannedDevice other = disk;
  other.port = "port0";
  scenario::PlannedDevice served;
  served.profile.name = "engine";
  served.profile.qemu = {{{"driver", "vfio-user-pci"}, {"socket", "x"}}};
  const vm::Demands demands = vm::demands_of({disk, other, served});
  const std::vector<vm::Demands::Device> devices{
      {.type = "virtio-scsi-pci", .properties = {"driver"}, .profile = "scsi"},
      {.type = "scsi-hd", .properties = {"driver", "lun"}, .profile = "scsi"},
      {.type = "pcie-root-port", .properties = {}, .profile = {}},
      {.type = "vfio-user-pci", .properties = {"driver", "socket"}, .profile = {}}};
  BOOST_TEST((demands.devices == devices));
  BOOST_REQUIRE(demands.trace_events.size() == 1U);
  BOOST_TEST(demands.trace_events[0].name == "scsi_reset");
  BOOST_TEST(demands.trace_events[0].profile == "scsi");
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
