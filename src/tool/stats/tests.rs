//! Statistics of made and of real files.

use super::*;
use crate::report::Format;
use std::io::Cursor;

/// Appends a string in its plain form.
fn text(out: &mut Vec<u8>, text: &[u8]) {
    crate::rdb::string::write_raw(out, text);
}

/// A file of RDB version 9, without a checksum, from its records.
fn file(records: &[u8]) -> Vec<u8> {
    [b"REDIS0009".as_slice(), records, b"\xff\0\0\0\0\0\0\0\0"].concat()
}

fn string(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    out.push(0);
    text(out, key);
    text(out, value);
}

fn set(out: &mut Vec<u8>, key: &[u8], members: &[&[u8]]) {
    out.push(2);
    text(out, key);
    out.push(members.len() as u8);
    members.iter().for_each(|member| text(out, member));
}

fn expiry(out: &mut Vec<u8>, at_ms: i64) {
    out.push(252);
    out.extend_from_slice(&at_ms.to_le_bytes());
}

fn sample() -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(b"\xfe\x00");
    string(&mut out, b"user:1", b"hello");
    expiry(&mut out, 1_767_323_045_678);
    string(&mut out, b"user:2", b"12345");
    out.extend_from_slice(b"\xf8\x3c"); // idle for 60 s
    set(&mut out, b"tags:{a},\"b\"", &[b"one", b"three"]);
    out.extend_from_slice(b"\xfe\x03\xf9\x07"); // database 3, frequency 7
    string(&mut out, b"\xff\x00", &[b'x'; 60]);
    file(&out)
}

fn input(bytes: &[u8]) -> Input {
    Input::from_reader("made".into(), Box::new(Cursor::new(bytes.to_vec())), None).unwrap()
}

fn count(bytes: &[u8], options: &Options) -> Stats {
    stats(&mut input(bytes), options, &Control::default()).unwrap().0
}

fn rows(bytes: &[u8], options: &Options, columns: &[Column]) -> String {
    let mut out = Vec::new();
    memory_csv(&mut input(bytes), options, columns, &mut out, &Control::default()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn csv_has_its_header_and_a_row_per_key() {
    let csv = rows(&sample(), &Options::default(), &[]);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("database,type,key,size_in_bytes,encoding,num_elements,len_largest_element,expiry")
    );
    let rest: Vec<_> = lines.collect();
    assert_eq!(
        rest,
        [
            "0,string,user:1,40,embstr,1,5,",
            "0,string,user:2,40,int,1,5,2026-01-02T03:04:05.678000",
            "0,set,\"tags:{a},\"\"b\"\"\",180,hashtable,2,5,",
            r#"3,string,"{""base64"":""/wA=""}",88,raw,1,60,"#,
        ]
    );
}

#[test]
fn csv_has_the_columns_asked_for() {
    let options = Options { now: Now::At(1_767_323_045_000), ..Options::default() };
    let csv = rows(&sample(), &options, &Column::ALL);
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].ends_with(",expiry,slot,stored_bytes,idle_s,freq,ttl_ms,avg_element_len"));
    assert!(lines[1].ends_with(",,10778,14,,,,5.0"), "{}", lines[1]);
    assert!(lines[2].ends_with(",,678,5.0"), "{}", lines[2]);
    assert!(lines[3].contains(",60,,,4.0"), "{}", lines[3]);
    assert!(lines[4].contains(",,7,,60.0"), "{}", lines[4]);
    for column in Column::ALL {
        assert_eq!(Column::from_name(column.name()), Some(column));
    }
}

#[test]
fn keys_are_counted() {
    let options = Options { now: Now::At(1_767_323_000_000), ..Options::default() };
    let stats = count(&sample(), &options);
    let total = stats.total();
    assert_eq!((total.keys, total.elements, stats.lasting.keys), (4, 5, 3));
    let databases: Vec<_> = stats
        .databases
        .by_number
        .iter()
        .map(|(db, database)| (*db, database.tally.keys, database.expires))
        .collect();
    assert_eq!(databases, [(0, 3, 1), (3, 1, 0)]);
    let counts = |scale: &scale::Scale| scale.counts.iter().map(|c| c.keys).collect::<Vec<_>>();
    assert_eq!(counts(&stats.ttl), [0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(counts(&stats.idle), [0, 1, 0, 0, 0, 0]);
    assert_eq!(counts(&stats.freq), [0, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(stats.tags.top(1)[0].0, b"a");
    assert_eq!(stats.slots.fullest().len(), 4);
    assert_eq!(stats.elements.max(), 2);
    assert_eq!(stats.lengths.total(), 5);
}

#[test]
fn the_biggest_keys_are_listed() {
    let mut out = Vec::new();
    for n in 0..500_usize {
        string(&mut out, format!("k{n}").as_bytes(), &vec![b'v'; n * 37 % 500 * 100]);
    }
    set(&mut out, b"set", &[b"1", b"2", b"3"]);
    let stats = count(&file(&out), &Options { top: 3, ..Options::default() });
    let names = |top: &top::Top| {
        let name = |key: &&top::TopKey| String::from_utf8(key.key.clone()).unwrap();
        top.sorted().iter().map(name).collect::<Vec<_>>()
    };
    // n * 37 % 500 is 499, 498 and 497.
    assert_eq!(names(&stats.biggest), ["k27", "k54", "k81"]);
    assert_eq!(names(&stats.fullest), ["set", "k0", "k1"]);
    let none = count(&file(&out), &Options { top: 0, ..Options::default() });
    assert!(none.biggest.sorted().is_empty());
}

/// The JSON form of a report.
fn json(bytes: &[u8], options: &Options) -> String {
    let mut out = Vec::new();
    let report = count(bytes, options).report("a file");
    report.write(Format::Json, &mut out, Default::default()).unwrap();
    String::from_utf8(out).unwrap()
}

/// Files of real servers.
fn real_files() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let rdb = paths.filter(|path| path.extension().is_some_and(|ext| ext == "rdb"));
    rdb.map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn one_thread_counts_what_many_do() {
    let mut many_keys = Vec::new();
    for n in 0..120_000_usize {
        if n % 3 == 0 {
            expiry(&mut many_keys, n as i64 * 10_000);
        }
        let key = format!("p{}:{{t{}}}:{n}", n % 50, n % 90);
        string(&mut many_keys, key.as_bytes(), &vec![b'v'; n % 97]);
    }
    let mut files = real_files();
    files.push(file(&many_keys));
    assert!(files.len() > 5);
    for bytes in &files {
        for separator in [":", ""] {
            let made_text = bytes.len() > 1 << 20;
            if separator.is_empty() && made_text {
                continue; // more prefixes than fit
            }
            let options = |threads| Options {
                threads,
                separator: separator.into(),
                now: Now::At(600_000_000),
                ..Options::default()
            };
            assert_eq!(json(bytes, &options(1)), json(bytes, &options(4)));
            let one = rows(bytes, &options(1), &Column::ALL);
            assert_eq!(one, rows(bytes, &options(4), &Column::ALL));
        }
    }
}

#[test]
fn every_report_can_be_written() {
    for bytes in real_files() {
        for by in [By::Memory, By::Size, By::Elements] {
            let stats = count(&bytes, &Options { by, ..Options::default() });
            assert!(stats.total().memory_bytes > 0);
            let report = stats.report("");
            for format in Format::ALL {
                let mut out = Vec::new();
                report.write(format, &mut out, Default::default()).unwrap();
                assert!(!out.is_empty());
            }
        }
    }
}

#[test]
fn filters_apply() {
    let mut filter = Filter::new(0);
    filter.add(crate::feed::filter::Test::Kind(vec![crate::rdb::Kind::Set]), false);
    let options = Options { filter, ..Options::default() };
    assert_eq!(count(&sample(), &options).total().keys, 1);
    assert_eq!(rows(&sample(), &options, &[]).lines().count(), 2);
}

#[test]
fn damage_is_reported() {
    let cut = &sample()[..40];
    assert!(stats(&mut input(cut), &Options::default(), &Control::default()).is_err());
}

#[test]
fn old_lists_are_packed_as_servers_do() {
    let mut out = vec![1];
    text(&mut out, b"list");
    out.extend_from_slice(&[0x43, 0xe8]); // 1000 items
    (0..1000).for_each(|_| text(&mut out, &[b'i'; 50]));
    let csv = rows(&file(&out), &Options::default(), &[]);
    let cells: Vec<_> = csv.lines().nth(1).unwrap().split(',').collect();
    let size: u64 = cells[3].parse().unwrap();
    assert!((52_000..54_000).contains(&size), "{csv}");
    assert_eq!((cells[4], cells[5], cells[6]), ("linkedlist", "1000", "50"));
}
