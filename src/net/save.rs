//! Writes snapshots on threads of their own.

use super::aof::Order;
use super::cpus::Cpus;
use super::{News, ToCommands, clock, priority};
use crate::aof::disk::RealDisk;
use crate::aof::live::{self, Live};
use crate::engine::{Engine, Level, SaveJob, Saved, Why};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use tokio::sync::mpsc::UnboundedSender;

/// Where a snapshot is written first: the RDB file, and the base of the append-only file.
fn temporary(folder: &Path) -> [PathBuf; 2] {
    let pid = std::process::id();
    [folder.join(format!("temp-{pid}.rdb")), folder.join(format!("temp-rewriteaof-bg-{pid}.aof"))]
}

/// Removes what a thread may be writing that the end of the process stops.
pub(super) fn clean_up(folder: &Path) {
    for path in temporary(folder) {
        let _ = std::fs::remove_file(path);
    }
}

/// Begins to write a snapshot: as the RDB file, or as a base that the keeper of the append-only file takes over.
pub(super) fn start(
    job: SaveJob,
    engine: &Engine,
    folder: &Path,
    keeper: Option<Sender<Order>>,
    news: UnboundedSender<News>,
    to_commands: ToCommands,
    cpus: Cpus,
) {
    let path = folder.join(OsStr::from_bytes(&engine.config().dbfilename));
    let [temporary, rewritten] = temporary(folder);
    let folder_of_log = folder.join(OsStr::from_bytes(&engine.config().appenddirname));
    let name_of_log = String::from_utf8_lossy(&engine.config().appendfilename).into_owned();
    let why = job.why;
    let keeps_history = engine.config().aof_disable_auto_gc;
    let form = Form {
        is_rdb: engine.config().aof_use_rdb_preamble,
        with_times: engine.config().aof_timestamp_enabled,
        to_commands,
    };
    let spawned = std::thread::Builder::new().name("save".into()).spawn({
        let news = news.clone();
        move || {
            cpus.enter();
            if !job.is_awaited {
                priority::lower();
            }
            let began = clock::mono_us();
            let result = match (why, keeper) {
                (Why::Save | Why::Sync, _) => write(&job, &temporary).and_then(|_| {
                    replace(&temporary, &path)?;
                    Ok(0)
                }),
                (Why::Rewrite, Some(keeper)) => form
                    .write(&job, &rewritten)
                    .and_then(|_| hand_over(&keeper, rewritten, form.is_rdb)),
                (Why::Rewrite, None) => form.write(&job, &rewritten).and_then(|_| {
                    let (folder, name) = (&folder_of_log, &name_of_log);
                    let bytes = Live::put_base(RealDisk, folder, name, &rewritten, form.is_rdb)?;
                    if !keeps_history {
                        remove_history(folder, name, &news);
                    }
                    Ok(bytes)
                }),
            };
            let seconds = (clock::mono_us() - began) / 1_000_000;
            let result = result.map_err(|e| e.to_string());
            let _ = news.send(News::Saved(Saved { why, result, seconds }));
            // The data go last: nobody waits for that.
            drop(job);
        }
    });
    if let Err(e) = spawned {
        let result = Err(e.to_string());
        let _ = news.send(News::Saved(Saved { why, result, seconds: 0 }));
    }
}

/// Removes from an append-only file that nobody appends to what its base has replaced.
pub(super) fn remove_history(folder: &Path, name: &str, news: &UnboundedSender<News>) {
    // The data are safe without, and the next rewrite tries again.
    let removed = live::remove_history(RealDisk, folder, name).unwrap_or_default();
    for name in removed {
        let _ = news.send(News::Line(Level::Notice, live::removal_line(&name)));
    }
}

/// What the base of an append-only file is made of.
#[derive(Clone, Copy)]
struct Form {
    /// It is an RDB file, not commands.
    is_rdb: bool,
    /// Commands stand behind the time.
    with_times: bool,
    to_commands: ToCommands,
}

impl Form {
    /// Writes a base that is complete and on disk, or none.
    fn write(self, job: &SaveJob, path: &Path) -> io::Result<()> {
        write(job, path)?;
        if self.is_rdb {
            return Ok(());
        }
        let mut commands = path.as_os_str().to_owned();
        commands.push(".commands");
        let commands = PathBuf::from(commands);
        let now_ms = clock::now().unix_ms;
        let done = File::create(&commands).and_then(|mut file| {
            if self.with_times {
                writeln!(file, "#TS:{}\r", now_ms / 1000)?;
            }
            (self.to_commands)(path, &file, now_ms)?;
            file.sync_all()?;
            std::fs::rename(&commands, path)
        });
        if done.is_err() {
            let _ = std::fs::remove_file(&commands);
            let _ = std::fs::remove_file(path);
        }
        done
    }
}

/// Writes a file that is complete and on disk, or none.
pub(super) fn write(job: &SaveJob, path: &Path) -> io::Result<()> {
    let done = File::create(path).and_then(|mut file| {
        job.write(&mut file)?;
        file.flush()?;
        file.sync_all()
    });
    if done.is_err() {
        let _ = std::fs::remove_file(path);
    }
    done
}

/// Puts a file in the place of another, for good.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let done = std::fs::rename(from, to);
    if done.is_err() {
        let _ = std::fs::remove_file(from);
    }
    done?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Removes a file. Its name is free at once; what it takes on the disk is freed by a thread, since that can take long.
pub(super) fn remove(path: &Path) {
    let file = File::open(path);
    let _ = std::fs::remove_file(path);
    if let Ok(file) = file {
        // Without a thread it is freed here.
        let _ = std::thread::Builder::new().name("unlink".into()).spawn(move || drop(file));
    }
}

/// Writes a file in the place of another, for good; it is one or the other at each moment.
pub(super) fn replace_with(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let done = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if done.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    done?;
    replace(&temporary, path)
}

/// Lets the keeper of the append-only file take a base over; gives the bytes of the file then.
fn hand_over(keeper: &Sender<Order>, base: PathBuf, is_rdb: bool) -> io::Result<u64> {
    let (done, result) = std::sync::mpsc::channel();
    let gone = || io::Error::other("the append-only file is closed");
    keeper.send(Order::Base { path: base, is_rdb, done }).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}
