//! Tests of the reader as a whole: files of real servers, cut and flipped.

use super::*;
use std::path::PathBuf;

/// Collects everything as text, and damage as lines of its own.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    damage: Vec<Error>,
}

impl Visit for Lines {
    type Error = Error;
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        self.lines.push(format!("{elem:?}"));
        Ok(())
    }
    fn damage(&mut self, error: Error) -> Result<(), Error> {
        self.damage.push(error);
        Ok(())
    }
}

fn read(bytes: &[u8]) -> (Lines, Result<(), Error>) {
    let mut lines = Lines::default();
    let mut parser = Parser::new();
    let mut scratch = Scratch::default();
    let mut pos = 0;
    let done = loop {
        match parser.parse(&bytes[pos..], true) {
            Err(error) => break Err(error),
            Ok(Step::Need(n)) => panic!("{n} more bytes asked for behind the last"),
            Ok(Step::Record(consumed, record)) => {
                assert!(consumed > 0);
                pos += consumed;
                match record {
                    Record::Key(entry) => {
                        lines.lines.push(format!("{:?} {}", entry.key(), entry.ty.name));
                        if let Err(error) = entry.visit(&mut scratch, &mut lines) {
                            break Err(error);
                        }
                    }
                    Record::End(_) => break Ok(()),
                    other => lines.lines.push(format!("{other:?}")),
                }
            }
        }
    };
    (lines, done)
}

fn vectors() -> Vec<(PathBuf, Vec<u8>)> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rdb"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() >= 6);
    files
}

#[test]
fn files_of_six_servers_are_read_without_damage() {
    for (path, bytes) in vectors() {
        let (lines, done) = read(&bytes);
        assert_eq!(done, Ok(()), "{}", path.display());
        assert_eq!(lines.damage, [], "{}", path.display());
        assert!(lines.lines.len() > 100, "{}", path.display());
    }
}

#[test]
fn pieces_equal_the_whole() {
    for (path, bytes) in vectors() {
        let mut whole = Vec::new();
        let mut parser = Parser::new();
        let mut pos = 0;
        while !parser.is_done() {
            if let Step::Record(consumed, record) = parser.parse(&bytes[pos..], true).unwrap() {
                whole.push((pos, format!("{record:?}")));
                pos += consumed;
            }
        }
        for piece in [1, 7, 1000, 4099] {
            let mut parser = Parser::new();
            let (mut pos, mut end) = (0, 0);
            let mut pieces = Vec::new();
            while !parser.is_done() {
                match parser.parse(&bytes[pos..end], false).unwrap() {
                    Step::Need(n) => {
                        assert!(n > 0);
                        // What is asked for is really missing: a byte less never suffices.
                        end = (end + n.max(piece)).min(bytes.len());
                    }
                    Step::Record(consumed, record) => {
                        pieces.push((pos, format!("{record:?}")));
                        pos += consumed;
                    }
                }
            }
            assert_eq!(pieces, whole, "{} in pieces of {piece}", path.display());
        }
    }
}

#[test]
fn every_cut_is_truncation() {
    for (path, bytes) in vectors() {
        for cut in (0..bytes.len()).step_by(61).chain(bytes.len() - 20..bytes.len()) {
            let (_, done) = read(&bytes[..cut]);
            let error = done.expect_err("a cut file must not be read to its end");
            assert_eq!(error.class(), Class::Truncated, "{} at {cut}: {error}", path.display());
        }
    }
}

#[test]
fn no_flipped_bit_panics() {
    for (_, bytes) in vectors() {
        for at in (0..bytes.len()).step_by(101) {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << (at % 8);
            let _ = read(&bad);
        }
    }
}

#[test]
fn dump_payloads_of_six_servers_decode() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut payloads = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let (name, hex) = line.split_once(' ').unwrap();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                .collect();
            let payload = payload::Payload::parse(&bytes).unwrap();
            assert_eq!(payload.checksum, payload::PayloadChecksum::Good, "{name}");
            let record = payload.to_record(name.as_bytes()).unwrap();
            let mut parser = Parser::resume(Context::new(payload.header), 0);
            let Step::Record(consumed, Record::Key(entry)) = parser.parse(&record, true).unwrap()
            else {
                panic!("{name} is no key");
            };
            assert_eq!(consumed, record.len(), "{name}");
            let mut lines = Lines::default();
            entry.visit(&mut Scratch::default(), &mut lines).unwrap();
            assert_eq!(lines.damage, [], "{name} of {}", path.display());
            payloads += 1;
        }
    }
    assert!(payloads > 100);
}
