#!/usr/bin/env python3
"""Compares rkv's data store with real servers and prints a Markdown table.

    benches/store.py [--runs 3] [--data benches/data] [--store PROGRAM] [replay|load|save|memory|snapshot|commands ...]

The store is the program that `cargo bench --bench store --no-run` builds; the newest one is found. Servers are taken from
target/peers/bin: redis-server (7.0.15), valkey-9.1-server. Data comes from `benches/make-data.py strings mixed commands`.

replay  an append-only folder of 350 MB without RDB part: commands per second of processor time and on the wall
load    RDB files: keys per second; a server's time runs from its start to its log line that says that it has loaded
save    the same data to a file, synced: keys per second; servers run SAVE
memory  bytes per element of a million, as the allocators count them; servers tell used_memory
Programs take turns, and medians are shown. Processor time is user and system time of all threads.
"""

import argparse
import glob
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICK = os.sysconf("SC_CLK_TCK")


def newest_store():
    found = [path for path in glob.glob(os.path.join(REPO, "target", "release", "deps", "store-*")) if os.access(path, os.X_OK) and "." not in os.path.basename(path)]
    return max(found, key=os.path.getmtime, default=None)


class Server:
    """A server on a socket of its own, in a folder of its own."""

    def __init__(self, program, folder, *options):
        self.socket = os.path.join(folder, "socket")
        self.log = os.path.join(folder, "log")
        self.started = time.time()
        self.process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", self.socket, "--save", "", "--dir", folder, "--logfile", self.log,
             "--auto-aof-rewrite-percentage", "0", *options])

    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def wait(self):
        """Waits until all is loaded; returns seconds on the wall and of the processor."""
        while True:
            if self.process.poll() is not None:
                sys.exit("the server ended: see %s" % self.log)
            if os.path.exists(self.log) and "eady to accept connections" in open(self.log, errors="replace").read():
                return time.time() - self.started, self.cpu()
            time.sleep(0.005)

    def ask(self, *argv):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.socket)
            parts = [b"*%d\r\n" % len(argv)]
            parts += [b"$%d\r\n%s\r\n" % (len(arg.encode()), arg.encode()) for arg in argv]
            sock.sendall(b"".join(parts))
            reply = b""
            while not reply.endswith(b"\r\n"):
                reply += sock.recv(1 << 16)
            return reply.decode()

    def send(self, commands):
        """Runs many commands and waits for the last of their replies."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.socket)
            done = subprocess.Popen(["cat"], stdin=sock.fileno(), stdout=subprocess.DEVNULL)
            buffer = []
            for argv in commands:
                buffer.append("*%d\r\n" % len(argv) + "".join("$%d\r\n%s\r\n" % (len(arg), arg) for arg in argv))
                if len(buffer) == 10_000:
                    sock.sendall("".join(buffer).encode())
                    buffer = []
            sock.sendall("".join(buffer).encode() + b"*1\r\n$4\r\nQUIT\r\n")
            done.wait()

    def memory(self):
        return int(re.search(r"used_memory:(\d+)", self.ask("INFO", "memory")).group(1))

    def stop(self):
        self.process.kill()
        self.process.wait()


def servers():
    peers = os.environ.get("RKV_PEERS_DIR", os.path.join(REPO, "target", "peers", "bin"))
    known = [("redis 7.0.15", "redis-server"), ("valkey 9.1", "valkey-9.1-server")]
    return [(name, os.path.join(peers, file)) for name, file in known if os.path.exists(os.path.join(peers, file))]


def store(program, *args):
    lines = subprocess.run([program, *args], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def rounds(runs, kinds):
    """Runs each of the kinds once per round. A kind gives wall and processor seconds."""
    times = {name: [] for name, _ in kinds}
    for _ in range(runs):
        for name, run in kinds:
            times[name].append(run())
    return {name: [statistics.median(column) for column in zip(*found)] for name, found in times.items()}


def show(title, unit, count, medians):
    print("\n%s\n\n| program | wall s | user+sys s | %s per s | %s per CPU s |\n|---|---:|---:|---:|---:|" % (title, unit, unit))
    for name, (wall, cpu) in medians.items():
        print("| %s | %.2f | %.2f | %.0f k | %.0f k |" % (name, wall, cpu, count / wall / 1e3, count / cpu / 1e3), flush=True)


def replay(args):
    count = store(args.store, "replay", os.path.join(args.data, "commands"))[0]["commands"]

    def ours():
        [line] = store(args.store, "replay", os.path.join(args.data, "commands"))
        return line["wall_s"], line["cpu_s"]

    def theirs(program):
        with tempfile.TemporaryDirectory(prefix="rkv-store-") as folder:
            shutil.copytree(os.path.join(args.data, "commands"), os.path.join(folder, "commands"))
            server = Server(program, folder, "--appendonly", "yes", "--appenddirname", "commands")
            try:
                return server.wait()
            finally:
                server.stop()

    kinds = [("rkv", ours)] + [(name, lambda program=program: theirs(program)) for name, program in servers()]
    show("Replay of an append-only folder", "commands", count, rounds(args.runs, kinds))


def load(args, saves=False):
    for name in ["strings", "mixed"]:
        path = os.path.join(args.data, name + ".rdb")
        count = store(args.store, "load", path)[0]["keys"]

        def ours():
            with tempfile.TemporaryDirectory(prefix="rkv-store-", dir=args.data) as folder:
                [line] = store(args.store, "save", path, os.path.join(folder, "out.rdb")) if saves else store(args.store, "load", path)
            return line["wall_s"], line["cpu_s"]

        def theirs(program):
            with tempfile.TemporaryDirectory(prefix="rkv-store-", dir=args.data) as folder:
                shutil.copyfile(path, os.path.join(folder, "dump.rdb"))
                server = Server(program, folder, "--appendonly", "no")
                try:
                    times = server.wait()
                    if saves:
                        started, cpu = time.time(), server.cpu()
                        if not server.ask("SAVE").startswith("+OK"):
                            sys.exit("SAVE failed")
                        times = time.time() - started, server.cpu() - cpu
                    return times
                finally:
                    server.stop()

        kinds = [("rkv", ours)] + [(peer, lambda program=program: theirs(program)) for peer, program in servers()]
        title = "%s of %s.rdb" % ("Saving" if saves else "Loading", name)
        show(title, "keys", count, rounds(args.runs, kinds))


def save(args):
    load(args, saves=True)


MILLION = 1_000_000
ELEMENTS = {
    "string of 16 bytes": lambda n: ["SET", "key:%012d" % n, "v" * 16],
    "string of 16 bytes with expiry": lambda n: ["SET", "key:%012d" % n, "v" * 16, "EX", "86400"],
    "string of 100 bytes": lambda n: ["SET", "key:%012d" % n, "v" * 100],
    "field of a hash": lambda n: ["HSET", "h", "field:%06d" % n, "valueval"],
    "member of a set": lambda n: ["SADD", "s", "member:%05d" % n],
    "member of a sorted set": lambda n: ["ZADD", "z", str(n * 7919 % 1_000_003), "member:%05d" % n],
    "item of a list": lambda n: ["RPUSH", "l", "item:%05d" % n],
    "entry of a stream": lambda n: ["XADD", "x", "%d-0" % (n + 1), "field", "v%06d" % n],
    "member of a set of integers": lambda n: ["SADD", "s", str(n * 7919)],
}


def memory(args):
    found = {line["of"]: [line["bytes"]] for line in store(args.store, "memory")}
    names = ["rkv"]
    for name, program in servers():
        names.append(name)
        for kind, command in ELEMENTS.items():
            with tempfile.TemporaryDirectory(prefix="rkv-store-") as folder:
                server = Server(program, folder)
                try:
                    server.wait()
                    empty = server.memory()
                    server.send(map(command, range(MILLION)))
                    found[kind].append((server.memory() - empty) / MILLION)
                finally:
                    server.stop()
    print("\nBytes per element\n\n| | %s |\n|---|%s" % (" | ".join(names), "---:|" * len(names)))
    for kind, row in found.items():
        print("| %s | %s |" % (kind, " | ".join("%.1f" % bytes_ for bytes_ in row)))


def snapshot(args):
    print("\nMicroseconds\n\n| | p50 | p99 | p99.9 | p99.99 | most | above 1 ms | that waited |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    for line in store(args.store, "snapshot"):
        times = line["times"]
        name = "snapshot of " + line["of"] if line["what"] == "snapshot" else "write, %s, snapshot %s" % (line["on"], line["snapshot"])
        columns = ["%.1f" % times[column] for column in ["p50_us", "p99_us", "p99.9_us", "p99.99_us", "max_us"]]
        print("| %s | %s | %d | %d |" % (name, " | ".join(columns), times["above_1_ms"], times["waited"]))


def commands(args):
    print("\n| command, in process | ns | allocations |\n|---|---:|---:|")
    for line in store(args.store, "commands"):
        print("| %s | %.0f | %.2f |" % (line["command"], line["ns"], line["allocations"]))


TASKS = {"replay": replay, "load": load, "save": save, "memory": memory, "snapshot": snapshot, "commands": commands}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", metavar="|".join(TASKS), help="what to measure (all)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", default=os.path.join(REPO, "benches", "data"))
    parser.add_argument("--store", default=newest_store())
    args = parser.parse_args()
    if unknown := set(args.tasks) - set(TASKS):
        parser.error("no task is called %s" % ", ".join(sorted(unknown)))
    if not args.store:
        sys.exit("build the store first: cargo bench --bench store --no-run")
    for name in args.tasks or TASKS:
        TASKS[name](args)


if __name__ == "__main__":
    main()
