//! What can be wrong with a packed blob.

use thiserror::Error;

/// Damage in a packed blob, and where it is.
///
/// Prints as the damage alone (`length 70000 runs past the blob`); whoever knows the key and the file puts the place before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct PackedError {
    /// What is wrong.
    pub kind: PackedErrorKind,
    /// Index of the element concerned; the number of elements read when the damage is in the header or at the end.
    pub element: usize,
    /// Offset in the blob, in bytes, of that element or of the wrong header field.
    pub offset: usize,
}

impl PackedError {
    /// Tells whether every element can still be read; see [`PackedErrorKind::is_soft`].
    pub fn is_soft(&self) -> bool {
        self.kind.is_soft()
    }
}

/// What is wrong with a packed blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PackedErrorKind {
    /// The blob is smaller than the smallest legal one.
    #[error("blob of {size} bytes is shorter than the smallest legal one, {min} bytes")]
    TooShort {
        /// Size of the blob in bytes.
        size: usize,
        /// Smallest legal size in bytes.
        min: usize,
    },
    /// The header's total length is not the blob's.
    #[error("header gives a total of {header} bytes, the blob has {size}")]
    TotalLength {
        /// What the header says, in bytes.
        header: usize,
        /// Size of the blob in bytes.
        size: usize,
    },
    /// The last byte is not the terminator.
    #[error("blob does not end with 0xff")]
    NoTerminator,
    /// A terminator stands before the last byte.
    #[error("terminator {left} bytes before the end of the blob")]
    EarlyTerminator {
        /// Bytes behind it.
        left: usize,
    },
    /// A string is longer than what is left of the blob.
    #[error("length {length} runs past the blob")]
    Overrun {
        /// The length stored, in bytes.
        length: usize,
    },
    /// An element's fixed-size parts run past the blob.
    #[error("element is cut off at the end of the blob")]
    Cut,
    /// No element starts with this byte.
    #[error("unknown encoding byte 0x{0:02x}")]
    Encoding(u8),
    /// Intset members are 2, 4 or 8 bytes wide.
    #[error("intset width {0} is not 2, 4 or 8")]
    IntsetWidth(u32),
    /// The members counted in the header do not fill the intset.
    #[error("intset of {count} members of {width} bytes does not fit a blob of {size} bytes")]
    IntsetSize {
        /// Members according to the header.
        count: usize,
        /// Bytes per member.
        width: usize,
        /// Size of the blob in bytes.
        size: usize,
    },
    /// A zipmap length below 254 in the five-byte form, which servers step over wrongly.
    #[error("length {0} is written in its long form")]
    LongForm(usize),
    /// A zipmap ends behind a field.
    #[error("field without a value")]
    NoValue,
    /// The backward length of an element is wrong where two dialects disagree, so its size is unknown.
    #[error("backward length of an element of {size} bytes is in neither dialect")]
    BacklenUnclear {
        /// Size of the element in bytes.
        size: usize,
    },
    /// The backward length of a listpack element is not its size.
    #[error("backward length does not match the element's {size} bytes")]
    Backlen {
        /// Size of the element in bytes.
        size: usize,
    },
    /// A ziplist entry gives a wrong size for the entry before it.
    #[error("previous length {stored} does not match the previous entry's {size} bytes")]
    Prevlen {
        /// What the entry says, in bytes.
        stored: usize,
        /// Size of the previous entry in bytes; 0 for the first one.
        size: usize,
    },
    /// The ziplist header does not point to the last entry.
    #[error("tail offset is {stored}, the last entry is at {last}")]
    Tail {
        /// What the header says.
        stored: usize,
        /// Offset of the last entry, or of the terminator when there is none.
        last: usize,
    },
    /// The header counts other than what the blob holds.
    #[error("header counts {header} elements, the blob holds {found}")]
    Count {
        /// What the header says, in elements.
        header: usize,
        /// What was read.
        found: usize,
    },
    /// An intset member is not larger than the one before it.
    #[error("{member} follows {previous} in an ascending intset")]
    Order {
        /// The member.
        member: i64,
        /// The member before it.
        previous: i64,
    },
}

impl PackedErrorKind {
    /// Tells whether every element can still be read, so that a walk goes on behind the error.
    pub fn is_soft(&self) -> bool {
        matches!(
            self,
            Self::Backlen { .. }
                | Self::Prevlen { .. }
                | Self::Tail { .. }
                | Self::Count { .. }
                | Self::Order { .. }
        )
    }
}

/// A listpack or ziplist would grow past [`MAX_BLOB_BYTES`](super::MAX_BLOB_BYTES).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("packed value would grow past 1 GiB")]
pub struct TooLarge;
