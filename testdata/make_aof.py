#!/usr/bin/env python3
"""Makes the files of testdata/aof: small append-only files, sound ones and one per kind of damage."""

import pathlib

HERE = pathlib.Path(__file__).parent / "aof"


def command(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def note(time):
    return b"#TS:%d\r\n" % time


def transaction(*commands):
    return command("MULTI") + b"".join(commands) + command("EXEC")


START = note(1700000000) + command("SELECT", 0) + command("SET", "user:1", "Ada") + command("SET", "user:2", b"\xff\x00\r\n")
MOVE = transaction(command("DECRBY", "account:1", 5), command("INCRBY", "account:2", 5))
END = note(1700000060) + command("SELECT", 3) + command("RPUSH", "queue", "a", "b") + command("DEL", "user:1")

FILES = {
    "sound.aof": START + MOVE + END,
    "torn.aof": START + MOVE + END[:-9],
    "torn-transaction.aof": START + MOVE[:-14],
    "torn-annotation.aof": START + b"#TS:17000",
    "garbage.aof": START + b"\x00" * 20 + MOVE + END,
    "garbage-in-transaction.aof": START + MOVE[:20] + b"~" + MOVE[21:] + END,
    "zeros-at-end.aof": START + MOVE + END + b"\x00" * 4096,
    "negative-length.aof": START + b"*2\r\n$3\r\nDEL\r\n$-5\r\nuser:\r\n" + END,
    "huge-length.aof": START + b"*2\r\n$3\r\nDEL\r\n$99999999999999\r\nuser:1\r\n" + END,
    "huge-count.aof": START + b"*99999999999\r\n$3\r\nDEL\r\n" + END,
    "no-arguments.aof": START + b"*0\r\n" + END,
    "line-feeds.aof": b"*1\n$4\nPING\n",
    "exec-without-multi.aof": START + command("EXEC") + END,
    "nested-multi.aof": START + command("MULTI") + MOVE + END,
    "bad-select.aof": START + command("SELECT", "x") + END,
    "unknown-command.aof": START + command("FROBNICATE", "user:1") + END,
    "wrong-arity.aof": START + command("SET", "user:1") + END,
    "empty.aof": b"",
    "set/shop.aof.1.base.aof": START,
    "set/shop.aof.1.incr.aof": command("SELECT", 0) + MOVE,
    "set/shop.aof.2.incr.aof": note(1700000030) + command("SELECT", 0) + command("FLUSHALL") + END,
    "set/shop.aof.manifest": b"# three files\n"
    b"file shop.aof.1.base.aof seq 1 type b\n"
    b'file "shop.aof.1.incr.aof" seq 1 type i startoffset 0 endoffset 110\n'
    b"file shop.aof.2.incr.aof seq 2 type i startoffset 110\n",
}

for name, content in FILES.items():
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
