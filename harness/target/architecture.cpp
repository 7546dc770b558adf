// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/target/architecture.hpp"

#include <algorithm>

namespace quiesce::target {

namespace {

constexpr std::array<Architecture, 1> table{{
    {.name = "x86_64",
     .qemu = "qemu-system-x86_64",
     .machine_type = "q35",
     .handover_symbol = "machine_kexec",
     // tty0 first: the last console= is /dev/console, and that is the serial line.
     .consoles = "console=tty0 console=ttyS0,115200",
     .console_device = "/dev/ttyS0",
     .screen_device = "/dev/tty1",
     // arch/x86/realmode
     .low_memory = 1U << 20,
     // EIP where the CPU is not in 64-bit mode; "RIP=" must be looked for first, since "EIP=" is no
     // part of it.
     .registers = {.instruction_pointer = {"RIP=", "EIP="},
                   .stack_pointer = {"RSP=", "ESP="},
                   .halted = "HLT="},
     // Documentation/x86/x86_64/mm.rst: kernel text and modules live in the last 2 GiB, other
     // kernel mappings above the hole.
     .kernel = {.text = 0xffffffff80000000, .half = 0xffff800000000000},
     // QEMU's q35 without max-ram-below-4g (hw/i386/pc_q35.c, pc_q35_init): from 2.75 GiB on only 2
     // GiB lie below 4 GiB.
     .ram = {.split_from = 0xb0000000, .low = 0x80000000, .high = 1ULL << 32},
     // PCIEXBAR of the q35 host bridge (Intel 3 Series datasheet, 5.1.16).
     .configuration = {.address_port = 0xcf8,
                       .data_port = 0xcfc,
                       .host_bridge = 0x29c08086,
                       .window_register = 0x60}},
}};

}  // namespace

std::span<const Architecture> architectures() {
  return table;
}

const Architecture& default_architecture() {
  return table.front();
}

const Architecture& architecture_of(std::string_view machine_type) {
  const auto found = std::ranges::find(table, machine_type, &Architecture::machine_type);
  return found == table.end() ? default_architecture() : *found;
}

}  // namespace quiesce::target
