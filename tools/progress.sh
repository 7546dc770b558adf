# SPDX-License-Identifier: GPL-2.0-or-later
# Steps of a script, shown on standard error: on a terminal one line that changes, with the time every second; in a
# pipe a line a step and one every ten seconds. Needs bash, coreutils and setsid alone. To be sourced with the
# arguments that the script was given.
# shellcheck shell=bash

live=false
[ -t 2 ] && [ "${TERM-}" != dumb ] && live=true
# What goes on after a mended step.
printf -v again ' %q' "$0" "$@"
again="${again# }"
step_number=0
step_count=0
step_times=
step_log=
step_pid=
note=

# steps COUNT: how many there will be.
steps() { step_count="$1"; }

columns() {
  local size
  size="$(stty size <&2 2>/dev/null)" || size=
  size="${size#* }"
  [ "${size:-0}" -gt 0 ] && echo "$size" || echo "${COLUMNS:-80}"
}

clear_line() { if $live; then printf '\r\033[K' >&2; fi; }

# show TITLE SECONDS: where the step is.
show() {
  local text width
  text="$(printf '%6d s  step %d of %d, %s' "$2" "$step_number" "$step_count" "$1")${note:+: $note}"
  if $live; then
    width="$(columns)"
    # In the last column some terminals go to the next line at once.
    printf '\r\033[K%s' "${text:0:width - 1}" >&2
  else
    printf '%s\n' "$text" >&2
  fi
}

# end_group PID: the process and all that it started, as far as that stayed in its group: SIGTERM, SIGKILL 10 s later.
end_group() {
  local tries
  # A group of its own comes a moment after its start.
  kill -TERM -- "-$1" 2>/dev/null || kill -TERM "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  for tries in $(seq 100); do
    kill -0 -- "-$1" 2>/dev/null || return 0
    [ "$tries" -eq 100 ] || sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# Ends what runs now, and leaves neither it nor its log behind.
give_up() {
  trap '' INT TERM HUP
  clear_line
  [ -z "$step_pid" ] || end_group "$step_pid"
  [ -z "$step_log" ] || rm -f -- "$step_log"
  exit "$1"
}
trap 'give_up 130' INT
trap 'give_up 143' TERM
trap 'give_up 129' HUP

took() { step_times="$step_times${step_times:+, }${1%%[ ,]*} $2 s"; }

# step TITLE PARSER COMMAND...: runs the command quietly; PARSER is called with each line that it prints and sets
# $note. Shows the whole log when it fails, which is the environment's fault: 3.
step() {
  local title="$1" parser="$2" begin=$SECONDS shown=-1 last_plain=$SECONDS line='' part='' status output
  shift 2
  step_number=$((step_number + 1))
  note=
  show "$title" 0
  step_log="$(mktemp)"
  # In a group of its own, which give_up can end. bash makes what runs beside it deaf to Ctrl-C.
  exec {output}< <(trap - INT; exec setsid "$@" 2>&1 </dev/null)
  step_pid=$!
  while :; do
    status=0
    IFS= read -r -t 1 -u "$output" line || status=$?
    part="$part$line"
    if [ "$status" -eq 0 ]; then
      printf '%s\n' "$part" >>"$step_log"
      "$parser" "$part"
      part=
    elif [ "$status" -le 128 ]; then
      break
    fi
    if $live && [ "$shown" != "$note $SECONDS" ]; then
      show "$title" $((SECONDS - begin))
      shown="$note $SECONDS"
    elif ! $live && [ $((SECONDS - last_plain)) -ge 10 ]; then
      show "$title" $((SECONDS - begin))
      last_plain=$SECONDS
    fi
  done
  [ -z "$part" ] || printf '%s\n' "$part" >>"$step_log"
  exec {output}<&-
  status=0
  wait "$step_pid" || status=$?
  step_pid=
  clear_line
  if [ "$status" -ne 0 ]; then
    cat -- "$step_log" >&2
    printf '%s: step %d of %d, %s, failed with exit code %d: %s\n' "$0" "$step_number" "$step_count" "${title%%,*}" "$status" "$*" >&2
    printf 'what to do next:\n  mend what its log above says, then go on with  %s\n' "$again" >&2
    rm -f -- "$step_log"
    exit 3
  fi
  rm -f -- "$step_log"
  step_log=
  took "$title" $((SECONDS - begin))
}

# last_step TITLE COMMAND...: a command that shows for itself where it is. Ends the script with its exit code, and with
# the time of all steps.
last_step() {
  local title="$1" begin=$SECONDS status=0
  shift
  step_number=$step_count
  note=
  show "$title" 0
  if $live; then echo >&2; fi
  (trap - INT; exec "$@" </dev/null) &
  step_pid=$!
  # It ends by itself, with its evidence closed; what is sent to us alone is sent on.
  trap : INT
  trap 'kill -TERM "$step_pid" 2>/dev/null || true' TERM HUP
  # A signal ends the waiting, not what is waited for.
  while kill -0 "$step_pid" 2>/dev/null; do wait "$step_pid" || true; done
  wait "$step_pid" || status=$?
  took "$title" $((SECONDS - begin))
  printf 'time: %s\n' "$step_times" >&2
  exit "$status"
}

# Parsers for step: each takes a line of the command and sets $note.

# Packages, as apt-get and dpkg tell of them.
packages=0
done_packages=0
last_action=
of_packages() {
  local word name
  case "$1" in
    *' newly installed, '*)
      read -r word _ name _ <<<"${1#* upgraded, }"
      packages=$((${1%% *} + word)) done_packages=0
      note="$packages packages"
      ;;
    'Need to get '*) note="$packages packages, ${1#Need to get }" ;;
    # Get:12 HOST SUITE/SECTION ARCHITECTURE NAME ARCHITECTURE VERSION [10.7 MB]
    Get:*)
      if [ "$packages" -gt 0 ]; then
        read -r word _ _ _ name _ <<<"$1"
        note="downloading ${word#Get:} of $packages, $name ${1##* [}"
        note="${note%]}"
      else
        note='lists of packages'
      fi
      ;;
    'Unpacking '* | 'Setting up '*)
      read -r word name _ <<<"${1/Setting up/Setting-up}"
      [ "$word" = "$last_action" ] || done_packages=0
      last_action="$word"
      done_packages=$((done_packages + 1))
      note="${1%% (*}, $done_packages of $packages"
      ;;
  esac
}

# Files, as ninja counts them: "[12/227] Compiling ...".
of_files() {
  local numbers
  case "$1" in
    '['[0-9]*/[0-9]*'] '*)
      numbers="${1%%]*}"
      numbers="${numbers#[}"
      note="${numbers%/*} of ${numbers#*/} files"
      ;;
  esac
}

# The last thing that was said.
as_said() { note="$1"; }
