//! The handlers at work, beside a replica of what they propagate.

use crate::common::client::{Reply, read_reply};
use crate::now_ms;
use rkv::base::rng::Rng;
use rkv::command::{Ctx, Outcome, Propagation, Replay, Replayed};
use rkv::keyspace::{Digest, Keyspace, Origin, Settings, Snapshot};
use rkv::rdb::Dialect;
use rkv::value::{Kind, Zset};

/// The handlers at work, and what a replica would make of what they propagate.
pub(crate) struct Ours {
    pub(crate) keyspace: Keyspace,
    replica: Keyspace,
    rng: Rng,
    resp3: bool,
    vendor: Dialect,
    /// Snapshots with the digests they had when they were taken.
    frozen: Vec<(Snapshot, Digest)>,
}

impl Ours {
    pub(crate) fn new(seed: u64, resp3: bool, vendor: Dialect) -> Ours {
        let (keyspace, replica) =
            (Keyspace::new(Settings::default()), Keyspace::new(Settings::default()));
        Ours { keyspace, replica, rng: Rng::new(seed), resp3, vendor, frozen: Vec::new() }
    }

    /// Runs a command by its handler, and on the replica what others run instead.
    pub(crate) fn run(&mut self, args: &[Vec<u8>]) -> Reply {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let now_ms = now_ms();
        let mut unit = self.keyspace.unit(Origin::Client, now_ms);
        let mut reply = rkv::resp::encode::Reply::new(self.resp3);
        let mut ctx = Ctx::new(&mut unit, &mut reply, &mut self.rng);
        let outcome = ctx.call(&args);
        let (before, propagation) = (ctx.take_before(), ctx.take_propagation());
        let effects = unit.commit();
        assert!(matches!(outcome, Outcome::Done | Outcome::Failed), "{outcome:?}");
        let mut replay = Replay::new(&mut self.replica, Origin::Primary);
        for (_, key) in effects.expired() {
            replay.command(&[b"DEL", key], now_ms);
        }
        let commands = match propagation {
            Propagation::Instead(commands) => commands,
            Propagation::Verbatim if effects.dirty > 0 => {
                vec![args.iter().map(|arg| arg.to_vec()).collect()]
            }
            Propagation::Verbatim => Vec::new(),
        };
        for command in before.iter().chain(&commands) {
            let command: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            let done = replay.command(&command, now_ms);
            assert_eq!(done, Replayed::Done, "{command:?} instead of {args:?}");
        }
        let mut bytes = reply.as_bytes();
        let parsed = read_reply(&mut bytes)
            .unwrap_or_else(|err| panic!("{err}: {}", reply.as_bytes().escape_ascii()));
        assert!(bytes.is_empty(), "more than one reply to {args:?}");
        parsed
    }

    /// Whether a command's outcome hangs on chance: a range of members of a large sorted set whose scores differ, or what SORT
    /// stores in an order that leaves much open.
    pub(crate) fn is_by_chance(&mut self, args: &[Vec<u8>]) -> bool {
        let has = |word: &[u8]| args.iter().any(|arg| arg == word);
        if args[0] == b"SORT" && has(b"STORE") && has(b"BY") && has(b"ALPHA") {
            return true;
        }
        let by_member = args[0].ends_with(b"LEX") || args[0] == b"ZLEXCOUNT";
        if !by_member && !has(b"BYLEX") {
            return false;
        }
        let key = if args[0] == b"ZRANGESTORE" { &args[2] } else { &args[1] };
        let unit = self.keyspace.unit(Origin::Client, now_ms());
        let by_chance = unit.peek_as::<Zset>(key).ok().flatten().is_some_and(|set| {
            let mut scores = set.iter().map(|(_, score)| score);
            let first = scores.next();
            !set.is_packed() && scores.any(|score| Some(score) != first)
        });
        let _nothing = unit.commit();
        by_chance
    }

    pub(crate) fn is_set(&mut self, key: &[u8]) -> bool {
        let unit = self.keyspace.unit(Origin::Client, now_ms());
        let is_set = unit.peek(key).is_some_and(|value| value.kind() == Kind::Set);
        let _nothing = unit.commit();
        is_set
    }

    /// The digest of all data, which a replica must have too.
    pub(crate) fn digest(&mut self) -> Result<String, String> {
        let snapshot = self.keyspace.snapshot();
        let digest = snapshot.digest(self.vendor);
        if self.replica.snapshot().digest(self.vendor) != digest {
            return Err("what is propagated gives other data".to_owned());
        }
        self.frozen.push((snapshot, digest));
        if self.frozen.len() > 8 {
            let (snapshot, digest) = self.frozen.remove(0);
            if snapshot.digest(self.vendor) != digest {
                return Err("a snapshot has changed".to_owned());
            }
        }
        Ok(digest.to_string())
    }
}
