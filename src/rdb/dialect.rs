//! Which vendor's file this is, and which version: read from the magic, before anything else.

use std::fmt;

/// The vendor whose meaning type bytes and opcodes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Magic `REDIS`; Redis itself and Valkey up to 8.1.
    Redis,
    /// Magic `VALKEY`; Valkey from 9.0.
    Valkey,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Redis => "redis",
            Dialect::Valkey => "valkey",
        })
    }
}

/// Length of the magic and version that every file starts with, in bytes.
pub const HEADER_BYTES: usize = 9;

/// Newest version read with the magic `REDIS`.
pub const REDIS_VERSION_MAX: u16 = 15;

/// Oldest and newest versions read with the magic `VALKEY`.
///
/// Valkey writes 80; 81 is the next number of its range. Version 11 with this magic occurs in
/// files of development builds and differs from `REDIS0011` by its first six bytes only.
pub const VALKEY_VERSIONS: [u16; 3] = [11, 80, 81];

/// Versions from here on are Valkey's, and those below Redis's, whatever is still to come.
const FIRST_VALKEY_VERSION: u16 = 80;

/// Dialect and version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// The vendor.
    pub dialect: Dialect,
    /// The RDB version: 1 to 15 (Redis), 11, 80 or 81 (Valkey) in files that can be read.
    pub version: u16,
}

impl Header {
    /// Reads the nine bytes of a header; `None` if they are no RDB magic with a number.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Header> {
        let (dialect, digits) = match bytes {
            [b'V', b'A', b'L', b'K', b'E', b'Y', digits @ ..] => (Dialect::Valkey, &digits[..]),
            [b'R', b'E', b'D', b'I', b'S', digits @ ..] => (Dialect::Redis, &digits[..]),
            _ => return None,
        };
        let mut version = 0u16;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            version = version * 10 + u16::from(digit - b'0');
        }
        Some(Header { dialect, version })
    }

    /// The nine bytes that start such a file.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let text = match self.dialect {
            Dialect::Redis => format!("REDIS{:04}", self.version.min(9999)),
            Dialect::Valkey => format!("VALKEY{:03}", self.version.min(999)),
        };
        let mut bytes = [0; HEADER_BYTES];
        bytes.copy_from_slice(text.as_bytes());
        bytes
    }

    /// Whether this program reads files with this header.
    pub fn is_supported(self) -> bool {
        match self.dialect {
            Dialect::Redis => (1..=REDIS_VERSION_MAX).contains(&self.version),
            Dialect::Valkey => VALKEY_VERSIONS.contains(&self.version),
        }
    }

    /// Whether a reader takes files with this header: what it knows, and, if it `takes_newer`, what later servers may write with
    /// this magic.
    pub fn is_readable(self, takes_newer: bool) -> bool {
        let is_newer = match self.dialect {
            Dialect::Redis => (REDIS_VERSION_MAX..FIRST_VALKEY_VERSION).contains(&self.version),
            Dialect::Valkey => self.version >= FIRST_VALKEY_VERSION,
        };
        self.is_supported() || (takes_newer && is_newer)
    }

    /// Whether an eight-byte checksum follows the end of the data.
    pub fn has_checksum(self) -> bool {
        self.version >= 5
    }

    /// The dialect that the version in the footer of a DUMP payload speaks.
    pub fn of_payload(version: u16) -> Header {
        let dialect =
            if version >= FIRST_VALKEY_VERSION { Dialect::Valkey } else { Dialect::Redis };
        Header { dialect, version }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip() {
        for text in [b"REDIS0001", b"REDIS0015", b"VALKEY080", b"VALKEY011"] {
            let header = Header::parse(text).unwrap();
            assert_eq!(&header.to_bytes(), text);
            assert!(header.is_supported(), "{header}");
        }
        for text in [b"REDIS0000", b"REDIS0016", b"REDIS0080", b"VALKEY012", b"VALKEY999"] {
            assert!(!Header::parse(text).unwrap().is_supported());
        }
        for (text, is_newer) in [
            (b"REDIS0016", true),
            (b"REDIS0079", true),
            (b"VALKEY082", true),
            (b"REDIS0000", false),
            (b"REDIS0080", false),
            (b"VALKEY012", false),
        ] {
            let header = Header::parse(text).unwrap();
            assert_eq!(header.is_readable(true), is_newer, "{header}");
            assert!(!header.is_readable(false), "{header}");
        }
        assert!(Header::parse(b"REDIS0015").unwrap().is_readable(false));
        for text in [b"REDIS00a1", b"redis0001", b"VALKEY-80", b"\0\0\0\0\0\0\0\0\0"] {
            assert_eq!(Header::parse(text), None);
        }
    }
}
