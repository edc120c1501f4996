//! Sets.

use super::limits::Limits;
use super::table::{Meta, New, Seed, Table};
use crate::base::bulk::{Bulk, IntBuf};
use crate::base::num::parse_canonical_i64;
use crate::packed::{Intset, Listpack};

/// A set of strings.
#[derive(Clone, Debug)]
pub struct Set(Form);

#[derive(Clone, Debug)]
enum Form {
    Ints(Intset),
    Packed(Listpack),
    Table(Table<()>),
}

impl Default for Set {
    fn default() -> Self {
        Set::new()
    }
}

impl Set {
    /// The empty set.
    pub fn new() -> Set {
        Set(Form::Ints(Intset::new()))
    }

    /// Takes over a stored intset.
    pub fn from_ints(ints: Intset) -> Set {
        Set(Form::Ints(ints))
    }

    /// Takes over a stored listpack, whose elements must differ.
    pub fn from_listpack(listpack: Listpack) -> Set {
        Set(Form::Packed(listpack))
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Ints(ints) => ints.len(),
            Form::Packed(listpack) => listpack.count(),
            Form::Table(table) => table.len() as usize,
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks for what looking for these will read; see [`Table::warm`].
    pub(super) fn warm<'m>(&self, names: impl Iterator<Item = &'m [u8]>) {
        if let Form::Table(table) = &self.0 {
            let seed = table.seed();
            table.warm(names.map(|name| seed.hash(name)), |_, ()| ());
        }
    }

    /// The encoding's name.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Ints(_) => "intset",
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// The intset, if that is its form.
    pub fn ints(&self) -> Option<&Intset> {
        match &self.0 {
            Form::Ints(ints) => Some(ints),
            _ => None,
        }
    }

    /// The listpack, if that is its form.
    pub fn listpack(&self) -> Option<&Listpack> {
        match &self.0 {
            Form::Packed(listpack) => Some(listpack),
            _ => None,
        }
    }

    /// Whether a member is there.
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.0 {
            Form::Ints(ints) => parse_canonical_i64(member).is_some_and(|n| ints.contains(n)),
            Form::Packed(listpack) => find(listpack, member).is_some(),
            Form::Table(table) => table.contains(member),
        }
    }

    /// Adds a member; false if it was there.
    pub fn insert(&mut self, member: &[u8], limits: &Limits) -> bool {
        self.insert_unless(member, limits, false)
    }

    /// As [`Set::insert`], for a member that is not there if `is_new` says so. Then a listpack need not be searched.
    pub fn insert_unless(&mut self, member: &[u8], limits: &Limits, is_new: bool) -> bool {
        match &mut self.0 {
            Form::Ints(ints) => {
                if let Some(n) = parse_canonical_i64(member) {
                    if !ints.insert(n) {
                        return false;
                    }
                    if ints.len() > limits.set_max_intset_entries {
                        self.become_table(limits);
                    }
                    return true;
                }
                // A listpack if it will hold, with all integers at their longest as servers reckon.
                let longest = ints.iter().map(|n| Bulk::Int(n).text_len()).max().unwrap_or(0);
                self.unpack_ints(limits, 1, longest.max(member.len()));
                self.insert_other(member, limits, is_new)
            }
            _ => self.insert_other(member, limits, is_new),
        }
    }

    fn insert_other(&mut self, member: &[u8], limits: &Limits, is_new: bool) -> bool {
        match &mut self.0 {
            Form::Ints(_) => false,
            Form::Packed(listpack) => {
                if !is_new && find(listpack, member).is_some() {
                    return false;
                }
                let fits = listpack.count() < limits.set_max_listpack_entries
                    && member.len() <= limits.set_max_listpack_value
                    && listpack.has_room(Listpack::encoded_len(member));
                if fits {
                    listpack.push_back(member);
                    return true;
                }
                self.become_table(limits);
                self.insert_other(member, limits, is_new)
            }
            Form::Table(table) => {
                let at = table.locate(member);
                // Not just inserted: what is there already shall not be copied for a snapshot's sake.
                let found = table.find(&at);
                if found.is_none() {
                    table.insert_found(&at, found, New::Bytes(b""), Meta::default());
                }
                found.is_none()
            }
        }
    }

    /// Leaves the form of integers for a listpack, if with `more` members it can be one, else for a table.
    fn unpack_ints(&mut self, limits: &Limits, more: usize, longest: usize) {
        let Form::Ints(ints) = &self.0 else { return };
        if ints.len() + more <= limits.set_max_listpack_entries
            && longest <= limits.set_max_listpack_value
        {
            let mut listpack = Listpack::new();
            for n in ints.iter() {
                listpack.push_back_int(n);
            }
            self.0 = Form::Packed(listpack);
        } else {
            self.become_table(limits);
        }
    }

    fn become_table(&mut self, limits: &Limits) {
        let mut table = Table::new(Seed::new(limits.hash_seed));
        self.each(|member| {
            table.insert(member, New::Bytes(b""), Meta::default());
        });
        self.0 = Form::Table(table);
    }

    /// Removes a member; false if it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.0 {
            Form::Ints(ints) => parse_canonical_i64(member).is_some_and(|n| ints.remove(n)),
            Form::Packed(listpack) => match find(listpack, member) {
                Some(at) => listpack.remove(at, 1) == 1,
                None => false,
            },
            Form::Table(table) => table.remove(member).is_some(),
        }
    }

    /// Hands over each member.
    pub fn each(&self, mut visit: impl FnMut(&[u8])) {
        for member in self.iter() {
            visit(member.text(&mut IntBuf::new()));
        }
    }

    /// All members, integers as such where they are stored so.
    pub fn iter(&self) -> Box<dyn Iterator<Item = Bulk<'_>> + '_> {
        match &self.0 {
            Form::Ints(ints) => Box::new(ints.iter().map(Bulk::Int)),
            Form::Packed(listpack) => Box::new(listpack.iter().map(|(_, member)| member)),
            Form::Table(table) => Box::new(table.iter().map(|entry| Bulk::Bytes(entry.key))),
        }
    }

    /// The member at a rank of the present order, which any change may alter.
    pub fn nth(&self, rank: usize) -> Option<Bulk<'_>> {
        match &self.0 {
            Form::Ints(ints) => ints.get(rank).map(Bulk::Int),
            Form::Packed(listpack) => listpack.at(rank).map(|at| listpack.get(at)),
            Form::Table(table) => table.nth(rank as u64).map(|entry| Bulk::Bytes(entry.key)),
        }
    }

    /// About `count` members from a cursor on; see [`Table::scan`]. Small sets come whole.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8])) -> u64 {
        match &self.0 {
            Form::Table(table) => table.scan(cursor, count, |entry| visit(entry.key)),
            _ => {
                self.each(visit);
                0
            }
        }
    }
}

fn find(listpack: &Listpack, member: &[u8]) -> Option<crate::packed::Pos> {
    listpack.find(listpack.first()?, member, 0)
}
