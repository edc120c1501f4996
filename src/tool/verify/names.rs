//! Which parts of a value must not stand twice in it.

use crate::base::bulk::{Bulk, IntBuf};
use crate::rdb::{Elem, StreamId};

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Member,
    Field,
    Group,
    Consumer,
    Pending,
    Claim,
    Producer,
    Vector,
}

impl What {
    /// The words for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            What::Member => "member",
            What::Field => "field",
            What::Group => "consumer group",
            What::Consumer => "consumer",
            What::Pending => "pending entry",
            What::Claim => "claimed entry",
            What::Producer => "producer",
            What::Vector => "vector",
        }
    }
}

enum Text<'a> {
    Bulk(&'a Bulk<'a>),
    Id([u8; 16]),
}

/// Follows a value and knows the names in it.
#[derive(Default)]
pub(super) struct Names {
    /// Groups so far: consumers and pending entries are unique in their group.
    groups: u64,
    /// Elements so far, as users count them.
    elements: u64,
}

/// A name at its place.
pub(super) struct Name {
    pub(super) what: What,
    /// Index of the element, where it is one.
    pub(super) element: Option<u64>,
}

impl Names {
    /// Takes the next element; if it has a name, `hash` gets its scope and bytes.
    #[inline]
    pub(super) fn next<T>(
        &mut self,
        elem: &Elem<'_>,
        hash: impl FnOnce(u64, &[u8]) -> T,
    ) -> Option<(Name, T)> {
        let (what, text) = self.name(elem)?;
        let is_element = matches!(what, What::Member | What::Field | What::Vector);
        let element = is_element.then_some(self.elements);
        self.elements += u64::from(is_element);
        let group = match what {
            What::Consumer | What::Pending | What::Claim => self.groups,
            _ => 0,
        };
        let scope = (group << 8) | what as u64;
        let mut buf = IntBuf::new();
        let hashed = match &text {
            Text::Bulk(bulk) => hash(scope, bulk.text(&mut buf)),
            Text::Id(bytes) => hash(scope, bytes),
        };
        Some((Name { what, element }, hashed))
    }

    #[inline]
    fn name<'a>(&mut self, elem: &'a Elem<'a>) -> Option<(What, Text<'a>)> {
        let id = |id: &StreamId| Text::Id(id.to_bytes());
        Some(match elem {
            Elem::Member(name) => (What::Member, Text::Bulk(name)),
            Elem::Scored { member, .. } => (What::Member, Text::Bulk(member)),
            Elem::Field { field, .. } => (What::Field, Text::Bulk(field)),
            Elem::Vector { name, .. } => (What::Vector, Text::Bulk(name)),
            Elem::Group { name, .. } => {
                self.groups += 1;
                (What::Group, Text::Bulk(name))
            }
            Elem::Consumer { name, .. } => (What::Consumer, Text::Bulk(name)),
            Elem::Pending { id: entry, .. } => (What::Pending, id(entry)),
            Elem::Claimed(entry) | Elem::Nacked(entry) => (What::Claim, id(entry)),
            Elem::Producer(name) => (What::Producer, Text::Bulk(name)),
            Elem::Str(_)
            | Elem::Item(_)
            | Elem::StreamEntry { .. }
            | Elem::StreamMeta(_)
            | Elem::IdmpConfig { .. }
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
            | Elem::ArrayMeta { .. }
            | Elem::ArrayItem { .. }
            | Elem::Module(_)
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. } => return None,
        })
    }
}
