// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/catalog.hpp"

#include <array>

#include "harness/record/agent.hpp"
#include "harness/record/armed.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/font.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/ledger.hpp"
#include "harness/record/lines.hpp"
#include "harness/record/result.hpp"

namespace quiesce::record {

namespace {

template <Record R>
Wrong wrong_in(const Json& object) {
  R record{};
  Wrong wrong;
  read_into(object, record, &wrong);
  return wrong;
}

template <Record R>
constexpr Kind event_kind() {
  return {file::timeline, R::name, R::meaning, rows_of<R>, wrong_in<R>};
}

template <Record R>
constexpr Kind agent_kind() {
  return {R::kind, R::name, "", rows_of<R>, wrong_in<R>};
}

template <Record R>
constexpr Kind line_kind(const char* where, const char* meaning) {
  return {where, "", meaning, rows_of<R>, wrong_in<R>};
}

template <Record R>
constexpr Kind ledger_kind() {
  return {file::ledgers, R::name, R::meaning, rows_of<R>, wrong_in<R>};
}

}  // namespace

std::span<const Kind> event_kinds() {
  using namespace event;
  static constexpr std::array kinds{event_kind<RunStart>(),    event_kind<Target>(),
                                    event_kind<PhaseBegin>(),  event_kind<PhaseEnd>(),
                                    event_kind<QemuStart>(),   event_kind<QmpEvent>(),
                                    event_kind<SerialLine>(),  event_kind<DeviceServer>(),
                                    event_kind<Modules>(),     event_kind<Activity>(),
                                    event_kind<Baseline>(),    event_kind<Control>(),
                                    event_kind<Feed>(),        event_kind<PointerSent>(),
                                    event_kind<Interrupts>(),  event_kind<AgentPciMissing>(),
                                    event_kind<Screen>(),      event_kind<Ring>(),
                                    event_kind<Landed>(),      event_kind<Mark>(),
                                    event_kind<Cpus>(),        event_kind<Handover>(),
                                    event_kind<WatchPass>(),   event_kind<ScreenSample>(),
                                    event_kind<AgentHello>(),  event_kind<Step>(),
                                    event_kind<GateWindow>(),  event_kind<ResetAction>(),
                                    event_kind<ResetState>(),  event_kind<ResetProbe>(),
                                    event_kind<AerInjected>(), event_kind<TestResult>(),
                                    event_kind<Echo>(),        event_kind<KeySent>(),
                                    event_kind<KeyReceived>(), event_kind<CaptureStuck>(),
                                    event_kind<Failure>(),     event_kind<Cores>(),
                                    event_kind<QemuExit>(),    event_kind<Usage>(),
                                    event_kind<RunEnd>()};
  return kinds;
}

std::span<const Kind> agent_kinds() {
  static constexpr std::array kinds{agent_kind<said::Hello>(),
                                    agent_kind<said::Module>(),
                                    agent_kind<said::Bound>(),
                                    agent_kind<said::Key>(),
                                    agent_kind<said::Waiting>(),
                                    agent_kind<request::Modules>(),
                                    agent_kind<answer::Modules>(),
                                    agent_kind<request::WaitBound>(),
                                    agent_kind<answer::WaitBound>(),
                                    agent_kind<request::KexecLoad>(),
                                    agent_kind<answer::KexecLoad>(),
                                    agent_kind<answer::Describe>(),
                                    agent_kind<request::ActivityStart>(),
                                    agent_kind<answer::ActivityStart>(),
                                    agent_kind<answer::ActivityStatus>(),
                                    agent_kind<request::Test>(),
                                    agent_kind<answer::Test>(),
                                    agent_kind<request::WriteConsole>(),
                                    agent_kind<request::Keys>(),
                                    agent_kind<request::Kmsg>(),
                                    agent_kind<answer::Kmsg>(),
                                    agent_kind<request::Interrupts>(),
                                    agent_kind<answer::Interrupts>(),
                                    agent_kind<request::PciAction>(),
                                    agent_kind<answer::PciAction>(),
                                    agent_kind<request::ModelState>(),
                                    agent_kind<request::Panic>(),
                                    agent_kind<request::PanicPrepare>(),
                                    agent_kind<answer::Pci>(),
                                    agent_kind<answer::Font>()};
  return kinds;
}

std::span<const Kind> other_kinds() {
  static constexpr std::array kinds{
      line_kind<StrayLine>(file::dma,
                           "a page that changed in a pass of the watch; one that changes again is "
                           "listed again"),
      line_kind<AgentLine>(file::agent, "what an agent was asked and said"),
      line_kind<PciFile>("pci/MARK.json", "the PCI functions at a mark"),
      line_kind<PciFunctionLine>("pci/MARK.json, functions[]", "one of them"),
      line_kind<PlanHead>(file::plan, "beside the fields of the run plan"),
      line_kind<QemuFile>(file::qemu, "the QEMU that ran"),
      line_kind<ResultFile>(file::result, "what judging the run gave"),
      line_kind<ArmedFile>(file::armed,
                           "the guest when it was booted and armed, before the case began"),
      line_kind<ScreenTruth>("screen/vcs-ROLE.json", "what the kernel believes is on the screen"),
      line_kind<LedgerHead>(file::ledgers, "every line"),
      ledger_kind<ledger::Start>(),
      ledger_kind<ledger::Connect>(),
      ledger_kind<ledger::Kernel>(),
      ledger_kind<ledger::Hold>(),
      ledger_kind<ledger::Release>(),
      ledger_kind<ledger::BusMaster>(),
      ledger_kind<ledger::Config>(),
      ledger_kind<ledger::Run>(),
      ledger_kind<ledger::Write>(),
      ledger_kind<ledger::Blocked>(),
      ledger_kind<ledger::Reset>(),
      ledger_kind<ledger::Interrupt>(),
      ledger_kind<ledger::Aer>(),
      ledger_kind<ledger::Copy>(),
      ledger_kind<ledger::Stop>(),
      ledger_kind<ledger::Disconnect>(),
      ledger_kind<ledger::End>()};
  return kinds;
}

const Kind* find_event(std::string_view name) {
  for (const Kind& kind : event_kinds())
    if (name == kind.name) return &kind;
  return nullptr;
}

std::span<const FileRow> files() {
  static constexpr std::array rows{
      FileRow{file::plan, "the run plan with `\"format\": 1`; a run can be repeated from it",
              "harness"},
      FileRow{file::qemu, "the QEMU that ran", "harness"},
      FileRow{
          file::armed,
          "what is known of the guest when it is booted and armed: all that a run from a snapshot "
          "of it would have; no check needs it",
          "harness"},
      FileRow{file::qemu_log, "what QEMU printed", "QEMU"},
      FileRow{file::timeline, "events, one a line", "harness"},
      FileRow{file::serial, "ttyS0 as it came, every line preceded by `[seconds] ` of host time",
              "harness"},
      FileRow{file::agent, "what the agents were asked and said", "harness"},
      FileRow{file::dma, "stray writes: one line a changed page and pass", "harness"},
      FileRow{file::trace,
              "QEMU's trace with `-msg timestamp=on`: `PID@SECONDS.MICRO:event args`; times are of "
              "CLOCK_REALTIME, `realtime` of `run.start` is the offset; configuration writes "
              "(`pci_cfg_write`), what profiles name, and "
              "from the handover to the capture kernel's agent every interrupt that reaches a CPU "
              "(`apic_deliver_irq`; none under KVM)",
              "QEMU"},
      FileRow{
          "pci/MARK.json",
          "marks `production`, `handover`, `capture-entry`, `drivers`, `capture-end` from "
          "outside; `production-agent`, `capture-entry-agent` and `capture-end-agent` as libpci "
          "in the guest saw it",
          "harness"},
      FileRow{"screen/NAME.png", "`production`, `capture-entry`, `capture-end`", "QEMU"},
      FileRow{
          "screen/NAME.txt",
          "the text read from the picture, lines not trimmed, U+FFFD where no glyph fits; "
          "`production` belongs to role `production` and `capture-end` to role `capture`; taken "
          "while nothing is printed",
          "harness"},
      FileRow{"screen/font-ROLE.json", "the answer of the agent's `font`", "harness"},
      FileRow{"screen/vcs-ROLE.json",
              "the answer of `screen-text`: what the kernel believes is on the screen", "harness"},
      FileRow{file::ledgers,
              "the ledger of a served device: what it did, by its own account; an empty one is no "
              "ledger: the device of a server that keeps none",
              "the device's server"},
      FileRow{"device-NAME.log", "what the device's server printed", "the device's server"},
      FileRow{file::sounds,
              "what a sound device played, 8 kHz mono 16 bit; may end anywhere; the production "
              "kernel plays another tone (440 Hz) than the test (880 Hz). Older runs have one "
              "`audio.wav`",
              "QEMU"},
      FileRow{file::result, "what judging the run gave; replaced by rename",
              "harness, `quiesce judge --write`"}};
  return rows;
}

}  // namespace quiesce::record
