//! A server as replication sees it: its stream, what it knows of its replicas, its link to a primary.

use super::network::{Capacity, Line};
use super::stream::Stream;
use crate::repl::announce::Announced;
use crate::repl::handshake::MARK_BYTES;
use crate::repl::offset::{History, Offset, Place};
use crate::repl::primary::Replica;
use crate::repl::replica::Link;

/// A snapshot that is being sent.
pub(super) struct Transfer {
    /// Connections that still get some of it.
    pub members: Vec<u64>,
}

/// The link of a server to its primary.
pub(super) struct Upstream {
    pub link: Link,
    /// Whether a connection is open, or being opened.
    pub is_open: bool,
    pub retry_at_ms: u64,
    /// When the connection stands that is being opened.
    pub opens_at_ms: Option<u64>,
    pub connection: Option<u64>,
    /// Bytes of the stream behind what was applied; only kept where they are passed on.
    pub pending: Vec<u8>,
    /// The place behind the last byte of the stream that came.
    pub received: Offset,
    pub snapshot_of: Option<Place>,
    pub snapshot_since_ms: u64,
    /// When the snapshot that was received is loaded.
    pub loaded_at_ms: Option<u64>,
    /// Why the last connection was lost.
    pub lost: &'static str,
}

impl Upstream {
    pub(super) fn new(link: Link) -> Upstream {
        Upstream {
            link,
            is_open: false,
            retry_at_ms: 0,
            opens_at_ms: None,
            connection: None,
            pending: Vec::new(),
            received: Offset::ZERO,
            snapshot_of: None,
            snapshot_since_ms: 0,
            loaded_at_ms: None,
            lost: "",
        }
    }
}

/// A server.
pub(super) struct Node {
    /// Its primary, by its place among all servers.
    pub parent: Option<usize>,
    /// Links between it and the first primary.
    pub depth: u64,
    /// Whether others follow it. Who follows nobody's stream further keeps none of it.
    pub has_replicas: bool,
    pub history: History,
    pub backlog: Option<Stream>,
    /// Where its backlog began when it last got all of the data.
    pub anew_from: Offset,
    /// Whether it once freed its backlog for lack of replicas.
    pub is_freed: bool,
    pub transfer: Option<Transfer>,
    /// Since when it has no replica.
    pub alone_since_ms: u64,
    pub pinged_ms: u64,
    pub upstream: Option<Upstream>,
    /// Since when it lacks writes; none if it has everything.
    pub lacks_since_ms: Option<u64>,
    /// Until when its link to its primary is down.
    pub down_until_ms: u64,
}

impl Node {
    pub(super) fn is_down(&self, now_ms: u64) -> bool {
        now_ms < self.down_until_ms
    }
}

/// A connection between a replica and its primary.
pub(super) struct Connection {
    pub parent: usize,
    pub child: usize,
    /// To the replica.
    pub down: Line,
    /// To the primary.
    pub up: Line,
    pub parent_open: bool,
    pub child_open: bool,
    pub announced: Announced,
    /// What the primary writes besides snapshot and stream.
    pub out: Vec<u8>,
    pub replica: Option<Replica>,
    /// Bytes of the snapshot that are not sent yet, and the mark that ends it.
    pub snapshot: Option<(u64, [u8; MARK_BYTES])>,
}

impl Connection {
    pub(super) fn new(parent: usize, child: usize, capacity: Capacity) -> Connection {
        Connection {
            parent,
            child,
            down: Line::new(capacity),
            up: Line::new(capacity),
            parent_open: true,
            child_open: true,
            announced: Announced::default(),
            out: Vec::new(),
            replica: None,
            snapshot: None,
        }
    }
}
