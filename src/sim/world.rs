//! All servers, connections and the clock.

mod observe;
mod primary;
mod upstream;

use super::faults::{Kind, Outage, Random};
use super::network::{Capacity, Chunk};
use super::node::{Connection, Node, Upstream};
use super::record::{Episode, Record, ReplicaRecord};
use super::stream::Stream;
use super::workload::{Writer, Writes, Written};
use super::{TICK_MS, step_up};
use crate::base::rng::Rng;
use crate::repl::handshake::PING;
use crate::repl::log::Limits;
use crate::repl::offset::{History, Offset};
use crate::repl::primary::{OutputLimit, SyncPolicy};
use crate::repl::replica::{Link, Phase, Settings as LinkSettings};
use std::collections::BTreeMap;

/// Milliseconds between two looks of a server at its links.
const LOOK_MS: u64 = 100;
/// Milliseconds between two looks of a primary at its replicas.
const SECOND_MS: u64 = 1000;
/// Milliseconds between two signs of life of a primary: `repl-ping-replica-period`.
const PING_PERIOD_MS: u64 = 10_000;
/// Milliseconds in which all replicas must have come before the run begins.
const WARM_UP_MS: u64 = 600_000;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Replicas of the first primary, from 1.
    pub replicas: usize,
    /// Servers in each chain that begins with one of them, from 1.
    pub chain: usize,
    /// Bytes of the backlog: `repl-backlog-size`.
    pub backlog_bytes: u64,
    /// What is kept on disk behind it: `repl-log-max-size` and `repl-log-max-age`.
    pub disk_log: Limits,
    /// Milliseconds after which a primary without replicas frees it; 0 for never: `repl-backlog-ttl`.
    pub backlog_ttl_ms: u64,
    /// Milliseconds of silence after which the other side is taken for dead: `repl-timeout`.
    pub timeout_ms: u64,
    /// `client-output-buffer-limit replica`.
    pub output_limit: OutputLimit,
    /// Milliseconds for which others may join a snapshot: `repl-diskless-sync-delay`.
    pub sync_delay_ms: u64,
    /// Every link.
    pub capacity: Capacity,
    /// Bytes of a snapshot.
    pub dataset_bytes: u64,
    /// Bytes of a snapshot that a replica loads per second, while it comes; none for as fast as it comes.
    pub load_bytes_per_s: Option<u64>,
    /// When links are down.
    pub outages: Vec<Outage>,
    /// More of these.
    pub random_outages: Option<Random>,
    /// How they show themselves.
    pub outage_kind: Kind,
    /// Milliseconds of the run.
    pub duration_ms: u64,
    /// What everything that is random follows from.
    pub seed: u64,
    /// Most bytes of streams that are held in memory.
    pub memory_bytes_max: u64,
}

/// Why a run cannot be finished.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The streams take too much memory.
    #[error(
        "the backlogs and logs take more than {max_bytes} bytes of memory after {at_ms} ms of the run"
    )]
    Memory {
        /// What is allowed.
        max_bytes: u64,
        /// When it happened, in milliseconds from the start of the run.
        at_ms: u64,
    },
    /// Replicas do not come to the primary even before the run begins.
    #[error("replicas cannot follow the primary on such links, even without writes and outages")]
    NeverOnline,
}

/// All servers, connections and the clock.
struct World<'t> {
    settings: Settings,
    rng: Rng,
    now_ms: u64,
    /// When the run began; none while the replicas are still coming.
    start_ms: Option<u64>,
    nodes: Vec<Node>,
    connections: BTreeMap<u64, Connection>,
    /// Number of connections so far.
    opened: u64,
    writer: Writer<'t>,
    written: Written,
    /// Outages that have not begun, the next one last.
    coming: Vec<(usize, Outage)>,
    /// Episodes whose replica has not caught up.
    open_episodes: Vec<usize>,
    record: Record,
}

/// Runs a simulation to its end.
///
/// # Errors
/// See [`RunError`].
pub fn run(settings: &Settings, writes: Writes<'_>) -> Result<Record, RunError> {
    let mut world = World::new(settings.clone(), writes);
    while !world.is_complete() {
        if world.now_ms > WARM_UP_MS {
            return Err(RunError::NeverOnline);
        }
        world.step();
    }
    world.begin();
    while world.run_ms() < world.settings.duration_ms {
        world.step();
        world.check_memory()?;
    }
    Ok(world.finish())
}

/// The name of a replica by its place among all: `2`, or `2.1` for the first of those that follow it.
pub fn name_of(replica: usize, chain: usize) -> String {
    let (head, behind) = (replica / chain.max(1) + 1, replica % chain.max(1));
    if behind == 0 { head.to_string() } else { format!("{head}.{behind}") }
}

/// The place among all of the replica with a name; none if there is none.
pub fn replica_named(name: &str, replicas: usize, chain: usize) -> Option<usize> {
    let (head, behind) = name.split_once('.').unwrap_or((name, "0"));
    let (head, behind): (usize, usize) = (head.parse().ok()?, behind.parse().ok()?);
    let is_there = (1..=replicas).contains(&head) && behind < chain;
    is_there.then(|| (head - 1) * chain + behind)
}

impl<'t> World<'t> {
    fn new(settings: Settings, writes: Writes<'t>) -> World<'t> {
        let mut rng = Rng::new(settings.seed);
        let history = History::new(&mut rng);
        let place = history.place();
        let (backlog_bytes, disk_log) = (settings.backlog_bytes, settings.disk_log);
        let new_node = |parent: Option<usize>, depth: u64, has_replicas: bool| {
            let mut history = history.clone();
            if parent.is_some() {
                history.restored_as_replica(place);
            }
            let link = LinkSettings { timeout_ms: settings.timeout_ms, ..LinkSettings::default() };
            Node {
                parent,
                depth,
                has_replicas,
                history,
                backlog: has_replicas.then(|| Stream::new(Offset::ZERO, backlog_bytes, disk_log)),
                anew_from: Offset::ZERO,
                is_freed: false,
                transfer: None,
                alone_since_ms: 0,
                pinged_ms: 0,
                upstream: parent.map(|_| Upstream::new(Link::new(link, Some(place)))),
                lacks_since_ms: None,
                down_until_ms: 0,
            }
        };
        let mut nodes = vec![new_node(None, 0, true)];
        for _ in 0..settings.replicas {
            for behind in 0..settings.chain {
                let parent = if behind == 0 { 0 } else { nodes.len() - 1 };
                nodes.push(new_node(Some(parent), behind as u64 + 1, behind + 1 < settings.chain));
            }
        }
        let replicas = nodes.len() - 1;
        let mut outages = settings.outages.clone();
        if let Some(random) = &settings.random_outages {
            outages.extend(random.draw(&mut rng, settings.duration_ms, replicas));
        }
        outages.sort_by_key(|outage| outage.start_ms);
        let replicas = (0..replicas)
            .map(|i| ReplicaRecord { name: name_of(i, settings.chain), ..Default::default() });
        let record =
            Record { outages: outages.clone(), replicas: replicas.collect(), ..Record::default() };
        let mut coming: Vec<_> = outages.into_iter().enumerate().collect();
        coming.reverse();
        World {
            settings,
            rng,
            now_ms: 0,
            start_ms: None,
            nodes,
            connections: BTreeMap::new(),
            opened: 0,
            writer: Writer::new(writes),
            written: Written::default(),
            coming,
            open_episodes: Vec::new(),
            record,
        }
    }

    /// Whether all replicas have come.
    fn is_complete(&self) -> bool {
        let mut upstreams = self.nodes.iter().filter_map(|node| node.upstream.as_ref());
        upstreams.all(|upstream| upstream.link.phase() == Phase::Online)
    }

    fn begin(&mut self) {
        self.start_ms = Some(self.now_ms);
    }

    /// Milliseconds since the run began.
    fn run_ms(&self) -> u64 {
        self.now_ms.saturating_sub(self.start_ms.unwrap_or(self.now_ms))
    }

    fn step(&mut self) {
        self.now_ms += TICK_MS;
        self.begin_outages();
        self.write();
        self.deliver();
        self.tick();
        self.send();
        self.trim();
        self.observe();
    }

    /// Whether one server follows another, at any distance.
    fn is_behind(&self, node: usize, other: usize) -> bool {
        let mut at = Some(node);
        while let Some(i) = at {
            if i == other {
                return true;
            }
            at = self.nodes[i].parent;
        }
        false
    }

    fn begin_outages(&mut self) {
        let Some(start_ms) = self.start_ms else { return };
        let run_ms = self.now_ms - start_ms;
        while let Some((index, outage)) = self.coming.pop_if(|(_, o)| o.start_ms <= run_ms) {
            let hit: Vec<usize> = match outage.replica {
                Some(replica) => vec![replica + 1],
                None => {
                    (1..self.nodes.len()).filter(|i| self.nodes[*i].parent == Some(0)).collect()
                }
            };
            for node in 1..self.nodes.len() {
                if !hit.iter().any(|hit| self.is_behind(node, *hit)) {
                    continue;
                }
                self.open_episodes.push(self.record.episodes.len());
                self.record.episodes.push(Episode {
                    outage: index,
                    replica: node - 1,
                    is_hit: hit.contains(&node),
                    start_ms: outage.start_ms,
                    end_ms: outage.end_ms(),
                    ..Episode::default()
                });
            }
            for node in hit {
                let until_ms = start_ms + step_up(outage.end_ms());
                let down_until_ms = &mut self.nodes[node].down_until_ms;
                *down_until_ms = until_ms.max(*down_until_ms);
                if self.settings.outage_kind == Kind::Cut {
                    self.cut(node);
                }
            }
        }
    }

    /// Breaks the connections of a server to its primary; both learn it at once.
    fn cut(&mut self, child: usize) {
        let ids: Vec<u64> =
            self.connections.iter().filter(|(_, c)| c.child == child).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(connection) = self.connections.remove(&id) else { continue };
            self.forget_replica(connection.parent, id);
            let upstream = self.nodes[child].upstream.as_mut();
            if let Some(upstream) = upstream.filter(|up| up.connection == Some(id)) {
                upstream.lost = "the link was cut";
                self.on_link(child, |link, now_ms, events| {
                    link.on_closed(now_ms, "connection reset by peer", events);
                });
            }
        }
    }

    /// What clients write in a step.
    fn write(&mut self) {
        let Some(start_ms) = self.start_ms else { return };
        let now_ms = self.now_ms;
        let World { writer, written, nodes, .. } = self;
        let Node { backlog, history, lacks_since_ms, .. } = &mut nodes[0];
        writer.step(now_ms - start_ms, |bytes, command_bytes| {
            match backlog {
                Some(backlog) => {
                    backlog.append(bytes);
                    history.advance(bytes.len() as u64);
                    written.push(now_ms, bytes.len() as u64, command_bytes as u64, true);
                }
                // Nobody will ever get these from the stream.
                None => *lacks_since_ms = Some(lacks_since_ms.unwrap_or(now_ms)),
            }
        });
    }

    /// What has arrived on all connections.
    fn deliver(&mut self) {
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(connection) = self.connections.get(&id) else { continue };
            let (parent, child) = (connection.parent, connection.child);
            if self.nodes[child].is_down(self.now_ms) {
                continue;
            }
            self.deliver_down(id, child);
            self.deliver_up(id, parent);
            let is_over = |c: &Connection| !c.parent_open && !c.child_open;
            if self.connections.get(&id).is_some_and(is_over) {
                self.connections.remove(&id);
            }
        }
    }

    fn deliver_up(&mut self, id: u64, parent: usize) {
        while let Some(connection) = self.connections.get_mut(&id) {
            let Some(chunk) = connection.up.take(self.now_ms) else { return };
            if !connection.parent_open {
                continue;
            }
            match chunk {
                Chunk::Bytes(bytes) => self.requests(parent, id, &bytes),
                Chunk::Closed(_) => {
                    connection.parent_open = false;
                    self.forget_replica(parent, id);
                }
                Chunk::Stream(..) | Chunk::Snapshot(_) => {}
            }
        }
    }

    /// What servers do from time to time.
    fn tick(&mut self) {
        for node in 0..self.nodes.len() {
            self.open_or_load(node);
            if self.now_ms.is_multiple_of(LOOK_MS) {
                self.look_at_primary(node);
                self.begin_due_transfer(node);
                self.end_backlog(node);
            }
            if self.now_ms.is_multiple_of(SECOND_MS) {
                self.drop_bad_replicas(node);
            }
        }
        self.ping();
    }

    /// The first primary has replicas that want to know that it lives.
    fn ping(&mut self) {
        let has_replicas = self.has_replicas(0);
        let node = &mut self.nodes[0];
        let is_due = self.now_ms.saturating_sub(node.pinged_ms) >= PING_PERIOD_MS;
        if let (true, true, Some(backlog)) = (is_due, has_replicas, &mut node.backlog) {
            node.pinged_ms = self.now_ms;
            backlog.append(PING);
            let bytes = PING.len() as u64;
            node.history.advance(bytes);
            self.written.push(self.now_ms, bytes, bytes, false);
        }
    }

    /// Closes a connection from the side of the primary.
    fn close(&mut self, id: u64, why: &'static str) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if std::mem::take(&mut connection.parent_open) {
            connection.out.clear();
            connection.down.put(self.now_ms, Chunk::Closed(why));
            let parent = connection.parent;
            self.forget_replica(parent, id);
        }
    }

    fn policy(&self) -> SyncPolicy {
        SyncPolicy { streams: true, delay_ms: self.settings.sync_delay_ms, max_replicas: 0 }
    }

    fn check_memory(&self) -> Result<(), RunError> {
        let kept = self.nodes.iter().filter_map(|node| node.backlog.as_ref());
        // What a server would have on disk is in memory here.
        let kept_bytes: u64 = kept.map(Stream::kept_bytes).sum();
        let max_bytes = self.settings.memory_bytes_max;
        match kept_bytes > max_bytes {
            true => Err(RunError::Memory { max_bytes, at_ms: self.run_ms() }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
