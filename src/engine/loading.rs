//! Loading: the time until the data are there, which other threads read.

use super::{Engine, Level, Now};
use crate::command::Error;
use crate::feed::Control;
use crate::keyspace::{Keyspace, Loaded, Origin};
use crate::repl::backlog::Backlog;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is loaded at the moment.
#[derive(Debug)]
pub struct Loading {
    /// When it began.
    pub since: Now,
    /// How far it is, and how it is stopped.
    pub control: Arc<Control>,
    /// Whether the old data are served meanwhile.
    pub is_async: bool,
}

impl Loading {
    /// Bytes passed so far.
    pub fn passed_bytes(&self) -> u64 {
        self.control.passed_bytes.load(Ordering::Relaxed)
    }

    /// Bytes there are in all, 0 if that is not known.
    pub fn total_bytes(&self) -> u64 {
        self.control.total_bytes.load(Ordering::Relaxed)
    }
}

/// What the last RDB file that was loaded gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastLoad {
    /// Keys loaded.
    pub keys: u64,
    /// Keys left out because their time had passed.
    pub expired: u64,
}

impl From<&Loaded> for LastLoad {
    fn from(loaded: &Loaded) -> LastLoad {
        LastLoad { keys: loaded.keys, expired: loaded.dropped }
    }
}

const LOADING: &str = "LOADING Redis is loading the dataset in memory";

impl Engine {
    /// Notes that data are loaded elsewhere. Until [`Engine::end_loading`] clients wait for them, or are served the old ones if
    /// `is_async` says so.
    pub fn begin_loading(&mut self, control: Arc<Control>, is_async: bool, now: Now) {
        self.set_now(now);
        control.key_delay_us.store(self.config.key_load_delay, Ordering::Relaxed);
        self.loading = Some(Loading { since: now, control, is_async });
    }

    /// Takes data that were loaded, what the file told of itself, and the last bytes of the stream that it holds, if any.
    pub fn end_loading(
        &mut self,
        keyspace: Keyspace,
        last_load: LastLoad,
        aux: &[(Vec<u8>, Vec<u8>)],
        tail: Option<Backlog>,
        now: Now,
    ) {
        self.set_now(now);
        self.replace_data(keyspace, last_load);
        self.restore_stream(aux, tail);
        self.log(Level::Notice, "Ready to accept connections");
    }

    /// Lets replicas know of keys that were not loaded because their time had passed.
    pub fn tell_dropped(&mut self, keys: &[(usize, Vec<u8>)]) {
        for (db, key) in keys {
            self.tell_replicas(*db, &[b"DEL", key]);
        }
    }

    /// Puts data in the place of the old ones.
    pub(super) fn replace_data(&mut self, keyspace: Keyspace, last_load: LastLoad) {
        let mut old = std::mem::replace(&mut self.keyspace, keyspace);
        *self.keyspace.lookups_mut() = old.lookups();
        // They may have been set meanwhile.
        self.keyspace.limits_mut().clone_from(&old.settings().limits);
        *self.keyspace.uses_mut() = old.settings().uses;
        self.keyspace.keep_expired(self.is_paused());
        self.last_load = last_load;
        self.loading = None;
        self.persist.dirty = 0;
        // They may be many: freeing them here would let clients wait.
        let mut unit = old.unit(Origin::Load, self.now.unix_ms);
        unit.flush(true);
        drop(unit.commit());
        if let Some(trash) = old.take_trash() {
            self.free(trash, None);
        }
    }

    /// Whether the server cannot show its data yet.
    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// What keeps a command from running while data are loaded: whether it may and whether it may not while the old data are
    /// served are among its flags.
    pub(super) fn check_loading(&self, allowed: bool, no_async: bool) -> Result<(), Error> {
        match &self.loading {
            Some(loading) if !allowed && (!loading.is_async || no_async) => {
                Err(Error::text(LOADING))
            }
            _ => Ok(()),
        }
    }
}
