//! What of a set becomes a new set, and how that is written.

use super::chain::AofError;
use crate::aof::disk::RealDisk;
use crate::aof::manifest::{Listed, Manifest};
use crate::aof::output::{self, Change, NewFile};
use crate::aof::place::PlaceNote;
use crate::aof::reader::{Item, Reader};
use crate::aof::repair::{Cause, Piece, resync};
use crate::aof::set::{Listing, Member, Set};
use crate::aof::writer::write_select;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place among the members of the set.
    pub member: usize,
    /// Its parts, the RDB part included.
    pub pieces: Vec<Piece>,
}

/// A part that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub file: String,
    /// Its bytes.
    pub bytes: Range<u64>,
    /// Complete commands in it.
    pub commands: u64,
    /// Why.
    pub why: Why,
}

/// Why a part is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Something is wrong there.
    Damage(Cause),
    /// It stands behind damage, or behind a missing file.
    Behind,
    /// It was asked for.
    Asked,
}

impl Cut {
    /// A part of a file, whose complete commands are counted.
    pub fn new(member: &Member, bytes: Range<u64>, why: Why) -> Cut {
        let commands = count_commands(member.bytes(), bytes.clone());
        Cut { file: member.name().to_owned(), bytes, commands, why }
    }
}

/// The complete commands of a part, those behind damage, too.
fn count_commands(bytes: &[u8], range: Range<u64>) -> u64 {
    let end = usize::try_from(range.end).unwrap_or(usize::MAX).min(bytes.len());
    let bytes = bytes.get(..end).unwrap_or(bytes);
    let mut reader = Reader::new(bytes, range.start);
    let mut commands = 0;
    loop {
        match reader.next() {
            Ok(Some(Item::Command(_))) => commands += 1,
            Ok(Some(Item::Note(_))) => {}
            Ok(None) => return commands,
            Err(error) => match resync(bytes, error.start + 1) {
                Some(next) => reader.jump(next),
                None => return commands,
            },
        }
    }
}

/// What a new set is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files, in the order of loading.
    pub kept: Vec<Kept>,
    /// What is left out.
    pub cuts: Vec<Cut>,
    /// The new set is at no place of the replication stream that the old one tells of.
    pub leaves_stream: bool,
}

/// Where a new set goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// To a path of its own; only a file there may be replaced.
    Path(PathBuf, bool),
    /// To where the old one is, which is kept as `.bak`.
    InPlace,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The new set.
    pub path: PathBuf,
    /// The old one, if it was replaced.
    pub backup: Option<PathBuf>,
}

impl Plan {
    /// Whether nothing is left out.
    pub fn is_whole(&self) -> bool {
        self.cuts.is_empty()
    }

    fn pieces<'s>(&self, set: &'s Set, kept: &Kept) -> Vec<Cow<'s, [u8]>> {
        let Some(member) = set.members.get(kept.member) else { return Vec::new() };
        let bytes = member.bytes();
        let mut pieces = Vec::new();
        for piece in &kept.pieces {
            if let Some(db) = piece.select {
                let mut select = Vec::new();
                write_select(&mut select, db);
                pieces.push(Cow::Owned(select));
            }
            let range = usize::try_from(piece.bytes.start).unwrap_or(usize::MAX)
                ..usize::try_from(piece.bytes.end).unwrap_or(usize::MAX);
            pieces.push(Cow::Borrowed(bytes.get(range).unwrap_or(&[])));
        }
        if self.leaves_stream && self.kept.last() == Some(kept) {
            let mut note = Vec::new();
            PlaceNote::Nowhere.write(&mut note);
            pieces.push(Cow::Owned(note));
        }
        pieces
    }

    /// Writes the new set.
    pub fn write(&self, set: &Set, target: &Target) -> Result<Written, AofError> {
        match (&set.listing, target) {
            (None, _) => self.write_single(set, target),
            (Some(listing), Target::Path(path, _)) => self.write_folder(set, listing, path),
            (Some(listing), Target::InPlace) => self.change_folder(set, listing),
        }
    }

    /// What is removed if the work is interrupted.
    pub fn unfinished(set: &Set, target: &Target) -> Vec<PathBuf> {
        match (target, &set.listing) {
            (Target::Path(path, _), _) => vec![output::temporary(&plain(path))],
            (Target::InPlace, Some(listing)) => {
                let dir = plain(&crate::aof::set::parent(&listing.path));
                vec![output::temporary(&output::beside(&dir, ".bak"))]
            }
            (Target::InPlace, None) => {
                set.members.iter().map(|member| output::temporary(&member.path)).collect()
            }
        }
    }

    fn write_single(&self, set: &Set, target: &Target) -> Result<Written, AofError> {
        let pieces = self.kept.first().map_or_else(Vec::new, |kept| self.pieces(set, kept));
        let old = set.members.first().filter(|member| member.input.compression.is_none());
        match (target, old) {
            (Target::Path(path, force), _) => {
                output::write_single(&mut RealDisk, path, &pieces, *force)?;
                Ok(Written { path: path.clone(), backup: None })
            }
            (Target::InPlace, Some(old)) if old.path.as_os_str() != "-" => {
                let backup = output::beside(&old.path, ".bak");
                output::change_file(&mut RealDisk, &old.path, &pieces, &backup)?;
                Ok(Written { path: old.path.clone(), backup: Some(backup) })
            }
            (Target::InPlace, _) => {
                let message = "--in-place needs a plain file; use -o PATH";
                Err(AofError::Usage(message.into()))
            }
        }
    }

    /// The lines of the new manifest for what is kept, with the names given.
    fn listed(&self, set: &Set, name: impl Fn(&Member, &Kept) -> Vec<u8>) -> Vec<Listed> {
        let mut lines = Vec::new();
        for kept in &self.kept {
            let Some(member) = set.members.get(kept.member) else { continue };
            let Some(old) = &member.listed else { continue };
            let mut line = Listed { name: name(member, kept), ..old.clone() };
            if !is_whole(member, kept) {
                line.end_offset = None;
            }
            lines.push(line);
        }
        lines
    }

    fn write_folder(&self, set: &Set, listing: &Listing, path: &Path) -> Result<Written, AofError> {
        let old_name = |member: &Member, _: &Kept| {
            member.listed.as_ref().map_or_else(Vec::new, |listed| listed.name.clone())
        };
        let manifest = Manifest { files: self.listed(set, old_name) };
        must_load_something(&manifest)?;
        let names = manifest.files.iter().map(|file| file.name.clone());
        let files: Vec<_> = names
            .zip(&self.kept)
            .map(|(name, kept)| NewFile { name, pieces: self.pieces(set, kept) })
            .collect();
        let manifest_name =
            listing.path.file_name().unwrap_or(OsStr::new("appendonly.aof.manifest"));
        let path = plain(path);
        let done = output::write_folder(&mut RealDisk, &path, &files, manifest_name, &manifest);
        if done.is_err() {
            // What was begun is of no use to anyone.
            let _ = std::fs::remove_dir_all(output::temporary(&path));
        }
        done?;
        Ok(Written { path, backup: None })
    }

    fn change_folder(&self, set: &Set, listing: &Listing) -> Result<Written, AofError> {
        let dir = plain(&crate::aof::set::parent(&listing.path));
        let dir = match dir.file_name() {
            Some(_) => dir,
            // `.` has no name to put `.bak` behind.
            None => dir.canonicalize().map_err(|error| output::OutputError { path: dir, error })?,
        };
        let last = self.kept.last().map(|kept| kept.member);
        // The last file is always written anew: a server goes on appending to it, and the old one is in the backup.
        let is_new =
            |member: &Member, kept: &Kept| !is_whole(member, kept) || Some(kept.member) == last;
        let name = |member: &Member, kept: &Kept| {
            let old = member.listed.as_ref().map_or(&[][..], |listed| &listed.name);
            if is_new(member, kept) { free_name(&dir, old) } else { old.to_vec() }
        };
        let mut manifest = Manifest { files: self.listed(set, name) };
        must_load_something(&manifest)?;
        let mut files = Vec::new();
        for (line, kept) in manifest.files.iter().zip(&self.kept) {
            if set.members.get(kept.member).is_some_and(|member| is_new(member, kept)) {
                let pieces = self.pieces(set, kept);
                files.push(NewFile { name: line.name.clone(), pieces });
            }
        }
        let names = set.members.iter().filter_map(|member| member.listed.as_ref());
        let old: Vec<_> = names.map(|listed| listed.name.clone()).collect();
        let stays = |name: &Vec<u8>| manifest.files.iter().any(|line| line.name == *name);
        let dropped: Vec<_> = old.iter().filter(|name| !stays(name)).cloned().collect();
        manifest.files.extend(listing.manifest.history().cloned());
        let backup = output::beside(&dir, ".bak");
        let change = Change {
            manifest_path: &listing.path,
            old: &old,
            dropped: &dropped,
            files: &files,
            manifest: &manifest,
            backup: &backup,
        };
        output::change_folder(&mut RealDisk, &change)?;
        Ok(Written { path: dir, backup: Some(backup) })
    }
}

/// A path without slashes at its end.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

fn must_load_something(manifest: &Manifest) -> Result<(), AofError> {
    match manifest.loaded().next() {
        Some(_) => Ok(()),
        None => Err(AofError::Usage("nothing would be left of it".into())),
    }
}

/// Whether all of a file is kept.
fn is_whole(member: &Member, kept: &Kept) -> bool {
    let len = member.bytes().len() as u64;
    match kept.pieces.as_slice() {
        [] => len == 0,
        [only] => only.bytes == (0..len) && only.select.is_none(),
        _ => false,
    }
}

/// A name that no file of the folder has: the old one with a mark in front of its last dot.
fn free_name(dir: &Path, old: &[u8]) -> Vec<u8> {
    let dot = old.iter().rposition(|b| *b == b'.').unwrap_or(old.len());
    let (stem, extension) = old.split_at(dot);
    let mut n = 1;
    loop {
        let mark = if n == 1 { ".repaired".to_owned() } else { format!(".repaired-{n}") };
        let name = [stem, mark.as_bytes(), extension].concat();
        if std::fs::symlink_metadata(dir.join(OsStr::from_bytes(&name))).is_err() {
            return name;
        }
        n += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_names_are_free() {
        let dir = tempfile::tempdir().unwrap();
        let name = |old: &[u8]| free_name(dir.path(), old);
        assert_eq!(name(b"a.2.incr.aof"), b"a.2.incr.repaired.aof");
        std::fs::write(dir.path().join("a.2.incr.repaired.aof"), "").unwrap();
        assert_eq!(name(b"a.2.incr.aof"), b"a.2.incr.repaired-2.aof");
        assert_eq!(name(b"x"), b"x.repaired");
    }
}
