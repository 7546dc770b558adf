// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/unit/builder/made_up.hpp"
#include "vm-images/builder/digest.hpp"
#include "vm-images/builder/elf.hpp"
#include "vm-images/builder/tools.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_images)

namespace fs = std::filesystem;
using namespace made_up;

namespace {

const std::string release = "6.1.0";

/// A kernel, an agent without libraries, and a kexec in the store, so that no package is needed.
struct Kitchen {
  Kitchen() {
    write(bench.at("agent"), program({}));
    write(bench.at("store/tools/kexec-tools/sbin/kexec"), program({"libxen.so.4"}));
    write(bench.at("store/tools/kexec-tools/lib/libxen.so.4"), program({}));
    write(bench.at("store/tools/kexec-tools/item.json"), "{\"name\": \"kexec-tools\"}");
    write(bench.at("bzImage"), bzimage(release));
    write_tree(bench.at("modules"), {{"kernel/nvme-core.ko", module(release)},
                                     {"kernel/nvme.ko.xz", packed_nvme},
                                     {"kernel/snd.ko", module(release)},
                                     {"modules.builtin", "kernel/x/virtio_pci.ko\n"}});
    kernel.name = "mine";
    kernel.release = release;
    kernel.image = bench.at("bzImage");
    kernel.modules = bench.at("modules");
    kernel.image_sha256 = sha256(bzimage(release));
    devices = {device("disk0", {"nvme", "virtio-pci"}), device("sound0", {"snd"})};
    devices[1].driver_in_capture = false;
  }
  Result<Images> build_all() {
    return build(kernel, kernel, devices, bench.at("agent"), bench.store);
  }
  std::string refusal() {
    auto images = build_all();
    BOOST_REQUIRE(!images);
    return bench.without_path(images.error().describe());
  }

  Bench bench;
  std::string packed_nvme = compress(module(release, "nvme-core"), "xz");
  Kernel kernel;
  std::vector<scenario::PlannedDevice> devices;
};

std::map<std::string, std::string> contents(const fs::path& image) {
  const auto entries = read_cpio(image);
  return {entries.begin(), entries.end()};
}

std::string names(const std::map<std::string, std::string>& files) {
  std::string all;
  for (const auto& [name, content] : files) all += name + " ";
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_capture_image_holds_agent_and_drivers_and_nothing_else) {
  Kitchen kitchen;
  const auto images = kitchen.build_all();
  BOOST_REQUIRE_MESSAGE(images.has_value(), problem(images));
  const auto files = contents(images->capture.initramfs);
  BOOST_TEST(names(files) ==
             "dev dev/console dev/null init lib lib/x86_64-linux-gnu lib64 modules "
             "modules/nvme.ko modules/nvme_core.ko modules/order.json proc sys tmp usr ");
  BOOST_TEST(files.at("dev/console") == "20600 5:1");
  BOOST_TEST(files.at("dev/null") == "20666 1:3");
  BOOST_TEST(files.at("tmp") == "41777 ");
  BOOST_TEST(files.at("init") == "100755 " + loadable_part(program({})));
  BOOST_TEST(files.at("modules/nvme.ko") == "100644 " + module(release, "nvme-core"));
  BOOST_TEST(files.at("modules/order.json") ==
             "100644 {\n \"nvme\": [\n  \"nvme_core\",\n  \"nvme\"\n ],\n \"virtio-pci\": []\n}\n");
}

BOOST_AUTO_TEST_CASE(the_production_image_holds_the_capture_kernel_and_kexec) {
  Kitchen kitchen;
  const auto images = kitchen.build_all();
  BOOST_REQUIRE(images);
  const auto files = contents(images->production.initramfs);
  BOOST_TEST(files.contains("sbin/kexec"));
  BOOST_TEST(files.contains("lib/libxen.so.4"));
  BOOST_TEST(files.contains("modules/snd.ko"));
  BOOST_TEST(files.at("sbin") == "40755 ");
  BOOST_TEST((files.at("capture/kernel") == "100644 " + bzimage(release)));
  BOOST_TEST((files.at("capture/initramfs") == "100644 " + read(images->capture.initramfs)));
  BOOST_TEST(images->production.initramfs_sha256 == sha256(read(images->production.initramfs)));
  BOOST_TEST(images->production.release == release);
  BOOST_TEST(images->production.image_sha256 == kitchen.kernel.image_sha256);
}

BOOST_AUTO_TEST_CASE(an_image_is_reused_until_something_in_it_changes) {
  Kitchen kitchen;
  const auto first = kitchen.build_all();
  BOOST_REQUIRE(first);
  const auto written = fs::last_write_time(first->capture.initramfs);
  const auto again = kitchen.build_all();
  BOOST_REQUIRE(again);
  BOOST_TEST(again->capture.initramfs == first->capture.initramfs);
  BOOST_TEST(again->production.initramfs == first->production.initramfs);
  BOOST_TEST(again->production.initramfs_sha256 == first->production.initramfs_sha256);
  BOOST_TEST((fs::last_write_time(again->capture.initramfs) == written));

  write(kitchen.bench.at("agent"), program({}, "/another"));
  const auto changed = kitchen.build_all();
  BOOST_REQUIRE(changed);
  BOOST_TEST(changed->capture.initramfs != first->capture.initramfs);
  BOOST_TEST(changed->production.initramfs != first->production.initramfs);
}

BOOST_AUTO_TEST_CASE(an_image_of_another_size_than_it_was_made_with_is_made_again) {
  Kitchen kitchen;
  const auto first = kitchen.build_all();
  BOOST_REQUIRE(first);
  const std::string whole = read(first->capture.initramfs);
  write(first->capture.initramfs, whole.substr(0, 100));
  const auto again = kitchen.build_all();
  BOOST_REQUIRE(again);
  BOOST_TEST((read(again->capture.initramfs) == whole));
}

// One that was a little later took the image of the first for a damaged one and replaced it, while
// a third was reading it.
BOOST_AUTO_TEST_CASE(builders_at_the_same_time_all_get_the_same_image) {
  Kitchen kitchen;
  std::vector<std::string> digests(4);
  std::vector<std::thread> threads;
  for (auto& digest : digests)
    threads.emplace_back([&] {
      auto images = kitchen.build_all();
      digest = images ? images->production.initramfs_sha256 : problem(images);
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(digests[0].size() == 64U, digests[0]);
  for (const auto& digest : digests) BOOST_TEST(digest == digests[0]);
  BOOST_TEST(fs::is_empty(kitchen.bench.at("store/tmp")));
}

BOOST_AUTO_TEST_CASE(a_device_without_its_module_is_named) {
  Kitchen kitchen;
  kitchen.devices.push_back(device("nic0", {"e1000e"}));
  BOOST_TEST(kitchen.refusal() ==
             "kernel mine (6.1.0) cannot be the capture kernel:\n"
             "  device nic0 (profile nic0) needs the module e1000e: e1000e is neither a module of "
             "the kernel nor built in");
}

BOOST_AUTO_TEST_CASE(an_agent_that_cannot_start_in_the_guest_is_refused) {
  Kitchen kitchen;
  write(kitchen.bench.at("agent"), program({"libgone.so"}));
  BOOST_TEST(kitchen.refusal() ==
             "cannot put the agent into an image: the library libgone.so, which BENCH/agent needs, "
             "is not on this machine");
  fs::remove(kitchen.bench.at("agent"));
  BOOST_TEST(kitchen.refusal() ==
             "cannot put the agent into an image: cannot open BENCH/agent: No such file or "
             "directory");
}

BOOST_AUTO_TEST_CASE(a_kernel_that_was_built_anew_meanwhile_is_refused) {
  Kitchen kitchen;
  write(kitchen.bench.at("bzImage"), bzimage("6.1.1"));
  BOOST_TEST(kitchen.refusal() ==
             "kernel mine: BENCH/bzImage has changed since it was read; run again");
}

BOOST_AUTO_TEST_CASE(a_tools_libraries_are_placed_by_the_name_they_are_asked_for) {
  const Bench bench;
  write_deb(bench.at("tool.deb"), {{"usr/sbin/kexec", "program"}, {"usr/share/x", "text"}}, "xz");
  BOOST_REQUIRE(unpack_tool({bench.at("tool.deb")}, "sbin/kexec", bench.at("out")));
  BOOST_TEST(read(bench.at("out/sbin/kexec")) == "program");
  write_deb(bench.at("empty.deb"), {{"usr/share/x", "text"}}, "xz");
  auto none = unpack_tool({bench.at("empty.deb")}, "sbin/kexec", bench.at("out2"));
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().message() == "the package empty.deb holds no sbin/kexec");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
