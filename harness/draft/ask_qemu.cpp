// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/ask_qemu.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/draft/attachment.hpp"
#include "harness/observe/pci_space.hpp"
#include "harness/vm/qmp.hpp"
#include "harness/vm/qtest.hpp"

namespace quiesce::draft {

using nlohmann::json;

namespace {

constexpr Seconds qemu_patience{20};
constexpr const char* asked_id = "asked";
constexpr PciAddress asked_address{.domain = 0, .bus = 0, .device = 2, .function = 0};
constexpr int qmp_number = 3;
constexpr int qtest_number = 4;

Result<std::string> help(const vm::Qemu& qemu, const std::vector<std::string>& words) {
  std::vector<std::string> argv{qemu.path.string()};
  argv.insert(argv.end(), words.begin(), words.end());
  TRY_ASSIGN(const Captured said, capture(argv, qemu_patience));
  // It prints to either, by version.
  return said.output + said.error;
}

std::string inherited_chardev(const char* id, int number) {
  return fmt::format("socket,id={},fd={}", id, number);
}

/// A machine with the device and nothing else, which stands still.
std::vector<std::string> asking_command(const vm::Qemu& qemu, const QemuFacts& facts) {
  json object{{"driver", facts.device.name},
              {"id", asked_id},
              {"bus", "pcie.0"},
              {"addr", fmt::format("{:x}.0", asked_address.device)}};
  std::vector<std::string> argv{qemu.path.string(),
                                "-nodefaults",
                                "-no-user-config",
                                "-display",
                                "none",
                                "-machine",
                                "q35",
                                "-accel",
                                "tcg",
                                "-m",
                                "64",
                                "-S"};
  const auto add = [&](const char* option, std::string value) {
    argv.emplace_back(option);
    argv.push_back(std::move(value));
  };
  add("-chardev", inherited_chardev("qmp", qmp_number));
  add("-mon", "chardev=qmp,mode=control");
  add("-chardev", inherited_chardev("qtest", qtest_number));
  add("-qtest", "chardev:qtest");
  add("-qtest-log", "none");
  // Only what a device cannot be made without; a network card is content with none.
  if (facts.properties.contains("drive")) {
    add("-blockdev",
        json{{"driver", "null-co"}, {"node-name", "nothing"}, {"size", 32 << 20}}.dump());
    object["drive"] = "nothing";
    if (facts.properties.contains("serial")) object["serial"] = asked_id;
  }
  if (facts.properties.contains("audiodev")) {
    add("-audiodev", json{{"driver", "none"}, {"id", "nothing"}}.dump());
    object["audiodev"] = "nothing";
  }
  add("-device", object.dump());
  return argv;
}

/// A QEMU that stands still, and the two ways to ask it.
struct Asked {
  std::optional<Process> process;
  std::unique_ptr<vm::Qmp> qmp;
  std::unique_ptr<vm::Qtest> qtest;
};

/// QEMU's last line says what it did not like.
std::string last_words(std::string_view output) {
  std::string last;
  for (const auto& line : split(printable(output), '\n'))
    if (!trim(line).empty()) last = trim(line);
  return last;
}

Result<Asked> start(Loop& loop, const vm::Qemu& qemu, const QemuFacts& facts) {
  TRY_ASSIGN(Fd log, memory_file("quiesce-asked", 0));
  TRY_ASSIGN(SocketPair qmp, socket_pair());
  TRY_ASSIGN(SocketPair qtest, socket_pair());
  Asked asked;
  TRY_ASSIGN(asked.process, Process::start({.argv = asking_command(qemu, facts),
                                            .inherit = {{qmp_number, qmp.theirs.get()},
                                                        {qtest_number, qtest.theirs.get()}},
                                            .output = log.get(),
                                            .error = log.get(),
                                            .set_environment = {}}));
  // QEMU has its own by now: ours would hide its end.
  for (Fd* theirs : {&qmp.theirs, &qtest.theirs}) const Fd closed = std::move(*theirs);
  auto client = vm::Qmp::connect(
      loop, std::move(qmp.mine), [](const std::string&, const json&) {},
      loop.now() + qemu_patience);
  if (!client) {
    (void)asked.process->wait(Seconds(1));
    const auto said = read_file(fmt::format("/proc/self/fd/{}", log.get()));
    return fail(
        Errc::invalid_input,
        "{} does not make the device {} by its name alone: {}; write a profile by hand that "
        "gives it what it asks for (docs/devices-of-your-own.md)",
        qemu.path.string(), facts.device.name,
        said && !said->empty() ? last_words(*said) : client.error().describe());
  }
  asked.qmp = std::move(*client);
  asked.qtest = std::make_unique<vm::Qtest>(loop, std::move(qtest.mine));
  return asked;
}

/// QMP's query-pci, the functions of bus 0.
std::vector<Bar> bars_in(const json& buses) {
  std::vector<Bar> bars;
  if (!buses.is_array() || buses.empty()) return bars;
  const json devices = buses[0].value("devices", json::array());
  for (const auto& device : devices) {
    if (device.value("qdev_id", "") != asked_id) continue;
    const json regions = device.value("regions", json::array());
    for (const auto& region : regions)
      // Number 6 is the expansion ROM.
      if (const int number = region.value("bar", -1); number >= 0 && number < 6)
        bars.push_back({number, region.value("type", "") == "io", region.value("size", 0ULL)});
  }
  std::ranges::sort(bars, {}, &Bar::number);
  return bars;
}

bool is_bus(const std::string& type) {
  return find_attachment(type).has_value() || type.find("bus") != std::string::npos;
}

/// The buses below one object, and one level further: a virtio device is a child of its PCI
/// function.
Result<void> add_buses(Loop& loop, vm::Qmp& qmp, const std::string& path, int depth,
                       std::vector<ChildBus>& buses) {
  TRY_ASSIGN(const json children,
             qmp.call("qom-list", {{"path", path}}, loop.now() + qemu_patience));
  for (const auto& child : children) {
    const std::string type = child.value("type", "");
    constexpr std::string_view prefix = "child<";
    if (!type.starts_with(prefix) || !type.ends_with('>')) continue;
    const std::string kind = type.substr(prefix.size(), type.size() - prefix.size() - 1);
    const std::string name = child.value("name", "");
    if (is_bus(kind)) buses.push_back({kind, name});
    if (depth > 0 && kind.find("memory-region") == std::string::npos && kind != "irq")
      TRY(add_buses(loop, qmp, fmt::format("{}/{}", path, name), depth - 1, buses));
  }
  return {};
}

}  // namespace

Result<std::vector<QemuDevice>> list_devices(const vm::Qemu& qemu) {
  TRY_ASSIGN(const std::string devices, help(qemu, {"-device", "help"}));
  return parse_device_list(devices);
}

Result<QemuFacts> ask_qemu(Loop& loop, const vm::Qemu& qemu, const std::string& name) {
  QemuFacts facts;
  facts.qemu_version = qemu.version;
  TRY_ASSIGN(const std::vector<QemuDevice> devices, list_devices(qemu));
  auto chosen = choose_device(devices, name);
  if (!chosen)
    return tl::unexpected(chosen.error().because(
        fmt::format("{} ({}; another is named with --qemu)", qemu.path.string(), qemu.version)));
  facts.device = *std::move(chosen);
  TRY_ASSIGN(const std::string properties, help(qemu, {"-device", facts.device.name + ",help"}));
  facts.properties = parse_properties(properties);
  TRY_ASSIGN(const std::string events, help(qemu, {"-trace", "help"}));
  facts.reset_events = reset_events(events, facts.device.name);

  TRY_ASSIGN(const Asked asked, start(loop, qemu, facts));
  TRY_ASSIGN(const json pci,
             asked.qmp->call("query-pci", json::object(), loop.now() + qemu_patience));
  facts.bars = bars_in(pci);
  TRY(add_buses(loop, *asked.qmp, fmt::format("/machine/peripheral/{}", asked_id), 1, facts.buses));
  // A device of several buses of a kind has them in no order.
  std::ranges::sort(facts.buses, {}, &ChildBus::name);
  TRY_ASSIGN(facts.config, observe::read_pci_function(*asked.qtest, asked_address));
  if (facts.config.absent())
    return fail(Errc::unsupported, "QEMU made the device {}, but nothing answers at {}",
                facts.device.name, to_string(asked_address));
  asked.qmp->quit();
  return facts;
}

}  // namespace quiesce::draft
