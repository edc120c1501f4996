//! Commands as a client runs them one after another: their replies, and what time does to keys.

use super::*;
use crate::base::rng::Rng;
use crate::keyspace::{Keyspace, Origin, Settings};
use crate::resp::encode::Reply;

/// Runs lines of words and gives the replies.
fn run(keyspace: &mut Keyspace, now_ms: i64, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let mut unit = keyspace.unit(Origin::Client, now_ms);
    let mut reply = Reply::new(false);
    Ctx::new(&mut unit, &mut reply, &mut Rng::new(1)).call(&words);
    let _ = unit.commit();
    String::from_utf8_lossy(reply.as_bytes()).into_owned()
}

fn check(lines: &[(&str, &str)]) {
    let mut keyspace = Keyspace::new(Settings::default());
    for (line, reply) in lines {
        assert_eq!(run(&mut keyspace, 1_000_000, line), *reply, "{line}");
    }
}

#[test]
fn strings() {
    check(&[
        ("SET k v", "+OK\r\n"),
        ("GET k", "$1\r\nv\r\n"),
        ("SET k w NX", "$-1\r\n"),
        ("SET k w XX GET", "$1\r\nv\r\n"),
        ("SET k w NX XX", "-ERR syntax error\r\n"),
        ("SET k w EX 0", "-ERR invalid expire time in 'set' command\r\n"),
        ("SET k w PX 1500", "+OK\r\n"),
        ("TTL k", ":2\r\n"),
        ("PTTL k", ":1500\r\n"),
        ("PEXPIRETIME k", ":1001500\r\n"),
        ("APPEND k xyz", ":4\r\n"),
        ("PTTL k", ":1500\r\n"),
        ("GETRANGE k 1 -2", "$2\r\nxy\r\n"),
        ("GETRANGE k -1 -5", "$0\r\n\r\n"),
        ("GETRANGE k -100 -200", "$0\r\n\r\n"),
        ("SETRANGE k 6 !", ":7\r\n"),
        ("GET k", "$7\r\nwxyz\0\0!\r\n"),
        ("STRLEN k", ":7\r\n"),
        ("INCR k", "-ERR value is not an integer or out of range\r\n"),
        ("SET n 9223372036854775806", "+OK\r\n"),
        ("INCR n", ":9223372036854775807\r\n"),
        ("INCR n", "-ERR increment or decrement would overflow\r\n"),
        ("DECRBY n -9223372036854775808", "-ERR decrement would overflow\r\n"),
        ("OBJECT ENCODING n", "$3\r\nint\r\n"),
        ("APPEND n 0", ":20\r\n"),
        ("OBJECT ENCODING n", "$3\r\nraw\r\n"),
        ("SET f 10.50", "+OK\r\n"),
        ("INCRBYFLOAT f 0.1", "$4\r\n10.6\r\n"),
        ("INCRBYFLOAT f abc", "-ERR value is not a valid float\r\n"),
        ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command\r\n"),
        ("MSET a 1 b 2", "+OK\r\n"),
        ("MGET a none b", "*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n"),
        ("MSETNX b 1 c 2", ":0\r\n"),
        ("GETDEL a", "$1\r\n1\r\n"),
        ("EXISTS a b b", ":2\r\n"),
        ("SET x ohmytext", "+OK\r\n"),
        ("SET y mynewtext", "+OK\r\n"),
        ("LCS x y", "$6\r\nmytext\r\n"),
        ("LCS x y LEN", ":6\r\n"),
        (
            "LCS x y IDX MINMATCHLEN 4",
            "*4\r\n$7\r\nmatches\r\n*1\r\n*2\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n$3\r\nlen\r\n:6\r\n",
        ),
        ("NOSUCH a b", "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \r\n"),
        ("GET", "-ERR wrong number of arguments for 'get' command\r\n"),
    ]);
}

#[test]
fn keys() {
    check(&[
        ("SET a 1", "+OK\r\n"),
        ("EXPIRE a 100 XX", ":0\r\n"),
        ("EXPIRE a 100 NX", ":1\r\n"),
        ("EXPIRE a 50 GT", ":0\r\n"),
        (
            "EXPIRE a 50 NX GT",
            "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n",
        ),
        ("EXPIRE a 50 FOO", "-ERR Unsupported option FOO\r\n"),
        ("RENAME a b", "+OK\r\n"),
        ("TTL b", ":100\r\n"),
        ("RENAME a b", "-ERR no such key\r\n"),
        ("PERSIST b", ":1\r\n"),
        ("COPY b c", ":1\r\n"),
        ("COPY b c", ":0\r\n"),
        ("COPY b c REPLACE", ":1\r\n"),
        ("COPY b b", "-ERR source and destination objects are the same\r\n"),
        ("MOVE b 1", ":1\r\n"),
        ("MOVE c 16", "-ERR DB index is out of range\r\n"),
        ("DBSIZE", ":1\r\n"),
        ("TYPE c", "+string\r\n"),
        ("TYPE b", "+none\r\n"),
        ("KEYS *", "*1\r\n$1\r\nc\r\n"),
        ("SCAN 0 COUNT 5 TYPE string", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nc\r\n"),
        ("EXPIRE c -1", ":1\r\n"),
        ("EXISTS c", ":0\r\n"),
        ("SWAPDB 0 1", "+OK\r\n"),
        ("GET b", "$1\r\n1\r\n"),
        ("RANDOMKEY", "$1\r\nb\r\n"),
        ("FLUSHALL", "+OK\r\n"),
        ("RANDOMKEY", "$-1\r\n"),
    ]);
}

#[test]
fn time_passes() {
    let mut keyspace = Keyspace::new(Settings::default());
    run(&mut keyspace, 1000, "SET k v PX 500");
    assert_eq!(run(&mut keyspace, 1499, "GET k"), "$1\r\nv\r\n");
    assert_eq!(keyspace.len(0), 1);
    assert_eq!(run(&mut keyspace, 1500, "GET k"), "$-1\r\n");
    assert_eq!(keyspace.len(0), 0);
}

#[test]
fn dumped_values_are_restored() {
    let mut keyspace = Keyspace::new(Settings::default());
    for line in [
        "SET s 12345",
        "SET long xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ] {
        run(&mut keyspace, 1000, line);
    }
    for key in ["s", "long"] {
        let mut unit = keyspace.unit(Origin::Client, 1000);
        let mut reply = Reply::new(false);
        let mut rng = Rng::new(0);
        Ctx::new(&mut unit, &mut reply, &mut rng).call(&[b"DUMP", key.as_bytes()]);
        let bytes = reply.as_bytes();
        let start = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let payload = bytes[start..bytes.len() - 2].to_vec();
        reply.clear();
        let mut ctx = Ctx::new(&mut unit, &mut reply, &mut rng);
        ctx.call(&[b"RESTORE", b"copy", b"0", &payload, b"REPLACE"]);
        ctx.call(&[b"RESTORE", b"copy", b"0", &payload]);
        ctx.call(&[b"RESTORE", b"other", b"0", &payload[..payload.len() - 1]]);
        let replies = String::from_utf8_lossy(reply.as_bytes()).into_owned();
        assert_eq!(
            replies,
            "+OK\r\n-BUSYKEY Target key name already exists.\r\n-ERR DUMP payload version or checksum are wrong\r\n"
        );
        assert_eq!(
            unit.peek(b"copy").unwrap().string(),
            unit.peek(key.as_bytes()).unwrap().string()
        );
    }
}
