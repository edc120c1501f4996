//! Layer 8: drives replication with a virtual clock and a simulated network. What a run does follows from its settings and seed.
//!
//! The state machines are those that serve: [`crate::repl::backlog::Backlog`], [`crate::repl::offset::History`],
//! [`crate::repl::primary::Replica`] and [`crate::repl::replica::Link`]. Here stand what is around them in a server: connections,
//! ticks, snapshots of a given size, and writes that come by themselves.
//!
//! - [`network`]: one direction of a connection: latency, bandwidth, what is under way.
//! - [`workload`]: the writes, and when which byte of the stream was written.
//! - [`faults`]: when which link is down.
//! - `node`: a server: its stream, its replicas, its link to a primary.
//! - `stream`: what a server keeps of its stream, in memory and on disk.
//! - [`world`]: all servers, connections and the clock.
//! - [`record`]: what happened.
//!
//! The clock goes in steps of [`TICK_MS`]; writes of one step are one batch.

pub mod faults;
pub mod network;
mod node;
pub mod record;
mod stream;
pub mod workload;
pub mod world;

/// Milliseconds of a step of the clock.
pub const TICK_MS: u64 = 10;

/// The first step that is not before a moment, in milliseconds.
pub fn step_up(ms: u64) -> u64 {
    ms.div_ceil(TICK_MS).saturating_mul(TICK_MS)
}
