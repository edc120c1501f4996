//! Finds listpacks whose elements servers disagree about.

use super::error::{Error, Halt};
use super::event::{Elem, Node, Visit};
use super::parser::Entry;
use super::string::{ReadStr, Str};
use super::types::Layout;
use super::walk::Scratch;
use crate::base::cursor::Cursor;
use crate::packed::{self, ListpackBuilder};
use std::convert::Infallible;

/// Encoded size from which on servers write a listpack element's back length in different forms.
const AMBIGUOUS_BYTES: u64 = 16383;

/// Whether the value holds a listpack long enough for an ambiguous element; looks at lengths only.
fn has_long_listpack(entry: &Entry<'_>) -> Result<bool, Halt<Infallible>> {
    let mut c = Cursor::new(entry.value);
    let long = |string: Str<'_>| string.len() > AMBIGUOUS_BYTES;
    Ok(match entry.ty.layout {
        Layout::Blob(packed::Kind::Listpack) | Layout::Triples => long(c.string()?),
        Layout::TriplesFromMin => {
            c.hop(8);
            long(c.string()?)
        }
        Layout::TaggedNodes => {
            for _ in 0..c.count()? {
                ReadStr::len(&mut c)?;
                if long(c.string()?) {
                    return Ok(true);
                }
            }
            false
        }
        Layout::Stream(_) => {
            for _ in 0..c.count()? {
                c.skip_string()?;
                if long(c.string()?) {
                    return Ok(true);
                }
            }
            false
        }
        Layout::TemplateListpack { .. } => true,
        _ => false,
    })
}

#[derive(Default)]
struct Finder(bool);

impl Visit for Finder {
    type Error = Error;

    fn elem(&mut self, _: &Elem<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Error> {
        if node.structure != Some(packed::Kind::Listpack) || self.0 {
            return Ok(());
        }
        // Damage is for others to report.
        let Ok(mut walk) = packed::Walk::start(packed::Kind::Listpack, node.bytes) else {
            return Ok(());
        };
        while let Ok(Some(bulk)) = walk.next(node.bytes) {
            self.0 |= ListpackBuilder::is_ambiguous(bulk);
        }
        Ok(())
    }
}

impl Entry<'_> {
    /// Whether the value has a listpack element of one of the three sizes whose back length older
    /// and newer servers write differently and cannot read from each other (section 11.1 of the
    /// format). Cheap unless there is a listpack of 16 KiB or more.
    pub fn has_ambiguous_listpack(&self, scratch: &mut Scratch) -> Result<bool, Error> {
        if !has_long_listpack(self).unwrap_or(true) {
            return Ok(false);
        }
        let mut finder = Finder::default();
        self.visit(scratch, &mut finder)?;
        Ok(finder.0)
    }
}
