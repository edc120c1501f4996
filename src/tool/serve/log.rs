//! Loads the append-only file of a server, and sees to one that is damaged.

use super::super::aof::plan::{Plan, Target, Why as CutWhy};
use super::super::aof::trail::Ending;
use super::super::aof::{AofError, chain, repair, replay, rewrite};
use super::{LastLoad, LoadJob, LoadedData, SaveJob, StartError, Why, fail, path_of, rdb, words};
use crate::aof::disk::RealDisk;
use crate::aof::live::{self, Live};
use crate::aof::manifest::{Kind, Listed, Manifest};
use crate::aof::output;
use crate::aof::set::Set;
use crate::engine::Level;
use crate::engine::config::Config;
use crate::engine::config::words::{OnCorruption, PropagationError};
use crate::feed::Control;
use crate::keyspace::{Keyspace, Settings};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Where the append-only file is, and what its files are called.
struct Location {
    folder: PathBuf,
    name: String,
    manifest: PathBuf,
}

impl Location {
    fn of(config: &Config) -> Location {
        let folder = path_of(config, &config.appenddirname);
        let name = String::from_utf8_lossy(&config.appendfilename).into_owned();
        let manifest = live::manifest_path(&folder, &name);
        Location { folder, name, manifest }
    }
}

/// Loads the append-only file, or begins one, and opens it.
pub(super) fn load(job: &LoadJob) -> Result<LoadedData, StartError> {
    let at = Location::of(&job.config);
    adopt_single(job, &at)?;
    let mut keyspace = Keyspace::new(job.settings.clone());
    if !at.manifest.exists() {
        return begin(job, &at, keyspace, LastLoad::default());
    }
    let mut manifest = replay_log(job, &mut keyspace, &at);
    if let Err(Trouble::Damage(error)) = &manifest {
        if job.config.aof_on_corruption != OnCorruption::Refuse {
            job.log(Level::Warning, format!("The append only file is damaged: {error}"));
        }
        match job.config.aof_on_corruption {
            OnCorruption::Refuse => {}
            OnCorruption::Repair => {
                mend(job, &at)?;
                keyspace = Keyspace::new(job.settings.clone());
                manifest = replay_log(job, &mut keyspace, &at);
            }
            OnCorruption::FallbackToRdb => return fall_back(job, &at),
        }
    }
    let (manifest, ending) = manifest.map_err(|trouble| StartError(trouble.to_string()))?;
    let opened = Live::go_on(RealDisk, &at.folder, &at.name, manifest);
    let mut opened = opened.or_else(|e| fail(format!("Can't open the append only file: {e}")))?;
    if !job.config.aof_disable_auto_gc {
        tell_removed(job, &opened.remove_history().unwrap_or_default());
    }
    Ok(LoadedData {
        keyspace,
        aof: Some(opened),
        last_load: LastLoad::default(),
        aux: ending.as_ref().map(|ending| ending.place.aux(ending.db)).unwrap_or_default(),
        tail: ending.map(|ending| ending.tail),
        dropped_keys: Vec::new(),
    })
}

/// Removes what the base of the append-only file has replaced, though nothing will be appended to it.
pub(super) fn remove_history(job: &LoadJob) {
    let at = Location::of(&job.config);
    // Whatever is wrong with the file is for those to see who load it.
    let removed = live::remove_history(RealDisk, &at.folder, &at.name);
    tell_removed(job, &removed.unwrap_or_default());
}

fn tell_removed(job: &LoadJob, names: &[String]) {
    names.iter().for_each(|name| job.log(Level::Notice, live::removal_line(name)));
}

/// Begins an append-only file with the data there are.
fn begin(
    job: &LoadJob,
    at: &Location,
    keyspace: Keyspace,
    last_load: LastLoad,
) -> Result<LoadedData, StartError> {
    let base = SaveJob::new(Why::Rewrite, &job.config, &keyspace, job.now_ms);
    let name = &at.name;
    let is_rdb = job.config.aof_use_rdb_preamble;
    let write = |_: &mut RealDisk, path: &Path| {
        base.write(&mut File::create(path)?)?;
        if is_rdb {
            return Ok(());
        }
        let commands = output::beside(path, ".commands");
        write_commands(path, &File::create(&commands)?, job.now_ms)?;
        std::fs::rename(commands, path)
    };
    let opened = Live::create(RealDisk, &at.folder, name, is_rdb, write);
    let opened = opened.or_else(|e| fail(format!("Can't create the append only file: {e}")))?;
    job.log(
        Level::Notice,
        format!("Creating AOF base file {} on server start", live::base_name(name, 1, is_rdb)),
    );
    job.log(Level::Notice, format!("Creating AOF incr file {name}.1.incr.aof on server start"));
    let (aux, dropped_keys) = (Vec::new(), Vec::new());
    Ok(LoadedData { keyspace, aof: Some(opened), last_load, aux, tail: None, dropped_keys })
}

/// Writes the data of an RDB file as commands, as the base of an append-only file.
///
/// # Errors
/// Those of the disk.
pub fn write_commands(rdb: &Path, out: &File, now_ms: i64) -> io::Result<()> {
    let done = rewrite::write_commands(rdb, out, now_ms, &Control::default());
    done.map_err(|e| io::Error::other(e.to_string()))
}

/// Loads the append-only file anew.
///
/// # Errors
/// It is damaged, or cannot be read: why.
pub fn load_log(config: &Config, settings: &Settings, now_ms: i64) -> Result<Keyspace, String> {
    let mut keyspace = Keyspace::new(settings.clone());
    let at = Location::of(config);
    let options = replay::Options { now_ms, ..Default::default() };
    let replayed = open(&at).and_then(|set| {
        replay::replay(&set, &mut keyspace, &options, &Control::default()).map_err(Trouble::from)
    });
    replayed.map_err(|e| e.to_string())?;
    Ok(keyspace)
}

/// Makes a set of files of the single one that servers before Redis 7 wrote.
fn adopt_single(job: &LoadJob, at: &Location) -> Result<(), StartError> {
    let single = path_of(&job.config, &job.config.appendfilename);
    if !single.is_file() || (at.manifest.exists() && !lacks_single(at)) {
        return Ok(());
    }
    let adopt = || -> io::Result<()> {
        std::fs::create_dir_all(&at.folder)?;
        let mut manifest = Manifest::default();
        manifest.files.push(Listed::new(at.name.as_str(), 1, Kind::Base));
        let temporary = output::temporary(&at.manifest);
        let mut file = File::create(&temporary)?;
        file.write_all(&manifest.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&single, at.folder.join(&at.name))?;
        std::fs::rename(temporary, &at.manifest)?;
        File::open(&at.folder)?.sync_all()
    };
    adopt()
        .or_else(|e| fail(format!("Can't upgrade the old style AOF {}: {e}", single.display())))?;
    job.log(
        Level::Notice,
        format!(
            "Successfully migrated an old-style AOF configuration ({}) into the AOF directory.",
            at.name
        ),
    );
    Ok(())
}

/// Whether the manifest names nothing but a base of the name that the single file had, and that is not there: servers that write
/// the manifest before they move the file may have been stopped in between.
fn lacks_single(at: &Location) -> bool {
    let manifest = std::fs::read(&at.manifest).ok().and_then(|text| Manifest::parse(&text).ok());
    manifest.is_some_and(|manifest| match manifest.files.as_slice() {
        [base] => {
            base.kind == Kind::Base
                && base.name == at.name.as_bytes()
                && !at.folder.join(&at.name).exists()
        }
        _ => false,
    })
}

/// What keeps an append-only file from being loaded.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// The files hold something wrong.
    #[error("{0}")]
    Damage(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl From<AofError> for Trouble {
    fn from(error: AofError) -> Trouble {
        let text = words::of(&error);
        match error {
            AofError::Read { .. } | AofError::Write(_) | AofError::Interrupted => {
                Trouble::Other(text)
            }
            _ => Trouble::Damage(text),
        }
    }
}

fn open(at: &Location) -> Result<Set, Trouble> {
    let mut set = Set::open(&at.manifest).map_err(|e| Trouble::from(AofError::from(e)))?;
    chain::complete(&mut set)?;
    Ok(set)
}

/// Most bytes of the stream in front of the backlog that are taken from the append-only file for the log on disk; they are in
/// memory until they are there.
const SURPLUS_BYTES: u64 = 32 << 20;

/// What was replayed: the files, and where they end in the stream, if they tell.
type ReplayedLog = (Manifest, Option<Ending>);

/// Replays the append-only file. What is torn off at its end is cut off if `aof-load-truncated` says so, and what is no command
/// up to `aof-load-corrupt-tail-max-size`.
fn replay_log(
    job: &LoadJob,
    keyspace: &mut Keyspace,
    at: &Location,
) -> Result<ReplayedLog, Trouble> {
    let began = Instant::now();
    let set = open(at)?;
    job.control.total_bytes.store(set.size_bytes(), Ordering::Relaxed);
    let leave_torn_tail = job.config.aof_load_truncated;
    let config = &job.config;
    let tail_bytes =
        Some(config.repl_backlog_size.saturating_add(config.repl_log_max_size.min(SURPLUS_BYTES)));
    let corrupt_tail_bytes_max = config.aof_load_corrupt_tail_max_size.unsigned_abs();
    let now_ms = job.now_ms;
    let options = replay::Options {
        now_ms,
        leave_torn_tail,
        corrupt_tail_bytes_max,
        tail_bytes,
        ..Default::default()
    };
    let report = replay::replay(&set, keyspace, &options, &job.control)?;
    for failed in &report.failed {
        let text = format!(
            "== CRITICAL == This server is sending an error to its AOF-loading-client: '{}' after processing the command '{}' ({} offset {})",
            failed.error, failed.command, failed.file, failed.offset
        );
        job.log(Level::Warning, text);
    }
    if let Some(failed) = report.failed.first()
        && config.propagation_error_behavior == PropagationError::Panic
    {
        let text = format!(
            "This server panicked sending an error to its AOF-loading-client after processing the command '{}'",
            failed.command
        );
        job.panic(text.clone());
        return Err(Trouble::Other(text));
    }
    if let Some(ended) = &report.ended {
        cut_tail(job, &set, ended)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    job.log(Level::Notice, format!("DB loaded from append only file: {seconds:.3} seconds"));
    if let Some(Ending { place, tail, .. }) = &report.ending {
        let text = format!(
            "The append only file ends at offset {} of replication {}; {} bytes in front of it are at hand",
            place.offset,
            place.replid,
            tail.kept_bytes()
        );
        job.log(Level::Notice, text);
    }
    Ok((set.listing.map(|listing| listing.manifest).unwrap_or_default(), report.ending))
}

/// Cuts off what is torn or corrupt at the end of the last file.
fn cut_tail(job: &LoadJob, set: &Set, ended: &chain::Ended) -> Result<(), Trouble> {
    let Some(member) = set.members.get(ended.member) else { return Ok(()) };
    // Up to the last whole command, or transaction.
    let (offset, cut_bytes) = (ended.sound_end, ended.tail_bytes(set));
    let name = member.name();
    let (what, why) = match ended.cause.is_truncated() {
        true => {
            let why = "aof-load-truncated is enabled".to_owned();
            ("short read".to_owned(), why)
        }
        false => {
            let most = job.config.aof_load_corrupt_tail_max_size;
            let why = format!(
                "aof-load-corrupt-tail-max-size is enabled and broken size '{cut_bytes}' is not more than '{most}'"
            );
            (format!("corrupt tail ({})", ended.cause), why)
        }
    };
    for text in [
        format!("!!! Warning: {what} while loading the AOF file {name}!!!"),
        format!("AOF {name} loaded anyway because {why}"),
        format!("Truncating the AOF {name} at offset {offset}: {cut_bytes} bytes are cut off"),
    ] {
        job.log(Level::Warning, text);
    }
    let path = &member.path;
    let cut = OpenOptions::new().write(true).open(path).and_then(|file| {
        file.set_len(offset)?;
        file.sync_all()
    });
    cut.map_err(|e| Trouble::Other(format!("Error truncating the AOF file {name}: {e}")))
}

/// Puts what is sound of a damaged set in its place; the damaged files are kept beside.
fn mend(job: &LoadJob, at: &Location) -> Result<(), StartError> {
    let failed = |error: AofError| StartError(words::of(&error));
    let set = Set::open(&at.manifest).map_err(|e| failed(e.into()))?;
    let plan = repair::plan(&set, false, &job.control).map_err(failed)?;
    let written = plan.write(&set, &Target::InPlace).map_err(failed)?;
    tell_cuts(job, &plan);
    if let Some(backup) = written.backup {
        let text = format!("The damaged append only file is kept as {}", backup.display());
        job.log(Level::Warning, text);
    }
    Ok(())
}

/// Says exactly what is lost.
fn tell_cuts(job: &LoadJob, plan: &Plan) {
    for cut in &plan.cuts {
        let why = match &cut.why {
            CutWhy::Damage(cause) => cause.to_string(),
            CutWhy::Behind => "it stands behind the damage".to_owned(),
            CutWhy::Asked => "it was asked for".to_owned(),
        };
        let text = format!(
            "AOF repair: {} bytes {}-{} are left out, {} complete commands among them: {why}",
            cut.file, cut.bytes.start, cut.bytes.end, cut.commands
        );
        job.log(Level::Warning, text);
    }
}

/// Loads the RDB file in the place of a damaged append-only file, which is kept beside.
fn fall_back(job: &LoadJob, at: &Location) -> Result<LoadedData, StartError> {
    let path = path_of(&job.config, &job.config.dbfilename);
    if !path.exists() {
        return fail(format!(
            "aof-on-corruption is fallback-to-rdb, but there is no {}. Exiting.",
            path.display()
        ));
    }
    let mut keyspace = Keyspace::new(job.settings.clone());
    let loaded = rdb::load(job, &mut keyspace, &path)?.unwrap_or_default();
    let kept = free_name(&at.folder);
    std::fs::rename(&at.folder, &kept)
        .or_else(|e| fail(format!("Can't put the damaged append only file aside: {e}")))?;
    let text = format!(
        "Loaded {} instead of the append only file, which is kept as {}: all writes behind that snapshot are lost",
        path.display(),
        kept.display()
    );
    job.log(Level::Warning, text);
    begin(job, at, keyspace, LastLoad::from(&loaded))
}

/// A name beside a folder that nothing has.
fn free_name(folder: &Path) -> PathBuf {
    let numbers = std::iter::once(String::new()).chain((1..).map(|n: u32| format!(".{n}")));
    let mut names = numbers.map(|number| output::beside(folder, &format!(".damaged{number}")));
    names.find(|name| !name.exists()).unwrap_or_else(|| output::beside(folder, ".damaged"))
}
