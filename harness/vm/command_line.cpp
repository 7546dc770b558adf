// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/command_line.hpp"

#include <algorithm>
#include <set>

#include "harness/scenario/kinds.hpp"
#include "harness/target/architecture.hpp"

namespace quiesce::vm {

using nlohmann::json;
using scenario::Backend;
using scenario::BackendPlace;
using scenario::PlannedDevice;
using scenario::RunPlan;

namespace {

/// A chardev over a connected socket that the child inherits.
std::string socket_chardev(const char* id, int fd) {
  return fmt::format("socket,id={},fd={}", id, fd);
}

std::string bus_of(const PlannedDevice& device) {
  return device.port.empty() ? "pcie.0" : device.port;
}

/// One slot of a profile's -device object filled in.
json fill(const json& value, const PlannedDevice& device, const std::string& backend,
          const std::string& bus, const ServerSockets& sockets) {
  if (!value.is_string()) return value;
  const auto text = value.get<std::string>();
  if (text == "@name") return device.name;
  if (text == "@backend") return backend;
  if (text == "@mac") return device.mac;
  if (text == "@bus") return bus;
  if (text == "@port") return bus_of(device);
  if (text == "@socket") return sockets.contains(device.name) ? sockets.at(device.name) : json();
  if (text == "@addr")
    return fmt::format("{:x}.{:x}", device.address.device, device.address.function);
  return value;
}

/// Every -device object of one profile; the first is the PCI function and carries the name as its
/// id.
std::vector<json> device_objects(const PlannedDevice& device, const std::string& backend,
                                 const ServerSockets& sockets) {
  std::vector<json> objects;
  for (std::size_t i = 0; i < device.profile.qemu.size(); ++i) {
    json object = json::object();
    for (const auto& [key, value] : device.profile.qemu[i].items())
      object[key] = fill(value, device, backend, device.name + ".0", sockets);
    if (!object.contains("id"))
      object["id"] = i == 0 ? device.name : fmt::format("{}-{}", device.name, i);
    if (i == 0 && !object.contains("bus")) object["bus"] = bus_of(device);
    if (i == 0 && device.shared) object["multifunction"] = true;
    if (i == 0 && !object.contains("addr"))
      object["addr"] = fmt::format("{:x}.{:x}", device.address.device, device.address.function);
    objects.push_back(std::move(object));
  }
  return objects;
}

/// No hot plug: a soldered device. It would see a reset as a card that was pulled out.
json root_port(const PlannedDevice& device, std::size_t number) {
  return {{"driver", root_port_type}, {"id", device.port},
          {"bus", "pcie.0"},          {"addr", fmt::format("{:x}.0", device.port_slot)},
          {"chassis", number},        {"slot", number},
          {"hotplug", false}};
}

void add_backend(const Backend* backend, const BackendPlace& place,
                 std::vector<std::string>& argv) {
  if (backend == nullptr) return;
  const auto [option, argument] = backend->option(place);
  argv.emplace_back(option);
  argv.push_back(argument.dump());
}

/// Trace events of the run: configuration writes and what the profiles name, each once.
std::vector<std::string> trace_events(const RunPlan& plan) {
  std::vector<std::string> events{"pci_cfg_write"};
  for (const auto& device : plan.devices)
    for (const auto& meaning : device.profile.trace)
      if (std::ranges::find(events, meaning.event) == events.end()) events.push_back(meaning.event);
  return events;
}

}  // namespace

CommandLine command_line(const RunPlan& plan, const std::filesystem::path& run_dir,
                         const ServerSockets& sockets, const ChildFds& fds) {
  CommandLine line;
  auto& argv = line.argv;
  const auto add = [&](const char* option, std::string value) {
    argv.emplace_back(option);
    argv.push_back(std::move(value));
  };
  const std::uint64_t ram = plan.scenario.machine.memory.value;

  argv = {plan.qemu.string(), "-nodefaults", "-no-user-config", "-S"};
  add("-name", "quiesce");
  add("-display", "none");
  // A kernel that reboots or powers off leaves a machine that can still be looked at.
  add("-action", "reboot=shutdown,shutdown=pause");
  add("-accel", plan.accel);
  add("-machine", fmt::format("{},memory-backend=ram", plan.scenario.machine.type));
  // "max" gives emulation what a stock distribution kernel may ask for; with KVM it is the host's.
  add("-cpu", plan.accel == "kvm" ? "host" : "max");
  add("-smp", std::to_string(plan.scenario.machine.cpus));
  add("-m", fmt::format("{}B", ram));
  // The file is a memfd of the harness: nothing in /dev/shm can stay behind.
  add("-object", json{{"qom-type", "memory-backend-file"},
                      {"id", "ram"},
                      {"mem-path", fmt::format("/proc/self/fd/{}", fds.ram)},
                      {"size", ram},
                      {"share", true}}
                     .dump());
  add("-chardev", socket_chardev("qmp", fds.qmp));
  add("-mon", "chardev=qmp,mode=control");
  add("-chardev", socket_chardev("gdb", fds.gdb));
  add("-gdb", "chardev:gdb");
  add("-chardev", socket_chardev("qtest", fds.qtest));
  add("-qtest", "chardev:qtest");
  add("-qtest-log", "none");
  // A pipe: bytes written one by one share its pages. A socket was full after 250 of them, and the
  // kernel's console waits 10 ms for room and then writes over what is there
  // (drivers/tty/serial/8250, wait_for_lsr): lines lost characters.
  add("-chardev", fmt::format("file,id=console,path=/proc/self/fd/{}", fds.console));
  add("-serial", "chardev:console");
  add("-chardev", socket_chardev("agent", fds.agent));
  add("-serial", "chardev:agent");
  add("-msg", "timestamp=on");
  add("-D", (run_dir / "trace.log").string());
  for (const auto& event : trace_events(plan)) add("-trace", "enable=" + event);
  add("-kernel", plan.production.image.string());
  add("-initrd", plan.production.initramfs.string());
  add("-append", production_command_line(plan));

  const auto has_port = [](const auto& device) { return !device.port.empty(); };
  if (std::ranges::any_of(plan.devices, has_port))
    // ACPI's hot plug takes the ports' own place, and they never see that a device is there: Link
    // Status says that the link is down, and after a bus reset that worked the kernel waits for it
    // and gives up (pci_bridge_wait_for_secondary_bus: ENOTTY; seen on QEMU 11.1 with Linux 6.1).
    add("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off");
  int next_fd = fds.first_backend;
  std::set<std::string> ports;
  for (const auto& device : plan.devices) {
    const Backend* backend = scenario::find_backend(device.profile.backend);
    BackendPlace place{.id = device.name + "-backend", .device = device.name, .run_dir = run_dir};
    if (backend != nullptr && backend->inherits != Backend::Inherits::nothing)
      line.backends[device.name] = place.fd = next_fd++;
    add_backend(backend, place, argv);
    if (!device.port.empty() && ports.insert(device.port).second)
      add("-device", root_port(device, ports.size()).dump());
    for (const auto& object : device_objects(device, place.id, sockets))
      add("-device", object.dump());
  }
  return line;
}

namespace {

std::string join(std::initializer_list<std::string> words) {
  std::string text;
  for (const auto& word : words)
    if (!word.empty()) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string consoles_of(const RunPlan& plan) {
  return std::string(target::architecture_of(plan.scenario.machine.type).consoles);
}

}  // namespace

std::string production_command_line(const RunPlan& plan) {
  return join({consoles_of(plan), "quiesce.role=production", "rdinit=/init", "panic=-1",
               fmt::format("crashkernel={}M", plan.scenario.production.crashkernel.value >> 20),
               plan.scenario.production.command_line});
}

std::string capture_command_line(const RunPlan& plan) {
  return join({consoles_of(plan), "quiesce.role=capture", "rdinit=/init", "panic=-1",
               plan.scenario.capture.command_line});
}

}  // namespace quiesce::vm
