//! Checks the records between the keys.

use super::finding::{Finding, Findings};
use super::marks::{Mark, Marks, Tally};
use super::rules::Id;
use super::value::shorten;
use crate::base::library::engine_and_name;
use crate::base::limits;
use crate::rdb::parser::SLOT_INFO_AUX;
use crate::rdb::{Header, Record, SlotSizes};

/// Longest library name remembered, in bytes.
const LIBRARY_NAME_BYTES: usize = 256;

/// Checks a record that is no key, at this offset.
pub(super) fn check(
    record: &Record<'_>,
    header: Header,
    offset: u64,
    marks: &mut Marks,
    findings: &mut Findings,
) {
    newer(record, header, offset, findings);
    match record {
        Record::SelectDb(db) => marks.push(offset, Mark::Db(*db)),
        Record::ResizeDb { keys, expires } => {
            marks.push(offset, Mark::Resize(tally(*keys, *expires)));
        }
        Record::SlotInfo { slot, keys, expires } => {
            marks.push(offset, Mark::Slot(*slot, tally(*keys, *expires)))
        }
        Record::Aux { name, value } => aux(name, value, offset, marks, findings),
        Record::Function(source) => match library(source) {
            Some(name) => marks.push(offset, Mark::Library(name.to_vec())),
            None => findings.add(Id::FunctionHeader, |id| {
                let start = source.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
                let message = format!("the library starts with \"{}\"", shorten(start));
                Finding::new(id, message).at(offset)
            }),
        },
        Record::ModuleAux(aux) => {
            marks.module(offset, aux.module);
            if !(1..=2).contains(&aux.when) {
                let message = format!("module aux data applies at the unknown time {}", aux.when);
                findings.add(Id::Module, |id| Finding::new(id, message).at(offset));
            }
        }
        Record::Start(_)
        | Record::SlotImport { .. }
        | Record::HashTemplate { .. }
        | Record::Key(_)
        | Record::End(_) => {}
    }
}

fn tally(keys: u64, expires: u64) -> Tally {
    Tally { keys, expires }
}

/// First version of the servers that know a record.
fn since(record: &Record<'_>) -> (u16, &'static str) {
    match record {
        Record::ResizeDb { .. } => (7, "RESIZEDB"),
        Record::Aux { .. } => (7, "AUX"),
        Record::ModuleAux(_) => (9, "MODULE_AUX"),
        Record::Function(_) => (10, "FUNCTION2"),
        Record::SlotInfo { .. } => (11, "SLOT_INFO"),
        Record::HashTemplate { .. } => (15, "HASH_TEMPLATE"),
        Record::SlotImport { .. } => (80, "SLOT_IMPORT"),
        Record::Start(_) | Record::SelectDb(_) | Record::Key(_) | Record::End(_) => (0, ""),
    }
}

fn newer(record: &Record<'_>, header: Header, offset: u64, findings: &mut Findings) {
    let (since, name) = since(record);
    if header.version < since {
        findings.add(Id::TypeVersion, |id| {
            let message = format!("{name} is new in version {since}, the file is {header}");
            Finding::new(id, message).at(offset)
        });
    }
}

/// The name of a function library, from its first line: `#!engine name=x`.
fn library(source: &[u8]) -> Option<&[u8]> {
    let (Some(_), Some(name)) = engine_and_name(source) else { return None };
    Some(name.get(..LIBRARY_NAME_BYTES).unwrap_or(name))
}

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

fn aux(name: &[u8], value: &[u8], offset: u64, marks: &mut Marks, findings: &mut Findings) {
    let name = name.to_ascii_lowercase();
    if name == SLOT_INFO_AUX {
        return slot_info(value, offset, marks, findings);
    }
    let expected = match name.as_slice() {
        b"repl-id" if value.len() != 40 => "40 characters",
        b"ctime" | b"used-mem" if !is_number(value) => "a number",
        b"repl-offset" | b"repl-stream-db" if !is_number(value) && value != b"-1" => "a number",
        b"redis-bits" if value != b"32" && value != b"64" => "32 or 64",
        _ => return,
    };
    findings.add(Id::AuxValue, |id| {
        let (name, value) = (shorten(&name), shorten(value));
        let message = format!("{name} is \"{value}\" where {expected} is expected");
        Finding::new(id, message).at(offset)
    });
}

fn slot_info(value: &[u8], offset: u64, marks: &mut Marks, findings: &mut Findings) {
    match SlotSizes::parse(value) {
        Some(sizes) if sizes.slot < limits::SLOTS => {
            let announced = tally(sizes.keys, sizes.expires);
            marks.push(offset, Mark::Slot(sizes.slot, announced));
        }
        Some(sizes) => {
            let message = format!("slot-info names slot {}, the last is 16383", sizes.slot);
            findings.add(Id::SlotRange, |id| Finding::new(id, message).at(offset));
        }
        None => findings.add(Id::AuxValue, |id| {
            let message = format!("slot-info \"{}\" lacks its three numbers", shorten(value));
            Finding::new(id, message).at(offset)
        }),
    }
}
