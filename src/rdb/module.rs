//! Module values: type ids and the self-describing items that let one walk them without the
//! module (section 9 of the format).

use super::error::{ErrorKind, Halt};
use super::string::{ReadStr, Str};
use crate::base::bulk::Bulk;
use crate::base::cursor::Cursor;
use std::fmt;

const CHARSET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A module type: nine characters of six bits, then ten bits of encoding version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u64);

impl ModuleId {
    /// The vector sets of Redis 8.
    pub const VECTOR_SET: ModuleId = ModuleId(0xbde7_2da2_bb1e_b400);

    /// The type's name, always nine characters.
    pub fn name(self) -> String {
        (0..9)
            .map(|i| {
                let index = (self.0 >> (64 - 6 * (i + 1))) & 63;
                CHARSET.get(index as usize).map_or('?', |c| char::from(*c))
            })
            .collect()
    }

    /// Version of the encoding that the module chose, 0 to 1023.
    pub fn version(self) -> u64 {
        self.0 & 1023
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())
    }
}

/// One item of a module's data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ModuleItem<'a> {
    /// An integer; signed ones are stored as their two's complement.
    Int(u64),
    /// A binary32.
    Float(f32),
    /// A binary64.
    Double(f64),
    /// A string.
    Str(Bulk<'a>),
}

/// An item as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StoredItem<'a> {
    Int(u64),
    Float(f32),
    Double(f64),
    Str(Str<'a>),
}

/// Reads the next item; `None` at the end marker.
#[inline]
pub(crate) fn item<'a, E>(c: &mut Cursor<'a>) -> Result<Option<StoredItem<'a>>, Halt<E>> {
    let at = c.pos();
    Ok(Some(match ReadStr::len(c)? {
        0 => return Ok(None),
        1 | 2 => StoredItem::Int(ReadStr::len(c)?),
        3 => StoredItem::Float(f32::from_le_bytes(c.array()?)),
        4 => StoredItem::Double(c.f64_le()?),
        5 => StoredItem::Str(c.string()?),
        opcode => return Err(Halt::Bad(ErrorKind::ModuleItem(opcode), at)),
    }))
}

/// Passes all items up to and including the end marker.
pub(crate) fn skip_items<E>(c: &mut Cursor<'_>) -> Result<(), Halt<E>> {
    while item(c)?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_spell_their_names() {
        assert_eq!(ModuleId::VECTOR_SET.name(), "vectorset");
        assert_eq!(ModuleId::VECTOR_SET.version(), 0);
        assert_eq!(ModuleId(u64::MAX).name(), "_________");
        assert_eq!(ModuleId(1).name(), "AAAAAAAAA");
    }
}
