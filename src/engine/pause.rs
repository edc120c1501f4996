//! CLIENT PAUSE: requests that wait until it is over.

use super::client::ClientId;
use super::commandlog::request_bytes;
use super::{Action, Engine};
use crate::command::spec::Flags;
use crate::command::spec::{MAY_REPLICATE, WRITE};
use std::collections::VecDeque;

/// Which requests wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paused {
    /// Those that may change what replicas have.
    Writes,
    /// All.
    All,
}

/// A pause, and who waits for its end.
#[derive(Debug, Default)]
pub struct Pause {
    /// What waits, and until when in unix milliseconds.
    now: Option<(Paused, i64)>,
    waiting: VecDeque<ClientId>,
}

impl Pause {
    /// Number of clients that wait.
    pub fn clients(&self) -> usize {
        self.waiting.len()
    }

    /// When it ends, in unix milliseconds.
    pub fn until_ms(&self) -> Option<i64> {
        self.now.map(|(_, until_ms)| until_ms)
    }

    /// Whether it concerns a request with these properties.
    #[inline]
    fn holds(&self, flags: Flags) -> bool {
        match self.now {
            None => false,
            Some((Paused::All, _)) => true,
            Some((Paused::Writes, _)) => flags.contains(WRITE) || flags.contains(MAY_REPLICATE),
        }
    }

    /// Forgets a client that waits.
    pub fn forget(&mut self, id: ClientId) {
        self.waiting.retain(|waiting| *waiting != id);
    }
}

impl Engine {
    /// Begins a pause, or changes the one there is.
    pub(super) fn pause(&mut self, what: Paused, until_ms: i64) {
        let is_less = self.pause.now.is_some_and(|(before, _)| before > what);
        self.pause.now = Some((what, until_ms));
        self.keyspace.keep_expired(true);
        self.actions.push_back(Action::Deadline);
        if is_less {
            self.run_paused();
        }
    }

    /// Whether there is a pause.
    pub(super) fn is_paused(&self) -> bool {
        self.pause.now.is_some()
    }

    /// Keeps a request until a pause is over, or a transaction that waits in the middle; false if none concerns it.
    #[inline]
    pub(super) fn postpone(&mut self, id: ClientId, flags: Flags, args: &[&[u8]]) -> bool {
        if !self.pause.holds(flags) && !self.is_suspended() {
            return false;
        }
        let Some(client) = self.clients.get_mut(id) else { return false };
        client.postponed = Some(args.iter().map(|arg| arg.to_vec()).collect());
        self.pause.waiting.push_back(id);
        true
    }

    /// Ends a pause whose time is over.
    pub(super) fn end_pause_in_time(&mut self) {
        if self.pause.until_ms().is_some_and(|until_ms| until_ms <= self.now.unix_ms) {
            self.end_pause();
        }
    }

    /// Ends a pause.
    pub(super) fn end_pause(&mut self) {
        self.pause.now = None;
        self.keyspace.keep_expired(false);
        self.run_paused();
        self.apply_stream();
    }

    /// Runs what waited, as far as it still has not to.
    pub(super) fn run_paused(&mut self) {
        for id in std::mem::take(&mut self.pause.waiting) {
            let Some(client) = self.clients.get_mut(id) else { continue };
            let Some(args) = client.postponed.take() else { continue };
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            // For the time that it runs it is among the requests that have come.
            let bytes = request_bytes(&args);
            client.input_bytes += bytes;
            self.execute(id, &args);
            if let Some(client) = self.clients.get_mut(id) {
                client.input_bytes = client.input_bytes.saturating_sub(bytes);
            }
            self.actions.push_back(Action::Wake(id));
        }
    }
}
