//! Replays commands of an append-only file or of a primary's stream into a keyspace.

use super::call::{Ctx, Outcome};
use super::error::Error;
use super::families::function;
use super::parse::is;
use super::table::{self, Command};
use crate::base::num::parse_canonical_i64;
use crate::base::rng::Rng;
use crate::keyspace::{Keyspace, Origin};
use crate::resp::encode::Reply;

/// What became of a replayed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It ran, or waits for the end of its transaction.
    Done,
    /// It failed, which servers pass over: the text of its error.
    Failed(String),
    /// It changes no data that is kept here: PING, PUBLISH and the like.
    Ignored,
    /// There is no such command. Servers stop here.
    Unknown,
    /// It changes data in a way that only a server can: scripts, modules.
    NeedsServer,
}

/// Takes commands in their order.
#[derive(Debug)]
pub struct Replay<'k> {
    keyspace: &'k mut Keyspace,
    origin: Origin,
    db: usize,
    reply: Reply,
    rng: Rng,
    /// Commands since MULTI.
    transaction: Option<Vec<Vec<Vec<u8>>>>,
    /// Commands run.
    commands: u64,
}

impl<'k> Replay<'k> {
    /// Begins in database 0, outside of any transaction.
    pub fn new(keyspace: &'k mut Keyspace, origin: Origin) -> Replay<'k> {
        Replay {
            keyspace,
            origin,
            db: 0,
            reply: Reply::new(false),
            rng: Rng::new(0),
            transaction: None,
            commands: 0,
        }
    }

    /// Goes on as at the beginning of another file: in database 0, outside of any transaction. What was begun is dropped.
    pub fn next_file(&mut self) {
        self.db = 0;
        self.transaction = None;
    }

    /// The data so far.
    pub fn keyspace(&mut self) -> &mut Keyspace {
        self.keyspace
    }

    /// Commands run so far.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Whether a transaction is open.
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Where a key stands; see [`Keyspace::place`].
    pub fn place(&self, key: &[u8]) -> u64 {
        self.keyspace.place(key)
    }

    /// Tells of the places of keys that commands to come will use in the present database, so that reading them costs less
    /// waiting.
    pub fn warm(&self, places: impl Iterator<Item = u64>) {
        self.keyspace.warm(self.db, places);
    }

    /// Takes the next command, `args[0]` being its name. `now_ms` is the time at which it counts as run.
    pub fn command(&mut self, args: &[&[u8]], now_ms: i64) -> Replayed {
        match args.first().and_then(|name| table::find(name)) {
            Some(command) => self.found(command, args, now_ms),
            None => Replayed::Unknown,
        }
    }

    /// As [`Replay::command`], for a command that was looked up.
    pub fn found(&mut self, command: &Command, args: &[&[u8]], now_ms: i64) -> Replayed {
        let name = command.spec.name;
        if name == "exec" {
            let Some(commands) = self.transaction.take() else {
                return Replayed::Failed("ERR EXEC without MULTI".to_owned());
            };
            return self.run_all(&commands, now_ms);
        }
        if let Some(transaction) = &mut self.transaction {
            if name != "multi" {
                transaction.push(args.iter().map(|arg| arg.to_vec()).collect());
            }
            return Replayed::Done;
        }
        if name == "multi" {
            self.transaction = Some(Vec::new());
            return Replayed::Done;
        }
        self.run(command, args, now_ms)
    }

    /// Runs a transaction. The worst of what its commands came to is told.
    fn run_all(&mut self, commands: &[Vec<Vec<u8>>], now_ms: i64) -> Replayed {
        let mut worst = Replayed::Done;
        for args in commands {
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let Some(command) = args.first().and_then(|name| table::find(name)) else {
                return Replayed::Unknown;
            };
            match self.run(command, &args, now_ms) {
                Replayed::Done | Replayed::Ignored => {}
                other => worst = other,
            }
        }
        worst
    }

    fn run(&mut self, command: &Command, args: &[&[u8]], now_ms: i64) -> Replayed {
        self.commands += 1;
        if !command.spec.takes(args.len()) {
            return Replayed::Failed(Error::arity(command.spec.name).to_string());
        }
        match command.spec.name {
            "select" => self.select(args),
            "function" => self.function(args),
            _ if command.run.is_some() => self.call(command, args, now_ms),
            "eval" | "evalsha" | "fcall" => Replayed::NeedsServer,
            _ if command.spec.is_write() => Replayed::NeedsServer,
            _ => Replayed::Ignored,
        }
    }

    fn call(&mut self, command: &Command, args: &[&[u8]], now_ms: i64) -> Replayed {
        let mut unit = self.keyspace.unit(self.origin, now_ms);
        unit.select(self.db);
        self.reply.clear();
        let outcome = Ctx::new(&mut unit, &mut self.reply, &mut self.rng).call_found(command, args);
        match outcome {
            Outcome::Done => Replayed::Done,
            Outcome::Failed => {
                let text = self.reply.as_bytes().strip_prefix(b"-").unwrap_or_default();
                Replayed::Failed(String::from_utf8_lossy(text.trim_ascii_end()).into_owned())
            }
            Outcome::Unknown => Replayed::Unknown,
            Outcome::NeedsServer => Replayed::NeedsServer,
        }
    }

    /// Databases beyond those configured come into being, as a file may come from a server with more of them.
    fn select(&mut self, args: &[&[u8]]) -> Replayed {
        /// Highest number of databases that a file makes a keyspace grow to.
        const DATABASES_MAX: usize = 1 << 20;
        let db = args
            .get(1)
            .and_then(|text| parse_canonical_i64(text))
            .and_then(|n| usize::try_from(n).ok());
        let Some(db) = db.filter(|db| *db < DATABASES_MAX) else {
            return Replayed::Failed("ERR DB index is out of range".to_owned());
        };
        self.keyspace.grow_databases(db + 1);
        self.db = db;
        Replayed::Done
    }

    fn function(&mut self, args: &[&[u8]]) -> Replayed {
        match args.get(1) {
            Some(word)
                if is(word, "load")
                    || is(word, "delete")
                    || is(word, "flush")
                    || is(word, "restore") =>
            {
                match function::apply(self.keyspace.functions_mut(), &args[1..]) {
                    Ok(()) => Replayed::Done,
                    Err(error) => Replayed::Failed(error.to_string()),
                }
            }
            _ => Replayed::Ignored,
        }
    }
}
