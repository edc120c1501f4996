//! Measures the data store by itself: replaying, loading, saving, memory per element, snapshots, single commands.
//!
//! ```text
//! cargo bench --bench store -- replay FOLDER     replays an append-only set
//!                              load FILE         loads an RDB file
//!                              save FILE OUT     loads a file, and writes a snapshot of it
//!                              memory            bytes allocated per element of each type
//!                              snapshot [KEYS]   time of a snapshot, and of writes while one is held
//!                              commands          nanoseconds and allocations per command
//! ```
//! Each line of the output is a JSON object. `benches/store.py` runs this beside real servers and makes a table of it.

#![allow(unsafe_code, reason = "an allocator that counts can be made in no other way")]

use rkv::aof::set::Set;
use rkv::base::rng::Rng;
use rkv::command::{Ctx, Outcome};
use rkv::feed::{Control, Input};
use rkv::keyspace::{Keyspace, Origin, SaveOptions, Settings};
use rkv::rdb::encode::Target;
use rkv::resp::encode::Reply;
use rkv::tool::aof::replay;
use serde_json::json;
use std::alloc::{GlobalAlloc, Layout};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Counts what the program's allocator hands out, by the sizes it really takes for it.
struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;
static INNER: rkv::base::memory::Counting = rkv::base::memory::Counting;

impl Counting {
    fn add(&self, at: *mut u8, layout: Layout) {
        if COUNTS.load(Relaxed) && !at.is_null() {
            // SAFETY: `at` was given out by this allocator for `layout` and is live.
            LIVE_BYTES.fetch_add(unsafe { INNER.block_bytes(at, layout) }, Relaxed);
            ALLOCATIONS.fetch_add(1, Relaxed);
        }
    }

    fn sub(&self, at: *mut u8, layout: Layout) {
        if COUNTS.load(Relaxed) {
            // SAFETY: as above; it is freed only after this.
            LIVE_BYTES.fetch_sub(unsafe { INNER.block_bytes(at, layout) }, Relaxed);
        }
    }
}

// SAFETY: everything is handed on to an allocator; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        let at = unsafe { INNER.alloc(layout) };
        self.add(at, layout);
        at
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        let at = unsafe { INNER.alloc_zeroed(layout) };
        self.add(at, layout);
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        self.sub(at, layout);
        // SAFETY: the caller keeps the contract.
        unsafe { INNER.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.sub(at, layout);
        // SAFETY: the caller keeps the contract.
        unsafe {
            let at = INNER.realloc(at, layout, size);
            self.add(at, Layout::from_size_align_unchecked(size, layout.align()));
            at
        }
    }
}

/// Bytes and allocations during `work`, and what it gives.
fn counted<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    let before = (LIVE_BYTES.load(Relaxed), ALLOCATIONS.load(Relaxed));
    COUNTS.store(true, Relaxed);
    let done = work();
    COUNTS.store(false, Relaxed);
    let bytes = LIVE_BYTES.load(Relaxed).wrapping_sub(before.0);
    (done, bytes, ALLOCATIONS.load(Relaxed) - before.1)
}

/// Time on the wall and of all processors, in seconds.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let done = work();
    (done, wall.elapsed().as_secs_f64(), cpu_seconds() - cpu)
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A line of `/proc/self/status` in megabytes.
fn status_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1000.0
}

/// A time at which nothing of the data sets has expired.
const NOW_MS: i64 = 1_800_000_000_000;

fn replay_set(path: &Path) {
    let set = Set::open(path).unwrap();
    let mut keyspace = Keyspace::new(Settings::default());
    let options = replay::Options { now_ms: NOW_MS, ..replay::Options::default() };
    let (report, wall, cpu) =
        timed(|| replay::replay(&set, &mut keyspace, &options, &Control::default()).unwrap());
    let line = json!({
        "what": "replay", "commands": report.commands, "failed": report.failed_count, "keys": keyspace.len(0),
        "bytes": set.size_bytes(), "wall_s": wall, "cpu_s": cpu, "anon_mb": status_mb("RssAnon"),
    });
    println!("{line}");
    // Freeing what there is would only take time.
    std::mem::forget(keyspace);
}

fn load(path: &Path, keyspace: &mut Keyspace) -> u64 {
    let mut input = Input::open(path).unwrap();
    rkv::keyspace::load_rdb(keyspace, &mut input, NOW_MS, true, 2, &Control::default())
        .unwrap()
        .keys
}

fn load_file(path: &Path) {
    let mut keyspace = Keyspace::new(Settings::default());
    let (keys, wall, cpu) = timed(|| load(path, &mut keyspace));
    let line = json!({
        "what": "load", "keys": keys, "wall_s": wall, "cpu_s": cpu, "anon_mb": status_mb("RssAnon"),
    });
    println!("{line}");
    std::mem::forget(keyspace);
}

fn save_file(path: &Path, to: &Path) {
    let mut keyspace = Keyspace::new(Settings::default());
    load(path, &mut keyspace);
    let snapshot = keyspace.snapshot();
    let options = SaveOptions { compress: true, checksum: true, ..SaveOptions::default() };
    let target = Target::find("redis-7.0").unwrap();
    let (summary, wall, cpu) = timed(|| {
        let mut out = BufWriter::new(File::create(to).unwrap());
        let summary = snapshot.write(target, &options, &mut out).unwrap();
        out.into_inner().unwrap().sync_all().unwrap();
        summary
    });
    let line = json!({
        "what": "save", "keys": summary.keys, "bytes": summary.bytes, "wall_s": wall, "cpu_s": cpu,
    });
    println!("{line}");
    std::mem::forget(keyspace);
}

/// Runs commands as a client would.
struct Client {
    keyspace: Keyspace,
    reply: Reply,
    rng: Rng,
}

impl Client {
    fn new() -> Client {
        Client {
            keyspace: Keyspace::new(Settings::default()),
            reply: Reply::new(false),
            rng: Rng::new(1),
        }
    }

    fn run(&mut self, args: &[&[u8]]) {
        self.reply.clear();
        let mut unit = self.keyspace.unit(Origin::Client, NOW_MS);
        let outcome = Ctx::new(&mut unit, &mut self.reply, &mut self.rng).call(args);
        let effects = unit.commit();
        self.keyspace.reuse(effects);
        assert_eq!(outcome, Outcome::Done, "{:?}", String::from_utf8_lossy(self.reply.as_bytes()));
    }
}

/// Bytes per element of a million elements.
fn memory() {
    const COUNT: usize = 1_000_000;
    type Fill = fn(&mut Client, usize);
    let value = |len: usize| vec![b'v'; len];
    assert_eq!(value(16).len(), 16);
    let kinds: [(&str, Fill); 9] = [
        ("string of 16 bytes", |client, n| {
            client.run(&[b"SET", format!("key:{n:012}").as_bytes(), &[b'v'; 16]]);
        }),
        ("string of 16 bytes with expiry", |client, n| {
            client.run(&[b"SET", format!("key:{n:012}").as_bytes(), &[b'v'; 16], b"EX", b"86400"]);
        }),
        ("string of 100 bytes", |client, n| {
            client.run(&[b"SET", format!("key:{n:012}").as_bytes(), &[b'v'; 100]]);
        }),
        ("field of a hash", |client, n| {
            client.run(&[b"HSET", b"h", format!("field:{n:06}").as_bytes(), b"valueval"]);
        }),
        ("member of a set", |client, n| {
            client.run(&[b"SADD", b"s", format!("member:{n:05}").as_bytes()]);
        }),
        ("member of a sorted set", |client, n| {
            let score = (n * 7919 % 1_000_003).to_string();
            client.run(&[b"ZADD", b"z", score.as_bytes(), format!("member:{n:05}").as_bytes()]);
        }),
        ("item of a list", |client, n| {
            client.run(&[b"RPUSH", b"l", format!("item:{n:05}").as_bytes()]);
        }),
        ("entry of a stream", |client, n| {
            let id = format!("{}-0", n + 1);
            client.run(&[b"XADD", b"x", id.as_bytes(), b"field", format!("v{n:06}").as_bytes()]);
        }),
        ("member of a set of integers", |client, n| {
            client.run(&[b"SADD", b"s", (n * 7919).to_string().as_bytes()]);
        }),
    ];
    for (name, fill) in kinds {
        let (client, bytes, _) = counted(|| {
            let mut client = Client::new();
            for n in 0..COUNT {
                fill(&mut client, n);
            }
            client
        });
        println!(
            "{}",
            json!({ "what": "memory", "of": name, "bytes": bytes as f64 / COUNT as f64 })
        );
        drop(client);
    }
}

/// How often this thread waited, and how often another took its processor.
fn switches() -> (i64, i64) {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the structure is large enough, and all zeros are a value of it.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init()
    };
    (usage.ru_nvcsw, usage.ru_nivcsw)
}

/// Times of single operations, in nanoseconds.
#[derive(Default)]
struct Histogram {
    times: Vec<u64>,
    /// Of those above 1 ms, how many waited, and how many had their processor taken.
    waited: u64,
    preempted: u64,
}

impl Histogram {
    fn add(&mut self, time: Duration) {
        self.times.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    fn measure(&mut self, work: impl FnOnce()) {
        let before = switches();
        let start = Instant::now();
        work();
        let time = start.elapsed();
        if time > Duration::from_millis(1) {
            let after = switches();
            self.waited += u64::from(after.0 > before.0);
            self.preempted += u64::from(after.0 == before.0 && after.1 > before.1);
        }
        self.add(time);
    }

    fn summary(&mut self) -> serde_json::Value {
        self.times.sort_unstable();
        let times = &self.times;
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize] as f64 / 1000.0;
        let above = times.iter().filter(|ns| **ns > 1_000_000).count();
        json!({
            "count": times.len(), "p50_us": at(0.5), "p99_us": at(0.99), "p99.9_us": at(0.999),
            "p99.99_us": at(0.9999), "max_us": at(1.0), "above_1_ms": above, "waited": self.waited, "preempted": self.preempted,
        })
    }
}

/// Writes at random, first without and then with a snapshot that another thread saves.
fn writes_during_snapshot(
    name: &str,
    client: &mut Client,
    mut write: impl FnMut(&mut Client, u64),
) {
    const WRITES: usize = 1_000_000;
    let mut rng = Rng::new(7);
    let mut measure = |client: &mut Client| {
        let mut histogram = Histogram::default();
        histogram.times.reserve(WRITES);
        for _ in 0..WRITES {
            let n = rng.next_u64();
            histogram.measure(|| write(client, n));
        }
        histogram.summary()
    };
    let line =
        json!({ "what": "writes", "on": name, "snapshot": "none", "times": measure(client) });
    println!("{line}");
    // What another busy thread does to the times by itself.
    let stop = AtomicBool::new(false);
    let times = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                std::hint::spin_loop();
            }
        });
        let times = measure(client);
        stop.store(true, Relaxed);
        times
    });
    let snapshot = "none, another thread busy";
    println!("{}", json!({ "what": "writes", "on": name, "snapshot": snapshot, "times": times }));
    let mut taken = Histogram::default();
    for _ in 0..100 {
        let start = Instant::now();
        let snapshot = client.keyspace.snapshot();
        taken.add(start.elapsed());
        drop(snapshot);
    }
    println!("{}", json!({ "what": "snapshot", "of": name, "times": taken.summary() }));
    let snapshot = client.keyspace.snapshot();
    let times = measure(client);
    println!("{}", json!({ "what": "writes", "on": name, "snapshot": "held", "times": times }));
    drop(snapshot);
    let snapshot = client.keyspace.snapshot();
    let saver = std::thread::spawn(move || {
        let target = Target::find("redis-7.0").unwrap();
        let options = SaveOptions { compress: true, checksum: true, ..SaveOptions::default() };
        snapshot.write(target, &options, &mut std::io::sink()).unwrap().keys
    });
    let times = measure(client);
    let saved = saver.is_finished();
    saver.join().unwrap();
    let line = json!({
        "what": "writes", "on": name, "snapshot": "saved on another thread", "times": times, "saved_before_end": saved,
    });
    println!("{line}");
}

fn snapshots(keys: u64) {
    let mut client = Client::new();
    for n in 0..keys {
        client.run(&[b"SET", format!("key:{n:012}").as_bytes(), b"value of a string"]);
    }
    writes_during_snapshot(&format!("{keys} keys"), &mut client, |client, n| {
        client.run(&[b"SET", format!("key:{:012}", n % keys).as_bytes(), b"another of a size"]);
    });
    let mut client = Client::new();
    let fields = keys / 2;
    for n in 0..fields {
        client.run(&[b"HSET", b"h", format!("field:{n:08}").as_bytes(), b"value of field"]);
    }
    writes_during_snapshot(&format!("hash of {fields} fields"), &mut client, |client, n| {
        client.run(&[
            b"HSET",
            b"h",
            format!("field:{:08}", n % fields).as_bytes(),
            b"other of field",
        ]);
    });
}

/// Nanoseconds and allocations of commands on a million keys.
fn commands() {
    const KEYS: u64 = 1_000_000;
    const RUNS: u64 = 2_000_000;
    let mut client = Client::new();
    for n in 0..KEYS {
        client.run(&[b"SET", format!("key:{n:012}").as_bytes(), b"value of a string"]);
    }
    for n in 0..KEYS {
        let id = (n / 50).to_string();
        client.run(&[
            b"HSET",
            format!("hash:{id}").as_bytes(),
            format!("f{}", n % 50).as_bytes(),
            b"value",
        ]);
    }
    for n in 0..KEYS {
        let member = format!("member:{n:07}");
        client.run(&[
            b"ZADD",
            b"board",
            (n * 7919 % KEYS).to_string().as_bytes(),
            member.as_bytes(),
        ]);
        client.run(&[b"SADD", b"set", member.as_bytes()]);
        client.run(&[b"HSET", b"big", member.as_bytes(), b"value"]);
    }
    type Run = fn(&mut Client, u64, &mut [u8; 16]);
    /// A key of 16 bytes made in place, so that only the command allocates.
    fn numbered<'b>(buf: &'b mut [u8; 16], prefix: &str, mut n: u64) -> &'b [u8] {
        buf[..prefix.len()].copy_from_slice(prefix.as_bytes());
        for digit in buf[prefix.len()..].iter_mut().rev() {
            *digit = b'0' + (n % 10) as u8;
            n /= 10;
        }
        buf
    }
    let kinds: [(&str, Run); 10] = [
        ("GET", |client, n, buf| client.run(&[b"GET", numbered(buf, "key:", n % KEYS)])),
        ("SET, same size", |client, n, buf| {
            client.run(&[b"SET", numbered(buf, "key:", n % KEYS), b"valux of a string"]);
        }),
        ("SET, another size", |client, n, buf| {
            let value = &b"value of a string, longer or shorter"[..10 + (n >> 32) as usize % 20];
            client.run(&[b"SET", numbered(buf, "key:", n % KEYS), value]);
        }),
        ("INCR", |client, n, buf| {
            client.run(&[b"INCR", numbered(buf, "counter:", n % 100_000)]);
        }),
        ("HSET, 50 fields", |client, n, _| {
            let mut text = itoa::Buffer::new();
            let mut key = [0; 16];
            let digits = text.format(n % (KEYS / 50)).as_bytes();
            key[..5].copy_from_slice(b"hash:");
            key[5..5 + digits.len()].copy_from_slice(digits);
            client.run(&[b"HSET", &key[..5 + digits.len()], b"f17", b"valuf"]);
        }),
        ("HSET, 1 M fields", |client, n, buf| {
            let field = &numbered(buf, "__member:", n % KEYS)[2..];
            client.run(&[b"HSET", b"big", field, b"valuf"]);
        }),
        ("ZADD, 1 M members", |client, n, buf| {
            let mut text = itoa::Buffer::new();
            let score = text.format((n >> 32) % KEYS).as_bytes();
            client.run(&[b"ZADD", b"board", score, &numbered(buf, "__member:", n % KEYS)[2..]]);
        }),
        ("SADD, 1 M members", |client, n, buf| {
            client.run(&[b"SADD", b"set", &numbered(buf, "__member:", n % KEYS)[2..]]);
        }),
        ("LPUSH", |client, n, buf| {
            let mut text = itoa::Buffer::new();
            client.run(&[
                b"LPUSH",
                numbered(buf, "list:", n % 1000),
                text.format(n >> 40).as_bytes(),
            ]);
        }),
        ("XADD", |client, n, buf| {
            let mut text = itoa::Buffer::new();
            let value = text.format(n >> 40).as_bytes();
            client.run(&[b"XADD", numbered(buf, "stream:", n % 1000), b"*", b"field", value]);
        }),
    ];
    for (name, run) in kinds {
        let mut rng = Rng::new(3);
        let mut buf = [0; 16];
        for _ in 0..RUNS / 10 {
            run(&mut client, rng.next_u64(), &mut buf);
        }
        let ((), wall, _) = timed(|| {
            for _ in 0..RUNS {
                run(&mut client, rng.next_u64(), &mut buf);
            }
        });
        let ((), _, allocations) = counted(|| {
            for _ in 0..RUNS / 10 {
                run(&mut client, rng.next_u64(), &mut buf);
            }
        });
        let line = json!({
            "what": "command", "command": name, "ns": wall * 1e9 / RUNS as f64,
            "allocations": allocations as f64 / (RUNS / 10) as f64,
        });
        println!("{line}");
    }
}

fn main() {
    // As the program does it.
    rkv::base::memory::allow_huge_pages(false);
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["replay", path] => replay_set(Path::new(path)),
        ["load", path] => load_file(Path::new(path)),
        ["save", path, to] => save_file(Path::new(path), Path::new(to)),
        ["memory"] => memory(),
        ["snapshot"] => snapshots(10_000_000),
        ["snapshot", keys] => snapshots(keys.parse().unwrap()),
        ["commands"] => commands(),
        _ => {
            eprintln!(
                "usage: store replay FOLDER | load FILE | save FILE OUT | memory | snapshot [KEYS] | commands"
            );
            std::process::exit(2);
        }
    }
    let _ = std::io::stdout().flush();
}
