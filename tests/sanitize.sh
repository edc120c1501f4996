#!/usr/bin/env bash
# Runs tests of the data under tools that see what a processor does not show: races between threads, and wrong use of memory.
#
#   tests/sanitize.sh [threads | addresses | miri]...      all three unless told
#
#   threads    ThreadSanitizer: snapshots that are read while commands go on, loading on several threads, counted memory
#   addresses  AddressSanitizer: values, packed forms, mapped files, the allocator in front of the system's
#   miri       the interpreter, on what it can run in minutes: the same snapshots, small ones
#
# Needs a nightly toolchain, of which it asks rustup for the components rust-src and miri.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=("$@")
[ ${#tools[@]} -gt 0 ] || tools=(threads addresses miri)
rustup component add --toolchain nightly rust-src miri > /dev/null 2>&1 || true
target=$(rustc +nightly -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/sanitize
mkdir -p "$CARGO_TARGET_DIR"

sanitized() { # SANITIZER TEST...
  local sanitizer=$1
  shift
  RUSTFLAGS="-Zsanitizer=$sanitizer --cfg sanitized" CARGO_PROFILE_TEST_OPT_LEVEL=1 \
    cargo +nightly test --locked -Zbuild-std --target "$target" --lib -- "$@"
}

for tool in "${tools[@]}"; do
  echo "== $tool"
  case $tool in
    threads)
      # It does not know fences, by which counted pointers are freed. Miri does.
      echo 'race:triomphe::arc::Arc*drop_inner' > "$CARGO_TARGET_DIR/suppressions"
      export TSAN_OPTIONS=suppressions=$(realpath "$CARGO_TARGET_DIR/suppressions")
      sanitized thread keyspace:: feed:: base:: value::load
      ;;
    addresses) ASAN_OPTIONS=detect_leaks=0 sanitized address keyspace:: feed:: base:: packed:: value:: ;;
    miri) MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked --lib -- keyspace::tests::threads base::memory base::cow ;;
    *) echo "sanitize.sh: no tool '$tool'" >&2; exit 2 ;;
  esac
done
