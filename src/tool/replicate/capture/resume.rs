//! Finds where a capture can go on, and cuts off what stands behind that.

use super::checkpoint::Checkpoint;
use super::folder::Folder;
use super::scan::{self, Scanned};
use super::segment::Segment;
use super::{Error, at};
use crate::base::crc::OwnChecksum;
use crate::feed::Input;
use crate::feed::input::Bytes;
use crate::repl::offset::{Offset, Place, ReplId};
use crate::repl::units::Units;
use std::path::Path;

/// The segment to go on with and the number of bytes that were cut off; none for a new capture.
pub(super) fn resume(folder: &mut Folder) -> Result<Option<(Segment, u64)>, Error> {
    if folder.is_empty() {
        return Ok(None);
    }
    let segments = folder.segments();
    let Some(last) = segments.last() else {
        let why = "the manifest names no segment".to_owned();
        return Err(Error::Damaged { path: folder.dir().into(), why });
    };
    let checkpoint = Checkpoint::read(folder.dir())?;
    let checkpoint = checkpoint.filter(|checkpoint| segments.contains(&checkpoint.segment));
    let name = checkpoint.as_ref().map_or(last, |checkpoint| &checkpoint.segment).clone();
    let path = folder.dir().join(&name);
    let input = open(&path)?;
    let bytes = contents(&input);
    let damaged = |why: String| Error::Damaged { path: path.clone(), why };
    let found = match checkpoint {
        Some(checkpoint) if bytes.len() as u64 >= checkpoint.segment_bytes => {
            trust(bytes, &checkpoint).map_err(damaged)?
        }
        // Without a checkpoint, or with one that is newer than the data, the data say where they end.
        _ => {
            let scanned = scan::scan(bytes, None);
            let scanned = scanned.ok_or_else(|| damaged("no segment of a capture".to_owned()))?;
            scanned.map_err(|error| damaged(error.to_string()))?
        }
    };
    let kept = usize::try_from(found.bytes).ok().and_then(|len| bytes.get(..len));
    let kept = kept.ok_or_else(|| damaged("it ends too early".to_owned()))?;
    let cut_bytes = (bytes.len() - kept.len()) as u64;
    let mut sum = OwnChecksum::new();
    sum.update(kept);
    let units = Units::new(found.end, found.db);
    drop(input);
    folder.keep_up_to(&name);
    let segment = Segment::reopen(path, name, found.start, units, found.bytes, sum)?;
    folder.save()?;
    Ok(Some((segment, cut_bytes)))
}

/// What a checkpoint says of a segment that is at least as long, if that is the one it was written for.
fn trust(bytes: &[u8], checkpoint: &Checkpoint) -> Result<Scanned, String> {
    let len = usize::try_from(checkpoint.segment_bytes).unwrap_or(usize::MAX);
    let kept = bytes.get(..len).unwrap_or(bytes);
    let sum = format!("{:016x}", crate::base::crc::checksum_own(kept));
    if sum != checkpoint.segment_crc64 {
        return Err(format!(
            "its first {len} bytes are not those that were written: the checksum is {sum}, the checkpoint says {}",
            checkpoint.segment_crc64
        ));
    }
    let start = scan::head(bytes).ok_or("no segment of a capture")?;
    let replid = ReplId::parse(checkpoint.replid.as_bytes());
    if replid != Some(start.replid) || checkpoint.offset < start.offset.get() {
        return Err("the checkpoint is of another stream".to_owned());
    }
    Ok(Scanned {
        start: Place { replid: start.replid, offset: start.offset },
        end: Offset::new(checkpoint.offset),
        bytes: checkpoint.segment_bytes,
        db: checkpoint.db,
    })
}

fn open(path: &Path) -> Result<Input, Error> {
    let opened = Input::open(path).and_then(Input::into_seekable);
    at(path, opened.map_err(|error| std::io::Error::other(error.to_string())))
}

fn contents(input: &Input) -> &[u8] {
    match &input.bytes {
        Bytes::Map(map) => map,
        Bytes::Stream(_) => &[],
    }
}
