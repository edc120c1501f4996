#!/usr/bin/env python3
"""Shows what becomes of a primary and of a replica that takes a quarter of what is written.

    benches/slow-replica.py [--seconds 60] [--rate 20]

Programs are taken from these variables; what is not there is left out:
    RKV              target/release/rkv
    REDIS_SERVER     target/peers/bin/redis-server
    VALKEY_SERVER    target/peers/bin/valkey-9.1-server
Values of a kilobyte are written over and over into a thousand keys, so many megabytes a second for so many seconds. The replica
is played by this program: it reads a quarter of that, and all it can get once the writes are over; when its connection is lost
it asks to continue. Servers have their own defaults, but no save points. Prints a Markdown table: the most bytes of memory for
replication, full and partial resynchronisations, and whether the replica came to the end of the stream.
"""

import argparse
import os
import socket
import subprocess
import tempfile
import threading
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(REPO, "target", "peers", "bin")
VALUE = b"x" * 1000


def program(variable, *default):
    path = os.environ.get(variable) or os.path.join(*default)
    return path if os.path.exists(path) else None


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Replica(threading.Thread):
    """Follows the stream at a pace."""

    def __init__(self, port, bytes_per_second):
        super().__init__(daemon=True)
        self.port, self.pace = port, bytes_per_second
        self.replid, self.offset, self.lost = None, 0, 0
        self.is_over = False

    def run(self):
        while not self.is_over:
            try:
                self.follow()
            except OSError:
                pass
            self.lost += not self.is_over
            time.sleep(0.5)

    def follow(self):
        link = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        file = link.makefile("rb", buffering=1 << 16)

        def ask(*words):
            link.sendall(command(*words))
            line = b"\n"
            while line == b"\n":
                line = file.readline()
            if not line:
                raise OSError("closed")
            return line.strip()

        ask(b"REPLCONF", b"capa", b"eof", b"capa", b"psync2")
        if self.replid:
            answer = ask(b"PSYNC", self.replid, b"%d" % (self.offset + 1))
        else:
            answer = ask(b"PSYNC", b"?", b"-1")
        if answer.startswith(b"+FULLRESYNC"):
            _, self.replid, offset = answer.split()
            self.offset = int(offset)
            head = b"\n"
            while head == b"\n":
                head = file.readline()
            if head.startswith(b"$EOF:"):
                mark, seen = head[5:45], b""
                while not seen.endswith(mark):
                    byte = file.read1(1 << 16)
                    if not byte:
                        raise OSError("closed")
                    # Nothing comes behind the mark before the acknowledgement.
                    seen = (seen + byte)[-40:]
            else:
                left = int(head[1:])
                while left:
                    left -= len(file.read1(min(left, 1 << 16)) or self.closed())
        elif not answer.startswith(b"+CONTINUE"):
            raise OSError(answer)
        told = 0
        began, taken = time.monotonic(), 0
        while not self.is_over:
            now = time.monotonic()
            if now - told >= 1:
                link.sendall(command(b"REPLCONF", b"ACK", b"%d" % self.offset))
                told = now
            if self.pace and taken > (now - began) * self.pace:
                time.sleep(0.01)
                continue
            try:
                bytes_ = file.read1(1 << 16)
            except socket.timeout:
                continue
            if not bytes_:
                raise OSError("closed")
            self.offset += len(bytes_)
            taken += len(bytes_)

    def closed(self):
        raise OSError("closed")


class Primary:
    def __init__(self, argv, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(argv + ["--port", str(self.port), "--save", "", "--dir", folder, "--logfile", "log"],
                                        stdout=subprocess.DEVNULL, cwd=folder)
        for _ in range(200):
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port))
                break
            except OSError:
                time.sleep(0.05)
        self.file = self.socket.makefile("rb")

    def info(self):
        self.socket.sendall(command(b"INFO", b"everything"))
        length = int(self.file.readline()[1:])
        text = self.file.read(length + 2).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def write(self, seconds, megabytes_per_second):
        """Writes; gives the most bytes of memory for replication."""
        most, batch = 0, 64
        per_second = megabytes_per_second * 1000
        began, written, looked = time.monotonic(), 0, 0
        while time.monotonic() - began < seconds:
            if written > (time.monotonic() - began) * per_second:
                time.sleep(0.002)
                continue
            self.socket.sendall(b"".join(command(b"SET", b"key:%d" % ((written + i) % 1000), VALUE) for i in range(batch)))
            for _ in range(batch):
                self.file.readline()
            written += batch
            if time.monotonic() - looked > 0.2:
                looked = time.monotonic()
                most = max(most, int(self.info()["mem_total_replication_buffers"]))
        return most, written * 1000 / (time.monotonic() - began)

    def stop(self):
        self.process.kill()
        self.process.wait()


def measure(argv, args, folder):
    primary = Primary(argv, folder)
    replica = Replica(primary.port, args.rate * 1e6 / 4)
    replica.start()
    time.sleep(7)
    most, rate = primary.write(args.seconds, args.rate)
    replica.pace = None
    end = time.monotonic() + args.seconds + 60
    has_all = False
    while time.monotonic() < end and not has_all:
        info = primary.info()
        has_all = replica.offset >= int(info["master_repl_offset"])
        time.sleep(0.1)
    info = primary.info()
    replica.is_over = True
    primary.stop()
    return "%.0f | %.0f | %s | %s | %d | %s" % (
        rate / 1e6, most / 2**20, info["sync_full"], info["sync_partial_ok"], replica.lost, "yes" if has_all else "no")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=20, help="megabytes a second")
    args = parser.parse_args()
    rkv = program("RKV", REPO, "target", "release", "rkv")
    programs = [
        ("rkv", rkv and [os.path.abspath(rkv), "serve"]),
        ("redis", program("REDIS_SERVER", PEERS, "redis-server")),
        ("valkey", program("VALKEY_SERVER", PEERS, "valkey-9.1-server")),
    ]
    print("| server | MB/s | MiB for replication at most | full | partial | connections lost | came to the end |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for name, argv in programs:
        if argv:
            with tempfile.TemporaryDirectory(prefix="rkv-slow-") as folder:
                print("| %s | %s |" % (name, measure(argv if isinstance(argv, list) else [argv], args, folder)), flush=True)


if __name__ == "__main__":
    main()
