//! `aof rewrite`: the least that gives the same data.

use super::chain::AofError;
use super::plan::{Target as Place, Written};
use super::replay::{self, Report};
use crate::aof::disk::RealDisk;
use crate::aof::manifest::{Kind, Listed, Manifest};
use crate::aof::output::{self, Change, NewFile, OutputError};
use crate::aof::set::{Listing, Set, parent};
use crate::base::json::BinaryEncoding;
use crate::feed::input::Bytes;
use crate::feed::{Control, Filter, Input};
use crate::keyspace::{Keyspace, SaveOptions, Settings, Summary};
use crate::rdb::Dialect;
use crate::rdb::encode::Target;
use crate::tool::dump::{self, Source};
use crate::tool::ttl::TtlPolicy;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The form of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// RDB.
    Rdb,
    /// Commands.
    Commands,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A folder with a manifest.
    Folder,
    /// A single file.
    File,
}

impl Options {
    /// A rewrite as servers do it, at this time.
    pub fn plain(now_ms: i64) -> Options {
        Options {
            target: None,
            form: Form::Rdb,
            shape: None,
            drop_losses: true,
            replay: replay::Options { now_ms, leave_torn_tail: true, ..Default::default() },
        }
    }
}

/// How a set is rewritten.
#[derive(Debug, Clone)]
pub struct Options {
    /// The release whose servers shall load it; by default the one that wrote the RDB part.
    pub target: Option<Target>,
    /// The form of the data.
    pub form: Form,
    /// What is written; by default what was read.
    pub shape: Option<Shape>,
    /// Whether values may be lost that the target has no form for.
    pub drop_losses: bool,
    /// How the set is replayed.
    pub replay: replay::Options,
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// What was replayed.
    pub replayed: Report,
    /// What was written.
    pub summary: Summary,
    /// Keys that wait for their expiry.
    pub expiring: u64,
    /// Where it was written.
    pub written: Written,
    /// Bytes of the old set, and of the new.
    pub sizes: (u64, u64),
}

/// The release a rewritten set is for if none is named and no RDB part tells.
const DEFAULT_TARGET: &str = "redis-7.2";

/// The target: the one named, or that of the first RDB part.
fn target_of(set: &Set, options: &Options) -> Option<Target> {
    let header = || {
        let rdb = set.members.iter().find(|member| member.is_rdb())?;
        crate::rdb::Header::parse(rdb.bytes().first_chunk()?)
    };
    let of_base = || header().filter(|header| header.is_supported()).map(Target::like);
    options.target.or_else(of_base).or_else(|| Target::find(DEFAULT_TARGET))
}

/// What the file says about itself. `now_s` is when it is written.
fn aux(target: Target, is_base: bool, now_s: i64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (field, version) = match target.header.dialect {
        Dialect::Redis => (
            "redis-ver",
            target.name.strip_prefix("redis-").or(target.name.strip_prefix("valkey-")),
        ),
        Dialect::Valkey => ("valkey-ver", target.name.strip_prefix("valkey-")),
    };
    let version = format!("{}.0", version.unwrap_or("7.2"));
    let fields = [
        (field, version),
        ("redis-bits", "64".to_owned()),
        ("ctime", now_s.to_string()),
        ("aof-base", u8::from(is_base).to_string()),
    ];
    fields.into_iter().map(|(name, value)| (name.into(), value.into_bytes())).collect()
}

/// What a rewrite would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Keys there would be.
    pub keys: u64,
    /// Bytes of the set as it is.
    pub old_bytes: u64,
    /// Bytes of its data as an RDB base.
    pub new_bytes: u64,
}

/// Replays a set to see what a rewrite with RDB base would come to; nothing is written.
///
/// # Errors
/// Those of the replay.
pub fn estimate(set: &Set, options: &Options, control: &Control) -> Result<Estimate, AofError> {
    let mut keyspace = Keyspace::new(Settings::default());
    replay::replay(set, &mut keyspace, &options.replay, control)?;
    let target = target_of(set, options).ok_or(AofError::Usage("no such target".into()))?;
    let save = save_options(target, true, options);
    let summary = keyspace.snapshot().write(target, &save, &mut io::sink());
    let summary = summary.map_err(AofError::Write)?;
    Ok(Estimate { keys: summary.keys, old_bytes: set.size_bytes(), new_bytes: summary.bytes })
}

/// How the data is saved.
fn save_options(target: Target, is_base: bool, options: &Options) -> SaveOptions {
    let now_s = options.replay.now_ms / 1000;
    SaveOptions {
        aux: aux(target, is_base, now_s),
        compress: true,
        checksum: true,
        ..SaveOptions::default()
    }
}

/// Replays a set and writes its data anew.
///
/// # Errors
/// Those of the replay and of writing; what the target has no form for, unless that may be lost.
pub fn rewrite(
    set: &Set,
    place: &Place,
    options: &Options,
    control: &Control,
) -> Result<Done, AofError> {
    let shape = match (options.shape, &set.listing) {
        (Some(shape), _) => shape,
        (None, Some(_)) => Shape::Folder,
        (None, None) => Shape::File,
    };
    let mut keyspace = Keyspace::new(Settings::default());
    let replayed = replay::replay(set, &mut keyspace, &options.replay, control)?;
    let target = target_of(set, options).ok_or(AofError::Usage("no such target".into()))?;
    let snapshot = keyspace.snapshot();
    let expiring = (0..keyspace.databases()).map(|db| keyspace.expiring(db)).sum();

    let dir = match place {
        Place::Path(path, _) => parent(path),
        Place::InPlace => set.dir().map_or_else(|| PathBuf::from("."), |dir| parent(&dir)),
    };
    let spool = spool_in(&dir)?;
    let is_base = shape == Shape::Folder && options.form == Form::Rdb;
    let save = save_options(target, is_base, options);
    let mut out = BufWriter::new(spool.as_file());
    let summary =
        snapshot.write(target, &save, &mut out).and_then(|summary| out.flush().map(|()| summary));
    let summary = summary.map_err(|error| at(spool.path(), error))?;
    drop(out);
    refuse_losses(&summary, target, options)?;
    drop(keyspace);
    drop(snapshot);

    let commands;
    let data = match options.form {
        Form::Rdb => open(spool.path())?,
        Form::Commands => {
            commands = spool_in(&dir)?;
            write_commands(spool.path(), commands.as_file(), options.replay.now_ms, control)?;
            open(commands.path())?
        }
    };
    let bytes = data.bytes();
    let written = match (shape, place) {
        (Shape::Folder, place) => write_folder(set, place, options.form, bytes)?,
        (Shape::File, Place::Path(path, force)) => {
            output::write_single(&mut RealDisk, path, &[Cow::Borrowed(bytes)], *force)?;
            Written { path: path.clone(), backup: None }
        }
        (Shape::File, Place::InPlace) => change_file(set, bytes)?,
    };
    Ok(Done { replayed, summary, expiring, written, sizes: (set.size_bytes(), bytes.len() as u64) })
}

fn at(path: &Path, error: io::Error) -> AofError {
    AofError::Output(OutputError { path: path.into(), error })
}

/// A file that goes away by itself, on the disk where the output will be.
fn spool_in(dir: &Path) -> Result<tempfile::NamedTempFile, AofError> {
    let named = tempfile::Builder::new().prefix(".rkv-").suffix(".tmp").tempfile_in(dir);
    named.map_err(|error| at(dir, error))
}

/// What was spooled, in place.
struct Spooled(Input);

impl Spooled {
    fn bytes(&self) -> &[u8] {
        match &self.0.bytes {
            Bytes::Map(map) => map,
            Bytes::Stream(_) => &[],
        }
    }
}

fn open(path: &Path) -> Result<Spooled, AofError> {
    let opened = Input::open(path).and_then(Input::into_seekable);
    opened.map(Spooled).map_err(|error| at(path, io::Error::other(error.to_string())))
}

fn refuse_losses(summary: &Summary, target: Target, options: &Options) -> Result<(), AofError> {
    let names: Vec<_> = summary.losses.iter().map(|loss| loss.name()).collect();
    // What is no data, such as when a consumer was last active, is told and not refused.
    if options.drop_losses || summary.left_out == 0 && !summary.losses.has_data() {
        return Ok(());
    }
    let name = target.name;
    Err(AofError::Unsupported(match summary.left_out {
        0 => format!("{name} has no form for: {}", names.join(", ")),
        keys => format!("{name} has no form for {keys} of the keys"),
    }))
}

/// Writes the data of an RDB file as commands.
///
/// # Errors
/// The file cannot be read, or the output not written.
pub fn write_commands(
    rdb: &Path,
    out: &std::fs::File,
    now_ms: i64,
    control: &Control,
) -> Result<(), AofError> {
    let open = Input::open(rdb).and_then(Input::into_seekable);
    let mut input = open.map_err(|error| at(rdb, io::Error::other(error.to_string())))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let dump = dump::Options {
        format: dump::Format::Resp,
        encoding: BinaryEncoding::default(),
        restore: false,
        ttl: TtlPolicy::Keep,
        filter: Filter::new(now_ms),
        threads,
    };
    let mut out = BufWriter::new(out);
    let done = dump::dump(&mut Source::Whole(&mut input), &dump, &mut out, control);
    done.map_err(|failure| super::chain::rdb_failure(&rdb.display().to_string(), failure))?;
    out.flush().map_err(|error| at(rdb, error))
}

/// The prefix of the files' names and the base's number in a rewritten set.
fn naming(set: &Set) -> (Vec<u8>, i64) {
    const SUFFIX: &[u8] = b".manifest";
    let Some(Listing { path, manifest }) = &set.listing else {
        return (b"appendonly.aof".to_vec(), 1);
    };
    let name = path.file_name().map_or(&b""[..], OsStrExt::as_bytes);
    let prefix = name.strip_suffix(SUFFIX).unwrap_or(name);
    let seq = manifest.base().map_or(0, |base| base.seq);
    (prefix.to_vec(), seq.saturating_add(1))
}

fn write_folder(set: &Set, place: &Place, form: Form, bytes: &[u8]) -> Result<Written, AofError> {
    let (prefix, mut seq) = naming(set);
    let extension: &[u8] = if form == Form::Rdb { b"rdb" } else { b"aof" };
    let name = |seq: i64| [&prefix[..], format!(".{seq}.base.").as_bytes(), extension].concat();
    let manifest = |seq: i64| Manifest { files: vec![Listed::new(name(seq), seq, Kind::Base)] };
    let files = |seq: i64| [NewFile { name: name(seq), pieces: vec![Cow::Borrowed(bytes)] }];
    match (place, &set.listing) {
        (Place::Path(path, _), _) => {
            let path: PathBuf = path.components().collect();
            let manifest_name = [&prefix[..], b".manifest"].concat();
            let manifest_name = OsStr::from_bytes(&manifest_name);
            let done = output::write_folder(
                &mut RealDisk,
                &path,
                &files(seq),
                manifest_name,
                &manifest(seq),
            );
            if done.is_err() {
                // What was begun is of no use to anyone.
                let _ = std::fs::remove_dir_all(output::temporary(&path));
            }
            done?;
            Ok(Written { path, backup: None })
        }
        (Place::InPlace, Some(listing)) => {
            let dir = parent(&listing.path);
            let dir = match dir.file_name() {
                Some(_) => dir,
                // `.` has no name to put `.bak` behind.
                None => dir.canonicalize().map_err(|error| at(&dir, error))?,
            };
            while std::fs::symlink_metadata(dir.join(OsStr::from_bytes(&name(seq)))).is_ok() {
                seq += 1;
            }
            let old: Vec<_> =
                set.members.iter().filter_map(|member| member.listed.as_ref()).collect();
            let old: Vec<_> = old.into_iter().map(|listed| listed.name.clone()).collect();
            let mut manifest = manifest(seq);
            manifest.files.extend(listing.manifest.history().cloned());
            let (files, backup) = (files(seq), output::beside(&dir, ".bak"));
            let change = Change {
                manifest_path: &listing.path,
                old: &old,
                dropped: &old,
                files: &files,
                manifest: &manifest,
                backup: &backup,
            };
            output::change_folder(&mut RealDisk, &change)?;
            Ok(Written { path: dir, backup: Some(backup) })
        }
        (Place::InPlace, None) => {
            Err(AofError::Usage("a file cannot become a folder in place; use -o PATH".into()))
        }
    }
}

fn change_file(set: &Set, bytes: &[u8]) -> Result<Written, AofError> {
    let old = set.members.first().filter(|member| member.input.compression.is_none());
    match old {
        Some(old) if set.listing.is_none() && old.path.as_os_str() != "-" => {
            let backup = output::beside(&old.path, ".bak");
            output::change_file(&mut RealDisk, &old.path, &[Cow::Borrowed(bytes)], &backup)?;
            Ok(Written { path: old.path.clone(), backup: Some(backup) })
        }
        _ => Err(AofError::Usage(
            "--in-place needs a folder or a plain file here; use -o PATH".into(),
        )),
    }
}

/// Where a rewritten set goes if nothing is said.
pub fn default_output(input: &Path) -> PathBuf {
    let plain: PathBuf = input.components().collect();
    output::beside(&plain, ".rewritten")
}
