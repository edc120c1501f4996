//! MIGRATE: keys on their way to another server.
//!
//! The driver talks to the other server, and nothing else happens meanwhile: a key is here or there at each moment, for everybody.

use super::client::ClientId;
use super::dispatch::{Call, Handler};
use super::{Action, Engine};
use crate::base::num::parse_canonical_i64;
use crate::command::{Ctx, Error, Outcome, Propagation};
use crate::keyspace::Origin;
use crate::resp::encode::Reply;

/// Keys that are taken to another server.
#[derive(Debug)]
pub struct Migration {
    /// Who asked for it.
    pub client: ClientId,
    /// The other server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database there.
    pub db: i64,
    /// Longest wait for the other server, in milliseconds.
    pub timeout_ms: u64,
    /// What authenticates there, as a request; empty if nothing is needed.
    pub auth: Vec<u8>,
    /// Each key with the request that restores it there.
    pub keys: Vec<(Vec<u8>, Vec<u8>)>,
    own_db: usize,
    copies: bool,
}

/// What became of a [`Migration`].
#[derive(Debug)]
pub struct Migrated {
    /// For each key for which there was a reply, whether the key is there now, in the order of the keys.
    pub restored: Vec<bool>,
    /// The first error that the other server replied with, without its mark.
    pub refused: Option<String>,
    /// What went wrong on the way: `connecting`, `writing` or `reading`.
    pub failed: Option<&'static str>,
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[("migrate", migrate)];

/// What MIGRATE is told beside host and port.
#[derive(Debug, Default)]
struct Options<'a> {
    copies: bool,
    replaces: bool,
    auth: Vec<&'a [u8]>,
    keys: Vec<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(args: &[&'a [u8]]) -> Result<Options<'a>, Error> {
        let mut options = Options { keys: vec![args[3]], ..Options::default() };
        let mut rest = args.get(6..).unwrap_or_default();
        while !rest.is_empty() {
            rest = match rest {
                [word, more @ ..] if word.eq_ignore_ascii_case(b"copy") => {
                    options.copies = true;
                    more
                }
                [word, more @ ..] if word.eq_ignore_ascii_case(b"replace") => {
                    options.replaces = true;
                    more
                }
                [word, password, more @ ..] if word.eq_ignore_ascii_case(b"auth") => {
                    options.auth = vec![b"AUTH", password];
                    more
                }
                [word, user, password, more @ ..] if word.eq_ignore_ascii_case(b"auth2") => {
                    options.auth = vec![b"AUTH", user, password];
                    more
                }
                [word, keys @ ..] if word.eq_ignore_ascii_case(b"keys") => {
                    if !args[3].is_empty() {
                        return Err(Error::text(
                            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
                        ));
                    }
                    options.keys = keys.to_vec();
                    &[]
                }
                _ => return Err(Error::Syntax),
            };
        }
        Ok(options)
    }
}

/// A command as it goes over the wire.
fn request(args: &[&[u8]]) -> Vec<u8> {
    let mut reply = Reply::new(false);
    reply.array(args.len());
    args.iter().for_each(|arg| reply.bulk(arg));
    reply.as_bytes().to_vec()
}

fn migrate(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let args = call.args;
    let options = Options::parse(args)?;
    let number = |at: usize| parse_canonical_i64(args[at]).ok_or(Error::NotInteger);
    let (db, timeout_ms) = (number(4)?, number(5)?);
    let port = parse_canonical_i64(args[2]).and_then(|port| u16::try_from(port).ok());
    let Some(client) = engine.clients.get(call.id) else { return Ok(()) };
    let own_db = client.db;
    let mut keys = Vec::new();
    for key in options.keys {
        if let Some(restore) = engine.restore_request(own_db, key, options.replaces)? {
            keys.push((key.to_vec(), restore));
        }
    }
    if keys.is_empty() {
        call.reply.simple("NOKEY");
        return Ok(());
    }
    let migration = Migration {
        client: call.id,
        host: String::from_utf8_lossy(args[1]).into_owned(),
        port: port.ok_or(Error::NotInteger)?,
        db,
        timeout_ms: if timeout_ms <= 0 { 1000 } else { timeout_ms.unsigned_abs() },
        auth: if options.auth.is_empty() { Vec::new() } else { request(&options.auth) },
        keys,
        own_db,
        copies: options.copies,
    };
    if let Some(client) = engine.clients.get_mut(call.id) {
        client.waits_for_save = true;
    }
    engine.actions.push_back(Action::Migrate(migration));
    Ok(())
}

impl Engine {
    /// The request that restores a key elsewhere; `None` if the key is not there.
    fn restore_request(
        &mut self,
        db: usize,
        key: &[u8],
        replaces: bool,
    ) -> Result<Option<Vec<u8>>, Error> {
        let now_ms = self.now.unix_ms;
        let mut unit = self.keyspace.unit(Origin::Client, now_ms);
        unit.select(db);
        unit.expire_if_due(key);
        let Some(value) = unit.peek(key) else {
            let effects = unit.commit();
            self.publish(db, &[], effects, Propagation::Verbatim, Vec::new());
            return Ok(None);
        };
        // What is left of its time is at least a moment: 0 would be for ever.
        let ttl_ms = value.expire_at_ms().map_or(0, |at_ms| (at_ms - now_ms).max(1));
        let mut dumped = Reply::new(false);
        let mut ctx = Ctx::new(&mut unit, &mut dumped, &mut self.rng);
        let outcome = ctx.call(&[b"DUMP", key]);
        let effects = unit.commit();
        self.keyspace.reuse(effects);
        let payload = dumped.as_bytes();
        let text = || String::from_utf8_lossy(payload).trim_matches(['-', '\r', '\n']).to_owned();
        if outcome != Outcome::Done {
            return Err(Error::text(text()));
        }
        let start = payload.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let payload = payload.get(start..payload.len().saturating_sub(2)).unwrap_or_default();
        let ttl = ttl_ms.to_string();
        let mut args: Vec<&[u8]> = vec![b"RESTORE", key, ttl.as_bytes(), payload];
        if replaces {
            args.push(b"REPLACE");
        }
        Ok(Some(request(&args)))
    }

    /// Learns what became of keys that were taken to another server.
    pub fn migrated(&mut self, migration: Migration, migrated: Migrated) {
        let Migration { client, own_db, copies, keys, .. } = migration;
        let done = keys.iter().zip(&migrated.restored).filter(|(_, restored)| **restored);
        let gone: Vec<&[u8]> = done.map(|((key, _), _)| key.as_slice()).collect();
        if !copies && !gone.is_empty() {
            let mut unit = self.keyspace.unit(Origin::Client, self.now.unix_ms);
            unit.select(own_db);
            for key in &gone {
                unit.delete(key);
            }
            let effects = unit.commit();
            let args = [&[b"DEL".as_slice()], gone.as_slice()].concat();
            self.publish(own_db, &args, effects, Propagation::Verbatim, Vec::new());
            self.free_trash(None);
            self.serve_ready();
        }
        let error = match (migrated.failed, migrated.refused) {
            (_, Some(text)) => Some(format!("ERR Target instance replied with error: {text}")),
            (Some("connecting"), None) => {
                Some("IOERR error or timeout connecting to the client".to_owned())
            }
            (Some("writing"), None) => {
                Some("IOERR error or timeout writing to target instance".to_owned())
            }
            (Some(_), None) => {
                Some("IOERR error or timeout reading from target instance".to_owned())
            }
            (None, None) => None,
        };
        if let Some(text) = &error {
            self.stats.error(text.as_bytes());
        }
        self.release(client, error.as_deref());
    }

    /// Notes how many connections to other servers are kept.
    pub fn note_migrate_links(&mut self, links: usize) {
        self.stats.migrate_links = links;
    }
}
