//! Clients: what the server knows of each connection.

use super::block::Blocked;
use super::config::Config;
use super::config::kinds::OutputLimit;
use super::himport::Fieldsets;
use super::pubsub::Subscriptions;
use super::replication::AckWait;
use super::transaction::{Multi, Watches};
use super::{Action, Engine, Level, Now};
use crate::command::Command;
use crate::repl::announce::Announced;
use crate::repl::offset::Offset;
use crate::resp::encode::Reply;

/// Limit of output for who has not authenticated.
const STRANGER: OutputLimit = OutputLimit { hard_bytes: 17 << 10, soft_bytes: 0, soft_seconds: 0 };

/// Milliseconds after which a client that sends nothing gives memory back, and bytes that it keeps.
const IDLE_MS: i64 = 2000;
const IDLE_BYTES: usize = 1024;

/// When memory for replies is given back.
#[derive(Debug, Clone, Copy)]
pub struct Shrinking {
    /// After so many milliseconds without a request; `None` for never.
    pub after_ms: Option<i64>,
    /// Whether at all.
    pub is_on: bool,
}

impl Default for Shrinking {
    fn default() -> Shrinking {
        Shrinking { after_ms: Some(IDLE_MS), is_on: true }
    }
}

/// A client's place among the others, and its number, which is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId {
    /// Its number.
    pub number: u64,
    /// Its place, which others may have after it.
    pub place: usize,
}

/// Whom a connection is with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// The address of the other side, `ip:port` or the path of a unix socket with `:0`.
    pub address: String,
    /// The address of this side.
    pub local: String,
    /// Whether it came over a unix socket.
    pub is_unix: bool,
    /// Whether it came from this machine.
    pub is_local: bool,
}

/// Which replies a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyMode {
    /// All.
    #[default]
    On,
    /// None.
    Off,
    /// None for the next command.
    SkipNext,
}

/// A connection.
#[derive(Debug, Default)]
pub struct Client {
    pub(super) number: u64,
    pub(super) peer: Peer,
    pub(super) name: Vec<u8>,
    pub(super) lib_name: Vec<u8>,
    pub(super) lib_version: Vec<u8>,
    pub(super) db: usize,
    /// Replies and other bytes that the driver has not taken yet.
    pub(super) out: Reply,
    /// Whether it has authenticated itself, or need not.
    pub(super) is_known: bool,
    pub(super) no_evict: bool,
    pub(super) no_touch: bool,
    pub(super) reply_mode: ReplyMode,
    pub(super) multi: Option<Multi>,
    pub(super) watches: Watches,
    pub(super) blocked: Option<Blocked>,
    pub(super) subscriptions: Subscriptions,
    pub(super) fieldsets: Fieldsets,
    pub(super) created: Now,
    pub(super) used: Now,
    pub(super) command: Option<&'static Command>,
    /// The subcommand's name, if the last command has any.
    pub(super) subcommand: Option<&'static str>,
    pub(super) commands: u64,
    /// It waits for the end of a save.
    pub(super) waits_for_save: bool,
    /// What it waits for that replicas must have.
    pub(super) ack_wait: Option<AckWait>,
    /// The place in the stream behind its last write.
    pub(super) wrote_at: Offset,
    /// What it told of itself as a replica.
    pub(super) announced: Option<Box<Announced>>,
    /// It is a replica of this server.
    pub(super) is_replica: bool,
    /// It stands for the primary that is followed, and has no connection of its own.
    pub(super) is_primary: bool,
    /// To be closed once all of `out` is written.
    pub(super) closes: bool,
    /// A request that waits for the end of a pause.
    pub(super) postponed: Option<Vec<Vec<u8>>>,
    /// Bytes of requests that came and were not run yet, those of them that are understood, and memory for more.
    pub(super) input_bytes: usize,
    pub(super) understood_bytes: usize,
    pub(super) input_room: usize,
    /// Bytes that the driver took and could not write yet, and the memory that it keeps for them.
    pub(super) unsent_bytes: usize,
    pub(super) output_room: usize,
    /// Since when its output has been over the soft limit.
    pub(super) over_soft_since: Option<Now>,
    /// Bytes of the present command's arguments, and of memory for its reply, while somebody asks for that.
    pub(super) args_bytes: usize,
    pub(super) reply_room: usize,
    /// Bytes of memory that are counted for it, where that is bounded.
    pub(super) counted_bytes: u64,
}

impl Client {
    /// Whether its next requests have to wait.
    pub(super) fn is_waiting(&self) -> bool {
        self.blocked.is_some()
            || self.waits_for_save
            || self.ack_wait.is_some()
            || self.postponed.is_some()
    }

    /// Bytes that are to be written to it.
    pub(super) fn output_bytes(&self) -> usize {
        self.out.len() + self.unsent_bytes
    }

    /// Bytes of memory for what is to be written to it.
    pub(super) fn output_memory(&self) -> usize {
        self.output_bytes().max(self.out.capacity())
            + self.output_room.saturating_sub(self.unsent_bytes)
    }

    /// About all bytes of memory that it takes.
    pub(super) fn memory_bytes(&self) -> u64 {
        let postponed = self.postponed.iter().flatten().map(|arg| arg.len() + size_of::<Vec<u8>>());
        let bytes = size_of::<Client>()
            + self.output_memory()
            + self.input_bytes
            + self.input_room
            + self.args_bytes
            + self.reply_room
            + postponed.sum::<usize>()
            + self.multi.as_ref().map_or(0, Multi::bytes)
            + self.watches.bytes()
            + self.subscriptions.bytes()
            + self.fieldsets.bytes();
        bytes as u64
    }

    /// How much may wait to be written to it.
    #[inline]
    pub(super) fn output_limit(&self, config: &Config) -> OutputLimit {
        match () {
            () if self.is_replica => config.client_output_buffer_limit[OutputLimit::REPLICA],
            () if !self.is_known => STRANGER,
            () if self.subscriptions.is_empty() => {
                config.client_output_buffer_limit[OutputLimit::NORMAL]
            }
            () => config.client_output_buffer_limit[OutputLimit::PUBSUB],
        }
    }

    /// Whether its output is so long that the limit must be looked at.
    #[inline]
    pub(super) fn is_near(&self, limit: OutputLimit) -> bool {
        let bytes = self.output_bytes() as u64;
        (limit.hard_bytes != 0 && bytes >= limit.hard_bytes)
            || (limit.soft_bytes != 0
                && (bytes >= limit.soft_bytes || self.over_soft_since.is_some()))
    }

    /// Whether its output has been over its limit for too long.
    fn is_over(&mut self, limit: OutputLimit, now: Now) -> bool {
        let bytes = self.output_bytes() as u64;
        if limit.hard_bytes != 0 && bytes >= limit.hard_bytes {
            return true;
        }
        if limit.soft_bytes == 0 || bytes < limit.soft_bytes {
            self.over_soft_since = None;
            return false;
        }
        let since = *self.over_soft_since.get_or_insert(now);
        let passed_s = now.mono_us.saturating_sub(since.mono_us) / 1_000_000;
        passed_s > limit.soft_seconds.unsigned_abs()
    }
}

/// All connections.
#[derive(Debug, Default)]
pub struct Clients {
    places: Vec<Option<Box<Client>>>,
    free: Vec<usize>,
    len: usize,
    last_number: u64,
    /// Bytes of memory that are counted for all, where that is bounded.
    pub(super) counted_bytes: u64,
}

impl Clients {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    pub(super) fn add(&mut self, mut client: Client) -> ClientId {
        self.last_number += 1;
        client.number = self.last_number;
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.len += 1;
        self.places[place] = Some(Box::new(client));
        ClientId { number: self.last_number, place }
    }

    fn remove(&mut self, id: ClientId) -> Option<Box<Client>> {
        self.get(id)?;
        self.len -= 1;
        self.free.push(id.place);
        let client = self.places.get_mut(id.place)?.take()?;
        self.counted_bytes = self.counted_bytes.saturating_sub(client.counted_bytes);
        Some(client)
    }

    /// A client, if it is still there.
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        let client = self.places.get(id.place)?.as_deref()?;
        (client.number == id.number).then_some(client)
    }

    /// A client, if it is still there.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        let client = self.places.get_mut(id.place)?.as_deref_mut()?;
        (client.number == id.number).then_some(client)
    }

    /// All clients, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (ClientId, &Client)> {
        self.places.iter().enumerate().filter_map(|(place, client)| {
            let client = client.as_deref()?;
            Some((ClientId { number: client.number, place }, client))
        })
    }

    /// Counts a client's memory anew. Gives that of all.
    pub fn count(&mut self, id: ClientId) -> u64 {
        if let Some(client) = self.get_mut(id) {
            let bytes = client.memory_bytes();
            let before = std::mem::replace(&mut client.counted_bytes, bytes);
            self.counted_bytes = (self.counted_bytes + bytes).saturating_sub(before);
        }
        self.counted_bytes
    }

    /// Counts the memory of all clients anew.
    pub fn count_all(&mut self) {
        let ids: Vec<ClientId> = self.iter().map(|(id, _)| id).collect();
        for id in ids {
            self.count(id);
        }
    }

    /// Lets everybody in, since there is no password any more.
    pub fn know_all(&mut self) {
        self.places.iter_mut().flatten().for_each(|client| client.is_known = true);
    }

    /// Notes that a client is a replica.
    pub fn mark_replica(&mut self, id: ClientId) {
        if let Some(client) = self.get_mut(id) {
            client.is_replica = true;
        }
    }

    /// The client of a number.
    pub fn find(&self, number: u64) -> Option<ClientId> {
        self.iter().map(|(id, _)| id).find(|id| id.number == number)
    }
}

impl Engine {
    /// Takes a new connection. If it is refused, gives what is written to it before it is closed.
    pub fn accept(&mut self, peer: Peer, now: Now) -> Result<ClientId, &'static [u8]> {
        self.set_now(now);
        if self.clients.len() as i64 >= self.config.maxclients {
            self.stats.rejected_connections += 1;
            return Err(b"-ERR max number of clients reached\r\n");
        }
        let is_open = self.config.requirepass.is_empty();
        if self.config.protected_mode && is_open && !peer.is_local {
            self.stats.rejected_connections += 1;
            return Err(PROTECTED);
        }
        self.stats.connections += 1;
        let mut client =
            Client { peer, is_known: is_open, created: now, used: now, ..Client::default() };
        client.out.set_resp3(self.config.client_default_resp == 3);
        Ok(self.clients.add(client))
    }

    /// Notes how many bytes of requests wait to be run, how many of them are understood, and how much memory there is for more.
    #[inline]
    pub fn note_input(&mut self, id: ClientId, bytes: usize, understood: usize, room: usize) {
        if let Some(client) = self.clients.get_mut(id) {
            client.input_bytes = bytes;
            client.understood_bytes = understood;
            client.input_room = room;
        }
        self.count_client(id);
    }

    /// Notes how many bytes that the driver took could not be written yet, and how much memory it keeps for them.
    #[inline]
    pub fn note_unsent(&mut self, id: ClientId, bytes: usize, room: usize) {
        if let Some(client) = self.clients.get_mut(id) {
            client.unsent_bytes = bytes;
            client.output_room = room;
        }
        self.count_client(id);
    }

    /// Counts a connection that sent more than it may.
    pub fn input_over_limit(&mut self, id: ClientId) {
        self.stats.input_limit_disconnections += 1;
        let line = self.client_line(id);
        self.log(
            Level::Warning,
            format!("Closing client that reached max query buffer length: {line}"),
        );
    }

    /// Closes a client whose output is over its limit.
    #[inline]
    pub(super) fn check_output(&mut self, id: ClientId) {
        if self.replication.has_replica(id) {
            return;
        }
        let Some(client) = self.clients.get_mut(id).filter(|client| !client.is_primary) else {
            return;
        };
        let limit = client.output_limit(&self.config);
        if client.is_near(limit) && client.is_over(limit, self.now) {
            self.end_over_limit(id);
        }
        self.count_client(id);
    }

    #[cold]
    fn end_over_limit(&mut self, id: ClientId) {
        let line = self.client_line(id);
        self.log(
            Level::Warning,
            format!("Client {line} closed for overcoming of output buffer limits."),
        );
        self.stats.output_limit_disconnections += 1;
        self.drop_client(id);
    }

    /// Looks after all clients from time to time.
    pub(super) fn clients_tick(&mut self) {
        let ids: Vec<ClientId> = self.clients.iter().map(|(id, _)| id).collect();
        let now_ms = self.now.unix_ms;
        let shrink_ms = self.shrinking.after_ms.filter(|_| self.shrinking.is_on);
        for id in ids {
            self.check_output(id);
            let Some(client) = self.clients.get_mut(id) else { continue };
            if shrink_ms.is_some_and(|ms| now_ms - client.used.unix_ms > ms) {
                client.out.shrink_to(IDLE_BYTES);
            }
        }
        self.evict_clients();
    }

    /// Ends a client at once; what was not written to it is lost.
    pub(super) fn drop_client(&mut self, id: ClientId) {
        self.disconnect(id);
        self.actions.push_back(Action::Wake(id));
    }

    /// Forgets a connection that was closed.
    pub fn disconnect(&mut self, id: ClientId) {
        self.end_suspended(id);
        self.pause.forget(id);
        self.unwatch(id);
        self.forget_subscriptions(id);
        self.stop_waiting(id);
        self.end_ack_wait(id);
        self.forget_replica(id);
        self.clients.remove(id);
        self.forget_primary_client(id);
    }

    /// Exchanges what is to be written to a client for an empty buffer, whose room is used again.
    pub fn take_output(&mut self, id: ClientId, buffer: &mut Vec<u8>) {
        buffer.clear();
        // Without need nothing changes places: the driver has told how much room its buffer has.
        if let Some(client) = self.clients.get_mut(id)
            && !client.out.is_empty()
        {
            client.out.swap(buffer);
            self.stats.output_bytes += buffer.len() as u64;
            self.stats.writes += 1;
        }
        if buffer.is_empty() {
            self.read_stream(id, buffer);
        }
    }

    /// Ends a client's connection, whatever is still to be written.
    pub(super) fn abort(&mut self, id: ClientId) {
        self.disconnect(id);
        self.actions.push_back(Action::Wake(id));
    }

    /// Whether a client waits for a key, so that its next requests have to wait, too.
    pub fn is_waiting(&self, id: ClientId) -> bool {
        self.clients.get(id).is_some_and(Client::is_waiting)
    }

    /// Whether the connection is to be closed once everything is written.
    pub fn closes(&self, id: ClientId) -> bool {
        self.clients.get(id).is_none_or(|client| client.closes)
    }

    /// Whether a client is still there.
    pub fn knows(&self, id: ClientId) -> bool {
        self.clients.get(id).is_some()
    }

    /// Whether a client has authenticated itself, or need not.
    pub fn is_known(&self, id: ClientId) -> bool {
        self.clients.get(id).is_some_and(|client| client.is_known)
    }

    /// Ends a client's connection once everything is written.
    pub(super) fn close(&mut self, id: ClientId) {
        if self.clients.get(id).is_some_and(|client| client.is_primary) {
            // It has no connection of its own that could see to it.
            return self.disconnect(id);
        }
        if let Some(client) = self.clients.get_mut(id) {
            client.closes = true;
            self.actions.push_back(Action::Wake(id));
        }
    }

    /// Closes connections over which nothing came for as long as `timeout` says.
    pub(super) fn close_idle(&mut self) {
        let timeout_ms = self.config.timeout.saturating_mul(1000);
        if timeout_ms == 0 {
            return;
        }
        let now_ms = self.now.unix_ms;
        let idle: Vec<_> = self
            .clients
            .iter()
            .filter(|(_, client)| !client.is_replica && !client.is_primary)
            .filter(|(_, client)| !client.is_waiting() && client.subscriptions.is_empty())
            .filter(|(_, client)| now_ms - client.used.unix_ms > timeout_ms)
            .map(|(id, _)| id)
            .collect();
        idle.into_iter().for_each(|id| self.close(id));
    }
}

/// What a stranger reads who connects to a server that nobody has secured.
const PROTECTED: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n";
