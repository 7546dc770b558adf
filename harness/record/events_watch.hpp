// SPDX-License-Identifier: GPL-2.0-or-later
// Events of timeline.ndjson about memory and those who write into it.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record::event {

struct Baseline {
  static constexpr const char* name = "baseline";
  static constexpr const char* meaning =
      "the watch copied the memory that it compares with; must be there after the handover";
  std::string purpose;
  std::uint64_t bytes = 0;
  double copy_s = 0;
  std::vector<AddressRange> excluded;
  static Rows fields() {
    return table(maybe("for", &Baseline::purpose, "", "`control` or `handover`"),
                 field("bytes", &Baseline::bytes, "bytes", "copied"),
                 field("copy_s", &Baseline::copy_s, "s", "time that it took"),
                 field("excluded", &Baseline::excluded, "", "memory that is not compared"));
  }
};

struct Control {
  static constexpr const char* name = "control";
  static constexpr const char* meaning =
      "the watch looked for a while before the panic, after the last action in the production "
      "kernel: one for each device";
  std::string device;
  std::uint64_t tagged_pages = 0;
  std::uint64_t changed_pages = 0;
  std::optional<double> t0;
  std::optional<double> t1;
  static Rows fields() {
    return table(
        field("device", &Control::device, "", "its name in the plan"),
        field(
            "tagged_pages", &Control::tagged_pages, "pages",
            "that changed and hold a tag of it; above 0 where the profile says `writes_tagged` and "
            "the device is busy"),
        field("changed_pages", &Control::changed_pages, "pages", "that changed, by whomever"),
        field("t0", &Control::t0, "s", "begin of the while"),
        field("t1", &Control::t1, "s", "its end"));
  }
};

/// The same with what is missing told from what is zero.
struct ControlCame {
  static constexpr const char* name = Control::name;
  std::string device;
  std::optional<std::uint64_t> tagged_pages;
  static Rows fields() {
    return table(field(key_of(&Control::device), &ControlCame::device, "", ""),
                 field(key_of(&Control::tagged_pages), &ControlCame::tagged_pages, "", ""));
  }
};

struct WatchPass {
  static constexpr const char* name = "watch.pass";
  static constexpr const char* meaning =
      "the memory was compared; `t` is the end of the pass, and from the handover to `capture-end` "
      "no two are more than 5 s apart";
  std::optional<double> begin_t;
  std::optional<double> since;
  std::optional<std::uint64_t> pages_compared;
  std::optional<std::uint64_t> pages_changed;
  std::optional<double> seconds;
  static Rows fields() {
    return table(field("begin_t", &WatchPass::begin_t, "s", "when it began"),
                 field("since", &WatchPass::since, "s", "what changed was written after this"),
                 field("pages_compared", &WatchPass::pages_compared, "pages", "looked at"),
                 field("pages_changed", &WatchPass::pages_changed, "pages",
                       "of them changed: as many as `dma.ndjson` has lines with this `t`"),
                 field("seconds", &WatchPass::seconds, "s", "time that it took"));
  }
};

struct GateWindow {
  static constexpr const char* name = "gate.window";
  static constexpr const char* meaning =
      "a while of the gating experiment: which pages changed with Bus Master of one device off; "
      "the "
      "first and the last have everything as it was";
  OrNull<std::string> off;
  std::optional<bool> had_bus_master;
  std::optional<double> begin, t0, t1, end;
  std::vector<Address> pages;
  std::optional<double> stopped_s;
  static Rows fields() {
    return table(
        field("off", &GateWindow::off, "", "the device whose Bus Master was off; null: nobody's"),
        field("had_bus_master", &GateWindow::had_bus_master, "",
              "false: nothing was taken from it, so the window says nothing"),
        field("begin", &GateWindow::begin, "s", "before the harness's own configuration writes"),
        field("t0", &GateWindow::t0, "s", "the machine runs from here"),
        field("t1", &GateWindow::t1, "s", "to here"),
        field("end", &GateWindow::end, "s", "after the harness's own configuration writes"),
        field("pages", &GateWindow::pages, "", "that changed without a tag or an owner"),
        field("stopped_s", &GateWindow::stopped_s, "s", "the machine stood still for it"));
  }
};

struct Ring {
  static constexpr const char* name = "ring";
  static constexpr const char* meaning =
      "a device's receive ring, by its registers; `head` and `tail` equal while frames are fed "
      "later means used up";
  std::string device;
  std::string at;
  std::optional<std::uint64_t> head;
  std::optional<std::uint64_t> tail;
  std::optional<bool> used_up;
  std::optional<AddressRange> descriptors;
  std::optional<std::string> unreadable;
  static Rows fields() {
    return table(
        field("device", &Ring::device, "", "its name in the plan"),
        field("at", &Ring::at, "", "a mark, or `window-end`"),
        maybe("head", &Ring::head, "", "the register"),
        maybe("tail", &Ring::tail, "", "the register"),
        maybe("used_up", &Ring::used_up, "", "no buffer is left"),
        maybe("descriptors", &Ring::descriptors, "",
              "memory of the descriptors; at `handover`: writes into it are likely the device's"),
        maybe("unreadable", &Ring::unreadable, "", "why nothing was read"));
  }
};

struct Landed {
  static constexpr const char* name = "landed";
  static constexpr const char* meaning =
      "frames that a device was fed lie in the crash region at the end: the capture kernel's "
      "driver "
      "gave it buffers of its own";
  std::string device;
  std::optional<std::uint64_t> pages;
  std::optional<std::uint64_t> oldest;
  std::optional<std::uint64_t> newest;
  static Rows fields() {
    return table(field("device", &Landed::device, "", "its name in the plan"),
                 field("pages", &Landed::pages, "pages", "that hold a tag of such a frame"),
                 field("oldest", &Landed::oldest, "", "smallest sequence of the frames' tags"),
                 field("newest", &Landed::newest, "", "the largest"));
  }
};

struct Feed {
  static constexpr const char* name = "feed";
  static constexpr const char* meaning =
      "a frame was given to a device; goes on from before the panic to `capture-end`, so that "
      "frames "
      "come after every deadline";
  std::string device;
  std::optional<std::uint64_t> sequence;
  std::uint64_t bytes = 0;
  static Rows fields() {
    return table(field("device", &Feed::device, "", "its name in the plan"),
                 field("sequence", &Feed::sequence, "", "of the frame's tags, counting from 0"),
                 field("bytes", &Feed::bytes, "bytes", "of the frame"));
  }
};

struct Echo {
  static constexpr const char* name = "echo";
  static constexpr const char* meaning = "a tagged frame of the guest came out";
  std::string device;
  std::uint64_t sequence = 0;
  std::optional<std::uint64_t> bytes;
  std::optional<bool> damaged;
  std::optional<std::string> role;
  static Rows fields() {
    return table(
        field("device", &Echo::device, "", "its name in the plan"),
        field("sequence", &Echo::sequence, "", "of the frame's tags"),
        field("bytes", &Echo::bytes, "bytes", "of the frame"),
        maybe("damaged", &Echo::damaged, "", "true: it is not byte by byte what the agent sends"),
        field("role", &Echo::role, "", "of the kernel that ran"));
  }
};

}  // namespace quiesce::record::event
