// SPDX-License-Identifier: GPL-2.0-or-later
// Which QEMU is taken, with programs that speak QMP in the place of the system's and the fetched.
#include "harness/dispatch/qemu_choice.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_qemu_choice)

using namespace quiesce;
using dispatch::choose_qemu;
using nlohmann::json;
using Words = std::vector<std::string>;

namespace {

const Words without_served{"vfio-user-pci"};
const vm::Demands vfio_user = vm::demands_for({"vfio-user-pci"});

/// A machine with a PATH and an image store of its own.
struct Host {
  TempDir dir = TempDir::create().value();
  builder::Store store{dir.path() / "store"};
  std::string path_before = std::getenv("PATH");

  Host() {
    std::filesystem::create_directories(dir.path() / "bin");
    ::setenv("PATH", ((dir.path() / "bin").string() + ":/usr/bin:/bin").c_str(), 1);
  }
  ~Host() { ::setenv("PATH", path_before.c_str(), 1); }

  /// The stand-in with a script: its version and what it lacks.
  std::filesystem::path put(const std::filesystem::path& path, const std::string& version,
                            const Words& lacks) const {
    std::filesystem::create_directories(path.parent_path());
    const std::string script = path.string() + ".json";
    BOOST_REQUIRE(replace_file(script, json{{"version", version}, {"lacks", lacks}}.dump()));
    BOOST_REQUIRE(replace_file(path, "#!/bin/sh\nQUIESCE_FAKE_QEMU='" + script + "' exec '" +
                                         run::testing::fake_qemu().string() + "' \"$@\"\n"));
    ::chmod(path.c_str(), 0755);
    return path;
  }
  std::filesystem::path system(const std::string& version, const Words& lacks) const {
    return put(dir.path() / "bin/qemu-system-x86_64", version, lacks);
  }
  std::filesystem::path fetched(const std::string& version, const Words& lacks) const {
    return put(builder::fetched_qemu(store), version, lacks);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(the_systems_is_taken_when_it_has_all, Host) {
  const auto path = system("7.2.22", without_served);
  fetched("11.1.0", {});
  const auto chosen = choose_qemu("", vm::demands_for({"e1000e"}), store);
  BOOST_REQUIRE(chosen);
  BOOST_TEST(chosen->qemu.path == path);
  BOOST_TEST(chosen->why == "the system's");
}

// Chosen by version it was passed over: a distribution ports devices back.
BOOST_FIXTURE_TEST_CASE(an_older_one_with_the_device_ported_back_is_taken, Host) {
  const auto path = system("10.0.3", {});
  BOOST_TEST(choose_qemu("", vfio_user, store).value().qemu.path == path);
}

// Chosen by version it was taken, and died at its start.
BOOST_FIXTURE_TEST_CASE(a_newer_one_that_was_built_without_the_device_is_not_taken, Host) {
  system("11.1.0", without_served);
  const auto path = fetched("10.1.0", {});
  const auto chosen = choose_qemu("", vfio_user, store);
  BOOST_REQUIRE(chosen);
  BOOST_TEST(chosen->qemu.path == path);
  BOOST_TEST(chosen->why == "fetched, for the system's 11.1.0 has no device vfio-user-pci");
}

BOOST_FIXTURE_TEST_CASE(without_any_that_has_the_device_it_is_named_with_the_remedy, Host) {
  const auto path = system("11.1.0", {"vfio-user-pci", "netdev_add"});
  const auto chosen = choose_qemu("", vfio_user, store);
  BOOST_REQUIRE(!chosen);
  BOOST_TEST((chosen.error().code() == Errc::unsupported));
  BOOST_TEST(chosen.error().describe() ==
             "QEMU 11.1.0 (" + path.string() +
                 ") has no -netdev stream and no device vfio-user-pci, which this run needs; "
                 "\"quiesce image fetch qemu\" brings one that has, or name another with --qemu");
}

BOOST_FIXTURE_TEST_CASE(one_that_is_named_is_not_replaced_behind_the_users_back, Host) {
  system("11.1.0", {});
  fetched("11.1.0", {});
  const auto path = put(dir.path() / "old", "7.2.0", without_served);
  BOOST_TEST(choose_qemu(path.string(), {}, store).value().why == "named with --qemu");
  const auto refused = choose_qemu(path.string(), vfio_user, store);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().describe().find("leave --qemu out") != std::string::npos);
}

// A slip in a profile cost a whole run, and ended as a trouble of this machine.
BOOST_FIXTURE_TEST_CASE(what_a_profile_names_and_no_qemu_has_is_bad_input_with_the_profile, Host) {
  const auto path = system("7.2.22", {"e1000f"});
  vm::Demands demands;
  demands.devices = {{.type = "e1000f", .properties = {}, .profile = "my-card"}};
  const auto chosen = choose_qemu("", demands, store);
  BOOST_REQUIRE(!chosen);
  BOOST_TEST((chosen.error().code() == Errc::invalid_input));
  BOOST_TEST(chosen.error().describe() ==
             "profile \"my-card\": QEMU 7.2.22 (" + path.string() +
                 ") has no device e1000f, which this run needs; \"quiesce image fetch qemu\" "
                 "brings a newer one, or name another with --qemu");
  // What the harness needs is not the profile's matter.
  const auto poor = put(dir.path() / "poor", "7.2.0", {"e1000f", "netdev_add"});
  const auto refused = choose_qemu(poor.string(), demands, store);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code() == Errc::unsupported));
  const auto newer = fetched("11.1.0", {});
  BOOST_TEST(choose_qemu("", demands, store).value().qemu.path == newer);
}

BOOST_FIXTURE_TEST_CASE(the_fetched_one_serves_where_the_systems_does_not_work, Host) {
  const auto broken = dir.path() / "bin/qemu-system-x86_64";
  BOOST_REQUIRE(replace_file(broken, "#!/bin/sh\nexit 3\n"));
  ::chmod(broken.c_str(), 0755);
  const auto refused = choose_qemu("", {}, store);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().describe().find("exit code 3") != std::string::npos);
  const auto path = fetched("11.1.0", {});
  const auto chosen = choose_qemu("", {}, store);
  BOOST_REQUIRE_MESSAGE(chosen, (chosen ? "" : chosen.error().describe()));
  BOOST_TEST(chosen->qemu.path == path);
  BOOST_TEST(chosen->why == "fetched, for the system has none that works");
}

BOOST_AUTO_TEST_SUITE_END()
