#!/usr/bin/env python3
"""Writes the files of testdata/servers with real servers, and checks all good files against servers.

    testdata/generate.py              writes testdata/servers anew
    testdata/generate.py --check      loads every good file into every server that should take it and compares what the
                                      server says with NAME.expect.jsonl; then writes what each server says of bad files

Servers come from target/peers/bin (.ci/setup-peers.sh). --server redis-8.6=PATH adds one that cannot be installed so.
The twins NAME.expect.jsonl hold what the server itself answers (TYPE, PEXPIRETIME, and the values by commands).
"""

import argparse
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.environ.get("RKV_PEERS_DIR", os.path.join(os.path.dirname(HERE), "target", "peers", "bin"))
SERVERS = {
    "redis-7.0": os.path.join(PEERS, "redis-server"),
    "valkey-8.1": os.path.join(PEERS, "valkey-8.1-server"),
    "valkey-9.1": os.path.join(PEERS, "valkey-9.1-server"),
}
FAR_MS = 33_177_117_420_000
SMALL = """--hash-max-listpack-entries 8 --hash-max-listpack-value 32 --set-max-intset-entries 8 --zset-max-listpack-entries 8
--zset-max-listpack-value 32 --list-max-listpack-size 4 --stream-node-max-entries 4""".split()
FUNCTION = """#!lua name=%s
redis.register_function('%s_echo', function(keys, args) return args[1] end)
"""


class ServerError(Exception):
    pass


class Server:
    def __init__(self, name, *config, files=None):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="rkv-generate-")
        for target, source in (files or {}).items():
            shutil.copyfile(source, os.path.join(self.folder, target))
        path = os.path.join(self.folder, "socket")
        self.log = os.path.join(self.folder, "log")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1] % 10000 + 20000
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [SERVERS[name], "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", path, "--save", "", "--dir",
                 self.folder, "--enable-debug-command", "yes", *config], stdout=log, stderr=log, cwd=self.folder)
        self.sock = None
        deadline = time.time() + 30
        while time.time() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(path)
                self.stream = self.sock.makefile("rb")
                if self.ask("PING") == b"PONG":
                    return
            except (OSError, ServerError, EOFError):
                pass
            time.sleep(0.02)
        with open(self.log, errors="replace") as log:
            text = log.read()
        self.close()
        raise ServerError(text)

    def close(self):
        if self.sock:
            self.sock.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, *argv):
        argv = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in argv]
        self.sock.sendall(b"*%d\r\n" % len(argv) + b"".join(b"$%d\r\n%s\r\n" % (len(arg), arg) for arg in argv))
        reply = self.reply()
        if isinstance(reply, ServerError):
            raise ServerError("%s: %s" % (argv[:3], reply))
        return reply

    def run(self, line):
        """Sends a command line of plain words."""
        return self.ask(*line.split())

    def reply(self):
        line = self.stream.readline()
        if not line:
            raise EOFError
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return ServerError(rest.decode())
        if kind == b":":
            return int(rest)
        count = int(rest)
        if count < 0:
            return None
        if kind == b"$":
            data = self.stream.read(count + 2)
            return data[:-2]
        return [self.reply() for _ in range(count)]


# ---------------------------------------------------------------- what a server says


def text(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def pairs(flat):
    return list(zip(flat[::2], flat[1::2]))


def number(data):
    value = float(data)
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def hash_value(server, key):
    content = pairs(server.ask("HGETALL", key))
    times = [-1] * len(content)
    if content and not server.name.startswith(("redis-7", "valkey-8")):
        times = server.ask("HPEXPIRETIME", key, "FIELDS", len(content), *[field for field, _ in content])
    plain = all(isinstance(text(field), str) for field, _ in content)
    if plain and all(at < 0 for at in times):
        return {text(field): text(value) for field, value in content}
    return [{"field": text(field), "value": text(value)} | ({"expire_at_ms": at} if at >= 0 else {})
            for (field, value), at in zip(content, times)]


def named(flat):
    return {name.decode(): value for name, value in pairs(flat)}


def stream_value(server, key):
    info = named(server.ask("XINFO", "STREAM", key, "FULL", "COUNT", 0))
    groups = []
    for group in map(named, info["groups"]):
        consumers = [named(consumer) for consumer in group["consumers"]]
        groups.append({
            "name": text(group["name"]), "last_id": text(group["last-delivered-id"]), "entries_read": group["entries-read"],
            "pending": [{"id": text(at), "consumer": text(who), "delivered_ms": when, "delivery_count": times}
                        for at, who, when, times in group["pending"]],
            "consumers": [{"name": text(consumer["name"]), "seen_ms": consumer["seen-time"],
                           "active_ms": consumer.get("active-time", consumer["seen-time"])} for consumer in consumers]})
    return {"entries": [{"id": text(at), "fields": [[text(f), text(v)] for f, v in pairs(flat)]}
                        for at, flat in server.ask("XRANGE", key, "-", "+")],
            "last_id": text(info["last-generated-id"]), "first_id": text(info["recorded-first-entry-id"]),
            "max_deleted_id": text(info["max-deleted-entry-id"]), "entries_added": info["entries-added"], "groups": groups}


def value_of(server, kind, key):
    if kind == "string":
        return text(server.ask("GET", key))
    if kind == "list":
        return [text(item) for item in server.ask("LRANGE", key, 0, -1)]
    if kind == "set":
        return sorted((text(item) for item in server.ask("SMEMBERS", key)), key=str)
    if kind == "zset":
        return [{"member": text(member), "score": number(score)}
                for member, score in pairs(server.ask("ZRANGE", key, 0, -1, "WITHSCORES"))]
    if kind == "hash":
        return hash_value(server, key)
    if kind == "stream":
        return stream_value(server, key)
    return None  # module types: their commands are not known here


def describe(server):
    """All keys in the JSON of keys, as far as a server can tell."""
    lines = []
    for line in server.ask("INFO", "keyspace").decode().splitlines():
        if not line.startswith("db"):
            continue
        db = int(line[2:line.index(":")])
        server.ask("SELECT", db)
        for key in sorted(server.ask("KEYS", "*")):
            kind = text(server.ask("TYPE", key))
            entry = {"db": db, "key": text(key), "type": kind}
            expiry = server.ask("PEXPIRETIME", key)
            if expiry >= 0:
                entry["expire_at_ms"] = expiry
            lines.append(entry | {"value": value_of(server, kind, key)})
    server.ask("SELECT", 0)
    return lines


def keep(server, name):
    """Saves and keeps the file and its twin."""
    server.ask("SAVE")
    target = os.path.join(HERE, "servers", "%s-%s.rdb" % (server.name, name))
    shutil.copyfile(os.path.join(server.folder, "dump.rdb"), target)
    write_twin(target, describe(server))


def write_twin(path, lines):
    with open(path + ".expect.jsonl", "w") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


# ---------------------------------------------------------------- scenarios


def fill_types(s):
    """Every type in its small and its large form."""
    for value in ("", "0", "-12", "127", "-128", "128", "32767", "-32769", "2147483647", "-2147483649", "12345678901", "007", "-0", "+1",
                  "9223372036854775807", "9223372036854775808", "1.5", "a" * 20, "a" * 21, "abcd" * 11, "abcd" * 200):
        s.ask("SET", "string:%s" % value[:24], value)
    s.ask("APPEND", "string:raw", "appended")
    s.ask("SETBIT", "string:bits", 999, 1)
    s.ask("PFADD", "string:hyperloglog", "a", "b", "c")
    s.ask("GEOADD", "zset:geo", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")
    items = ["a", "1", "-1", "127", "128", "-4096", "4096", "70000", "-9000000", "3000000000", "-9223372036854775808", "", "z" * 63,
             "z" * 64, "ü" * 40]
    s.ask("RPUSH", "list:small", "a", "b", "1", "")
    s.ask("RPUSH", "list:nodes", *items, *range(20))
    s.ask("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b")
    s.ask("RPUSH", "list:plain", "before", "p" * 200, "between", "Q" * 101 + "end", "q" * 300, "after")
    s.ask("RPUSH", "list:all-plain", "r" * 150, "s" * 150)
    s.ask("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0")
    s.ask("SADD", "set:int16", 3, -3, 100)
    s.ask("SADD", "set:int32", 1, 70000)
    s.ask("SADD", "set:int64", 1, 5_000_000_000, -5_000_000_000)
    s.ask("SADD", "set:large-ints", *range(20))
    s.ask("SADD", "set:small", "a", "b", "7", "")
    s.ask("SADD", "set:large", *["member-%d" % i for i in range(20)])
    s.ask("SADD", "set:long", "m" * 100)
    s.ask("ZADD", "zset:small", 1, "a", 2.5, "b", "-inf", "c", "inf", "d", 0.1, "e", 1e300, "f", -0.0, "g", 12345678, "h")
    s.ask("ZADD", "zset:large", *[part for i in range(20) for part in (i * 1.1, "member-%d" % i)], "inf", "top", "-inf", "bottom")
    s.ask("ZADD", "zset:long", 3, "m" * 100)
    s.ask("HSET", "hash:small", "f", "v", "n", 100, "big", -123456789012, "", "", "empty", "")
    s.ask("HSET", "hash:large", *[part for i in range(20) for part in ("field-%d" % i, i * 1000 if i % 2 else "value-%d" % i)])
    s.ask("HSET", "hash:long", "f", "v" * 100)


def fill_binary(s):
    """Databases, expiries, and bytes that are not text."""
    s.ask("SET", b"nul\x00key", b"\x00\x01\x02")
    s.ask("SET", b"\xff\xfe not UTF-8", b"\x80" * 30 + b"tail")
    s.ask("SET", 'quote"back\\slash', "line\r\nfeed\ttab\x7f\u2028 \U0001f600")
    s.ask("SET", "", "empty key")
    s.ask("SET", "with expiry", "v", "PXAT", FAR_MS + 123)
    s.ask("SET", "no expiry after one", "v")
    s.ask("SELECT", 1)
    s.ask("HSET", b"hash\xf0", b"field\xff", b"value\xff", "plain", "text")
    s.ask("PEXPIREAT", b"hash\xf0", FAR_MS)
    s.ask("RPUSH", "list", b"\x00", b"\xc3\x28")
    s.ask("SADD", "set", b"\xff", "text")
    s.ask("ZADD", "zset", 1, b"\xff\x00")
    s.ask("XADD", "stream", "1-1", b"f\xff", b"v\xfe")
    s.ask("SELECT", 15)
    s.ask("SET", "last", "1")
    s.ask("SELECT", 0)


def fill_streams(s):
    """Nodes, tombstones, groups, pending entries, empty streams."""
    for i in range(1, 11):
        s.ask("XADD", "nodes", "%d-%d" % (1000 + i // 2, i), "kind", "even" if i % 2 == 0 else "odd", "n", i)
    s.ask("XADD", "nodes", "5000-0", "other", "fields", "here", "3", "and", "")
    s.run("XDEL nodes 1001-2 1001-3 5000-0")
    s.run("XADD one 18446744073709551615-18446744073709551614 f v")
    s.run("XADD deleted 1-1 f v")
    s.run("XADD deleted 2-1 f v")
    s.run("XDEL deleted 1-1 2-1")
    s.run("XGROUP CREATE created g $ MKSTREAM")
    s.run("XADD trimmed MAXLEN 2 1-1 f v")
    for i in range(2, 9):
        s.run("XADD trimmed MAXLEN 2 %d-1 f v" % i)
    s.run("XADD backwards 100-50 f v")
    s.run("XADD backwards 101-0 f v")
    for i in range(1, 7):
        s.run("XADD groups %d-0 f %d" % (i, i))
    s.run("XGROUP CREATE groups workers 0")
    s.run("XGROUP CREATE groups idle $")
    s.run("XGROUP CREATE groups lost 3-0 ENTRIESREAD 3")
    s.run("XGROUP CREATE groups unknown 2-5")
    s.run("XREADGROUP GROUP workers alice COUNT 3 STREAMS groups >")
    s.run("XREADGROUP GROUP workers bob COUNT 2 STREAMS groups >")
    s.run("XREADGROUP GROUP workers noack COUNT 1 NOACK STREAMS groups >")
    s.run("XGROUP CREATECONSUMER groups workers never")
    s.run("XACK groups workers 2-0")
    s.run("XCLAIM groups workers bob 0 1-0 TIME 1700000000000 RETRYCOUNT 7 FORCE")
    s.run("XDEL groups 3-0")
    s.run("XREADGROUP GROUP lost zoe COUNT 1 STREAMS groups >")


def fill_little(s):
    for i in range(5):
        s.ask("SET", "string:%d" % i, "value " * 10)
    s.ask("HSET", "hash", "f", "value " * 10)
    s.ask("RPUSH", "list", *["value " * 10] * 3)


def fill_field_ttls(s):
    s.run("HSET small f1 v1 f2 v2 f3 v3")
    s.run("HPEXPIREAT small %d FIELDS 1 f2" % FAR_MS)
    s.run("HPEXPIREAT small %d FIELDS 1 f3" % (FAR_MS + 5000))
    s.ask("HSET", "large", *[part for i in range(20) for part in ("field-%d" % i, "value-%d" % i)])
    s.ask("HPEXPIREAT", "large", FAR_MS, "FIELDS", 3, "field-1", "field-5", "field-7")
    s.run("HSET all a 1 b 2")
    s.run("HPEXPIREAT all %d FIELDS 2 a b" % FAR_MS)
    s.run("PEXPIREAT all %d" % (FAR_MS - 1000))
    s.run("HSET persisted a 1")
    s.run("HPEXPIREAT persisted %d FIELDS 1 a" % FAR_MS)
    s.run("HPERSIST persisted FIELDS 1 a")
    s.ask("HSET", b"bin\xff", b"f\xff", b"v\xff")
    s.ask("HPEXPIREAT", b"bin\xff", FAR_MS, "FIELDS", 1, b"f\xff")


def fill_8_6(s):
    s.run("XADD idmp IDMP producer iid-1 * f v")
    s.run("XADD idmp IDMP producer iid-2 * f v")
    s.run("XADD idmp IDMPAUTO other * f v")
    try:
        s.run("VADD vectors VALUES 3 1.0 0.5 -0.25 first")
        s.ask("VADD", "vectors", "VALUES", 3, 0.1, 0.2, 0.3, "second", "SETATTR", '{"year":1999}')
    except ServerError as error:
        print("no vector sets: %s" % error)


def cluster(name):
    with Server(name, "--cluster-enabled", "yes") as s:
        s.run("CLUSTER ADDSLOTSRANGE 0 16383")
        deadline = time.time() + 20
        while b"cluster_state:ok" not in s.ask("CLUSTER", "INFO") and time.time() < deadline:
            time.sleep(0.1)
        for i in range(12):
            s.ask("SET", "key:%d" % i, "v", *(["PXAT", FAR_MS] if i % 3 == 0 else []))
        s.run("SET {same}a 1")
        s.run("SET {same}b 2")
        s.run("HSET {same}hash f v")
        if name == "valkey-9.1" or name.startswith("redis-8"):
            s.run("HPEXPIREAT {same}hash %d FIELDS 1 f" % FAR_MS)
        keep(s, "cluster")


def aof(name):
    """The folder of a multi-part AOF, and the same as one file with preamble, as Redis 4.0 to 6.2 kept it."""
    with Server(name, "--appendonly", "yes") as s:
        s.run("SET before rewrite")
        s.run("RPUSH list a b c")
        s.run("BGREWRITEAOF")
        deadline = time.time() + 20
        while time.time() < deadline:
            info = s.ask("INFO", "persistence")
            if b"aof_rewrite_in_progress:0" in info and b"aof_rewrite_scheduled:0" in info:
                break
            time.sleep(0.1)
        s.run("SET after rewrite")
        s.run("SELECT 3")
        s.run("INCR counter")
        s.run("MULTI")
        for line in ("INCR counter", "RPUSH list d"):
            s.run(line)
        s.run("EXEC")
        s.run("SELECT 0")
        s.run("SET expiring v PXAT %d" % FAR_MS)
        lines = describe(s)
        source = os.path.join(s.folder, "appendonlydir")
        target = os.path.join(HERE, "servers", name + "-appendonlydir")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        write_twin(target, lines)
        parts = sorted(os.listdir(target))
        joined = os.path.join(HERE, "servers", name + "-preamble.aof")
        with open(joined, "wb") as out:
            for part in [p for p in parts if ".base." in p] + [p for p in parts if ".incr." in p]:
                with open(os.path.join(target, part), "rb") as piece:
                    out.write(piece.read())
        write_twin(joined, lines)


def generate(names):
    folder = os.path.join(HERE, "servers")
    os.makedirs(folder, exist_ok=True)
    for file in os.listdir(folder):
        if file.startswith(tuple(names)) and os.path.isfile(os.path.join(folder, file)):
            os.remove(os.path.join(folder, file))
    for name in names:
        scenarios = [
            ("types", fill_types, SMALL), ("binary", fill_binary, []), ("streams", fill_streams, SMALL),
            ("lfu", fill_little, ["--maxmemory-policy", "allkeys-lfu", "--maxmemory", "1gb"]),
            ("lru", fill_little, ["--maxmemory-policy", "allkeys-lru", "--maxmemory", "1gb"]),
            ("uncompressed", fill_little, ["--rdbcompression", "no"]), ("no-checksum", fill_little, ["--rdbchecksum", "no"]),
            ("list-compressed", lambda s: s.ask("RPUSH", "list", *["value %d " % i * 10 for i in range(30)]),
             ["--list-compress-depth", "1", "--list-max-listpack-size", "4"])]
        if name == "valkey-9.1" or name.startswith("redis-8"):
            scenarios.append(("field-ttls", fill_field_ttls, SMALL))
        if name.startswith("redis-8"):
            scenarios.append(("idmp-vectors", fill_8_6, SMALL))
        for scenario, fill, config in scenarios:
            with Server(name, *config) as s:
                fill(s)
                if scenario == "lfu":
                    for _ in range(50):
                        s.ask("GET", "string:1")
                if scenario == "lru":
                    time.sleep(2.1)
                keep(s, scenario)
        with Server(name) as s:
            s.ask("FUNCTION", "LOAD", FUNCTION % ("mylib", "mylib"))
            s.ask("FUNCTION", "LOAD", (FUNCTION % ("other", "other")) + "-- " + "comment " * 20)
            s.run("SET key v")
            keep(s, "functions")
        cluster(name)
        aof(name)
        print("written with %s" % name)


# ---------------------------------------------------------------- checks


def versions(name):
    """Tells whether a server loads a file of this magic."""
    limit = {"redis-7.0": 10, "valkey-8.1": 11, "valkey-9.1": 11, "redis-8.6": 13}[name]

    def takes(magic):
        if magic.startswith(b"VALKEY"):
            return name == "valkey-9.1" and magic == b"VALKEY080"
        return magic.startswith(b"REDIS") and int(magic[5:9]) <= limit

    return takes


def comparable(lines):
    """The lines in an order that does not depend on the writer; set members and hash fields have no order."""
    result = {}
    for line in lines:
        if line["type"] in ("set",) or (line["type"] == "hash" and isinstance(line["value"], list)):
            line = line | {"value": sorted(line["value"], key=json.dumps)}
            if line["type"] == "hash" and not any("expire_at_ms" in item or not isinstance(item["field"], str) for item in line["value"]):
                line["value"] = {item["field"]: item["value"] for item in line["value"]}
        if line["type"] == "stream":
            line = json.loads(json.dumps(line))
            for group in line["value"]["groups"]:
                for part in ("pending", "consumers"):
                    group[part].sort(key=json.dumps)
            line["value"]["groups"].sort(key=json.dumps)
        result[line["db"], json.dumps(line["key"])] = line
    return result


def simplify_for(name, lines, magic):
    """Drops what a server does not tell in the same words."""
    for line in lines.values():
        if line["type"] == "stream":
            for group in line["value"]["groups"]:
                for consumer in group["consumers"]:
                    consumer.pop("seen_ms") if name == "redis-7.0" else None
                    consumer.pop("active_ms")
        if line["type"] not in ("string", "list", "set", "zset", "hash", "stream"):
            line["value"] = None
    return lines


# What servers rightly see otherwise: expired keys are dropped while loading, Redis 8.6 takes the first of two expiries,
# slots that are being imported answer no command, and unknown modules and the foreign backlen stop a server.
NOT_COMPARED = {"expired.rdb", "valkey-080-slot-import.rdb", "redis-0009-modules.rdb", "backlen-old.rdb on valkey-9.1",
                "repeated-expiry.rdb on redis-8.6"}


def check(names):
    failures = 0
    for folder in ("servers", "made"):
        for file in sorted(os.listdir(os.path.join(HERE, folder))):
            path = os.path.join(HERE, folder, file)
            if not file.endswith(".rdb"):
                continue
            with open(path, "rb") as data:
                magic = data.read(9)
            with open(path + ".expect.jsonl") as twin:
                expected = [json.loads(line) for line in twin]
            loaded = []
            for name in names:
                if not versions(name)(magic) or {file, "%s on %s" % (file, name)} & NOT_COMPARED:
                    continue
                try:
                    with Server(name, files={"dump.rdb": path}) as s:
                        found = simplify_for(name, comparable(describe(s)), magic)
                except ServerError as error:
                    failures += 1
                    print("%s: %s refuses it: %s" % (file, name, str(error).splitlines()[-1][:200]))
                    continue
                loaded.append(name)
                wanted = simplify_for(name, comparable(expected), magic)
                for key in wanted.keys() | found.keys():
                    if wanted.get(key) != found.get(key):
                        failures += 1
                        print("%s on %s: %s\n  wanted %s\n  found  %s" % (file, name, key, wanted.get(key), found.get(key)))
            print("%s: agrees with %s" % (file, ", ".join(loaded) or "no server"))
    bad_files(names)
    return failures


def bad_files(names):
    table = os.path.join(HERE, "bad", "kinds.tsv")
    with open(table) as rows:
        kinds = [row.rstrip("\n").split("\t")[:2] for row in rows][1:]
    with open(table, "w") as out:
        out.write("\t".join(["file", "kind", *names]) + "\n")
        for file, kind in kinds:
            verdicts = []
            for name in names:
                try:
                    with Server(name, "--sanitize-dump-payload", "yes", files={"dump.rdb": os.path.join(HERE, "bad", file)}) as s:
                        verdicts.append("loads %d" % s.ask("DBSIZE"))
                except ServerError:
                    verdicts.append("refuses")
            out.write("\t".join([file, kind, *verdicts]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--server", action="append", default=[], metavar="NAME=PATH")
    args = parser.parse_args()
    SERVERS.update(pair.split("=", 1) for pair in args.server)
    for path in SERVERS.values():
        if not os.path.exists(path):
            sys.exit("%s is missing: run .ci/setup-peers.sh" % path)
    if args.check:
        sys.exit(1 if check(list(SERVERS)) else 0)
    generate(list(SERVERS))


if __name__ == "__main__":
    main()
