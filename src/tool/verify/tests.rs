//! Tests of the check as a whole: a small file for every rule, and the files of real servers.

use super::*;
use crate::base::crc::crc64;
use crate::rdb::module::ModuleId;
use crate::rdb::string::{write_len, write_raw};
use std::collections::BTreeSet;
use std::io::Write;

/// Builds a file byte by byte.
struct Build(Vec<u8>);

impl Build {
    fn new(magic: &str) -> Build {
        Build(magic.as_bytes().to_vec())
    }

    fn raw(mut self, bytes: &[u8]) -> Build {
        self.0.extend_from_slice(bytes);
        self
    }

    fn len(mut self, n: u64) -> Build {
        write_len(&mut self.0, n);
        self
    }

    fn str(mut self, text: &[u8]) -> Build {
        write_raw(&mut self.0, text);
        self
    }

    fn aux(self, name: &str, value: &str) -> Build {
        self.raw(&[0xfa]).str(name.as_bytes()).str(value.as_bytes())
    }

    fn db(self, n: u64) -> Build {
        self.raw(&[0xfe]).len(n)
    }

    fn resize(self, keys: u64, expires: u64) -> Build {
        self.raw(&[0xfb]).len(keys).len(expires)
    }

    fn slot(self, slot: u64, keys: u64, expires: u64) -> Build {
        self.raw(&[0xf4]).len(slot).len(keys).len(expires)
    }

    fn expire(self, ms: i64) -> Build {
        self.raw(&[0xfc]).raw(&ms.to_le_bytes())
    }

    /// Starts a key; its value follows.
    fn key(self, code: u8, name: &str) -> Build {
        self.raw(&[code]).str(name.as_bytes())
    }

    fn string(self, name: &str) -> Build {
        self.key(0, name).str(b"v")
    }

    fn function(self, source: &str) -> Build {
        self.raw(&[0xf5]).str(source.as_bytes())
    }

    /// Ends the data without a checksum.
    fn unsigned(self) -> Vec<u8> {
        self.raw(&[0xff]).0
    }

    fn end(self) -> Vec<u8> {
        let mut bytes = self.unsigned();
        let crc = crc64(0, &bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }
}

fn redis() -> Build {
    Build::new("REDIS0012")
}

fn valkey() -> Build {
    Build::new("VALKEY080")
}

/// A listpack of these texts; small numbers are stored as numbers.
fn listpack(texts: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend_from_slice(&(texts.len() as u16).to_le_bytes());
    for text in texts {
        let start = bytes.len();
        match text.parse::<i64>() {
            Ok(n @ 0..128) => bytes.push(n as u8),
            Ok(n) => {
                bytes.push(0xf4);
                bytes.extend_from_slice(&n.to_le_bytes());
            }
            Err(_) => {
                bytes.push(0x80 | text.len() as u8);
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        bytes.push((bytes.len() - start) as u8);
    }
    bytes.push(0xff);
    let total = bytes.len() as u32;
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    bytes
}

fn intset(members: &[i16]) -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    bytes.extend_from_slice(&(members.len() as u32).to_le_bytes());
    for n in members {
        bytes.extend_from_slice(&n.to_le_bytes());
    }
    bytes
}

/// A ziplist of two short texts, `a` and `b`.
fn ziplist() -> Vec<u8> {
    let mut bytes = vec![17, 0, 0, 0, 13, 0, 0, 0, 2, 0];
    bytes.extend_from_slice(&[0, 1, b'a', 3, 1, b'b', 0xff]);
    bytes
}

/// Changes one byte.
fn flip(mut bytes: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    bytes[at] = byte;
    bytes
}

fn score(bits: f64) -> [u8; 8] {
    bits.to_le_bytes()
}

/// A stream of type 21 with one group, whose pending entries and claims are given.
fn stream(length: u64, groups: &[(&str, u64, u64)]) -> Vec<u8> {
    let id = |n: u64| [&1u64.to_be_bytes()[..], &n.to_be_bytes()].concat();
    let mut out = Build(Vec::new()).len(0).len(length);
    for n in [9, 9, 0, 0, 0, 0, length] {
        out = out.len(n);
    }
    out = out.len(groups.len() as u64);
    for (name, pending, claims) in groups {
        out = out.str(name.as_bytes()).len(0).len(0).len(0).len(*pending);
        for n in 0..*pending {
            out = out.raw(&id(n)).raw(&[0; 8]).len(1);
        }
        out = out.len(1).str(b"c").raw(&[0; 16]).len(*claims);
        for n in 0..*claims {
            out = out.raw(&id(n));
        }
    }
    out.0
}

const FOO: u64 = 12182;

fn run(input: Input, options: &Options) -> Verdict {
    verify(input, options, &Control::default()).unwrap()
}

fn mapped(bytes: &[u8]) -> (tempfile::NamedTempFile, Input) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    let input = Input::open(file.path()).unwrap();
    (file, input)
}

fn streamed(bytes: &[u8]) -> Input {
    let reader = Box::new(io::Cursor::new(bytes.to_vec()));
    Input::from_reader("stream".into(), reader, None).unwrap()
}

/// Checks a file as a mapping and as a stream, with one thread and with several.
fn check(bytes: &[u8]) -> Verdict {
    let options = |threads| Options { threads, ..Options::default() };
    let (_file, input) = mapped(bytes);
    let one = run(input, &options(1));
    let (_file, input) = mapped(bytes);
    let many = run(input, &options(3));
    assert_eq!(one.findings, many.findings);
    let stream = run(streamed(bytes), &options(2));
    assert_eq!(one.counts, stream.counts);
    assert_eq!(one.keys, stream.keys);
    one
}

fn names(verdict: &Verdict) -> Vec<&'static str> {
    let names = verdict.findings.iter();
    names.map(|finding| finding.rule.name).collect()
}

/// A file for each rule, and what is found in it.
#[allow(clippy::too_many_lines)]
fn samples() -> Vec<(Vec<u8>, Vec<&'static str>)> {
    let lp = listpack;
    let blob = |code: u8, blob: &[u8]| redis().key(code, "k").str(blob).end();
    let module = ModuleId(0x1234_5678_9abc_de00).0;
    let mut wrong_sum = redis().string("k").end();
    *wrong_sum.last_mut().unwrap() ^= 1;
    let aof = [redis().aux("aof-preamble", "1").end(), b"*1\r\n$4\r\nPING\r\n".to_vec()].concat();
    let long = "x".repeat(16_378);
    let mut ambiguous = vec![0, 0, 0, 0, 1, 0, 0xf0];
    ambiguous.extend_from_slice(&16_378u32.to_le_bytes());
    ambiguous.extend_from_slice(long.as_bytes());
    ambiguous.extend_from_slice(&[0x7f, 0xff, 0xff]);
    let total = ambiguous.len() as u32;
    ambiguous[..4].copy_from_slice(&total.to_le_bytes());
    let triple = |texts: &[&str]| {
        let bytes = redis().key(25, "k").raw(&5i64.to_le_bytes());
        bytes.str(&lp(texts)).end()
    };
    vec![
        (b"PK\x03\x04abcdefgh".to_vec(), vec!["rdb/not-rdb"]),
        (Vec::new(), vec!["rdb/truncated"]),
        (Build::new("REDIS0099").end(), vec!["rdb/unsupported-version"]),
        (redis().string("k").0, vec!["rdb/truncated"]),
        (redis().string("k").unsigned(), vec!["rdb/truncated"]),
        (redis().string("k").raw(&[200]).end(), vec!["rdb/unknown-type"]),
        (redis().raw(&[6]).end(), vec!["rdb/pre-release-form"]),
        (redis().key(0, "k").raw(&[0x82]).end(), vec!["rdb/length"]),
        (redis().key(0, "k").raw(&[0xc4]).end(), vec!["rdb/string-encoding"]),
        (redis().raw(&[0xf7]).len(module).len(3).end(), vec!["rdb/structure"]),
        (redis().key(0, "k").raw(&[0xc3, 2, 9, 0x20, 9]).string("l").end(), vec!["rdb/lzf"]),
        (wrong_sum, vec!["rdb/checksum-mismatch"]),
        ([redis().unsigned(), vec![0; 8]].concat(), vec!["rdb/checksum-disabled"]),
        (Build::new("REDIS0003").string("k").unsigned(), vec!["rdb/checksum-absent"]),
        ([redis().end(), vec![0]].concat(), vec!["rdb/trailing-garbage"]),
        (aof, vec!["rdb/aof-tail"]),
        (blob(20, &flip(lp(&["a"]), 0, 9)), vec!["rdb/packed-header"]),
        (blob(20, &flip(lp(&["a"]), 6, 0xbf)), vec!["rdb/packed-length"]),
        (blob(20, &flip(lp(&["a"]), 6, 0xf7)), vec!["rdb/packed-encoding"]),
        (blob(20, &flip(lp(&["a"]), 8, 9)), vec!["rdb/packed-backlen"]),
        (blob(10, &flip(ziplist(), 13, 9)), vec!["rdb/packed-prevlen"]),
        (blob(10, &flip(ziplist(), 4, 10)), vec!["rdb/packed-tail"]),
        (blob(20, &flip(lp(&["a"]), 4, 2)), vec!["rdb/packed-count"]),
        (blob(11, &intset(&[2, 1])), vec!["rdb/packed-order"]),
        (blob(9, b"\x01\xfe\x01\0\0\0a\x01\0b\xff"), vec!["rdb/packed-long-form"]),
        (blob(16, &lp(&["a"])), vec!["rdb/packed-uneven"]),
        (blob(20, &lp(&[])), vec!["rdb/empty-collection"]),
        (redis().key(4, "k").len(0).string("l").end(), vec!["rdb/empty-collection"]),
        (redis().key(5, "k").len(1).str(b"m").raw(&score(f64::NAN)).end(), vec!["rdb/nan-score"]),
        (blob(17, &lp(&["m", "x"])), vec!["rdb/score"]),
        (triple(&["f", "v", "-7"]), vec!["rdb/field-expiry"]),
        (redis().key(18, "k").len(1).len(3).str(b"x").end(), vec!["rdb/out-of-range"]),
        (redis().key(21, "k").raw(&stream(1, &[])).end(), vec!["rdb/stream"]),
        (redis().key(21, "k").raw(&stream(0, &[("g", 1, 0)])).end(), vec!["rdb/stream"]),
        (redis().key(7, "k").len(module).len(9).end(), vec!["rdb/module"]),
        (Build::new("REDIS0015").key(32, "k").len(5).len(0).end(), vec!["rdb/template"]),
        (redis().string("k").string("l").string("k").end(), vec!["rdb/duplicate-key"]),
        (redis().key(2, "k").len(2).str(b"7").raw(&[0xc0, 7]).end(), vec!["rdb/duplicate-member"]),
        (blob(16, &lp(&["a", "1", "a", "2"])), vec!["rdb/duplicate-member"]),
        (
            redis().key(21, "k").raw(&stream(0, &[("g", 1, 1), ("g", 1, 1)])).end(),
            vec!["rdb/duplicate-member"],
        ),
        (blob(17, &lp(&["b", "2", "a", "1"])), vec!["rdb/zset-order"]),
        (blob(17, &lp(&["b", "1", "a", "1"])), vec!["rdb/zset-order"]),
        (triple(&["a", "1", "0", "b", "1", "5"]), vec!["rdb/field-expiry-order"]),
        (triple(&["a", "1", "6", "b", "1", "5"]), vec!["rdb/field-expiry-order"]),
        (
            Build::new("REDIS0014").key(28, "k").raw(&[2, 0, 5, 0, 1, b'a', 4, 0, 1, b'b']).end(),
            vec!["rdb/array-order"],
        ),
        (redis().expire(-5).string("k").end(), vec!["rdb/key-expiry"]),
        (redis().expire(1_700_000_000_000_000).string("k").end(), vec!["rdb/key-expiry"]),
        (
            Build::new("REDIS0009").key(20, "k").str(&lp(&["a"])).end(),
            vec!["rdb/newer-than-header"],
        ),
        (Build::new("REDIS0009").function("#!lua name=x\n").end(), vec!["rdb/newer-than-header"]),
        (redis().db(0).resize(2, 0).string("k").end(), vec!["rdb/resizedb-count"]),
        (redis().db(0).resize(1, 1).string("k").end(), vec!["rdb/resizedb-count"]),
        (redis().db(0).resize(1, 0).resize(1, 0).string("k").end(), vec!["rdb/resizedb-repeated"]),
        (
            redis().db(0).string("k").db(1).string("k").db(0).string("l").end(),
            vec!["rdb/selectdb-repeated"],
        ),
        (redis().string("k").expire(5).end(), vec!["rdb/key-missing"]),
        (redis().db(16).string("k").end(), vec!["rdb/db-number"]),
        (redis().slot(FOO, 2, 0).string("foo").end(), vec!["rdb/slot-count"]),
        (valkey().aux("slot-info", "12182,1,1").string("foo").end(), vec!["rdb/slot-count"]),
        (
            redis().slot(FOO, 1, 0).string("foo").slot(1, 1, 0).string("foo2").end(),
            vec!["rdb/slot-key"],
        ),
        (redis().slot(16384, 1, 0).end(), vec!["rdb/slot-range"]),
        (valkey().aux("slot-info", "16384,1,0").end(), vec!["rdb/slot-range"]),
        (valkey().aux("slot-info", "1,1").end(), vec!["rdb/aux-value"]),
        (redis().aux("repl-id", "abc").end(), vec!["rdb/aux-value"]),
        (redis().function("return 1").end(), vec!["rdb/function-header"]),
        (
            redis().function("#!lua name=x\n1").function("#!lua name=x\n2").end(),
            vec!["rdb/duplicate-function"],
        ),
        (blob(20, &ambiguous), vec!["rdb/ambiguous-backlen"]),
        (
            redis().key(7, "k").len(module).len(0).key(7, "l").len(module).len(0).end(),
            vec!["rdb/module-needed"],
        ),
    ]
}

#[test]
fn every_rule_finds_its_damage_and_nothing_else() {
    let mut seen = BTreeSet::new();
    for (bytes, expected) in samples() {
        let verdict = check(&bytes);
        let texts: Vec<_> = verdict.findings.iter().map(Finding::to_string).collect();
        assert_eq!(names(&verdict), expected, "{} {texts:?}", bytes.escape_ascii());
        seen.extend(expected);
    }
    for rule in RULES {
        assert!(seen.contains(rule.name), "no sample of {}", rule.name);
    }
}

fn vectors() -> Vec<(String, Vec<u8>)> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let rdb = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rdb"));
    rdb.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn files_of_real_servers_are_clean() {
    for (path, bytes) in vectors() {
        let verdict = check(&bytes);
        let worse = |finding: &&Finding| finding.rule.severity != Severity::Note;
        let worse: Vec<_> = verdict.findings.iter().filter(worse).collect();
        assert!(worse.is_empty() && verdict.is_clean(), "{path}: {worse:?}");
        assert!(verdict.keys > Some(10), "{path}");
        assert_eq!(verdict.checksum(), Checksum::Good, "{path}");
    }
}

#[test]
fn every_flipped_byte_is_found() {
    for (path, bytes) in vectors() {
        for at in (0..bytes.len()).step_by(997) {
            let bad = flip(bytes.clone(), at, bytes[at] ^ 0x55);
            let (_file, input) = mapped(&bad);
            let verdict = run(input, &Options::default());
            assert!(verdict.errors() > 0, "{path} at {at}");
        }
    }
}

#[test]
fn a_cut_is_told_behind_what_is_in_front_of_it() {
    let mut bytes = redis().expire(-5).string("k").string("k").end();
    bytes.truncate(bytes.len() - 9);
    let verdict = check(&bytes);
    let expected = ["rdb/key-expiry", "rdb/duplicate-key", "rdb/truncated"];
    assert_eq!(names(&verdict), expected);
    assert_eq!(verdict.stopped_class(), Some(Class::Truncated));
    assert_eq!(verdict.keys, Some(2));
    assert_eq!(verdict.checksum(), Checksum::Unknown);
}

#[test]
fn damage_of_a_value_does_not_end_the_check() {
    let broken = flip(listpack(&["a", "b"]), 6, 0xf7);
    let bytes = redis().key(20, "user:7").str(&broken).string("k").string("k");
    let verdict = check(&bytes.end());
    let texts: Vec<_> = verdict.findings.iter().map(Finding::to_string).collect();
    assert_eq!(
        texts,
        [
            "key \"user:7\" (set, listpack), element 0: unknown encoding byte 0xf7 at byte 6 \
             of the listpack (offset 0x11, 17)",
            "key \"k\" (string, embstr): the key stands twice in database 0, first at 31 \
             (offset 0x24, 36)",
        ]
    );
}

#[test]
fn a_duplicate_member_is_told_with_both_places() {
    let set = redis().key(2, "s").len(3).str(b"a").str(b"b").str(b"a").end();
    let verdict = check(&set);
    assert_eq!(verdict.findings[0].element, Some(2));
    assert_eq!(verdict.findings[0].message, "member \"a\" stands twice, first as element 0");
}

#[test]
fn the_same_key_in_two_databases_is_no_duplicate() {
    let bytes = redis().db(0).string("k").db(1).string("k").end();
    assert!(check(&bytes).is_clean());
}

#[test]
fn a_large_file_is_checked_in_the_same_way() {
    let mut file = redis().db(0).resize(200_000, 0);
    for i in 0..200_000 {
        file = file.string(&format!("key:{i}"));
    }
    assert!(check(&file.end()).is_clean());
    let mut file = redis().db(0).resize(200_000, 0);
    let mut set = Build(Vec::new()).len(100_001);
    for i in 0..200_000 {
        file = file.string(&format!("key:{}", i % 199_990));
    }
    for i in 0..100_001 {
        set = set.str(format!("{}", i % 100_000).as_bytes());
    }
    let verdict = check(&file.key(2, "set").raw(&set.0).end());
    assert_eq!(verdict.counts.of(Id::DuplicateKey), 10);
    assert_eq!(verdict.counts.of(Id::DuplicateMember), 1);
    assert_eq!(verdict.counts.of(Id::ResizeDb), 1);
    assert_eq!(verdict.errors(), 11);
    let offsets: Vec<_> = verdict.findings.iter().map(|f| f.byte_offset).collect();
    assert!(offsets.is_sorted());
}

#[test]
fn slots_are_checked_across_batches() {
    let mut file = redis().db(0).slot(FOO, 100_000, 0);
    for i in 0..100_000 {
        file = file.string(&format!("{{foo}}:{i}"));
    }
    let verdict = check(&file.slot(1, 1, 0).string("{foo}").end());
    assert_eq!(names(&verdict), ["rdb/slot-key"]);
}

#[test]
fn findings_beyond_the_limit_are_counted() {
    let mut file = redis();
    for i in 0..5000 {
        file = file.key(2, &format!("{i}")).len(0);
    }
    let bytes = file.string("k").string("k").end();
    let (_file, input) = mapped(&bytes);
    let options = Options { max_findings: 10, ..Options::default() };
    let verdict = run(input, &options);
    assert_eq!(verdict.findings.len(), 11);
    assert_eq!(verdict.counts.of(Id::Empty), 5000);
    assert_eq!(verdict.counts.of(Id::DuplicateKey), 1);
}

#[test]
fn the_quick_check_sees_structure_and_checksum() {
    let quick = |bytes: &[u8]| {
        let options = Options { quick: true, ..Options::default() };
        let (_file, input) = mapped(bytes);
        run(input, &options)
    };
    let good = quick(&redis().string("k").string("k").end());
    assert!(good.is_clean());
    assert_eq!(good.checksum(), Checksum::Good);
    assert_eq!(good.header.map(|header| header.version), Some(12));
    assert_eq!(good.keys, None);
    let mut bytes = redis().string("k").end();
    bytes[13] ^= 1;
    assert_eq!(names(&quick(&bytes)), ["rdb/checksum-mismatch"]);
    bytes.truncate(12);
    assert_eq!(names(&quick(&bytes)), ["rdb/truncated"]);
}

#[test]
fn an_interruption_ends_the_check() {
    let (_file, input) = mapped(&redis().string("k").end());
    let control = Control::default();
    control.interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
    let done = verify(input, &Options::default(), &control);
    assert!(matches!(done, Err(VerifyError::Interrupted)));
}
