// SPDX-License-Identifier: GPL-2.0-or-later
// Run directories from a compact description: what a test says, in the files' own texts.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/checks/check.hpp"
#include "harness/evidence/parse.hpp"
#include "harness/record/agent.hpp"

namespace quiesce::test {

/// The state of a function in one snapshot.
struct Function {
  std::string address;
  std::uint16_t class_code = 0x0200;
  bool bus_master = false;
  bool msix = false;
  bool pending = false;
  std::string driver;
  bool gone = false;  ///< reads all ones
};
/// A configuration space with a PCIe capability at 0x80 and an MSI-X capability at 0xa0.
std::vector<std::byte> config_of(const Function& function);

/// A run that can be changed before it is judged.
class RunBuilder {
 public:
  scenario::RunPlan plan;

  void event(double t, const std::string& name, nlohmann::json fields = nlohmann::json::object());
  void mark(double t, const std::string& name);
  /// kind: "request", "response", "event".
  void agent(double t, const std::string& kind, nlohmann::json payload,
             const std::string& role = "capture");
  /// The capture kernel's log instead of what there is, as the agent read it at 38 s when it was
  /// asked for `least_level`. All of its entries are of that level or worse.
  void kernel_log(const std::vector<record::answer::LogEntry>& entries,
                  int least_level = record::warning_level,
                  std::optional<int> console_level = std::nullopt);
  void serial(double t, const std::string& text);
  /// At t of the timeline: "event arguments".
  void trace(double t, const std::string& text);
  /// A changed page; no tag when `device` is empty, else one of the frame with that number.
  void stray(double since, double t, std::uint64_t page, const std::string& device,
             const std::string& owner = "", std::uint64_t sequence = 7);
  void pci(const std::string& mark, double t, const std::vector<Function>& functions);
  void file(const std::string& name, const std::string& text) { extra_[name] = text; }

  void drop_mark(const std::string& name);
  /// Takes away every event of that name after t.
  void drop_events(const std::string& name, double after = -1);
  /// Takes away all agent messages with that op or event.
  void drop_agent(const std::string& name);
  /// Takes away serial lines that contain the text.
  void drop_serial(const std::string& text);
  void drop_trace(const std::string& text);
  void drop_file(const std::string& name) { extra_.erase(name); }
  void clear_strays() { strays_.clear(); }
  /// Nothing after t happened: the harness was killed.
  void cut(double t);

  /// The texts of the run directory, plan.json included. Lines are numbered; each pass of the watch
  /// counts the strays since the one before, and each busy device has its control and activity
  /// unless events of that name were dropped.
  evidence::Texts texts() const;
  evidence::Run run() const;

 private:
  void tell_of_devices(std::vector<nlohmann::json>& timeline) const;
  void count_pages(std::vector<nlohmann::json>& timeline) const;
  struct Line {
    double t;
    std::string text;
  };
  std::vector<nlohmann::json> timeline_;
  std::vector<nlohmann::json> agent_;
  std::vector<nlohmann::json> strays_;
  std::vector<Line> serial_;
  std::vector<Line> trace_;
  evidence::Texts extra_;
  std::set<std::string> dropped_;
};

/// As an older program wrote them: no line carries a number or a checksum. For texts that a test
/// changes itself.
void forget_numbers(evidence::Texts& texts);

/// A run of one e1000e (net0, fed ten frames a second) and one VGA (vga0) in which every check
/// passes. Handover at 10.5, first line 17.5, userspace 22, modules asked for at 25, net0 reset at
/// 26, drivers 28, tests 32, end 40.
RunBuilder good_run();

/// The result of one check, its parameters over the defaults.
checks::CheckResult judge_one(const RunBuilder& builder, const std::string& check,
                              const nlohmann::json& parameters = nlohmann::json::object());

/// The measures of its findings as one tree: those of the run at the top, of devices below
/// "devices", of stretches below "spans", of climbs in "ladder"; messages are counted by code.
nlohmann::json numbers(const checks::CheckResult& result);
/// Every check and code that a test found so far, by judge_one() or noted by hand.
const std::set<std::pair<std::string, std::string>>& found_codes();
void note_codes(const checks::CheckResult& result);
/// The findings of that code.
checks::Findings findings_of(const checks::CheckResult& result, const std::string& code);

}  // namespace quiesce::test
