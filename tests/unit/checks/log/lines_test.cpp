// SPDX-License-Identifier: GPL-2.0-or-later
// The classifier against lines that kernels print (tests/golden/kernel-lines/lines.tsv).
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <sstream>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/checks/log/classify.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::UnderTest;

namespace {

struct Labelled {
  std::string part, profile, label, kind, text;
  int level = 0;
};

std::vector<Labelled> lines_of(const std::string& part) {
  const auto file =
      read_file(std::filesystem::path(QUIESCE_SOURCE_ROOT) / "tests/golden/kernel-lines/lines.tsv");
  BOOST_REQUIRE(file.has_value());
  std::vector<Labelled> lines;
  for (const std::string& row : split(*file, '\n')) {
    if (row.empty() || row.starts_with('#')) continue;
    const auto cells = split(row, '\t');
    BOOST_REQUIRE_MESSAGE(cells.size() == 8U, row);
    if (part.empty() || cells[0] == part)
      lines.push_back({cells[0], cells[2], cells[3], cells[4], cells[7], std::stoi(cells[1])});
  }
  return lines;
}

/// Driver and modules of a profile of that name, as the catalogue or the kernel has them.
std::vector<std::string> drivers_of(const std::string& profile) {
  static const std::map<std::string, std::vector<std::string>> known{
      {"-", {"e1000e"}},
      {"virtio-net", {"virtio-pci", "virtio_net"}},
      {"virtio-blk", {"virtio-pci", "virtio_blk"}},
      {"virtio-scsi", {"virtio-pci", "virtio_scsi", "sd_mod"}},
      {"virtio-vga", {"virtio-pci", "virtio_gpu"}},
      {"ahci", {"ahci", "sd_mod"}},
      {"xhci", {"xhci_hcd", "xhci_pci"}},
      {"ehci", {"ehci-pci"}},
      {"uhci", {"uhci_hcd"}},
      {"ohci", {"ohci-pci"}},
      {"intel-hda", {"snd_hda_intel", "snd-hda-codec-generic"}},
      {"ac97", {"snd_intel8x0"}},
      {"es1370", {"snd_ens1370"}},
      {"vga", {"bochs-drm", "bochs"}},
      {"vmware-svga", {"vmwgfx"}},
      {"lsi53c895a", {"sym53c8xx", "sd_mod"}},
      {"sdhci", {"sdhci-pci"}}};
  const auto found = known.find(profile);
  return found == known.end() ? std::vector<std::string>{profile} : found->second;
}

bool fails(const Labelled& line, std::optional<int> level) {
  const UnderTest machine{{"0000:00:03.0"},
                          drivers_of(line.profile),
                          {"0000:00:00.0", "0000:00:1f.0", "0000:00:1f.2", "0000:00:1f.3"}};
  const std::string kind = checks::classify({line.text, level}, machine).kind;
  return !kind.empty() && kind != "vector" && kind != "aer-corrected" && kind != "elsewhere";
}

struct Score {
  double found = 0, missed = 0, wrong = 0, right = 0;
  std::string errors;
  double precision() const { return found / (found + wrong); }
  double recall() const { return found / (found + missed); }
  std::string text() const {
    std::ostringstream out;
    out << "bad: " << found << " found, " << missed << " missed; harmless: " << right << " right, "
        << wrong << " wrong; precision " << precision() << ", recall " << recall() << "\n"
        << errors;
    return out.str();
  }
};

Score score(const std::string& part, bool levels) {
  Score score;
  for (const Labelled& line : lines_of(part)) {
    const bool bad = line.label == "bad";
    const bool failed = fails(line, levels ? std::optional(line.level) : std::nullopt);
    ++(bad ? (failed ? score.found : score.missed) : (failed ? score.wrong : score.right));
    if (bad != failed) score.errors += (bad ? "missed: " : "wrong: ") + line.text + "\n";
  }
  return score;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_lines_of_kernels_are_labelled_and_a_fifth_was_set_aside_by_its_hash) {
  std::map<std::string, int> parts;
  std::map<std::string, int> labels;
  for (const Labelled& line : lines_of("")) {
    ++parts[line.part];
    ++labels[line.label];
    BOOST_TEST((line.level >= 0 && line.level <= 7), line.text);
    BOOST_TEST((line.label == "bad" || line.label == "harmless"), line.text);
    BOOST_TEST((line.label == "harmless" || line.kind != "-"), line.text);
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : line.text)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;  // FNV-1a
    BOOST_TEST((line.part != "held" || hash % 5 == 0), line.text);
  }
  BOOST_TEST(parts["made"] >= 450);
  BOOST_TEST(parts["held"] >= 100);
  BOOST_TEST(parts["drawn"] >= 60);
  BOOST_TEST(labels["bad"] >= 300);
  BOOST_TEST(labels["harmless"] >= 300);
}

BOOST_AUTO_TEST_CASE(lines_of_kernels_are_judged_right_also_those_that_were_set_aside) {
  struct Floor {
    const char* part;
    double precision, recall;
  };
  constexpr Floor floors[] = {{"made", 0.985, 0.975}, {"held", 0.97, 0.95}, {"drawn", 0.9, 0.88}};
  for (const Floor& floor : floors) {
    const Score result = score(floor.part, true);
    BOOST_TEST(result.precision() >= floor.precision, floor.part << ": " << result.text());
    BOOST_TEST(result.recall() >= floor.recall, floor.part << ": " << result.text());
  }
}

// Where the agent never read the log, the serial line is all there is.
BOOST_AUTO_TEST_CASE(without_levels_little_is_judged_wrong_and_most_is_found) {
  struct Floor {
    const char* part;
    double precision, recall;
  };
  constexpr Floor floors[] = {{"made", 0.985, 0.86}, {"held", 0.97, 0.82}, {"drawn", 0.83, 0.72}};
  for (const Floor& floor : floors) {
    const Score result = score(floor.part, false);
    BOOST_TEST(result.precision() >= floor.precision, floor.part << ": " << result.text());
    BOOST_TEST(result.recall() >= floor.recall, floor.part << ": " << result.text());
  }
}

// Each of these was judged wrong once, or is what a capture kernel must not say.
BOOST_AUTO_TEST_CASE(what_must_be_judged_right_is) {
  struct Row {
    const char* text;
    int level;
    bool bad;
  };
  constexpr Row rows[] = {
      {"e1000e 0000:00:03.0 eth0: could not quiesce its receiver (-16)", 3, true},
      {"e1000e 0000:00:03.0: error reporting enabled, no fault found, reset timeout 20 s", 6,
       false},
      {"megaraid_sas 0000:00:03.0: FW provided TM TaskAbort/Reset timeout : 0 secs/0 secs", 6,
       false},
      // With the tab that the driver prints.
      {"megaraid_sas 0000:00:03.0: FW provided TM TaskAbort/Reset timeout\t: 0 secs/0 secs", 6,
       false},
      {"e1000e 0000:00:03.0 eth0: Detected Hardware Unit Hang:", 3, true},
      {"Initramfs unpacking failed: write error", 0, true},
      {"e1000e 0000:00:03.0: probe with driver e1000e failed with error -110", 4, true},
      {"pci 0000:00:03.0: timed out waiting for pending transaction; performing function level "
       "reset anyway",
       3, true},
      {"Kernel panic - not syncing: System is deadlocked on memory", 0, true},
      {"pci 0000:00:03.0: not ready 1023ms after FLR; waiting", 6, false},
      {"nvme nvme0: Shutdown timeout set to 10 seconds", 6, false},
      {"Kernel command line: hung_task_timeout_secs=5 panic=-1", 5, false},
      {"ata2: SATA link down (SStatus 0 SControl 300)", 6, false},
  };
  for (const Row& row : rows) {
    const Labelled line{{}, "e1000e", {}, {}, row.text, row.level};
    BOOST_TEST(fails(line, row.level) == row.bad, row.text);
    BOOST_TEST(fails(line, {}) == row.bad, row.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
