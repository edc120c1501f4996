#!/usr/bin/env python3
"""Shows what the replication stream costs a primary, and how fast replicas and `rkv replicate` follow it.

    benches/stream.py [--writes 2000000] [--rounds 3] [--only primary,follow]

Programs are taken from these variables; what is not there is left out:
    RKV              target/release/rkv
    REDIS_SERVER     target/peers/bin/redis-server
    VALKEY_SERVER    target/peers/bin/valkey-9.1-server
    REDIS_BENCHMARK  target/peers/bin/redis-benchmark
Prints Markdown tables.

    primary  processor time of a primary for each SET of 64 bytes in pipelines of 16 while a replica of the same kind follows,
             and without a replica
    follow   a primary of Redis has all writes in its backlog; whoever follows was stopped meanwhile, and goes on now: thousands of
             writes a second until the end of the stream is reached, and the most anonymous memory. Replicas keep an append-only
             file with `appendfsync everysec`, `rkv replicate` a capture
"""

import argparse
import glob
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(REPO, "target", "peers", "bin")


def program(variable, *default):
    path = os.environ.get(variable) or os.path.join(*default)
    return path if os.path.exists(path) else None


RKV = program("RKV", REPO, "target", "release", "rkv")
REDIS = program("REDIS_SERVER", PEERS, "redis-server")
VALKEY = program("VALKEY_SERVER", PEERS, "valkey-9.1-server")
BENCHMARK = program("REDIS_BENCHMARK", PEERS, "redis-benchmark")
SERVERS = {"rkv": RKV and [RKV, "serve"], "redis": REDIS and [REDIS], "valkey": VALKEY and [VALKEY]}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A server that runs until it is stopped. It may have an RDB file to begin with."""

    def __init__(self, argv, *directives, rdb=None):
        self.port, self.folder = free_port(), tempfile.TemporaryDirectory()
        if rdb:
            os.symlink(os.path.abspath(rdb), os.path.join(self.folder.name, "dump.rdb"))
        common = ["--port", str(self.port), "--save", "", "--dir", self.folder.name, "--logfile", "log",
                  "--repl-diskless-sync-delay", "0"]
        self.process = subprocess.Popen(argv + common + list(directives), stdout=subprocess.DEVNULL)
        self.link = None
        while self.link is None:
            try:
                self.link = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                time.sleep(0.05)
        self.file = self.link.makefile("rb")

    def ask(self, *words):
        request = b"*%d\r\n" % len(words)
        request += b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
        self.link.sendall(request)
        line = self.file.readline()
        if line[:1] == b"$":
            return self.file.read(int(line[1:]) + 2)[:-2].decode()
        return line.decode().strip()

    def field(self, name):
        lines = self.ask("INFO", "replication").splitlines()
        return next((line.split(":", 1)[1] for line in lines if line.startswith(name + ":")), None)

    def stop(self):
        self.link.close()
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def seconds_of(pid):
    """Processor time of all threads, those included that have ended, in seconds."""
    # What clock_getcpuclockid(3) makes of a process.
    return time.clock_gettime(~pid << 3 | 2)


def write(port, count, pipeline=16):
    subprocess.run(
        [BENCHMARK, "-p", str(port), "-n", str(count), "-r", "100000", "-d", "64", "-P", str(pipeline), "-q", "-t", "set"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def wait_for(what, timeout=120, pause=0.02):
    until = time.time() + timeout
    while not what():
        if time.time() > until:
            raise SystemExit("gave up waiting")
        time.sleep(pause)


def primary(args):
    print("Microseconds of processor time of a primary for each write\n")
    print("| | without a replica | with one |")
    print("|---|---|---|")
    for name, argv in SERVERS.items():
        if not argv:
            continue
        alone, followed = [], []
        server, replica = Server(argv), Server(argv)
        write(server.port, 200000)
        for _ in range(args.rounds):
            for times, follows in (alone, False), (followed, True):
                if follows:
                    replica.ask("REPLICAOF", "127.0.0.1", str(server.port))
                    wait_for(lambda: replica.field("master_link_status") == "up")
                before = seconds_of(server.process.pid)
                write(server.port, args.writes)
                times.append((seconds_of(server.process.pid) - before) / args.writes * 1e6)
                if follows:
                    replica.ask("REPLICAOF", "NO", "ONE")
        server.stop()
        replica.stop()
        print(f"| {name} | {statistics.median(alone):.2f} | {statistics.median(followed):.2f} |", flush=True)
    print()


class Follower:
    """Who follows the primary, and can be stopped."""

    def __init__(self, name, source):
        self.name = name
        if name == "rkv replicate":
            self.folder = tempfile.TemporaryDirectory()
            self.server = None
            self.process = subprocess.Popen(
                [RKV, "replicate", "--from", f"127.0.0.1:{source.port}", "--output", os.path.join(self.folder.name, "c")],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            self.server = Server(SERVERS[name], "--appendonly", "yes", "--replicaof", f"127.0.0.1 {source.port}")
            self.process = self.server.process
        self.most_kb = 0

    def offset(self, source):
        """How far it is: what it says, or, since `rkv replicate` says nothing, what its files hold."""
        if self.server:
            # It says so once a second, unless it is asked.
            source.ask("WAIT", "1", "1")
            return acknowledged(source)
        segments = glob.glob(os.path.join(self.folder.name, "c", "*.incr.aof"))
        return sum(os.path.getsize(segment) for segment in segments) if segments else -1

    def look(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            kb = next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
        self.most_kb = max(self.most_kb, kb)

    def stop(self):
        if self.server:
            self.server.stop()
        else:
            self.process.kill()
            self.process.wait()
            self.folder.cleanup()


def acknowledged(source):
    slave = source.field("slave0") or ""
    fields = dict(field.split("=", 1) for field in slave.split(",") if "=" in field)
    return int(fields.get("offset", -1)) if fields.get("state") == "online" else -1


def follow(args):
    print("Thousands of writes a second; most anonymous memory in MB\n")
    print("| | writes | memory |")
    print("|---|---|---|")
    if not REDIS:
        return
    for name in [name for name, argv in SERVERS.items() if argv] + (["rkv replicate"] if RKV else []):
        rates, most_kb = [], 0
        for _ in range(args.rounds):
            source = Server([REDIS], "--repl-backlog-size", "4gb", "--client-output-buffer-limit", "replica 0 0 0",
                            "--repl-timeout", "600")
            follower = Follower(name, source)
            wait_for(lambda: follower.offset(source) >= 0)
            write(source.port, 100000)
            end = int(source.field("master_repl_offset"))
            wait_for(lambda: follower.offset(source) >= end)
            follower.process.send_signal(signal.SIGSTOP)
            write(source.port, args.writes)
            end = int(source.field("master_repl_offset"))
            began = time.perf_counter()
            follower.process.send_signal(signal.SIGCONT)
            while follower.offset(source) < end:
                follower.look()
                time.sleep(0.01)
            rates.append(args.writes / (time.perf_counter() - began) / 1000)
            most_kb = max(most_kb, follower.most_kb)
            follower.stop()
            source.stop()
        print(f"| {name} | {statistics.median(rates):.0f} | {most_kb / 1000:.0f} |", flush=True)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writes", type=int, default=2000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="primary,follow")
    args = parser.parse_args()
    tasks = {"primary": primary, "follow": follow}
    for name in args.only.split(","):
        tasks[name](args)


if __name__ == "__main__":
    main()
