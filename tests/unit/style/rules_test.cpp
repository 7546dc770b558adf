// SPDX-License-Identifier: GPL-2.0-or-later
// A rule that cannot fail is none: each is shown a file that breaks it.
#include "tests/style/rules.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(style_rules)

using namespace quiesce::style;

namespace {

const std::string spdx = "// SPDX-License-Identifier: GPL-2.0-or-later\n";

std::size_t problems(const std::string& name, const std::string& path, const std::string& text) {
  const auto rule = std::ranges::find(rules(), name, &Rule::name);
  BOOST_REQUIRE((rule != rules().end()));
  return rule->problems({.path = path, .text = text}).size();
}

std::size_t including(const std::string& path, const std::string& included) {
  return problems("include-directions", path, spdx + "#include \"" + included + "\"\n");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_source_file_needs_its_licence_line) {
  BOOST_TEST(problems("licence", "harness/base/x.cpp", "int x;\n") == 1U);
  BOOST_TEST(problems("licence", "harness/base/x.cpp", spdx + "int x;\n") == 0U);
  BOOST_TEST(problems("licence", "tools/x",
                      "#!/bin/bash\n# SPDX-License-Identifier: GPL-2.0-or-later\n") == 0U);
  BOOST_TEST(problems("licence", "tools/x", "#!/bin/bash\necho\n") == 1U);
  BOOST_TEST(problems("licence", "README.md", "# Quiesce\n") == 0U);
}

BOOST_AUTO_TEST_CASE(an_include_follows_the_table_of_parts) {
  BOOST_TEST(including("harness/vm/qmp.cpp", "harness/base/fd.hpp") == 0U);
  BOOST_TEST(including("harness/vm/qmp.cpp", "harness/vm/qmp.hpp") == 0U);
  BOOST_TEST(including("harness/base/fd.cpp", "harness/vm/qmp.hpp") == 1U);
  BOOST_TEST(including("harness/checks/x.cpp", "harness/vm/qmp.hpp") == 1U);
  BOOST_TEST(including("reports/text.cpp", "harness/run/run.hpp") == 1U);
  BOOST_TEST(including("reports/text.cpp", "harness/checks/result.hpp") == 0U);
  BOOST_TEST(including("reports/text.cpp", "harness/checks/check.hpp") == 1U);
  BOOST_TEST(including("reports/text.cpp", "harness/evidence/run.hpp") == 1U);
  BOOST_TEST(including("vm-images/agent/main.cpp", "harness/scenario/model.hpp") == 1U);
  BOOST_TEST(including("harness/run/x.cpp", "vm-images/builder/builder.hpp") == 1U);
}

BOOST_AUTO_TEST_CASE(a_test_may_include_every_part) {
  BOOST_TEST(including("tests/unit/vm/x.cpp", "harness/vm/qmp.hpp") == 0U);
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_line_in_the_table_is_a_problem) {
  BOOST_TEST(including("harness/new/x.cpp", "harness/base/fd.hpp") == 1U);
  BOOST_TEST(including("harness/vm/x.cpp", "harness/new/x.hpp") == 1U);
}

BOOST_AUTO_TEST_CASE(an_include_is_named_from_the_root) {
  BOOST_TEST(including("harness/vm/qmp.cpp", "qmp.hpp") == 1U);
  BOOST_TEST(including("harness/vm/qmp.cpp", "../base/fd.hpp") == 1U);
}

BOOST_AUTO_TEST_CASE(a_room_does_not_include_what_is_in_another) {
  const auto found = [](const std::string& path, const std::string& included) {
    return problems("rooms", path, spdx + "#include \"" + included + "\"\n");
  };
  BOOST_TEST(found("harness/checks/dma/x.cpp", "harness/checks/reset/rung.hpp") == 1U);
  BOOST_TEST(found("harness/checks/judge.cpp", "harness/checks/dma/strays.hpp") == 1U);
  BOOST_TEST(found("harness/checks/dma/x.cpp", "harness/checks/dma/strays.hpp") == 0U);
  BOOST_TEST(found("harness/checks/dma/x.cpp", "harness/checks/support.hpp") == 0U);
  BOOST_TEST(found("harness/checks/dma/x.cpp", "harness/evidence/run.hpp") == 0U);
  BOOST_TEST(found("tests/unit/checks/x.cpp", "harness/checks/dma/strays.hpp") == 0U);
}

BOOST_AUTO_TEST_CASE(hosts_machine_paths_and_work_left_over_are_found) {
  const auto count = [](const std::string& line) {
    return problems("forbidden-words", "docs/x.md", line + "\n");
  };
  BOOST_TEST(count("deb http://mirror.invalid/x bookworm main") == 1U);
  BOOST_TEST(count("see /home/someone/notes") == 1U);
  BOOST_TEST(count("cd /root/x") == 1U);
  BOOST_TEST(count("// TODO: later") == 1U);
  BOOST_TEST(count("debian:6.1, boot/root/x and network/workers, https://www.qemu.org/docs") == 0U);
}

BOOST_AUTO_TEST_CASE(json_must_parse_unless_it_is_test_data) {
  BOOST_TEST(problems("json", "scenarios/x.json", "{\"a\": 1,}\n") == 1U);
  BOOST_TEST(problems("json", "scenarios/x.json", "{\"a\": 1}\n") == 0U);
  BOOST_TEST(problems("json", "tests/golden/x.json", "{") == 0U);
}

BOOST_AUTO_TEST_CASE(lines_end_without_blanks_and_with_an_end) {
  BOOST_TEST(problems("whitespace", "a.md", "a \nb\t\nc\n") == 2U);
  BOOST_TEST(problems("whitespace", "a.md", "a") == 1U);
  BOOST_TEST(problems("whitespace", "a.md", "a\n") == 0U);
}

// Written and read by texts, a file name that nothing wrote was read in three places.
BOOST_AUTO_TEST_CASE(a_key_or_a_name_of_a_record_outside_of_its_definition_is_found) {
  const auto found = [](const std::string& line, const char* path = "harness/checks/x.cpp") {
    return problems("record-names", path, spdx + line + "\n");
  };
  for (const char* line :
       {"dir.event(\"mark\", {});", "session.ask(\"kmsg\", json(), s);", "run.events(\"feed\")",
        "said(\"hello\")", "text_of(event->fields, \"device\")",
        "evidence::whole_of(*answer.payload, \"lost\")", "fields[\"t\"] = 1;",
        "payload.contains(\"error\")", "answer->value(\"ok\", false)", "read(\"agent.ndjson\")",
        "name == \"watch.pass\""})
    BOOST_TEST(found(line) == 1U, line);
  for (const char* line :
       {"dir.event(record::event::Mark{name});", "text_of(parameters, \"deadline\")",
        "result.numbers[\"pages\"] = 1;", "text_of(device.activity, \"kind\")",
        "// the event \"watch.pass\"", "run.events<record::event::Feed>()"})
    BOOST_TEST(found(line) == 0U, line);
  BOOST_TEST(found("field(\"t\", 1); \"watch.pass\"", "harness/record/x.hpp") == 0U);
  BOOST_TEST(found("run.event(1, \"mark\")", "tests/unit/x.cpp") == 0U);
  BOOST_TEST(found("note(\"reset\", fields);", "devices/models/x.cpp") == 1U);
  BOOST_TEST(found("note(line::Reset{});", "devices/models/x.cpp") == 0U);
  BOOST_TEST(found("session.note(\"drivers loaded\");", "harness/run/x.cpp") == 0U);
}

BOOST_AUTO_TEST_CASE(who_drives_a_run_names_no_protocol_of_qemus) {
  const auto found = [](const std::string& line) {
    return problems("target-only", "harness/run/x.cpp", spdx + line + "\n");
  };
  BOOST_TEST(found("#include \"harness/vm/qmp.hpp\"") == 1U);
  BOOST_TEST(found("TRY(machine.qmp().call(\"stop\", {}, soon));") == 1U);
  BOOST_TEST(found("vm::Gdb& gdb = *stub;") == 1U);
  BOOST_TEST(found("read_pci_space(session.machine->qtest());") == 1U);
  BOOST_TEST(found("std::unique_ptr<vm::Machine> machine;") == 1U);
  BOOST_TEST(found("TRY(target.halt(soon));  // QMP's stop, by qmp()") == 0U);
  BOOST_TEST(found("dir.event(record::event::QmpEvent{.event = name});") == 0U);
  BOOST_TEST(problems("target-only", "harness/vm/x.cpp", spdx + "Qmp& qmp();\n") == 0U);
}

BOOST_AUTO_TEST_CASE(a_phase_that_takes_the_whole_run_is_found) {
  const std::string all = spdx + "#include \"harness/run/wiring.hpp\"\n";
  BOOST_TEST(problems("wiring-only", "harness/run/capture.cpp", all) == 1U);
  BOOST_TEST(problems("wiring-only", "harness/draft/x.cpp", all) == 1U);
  BOOST_TEST(problems("wiring-only", "harness/run/execute.cpp", all) == 0U);
  BOOST_TEST(problems("wiring-only", "harness/run/capture.cpp",
                      spdx + "#include \"harness/run/sides.hpp\"\n") == 0U);
}

// fmt::print throws when its reader is gone, and that ended the program in the middle of a run.
BOOST_AUTO_TEST_CASE(only_one_place_prints) {
  const auto found = [](const std::string& line, const char* path = "harness/cli/run.cpp") {
    return problems("printing", path, spdx + line + "\n");
  };
  for (const char* line : {"fmt::print(stderr, \"{}\", x);", "  fmt::print(\"x\");",
                           "std::cout << x;", "std::fputs(text, stderr);", "std::puts(\"x\");",
                           "std::fwrite(text, 1, 2, stdout);", "printf(\"x\");"})
    BOOST_TEST(found(line) == 1U, line);
  for (const char* line : {"put(\"x\");", "say(\"x\");", "std::snprintf(text, 2, \"x\");",
                           "// fmt::print(x)", "fmt::format(\"x\");", "render_print(x);"})
    BOOST_TEST(found(line) == 0U, line);
  BOOST_TEST(found("fmt::print(x);", "harness/cli/output.cpp") == 0U);
  BOOST_TEST(found("fmt::print(x);", "harness/run/x.cpp") == 1U);
  BOOST_TEST(found("std::fputs(x, stderr);", "vm-images/agent/main.cpp") == 0U);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_long_is_found) {
  std::string text;
  for (int line = 0; line < 500; ++line) text += "int x;\n";
  BOOST_TEST(problems("length", "harness/base/x.cpp", text) == 1U);
  BOOST_TEST(problems("length", "tests/unit/base/x.cpp", text) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
