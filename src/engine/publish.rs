//! The second door: what a unit of work has done becomes visible outside here, and nowhere else.

use super::Engine;
use crate::command::Propagation;
use crate::keyspace::Effects;

/// A command as others run it.
type Argv = Vec<Vec<u8>>;

impl Engine {
    /// Tells all who must know of a command's effects.
    pub(super) fn publish(
        &mut self,
        db: usize,
        args: &[&[u8]],
        effects: Effects,
        propagation: Propagation,
        before: Vec<Argv>,
    ) {
        if effects.is_empty() && before.is_empty() && propagation == Propagation::Verbatim {
            return self.keyspace.reuse(effects);
        }
        let mut expired = 0;
        for (db, key) in effects.expired() {
            expired += 1;
            if self.persist.is_logging() {
                self.persist.feed(db, &[b"DEL", key], self.now);
            }
        }
        for (db, key) in effects.evicted() {
            self.stats.evicted_keys += 1;
            if self.persist.is_logging() {
                self.persist.feed(db, &[b"DEL", key], self.now);
            }
        }
        self.stats.expired_keys += expired;
        self.persist.dirty += effects.dirty;
        if self.persist.is_logging() {
            for args in before {
                self.feed_owned(db, &args);
            }
            match propagation {
                Propagation::Verbatim if effects.dirty > 0 => {
                    self.persist.feed(db, args, self.now);
                }
                Propagation::Verbatim => {}
                Propagation::Instead(commands) => {
                    commands.iter().for_each(|args| self.feed_owned(db, args));
                }
            }
        }
        self.notify(&effects);
        let now_ms = self.now.unix_ms;
        self.watched.touch(&mut self.clients, &self.keyspace, &effects, now_ms);
        self.waiting.note_ready(&effects);
        self.keyspace.reuse(effects);
    }

    fn feed_owned(&mut self, db: usize, args: &[Vec<u8>]) {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        self.persist.feed(db, &args, self.now);
    }
}
