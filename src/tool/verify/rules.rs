//! The rules: every one has a stable id, a severity, and words on why it matters.

use crate::report::{self, Severity};

/// A thing that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The rule in code.
    pub id: Id,
    /// The stable name.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what a finding of this rule means.
    pub summary: &'static str,
    /// Why it matters and what to do.
    pub help: &'static str,
}

impl Rule {
    /// The rule as reports list it.
    pub fn to_report(&self) -> report::Rule {
        report::Rule { id: self.name, summary: self.summary, help: self.help }
    }
}

/// Makes the enum and the table from one list, so that they cannot differ.
macro_rules! rules {
    ($($id:ident $severity:ident $name:literal $summary:literal $help:literal)*) => {
        /// Which rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Id { $($id),* }

        /// All rules, in the order of [`Id`].
        pub static RULES: &[Rule] = &[$(Rule {
            id: Id::$id,
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            help: $help,
        }),*];
    };
}

rules! {
NotRdb Error "rdb/not-rdb"
    "The file does not start like an RDB file."
    "It is something else, or its first bytes are lost."
Version Error "rdb/unsupported-version"
    "The header's version is not one that can be read."
    "The file was written by a newer server, or the header is damaged."
Truncated Error "rdb/truncated"
    "The file ends before its data does."
    "Servers refuse it. The copy or the save was cut short; everything before the cut can be salvaged."
UnknownType Error "rdb/unknown-type"
    "A byte is neither an opcode nor a value type of this format."
    "Nothing tells where the next record starts. Either the file is damaged or a newer server wrote it."
PreRelease Error "rdb/pre-release-form"
    "A record has a form that only release candidates wrote."
    "No released server loads it."
Length Error "rdb/length"
    "A length or count cannot be true."
    "Nothing tells where the next record starts."
StringEncoding Error "rdb/string-encoding"
    "A string has an unknown encoding."
    "Nothing tells where the next record starts."
Structure Error "rdb/structure"
    "A record contradicts the format."
    "Servers refuse the file."
Lzf Error "rdb/lzf"
    "A compressed string does not decompress."
    "Servers refuse the file; the string is lost."
ChecksumMismatch Error "rdb/checksum-mismatch"
    "The checksum at the end contradicts the data."
    "Some byte differs from what was written, even if everything can be read. Servers refuse the file."
ChecksumDisabled Note "rdb/checksum-disabled"
    "The file was written without a checksum."
    "Changed bytes cannot be noticed; see the setting rdbchecksum."
ChecksumAbsent Note "rdb/checksum-absent"
    "Files of this version have no checksum."
    "Changed bytes cannot be noticed. Versions from 5 have one."
TrailingGarbage Error "rdb/trailing-garbage"
    "Bytes follow the end of the data that do not belong to it."
    "Servers ignore them silently. An older, longer file may have been overwritten."
AofTail Note "rdb/aof-tail"
    "Commands follow the data: this is an append-only file with an RDB preamble."
    "Only the preamble was checked."
PackedHeader Error "rdb/packed-header"
    "The header or terminator of a packed structure contradicts its bytes."
    "Servers refuse the key or crash on it."
PackedLength Error "rdb/packed-length"
    "An element of a packed structure runs past its end."
    "Servers crash on it unless they sanitise."
PackedEncoding Error "rdb/packed-encoding"
    "An element of a packed structure has an unknown encoding."
    "Servers crash on it unless they sanitise."
PackedBacklen Error "rdb/packed-backlen"
    "The length behind a listpack element contradicts the element."
    "Servers crash when they walk the value backwards."
PackedPrevlen Error "rdb/packed-prevlen"
    "The length in front of a ziplist entry contradicts the entry before it."
    "Servers crash when they walk the value backwards."
PackedTail Error "rdb/packed-tail"
    "A ziplist's offset of its last entry is wrong."
    "Servers refuse the key or crash on it."
PackedCount Error "rdb/packed-count"
    "The element count of a packed structure contradicts its elements."
    "Servers refuse the key when they sanitise, and give wrong lengths when they do not."
PackedOrder Error "rdb/packed-order"
    "The integers of an intset do not rise."
    "Servers do not find members that are there."
PackedLongForm Error "rdb/packed-long-form"
    "A short length of a zipmap stands in its long form."
    "Servers refuse it."
PackedUneven Error "rdb/packed-uneven"
    "The elements of a packed structure do not form whole pairs or triples."
    "Servers refuse the key or crash on it."
Empty Warning "rdb/empty-collection"
    "A collection has no elements."
    "Servers skip the key when they load the file."
NanScore Error "rdb/nan-score"
    "A score is not a number (NaN)."
    "Servers refuse the file, or crash on the key."
Score Error "rdb/score"
    "A score is no text of a number."
    "Servers refuse the file."
FieldExpiry Error "rdb/field-expiry"
    "The expiry of a hash field is out of range."
    "Servers refuse the file."
Range Error "rdb/out-of-range"
    "A number is out of its range."
    "Servers refuse the file."
Stream Error "rdb/stream"
    "The parts of a stream contradict each other."
    "Newer servers refuse the file, older ones crash or give wrong answers."
Module Error "rdb/module"
    "A module's data contradicts its form."
    "The server or the module refuses it."
Template Error "rdb/template"
    "A hash template is wrong, or a hash refers to one that is not defined."
    "Servers refuse the file."
DuplicateKey Error "rdb/duplicate-key"
    "A key stands twice in a database."
    "Servers abort while loading."
DuplicateMember Error "rdb/duplicate-member"
    "A member, field or name stands twice in a key."
    "Servers refuse the file, or answer wrongly if they do not sanitise."
ZsetOrder Warning "rdb/zset-order"
    "The members of a packed sorted set do not stand in the order of their scores."
    "Servers take the order as it stands and answer range queries wrongly."
FieldExpiryOrder Error "rdb/field-expiry-order"
    "The fields of a packed hash do not stand in the order of their expiries."
    "Servers that sanitise refuse it; others do not expire the fields in time."
ArrayOrder Warning "rdb/array-order"
    "The items of an array do not stand in the order of their indexes."
    "Servers write them in order; a later item replaces an earlier one of the same index."
KeyExpiry Warning "rdb/key-expiry"
    "The expiry of a key makes no sense."
    "Negative times are long past, and servers delete the key; those after the year 9999 are mostly seconds or microseconds taken for milliseconds."
TypeVersion Warning "rdb/newer-than-header"
    "A record is of a kind that the header's version does not have yet."
    "The servers that read this version refuse the file."
ResizeDb Warning "rdb/resizedb-count"
    "RESIZEDB does not tell the real number of keys."
    "It is a hint for table sizes, but writers know it exactly: keys may be lost or added."
ResizeDbRepeated Warning "rdb/resizedb-repeated"
    "A database has more than one RESIZEDB."
    "Servers write one per database; files may have been joined."
KeyMissing Warning "rdb/key-missing"
    "The data ends behind an expiry, an idle time or a frequency, with no key for it."
    "Servers load the file. Keys behind this place may have been cut away before the end was written."
SelectDbRepeated Note "rdb/selectdb-repeated"
    "A database is selected more than once."
    "Servers write each database in one piece; files may have been joined."
DbNumber Note "rdb/db-number"
    "A database's number is 16 or higher."
    "Servers with the default setting of databases (16) refuse the file."
SlotCount Warning "rdb/slot-count"
    "A slot's announcement does not tell the real number of its keys."
    "It is a hint for table sizes, but writers know it exactly: keys may be lost or added."
SlotKey Warning "rdb/slot-key"
    "A key stands among those of another slot."
    "Writers keep each slot's keys together; files may have been joined or edited."
SlotRange Error "rdb/slot-range"
    "A slot is 16384 or higher."
    "Unpatched servers overwrite foreign memory."
AuxValue Warning "rdb/aux-value"
    "A value about the file is not what servers expect under its name."
    "Servers ignore it or refuse the file."
FunctionHeader Error "rdb/function-header"
    "A function library does not start with a line that names its engine and itself."
    "Servers refuse the file. The line reads: #!lua name=mylib"
DuplicateFunction Error "rdb/duplicate-function"
    "Two function libraries have the same name."
    "Servers refuse the file."
Backlen Warning "rdb/ambiguous-backlen"
    "A listpack element has one of the three sizes that servers store in two ways."
    "Redis up to 8.6 and newer servers (Redis 8.8, Valkey 9.1) misread each other here and crash. Rewrite the key before moving it."
UnknownModule Note "rdb/module-needed"
    "The file holds data of a module."
    "Servers without the module refuse the file."
}

impl Id {
    /// The rule.
    pub fn rule(self) -> &'static Rule {
        // A test holds that the table has a row for each id.
        static NONE: Rule = Rule {
            id: Id::Structure,
            name: "rdb/structure",
            severity: Severity::Error,
            summary: "",
            help: "",
        };
        RULES.get(self as usize).unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_sound() {
        let mut names = HashSet::new();
        for (i, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.id as usize, i);
            assert_eq!(rule.id.rule(), rule);
            assert!(names.insert(rule.name), "{} stands twice", rule.name);
            let tail = rule.name.strip_prefix("rdb/").unwrap();
            assert!(tail.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(rule.summary.ends_with('.') && !rule.help.is_empty());
        }
    }
}
