//! REPLICAOF and ROLE.

use super::super::config::kinds::Primary;
use super::super::dispatch::Call;
use super::super::{Engine, Level};
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::repl::offset::ReplId;

type Done = Result<(), Error>;

pub(super) fn replicaof(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let (host, port) = (call.args[1], call.args[2]);
    if engine.is_failing_over() {
        return Err(Error::text("ERR REPLICAOF not allowed while failing over."));
    }
    let who = engine.client_line(call.id);
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        if engine.replication.is_replica() {
            engine.become_primary();
            let text = format!("MASTER MODE enabled (user request from '{who}')");
            engine.log(Level::Notice, text);
        }
        call.reply.ok();
        return Ok(());
    }
    if engine.replication.has_replica(call.id) {
        return Err(Error::text("ERR Command is not valid when client is a replica."));
    }
    let port = parse_canonical_i64(port).ok_or(Error::NotInteger)?;
    let port = u16::try_from(port).map_err(|_| Error::text("ERR Invalid master port"))?;
    if let Some(upstream) = &engine.replication.upstream
        && upstream.host.eq_ignore_ascii_case(host)
        && upstream.port == port
    {
        let text = "REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.";
        engine.log(Level::Notice, text);
        call.reply.simple("OK Already connected to specified master");
        return Ok(());
    }
    engine.become_replica(host, port);
    let host = String::from_utf8_lossy(host);
    let text = format!("REPLICAOF {host}:{port} enabled (user request from '{who}')");
    engine.log(Level::Notice, text);
    call.reply.ok();
    Ok(())
}

impl Engine {
    /// Follows a primary from now on, from where the data are now if that can be.
    pub(super) fn become_replica(&mut self, host: &[u8], port: u16) {
        self.config.replicaof = Some(Primary { host: host.to_vec(), port });
        self.show_log_form();
        let (place, db) = match self.end_upstream() {
            Some(upstream) => (upstream.place(), upstream.stream_db()),
            None => {
                self.log(Level::Notice, "Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.");
                let place = self.replication.history.place();
                (Some(place), self.replication.stream_db.unwrap_or(0))
            }
        };
        self.unblock_all("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)");
        self.follow(host, port, place, db);
        self.weigh();
        self.upstream_tick();
    }

    /// Follows nobody from now on. Whoever followed the same primary can go on with this server.
    pub(super) fn become_primary(&mut self) {
        if !self.replication.is_replica() {
            return;
        }
        self.config.replicaof = None;
        self.show_log_form();
        let Some(upstream) = self.end_upstream() else { return };
        let db = Some(upstream.stream_db());
        let repl = &mut self.replication;
        repl.history.promoted(&mut self.rng);
        let (old, offset) = (repl.history.replid2(), repl.history.second_offset());
        let new = repl.history.replid();
        repl.writer = crate::aof::writer::Writer::new();
        repl.stream_db = db;
        self.replication.alone_since_ms = super::mono_ms(self.now);
        self.log(Level::Notice, format!("Setting secondary replication ID to {old}, valid up to offset: {offset}. New replication ID is {new}"));
        self.drop_replicas();
        self.weigh();
    }

    /// The other side of FAILOVER: this replica is asked to become the primary.
    pub(super) fn promote_for_failover(&mut self, id: &[u8]) -> Done {
        if !self.replication.is_replica() {
            return Err(Error::text("ERR PSYNC FAILOVER can't be sent to a master."));
        }
        let own = self.replication.history.replid();
        if ReplId::parse(id) != Some(own) {
            return Err(Error::text("ERR PSYNC FAILOVER replid must match my replid."));
        }
        self.become_primary();
        self.log(Level::Notice, "MASTER MODE enabled (failover request from the old master)");
        Ok(())
    }
}

pub(super) fn role(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let reply = &mut *call.reply;
    let repl = &engine.replication;
    if let Some(upstream) = &repl.upstream {
        reply.array(5);
        reply.bulk(b"slave");
        reply.bulk(&upstream.host);
        reply.int(i64::from(upstream.port));
        reply.bulk(upstream.phase().name().as_bytes());
        reply.int(upstream.place().map_or(-1, |place| place.offset.get() as i64));
        return Ok(());
    }
    reply.array(3);
    reply.bulk(b"master");
    reply.count(repl.history.offset().get());
    let named: Vec<_> = repl
        .replicas
        .iter()
        .filter_map(|(id, replica)| Some((engine.clients.get(*id)?, replica)))
        .collect();
    reply.array(named.len());
    for (client, replica) in named {
        reply.array(3);
        reply.bulk(super::info::address_of(client, replica).as_bytes());
        reply.bulk(replica.announced.listening_port.to_string().as_bytes());
        reply.bulk(replica.acked().to_string().as_bytes());
    }
    Ok(())
}
