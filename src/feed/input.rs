//! Opens what the user names: a path or standard input, plain or compressed.

use super::map::Map;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How an input was compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// LZ4 frames.
    Lz4,
    /// Valkey's envelope around an LZ4 frame.
    EnvelopeLz4,
    /// Valkey's envelope around a Zstandard frame.
    EnvelopeZstd,
}

impl Compression {
    /// The name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Lz4 => "lz4",
            Compression::EnvelopeLz4 => "valkey-envelope-lz4",
            Compression::EnvelopeZstd => "valkey-envelope-zstd",
        }
    }
}

/// Why an input could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The input ends inside the compression envelope.
    #[error("the input ends inside its compression envelope")]
    Truncated,
    /// The compressed stream ends too early.
    #[error("the compressed stream ends too early")]
    Cut,
    /// The compressed stream is damaged.
    #[error("the compressed stream is damaged")]
    Damaged,
    /// The envelope is of a kind that is not handled.
    #[error("unknown compression envelope: {0}")]
    Envelope(String),
}

/// Where the bytes come from.
pub enum Bytes {
    /// A plain regular file.
    Map(Map),
    /// Anything else, decompressed.
    Stream(Box<dyn Read + Send>),
}

/// An open input.
pub struct Input {
    /// The name for messages: the path as given, or `<stdin>`.
    pub name: String,
    /// How it is compressed, if it is.
    pub compression: Option<Compression>,
    /// Size of the input as it stands, in bytes, if it is known.
    pub stored_bytes: Option<u64>,
    /// Bytes read so far of the input as it stands; only streams count.
    pub read_bytes: Arc<AtomicU64>,
    /// The bytes.
    pub bytes: Bytes,
}

/// Bytes looked at to recognise a compression.
const SNIFF_BYTES: usize = 16;

/// Counts what passes.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Reads until the buffer is full or the input ends.
pub(crate) fn read_full(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// What the first bytes say about compression.
fn sniff(head: &[u8]) -> Result<Option<(Compression, usize)>, InputError> {
    Ok(match head {
        [0x1f, 0x8b, ..] => Some((Compression::Gzip, 0)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some((Compression::Zstd, 0)),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some((Compression::Lz4, 0)),
        [b'V', b'C', b'S', rest @ ..] => Some((envelope(rest)?, ENVELOPE_BYTES)),
        _ => None,
    })
}

/// Length of Valkey's compression envelope, in bytes.
const ENVELOPE_BYTES: usize = 7;

/// Reads the envelope behind its magic (section 20 of the format).
fn envelope(rest: &[u8]) -> Result<Compression, InputError> {
    let unknown = |what: &str, value: u8| Err(InputError::Envelope(format!("{what} {value}")));
    match rest {
        [1, codec, 0, 1, ..] => match codec {
            1 => Ok(Compression::EnvelopeLz4),
            2 => Ok(Compression::EnvelopeZstd),
            other => unknown("codec", *other),
        },
        [1, _, 0, kind, ..] => unknown("stream kind", *kind),
        // Too short to tell: what there is says nothing wrong.
        [] | [1] | [1, _] | [1, _, 0] => Err(InputError::Truncated),
        [1, _, reserved, ..] => unknown("reserved byte", *reserved),
        [version, ..] => unknown("version", *version),
    }
}

fn decoder(
    compression: Compression,
    reader: Box<dyn Read + Send>,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(
            BufReader::with_capacity(1 << 16, reader),
        )),
        Compression::Zstd | Compression::EnvelopeZstd => {
            let mut decoder = zstd::stream::read::Decoder::new(reader)?;
            if compression == Compression::EnvelopeZstd {
                decoder = decoder.single_frame();
            }
            Box::new(decoder)
        }
        Compression::Lz4 | Compression::EnvelopeLz4 => {
            Box::new(Lz4Frames { decoder: lz4_flex::frame::FrameDecoder::new(reader) })
        }
    })
}

/// LZ4 frames; an input that ends inside a frame is an error, as with the other codecs.
struct Lz4Frames<R: Read> {
    decoder: lz4_flex::frame::FrameDecoder<R>,
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buf).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => e,
            _ => io::Error::new(io::ErrorKind::InvalidData, e),
        })
    }
}

/// What a failed read says of an input that is compressed or not.
fn failed(compression: Option<Compression>, error: io::Error) -> InputError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if compression.is_some() => InputError::Cut,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if compression.is_some() => {
            InputError::Damaged
        }
        _ => error.into(),
    }
}

impl Input {
    /// Opens a path, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Input, InputError> {
        if path.as_os_str() == "-" {
            return Input::from_reader("<stdin>".into(), Box::new(io::stdin()), None);
        }
        let name = path.display().to_string();
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory").into());
        }
        if !metadata.is_file() {
            return Input::from_reader(name, Box::new(file), None);
        }
        let mut head = [0; SNIFF_BYTES];
        let filled = read_full(&mut file, &mut head)?;
        if sniff(head.get(..filled).unwrap_or(&[]))?.is_some() {
            return Input::from_reader(name, Box::new(File::open(path)?), Some(metadata.len()));
        }
        Ok(Input {
            name,
            compression: None,
            stored_bytes: Some(metadata.len()),
            read_bytes: Arc::default(),
            bytes: Bytes::Map(Map::new(&file)?),
        })
    }

    /// Reads from anything.
    pub fn from_reader(
        name: String,
        mut reader: Box<dyn Read + Send>,
        stored_bytes: Option<u64>,
    ) -> Result<Input, InputError> {
        let mut head = vec![0; SNIFF_BYTES];
        let filled = read_full(&mut reader, &mut head)?;
        head.truncate(filled);
        let found = sniff(&head)?;
        let read_bytes: Arc<AtomicU64> = Arc::default();
        let skip = found.map_or(0, |(_, skip)| skip);
        let head = head.get(skip..).unwrap_or(&[]).to_vec();
        let whole = io::Cursor::new(head).chain(reader);
        let counted = Box::new(Counted { inner: whole, count: read_bytes.clone() });
        let stream = match found {
            Some((compression, _)) => decoder(compression, counted)?,
            None => counted,
        };
        Ok(Input {
            name,
            compression: found.map(|(compression, _)| compression),
            stored_bytes,
            read_bytes,
            bytes: Bytes::Stream(stream),
        })
    }

    /// The first bytes, at most `len`, which are read again by whoever reads the input.
    pub fn peek(&mut self, len: usize) -> Result<Vec<u8>, InputError> {
        let compression = self.compression;
        match &mut self.bytes {
            Bytes::Map(map) => Ok(map.get(..len).unwrap_or(map).to_vec()),
            Bytes::Stream(stream) => {
                let mut head = vec![0; len];
                let filled = read_full(stream, &mut head).map_err(|e| failed(compression, e))?;
                head.truncate(filled);
                let rest = std::mem::replace(stream, Box::new(io::empty()));
                *stream = Box::new(io::Cursor::new(head.clone()).chain(rest));
                Ok(head)
            }
        }
    }

    /// Makes an input that can be read at any place: a stream is copied to an unnamed temporary
    /// file first.
    pub fn into_seekable(self) -> Result<Input, InputError> {
        let Bytes::Stream(mut stream) = self.bytes else {
            return Ok(self);
        };
        let mut file = tempfile::tempfile()?;
        io::copy(&mut stream, &mut file).map_err(|e| failed(self.compression, e))?;
        Ok(Input { bytes: Bytes::Map(Map::new(&file)?), ..self })
    }
}
