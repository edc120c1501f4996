#!/usr/bin/env python3
"""Builds the data sets of the benchmarks through a real redis-server 7.0.15.

    benches/make-data.py [--out benches/data] [--server target/peers/bin/redis-server] [strings|mixed|huge|commands ...]

strings.rdb  3,000,000 short strings: sessions, counters, cached JSON; two of three expire
mixed.rdb    250,000 lists, sets, sorted sets, hashes and streams, small and large (up to 20,000 elements)
huge.rdb     one list of 40 MB and one hash of 5,000,000 fields
commands/    an append-only folder without RDB part: 370 MB of mixed writes, most of them to keys that are there

The same seed gives the same keys and values on every run; the files differ in their time stamps only.
Values are made of words, numbers and identifiers, so that they compress about as well as data of applications does.
"""

import argparse
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

WORDS = """account active address admin alpha amount apple archive article basket beta billing blue book bottle branch
broker button cache camera cancel candle canvas carbon cargo castle catalog center change channel charge chart chrome
circle city client cloud coffee color comment company config confirm contact content copper cotton country coupon credit
currency customer daily dark data debit default delivery delta desktop device digital discount display document domain
double draft driver east edition editor electric email engine entry error event expired export express external failed
family feature field filter final fixed flower folder format forest forward frame free garden gateway general glass global
gold graph green group guest hammer hardware harvest header height history holiday hotel house image import inbound index
inner input invoice island item january journal july june keyboard label large laptop later launch leather legacy level
library light limit linen list local location logic login lookup lunar main major manual maple market master matrix
medium member memory menu message metal method middle minor mobile model module monitor morning mountain native network
night normal north notice number object ocean offer office online open option orange order origin other outbound output
owner package page paper parent partner password payment pending people permit phone picture pilot planet plastic platform
player pocket point policy portal premium price primary printer private process product profile project public purchase
quality quantity quarter queue quick radio random rating reader record region release remote rental report request reserve
result return review ribbon river round route sample sandbox saved schedule school screen search season second secret
section secure select seller sensor server session setting shadow share shipping silver simple single size small social
solar source south special sports spring square stage standard started station status steel stock stone storage store
stream street string studio summary summer sunday supply support survey system table tablet target team template terminal
theme thread ticket timber title token total tower track trade traffic transfer travel trend trial trigger type union unit
update upload user valid value vector vendor version video view village visitor visual volume wallet warehouse warning water
weather website weekly west white window winter wireless wood worker writer yellow zone""".split()
CITIES = "Aarhus Bergen Cork Delft Évora Fes Gdańsk Haifa İzmir Jena Košice Lyon Malmö Nantes Odessa Porto Riga Split".split()
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/%d.0.0.0 Safari/537.36",
]
FAR = 33_177_117_420  # seconds: expiries lie in the year 3021, so no run ever meets an expired key


def text(rng, words):
    return " ".join(rng.choices(WORDS, k=words))


def ident(rng):
    return "%012x" % rng.getrandbits(48)


def session(rng, user):
    return '{"uid":%d,"name":"%s","city":"%s","roles":["%s"],"seen":%d,"token":"%s"}' % (
        user, text(rng, 2), rng.choice(CITIES), rng.choice(WORDS), 1_700_000_000 + rng.randrange(40_000_000), ident(rng))


def strings(rng):
    """Three million strings of about 50 bytes."""
    for i in range(3_000_000):
        kind = i % 8
        expiry = ["EXAT", FAR + rng.randrange(86_400 * 365)] if i % 3 else []
        if kind < 3:
            yield ["SET", "counter:%s:%d" % (rng.choice(WORDS), i), rng.randrange(1, 5_000_000), *expiry]
        elif kind < 6:
            yield ["SET", "user:%d:%s" % (i, rng.choice(WORDS)), text(rng, rng.randrange(4, 15)), *expiry]
        elif kind < 7:
            yield ["SET", "token:%s" % ident(rng), ident(rng) + ident(rng), *expiry]
        else:
            yield ["SET", "session:%d" % i, session(rng, i), *expiry]


def skewed(rng, low, high):
    """A length between low and high, most often near low."""
    return low + int((high - low) * rng.random() ** 2.6)


def batches(command, key, args, per_item):
    step = 1000 * per_item
    for at in range(0, len(args), step):
        yield [command, key, *args[at:at + step]]


def collection(rng, kind, i, count):
    if kind == 0:
        yield from batches("RPUSH", "queue:%s:%d" % (rng.choice(WORDS), i), [
            session(rng, n) if n % 5 == 0 else text(rng, 3) for n in range(count)], 1)
    elif kind == 1:
        ids = [rng.randrange(10_000_000) for _ in range(count)]
        yield from batches("SADD", "followers:%d" % i, ids, 1)
    elif kind == 2:
        yield from batches("SADD", "tags:%d" % i, ["%s-%s-%d" % (rng.choice(WORDS), rng.choice(WORDS), n) for n in range(count)], 1)
    elif kind == 3:
        pairs = []
        for n in range(count):
            score = rng.randrange(100_000) if i % 2 else round(rng.random() * 5000, 2)
            pairs += [score, "player:%s:%d" % (rng.choice(WORDS), n)]
        yield from batches("ZADD", "board:%s:%d" % (rng.choice(WORDS), i), pairs, 2)
    elif kind == 4:
        pairs = []
        for n in range(count):
            pairs += ["%s_%d" % (rng.choice(WORDS), n), text(rng, 3) if n % 3 else rng.randrange(1_000_000)]
        yield from batches("HSET", "profile:%d" % i, pairs, 2)
    else:
        key, at = "events:%d" % i, 1_700_000_000_000
        for n in range(count):
            at += rng.randrange(1, 5000)
            yield ["XADD", key, "%d-0" % at, "type", rng.choice(WORDS), "user", rng.randrange(100_000),
                   "agent", rng.choice(AGENTS).replace("%d", str(rng.randrange(90, 130)))]
        if i % 4 == 0:
            yield ["XGROUP", "CREATE", key, "workers", "0"]
            yield ["XREADGROUP", "GROUP", "workers", "worker-%d" % (i % 7), "COUNT", min(count, 50), "STREAMS", key, ">"]


def mixed(rng):
    """250,000 collections; one in 2,500 is large."""
    for i in range(250_000):
        kind = i % 6
        if i % 2500 == 1249:
            count = rng.choice([2_000, 5_000, 20_000])
            kind = i // 2500 % 6
        else:
            count = skewed(rng, 3, 120)
        if kind == 5:
            count = max(1, count // 4)
        yield from collection(rng, kind, i, count)
        if kind == 1 and i % 5 == 0:
            yield ["EXPIREAT", "followers:%d" % i, FAR]
    yield ["SELECT", 1]
    for i in range(2_000):
        yield ["HSET", "bin:\0%d\xff" % i, "blob", rng.randbytes(40), "size", 40]


def huge(rng):
    """A list of 40 MB and a hash of five million fields."""
    count, size = 0, 0
    while size < 40_000_000:
        items = [session(rng, count + n) if n % 2 else text(rng, 6) for n in range(500)]
        count, size = count + len(items), size + sum(len(item) for item in items)
        yield ["RPUSH", "huge:list", *items]
    for at in range(0, 5_000_000, 500):
        pairs = []
        for n in range(at, at + 500):
            pairs += ["field:%08d" % n, "%s-%d" % (rng.choice(WORDS), rng.randrange(1_000_000))]
        yield ["HSET", "huge:hash", *pairs]


def commands(rng):
    """3,900,000 writes as applications send them: caches, counters, sessions, queues, boards, feeds."""
    stream_at = 1_700_000_000_000
    for i in range(3_900_000):
        dice = rng.random()
        user = int(200_000 * rng.random() ** 1.5)
        if dice < 0.22:
            yield ["SET", "cache:%d" % rng.randrange(300_000), text(rng, rng.randrange(4, 15)), "EXAT", FAR + i]
        elif dice < 0.30:
            yield ["SET", "session:%d" % user, session(rng, user)]
        elif dice < 0.40:
            yield ["INCRBY", "counter:%s:%d" % (rng.choice(WORDS), user % 5000), rng.randrange(1, 20)]
        elif dice < 0.56:
            yield ["HSET", "profile:%d" % user, rng.choice(WORDS), text(rng, 3), "seen", 1_700_000_000 + i]
        elif dice < 0.62:
            yield ["HINCRBY", "stats:%d" % (user % 20_000), rng.choice(WORDS), 1]
        elif dice < 0.71:
            yield ["ZADD", "board:%d" % (user % 2_000), round(rng.random() * 5000, 2), "player:%d" % rng.randrange(50_000)]
        elif dice < 0.74:
            yield ["ZINCRBY", "board:%d" % (user % 2_000), rng.randrange(1, 50), "player:%d" % rng.randrange(50_000)]
        elif dice < 0.80:
            yield ["LPUSH", "queue:%d" % (user % 3_000), session(rng, user) if i % 4 == 0 else text(rng, 4)]
        elif dice < 0.84:
            yield ["RPOP", "queue:%d" % (user % 3_000)]
        elif dice < 0.90:
            yield ["SADD", "followers:%d" % (user % 30_000), rng.randrange(10_000_000), rng.randrange(10_000_000)]
        elif dice < 0.91:
            yield ["SREM", "followers:%d" % (user % 30_000), rng.randrange(10_000_000)]
        elif dice < 0.94:
            stream_at += rng.randrange(1, 100)
            yield ["XADD", "events:%d" % (user % 500), "%d-0" % stream_at, "type", rng.choice(WORDS), "user", user,
                   "agent", rng.choice(AGENTS).replace("%d", str(rng.randrange(90, 130)))]
        elif dice < 0.97:
            yield ["EXPIREAT", "session:%d" % user, FAR + i]
        elif dice < 0.98:
            yield ["APPEND", "log:%d" % (user % 10_000), text(rng, 2) + ";"]
        else:
            yield ["DEL", "cache:%d" % rng.randrange(300_000), "session:%d" % user]


SETS = {"strings": strings, "mixed": mixed, "huge": huge, "commands": commands}
AOF_SETS = ["commands"]


def encode(argv):
    parts = [b"*%d\r\n" % len(argv)]
    for arg in argv:
        if not isinstance(arg, bytes):
            # Latin-1 would lose the cities: everything is UTF-8, and "\xff" above becomes two bytes.
            arg = str(arg).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(arg), arg))
    return b"".join(parts)


def drain(sock, errors):
    """Reads replies until the connection closes; keeps lines that are errors."""
    tail = b""
    while chunk := sock.recv(1 << 20):
        lines = (tail + chunk).split(b"\r\n")
        tail = lines.pop()
        errors.extend(line for line in lines if line.startswith(b"-"))


def fill(path, commands):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    errors = []
    reader = threading.Thread(target=drain, args=(sock, errors))
    reader.start()
    buffer, size = [], 0
    for argv in commands:
        data = encode(argv)
        buffer.append(data)
        size += len(data)
        if size > 1 << 20:
            sock.sendall(b"".join(buffer))
            buffer, size = [], 0
    sock.sendall(b"".join(buffer) + encode(["QUIT"]))
    reader.join()
    sock.close()
    if errors:
        sys.exit("the server refused: %s (%d times)" % (errors[0].decode(), len(errors)))


def ask(path, *argv):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(encode(argv))
        return sock.recv(1 << 16)


def build(name, server, out):
    started = time.time()
    is_aof = name in AOF_SETS
    with tempfile.TemporaryDirectory(prefix="rkv-data-") as folder:
        path = os.path.join(folder, "socket")
        process = subprocess.Popen(
            [server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder,
             "--appendonly", "yes" if is_aof else "no", "--appenddirname", name, "--appendfsync", "no",
             "--aof-use-rdb-preamble", "no", "--auto-aof-rewrite-percentage", "0"],
            stdout=subprocess.DEVNULL)
        try:
            for _ in range(500):
                if os.path.exists(path):
                    break
                time.sleep(0.01)
            fill(path, SETS[name](random.Random(name)))
            target = target_of(name, out)
            if not is_aof:
                reply = ask(path, "SAVE")
                if not reply.startswith(b"+OK"):
                    sys.exit("SAVE failed: %r" % reply)
                shutil.copyfile(os.path.join(folder, "dump.rdb"), target + ".part")
                os.replace(target + ".part", target)
        finally:
            process.terminate()
            process.wait()
        if is_aof:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(os.path.join(folder, name), target + ".part")
            os.replace(target + ".part", target)
    files = [os.path.join(target, file) for file in os.listdir(target)] if is_aof else [target]
    size = sum(map(os.path.getsize, files))
    print("%s: %.1f MB in %.0f s" % (target, size / 1e6, time.time() - started))


def target_of(name, out):
    return os.path.join(out, name if name in AOF_SETS else name + ".rdb")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="|".join(SETS), help="which data sets (all)")
    parser.add_argument("--out", default=os.path.join(REPO, "benches", "data"))
    parser.add_argument("--server", default=os.path.join(
        os.environ.get("RKV_PEERS_DIR", os.path.join(REPO, "target", "peers", "bin")), "redis-server"))
    parser.add_argument("--force", action="store_true", help="build again what is there")
    args = parser.parse_args()
    if unknown := set(args.sets) - set(SETS):
        parser.error("no data set is called %s" % ", ".join(sorted(unknown)))
    if not os.path.exists(args.server):
        sys.exit("%s is missing: run .ci/setup-peers.sh" % args.server)
    os.makedirs(args.out, exist_ok=True)
    for name in args.sets or SETS:
        if args.force or not os.path.exists(target_of(name, args.out)):
            build(name, args.server, args.out)


if __name__ == "__main__":
    main()
