// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/hearing.hpp"

#include "harness/base/tag.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/lines.hpp"
#include "harness/run/feeder.hpp"

namespace quiesce::run {

using nlohmann::json;

namespace {

/// "guest-reset" and so on; the event's name where it gives no reason.
std::string reason_of(const std::string& event, const json& data) {
  const auto reason = data.find("reason");
  return reason != data.end() && reason->is_string() ? reason->get<std::string>() : event;
}

}  // namespace

Hearing::Hearing(Loop& loop, Recorder& recorder, std::uint32_t seed, AgentLink::Send send_agent)
    : loop_(loop),
      recorder_(recorder),
      seed_(seed),
      agent_(std::move(send_agent),
             [this](const char* kind, std::uint32_t sequence, const json& payload) {
               on_agent_message(kind, sequence, payload);
             }),
      serial_([this](const std::string& line) { on_serial_line(line); }),
      last_progress_(loop.now()) {}

target::Listener Hearing::listener() {
  return {
      .on_event = [this](const std::string& name,
                         const json& data) { on_target_event(name, data); },
      .on_console =
          [this](std::string_view bytes) {
            forgive_silence();
            serial_.feed(bytes);
          },
      .on_agent =
          [this](std::string_view bytes) {
            forgive_silence();
            agent_.feed(bytes);
          },
      .on_frame = [this](const std::string& device,
                         std::string_view frame) { on_frame(device, frame); },
      .on_exit = [this](const ExitStatus& status) { target_exit_ = status; },
  };
}

void Hearing::next_kernel() {
  landmarks_.clear();
  role_ = "capture";
}

void Hearing::forgive_silence() {
  last_progress_ = loop_.now();
}

void Hearing::on_serial_line(const std::string& line) {
  recorder_.dir().append(record::file::serial, fmt::format("[{:.6f}] {}\n", recorder_.now(), line));
  const std::string what = landmark(line);
  if (what.empty()) return;
  landmarks_.emplace(what, recorder_.now());
  recorder_.event(record::event::SerialLine{.role = role_, .what = what});
}

void Hearing::on_target_event(const std::string& name, const json& data) {
  // A moving clock tells nothing about the guest's progress.
  if (name == "RTC_CHANGE") return;
  recorder_.event(record::event::QmpEvent{.event = name, .data = data});
  forgive_silence();
  if (name == "SHUTDOWN" || name == "GUEST_PANICKED") guest_down_ = reason_of(name, data);
}

void Hearing::on_agent_message(const char* kind, std::uint32_t sequence, const json& payload) {
  recorder_.dir().append_json(record::file::agent,
                              record::as_json(record::AgentLine{.t = recorder_.now(),
                                                                .kind = kind,
                                                                .sequence = sequence,
                                                                .role = role_,
                                                                .payload = payload}));
  if (record::read<record::PayloadHead>(payload).event != record::said::Key::name) return;
  landmarks_.emplace("key-received", recorder_.now());
  recorder_.event(record::event::KeyReceived{record::read<record::said::Key>(payload).text});
}

void Hearing::on_frame(const std::string& device, std::string_view frame) {
  const auto tags = find_tags(std::as_bytes(std::span(frame.data(), frame.size())));
  // Nobody else sends this type: too damaged to say which one it was.
  if (tags.empty() && is_our_type(frame))
    recorder_.event(record::event::Echo{
        .device = device, .bytes = frame.size(), .damaged = true, .role = role_});
  if (tags.empty() || tags.front().kind != TagKind::guest_frame || tags.front().seed != seed_)
    return;
  recorder_.event(record::event::Echo{.device = device,
                                      .sequence = tags.front().sequence,
                                      .bytes = frame.size(),
                                      .damaged = !is_whole_frame(frame, tags.front()),
                                      .role = role_});
}

}  // namespace quiesce::run
