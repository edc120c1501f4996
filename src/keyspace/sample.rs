//! Keys chosen by chance, among which eviction finds those that go.

use super::Keyspace;
use crate::base::rng::Rng;

/// A key that was chosen, and what decides whether it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampled<'a> {
    /// The key.
    pub key: &'a [u8],
    /// When, or how often, it was last used; see [`super::Uses`].
    pub access: u32,
    /// Its expiry time in unix milliseconds.
    pub expire_at_ms: Option<i64>,
}

impl Keyspace {
    /// Chooses up to so many keys of a database, or of those that have an expiry time.
    pub fn sample<'a>(
        &'a self,
        db: usize,
        expiring_only: bool,
        count: usize,
        rng: &mut Rng,
        mut visit: impl FnMut(Sampled<'a>),
    ) {
        let Some(db) = self.dbs.get(db) else { return };
        db.keys.sample(expiring_only, count, rng, |entry| {
            visit(Sampled {
                key: entry.key,
                access: entry.meta.access.unwrap_or_default(),
                expire_at_ms: entry.meta.expire_at_ms,
            });
        });
    }
}
