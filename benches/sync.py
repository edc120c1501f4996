#!/usr/bin/env python3
"""Times the full resynchronisation of each server with each: seconds from REPLICAOF until the link is up.

    benches/sync.py [--rdb benches/data/strings.rdb] [--rounds 5]

Programs are taken from the variables that benches/stream.py names, the file from benches/make-data.py. Snapshots go straight to the
connection, without delay. All pairs take their turns in each round. Prints a Markdown table of medians, and in brackets the
processor time of primary and replica; a child that saves does not count.
"""

import argparse
import os
import statistics
import time

from stream import REPO, SERVERS, Server, seconds_of, wait_for


# Redis 7.0 does not read the RDB version that Valkey 9 sends.
IMPOSSIBLE = {("valkey", "redis")}


def sync(primary, replica, rdb):
    """Seconds, processor time of the primary and of the replica."""
    source, target = Server(primary, rdb=rdb), Server(replica)
    try:
        wait_for(lambda: source.ask("PING") == "+PONG")
        processes = source.process.pid, target.process.pid
        cpu = [seconds_of(pid) for pid in processes]
        began = time.perf_counter()
        target.ask("REPLICAOF", "127.0.0.1", str(source.port))
        wait_for(lambda: target.field("master_link_status") == "up", pause=0.005)
        took = time.perf_counter() - began
        cpu = [seconds_of(pid) - before for pid, before in zip(processes, cpu)]
        if target.ask("DBSIZE") != source.ask("DBSIZE"):
            raise SystemExit("the replica has not all that its primary has")
        return [took] + cpu
    finally:
        target.stop()
        source.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rdb", default=os.path.join(REPO, "benches", "data", "strings.rdb"))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    servers = {name: argv for name, argv in SERVERS.items() if argv}
    pairs = {(primary, replica): [] for primary in servers for replica in servers if (primary, replica) not in IMPOSSIBLE}
    for _ in range(args.rounds):
        for (primary, replica), figures in pairs.items():
            figures.append(sync(servers[primary], servers[replica], args.rdb))
    print("| primary | " + " | ".join(f"to {name}" for name in servers) + " |")
    print("|---|" + "---:|" * len(servers))
    for primary in servers:
        cells = []
        for replica in servers:
            if (primary, replica) in IMPOSSIBLE:
                cells.append("")
                continue
            wall, sent, loaded = map(statistics.median, zip(*pairs[primary, replica]))
            cells.append(f"{wall:.2f} ({sent:.2f} + {loaded:.2f})")
        print(f"| {primary} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
