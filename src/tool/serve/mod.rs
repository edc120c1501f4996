//! What a server does before the first client is served: it loads its data and opens its append-only file.

mod log;
mod rdb;
mod words;

use crate::engine::config::Config;
use crate::engine::{LastLoad, SaveJob, Why};
use crate::keyspace::{Keyspace, Loaded};
use crate::net::{LoadJob, LoadedData};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use log::{load_log, write_commands};

/// Why a server cannot start: the line for its log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

fn fail<T>(text: impl Into<String>) -> Result<T, StartError> {
    Err(StartError(text.into()))
}

fn path_of(config: &Config, name: &[u8]) -> PathBuf {
    Path::new(OsStr::from_bytes(&config.dir)).join(OsStr::from_bytes(name))
}

/// Loads what the configuration names, and opens the append-only file if there is to be one.
///
/// # Errors
/// The files are damaged, or cannot be read or written: the line for the log.
pub fn load(job: &LoadJob) -> Result<LoadedData, String> {
    let loaded = match job.config.appendonly {
        true => log::load(job),
        false => load_rdb(job),
    };
    loaded.map_err(|e| e.to_string())
}

fn load_rdb(job: &LoadJob) -> Result<LoadedData, StartError> {
    let mut keyspace = Keyspace::new(job.settings.clone());
    let path = path_of(&job.config, &job.config.dbfilename);
    let loaded = rdb::load(job, &mut keyspace, &path)?.unwrap_or_default();
    if !job.config.aof_disable_auto_gc {
        log::remove_history(job);
    }
    let last_load = LastLoad::from(&loaded);
    let Loaded { aux, dropped_keys, .. } = loaded;
    Ok(LoadedData { keyspace, aof: None, last_load, aux, tail: None, dropped_keys })
}
