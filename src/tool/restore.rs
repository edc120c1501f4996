//! `restore`: the data of a capture as they were at an earlier place of the stream.
//!
//! A place of the stream is looked up in the segments, and becomes a place in the chain of files; from there on a capture is an
//! append-only file like any other. Segments that were closed are compared with their checksums first.

use super::aof::chain::{self, AofError};
use super::aof::plan::{Plan, Target, Written};
use super::aof::rewrite::{self, Form, Options, Shape};
use super::aof::truncate::{self, Limit, Pattern};
use super::replicate::Error;
use super::replicate::capture::{FileEntry, read_files, scan};
use crate::aof::set::{Member, Set, parent};
use crate::base::crc::checksum_own;
use crate::feed::Control;
use crate::repl::offset::Offset;
use std::path::Path;

/// Up to where data are restored.
#[derive(Debug, Clone)]
pub enum Until {
    /// All that there is.
    End,
    /// What was written up to this time, in unix milliseconds.
    Time(i64),
    /// What stands in front of this place of the stream.
    Offset(Offset),
    /// What stands in front of the first command that matches.
    Command(Pattern),
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// An RDB file.
    Rdb,
    /// A folder that servers load, in full.
    Folder,
}

/// Opens a capture, or an older generation of one by its list of files.
///
/// # Errors
/// It cannot be opened, or a file of it is missing.
pub fn open(path: &Path) -> Result<Set, AofError> {
    let mut set = Set::open(path)?;
    chain::complete(&mut set)?;
    if let Some(listing) = &mut set.listing
        && listing.path.extension().is_none_or(|extension| extension != "manifest")
    {
        // The name of a list is none under which servers would find it.
        listing.path = parent(&listing.path).join("appendonly.aof.manifest");
    }
    Ok(set)
}

/// Checks the files of a set against what the capture noted when they were closed; how many were checked.
///
/// # Errors
/// A file is not what it was.
pub fn check_files(set: &Set) -> Result<u64, Error> {
    let Some(dir) = set.dir() else { return Ok(0) };
    let entries = read_files(&dir)?;
    let mut checked = 0;
    for member in &set.members {
        let name = member.path.file_name().unwrap_or_default();
        if let Some(entry) = entries.iter().find(|entry| *entry.file == *name) {
            check_file(member, entry)?;
            checked += 1;
        }
    }
    Ok(checked)
}

fn check_file(member: &Member, entry: &FileEntry) -> Result<(), Error> {
    let sum = format!("{:016x}", checksum_own(member.bytes()));
    match sum == entry.crc64 {
        true => Ok(()),
        false => {
            let why = format!(
                "not the file that was captured: its checksum is {sum}, the capture noted {}",
                entry.crc64
            );
            Err(Error::Damaged { path: member.path.clone(), why })
        }
    }
}

/// The place in the chain of files that a place of the stream has.
fn position(set: &Set, offset: Offset) -> Result<u64, AofError> {
    let usage = |why: String| Err(AofError::Usage(why));
    let (mut first, mut last, mut found) = (None, None, None);
    for member in &set.members {
        let Some(start) = scan::head(member.bytes()) else { continue };
        first.get_or_insert(start.offset);
        if start.offset > offset {
            break;
        }
        let Some(Ok(scanned)) = scan::scan(member.bytes(), Some(offset)) else {
            return usage(format!("{}: the place cannot be found in it", member.name()));
        };
        last = Some(scanned.end);
        found = Some(member.position + scanned.bytes);
    }
    match (first, last, found) {
        (Some(first), _, _) if offset < first => {
            usage(format!("the capture begins at offset {first}, behind {offset}"))
        }
        (_, Some(last), Some(_)) if offset > last && is_end(set, last) => {
            usage(format!("the capture ends at offset {last}, in front of {offset}"))
        }
        (_, _, Some(found)) => Ok(found),
        _ => usage("this is no capture: its files name no offsets; use --to-time".to_owned()),
    }
}

/// Whether the set holds nothing behind a place of the stream.
fn is_end(set: &Set, offset: Offset) -> bool {
    let last = set.members.last().and_then(|member| scan::scan(member.bytes(), None));
    matches!(last, Some(Ok(scanned)) if scanned.end == offset)
}

/// Plans what is kept of a capture.
///
/// # Errors
/// There is no such place, or damage in front of it.
pub fn plan(set: &Set, until: &Until, control: &Control) -> Result<Plan, AofError> {
    let limit = match until {
        Until::End => Limit::Position(set.size_bytes()),
        Until::Time(time_ms) => Limit::Time(*time_ms),
        Until::Offset(offset) => Limit::Position(position(set, *offset)?),
        Until::Command(pattern) => Limit::Command(pattern.clone()),
    };
    truncate::plan(set, &limit, control)
}

/// Writes what a plan keeps of a capture.
///
/// # Errors
/// Those of reading, replaying and writing.
pub fn write(
    set: &Set,
    plan: &Plan,
    output: Output,
    target: &Target,
    now_ms: i64,
    control: &Control,
) -> Result<Written, AofError> {
    match (output, target) {
        (Output::Folder, _) => plan.write(set, target),
        (Output::Rdb, Target::Path(path, _)) => {
            let spool = spool_beside(path)?;
            let part = Target::Path(spool.path().join("appendonlydir"), false);
            let written = plan.write(set, &part)?;
            let part = Set::open(&written.path)?;
            let options =
                Options { form: Form::Rdb, shape: Some(Shape::File), ..Options::plain(now_ms) };
            Ok(rewrite::rewrite(&part, target, &options, control)?.written)
        }
        (Output::Rdb, Target::InPlace) => Err(AofError::Usage("an RDB file needs a name".into())),
    }
}

/// A folder for what lies between, on the disk of the output; it goes away by itself.
fn spool_beside(path: &Path) -> Result<tempfile::TempDir, AofError> {
    let dir = parent(path);
    let made = tempfile::Builder::new().prefix(".rkv-restore-").tempdir_in(&dir);
    made.map_err(|error| AofError::Output(crate::aof::output::OutputError { path: dir, error }))
}
