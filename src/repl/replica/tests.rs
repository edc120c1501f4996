//! The link against a primary that is a list of bytes.

#[cfg(test)]
mod parallel;

use super::*;
use crate::base::rng::Rng;
use crate::repl::handshake::{Auth, Introduction};
use crate::repl::offset::ReplId;

/// An event that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    SecondConnection,
    FullSync(Option<Place>, Option<u64>),
    Snapshot(Vec<u8>),
    SnapshotEnd,
    Continued(Place, bool),
    Stream(u64, Vec<u8>),
    Failed(Failure, u64),
}

/// A link and what it said.
struct Rig {
    link: Link,
    seen: Vec<Seen>,
    log: Vec<String>,
    out: Vec<u8>,
    now_ms: u64,
}

fn replid(letter: u8) -> ReplId {
    ReplId::parse(&[letter; 40]).unwrap()
}

fn place(letter: u8, offset: u64) -> Place {
    Place { replid: replid(letter), offset: Offset::new(offset) }
}

/// Adds an event to those seen; neighbours that belong together become one.
fn keep(seen: &mut Vec<Seen>, log: &mut Vec<String>, event: Event<'_>) {
    match (event, seen.last_mut()) {
        (Event::Log(_, text), _) => log.push(text),
        (Event::SecondConnection, _) => seen.push(Seen::SecondConnection),
        (Event::FullSync { from, length_bytes }, _) => {
            seen.push(Seen::FullSync(from, length_bytes))
        }
        (Event::Snapshot(bytes), Some(Seen::Snapshot(all))) => all.extend(bytes),
        (Event::Snapshot(bytes), _) => seen.push(Seen::Snapshot(bytes.into())),
        (Event::SnapshotEnd, _) => seen.push(Seen::SnapshotEnd),
        (Event::Continued { from, is_renamed }, _) => seen.push(Seen::Continued(from, is_renamed)),
        (Event::Stream { from, bytes }, Some(Seen::Stream(at, all))) => {
            assert_eq!(*at + all.len() as u64, from.get());
            all.extend(bytes);
        }
        (Event::Stream { from, bytes }, _) => seen.push(Seen::Stream(from.get(), bytes.into())),
        (Event::Failed { failure, retry_after_ms }, _) => {
            seen.push(Seen::Failed(failure, retry_after_ms));
        }
    }
}

impl Rig {
    fn new(place: Option<Place>) -> Rig {
        let settings = Settings { primary: "h:1".into(), ..Default::default() };
        Rig::with(settings, place)
    }

    fn with(settings: Settings, place: Option<Place>) -> Rig {
        let link = Link::new(settings, place);
        Rig { link, seen: Vec::new(), log: Vec::new(), out: Vec::new(), now_ms: 5000 }
    }

    fn act(&mut self, act: impl FnOnce(&mut Link, u64, Events<'_>)) -> String {
        let Rig { link, seen, log, out, now_ms } = self;
        act(link, *now_ms, &mut |event| keep(seen, log, event));
        out.clear();
        link.take_output(out);
        out.escape_ascii().to_string()
    }

    fn open(&mut self) {
        self.act(|link, now, events| link.connect(now, events));
        assert_eq!(self.link.phase(), Phase::Connecting);
        let ping = self.act(|link, now, events| link.on_connected(now, events));
        assert_eq!(ping, "*1\\r\\n$4\\r\\nPING\\r\\n");
    }

    fn hear(&mut self, bytes: &[u8]) -> String {
        self.act(|link, now, events| link.on_bytes(now, bytes, events))
    }

    /// Goes through the handshake up to `PSYNC`.
    fn shake(&mut self) -> String {
        self.open();
        self.hear(b"+PONG\r\n");
        self.hear(b"+OK\r\n+OK\r\n")
    }

    fn tick(&mut self, ms: u64) -> String {
        self.now_ms += ms;
        self.act(|link, now, events| link.on_tick(now, events))
    }

    #[track_caller]
    fn logged(&self, text: &str) {
        assert!(self.log.iter().any(|line| line.contains(text)), "no {text:?} in {:#?}", self.log);
    }
}

fn full_resync(letter: u8, offset: u64, head: &str) -> Vec<u8> {
    format!("+FULLRESYNC {} {offset}\r\n{head}\r\n", replid(letter)).into_bytes()
}

#[test]
fn everything_is_sent_with_its_length() {
    let mut rig = Rig::new(None);
    assert!(rig.shake().contains("PSYNC\\r\\n$1\\r\\n?\\r\\n$2\\r\\n-1"));
    rig.hear(b"\n\n");
    rig.hear(&full_resync(b'a', 14, "\n$5"));
    rig.hear(b"RED");
    assert_eq!(rig.link.progress(), Progress { read_bytes: 3, total_bytes: Some(5) });
    rig.hear(b"IS*1\r\n");
    assert_eq!(rig.link.phase(), Phase::Sync);
    assert!(!rig.link.wants_bytes());
    assert_eq!(rig.tick(1000), "\\n");
    assert_eq!(rig.tick(10), "");
    // However long it takes, the primary is not taken for dead.
    rig.tick(100_000);
    let ack = rig.act(|link, now, events| link.loaded(now, events));
    assert!(ack.contains("ACK\\r\\n$2\\r\\n14"));
    rig.tick(1000);
    rig.hear(b"$4\r\nPING\r\n");
    assert_eq!(
        rig.seen,
        [
            Seen::FullSync(Some(place(b'a', 14)), Some(5)),
            Seen::Snapshot(b"REDIS".into()),
            Seen::SnapshotEnd,
            Seen::Stream(14, b"*1\r\n$4\r\nPING\r\n".into()),
        ]
    );
    assert_eq!(rig.link.received(), Some(Offset::new(28)));
    for line in [
        "Connecting to MASTER h:1",
        "MASTER <-> REPLICA sync started",
        "Master replied to PING, replication can continue...",
        "Partial resynchronization not possible (no cached master)",
        "MASTER <-> REPLICA sync: receiving 5 bytes from master to parser",
        "MASTER <-> REPLICA sync: Finished with success",
    ] {
        rig.logged(line);
    }
}

#[test]
fn everything_is_sent_up_to_a_mark() {
    let mut rig = Rig::new(None);
    rig.shake();
    let mark = "m".repeat(40);
    rig.hear(&full_resync(b'a', 0, &format!("$EOF:{mark}")));
    rig.hear(format!("data{}{mark}", "m".repeat(0)).as_bytes());
    rig.act(|link, now, events| link.loaded(now, events));
    let wanted = [
        Seen::FullSync(Some(place(b'a', 0)), None),
        Seen::Snapshot(b"data".into()),
        Seen::SnapshotEnd,
    ];
    assert_eq!(rig.seen, wanted);
    assert_eq!(rig.link.progress().read_bytes, 4);
}

#[test]
fn a_lost_link_continues_where_commands_were_applied() {
    let mut rig = Rig::new(Some(place(b'a', 100)));
    assert!(rig.shake().contains("$3\\r\\n101"));
    rig.hear(b"+CONTINUE\r\n*1\r\n$4\r\nPING\r\n*1\r\n");
    rig.link.applied(Offset::new(114), Some(Offset::new(100)));
    assert!(rig.tick(1000).contains("ACK\\r\\n$3\\r\\n114\\r\\n$4\\r\\nFACK\\r\\n$3\\r\\n100"));
    rig.act(|link, now, events| link.on_closed(now, "reset", events));
    assert!(rig.shake().contains("$3\\r\\n115"));
    rig.hear(format!("+CONTINUE {}\r\n*1\r\n", replid(b'b')).as_bytes());
    assert_eq!(
        rig.seen,
        [
            Seen::Continued(place(b'a', 100), false),
            Seen::Stream(100, b"*1\r\n$4\r\nPING\r\n*1\r\n".into()),
            Seen::Failed(Failure::Closed("reset".into()), 0),
            Seen::Continued(place(b'b', 114), true),
            Seen::Stream(114, b"*1\r\n".into()),
        ]
    );
    assert_eq!(rig.link.place(), Some(place(b'b', 114)));
    rig.logged("Reconnecting to MASTER h:1");
    rig.logged("Caching the disconnected master state.");
}

#[test]
fn primaries_without_psync_are_asked_for_sync() {
    let mut rig = Rig::new(Some(place(b'a', 100)));
    rig.shake();
    let answer = "-ERR unknown command 'PSYNC'\r\n";
    assert_eq!(rig.hear(answer.as_bytes()), "SYNC\\r\\n");
    rig.hear(b"\n$1\r\nxy");
    let ack = rig.act(|link, now, events| link.loaded(now, events));
    assert_eq!(ack, "");
    let wanted = [
        Seen::FullSync(None, Some(1)),
        Seen::Snapshot(b"x".into()),
        Seen::SnapshotEnd,
        Seen::Stream(0, b"y".into()),
    ];
    assert_eq!(rig.seen, wanted);
    assert_eq!((rig.tick(2000).as_str(), rig.link.place()), ("", None));
    rig.logged("Master does not support PSYNC or is in error state");
}

#[test]
fn refusals_end_the_attempt_and_keep_the_place() {
    let auth = Some(Auth { user: None, password: b"secret".into() });
    let introduction = Introduction { auth, ..Default::default() };
    let settings = Settings { introduction, ..Default::default() };
    let mut rig = Rig::with(settings, Some(place(b'a', 1)));
    rig.open();
    let sent = rig.hear(b"-NOAUTH Authentication required.\r\n");
    assert!(sent.contains("AUTH\\r\\n$6\\r\\nsecret"));
    let sent = rig.hear(b"-WRONGPASS invalid username-password pair\r\n+OK\r\n+OK\r\n");
    assert_eq!(sent, "");
    let why = Failure::Refused("-WRONGPASS invalid username-password pair".into());
    assert_eq!(rig.seen, [Seen::Failed(why, 1000)]);
    assert_eq!(rig.link.place(), Some(place(b'a', 1)));
    rig.logged("Unable to AUTH to MASTER: -WRONGPASS");
    assert!(rig.log.iter().all(|line| !line.contains("secret")));
}

/// What a primary says behind the handshake, and how the attempt ends.
#[test]
fn wrong_answers_are_failures_with_a_reason() {
    let check = |answers: &[u8], wanted: fn(&Failure) -> bool| {
        let mut rig = Rig::new(None);
        rig.shake();
        rig.hear(answers);
        match rig.seen.last() {
            Some(Seen::Failed(failure, _)) => assert!(wanted(failure), "{failure:?}"),
            other => panic!("{}: {other:?}", answers.escape_ascii()),
        }
        assert_eq!(rig.link.phase(), Phase::Down);
        // What comes behind is of no interest.
        assert_eq!(rig.hear(b"+OK\r\n$3\r\n"), "");
    };
    check(b"-NOMASTERLINK Can't SYNC\r\n", |f| matches!(f, Failure::Later(_)));
    check(b"-LOADING\r\n", |f| matches!(f, Failure::Later(_)));
    check(b"+CONTINUE\r\n", |f| matches!(f, Failure::Protocol(_)));
    check(b"+FULLRESYNC x 1\r\n", |f| matches!(f, Failure::Protocol(_)));
    check(b"+DUALCHANNELSYNC\r\n", |f| matches!(f, Failure::Protocol(_)));
    check(&full_resync(b'a', 1, "$-5"), |f| matches!(f, Failure::Protocol(_)));
    check(&full_resync(b'a', 1, "*5"), |f| matches!(f, Failure::Protocol(_)));
    check(&full_resync(b'a', 1, "-ERR BGSAVE failed"), |f| matches!(f, Failure::Aborted(_)));
    check(&[b'x'; 3000], |f| matches!(f, Failure::Protocol(_)));
}

#[test]
fn silence_ends_it_in_each_state() {
    let lines: [(&[u8], &str); 5] = [
        (b"", "Timeout connecting to the MASTER..."),
        (b"+PONG\r\n", "Timeout connecting to the MASTER..."),
        (b"+PONG\r\n+OK\r\n+OK\r\n", "Timeout connecting to the MASTER..."),
        (b"+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\r\n$9\r\nx", "Timeout receiving bulk data"),
        (b"+PONG\r\n+OK\r\n+OK\r\n+CONTINUE\r\n", "MASTER timeout: no data nor PING received..."),
    ];
    for (said, line) in lines {
        let mut rig = Rig::new(Some(place(b'a', 1)));
        rig.open();
        rig.hear(said);
        rig.tick(60_000);
        assert!(!rig.seen.iter().any(|seen| matches!(seen, Seen::Failed(..))));
        rig.tick(1);
        assert_eq!(rig.seen.last(), Some(&Seen::Failed(Failure::Silent, 0)));
        rig.logged(line);
    }
}

#[test]
fn a_replica_claims_what_it_is_told_to_claim() {
    for (claim, wanted) in [
        (Claim::Applied, "$3\\r\\n120"),
        (Claim::Synced, "$3\\r\\n110"),
        (Claim::Nothing, "$1\\r\\n0"),
    ] {
        let mut rig = Rig::with(Settings { claim, ..Default::default() }, Some(place(b'a', 100)));
        rig.shake();
        rig.hear(b"+CONTINUE\r\n");
        rig.link.applied(Offset::new(120), Some(Offset::new(110)));
        let ack = rig.tick(1000);
        assert!(ack.contains(&format!("ACK\\r\\n{wanted}")), "{ack}");
        assert_eq!(rig.link.place(), Some(place(b'a', 120)));
    }
}

#[test]
fn only_a_snapshot_is_taken_if_only_that_is_wanted() {
    let introduction =
        Introduction { is_rdb_only: true, is_functions_only: true, ..Default::default() };
    let mut rig = Rig::with(Settings { introduction, ..Default::default() }, None);
    rig.open();
    rig.hear(b"+PONG\r\n");
    rig.hear(b"+OK\r\n+OK\r\n-ERR Unrecognized REPLCONF option: rdb-only\r\n+OK\r\n");
    rig.hear(&full_resync(b'a', 7, "$3"));
    rig.hear(b"abc*1\r\n");
    rig.act(|link, now, events| link.on_closed(now, "end", events));
    assert_eq!(rig.seen.last(), Some(&Seen::SnapshotEnd));
    rig.logged("(Non critical) Master does not understand REPLCONF rdb-only");
}

#[test]
fn an_abandoned_snapshot_is_asked_for_again_in_time() {
    let mut rig = Rig::new(None);
    rig.shake();
    rig.hear(&full_resync(b'a', 7, "$3"));
    rig.now_ms += 400;
    rig.act(|link, now, events| link.abandon(now, "bad", events));
    assert_eq!(rig.seen.last(), Some(&Seen::Failed(Failure::Abandoned("bad".into()), 600)));
    rig.act(|link, now, events| link.abandon(now, "bad", events));
    assert_eq!(rig.seen.len(), 2);
    rig.shake();
    rig.logged("Reconnecting to MASTER h:1 after failure");
}

/// A whole conversation, and what is seen of it however it is cut.
#[test]
fn pieces_equal_the_whole() {
    let mark = "0123456789abcdef0123456789abcdef01234567";
    let snapshot = [&mark.as_bytes()[..30], &vec![b'r'; 5000], &mark.as_bytes()[..39]].concat();
    let talk = [
        b"\n+PONG\r\n+OK\r\n\n-ERR x\r\n\n\n".to_vec(),
        full_resync(b'a', 1000, &format!("\n\n$EOF:{mark}")),
        snapshot.clone(),
        mark.as_bytes().to_vec(),
        vec![b's'; 3000],
    ]
    .concat();
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut rig = Rig::new(None);
        rig.open();
        let mut at = 0;
        while at < talk.len() {
            let most = [1, 30, 4000][rng.below(3) as usize];
            let next = (at + 1 + rng.below(most) as usize).min(talk.len());
            rig.hear(&talk[at..next]);
            at = next;
            if rng.below(3) == 0 && rig.seen.last() == Some(&Seen::SnapshotEnd) {
                rig.act(|link, now, events| link.loaded(now, events));
            }
        }
        rig.act(|link, now, events| link.loaded(now, events));
        let wanted = [
            Seen::FullSync(Some(place(b'a', 1000)), None),
            Seen::Snapshot(snapshot.clone()),
            Seen::SnapshotEnd,
            Seen::Stream(1000, vec![b's'; 3000]),
        ];
        assert_eq!(rig.seen, wanted, "seed {seed}");
    }
}

/// Whatever comes, in whatever order: no panic, no memory without bound, no stream without a place.
#[test]
fn garbage_is_survived() {
    let lines: [&[u8]; 12] = [
        b"+PONG\r\n",
        b"+OK\r\n",
        b"-ERR x\r\n",
        b"\n",
        b"+CONTINUE\r\n",
        b"+CONTINUE bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n",
        b"+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 9\r\n",
        b"$10\r\n",
        b"$0\r\n",
        b"$EOF:mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm\r\n",
        b"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
        b"$18446744073709551615\r\n",
    ];
    for seed in 0..3000 {
        let mut rng = Rng::new(seed);
        let start = (rng.below(2) == 0).then(|| place(b'a', rng.below(100)));
        let mut rig = Rig::new(start);
        for _ in 0..60 {
            match rng.below(12) {
                0 => drop(rig.act(|link, now, events| link.connect(now, events))),
                1 => drop(rig.act(|link, now, events| link.on_connected(now, events))),
                2 => drop(rig.act(|link, now, events| link.loaded(now, events))),
                3 => drop(rig.act(|link, now, events| link.on_closed(now, "gone", events))),
                4 => drop(rig.act(|link, now, events| link.abandon(now, "bad", events))),
                5 => drop(rig.tick(rng.below(70_000))),
                6 => {
                    let garbage: Vec<u8> =
                        (0..rng.below(50)).map(|_| rng.below(256) as u8).collect();
                    rig.hear(&garbage);
                }
                7 => rig.link.applied(Offset::new(rng.below(1000)), None),
                _ => drop(rig.hear(lines[rng.below(12) as usize])),
            }
            if rig.link.phase() == Phase::Down {
                assert_eq!(rig.out, b"", "seed {seed}");
            }
        }
    }
}
