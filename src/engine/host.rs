//! What the driver knows of the process and the machine, and what follows for figures of memory.

use super::Engine;
use crate::base::memory;

/// Time that the processor spent on the server, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// In the server's own code, all threads taken together.
    pub user_us: u64,
    /// In the kernel.
    pub system_us: u64,
    /// As above, of the thread that runs commands.
    pub main_user_us: u64,
    /// As above.
    pub main_system_us: u64,
}

impl Usage {
    /// All of the thread that runs commands.
    pub fn main_us(&self) -> u64 {
        self.main_user_us + self.main_system_us
    }

    /// All of the process.
    pub fn all_us(&self) -> u64 {
        self.user_us + self.system_us
    }
}

/// What the threads of `io-threads` do for the one that runs commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IoFigures {
    /// Whether they read and write now.
    pub is_active: bool,
    /// How often they read.
    pub reads: u64,
    /// How often they wrote.
    pub writes: u64,
}

/// The process and the machine, as the driver last saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Host {
    /// Time that the processor spent.
    pub usage: Usage,
    /// Memory that the process has, in bytes.
    pub resident_bytes: u64,
    /// Memory of the machine, in bytes.
    pub system_bytes: u64,
    /// What the I/O threads do.
    pub io: IoFigures,
}

/// How memory is used, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MemoryFigures {
    pub used: u64,
    pub peak: u64,
    pub startup: u64,
    pub rss: u64,
    pub system: u64,
    pub clients: u64,
    pub functions: u64,
    /// What leads to the keys, by database.
    pub tables: u64,
    pub aof: u64,
}

impl MemoryFigures {
    /// What is no data.
    pub fn overhead(&self) -> u64 {
        self.startup + self.clients + self.functions + self.tables + self.aof
    }
}

/// Bytes of a table for each key, beside key and value: its place, its tag, its share of what leads to it.
const KEY_BYTES: u64 = 8;

impl Engine {
    /// Takes what the driver knows of the process.
    pub fn note_host(&mut self, host: Host) {
        self.host = host;
    }

    /// Notes how much memory an empty server takes.
    pub fn note_startup(&mut self) {
        self.startup_bytes = memory::used_bytes();
    }

    /// How memory is used now.
    pub(super) fn memory_figures(&self) -> MemoryFigures {
        let used = memory::used_bytes();
        let keys: u64 = (0..self.keyspace.databases()).map(|db| self.keyspace.len(db)).sum();
        let functions = self.keyspace.functions().iter();
        MemoryFigures {
            used,
            peak: self.stats.note_peak().max(used),
            startup: self.startup_bytes.min(used),
            rss: self.host.resident_bytes,
            system: self.host.system_bytes,
            clients: self.clients.iter().map(|(_, client)| client.memory_bytes()).sum(),
            functions: functions.map(|(name, code)| (name.len() + code.len()) as u64).sum(),
            tables: keys * KEY_BYTES,
            aof: self.persist.pending_bytes(),
        }
    }
}
