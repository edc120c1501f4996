//! A stream that is copied to an unnamed temporary file as it is read, so that it can be read
//! again.

use crate::feed::input::Bytes;
use crate::feed::map::Map;
use crate::feed::{Compression, Input};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The copy of a stream.
pub(super) struct Copy {
    file: File,
    is_whole: Arc<AtomicBool>,
    name: String,
    compression: Option<Compression>,
}

struct Tee {
    stream: Box<dyn Read + Send>,
    file: File,
    is_whole: Arc<AtomicBool>,
}

impl Read for Tee {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.stream.read(buf)?;
        let whole = self.is_whole.load(Ordering::Relaxed);
        if whole && self.file.write_all(buf.get(..n).unwrap_or(&[])).is_err() {
            // The data itself is still there; only the second pass is lost.
            self.is_whole.store(false, Ordering::Relaxed);
        }
        Ok(n)
    }
}

/// Makes a stream leave a copy; a mapped input needs none.
pub(super) fn tee(input: Input) -> io::Result<(Input, Option<Copy>)> {
    let Bytes::Stream(stream) = input.bytes else {
        return Ok((input, None));
    };
    let file = tempfile::tempfile()?;
    let is_whole = Arc::new(AtomicBool::new(true));
    let copy = Copy {
        file: file.try_clone()?,
        is_whole: is_whole.clone(),
        name: input.name.clone(),
        compression: input.compression,
    };
    let tee = Box::new(Tee { stream, file, is_whole });
    let bytes = Bytes::Stream(tee);
    Ok((Input { bytes, ..input }, Some(copy)))
}

impl Copy {
    /// What was read of the stream; `None` if not all of it could be kept.
    pub(super) fn into_input(self) -> io::Result<Option<Input>> {
        if !self.is_whole.load(Ordering::Relaxed) {
            return Ok(None);
        }
        Ok(Some(Input {
            name: self.name,
            compression: self.compression,
            stored_bytes: None,
            read_bytes: Arc::default(),
            bytes: Bytes::Map(Map::new(&self.file)?),
        }))
    }
}
