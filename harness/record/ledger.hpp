// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of device-NAME.ndjson: what a served device did, by its own account. Models write them, the
// harness reads them.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record {

/// What every line has.
struct LedgerHead {
  std::optional<double> mono;
  std::string event;
  static Rows fields() {
    return table(field("mono", &LedgerHead::mono, "s", "CLOCK_MONOTONIC"),
                 field("event", &LedgerHead::event, "", "which"));
  }
};

namespace ledger {

struct Start {
  static constexpr const char* name = "start";
  static constexpr const char* meaning = "the server has begun";
  std::string model;
  std::string device;
  std::uint64_t seed = 0;
  Json settings;
  static Rows fields() {
    return table(field("model", &Start::model, "", "which"),
                 field("name", &Start::device, "", "of the device in the plan"),
                 field("seed", &Start::seed, "", "of the run's tags"),
                 field("settings", &Start::settings, "", "of the model"));
  }
};

/// Of those that say nothing but that they were.
struct Bare {
  static Rows fields() { return Rows(); }
};
struct End : Bare {
  static constexpr const char* name = "end";
  static constexpr const char* meaning = "the server has come to its end";
};
struct Connect : Bare {
  static constexpr const char* name = "connect";
  static constexpr const char* meaning = "a client is there";
};
struct Disconnect : Bare {
  static constexpr const char* name = "disconnect";
  static constexpr const char* meaning = "it has gone";
};
struct Hold : Bare {
  static constexpr const char* name = "hold";
  static constexpr const char* meaning = "from now on the machine stands still";
};
struct Release : Bare {
  static constexpr const char* name = "release";
  static constexpr const char* meaning = "it goes on";
};

struct Kernel {
  static constexpr const char* name = "kernel";
  static constexpr const char* meaning = "another kernel runs from now on";
  std::string role;
  static Rows fields() {
    return table(field("role", &Kernel::role, "", "`production` or `capture`"));
  }
};

struct BusMaster {
  static constexpr const char* name = "bus-master";
  static constexpr const char* meaning = "Bus Master changed";
  bool on = false;
  static Rows fields() { return table(field("on", &BusMaster::on, "", "")); }
};

struct Config {
  static constexpr const char* name = "config";
  static constexpr const char* meaning =
      "a write to Command, PMCSR, Device Control or the MSI capability";
  Address offset;
  std::uint64_t width = 0;
  Address value;
  static Rows fields() {
    return table(field("offset", &Config::offset, "", "in the configuration space"),
                 field("width", &Config::width, "bytes", ""),
                 field("value", &Config::value, "", "that was written"));
  }
};

struct Run {
  static constexpr const char* name = "run";
  static constexpr const char* meaning = "the driver had the model write into its ring";
  Address address;
  std::uint64_t bytes = 0;
  std::uint64_t item = 0;
  std::uint64_t rate = 0;
  static Rows fields() {
    return table(field("address", &Run::address, "", "of the ring, guest-physical"),
                 field("bytes", &Run::bytes, "bytes", "of the ring"),
                 field("item", &Run::item, "bytes", "a write"),
                 field("rate", &Run::rate, "", "writes a second"));
  }
};

struct Stop {
  static constexpr const char* name = "stop";
  static constexpr const char* meaning = "the model no longer writes";
  std::string by;
  static Rows fields() {
    return table(field("by", &Stop::by, "", "`control`, `soft`, `flr`, `pm`, `device`, `done`"));
  }
};

struct Write {
  static constexpr const char* name = "dma.write";
  static constexpr const char* meaning =
      "a write that the model made; the line is written after it";
  std::optional<Address> address;
  std::uint64_t bytes = 0;
  std::optional<Word> crc;
  std::optional<std::uint64_t> sequence;
  std::uint64_t epoch = 0;
  bool tagged = false;
  static Rows fields() {
    return table(field("address", &Write::address, "", "guest-physical"),
                 field("bytes", &Write::bytes, "bytes", "written"),
                 maybe("crc", &Write::crc, "", "CRC-32 of what was written"),
                 maybe("sequence", &Write::sequence, "", "of its tags"),
                 maybe("epoch", &Write::epoch, "", "its tags' block: resets before it"),
                 maybe("tagged", &Write::tagged, "", "it has tags"));
  }
};

struct Blocked {
  static constexpr const char* name = "dma.blocked";
  static constexpr const char* meaning =
      "a write that could not be made; once until something changes";
  Address address;
  std::uint64_t bytes = 0;
  std::string why;
  static Rows fields() {
    return table(field("address", &Blocked::address, "", "guest-physical"),
                 field("bytes", &Blocked::bytes, "bytes", ""),
                 field("why", &Blocked::why, "", "`bus-master`, `unmapped`"));
  }
};

struct Reset {
  static constexpr const char* name = "reset";
  static constexpr const char* meaning = "a reset that the model got";
  std::string kind;
  std::optional<bool> effect;
  std::optional<bool> stops;
  std::optional<double> ready_ms;
  static Rows fields() {
    return table(field("kind", &Reset::kind, "", "`flr`, `pm`, `device`, `soft`"),
                 field("effect", &Reset::effect, "", "its registers are at their defaults"),
                 maybe("stops", &Reset::stops, "", "its DMA ends"),
                 maybe("ready_ms", &Reset::ready_ms, "ms", "until it answers"));
  }
};

struct Interrupt {
  static constexpr const char* name = "interrupt";
  static constexpr const char* meaning = "interrupts raised; about a line in a tenth of a second";
  std::string kind;
  std::uint64_t vector = 0;
  std::uint64_t count = 0;
  static Rows fields() {
    return table(field("kind", &Interrupt::kind, "", "`intx`, `msi`"),
                 field("vector", &Interrupt::vector, "", "of the message"),
                 field("count", &Interrupt::count, "", "since the last line"));
  }
};

struct Aer {
  static constexpr const char* name = "aer";
  static constexpr const char* meaning = "an error that the model reported";
  std::string severity;
  Address status;
  static Rows fields() {
    return table(field("severity", &Aer::severity, "", "`fatal`"),
                 field("status", &Aer::status, "", "Uncorrectable Error Status"));
  }
};

struct Copy {
  static constexpr const char* name = "copy";
  static constexpr const char* meaning = "the copy of the function test";
  Address from, to;
  std::uint64_t bytes = 0;
  bool ok = false;
  std::optional<std::uint64_t> crc;
  static Rows fields() {
    return table(field("from", &Copy::from, "", "guest-physical"),
                 field("to", &Copy::to, "", "guest-physical"),
                 field("bytes", &Copy::bytes, "bytes", ""),
                 field("ok", &Copy::ok, "", "it was done"),
                 maybe("crc", &Copy::crc, "", "CRC-32 of what was copied"));
  }
};

}  // namespace ledger

}  // namespace quiesce::record
