//! What a primary does about its replicas as time goes by: it pings them, drops those that are silent or too far behind, and
//! knows which have what.

use super::super::client::ClientId;
use super::super::config::Config;
use super::super::config::kinds;
use super::super::{Engine, Level};
use super::{Replication, mono_ms};
use crate::base::rng::Rng;
use crate::command::Error;
use crate::repl::offset::Offset;
use crate::repl::primary::OutputLimit;

impl Engine {
    /// Sees to replicas ten times a second.
    pub(in crate::engine) fn replication_tick(&mut self) {
        let now_ms = mono_ms(self.now);
        if let Some(backlog) = &mut self.replication.backlog {
            backlog.resize(self.config.repl_backlog_size);
        }
        self.log_tick();
        self.upstream_tick();
        self.advance_failover();
        self.advance_leaving();
        self.begin_due_transfer();
        self.check_ack_waits();
        self.expire_volatile();
        if now_ms.saturating_sub(self.replication.second_ms) < 1000 {
            return self.replication.end_backlog(now_ms, &mut self.rng, &self.config);
        }
        self.replication.second_ms = now_ms;
        self.replication.give_up_expected(now_ms);
        self.ping_replicas();
        self.log_place();
        self.drop_bad_replicas(now_ms);
        self.remove_sync_file();
    }

    fn drop_bad_replicas(&mut self, now_ms: u64) {
        let timeout_ms = self.config.repl_timeout.unsigned_abs().saturating_mul(1000);
        let limit = &self.config.client_output_buffer_limit[kinds::OutputLimit::REPLICA];
        let limit = OutputLimit {
            hard_bytes: limit.hard_bytes,
            soft_bytes: limit.soft_bytes,
            soft_s: limit.soft_seconds.unsigned_abs(),
        };
        let end = self.replication.history.offset();
        let backlog_bytes = self.config.repl_backlog_size;
        // What lies on disk takes no memory.
        let in_memory = self.replication.backlog.as_ref().map(|backlog| backlog.range().start);
        let in_memory = in_memory.unwrap_or(end);
        let (mut lines, mut bad) = (Vec::new(), Vec::new());
        for (id, replica) in &mut self.replication.replicas {
            // Who has taken all that there was does not stand in the way, as slow as the others may be.
            if self.clients.get(*id).is_some_and(|client| client.unsent_bytes == 0) {
                replica.snapshot_moved(now_ms);
            }
            if let Some(why) = replica.is_timed_out(timeout_ms, now_ms) {
                bad.push((*id, Some(why)));
                continue;
            }
            let waiting = replica.needs_from().map_or(0, |from| end.since(from.max(in_memory)));
            if replica.exceeds(waiting, limit, backlog_bytes, now_ms) {
                bad.push((*id, None));
            } else if replica.wants_newline() {
                lines.push(*id);
            }
        }
        lines.into_iter().for_each(|id| self.put_out(id, b"\n"));
        for (id, why) in bad {
            let name = self.replica_name(id);
            let text = match why {
                Some(why) => format!("{why}: {name}"),
                None => format!(
                    "Client {} scheduled to be closed ASAP for overcoming of output buffer limits.",
                    self.client_line(id)
                ),
            };
            self.stats.output_limit_disconnections += u64::from(why.is_none());
            self.log(Level::Warning, text);
            self.abort(id);
        }
    }

    /// Why writes are refused for lack of replicas.
    pub(in crate::engine) fn check_good_replicas(&self) -> Result<(), Error> {
        let least = self.config.min_replicas_to_write;
        if least <= 0 || self.config.min_replicas_max_lag <= 0 || self.replication.is_replica() {
            return Ok(());
        }
        match (self.good_replicas() as i64) < least {
            true => Err(Error::text("NOREPLICAS Not enough good replicas to write.")),
            false => Ok(()),
        }
    }

    pub(super) fn good_replicas(&self) -> usize {
        let now_ms = mono_ms(self.now);
        let lag_s = self.config.min_replicas_max_lag.unsigned_abs();
        let replicas = self.replication.replicas.values();
        replicas.filter(|replica| replica.is_good(lag_s, now_ms)).count()
    }

    /// Number of replicas that lack something of what has changed.
    pub(in crate::engine) fn lagging_replicas(&self) -> usize {
        let end = self.replication.history.offset();
        let replicas = self.replication.replicas.values();
        replicas.filter(|replica| replica.streams() && replica.acked() < end).count()
    }

    /// Asks replicas what they have.
    pub(in crate::engine) fn ask_replicas(&mut self) {
        self.replication.asks = true;
    }

    /// Tells the log which replicas will lack something when the server ends.
    pub(in crate::engine) fn tell_lagging(&mut self) {
        let (now_ms, end) = (mono_ms(self.now), self.replication.history.offset());
        let online = self.replication.replicas.iter().filter(|(_, replica)| replica.streams());
        let online: Vec<(ClientId, Offset, i64, &str)> =
            online.map(|(id, r)| (*id, r.acked(), r.lag_s(now_ms), r.state().name())).collect();
        if online.is_empty() {
            return;
        }
        let lagging: Vec<_> = online.iter().filter(|(_, acked, ..)| *acked < end).collect();
        let in_sync = online.len() - lagging.len();
        let text =
            format!("{in_sync} of {} replicas are in sync when shutting down.", online.len());
        let level = if lagging.is_empty() { Level::Notice } else { Level::Warning };
        let lines: Vec<String> = lagging
            .iter()
            .map(|(id, acked, lag_s, state)| {
                let (name, behind) = (self.replica_name(*id), end.since(*acked));
                format!("Lagging replica {name} reported offset {behind} behind master, lag={lag_s}, state={state}.")
            })
            .collect();
        for line in lines {
            self.log(Level::Warning, line);
        }
        self.log(level, text);
    }
}

impl Replication {
    /// Frees the backlog of a primary that has had no replica for long.
    fn end_backlog(&mut self, now_ms: u64, rng: &mut Rng, config: &Config) {
        let ttl_ms = config.repl_backlog_ttl.unsigned_abs().saturating_mul(1000);
        let is_alone = self.replicas.is_empty() && self.upstream.is_none();
        if is_alone
            && ttl_ms > 0
            && now_ms.saturating_sub(self.alone_since_ms) > ttl_ms
            && self.backlog.take().is_some()
        {
            self.log.end();
            self.history.start_anew(rng);
        }
    }
}
