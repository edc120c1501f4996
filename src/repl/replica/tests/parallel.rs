//! A snapshot that comes over a connection of its own.

use super::*;

const MARK: &str = "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";

/// The two schemes, by what is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Redis,
    Valkey,
}

/// Brings a rig to some step of the protocol.
type Act = fn(&mut Rig, Side);

const SIDES: [Side; 2] = [Side::Redis, Side::Valkey];

impl Side {
    fn offers(self) -> Offers {
        Offers { rdb_channel: self == Side::Redis, dual_channel: self == Side::Valkey }
    }

    /// What the primary says to `PSYNC`.
    fn invitation(self) -> &'static [u8] {
        match self {
            Side::Redis => b"+RDBCHANNELSYNC 12\r\n",
            Side::Valkey => b"+DUALCHANNELSYNC\r\n",
        }
    }

    /// What the primary says of the place of its snapshot.
    fn place(self) -> String {
        match self {
            Side::Redis => format!("+FULLRESYNC {} 14\r\n", replid(b'a')),
            Side::Valkey => format!("$ENDOFF:14 {} 0 77\r\n", replid(b'a')),
        }
    }
}

impl Rig {
    fn offering(side: Side, held_bytes_max: u64) -> Rig {
        let introduction = Introduction { offers: side.offers(), ..Default::default() };
        Rig::with(Settings { introduction, held_bytes_max, ..Default::default() }, None)
    }

    /// What was written over the second connection.
    fn beside(&mut self, act: impl FnOnce(&mut Link, u64, Events<'_>)) -> String {
        self.act(act);
        let mut out = Vec::new();
        self.link.take_channel_output(&mut out);
        out.escape_ascii().to_string()
    }

    fn hear_beside(&mut self, bytes: &[u8]) -> String {
        self.beside(|link, now, events| link.on_channel_bytes(now, bytes, events))
    }

    /// Up to the invitation.
    fn invite(&mut self, side: Side) {
        self.shake();
        self.hear(side.invitation());
        assert_eq!(self.seen.last(), Some(&Seen::SecondConnection));
        assert!(self.link.has_channel());
    }

    /// Up to the request over the second connection.
    fn request(&mut self, side: Side) -> String {
        self.invite(side);
        let said = self.beside(|link, now, _| link.on_channel_connected(now));
        assert!(said.contains("rdb-channel\\r\\n$1\\r\\n1"), "{said}");
        self.hear_beside(b"+OK\r\n")
    }

    /// Up to the first byte of the snapshot.
    fn begin(&mut self, side: Side) {
        self.request(side);
        self.hear_beside(side.place().as_bytes());
        self.hear_beside(format!("$EOF:{MARK}\r\n").as_bytes());
        if side == Side::Valkey {
            assert!(self.hear(b"+OK\r\n").contains("PSYNC"));
            self.hear(format!("+CONTINUE {}\r\n", replid(b'a')).as_bytes());
        }
        assert_eq!(self.seen.last(), Some(&Seen::FullSync(Some(place(b'a', 14)), None)));
    }

    fn loaded(&mut self) -> String {
        self.act(|link, now, events| link.loaded(now, events))
    }

    fn release(&mut self) -> String {
        self.act(|link, now, events| link.release(now, events))
    }

    #[track_caller]
    fn failed(&self, wanted: fn(&Failure) -> bool) {
        match self.seen.last() {
            Some(Seen::Failed(failure, _)) => assert!(wanted(failure), "{failure:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(self.link.phase(), Phase::Down);
        assert!(!self.link.has_channel() && !self.link.wants_bytes());
    }
}

#[test]
fn the_stream_is_held_while_the_snapshot_comes_beside() {
    for side in SIDES {
        let mut rig = Rig::offering(side, 0);
        let asked = rig.request(side);
        match side {
            Side::Redis => assert!(asked.contains("PSYNC\\r\\n$1\\r\\n?")),
            Side::Valkey => assert_eq!(asked, "SYNC\\r\\n"),
        }
        rig.hear_beside(b"\n\n");
        rig.act(|link, now, events| {
            link.on_channel_bytes(now, side.place().as_bytes(), events);
        });
        if side == Side::Valkey {
            let named = rig.out.escape_ascii().to_string();
            assert!(named.contains("set-rdb-client-id\\r\\n$2\\r\\n77"), "{named}");
            let asked = rig.hear(b"\n+OK\r\n");
            assert!(asked.contains(&format!("{}\\r\\n$2\\r\\n15", replid(b'a'))), "{asked}");
        }
        rig.hear_beside(format!("$EOF:{MARK}\r\nRED").as_bytes());
        match side {
            Side::Redis => rig.hear(b"\n\n*1\r\n"),
            Side::Valkey => rig.hear(b"\n+CONTINUE\r\n*1\r\n"),
        };
        assert_eq!(rig.link.phase(), Phase::Sync);
        assert_eq!(rig.link.progress().total_bytes, None);
        rig.hear_beside(format!("IS{MARK}more").as_bytes());
        assert!(rig.link.has_channel() && rig.link.wants_bytes());
        rig.hear(b"$4\r\nPI");
        assert_eq!(rig.link.held_bytes(), (10, 10));
        // Loading takes as long as it takes, and the primary hears of it.
        rig.now_ms += 100_000;
        assert_eq!(rig.tick(1000), "\\n");
        rig.act(|link, now, events| link.on_channel_closed(now, "end", events));
        assert_eq!(rig.loaded(), "");
        assert!(rig.link.is_releasing() && !rig.link.has_channel());
        assert_eq!(rig.link.received(), Some(Offset::new(24)));
        assert_eq!((rig.link.phase(), rig.link.wants_bytes()), (Phase::Sync, false));
        assert_eq!(rig.release(), "");
        rig.link.applied(Offset::new(14), None);
        assert!(rig.release().contains("ACK\\r\\n$2\\r\\n14"));
        assert!(!rig.link.is_releasing());
        assert_eq!(rig.link.held_bytes(), (0, 10));
        rig.hear(b"NG\r\n");
        let wanted = [
            Seen::SecondConnection,
            Seen::FullSync(Some(place(b'a', 14)), None),
            Seen::Snapshot(b"REDIS".into()),
            Seen::SnapshotEnd,
            Seen::Stream(14, b"*1\r\n$4\r\nPING\r\n".into()),
        ];
        assert_eq!(rig.seen, wanted, "{side:?}");
        assert_eq!((rig.link.phase(), rig.link.place()), (Phase::Online, Some(place(b'a', 14))));
        rig.logged("PSYNC is not possible, initialize RDB channel.");
        rig.logged("Successfully streamed replication data into memory");
    }
}

#[test]
fn the_stream_may_begin_behind_the_load() {
    let mut rig = Rig::offering(Side::Valkey, 0);
    rig.request(Side::Valkey);
    rig.hear_beside(Side::Valkey.place().as_bytes());
    rig.hear_beside(b"$3\r\nabc");
    rig.loaded();
    assert!(!rig.link.is_releasing() && !rig.link.has_channel());
    rig.hear(b"+OK\r\n");
    rig.hear(b"+CONTINUE\r\n");
    assert!(rig.release().contains("ACK\\r\\n$2\\r\\n14"));
    assert_eq!(rig.link.phase(), Phase::Online);
    // If it does not, the data are good for the next attempt.
    let mut rig = Rig::offering(Side::Valkey, 0);
    rig.request(Side::Valkey);
    rig.hear_beside(Side::Valkey.place().as_bytes());
    rig.hear_beside(b"$0\r\n");
    assert_eq!(rig.seen.last(), Some(&Seen::SnapshotEnd));
    rig.loaded();
    rig.act(|link, now, events| link.on_closed(now, "gone", events));
    rig.failed(|f| matches!(f, Failure::Closed(_)));
    assert!(rig.shake().contains("$2\\r\\n15"));
}

#[test]
fn there_is_a_bound_to_what_is_held() {
    for side in SIDES {
        let mut rig = Rig::offering(side, 100);
        rig.begin(side);
        rig.hear(&[b'x'; 99]);
        assert!(rig.link.wants_bytes());
        rig.hear(&[b'x'; 2]);
        assert!(!rig.link.wants_bytes());
        rig.logged("Replication buffer limit reached, stopping buffering.");
        // The snapshot goes on.
        rig.hear_beside(format!("abc{MARK}").as_bytes());
        rig.loaded();
        rig.release();
        rig.release();
        assert!(rig.link.wants_bytes());
        assert_eq!(rig.link.received(), Some(Offset::new(115)));
        assert_eq!(rig.link.held_bytes(), (0, 101));
    }
}

#[test]
fn what_was_not_offered_is_refused() {
    for (offered, came) in [(Side::Redis, Side::Valkey), (Side::Valkey, Side::Redis)] {
        let mut rig = Rig::offering(offered, 0);
        rig.shake();
        rig.hear(came.invitation());
        rig.failed(|f| matches!(f, Failure::Protocol(_)));
        assert!(!rig.seen.contains(&Seen::SecondConnection));
    }
    let mut rig = Rig::offering(Side::Redis, 0);
    rig.shake();
    rig.hear(b"+RDBCHANNELSYNC x\r\n");
    rig.failed(|f| matches!(f, Failure::Protocol(_)));
}

/// What the primary says over the second connection where it should name the place, and how both end.
#[test]
fn wrong_words_beside_end_both() {
    let id = replid(b'a');
    for side in SIDES {
        let check = |said: &[u8], wanted: fn(&Failure) -> bool| {
            let mut rig = Rig::offering(side, 0);
            rig.request(side);
            rig.hear_beside(said);
            rig.failed(wanted);
            rig.logged("Aborting");
            assert_eq!(rig.hear(b"*1\r\n"), "");
            assert_eq!(rig.hear_beside(b"$3\r\nabc"), "");
            assert_eq!(rig.loaded(), "");
        };
        check(b"-ERR max number of clients reached\r\n", |f| matches!(f, Failure::Refused(_)));
        check(b"-LOADING\r\n", |f| matches!(f, Failure::Later(_)));
        check(b"-NOMASTERLINK x\r\n", |f| matches!(f, Failure::Later(_)));
        check(b"+CONTINUE\r\n", |f| matches!(f, Failure::Protocol(_)));
        check(b"$5\r\n", |f| matches!(f, Failure::Protocol(_)));
        check(&[b'x'; 3000], |f| matches!(f, Failure::Protocol(_)));
        check(b"$ENDOFF:x\r\n", |f| matches!(f, Failure::Protocol(_)));
        let liar = format!("$ENDOFF:99999999999999999999 {id} 0 1\r\n");
        check(liar.as_bytes(), |f| matches!(f, Failure::Protocol(_)));
        check(b"+FULLRESYNC x 1\r\n", |f| matches!(f, Failure::Protocol(_)));
        // Each takes its own scheme only.
        let other = if side == Side::Redis { Side::Valkey } else { Side::Redis };
        check(other.place().as_bytes(), |f| matches!(f, Failure::Protocol(_)));
        for (head, wanted) in [
            ("$-5", (|f| matches!(f, Failure::Protocol(_))) as fn(&Failure) -> bool),
            ("$99999999999999999999", |f| matches!(f, Failure::Protocol(_))),
            ("$EOF:short", |f| matches!(f, Failure::Protocol(_))),
            ("*1", |f| matches!(f, Failure::Protocol(_))),
            ("-ERR BGSAVE failed", |f| matches!(f, Failure::Aborted(_))),
        ] {
            check(format!("{}{head}\r\n", side.place()).as_bytes(), wanted);
        }
    }
}

#[test]
fn refusals_of_the_second_introduction_end_both() {
    for side in SIDES {
        let mut rig = Rig::offering(side, 0);
        rig.invite(side);
        rig.beside(|link, now, _| link.on_channel_connected(now));
        rig.hear_beside(b"-ERR Unrecognized REPLCONF option: rdb-channel\r\n");
        rig.failed(|f| matches!(f, Failure::Refused(_)));
        let auth = Some(Auth { user: None, password: b"secret".into() });
        let introduction = Introduction { offers: side.offers(), auth, ..Default::default() };
        let mut rig = Rig::with(Settings { introduction, ..Default::default() }, None);
        rig.open();
        rig.hear(b"-NOAUTH x\r\n");
        rig.hear(b"+OK\r\n+OK\r\n+OK\r\n");
        rig.hear(side.invitation());
        let said = rig.beside(|link, now, _| link.on_channel_connected(now));
        assert!(said.contains("AUTH\\r\\n$6\\r\\nsecret"));
        rig.hear_beside(b"-WRONGPASS x\r\n");
        rig.failed(|f| matches!(f, Failure::Refused(_)));
        rig.logged("Unable to AUTH to MASTER: -WRONGPASS x");
    }
}

/// What the primary says over the first connection where it should let the stream follow.
#[test]
fn wrong_words_over_the_main_channel_end_both() {
    let begun = |said: &[u8]| {
        let mut rig = Rig::offering(Side::Valkey, 0);
        rig.request(Side::Valkey);
        rig.hear_beside(Side::Valkey.place().as_bytes());
        rig.hear_beside(format!("$EOF:{MARK}\r\nabc").as_bytes());
        rig.hear(said);
        rig
    };
    let psync = |answer: &str| begun(format!("+OK\r\n{answer}\r\n").as_bytes());
    begun(b"-ERR Unrecognized RDB client id: 77\r\n").failed(|f| matches!(f, Failure::Refused(_)));
    begun(&[b'x'; 3000]).failed(|f| matches!(f, Failure::Protocol(_)));
    psync(&format!("+FULLRESYNC {} 14", replid(b'a')))
        .failed(|f| matches!(f, Failure::Protocol(_)));
    psync(&format!("+CONTINUE {}", replid(b'b'))).failed(|f| matches!(f, Failure::Protocol(_)));
    psync("+CONTINUE x").failed(|f| matches!(f, Failure::Protocol(_)));
    psync("+DUALCHANNELSYNC").failed(|f| matches!(f, Failure::Protocol(_)));
    psync("-NOMASTERLINK x").failed(|f| matches!(f, Failure::Later(_)));
    psync("-ERR x").failed(|f| matches!(f, Failure::Refused(_)));
    psync("$3").failed(|f| matches!(f, Failure::Protocol(_)));
    // Nothing is to come before the place is known.
    let mut rig = Rig::offering(Side::Valkey, 0);
    rig.invite(Side::Valkey);
    rig.hear(b"\n\n");
    assert!(rig.link.has_channel());
    rig.hear(b"*1\r\n");
    rig.failed(|f| matches!(f, Failure::Protocol(_)));
}

/// Either connection may end at each step.
#[test]
fn the_end_of_one_is_the_end_of_both() {
    let steps: [Act; 5] = [
        |rig, side| rig.invite(side),
        |rig, side| {
            rig.invite(side);
            rig.beside(|link, now, _| link.on_channel_connected(now));
        },
        |rig, side| drop(rig.request(side)),
        |rig, side| {
            rig.request(side);
            rig.hear_beside(side.place().as_bytes());
        },
        |rig, side| rig.begin(side),
    ];
    for side in SIDES {
        for (number, step) in steps.iter().enumerate() {
            for is_main in [true, false] {
                let mut rig = Rig::offering(side, 0);
                step(&mut rig, side);
                rig.act(|link, now, events| match is_main {
                    true => link.on_closed(now, "reset", events),
                    false => link.on_channel_closed(now, "reset", events),
                });
                rig.failed(|f| *f == Failure::Closed("reset".into()));
                assert_eq!(rig.link.place(), None);
                rig.act(|link, now, events| link.on_channel_closed(now, "reset", events));
                rig.act(|link, now, events| link.on_closed(now, "reset", events));
                let failures = |seen: &Seen| matches!(seen, Seen::Failed(..));
                assert_eq!(rig.seen.iter().filter(|seen| failures(seen)).count(), 1);
                // One whose second connection came to nothing is followed by one without.
                let came = number >= 3;
                rig.open();
                let said = rig.hear(b"+PONG\r\n");
                assert_eq!(said.contains("channel"), came, "{side:?} {number}: {said}");
                rig.act(|link, now, events| link.on_closed(now, "reset", events));
                rig.open();
                assert!(rig.hear(b"+PONG\r\n").contains("channel"));
            }
        }
        // Behind the snapshot the first one is still needed, the second one is not.
        let mut rig = Rig::offering(side, 0);
        rig.begin(side);
        rig.hear_beside(format!("abc{MARK}").as_bytes());
        rig.act(|link, now, events| link.on_channel_closed(now, "end", events));
        assert_eq!(rig.seen.last(), Some(&Seen::SnapshotEnd));
        rig.act(|link, now, events| link.on_closed(now, "reset", events));
        rig.failed(|f| matches!(f, Failure::Closed(_)));
        // What was released is not asked for again.
        let mut rig = Rig::offering(side, 0);
        rig.begin(side);
        rig.hear(b"*1\r\n$4\r\nPING\r\n");
        rig.hear_beside(format!("abc{MARK}").as_bytes());
        rig.loaded();
        rig.release();
        rig.link.applied(Offset::new(28), None);
        rig.act(|link, now, events| link.on_closed(now, "reset", events));
        rig.failed(|f| matches!(f, Failure::Closed(_)));
        assert!(rig.shake().contains("$2\\r\\n29"));
    }
}

#[test]
fn silence_of_one_ends_both() {
    for side in SIDES {
        let steps: [(Act, &str); 4] = [
            (|rig, side| rig.invite(side), "Timeout connecting to the MASTER..."),
            (|rig, side| drop(rig.request(side)), "Timeout connecting to the MASTER..."),
            (
                |rig, side| {
                    rig.request(side);
                    rig.hear_beside(side.place().as_bytes());
                },
                "Timeout receiving bulk data",
            ),
            (|rig, side| rig.begin(side), "Timeout receiving bulk data"),
        ];
        for (step, line) in steps {
            let mut rig = Rig::offering(side, 0);
            step(&mut rig, side);
            rig.tick(60_000);
            assert!(rig.link.has_channel());
            // That one of them is heard does not help the other.
            if rig.link.held_bytes().0 > 0 {
                rig.hear(b"*1\r\n");
            }
            rig.tick(1);
            rig.failed(|f| *f == Failure::Silent);
            rig.logged(line);
        }
    }
    // The snapshot comes, and the other connection does not answer.
    let mut rig = Rig::offering(Side::Valkey, 0);
    rig.request(Side::Valkey);
    rig.hear_beside(Side::Valkey.place().as_bytes());
    rig.hear_beside(format!("$EOF:{MARK}\r\n").as_bytes());
    for _ in 0..61 {
        rig.hear_beside(b"x");
        rig.tick(1000);
    }
    rig.failed(|f| *f == Failure::Silent);
}

#[test]
fn a_bad_snapshot_ends_both() {
    for side in SIDES {
        let mut rig = Rig::offering(side, 0);
        rig.begin(side);
        rig.hear_beside(format!("abc{MARK}").as_bytes());
        rig.act(|link, now, events| link.abandon(now, "bad", events));
        rig.failed(|f| *f == Failure::Abandoned("bad".into()));
        assert_eq!(rig.link.held_bytes().0, 0);
    }
}

/// Two conversations, cut anywhere and in any order that the protocol lets them have.
#[test]
fn pieces_of_both_equal_the_whole() {
    let snapshot = vec![b'r'; 5000];
    let stream = vec![b's'; 3000];
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let side = SIDES[rng.below(2) as usize];
        let mut rig = Rig::offering(side, [0, 500][rng.below(2) as usize]);
        rig.invite(side);
        rig.beside(|link, now, _| link.on_channel_connected(now));
        let head = format!("+OK\r\n\n{}\n$EOF:{MARK}\r\n", side.place());
        let beside = [head.as_bytes(), &snapshot, MARK.as_bytes()].concat();
        let answers: &[u8] = if side == Side::Valkey { b"\n+OK\r\n\n+CONTINUE\r\n" } else { b"\n" };
        let main = [answers, &stream].concat();
        let (mut at, mut at_main, mut is_loaded) = (0, 0, false);
        for _ in 0..1_000_000 {
            let most = [1, 30, 4000][rng.below(3) as usize];
            let next = |at: usize, all: &[u8], rng: &mut Rng| {
                (at + 1 + rng.below(most) as usize).min(all.len())
            };
            match rng.below(4) {
                0 | 1 if at < beside.len() && rig.link.has_channel() => {
                    let end = next(at, &beside, &mut rng);
                    rig.hear_beside(&beside[at..end]);
                    at = end;
                }
                // The primary of Valkey answers nothing before the place is known.
                2 if at_main < main.len()
                    && rig.link.wants_bytes()
                    && (side == Side::Redis || at > head.len()) =>
                {
                    let end = next(at_main, &main, &mut rng);
                    rig.hear(&main[at_main..end]);
                    at_main = end;
                }
                // Signs of life come in front of the snapshot's end.
                3 if at == beside.len() && at_main > 0 => {
                    if !std::mem::replace(&mut is_loaded, true) {
                        rig.loaded();
                    }
                    rig.release();
                }
                _ => {}
            }
            if rig.link.phase() == Phase::Online && at_main == main.len() {
                break;
            }
        }
        let wanted = [
            Seen::SecondConnection,
            Seen::FullSync(Some(place(b'a', 14)), None),
            Seen::Snapshot(snapshot.clone()),
            Seen::SnapshotEnd,
            Seen::Stream(14, stream.clone()),
        ];
        assert!(rig.seen == wanted, "seed {seed}: {:#?}", rig.log);
    }
}

/// Whatever comes over either connection, in whatever order: no panic, and nothing is written once it is over.
#[test]
fn garbage_over_both_is_survived() {
    let end_offset = Side::Valkey.place();
    let full_resync = Side::Redis.place();
    let lines: [&[u8]; 12] = [
        b"+PONG\r\n",
        b"+OK\r\n",
        b"-ERR x\r\n",
        b"\n",
        b"+CONTINUE\r\n",
        b"+DUALCHANNELSYNC\r\n",
        b"+RDBCHANNELSYNC 1\r\n",
        b"$EOF:mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm\r\n",
        MARK.as_bytes(),
        end_offset.as_bytes(),
        full_resync.as_bytes(),
        b"$18446744073709551615\r\n",
    ];
    let mut online = 0;
    for seed in 0..4000 {
        let mut rng = Rng::new(seed);
        let side = SIDES[rng.below(2) as usize];
        let mut rig = Rig::offering(side, rng.below(200));
        if rng.below(2) == 0 {
            rig.begin(side);
        } else {
            rig.request(side);
        }
        for _ in 0..60 {
            match rng.below(16) {
                0 if rng.below(8) == 0 => {
                    drop(rig.act(|link, now, events| link.connect(now, events)))
                }
                1 => drop(rig.act(|link, now, events| link.on_connected(now, events))),
                2 | 3 => drop(rig.loaded()),
                4 if rng.below(8) == 0 => {
                    rig.act(|link, now, events| link.on_closed(now, "gone", events));
                }
                5 if rng.below(8) == 0 => {
                    rig.act(|link, now, events| link.on_channel_closed(now, "gone", events));
                }
                6 => drop(rig.tick(rng.below(20_000))),
                7 => {
                    let garbage: Vec<u8> =
                        (0..rng.below(50)).map(|_| rng.below(256) as u8).collect();
                    match rng.below(2) {
                        0 => drop(rig.hear(&garbage)),
                        _ => drop(rig.hear_beside(&garbage)),
                    }
                }
                8 => rig.link.applied(Offset::new(rng.below(1000)), None),
                9 | 10 => drop(rig.release()),
                11 => drop(rig.beside(|link, now, _| link.on_channel_connected(now))),
                12 | 13 => drop(rig.hear(lines[rng.below(12) as usize])),
                _ => drop(rig.hear_beside(lines[rng.below(12) as usize])),
            }
            if rig.link.phase() == Phase::Down {
                assert_eq!(rig.out, b"", "seed {seed}");
                assert!(!rig.link.has_channel() && !rig.link.is_releasing());
            }
            online += u32::from(rig.link.phase() == Phase::Online);
        }
    }
    assert!(online > 1000, "{online}");
}
