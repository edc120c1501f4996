//! What a target cannot hold.

use std::fmt;

/// Something of a key or file that the target's format has no place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// Expiries of hash fields.
    FieldExpiry,
    /// A stream.
    Stream,
    /// A stream's first id, highest deleted id, entries added, its groups' entries read, and
    /// counts of what idempotent producers have sent.
    StreamCounters,
    /// When a consumer last read successfully.
    ConsumerActiveTime,
    /// A stream's idempotent producers.
    IdempotentProducers,
    /// Entries given back to a stream's group.
    NackedEntries,
    /// A sparse array.
    Array,
    /// A module value.
    Module,
    /// A module's data outside of keys.
    ModuleAux,
    /// A function library.
    Function,
    /// Metadata of a key.
    KeyMeta,
    /// Idle time or access frequency.
    AccessInfo,
    /// The milliseconds of an expiry.
    ExpiryMilliseconds,
    /// An expiry after January 2038, or as long before 1970.
    ExpiryRange,
    /// A running import of slots.
    SlotImport,
}

impl Loss {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Loss::FieldExpiry => "field-expiry",
            Loss::Stream => "stream",
            Loss::StreamCounters => "stream-counters",
            Loss::ConsumerActiveTime => "consumer-active-time",
            Loss::IdempotentProducers => "idempotent-producers",
            Loss::NackedEntries => "nacked-entries",
            Loss::Array => "array",
            Loss::Module => "module",
            Loss::ModuleAux => "module-aux",
            Loss::Function => "function",
            Loss::KeyMeta => "key-meta",
            Loss::AccessInfo => "access-info",
            Loss::ExpiryMilliseconds => "expiry-milliseconds",
            Loss::ExpiryRange => "expiry-range",
            Loss::SlotImport => "slot-import",
        }
    }

    /// What happens when the key is written all the same.
    pub fn rewritten(self) -> &'static str {
        match self {
            Loss::FieldExpiry => "fields are kept without their expiry",
            Loss::Stream | Loss::Array | Loss::Module => "the key is left out",
            Loss::StreamCounters => "the server counts anew",
            Loss::ConsumerActiveTime => "taken for the time last seen",
            Loss::IdempotentProducers => "the stream is kept without them",
            Loss::NackedEntries => "they are pending for a consumer named \"rkv-nacked\"",
            Loss::ModuleAux | Loss::Function | Loss::SlotImport => "left out",
            Loss::KeyMeta => "the key is kept without it",
            Loss::AccessInfo => "the server starts anew",
            Loss::ExpiryMilliseconds => "rounded up to whole seconds",
            Loss::ExpiryRange => "the key expires when 32 bits of seconds end, in January 2038",
        }
    }

    /// Whether it is a loss of data, and not of bookkeeping that a server makes up for.
    pub fn is_data(self) -> bool {
        !matches!(
            self,
            Loss::StreamCounters
                | Loss::ConsumerActiveTime
                | Loss::AccessInfo
                | Loss::ExpiryMilliseconds
                | Loss::SlotImport
        )
    }

    /// Whether nothing of the key can be kept.
    pub fn is_whole(self) -> bool {
        matches!(
            self,
            Loss::Stream
                | Loss::Array
                | Loss::Module
                | Loss::ModuleAux
                | Loss::Function
                | Loss::SlotImport
        )
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of losses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(std::collections::BTreeSet<Loss>);

impl Losses {
    /// Adds one.
    pub fn add(&mut self, loss: Loss) {
        self.0.insert(loss);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Each one.
    pub fn iter(&self) -> impl Iterator<Item = Loss> + '_ {
        self.0.iter().copied()
    }

    /// Whether any loses data.
    pub fn has_data(&self) -> bool {
        self.iter().any(Loss::is_data)
    }
}
