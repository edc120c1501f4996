//! The second door: what a unit of work has done becomes visible outside here, and nowhere else.

use super::Engine;
use super::persist::Own;
use crate::command::Propagation;
use crate::keyspace::{Effects, Origin};

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
        let is_heard = self.is_heard();
        let mut expired = 0;
        for (db, key) in effects.expired() {
            expired += 1;
            if is_heard {
                self.propagate(db, &[b"DEL", key]);
            }
        }
        for (db, key) in effects.evicted() {
            self.stats.evicted_keys += 1;
            if is_heard {
                self.propagate(db, &[b"DEL", key]);
            }
        }
        self.stats.expired_keys += expired;
        self.persist.dirty += effects.dirty;
        if is_heard {
            for args in before {
                self.propagate_owned(db, &args);
            }
            match propagation {
                Propagation::Verbatim if effects.dirty > 0 => self.propagate(db, args),
                Propagation::Verbatim => {}
                Propagation::Instead(commands) => {
                    commands.iter().for_each(|args| self.propagate_owned(db, args));
                }
            }
        }
        self.notify(&effects);
        let now_ms = self.now.unix_ms;
        self.watched.touch(&mut self.clients, &self.keyspace, &effects, now_ms);
        self.waiting.note_ready(&effects);
        self.keyspace.reuse(effects);
    }

    /// Whether an append-only file or replicas hear of changes.
    #[inline]
    pub(super) fn is_heard(&self) -> bool {
        self.persist.is_logging() || self.replication.is_streaming()
    }

    /// Lets the append-only file and replicas have a command that changed the data of a database.
    pub(super) fn propagate(&mut self, db: usize, args: &[&[u8]]) {
        if let Some(transaction) = &mut self.transaction {
            return transaction.push((db, args.iter().map(|arg| arg.to_vec()).collect()));
        }
        // What a replica hears of its primary it passes on as it came.
        let is_streaming = self.replication.is_streaming();
        if self.persist.is_logging() {
            let repl = &self.replication;
            let own = is_streaming.then(|| Own {
                place: repl.place(),
                db: repl.selected_db(),
                selects: repl.selects(db),
            });
            let with_times = self.config.aof_timestamp_enabled;
            if self.persist.feed(db, args, with_times, self.now, own) && is_streaming {
                self.replication.forget_selected();
            }
        }
        if is_streaming {
            self.replication.feed(db, args);
        }
    }

    fn propagate_owned(&mut self, db: usize, args: &[Vec<u8>]) {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        self.propagate(db, &args);
    }

    /// Lets replicas have a command that changes no data.
    pub(super) fn tell_replicas(&mut self, db: usize, args: &[&[u8]]) {
        if self.replication.is_streaming() {
            if self.replication.selects(db) {
                // The file does not have this SELECT: there must be another one in both.
                self.persist.forget_db();
            }
            self.replication.feed(db, args);
        }
    }

    /// Lets replicas have a command in whatever database the stream has selected, for tests of what they make of it.
    pub(super) fn tell_replicas_as_selected(&mut self, args: &[&[u8]]) {
        let db = self.replication.selected_db();
        self.tell_replicas(db, args);
    }

    /// Keeps commands together from now on.
    pub(super) fn begin_transaction(&mut self) {
        self.transaction = Some(Vec::new());
    }

    /// Lets the commands that were kept together go on as one.
    pub(super) fn end_transaction(&mut self) {
        let commands = self.transaction.take().unwrap_or_default();
        let (Some((first, _)), Some((last, _))) = (commands.first(), commands.last()) else {
            return;
        };
        let several = commands.len() > 1;
        if several {
            self.propagate(*first, &[b"MULTI"]);
        }
        for (db, args) in &commands {
            self.propagate_owned(*db, args);
        }
        if several {
            // No other database is selected for it.
            self.propagate(*last, &[b"EXEC"]);
        }
    }

    /// For whom a client's commands count.
    pub(super) fn origin(&self, is_primary: bool) -> Origin {
        match (is_primary, self.replication.is_replica()) {
            (true, _) => Origin::Primary,
            (false, true) => Origin::Replica,
            (false, false) => Origin::Client,
        }
    }
}
