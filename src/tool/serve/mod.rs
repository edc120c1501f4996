//! What a server does before the first client comes: it loads its data and opens its append-only file.

use super::aof::chain;
use super::aof::replay;
use crate::aof::manifest::{Kind, Listed, Manifest};
use crate::aof::output;
use crate::aof::set::Set;
use crate::engine::config::Config;
use crate::engine::{Engine, Level};
use crate::feed::{Control, Failure, Input};
use crate::keyspace::{self, Keyspace, LoadError, Settings};
use crate::net::OpenedAof;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A line for the log.
pub type Line = (Level, String);

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

/// Loads what the configuration names into an engine, and opens its append-only file if it is to have one.
///
/// # Errors
/// The files are damaged, or cannot be read or written.
pub fn load(
    engine: &mut Engine,
    now_ms: i64,
    threads: usize,
    log: &mut dyn FnMut(Level, &str),
) -> Result<Option<OpenedAof>, StartError> {
    let config = engine.config().clone();
    if !config.appendonly {
        let path = path_of(&config, &config.dbfilename);
        load_rdb(engine.keyspace_mut(), &path, now_ms, threads, log)?;
        return Ok(None);
    }
    let folder = path_of(&config, &config.appenddirname);
    let name = String::from_utf8_lossy(&config.appendfilename).into_owned();
    adopt_single(&config, &folder, &name, log)?;
    let manifest = OpenedAof::manifest_path(&folder, &name);
    if !manifest.exists() {
        let opened = OpenedAof::create(&folder, &name, |file| engine.write_base(now_ms, file));
        let opened = opened.or_else(|e| fail(format!("Can't create the append only file: {e}")))?;
        log(Level::Notice, &format!("Creating AOF base file {name}.1.base.rdb on server start"));
        log(Level::Notice, &format!("Creating AOF incr file {name}.1.incr.aof on server start"));
        return Ok(Some(opened));
    }
    let truncates = config.aof_load_truncated;
    let manifest = load_aof(engine.keyspace_mut(), &manifest, now_ms, truncates, log)?;
    let opened = OpenedAof::go_on(&folder, &name, manifest);
    opened.map(Some).or_else(|e| fail(format!("Can't open the append only file: {e}")))
}

/// Loads the append-only file anew.
///
/// # Errors
/// It is damaged, or cannot be read: why.
pub fn load_log(config: &Config, settings: &Settings, now_ms: i64) -> Result<Keyspace, String> {
    let folder = path_of(config, &config.appenddirname);
    let name = String::from_utf8_lossy(&config.appendfilename).into_owned();
    let mut keyspace = Keyspace::new(settings.clone());
    let manifest = OpenedAof::manifest_path(&folder, &name);
    load_aof(&mut keyspace, &manifest, now_ms, false, &mut |_, _| {}).map_err(|e| e.to_string())?;
    Ok(keyspace)
}

/// Loads an RDB file, if it is there.
fn load_rdb(
    keyspace: &mut Keyspace,
    path: &Path,
    now_ms: i64,
    threads: usize,
    log: &mut dyn FnMut(Level, &str),
) -> Result<(), StartError> {
    let began = Instant::now();
    let mut input = match Input::open(path) {
        Ok(input) => input,
        Err(crate::feed::InputError::Io(e)) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => {
            return fail(format!(
                "Fatal error loading the DB, check server logs. {}: {e}. Exiting.",
                path.display()
            ));
        }
    };
    let control = Control::default();
    let loaded = keyspace::load_rdb(keyspace, &mut input, now_ms, true, threads, &control);
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => {
            let why = why(&failure);
            return fail(format!(
                "Fatal error loading the DB, check server logs. {}: {why}. Exiting.",
                path.display()
            ));
        }
    };
    if let Some(ending) = loaded.ending.filter(crate::feed::Ending::is_checksum_wrong) {
        return fail(format!(
            "Wrong RDB checksum in {}: computed {:x}. Aborting now.",
            path.display(),
            ending.computed
        ));
    }
    let (keys, dropped, empty) = (loaded.keys, loaded.dropped, loaded.empty);
    log(
        Level::Notice,
        &format!(
            "Done loading RDB, keys loaded: {keys}, keys expired: {dropped}, empty keys skipped: {empty}."
        ),
    );
    let seconds = began.elapsed().as_secs_f64();
    log(Level::Notice, &format!("DB loaded from disk: {seconds:.3} seconds"));
    Ok(())
}

fn why(failure: &Failure<LoadError>) -> String {
    match failure {
        Failure::Input(error) => error.to_string(),
        Failure::Read(error) | Failure::Write(error) => error.to_string(),
        Failure::Worker(error) => error.to_string(),
        Failure::Interrupted => "interrupted".to_owned(),
    }
}

/// Makes a set of files of the single one that servers before Redis 7 wrote.
fn adopt_single(
    config: &Config,
    folder: &Path,
    name: &str,
    log: &mut dyn FnMut(Level, &str),
) -> Result<(), StartError> {
    let single = path_of(config, &config.appendfilename);
    if OpenedAof::manifest_path(folder, name).exists() || !single.is_file() {
        return Ok(());
    }
    let adopt = || -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut manifest = Manifest::default();
        manifest.files.push(Listed::new(name, 1, Kind::Base));
        let temporary = output::temporary(&OpenedAof::manifest_path(folder, name));
        let mut file = File::create(&temporary)?;
        file.write_all(&manifest.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&single, folder.join(name))?;
        std::fs::rename(temporary, OpenedAof::manifest_path(folder, name))?;
        File::open(folder)?.sync_all()
    };
    adopt()
        .or_else(|e| fail(format!("Can't upgrade the old style AOF {}: {e}", single.display())))?;
    log(
        Level::Notice,
        &format!(
            "Successfully migrated an old-style AOF configuration ({name}) into the AOF directory."
        ),
    );
    Ok(())
}

/// Replays the append-only file. What is torn off at its end is cut off if `truncates` says so.
fn load_aof(
    keyspace: &mut Keyspace,
    manifest: &Path,
    now_ms: i64,
    truncates: bool,
    log: &mut dyn FnMut(Level, &str),
) -> Result<Manifest, StartError> {
    let began = Instant::now();
    let fatal = |error: &dyn std::fmt::Display| {
        StartError(format!("Fatal error loading the append only file: {error}. Exiting."))
    };
    let mut set = Set::open(manifest).map_err(|e| fatal(&e))?;
    chain::complete(&mut set).map_err(|e| fatal(&e))?;
    let options = replay::Options { now_ms, leave_torn_tail: truncates, ..Default::default() };
    let report = replay::replay(&set, keyspace, &options, &Control::default());
    let report = report.map_err(|e| fatal(&e))?;
    for failed in &report.failed {
        let text = format!(
            "A command of the AOF failed and was passed over, {} offset {}: {}",
            failed.file, failed.offset, failed.error
        );
        log(Level::Warning, &text);
    }
    if let Some(ended) = &report.ended
        && let Some(member) = set.members.get(ended.member)
    {
        let at = ended.cause.offset();
        let path = manifest.parent().unwrap_or(Path::new(".")).join(member.name());
        let cut = || {
            OpenOptions::new().write(true).open(&path).and_then(|file| {
                file.set_len(at)?;
                file.sync_all()
            })
        };
        log(
            Level::Warning,
            &format!("!!! Warning: short read while loading the AOF file {}!!!", member.name()),
        );
        log(
            Level::Warning,
            &format!("AOF {} loaded anyway because aof-load-truncated is enabled", member.name()),
        );
        log(
            Level::Warning,
            &format!(
                "Truncating the AOF {} at offset {at}: {} bytes are cut off",
                member.name(),
                member.bytes().len() as u64 - at
            ),
        );
        cut().or_else(|e| fail(format!("Error truncating the AOF file {}: {e}", member.name())))?;
    }
    let seconds = began.elapsed().as_secs_f64();
    log(Level::Notice, &format!("DB loaded from append only file: {seconds:.3} seconds"));
    Ok(set.listing.map(|listing| listing.manifest).unwrap_or_default())
}
