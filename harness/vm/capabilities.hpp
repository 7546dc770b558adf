// SPDX-License-Identifier: GPL-2.0-or-later
// What a QEMU can do, by its own account: a version says too little, since distributions port back
// and leave out.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/result.hpp"

namespace quiesce::vm {

/// What QEMU answered to query-qmp-schema, as far as it is asked here. Names of types are numbers
/// in it, so everything is found from a command on (docs/interop/qmp-spec in QEMU's sources,
/// "Client JSON Protocol introspection"). A text of another shape knows nothing.
class QmpSchema {
 public:
  explicit QmpSchema(nlohmann::json entries) : entries_(std::move(entries)) {}
  bool has_command(const std::string& name) const;
  bool has_argument(const std::string& command, const std::string& argument) const;
  /// A branch of the union that the command takes: "stream" of netdev_add.
  bool has_branch(const std::string& command, const std::string& branch) const;

 private:
  const nlohmann::json* find(const std::string& name) const;
  const nlohmann::json* arguments_of(const std::string& command) const;
  nlohmann::json entries_;
};

/// Of what every run needs, what the schema lacks, as words for people: "-netdev stream".
std::vector<std::string> lacking(const QmpSchema& schema);

/// What a run asks of a QEMU beyond what every run needs. Names that come from a profile have it
/// beside them: they may be a slip of its author's.
struct Demands {
  struct Device {
    std::string type;                     ///< of QEMU: "e1000e"
    std::vector<std::string> properties;  ///< that are set
    std::string profile;                  ///< that names it; empty: the harness
    bool operator==(const Device&) const = default;
  };
  struct TraceEvent {
    std::string name;
    std::string profile;
    bool operator==(const TraceEvent&) const = default;
  };
  std::vector<Device> devices;
  std::vector<TraceEvent> trace_events;
  bool operator==(const Demands&) const = default;
};

/// Something that was asked for and is not there.
struct Lack {
  std::string what;     ///< "-netdev stream", "device vfio-user-pci"
  std::string near;     ///< of a name: `did you mean "mac"?`; empty: nothing is near
  std::string profile;  ///< that names it; empty: the harness
};

struct Answers {
  std::string version;  ///< "7.2.22"
  std::vector<Lack> lacks;
};

/// Starts the program without a machine and asks it over QMP. Devices are asked for one by one:
/// "-device help" loads every module there is, and aborts when the system's modules are those of
/// another version. A program that tells of no property or no trace event at all (it was built
/// without) lacks none. unsupported: it does not answer as QEMU does, with what it printed.
Result<Answers> ask_qemu(const std::filesystem::path& program, const Demands& demands,
                         Seconds patience);

}  // namespace quiesce::vm
