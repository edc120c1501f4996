#!/usr/bin/env python3
"""Compares rkv with other readers of RDB files and prints a Markdown table.

    benches/compare.py [--runs 5] [--data benches/data] [--only TEXT] [strings mixed huge]

Programs are taken from these variables; what is not there is left out:
    RKV              target/release/rkv
    REDIS_CHECK_RDB  target/peers/bin/redis-check-rdb
    LIBRDB_CLI       rdb-cli on the PATH
    HDT_RDB          rdb-hdt on the PATH
Each command runs once to warm the page cache, then --runs times on all cores and --runs times on one. Shown are medians
of wall time and of user plus system time, and the largest anonymous memory seen (RssAnon, sampled every 2 ms).
All outputs go to files in one temporary folder; commands that end with another status than 0 say so.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def program(variable, default):
    path = os.environ.get(variable) or default
    return path if os.path.exists(path) else shutil.which(path)


def commands():
    """Rows of (task, program name, argv with {input} and {output})."""
    rkv = program("RKV", os.path.join(REPO, "target", "release", "rkv"))
    check = program("REDIS_CHECK_RDB", os.path.join(REPO, "target", "peers", "bin", "redis-check-rdb"))
    librdb = program("LIBRDB_CLI", "rdb-cli")
    hdt = program("HDT_RDB", "rdb-hdt")
    rows = [
        ("check", "rkv rdb verify", [rkv, "rdb", "verify", "{input}"]),
        ("check", "redis-check-rdb 7.0.15", [check, "{input}"]),
        ("check, quick", "rkv rdb verify --quick", [rkv, "rdb", "verify", "--quick", "{input}"]),
        ("overview", "rkv rdb info", [rkv, "rdb", "info", "{input}"]),
        ("JSON", "rkv rdb dump --format jsonl", [rkv, "rdb", "dump", "{input}", "--format", "jsonl", "-o", "{output}", "--force"]),
        ("JSON", "librdb json", [librdb, "{input}", "-l", "/dev/null", "json", "-o", "{output}"]),
        ("JSON", "HDT json", [hdt, "-c", "json", "-o", "{output}", "{input}"]),
        ("commands", "rkv rdb dump --format resp", [rkv, "rdb", "dump", "{input}", "--format", "resp", "-o", "{output}", "--force"]),
        ("commands", "librdb resp", [librdb, "{input}", "-l", "/dev/null", "resp", "-o", "{output}"]),
        ("commands", "HDT aof", [hdt, "-c", "aof", "-o", "{output}", "{input}"]),
        ("report", "rkv rdb stats", [rkv, "rdb", "stats", "{input}"]),
        ("report", "HDT memory", [hdt, "-c", "memory", "-o", "{output}", "{input}"]),
        ("filter to RDB", "rkv rdb convert --key", [rkv, "rdb", "convert", "{input}", "--key", "*:1*", "-o", "{output}", "--force"]),
        ("filter to commands", "librdb resp --key", [librdb, "{input}", "-l", "/dev/null", "-k", ".*:1.*", "resp", "-o", "{output}"]),
    ]
    return [row for row in rows if row[2][0]]


class Run:
    """One finished process: wall and processor seconds, peak anonymous memory in MB, exit status."""

    def __init__(self, argv, cores):
        with open(os.devnull, "wb") as null:
            started = time.perf_counter()
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=null, stderr=null,
                                       preexec_fn=lambda: os.sched_setaffinity(0, cores))
            self.peak_kb = 0
            self.done = False
            sampler = threading.Thread(target=self.sample, args=(process.pid,))
            sampler.start()
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            self.done = True
            sampler.join()
        self.cpu = usage.ru_utime + usage.ru_stime
        self.status = process.returncode

    def sample(self, pid):
        while not self.done:
            try:
                with open("/proc/%d/status" % pid) as lines:
                    for line in lines:
                        if line.startswith("RssAnon:"):
                            self.peak_kb = max(self.peak_kb, int(line.split()[1]))
                            break
            except OSError:
                return
            time.sleep(0.002)


def measure(argv, runs):
    everywhere = os.sched_getaffinity(0)
    warm = Run(argv, everywhere)
    all_cores = [Run(argv, everywhere) for _ in range(runs)]
    one_core = [Run(argv, {min(everywhere)}) for _ in range(runs)]
    median = lambda results, field: statistics.median(getattr(result, field) for result in results)
    return warm.status, median(all_cores, "wall"), median(all_cores, "cpu"), median(one_core, "wall"), max(
        run.peak_kb for run in all_cores + one_core) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=["strings", "mixed", "huge"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", default=os.path.join(REPO, "benches", "data"))
    parser.add_argument("--only", default="", help="commands whose name contains this text")
    args = parser.parse_args()
    print("| data | task | command | wall s | user+sys s | one core s | MB/s | RssAnon MB | output MB |")
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="rkv-compare-") as folder:
        for name in args.sets:
            path = os.path.join(args.data, name + ".rdb")
            size = os.path.getsize(path) / 1e6
            for task, title, argv in commands():
                if args.only not in title:
                    continue
                output = os.path.join(folder, "output")
                argv = [part.format(input=path, output=output) for part in argv]
                status, wall, cpu, one, peak = measure(argv, args.runs)
                written = os.path.getsize(output) / 1e6 if os.path.exists(output) else 0
                note = "" if status == 0 else " (exit status %d)" % status
                print("| %s | %s | %s%s | %.2f | %.2f | %.2f | %.0f | %.1f | %.0f |" % (
                    name, task, title, note, wall, cpu, one, size / wall, peak, written), flush=True)
                if os.path.exists(output):
                    os.remove(output)


if __name__ == "__main__":
    main()
