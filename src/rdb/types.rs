//! The table of value types: one row per type byte, with its layout and its history.

use super::dialect::{Dialect, Header};
use crate::packed;

/// What a key holds, as `TYPE` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    String,
    List,
    Set,
    Zset,
    Hash,
    Stream,
    Module,
    Array,
}

impl Kind {
    /// Every kind, in the order reports list them.
    pub const ALL: [Kind; 8] = [
        Kind::String,
        Kind::List,
        Kind::Set,
        Kind::Zset,
        Kind::Hash,
        Kind::Stream,
        Kind::Module,
        Kind::Array,
    ];

    /// The name users type and see.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::Zset => "zset",
            Kind::Hash => "hash",
            Kind::Stream => "stream",
            Kind::Module => "module",
            Kind::Array => "array",
        }
    }
}

/// How the bytes of a value are laid out after its type byte and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One string.
    Str,
    /// A count and that many strings.
    Strs,
    /// A count and that many pairs of strings.
    Pairs,
    /// A count and that many members with a score as ASCII text.
    ScoredText,
    /// A count and that many members with a binary score.
    ScoredBinary,
    /// One packed structure in a string.
    Blob(packed::Kind),
    /// A count and that many ziplists.
    Nodes,
    /// A count and that many nodes, each with its container kind.
    TaggedNodes,
    /// Redis's hash with field expiries relative to a minimum.
    FieldsFromMin,
    /// Its release-candidate form with absolute expiries.
    FieldsPreGa,
    /// Valkey's hash with field expiries after each pair.
    FieldsValkey,
    /// A minimum expiry and a listpack of triples.
    TriplesFromMin,
    /// A listpack of triples.
    Triples,
    /// A stream; the number counts the format's generations from 1.
    Stream(u8),
    /// A module id and items.
    Module,
    /// A sparse array.
    Array,
    /// Hash values in a listpack; field names in the payload (`own`) or in a template record.
    TemplateListpack {
        /// Whether the field names stand before the values.
        own: bool,
    },
    /// Hash values as strings; field names as above.
    TemplateStrings {
        /// Whether the field names stand before the values.
        own: bool,
    },
}

/// One row of the table of value types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueType {
    /// The type byte.
    pub code: u8,
    /// The name in the servers' sources, without its prefix.
    pub name: &'static str,
    /// What the key holds.
    pub kind: Kind,
    /// The encoding as `OBJECT ENCODING` names it; for strings it depends on the value.
    pub encoding: &'static str,
    /// Where the value's parts stand.
    pub layout: Layout,
    /// The vendor, where only one uses the byte this way.
    pub only: Option<Dialect>,
    /// First RDB version of that vendor that has it.
    pub since: u16,
}

const fn row(
    code: u8,
    name: &'static str,
    kind: Kind,
    encoding: &'static str,
    layout: Layout,
    since: u16,
) -> ValueType {
    ValueType { code, name, kind, encoding, layout, only: None, since }
}

const fn redis(mut row: ValueType) -> ValueType {
    row.only = Some(Dialect::Redis);
    row
}

const fn valkey(mut row: ValueType) -> ValueType {
    row.only = Some(Dialect::Valkey);
    row
}

use packed::Kind::{Intset, Listpack, Ziplist, Zipmap};

/// All types that can be read. Two rows may share a byte if their dialects differ.
pub const VALUE_TYPES: &[ValueType] = &[
    row(0, "STRING", Kind::String, "raw", Layout::Str, 1),
    row(1, "LIST", Kind::List, "linkedlist", Layout::Strs, 1),
    row(2, "SET", Kind::Set, "hashtable", Layout::Strs, 1),
    row(3, "ZSET", Kind::Zset, "skiplist", Layout::ScoredText, 1),
    row(4, "HASH", Kind::Hash, "hashtable", Layout::Pairs, 1),
    row(5, "ZSET_2", Kind::Zset, "skiplist", Layout::ScoredBinary, 8),
    row(7, "MODULE_2", Kind::Module, "module", Layout::Module, 8),
    row(9, "HASH_ZIPMAP", Kind::Hash, "zipmap", Layout::Blob(Zipmap), 2),
    row(10, "LIST_ZIPLIST", Kind::List, "ziplist", Layout::Blob(Ziplist), 2),
    row(11, "SET_INTSET", Kind::Set, "intset", Layout::Blob(Intset), 2),
    row(12, "ZSET_ZIPLIST", Kind::Zset, "ziplist", Layout::Blob(Ziplist), 2),
    row(13, "HASH_ZIPLIST", Kind::Hash, "ziplist", Layout::Blob(Ziplist), 4),
    row(14, "LIST_QUICKLIST", Kind::List, "quicklist", Layout::Nodes, 7),
    row(15, "STREAM_LISTPACKS", Kind::Stream, "stream", Layout::Stream(1), 9),
    row(16, "HASH_LISTPACK", Kind::Hash, "listpack", Layout::Blob(Listpack), 10),
    row(17, "ZSET_LISTPACK", Kind::Zset, "listpack", Layout::Blob(Listpack), 10),
    row(18, "LIST_QUICKLIST_2", Kind::List, "quicklist", Layout::TaggedNodes, 10),
    row(19, "STREAM_LISTPACKS_2", Kind::Stream, "stream", Layout::Stream(2), 10),
    row(20, "SET_LISTPACK", Kind::Set, "listpack", Layout::Blob(Listpack), 11),
    row(21, "STREAM_LISTPACKS_3", Kind::Stream, "stream", Layout::Stream(3), 11),
    redis(row(22, "HASH_METADATA_PRE_GA", Kind::Hash, "hashtable", Layout::FieldsPreGa, 12)),
    valkey(row(22, "HASH_2", Kind::Hash, "hashtable", Layout::FieldsValkey, 80)),
    redis(row(23, "HASH_LISTPACK_EX_PRE_GA", Kind::Hash, "listpackex", Layout::Triples, 12)),
    redis(row(24, "HASH_METADATA", Kind::Hash, "hashtable", Layout::FieldsFromMin, 12)),
    redis(row(25, "HASH_LISTPACK_EX", Kind::Hash, "listpackex", Layout::TriplesFromMin, 12)),
    redis(row(26, "STREAM_LISTPACKS_4", Kind::Stream, "stream", Layout::Stream(4), 13)),
    redis(row(27, "STREAM_LISTPACKS_5", Kind::Stream, "stream", Layout::Stream(5), 14)),
    redis(row(28, "ARRAY", Kind::Array, "array", Layout::Array, 14)),
    redis(row(
        29,
        "HASH_TMPL_LP",
        Kind::Hash,
        "listpack",
        Layout::TemplateListpack { own: true },
        15,
    )),
    redis(row(
        30,
        "HASH_TMPL_LP_REF",
        Kind::Hash,
        "listpack",
        Layout::TemplateListpack { own: false },
        15,
    )),
    redis(row(
        31,
        "HASH_TMPL_ARRAY",
        Kind::Hash,
        "hashtable",
        Layout::TemplateStrings { own: true },
        15,
    )),
    redis(row(
        32,
        "HASH_TMPL_ARRAY_REF",
        Kind::Hash,
        "hashtable",
        Layout::TemplateStrings { own: false },
        15,
    )),
];

const CODES: usize = 33;

/// Index into [`VALUE_TYPES`] by dialect and code; 255 where the byte is no type.
const LOOKUP: [[u8; CODES]; 2] = {
    let mut table = [[255u8; CODES]; 2];
    let mut i = 0;
    while i < VALUE_TYPES.len() {
        let code = VALUE_TYPES[i].code as usize;
        match VALUE_TYPES[i].only {
            Some(Dialect::Redis) => table[0][code] = i as u8,
            Some(Dialect::Valkey) => table[1][code] = i as u8,
            None => {
                table[0][code] = i as u8;
                table[1][code] = i as u8;
            }
        }
        i += 1;
    }
    table
};

impl ValueType {
    /// The row for a type byte in a file of this dialect.
    #[inline]
    pub fn find(dialect: Dialect, code: u8) -> Option<&'static ValueType> {
        let column = match dialect {
            Dialect::Redis => &LOOKUP[0],
            Dialect::Valkey => &LOOKUP[1],
        };
        let index = *column.get(usize::from(code))?;
        VALUE_TYPES.get(usize::from(index))
    }

    /// Whether a server of this file version loads the type.
    pub fn is_known_to(&self, header: Header) -> bool {
        let foreign = self.only.is_some_and(|only| only != header.dialect);
        let old = match header.dialect {
            Dialect::Valkey if self.only.is_none() => false,
            _ => header.version < self.since,
        };
        !foreign && !old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_own_code() {
        for row in VALUE_TYPES {
            for dialect in [Dialect::Redis, Dialect::Valkey] {
                if row.only.is_none_or(|only| only == dialect) {
                    assert_eq!(ValueType::find(dialect, row.code), Some(row));
                }
            }
        }
    }

    #[test]
    fn a_byte_means_what_its_dialect_says() {
        let name = |dialect, code| ValueType::find(dialect, code).map(|row| row.name);
        assert_eq!(name(Dialect::Redis, 22), Some("HASH_METADATA_PRE_GA"));
        assert_eq!(name(Dialect::Valkey, 22), Some("HASH_2"));
        assert_eq!(name(Dialect::Valkey, 25), None);
        for code in [6, 8, 33, 200, 255] {
            assert_eq!(name(Dialect::Redis, code), None);
        }
    }

    #[test]
    fn targets_know_what_their_version_has() {
        let quicklist_2 = ValueType::find(Dialect::Redis, 18).unwrap();
        let header = |dialect, version| Header { dialect, version };
        assert!(!quicklist_2.is_known_to(header(Dialect::Redis, 9)));
        assert!(quicklist_2.is_known_to(header(Dialect::Redis, 10)));
        assert!(quicklist_2.is_known_to(header(Dialect::Valkey, 80)));
        let ttl = ValueType::find(Dialect::Redis, 24).unwrap();
        assert!(!ttl.is_known_to(header(Dialect::Valkey, 80)));
    }
}
