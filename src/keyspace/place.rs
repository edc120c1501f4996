//! Where one key's value is or will be, during a change.

use super::effect::Event;
use super::trash::Trash;
use crate::base::cow;
use crate::value::limits::Limits;
use crate::value::table::{self, Found, Locator, Meta, New, Removed, Stored, Table};
use crate::value::{
    Array, Blob, Hash, Kind, List, Set, Stream, StringForm, Value, VectorSet, Zset,
};
use std::cell::Cell;
use triomphe::Arc;

/// The key holds another type of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongType;

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The value changed; `dirty` changes count towards the next save.
    Wrote {
        /// The event that tells of it.
        event: Event,
        /// How many changes it counts for.
        dirty: u64,
    },
    /// Something changed that is no event and need not be told, such as a count of uses.
    Silent {
        /// How many changes it counts for.
        dirty: u64,
    },
}

impl Change {
    /// A change, if anything was changed.
    pub fn wrote(event: Event, dirty: u64) -> Change {
        if dirty == 0 { Change::None } else { Change::Wrote { event, dirty } }
    }
}

/// A type of container that a key can hold.
pub trait Typed: Clone + Sized {
    /// Its kind.
    const KIND: Kind;
    /// An empty one.
    fn empty() -> Self;
    /// The value as this type.
    fn of(value: &Value) -> Option<&Self>;
    /// The value as this type, to be changed; copied if a snapshot shares it.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    /// The value that holds it.
    fn wrap(self) -> Value;
}

macro_rules! typed {
    ($($type:ident)*) => {
        $(impl Typed for $type {
            const KIND: Kind = Kind::$type;

            fn empty() -> Self {
                $type::new()
            }

            fn of(value: &Value) -> Option<&Self> {
                match value {
                    Value::$type(inner) => Some(inner),
                    _ => None,
                }
            }

            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                match value {
                    Value::$type(inner) => Some(cow::make_mut(inner)),
                    _ => None,
                }
            }

            fn wrap(self) -> Value {
                Value::$type(Arc::new(self))
            }
        })*
    };
}

typed! { List Set Zset Hash Stream Array VectorSet }

/// One key's place in its database. Made by [`super::Unit::update`] alone, after expiry has been seen to.
#[derive(Debug)]
pub struct Place<'a> {
    pub(super) keys: &'a mut Table<Value>,
    pub(super) key: &'a [u8],
    /// Where the key belongs in the table.
    pub(super) at: Locator<'a>,
    pub(super) limits: &'a Limits,
    pub(super) trash: &'a mut Trash,
    /// When this use is noted.
    pub(super) access: u32,
    /// Whether a container was handed out that may have been emptied.
    pub(super) maybe_empty: bool,
    pub(super) created: bool,
    /// Whether, and where, the key is, once it was looked for.
    pub(super) found: Cell<Option<Option<Found>>>,
}

impl Place<'_> {
    /// Looks for the key, once for all that asks for it.
    #[inline]
    pub(super) fn find(&self) -> Option<Found> {
        if let Some(found) = self.found.get() {
            return found;
        }
        let found = self.keys.find(&self.at);
        self.found.set(Some(found));
        found
    }

    #[inline]
    fn value(&self) -> Option<Stored<'_, Value>> {
        self.find().map(|found| self.keys.value(&self.at, found))
    }

    #[inline]
    fn object_mut(&mut self) -> Option<&mut Value> {
        let found = self.find()?;
        self.keys.found_object_mut(&self.at, found)
    }

    #[inline]
    fn insert(&mut self, value: New<'_, Value>, meta: Meta) {
        let old = match self.found.get() {
            Some(found) => self.keys.insert_found(&self.at, found, value, meta),
            None => self.keys.insert_at(&self.at, value, meta),
        };
        if old.is_none() {
            self.found.set(None);
        }
        self.replaced(old);
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        self.key
    }

    /// When collections leave their packed encodings.
    pub fn limits(&self) -> &Limits {
        self.limits
    }

    /// Whether the key is there.
    pub fn exists(&self) -> bool {
        self.find().is_some()
    }

    /// What kind of value the key holds.
    pub fn kind(&self) -> Option<Kind> {
        self.value().map(kind)
    }

    /// The key's expiry time in unix milliseconds.
    pub fn expire_at_ms(&self) -> Option<i64> {
        if self.keys.expiring() == 0 {
            return None;
        }
        self.find().and_then(|found| self.keys.meta(&self.at, found).expire_at_ms)
    }

    /// The string that the key holds, `None` if it is not there.
    pub fn string(&self) -> Result<Option<&[u8]>, WrongType> {
        match self.value() {
            None => Ok(None),
            Some(value) => string(value).map(Some).ok_or(WrongType),
        }
    }

    /// Makes the key hold a string. Any other value is replaced; the expiry time is the one given.
    pub fn set_string(&mut self, bytes: &[u8], form: StringForm, expire_at_ms: Option<i64>) {
        let meta = Meta { expire_at_ms, access: Some(self.access), mark: form.mark() };
        let value = match table::fits(bytes) {
            true => New::Bytes(bytes),
            false => New::Object(Value::String(Blob::new(bytes.to_vec()))),
        };
        self.insert(value, meta);
    }

    /// As [`Place::set_string`], for bytes that are handed over.
    pub fn put_string(&mut self, bytes: Vec<u8>, form: StringForm, expire_at_ms: Option<i64>) {
        if table::fits(&bytes) {
            return self.set_string(&bytes, form, expire_at_ms);
        }
        let meta = Meta { expire_at_ms, access: Some(self.access), mark: form.mark() };
        let value = New::Object(Value::String(Blob::new(bytes)));
        self.insert(value, meta);
    }

    /// Makes the key hold a string that follows from the one it holds. Its expiry time stays.
    pub fn follow_string<T: AsRef<[u8]>, R, E: From<WrongType>>(
        &mut self,
        form: StringForm,
        follow: impl FnOnce(Option<&[u8]>) -> Result<(T, R), E>,
    ) -> Result<R, E> {
        let (text, result, done) =
            self.keys.follow(&self.at, self.access, form.mark(), |old| match old {
                Some(value) => follow(Some(string(value).ok_or(WrongType)?)),
                None => follow(None),
            })?;
        if !done {
            self.set_string(text.as_ref(), form, self.expire_at_ms());
        }
        Ok(result)
    }

    /// Changes the bytes of a string, which is made empty first if the key is not there. Its expiry time stays.
    pub fn edit_string<R>(
        &mut self,
        form: StringForm,
        edit: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<R, WrongType> {
        let expire_at_ms = self.expire_at_ms();
        // A long string is changed where it is.
        let access = self.access;
        if let Some(Value::String(blob)) = self.object_mut() {
            let bytes = cow::make_mut(blob);
            let result = edit(bytes);
            if !table::fits(bytes) {
                let meta = Meta { expire_at_ms, access: Some(access), mark: form.mark() };
                self.keys.set_meta(self.key, meta);
                return Ok(result);
            }
            let short = std::mem::take(bytes);
            self.set_string(&short, form, expire_at_ms);
            return Ok(result);
        }
        let mut bytes = self.string()?.unwrap_or_default().to_vec();
        let result = edit(&mut bytes);
        self.set_string(&bytes, form, expire_at_ms);
        Ok(result)
    }

    /// Changes bytes of a string in place; its length stays. `None` if the key is not there.
    pub fn patch_string<R>(
        &mut self,
        form: StringForm,
        patch: impl FnOnce(&mut [u8]) -> R,
    ) -> Result<Option<R>, WrongType> {
        if self.string()?.is_none() {
            return Ok(None);
        }
        let meta = Meta {
            expire_at_ms: self.expire_at_ms(),
            access: Some(self.access),
            mark: form.mark(),
        };
        self.keys.set_meta(self.key, meta);
        if let Some(Value::String(blob)) = self.object_mut() {
            let bytes: &mut Vec<u8> = cow::make_mut(blob);
            return Ok(Some(patch(bytes)));
        }
        Ok(self.keys.with_bytes(self.key, patch))
    }

    /// The container that the key holds, `None` if it is not there.
    pub fn read<T: Typed>(&self) -> Result<Option<&T>, WrongType> {
        match self.value() {
            None => Ok(None),
            Some(Stored::Object(value)) => T::of(value).map(Some).ok_or(WrongType),
            Some(Stored::Bytes(_)) => Err(WrongType),
        }
    }

    /// The container that the key holds, to be changed; `None` if it is not there.
    pub fn get<T: Typed>(&mut self) -> Result<Option<(&mut T, &Limits)>, WrongType> {
        if self.find().is_none() {
            return Ok(None);
        }
        self.container().map(Some)
    }

    /// The container that the key holds, made empty if it is not there. If it is still empty afterwards, the key goes.
    pub fn get_or_create<T: Typed>(&mut self) -> Result<(&mut T, &Limits), WrongType> {
        if self.find().is_none() {
            self.set_value(T::empty().wrap(), None);
        }
        self.container()
    }

    /// The container that the key holds, which is there, to be changed.
    fn container<T: Typed>(&mut self) -> Result<(&mut T, &Limits), WrongType> {
        self.maybe_empty = true;
        let limits = self.limits;
        let value = self.object_mut().ok_or(WrongType)?;
        // Looked at first, so that a value of another type is not copied for nothing.
        T::of(value).ok_or(WrongType)?;
        Ok((T::of_mut(value).ok_or(WrongType)?, limits))
    }

    /// Makes the key hold a value with an expiry time, whatever it held.
    pub fn set_value(&mut self, value: Value, expire_at_ms: Option<i64>) {
        if let Value::String(blob) = &value
            && table::fits(blob)
        {
            return self.set_string(blob, StringForm::Auto, expire_at_ms);
        }
        let meta = Meta { expire_at_ms, access: Some(self.access), mark: 0 };
        self.insert(New::Object(value), meta);
    }

    /// Sets or takes away the expiry time. Returns false if the key is not there.
    pub fn set_expiry(&mut self, expire_at_ms: Option<i64>) -> bool {
        let Some(found) = self.find() else { return false };
        let meta = self.keys.meta(&self.at, found);
        self.keys.set_meta(self.key, Meta { expire_at_ms, ..meta });
        true
    }

    /// Sets when, or how often, the key was used.
    pub fn set_access(&mut self, access: u32) {
        if let Some(found) = self.find() {
            self.keys.touch_found(&self.at, found, access);
        }
    }

    /// Removes the key. Returns false if it was not there.
    pub fn remove(&mut self) -> bool {
        let removed = self.keys.remove(self.key);
        self.found.set(None);
        let was_there = removed.is_some();
        if let Some(value) = removed.and_then(|removed| removed.object) {
            self.trash.take(value);
        }
        was_there
    }

    /// Sees to what was overwritten.
    #[inline]
    fn replaced(&mut self, old: Option<Removed<Value>>) {
        match old {
            None => self.created = true,
            Some(Removed { object: Some(value), .. }) => self.trash.take(value),
            Some(_) => {}
        }
    }
}

/// What kind of value an entry holds.
pub(super) fn kind(value: Stored<'_, Value>) -> Kind {
    match value {
        Stored::Bytes(_) => Kind::String,
        Stored::Object(value) => value.kind(),
    }
}

/// The string that an entry holds.
pub(super) fn string(value: Stored<'_, Value>) -> Option<&[u8]> {
    match value {
        Stored::Bytes(bytes) => Some(bytes),
        Stored::Object(Value::String(blob)) => Some(blob),
        Stored::Object(_) => None,
    }
}
