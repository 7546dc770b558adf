// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/recording.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "harness/base/fd.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::bench {

using nlohmann::json;

namespace {

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0.0;
}

Result<json> read_json(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, read_file(path));
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return fail(Errc::invalid_input, "{} is no JSON object", path.string());
  return value;
}

std::vector<json> read_lines(const std::filesystem::path& path) {
  std::vector<json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (json value = json::parse(line, nullptr, false); value.is_object())
      lines.push_back(std::move(value));
  return lines;
}

std::string timeline_point(const json& line) {
  const std::string event = text_at(line, "event");
  if (event == record::event::PhaseBegin::name) return "phase " + text_at(line, "phase");
  if (event == record::event::Step::name) return "step " + text_at(line, "name");
  if (event == record::event::Mark::name) return "mark " + text_at(line, "name");
  if (event == record::event::SerialLine::name && text_at(line, "what") == "kernel-start")
    return "kernel " + text_at(line, "role");
  if (event == record::event::QemuStart::name) return "qemu";
  if (event == record::event::Handover::name) return "runs again";
  if (event == record::event::RunEnd::name) return "end";
  return {};
}

void take_numbers(const json& line, Recording& recording) {
  const std::string event = text_at(line, "event");
  if (event == record::event::Usage::name) {
    recording.harness_cpu_s = number_at(line, "harness_cpu_s");
    recording.qemu_cpu_s = number_at(line, "qemu_cpu_s");
  } else if (event == record::event::Handover::name) {
    recording.pause_s = number_at(line, "pause_s");
  } else if (event == record::event::Baseline::name && text_at(line, "for") == "handover") {
    recording.copy_s = number_at(line, "copy_s");
    recording.bytes = number_at(line, "bytes");
  } else if (event == record::event::RunEnd::name && text_at(line, "reason") == "finished") {
    recording.run_s = number_at(line, "t");
  }
}

/// Adds up what lies between STOP and RESUME. The first RESUME has no STOP before it, the last STOP
/// no RESUME after it.
class Standstill {
 public:
  void feed(const json& line) {
    if (text_at(line, "event") != record::event::QmpEvent::name) return;
    const std::string name = text_at(line, "name");
    if (name == "STOP") stopped_ = number_at(line, "t");
    if (name == "RESUME" && stopped_ > 0) {
      seconds_ += number_at(line, "t") - stopped_;
      stopped_ = 0;
    }
  }
  double seconds() const { return seconds_; }

 private:
  double stopped_ = 0;  ///< since when, 0 while it runs
  double seconds_ = 0;
};

/// Adds up how long requests that only look took.
class Looking {
 public:
  void feed(const json& line) {
    const json payload = line.value("payload", json::object());
    if (!only_looks(text_at(payload, "op"))) return;
    if (text_at(line, "kind") == "request") asked_ = number_at(line, "t");
    if (text_at(line, "kind") == "response") seconds_ += number_at(line, "t") - asked_;
  }
  double seconds() const { return seconds_; }

 private:
  double asked_ = 0;
  double seconds_ = 0;
};

/// Where a stretch of the run begins, in the order of the run.
struct Beginning {
  const char* point;
  const char* part;
};
constexpr Beginning beginnings[] = {
    {"begin", "start of QEMU"},
    {"qemu", "firmware, decompression"},
    {"kernel production", "production kernel to init"},
    {"hello production", "description, memory for the baseline"},
    {"request modules production", "drivers"},
    {"answer wait-bound production", "font, breakpoint, crash segments"},
    {"request kexec-load production", "kexec -p"},
    {"answer kexec-load production", "breakpoint"},
    {"request activity-start production", "devices become busy"},
    {"answer last activity-start", "busy (the scenario's), control"},
    {"request pci production", "marks before the panic"},
    {"phase panic", "panic to machine_kexec"},
    {"mark handover", "pause at the handover"},
    {"runs again", "purgatory, decompression"},
    {"kernel capture", "capture kernel to init"},
    {"step entry", "marks at the capture kernel's entry"},
    {"step window", "window (the scenario's)"},
    {"step drivers", "drivers"},
    {"step tests", "tests"},
    {"step consoles", "consoles"},
    {"step end", "marks at the end"},
    {"phase collect", "last pass, end of QEMU"},
};

}  // namespace

bool only_looks(const std::string& op) {
  constexpr std::array<std::string_view, 6> ops{"describe",    "pci",  "font",
                                                "screen-text", "kmsg", "activity-status"};
  return std::ranges::find(ops, op) != ops.end();
}

std::string message_point(const std::string& kind, const std::string& role, const json& payload,
                          std::string& last_test) {
  if (kind == "event") return text_at(payload, "event") == "hello" ? "hello " + role : "";
  const std::string op = text_at(payload, "op");
  if (op == "test") {
    if (kind == "request") last_test = text_at(payload, "device");
    return kind + " test " + last_test;
  }
  return (kind == "request" ? "request " : "answer ") + op + " " + role;
}

std::optional<double> time_of(const std::vector<Point>& points, const std::string& name) {
  const auto found = std::ranges::find(points, name, &Point::name);
  return found == points.end() ? std::nullopt : std::optional(found->t);
}

std::vector<Part> parts(const std::vector<Point>& points) {
  std::vector<std::pair<double, std::string>> begun;
  for (const auto& [point, part] : beginnings) {
    const auto t = time_of(points, point);
    if (!t) continue;
    if (std::string(part) != "tests") {
      begun.emplace_back(*t, part);
      continue;
    }
    for (const auto& each : points)
      if (each.name.starts_with("request test "))
        begun.emplace_back(each.t, each.name.substr(std::string("request ").size()));
  }
  std::vector<Part> list;
  for (std::size_t i = 0; i < begun.size(); ++i) {
    const double end = i + 1 < begun.size() ? begun[i + 1].first : points.back().t;
    list.push_back({begun[i].second, end - begun[i].first});
  }
  return list;
}

const std::vector<Span>& spans() {
  static const std::vector<Span> list{
      {"start to production agent", "begin", "hello production"},
      {"agent to capture kernel loaded", "hello production", "answer kexec-load production"},
      {"loaded to panic", "answer kexec-load production", "request panic production"},
      {"panic to capture agent", "request panic production", "hello capture"},
      {"agent to drivers", "hello capture", "request modules capture"},
      {"drivers", "request modules capture", "answer wait-bound capture"},
      {"tests, consoles, end", "answer wait-bound capture", "end"}};
  return list;
}

std::optional<double> length_of(const Span& span, const std::vector<Point>& points) {
  const auto begin = time_of(points, span.begin);
  const auto end = time_of(points, span.end);
  if (!begin || !end) return std::nullopt;
  return *end - *begin;
}

Result<Recording> read_recording(const std::filesystem::path& folder) {
  TRY_ASSIGN(const json plan, read_json(folder / record::file::plan));
  Recording recording;
  TRY_ASSIGN(recording.plan, scenario::plan_from_json(plan));
  recording.points.push_back({0, "begin"});
  Standstill standstill;
  for (const auto& line : read_lines(folder / record::file::timeline)) {
    standstill.feed(line);
    take_numbers(line, recording);
    if (std::string name = timeline_point(line); !name.empty())
      recording.points.push_back({number_at(line, "t"), std::move(name)});
  }
  std::string last_test;
  double last_start = 0;
  Looking looking;
  for (const auto& line : read_lines(folder / record::file::agent)) {
    looking.feed(line);
    const std::string kind = text_at(line, "kind");
    const std::string role = text_at(line, "role");
    const json payload = line.value("payload", json::object());
    const double t = number_at(line, "t");
    if (kind == "request") recording.requests.push_back({role, text_at(payload, "op"), payload});
    if (kind == "response" && text_at(payload, "op") == "activity-start") last_start = t;
    if (std::string name = message_point(kind, role, payload, last_test); !name.empty())
      recording.points.push_back({t, std::move(name)});
  }
  recording.still_s = standstill.seconds();
  recording.looking_s = looking.seconds();
  recording.points.push_back({last_start, "answer last activity-start"});
  std::ranges::stable_sort(recording.points, {}, &Point::t);
  if (recording.run_s == 0 || recording.bytes == 0 || recording.pause_s == 0)
    return fail(Errc::invalid_input, "{} holds no run that came to its end", folder.string());
  return recording;
}

}  // namespace quiesce::bench
