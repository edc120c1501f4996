//! Calls commands.

use super::error::Error;
use super::table::{self, Command};
use crate::base::rng::Rng;
use crate::keyspace::{Change, Origin, Place, Typed, Unit};
use crate::resp::encode::Reply;

/// What a command was and what it left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran.
    Done,
    /// It replied with an error.
    Failed,
    /// There is no such command.
    Unknown,
    /// It needs a server.
    NeedsServer,
}

/// What others run to come to the same data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Propagation {
    /// The command as it was given, if it changed anything.
    #[default]
    Verbatim,
    /// These commands instead.
    Instead(Vec<Vec<Vec<u8>>>),
}

/// What a client can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// Elements of a list.
    List,
    /// Members of a sorted set.
    Zset,
    /// Entries of a stream.
    Stream,
    /// New entries of a stream for a group, which is an error once the stream or the group is gone.
    Group,
}

/// What a command would wait for, where it may: its reply is the one that its client gets when the time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What kind of value.
    pub wait_for: WaitFor,
    /// Keys, any of which will do.
    pub keys: Vec<Vec<u8>>,
    /// Milliseconds; for ever if 0.
    pub timeout_ms: i64,
    /// What is run once a key is ready, if not the command as it was given.
    pub instead: Option<Vec<Vec<u8>>>,
}

/// What a handler works with.
#[derive(Debug)]
pub struct Ctx<'u, 'k> {
    /// The data.
    pub unit: &'u mut Unit<'k>,
    /// Where the reply goes.
    pub reply: &'u mut Reply,
    /// Where chance comes from.
    pub rng: &'u mut Rng,
    propagation: Propagation,
    /// Whether anybody hears what others are to run.
    is_heard: bool,
    /// What others run first, whatever becomes of the command.
    before: Vec<Vec<Vec<u8>>>,
    wait: Option<Wait>,
}

impl<'u, 'k> Ctx<'u, 'k> {
    /// Prepares for one command.
    pub fn new(unit: &'u mut Unit<'k>, reply: &'u mut Reply, rng: &'u mut Rng) -> Ctx<'u, 'k> {
        let propagation = Propagation::Verbatim;
        Ctx { unit, reply, rng, propagation, is_heard: true, before: Vec::new(), wait: None }
    }

    /// Changes what a key holds; see [`Unit::update`].
    pub fn update<R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut Place<'_>) -> Result<(R, Change), Error>,
    ) -> Result<R, Error> {
        self.unit.update(key, change)
    }

    /// The first of several keys that is there. A key of another type before it is an error.
    pub fn first_there<'a, T: Typed>(
        &mut self,
        keys: &[&'a [u8]],
    ) -> Result<Option<&'a [u8]>, Error> {
        for key in keys {
            if self.unit.read::<T>(key)?.is_some() {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Unix milliseconds; the same for the whole command.
    pub fn now_ms(&self) -> i64 {
        self.unit.now_ms()
    }

    /// Whether a command is replayed from a file or a primary.
    pub fn is_replayed(&self) -> bool {
        !self.unit.origin().is_client()
    }

    /// Lets others run another command instead of this one. Called again, it adds one.
    pub fn propagate(&mut self, args: &[&[u8]]) {
        match self.is_heard() {
            true => self.propagate_owned(args.iter().map(|arg| arg.to_vec()).collect()),
            false => self.propagate_nothing(),
        }
    }

    /// As [`Ctx::propagate`].
    pub fn propagate_owned(&mut self, args: Vec<Vec<u8>>) {
        if !self.is_heard() {
            return self.propagate_nothing();
        }
        match &mut self.propagation {
            Propagation::Instead(commands) => commands.push(args),
            Propagation::Verbatim => self.propagation = Propagation::Instead(vec![args]),
        }
    }

    /// Whether anybody hears what others are to run.
    #[inline]
    pub fn is_heard(&self) -> bool {
        self.is_heard && self.unit.origin() != Origin::Load
    }

    /// Says whether anybody hears what others are to run; unless told otherwise, somebody does.
    pub fn set_heard(&mut self, is_heard: bool) {
        self.is_heard = is_heard;
    }

    /// Lets others run a command before this one, or before what stands for it.
    pub fn propagate_before(&mut self, args: &[&[u8]]) {
        if self.is_heard() {
            self.before.push(args.iter().map(|arg| arg.to_vec()).collect());
        }
    }

    /// Takes what others run before the command.
    pub fn take_before(&mut self) -> Vec<Vec<Vec<u8>>> {
        std::mem::take(&mut self.before)
    }

    /// Says that there was nothing at these keys, for which a client would wait.
    pub fn wait(&mut self, wait_for: WaitFor, keys: &[&[u8]], timeout_ms: i64) {
        if self.unit.origin().is_client() {
            let keys = keys.iter().map(|key| key.to_vec()).collect();
            self.wait = Some(Wait { wait_for, keys, timeout_ms, instead: None });
        }
    }

    /// Says what is run instead of the command once a key is ready.
    pub fn wait_with(&mut self, args: Vec<Vec<u8>>) {
        if let Some(wait) = &mut self.wait {
            wait.instead = Some(args);
        }
    }

    /// Takes what the command would wait for.
    pub fn take_wait(&mut self) -> Option<Wait> {
        self.wait.take()
    }

    /// Lets others run nothing, whatever was changed.
    pub fn propagate_nothing(&mut self) {
        if self.propagation == Propagation::Verbatim {
            self.propagation = Propagation::Instead(Vec::new());
        }
    }

    /// Takes what others run, and forgets it.
    pub fn take_propagation(&mut self) -> Propagation {
        std::mem::take(&mut self.propagation)
    }

    /// Checks and runs a command. An error becomes the reply.
    pub fn call(&mut self, args: &[&[u8]]) -> Outcome {
        let Some(command) = args.first().and_then(|name| table::find(name)) else {
            self.reply.error(Error::unknown(args).to_string().as_bytes());
            return Outcome::Unknown;
        };
        self.call_found(command, args)
    }

    /// As [`Ctx::call`], for a command that was looked up.
    pub fn call_found(&mut self, command: &Command, args: &[&[u8]]) -> Outcome {
        if !command.spec.takes(args.len()) {
            self.reply.error(Error::arity(command.spec.name).to_string().as_bytes());
            return Outcome::Failed;
        }
        let Some(run) = command.run else {
            self.reply.error(format!("ERR '{}' needs a server", command.spec.name).as_bytes());
            return Outcome::NeedsServer;
        };
        let start = self.reply.len();
        match run(self, args) {
            Ok(()) => Outcome::Done,
            Err(error) => {
                self.reply.truncate(start);
                self.reply.error(error.to_string().as_bytes());
                Outcome::Failed
            }
        }
    }
}
