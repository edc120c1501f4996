//! A snapshot that is to be written, and what became of it.

use crate::engine::config::Config;
use crate::feed::Control;
use crate::keyspace::{Keyspace, SaveOptions, Snapshot};
use crate::rdb::encode::Target;
use crate::rdb::{Dialect, Header};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Why a snapshot is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// As the new RDB file, asked for or due.
    Save,
    /// As the base of the append-only file.
    Rewrite,
    /// For replicas.
    Sync,
}

/// A snapshot to be written.
#[derive(Debug)]
pub struct SaveJob {
    /// Why.
    pub why: Why,
    /// The data.
    pub snapshot: Snapshot,
    /// The version of the format; the oldest that holds the data, from that of Redis 7.0 on, if 0.
    pub version: u16,
    /// What is told in the file beside the keys.
    pub options: SaveOptions,
    /// Nothing else goes on until it is done.
    pub is_awaited: bool,
}

impl SaveJob {
    /// The data as they are at a time in unix milliseconds, to be written as a configuration says.
    pub fn new(why: Why, config: &Config, keyspace: &Keyspace, now_ms: i64) -> SaveJob {
        let fields = [
            ("redis-bits", "64".to_owned()),
            ("ctime", (now_ms / 1000).to_string()),
            ("aof-base", u8::from(why == Why::Rewrite).to_string()),
        ];
        let aux = fields.into_iter().map(|(name, value)| (name.into(), value.into_bytes()));
        let control = Arc::new(Control::default());
        control.key_delay_us.store(config.rdb_key_save_delay, Ordering::Relaxed);
        let options = SaveOptions {
            aux: aux.collect(),
            compress: config.rdbcompression,
            checksum: config.rdbchecksum,
            access: None,
            control,
        };
        let version = u16::try_from(config.rdb_write_version).unwrap_or(0);
        SaveJob { why, snapshot: keyspace.snapshot(), version, options, is_awaited: false }
    }

    /// Tells more in the file beside the keys.
    pub(in crate::engine) fn with_aux(mut self, aux: Vec<(Vec<u8>, Vec<u8>)>) -> SaveJob {
        self.options.aux.splice(2..2, aux);
        self
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of the output; [`io::ErrorKind::Interrupted`] if the control says so.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let version = match self.version {
            // The oldest that holds the data, so that as many servers as can be read it.
            0 => self.snapshot.least_version(),
            version => version,
        };
        let target = Target::like(Header { dialect: Dialect::Redis, version });
        let release: &[u8] = match version {
            ..=10 => b"7.0.15",
            11 => b"7.2.0",
            12 => b"7.4.0",
            13 => b"8.6.0",
            _ => b"8.8.0",
        };
        let mut options = self.options.clone();
        options.aux.insert(0, (b"redis-ver".to_vec(), release.to_vec()));
        self.snapshot.write(target, &options, out).map(drop)
    }
}

/// What became of a [`SaveJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Why it was written.
    pub why: Why,
    /// Keys written, or what went wrong.
    pub result: Result<u64, String>,
    /// Seconds that it took.
    pub seconds: u64,
}
