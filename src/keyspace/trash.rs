//! Values that were removed and are large enough that freeing them takes time, which is for another thread.

use crate::value::Value;
use crate::value::table::{Part, Table};

/// Pieces of memory from which on a value is freed elsewhere.
const PIECES_MIN: u64 = 64;

/// What is to be freed; dropping it does that.
#[derive(Debug, Default)]
pub struct Trash {
    values: Vec<Value>,
    tables: Vec<Table<Value>>,
    /// What is left of the last table.
    parts: Vec<Part<Value>>,
    objects: u64,
}

impl Trash {
    /// Takes a value that was removed, or frees it at once if that takes no time.
    pub(super) fn take(&mut self, value: Value) {
        if value.pieces() > PIECES_MIN {
            self.objects += 1;
            self.values.push(value);
        }
    }

    /// Takes all keys of a database.
    pub(super) fn take_table(&mut self, table: Table<Value>) {
        if !table.is_empty() {
            self.objects += table.len();
            self.tables.push(table);
        }
    }

    /// Frees a part of it: a value, or some keys of a database. Whether there may be more.
    pub fn free_some(&mut self) -> bool {
        if self.parts.pop().is_some() || self.values.pop().is_some() {
            return true;
        }
        let Some(table) = self.tables.pop() else { return false };
        self.parts = table.into_parts();
        true
    }

    /// Whether there is nothing to free.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.tables.is_empty() && self.parts.is_empty()
    }

    /// Number of values, keys of whole databases included.
    pub fn objects(&self) -> u64 {
        self.objects
    }
}
