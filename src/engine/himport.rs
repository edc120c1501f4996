//! HIMPORT: hashes by lists of field names that a connection has prepared.

use super::Engine;
use super::dispatch::{Call, Handler};
use crate::command::{Error, Propagation};
use crate::keyspace::{Change, Event};
use crate::value::{Hash, Value};
use std::collections::{BTreeMap, HashSet};
use triomphe::Arc;

pub(super) const HANDLERS: &[(&str, Handler)] = &[("himport", himport)];

/// Most bytes of prepared names that a connection keeps. Servers have no such limit; their clients prepare a few dozen fields.
const BYTES_MAX: usize = 16 << 20;

type Done = Result<(), Error>;

/// Field names in the order in which values come.
type Fields = Arc<Vec<Vec<u8>>>;

/// What a connection has prepared, by its names.
#[derive(Debug, Default)]
pub(super) struct Fieldsets {
    sets: BTreeMap<Vec<u8>, Fields>,
    bytes: usize,
}

/// Bytes of memory that a fieldset takes, about.
fn size(name: &[u8], fields: &[Vec<u8>]) -> usize {
    let fields = fields.iter().map(|field| field.len() + size_of::<Vec<u8>>());
    fields.sum::<usize>() + name.len() + size_of::<(Vec<u8>, Fields)>()
}

impl Fieldsets {
    fn insert(&mut self, name: &[u8], fields: Vec<Vec<u8>>) -> Done {
        let old = self.sets.get(name).map_or(0, |old| size(name, old));
        let bytes = self.bytes - old + size(name, &fields);
        if bytes > BYTES_MAX {
            return Err(Error::text("ERR the fieldsets of this connection are too large"));
        }
        self.bytes = bytes;
        self.sets.insert(name.to_vec(), Arc::new(fields));
        Ok(())
    }

    fn remove(&mut self, name: &[u8]) -> bool {
        let removed = self.sets.remove(name);
        self.bytes -= removed.as_ref().map_or(0, |fields| size(name, fields));
        removed.is_some()
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets all; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(self).sets.len()
    }
}

fn himport(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let args = call.args;
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    let fieldsets = &mut client.fieldsets;
    match (call.subcommand.map_or("", |spec| spec.name), &args[2..]) {
        ("prepare", [name, fields @ ..]) => {
            let mut seen = HashSet::with_capacity(fields.len());
            if !fields.iter().all(|field| seen.insert(*field)) {
                return Err(Error::text("ERR duplicate field name in fieldset"));
            }
            fieldsets.insert(name, fields.iter().map(|field| field.to_vec()).collect())?;
            call.reply.ok();
        }
        ("discard", [name]) => call.reply.int(i64::from(fieldsets.remove(name))),
        ("discardall", []) => call.reply.count(fieldsets.clear() as u64),
        ("set", [key, name, values @ ..]) => {
            let fields = fieldsets.sets.get(*name).cloned();
            let fields = fields.ok_or(Error::text("ERR no such fieldset"))?;
            if fields.len() != values.len() {
                return Err(Error::text("ERR value count does not match fieldset field count"));
            }
            set(engine, call, key, &fields, values)?;
            call.reply.ok();
        }
        _ => return Err(Error::unknown_subcommand(args)),
    }
    Ok(())
}

/// Puts a hash in the place of the one that is there. Others, who have not prepared anything, get the commands that do the same.
fn set(
    engine: &mut Engine,
    call: &Call<'_>,
    key: &[u8],
    fields: &[Vec<u8>],
    values: &[&[u8]],
) -> Done {
    let Some(client) = engine.clients.get(call.id) else { return Ok(()) };
    let (db, no_touch, origin) = (client.db, client.no_touch, engine.origin(client.is_primary));
    let mut unit = engine.keyspace.unit(origin, engine.now.unix_ms);
    unit.select(db);
    if no_touch {
        unit.keep_uses();
    }
    let done = unit.update(key, |place| {
        let replaces = place.read::<Hash>()?.is_some();
        let mut hash = Hash::new();
        for (field, value) in fields.iter().zip(values) {
            hash.insert(field, value, place.limits());
        }
        place.set_value(Value::Hash(Arc::new(hash)), None);
        let dirty = fields.len() as u64;
        Ok::<_, Error>((replaces, Change::wrote(Event::hash("hset"), dirty)))
    });
    let effects = unit.commit();
    let propagation = match done {
        Ok(replaces) => {
            let pairs = fields.iter().zip(values);
            let mut hset = vec![b"HSET".to_vec(), key.to_vec()];
            hset.extend(pairs.flat_map(|(field, value)| [field.clone(), value.to_vec()]));
            let del = replaces.then(|| vec![b"DEL".to_vec(), key.to_vec()]);
            Propagation::Instead(del.into_iter().chain([hset]).collect())
        }
        Err(_) => Propagation::Verbatim,
    };
    engine.publish(db, call.args, effects, propagation, Vec::new());
    done.map(drop)
}
