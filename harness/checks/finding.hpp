// SPDX-License-Identifier: GPL-2.0-or-later
// What a check found, as data: of which subject, by a code of the check's own table, its measures
// with their units, the control, and where the evidence has it. Sentences are made of findings in
// one place (sentences.hpp); nothing parses them back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace quiesce::checks {

/// A check's verdict. inconclusive: the evidence is missing, or the control was not seen.
enum class Verdict { pass, fail, skip, inconclusive };
const char* to_string(Verdict verdict);

/// What something was found of.
struct Subject {
  enum class Kind {
    run,        ///< the whole of it; no name
    device,     ///< of the plan, by its name
    function,   ///< a PCI function, by its address
    cpu,        ///< by its number
    interrupt,  ///< a line of /proc/interrupts, by its number
    vector,     ///< "0.208": CPU and vector
    span,       ///< a stretch of the run, "before the drivers"
    row,        ///< of the screen, from 0
    word,       ///< of a command line
    message,    ///< of a kernel; its text is a measure
    writer,     ///< one that is no device, by the name of its memory
    evidence,   ///< a file, events, marks or answers that a check needs
  };
  Kind kind = Kind::run;
  std::string name;
};
/// "run", "device", ...: as in result.json.
const char* to_string(Subject::Kind kind);

enum class Unit { none, seconds, milliseconds, bytes, pages, hertz, per_second, percent };
/// "s", "ms", "bytes", "pages", "Hz", "1/s", "%"; empty for none.
const char* to_string(Unit unit);

/// Something measured, counted or read.
struct Measure {
  using Value = std::variant<bool, std::uint64_t, double, std::string, std::vector<std::string>>;
  std::string key;  ///< "pages_late"; times since the handover end in "_s"
  Value value;
  Unit unit = Unit::none;
};
using Measures = std::vector<Measure>;
/// nullptr when there is none of that key.
const Measure* find(const Measures& measures, std::string_view key);

/// The ways to make one.
namespace measure {
Measure flag(std::string key, bool value);
Measure count(std::string key, std::uint64_t value);
Measure pages(std::string key, std::uint64_t value);
Measure bytes(std::string key, std::uint64_t value);
Measure seconds(std::string key, double value);
Measure milliseconds(std::string key, double value);
Measure number(std::string key, double value, Unit unit = Unit::none);
Measure text(std::string key, std::string value);
Measure list(std::string key, std::vector<std::string> value);
}  // namespace measure

/// Where the evidence has it.
struct Reference {
  std::string file;         ///< of the run directory
  std::string what;         ///< the event, mark or answer; may be empty
  std::optional<double> t;  ///< on the timeline, seconds; the record of that time
};

/// One kind of finding, a row of its check's table. Texts are templates over the measures
/// (sentences.hpp).
struct Code {
  const char* name;                ///< "wrote-late"
  std::optional<Verdict> verdict;  ///< what it carries; nullopt: it is told, and decides nothing
  const char* meaning;             ///< a phrase for docs/checks.md
  std::string sentence = {};       ///< the reason, when this finding decides
  std::string addition = {};       ///< behind the reason, whatever decides
  std::string line = {};           ///< among the details
  std::string control = {};        ///< what its control says; shown when it has one
  std::string heading = {};        ///< a detail above the first of its lines
  /// Instead of `line`: a table with a line for each finding, columns aligned.
  struct Column {
    const char* heading;
    const char* cell;
  };
  std::vector<Column> columns = {};
  std::size_t most = 40;  ///< so many of its lines in a row, then "and N more"
  /// A failure that a guest which gets no processor can come to by itself (starvation.hpp).
  bool of_time = false;
};

/// Something that took too long.
struct Overrun {
  double from = 0;   ///< on the timeline, seconds
  double until = 0;  ///< it was done
  double by_s = 0;   ///< so much longer than it may take
};

struct Finding {
  Subject subject;
  std::string code;
  std::optional<Verdict> verdict;  ///< the code's, unless a parameter of the check says otherwise
  Measures measures;
  Measures control;  ///< what shows that an absence could have been seen
  std::vector<Reference> references;
  /// Of a failure that is a matter of time and was measured: what did not happen within it, or for
  /// less, does not explain it (starvation.hpp). Its measures tell the same; it is not written.
  std::optional<Overrun> overrun;

  Finding& with(Measure measure);
  /// Left out when it is not known.
  Finding& with_seconds(const char* key, const std::optional<double>& value);
  Finding& seen_in(Reference reference);
  Finding& too_long(const Overrun& how);
};
using Findings = std::vector<Finding>;

/// Of the whole run, or of a subject.
Finding found(const Code& code, Measures measures = {});
Finding found(const Code& code, Subject subject, Measures measures = {});
/// Of a device of the plan.
Finding found_of(const Code& code, const std::string& device, Measures measures = {});

/// What decides: fail before inconclusive before pass before skip; inconclusive without any.
Verdict fold(const Findings& findings);

}  // namespace quiesce::checks
