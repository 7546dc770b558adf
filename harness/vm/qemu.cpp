// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qemu.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "harness/base/process.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/target/architecture.hpp"
#include "harness/vm/capabilities.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::vm {

namespace {

// A program for the reset vector: real mode, protected mode, page tables that map 1 GiB at 3 GiB
// with 2 MiB pages, long mode, then 0x15 to port 0xf4, where isa-debug-exit ends QEMU with 0x15 * 2
// + 1. In assembler:
//   cli; lgdt; CR0.PE; far jump; clear 0x1000..0x3fff; PML4[0] -> PDPT; PDPT[0], PDPT[3] -> two
//   page directories; CR4.PAE; CR3; EFER.LME; CR0.PG; far jump; mov $0x15,%al; out %al,$0xf4; hlt
// and the descriptor table behind it. It lies at the start of a 64 KiB ROM, whose last 16 bytes
// jump there.
constexpr std::array<unsigned char, 230> trial_program{
    0xfa, 0x2e, 0x66, 0x0f, 0x01, 0x16, 0xe0, 0x00, 0x0f, 0x20, 0xc0, 0x66, 0x83, 0xc8, 0x01, 0x0f,
    0x22, 0xc0, 0x66, 0xea, 0x1a, 0x00, 0xff, 0xff, 0x08, 0x00, 0xb8, 0x10, 0x00, 0x00, 0x00, 0x8e,
    0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbf, 0x00, 0x10, 0x00, 0x00, 0xb9, 0x00, 0x0c, 0x00, 0x00, 0x31,
    0xc0, 0xfc, 0xf3, 0xab, 0xc7, 0x05, 0x00, 0x10, 0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0xc7, 0x05,
    0x00, 0x20, 0x00, 0x00, 0x03, 0x30, 0x00, 0x00, 0xc7, 0x05, 0x18, 0x20, 0x00, 0x00, 0x03, 0x40,
    0x00, 0x00, 0xc7, 0x05, 0x00, 0x30, 0x00, 0x00, 0x83, 0x00, 0x00, 0x00, 0xbf, 0x00, 0x40, 0x00,
    0x00, 0xb8, 0x83, 0x00, 0x00, 0xc0, 0xb9, 0x00, 0x02, 0x00, 0x00, 0x89, 0x07, 0xc7, 0x47, 0x04,
    0x00, 0x00, 0x00, 0x00, 0x83, 0xc7, 0x08, 0x05, 0x00, 0x00, 0x20, 0x00, 0xe2, 0xed, 0x0f, 0x20,
    0xe0, 0x83, 0xc8, 0x20, 0x0f, 0x22, 0xe0, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8, 0xb9,
    0x80, 0x00, 0x00, 0xc0, 0x0f, 0x32, 0x0d, 0x00, 0x01, 0x00, 0x00, 0x0f, 0x30, 0x0f, 0x20, 0xc0,
    0x0d, 0x00, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0, 0xea, 0xaf, 0x00, 0xff, 0xff, 0x18, 0x00, 0xb8,
    0x15, 0x00, 0x00, 0x00, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd, 0x8d, 0xb4, 0x26, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x9a, 0xcf, 0x00,
    0xff, 0xff, 0x00, 0x00, 0x00, 0x92, 0xcf, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x9a, 0xaf, 0x00,
    0x1f, 0x00, 0xc0, 0x00, 0xff, 0xff,
};
constexpr int trial_exit_code = 0x15 * 2 + 1;
constexpr Seconds trial_patience{10};
/// A cold start from a slow disk takes seconds; an answer, milliseconds.
constexpr Seconds answering_patience{60};

std::string trial_rom() {
  std::string rom(65536, '\xf4');
  std::copy(trial_program.begin(), trial_program.end(), rom.begin());
  // jmp near from 0xfff0 to 0: the displacement counts from the next instruction.
  constexpr unsigned displacement = (0U - 0xfff3U) & 0xffffU;
  rom[0xfff0] = '\xe9';
  rom[0xfff1] = static_cast<char>(displacement & 0xff);
  rom[0xfff2] = static_cast<char>(displacement >> 8);
  return rom;
}

bool cpu_can_virtualise() {
  const auto text = read_file("/proc/cpuinfo");
  return text &&
         (text->find(" vmx") != std::string::npos || text->find(" svm") != std::string::npos);
}

}  // namespace

std::string system_qemu() {
  return std::string(target::default_architecture().qemu);
}

Result<Qemu> find_qemu(const std::string& wanted, const Demands& demands) {
  const auto path = find_program(wanted);
  if (!path)
    return fail(Errc::unsupported, "QEMU is missing ({}); install the package qemu-system-x86",
                path.error().describe());
  TRY_ASSIGN(Answers answers, ask_qemu(*path, demands, answering_patience));
  return Qemu{
      .path = *path, .version = std::move(answers.version), .lacks = std::move(answers.lacks)};
}

Demands demands_of(const std::vector<scenario::PlannedDevice>& devices) {
  Demands demands;
  const auto add = [](auto& list, auto entry) {
    if (std::ranges::find(list, entry) == list.end()) list.push_back(std::move(entry));
  };
  for (const auto& device : devices) {
    const auto& profile = device.profile;
    if (!device.port.empty())
      add(demands.devices,
          Demands::Device{.type = root_port_type, .properties = {}, .profile = {}});
    for (const auto& object : profile.qemu) {
      const auto driver = object.find("driver");
      if (driver == object.end() || !driver->is_string()) continue;
      Demands::Device wanted{.type = driver->get<std::string>(), .properties = {}, .profile = {}};
      for (const auto& [key, value] : object.items()) wanted.properties.push_back(key);
      if (wanted.type != served_type) wanted.profile = profile.name;
      add(demands.devices, std::move(wanted));
    }
    for (const auto& meaning : profile.trace)
      add(demands.trace_events,
          Demands::TraceEvent{.name = meaning.event, .profile = profile.name});
  }
  return demands;
}

Demands demands_for(const std::vector<std::string>& types) {
  Demands demands;
  for (const auto& type : types)
    demands.devices.push_back({.type = type, .properties = {}, .profile = {}});
  return demands;
}

std::string try_kvm(const Qemu& qemu) {
  if (!cpu_can_virtualise()) return "the CPU shows neither vmx nor svm";
  if (auto device = open_file("/dev/kvm", O_RDWR); !device) return device.error().describe();
  auto folder = TempDir::create();
  if (!folder) return folder.error().describe();
  const std::string rom = (folder->path() / "trial.rom").string();
  if (auto written = replace_file(rom, trial_rom()); !written) return written.error().describe();
  const auto ended = capture({qemu.path.string(), "-nodefaults", "-no-user-config", "-display",
                              "none", "-accel", "kvm", "-machine", "pc", "-m", "16", "-bios", rom,
                              "-device", "isa-debug-exit,iobase=0xf4,iosize=1"},
                             trial_patience);
  if (!ended) return "a trial program did not finish: " + ended.error().describe();
  if (ended->status.code != trial_exit_code || ended->status.signal != 0)
    return fmt::format("a trial program ended with {}: {}", ended->status.describe(), ended->error);
  return {};
}

Result<Accelerator> choose_accelerator(scenario::Accel wanted, const Qemu& qemu) {
  if (wanted == scenario::Accel::tcg) return Accelerator{"tcg", "the scenario asks for emulation"};
  const std::string why_not = try_kvm(qemu);
  if (why_not.empty()) return Accelerator{"kvm", "a trial program ran to its end under KVM"};
  if (wanted == scenario::Accel::kvm)
    return fail(Errc::unsupported, "KVM does not work here: {}; use \"accel\": \"auto\" or \"tcg\"",
                why_not);
  return Accelerator{"tcg", "KVM does not work here: " + why_not};
}

}  // namespace quiesce::vm
