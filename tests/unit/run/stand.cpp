// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/run/stand.hpp"

#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdlib>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::run::testing {

using nlohmann::json;

namespace {

scenario::PlannedDevice planned(const std::string& name, std::uint8_t slot,
                                scenario::Profile profile) {
  scenario::PlannedDevice device{
      .name = name, .profile = profile, .activity = profile.activity, .address = {.device = slot}};
  if (profile.backend == "net") device.mac = "52:54:00:51:00:02";
  return device;
}

scenario::Profile nic() {
  scenario::Profile profile;
  profile.name = "e1000e";
  profile.backend = "net";
  profile.qemu = {{{"driver", "e1000e"}, {"netdev", "@backend"}, {"mac", "@mac"}}};
  profile.modules = {"e1000e"};
  profile.driver = "e1000e";
  profile.activity = {{"kind", "net-receive"}, {"rate", 100}, {"frame", 256}};
  profile.test = {{"kind", "net-echo"}, {"seconds", 1}};
  profile.writes_tagged = true;
  profile.ring = scenario::Profile::Ring{0, 0x2810, 0x2818};
  return profile;
}

scenario::Profile vga() {
  scenario::Profile profile;
  profile.name = "vga";
  profile.qemu = {{{"driver", "VGA"}}};
  profile.modules = {"bochs"};
  profile.activity = {{"kind", "console"}};
  profile.test = {{"kind", "console"}};
  return profile;
}

}  // namespace

std::filesystem::path fake_qemu() {
  if (const char* path = std::getenv("QUIESCE_FAKE_QEMU_PROGRAM")) return path;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "standin/fake-qemu";
}

std::vector<json> read_lines(const std::filesystem::path& path) {
  std::vector<json> lines;
  const auto text = read_file(path);
  if (!text) return lines;
  if (!text->empty()) BOOST_TEST(text->back() == '\n');
  for (const auto& line : split(*text, '\n')) {
    if (line.empty()) continue;
    json parsed = json::parse(line, nullptr, false);
    BOOST_TEST(parsed.is_object(), path << ": " << line);
    if (parsed.is_object()) lines.push_back(std::move(parsed));
  }
  return lines;
}

Stand::Stand() : dir(TempDir::create("quiesce-stand-").value()), script(json::object()) {
  script["log"] = (dir.path() / "log").string();
  script["rules"] = json::array();
  plan.scenario.name = "stand-in";
  plan.scenario.machine.memory = 256_MiB;
  plan.scenario.panic.busy = Seconds(0.2);
  plan.scenario.steps.window = Seconds(0.2);
  plan.scenario.timeouts = {.total = Seconds(120), .progress = Seconds(30)};
  plan.accel = "tcg";
  plan.qemu = fake_qemu();
  for (auto* image : {&plan.production, &plan.capture}) {
    image->image = dir.path() / "vmlinuz";
    image->initramfs = dir.path() / "initramfs";
  }
  BOOST_REQUIRE(replace_file(plan.capture.image, std::string(2048, 'k')));
  BOOST_REQUIRE(replace_file(plan.capture.initramfs, std::string(2048, 'i')));
  plan.devices = {planned("nic0", 2, nic()), planned("vga0", 3, vga())};
}

void Stand::at(const std::string& point, const std::string& action, const std::string& text,
               int code) {
  script["rules"].push_back({{"at", point}, {"do", action}, {"text", text}, {"code", code}});
}

void Stand::write_script() const {
  const std::string path = (dir.path() / "script.json").string();
  BOOST_REQUIRE(replace_file(path, script.dump()));
  ::setenv("QUIESCE_FAKE_QEMU", path.c_str(), 1);
}

Result<void> Stand::run() {
  write_script();
  auto done = execute(plan, out(), loop, observer, asked);
  BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
  BOOST_TEST(errno == ECHILD);
  check_evidence();
  return done;
}

void Stand::check_evidence() const {
  namespace file = record::file;
  for (const char* name : {file::timeline, file::agent, file::dma}) read_lines(out() / name);
  const auto timeline = read_lines(out() / file::timeline);
  BOOST_REQUIRE(!timeline.empty());
  BOOST_TEST(timeline.front()["event"] == record::event::RunStart::name);
  BOOST_TEST(timeline.back()["event"] == record::event::RunEnd::name);
  double last = 0;
  for (const auto& event : timeline) {
    BOOST_TEST(event.at("t").get<double>() >= last);
    last = event.at("t");
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out()))
    if (entry.path().extension() == ".json")
      BOOST_TEST(json::accept(read_file(entry.path()).value()), entry.path());
}

std::vector<json> Stand::events(const std::string& name) const {
  std::vector<json> found;
  for (auto& event : read_lines(out() / record::file::timeline))
    if (event["event"] == name) found.push_back(std::move(event));
  return found;
}

std::vector<std::string> Stand::texts(const std::string& event, const std::string& field) const {
  std::vector<std::string> found;
  for (const auto& entry : events(event)) found.push_back(entry.value(field, ""));
  return found;
}

std::vector<std::string> Stand::log() const {
  return split(read_file(dir.path() / "log").value_or(""), '\n');
}

}  // namespace quiesce::run::testing
