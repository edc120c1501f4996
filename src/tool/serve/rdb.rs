//! Loads the RDB file of a server.

use super::{StartError, fail};
use crate::engine::Level;
use crate::feed::{Ending, Failure, Input, InputError, parallel};
use crate::keyspace::{self, Keyspace, LoadError, Loaded};
use crate::net::LoadJob;
use crate::rdb::Stored;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Loads an RDB file, if it is there.
pub(super) fn load(
    job: &LoadJob,
    keyspace: &mut Keyspace,
    path: &Path,
) -> Result<Option<Loaded>, StartError> {
    let began = Instant::now();
    let mut input = match Input::open(path) {
        Ok(input) => input,
        Err(InputError::Io(e)) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return fatal(path, &e.to_string()),
    };
    job.control.total_bytes.store(input.stored_bytes.unwrap_or(0), Ordering::Relaxed);
    // Replicas that go on where they were must learn of keys that are not loaded.
    job.control.tells_dropped.store(job.config.replicaof.is_none(), Ordering::Relaxed);
    let threads = parallel::default_threads();
    let loaded = keyspace::load_rdb(keyspace, &mut input, job.now_ms, true, threads, &job.control);
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => return fatal(path, &why(&failure)),
    };
    if let Some(Ending { stored: Stored::Crc64(stored), computed, .. }) = loaded.ending
        && stored != computed
    {
        return fail(format!(
            "Wrong RDB checksum expected: ({stored:x}) but got ({computed:x}). Aborting now: CRC error in {}",
            path.display()
        ));
    }
    tell(job, &loaded, began);
    Ok(Some(loaded))
}

fn fatal<T>(path: &Path, why: &str) -> Result<T, StartError> {
    fail(format!(
        "Fatal error loading the DB, check server logs. {}: {why}. Exiting.",
        path.display()
    ))
}

/// Tells the log what was loaded, in the lines that people look for.
fn tell(job: &LoadJob, loaded: &Loaded, began: Instant) {
    let aux = |name: &str| {
        let found = loaded.aux.iter().find(|(field, _)| field == name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    if let Some(version) = aux("redis-ver").or_else(|| aux("valkey-ver")) {
        job.log(Level::Notice, format!("Loading RDB produced by version {version}"));
    }
    if let Some(written_s) = aux("ctime").and_then(|text| text.parse::<i64>().ok()) {
        let age_s = (job.now_ms / 1000).saturating_sub(written_s);
        job.log(Level::Notice, format!("RDB age {age_s} seconds"));
    }
    let Loaded { keys, dropped, empty, .. } = loaded;
    job.log(
        Level::Notice,
        format!(
            "Done loading RDB, keys loaded: {keys}, keys expired: {dropped}, empty keys skipped: {empty}."
        ),
    );
    let seconds = began.elapsed().as_secs_f64();
    job.log(Level::Notice, format!("DB loaded from disk: {seconds:.3} seconds"));
}

fn why(failure: &Failure<LoadError>) -> String {
    match failure {
        Failure::Input(error) => error.to_string(),
        Failure::Read(error) | Failure::Write(error) => error.to_string(),
        Failure::Worker(error) => error.to_string(),
        Failure::Interrupted => "interrupted".to_owned(),
    }
}
