# SPDX-License-Identifier: GPL-2.0-or-later
# What the vm tests share. Each test is one run of a real kernel; a case is a sentence that holds of its evidence.
# shellcheck shell=bash

: "${QUIESCE:?}" "${QUIESCE_SOURCE:?}" "${TEST_TMPDIR:?}"
export NO_COLOR=1
cd "$QUIESCE_SOURCE" || exit 3

# case NAME COMMAND...: PASS when the command succeeds.
case_holds() {
  local name="$1"
  shift
  if "$@" >/dev/null; then echo "PASS $name"; else echo "FAIL $name: $*"; fi
}

# exits CODE NAME COMMAND...: PASS when the command ends with CODE; what it printed is in $TEST_TMPDIR/NAME.{out,err}.
exits() {
  local wanted="$1" name="$2" got
  shift 2
  "$@" >"$TEST_TMPDIR/$name.out" 2>"$TEST_TMPDIR/$name.err" </dev/null
  got=$?
  if [ "$got" -eq "$wanted" ]; then
    echo "PASS $name"
    return 0
  fi
  echo "FAIL $name: exit code $got instead of $wanted"
  tail -n 40 "$TEST_TMPDIR/$name.out" "$TEST_TMPDIR/$name.err"
  return 1
}

# beside COMMAND...: runs it in the background, at most two at once, since one guest leaves half of a machine idle. What
# it says comes out by all_beside, in the order in which they were begun.
beside_count=0
beside() {
  [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
  beside_count=$((beside_count + 1))
  "$@" >"$TEST_TMPDIR/beside-$beside_count.log" 2>&1 </dev/null &
}
all_beside() {
  local number
  wait
  for number in $(seq "$beside_count"); do
    grep -qE '^(PASS|FAIL|SKIP) ' "$TEST_TMPDIR/beside-$number.log" ||
      echo "FAIL beside-$number: it left no word" >>"$TEST_TMPDIR/beside-$number.log"
    cat "$TEST_TMPDIR/beside-$number.log"
  done
}

# verdict RUN_DIR CHECK: the verdict that result.json has for the check.
verdict() { jq -r --arg name "$2" '.checks[] | select(.name == $name) | .verdict' "$1/result.json"; }
is_verdict() { [ "$(verdict "$1" "$2")" = "$3" ]; }
outcome() { jq -r .outcome "$1/result.json"; }

# measure RUN_DIR CHECK CODE KEY [SUBJECT]: of the first such finding that the check has.
measure() {
  jq -r --arg check "$2" --arg code "$3" --arg key "$4" --arg subject "${5-}" '
    [.checks[] | select(.name == $check) | .findings[]
     | select(.code == $code and ($subject == "" or .subject.name == $subject)) | (.measures + .control)[]
     | select(.key == $key).value][0]' "$1/result.json"
}
# measured RUN_DIR CHECK DEVICE KEY: of the first finding of the device that has it.
measured() {
  jq -r --arg check "$2" --arg device "$3" --arg key "$4" '
    [.checks[] | select(.name == $check) | .findings[] | select(.subject.name == $device) | .measures[]
     | select(.key == $key).value][0]' "$1/result.json"
}

# unsealed RUN_DIR: takes away what vouches for its files, as if an older harness had written them.
unsealed() {
  rm -f "$1/manifest.json" "$1/result.json"
  jq -c 'del(.n, .c) | if .event == "run.end" then del(.files) elif .event == "run.start" then del(.plan) else . end' \
    "$1/timeline.ndjson" >"$1/timeline.new" && mv "$1/timeline.new" "$1/timeline.ndjson"
}

# field RUN_DIR EVENT JQ_FILTER: of the first such event of the timeline.
event_field() { jq -r --arg name "$2" "select(.event == \$name) | $3" "$1/timeline.ndjson" | head -n 1; }

# Every line of the evidence can be read.
readable() {
  local file
  for file in "$1"/*.ndjson; do
    jq -es . "$file" >/dev/null || return 1
  done
}

# No process has this number any more, or it is a dead one that nobody waited for.
gone() {
  local tries
  for tries in $(seq 100); do
    [ -d "/proc/$1" ] || return 0
    [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1)" = Z ] && return 0
    [ "$tries" -eq 100 ] || sleep 0.1
  done
  return 1
}

# wait_for_event RUN_DIR JQ_CONDITION SECONDS: until the timeline has such an event.
wait_for_event() {
  local left=$(($3 * 10))
  while [ "$left" -gt 0 ]; do
    # Not by jq's exit code: 1.6 takes it from the last line alone.
    [ -f "$1/timeline.ndjson" ] && jq -c "select($2)" "$1/timeline.ndjson" 2>/dev/null | grep -q . && return 0
    left=$((left - 1))
    sleep 0.1
  done
  return 1
}

# What is in /dev/shm, so that a test can say that nothing was left there.
shared_memory() { ls /dev/shm 2>/dev/null; }

# QEMU with vfio-user, which Debian 12 has not: fetched once into the image store.
fetch_vfio_user_qemu() {
  if "$QUIESCE" image fetch qemu >"$TEST_TMPDIR/fetch-qemu.out" 2>&1; then
    echo "PASS qemu-with-vfio-user-is-there"
    return 0
  fi
  if "$QUIESCE" doctor | grep -q '^ok  *QEMU, vfio-user'; then return 0; fi
  echo "FAIL qemu-with-vfio-user-is-there: $(tail -n 1 "$TEST_TMPDIR/fetch-qemu.out")"
  return 1
}
