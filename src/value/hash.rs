//! Hashes, whose fields may have a time to live.

use super::Blob;
use super::limits::Limits;
use super::table::{self, Meta, New, Seed, Stored, Table};
use crate::base::bulk::{Bulk, IntBuf};
use crate::packed::{Listpack, Pos};

/// A map of strings.
#[derive(Clone, Debug)]
pub struct Hash(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Fields and values in turn; no field has a time to live.
    Packed(Listpack),
    Table(Table<Blob>),
}

/// One field of a hash.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: Bulk<'a>,
    /// Its value.
    pub value: Bulk<'a>,
    /// Unix milliseconds after which it is gone.
    pub expire_at_ms: Option<i64>,
}

impl Default for Hash {
    fn default() -> Self {
        Hash::new()
    }
}

impl Hash {
    /// The empty hash.
    pub fn new() -> Hash {
        Hash(Form::Packed(Listpack::new()))
    }

    /// Takes over a stored listpack of fields and values, whose fields must differ.
    pub fn from_listpack(listpack: Listpack) -> Hash {
        Hash(Form::Packed(listpack))
    }

    /// Number of fields, those included whose time has passed unnoticed.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(listpack) => listpack.count() / 2,
            Form::Table(table) => table.len() as usize,
        }
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of fields with a time to live.
    pub fn expiring(&self) -> usize {
        match &self.0 {
            Form::Packed(_) => 0,
            Form::Table(table) => table.expiring() as usize,
        }
    }

    /// A time before which no field expires; `None` if none ever does.
    pub fn earliest_ms(&self) -> Option<i64> {
        match &self.0 {
            Form::Packed(_) => None,
            Form::Table(table) => table.earliest_ms(),
        }
    }

    /// Asks for what looking for these will read; see [`Table::warm`].
    pub(super) fn warm<'m>(&self, names: impl Iterator<Item = &'m [u8]>) {
        if let Form::Table(table) = &self.0 {
            let seed = table.seed();
            table.warm(names.map(|name| seed.hash(name)), |_, _| ());
        }
    }

    /// The encoding's name. Fields with times live in a table; while a server would keep them in a listpack, that is the name.
    pub fn encoding(&self, limits: &Limits) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Table(table) if table.expiring() > 0 && self.is_small(limits) => "listpackex",
            Form::Table(_) => "hashtable",
        }
    }

    fn is_small(&self, limits: &Limits) -> bool {
        self.len() <= limits.hash_max_listpack_entries
            && self.fields().all(|field| {
                field.name.text_len().max(field.value.text_len()) <= limits.hash_max_listpack_value
            })
    }

    /// The listpack, if that is its form.
    pub fn listpack(&self) -> Option<&Listpack> {
        match &self.0 {
            Form::Packed(listpack) => Some(listpack),
            Form::Table(_) => None,
        }
    }

    /// A field's value and time to live.
    pub fn get(&self, name: &[u8]) -> Option<Field<'_>> {
        match &self.0 {
            Form::Packed(listpack) => {
                let at = find(listpack, name)?;
                let value = listpack.get(listpack.next(at)?);
                Some(Field { name: listpack.get(at), value, expire_at_ms: None })
            }
            Form::Table(table) => table.get(name).map(field),
        }
    }

    /// Whether a field is there.
    pub fn contains(&self, name: &[u8]) -> bool {
        match &self.0 {
            Form::Packed(listpack) => find(listpack, name).is_some(),
            Form::Table(table) => table.contains(name),
        }
    }

    /// Sets a field and forgets its time to live. Returns whether it is new.
    pub fn insert(&mut self, name: &[u8], value: &[u8], limits: &Limits) -> bool {
        self.insert_expiring(name, value, None, limits)
    }

    /// Sets a field and its time to live. Returns whether it is new.
    pub fn insert_expiring(
        &mut self,
        name: &[u8],
        value: &[u8],
        expire_at_ms: Option<i64>,
        limits: &Limits,
    ) -> bool {
        if let Form::Packed(listpack) = &mut self.0 {
            let old = find(listpack, name);
            let fits = expire_at_ms.is_none()
                && name.len().max(value.len()) <= limits.hash_max_listpack_value
                && (old.is_some() || listpack.count() / 2 < limits.hash_max_listpack_entries)
                && listpack.has_room(Listpack::encoded_len(name) + Listpack::encoded_len(value));
            if fits {
                match old.and_then(|at| listpack.next(at)) {
                    Some(at) => listpack.replace(at, value),
                    None => {
                        listpack.push_back(name);
                        listpack.push_back(value);
                    }
                }
                return old.is_none();
            }
            self.become_table(limits);
        }
        let Form::Table(table) = &mut self.0 else { return false };
        let meta = Meta { expire_at_ms, ..Meta::default() };
        let value = if table::fits(value) {
            New::Bytes(value)
        } else {
            New::Object(Blob::new(value.to_vec()))
        };
        table.insert(name, value, meta).is_none()
    }

    /// Gives a field that is there a time to live, or takes it away. Returns the one it had.
    pub fn set_expiry(
        &mut self,
        name: &[u8],
        expire_at_ms: Option<i64>,
        limits: &Limits,
    ) -> Option<Option<i64>> {
        if let Form::Packed(listpack) = &self.0 {
            find(listpack, name)?;
            if expire_at_ms.is_none() {
                return Some(None);
            }
            self.become_table(limits);
        }
        let Form::Table(table) = &mut self.0 else { return None };
        table.set_meta(name, Meta { expire_at_ms, ..Meta::default() }).map(|meta| meta.expire_at_ms)
    }

    fn become_table(&mut self, limits: &Limits) {
        let mut table = Table::new(Seed::new(limits.hash_seed));
        let (mut name_text, mut value_text) = (IntBuf::new(), IntBuf::new());
        for field in self.fields() {
            let value = field.value.text(&mut value_text);
            let value = if table::fits(value) {
                New::Bytes(value)
            } else {
                New::Object(Blob::new(value.to_vec()))
            };
            let meta = Meta { expire_at_ms: field.expire_at_ms, ..Meta::default() };
            table.insert(field.name.text(&mut name_text), value, meta);
        }
        self.0 = Form::Table(table);
    }

    /// Removes a field; false if it was not there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        match &mut self.0 {
            Form::Packed(listpack) => match find(listpack, name) {
                Some(at) => listpack.remove(at, 2) == 2,
                None => false,
            },
            Form::Table(table) => table.remove(name).is_some(),
        }
    }

    /// Names of fields whose time has passed, at least `max` of them if there are as many.
    pub fn expired(&mut self, now_ms: i64, max: usize) -> Vec<Vec<u8>> {
        match &mut self.0 {
            Form::Packed(_) => Vec::new(),
            Form::Table(table) => table.expired(now_ms, max),
        }
    }

    /// All fields.
    pub fn fields(&self) -> Box<dyn Iterator<Item = Field<'_>> + '_> {
        match &self.0 {
            Form::Packed(listpack) => {
                let mut elements = listpack.iter().map(|(_, element)| element);
                Box::new(std::iter::from_fn(move || {
                    Some(Field {
                        name: elements.next()?,
                        value: elements.next()?,
                        expire_at_ms: None,
                    })
                }))
            }
            Form::Table(table) => Box::new(table.iter().map(field)),
        }
    }

    /// The field at a rank of the present order, which any change may alter.
    pub fn nth(&self, rank: usize) -> Option<Field<'_>> {
        match &self.0 {
            Form::Packed(listpack) => {
                let at = listpack.at(rank * 2)?;
                let value = listpack.get(listpack.next(at)?);
                Some(Field { name: listpack.get(at), value, expire_at_ms: None })
            }
            Form::Table(table) => table.nth(rank as u64).map(field),
        }
    }

    /// About `count` fields from a cursor on; see [`Table::scan`]. Small hashes come whole.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(Field<'_>)) -> u64 {
        match &self.0 {
            Form::Table(table) => table.scan(cursor, count, |entry| visit(field(entry))),
            Form::Packed(_) => {
                self.fields().for_each(visit);
                0
            }
        }
    }
}

fn field<'a>(entry: table::Entry<'a, Blob>) -> Field<'a> {
    let value = match entry.value {
        Stored::Bytes(bytes) => bytes,
        Stored::Object(blob) => blob,
    };
    Field {
        name: Bulk::Bytes(entry.key),
        value: Bulk::Bytes(value),
        expire_at_ms: entry.meta.expire_at_ms,
    }
}

fn find(listpack: &Listpack, name: &[u8]) -> Option<Pos> {
    listpack.find(listpack.first()?, name, 1)
}
