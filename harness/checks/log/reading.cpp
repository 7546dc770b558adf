// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/reading.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

#include "harness/checks/log/wording.hpp"

namespace quiesce::checks {

namespace {

namespace words = wording;  // of the kernel

using Vocabulary = std::span<const std::string_view>;

struct Token {
  std::string_view text;
  int clause = 0;
  bool number = false;
};
using Tokens = std::vector<Token>;

bool is_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_number(std::string_view word) {
  return !word.empty() && word.front() >= '0' && word.front() <= '9';
}

/// Letters, and ' and - between two of them: "can't", "timed-out".
std::size_t word_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() &&
         (is_letter(text[length]) || (length > 0 && (text[length] == '\'' || text[length] == '-') &&
                                      length + 1 < text.size() && is_letter(text[length + 1]))))
    ++length;
  return length;
}

/// What separates two things that are said: "no error, reset done".
bool ends_clause(std::string_view rest) {
  const bool alone = rest.size() == 1 || is_blank(rest[1]);
  return rest[0] == ',' || rest[0] == ';' || rest[0] == '!' || rest[0] == '?' ||
         ((rest[0] == '.' || rest[0] == '-') && alone);
}

Tokens tokens_of(std::string_view text) {
  Tokens tokens;
  int clause = 0;
  while (!text.empty()) {
    std::size_t length = word_length(text);
    if (length > 0) {
      tokens.push_back({text.substr(0, length), clause, is_number(text)});
    } else {
      length = 1;
      if (ends_clause(text)) ++clause;
      if (!is_blank(text.front())) tokens.push_back({text.substr(0, 1), clause, false});
    }
    text.remove_prefix(length);
  }
  return tokens;
}

bool is_among(std::string_view word, Vocabulary list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// So many tokens from `at` on are the words of the phrase; 0 when they are not.
std::size_t spoken(const Tokens& tokens, std::size_t at, std::string_view phrase) {
  std::size_t used = 0;
  while (!phrase.empty()) {
    const std::size_t blank = phrase.find(' ');
    if (at + used >= tokens.size() || tokens[at + used].text != phrase.substr(0, blank)) return 0;
    ++used;
    phrase.remove_prefix(blank == std::string_view::npos ? phrase.size() : blank + 1);
  }
  return used;
}

/// A phrase where it is said: tokens from `begin` to `end`.
struct Saying {
  const words::Phrase* phrase = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
};

Saying longest_at(const Tokens& tokens, std::size_t at) {
  Saying best{nullptr, at, at};
  for (const words::Phrase& phrase : words::phrases()) {
    const std::size_t used = spoken(tokens, at, phrase.words);
    if (used > best.end - at) best = {&phrase, at, at + used};
  }
  return best;
}

class Sentence {
 public:
  explicit Sentence(std::string_view text) : tokens_(tokens_of(text)) {}

  Reading read() const;

 private:
  const Token* behind(std::size_t end, std::size_t further = 0) const {
    return end + further < tokens_.size() ? &tokens_[end + further] : nullptr;
  }
  bool any_before(const Saying& saying, Vocabulary list, std::size_t reach) const;
  bool any_in_clause(const Saying& saying, Vocabulary list) const;
  bool counts_zero(const Saying& saying) const;
  bool is_feature(const Saying& saying) const;
  bool is_setting(const Saying& saying) const;
  bool is_conditional(const Saying& saying) const;
  bool is_undone(const Saying& saying) const;
  bool has_any(Vocabulary list) const;
  bool has_all_ones() const;
  Trouble weight(const Saying& saying) const;

  Tokens tokens_;
};

bool Sentence::any_before(const Saying& saying, Vocabulary list, std::size_t reach) const {
  for (std::size_t back = 1; back <= reach && back <= saying.begin; ++back) {
    const Token& token = tokens_[saying.begin - back];
    if (token.clause != tokens_[saying.begin].clause) return false;
    if (is_among(token.text, list)) return true;
  }
  return false;
}

bool Sentence::any_in_clause(const Saying& saying, Vocabulary list) const {
  return std::any_of(tokens_.begin(), tokens_.end(), [&](const Token& token) {
    return token.clause == tokens_[saying.begin].clause && is_among(token.text, list);
  });
}

/// "0 errors", "errors: 0", and no "QID 0 timeout".
bool Sentence::counts_zero(const Saying& saying) const {
  if (saying.begin > 0 && tokens_[saying.begin - 1].text == "0") {
    const bool many = tokens_[saying.end - 1].text.ends_with('s');
    const bool alone =
        saying.begin == 1 || tokens_[saying.begin - 2].clause != tokens_[saying.begin].clause;
    if (many || alone) return true;
  }
  const Token* next = behind(saying.end);
  if (next != nullptr && (next->text == ":" || next->text == "=")) next = behind(saying.end, 1);
  return next != nullptr && next->text == "0" && saying.phrase->trouble != Trouble::grave;
}

/// "error reporting", "timeout is disabled".
bool Sentence::is_feature(const Saying& saying) const {
  const Token* next = behind(saying.end);
  if (next != nullptr && (next->text == "is" || next->text == "are")) next = behind(saying.end, 1);
  return next != nullptr && is_among(next->text, words::features());
}

/// "timeout 20 s", "timeout : 0 secs", "default timeout".
bool Sentence::is_setting(const Saying& saying) const {
  const Token* next = behind(saying.end);
  if (next != nullptr && next->text == "is") next = behind(saying.end, 1);
  if (next == nullptr) return any_before(saying, words::settings(), 2);
  if (next->number || is_among(next->text, words::settings())) return true;
  const std::string_view joint = next->text;
  if (joint == ":" || joint == "=" || joint == "(" || joint == "of" || joint == "to") {
    const Token* value = next + 1 < tokens_.data() + tokens_.size() ? next + 1 : nullptr;
    if (value != nullptr && value->number) return true;
  }
  return any_before(saying, words::settings(), 2);
}

/// "if it fails", "may hang": not so, and not well either.
bool Sentence::is_conditional(const Saying& saying) const {
  return any_before(saying, words::conditions(), 6);
}

bool Sentence::is_undone(const Saying& saying) const {
  if (counts_zero(saying)) return true;
  if (saying.phrase->kind == words::Phrase::Kind::verb) return false;
  if (any_before(saying, words::negations(), 3) || is_feature(saying) ||
      any_in_clause(saying, words::successes()))
    return true;
  return saying.phrase->kind == words::Phrase::Kind::time && is_setting(saying);
}

/// "cannot" and "could not", of what need not be possible, say little.
Trouble Sentence::weight(const Saying& saying) const {
  const Token* next = behind(saying.end);
  const bool ability =
      (saying.phrase->words.starts_with("can") || saying.phrase->words.starts_with("could")) &&
      next != nullptr && is_among(next->text, words::abilities());
  return ability ? Trouble::hinted : saying.phrase->trouble;
}

bool Sentence::has_any(Vocabulary list) const {
  for (std::size_t at = 0; at < tokens_.size(); ++at)
    if (std::any_of(list.begin(), list.end(),
                    [&](std::string_view phrase) { return spoken(tokens_, at, phrase) > 0; }))
      return true;
  return false;
}

/// A register of a device that is gone.
bool Sentence::has_all_ones() const {
  return std::any_of(tokens_.begin(), tokens_.end(), [](const Token& token) {
    std::string_view digits = token.text;
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    return digits.size() >= 8 && digits.find_first_not_of('f') == std::string_view::npos;
  });
}

Reading Sentence::read() const {
  Reading reading;
  bool undone = false;
  for (std::size_t at = 0; at < tokens_.size();) {
    const Saying saying = longest_at(tokens_, at);
    at = std::max(saying.end, at + 1);
    if (saying.phrase == nullptr || is_conditional(saying)) continue;
    if (is_undone(saying)) {
      undone = true;
      continue;
    }
    const Trouble trouble = weight(saying);
    reading.late = reading.late || saying.phrase->late;
    if (trouble <= reading.trouble) continue;
    reading.trouble = trouble;
    reading.words = saying.phrase->words;
  }
  if (reading.trouble < Trouble::named && has_all_ones()) {
    reading.trouble = Trouble::named;
    reading.words = "all ones";
  }
  reading.managed = has_any(words::ways_out());
  reading.replaced = has_any(words::replacements());
  reading.calm = reading.trouble <= Trouble::hinted && (undone || has_any(words::successes()));
  return reading;
}

std::string small(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// May an error number stand behind this? "error -5", "rc=-5", "failed: -5", "(-5)".
bool introduces_errno(std::string_view before) {
  constexpr std::string_view words[] = {"error",   "err",    "errno", "ret",      "rc",
                                        "status",  "code",   "with",  "returned", "failed",
                                        "returns", "result", "fail",  "failure"};
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  if (before.empty()) return false;
  const char last = before.back();
  if (last == '(' || last == '=' || last == ':' || last == ',') return true;
  std::size_t begin = before.size();
  while (begin > 0 && is_letter(before[begin - 1])) --begin;
  const std::string word = small(before.substr(begin));
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

const words::Errno* known_errno(int number) {
  const auto table = words::errnos();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const words::Errno& one) { return one.number == number; });
  return found == table.end() ? nullptr : &*found;
}

/// Behind the minus: "110", or as %pe prints it "ETIMEDOUT"; 0: none.
int errno_behind(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_letter(text[length])) ++length;
  const std::string_view word = text.substr(0, length);
  if (word.empty() || (length < text.size() && text[length] == '-')) return 0;
  for (const words::Errno& one : words::errnos())
    if (word == one.name) return one.number;
  int number = 0;
  constexpr std::size_t longest = 3;  // digits
  const auto [end, bad] = std::from_chars(word.data(), word.data() + word.size(), number);
  return bad == std::errc() && end == word.data() + word.size() && length <= longest ? number : 0;
}

}  // namespace

int errno_of(std::string_view text) {
  for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1)) {
    if (at == 0 || std::string_view(" (=:").find(text[at - 1]) == std::string_view::npos) continue;
    const int number = errno_behind(text.substr(at + 1));
    if (number != 0 && introduces_errno(text.substr(0, at))) return number;
  }
  return 0;
}

Reading read_sentence(std::string_view body) {
  const std::string lower = small(body);
  Reading reading = Sentence(lower).read();
  const auto* told = known_errno(errno_of(body));
  if (told == nullptr) return reading;
  // Not there yet, or not supported: nothing went wrong.
  if (told->trouble < Trouble::stated) {
    reading.trouble = std::min(reading.trouble, told->trouble);
    reading.calm = true;
  } else if (told->trouble > reading.trouble) {
    reading.trouble = told->trouble;
    reading.words = told->name;
    reading.calm = false;
  }
  reading.late = reading.late || told->late;
  return reading;
}

}  // namespace quiesce::checks
