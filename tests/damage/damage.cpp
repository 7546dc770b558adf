// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/damage/damage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "harness/base/digest.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/line.hpp"

namespace quiesce::damage {

namespace {

using evidence::Texts;
using nlohmann::json;
namespace file = record::file;

/// Of so many lines or bytes of a file each kind of damage is tried.
constexpr std::size_t samples = 6;

bool is_record(const std::string& name) {
  return name == file::timeline || name == file::agent || name == file::dma;
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

/// `count` places spread over 0 .. size - 1.
std::vector<std::size_t> spread(std::size_t size, std::size_t count) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count && i < size; ++i)
    places.push_back(size <= count ? i : i * (size - 1) / (count - 1));
  return places;
}

using Change = std::function<std::string(const std::string& text)>;

/// A change of one file.
Damage of_file(std::string kind, const std::string& name, const std::string& where, Change change,
               bool held) {
  return {std::move(kind), name + where,
          [name, change = std::move(change)](Texts& texts) { texts[name] = change(texts[name]); },
          held};
}

void whole_file(std::vector<Damage>& all, const std::string& name, std::size_t size) {
  all.push_back({"file removed", name, [name](Texts& texts) { texts.erase(name); }});
  if (size == 0) return;
  all.push_back(of_file(
      "file emptied", name, "", [](const auto&) { return std::string(); }, true));
  for (std::size_t tenth = 1; tenth < 10; ++tenth)
    all.push_back(of_file(
        "cut", name, fmt::format(" at {}/10", tenth),
        [tenth](const std::string& text) { return text.substr(0, text.size() * tenth / 10); },
        true));
}

void lines(std::vector<Damage>& all, const std::string& name, const std::string& text) {
  const auto list = lines_of(text);
  const bool held = is_record(name);
  for (const std::size_t at : spread(list.size(), samples)) {
    const std::string where = fmt::format(" line {}", at + 1);
    all.push_back(of_file(
        "line dropped", name, where,
        [at](const std::string& whole) {
          auto some = lines_of(whole);
          some.erase(some.begin() + static_cast<std::ptrdiff_t>(at));
          return join(some);
        },
        held));
    all.push_back(of_file(
        "line doubled", name, where,
        [at](const std::string& whole) {
          auto some = lines_of(whole);
          const std::string line = some[at];
          some.insert(some.begin() + static_cast<std::ptrdiff_t>(at), line);
          return join(some);
        },
        held));
    if (at + 1 >= list.size() || list[at] == list[at + 1]) continue;
    all.push_back(of_file(
        "lines swapped", name, where,
        [at](const std::string& whole) {
          auto some = lines_of(whole);
          std::swap(some[at], some[at + 1]);
          return join(some);
        },
        held));
  }
}

/// Torn at the end of a line nothing looks torn.
void last_lines(std::vector<Damage>& all, const std::string& name) {
  for (const std::size_t lost : {1U, 2U, 3U, 5U, 8U})
    all.push_back(of_file(
        "last lines lost", name, fmt::format(" {} of them", lost),
        [lost](const std::string& whole) {
          auto some = lines_of(whole);
          some.resize(some.size() - std::min<std::size_t>(lost, some.size()));
          return join(some);
        },
        true));
}

/// The end of the timeline lost, by whose lengths a file of another run would be known.
void another_runs_file_without_an_end(std::vector<Damage>& all, const std::string& name,
                                      const std::string& theirs, const std::string& timeline) {
  // Old runs do not say which plan they began with.
  const bool says_its_plan =
      timeline.substr(0, timeline.find('\n')).find("\"plan\":") != std::string::npos;
  all.push_back({"another run's file, end lost", name,
                 [name, &theirs](Texts& texts) {
                   texts[name] = theirs;
                   auto some = lines_of(texts[file::timeline]);
                   if (!some.empty()) some.pop_back();
                   texts[file::timeline] = join(some);
                 },
                 name != file::plan || says_its_plan});
}

void bits(std::vector<Damage>& all, const std::string& name, const std::string& text) {
  for (const std::size_t at : spread(text.size(), 2 * samples))
    all.push_back(of_file(
        "bit turned", name, fmt::format(" byte {}", at),
        [at](const std::string& whole) {
          std::string changed = whole;
          changed[at] = static_cast<char>(changed[at] ^ (1 << at % 7));
          return changed;
        },
        is_record(name)));
}

/// Times of the second half, three seconds later; the checksums are left.
void times(std::vector<Damage>& all, const std::string& name, const std::string& text) {
  const std::size_t half = lines_of(text).size() / 2;
  all.push_back(of_file(
      "times shifted", name, "",
      [half](const std::string& whole) {
        auto some = lines_of(whole);
        for (std::size_t at = half; at < some.size(); ++at) {
          json line = json::parse(some[at], nullptr, false);
          if (!line.is_object() || !line.contains("t")) continue;
          line["t"] = line["t"].get<double>() + 3;
          some[at] = line.dump() + "\n";
        }
        return join(some);
      },
      true));
}

std::string event_of(const std::string& line) {
  const json event = json::parse(line, nullptr, false);
  return event.is_object() ? event.value("event", std::string()) : std::string();
}

/// One event of a kind taken away, and all of them; once as a gap in the numbers, once as if they
/// had never been written.
void events(std::vector<Damage>& all, const std::string& timeline) {
  std::set<std::string> kinds;
  for (const std::string& line : lines_of(timeline)) kinds.insert(event_of(line));
  kinds.erase("");
  for (const std::string& kind : kinds)
    for (const bool one : {true, false})
      for (const bool gap : {true, false}) {
        const auto without = [kind, one, gap](const std::string& whole) {
          std::vector<std::string> left;
          std::size_t taken = 0;
          for (const std::string& line : lines_of(whole))
            if (event_of(line) != kind || (one && ++taken != 1)) left.push_back(line);
          return gap ? join(left) : renumber(left);
        };
        Damage damage = of_file(fmt::format("{} {}", one ? "one event" : "all events of a kind",
                                            gap ? "taken away" : "never written"),
                                file::timeline, " " + kind, without, true);
        damage.forged = !gap;
        all.push_back(std::move(damage));
      }
}

void pairs(std::vector<Damage>& all, const std::vector<std::string>& names, const PairWay& wanted) {
  struct Way {
    const char* word;
    void (*apply)(Texts&, const std::string&);
  };
  static constexpr Way ways[] = {
      {"removed", [](Texts& texts, const std::string& name) { texts.erase(name); }},
      {"emptied", [](Texts& texts, const std::string& name) { texts[name].clear(); }},
      {"halved",
       [](Texts& texts, const std::string& name) { texts[name].resize(texts[name].size() / 2); }}};
  constexpr std::size_t combinations = 9;
  const auto add = [&](const std::string& one, const std::string& two, std::size_t combination) {
    const Way& first = ways[combination / 3];
    const Way& second = ways[combination % 3];
    all.push_back({"two files", fmt::format("{} {}, {} {}", one, first.word, two, second.word),
                   [one, two, &first, &second](Texts& texts) {
                     first.apply(texts, one);
                     second.apply(texts, two);
                   }});
  };
  for (std::size_t a = 0; a < names.size(); ++a)
    for (std::size_t b = a + 1; b < names.size(); ++b) {
      // By the names, which are the same in every run.
      const std::string both = names[a] + names[b];
      const std::size_t start = std::accumulate(both.begin(), both.end(), wanted.turn);
      for (std::size_t i = 0; i < (wanted.all ? combinations : 1); ++i)
        add(names[a], names[b], (start + i) % combinations);
    }
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1);
    lines.push_back(text.substr(at, end + 1 - at));
    at = end + 1;
  }
  return lines;
}

std::string renumber(const std::vector<std::string>& lines) {
  std::string text;
  std::uint64_t number = 0;
  for (const std::string& line : lines) {
    json object = json::parse(line, nullptr, false);
    if (!object.is_object()) continue;
    object.erase(record::checksum_key);
    text += record::numbered_line(std::move(object), ++number);
  }
  return text;
}

std::vector<Damage> all_damages(const Texts& texts, const Texts& other, const PairWay& wanted) {
  std::vector<Damage> all;
  std::vector<std::string> names;
  for (const auto& [name, text] : texts) {
    names.push_back(name);
    whole_file(all, name, text.size());
    // What result.json says of the checks is no evidence.
    if (name == file::result || text.empty()) continue;
    if (!name.ends_with(".wav") && !name.ends_with(".png")) lines(all, name, text);
    bits(all, name, text);
    if (is_record(name)) times(all, name, text);
    if (is_record(name)) last_lines(all, name);
    if (const auto theirs = other.find(name);
        theirs != other.end() && theirs->second != text && name != file::manifest)
      another_runs_file_without_an_end(all, name, theirs->second, texts.at(file::timeline));
    if (const auto theirs = other.find(name);
        theirs != other.end() && theirs->second != text && name != file::manifest)
      all.push_back(of_file(
          "another run's file", name, "", [&text = theirs->second](const auto&) { return text; },
          is_record(name)));
  }
  if (const auto timeline = texts.find(file::timeline); timeline != texts.end())
    events(all, timeline->second);
  pairs(all, names, wanted);
  return all;
}

void seal(Texts& texts) {
  texts.erase(file::manifest);
  record::Inventory inventory;
  for (const auto& [name, text] : texts)
    if (record::is_covered(name)) inventory[name] = record::look_at_text(name, text);
  const std::string manifest = to_json(inventory).dump(1) + "\n";
  json result = json::parse(texts[file::result], nullptr, false);
  if (!result.is_object()) result = json::object();
  result["seal"] = sha256(manifest);
  texts[file::result] = result.dump(1) + "\n";
  texts[file::manifest] = manifest;
}

void unseal(Texts& texts) {
  texts.erase(file::manifest);
  json result = json::parse(texts[file::result], nullptr, false);
  if (!result.is_object()) return;
  result.erase("seal");
  texts[file::result] = result.dump(1) + "\n";
}

namespace {

/// "/a/b/c" becomes "/recorded/c", wherever a text is a path.
void hide_paths(json& value) {
  if (value.is_structured()) {
    for (auto& inner : value) hide_paths(inner);
  } else if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    for (std::size_t at = text.find('/'); at != std::string::npos; at = text.find('/', at + 1)) {
      const bool starts = at == 0 || text[at - 1] == '=' || text[at - 1] == '"';
      const std::size_t end = std::min(text.find_first_of(",\"} ", at), text.size());
      const std::size_t last = text.rfind('/', end - 1);
      if (!starts || last == at || text.compare(at, 5, "/dev/") == 0 ||
          text.compare(at, 6, "/proc/") == 0)
        continue;
      text.replace(at, last - at, "/recorded");
      at += 9;
    }
  }
}

void hide_paths_of(Texts& texts, const char* name) {
  json whole = json::parse(texts[name], nullptr, false);
  if (whole.is_discarded()) return;
  hide_paths(whole);
  texts[name] = whole.dump(1) + "\n";
}

}  // namespace

void thin(Texts& texts) {
  std::erase_if(texts, [](const auto& entry) { return entry.first.ends_with(".png"); });
  hide_paths_of(texts, file::plan);
  hide_paths_of(texts, file::qemu);
  json lengths = json::object();
  for (const auto& [name, text] : texts)
    if (record::is_covered(name) && name != file::timeline) lengths[name] = text.size();
  std::vector<std::string> lines;
  for (const std::string& line : lines_of(texts[file::timeline])) {
    json event = json::parse(line);
    // Commands: of the run itself, and of the servers that it started.
    for (const char* with_command :
         {record::event::RunStart::name, record::event::DeviceServer::name})
      if (event["event"] == with_command) hide_paths(event);
    if (event["event"] == record::event::RunStart::name) event["plan"] = sha256(texts[file::plan]);
    if (event["event"] == record::event::RunEnd::name) event["files"] = lengths;
    lines.push_back(event.dump());
  }
  texts[file::timeline] = renumber(lines);
}

}  // namespace quiesce::damage
