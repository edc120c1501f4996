//! What can be wrong with a file: the kind, where it is, and in which key and element.

use super::dialect::Header;
use crate::base::cursor::Short;
use crate::base::lzf::LzfError;
use crate::packed::{self, PackedError};
use std::fmt;

/// How bad an error is for whoever wants the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// No RDB file, or a version or type that this program does not handle.
    Unsupported,
    /// The bytes contradict the format.
    Corrupt,
    /// The input ends before the data does; all before the cut was sound.
    Truncated,
}

/// The damage itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The first bytes are no RDB magic.
    #[error("not an RDB file: it starts with \"{}\"", .0.escape_ascii())]
    NotRdb(Vec<u8>),
    /// A version outside of what is read.
    #[error("RDB version {} of the {} format is not supported", .0.version, .0.dialect)]
    UnsupportedVersion(Header),
    /// The input ends too early.
    #[error("the input ends {0} bytes too early")]
    Truncated(usize),
    /// A byte that is neither an opcode nor a value type in this dialect.
    #[error("unknown opcode or value type 0x{0:02x} ({0})")]
    UnknownType(u8),
    /// The function form of Redis 7.0 release candidates.
    #[error("functions in the form of Redis 7.0 release candidates cannot be read")]
    PreGaFunction,
    /// The module form of Redis 4.0 release candidates.
    #[error("module values in the form of Redis 4.0 release candidates cannot be read")]
    PreGaModule,
    /// A first byte of a length that has no meaning.
    #[error("unknown length encoding 0x{0:02x}")]
    LengthEncoding(u8),
    /// An integer- or LZF-encoded string where a plain number has to stand.
    #[error("an encoded string (0x{0:02x}) stands where a length is expected")]
    EncodedLength(u8),
    /// An unknown special string encoding.
    #[error("unknown string encoding 0x{0:02x}")]
    StringEncoding(u8),
    /// A string longer than any server writes.
    #[error("string length {0} is beyond any server's limit")]
    StringLength(u64),
    /// A count higher than any file can hold.
    #[error("element count {0} is beyond any server's limit")]
    Count(u64),
    /// A number outside its range.
    #[error("{what} {value} is out of range")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: i128,
    },
    /// A compressed string that does not decompress.
    #[error("invalid LZF string: {0}")]
    Lzf(LzfError),
    /// Damage inside a packed structure; its own offset counts from the structure's start.
    #[error("{} at byte {} of the {}", .1, .1.offset, structure_name(*.0))]
    Packed(packed::Kind, PackedError),
    /// A packed structure whose elements do not come out even.
    #[error("the {} holds {elements} elements, not a multiple of {by}", structure_name(*.structure))]
    Uneven {
        /// The structure.
        structure: packed::Kind,
        /// Elements found.
        elements: usize,
        /// Elements per member.
        by: usize,
    },
    /// A collection without elements.
    #[error("the collection is empty")]
    Empty,
    /// A score that is not a number.
    #[error("the score is NaN")]
    NanScore,
    /// A score that is no text of a number.
    #[error("the score \"{}\" is no number", .0.escape_ascii())]
    Score(Vec<u8>),
    /// A wrong number or text in a structured part of a value.
    #[error("{0}")]
    Value(&'static str),
    /// A module item opcode out of the known ones.
    #[error("unknown module item opcode {0}")]
    ModuleItem(u64),
    /// A reference to a hash template that the file has not defined.
    #[error("hash template {0} is not defined")]
    Template(u64),
    /// Hash templates too large to be kept.
    #[error("the hash templates take more than {0} bytes")]
    TemplateBytes(usize),
}

fn structure_name(kind: packed::Kind) -> &'static str {
    match kind {
        packed::Kind::Listpack => "listpack",
        packed::Kind::Ziplist => "ziplist",
        packed::Kind::Intset => "intset",
        packed::Kind::Zipmap => "zipmap",
    }
}

impl ErrorKind {
    /// The error's class, which decides the exit status.
    pub fn class(&self) -> Class {
        match self {
            ErrorKind::NotRdb(_)
            | ErrorKind::UnsupportedVersion(_)
            | ErrorKind::UnknownType(_)
            | ErrorKind::PreGaFunction
            | ErrorKind::PreGaModule
            | ErrorKind::TemplateBytes(_) => Class::Unsupported,
            ErrorKind::Truncated(_) => Class::Truncated,
            _ => Class::Corrupt,
        }
    }
}

/// The key in which something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath {
    /// The database.
    pub db: u64,
    /// The key's bytes.
    pub key: Vec<u8>,
    /// The kind of value, as `TYPE` names it.
    pub kind: &'static str,
    /// The encoding, as `OBJECT ENCODING` names it.
    pub encoding: &'static str,
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key \"{}\" ({}", self.key.escape_ascii(), self.kind)?;
        if self.encoding != self.kind {
            write!(f, ", {}", self.encoding)?;
        }
        f.write_str(")")
    }
}

/// Damage with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    offset: u64,
    path: Option<KeyPath>,
    element: Option<u64>,
}

impl Error {
    /// Damage at this absolute byte offset of the (decompressed) input.
    #[cold]
    pub fn new(kind: ErrorKind, offset: u64) -> Error {
        Error(Box::new(Inner { kind, offset, path: None, element: None }))
    }

    /// Adds the index of the element, counted from 0, unless one is known.
    #[must_use]
    pub fn in_element(mut self, element: u64) -> Error {
        self.0.element.get_or_insert(element);
        self
    }

    /// Adds the key, unless one is known.
    #[must_use]
    pub fn in_key(mut self, path: impl FnOnce() -> KeyPath) -> Error {
        self.0.path.get_or_insert_with(path);
        self
    }

    /// The damage.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The class, which decides the exit status.
    pub fn class(&self) -> Class {
        self.0.kind.class()
    }

    /// Absolute byte offset in the (decompressed) input.
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// The key, where the damage lies in one.
    pub fn path(&self) -> Option<&KeyPath> {
        self.0.path.as_ref()
    }

    /// Index of the element, counted from 0, where the damage lies in one.
    pub fn element(&self) -> Option<u64> {
        self.0.element
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{path}")?;
            if let Some(element) = self.0.element {
                write!(f, ", element {element}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{} (offset 0x{:x}, {})", self.0.kind, self.0.offset, self.0.offset)
    }
}

impl std::error::Error for Error {}

/// Why reading stopped: bytes are missing, the visitor refused, or the input is damaged.
#[derive(Debug)]
pub(crate) enum Halt<E> {
    /// The slice ended; at least this many more bytes are needed.
    Need(usize),
    /// Damage from which one cannot go on inside this value.
    Bad(ErrorKind, usize),
    /// An error of the visitor, or of reading with its place known.
    Visitor(E),
}

impl<E> From<Short> for Halt<E> {
    #[inline]
    fn from(short: Short) -> Self {
        Halt::Need(short.0)
    }
}
