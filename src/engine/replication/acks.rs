//! WAIT and WAITAOF: clients that wait for replicas.

use super::super::client::ClientId;
use super::super::dispatch::Call;
use super::super::{Action, Engine};
use super::Replication;
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::repl::offset::Offset;
use crate::repl::primary::{count_applied, count_synced};

/// What a client waits for.
#[derive(Debug, Clone, Copy)]
pub struct AckWait {
    /// The place that replicas must have reached.
    offset: Offset,
    /// So many of them.
    replicas: usize,
    /// For WAITAOF, where replicas must have it on disk.
    local: Option<Local>,
    /// When it gives up, in unix milliseconds.
    pub until_ms: Option<i64>,
}

/// What WAITAOF wants of this server.
#[derive(Debug, Clone, Copy)]
struct Local {
    /// Whether it must have everything on disk that was written so far.
    is_needed: bool,
    /// The batch of the append-only file that must be on disk for that.
    batch: u64,
}

impl Replication {
    fn count(&self, wait: &AckWait) -> usize {
        match wait.local {
            None => count_applied(self.replicas.values(), wait.offset),
            Some(_) => count_synced(self.replicas.values(), wait.offset),
        }
    }
}

fn timeout(word: &[u8]) -> Result<i64, Error> {
    let timeout_ms = parse_canonical_i64(word)
        .ok_or_else(|| Error::text("ERR timeout is not an integer or out of range"))?;
    if timeout_ms < 0 {
        return Err(Error::text("ERR timeout is negative"));
    }
    Ok(timeout_ms)
}

pub(super) fn wait(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    if engine.replication.is_replica() {
        return Err(Error::text(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.",
        ));
    }
    let replicas = parse_canonical_i64(call.args[1]).ok_or(Error::NotInteger)?;
    let timeout_ms = timeout(call.args[2])?;
    let replicas = usize::try_from(replicas).unwrap_or(0);
    begin(engine, call, replicas, None, timeout_ms)
}

pub(super) fn waitaof(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let local = parse_canonical_i64(call.args[1]).ok_or(Error::NotInteger)?;
    if !(0..=1).contains(&local) {
        return Err(Error::text("ERR value is out of range, must be between 0 and 1"));
    }
    let replicas = parse_canonical_i64(call.args[2]).ok_or(Error::NotInteger)?;
    let replicas = usize::try_from(replicas)
        .map_err(|_| Error::text("ERR value is out of range, must be positive"))?;
    let timeout_ms = timeout(call.args[3])?;
    if engine.replication.is_replica() {
        return Err(Error::text(
            "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.",
        ));
    }
    if local == 1 && !engine.persist.is_logging() {
        return Err(Error::text(
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    let local = Local { is_needed: local == 1, batch: engine.persist.last_batch() };
    begin(engine, call, replicas, Some(local), timeout_ms)
}

fn begin(
    engine: &mut Engine,
    call: &mut Call<'_>,
    replicas: usize,
    local: Option<Local>,
    timeout_ms: i64,
) -> Result<(), Error> {
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    let until_ms = (timeout_ms > 0).then(|| engine.now.unix_ms.saturating_add(timeout_ms));
    let wait = AckWait { offset: client.wrote_at, replicas, local, until_ms };
    let is_in_exec = client.multi.is_some();
    if engine.is_fulfilled(&wait) || is_in_exec {
        let mut out = std::mem::take(call.reply);
        engine.reply_to_wait(&wait, &mut out);
        *call.reply = out;
        return Ok(());
    }
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    client.ack_wait = Some(wait);
    engine.replication.waiting.push(call.id);
    engine.replication.asks = true;
    if let Some(until_ms) = until_ms {
        engine.waiting.add_deadline(until_ms, call.id);
    }
    Ok(())
}

impl Engine {
    fn has_synced(&self, local: Local) -> bool {
        self.persist.is_logging() && self.persist.synced_batch() >= local.batch
    }

    fn is_fulfilled(&self, wait: &AckWait) -> bool {
        self.replication.count(wait) >= wait.replicas
            && wait.local.is_none_or(|local| !local.is_needed || self.has_synced(local))
    }

    fn reply_to_wait(&self, wait: &AckWait, out: &mut crate::resp::encode::Reply) {
        let count = self.replication.count(wait) as u64;
        if let Some(local) = wait.local {
            out.array(2);
            out.int(i64::from(self.has_synced(local)));
        }
        out.count(count);
    }

    /// Lets those go on that have waited long enough, or for what is there now.
    pub(in crate::engine) fn check_ack_waits(&mut self) {
        if self.replication.waiting.is_empty() {
            return;
        }
        for id in self.replication.waiting.clone() {
            let wait = self.clients.get(id).and_then(|client| client.ack_wait);
            match wait {
                Some(wait) if !self.is_fulfilled(&wait) => {}
                _ => {
                    self.end_ack_wait(id);
                }
            }
        }
    }

    /// Ends a client's wait for replicas with the count there is; false if it does not wait.
    pub(in crate::engine) fn end_ack_wait(&mut self, id: ClientId) -> bool {
        self.replication.waiting.retain(|waiter| *waiter != id);
        let Some(client) = self.clients.get_mut(id) else { return false };
        let Some(wait) = client.ack_wait.take() else { return false };
        let mut out = std::mem::take(&mut client.out);
        self.reply_to_wait(&wait, &mut out);
        if let Some(until_ms) = wait.until_ms {
            self.waiting.remove_deadline(until_ms, id);
        }
        if let Some(client) = self.clients.get_mut(id) {
            client.out = out;
        }
        self.actions.push_back(Action::Wake(id));
        true
    }
}
