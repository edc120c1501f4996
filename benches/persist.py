#!/usr/bin/env python3
"""Shows what saving, rewriting and replicating do to a server under a steady load of writes, and how fast servers start.

    benches/persist.py [--keys 5000000] [--rate 10000] [--only quiet,save,rewrite,sync,start,flush,memory]

Programs are taken from these variables; what is not there is left out:
    RKV              target/release/rkv
    REDIS_SERVER     target/peers/bin/redis-server
    VALKEY_SERVER    target/peers/bin/valkey-9.1-server
    LATENCY          what `cargo bench --bench latency --no-run` builds
Servers run one after the other, each with its keys of 64 bytes made by DEBUG POPULATE. Writes come at fixed moments, and
their time counts from these, so that a server that stands still is charged with all that waited. Prints a Markdown table.

    quiet    nothing but the load, for ten seconds
    save     BGSAVE, from a second before it until it is done
    rewrite  likewise BGREWRITEAOF, with appendonly everysec
    sync     likewise a replica of the same kind attaches; also the seconds that takes without load
    start    seconds from the start of the process to the first answer that needs the data, from an RDB file and from an
             append-only file of commands
    flush    likewise FLUSHALL ASYNC
    memory   used_memory and resident bytes per key, beyond those of the empty server
"""

import argparse
import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(REPO, "target", "peers", "bin")


def program(variable, *default):
    path = os.environ.get(variable) or os.path.join(*default)
    return path if os.path.exists(path) else None


def latency_program():
    found = glob.glob(os.path.join(REPO, "target", "release", "deps", "latency-*"))
    found = [path for path in found if os.access(path, os.X_OK) and "." not in os.path.basename(path)]
    return os.environ.get("LATENCY") or max(found, key=os.path.getmtime, default=None)


class Server:
    """A server that runs until it is stopped."""

    def __init__(self, argv, folder, *directives):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            argv + ["--port", str(self.port), "--save", "", "--dir", folder, "--logfile", "log",
                    "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0",
                    "--client-output-buffer-limit", "replica 0 0 0"] + list(directives),
            stdout=subprocess.DEVNULL, cwd=folder)
        self.socket = None
        for _ in range(1000):
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=600)
                break
            except OSError:
                time.sleep(0.01)
        self.lines = self.socket.makefile("rb")
        while b"LOADING" in self.ask("GET", "key:1", raw=True):
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - self.began

    def ask(self, *words, raw=False):
        request = b"*%d\r\n" % len(words)
        for word in words:
            request += b"$%d\r\n%s\r\n" % (len(word), word.encode())
        self.socket.sendall(request)
        line = self.lines.readline()
        if line[:1] == b"$" and int(line[1:]) >= 0:
            return self.lines.read(int(line[1:]) + 2)[:-2]
        if line[:1] == b"-" and not raw:
            raise SystemExit("%s: %s" % (words, line.decode()))
        return line

    def info(self, field):
        for line in self.ask("INFO", "everything").decode().splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1]
        return ""

    def resident(self):
        with open("/proc/%d/statm" % self.process.pid) as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def wait(self, condition):
        while not condition():
            time.sleep(0.01)

    def wait_saved(self):
        self.wait(lambda: "1" not in (self.info("rdb_bgsave_in_progress"), self.info("aof_rewrite_in_progress"),
                                      self.info("aof_rewrite_scheduled")))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def load(server, args, begin):
    """Figures of writes for ten seconds, or from a second before something begins until it is over."""
    argv = [latency_program(), "--port", str(server.port), "--rate", str(args.rate), "--keys", str(args.keys)]
    if begin:
        argv += ["--until-idle", "--seconds", "2"]
    running = subprocess.Popen(argv, stdout=subprocess.PIPE)
    if begin:
        time.sleep(1)
        begin()
    return json.loads(running.communicate()[0])


def times(figures):
    return "%.1f / %.1f / %.1f, %.0f %%" % (
        figures["p99"] / 1000, figures["p999"] / 1000, figures["max"] / 1000, figures["share"] * 100)


def measure(argv, args, folder):
    """Figures by name."""
    out = {}
    server = Server(argv, os.path.join(folder, "primary"))
    empty = int(server.info("used_memory")), server.resident()

    def loaded(name, begin=None):
        figures = load(server, args, begin)
        figures["share"] = figures["per_second"] / args.rate
        out[name] = times(figures)

    server.ask("DEBUG", "POPULATE", str(args.keys), "key", "64")
    if "memory" in args.only:
        used, resident = int(server.info("used_memory")), server.resident()
        out["memory"] = "%.1f, %.1f" % ((used - empty[0]) / args.keys, (resident - empty[1]) / args.keys)
    if "quiet" in args.only:
        loaded("quiet")
    if "save" in args.only:
        loaded("save", lambda: server.ask("BGSAVE"))
    if "rewrite" in args.only:
        server.ask("CONFIG", "SET", "appendonly", "yes")
        server.wait_saved()
        loaded("rewrite", lambda: server.ask("BGREWRITEAOF"))
        server.ask("CONFIG", "SET", "appendonly", "no")
    if "sync" in args.only:
        for under_load in (False, True):
            replica = Server(argv, os.path.join(folder, "replica%d" % under_load))
            began = time.perf_counter()
            attach = lambda: replica.ask("REPLICAOF", "127.0.0.1", str(server.port))
            if under_load:
                loaded("sync", attach)
            else:
                attach()
            server.wait(lambda: replica.info("master_link_status") == "up")
            if not under_load:
                out["sync seconds"] = "%.2f" % (time.perf_counter() - began)
            replica.stop()
            server.wait(lambda: server.info("connected_slaves") == "0")
            shutil.rmtree(replica.folder)
    if "start" in args.only:
        server.ask("SAVE")
        for name, directives in (("start from RDB", []), ("start from AOF", ["--appendonly", "yes"])):
            if directives:
                server.ask("CONFIG", "SET", "aof-use-rdb-preamble", "no")
                server.ask("CONFIG", "SET", "appendonly", "yes")
                server.wait_saved()
            server.stop()
            cached(server.folder)
            server = Server(argv, server.folder, *directives)
            out[name] = "%.2f" % server.start_seconds
    if "flush" in args.only:
        loaded("flush", lambda: server.ask("FLUSHALL", "ASYNC"))
    server.stop()
    return out


def cached(folder):
    """Reads all files, so that no server has to wait for the disk."""
    for root, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                while file.read(1 << 20):
                    pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=5000000)
    parser.add_argument("--rate", type=int, default=10000)
    parser.add_argument("--only", default="quiet,save,rewrite,sync,start,flush,memory")
    args = parser.parse_args()
    args.only = args.only.split(",")
    if not latency_program():
        raise SystemExit("cargo bench --bench latency --no-run builds what is missing")
    rkv = program("RKV", REPO, "target", "release", "rkv")
    programs = [
        ("rkv", rkv and [os.path.abspath(rkv), "serve"]),
        ("redis", program("REDIS_SERVER", PEERS, "redis-server")),
        ("valkey", program("VALKEY_SERVER", PEERS, "valkey-9.1-server")),
    ]
    rows = {}
    names = [name for name, argv in programs if argv]
    for name, argv in programs:
        if argv:
            with tempfile.TemporaryDirectory(prefix="rkv-persist-") as folder:
                figures = measure(argv if isinstance(argv, list) else [argv], args, folder)
            for row, figure in figures.items():
                rows.setdefault(row, {})[name] = figure
    print("Latency of writes in ms: 99 % / 99.9 % / most, and the share of writes that came in time; seconds; bytes per key")
    print()
    print("| |" + "".join(" %s |" % name for name in names))
    print("|---|" + "---|" * len(names))
    for row, figures in rows.items():
        print("| %s |" % row + "".join(" %s |" % figures.get(name, "") for name in names))


if __name__ == "__main__":
    main()
