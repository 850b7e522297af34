#!/bin/sh
# Installs manila-guest-agent, which mounts the Manila shares attached to this server. Everything is in this file: it
# downloads nothing. cloud-init may run it once an instance; running it again updates the agent.
#
#   sh install.sh              install, and start the timer
#   sh install.sh --uninstall  remove it; what is mounted stays mounted
#
# PREFIX=/usr/local   the agent is written to $PREFIX/sbin
set -euf

# lines of /etc/manila-guest-agent.conf, which is written only where there is none
CONFIG=''

PREFIX=${PREFIX:-/usr/local}
UNITS=/etc/systemd/system
CONFIG_FILE=/etc/manila-guest-agent.conf

# main is called in the last line, so a download that was cut short does nothing
main() {
  case ${1:-} in
    '') install_agent ;;
    --uninstall) uninstall_agent ;;
    *) say "usage: install.sh [--uninstall]" && exit 64 ;;
  esac
}

say() { printf 'manila-guest-agent: %s\n' "$1" >&2; }

install_agent() {
  [ "$(id -u)" = 0 ] || { say 'must be installed by root' && exit 77; }
  umask 022
  mkdir -p "$PREFIX/sbin"
  agent | write "$PREFIX/sbin/manila-guest-agent" 755
  if [ -n "$CONFIG" ] && ! [ -e "$CONFIG_FILE" ]; then printf '%s\n' "$CONFIG" | write "$CONFIG_FILE" 644; fi
  if ! command -v systemctl >/dev/null 2>&1; then
    say "installed, but there is no systemd: run $PREFIX/sbin/manila-guest-agent --loop --syslog at boot, or without --loop from cron"
    return 0
  fi
  mkdir -p "$UNITS"
  service | sed "s|/usr/local/sbin|$PREFIX/sbin|" | write "$UNITS/manila-guest-agent.service" 644
  timer | write "$UNITS/manila-guest-agent.timer" 644
  # in an image that is being built, systemd does not run: the timer then starts at its first boot
  if ! [ -d /run/systemd/system ]; then
    systemctl enable manila-guest-agent.timer
    return 0
  fi
  systemctl daemon-reload
  systemctl enable manila-guest-agent.timer
  systemctl restart manila-guest-agent.timer
  say 'installed; see: journalctl -u manila-guest-agent'
}

# write FILE MODE: complete or not at all, also while the old agent runs
write() {
  cat >"$1.new"
  chmod "$2" "$1.new"
  mv -f "$1.new" "$1"
}

uninstall_agent() {
  [ "$(id -u)" = 0 ] || { say 'must be removed by root' && exit 77; }
  if command -v systemctl >/dev/null 2>&1; then systemctl disable --now manila-guest-agent.timer || :; fi
  rm -rf "$UNITS/manila-guest-agent.service" "$UNITS/manila-guest-agent.timer" /run/systemd/system/manila-guest-agent.timer.d
  rm -f "$PREFIX/sbin/manila-guest-agent"
  if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
  say "removed; $CONFIG_FILE and what is mounted stay"
}

agent() {
  cat <<'END_OF_AGENT'
#!/bin/sh
# manila-guest-agent keeps the mounts of this guest equal to the Manila shares attached to it.
#
# It reads the list from Nova's metadata service (vendor_data2.json, and the server metadata items "share:<share id>" of
# meta_data.json), mounts what is listed and not mounted, and unmounts what it mounted and is no longer listed. It never
# touches a mount that it did not make, and changes nothing when the list is unknown. guest/README.md describes it.
#
# A POSIX shell script: it runs under dash, bash --posix and busybox ash, and needs awk, curl or wget, timeout and mount.
set -uf
umask 077
LC_ALL=C
export LC_ALL
# the metadata service is link-local: a proxy would not reach it, and would learn the list
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

PROGRAM=manila-guest-agent
VERSION=1
CONFIG=/etc/manila-guest-agent.conf
STATE=/run/manila-guest-agent
SYSTEMD_RUNTIME=/run/systemd/system
# separates the columns of every file the agent writes; no field can hold it, as each is printable ASCII
US=$(printf '\037')

MODE=run
TIMER=
SYSLOG=no
VERBOSE=no

usage() {
  cat <<EOF
Usage: $PROGRAM [option...]
Mounts the Manila shares attached to this server, and unmounts those detached.

  (none)         one run
  --loop         run now and then every refreshSeconds, until TERM; HUP starts a run at once
  --dry-run      print what a run would do, and change nothing
  --status       print the mounts of the agent, and what is wrong
  --timer UNIT   set the interval of this systemd timer to refreshSeconds
  --config FILE  settings, default $CONFIG
  --syslog       log with logger(1) instead of standard error
  --verbose      also log what stays as it is
  --help, --version
EOF
}

# ---------------------------------------------------------------------------------------------------------------- log

# log LEVEL TEXT: 3 error, 4 warning, 5 notice, 6 information
log() {
  if [ "$1" = 6 ] && [ "$VERBOSE" = no ]; then return 0; fi
  if [ "$SYSLOG" = yes ]; then
    case $1 in 3) level=err ;; 4) level=warning ;; 5) level=notice ;; *) level=info ;; esac
    logger -t "$PROGRAM" -p "daemon.$level" -- "$2" && return 0
  fi
  # the journal reads the level from the prefix
  if [ -n "${JOURNAL_STREAM:-}" ]; then printf '<%s>%s\n' "$1" "$2" >&2; else printf '%s: %s\n' "$PROGRAM" "$2" >&2; fi
}

fatal() {
  log 3 "$2"
  exit "$1"
}

# problem KEY TEXT: a warning that may repeat at every run. It is logged at its 1st, 2nd, 4th, 8th, ... and every 64th
# occurrence in a row, and stays in --status until a run without it.
problem() {
  previous_count "$1"
  count=$((count + 1))
  printf '%s\n' "$1$US$count$US$2" >>"$WORK/problems"
  case $count in
    1 | 2 | 4 | 8 | 16 | 32) ;;
    *) if [ $((count % 64)) -ne 0 ] && [ "$MODE" != dry-run ]; then return 0; fi ;;
  esac
  if [ "$count" -eq 1 ]; then log 4 "$2"; else log 4 "$2 (occurrence $count)"; fi
}

# previous_count KEY: how often in a row the problem occurred until the last run, in $count
previous_count() {
  count=0
  [ -f "$STATE/problems" ] || return 0
  while IFS=$US read -r seen_key seen_count _; do
    if [ "$seen_key" = "$1" ]; then count=$seen_count; fi
  done <"$STATE/problems"
}

# ----------------------------------------------------------------------------------------------------------- settings

set_defaults() {
  metadata_url=http://169.254.169.254/openstack/latest
  vendordata_key=shares
  metadata_items=yes
  roots='/mnt /srv /media /data'
  types='nfs nfs4 ceph cifs virtiofs'
  allow_options=
  extra_options=
  non_empty=refuse
  strict_modes=yes
  max_mounts=64
  max_bytes=1048576
  refresh_seconds=60
  connect_timeout=5
  request_timeout=20
  mount_timeout=30
  unmount_timeout=15
  lazy_after=60
  run_timeout=300
}

# Reads the settings: "name = value" lines and # comments, never evaluated by the shell. An error stops the agent, so that
# a mistyped limit is not replaced by a wider default.
load_config() {
  set_defaults
  [ -e "$CONFIG" ] || return 0
  [ -r "$CONFIG" ] || fatal 78 "cannot read $CONFIG"
  number=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line#"${line%%[! 	]*}"}
    line=${line%"${line##*[! 	]}"}
    case $line in
      '' | '#'*) continue ;;
      *[!\ -~]*) fatal 78 "$CONFIG, line $number: characters other than printable ASCII" ;;
      *=*) ;;
      *) fatal 78 "$CONFIG, line $number: expected name = value" ;;
    esac
    name=${line%%=*}
    name=${name%"${name##*[! ]}"}
    value=${line#*=}
    value=${value#"${value%%[! ]*}"}
    set_option "$name" "$value" || fatal 78 "$CONFIG, line $number: invalid setting $name = $value"
  done <"$CONFIG"
}

set_option() {
  case $1 in
    metadata_url) case $2 in http://?* | https://?*) metadata_url=${2%/} ;; *) return 1 ;; esac ;;
    vendordata_key) case $2 in '' | *[!A-Za-z0-9_.-]*) return 1 ;; *) vendordata_key=$2 ;; esac ;;
    metadata_items) is_yes_or_no "$2" && metadata_items=$2 ;;
    strict_modes) is_yes_or_no "$2" && strict_modes=$2 ;;
    non_empty) case $2 in refuse | allow) non_empty=$2 ;; *) return 1 ;; esac ;;
    roots) are_roots "$2" && roots=$2 ;;
    types) are_types "$2" && types=$2 ;;
    allow_options) case $2 in *[!A-Za-z0-9_.=\ -]*) return 1 ;; *) allow_options=$2 ;; esac ;;
    extra_options) case ,$2, in *,suid,* | *,dev,* | *' '*) return 1 ;; *) extra_options=$2 ;; esac ;;
    max_mounts) is_number "$2" && max_mounts=$2 ;;
    max_bytes) is_number "$2" && max_bytes=$2 ;;
    refresh_seconds) is_number "$2" && refresh_seconds=$2 ;;
    connect_timeout) is_number "$2" && connect_timeout=$2 ;;
    request_timeout) is_number "$2" && request_timeout=$2 ;;
    mount_timeout) is_number "$2" && mount_timeout=$2 ;;
    unmount_timeout) is_number "$2" && unmount_timeout=$2 ;;
    run_timeout) is_number "$2" && run_timeout=$2 ;;
    lazy_after) case $2 in 0) lazy_after=0 ;; *) is_number "$2" && lazy_after=$2 ;; esac ;;
    *) return 1 ;;
  esac
}

is_yes_or_no() { case $1 in yes | no) ;; *) return 1 ;; esac; }
# 1 to 9999999, without a leading zero, which the shell would read as octal
is_number() { case $1 in '' | *[!0-9]* | 0* | ????????*) return 1 ;; esac; }

are_roots() {
  [ -n "$1" ] || return 1
  for root in $1; do
    case $root/ in
      //* | */../* | */./* | ?*//*) return 1 ;;
      /*) ;;
      *) return 1 ;;
    esac
  done
}

are_types() {
  [ -n "$1" ] || return 1
  for type in $1; do
    case $type in nfs | nfs4 | ceph | cifs | virtiofs) ;; *) return 1 ;; esac
  done
}

# --------------------------------------------------------------------------------------------------------------- lock

# Two runs must not overlap. The lock file is created with its content by link(2): process id and start time, so that the
# lock of a process that was killed is recognised although its id may be in use again.
acquire_lock() {
  # $$ would be the process of --loop, which outlives a run
  read -r self _ </proc/self/stat || fatal 71 'cannot read /proc'
  start_time "$self"
  lock_content="$self $start"
  printf '%s\n' "$lock_content" >"$STATE/lock.$self"
  attempts=0
  until ln "$STATE/lock.$self" "$STATE/lock" 2>/dev/null; do
    attempts=$((attempts + 1))
    if is_lock_held || [ "$attempts" -gt 5 ]; then
      rm -f "$STATE/lock.$self"
      return 1
    fi
    break_lock
  done
  rm -f "$STATE/lock.$self"
}

is_lock_held() {
  holder=
  read -r holder 2>/dev/null <"$STATE/lock" || return 1
  start_time "${holder%% *}" && [ "$start" = "${holder##* }" ]
}

# Removes the lock of a dead process; puts it back if another run has taken it since it was read.
break_lock() {
  mv "$STATE/lock" "$STATE/lock.stale.$self" 2>/dev/null || return 0
  found=
  read -r found <"$STATE/lock.stale.$self"
  if [ "$found" != "$holder" ]; then ln "$STATE/lock.stale.$self" "$STATE/lock" 2>/dev/null; fi
  rm -f "$STATE/lock.stale.$self"
}

release_lock() {
  found=
  read -r found 2>/dev/null <"$STATE/lock"
  if [ "$found" = "$lock_content" ]; then rm -f "$STATE/lock"; fi
}

# start_time PID: when the process started, in $start (the 22nd field of proc_pid_stat(5); the name may hold spaces)
start_time() {
  start=
  stat=
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  # shellcheck disable=SC2086 # the fields are split on purpose
  set -- ${stat##*) }
  start=${20:-}
}

# -------------------------------------------------------------------------------------------------------------- fetch

# fetch FILE NAME: the document as ASCII text. Fails unless the answer is 200, complete and at most max_bytes long.
# NUL becomes another control character and a non-ASCII byte becomes DEL: neither is accepted later, and awk can read both.
fetch() {
  : >"$1.status"
  {
    if command -v curl >/dev/null 2>&1; then fetch_by_curl "$metadata_url/$2"; else fetch_by_wget "$metadata_url/$2"; fi
    printf '%s\n' "$?" >"$1.status"
  } </dev/null | head -c "$((max_bytes + 1))" | tr '\000\200-\377' '\001\177' >"$1"
  read -r status <"$1.status" || status=
  size=$(($(wc -c <"$1")))
  if [ "$size" -gt "$max_bytes" ]; then
    failure="the answer is longer than $max_bytes bytes"
  elif [ "$status" = 0 ]; then
    return 0
  else
    read -r failure 2>/dev/null <"$1.error" || failure="status ${status:-unknown}"
  fi
  return 1
}

fetch_by_curl() {
  # no --fail: 3xx would pass it; the code stands in the headers
  curl -q -s -S --proto '=http,https' --noproxy '*' --connect-timeout "$connect_timeout" --max-time "$request_timeout" \
    -A "$PROGRAM/$VERSION" -D "$WORK/headers" "$1" 2>"$WORK/${1##*/}.error" || return 1
  code=
  read -r _ code _ <"$WORK/headers"
  [ "$code" = 200 ] && return 0
  printf 'HTTP status %s\n' "$code" >"$WORK/${1##*/}.error"
  return 1
}

fetch_by_wget() {
  # that of busybox knows few options, and crashes on -T in Debian 12: there the total deadline alone applies
  options=
  if wget --version 2>/dev/null | head -n 1 | grep -q GNU; then
    options="--no-config --tries=1 --max-redirect=0 --connect-timeout=$connect_timeout -nv"
  fi
  # shellcheck disable=SC2086 # words without spaces
  timeout -k 2 "$request_timeout" wget $options -U "$PROGRAM/$VERSION" -O - "$1" 2>"$WORK/${1##*/}.error"
}

# --------------------------------------------------------------------------------------------------------------- JSON

# Reads the one JSON document on standard input and prints, in columns, what the agent needs of it. The first row says
# whether the list is known:
#   known | empty | missing | version <found> | bad <why>
# then for vendordata (MODE=vendordata, TARGET is the key): refresh <seconds>, and one "line <text>" for each fstab line;
# for meta_data.json (MODE=metadata): one "item <key> <value>" for each string of .meta whose key begins with "share:".
#
# Records are split at quotation marks, so text inside a string never looks like structure, and the cost is linear.
# In the text that is printed a newline is a newline in fstab only; every other character outside printable ASCII is DEL.
# shellcheck disable=SC2016 # what looks like an expansion is awk
AWK_JSON='
BEGIN {
  RS = "\""; US = "\037"
  mode = ENVIRON["MODE"]; target = ENVIRON["TARGET"]
  depth = 0; want = "value"; literal = ""; in_string = 0; bad = ""
}

NR == 1 { outside($0); next }
# a quotation mark came before this record
!in_string { begin_string(); inside($0); next }
escaped { if (collects) text = text "\""; inside($0); next }
{ end_string(); outside($0) }

END {
  if (bad == "" && in_string) bad = "unterminated string"
  if (bad == "" && (want != "done" || depth != 0)) bad = "unexpected end"
  if (bad != "") print "bad" US bad
  else if (mode == "metadata") print_metadata()
  else print_vendordata()
}

function fail(why) { if (bad == "") bad = why; exit }

function outside(s,    i, j, part, c) {
  for (i = 1; i <= length(s); i += 256) {
    part = substr(s, i, 256)
    for (j = 1; j <= length(part); j++) {
      c = substr(part, j, 1)
      if (c == " " || c == "\n" || c == "\t" || c == "\r") end_literal()
      else if (index("{}[]:,", c)) { end_literal(); structure(c) }
      else if (length(literal) > 64) fail("unexpected text")
      else literal = literal c
    }
  }
  end_literal()
}

function structure(c) {
  if (c == "{" || c == "[") {
    if (want != "value" && want != "value or end") fail("unexpected " c)
    open_value(c)
    if (++depth > 64) fail("too deep")
    type[depth] = c; key[depth] = ""
    want = c == "{" ? "key or end" : "value or end"
  } else if (c == "}" || c == "]") {
    if (depth == 0 || type[depth] != (c == "}" ? "{" : "[")) fail("unexpected " c)
    if (want != "next" && want != (c == "}" ? "key or end" : "value or end")) fail("unexpected " c)
    depth--
    after_value()
  } else if (c == ":") {
    if (want != "colon") fail("unexpected :")
    want = "value"
  } else {
    if (want != "next") fail("unexpected ,")
    want = type[depth] == "{" ? "key" : "value"
  }
}

function after_value() { want = depth == 0 ? "done" : "next" }

function end_literal() {
  if (literal == "") return
  if (want != "value" && want != "value or end") fail("unexpected text")
  if (literal !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) fail("unexpected text")
  take_value("literal", literal)
  literal = ""
  after_value()
}

# only keys and the values that are printed are collected
function begin_string() {
  in_string = 1; escaped = 0; text = ""
  is_key = want == "key" || want == "key or end"
  if (!is_key && want != "value" && want != "value or end") fail("unexpected string")
  collects = is_key || is_wanted()
}

function inside(s,    n) {
  if (s ~ /[\001-\037]/) fail("control character in a string")
  escaped = match(s, /\\+$/) && RLENGTH % 2 == 1
  if (!collects) return
  text = text s
  if (length(text) > 65536) {
    if (!is_key) fail("a string is too long")
    collects = 0
    text = "\177"
  }
}

function end_string() {
  in_string = 0
  text = decode(text)
  if (is_key) { key[depth] = text; want = "colon" }
  else { take_value("string", text); after_value() }
}

function is_wanted() {
  if (mode == "metadata") return (depth == 1 && key[1] == "uuid") || is_item()
  return is_target_member()
}
function is_item() { return depth == 2 && key[1] == "meta" && type[2] == "{" && index(key[2], "share:") == 1 }
function is_target_member() { return depth == 2 && type[1] == "{" && key[1] == target && type[2] == "{" }

function open_value(c) {
  if (depth == 0 && c != "{") fail("not an object")
  if (depth == 1 && key[1] == (mode == "metadata" ? "meta" : target)) {
    once("the object")
    is_object = (c == "{")
  }
  if (mode != "metadata" && is_target_member()) take_value("structure", "")
}

function once(name) { if (name in taken) fail(name " appears twice"); taken[name] = 1 }

function take_value(kind, value) {
  if (depth == 0) fail("not an object")
  if (mode == "metadata") {
    if (depth == 1 && key[1] == "uuid" && kind == "string") once("uuid")
    else if (depth == 1 && key[1] == "meta") fail("meta is not an object")
    else if (is_item() && kind == "string") {
      once(key[2])
      items[++item_count] = printable(key[2]) US printable(value)
    }
    return
  }
  if (depth == 1 && key[1] == target) { once("the object"); return }
  if (!is_target_member()) return
  once("member " key[2])
  members++
  if (key[2] == "version") version = kind == "literal" ? value : "not a number"
  if (key[2] == "refreshSeconds" && kind == "literal" && value ~ /^[0-9]+$/ && length(value) < 7) refresh = value
  if (key[2] == "fstab" && kind == "string") { has_fstab = 1; fstab = value }
}

function printable(s) { gsub(/[^ -~]/, "\177", s); return s }

function print_vendordata(    n, i, lines) {
  if (!("the object" in taken)) { print "missing"; return }
  if (!is_object) { print "bad" US "not an object"; return }
  if (!members) { print "empty"; return }
  if (version != "1") { print "version" US printable(version == "" ? "none" : version); return }
  if (!has_fstab) { print "bad" US "no fstab"; return }
  print "known"
  if (refresh != "") print "refresh" US refresh
  n = split(fstab, lines, "\n")
  for (i = 1; i <= n; i++) if (lines[i] !~ /^ *$/) print "line" US lines[i]
}

function print_metadata(    i) {
  if (!("uuid" in taken)) { print "bad" US "no uuid"; return }
  print "known"
  for (i = 1; i <= item_count; i++) print "item" US items[i]
}

function decode(s,    i, c, out, code) {
  out = ""
  while ((i = index(s, "\\")) > 0) {
    out = out substr(s, 1, i - 1)
    c = substr(s, i + 1, 1)
    if (c == "u") {
      code = hex(substr(s, i + 2, 4))
      if (code == 10) out = out "\n"
      else if (code >= 32 && code < 127) out = out sprintf("%c", code)
      else out = out "\177"
      s = substr(s, i + 6)
    } else {
      if (c == "n") out = out "\n"
      else if (c == "\"" || c == "\\" || c == "/") out = out c
      else if (c != "" && index("bfrt", c)) out = out "\177"
      else fail("unknown escape")
      s = substr(s, i + 2)
    }
  }
  return out s
}

function hex(s,    i, n, digit) {
  if (length(s) != 4) fail("unknown escape")
  n = 0
  for (i = 1; i <= 4; i++) {
    digit = index("0123456789abcdef", tolower(substr(s, i, 1)))
    if (digit == 0) fail("unknown escape")
    n = n * 16 + digit - 1
  }
  return n
}
'

# --------------------------------------------------------------------------------------------------------------- plan

# Reads mountinfo and the records of the agent; used by every program below.
AWK_MOUNTS='
# Octal escapes of mountinfo. A control character stays as it is written: no mount point of the agent can hold one.
function unescape(s,    i, out, code) {
  out = ""
  while ((i = index(s, "\\")) > 0) {
    out = out substr(s, 1, i - 1)
    code = substr(s, i + 1, 3)
    if (code == "040") out = out " "
    else if (code == "043") out = out "#"
    else if (code == "134") out = out "\\"
    else out = out "\\" code
    s = substr(s, i + 4)
  }
  return out s
}

# By mount id: at, dev, fstype, device of each mount. By mount point: top, the id of the one that is visible.
function read_mountinfo(    line, f, n, i) {
  while ((getline line < "/proc/self/mountinfo") > 0) {
    n = split(line, f, " ")
    for (i = 7; i < n && f[i] != "-"; i++) continue
    info_at[f[1]] = unescape(f[5]); info_dev[f[1]] = f[3]
    info_type[f[1]] = unescape(f[i + 1]); info_device[f[1]] = unescape(f[i + 2])
    top[unescape(f[5])] = f[1]
    info_ids[++info_count] = f[1]
  }
  close("/proc/self/mountinfo")
}

# The records: one for each mount point that the agent mounted, or was about to mount when it was interrupted.
function read_state(    line, f, m) {
  while ((getline line < ENVIRON["RECORDS"]) > 0) {
    if (split(line, f, US) != 12) continue
    m = f[1]
    recorded[++recorded_count] = m
    is_recorded[m] = 1
    s_source[m] = f[2]; s_type[m] = f[3]; s_options[m] = f[4]; s_origins[m] = f[5]; s_status[m] = f[6]
    s_id[m] = f[7]; s_dev[m] = f[8]; s_fstype[m] = f[9]; s_device[m] = f[10]; s_made[m] = f[11]; s_busy[m] = f[12]
  }
}

# The mount that the agent made is still there: mount ids are used again, so everything seen then must be the same now.
function is_ours(m,    id) {
  id = s_id[m]
  return s_status[m] == "mounted" && (id in info_at) && info_at[id] == m && info_dev[id] == s_dev[m] && \
    info_type[id] == s_fstype[m] && info_device[id] == s_device[m]
}

function is_below(path, ancestor) { return path != ancestor && index(path, ancestor "/") == 1 }

# ascending: an ancestor comes before what is below it
function sort(list, n,    i, j, value) {
  for (i = 2; i <= n; i++) {
    value = list[i]
    for (j = i - 1; j >= 1 && (list[j] "") > (value ""); j--) list[j + 1] = list[j]
    list[j + 1] = value
  }
}
'

# Compares what is listed with what is mounted, and prints what to do, in order:
#   problem <key> <text>             something is refused
#   note <text>                      for --verbose
#   refused <key>                    an earlier problem that this run cannot judge, because the list is unknown
#   keep <record>                    the records from now on; one that is not kept goes
#   unmount <mount point>
#   mount <mount point> <type> <source> <options> <origins> <parent>
# It changes nothing itself and looks at no directory: a file server that hangs must not hang it.
AWK_PLAN='
BEGIN {
  US = "\037"
  known["v"] = ENVIRON["VENDORDATA_KNOWN"] == "yes"
  known["m"] = ENVIRON["METADATA_KNOWN"] == "yes"
  ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
  define_options()
  read_roots()
  read_mountinfo()
  read_state()
  read_problems()
  read_lists()
  decide()
  print_plan()
}

function define_options() {
  # a name that ends in = takes a value
  allowed["*"] = "rw ro nosuid nodev noexec noatime nodiratime relatime sync _netdev"
  allowed["nfs"] = "vers= nfsvers= minorversion= proto= port= mountport= mountproto= mountvers= hard soft softreval " \
    "softerr timeo= retrans= retry= rsize= wsize= ac noac actimeo= acregmin= acregmax= acdirmin= acdirmax= cto nocto " \
    "lock nolock local_lock= lookupcache= sec= xprtsec= nconnect= max_connect= resvport noresvport rdirplus " \
    "nordirplus sharecache nosharecache acl noacl fsc"
  allowed["nfs4"] = allowed["nfs"]
  allowed["ceph"] = "name= secret= secretfile= fs= mds_namespace= fsid= mon_addr= ms_mode= recover_session= rsize= " \
    "wsize= rasize= readdir_max_bytes= readdir_max_entries= caps_max= dcache nodcache rbytes norbytes dirstat " \
    "nodirstat wsync nowsync copyfrom nocopyfrom noshare crush_location= read_from_replica="
  allowed["cifs"] = "username= domain= credentials= vers= sec= seal port= uid= gid= file_mode= dir_mode= cache= " \
    "actimeo= iocharset= nobrl mfsymlinks serverino noserverino perm noperm hard soft rsize= wsize= echo_interval= " \
    "resilienthandles persistenthandles guest"
  allowed["virtiofs"] = "dax dax="
}

function is_allowed(type, name) {
  return index(" " allowed["*"] " " allowed[type] " " ENVIRON["ALLOW_OPTIONS"] " ", " " name " ") > 0
}

# ROOTS: one "root US resolved root" a line
function read_roots(    lines, n, i, f) {
  n = split(ENVIRON["ROOTS"], lines, "\n")
  for (i = 1; i <= n; i++) if (split(lines[i], f, US) == 2) { root[++root_count] = f[1]; resolved[root_count] = f[2] }
}

function read_problems(    line, f) {
  while ((getline line < ENVIRON["PROBLEMS"]) > 0) if (split(line, f, US) == 3) { occurred[f[1]] = f[2]; keys[++key_count] = f[1] }
}

function read_lists(    line, f) {
  if (known["v"]) while ((getline line < ENVIRON["VENDORDATA_LIST"]) > 0)
    if (split(line, f, US) == 2 && f[1] == "line") add_fstab_line(f[2])
  if (known["m"]) while ((getline line < ENVIRON["METADATA_LIST"]) > 0)
    if (split(line, f, US) == 3 && f[1] == "item") add_item(f[2], f[3])
}

function shown(text) {
  gsub(/[^ -~]/, "?", text)
  gsub(/secret=[^, ]*/, "secret=***", text)
  return length(text) > 200 ? substr(text, 1, 200) "..." : text
}

function refuse(origin, text, why) {
  print "problem" US "refused:" origin ":" shown(text) US "refused: " why ": " shown(text)
}

function add_fstab_line(text,    f, n) {
  if (!is_line(text)) { refuse("v", text, line_error); return }
  if (text ~ /^ *#/) return
  n = split(text, f, " ")
  if (n < 3 || n > 6) refuse("v", text, "expected source, mount point, type and options")
  else add("v", text, f[3], f[1], f[2], n > 3 ? f[4] : "")
}

# share:<share id> = <type> <rw or ro> <source> <mount point> [<options>]
function add_item(key, text,    f, n) {
  if (!is_line(text)) { refuse("m", key " " text, line_error); return }
  n = split(text, f, " ")
  if (!has_only(substr(key, 7), ALNUM "-") || length(key) > 70) refuse("m", key, "not a share id")
  else if (n < 4 || n > 5 || (f[2] != "rw" && f[2] != "ro")) refuse("m", text, "expected type, rw or ro, source, mount point")
  else add("m", text, f[1], f[3], f[4], f[2] ",_netdev" (n == 5 ? "," f[5] : ""))
}

function is_line(text) {
  line_error = ""
  if (text ~ /[^ -~]/) line_error = "characters other than printable ASCII"
  else if (length(text) > 1024) line_error = "longer than 1024 characters"
  return line_error == ""
}

function add(origin, text, type, source, mount_point, options,    why) {
  why = check(type, source, mount_point, options)
  if (why != "") { refuse(origin, text, why); return }
  # check() left the values to use in these
  if (target in w_source) { add_again(origin, text, type); return }
  if (wanted_count >= ENVIRON["MAX_MOUNTS"] + 0) {
    if (!too_many++) print "problem" US "too-many" US "more than " ENVIRON["MAX_MOUNTS"] " mounts are listed: the rest is ignored (max_mounts)"
    return
  }
  wanted[++wanted_count] = target
  w_source[target] = device; w_type[target] = type; w_options[target] = normalised; w_origins[target] = origin
}

# The first line wins; vendordata is read first. The same share in both lists is the normal case.
function add_again(origin, text, type) {
  if (w_source[target] != device || w_type[target] != type || w_origins[target] == origin)
    refuse(origin, text, "an earlier line has the same mount point")
  else if (!index(w_origins[target], origin)) w_origins[target] = w_origins[target] origin
}

# Why a line is refused, or the empty string, with target, device and normalised set.
function check(type, source, mount_point, options,    why) {
  if (index(" " ENVIRON["TYPES"] " ", " " type " ") == 0) return "type " type " is not allowed"
  device = decode(source)
  if (device == "" ) return "unknown escape in the source"
  target = decode(mount_point)
  if (target == "") return "unknown escape in the mount point"
  why = check_mount_point()
  if (why == "") why = check_source(type)
  if (why == "") why = check_options(type, options)
  return why
}

# a space is \040 and a number sign \043, as in fstab(5)
function decode(s) {
  gsub(/\\040/, " ", s)
  gsub(/\\043/, "#", s)
  return index(s, "\\") ? "" : s
}

function check_mount_point(    i) {
  if (length(target) > 512) return "the mount point is longer than 512 characters"
  if (has_dots(target)) return "the mount point holds an empty, . or .. component"
  sub(/\/$/, "", target)
  for (i = 1; i <= root_count; i++)
    if (is_below(target, root[i])) {
      target = resolved[i] substr(target, length(root[i]) + 1)
      return ""
    }
  return "the mount point is not below " ENVIRON["ROOT_NAMES"]
}

function has_dots(path) {
  sub(/\/$/, "", path)
  path = path "/"
  return index(path, "/./") || index(path, "/../") || index(path, "//")
}

function has_only(s, characters,    i) {
  for (i = 1; i <= length(s); i++) if (!index(characters, substr(s, i, 1))) return 0
  return s != ""
}

function is_host(s) {
  if (s ~ /^\[.*\]$/) return has_only(substr(s, 2, length(s) - 2), ALNUM ":.%-")
  return has_only(substr(s, 1, 1), ALNUM) && has_only(s, ALNUM ".-_")
}

function check_source(type,    i, left) {
  if (length(device) > 512) return "the source is longer than 512 characters"
  i = index(device, "/")
  left = substr(device, 1, i - 1)
  if (type == "virtiofs")
    return has_only(substr(device, 1, 1), ALNUM) && has_only(device, ALNUM "._:-") ? "" : "not a virtiofs tag"
  if (type == "cifs") {
    left = substr(device, 3)
    i = index(left, "/")
    if (substr(device, 1, 2) != "//" || i < 2 || i == length(left) || !is_host(substr(left, 1, i - 1)) || has_dots(left))
      return "the source is not //host/share"
    return ""
  }
  if (i < 3) return "the source is not host:/path"
  if (has_dots(substr(device, i))) return "the source holds an empty, . or .. component"
  if (type == "ceph") {
    if (left !~ /[:=]$/ || !(has_only(substr(left, 1, 1), ALNUM) || substr(left, 1, 1) == "[") || !has_only(left, ALNUM "._-:,@=[]"))
      return "the source is not monitors:/path or name@fsid.fs=/path"
    return ""
  }
  if (left !~ /:$/ || !is_host(substr(left, 1, length(left) - 1))) return "the source is not host:/path"
  return ""
}

function check_options(type, options,    list, n, i, name, value, equal, seen, ceph_name) {
  normalised = ""
  n = split(options, list, ",")
  for (i = 1; i <= n; i++) {
    if (list[i] in seen || list[i] == "nosuid" || list[i] == "nodev" || (list[i] == "" && n > 1) || list[i] == "defaults") continue
    seen[list[i]] = 1
    equal = index(list[i], "=")
    name = equal ? substr(list[i], 1, equal) : list[i]
    value = equal ? substr(list[i], equal + 1) : ""
    if (!is_allowed(type, name)) return "option " name " is not allowed"
    if (equal && !has_only(value, ALNUM "._:/@%+=-")) return "invalid value of option " name
    if (name == "secretfile=" && !is_file_in(value, "/etc/ceph/", ".secret"))
      return "secretfile is not /etc/ceph/<name>.secret"
    if (name == "credentials=" && !is_file_in(value, "/etc/cifs/", ".credentials"))
      return "credentials is not /etc/cifs/<name>.credentials"
    if (name == "name=") {
      if (!has_only(value, ALNUM "._-") || substr(value, 1, 1) == ".") return "invalid value of option name="
      ceph_name = value
    }
    normalised = normalised list[i] ","
  }
  if (type == "ceph" && ceph_name != "" && index("," normalised, ",secret") == 0)
    normalised = normalised "secretfile=/etc/ceph/" ceph_name ".secret,"
  normalised = normalised "nosuid,nodev" (ENVIRON["EXTRA_OPTIONS"] == "" ? "" : "," ENVIRON["EXTRA_OPTIONS"])
  return ""
}

function is_file_in(path, directory, suffix,    name) {
  if (index(path, directory) != 1) return 0
  name = substr(path, length(directory) + 1)
  return length(name) > length(suffix) && substr(name, length(name) - length(suffix) + 1) == suffix && \
    has_only(name, ALNUM "._-") && substr(name, 1, 1) != "."
}

function decide(    i, m) {
  for (i = 1; i <= recorded_count; i++) decide_record(recorded[i])
  sort(recorded, recorded_count)
  sort(wanted, wanted_count)
  # what is below a mount that goes must go first, and comes back after it
  for (i = 1; i <= recorded_count; i++) {
    m = recorded[i]
    if (todo[m] == "keep" && (m in w_source) && has_unmounted_ancestor(m)) todo[m] = "move"
  }
  for (i = 1; i <= wanted_count; i++) decide_wanted(wanted[i])
}

function decide_record(m,    origins, is_mounted) {
  if (s_status[m] == "pending" && (m in top) && info_device[top[m]] == s_source[m]) adopt(m)
  is_mounted = is_ours(m)
  origins = origins_now(m)
  if (!is_mounted) {
    # the record of an interrupted mount stays for the next attempt
    todo[m] = s_status[m] == "pending" && (m in w_source) ? "retry" : "drop"
    if (s_status[m] != "pending") print "note" US m " is no longer mounted"
    return
  }
  if (!(m in w_source)) todo[m] = origins == "" ? "unmount" : "keep"
  else if (s_source[m] == w_source[m] && s_type[m] == w_type[m] && s_options[m] == w_options[m]) todo[m] = "keep"
  # an item of the server metadata does not replace what vendordata listed when that is unknown now
  else if (index(s_origins[m], "v") && !known["v"]) todo[m] = "keep"
  else todo[m] = "move"
  if (todo[m] == "keep") s_origins[m] = origins
  else if (top[m] != s_id[m]) {
    todo[m] = "keep"
    print "problem" US "unmount:" m US "cannot unmount " m ": something else is mounted over it"
  }
}

# An interrupted run left this record before it called mount(8); nothing was mounted there then.
function adopt(m,    id) {
  id = top[m]
  s_status[m] = "mounted"; s_id[m] = id; s_dev[m] = info_dev[id]; s_fstype[m] = info_type[id]; s_device[m] = info_device[id]
}

# The lists that have the mount: a list that is unknown has what it had.
function origins_now(m,    list, i, o, now) {
  now = ""
  split("v m", list, " ")
  for (i = 1; i <= 2; i++) {
    o = list[i]
    if (known[o] ? ((m in w_source) && index(w_origins[m], o)) : index(s_origins[m], o)) now = now o
  }
  return now
}

function has_unmounted_ancestor(m,    i) {
  for (i = 1; i <= recorded_count; i++)
    if (is_below(m, recorded[i]) && (todo[recorded[i]] == "unmount" || todo[recorded[i]] == "move")) return 1
  return 0
}

function decide_wanted(m) {
  if (todo[m] == "keep") { print "note" US m " stays mounted"; return }
  if (todo[m] == "move" || !(m in top)) { mounts[++mount_count] = m; return }
  if (info_device[top[m]] == w_source[m]) print "note" US m " is mounted already, and not by this agent: left alone"
  else print "problem" US "foreign:" m US m " is not mounted: something else is mounted there"
}

function nearest_wanted_ancestor(m,    i, nearest) {
  nearest = ""
  for (i = 1; i <= wanted_count; i++) if (is_below(m, wanted[i])) nearest = wanted[i]
  return nearest
}

# what failed at the last run is tried after what did not, so that it cannot use up the time of a run
function has_failed(m,    i) {
  if (occurred["mount:" m]) return 1
  for (i = 1; i <= wanted_count; i++) if (is_below(m, wanted[i]) && occurred["mount:" wanted[i]]) return 1
  return 0
}

function record(m) {
  return m US s_source[m] US s_type[m] US s_options[m] US s_origins[m] US s_status[m] US s_id[m] US s_dev[m] US \
    s_fstype[m] US s_device[m] US s_made[m] US s_busy[m]
}

function print_plan(    i, m, late) {
  for (i = 1; i <= key_count; i++)
    if ((index(keys[i], "refused:v") == 1 && !known["v"]) || (index(keys[i], "refused:m") == 1 && !known["m"])) print "refused" US keys[i]
  for (i = 1; i <= recorded_count; i++) {
    m = recorded[i]
    if (todo[m] == "keep") s_busy[m] = ""
    if (todo[m] != "drop") print "keep" US record(m)
  }
  for (i = recorded_count; i >= 1; i--) if (todo[recorded[i]] == "unmount" || todo[recorded[i]] == "move") print "unmount" US recorded[i]
  for (late = 0; late <= 1; late++)
    for (i = 1; i <= mount_count; i++) {
      m = mounts[i]
      if (has_failed(m) == late)
        print "mount" US m US w_type[m] US w_source[m] US w_options[m] US w_origins[m] US nearest_wanted_ancestor(m)
    }
}
'

# ----------------------------------------------------------------------------------------------------- mounts, records

# observe MOUNT_POINT: what is mounted there, in $id $dev $fstype $device; fails when nothing is
observe() {
  seen=$(WHERE=$1 awk "$AWK_MOUNTS"'
    BEGIN {
      US = "\037"; read_mountinfo(); m = ENVIRON["WHERE"]
      if (m in top) print top[m] US info_dev[top[m]] US info_type[top[m]] US info_device[top[m]]
    }')
  [ -n "$seen" ] || return 1
  IFS=$US read -r id dev fstype device <<EOF
$seen
EOF
}

# mounts_below MOUNT_POINT: the mount points below it, one a line
mounts_below() {
  WHERE=$1 awk "$AWK_MOUNTS"'
    BEGIN { US = "\037"; read_mountinfo(); for (m in top) if (is_below(m, ENVIRON["WHERE"])) print m }'
}

# is_inside_share MOUNT_POINT: inside a share that the agent mounted
is_inside_share() {
  WHERE=$1 RECORDS=$STATE/mounts awk "$AWK_MOUNTS"'
    BEGIN {
      US = "\037"; m = ENVIRON["WHERE"]; found = 1
      read_mountinfo(); read_state()
      for (i = 1; i <= recorded_count; i++)
        if (is_ours(recorded[i]) && (m == recorded[i] || is_below(m, recorded[i]))) found = 0
      exit found
    }'
}

# read_record MOUNT_POINT: the record, in $r_*
read_record() {
  r_source='' r_type='' r_options='' r_origins='' r_status='' r_id='' r_dev='' r_fstype='' r_device='' r_made='' r_busy=''
  [ -f "$STATE/mounts" ] || return 1
  while IFS=$US read -r r_at r_source r_type r_options r_origins r_status r_id r_dev r_fstype r_device r_made r_busy; do
    if [ "$r_at" = "$1" ]; then return 0; fi
  done <"$STATE/mounts"
  return 1
}

# put_record MOUNT_POINT [RECORD]: replaces the record, or removes it; readers see the old file or the new one
put_record() {
  {
    if [ -f "$STATE/mounts" ]; then
      WHERE=$1 awk -F "$US" '$1 "" != ENVIRON["WHERE"] ""' "$STATE/mounts"
    fi
    if [ -n "${2:-}" ]; then printf '%s\n' "$2"; fi
  } >"$WORK/mounts.new" && mv -f "$WORK/mounts.new" "$STATE/mounts"
}

# seconds since boot, in $now: the clock of the day may jump
uptime_seconds() {
  read -r now _ </proc/uptime
  now=${now%%.*}
}

# run_with_deadline SECONDS COMMAND...: output in $WORK/output, its last line in $message; returns 124 after the deadline
run_with_deadline() {
  seconds=$1
  shift
  result=0
  timeout -k 2 "$seconds" "$@" >"$WORK/output" 2>&1 </dev/null 3<&- || result=$?
  message=$(awk 'NF { gsub(/[^ -~]/, "?"); last = $0 } END { print substr(last, 1, 300) }' "$WORK/output")
  # GNU timeout returns 124, or 137 after KILL; that of busybox 143
  case $result in
    124 | 137 | 143)
      message="no result after $seconds s"
      result=124
      ;;
  esac
  return "$result"
}

# ------------------------------------------------------------------------------------------------------------ unmount

# unmount MOUNT_POINT: an ordinary unmount; when the mount stays busy for lazy_after seconds, a lazy one, after which
# processes that hold files keep them until they close them.
unmount() {
  read_record "$1" || return 0
  if run_with_deadline "$unmount_timeout" umount -- "$1" && forget_unmounted "$1"; then
    log 5 "unmounted $1"
    return 0
  fi
  why=$message
  uptime_seconds
  since=${r_busy:-$now}
  if [ $((now - since)) -lt "$lazy_after" ]; then
    mark_busy "$1" "$since"
    problem "unmount:$1" "cannot unmount $1 yet: ${why:-still mounted}"
    return 1
  fi
  if has_other_mounts_below "$1"; then
    mark_busy "$1" "$since"
    problem "unmount:$1" "cannot unmount $1: $other is mounted below it, and not by this agent"
    return 1
  fi
  if run_with_deadline "$unmount_timeout" umount -l -- "$1" && forget_unmounted "$1"; then
    log 4 "unmounted $1 lazily: it was busy ($why)"
    return 0
  fi
  mark_busy "$1" "$since"
  problem "unmount:$1" "cannot unmount $1: $message"
  return 1
}

mark_busy() {
  read_record "$1"
  put_record "$1" "$1$US$r_source$US$r_type$US$r_options$US$r_origins$US$r_status$US$r_id$US$r_dev$US$r_fstype$US$r_device$US$r_made$US$2"
}

# Removes the record when the mount is gone, and the directory when the agent made it.
forget_unmounted() {
  if RECORDS=$STATE/mounts WHERE=$1 awk "$AWK_MOUNTS"'
    BEGIN { US = "\037"; read_mountinfo(); read_state(); exit !is_ours(ENVIRON["WHERE"]) }'; then return 1; fi
  put_record "$1"
  if [ "$r_made" = yes ] && ! observe "$1"; then run_with_deadline 5 rmdir -- "$1"; fi
  return 0
}

# A lazy unmount takes everything below with it, so all of it must be on its way out as well.
has_other_mounts_below() {
  mounts_below "$1" >"$WORK/below"
  while IFS= read -r other; do
    grep -q -x -F -e "unmount$US$other" "$WORK/plan" || return 0
  done <"$WORK/below"
  return 1
}

# -------------------------------------------------------------------------------------------------------------- mount

# mount_share MOUNT_POINT TYPE SOURCE OPTIONS ORIGINS PARENT
mount_share() {
  uptime_seconds
  if [ $((now - run_started)) -ge "$run_timeout" ]; then
    problem "time" "the run took longer than $run_timeout s: the rest is mounted at the next one"
    return 1
  fi
  if [ -n "$6" ] && ! observe "$6" && [ "$MODE" != dry-run ]; then
    problem "parent:$1" "$1 waits for $6, which is not mounted"
    return 1
  fi
  # the unmount of the old source has not worked yet, and has been logged
  if [ "$MODE" = dry-run ] && is_to_be_unmounted "$1"; then
    print_mount "$@"
    return 0
  fi
  if observe "$1"; then return 1; fi
  if ! check_target "$1" || ! check_secret "$4"; then
    problem "target:$1" "$1 is not mounted: $reason"
    return 1
  fi
  if [ "$MODE" = dry-run ]; then
    print_mount "$@"
    return 0
  fi
  if ! make_directory "$1"; then
    problem "target:$1" "$1 is not mounted: $reason"
    return 1
  fi
  call_mount "$@"
}

is_to_be_unmounted() { grep -q -x -F -e "unmount$US$1" "$WORK/plan"; }

call_mount() {
  if read_record "$1" && [ "$r_made" = yes ]; then made=yes; fi
  # written first: when this run is interrupted, the next one knows that the mount is its own
  put_record "$1" "$1$US$3$US$2$US$4$US$5${US}pending$US$US$US$US$US$made$US"
  mount_options "$4" "$1"
  result=0
  run_with_deadline "$mount_timeout" mount -t "$2" -o "$options" -- "$3" "$1" || result=$?
  if observe "$1"; then
    put_record "$1" "$1$US$3$US$2$US$4$US$5${US}mounted$US$id$US$dev$US$fstype$US$device$US$made$US"
    previous_count "mount:$1"
    if [ "$count" -gt 0 ]; then after=" after $count failed attempts"; else after=; fi
    log 5 "mounted $3 on $1$after"
    return 0
  fi
  if [ "$result" -eq 0 ]; then
    message='mount(8) succeeded, but nothing is mounted there'
    undo_misplaced "$3" "$1"
  fi
  # after the deadline the kernel may still mount it; the record then stays, for the next run
  if [ "$result" -ne 124 ]; then
    put_record "$1"
    if [ "$made" = yes ]; then rmdir -- "$1" 2>/dev/null; fi
  fi
  explain "$2"
  problem "mount:$1" "cannot mount $3 on $1: ${message:-mount(8) failed with status $result}$hint"
  return 1
}

# A symbolic link that another user put in the path after it was checked: the mount landed elsewhere, and goes at once.
undo_misplaced() {
  astray=$(SOURCE=$1 BEFORE="$WORK/before" awk "$AWK_MOUNTS"'
    BEGIN {
      while ((getline id < ENVIRON["BEFORE"]) > 0) known[id] = 1
      read_mountinfo()
      for (id in info_at) if (!(id in known) && info_device[id] == ENVIRON["SOURCE"]) print info_at[id]
    }' | head -n 1)
  [ -n "$astray" ] || return 0
  run_with_deadline "$unmount_timeout" umount -l -- "$astray"
  message="the path changed while it was mounted; unmounted $astray again"
}

# A CephX key in the options goes to mount(8) by a file: the command line is visible to every user.
mount_options() {
  options=$1
  case ,$options in
    *,secret=*) ;;
    *) return 0 ;;
  esac
  secret=${options#*secret=}
  secret=${secret%%,*}
  printf '%s' "$secret" >"$WORK/secret"
  options=$(OPTIONS=$options FILE="$WORK/secret" awk 'BEGIN {
    n = split(ENVIRON["OPTIONS"], list, ","); out = ""
    for (i = 1; i <= n; i++) out = out (i > 1 ? "," : "") (index(list[i], "secret=") == 1 ? "secretfile=" ENVIRON["FILE"] : list[i])
    print out
  }')
}

print_mount() {
  printf 'mount %s on %s (%s, %s)\n' "$3" "$1" "$2" "$(printf '%s\n' "$4" | sed 's/secret=[^,]*/secret=***/g')"
}

explain() {
  hint=
  case $1 in
    nfs | nfs4) command -v mount.nfs >/dev/null 2>&1 || hint=' (install nfs-common or nfs-utils)' ;;
    ceph) command -v mount.ceph >/dev/null 2>&1 || hint=' (install ceph-common)' ;;
    cifs) command -v mount.cifs >/dev/null 2>&1 || hint=' (install cifs-utils)' ;;
  esac
}

# check_secret OPTIONS: the file that holds the key is there; else what to do, in $reason
check_secret() {
  secret_file=
  case ,$1 in
    *,secretfile=*) secret_file=${1#*secretfile=} ;;
    *,credentials=*) secret_file=${1#*credentials=} ;;
    *) return 0 ;;
  esac
  secret_file=${secret_file%%,*}
  [ -s "$secret_file" ] && return 0
  case $secret_file in
    /etc/ceph/*)
      name=${secret_file#/etc/ceph/}
      reason="write the CephX key of \"${name%.secret}\" to $secret_file (mode 0600): openstack share access list -c \"Access To\" -c \"Access Key\" <share> shows it"
      ;;
    *) reason="write username= and password= lines to $secret_file (mode 0600)" ;;
  esac
  return 1
}

# check_target MOUNT_POINT: whether it may be mounted there; else why not, in $reason. Every component is examined with
# one ls, under a deadline, as it may lie on a file server that hangs.
check_target() {
  reason=
  hidden=$(mounts_below "$1" | head -n 1)
  if [ -n "$hidden" ] && ! { [ "$MODE" = dry-run ] && is_to_be_unmounted "$hidden"; }; then
    reason="it would hide the mount on $hidden"
    return 1
  fi
  list_components "$1" || return 1
  number=0
  while read -r permissions _ owner _; do
    number=$((number + 1))
    component=$(awk -v number="$number" 'NR == number' "$WORK/components")
    case $permissions in
      d*) ;;
      l*) reason="$component is a symbolic link" && return 1 ;;
      *) reason="$component is not a directory" && return 1 ;;
    esac
    if [ "$component" = "$1" ]; then
      is_empty "$1" || return 1
    elif [ "$strict_modes" = yes ] && ! is_protected "$permissions" "$owner" && ! is_inside_share "$component"; then
      reason="users other than root can write to $component (strict_modes)"
      return 1
    fi
  done <"$WORK/listing"
}

# list_components MOUNT_POINT: from the root on, the names in $WORK/components and what ls says of those that exist in
# $WORK/listing; ls sorts by name, so a directory comes before what is in it
list_components() {
  top_root=
  for root in $resolved_roots; do
    case $1 in "$root"/*) top_root=$root ;; esac
  done
  if [ -z "$top_root" ]; then
    reason="it is not below $roots"
    return 1
  fi
  rest=${1#"$top_root"}
  set -- "$top_root"
  prefix=$top_root
  while [ -n "$rest" ]; do
    rest=${rest#/}
    prefix=$prefix/${rest%%/*}
    set -- "$@" "$prefix"
    case $rest in */*) rest=/${rest#*/} ;; *) rest= ;; esac
  done
  printf '%s\n' "$@" >"$WORK/components"
  run_with_deadline 10 ls -ldn -- "$@"
  if [ "$?" -eq 124 ]; then
    reason="a directory of its path does not answer"
    return 1
  fi
  grep '^[-bcdlps][-rwxsStT]\{9\}' "$WORK/output" >"$WORK/listing"
  return 0
}

is_protected() {
  case $1 in ?????w* | ????????w*) return 1 ;; esac
  [ "$2" = 0 ]
}

is_empty() {
  [ "$non_empty" = refuse ] || return 0
  if ! run_with_deadline 10 ls -A -- "$1"; then
    reason="cannot read the directory: $message"
    return 1
  fi
  [ -s "$WORK/output" ] || return 0
  reason='the directory is not empty, and the mount would hide its content (non_empty)'
  return 1
}

# make_directory MOUNT_POINT: makes what is missing of it; $made says whether the last component was
make_directory() {
  made=no
  while IFS= read -r component; do
    made=no
    [ -d "$component" ] && continue
    run_with_deadline 10 mkdir -m 755 -- "$component" || { reason="cannot create $component: $message" && return 1; }
    made=yes
  done <"$WORK/components"
}

# ---------------------------------------------------------------------------------------------------------------- run

# Reads both documents. A list that cannot be read is unknown, which is a problem, not an empty list.
read_lists() {
  vendordata_known=no
  metadata_known=no
  refresh=
  if fetch "$WORK/vendor_data2.json" vendor_data2.json; then
    MODE=vendordata TARGET=$vendordata_key awk "$AWK_JSON" <"$WORK/vendor_data2.json" >"$WORK/vendordata"
    judge_vendordata
  else
    problem fetch:vendordata "cannot read $metadata_url/vendor_data2.json: $failure"
  fi
  [ "$metadata_items" = yes ] || return 0
  if fetch "$WORK/meta_data.json" meta_data.json; then
    MODE=metadata TARGET='' awk "$AWK_JSON" <"$WORK/meta_data.json" >"$WORK/metadata"
    IFS=$US read -r verdict detail <"$WORK/metadata"
    if [ "$verdict" = known ]; then
      metadata_known=yes
    else
      problem fetch:metadata "meta_data.json is not as expected: ${detail:-}"
    fi
  else
    problem fetch:metadata "cannot read $metadata_url/meta_data.json: $failure"
  fi
}

judge_vendordata() {
  verdict=bad detail='no result'
  IFS=$US read -r verdict detail <"$WORK/vendordata"
  case $verdict in
    known)
      vendordata_known=yes
      previous_count fetch:vendordata
      if [ "$count" -gt 0 ]; then log 5 'the list of shares is known again'; fi
      refresh=$(awk -F "$US" '$1 == "refresh" { print $2 }' "$WORK/vendordata")
      ;;
    empty) problem fetch:vendordata "the list of shares is unknown: \"$vendordata_key\" is empty in vendor_data2.json, as Nova got no answer from the gateway" ;;
    # without the vendordata target, the server metadata alone has the list
    missing) log 6 "vendor_data2.json has no \"$vendordata_key\"" ;;
    version) problem fetch:vendordata "version $detail of the list of shares is unknown to this agent: update it" ;;
    *) problem fetch:vendordata "vendor_data2.json is not as expected: $detail" ;;
  esac
}

# The roots, and where they are: on some systems /srv is a symbolic link of the operating system's own.
resolve_roots() {
  resolved_roots=
  root_map=
  for root in $roots; do
    root=${root%/}
    resolved=$root
    if [ -d "$root" ]; then resolved=$(cd -P -- "$root" && pwd -P); fi
    resolved_roots="$resolved_roots $resolved"
    root_map="$root_map$root$US$resolved
"
  done
}

plan() {
  VENDORDATA_KNOWN=$vendordata_known METADATA_KNOWN=$metadata_known VENDORDATA_LIST="$WORK/vendordata" \
    METADATA_LIST="$WORK/metadata" RECORDS="$STATE/mounts" PROBLEMS="$STATE/problems" ROOTS=$root_map ROOT_NAMES=$roots \
    TYPES=$types ALLOW_OPTIONS=$allow_options EXTRA_OPTIONS=$extra_options MAX_MOUNTS=$max_mounts \
    awk "$AWK_MOUNTS$AWK_PLAN" </dev/null >"$WORK/plan"
}

perform() {
  awk '{ print $1 }' /proc/self/mountinfo >"$WORK/before"
  if [ "$MODE" != dry-run ]; then
    sed -n "s/^keep$US//p" "$WORK/plan" >"$WORK/mounts.new" && mv -f "$WORK/mounts.new" "$STATE/mounts"
  fi
  while IFS=$US read -r verb a b c d e f <&3; do
    case $verb in
      problem) problem "$a" "$b" ;;
      note) log 6 "$a" ;;
      refused) carry_problem "$a" ;;
      keep) ;;
      unmount) if [ "$MODE" = dry-run ]; then printf 'unmount %s\n' "$a"; else unmount "$a"; fi ;;
      mount) mount_share "$a" "$b" "$c" "$d" "$e" "$f" ;;
    esac
  done 3<"$WORK/plan"
}

carry_problem() {
  while IFS= read -r line; do
    case $line in "$1$US"*) printf '%s\n' "$line" >>"$WORK/problems" ;; esac
  done <"$STATE/problems"
}

# refreshSeconds, between 10 s and an hour; kept while the list is unknown
remember_refresh() {
  case $refresh in
    '') return 0 ;;
    ? | 0*) refresh=10 ;;
    ?????*) refresh=3600 ;;
  esac
  if [ "$refresh" -gt 3600 ]; then refresh=3600; fi
  if [ "$refresh" -lt 10 ]; then refresh=10; fi
  printf '%s\n' "$refresh" >"$STATE/refresh"
  [ -z "$TIMER" ] || set_timer
}

# The interval of a timer is static: another one is a drop-in until the next boot. systemd reads it again on daemon-reload.
set_timer() {
  drop_in=$SYSTEMD_RUNTIME/$TIMER.d/refresh.conf
  current=60
  if [ -f "$drop_in" ]; then current=$(sed -n 's/^OnUnitInactiveSec=\([0-9][0-9]*\)s$/\1/p' "$drop_in"); fi
  if [ "$current" = "$refresh" ] || ! [ -d "$SYSTEMD_RUNTIME" ]; then return 0; fi
  (
    umask 022
    mkdir -p "${drop_in%/*}" &&
      # an empty value resets all conditions of the timer
      printf '[Timer]\nOnUnitInactiveSec=\nOnBootSec=10s\nOnUnitInactiveSec=%ss\n' "$refresh" >"$drop_in" &&
      systemctl daemon-reload
  ) && log 5 "the interval is $refresh s now"
}

# Without a state directory (--dry-run before the first run) there are no records and no problems.
run_once() {
  uptime_seconds
  run_started=$now
  rm -rf "$WORK"
  mkdir -p "$WORK" || fatal 73 "cannot create $WORK"
  : >"$WORK/problems"
  resolve_roots
  read_lists
  if [ "$vendordata_known" = no ] && [ "$metadata_known" = no ]; then
    keep_problems
  else
    plan || fatal 70 'awk failed'
    perform
  fi
  [ "$MODE" = dry-run ] && return 0
  remember_refresh
  mv -f "$WORK/problems" "$STATE/problems"
  rm -rf "$WORK"
}

# nothing was examined, so what was wrong before is still listed by --status
keep_problems() {
  [ -f "$STATE/problems" ] || return 0
  grep -v '^fetch:' "$STATE/problems" >>"$WORK/problems"
  return 0
}

run_locked() {
  if ! acquire_lock; then
    log 5 "another run is active (process ${holder%% *})"
    return 0
  fi
  trap release_lock EXIT
  run_once
  trap - EXIT
  release_lock
}

run_loop() {
  waiting=
  trap 'woken=yes; stop_waiting' HUP
  trap 'kill "$run" 2>/dev/null; stop_waiting; exit 0' TERM INT
  while :; do
    woken=no
    (
      trap 'exit 143' TERM INT HUP
      load_config
      run_locked
    ) &
    run=$!
    # wait returns early on a signal; the run goes on
    while kill -0 "$run" 2>/dev/null; do wait "$run"; done
    seconds=$refresh_seconds
    if [ -f "$STATE/refresh" ]; then read -r seconds <"$STATE/refresh"; fi
    sleep "$seconds" &
    waiting=$!
    if [ "$woken" = yes ]; then stop_waiting; fi
    wait "$waiting"
    waiting=
  done
}

stop_waiting() {
  if [ -n "$waiting" ]; then kill "$waiting" 2>/dev/null; fi
}

dry_run() {
  WORK=$(mktemp -d) || exit 73
  trap 'rm -rf "$WORK"' EXIT
  VERBOSE=yes
  run_once
}

print_status() {
  if [ -s "$STATE/mounts" ]; then
    RECORDS=$STATE/mounts awk "$AWK_MOUNTS"'
      BEGIN {
        US = "\037"; read_mountinfo(); read_state(); sort(recorded, recorded_count)
        for (i = 1; i <= recorded_count; i++) {
          m = recorded[i]
          state = is_ours(m) ? (s_busy[m] == "" ? "mounted" : "mounted, to be unmounted") : s_status[m] == "pending" ? "pending" : "not mounted"
          gsub(/secret=[^,]*/, "secret=***", s_options[m])
          list = s_origins[m] == "v" ? "vendordata" : s_origins[m] == "m" ? "server metadata" : "vendordata and server metadata"
          print m ": " state ", " s_type[m] " " s_source[m] " (" s_options[m] "), listed by " list
        }
      }'
  else
    echo 'no mounts'
  fi
  [ -s "$STATE/problems" ] || return 0
  awk -F "$US" '{ print "problem, " $2 " in a row: " $3 }' "$STATE/problems"
}

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --loop) MODE=loop ;;
      --dry-run) MODE=dry-run ;;
      --status) MODE=status ;;
      --timer) TIMER=${2:-} && shift ;;
      --config) CONFIG=${2:-} && shift ;;
      --syslog) SYSLOG=yes ;;
      --verbose) VERBOSE=yes ;;
      --help) usage && exit 0 ;;
      --version) echo "$PROGRAM $VERSION" && exit 0 ;;
      *) usage >&2 && exit 64 ;;
    esac
    [ $# -eq 0 ] || shift
  done
  [ "$(id -u)" = 0 ] || fatal 77 'must run as root'
  if [ "$MODE" = status ]; then print_status && exit 0; fi
  for tool in awk timeout mount umount; do
    command -v "$tool" >/dev/null 2>&1 || fatal 69 "$tool is missing"
  done
  command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 || fatal 69 'neither curl nor wget is there'
  load_config
  WORK=$STATE/work
  if [ "$MODE" = dry-run ]; then dry_run && exit 0; fi
  mkdir -p "$STATE" || fatal 73 "cannot create $STATE"
  if [ "$MODE" = loop ]; then run_loop; fi
  trap 'exit 143' TERM INT HUP
  run_locked
}

main "$@"
END_OF_AGENT
}

service() {
  cat <<'END_OF_SERVICE'
[Unit]
Description=Mount the Manila shares attached to this server
Documentation=man:mount(8)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/manila-guest-agent --timer manila-guest-agent.timer
# each mount has a deadline of its own; this one is for all of them
TimeoutStartSec=15min
# mount.nfs may start rpc.statd, which must outlive this service
KillMode=process
# the agent logs changes at notice; "Starting" and "Finished" every minute would hide them
LogLevelMax=notice

# Mounts must appear in the mount namespace of the guest. These settings give a service a namespace of its own, which would hide them:
# ProtectSystem=, ProtectHome=, ProtectKernelTunables=, ProtectKernelModules=, ProtectKernelLogs=, ProtectControlGroups=,
# PrivateTmp=, PrivateDevices=, PrivateMounts=, ReadOnlyPaths= and TemporaryFileSystem= are left out for that reason.
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_SETPCAP
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @mount
UMask=0077
END_OF_SERVICE
}

timer() {
  cat <<'END_OF_TIMER'
[Unit]
Description=Mount the Manila shares attached to this server, 10 s after boot and then regularly

[Timer]
OnBootSec=10s
# the agent replaces this interval by the refreshSeconds of the list
OnUnitInactiveSec=60s
AccuracySec=5s

[Install]
WantedBy=timers.target
END_OF_TIMER
}

main "$@"
