# SPDX-License-Identifier: GPL-2.0-or-later
# Which headers are to be compiled, and over what: for tests/style/headers.test.
#
# Files, in this order: the checksums of the headers ("SUM  HEADER"), those that compiled already ("HEADER<tab>KEY"), the
# headers. KEY is the checksums of a header and of all of ours that it includes. Prints, for those whose KEY is new,
# "L NUMBER LIBRARY..." for libraries that are worth to be compiled beforehand, "P NUMBER HEADER KEY" for a header of ours
# that is, and "H OVER HEADER KEY" for each other one, which is compiled over number OVER; 0: over nothing.

BEGIN {
  # What it costs to compile, about, in ms.
  split("CLI/CLI.hpp 3000 boost/test/unit_test.hpp 2000 nlohmann/json.hpp 900 fmt/format.h 300 filesystem 300 " \
        "functional 150 chrono 150 algorithm 150 string 200 memory 120 thread 100 condition_variable 100 mutex 60 " \
        "map 50 tl/expected.hpp 50 variant 50 set 30 span 30 vector 30 array 20 optional 20 string_view 20", list, " ")
  for (i = 1; i in list; i += 2) cost[list[i]] = list[i + 1]
  started = 300  # that a compiler takes for nothing
  of_ours = 40   # each of our headers, and each of its lines
  of_line = 0.7
}

FILENAME == ARGV[1] { sum[$2] = substr($1, 1, 16); next }
FILENAME == ARGV[2] { split($0, part, "\t"); done[part[1], part[2]] = 1; next }
FNR == 1 { file = FILENAME; order[++headers] = file; ours[file] = "" }
{ lines[file] = FNR }
/^#include </ {
  name = $0; sub(/^#include </, "", name); sub(/>.*/, "", name)
  if (name in cost) libraries[file] = libraries[file] "\n" name
}
/^#include "/ { split($0, part, "\""); ours[file] = ours[file] "\n" part[2] }

# All that a header includes: into has[top, name], its price and its key.
function walk(top, file, list, n, i) {
  if ((top, file) in has || !(file in ours)) return
  has[top, file] = 1
  key[top] = key[top] sum[file]
  worth[top] += of_ours + of_line * lines[file]
  n = split(libraries[file], list, "\n")
  for (i = 2; i <= n; i++) if (!((top, list[i]) in has)) {
    has[top, list[i]] = 1
    worth[top] += cost[list[i]]
    price[top] += cost[list[i]]
  }
  n = split(ours[file], list, "\n")
  for (i = 2; i <= n; i++) walk(top, list[i])
}

# Whether header h includes all that candidate c has: a header of ours, or "<" and a header, whose libraries it is.
function fits(h, c, name) {
  # Of two that include each other neither is compiled over the other, which would have it already.
  if (substr(c, 1, 1) != "<") return h != c && ((h, c) in has) && !((c, h) in has)
  c = substr(c, 2)
  for (name in cost) if (((c, name) in has) && !((h, name) in has)) return 0
  return 1
}
function value(c) { return substr(c, 1, 1) == "<" ? price[substr(c, 2)] : worth[c] }

function gain(c, total, h) {
  # One of ours is compiled in any case, but then over nothing: clang 14 crashes over one that lies over another.
  total = substr(c, 1, 1) == "<" ? -value(c) - started : -had[c]
  for (h in stale) if (value(c) > had[h] && fits(h, c)) total += value(c) - had[h]
  return total
}

END {
  for (o = 1; o <= headers; o++) {
    h = order[o]
    key[h] = salt
    walk(h, h)
    if ((h, key[h]) in done) continue
    stale[h] = 1; had[h] = 0; over[h] = 0
    candidate[h] = 1; candidate["<" h] = 1
  }
  for (number = 1; number <= 40; number++) {
    best = ""; most = 200
    # What a candidate saves only gets less.
    for (c in candidate) if (!(c in bound) || bound[c] > most) {
      bound[c] = gain(c)
      if (bound[c] > most) { most = bound[c]; best = c }
    }
    if (best == "") break
    chosen[number] = best; at[best] = number
    for (h in stale) if (value(best) > had[h] && fits(h, best)) { had[h] = value(best); over[h] = number }
    delete candidate[best]
  }
  for (n = 1; n < number; n++) {
    c = chosen[n]
    if (substr(c, 1, 1) != "<") { print "P " n " " c " " key[c]; continue }
    text = ""
    for (name in cost) if ((substr(c, 2), name) in has) text = text " " name
    print "L " n text
  }
  for (o = 1; o <= headers; o++) if (order[o] in stale && !(order[o] in at)) print "H " over[order[o]] " " order[o] " " key[order[o]]
}
