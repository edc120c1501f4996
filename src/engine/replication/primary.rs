//! This server as a primary: replicas that come, and the snapshots they get.

use super::super::client::{Client, ClientId};
use super::super::dispatch::Call;
use super::super::{Action, Engine, Level, Now};
use super::mono_ms;
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::repl::announce::{Announced, Heard};
use crate::repl::offset::Offset;
use crate::repl::primary::{Replica, State, continue_line};

type Done = Result<(), Error>;

fn announced(client: &Client) -> Announced {
    client.announced.as_deref().cloned().unwrap_or_default()
}

fn ip_of(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(ip, _)| ip)
}

pub(super) fn replconf(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    let heard = match engine.replication.replicas.get_mut(&call.id) {
        Some(replica) => replica.announced.hear(call.args.get(1..).unwrap_or_default()),
        None => {
            client.announced.get_or_insert_default().hear(call.args.get(1..).unwrap_or_default())
        }
    };
    match heard {
        Heard::Ok => call.reply.ok(),
        Heard::Error(text) => return Err(Error::text(String::from_utf8_lossy(&text).into_owned())),
        Heard::Ack { applied, synced } => engine.replica_has(call.id, applied, synced),
        Heard::GetAck => engine.tell_primary(call.id),
        Heard::Nothing => {}
    }
    Ok(())
}

/// PSYNC and SYNC.
pub(super) fn psync(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let is_old = call.command.spec.name == "sync";
    let monitors = engine.pubsub.monitors.contains(&call.id);
    if engine.replication.has_replica(call.id) || monitors {
        return Ok(());
    }
    if let [_, id, _, word] = call.args
        && word.eq_ignore_ascii_case(b"failover")
    {
        engine.promote_for_failover(id)?;
    }
    if engine.replication.upstream.as_ref().is_some_and(|upstream| !upstream.is_online()) {
        return Err(Error::text("NOMASTERLINK Can't SYNC while not connected with my master"));
    }
    if engine.is_failing_over() {
        return Err(Error::text("NOMASTERLINK Can't SYNC while failing over"));
    }
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    if !call.reply.is_empty() || !client.out.is_empty() {
        return Err(Error::text("ERR SYNC and PSYNC are invalid with pending output"));
    }
    let announced = announced(client);
    if announced.needs.is_filtered() && !announced.capa_eof {
        return Err(Error::text("ERR Filtered replica requires EOF capability"));
    }
    let name = announced.name(ip_of(&client.peer.address));
    engine.log(Level::Notice, format!("Replica {name} asks for synchronization"));
    if !is_old {
        let Some(byte) = parse_canonical_i64(call.args[2]) else {
            let text = format!("Replica {name} asks for synchronization but with a wrong offset");
            engine.log(Level::Warning, text);
            return Err(Error::NotInteger);
        };
        if engine.continue_replica(call, &announced, call.args[1], byte, &name)
            || engine.offer_channel(call, &announced, &name)
        {
            engine.send_in_bulk(call.id);
            return Ok(());
        }
    }
    engine.add_waiting_replica(call.id, announced, is_old);
    engine.send_in_bulk(call.id);
    Ok(())
}

impl Engine {
    /// Lets few bytes for a replica wait for more, if the configuration would rather have fewer packets than news at once.
    fn send_in_bulk(&mut self, id: ClientId) {
        if self.config.repl_disable_tcp_nodelay {
            self.actions.push_back(Action::SendInBulk(id));
        }
    }

    /// Lets a replica go on where it is, if that can be.
    fn continue_replica(
        &mut self,
        call: &mut Call<'_>,
        announced: &Announced,
        id: &[u8],
        byte: i64,
        name: &str,
    ) -> bool {
        let now_ms = mono_ms(self.now);
        let repl = &mut self.replication;
        let kept = repl.kept();
        match repl.history.may_continue(id, byte, kept) {
            Ok(from) => {
                call.reply.raw(&continue_line(announced, repl.history.replid()));
                let replica = Replica::continuing(announced.clone(), from, now_ms);
                repl.replicas.insert(call.id, replica);
                if let Some(channel) = announced.rdb_client {
                    repl.expected.remove(&channel);
                }
                self.clients.mark_replica(call.id);
                repl.counts.partial_ok += 1;
                repl.has_news = true;
                let bytes = repl.history.offset().since(from);
                let text = format!(
                    "Partial resynchronization request from {name} accepted. Sending {bytes} bytes of backlog starting from offset {byte}."
                );
                self.log(Level::Notice, text);
                true
            }
            Err(refusal) => {
                if refusal != crate::repl::offset::Refusal::Asked {
                    repl.counts.partial_err += 1;
                }
                let line = refusal.line(&repl.history, id, byte, name);
                let warning = refusal.warning(name);
                self.log(Level::Notice, line);
                if let Some(warning) = warning {
                    self.log(Level::Warning, warning);
                }
                false
            }
        }
    }

    /// Lets a replica take its snapshot over a connection of its own, if both sides want that.
    fn offer_channel(&mut self, call: &mut Call<'_>, announced: &Announced, name: &str) -> bool {
        let is_channel = announced.is_rdb_only || announced.is_rdb_channel;
        if is_channel || !self.config.repl_diskless_sync || announced.needs.is_filtered() {
            return false;
        }
        let line = if announced.capa_dual_channel && self.config.dual_channel_replication_enabled {
            "+DUALCHANNELSYNC\r\n".to_owned()
        } else if announced.capa_rdb_channel && self.config.repl_rdb_channel {
            let mut replica = Replica::waiting(announced.clone(), false, mono_ms(self.now));
            replica.wait_for_channel();
            self.replication.replicas.insert(call.id, replica);
            self.clients.mark_replica(call.id);
            format!("+RDBCHANNELSYNC {}\r\n", call.id.number)
        } else {
            return false;
        };
        call.reply.raw(line.as_bytes());
        let text = format!(
            "Replica {name} is capable of rdb channel synchronization, and partial sync isn't possible. Full sync will continue with dedicated rdb channel."
        );
        self.log(Level::Notice, text);
        true
    }

    /// Gives the stream another name, so that nobody can continue it.
    pub(in crate::engine) fn change_repl_id(&mut self) {
        self.replication.history.start_anew(&mut self.rng);
    }

    /// Takes a replica that needs all of the data.
    fn add_waiting_replica(&mut self, id: ClientId, announced: Announced, is_old: bool) {
        let now_ms = mono_ms(self.now);
        let repl = &mut self.replication;
        repl.counts.full += 1;
        let mut replica = Replica::waiting(announced, is_old, now_ms);
        self.clients.mark_replica(id);
        if repl.backlog.is_none() {
            // Whoever knows an earlier place knows nothing of what changed while nobody listened.
            repl.history.start_anew(&mut self.rng);
            repl.begin_backlog(&self.config);
            let (replid, none) = (repl.history.replid(), repl.history.replid2());
            self.log(Level::Notice, format!("Replication backlog created, my new replication IDs are '{replid}' and '{none}'"));
        }
        let repl = &mut self.replication;
        if let Some((place, framing)) = repl.shared_transfer(&replica) {
            let head = replica.snapshot_begins(place, framing, now_ms);
            repl.replicas.insert(id, replica);
            self.put_out(id, &head);
            return self.log(Level::Notice, "Waiting for end of BGSAVE for SYNC");
        }
        let is_busy =
            repl.transfer.is_some() || self.persist.is_saving() || self.persist.is_rewriting();
        repl.replicas.insert(id, replica);
        if is_busy {
            self.log(
                Level::Notice,
                "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC",
            );
        } else if self.config.repl_diskless_sync && self.config.repl_diskless_sync_delay > 0 {
            self.log(Level::Notice, "Delay next BGSAVE for diskless SYNC");
        }
        self.begin_due_transfer();
    }

    /// Writes bytes to a client.
    pub(super) fn put_out(&mut self, id: ClientId, bytes: &[u8]) {
        if let Some(client) = self.clients.get_mut(id) {
            client.out.raw(bytes);
            self.actions.push_back(Action::Wake(id));
        }
    }

    /// A replica says what it has.
    fn replica_has(&mut self, id: ClientId, applied: Offset, synced: Option<Offset>) {
        let now_ms = mono_ms(self.now);
        let Some(replica) = self.replication.replicas.get_mut(&id) else { return };
        if replica.acknowledged(applied, synced, now_ms) {
            let name = self.replica_name(id);
            self.log(Level::Notice, format!("Synchronization with replica {name} succeeded"));
            self.replication.has_news = true;
        }
        self.check_ack_waits();
        self.advance_failover();
        self.advance_leaving();
    }

    /// Ends the connection of a replica that asked for something: what it was to be replied would be taken for the stream.
    #[cold]
    pub(in crate::engine) fn end_for_reply(&mut self, id: ClientId, reply: &[u8]) {
        let Some(client) = self.clients.get(id) else { return };
        let name = client.command.map_or("", |command| command.spec.name);
        let name = match client.subcommand {
            Some(subcommand) => format!("{name}|{subcommand}"),
            None => name.to_owned(),
        };
        if let Some(error) = reply.strip_prefix(b"-") {
            let error = String::from_utf8_lossy(error.trim_ascii_end()).into_owned();
            self.stats.unexpected_errors += 1;
            self.log(Level::Warning, format!("== CRITICAL == This master is sending an error to its replica: '{error}' after processing the command '{name}'"));
        }
        let reply = String::from_utf8_lossy(reply.trim_ascii_end()).into_owned();
        self.log(
            Level::Warning,
            format!("Replica generated a reply to command '{name}', disconnecting it: {reply}"),
        );
        self.abort(id);
    }

    /// A replica sent an empty line: it lives.
    pub fn replica_shows_life(&mut self, id: ClientId, now: Now) {
        if let Some(replica) = self.replication.replicas.get_mut(&id) {
            replica.showed_life(mono_ms(now));
        }
    }

    /// How the log names a replica.
    pub(super) fn replica_name(&self, id: ClientId) -> String {
        let Some(client) = self.clients.get(id) else { return String::new() };
        let replica = self.replication.replicas.get(&id);
        let announced = replica.map(|replica| &replica.announced);
        announced.map(|a| a.name(ip_of(&client.peer.address))).unwrap_or_default()
    }

    /// Forgets a replica whose connection is gone.
    pub(in crate::engine) fn forget_replica(&mut self, id: ClientId) {
        if self.replication.replicas.is_empty() || !self.replication.has_replica(id) {
            return;
        }
        let name = self.replica_name(id);
        let gone = self.replication.replicas.remove(&id);
        let is_whole = gone.as_ref().is_some_and(|gone| gone.state() == State::Transmitted);
        self.replication.channel_gone(id, is_whole, mono_ms(self.now));
        self.end_other_channel(id, gone.as_ref());
        self.stop_useless_transfer();
        self.replication.log.forget_reader(id);
        // What was kept for it alone.
        self.replication.trim();
        self.log(Level::Notice, format!("Connection with replica {name} lost."));
        if self.replication.replicas.is_empty() {
            self.replication.alone_since_ms = mono_ms(self.now);
        }
    }

    /// A replica that takes its snapshot over a connection of its own cannot go on with only one of both, unless it has it all.
    fn end_other_channel(&mut self, id: ClientId, gone: Option<&Replica>) {
        let Some(gone) = gone else { return };
        let number = |id: &ClientId| i64::try_from(id.number).ok();
        let is_whole = matches!(gone.state(), State::Transmitted | State::Online);
        let others = self.replication.replicas.iter().filter(|(other, replica)| {
            let is_main = number(other).is_some() && number(other) == gone.announced.main_client;
            is_main || replica.announced.main_client == number(&id)
        });
        let others: Vec<ClientId> = others.map(|(other, _)| *other).collect();
        if !is_whole {
            others.into_iter().for_each(|other| self.abort(other));
        }
    }

    /// Ends the connections to all replicas, so that they learn what has changed: at once, since what comes to the stream from
    /// now on is of another history than the one they know.
    pub(super) fn drop_replicas(&mut self) {
        let ids: Vec<ClientId> = self.replication.replicas.keys().copied().collect();
        ids.into_iter().for_each(|id| self.abort(id));
    }
}
