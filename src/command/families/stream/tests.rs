//! Streams as servers run them: recorded replies, what others are told, and what time does to pending entries.

use super::super::check::{Runner, check_propagated, check_replies, words};
use crate::base::rng::Rng;
use crate::command::{Ctx, Propagation};
use crate::keyspace::{Effects, Keyspace, Origin, Settings};
use crate::resp::encode::Reply;

/// A keyspace and a clock that stands unless it is set.
struct Fixture {
    keyspace: Keyspace,
    now_ms: i64,
    resp3: bool,
    origin: Origin,
}

/// What a command came to.
struct Ran {
    reply: String,
    instead: Propagation,
    effects: Effects,
}

impl Fixture {
    fn new() -> Fixture {
        let keyspace = Keyspace::new(Settings::default());
        Fixture { keyspace, now_ms: 5000, resp3: false, origin: Origin::Client }
    }

    /// Runs a line; `""` is an empty word. Line ends of the reply become spaces.
    fn run(&mut self, line: &str) -> Ran {
        let words: Vec<&[u8]> = line
            .split(' ')
            .map(|word| if word == "\"\"" { &b""[..] } else { word.as_bytes() })
            .collect();
        let (mut reply, mut rng) = (Reply::new(self.resp3), Rng::new(0));
        let mut unit = self.keyspace.unit(self.origin, self.now_ms);
        let mut ctx = Ctx::new(&mut unit, &mut reply, &mut rng);
        ctx.call(&words);
        let instead = ctx.take_propagation();
        let effects = unit.commit();
        let reply = String::from_utf8(reply.as_bytes().to_vec()).unwrap();
        Ran { reply: reply.replace("\r\n", " ").trim().to_owned(), instead, effects }
    }

    /// The lines that others run after a line, joined by `; `.
    fn told(&mut self, line: &str) -> String {
        let ran = self.run(line);
        match ran.instead {
            Propagation::Verbatim if ran.effects.dirty == 0 => String::new(),
            Propagation::Verbatim => line.to_owned(),
            Propagation::Instead(lines) => {
                let lines = lines.iter().map(|line| String::from_utf8(line.join(&b' ')).unwrap());
                lines.collect::<Vec<_>>().join("; ")
            }
        }
    }

    fn check(&mut self, rows: &[(&str, &str)]) {
        for (line, reply) in rows {
            assert_eq!(self.run(line).reply, *reply, "{line}");
        }
    }
}

/// Runs what a file holds: commands behind `> `, each with the reply below it.
fn check_file(text: &str, resp3: bool) {
    let mut fixture = Fixture::new();
    fixture.resp3 = resp3;
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("> ").unwrap();
        let reply = fixture.run(command).reply;
        assert_eq!(reply, lines.next().unwrap(), "{command}");
    }
}

#[test]
fn wrong_and_borderline_commands() {
    check_file(include_str!("tests/errors.txt"), false);
}

#[test]
fn references_and_producers() {
    check_file(include_str!("tests/references.txt"), false);
}

#[test]
fn groups() {
    check_file(include_str!("tests/groups2.txt"), false);
    check_file(include_str!("tests/groups3.txt"), true);
}

#[test]
fn what_depends_on_time() {
    let mut fixture = Fixture::new();
    fixture.check(&[
        ("XADD s * a 1", "$6 5000-0"),
        ("XADD s * a 2", "$6 5000-1"),
        ("XADD s 5001-* a 3", "$6 5001-0"),
        ("XADD s * a 4", "$6 5001-1"),
        ("XGROUP CREATE s g 0", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
            "*1 *2 $1 s *2 *2 $6 5000-0 *2 $1 a $1 1 *2 $6 5000-1 *2 $1 a $1 2",
        ),
    ]);
    fixture.now_ms = 5100;
    fixture.check(&[
        ("XPENDING s g - + 10", "*2 *4 $6 5000-0 $1 c :100 :1 *4 $6 5000-1 $1 c :100 :1"),
        ("XPENDING s g IDLE 101 - + 10", "*0"),
        ("XPENDING s g IDLE 100 - + 1 c", "*1 *4 $6 5000-0 $1 c :100 :1"),
        ("XCLAIM s g d 0 5000-0 IDLE 1000 JUSTID", "*1 $6 5000-0"),
        ("XCLAIM s g d 101 5000-1", "*0"),
        ("XPENDING s g - + 10", "*2 *4 $6 5000-0 $1 d :1000 :1 *4 $6 5000-1 $1 c :100 :1"),
        (
            "XREADGROUP GROUP g e CLAIM 100 COUNT 3 STREAMS s >",
            "*1 *2 $1 s *3 *4 $6 5000-0 *2 $1 a $1 1 :1000 :1 *4 $6 5000-1 *2 $1 a $1 2 :100 :1 \
             *4 $6 5001-0 *2 $1 a $1 3 :0 :0",
        ),
        ("XCLAIM s g d 0 5000-0 TIME 5090 RETRYCOUNT 7 JUSTID", "*1 $6 5000-0"),
        ("XAUTOCLAIM s g f 10 0 JUSTID", "*3 $3 0-0 *1 $6 5000-0 *0"),
        (
            "XINFO CONSUMERS s g",
            "*4 *8 $4 name $1 c $7 pending :0 $4 idle :100 $8 inactive :100 \
             *8 $4 name $1 d $7 pending :0 $4 idle :0 $8 inactive :0 \
             *8 $4 name $1 e $7 pending :2 $4 idle :0 $8 inactive :0 \
             *8 $4 name $1 f $7 pending :1 $4 idle :0 $8 inactive :0",
        ),
        ("XGROUP CREATECONSUMER s g z", ":1"),
    ]);
    fixture.now_ms = 6000;
    assert!(fixture.run("XINFO CONSUMERS s g").reply.ends_with("$4 idle :900 $8 inactive :-1"));
}

#[test]
fn others_are_told_what_was_done() {
    let mut fixture = Fixture::new();
    for (line, told) in [
        ("XADD s 1-1 a 1", "XADD s 1-1 a 1"),
        ("XADD s 2-* a 1", "XADD s 2-0 a 1"),
        ("XADD s MAXLEN ~ 1 * a 1", "XADD s MAXLEN = 3 5000-0 a 1"),
        ("XADD s MINID ~ 2 LIMIT 5 * a 1", "XADD s MINID = 1-1 LIMIT 5 5000-1 a 1"),
        ("XADD s 1-1 a 1", ""),
        ("XADD none NOMKSTREAM * a 1", ""),
        ("XTRIM s MAXLEN ~ 2", ""),
        ("XTRIM s MAXLEN 3", "XTRIM s MAXLEN 3"),
        ("XGROUP CREATE s g 0", "XGROUP CREATE s g 0"),
        (
            "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
            "XCLAIM s g c 0 2-0 TIME 5000 RETRYCOUNT 1 FORCE JUSTID LASTID 0-0; XGROUP SETID s g 2-0 ENTRIESREAD 2",
        ),
        (
            "XREADGROUP GROUP g d COUNT 1 NOACK STREAMS s >",
            "XGROUP CREATECONSUMER s g d; XGROUP SETID s g 5000-0 ENTRIESREAD 3",
        ),
        ("XREADGROUP GROUP g e STREAMS s 0", "XGROUP CREATECONSUMER s g e"),
        ("XREADGROUP GROUP g c STREAMS s 0", ""),
        (
            "XCLAIM s g f 0 2-0 9-9",
            "XCLAIM s g f 0 2-0 TIME 5000 RETRYCOUNT 3 FORCE JUSTID LASTID 5000-0",
        ),
        ("XCLAIM s g f 0 9-9 LASTID 6000-0", "XGROUP SETID s g 6000-0 ENTRIESREAD 3"),
        ("XCLAIM s g h 0 9-9", "XGROUP CREATECONSUMER s g h"),
        ("XDEL s 2-0 2-0", "XDEL s 2-0 2-0"),
        (
            "XAUTOCLAIM s g f 0 0",
            "XCLAIM s g f 0 2-0 TIME 5000 RETRYCOUNT 3 FORCE JUSTID LASTID 6000-0",
        ),
        ("XACK s g 2-0", ""),
        ("XTRIM s MINID ~ 7000", "XTRIM s MINID = 18446744073709551615-18446744073709551615"),
        ("XSETID s 8000-0", "XSETID s 8000-0"),
        ("XADD r 1-1 a 1", "XADD r 1-1 a 1"),
        ("XADD r 2-1 a 1", "XADD r 2-1 a 1"),
        ("XADD r 3-1 a 1", "XADD r 3-1 a 1"),
        ("XGROUP CREATE r g 0", "XGROUP CREATE r g 0"),
        ("XTRIM r MAXLEN ~ 0 ACKED", ""),
        ("XADD r ACKED MAXLEN ~ 0 4-1 a 1", "XADD r ACKED MINID = 0-0 4-1 a 1"),
        ("XGROUP SETID r g 2-1", "XGROUP SETID r g 2-1"),
        ("XTRIM r MAXLEN ~ 0 ACKED", "XTRIM r MINID = 2-2 ACKED"),
        ("XGROUP SETID r g $ ENTRIESREAD 4", "XGROUP SETID r g $ ENTRIESREAD 4"),
        ("XGROUP SETID r g $ ENTRIESREAD 5", "XGROUP SETID r g 4-1 ENTRIESREAD 4"),
        ("XADD p IDMP a b MAXLEN ~ 9 * f v", "XADD p IDMP a b MAXLEN = 1 5000-0 f v"),
        ("XADD p IDMP a b * f v", "XADD p IDMP a b * f v"),
    ] {
        assert_eq!(fixture.told(line), told, "{line}");
    }
}

#[test]
fn a_replayed_producer_keeps_to_what_it_is_told() {
    let mut fixture = Fixture::new();
    fixture.origin = Origin::Primary;
    fixture.check(&[
        // The sender knew the entry, which is forgotten here.
        ("XADD s IDMP a b * f v", "$-1"),
        ("XADD s IDMP a b 1-1 f v", "$3 1-1"),
        ("XADD s IDMP a b * f v", "$3 1-1"),
        ("XADD s IDMP a b 2-2 f v", "$3 2-2"),
        ("XADD s IDMP a b * f v", "$3 2-2"),
    ]);
}

#[test]
fn producers_are_forgotten_in_time() {
    let mut fixture = Fixture::new();
    fixture.check(&[
        ("XADD s IDMP a b * f v", "$6 5000-0"),
        ("XADD s IDMPAUTO a * f v g w", "$6 5000-1"),
        ("XADD s IDMPAUTO a * g w f v", "$6 5000-1"),
        ("XADD s IDMPAUTO a * f w g v", "$6 5000-2"),
    ]);
    fixture.now_ms += 100_000;
    fixture.check(&[("XADD s IDMP a b * f v", "$6 5000-0")]);
    fixture.now_ms += 1;
    fixture.check(&[("XADD s IDMP a b * f v", "$8 105001-0")]);
}

#[test]
fn events_and_waiting_clients() {
    let mut fixture = Fixture::new();
    for (line, names) in [
        ("XADD s 1-1 a 1", "new xadd"),
        ("XADD s MAXLEN 1 2-1 a 1", "xadd xtrim"),
        ("XGROUP CREATE s g 0", "xgroup-create"),
        ("XREADGROUP GROUP g c STREAMS s >", "xgroup-createconsumer"),
        ("XCLAIM s g d 0 2-1", "xgroup-createconsumer"),
        ("XAUTOCLAIM s g d 0 0", ""),
        ("XACK s g 2-1", ""),
        ("XDEL s 2-1", "xdel"),
        ("XSETID s 3-1", "xsetid"),
        ("XGROUP DELCONSUMER s g c", "xgroup-delconsumer"),
        ("XGROUP SETID s g 0", "xgroup-setid"),
        ("XGROUP DESTROY s g", "xgroup-destroy"),
        ("XTRIM s MAXLEN 0", ""),
    ] {
        let effects = fixture.run(line).effects;
        let found: Vec<_> = effects.events().map(|(event, ..)| event.name).collect();
        assert_eq!(found.join(" "), names, "{line}");
    }
    assert!(fixture.run("XADD s * a 1").effects.ready().eq([(0, &b"s"[..])]));
}

#[test]
fn a_group_that_reads_again_is_ahead() {
    let mut fixture = Fixture::new();
    for line in [
        "XADD s 1-1 a 1",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c STREAMS s >",
        "XGROUP SETID s g 0-1 ENTRIESREAD 1",
        "XADD s 2-1 a 1",
        "XGROUP SETID s g 1-1 ENTRIESREAD 2",
        "XREADGROUP GROUP g c STREAMS s >",
    ] {
        assert!(!fixture.run(line).reply.starts_with('-'), "{line}");
    }
    let reply = fixture.run("XINFO GROUPS s").reply;
    assert!(reply.ends_with("$12 entries-read :3 $3 lag :-1"), "{reply}");
    // What a primary says is taken as it is.
    fixture.origin = Origin::Primary;
    fixture.check(&[("XGROUP SETID s g 2-1 ENTRIESREAD 3", "+OK")]);
    assert!(fixture.run("XINFO GROUPS s").reply.ends_with("entries-read :3 $3 lag :-1"));
}

#[test]
fn ids_as_servers_read_them() {
    for (text, id) in [
        ("1-2", Some((1, 2))),
        ("7", Some((7, 0))),
        (" +07-\t010", Some((7, 10))),
        ("18446744073709551615-0", Some((u64::MAX, 0))),
        ("18446744073709551616-0", None),
        ("1--0", Some((1, 0))),
        ("1--5", None),
        ("1-*", None),
        ("1-2-3", None),
        ("-", None),
        ("+", None),
        ("", None),
        ("1-2\0rest", Some((1, 2))),
    ] {
        let found = super::strict_id(text.as_bytes(), 0).ok().map(|id| (id.ms, id.seq));
        assert_eq!(found, id, "{text}");
    }
    assert!(super::strict_id(&[b'0'; 128], 0).is_err());
    assert!(super::strict_id(&[b'0'; 127], 0).is_ok());
}

#[test]
fn a_count_past_the_range_of_integers_is_negative() {
    let mut runner = Runner::new(true);
    for line in
        ["XADD s 1-1 a 1", "XSETID s 1-1 ENTRIESADDED 9223372036854775807", "XADD s 2-1 a 1"]
    {
        runner.run(&words(line));
    }
    let reply = String::from_utf8(runner.run(&words("XINFO STREAM s"))).unwrap();
    assert!(reply.contains("entries-added\r\n:-9223372036854775808\r\n"), "{reply}");
}

#[test]
fn words_in_errors_end_at_a_zero_byte() {
    let mut runner = Runner::new(false);
    let wanted = b"-NOGROUP No such key 's' or consumer group 'g'\r\n";
    assert_eq!(runner.run(&words("XPENDING s\0x g\0")), wanted);
}

/// The readings of Redis 8.10: a budget for all streams together.
#[test]
fn reads_end_when_the_budget_is_used_up() {
    check_replies(&[
        ("XADD a 1-1 f x", "$3 1-1"),
        ("XADD a 1-2 f y", "$3 1-2"),
        ("XADD b 2-1 f z", "$3 2-1"),
        (
            "XREAD COUNT 2 MAXCOUNT 2 STREAMS a b 0 0",
            "*1 *2 $1 a *2 *2 $3 1-1 *2 $1 f $1 x *2 $3 1-2 *2 $1 f $1 y",
        ),
        (
            "XREAD COUNT 1 MAXCOUNT 2 STREAMS a b 0 0",
            "*2 *2 $1 a *1 *2 $3 1-1 *2 $1 f $1 x *2 $1 b *1 *2 $3 2-1 *2 $1 f $1 z",
        ),
        ("XREAD MAXSIZE 1 STREAMS a b 0 0", "*1 *2 $1 a *1 *2 $3 1-1 *2 $1 f $1 x"),
        (
            "XREAD MAXSIZE 60 STREAMS a b 0 0",
            "*1 *2 $1 a *2 *2 $3 1-1 *2 $1 f $1 x *2 $3 1-2 *2 $1 f $1 y",
        ),
        ("XREAD MAXCOUNT 0 STREAMS a 0", "-ERR MAXCOUNT must be a positive integer"),
        ("XREAD MAXSIZE x STREAMS a 0", "-ERR MAXSIZE must be a positive integer"),
        (
            "XREAD COUNT 3 MAXCOUNT 2 STREAMS a 0",
            "-ERR MAXCOUNT must be greater than or equal to COUNT",
        ),
        ("XGROUP CREATE a g 0", "+OK"),
        ("XGROUP CREATE b g 0", "+OK"),
        ("XREADGROUP GROUP g c MAXCOUNT 1 STREAMS a b > >", "*1 *2 $1 a *1 *2 $3 1-1 *2 $1 f $1 x"),
        ("XPENDING a g - + 9 c", "*1 *4 $3 1-1 $1 c :0 :1"),
        ("XREADGROUP GROUP g c MAXSIZE 1 STREAMS a b > >", "*1 *2 $1 a *1 *2 $3 1-2 *2 $1 f $1 y"),
        (
            "XREADGROUP GROUP g c MAXCOUNT 3 STREAMS a b 0 >",
            "*2 *2 $1 a *2 *2 $3 1-1 *2 $1 f $1 x *2 $3 1-2 *2 $1 f $1 y *2 $1 b *1 *2 $3 2-1 *2 $1 f $1 z",
        ),
        ("XREADGROUP GROUP g c MAXSIZE 9 STREAMS a b 0 0", "*1 *2 $1 a *1 *2 $3 1-1 *2 $1 f $1 x"),
    ]);
}

#[test]
fn entries_are_given_back() {
    check_replies(&[
        ("XADD x 1-1 f 1", "$3 1-1"),
        ("XADD x 1-2 f 2", "$3 1-2"),
        ("XADD x 1-3 f 3", "$3 1-3"),
        ("XGROUP CREATE x g 0", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 2 STREAMS x >",
            "*1 *2 $1 x *2 *2 $3 1-1 *2 $1 f $1 1 *2 $3 1-2 *2 $1 f $1 2",
        ),
        ("XNACK x g FAIL IDS 2 1-2 9-9", ":1"),
        ("XNACK x g SILENT IDS 1 1-1", ":1"),
        ("XPENDING x g - + 9", "*2 *4 $3 1-1 $0  :-1 :0 *4 $3 1-2 $0  :-1 :1"),
        ("XPENDING x g", "*4 :2 $3 1-1 $3 1-2 *0"),
        (
            "XINFO GROUPS x",
            "*1 *12 $4 name $1 g $9 consumers :1 $7 pending :2 $17 last-delivered-id $3 1-2 $12 entries-read :2 $3 lag :1",
        ),
        // The first that was given back is the first that is claimed.
        (
            "XREADGROUP GROUP g d COUNT 1 CLAIM 1000000 STREAMS x >",
            "*1 *2 $1 x *1 *4 $3 1-2 *2 $1 f $1 2 :1700000000000 :1",
        ),
        ("XPENDING x g - + 9 d", "*1 *4 $3 1-2 $1 d :0 :2"),
        ("XNACK x g FATAL RETRYCOUNT 7 IDS 1 1-2", ":1"),
        ("XNACK x g fatal FORCE IDS 2 1-3 1-9", ":1"),
        (
            "XPENDING x g - + 9",
            "*3 *4 $3 1-1 $0  :-1 :0 *4 $3 1-2 $0  :-1 :7 *4 $3 1-3 $0  :-1 :9223372036854775807",
        ),
        ("XCLAIM x g c 99999 1-3", "*1 *2 $3 1-3 *2 $1 f $1 3"),
        ("XPENDING x g - + 9 c", "*1 *4 $3 1-3 $1 c :0 :9223372036854775807"),
        ("XNACK x g SILENT IDS 1 1-3 FORCE", ":1"),
        ("XACK x g 1-1", ":1"),
        ("XAUTOCLAIM x g e 5 0 JUSTID", "*3 $3 0-0 *2 $3 1-2 $3 1-3 *0"),
        ("XNACK x g SILENT IDS 1", "-ERR wrong number of arguments for 'xnack' command"),
        ("XNACK x g LOUD IDS 1 1-1", "-ERR mode must be SILENT, FAIL, or FATAL"),
        (
            "XNACK x g FAIL IDS 2 1-1",
            "-ERR The `numids` parameter must match the number of arguments",
        ),
        ("XNACK x g FAIL IDS 0 1-1", "-ERR Number of IDs must be a positive integer"),
        ("XNACK x g FAIL FORCE RETRYCOUNT 1", "-ERR syntax error"),
        (
            "XNACK x g FAIL IDS 1 1-1 RETRYCOUNT -1",
            "-ERR Invalid RETRYCOUNT option argument for XNACK",
        ),
        ("XNACK x h FAIL IDS 1 1-1", "-NOGROUP No such key 'x' or consumer group 'h'"),
        ("XNACK y g FAIL IDS 1 1-1", "-NOGROUP No such key 'y' or consumer group 'g'"),
    ]);
    check_propagated(&[
        ("XADD x 1-1 f 1", None),
        ("XGROUP CREATE x g 0", None),
        ("XNACK x g FAIL IDS 1 1-1 FORCE", None),
    ]);
}
