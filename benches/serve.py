#!/usr/bin/env python3
"""Compares the processor time per request of `rkv serve` with that of other servers and prints a Markdown table.

    benches/serve.py [--rounds 5] [--requests 1000000] [--pipeline 16,1] [--tests set,get,...] [-- --directive value ...]

Programs are taken from these variables; what is not there is left out:
    RKV              target/release/rkv
    REDIS_SERVER     target/peers/bin/redis-server
    VALKEY_SERVER    target/peers/bin/valkey-9.1-server
    REDIS_BENCHMARK  target/peers/bin/redis-benchmark
All servers run at once, each with a million strings of 64 bytes. In each round every server gets the same load after the
others, so that what else the machine does falls on all of them alike. Shown are medians, over the rounds, of the user and
system time that the server's process took, in microseconds per request, and the least of them; and the most requests per
second. Directives behind -- are given to all servers.
"""

import argparse
import os
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


class Server:
    """A server that runs until it is stopped."""

    def __init__(self, name, argv, directives, folder):
        self.name = name
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        os.makedirs(folder)
        argv = argv + ["--port", str(self.port), "--save", "", "--dir", folder, "--logfile", "log"] + directives
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, cwd=folder)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("%s does not answer" % name)

    def cpu(self):
        """Seconds that it has run: to the nanosecond, while what the process's files tell is made of ticks."""
        # What clock_getcpuclockid(3) makes of a process.
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def load(self, benchmark, test, requests, pipeline):
        """Microseconds of processor time per request, and requests per second."""
        cpu, began = self.cpu(), time.perf_counter()
        subprocess.run([benchmark, "-p", str(self.port), "-c", "50", "-d", "64", "-r", "1000000", "-q", "-t", test,
                        "-n", str(requests), "-P", str(pipeline)], check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - began
        return (self.cpu() - cpu) / requests * 1e6, requests / took

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000000)
    parser.add_argument("--pipeline", default="16,1")
    parser.add_argument("--tests", default="set,get,incr,lpush,hset,zadd")
    parser.add_argument("directives", nargs="*")
    args = parser.parse_args()
    benchmark = program("REDIS_BENCHMARK", PEERS, "redis-benchmark")
    if not benchmark:
        raise SystemExit("redis-benchmark is missing; .ci/setup-peers.sh installs it")
    rkv = program("RKV", REPO, "target", "release", "rkv")
    programs = [
        ("rkv", rkv and [os.path.abspath(rkv), "serve"]),
        ("redis", program("REDIS_SERVER", PEERS, "redis-server")),
        ("valkey", program("VALKEY_SERVER", PEERS, "valkey-9.1-server")),
    ]
    with tempfile.TemporaryDirectory(prefix="rkv-serve-") as folder:
        servers = [Server(name, argv if isinstance(argv, list) else [argv], args.directives, os.path.join(folder, name))
                   for name, argv in programs if argv]
        try:
            for server in servers:
                server.load(benchmark, "set", 3000000, 32)
            print("| test | pipeline |" + "".join(" %s: us (least), k/s |" % server.name for server in servers))
            print("|---|---:|" + "---:|" * len(servers))
            for pipeline in map(int, args.pipeline.split(",")):
                # A request alone takes several times as long.
                requests = args.requests if pipeline > 1 else args.requests // 5
                for test in args.tests.split(","):
                    figures = {server.name: [] for server in servers}
                    for _ in range(args.rounds):
                        for server in servers:
                            figures[server.name].append(server.load(benchmark, test, requests, pipeline))
                    cells = ""
                    for of_server in figures.values():
                        cpu = [cpu for cpu, _ in of_server]
                        rate = max(rate for _, rate in of_server)
                        cells += " %.2f (%.2f), %.0f |" % (statistics.median(cpu), min(cpu), rate / 1000)
                    print("| %s | %d |%s" % (test.upper(), pipeline, cells), flush=True)
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
