//! This server as a primary: replicas that come, and the snapshots they get.

use super::super::client::{Client, ClientId};
use super::super::dispatch::Call;
use super::super::persist::{SaveJob, Why};
use super::super::{Action, Engine, Level, Now};
use super::{Replication, mono_ms};
use crate::aof::writer::Writer;
use crate::base::cow;
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::repl::announce::{Announced, Heard, Needs};
use crate::repl::handshake::MARK_BYTES;
use crate::repl::offset::{Offset, Place};
use crate::repl::primary::{
    Batch, Framing, OutputLimit, Replica, State, SyncPolicy, continue_line, due, end_offset_line,
    length_line, mark_line, new_mark,
};

type Done = Result<(), Error>;

/// A snapshot that is being written for replicas.
#[derive(Debug)]
pub struct Transfer {
    pub batch: Batch,
    /// Where the stream goes on behind it.
    pub place: Place,
    pub began: Now,
    /// Bytes that had been copied for snapshots when it began.
    pub copied_bytes: u64,
}

/// A snapshot that the driver writes for replicas.
#[derive(Debug)]
pub struct SnapshotFor {
    /// What is written.
    pub job: SaveJob,
    /// Who gets it while it is written; none if it goes to the RDB file, from which it is sent.
    pub streamed_to: Option<(Vec<ClientId>, [u8; MARK_BYTES])>,
}

/// What became of a snapshot for replicas.
#[derive(Debug)]
pub struct Transferred {
    /// Bytes of the file, or what went wrong.
    pub result: Result<u64, String>,
}

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
            return Ok(());
        }
    }
    engine.add_waiting_replica(call.id, announced, is_old);
    Ok(())
}

impl Engine {
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

    /// Lets the stream go to a replica whose snapshot was begun over another connection.
    fn begin_main_channel(&mut self, number: i64, place: Place) {
        let replicas = self.replication.replicas.iter_mut();
        let mut main = replicas.filter(|(id, _)| i64::try_from(id.number) == Ok(number));
        if let Some((_, replica)) = main.next() {
            replica.channel_begins(place);
            self.replication.has_news = true;
        }
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
        let shared = repl.transfer.as_ref().filter(|transfer| transfer.batch.may_share(&replica));
        if let Some(Transfer { batch, place, .. }) = shared {
            let head = replica.snapshot_begins(*place, batch.framing, now_ms);
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

    /// Begins a snapshot for those that have waited long enough.
    pub(super) fn begin_due_transfer(&mut self) {
        if self.replication.transfer.is_some()
            || self.persist.is_saving()
            || self.persist.is_rewriting()
            || self.is_loading()
        {
            return;
        }
        let policy = SyncPolicy {
            streams: self.config.repl_diskless_sync,
            delay_ms: self.config.repl_diskless_sync_delay.unsigned_abs().saturating_mul(1000),
            max_replicas: usize::try_from(self.config.repl_diskless_sync_max_replicas).unwrap_or(0),
        };
        let now_ms = mono_ms(self.now);
        if let Some(batch) = due(self.replication.replicas.values(), policy, now_ms) {
            self.begin_transfer(batch);
        }
    }

    fn begin_transfer(&mut self, batch: Batch) {
        let now_ms = mono_ms(self.now);
        self.log(
            Level::Notice,
            format!("Starting BGSAVE for SYNC with target: {}", batch.framing.target()),
        );
        let job = self.new_job(Why::Sync).with_aux(self.stream_aux()).for_replicas(batch.needs);
        let repl = &mut self.replication;
        let place = repl.history.place();
        // What comes behind the snapshot selects its database anew, unless the stream is somebody else's.
        if !repl.is_replica() {
            repl.writer = Writer::new();
        }
        let stream_db = repl.upstream.as_ref().map(|upstream| upstream.stream_db());
        let (mut heads, mut mains) = (Vec::new(), Vec::new());
        for (id, replica) in &mut repl.replicas {
            if batch.takes(replica) {
                let mut head = replica.snapshot_begins(place, batch.framing, now_ms);
                if replica.announced.is_rdb_channel && replica.is_old() {
                    head = end_offset_line(place, stream_db, id.number);
                }
                heads.push((*id, head));
                mains.extend(replica.announced.main_client);
            }
        }
        repl.transfer =
            Some(Transfer { batch, place, began: self.now, copied_bytes: cow::copied_bytes() });
        mains.into_iter().for_each(|number| self.begin_main_channel(number, place));
        let mark = new_mark(&mut self.rng);
        for (id, head) in &heads {
            self.put_out(*id, head);
            if batch.framing == Framing::Streamed {
                self.put_out(*id, &mark_line(&mark));
            }
        }
        let ids = heads.into_iter().map(|(id, _)| id).collect();
        let pid = self.identity.pid;
        let streamed_to = match batch.framing {
            Framing::Streamed => {
                self.log(Level::Notice, format!("Background RDB transfer started by pid {pid}"));
                Some((ids, mark))
            }
            Framing::Stored => {
                self.log(Level::Notice, format!("Background saving started by pid {pid}"));
                None
            }
        };
        self.actions.push_back(Action::SnapshotFor(Box::new(SnapshotFor { job, streamed_to })));
    }

    /// Writes bytes to a client.
    pub(super) fn put_out(&mut self, id: ClientId, bytes: &[u8]) {
        if let Some(client) = self.clients.get_mut(id) {
            client.out.raw(bytes);
            self.actions.push_back(Action::Wake(id));
        }
    }

    /// Learns what became of a snapshot for replicas.
    pub fn transferred(&mut self, done: Transferred, now: Now) {
        self.set_now(now);
        let Some(transfer) = self.replication.transfer.take() else { return };
        let framing = transfer.batch.framing;
        let waits = |replica: &Replica| replica.state() == State::WaitEnd(framing);
        let members = self.replication.replicas.iter();
        let ids: Vec<ClientId> =
            members.filter(|(_, replica)| waits(replica)).map(|(id, _)| *id).collect();
        let seconds = (now.mono_us.saturating_sub(transfer.began.mono_us)) / 1_000_000;
        match (done.result, framing) {
            (Ok(_), Framing::Streamed) => {
                self.log(Level::Notice, "Background RDB transfer terminated with success");
            }
            (Ok(bytes), Framing::Stored) => {
                self.persist.note_saved(seconds, now);
                self.log(Level::Notice, "DB saved on disk");
                self.log(Level::Notice, "Background saving terminated with success");
                for id in &ids {
                    if let Some(replica) = self.replication.replicas.get_mut(id) {
                        replica.snapshot_stored();
                    }
                    self.put_out(*id, &length_line(bytes));
                }
                self.actions.push_back(Action::SendFile(ids));
            }
            (Err(error), framing) => {
                let what = match framing {
                    Framing::Streamed => "Background transfer error",
                    Framing::Stored => "Background saving error",
                };
                self.log(Level::Warning, format!("{what}: {error}"));
                if framing == Framing::Stored {
                    self.log(Level::Warning, "SYNC failed. BGSAVE child returned an error");
                }
                ids.into_iter().for_each(|id| self.close(id));
            }
        }
        self.begin_due_transfer();
    }

    /// A replica took so many bytes of its snapshot.
    pub fn snapshot_moved(&mut self, id: ClientId, bytes: usize, now: Now) {
        self.stats.output_bytes += bytes as u64;
        self.stats.repl_output_bytes += bytes as u64;
        if let Some(replica) = self.replication.replicas.get_mut(&id) {
            replica.snapshot_moved(mono_ms(now));
        }
    }

    /// A snapshot was written to a replica as a whole.
    pub fn snapshot_sent(&mut self, id: ClientId, now: Now) {
        self.set_now(now);
        let Some(replica) = self.replication.replicas.get_mut(&id) else { return };
        let is_streamed = replica.state() == State::WaitEnd(Framing::Streamed);
        replica.snapshot_sent(mono_ms(now));
        let (is_over, streams) = (replica.is_over(), replica.streams());
        let name = self.replica_name(id);
        if is_streamed {
            self.log(Level::Notice, format!("Streamed replica with replica {name} via socket succeeded. Waiting for REPLCONF ACK from replica to enable streaming"));
        }
        if is_over {
            return self.close(id);
        }
        if streams {
            self.log(Level::Notice, format!("Synchronization with replica {name} succeeded"));
            self.replication.has_news = true;
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
        self.end_other_channel(id, gone.as_ref());
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
        self.ping_replicas();
        self.drop_bad_replicas(now_ms);
    }

    fn drop_bad_replicas(&mut self, now_ms: u64) {
        let timeout_ms = self.config.repl_timeout.unsigned_abs().saturating_mul(1000);
        let limit = &self.config.client_output_buffer_limit
            [super::super::config::kinds::OutputLimit::REPLICA];
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
    pub(in crate::engine) fn check_good_replicas(&self) -> Done {
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
}

impl Replication {
    /// Frees the backlog of a primary that has had no replica for long.
    fn end_backlog(
        &mut self,
        now_ms: u64,
        rng: &mut crate::base::rng::Rng,
        config: &super::super::config::Config,
    ) {
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

impl SaveJob {
    /// Leaves out what replicas do not need.
    fn for_replicas(mut self, needs: Needs) -> SaveJob {
        if needs.without_data {
            self.snapshot.drop_keys();
        }
        if needs.without_functions {
            self.snapshot.drop_functions();
        }
        self.options.compress &= !needs.uncompressed;
        self.options.checksum &= !needs.without_checksum;
        self
    }
}
