#!/usr/bin/env python3
"""Compares rkv with other readers of RDB files and prints Markdown tables: all figures, those of the README, and how many
times as fast as its peer each command of rkv is, beside what it shall be.

    benches/compare.py [--runs 5] [--data benches/data] [--only TEXT,TEXT] [strings mixed huge]

Programs are taken from these variables; what is not there is left out:
    RKV              target/release/rkv
    REDIS_CHECK_RDB  target/peers/bin/redis-check-rdb
    LIBRDB_CLI       target/peers/bin/rdb-cli, or rdb-cli on the PATH
    HDT_RDB          target/peers/bin/rdb-hdt, or rdb-hdt on the PATH
Each command runs once to warm the page cache. Then there are --runs rounds, in each of which every command runs once on
all cores and once on one, so that what else the machine does falls on all of them alike. Shown are medians of wall time
and of user plus system time, and the largest anonymous memory seen (RssAnon, sampled every 2 ms). With three numbers of
wall time the one in the middle is the median, those around it are the least and the most.
All outputs go to a temporary folder, are removed before the next run, and what a run leaves to be written to disk is
written before the next starts. Commands that end with another status than 0 say so.
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
    return os.path.abspath(path) if os.path.exists(path) else shutil.which(os.path.basename(path))


def commands():
    """Rows of (task, program name, argv with {input} and {output})."""
    rkv = program("RKV", os.path.join(REPO, "target", "release", "rkv"))
    peers = os.path.join(REPO, "target", "peers", "bin")
    check = program("REDIS_CHECK_RDB", os.path.join(peers, "redis-check-rdb"))
    librdb = program("LIBRDB_CLI", os.path.join(peers, "rdb-cli"))
    hdt = program("HDT_RDB", os.path.join(peers, "rdb-hdt"))
    rows = [
        ("check", "rkv rdb verify", [rkv, "rdb", "verify", "{input}"]),
        ("check", "redis-check-rdb 7.0.15", [check, "{input}"]),
        ("check, quick", "rkv rdb verify --quick", [rkv, "rdb", "verify", "--quick", "{input}"]),
        ("overview", "rkv rdb info", [rkv, "rdb", "info", "{input}"]),
        ("JSON", "rkv rdb dump --format jsonl", [rkv, "rdb", "dump", "{input}", "--format", "jsonl", "-o", "{output}"]),
        ("JSON", "librdb json", [librdb, "{input}", "-l", "/dev/null", "json", "-o", "{output}"]),
        ("JSON", "HDT json", [hdt, "-c", "json", "-o", "{output}", "{input}"]),
        ("commands", "rkv rdb dump --format resp", [rkv, "rdb", "dump", "{input}", "--format", "resp", "-o", "{output}"]),
        ("commands", "librdb resp", [librdb, "{input}", "-l", "/dev/null", "resp", "-o", "{output}"]),
        ("commands", "HDT aof", [hdt, "-c", "aof", "-o", "{output}", "{input}"]),
        ("report", "rkv rdb stats", [rkv, "rdb", "stats", "{input}"]),
        ("report", "HDT memory", [hdt, "-c", "memory", "-o", "{output}", "{input}"]),
        ("filter to RDB", "rkv rdb convert --key '*:1*'", [rkv, "rdb", "convert", "{input}", "--key", "*:1*", "-o", "{output}"]),
        ("filter to RDB, few keys", "rkv rdb convert --key '*:12345*'", [rkv, "rdb", "convert", "{input}", "--key", "*:12345*", "-o", "{output}"]),
        ("filter to RDB, all keys", "rkv rdb convert --key '*'", [rkv, "rdb", "convert", "{input}", "--key", "*", "-o", "{output}"]),
        ("filter to commands", "librdb resp -k '.*:1.*'", [librdb, "{input}", "-l", "/dev/null", "-k", ".*:1.*", "resp", "-o", "{output}"]),
    ]
    return [row for row in rows if row[2][0]]


class Run:
    """One finished process: wall and processor seconds, peak anonymous memory in MB, exit status."""

    def __init__(self, argv, cores, folder):
        with open(os.devnull, "wb") as null:
            started = time.perf_counter()
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=null, stderr=null, cwd=folder,
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


class Command:
    """A command on one file, and its runs."""

    def __init__(self, task, title, argv, folder, path):
        self.task, self.title, self.folder = task, title, folder
        self.output = os.path.join(folder, "output")
        self.argv = [part.format(input=path, output=self.output) for part in argv]
        self.all_cores, self.one_core = [], []
        self.written = 0
        self.status = 0

    def run(self, cores):
        run = Run(self.argv, cores, self.folder)
        self.status = self.status or run.status
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            self.written = os.path.getsize(path) / 1e6 if path == self.output else self.written
            os.remove(path)
        if self.written:
            os.sync()
        return run

    def note(self):
        return "" if self.status == 0 else " (exit status %d)" % self.status

    def wall(self):
        return statistics.median(run.wall for run in self.all_cores)

    def cpu(self):
        return statistics.median(run.cpu for run in self.all_cores)

    def one(self):
        return statistics.median(run.wall for run in self.one_core)

    def row(self, data, size):
        walls = sorted(run.wall for run in self.all_cores)
        wall, cpu, one = self.wall(), self.cpu(), self.one()
        peak = max(run.peak_kb for run in self.all_cores + self.one_core) / 1024
        note = self.note()
        return "| %s | %s | %s%s | %.3f–%.3f–%.3f | %.3f | %.3f | %.0f | %.1f | %.0f |" % (
            data, self.task, self.title, note, walls[0], wall, walls[-1], cpu, one, size / wall, peak, self.written)


CHECK = "redis-check-rdb 7.0.15"

# What rkv shall be: command, peer, at least so many times as fast. Without a peer it is MB per second.
GOALS = [
    ("rkv rdb verify", CHECK, 5),
    ("rkv rdb verify --quick", CHECK, 15),
    ("rkv rdb info", CHECK, 15),
    ("rkv rdb dump --format jsonl", CHECK, 1),
    ("rkv rdb dump --format resp", "librdb resp", 3),
    ("rkv rdb stats", "HDT memory", 4),
    ("rkv rdb convert --key '*:12345*'", None, 1000),
    ("rkv rdb convert --key '*:1*'", None, 1000),
]


def print_summary(sets):
    """The table of the README: wall time on all cores / user and system time / wall time on one core."""
    print("\n| what | %s |\n|---|%s" % (" | ".join(sets), "---|" * len(sets)))
    titles = [command.title for command in next(iter(sets.values()))[1]]
    for i, title in enumerate(titles):
        cells = []
        for _, commands in sets.values():
            command = commands[i]
            cells.append("%.2f / %.2f / %.2f%s" % (command.wall(), command.cpu(), command.one(), command.note()))
        print("| %s | %s |" % (title, " | ".join(cells)))


def print_goals(sets):
    """How many times as fast as its peer rkv is, by wall time, by processor time and on one core."""
    print("\n| data | command | shall be | wall | user+sys | one core |\n|---|---|---:|---:|---:|---:|")
    for name, (size, commands) in sets.items():
        found = {command.title: command for command in commands}
        for title, peer, goal in GOALS:
            if title not in found or peer and peer not in found:
                continue
            ours = found[title]
            times = [ours.wall(), ours.cpu(), ours.one()]
            if peer:
                theirs = found[peer]
                cells = ["%.1f" % (b / a) for a, b in zip(times, [theirs.wall(), theirs.cpu(), theirs.one()])]
                shall = "%d times %s" % (goal, peer)
            else:
                cells = ["%.0f" % (size / time) for time in times]
                shall = "%d MB/s" % goal
            print("| %s | %s | %s | %s |" % (name, title, shall, " | ".join(cells)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=["strings", "mixed", "huge"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", default=os.path.join(REPO, "benches", "data"))
    parser.add_argument("--only", default="", help="commands whose name contains one of these texts, with commas between")
    args = parser.parse_args()
    measured = {}
    everywhere = os.sched_getaffinity(0)
    print("| data | task | command | wall s | user+sys s | one core s | MB/s | RssAnon MB | output MB |")
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    for name in args.sets:
        path = os.path.abspath(os.path.join(args.data, name + ".rdb"))
        with tempfile.TemporaryDirectory(prefix="rkv-compare-") as folder:
            wanted = [row for row in commands() if any(text in row[1] for text in args.only.split(","))]
            chosen = [Command(*row, folder, path) for row in wanted]
            for command in chosen:
                command.run(everywhere)
            for _ in range(args.runs):
                for command in chosen:
                    command.all_cores.append(command.run(everywhere))
                    command.one_core.append(command.run({min(everywhere)}))
            for command in chosen:
                print(command.row(name, os.path.getsize(path) / 1e6), flush=True)
            measured[name] = (os.path.getsize(path) / 1e6, chosen)
    print_summary(measured)
    print_goals(measured)


if __name__ == "__main__":
    main()
