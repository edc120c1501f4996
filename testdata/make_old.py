#!/usr/bin/env python3
"""Writes the files of testdata/made and testdata/bad: forms that no server at hand writes any more (or yet), and damage.

    testdata/make_old.py          needs python3 and, for the compressed files, the packages lz4 and zstandard

This is a writer of its own, made from the description of the format and not from any reader, so that reader and
writer cannot share a mistake. Each good file gets a twin NAME.expect.jsonl that tells what was meant.
"""

import base64
import gzip
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
FAR_MS = 33_177_117_420_000
FAR_S = 2_147_483_000
NAN, POSITIVE, NEGATIVE = object(), "inf", "-inf"

# ---------------------------------------------------------------- numbers and strings


def crc64(data, _table=[]):
    """CRC-64 "Jones": reflected, initial value 0, no final exclusive or."""
    if not _table:
        for byte in range(256):
            for _ in range(8):
                byte = byte >> 1 ^ (0x95AC9329AC4BC9B5 if byte & 1 else 0)
            _table.append(byte)
    crc = 0
    for byte in data:
        crc = _table[(crc ^ byte) & 255] ^ crc >> 8
    return crc


assert crc64(b"123456789") == 0xE9C6D914C4B8D9CA


def n(value):
    """LEN in its shortest form."""
    if value < 1 << 6:
        return bytes([value])
    if value < 1 << 14:
        return bytes([0x40 | value >> 8, value & 255])
    if value < 1 << 32:
        return b"\x80" + struct.pack(">I", value)
    return b"\x81" + struct.pack(">Q", value)


def s(data):
    """STR as raw bytes."""
    data = data.encode() if isinstance(data, str) else data
    return n(len(data)) + data


def si(value):
    """STR as an integer."""
    for code, form in ((b"\xc0", "<b"), (b"\xc1", "<h"), (b"\xc2", "<i")):
        try:
            return code + struct.pack(form, value)
        except struct.error:
            pass
    raise ValueError(value)


def lzf(data):
    """Compresses with a greedy search of three-byte matches."""
    out, literals, seen, at = bytearray(), bytearray(), {}, 0

    def flush():
        for start in range(0, len(literals), 32):
            run = literals[start:start + 32]
            out.extend(bytes([len(run) - 1]) + run)
        literals.clear()

    while at < len(data):
        start = seen.get(data[at:at + 3], -1)
        if at + 3 <= len(data):
            seen[data[at:at + 3]] = at
        if start >= 0 and at - start <= 8192:
            length = 3
            while length < 264 and at + length < len(data) and data[start + length] == data[at + length]:
                length += 1
            flush()
            far = at - start - 1
            if length <= 8:
                out += bytes([(length - 2) << 5 | far >> 8, far & 255])
            else:
                out += bytes([7 << 5 | far >> 8, length - 9, far & 255])
            at += length
        else:
            literals.append(data[at])
            at += 1
    flush()
    return bytes(out)


def sz(data):
    """STR compressed."""
    data = data.encode() if isinstance(data, str) else data
    packed = lzf(data)
    return b"\xc3" + n(len(packed)) + n(len(data)) + packed


def ascii_double(value):
    if value is NAN:
        return b"\xfd"
    if value == POSITIVE:
        return b"\xfe"
    if value == NEGATIVE:
        return b"\xff"
    text = b"%.17g" % value
    return bytes([len(text)]) + text


def double(value):
    return struct.pack("<d", float("nan") if value is NAN else float(value))


def ms(value):
    return struct.pack("<q", value)


# ---------------------------------------------------------------- packed blobs


def canonical_int(data):
    try:
        value = int(data)
    except ValueError:
        return None
    return value if str(value).encode() == data and -1 << 63 <= value < 1 << 63 else None


def to_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


def lp_element(value, new_dialect=False):
    data = to_bytes(value)
    number = canonical_int(data)
    if number is None:
        if len(data) < 64:
            body = bytes([0x80 | len(data)]) + data
        elif len(data) < 4096:
            body = bytes([0xE0 | len(data) >> 8, len(data) & 255]) + data
        else:
            body = b"\xf0" + struct.pack("<I", len(data)) + data
    elif 0 <= number < 128:
        body = bytes([number])
    elif -4096 <= number < 4096:
        body = bytes([0xC0 | (number & 0x1FFF) >> 8, number & 255])
    elif -1 << 15 <= number < 1 << 15:
        body = b"\xf1" + struct.pack("<h", number)
    elif -1 << 23 <= number < 1 << 23:
        body = b"\xf2" + struct.pack("<i", number)[:3]
    elif -1 << 31 <= number < 1 << 31:
        body = b"\xf3" + struct.pack("<i", number)
    else:
        body = b"\xf4" + struct.pack("<q", number)
    return body + backlen(len(body), new_dialect)


def backlen(size, new_dialect=False):
    count = 1
    while size >= 1 << 7 * count or (count > 1 and not new_dialect and size == (1 << 7 * count) - 1):
        count += 1
    groups = [size >> 7 * i & 127 for i in reversed(range(count))]
    return bytes([groups[0]] + [0x80 | group for group in groups[1:]])


def listpack(values, count=None, new_dialect=False):
    body = b"".join(lp_element(value, new_dialect) for value in values)
    count = min(len(values), 65535) if count is None else count
    return struct.pack("<IH", len(body) + 7, count) + body + b"\xff"


assert listpack(["a", 1, -5000, "hello", ""]).hex() == "1900000005008161020101f178ec038568656c6c6f068001ff"


def zl_body(value, since6):
    data = to_bytes(value)
    number = canonical_int(data)
    if number is None or len(data) > 20:
        if len(data) < 64:
            return bytes([len(data)]) + data
        if len(data) < 1 << 14:
            return bytes([0x40 | len(data) >> 8, len(data) & 255]) + data
        return b"\x80" + struct.pack(">I", len(data)) + data
    if since6 and 0 <= number <= 12:
        return bytes([0xF1 + number])
    if since6 and -128 <= number < 128:
        return b"\xfe" + struct.pack("<b", number)
    if -1 << 15 <= number < 1 << 15:
        return b"\xc0" + struct.pack("<h", number)
    if since6 and -1 << 23 <= number < 1 << 23:
        return b"\xf0" + struct.pack("<i", number)[:3]
    if -1 << 31 <= number < 1 << 31:
        return b"\xd0" + struct.pack("<i", number)
    return b"\xe0" + struct.pack("<q", number)


def ziplist(values, since6=True, long_prevlen=False, count=None, prevlen_error=0):
    entries, previous, tail, at = [], 0, 10, 10
    for i, value in enumerate(values):
        told = previous + (prevlen_error if i else 0)
        prevlen = bytes([told]) if told < 254 and not (long_prevlen and i) else b"\xfe" + struct.pack("<I", told)
        entry = prevlen + zl_body(value, since6)
        tail, at, previous = at, at + len(entry), len(entry)
        entries.append(entry)
    body = b"".join(entries)
    return struct.pack("<IIH", len(body) + 11, tail, len(values) if count is None else count) + body + b"\xff"


def intset(values, width=None):
    width = width or max(2 if -1 << 15 <= v < 1 << 15 else 4 if -1 << 31 <= v < 1 << 31 else 8 for v in values)
    form = {2: "<h", 4: "<i", 8: "<q"}[width]
    return struct.pack("<II", width, len(values)) + b"".join(struct.pack(form, v) for v in sorted(values))


def zipmap(pairs, free=0):
    def length(size):
        return bytes([size]) if size < 254 else b"\xfe" + struct.pack("<I", size)

    out = bytes([min(len(pairs), 254)])
    for field, value in pairs:
        field, value = to_bytes(field), to_bytes(value)
        out += length(len(field)) + field + length(len(value)) + bytes([free]) + value + b"?" * free
    return out + b"\xff"


# ---------------------------------------------------------------- streams and modules


def entry_id(text):
    return tuple(int(part) for part in text.split("-"))


def raw_id(text):
    return struct.pack(">QQ", *entry_id(text))


def len_id(text):
    return b"".join(n(part) for part in entry_id(text))


def node(entries, deleted=(), more_master_fields=None):
    """One stream node: `entries` is [(id, [(field, value)…])…], `deleted` the ids that are tombstones."""
    first = entry_id(entries[0][0])
    master = [field for field, _ in entries[0][1]]
    items = [len(entries) - len(deleted), len(deleted), len(master), *master, 0]
    for name, fields in entries:
        at = entry_id(name)
        same = [field for field, _ in fields] == master
        flags = (1 if name in deleted else 0) | (2 if same else 0)
        delta = [at[0] - first[0], at[1] - first[1]]
        if same:
            items += [flags, *delta, *[value for _, value in fields], 3 + len(fields)]
        else:
            items += [flags, *delta, len(fields), *[part for pair in fields for part in pair], 4 + 2 * len(fields)]
    return s(raw_id(entries[0][0])) + s(listpack(items))


def stream(type_code, nodes, length, last, first="0-0", max_deleted="0-0", added=0, groups=(), tail=b""):
    """`nodes` are encoded nodes; a group is (name, last, read, pel, consumers, nacked)."""
    out = n(len(nodes)) + b"".join(nodes) + n(length) + len_id(last)
    if type_code >= 19:
        out += len_id(first) + len_id(max_deleted) + n(added)
    out += n(len(groups))
    for name, group_last, read, pel, consumers, nacked in groups:
        out += s(name) + len_id(group_last)
        if type_code >= 19:
            out += n((1 << 64) - 1 if read is None else read)
        out += n(len(pel))
        for pending, delivered, times in pel:
            out += raw_id(pending) + ms(delivered) + n(times)
        out += n(len(consumers))
        for consumer, seen, active, ids in consumers:
            out += s(consumer) + ms(seen)
            if type_code >= 21:
                out += ms(active)
            out += n(len(ids)) + b"".join(raw_id(pending) for pending in ids)
        if type_code >= 27:
            out += n(len(nacked)) + b"".join(raw_id(pending) for pending in nacked)
    return out + tail


MODULE_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
META_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


def module_id(name, version):
    value = 0
    for char in name:
        value = value << 6 | MODULE_CHARS.index(char)
    return value << 10 | version


assert module_id("vectorset", 0) == 0xBDE72DA2BB1EB400


def module_items():
    return (n(2) + n(7) + n(2) + n((1 << 64) - 3) + n(3) + struct.pack("<f", 1.5) + n(4) + double(2.25)
            + n(5) + s("text") + n(5) + si(-7) + n(5) + sz("compressed " * 5) + n(0))


def meta_class(name, version, flags):
    value = 0
    for char in name:
        value = value << 6 | META_CHARS.index(char)
    return struct.pack("<I", value << 8 | version << 3 | flags)


# ---------------------------------------------------------------- files


def text(value):
    """A string as the JSON of keys shows it."""
    if isinstance(value, int):
        value = str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    return value


class File:
    """Collects records and what they mean."""

    def __init__(self, magic):
        self.data = bytearray(magic)
        self.version = int(magic[-3:])
        self.db = 0
        self.expect = []
        self.marks = {}

    def raw(self, data):
        self.data += data
        return self

    def aux(self, name, value):
        return self.raw(b"\xfa" + s(name) + (si(value) if isinstance(value, int) else s(value)))

    def select(self, db):
        self.db = db
        return self.raw(b"\xfe" + n(db))

    def resize(self, keys, expires):
        return self.raw(b"\xfb" + n(keys) + n(expires))

    def mark(self, name):
        """Remembers this place, for damage."""
        self.marks[name] = len(self.data)
        return self

    def key(self, kind, type_code, name, payload, value, expire_at_ms=None, before=b""):
        """Adds a key. A `kind` of None means that readers drop it, as they do with empty collections."""
        if kind:
            line = {"db": self.db, "key": text(name), "type": kind}
            if expire_at_ms is not None:
                line["expire_at_ms"] = expire_at_ms
            self.expect.append(line | {"value": value})
        return self.raw(before).mark(to_bytes(name).decode("latin-1")).raw(bytes([type_code]) + s(name) + payload)

    def bytes(self, checksum=True):
        data = bytes(self.data) + b"\xff"
        if self.version < 5:
            return data
        return data + struct.pack("<Q", crc64(data) if checksum else 0)


def seconds(value):
    return b"\xfd" + struct.pack("<i", value)


def millis(value):
    return b"\xfc" + ms(value)


def hashes(pairs):
    return {text(f): text(v) for f, v in pairs}


def scored(pairs):
    return [{"member": text(m), "score": score} for m, score in pairs]


def flat(pairs):
    return [part for pair in pairs for part in pair]


def fields(*triples):
    """Hash fields with expiries."""
    return [{"field": text(f), "value": text(v)} | ({"expire_at_ms": at} if at else {}) for f, v, at in triples]


def empty_stream(last="0-0", first="0-0", deleted="0-0", added=0):
    return {"entries": [], "last_id": last, "first_id": first, "max_deleted_id": deleted, "entries_added": added, "groups": []}


PAIRS = [("name", "Ada"), ("age", 36), ("empty", ""), ("big", -123456789012), ("long", "x" * 70)]
ZPAIRS = [("c", NEGATIVE), ("a", 1), ("b", 2.5), ("d", 100000), ("e", POSITIVE)]
ZTEXT = flat([(m, sc) for m, sc in ZPAIRS])
ITEMS = ["a", 0, 12, 13, -1, 127, -128, 300, -5000, 70000, -8388608, 2147483647, -9223372036854775808,
         9223372036854775808, "007", "", "z" * 63, "z" * 64, "y" * 300]


def version_1(magic=b"REDIS0001"):
    f = File(magic).select(0)
    f.key("string", 0, "text", s("value"), "value")
    f.key("string", 0, "int8", si(-12), "-12").key("string", 0, "int16", si(1234), "1234")
    f.key("string", 0, "int32", si(-123456789), "-123456789")
    f.key("string", 0, "lzf", sz("ab" * 200), "ab" * 200)
    f.key("string", 0, "empty", s(""), "")
    f.key("string", 0, "expiring", s("soon"), "soon", FAR_S * 1000, seconds(FAR_S))
    f.key("string", 0, "after", s("the expiry of one key does not leak to the next"), "the expiry of one key does not leak to the next")
    f.key("list", 1, "list", n(3) + s("a") + si(7) + sz("b" * 50), ["a", "7", "b" * 50])
    f.key("set", 2, "set", n(2) + s("x") + si(-1), ["x", "-1"])
    f.key("zset", 3, "zset", n(5) + b"".join(s(m) + ascii_double(sc) for m, sc in reversed(ZPAIRS)), scored(ZPAIRS))
    f.key("hash", 4, "hash", n(2) + s("f") + s("v") + s("n") + si(5), {"f": "v", "n": "5"})
    f.select(9).key("string", 0, b"bin\x00\xff\r\n\"", s(b"\x80\x00"), text(b"\x80\x00"))
    return f


def version_2():
    f = File(b"REDIS0002").select(0)
    f.key("hash", 9, "zipmap", s(zipmap(PAIRS)), hashes(PAIRS), FAR_S * 1000, seconds(FAR_S))
    f.key("hash", 9, "zipmap-free", s(zipmap(PAIRS, free=3)), hashes(PAIRS))
    f.key("hash", 9, "zipmap-long", sz(zipmap([("f", "v" * 300)])), {"f": "v" * 300})
    f.key("list", 10, "list", s(ziplist(ITEMS, since6=False)), [text(i) for i in ITEMS])
    f.key("set", 11, "intset16", s(intset([-3, 1, 2])), ["-3", "1", "2"])
    f.key("set", 11, "intset32", s(intset([1, 70000])), ["1", "70000"])
    f.key("set", 11, "intset64", s(intset([1, 5000000000])), ["1", "5000000000"])
    f.key("set", 11, "intset-wide", s(intset([1, 2], width=8)), ["1", "2"])
    f.key("zset", 12, "zset", s(ziplist(ZTEXT, since6=False)), scored(ZPAIRS))
    return f


def version_3():
    f = File(b"REDIS0003").select(0)
    f.key("string", 0, "ms", s("v"), "v", FAR_MS + 7, millis(FAR_MS + 7))
    return f


def version_4():
    return File(b"REDIS0004").select(0).key("hash", 13, "hash", s(ziplist(flat(PAIRS), since6=False)), hashes(PAIRS))


def version_5():
    return File(b"REDIS0005").select(0).key("hash", 13, "hash", sz(ziplist(flat(PAIRS), since6=False)), hashes(PAIRS))


def version_6():
    f = File(b"REDIS0006").select(0)
    f.key("list", 10, "list", s(ziplist(ITEMS)), [text(i) for i in ITEMS])
    f.key("list", 10, "long-prevlen", s(ziplist(["a", "b", 3], long_prevlen=True)), ["a", "b", "3"])
    f.key("list", 10, "large", sz(ziplist(["q" * 20000, "r"])), ["q" * 20000, "r"])
    f.key("list", 10, "walk", s(ziplist(["a", "b"], count=65535)), ["a", "b"])
    return f


def version_7():
    f = File(b"REDIS0007").aux("redis-ver", "3.2.0").aux("redis-bits", 64).aux("no-such-name", "x").select(0).resize(2, 0)
    f.key("list", 14, "quicklist", n(3) + s(ziplist(ITEMS)) + sz(ziplist(["b" * 100])) + s(ziplist([1, 2])),
          [text(i) for i in ITEMS] + ["b" * 100, "1", "2"])
    f.key("list", 14, "with-empty-node", n(2) + s(ziplist([])) + s(ziplist(["a"])), ["a"])
    return f


def version_8():
    f = File(b"REDIS0008").aux("redis-ver", "4.0.0").aux("repl-stream-db", 0).aux("repl-id", "a1" * 20).aux("repl-offset", "5000000000")
    f.select(0)
    f.key("zset", 5, "zset", n(5) + b"".join(s(m) + double(sc) for m, sc in reversed(ZPAIRS)), scored(ZPAIRS))
    f.key("string", 0, "long-length", b"\x81" + struct.pack(">Q", 5) + b"value", "value")
    f.key("list", 1, "long-count", b"\x80" + struct.pack(">I", 1) + b"\x40\x01a", ["a"])
    return f


def modules():
    value = n(module_id("tst-mod_1", 3)) + module_items()
    empty = n(module_id("empty0000", 0)) + n(0)
    f = File(b"REDIS0009").aux("redis-ver", "5.0.0")
    f.raw(b"\xf7" + n(module_id("tst-mod_1", 3)) + n(2) + n(1) + module_items())
    f.select(0)
    f.key("module", 7, "module", value, {"module": "tst-mod_1", "data": base64.b64encode(value).decode()})
    f.key("string", 0, "after", s("v"), "v")
    f.key("module", 7, "module-empty", empty, {"module": "empty0000", "data": base64.b64encode(empty).decode()}, FAR_MS, millis(FAR_MS))
    f.raw(b"\xf7" + n(module_id("tst-mod_1", 3)) + n(2) + n(2) + n(0))
    return f


ENTRIES = [("1000-1", [("a", 1)]), ("1000-2", [("a", 2)]), ("1001-0", [("b", "x"), ("c", -5)]), ("2000-0", [("a", "y" * 30)])]


def shown(entries):
    return [{"id": i, "fields": [[text(f), text(v)] for f, v in pairs]} for i, pairs in entries]


def group(name, last, read, pending, consumers, nacked=None):
    shown_group = {"name": name, "last_id": last, "entries_read": read, "pending": [
        {"id": i, "consumer": c, "delivered_ms": at, "delivery_count": times} for i, c, at, times in pending], "consumers": [
        {"name": c, "seen_ms": seen, "active_ms": active} for c, seen, active in consumers]}
    return shown_group


GROUP = ("workers", "1001-0", 3, [("1000-1", 1_700_000_000_000, 2), ("1001-0", 1_700_000_000_500, 1)],
         [("alice", 1_700_000_001_000, 1_700_000_000_900, ["1000-1", "1001-0"]), ("bob", 1_700_000_002_000, -1, [])], [])
IDLE_GROUP = ("idle", "0-0", 0, [], [], [])


def stream_value(entries, type_code, deleted="0-0", added=None, first=None, read=3):
    active = (1_700_000_000_900, -1) if type_code >= 21 else (1_700_000_001_000, 1_700_000_002_000)
    return {"entries": shown(entries), "last_id": "2000-0", "first_id": first or entries[0][0], "max_deleted_id": deleted,
            "entries_added": len(entries) if added is None else added, "groups": [
                group("workers", "1001-0", read, [
                    ("1000-1", "alice", 1_700_000_000_000, 2), ("1001-0", "alice", 1_700_000_000_500, 1)],
                    [("alice", 1_700_000_001_000, active[0]), ("bob", 1_700_000_002_000, active[1])]),
                group("idle", "0-0", 0, [], [])]}


# What all servers take for the first entry of an empty stream whose layout does not say it.
NO_FIRST_ID = "18446744073709551615-18446744073709551615"


def add_streams(f, type_code, tail=b""):
    """Streams of one layout: two nodes with a tombstone, and an empty one."""
    nodes = [node(ENTRIES[:3], deleted=["1000-2"]), node(ENTRIES[3:])]
    live = [ENTRIES[0], *ENTRIES[2:]]
    payload = stream(type_code, nodes, 3, "2000-0", "1000-1", "1000-2", 4, [GROUP, IDLE_GROUP], tail)
    if type_code == 15:
        # Layout 1 has no counters: loading estimates that nothing was deleted.
        value = stream_value(live, 15, added=3, read=None)
        value["groups"][0]["entries_read"] = None
    else:
        value = stream_value(live, type_code, deleted="1000-2", added=4)
    f.key("stream", type_code, "stream", payload, value)
    empty = stream(type_code, [], 0, "7-7", "0-0", "7-7", 2, [], tail)
    f.key("stream", type_code, "stream-empty", empty,
          empty_stream("7-7", "0-0", "7-7", 2) if type_code >= 19 else empty_stream("7-7", NO_FIRST_ID))
    return f


def version_9():
    f = File(b"REDIS0009").aux("redis-ver", "6.2.0").select(0).resize(4, 0)
    f.key("string", 0, "idle", s("v"), "v", before=b"\xf8" + n(100000))
    f.key("string", 0, "freq", s("v"), "v", before=b"\xf9\xc8")
    f.key("string", 0, "all", s("v"), "v", FAR_MS, b"\xf9\x05" + millis(FAR_MS))
    return add_streams(f, 15)


def version_10():
    f = File(b"REDIS0010").aux("redis-ver", "7.0.0").aux("aof-base", 0)
    f.raw(b"\xf5" + s("#!lua name=mylib\nredis.register_function('f', function() return 1 end)\n")).select(0)
    f.key("hash", 16, "hash", s(listpack(flat(PAIRS))), hashes(PAIRS))
    f.key("zset", 17, "zset", s(listpack(ZTEXT)), scored(ZPAIRS))
    f.key("list", 18, "list", n(4) + n(2) + s(listpack(ITEMS)) + n(1) + sz("plain " * 40) + n(2) + sz(listpack(["b" * 90]))
          + n(1) + s("short and plain"), [text(i) for i in ITEMS] + ["plain " * 40, "b" * 90, "short and plain"])
    f.key("hash", 16, "walk", s(listpack(["f", "v"], count=65535)), {"f": "v"})
    return add_streams(f, 19)


def version_11():
    f = File(b"REDIS0011").aux("redis-ver", "7.2.0").select(0)
    f.key("set", 20, "set", s(listpack(["a", 7, "b" * 70, ""])), ["a", "7", "b" * 70, ""])
    return add_streams(f, 21)


def version_12():
    f = File(b"REDIS0012").aux("redis-ver", "7.4.0").select(0)
    f.raw(b"\xf4" + n(3300) + n(2) + n(0)).resize(4, 0)
    far = FAR_MS
    f.key("hash", 24, "metadata", ms(far) + n(3) + n(1) + s("f1") + s("v1") + n(0) + s("f2") + s("v2") + n(5001) + s("f3") + si(3),
          fields(("f1", "v1", far), ("f2", "v2", None), ("f3", 3, far + 5000)))
    f.key("hash", 25, "listpack-ex", ms(far) + s(listpack(["f2", "v2", far, "f3", "v3", far + 9, "f1", "v1", 0])),
          fields(("f2", "v2", far), ("f3", "v3", far + 9), ("f1", "v1", None)))
    f.key("hash", 25, "listpack-ex-bare", ms(0) + s(listpack(["f1", "v1", 0])), fields(("f1", "v1", None)))
    return f


def version_12_early():
    f = File(b"REDIS0012").aux("redis-ver", "7.3.240").select(0)
    far = FAR_MS
    f.key("hash", 22, "metadata", n(2) + n(far) + s("f1") + s("v1") + n(0) + s("f2") + s("v2"),
          fields(("f1", "v1", far), ("f2", "v2", None)))
    f.key("hash", 23, "listpack-ex", s(listpack(["f2", "v2", far, "f1", "v1", 0])), fields(("f2", "v2", far), ("f1", "v1", None)))
    return f


IDMP = (n(3600) + n(200) + n(2) + s("producer-1") + n(2) + s("iid-1") + len_id("1000-1") + s(b"\x01\xff") + len_id("1001-0")
        + s("producer-2") + n(0) + n(3) + n(1))


def version_13():
    return add_streams(File(b"REDIS0013").aux("redis-ver", "8.6.0").select(0), 26, IDMP)


def key_meta():
    f = File(b"REDIS0013").aux("redis-ver", "8.6.0").select(0)
    meta = b"\xf3" + n(2) + meta_class("ab_-", 1, 1) + n(2) + n(5) + n(0) + meta_class("Zz09", 31, 1) + n(5) + s("m") + n(0)
    f.key("string", 0, "with-meta", s("v"), "v", FAR_MS, millis(FAR_MS) + meta)
    f.key("string", 0, "without", s("v"), "v")
    return f


def version_14():
    f = File(b"REDIS0014").aux("redis-ver", "8.8.0").select(0)
    f.key("array", 28, "array", n(4) + n(1) + n(9) + n(5) + n(1) + ms(10) + n(6) + n(0) + s("hello world long")
          + n(7) + n(2) + double(1.5) + n(1 << 40) + n(3) + s("ab"),
          [{"index": 5, "value": "10"}, {"index": 6, "value": "hello world long"}, {"index": 7, "value": "1.5"},
           {"index": 1 << 40, "value": "ab"}])
    f.key("array", 28, "array-one", n(1) + n(0) + n(0) + n(3) + s(""), [{"index": 0, "value": ""}])
    add_streams(f, 27, IDMP)
    nacked = ("workers", "1001-0", 3, [("1000-1", 1_700_000_000_000, 2), ("1001-0", 1_700_000_000_500, 1)],
              [("alice", 1_700_000_001_000, 1_700_000_000_900, ["1001-0"])], ["1000-1"])
    value = {"entries": shown(ENTRIES[:1]), "last_id": "2000-0", "first_id": "1000-1", "max_deleted_id": "2000-0", "entries_added": 4,
             "groups": [group("workers", "1001-0", 3, [
                 ("1000-1", None, 1_700_000_000_000, 2), ("1001-0", "alice", 1_700_000_000_500, 1)],
                 [("alice", 1_700_000_001_000, 1_700_000_000_900)])]}
    f.key("stream", 27, "stream-nacked", stream(27, [node(ENTRIES[:1])], 1, "2000-0", "1000-1", "2000-0", 4, [nacked],
                                                n(100) + n(100) + n(0) + n(0) + n(0)), value)
    return f


def version_15():
    f = File(b"REDIS0015").aux("redis-ver", "8.10.0")
    f.raw(b"\xf2" + n(5) + n(2) + s("field1") + s("field2"))
    f.raw(b"\xf2" + n(900) + n(3) + s("a") + s("b") + s("aa"))
    f.raw(b"\xf2" + n(1) + n(1) + s("unused")).select(0)
    f.key("hash", 30, "listpack-ref", s(listpack([5, 1, "two"])), {"field1": "1", "field2": "two"})
    f.key("hash", 32, "array-ref", n(900) + si(1) + s("x") + sz("y" * 60), {"a": "1", "b": "x", "aa": "y" * 60}, FAR_MS, millis(FAR_MS))
    f.key("hash", 32, "array-ref-2", n(5) + si(1) + si(2), {"field1": "1", "field2": "2"})
    return f


def valkey_80():
    f = File(b"VALKEY080").aux("valkey-ver", "9.0.0").aux("slot-info", "3300,1,0,1")
    f.raw(b"\xf3" + s("0123456789abcdef0123456789abcdef01234567") + n(2) + n(0) + n(99) + n(16383) + n(16383)).select(0)
    f.key("hash", 22, "hash-ttl", n(3) + s("f1") + s("v1") + ms(-1) + s("f2") + s("v2") + ms(FAR_MS) + s("f3") + si(3) + ms(-1),
          fields(("f1", "v1", None), ("f2", "v2", FAR_MS), ("f3", 3, None)))
    f.key("set", 20, "set", s(listpack(["a", 7])), ["a", "7"])
    return add_streams(f, 21)


def valkey_80_plain():
    """A VALKEY080 file without slot imports, which servers outside a cluster load."""
    f = File(b"VALKEY080").aux("valkey-ver", "9.1.0").select(0)
    f.key("hash", 22, "hash-ttl", n(2) + s("f1") + s("v1") + ms(-1) + s("f2") + s("v2") + ms(FAR_MS),
          fields(("f1", "v1", None), ("f2", "v2", FAR_MS)))
    f.key("string", 0, "text", s("value"), "value")
    return add_streams(f, 21)


def legal_oddities():
    """What no server writes and every reader must take."""
    f = File(b"REDIS0010")
    f.key("string", 0, "no-select", s("db 0 is implied"), "db 0 is implied")
    f.aux("%starts-with-percent", "x").select(2).resize(1000, 1000)
    f.key("string", 0, "in-two", s("v"), "v")
    f.select(0).select(0)
    f.key(None, 2, "empty-set", n(0), None).key(None, 16, "empty-hash", s(listpack([])), None)
    f.key(None, 18, "empty-list", n(0), None).key(None, 5, "empty-zset", n(0), None)
    f.key("string", 0, "after-empty", s("v"), "v", FAR_MS, b"\xf8\x07" + millis(FAR_MS))
    f.aux("redis-ver", "late")
    f.key("zset", 5, "unordered", n(3) + s("b") + double(2) + s("a") + double(1) + s("c") + double(3),
          scored([("a", 1), ("b", 2), ("c", 3)]))
    f.key("string", 0, "", s("the key is empty"), "the key is empty")
    return f


def repeated_expiry():
    """The last expiry wins in all servers but Redis 8.6, where the first does."""
    f = File(b"REDIS0011").select(0)
    f.key("string", 0, "both", s("v"), "v", FAR_MS, seconds(FAR_S) + millis(FAR_MS))
    f.key("string", 0, "past-first", s("v"), "v", FAR_MS, millis(5) + millis(FAR_MS))
    return f


def expired():
    """Keys and fields that a server drops while it loads and a reader must show."""
    f = File(b"VALKEY080").select(0)
    f.key("string", 0, "zero", s("v"), "v", 0, millis(0)).key("string", 0, "past", s("v"), "v", 1_000_000_000_000, millis(10 ** 12))
    f.key("string", 0, "seconds", s("v"), "v", 1_000_000_000_000, seconds(10 ** 9))
    f.key("string", 0, "before-1970", s("v"), "v", -1000, millis(-1000))
    f.key("hash", 22, "field", n(2) + s("f") + s("v") + ms(10 ** 12) + s("g") + s("w") + ms(-1),
          fields(("f", "v", 10 ** 12), ("g", "w", None)))
    return f


def backlen_file(new_dialect):
    """Elements whose size is exactly the limit where the two families of servers differ."""
    values = ["f", "x" * 16378, "g", "y"]
    f = File(b"VALKEY080" if new_dialect else b"REDIS0010").select(0)
    return f.key("hash", 16, "hash", sz(listpack(values, new_dialect=new_dialect)), {"f": "x" * 16378, "g": "y"})


def write(folder, name, data):
    path = os.path.join(HERE, folder, name)
    with open(path, "wb") as out:
        out.write(data)


def write_good(name, file, checksum=True, wrap=None):
    data = file.bytes(checksum)
    write("made", name, wrap(data) if wrap else data)
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in file.expect)
    write("made", name + ".expect.jsonl", lines.encode())


def good():
    for number, make in enumerate([version_1, version_2, version_3, version_4, version_5, version_6, version_7, version_8,
                                   version_9, version_10, version_11, version_12, version_13, version_14, version_15], 1):
        write_good("redis-%04d.rdb" % number, make())
    write_good("redis-0012-early.rdb", version_12_early())
    write_good("redis-0009-modules.rdb", modules())
    write_good("redis-0013-key-meta.rdb", key_meta())
    write_good("valkey-080.rdb", valkey_80_plain())
    write_good("valkey-080-slot-import.rdb", valkey_80())
    write_good("legal-oddities.rdb", legal_oddities())
    write_good("repeated-expiry.rdb", repeated_expiry())
    write_good("expired.rdb", expired())
    write_good("no-checksum.rdb", version_10(), checksum=False)
    write_good("backlen-old.rdb", backlen_file(False))
    write_good("backlen-new.rdb", backlen_file(True))
    write_good("no-keys.rdb", File(b"REDIS0011"))
    write_good("plain.rdb.gz", version_10(), wrap=lambda data: gzip.compress(data, mtime=0))
    try:
        import lz4.frame
        import zstandard
    except ImportError:
        print("lz4 or zstandard is missing: the compressed files stay as they are (pip install lz4 zstandard)")
        return
    write_good("plain.rdb.zst", version_10(), wrap=zstandard.compress)
    write_good("plain.rdb.lz4", version_10(), wrap=lambda data: lz4.frame.compress(data, content_checksum=True))
    write_good("vcs-lz4.rdb", valkey_80_plain(), wrap=lambda data: b"VCS\x01\x01\x00\x01" + lz4.frame.compress(data, content_checksum=True))
    write_good("vcs-zstd.rdb", valkey_80_plain(), wrap=lambda data: b"VCS\x01\x02\x00\x01" + zstandard.compress(data))


# ---------------------------------------------------------------- damage


def bad():
    kinds = []

    def put(name, kind, data):
        write("bad", name, data)
        kinds.append((name, kind))

    def one(type_code, payload, magic=None, before=b"", name="key"):
        f = File(magic or (b"REDIS0010" if type_code < 20 else b"REDIS0011")).select(0)
        f.key("string", 0, "before", s("sound"), "sound")
        f.key("any", type_code, name, payload, None, before=before)
        f.key("string", 0, "behind", s("sound"), "sound")
        return f.bytes()

    def records(data, magic=b"REDIS0010"):
        return File(magic).select(0).key("string", 0, "before", s("sound"), "sound").raw(data).key(
            "string", 0, "behind", s("sound"), "sound").bytes()

    whole = version_10().bytes()
    marks = version_10().marks
    put("empty-file.rdb", "truncated", b"")
    put("truncated-in-magic.rdb", "truncated", whole[:5])
    put("truncated-after-magic.rdb", "truncated", whole[:9])
    put("truncated-in-aux.rdb", "truncated", whole[:14])
    put("truncated-before-key.rdb", "truncated", whole[:marks["zset"]])
    put("truncated-in-key-name.rdb", "truncated", whole[:marks["zset"] + 3])
    put("truncated-in-blob.rdb", "truncated", whole[:marks["zset"] + 20])
    put("truncated-in-lzf.rdb", "truncated", whole[:marks["walk"] - 20])
    put("truncated-in-stream.rdb", "truncated", whole[:marks["stream"] + 60])
    put("truncated-before-eof.rdb", "truncated", whole[:-9])
    put("truncated-after-eof.rdb", "truncated", whole[:-8])
    put("truncated-in-checksum.rdb", "truncated", whole[:-3])
    put("truncated-gzip.rdb.gz", "truncated", gzip.compress(whole, mtime=0)[:-200])
    put("checksum-wrong.rdb", "corrupt", whole[:-1] + bytes([whole[-1] ^ 1]))
    flipped = bytearray(whole)
    flipped[marks["hash"] + 30] ^= 0x20
    put("checksum-of-other-data.rdb", "corrupt", bytes(flipped))
    put("trailing-bytes.rdb", "trailing", whole + b"*1\r\n$4\r\nPING\r\n")
    put("trailing-old-file.rdb", "trailing", version_11().bytes() + whole[300:])

    put("magic-wrong.rdb", "unrecognised", b"RADIS0010" + whole[9:])
    put("magic-no-digits.rdb", "unrecognised", b"REDIS00x1" + whole[9:])
    put("magic-text.rdb", "unrecognised", b"This is a text file, not a snapshot.\n")
    put("magic-aof.rdb", "unrecognised", b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n")
    for magic in (b"REDIS0000", b"REDIS0016", b"REDIS0099", b"REDIS0080", b"VALKEY011", b"VALKEY081", b"VALKEY999"):
        f = File(magic).select(0).key("string", 0, "k", s("v"), "v")
        put("version-%s.rdb" % magic.decode().lower(), "unsupported", f.bytes())
    put("vcs-unknown-codec.rdb", "unsupported", b"VCS\x01\x09\x00\x01" + whole)
    put("vcs-reserved-set.rdb", "corrupt", b"VCS\x01\x01\x01\x01" + whole)
    put("vcs-short.rdb", "truncated", b"VCS\x01")
    put("vcs-replication-kind.rdb", "unsupported", b"VCS\x01\x01\x00\x02" + whole)

    put("type-unknown-8.rdb", "unsupported", one(8, s("x")))
    put("type-unknown-100.rdb", "unsupported", one(100, s("x")))
    put("type-module-1.rdb", "unsupported", one(6, n(module_id("tst-mod_1", 3)) + n(0)))
    put("type-28-in-valkey.rdb", "unsupported", one(28, n(1) + n(0) + n(0) + n(3) + s("a"), magic=b"VALKEY080"))
    put("opcode-unknown-241.rdb", "unsupported", records(b"\xf1\x00"))
    put("opcode-function-pre-ga.rdb", "unsupported", records(b"\xf6" + s("x")))
    put("opcode-expire-without-key.rdb", "corrupt", File(b"REDIS0010").select(0).raw(millis(FAR_MS)).bytes())
    put("length-unknown-form.rdb", "corrupt", one(0, b"\x82abcd"))
    put("length-special-as-count.rdb", "corrupt", one(2, b"\xc0\x01" + s("a")))
    put("string-encoding-unknown.rdb", "corrupt", one(0, b"\xc4abcd"))
    put("string-longer-than-file.rdb", "truncated", one(0, b"\x80\x7f\xff\xff\xff" + b"abc"))
    put("string-of-2-63-bytes.rdb", "truncated", one(0, b"\x81\x7f" + b"\xff" * 7 + b"abc"))

    put("lzf-bomb.rdb", "corrupt", one(0, b"\xc3" + n(10) + n(1 << 40) + b"\x00a" + b"\xe0\xff\x00" * 2 + b"\x00b"))
    put("lzf-longer-than-told.rdb", "corrupt", one(0, b"\xc3" + n(5) + n(3) + b"\x01aa\xe0\x0a"[:5]))
    put("lzf-shorter-than-told.rdb", "corrupt", one(0, b"\xc3" + n(3) + n(50) + b"\x01aa"))
    put("lzf-distance-before-start.rdb", "corrupt", one(0, b"\xc3" + n(4) + n(4) + b"\x00a\x20\x05"))
    put("lzf-input-ends.rdb", "corrupt", one(0, b"\xc3" + n(2) + n(21) + b"\x05a"))

    hash_blob = listpack(["f", "v", "g", "w"])

    def patched(blob, at, new):
        return blob[:at] + new + blob[at + len(new):]

    put("listpack-total-wrong.rdb", "corrupt", one(16, s(patched(hash_blob, 0, b"\x7f"))))
    put("listpack-total-huge.rdb", "corrupt", one(16, s(patched(hash_blob, 0, b"\xff\xff\xff\x7f"))))
    put("listpack-no-end.rdb", "corrupt", one(16, s(hash_blob[:-1] + b"\x00")))
    put("listpack-count-high.rdb", "corrupt", one(16, s(listpack(["f", "v"], count=4))))
    put("listpack-count-low.rdb", "corrupt", one(16, s(listpack(["f", "v", "g", "w"], count=2))))
    put("listpack-odd.rdb", "corrupt", one(16, s(listpack(["f", "v", "g"]))))
    put("listpack-element-past-end.rdb", "corrupt", one(16, s(patched(hash_blob, 9, b"\xbf"))))
    put("listpack-string-4gib.rdb", "corrupt", one(16, s(patched(listpack(["f", "v" * 8]), 9, b"\xf0\xff\xff\xff\xff"))))
    put("listpack-backlen-wrong.rdb", "corrupt", one(16, s(patched(hash_blob, 8, b"\x05"))))
    put("listpack-invalid-byte.rdb", "corrupt", one(16, s(patched(hash_blob, 6, b"\xf7"))))
    put("listpack-short.rdb", "corrupt", one(16, s(b"\x05\x00\x00\x00\x00")))
    put("listpack-empty-string.rdb", "corrupt", one(16, s("")))
    put("listpack-bomb.rdb", "corrupt", one(16, b"\xc3" + n(10) + n(0x3FFFFFFF) + b"\x00a" + b"\xe0\xff\x00" * 2 + b"\x00b"))
    put("hash-duplicate-field-listpack.rdb", "corrupt", one(16, s(listpack(["f", "v", "f", "w"]))))
    put("hash-duplicate-field.rdb", "corrupt", one(4, n(2) + (s("f") + s("v")) * 2))
    put("hash-count-high.rdb", "corrupt", one(4, n(50) + s("f") + s("v")))
    put("hash-count-huge.rdb", "corrupt", one(4, n(1 << 60) + s("f") + s("v")))
    put("hash-ttl-2-62.rdb", "corrupt", one(24, ms(1 << 62) + n(1) + n(5) + s("f") + s("v"), magic=b"REDIS0012"))
    put("hash-ttl-triples-broken.rdb", "corrupt", one(25, ms(FAR_MS) + s(listpack(["f", "v", FAR_MS, "g"])), magic=b"REDIS0012"))
    put("hash-ttl-order.rdb", "corrupt", one(25, ms(FAR_MS) + s(listpack(["f", "v", 0, "g", "w", FAR_MS])), magic=b"REDIS0012"))
    put("hash-ttl-text.rdb", "corrupt", one(25, ms(FAR_MS) + s(listpack(["f", "v", "soon"])), magic=b"REDIS0012"))
    put("hash2-ttl-below-minus-1.rdb", "corrupt", one(22, n(1) + s("f") + s("v") + ms(-2), magic=b"VALKEY080"))

    ziplist_of = ziplist(["a", "b", "c"])
    put("ziplist-prevlen-wrong.rdb", "corrupt", one(10, s(ziplist(["a", "b", "c"], prevlen_error=1)), magic=b"REDIS0009"))
    put("ziplist-tail-wrong.rdb", "corrupt", one(10, s(patched(ziplist_of, 4, b"\x0b")), magic=b"REDIS0009"))
    put("ziplist-total-wrong.rdb", "corrupt", one(10, s(patched(ziplist_of, 0, b"\x60")), magic=b"REDIS0009"))
    put("ziplist-count-wrong.rdb", "corrupt", one(10, s(ziplist(["a", "b", "c"], count=2)), magic=b"REDIS0009"))
    put("ziplist-entry-past-end.rdb", "corrupt", one(10, s(patched(ziplist_of, 17, b"\x3f")), magic=b"REDIS0009"))
    put("ziplist-invalid-byte.rdb", "corrupt", one(10, s(patched(ziplist_of, 11, b"\xcf")), magic=b"REDIS0009"))
    put("ziplist-odd-hash.rdb", "corrupt", one(13, s(ziplist_of), magic=b"REDIS0009"))
    put("zipmap-length-past-end.rdb", "corrupt", one(9, s(b"\x01\x01f\x30\x00v\xff"), magic=b"REDIS0009"))
    put("zipmap-length-4gib.rdb", "corrupt", one(9, s(b"\x01\x01f\xfe\xff\xff\xff\xff\x00v\xff"), magic=b"REDIS0009"))
    put("zipmap-no-end.rdb", "corrupt", one(9, s(b"\x01\x01f\x01\x00v\x00"), magic=b"REDIS0009"))
    put("intset-width.rdb", "corrupt", one(11, s(struct.pack("<IIhh", 3, 2, 1, 2))))
    put("intset-count-high.rdb", "corrupt", one(11, s(struct.pack("<IIhh", 2, 5, 1, 2))))
    put("intset-unordered.rdb", "corrupt", one(11, s(struct.pack("<IIhh", 2, 2, 2, 1))))
    put("intset-duplicate.rdb", "corrupt", one(11, s(struct.pack("<IIhh", 2, 2, 1, 1))))
    put("set-duplicate-member.rdb", "corrupt", one(2, n(2) + s("a") * 2))
    put("set-duplicate-member-listpack.rdb", "corrupt", one(20, s(listpack(["a", "a"]))))
    put("zset-duplicate-member.rdb", "corrupt", one(5, n(2) + (s("a") + double(1)) * 2))
    put("zset-nan.rdb", "corrupt", one(5, n(1) + s("a") + double(NAN)))
    put("zset-nan-ascii.rdb", "corrupt", one(3, n(1) + s("a") + ascii_double(NAN), magic=b"REDIS0007"))
    put("zset-nan-listpack.rdb", "corrupt", one(17, s(listpack(["a", "nan"]))))
    put("zset-score-text.rdb", "corrupt", one(17, s(listpack(["a", "high"]))))
    put("zset-score-ascii-text.rdb", "corrupt", one(3, n(1) + s("a") + b"\x04high", magic=b"REDIS0007"))
    put("quicklist-container-3.rdb", "corrupt", one(18, n(1) + n(3) + s(listpack(["a"]))))
    put("quicklist-plain-empty.rdb", "corrupt", one(18, n(1) + n(1) + s("")))

    nodes = [node(ENTRIES[:1])]
    good_stream = dict(type_code=21, nodes=nodes, length=1, last="2000-0", first="1000-1", added=1)

    def put_stream(name, **change):
        put(name, "corrupt", one(21, stream(**(good_stream | change))))

    put_stream("stream-pending-without-consumer.rdb", groups=[
        ("g", "1000-1", 1, [("1000-1", 1, 1)], [("c", 1, 1, [])], [])])
    put_stream("stream-pending-of-two-consumers.rdb", groups=[
        ("g", "1000-1", 1, [("1000-1", 1, 1)], [("c", 1, 1, ["1000-1"]), ("d", 1, 1, ["1000-1"])], [])])
    put_stream("stream-consumer-id-not-pending.rdb", groups=[("g", "1000-1", 1, [], [("c", 1, 1, ["1000-1"])], [])])
    put_stream("stream-duplicate-group.rdb", groups=[("g", "0-0", 0, [], [], [])] * 2)
    put_stream("stream-duplicate-consumer.rdb", groups=[("g", "0-0", 0, [], [("c", 1, 1, []), ("c", 1, 1, [])], [])])
    put_stream("stream-duplicate-pending.rdb", groups=[("g", "1000-1", 1, [("1000-1", 1, 1)] * 2, [("c", 1, 1, ["1000-1"])], [])])
    put_stream("stream-length-wrong.rdb", length=2)
    put_stream("stream-duplicate-node.rdb", nodes=nodes * 2, length=2)
    put_stream("stream-node-key-short.rdb", nodes=[s(b"\x00" * 15) + s(listpack([1, 0, 1, "a", 0, 2, 0, 0, 1, 4]))])
    put_stream("stream-node-empty.rdb", nodes=[s(raw_id("1-1")) + s(listpack([]))])
    put_stream("stream-node-count-wrong.rdb", nodes=[s(raw_id("1000-1")) + s(listpack([2, 0, 1, "a", 0, 2, 0, 0, 1, 4]))])
    put_stream("stream-node-fields-huge.rdb", nodes=[s(raw_id("1000-1")) + s(listpack([1, 0, 1 << 40, "a", 0, 2, 0, 0, 1, 4]))])
    put_stream("stream-node-lp-count-wrong.rdb", nodes=[s(raw_id("1000-1")) + s(listpack([1, 0, 1, "a", 0, 2, 0, 0, 1, 9]))])

    put("array-empty.rdb", "corrupt", one(28, n(0) + n(0), magic=b"REDIS0014"))
    put("array-tag-4.rdb", "corrupt", one(28, n(1) + n(0) + n(0) + n(4) + s("a"), magic=b"REDIS0014"))
    put("array-small-string-long.rdb", "corrupt", one(28, n(1) + n(0) + n(0) + n(3) + s("longer than 7"), magic=b"REDIS0014"))
    put("array-insert-flag-2.rdb", "corrupt", one(28, n(1) + n(2) + n(0) + n(0) + n(3) + s("a"), magic=b"REDIS0014"))
    put("template-unknown-id.rdb", "corrupt", one(30, s(listpack([7, 1])), magic=b"REDIS0015"))
    template = b"\xf2" + n(7) + n(2) + s("a") + s("b")

    def with_template(data, key):
        return File(b"REDIS0015").raw(data).select(0).raw(key).bytes()

    put("template-too-few-values.rdb", "corrupt", with_template(template, b"\x1e" + s("k") + s(listpack([7, 1]))))
    put("template-fields-unsorted.rdb", "corrupt", with_template(b"\xf2" + n(7) + n(2) + s("b") + s("a"), b"\x20" + s("k") + n(7) + s("1") + s("2")))
    put("template-no-fields.rdb", "corrupt", with_template(b"\xf2" + n(7) + n(0), b""))
    put("template-id-is-text.rdb", "corrupt", with_template(template, b"\x1e" + s("k") + s(listpack(["x", 1, 2]))))
    put("template-dump-form-count.rdb", "corrupt", with_template(template, b"\x1f" + s("k") + n(1) + n(0)))
    put("module-item-unknown.rdb", "corrupt", one(7, n(module_id("tst-mod_1", 3)) + n(9) + n(0)))
    put("module-aux-no-when.rdb", "corrupt", records(b"\xf7" + n(module_id("tst-mod_1", 3)) + n(5) + s("x") + n(0)))
    put("key-meta-without-type.rdb", "corrupt", records(b"\xf3" + n(1) + meta_class("abcd", 1, 1) + n(0) + b"\xfe\x00", magic=b"REDIS0013"))
    put("slot-info-16384.rdb", "corrupt", records(b"\xf4" + n(16384) + n(1) + n(0), magic=b"REDIS0012"))
    put("slot-info-huge.rdb", "corrupt", records(b"\xf4" + n(1 << 40) + n(1) + n(0), magic=b"REDIS0012"))
    put("slot-info-aux-two-numbers.rdb", "corrupt", records(b"\xfa" + s("slot-info") + s("5,1")))
    put("slot-import-name-short.rdb", "corrupt", records(b"\xf3" + s("short") + n(1) + n(0) + n(1), magic=b"VALKEY080"))
    put("slot-import-range-reversed.rdb", "corrupt", records(b"\xf3" + s("a" * 40) + n(1) + n(9) + n(1), magic=b"VALKEY080"))
    put("slot-import-range-16384.rdb", "corrupt", records(b"\xf3" + s("a" * 40) + n(1) + n(0) + n(16384), magic=b"VALKEY080"))

    duplicate = b"\x00" + s("twice") + s("1") + b"\x00" + s("twice") + s("2")
    put("duplicate-key.rdb", "corrupt", records(duplicate))
    put("db-index-huge.rdb", "suspicious", File(b"REDIS0010").select(1 << 40).key("string", 0, "k", s("v"), "v").bytes())
    put("db-index-16.rdb", "suspicious", File(b"REDIS0010").select(16).key("string", 0, "k", s("v"), "v").bytes())
    put("resizedb-lies.rdb", "suspicious", records(b"\xfb" + n(1 << 50) + n(1 << 50)))
    put("resizedb-too-small.rdb", "suspicious", records(b"\xfb" + n(0) + n(0)))
    put("empty-collection.rdb", "suspicious", one(2, n(0)))
    put("two-files.rdb", "trailing", whole + whole)
    with open(os.path.join(HERE, "bad", "kinds.tsv"), "w") as out:
        out.write("file\tkind\n")
        out.writelines("%s\t%s\n" % row for row in sorted(kinds))


if __name__ == "__main__":
    for folder in ("made", "bad"):
        os.makedirs(os.path.join(HERE, folder), exist_ok=True)
    good()
    bad()
