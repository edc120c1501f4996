#!/usr/bin/env bash
# Runs Redis's own test suite against `rkv serve` and compares with what passed before.
#
#   tests/suite/run.sh [--spawn | --external | --both] [--limit SECONDS] [--record] [--keep] [FILE...]
#
#   --spawn      the suite starts rkv in the place of its own redis-server (default)
#   --external   the suite talks to a server that runs already
#   --both       one after the other
#   --limit      seconds for each file (default 300), unless files.txt grants it more; what has not ended then counts as failed
#   --record     writes passing.txt and failing.txt anew for the files that were run
#   --keep       leaves the folder with logs
#   FILE         such as unit/type/list; default: all files of files.txt
#
# Environment:
#   RKV          the program (default: target/release/rkv)
#   REDIS_TREE   the sources of redis 7.0.15 (default: target/suite/redis-7.0.15, fetched as Debian's source package)
#   DIRECTIVES   lines for the configuration of the servers that the suite starts, such as $'io-threads 2'
#   RKV_PEERS_DIR  where redis-cli, redis-benchmark and redis-check-aof are (default: the PATH)
#
# passing.txt may only grow: a test in it that fails makes this script fail. failing.txt says why the others do not pass.
# skipped.txt names those that cannot pass and would leave the server so that others fail; they count as failed.
# Needs bash, coreutils, tclsh 8.6 and the programs of redis-tools.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
modes=(spawn) limit=300 record=0 keep=0 files=()
while [ $# -gt 0 ]; do
  case $1 in
    --spawn) modes=(spawn) ;;
    --external) modes=(external) ;;
    --both) modes=(spawn external) ;;
    --limit) limit=$2; shift ;;
    --record) record=1 ;;
    --keep) keep=1 ;;
    --help | -h) sed -n '2,/^set -euo/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
    *) files+=("$1") ;;
  esac
  shift
done
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(grep -v '^#' "$here/files.txt" | cut -d' ' -f1)
seconds() { # FILE: how long it may take
  awk -v file="$1" -v limit="$limit" '$1 == file && $2 > limit { limit = $2 } END { print limit }' "$here/files.txt"
}
rkv=$(realpath "${RKV:-$root/target/release/rkv}")
[ -x "$rkv" ] || { echo "run.sh: no program at $rkv: cargo build --release, or set RKV" >&2; exit 3; }
command -v tclsh >/dev/null || { echo "run.sh: tclsh is missing" >&2; exit 3; }

# The source package, with lists and caches of our own, so that nothing of the system changes.
fetch() {
  local work=$root/target/suite apt
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  apt=(-o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache"
    -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o "Dir::Etc::sourceparts=-" -o "APT::Sandbox::User=")
  echo 'deb-src http://deb.debian.org/debian bookworm main' > "$work/apt/sources.list"
  (cd "$work" && apt-get "${apt[@]}" -qq update && apt-get "${apt[@]}" -qq source redis=5:7.0.15*) >&2
}
tree=${REDIS_TREE:-$root/target/suite/redis-7.0.15}
[ -f "$tree/tests/test_helper.tcl" ] || { [ -z "${REDIS_TREE:-}" ] && fetch; }
[ -f "$tree/tests/test_helper.tcl" ] || { echo "run.sh: no sources of redis at $tree" >&2; exit 3; }

work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ "$keep" = 1 ] && echo "logs: $work" || rm -rf "$work"
}
trap finish EXIT

program() { # NAME: the path of one of Redis's own programs
  if [ -n "${RKV_PEERS_DIR:-}" ] && [ -x "$RKV_PEERS_DIR/$1" ]; then echo "$RKV_PEERS_DIR/$1"; else command -v "$1"; fi
}

# A copy of what the suite reads, with rkv as its server.
prepare() { # DIR
  mkdir -p "$1/src" "$1/tests/tmp"
  cp -r "$tree/tests" "$tree/utils" "$1/"
  cp "$tree"/*.conf "$1/"
  rm -rf "$1"/tests/tmp/*
  # An error between two tests ends the file, even with --durable. Here it is one failure, and the next block goes on.
  sed -i -e '/^proc start_server {/,/^}/ {
      s/if {!\$assertion && \$::durable} {/if {$::durable \&\& $::cur_test eq ""} {/
      s/^\( *send_data_packet \$::test_server_fd err \[join \$details "\\n"\]\)$/\1\n                set ::tags [lrange $::tags 0 end-[llength $tags]]; return/
    }' "$1/tests/support/server.tcl"
  # The suite expects of small backlogs that they are all there is.
  printf '\nrepl-log-max-size 0\n%s\n' "${DIRECTIVES:-}" >> "$1/tests/assets/default.conf"
  ln -s "$rkv" "$1/src/redis-server"
  for name in redis-cli redis-benchmark redis-check-aof; do ln -s "$(program $name)" "$1/src/$name"; done
}

# Lines `ok|err <TAB> name <TAB> reason` of a log of the suite.
verdicts() {
  awk '
    function name(text) {
      sub(/ in tests\/.*\.tcl$/, "", text); sub(/ \([0-9]+ ms\)$/, "", text)
      # These are numbered by chance.
      if (text ~ /^PSYNC2/) { gsub(/#[0-9]+/, "#n", text); sub(/(CYCLE|x =) [0-9]+/, "n", text) }
      return text
    }
    function put() { if (failed != "") print "err\t" failed "\t" reason; failed = reason = "" }
    /^\[(ok|err|exception|timeout|testing|ignore|skip|ready|done)\]/ { put() }
    /^\[skip\]: / { print "err\t" name(substr($0, 9)) "\tnot run"; next }
    /^\[ok\]: / { print "ok\t" name(substr($0, 7)) "\t"; next }
    /^\[err\]: / { failed = name(substr($0, 8)); next }
    failed != "" && reason == "" { gsub(/\t/, " "); gsub(/\/tmp\/tmp\.[^ ]*/, "…"); reason = substr($0, 1, 160) }
    END { put() }' "$1"
}

port=$((20000 + RANDOM % 10000))
run() { # MODE FILE: verdicts on stdout
  local dir=$work/$1.${2//\//_} log status=0 args most
  most=$(seconds "$2")
  log=$dir.log
  prepare "$dir"
  port=$((port + 200))
  args=(--single "$2" --durable --clients 1 --baseport "$port" --timeout "$most")
  # As Redis runs them itself: the slow ones only of servers that the suite starts.
  if [ "$1" = spawn ]; then
    args+=(--tags -large-memory --skipfile "$here/skipped.txt")
  else
    args+=(--tags "-slow -large-memory")
    mkdir "$dir/data"
    (cd "$dir/data" && exec "$rkv" serve --port "$port" --save '' --repl-log-max-size 0 --enable-debug-command yes --enable-protected-configs yes) \
      > "$dir/server.log" 2>&1 &
    server=$!
    for _ in $(seq 100); do "$(program redis-cli)" -p "$port" ping > /dev/null 2>&1 && break; sleep 0.1; done
    args+=(--host 127.0.0.1 --port "$port")
  fi
  (cd "$dir" && TERM=dumb timeout -k 5 "$most" tclsh tests/test_helper.tcl "${args[@]}") > "$log" 2>&1 || status=$?
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi
  verdicts "$log" | LC_ALL=C tr -cd '\11\12\40-\176' | sed "s|^|$1\t$2\t|"
  [ "$status" = 124 ] && printf '%s\t%s\terr\t(the file)\tdid not end in %s s\n' "$1" "$2" "$most"
  [ "$keep" = 1 ] || rm -rf "$dir"
  return 0
}

all=$work/all.tsv
: > "$all"
for mode in "${modes[@]}"; do
  for file in "${files[@]}"; do
    began=$SECONDS
    run "$mode" "$file" > "$work/one.tsv"
    cat "$work/one.tsv" >> "$all"
    printf '%-9s %-28s %4d ok %4d not  %4d s\n' "$mode" "$file" \
      "$(grep -c -P '^[^\t]*\t[^\t]*\tok\t' "$work/one.tsv" || true)" \
      "$(grep -c -P '^[^\t]*\t[^\t]*\terr\t' "$work/one.tsv" || true)" $((SECONDS - began))
  done
done

# A test that is run several times under one name has passed if it has each time.
export LC_ALL=C
awk -F'\t' -v OFS='\t' '$3 == "err" { print $1, $2, $4, $5 }' "$all" | sort -u -t "$(printf '\t')" -k1,3 > "$work/failed"
awk -F'\t' -v OFS='\t' '$3 == "ok" { print $1, $2, $4 }' "$all" | sort -u > "$work/ok"
cut -f1-3 "$work/failed" | sort -u | comm -13 - "$work/ok" > "$work/passed"
ran() { awk -F'\t' -v modes=" ${modes[*]} " -v files=" ${files[*]} " -v want="$1" \
  '/^#/ { next } { r = index(modes, " " $1 " ") && index(files, " " $2 " ") ? 1 : 0; if (r == want) print }' "$2"; }
touch "$here/passing.txt" "$here/failing.txt"
ran 1 "$here/passing.txt" | sort -u > "$work/before"
comm -23 "$work/before" "$work/passed" > "$work/lost"
echo "$(wc -l < "$work/passed") tests passed, $(wc -l < "$work/failed") did not; $(wc -l < "$work/before") passed before"
if [ -s "$work/lost" ]; then
  echo "lost:"
  cat "$work/lost"
fi
if [ "$record" = 1 ]; then
  { ran 0 "$here/passing.txt"; cat "$work/passed"; } | sort -u > "$work/list"
  { echo "# $(wc -l < "$work/list") tests of Redis 7.0.15 pass; written by run.sh --record: mode, file, test"; cat "$work/list"; } > "$here/passing.txt"
  { ran 0 "$here/failing.txt"; cat "$work/failed"; } | sort -u > "$work/list"
  { echo "# Tests that do not pass, and what they say; written by run.sh --record: mode, file, test, reason. reasons.md says why."; cat "$work/list"; } > "$here/failing.txt"
  exit 0
fi
[ ! -s "$work/lost" ]
