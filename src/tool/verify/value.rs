//! Checks one value, element by element.

use super::backlen;
use super::damage::rule_of;
use super::finding::{Finding, Findings};
use super::identity::Seeds;
use super::members::Members;
use super::names::{Names, What};
use super::repeats::Repeated;
use super::rules::Id;
use crate::base::bulk::{Bulk, IntBuf};
use crate::packed;
use crate::rdb::module::ModuleId;
use crate::rdb::{Elem, Entry, Error, Kind, Layout, Node, Scratch, Visit};
use std::collections::HashMap;
use std::io;

/// Damage of one value that is looked at. What stands behind that much is not worth the time that
/// hostile files could ask for.
const DAMAGE_MAX: u64 = 10_000;

/// Why a value was not read to its end.
pub(super) enum Halted {
    /// It is damaged all over.
    TooMuch,
    /// A temporary file could not be written.
    Temp(io::Error),
}

impl From<Error> for Halted {
    fn from(_: Error) -> Self {
        Halted::TooMuch
    }
}

/// What a worker lends to each check.
pub(super) struct Lent<'w> {
    pub(super) seeds: &'w Seeds,
    pub(super) members: &'w mut Members,
    pub(super) findings: &'w mut Findings,
    /// The text of the member before; see [`Order`].
    pub(super) before: &'w mut Vec<u8>,
}

/// What the order of elements is checked against; each violation is told once per key.
enum Order {
    /// No order is expected.
    Free,
    /// Packed sorted sets: by score, then by member.
    Scores(Option<f64>),
    /// Packed hashes with expiries: by expiry, those without last.
    Expiries(Expiry),
    /// Arrays: by index.
    Indexes(Option<u64>),
}

/// The expiry of the field before.
#[derive(Clone, Copy)]
enum Expiry {
    At(i64),
    Never,
}

impl Order {
    fn of(entry: &Entry<'_>) -> Order {
        match (entry.ty.kind, entry.ty.layout) {
            (Kind::Zset, Layout::Blob(_)) => Order::Scores(None),
            (_, Layout::Triples | Layout::TriplesFromMin) => Order::Expiries(Expiry::At(0)),
            (Kind::Array, _) => Order::Indexes(None),
            _ => Order::Free,
        }
    }
}

/// The visitor.
struct Check<'c, 'w, 'e> {
    lent: &'c mut Lent<'w>,
    entry: &'c Entry<'e>,
    names: Names,
    /// Whether names are compared: a list has none, and an intset's order tells more.
    unique: bool,
    order: Order,
    element: u64,
    damage: u64,
    module: Option<ModuleId>,
}

/// Checks the value of a key; tells the module that it needs.
pub(super) fn check(
    entry: &Entry<'_>,
    scratch: &mut Scratch,
    lent: &mut Lent<'_>,
) -> io::Result<Option<ModuleId>> {
    let mut check = Check {
        order: Order::of(entry),
        unique: entry.ty.kind != Kind::List
            && entry.ty.layout != Layout::Blob(packed::Kind::Intset),
        lent,
        entry,
        names: Names::default(),
        element: 0,
        damage: 0,
        module: None,
    };
    if let Err(Halted::Temp(e)) = entry.visit(scratch, &mut check) {
        return Err(e);
    }
    let module = check.module;
    let repeated = lent.members.finish()?;
    if !repeated.hashes.is_empty() {
        confirm(entry, scratch, lent, &repeated);
    }
    Ok(module)
}

impl Check<'_, '_, '_> {
    #[cold]
    fn found(&mut self, id: Id, message: &str) {
        let (entry, element) = (self.entry, self.element);
        self.lent.findings.add(id, |id| {
            let finding = Finding::new(id, message).at(entry.value_offset());
            finding.in_key(entry.path()).in_element(element)
        });
    }

    fn score(&mut self, member: &Bulk<'_>, score: f64) {
        let Order::Scores(before) = self.order else {
            return;
        };
        let mut buf = IntBuf::new();
        let text = member.text(&mut buf);
        let falls = match before {
            Some(before) if before == score => self.lent.before.as_slice() > text,
            Some(before) => before > score,
            None => false,
        };
        if falls {
            self.order = Order::Free;
            return self.found(Id::ZsetOrder, "the member belongs in front of the one before");
        }
        self.order = Order::Scores(Some(score));
        self.lent.before.clear();
        self.lent.before.extend_from_slice(text);
    }

    fn expiry(&mut self, expire_at_ms: Option<i64>) {
        let Order::Expiries(before) = self.order else {
            return;
        };
        let falls = match (before, expire_at_ms) {
            (_, None) => None,
            (Expiry::Never, Some(_)) => Some("a field with an expiry follows one without"),
            (Expiry::At(before), Some(ms)) if ms < before => {
                Some("the field expires before the one in front of it")
            }
            (Expiry::At(_), Some(_)) => None,
        };
        if let Some(message) = falls {
            self.order = Order::Free;
            return self.found(Id::FieldExpiryOrder, message);
        }
        self.order = Order::Expiries(expire_at_ms.map_or(Expiry::Never, Expiry::At));
    }

    /// Checks an element of a kind that comes less often than others.
    fn rare(&mut self, elem: &Elem<'_>) -> Result<(), Halted> {
        let seeds = self.lent.seeds;
        let name = self.names.next(elem, |scope, name| seeds.first(scope, name));
        if let Some((_, hash)) = name {
            self.lent.members.add(hash).map_err(Halted::Temp)?;
        }
        match elem {
            Elem::ArrayItem { index, .. } => self.index(*index),
            Elem::Module(id) => self.module = Some(*id),
            _ => {}
        }
        self.element += 1;
        Ok(())
    }

    fn index(&mut self, index: u64) {
        let Order::Indexes(before) = self.order else {
            return;
        };
        if before.is_some_and(|before| before >= index) {
            self.order = Order::Free;
            return self.found(Id::ArrayOrder, "the item's index is not above the one before");
        }
        self.order = Order::Indexes(Some(index));
    }
}

impl Visit for Check<'_, '_, '_> {
    type Error = Halted;

    #[inline]
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Halted> {
        let (what, name) = match elem {
            Elem::Str(_) | Elem::Item(_) => return Ok(()),
            Elem::Member(name) => (What::Member, name),
            Elem::Scored { member, score } => {
                self.score(member, *score);
                (What::Member, member)
            }
            Elem::Field { field, expire_at_ms, .. } => {
                self.expiry(*expire_at_ms);
                (What::Field, field)
            }
            rare => return self.rare(rare),
        };
        self.element += 1;
        if !self.unique {
            return Ok(());
        }
        let hash = self.lent.seeds.first(what as u64, name.text(&mut IntBuf::new()));
        self.lent.members.add(hash).map_err(Halted::Temp)
    }

    #[inline]
    fn wants_singles(&self) -> bool {
        self.unique
    }

    #[inline]
    fn node(&mut self, node: &Node<'_>) -> Result<(), Halted> {
        if let Some(size) = backlen::ambiguous(node) {
            let entry = self.entry;
            self.lent.findings.add(Id::Backlen, |id| {
                let message = format!("a listpack element takes {size} bytes");
                Finding::new(id, message)
                    .at(node.offset)
                    .long(node.stored_bytes as u64)
                    .in_key(entry.path())
            });
        }
        Ok(())
    }

    #[cold]
    fn damage(&mut self, error: Error) -> Result<(), Halted> {
        let from_error = |id| Finding::from_error(id, &error);
        self.lent.findings.add(rule_of(&error), from_error);
        self.damage += 1;
        if self.damage >= DAMAGE_MAX {
            return Err(Halted::TooMuch);
        }
        Ok(())
    }
}

/// Reads a value again to find which of its names are equal.
struct Confirm<'c, 'w, 'e> {
    lent: &'c mut Lent<'w>,
    entry: &'c Entry<'e>,
    names: Names,
    repeated: &'c Repeated,
    /// Where a name with these hashes was first seen.
    first: HashMap<[u64; 2], Option<u64>>,
}

#[cold]
fn confirm(entry: &Entry<'_>, scratch: &mut Scratch, lent: &mut Lent<'_>, repeated: &Repeated) {
    let mut confirm =
        Confirm { lent, entry, names: Names::default(), repeated, first: HashMap::new() };
    // Stops only where the first reading stopped.
    let _ = entry.visit(scratch, &mut confirm);
    lent.findings.count(Id::DuplicateMember, repeated.more);
}

impl Visit for Confirm<'_, '_, '_> {
    type Error = Halted;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Halted> {
        let (seeds, repeated) = (self.lent.seeds, self.repeated);
        let both = |scope, name: &[u8]| {
            let hash = seeds.first(scope, name);
            let known = repeated.hashes.binary_search(&hash).is_ok();
            known.then(|| (seeds.both(scope, name), shorten(name)))
        };
        let Some((name, Some((hashes, text)))) = self.names.next(elem, both) else {
            return Ok(());
        };
        let Some(first) = self.first.get(&hashes) else {
            self.first.insert(hashes, name.element);
            return Ok(());
        };
        let entry = self.entry;
        self.lent.findings.add(Id::DuplicateMember, |id| {
            let mut message = format!("{} \"{text}\" stands twice", name.what.name());
            if let Some(first) = first {
                message += &format!(", first as element {first}");
            }
            let mut finding = Finding::new(id, message).at(entry.value_offset());
            finding.element = name.element;
            finding.in_key(entry.path())
        });
        Ok(())
    }

    fn damage(&mut self, _: Error) -> Result<(), Halted> {
        Ok(())
    }
}

/// A name for messages: escaped, and cut if it is long.
pub(super) fn shorten(name: &[u8]) -> String {
    const SHOWN_BYTES: usize = 80;
    match name.get(..SHOWN_BYTES) {
        Some(start) if name.len() > SHOWN_BYTES => format!("{}…", start.escape_ascii()),
        _ => name.escape_ascii().to_string(),
    }
}
