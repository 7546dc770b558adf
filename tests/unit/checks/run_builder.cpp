// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/checks/run_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/base/text.hpp"
#include "harness/checks/sentences.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/line.hpp"

namespace quiesce::test {

using nlohmann::json;
namespace event = record::event;
namespace mark_name = record::mark;

namespace {

constexpr double realtime = 1700000000;

/// The value of a key of type text, or empty.
std::string word(const json& object, const char* key) {
  return object.value(key, std::string());
}

void put(std::vector<std::byte>& bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<std::byte>(value & 0xff);
  bytes[at + 1] = static_cast<std::byte>(value >> 8 & 0xff);
}

scenario::PlannedDevice net0() {
  scenario::PlannedDevice device;
  device.name = "net0";
  device.address = {.device = 2};
  device.mac = "52:54:00:51:00:02";
  device.activity = {{"kind", "net-receive"}, {"rate", 10}};
  auto& profile = device.profile;
  profile.name = "e1000e";
  profile.description = "Intel 82574L";
  profile.backend = "net";
  profile.qemu = {{{"driver", "e1000e"}, {"netdev", "@backend"}, {"addr", "@addr"}}};
  profile.modules = {"e1000e"};
  profile.driver = "e1000e";
  profile.activity = {{"kind", "net-receive"}};
  profile.test = {{"kind", "net-echo"}};
  profile.writes_tagged = true;
  profile.trace = {{"e1000e_core_ctrl_sw_reset", "driver-reset", ""},
                   {"e1000e_rx_has_no_buffers", "ring-used-up", ""}};
  return device;
}

scenario::PlannedDevice vga0() {
  scenario::PlannedDevice device;
  device.name = "vga0";
  device.address = {.device = 3};
  device.activity = {{"kind", "console"}};
  auto& profile = device.profile;
  profile.name = "vga";
  profile.description = "Standard VGA";
  profile.qemu = {{{"driver", "VGA"}, {"addr", "@addr"}}};
  profile.modules = {"bochs"};
  profile.driver = "bochs-drm";
  profile.activity = {{"kind", "console"}};
  profile.test = {{"kind", "console"}};
  return device;
}

scenario::RunPlan good_plan() {
  scenario::RunPlan plan;
  plan.scenario.name = "first-run";
  for (auto device : {net0(), vga0()}) {
    plan.scenario.devices.push_back({.profile = device.profile.name, .name = device.name});
    plan.devices.push_back(std::move(device));
  }
  plan.scenario.production.kernel = "debian:6.1";
  const scenario::BootImage image{.kernel = "debian:6.1",
                                  .release = "6.1.0-56-amd64",
                                  .image = "/boot/vmlinuz",
                                  .initramfs = "/boot/initramfs",
                                  .image_sha256 = std::string(64, 'a'),
                                  .initramfs_sha256 = std::string(64, 'b')};
  plan.production = image;
  plan.capture = image;
  plan.accel = "tcg";
  plan.accel_reason = "asked for";
  plan.qemu = "/usr/bin/qemu-system-x86_64";
  return plan;
}

void add_phases(RunBuilder& run) {
  run.event(0, event::RunStart::name,
            {{"realtime", realtime}, {"monotonic", 5000.0}, {"version", "0.1.0"}});
  run.event(0.1, event::PhaseBegin::name, {{"phase", "boot"}});
  run.event(6, event::AgentHello::name, {{"role", "production"}});
  run.event(6, event::PhaseBegin::name, {{"phase", "arm"}});
  run.mark(10, mark_name::production);
  run.event(
      10, event::Control::name,
      {{"device", "net0"}, {"tagged_pages", 12}, {"changed_pages", 15}, {"t0", 8}, {"t1", 10}});
  run.event(10.1, event::PhaseBegin::name, {{"phase", "panic"}});
  run.event(10.2, event::SerialLine::name, {{"role", "production"}, {"what", "panic"}});
  run.event(10.4, event::PhaseBegin::name, {{"phase", "handover"}});
  run.event(10.5, event::Handover::name,
            {{"rip", "0xffffffff81000000"}, {"pause_s", 0.1}, {"cpus", 2}});
  run.mark(10.5, mark_name::handover);
  run.event(10.6, event::Baseline::name,
            {{"bytes", 1 << 30}, {"copy_s", 0.1}, {"excluded", json::array()}});
  run.event(10.7, event::PhaseBegin::name, {{"phase", "capture"}});
  run.event(17.5, event::SerialLine::name, {{"role", "capture"}, {"what", "kernel-start"}});
  run.event(22, event::AgentHello::name, {{"role", "capture"}});
  run.mark(22, mark_name::capture_entry);
  run.mark(28, mark_name::drivers);
  run.mark(32, mark_name::tests);
  run.event(38, event::PhaseBegin::name, {{"phase", "collect"}});
  run.mark(38.9, mark_name::closing);
  run.mark(40, mark_name::capture_end);
  run.event(41, event::RunEnd::name, {{"reason", "finished"}});
}

void add_traffic(RunBuilder& run) {
  for (int i = 0; i < 80; ++i) {
    const double t = 8 + i * 0.4;
    run.event(t, event::Feed::name, {{"device", "net0"}, {"sequence", i}, {"bytes", 512}});
  }
  for (int i = 0; i < 60; ++i)
    run.event(11 + i * 0.5, event::WatchPass::name, {{"begin_t", 10.9 + i * 0.5}});
  for (int i = 0; i < 25; ++i)
    run.stray(11 + i * 0.5, 11.5 + i * 0.5, 0x12340000 + static_cast<std::uint64_t>(i) * 0x1000,
              "net0");
  run.stray(10.6, 11, 0x1000000, "", "cpu-stack");
  for (int i = 0; i < 5; ++i)
    run.event(30 + i, event::Echo::name, {{"device", "net0"}, {"sequence", i}});
  run.trace(9, "e1000e_core_ctrl_sw_reset Doing SW reset");
  run.trace(18, "pci_cfg_write e1000e 00:02.0 @0x4 <- 0x504");
  run.trace(26, "e1000e_core_ctrl_sw_reset Doing SW reset");
}

void add_agent(RunBuilder& run) {
  run.agent(
      22, "event",
      {{"event", "hello"},
       {"role", "capture"},
       {"command_line", "console=ttyS0 reset_devices nr_cpus=1 irqpoll elfcorehdr=0x3c000000"},
       {"vmcore", true},
       {"vmcore_bytes", 800000000}});
  run.agent(25, "request", {{"op", "modules"}, {"names", {"e1000e", "bochs"}}});
  run.agent(26, "event",
            {{"event", "module"}, {"name", "e1000e"}, {"ms", 900}, {"error", nullptr}});
  run.agent(26.1, "event",
            {{"event", "bound"}, {"address", "0000:00:02.0"}, {"driver", "e1000e"}, {"ms", 1100}});
  run.agent(27.2, "event",
            {{"event", "module"}, {"name", "bochs"}, {"ms", 700}, {"error", nullptr}});
  run.agent(
      27.1, "event",
      {{"event", "bound"}, {"address", "0000:00:03.0"}, {"driver", "bochs-drm"}, {"ms", 2100}});
  run.agent(27.5, "response",
            {{"op", "modules"}, {"loaded", {"e1000e", "bochs"}}, {"failed", json::array()}});
  run.agent(35, "request", {{"op", "keys"}, {"seconds", 5}});
  run.agent(35.1, "response", {{"op", "keys"}});
  run.agent(36, "request",
            {{"op", "write-console"}, {"device", "/dev/ttyS0"}, {"text", "quiesce-marker-serial"}});
  run.agent(36.1, "response", {{"op", "write-console"}});
  run.agent(38, "response",
            {{"op", "kmsg"},
             {"records", 512},
             {"lost", 0},
             {"first_sequence", 0},
             {"last_sequence", 511},
             {"entries", json::array()}});
}

/// The agent's counts of interrupts: irq 24 belongs to the card.
void add_interrupts(RunBuilder& run) {
  struct At {
    double t;
    const char* mark;
    int count;
  };
  for (const At& at : {At{22.1, "capture-entry", 0}, At{25, "window-end", 0},
                       At{28.1, "drivers", 40}, At{39.5, "capture-end", 900}}) {
    const int jiffies = static_cast<int>(at.t * 100);
    run.agent(at.t, "response",
              {{"op", "interrupts"},
               {"at", at.mark},
               {"lines",
                {{{"name", "24"}, {"total", at.count}, {"actions", "eth0"}},
                 {{"name", "LOC"}, {"total", 100000}, {"actions", ""}}}},
               {"spurious", json::array()},
               {"disabled", json::array()},
               {"time", {{"total", jiffies}, {"irq", 1}, {"softirq", 1}}}});
  }
}

void add_results(RunBuilder& run) {
  run.event(30, event::TestResult::name,
            {{"device", "net0"},
             {"kind", "net-echo"},
             {"ok", true},
             {"detail", "20 of 20"},
             {"numbers", {{"received", 20}}}});
  run.event(31, event::TestResult::name, {{"device", "vga0"}, {"kind", "console"}, {"ok", true}});
  run.event(35.2, event::KeySent::name, {{"keys", {"q", "s", "ret"}}});
  run.event(35.4, event::KeyReceived::name, {{"text", "qs\n"}});
  for (int i = 0; i < 29; ++i)
    run.event(11 + i, event::ScreenSample::name,
              {{"same_as_production", i < 17}, {"uniform", false}});
  run.file("screen/production.txt", "Debian production kernel     \nline two\n");
  run.file("screen/vcs-production.json",
           R"({"lines": ["Debian production kernel     ", "line two"]})");
  run.file("screen/capture-end.txt", "capture kernel speaking\n\n");
  run.file("screen/vcs-capture.json", R"({"lines": ["capture kernel speaking      ", ""]})");
}

void add_serial(RunBuilder& run) {
  run.serial(1, "[    0.000000] Linux version 6.1.0-56-amd64");
  run.serial(10.2, "[    8.000000] Kernel panic - not syncing: sysrq triggered crash");
  run.serial(17.5, "[    0.000000] Linux version 6.1.0-56-amd64");
  run.serial(19, "[    1.500000] pci 0000:00:02.0: [8086:10d3] type 00 class 0x020000");
  run.serial(26.2, "[    8.900000] e1000e 0000:00:02.0 eth0: (PCI Express:2.5GT/s:Width x1)");
  run.serial(36.1, "quiesce-marker-serial");
}

std::vector<Function> functions(bool busy, const std::string& driver) {
  return {{.address = "0000:00:00.0", .class_code = 0x0600, .bus_master = true, .driver = ""},
          {.address = "0000:00:02.0", .bus_master = busy, .msix = busy, .driver = driver},
          {.address = "0000:00:03.0",
           .class_code = 0x0300,
           .driver = driver.empty() ? std::string() : "bochs-drm"},
          {.address = "0000:00:1f.2", .class_code = 0x0106, .bus_master = true, .driver = ""}};
}

}  // namespace

std::vector<std::byte> config_of(const Function& function) {
  if (function.gone) return std::vector<std::byte>(256, std::byte{0xff});
  std::vector<std::byte> bytes(256);
  put(bytes, 0x00, 0x8086);
  put(bytes, 0x02, 0x10d3);
  put(bytes, 0x04, function.bus_master ? 0x0507 : 0x0503);
  put(bytes, 0x06, 0x0010);
  put(bytes, 0x0a, function.class_code);
  put(bytes, 0x34, 0x80);
  put(bytes, 0x80, 0xa010);  // PCIe, next at 0xa0
  put(bytes, 0x8a, function.pending ? 0x20 : 0);
  put(bytes, 0xa0, 0x0011);  // MSI-X, last
  put(bytes, 0xa2, function.msix ? 0x8004 : 0x0004);
  return bytes;
}

void RunBuilder::event(double t, const std::string& name, json fields) {
  fields["t"] = t;
  fields["event"] = name;
  timeline_.push_back(std::move(fields));
}

void RunBuilder::mark(double t, const std::string& name) {
  event(t, event::Mark::name, {{"name", name}});
}

void RunBuilder::agent(double t, const std::string& kind, json payload, const std::string& role) {
  agent_.push_back({{"t", t},
                    {"kind", kind},
                    {"sequence", agent_.size()},
                    {"role", role},
                    {"payload", std::move(payload)}});
}

void RunBuilder::kernel_log(const std::vector<record::answer::LogEntry>& entries, int least_level,
                            std::optional<int> console_level) {
  drop_agent(record::answer::Kmsg::name);
  agent(38, record::request::Kmsg::kind, {{"op", "kmsg"}, {"least_level", least_level}});
  record::answer::Kmsg answer{.last_sequence = entries.size() - 1,
                              .records = entries.size(),
                              .lost = 0,
                              .by_level = std::vector<std::uint64_t>(8),
                              .console_level = console_level,
                              .entries = entries};
  for (std::size_t number = 0; number < entries.size(); ++number) {
    answer.entries[number].sequence = number;
    ++answer.by_level.at(static_cast<std::size_t>(entries[number].level));
  }
  json payload = record::as_json(answer);
  payload["op"] = record::answer::Kmsg::name;
  agent(38, record::answer::Kmsg::kind, std::move(payload));
}

void RunBuilder::serial(double t, const std::string& text) {
  serial_.push_back({t, text});
}
void RunBuilder::trace(double t, const std::string& text) {
  const auto later = std::ranges::upper_bound(trace_, t, {}, &Line::t);
  trace_.insert(later, {t, text});
}

void RunBuilder::stray(double since, double t, std::uint64_t page, const std::string& device,
                       const std::string& owner, std::uint64_t sequence) {
  json tags = json::array();
  if (!device.empty())
    tags.push_back({{"device", device},
                    {"kind", "frame"},
                    {"sequence", sequence},
                    {"block", 0},
                    {"foreign", false}});
  strays_.push_back({{"t", t},
                     {"since", since},
                     {"page", fmt::format("0x{:x}", page)},
                     {"bytes", 512},
                     {"first", 0},
                     {"last", 511},
                     {"tags", std::move(tags)},
                     {"owner", owner.empty() ? json() : json(owner)}});
}

void RunBuilder::pci(const std::string& mark, double t, const std::vector<Function>& functions) {
  json list = json::array();
  for (const Function& function : functions)
    list.push_back({{"address", function.address},
                    {"config", to_hex(config_of(function))},
                    {"driver", function.driver.empty() ? json() : json(function.driver)}});
  extra_["pci/" + mark + ".json"] =
      json{{"mark", mark}, {"t", t}, {"source", "ecam"}, {"functions", list}}.dump();
}

void RunBuilder::drop_mark(const std::string& name) {
  std::erase_if(timeline_, [&](const json& line) {
    return word(line, "event") == event::Mark::name && word(line, "name") == name;
  });
}

void RunBuilder::drop_events(const std::string& name, double after) {
  dropped_.insert(name);
  std::erase_if(timeline_, [&](const json& line) {
    return word(line, "event") == name && line.at("t").get<double>() > after;
  });
}

void RunBuilder::drop_agent(const std::string& name) {
  std::erase_if(agent_, [&](const json& line) {
    return word(line.at("payload"), "op") == name || word(line.at("payload"), "event") == name;
  });
}

void RunBuilder::drop_serial(const std::string& text) {
  std::erase_if(serial_,
                [&](const Line& line) { return line.text.find(text) != std::string::npos; });
}

void RunBuilder::drop_trace(const std::string& text) {
  std::erase_if(trace_,
                [&](const Line& line) { return line.text.find(text) != std::string::npos; });
}

void RunBuilder::cut(double t) {
  const auto late = [&](const json& line) { return line.at("t").get<double>() > t; };
  std::erase_if(timeline_, late);
  std::erase_if(agent_, late);
  std::erase_if(strays_, late);
  std::erase_if(serial_, [&](const Line& line) { return line.t > t; });
  std::erase_if(trace_, [&](const Line& line) { return line.t > t; });
  std::erase_if(extra_, [&](const auto& entry) {
    const json object = json::parse(entry.second, nullptr, false);
    return object.is_object() && object.value("t", 0.0) > t;
  });
}

void RunBuilder::tell_of_devices(std::vector<json>& timeline) const {
  for (const auto& device : plan.devices) {
    const std::string kind = device.activity.value("kind", "none");
    if (!device.busy || kind == "none" || kind == "console") continue;
    const auto told = [&](const char* name, const char* number) {
      return dropped_.count(name) > 0 ||
             std::any_of(timeline.begin(), timeline.end(), [&](const json& line) {
               return word(line, "event") == name && word(line, "device") == device.name &&
                      line.contains(number);
             });
    };
    if (!told(event::Activity::name, "operations"))
      timeline.push_back({{"t", 9.9},
                          {"event", event::Activity::name},
                          {"device", device.name},
                          {"kind", kind},
                          {"state", "running"},
                          {"operations", 100}});
    if (!told(event::Control::name, "tagged_pages"))
      timeline.push_back({{"t", 10.0},
                          {"event", event::Control::name},
                          {"device", device.name},
                          {"tagged_pages", 0},
                          {"changed_pages", 15},
                          {"t0", 8},
                          {"t1", 10}});
  }
}

void RunBuilder::count_pages(std::vector<json>& timeline) const {
  double before = -1;
  for (json& line : timeline) {
    if (word(line, "event") != event::WatchPass::name) continue;
    const double t = line.at("t").get<double>();
    if (!line.contains("pages_changed"))
      line["pages_changed"] = std::count_if(strays_.begin(), strays_.end(), [&](const json& one) {
        const double seen = one.at("t").get<double>();
        return seen > before && seen <= t;
      });
    before = t;
  }
}

evidence::Texts RunBuilder::texts() const {
  evidence::Texts texts = extra_;
  texts["plan.json"] = scenario::to_json(plan).dump(1) + "\n";
  texts["qemu.json"] =
      json{{"binary", "/usr/bin/qemu-system-x86_64"}, {"version", "7.2.22"}}.dump() + "\n";
  auto timeline = timeline_;
  tell_of_devices(timeline);
  std::stable_sort(timeline.begin(), timeline.end(), [](const json& a, const json& b) {
    return a.at("t").get<double>() < b.at("t").get<double>();
  });
  count_pages(timeline);
  const auto write = [&](const char* file, const std::vector<json>& lines) {
    std::uint64_t number = 0;
    for (const json& line : lines) texts[file] += record::numbered_line(line, ++number);
  };
  write("timeline.ndjson", timeline);
  write("agent.ndjson", agent_);
  write("dma.ndjson", strays_);
  for (const Line& line : serial_)
    texts["serial.log"] += fmt::format("[{:.6f}] {}\n", line.t, line.text);
  for (const Line& line : trace_)
    texts["trace.log"] += fmt::format("4242@{:.6f}:{}\n", realtime + line.t, line.text);
  return texts;
}

evidence::Run RunBuilder::run() const {
  auto run = evidence::assemble(texts());
  if (!run) throw std::runtime_error(run.error().describe());
  return *std::move(run);
}

void forget_numbers(evidence::Texts& texts) {
  for (const char* file : {"timeline.ndjson", "agent.ndjson", "dma.ndjson"}) {
    std::string bare;
    for (const auto& line : evidence::parse_lines(texts[file])) {
      auto object = json::parse(line);
      object.erase(record::number_key);
      object.erase(record::checksum_key);
      bare += object.dump() + "\n";
    }
    texts[file] = bare;
  }
}

RunBuilder good_run() {
  RunBuilder run;
  run.plan = good_plan();
  add_phases(run);
  add_traffic(run);
  add_agent(run);
  add_interrupts(run);
  add_results(run);
  add_serial(run);
  run.pci("production-agent", 10, functions(true, "e1000e"));
  run.pci("handover", 10.5, functions(true, ""));
  run.pci("capture-entry", 22, functions(true, ""));
  run.pci("drivers", 28, functions(true, ""));
  run.pci("capture-end", 40, functions(true, ""));
  run.pci("capture-end-agent", 39, functions(true, "e1000e"));
  return run;
}

namespace {

std::set<std::pair<std::string, std::string>>& known_codes() {
  static std::set<std::pair<std::string, std::string>> codes;
  return codes;
}

}  // namespace

const std::set<std::pair<std::string, std::string>>& found_codes() {
  return known_codes();
}

void note_codes(const checks::CheckResult& result) {
  const auto& registry = checks::registry();
  const auto check = std::find_if(registry.begin(), registry.end(),
                                  [&](const auto* known) { return known->name == result.name; });
  for (const auto& finding : result.findings) {
    // What is found has a row in its check's table.
    if (checks::find_code(check == registry.end() ? nullptr : *check, finding.code) == nullptr)
      throw std::runtime_error(result.name + " has no code " + finding.code);
    known_codes().emplace(result.name, finding.code);
  }
}

checks::CheckResult judge_one(const RunBuilder& builder, const std::string& check,
                              const json& parameters) {
  RunBuilder one = builder;
  one.plan.scenario.checks = {{check, parameters}};
  const checks::RunResult result = checks::judge(one.run());
  if (result.checks.size() != 1) throw std::runtime_error("one check was wanted");
  note_codes(result.checks.front());
  return result.checks.front();
}

namespace {

json value_of(const checks::Measure& measure) {
  return std::visit([](const auto& value) { return json(value); }, measure.value);
}

/// "by.tag" becomes {"by": {"tag": ...}}.
void put_all(json& tree, const checks::Measures& measures) {
  for (const auto& measure : measures) {
    json* place = &tree;
    for (const auto& key : split(measure.key, '.')) place = &(*place)[key];
    if (!place->is_object()) *place = value_of(measure);  // a count of devices is not their tree
  }
}

json ladder_of(const checks::CheckResult& result, const checks::Finding& ladder) {
  json tree{{"device", ladder.subject.name},
            {"rungs", json::array()},
            {"stopped_by", nullptr},
            {"brought_back_by", nullptr},
            {"works", nullptr}};
  put_all(tree, ladder.measures);
  for (const auto& rung : findings_of(result, "rung")) {
    json step{{"stopped_after_ms", nullptr}};
    put_all(step, rung.measures);
    if (rung.subject.name == ladder.subject.name && step["at"] == tree["at"])
      tree["rungs"].push_back(step);
  }
  return tree;
}

}  // namespace

checks::Findings findings_of(const checks::CheckResult& result, const std::string& code) {
  checks::Findings found;
  for (const auto& finding : result.findings)
    if (finding.code == code) found.push_back(finding);
  return found;
}

json numbers(const checks::CheckResult& result) {
  using Kind = checks::Subject::Kind;
  json tree = json::object();
  if (result.name == "bus.reset")
    tree = {{"ladder", json::array()},
            {"lies", findings_of(result, "no-effect-told").size()},
            {"seen", findings_of(result, "other-reset").size()}};
  for (const auto& one : result.findings) {
    const std::string& name = one.subject.name;
    if (one.code == "rung") continue;
    if (one.code.starts_with("ladder") && result.name == "bus.reset")
      tree["ladder"].push_back(ladder_of(result, one));
    else if (one.code == "ledger-missed" || one.code == "ledger-agrees")
      tree["ledger_missed"][name] = value_of(one.measures.front());
    else if (one.subject.kind == Kind::run)
      put_all(tree, one.measures);
    else if (one.subject.kind == Kind::device)
      put_all(tree["devices"][name], one.measures);
    else if (one.subject.kind == Kind::word)
      tree[name] = value_of(one.measures.front());
    else if (one.code == "span")
      put_all(tree["spans"][name], one.measures);
    else if (one.code == "line")
      put_all(tree["spans"][std::get<std::string>(one.measures.front().value)]["lines"][name],
              one.measures);
    else if (one.subject.kind == Kind::message)
      tree[one.code] = tree.value(one.code, 0) + 1;
  }
  return tree;
}

}  // namespace quiesce::test
