//! FAILOVER: a planned exchange of roles with a replica.
//!
//! Writes wait until the replica has everything; then this server follows it, and asks it to become the primary.

use super::super::client::ClientId;
use super::super::dispatch::Call;
use super::super::pause::Paused;
use super::super::{Engine, Level};
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::repl::replica::Phase;

type Done = Result<(), Error>;

/// Where the other server is.
type Target = (Vec<u8>, u16);

/// A change of roles that is under way.
#[derive(Debug)]
pub struct Failover {
    /// Who is to take over; none for whoever is ready first.
    target: Option<Target>,
    /// Whether it takes over even if it lacks something when the time is over.
    force: bool,
    /// When that is, in unix milliseconds.
    until_ms: Option<i64>,
    /// Whether the target was asked.
    is_asking: bool,
}

/// What was typed.
#[derive(Default)]
struct Words {
    target: Option<Target>,
    force: bool,
    abort: bool,
    timeout_ms: Option<i64>,
}

fn parse(args: &[&[u8]]) -> Result<Words, Error> {
    let mut words = Words::default();
    let mut rest = args;
    loop {
        rest = match rest {
            [] => return Ok(words),
            [word, more @ ..] if word.eq_ignore_ascii_case(b"abort") && !words.abort => {
                words.abort = true;
                more
            }
            [word, more @ ..] if word.eq_ignore_ascii_case(b"force") && !words.force => {
                words.force = true;
                more
            }
            [word, timeout, more @ ..]
                if word.eq_ignore_ascii_case(b"timeout") && words.timeout_ms.is_none() =>
            {
                let timeout_ms = parse_canonical_i64(timeout).ok_or(Error::NotInteger)?;
                if timeout_ms <= 0 {
                    return Err(Error::text("ERR FAILOVER timeout must be greater than 0"));
                }
                words.timeout_ms = Some(timeout_ms);
                more
            }
            [word, host, port, more @ ..]
                if word.eq_ignore_ascii_case(b"to") && words.target.is_none() =>
            {
                let port = parse_canonical_i64(port).ok_or(Error::NotInteger)?;
                let port = u16::try_from(port).map_err(|_| Error::Syntax)?;
                words.target = Some((host.to_vec(), port));
                more
            }
            _ => return Err(Error::Syntax),
        };
    }
}

pub(super) fn failover(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let words = parse(call.args.get(1..).unwrap_or_default())?;
    if words.abort {
        if call.args.len() > 2 {
            return Err(Error::Syntax);
        }
        if engine.replication.failover.is_none() {
            return Err(Error::text("ERR No failover in progress."));
        }
        engine.abort_failover("Failover manually aborted");
        call.reply.ok();
        return Ok(());
    }
    if engine.replication.failover.is_some() {
        return Err(Error::text("ERR FAILOVER already in progress."));
    }
    if engine.replication.is_replica() {
        return Err(Error::text("ERR FAILOVER is not valid when server is a replica."));
    }
    if engine.replication.replicas.is_empty() {
        return Err(Error::text("ERR FAILOVER requires connected replicas."));
    }
    if words.force && (words.timeout_ms.is_none() || words.target.is_none()) {
        return Err(Error::text(
            "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
        ));
    }
    if let Some(target) = &words.target {
        let id = engine.find_replica(target);
        let replica = id.and_then(|id| engine.replication.replicas.get(&id));
        let Some(replica) = replica else {
            return Err(Error::text("ERR FAILOVER target HOST and PORT is not a replica."));
        };
        if !replica.streams() {
            return Err(Error::text("ERR FAILOVER target replica is not online."));
        }
    }
    engine.log(Level::Notice, "FAILOVER requested.");
    let until_ms = words.timeout_ms.map(|ms| engine.now.unix_ms.saturating_add(ms));
    let Words { target, force, .. } = words;
    engine.replication.failover = Some(Failover { target, force, until_ms, is_asking: false });
    engine.pause(Paused::Writes, i64::MAX);
    engine.ask_replicas();
    call.reply.ok();
    Ok(())
}

impl Engine {
    /// Whether a planned change of roles is under way.
    pub(in crate::engine) fn is_failing_over(&self) -> bool {
        self.replication.failover.is_some()
    }

    /// How far a planned change of roles is, as INFO tells it.
    pub(super) fn failover_state(&self) -> &'static str {
        match &self.replication.failover {
            None => "no-failover",
            Some(failover) if failover.is_asking => "failover-in-progress",
            Some(_) => "waiting-for-sync",
        }
    }

    /// Where a replica can be reached.
    fn address_of_replica(&self, id: ClientId) -> Option<Target> {
        let replica = self.replication.replicas.get(&id)?;
        let client = self.clients.get(id)?;
        let port = u16::try_from(replica.announced.listening_port).ok()?;
        Some((super::info::address_of(client, replica).into_bytes(), port))
    }

    fn find_replica(&self, target: &Target) -> Option<ClientId> {
        let mut ids = self.replication.replicas.keys();
        ids.find(|id| self.address_of_replica(**id).as_ref() == Some(target)).copied()
    }

    /// Goes on with a planned change of roles.
    pub(super) fn advance_failover(&mut self) {
        let Some(failover) = &self.replication.failover else { return };
        if failover.is_asking {
            return;
        }
        let end = self.replication.history.offset();
        let is_ready = |id: &ClientId| {
            let replica = self.replication.replicas.get(id);
            replica.is_some_and(|replica| replica.streams() && replica.acked() == end)
        };
        let ready = match &failover.target {
            Some(target) => self.find_replica(target).filter(is_ready),
            None => self.replication.replicas.keys().find(|id| is_ready(id)).copied(),
        };
        let is_late = failover.until_ms.is_some_and(|until_ms| until_ms <= self.now.unix_ms);
        if let Some((host, port)) = ready.and_then(|id| self.address_of_replica(id)) {
            let name = String::from_utf8_lossy(&host).into_owned();
            let text = format!("Failover target is synced, failing over to {name}:{port}.");
            self.log(Level::Notice, text);
            self.ask_target(&host, port);
        } else if is_late && failover.force {
            let Some((host, port)) = failover.target.clone() else { return };
            let name = String::from_utf8_lossy(&host).into_owned();
            let text = format!("Failover to {name}:{port} time out exceeded, failing over.");
            self.log(Level::Notice, text);
            self.ask_target(&host, port);
        } else if is_late {
            self.abort_failover("Replica never caught up before timeout");
        }
    }

    /// Follows the target, and asks it to take over.
    fn ask_target(&mut self, host: &[u8], port: u16) {
        if let Some(failover) = &mut self.replication.failover {
            failover.is_asking = true;
        }
        self.become_replica(host, port);
        if let Some(upstream) = &mut self.replication.upstream {
            upstream.set_failover(true);
        }
    }

    /// What the target answered is known: it took over if the link goes on, or it did not.
    pub(super) fn failover_answered(&mut self, phase: Phase, has_failed: bool) {
        if self.replication.failover.as_ref().is_none_or(|failover| !failover.is_asking) {
            return;
        }
        if has_failed {
            return self.abort_failover("Failover target rejected psync request");
        }
        if matches!(phase, Phase::Sync | Phase::Online) {
            self.replication.failover = None;
            if let Some(upstream) = &mut self.replication.upstream {
                upstream.set_failover(false);
            }
            self.end_pause();
        }
    }

    fn abort_failover(&mut self, why: &str) {
        let Some(failover) = self.replication.failover.take() else { return };
        self.log(Level::Notice, format!("Aborting failover: {why}"));
        if failover.is_asking {
            self.become_primary();
        }
        self.end_pause();
    }
}
