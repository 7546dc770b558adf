// SPDX-License-Identifier: GPL-2.0-or-later
// result.json: what judging a run gave. The findings are the result; reason, details and control
// are sentences that were made of them.
#pragma once

#include "harness/record/fields.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::record {

struct ResultSubject {
  std::string kind;
  std::string name;
  static Rows fields() {
    return table(
        field("kind", &ResultSubject::kind, "",
              "`run`, `device`, `function`, `cpu`, `interrupt`, `vector`, `span`, `row`, `word`, "
              "`message`, `writer`, `evidence`"),
        field("name", &ResultSubject::name, "", "of it; empty for the run and for messages"));
  }
};

struct ResultMeasure {
  std::string key;
  Json value;
  std::optional<std::string> unit;
  static Rows fields() {
    return table(
        field("key", &ResultMeasure::key, "", "its name; times since the handover end in `_s`"),
        field("value", &ResultMeasure::value, "",
              "true or false, a number, a text or a list of texts"),
        maybe("unit", &ResultMeasure::unit, "", "`s`, `ms`, `bytes`, `pages`, `Hz`, `1/s`, `%`"));
  }
};

struct ResultReference {
  std::string file;
  std::string what;
  std::optional<double> t;
  static Rows fields() {
    return table(
        field("file", &ResultReference::file, "", "of the run directory"),
        field("what", &ResultReference::what, "", "the event, mark or answer; may be empty"),
        maybe("t", &ResultReference::t, "s", "of the record, on the timeline"));
  }
};

struct ResultFinding {
  ResultSubject subject;
  std::string code;
  std::optional<std::string> verdict;
  std::vector<ResultMeasure> measures;
  std::vector<ResultMeasure> control;
  std::vector<ResultReference> references;
  static Rows fields() {
    return table(
        field("subject", &ResultFinding::subject, "", "what it was found of"),
        field("code", &ResultFinding::code, "", "of the check's table in `docs/checks.md`"),
        maybe("verdict", &ResultFinding::verdict, "",
              "`pass`, `fail`, `skip`, `inconclusive`; none: it is told, and decides nothing"),
        field("measures", &ResultFinding::measures, "", "what was measured, counted or read"),
        field("control", &ResultFinding::control, "",
              "measures that show that an absence could have been seen"),
        field("references", &ResultFinding::references, "", "where the evidence has it"));
  }
};

struct ResultCheck {
  std::string name;
  std::string verdict;
  std::vector<ResultFinding> findings;
  std::string reason;
  std::vector<std::string> details;
  std::string control;
  static Rows fields() {
    return table(
        field("name", &ResultCheck::name, "", "of the check"),
        field("verdict", &ResultCheck::verdict, "",
              "the fold of its findings: `fail` before `inconclusive` before `pass` before `skip`"),
        field("findings", &ResultCheck::findings, "", "what it found"),
        field("reason", &ResultCheck::reason, "", "a sentence for people"),
        field("details", &ResultCheck::details, "", "lines for people"),
        field("control", &ResultCheck::control, "", "a sentence for people"));
  }
};

struct ResultDevice {
  std::string name;
  std::string profile;
  std::string address;
  static Rows fields() {
    return table(field("name", &ResultDevice::name, "", "in the plan"),
                 field("profile", &ResultDevice::profile, "", "what it is"),
                 field("address", &ResultDevice::address, "", "of its PCI function"));
  }
};

/// What a reader needs to know which run it was, and to repeat it.
struct ResultAbout {
  std::string production;
  std::string capture;
  std::string production_sha256;
  std::string capture_sha256;
  std::string qemu;
  std::string accel;
  std::uint64_t seed = 0;
  double seconds = 0;
  std::vector<ResultDevice> devices;
  std::optional<std::string> version;
  std::optional<std::vector<std::string>> command;
  std::optional<std::string> directory;
  std::vector<std::string> damage;
  static Rows fields() {
    return table(
        field("production", &ResultAbout::production, "", "release of the kernel that crashed"),
        field("capture", &ResultAbout::capture, "", "release of the capture kernel"),
        field("production_sha256", &ResultAbout::production_sha256, "", "of its image"),
        field("capture_sha256", &ResultAbout::capture_sha256, "", "of its image"),
        field("qemu", &ResultAbout::qemu, "", "version"),
        field("accel", &ResultAbout::accel, "", "`tcg` or `kvm`"),
        field("seed", &ResultAbout::seed, "", "of the run"),
        field("seconds", &ResultAbout::seconds, "s", "from the start to the last record"),
        field("devices", &ResultAbout::devices, "", "of the plan"),
        maybe("version", &ResultAbout::version, "", "of the program that ran it"),
        maybe("command", &ResultAbout::command, "", "the words that repeat it"),
        maybe("directory", &ResultAbout::directory, "", "where the command was given"),
        field("damage", &ResultAbout::damage, "", "what is wrong with the evidence"));
  }
};

struct ResultFile {
  int format = record::format;
  std::string evidence;
  std::string scenario;
  std::string outcome;
  std::string reason;
  std::string phase;
  std::vector<ResultCheck> checks;
  ResultAbout about;
  std::optional<std::string> seal;
  static Rows fields() {
    return table(
        field("format", &ResultFile::format, "", "1"),
        field("evidence", &ResultFile::evidence, "", "`sealed`, `unsealed`, `seal broken`"),
        field("scenario", &ResultFile::scenario, "", "its name"),
        field("outcome", &ResultFile::outcome, "",
              "`pass`, `fail`, `inconclusive`, `skip`, `error`, `interrupted`"),
        field("reason", &ResultFile::reason, "", "a sentence for people"),
        field("phase", &ResultFile::phase, "", "in which an error or interruption came, or empty"),
        field("checks", &ResultFile::checks, "", "in the order of their names"),
        field("about", &ResultFile::about, "",
              "kernels, QEMU, devices, command and seconds: what a reader needs to repeat it"),
        maybe("seal", &ResultFile::seal, "", "SHA-256 of `manifest.json`"));
  }
};

}  // namespace quiesce::record
