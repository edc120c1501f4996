//! One unit of work on the data: the first door.

use super::Keyspace;
use super::effect::{Effects, Event, EventClass, What};
use super::place::{Change, Place, Typed, WrongType, kind, string};
use super::uses::Uses;
use crate::value::limits::Limits;
use crate::value::table::{self, Found, Locator, Meta, Stored, Table};
use crate::value::{Kind, StringForm, Value};
use std::cell::Cell;

/// Where a unit of work comes from, which decides what it may notice and whom it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client's command.
    Client,
    /// A file that is loaded: keys do not expire, and nobody is told.
    Load,
    /// The primary's stream: keys expire when the primary says so.
    Primary,
    /// A client of a replica: keys whose time has passed are hidden, and stay until the primary says so.
    Replica,
}

impl Origin {
    /// Whether a key whose time has passed is removed when it is met.
    fn removes_expired(self) -> bool {
        self == Origin::Client
    }

    /// Whether a key whose time has passed is shown.
    fn shows_expired(self) -> bool {
        !self.is_client()
    }

    /// Whether it is a client's command.
    pub fn is_client(self) -> bool {
        matches!(self, Origin::Client | Origin::Replica)
    }

    /// Whether effects are kept.
    fn tells(self) -> bool {
        self != Origin::Load
    }
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub struct ValueRef<'a> {
    entry: table::Entry<'a, Value>,
}

impl<'a> ValueRef<'a> {
    pub(super) fn new(entry: table::Entry<'a, Value>) -> ValueRef<'a> {
        ValueRef { entry }
    }

    /// The key.
    pub fn key(&self) -> &'a [u8] {
        self.entry.key
    }

    /// Its kind of value.
    pub fn kind(&self) -> Kind {
        kind(self.entry.value)
    }

    /// The string it holds.
    pub fn string(&self) -> Option<&'a [u8]> {
        string(self.entry.value)
    }

    /// The string's form.
    pub fn string_form(&self) -> StringForm {
        StringForm::of_mark(self.entry.meta.mark)
    }

    /// The container it holds.
    pub fn container<T: Typed>(&self) -> Option<&'a T> {
        match self.entry.value {
            Stored::Object(value) => T::of(value),
            Stored::Bytes(_) => None,
        }
    }

    /// The value, unless it is a short string.
    pub fn object(&self) -> Option<&'a Value> {
        match self.entry.value {
            Stored::Object(value) => Some(value),
            Stored::Bytes(_) => None,
        }
    }

    /// A value of its own with the same content. It costs little at any size.
    pub fn to_value(&self) -> Value {
        match self.entry.value {
            Stored::Object(value) => value.clone(),
            Stored::Bytes(bytes) => Value::String(crate::value::Blob::new(bytes.to_vec())),
        }
    }

    /// Its expiry time in unix milliseconds.
    pub fn expire_at_ms(&self) -> Option<i64> {
        self.entry.meta.expire_at_ms
    }

    /// When, or how often, it was last used.
    pub fn access(&self) -> u32 {
        self.entry.meta.access.unwrap_or_default()
    }

    /// The encoding's name, as `OBJECT ENCODING` gives it.
    pub fn encoding(&self, limits: &Limits) -> &'static str {
        match (self.string(), self.object()) {
            (Some(bytes), _) => self.string_form().encoding(bytes),
            (None, Some(value)) => value.encoding(limits),
            (None, None) => "",
        }
    }
}

/// One command, transaction or script at work on the data.
#[derive(Debug)]
pub struct Unit<'k> {
    keyspace: &'k mut Keyspace,
    origin: Origin,
    now_ms: i64,
    db: usize,
    /// Whether reading a key counts as a use of it.
    notes_uses: bool,
}

impl<'k> Unit<'k> {
    pub(super) fn new(keyspace: &'k mut Keyspace, origin: Origin, now_ms: i64) -> Unit<'k> {
        if !keyspace.effects.is_empty() {
            // Of a unit that did not come to its end.
            keyspace.effects.clear();
        }
        Unit { keyspace, origin, now_ms, db: 0, notes_uses: origin.tells() }
    }

    /// Unix milliseconds of the unit; the same for all of it.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Where the unit comes from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The database at work.
    pub fn db(&self) -> usize {
        self.db
    }

    /// Goes on in another database; false if there is no such one.
    pub fn select(&mut self, db: usize) -> bool {
        if db >= self.keyspace.dbs.len() {
            return false;
        }
        self.db = db;
        true
    }

    /// Number of databases.
    pub fn databases(&self) -> usize {
        self.keyspace.dbs.len()
    }

    /// When collections leave their packed encodings.
    pub fn limits(&self) -> &Limits {
        &self.keyspace.settings.limits
    }

    /// How uses are noted.
    pub fn uses(&self) -> Uses {
        self.keyspace.settings.uses
    }

    /// Reads keys from now on without noting that as a use.
    pub fn keep_uses(&mut self) {
        self.notes_uses = false;
    }

    /// The libraries of functions.
    pub fn functions_mut(&mut self) -> &mut std::collections::BTreeMap<Vec<u8>, Vec<u8>> {
        &mut self.keyspace.functions
    }

    fn keys(&self) -> &Table<Value> {
        &self.keyspace.dbs[self.db].keys
    }

    fn keys_mut(&mut self) -> &mut Table<Value> {
        &mut self.keyspace.dbs[self.db].keys
    }

    /// Whether the time of an entry has passed, as far as this unit may notice.
    fn is_over(&self, meta: &Meta) -> bool {
        !self.origin.shows_expired() && meta.expire_at_ms.is_some_and(|at| at <= self.now_ms)
    }

    /// Whether there may be a key in the present database whose time has passed. Most often there is none.
    #[inline]
    fn may_be_over(&self) -> bool {
        self.keys().earliest_ms().is_some_and(|at| at <= self.now_ms)
    }

    /// Removes a key whose time has passed. Commands with several keys call it for each before they look at all of them.
    pub fn expire_if_due(&mut self, key: &[u8]) {
        self.remove_expired(key, self.origin.removes_expired());
    }

    /// As [`Unit::expire_if_due`], for a key that is about to be written: what a client writes to a replica starts from nothing.
    fn expire_for_write(&mut self, key: &[u8]) {
        self.remove_expired(key, self.origin.is_client());
    }

    fn remove_expired(&mut self, key: &[u8], removes: bool) {
        if removes
            && !self.keyspace.keeps_expired
            && self.may_be_over()
            && self.keys().get(key).is_some_and(|entry| self.is_over(&entry.meta))
        {
            self.discard(key);
            if self.origin.tells() {
                let event = Event { class: EventClass::Expired, name: "expired" };
                self.keyspace.effects.note(What::Event(event), self.db, key);
                self.keyspace.effects.note_more(What::Expired);
                self.keyspace.effects.note_more(What::Touched);
            }
        }
    }

    /// What a key holds, without noting the use.
    pub fn peek(&self, key: &[u8]) -> Option<ValueRef<'_>> {
        let entry = self.keys().get(key)?;
        (!self.is_over(&entry.meta)).then_some(ValueRef { entry })
    }

    /// What a key holds; notes the use.
    pub fn get(&mut self, key: &[u8]) -> Option<ValueRef<'_>> {
        self.expire_if_due(key);
        let at = self.keys().locate(key);
        let found = self.find_to_use(&at);
        let found = match self.may_be_over() {
            true => found.filter(|found| !self.is_over(&self.keys().meta(&at, *found))),
            false => found,
        };
        if self.origin.is_client() {
            self.keyspace.lookups.hits += u64::from(found.is_some());
            self.keyspace.lookups.misses += u64::from(found.is_none());
        }
        found.map(|found| ValueRef { entry: self.keys().entry(&at, found) })
    }

    /// The string that a key holds.
    pub fn string(&mut self, key: &[u8]) -> Result<Option<&[u8]>, WrongType> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => value.string().map(Some).ok_or(WrongType),
        }
    }

    /// The container that a key holds.
    pub fn read<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&T>, WrongType> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => value.container().map(Some).ok_or(WrongType),
        }
    }

    /// The container that a key holds, without noting the use; several can be looked at at once.
    pub fn peek_as<T: Typed>(&self, key: &[u8]) -> Result<Option<&T>, WrongType> {
        match self.peek(key) {
            None => Ok(None),
            Some(value) => value.container().map(Some).ok_or(WrongType),
        }
    }

    /// Whether a key is there.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.expire_if_due(key);
        self.peek(key).is_some()
    }

    /// The one door to changes. Before `change` runs, a key whose time has passed is gone; afterwards an emptied container goes,
    /// and what was done is noted. If `change` fails it must have left the value as it was.
    pub fn update<R, E>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut Place<'_>) -> Result<(R, Change), E>,
    ) -> Result<R, E> {
        self.expire_for_write(key);
        let (db, origin, now_ms) = (self.db, self.origin, self.now_ms);
        let Keyspace { dbs, settings, trash, rng, .. } = &mut *self.keyspace;
        let keys = &mut dbs[db].keys;
        let at = keys.locate(key);
        let uses = &settings.uses;
        let found = uses.counted.then(|| keys.find(&at));
        let old = found.flatten().and_then(|found| keys.meta(&at, found).access);
        let access = match old {
            Some(mark) => uses.next(mark, now_ms, rng),
            None => uses.first(now_ms),
        };
        let mut place = Place {
            keys,
            key,
            at,
            limits: &settings.limits,
            trash,
            access,
            maybe_empty: false,
            created: false,
            found: Cell::new(found),
        };
        let done = change(&mut place);
        let (maybe_empty, created) = (place.maybe_empty, place.created);
        let emptied =
            maybe_empty && place.find().is_some_and(|found| is_empty(place.keys.value(&at, found)));
        if emptied {
            place.keys.remove(key);
        }
        let (result, change) = done?;
        if !origin.tells() {
            if let Change::Wrote { dirty, .. } | Change::Silent { dirty } = change {
                self.keyspace.effects.dirty += dirty;
            }
            return Ok(result);
        }
        let (dirty, event) = match change {
            Change::None => return Ok(result),
            Change::Silent { dirty } => (dirty, None),
            Change::Wrote { dirty, event } => (dirty, Some(event)),
        };
        self.keyspace.effects.dirty += dirty;
        self.keyspace.effects.note(What::Touched, db, key);
        if created && !emptied {
            let event = Event { class: EventClass::New, name: "new" };
            self.keyspace.effects.note_more(What::Event(event));
        }
        let Some(event) = event else { return Ok(result) };
        self.keyspace.effects.note_more(What::Event(event));
        // A key that came from elsewhere, such as by RENAME, is as good as one that grew.
        let may_hold = matches!(
            event.class,
            EventClass::List | EventClass::Zset | EventClass::Stream | EventClass::Generic
        );
        if may_hold && !emptied {
            self.keyspace.effects.note_more(What::Ready);
        }
        if emptied && !created {
            self.keyspace.effects.note_more(What::Event(Event::generic("del")));
        }
        Ok(result)
    }

    /// Removes a key; false if it was not there.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        self.delete_as(key, Event::generic("del"))
    }

    /// Looks for a key and notes the use.
    #[inline]
    fn find_to_use(&mut self, at: &Locator<'_>) -> Option<Found> {
        let (uses, now_ms) = (self.uses(), self.now_ms);
        if !self.notes_uses || uses.only_writes {
            return self.keys().find(at);
        }
        if !uses.counted {
            return self.keys_mut().find_to_use(at, uses.first(now_ms));
        }
        let found = self.keys().find(at)?;
        if let Some(mark) = self.keys().meta(at, found).access {
            let mark = uses.next(mark, now_ms, &mut self.keyspace.rng);
            self.keys_mut().touch_found(at, found, mark);
        }
        Some(found)
    }

    /// Removes a key; a large value is not freed here. False if the key was not there.
    fn discard(&mut self, key: &[u8]) -> bool {
        let Some(removed) = self.keys_mut().remove(key) else { return false };
        if let Some(value) = removed.object {
            self.keyspace.trash.take(value);
        }
        true
    }

    /// Removes a key to make room; false if it was not there.
    pub fn evict(&mut self, key: &[u8]) -> bool {
        let evicted = self.discard(key);
        if evicted {
            let event = Event { class: EventClass::Evicted, name: "evicted" };
            self.keyspace.effects.note(What::Event(event), self.db, key);
            self.keyspace.effects.note_more(What::Evicted);
            self.keyspace.effects.note_more(What::Touched);
        }
        evicted
    }

    /// Removes a key and tells of it by another event.
    pub fn delete_as(&mut self, key: &[u8], event: Event) -> bool {
        self.expire_for_write(key);
        let removed = self.discard(key);
        if removed {
            self.note(key, event, 1);
        }
        removed
    }

    /// Makes a key of the present database hold a value, whatever it held.
    pub fn put(&mut self, key: &[u8], value: Value, expire_at_ms: Option<i64>, event: Event) {
        self.put_as(key, value, StringForm::Auto, expire_at_ms, event);
    }

    /// As [`Unit::put`], with the form of a string.
    pub fn put_as(
        &mut self,
        key: &[u8],
        value: Value,
        form: StringForm,
        expire_at_ms: Option<i64>,
        event: Event,
    ) {
        let Ok(()) = self.update(key, |place| {
            match &value {
                Value::String(bytes) => place.set_string(bytes, form, expire_at_ms),
                _ => place.set_value(value, expire_at_ms),
            }
            Ok::<_, std::convert::Infallible>(((), Change::wrote(event, 1)))
        });
    }

    /// Notes that a key changed.
    pub fn touch(&mut self, key: &[u8]) {
        if self.origin.tells() {
            self.keyspace.effects.note(What::Touched, self.db, key);
        }
    }

    /// Notes a key event.
    pub fn event(&mut self, event: Event, key: &[u8]) {
        if self.origin.tells() {
            self.keyspace.effects.note(What::Event(event), self.db, key);
        }
    }

    /// Notes a change that was made to a key: its event, and how many changes it counts for.
    pub fn note(&mut self, key: &[u8], event: Event, dirty: u64) {
        self.keyspace.effects.dirty += dirty;
        if self.origin.tells() {
            self.keyspace.effects.note(What::Touched, self.db, key);
            self.keyspace.effects.note_more(What::Event(event));
        }
    }

    /// Notes changes that belong to no key.
    pub fn add_dirty(&mut self, dirty: u64) {
        self.keyspace.effects.dirty += dirty;
    }

    /// Changes counted so far.
    pub fn dirty(&self) -> u64 {
        self.keyspace.effects.dirty
    }

    /// Number of keys in the present database.
    pub fn len(&self) -> u64 {
        self.keys().len()
    }

    /// Whether the present database has no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About `count` keys from a cursor on; see [`Table::scan`]. Those whose time has passed come too.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(ValueRef<'a>),
    ) -> u64 {
        self.keys().scan(cursor, count, |entry| visit(ValueRef { entry }))
    }

    /// All keys of the present database whose time has not passed.
    pub fn iter(&self) -> impl Iterator<Item = ValueRef<'_>> {
        self.keys()
            .iter()
            .filter(|entry| !self.is_over(&entry.meta))
            .map(|entry| ValueRef { entry })
    }

    /// The key at a rank of the present order.
    pub fn nth(&self, rank: u64) -> Option<ValueRef<'_>> {
        self.keys().nth(rank).map(|entry| ValueRef { entry })
    }

    /// Empties the present database, or all. Returns how many keys there were.
    pub fn flush(&mut self, all: bool) -> u64 {
        let range = if all { 0..self.keyspace.dbs.len() } else { self.db..self.db + 1 };
        let mut removed = 0;
        for db in range {
            let keys = &mut self.keyspace.dbs[db].keys;
            removed += keys.len();
            let empty = Table::new(keys.seed());
            self.keyspace.trash.take_table(std::mem::replace(keys, empty));
        }
        self.keyspace.effects.flushed = true;
        self.keyspace.effects.dirty += removed;
        removed
    }

    /// Exchanges two databases; false if one does not exist.
    pub fn swap(&mut self, a: usize, b: usize) -> bool {
        let databases = self.keyspace.dbs.len();
        if a >= databases || b >= databases {
            return false;
        }
        self.keyspace.dbs.swap(a, b);
        self.keyspace.effects.flushed = true;
        self.keyspace.effects.dirty += 1;
        true
    }

    /// Removes keys of the present database whose time has passed, about `max` at most. Returns how many.
    pub fn expire_cycle(&mut self, max: usize) -> usize {
        let now_ms = self.now_ms;
        let due = self.keys_mut().expired(now_ms, max);
        for key in &due {
            self.expire_if_due(key);
        }
        due.len()
    }

    /// Ends the unit.
    pub fn commit(self) -> Effects {
        match self.keyspace.effects.is_empty() {
            // Moving them costs more than looking.
            true => Effects::default(),
            false => std::mem::take(&mut self.keyspace.effects),
        }
    }
}

/// Whether an entry holds a container that must not stay.
fn is_empty(value: Stored<'_, Value>) -> bool {
    match value {
        Stored::Object(value) => value.is_emptied(),
        Stored::Bytes(_) => false,
    }
}
