//! Where one is in a stream, which stream it is, and who may go on from where.
//!
//! A stream is a sequence of bytes that begins with some snapshot. Its bytes are counted from 1, as `PSYNC` and `INFO` do; an
//! [`Offset`] is a place between bytes: the number of bytes in front of it. Two servers with the same [`ReplId`] and the same
//! offset have the same data.
//!
//! ```text
//! offset    0     1     2     3
//!           |  *  |  1  | \r  |  …
//! byte         1     2     3
//! ```
//!
//! A server that is promoted starts a stream of its own under a new id, and remembers for the old one how far it was the same:
//!
//! ```text
//! old id    ───────────────●───────      what the old primary wrote behind ● is its own
//! new id                   ●──────────   "PSYNC old-id n" is answered up to ●, "PSYNC new-id n" behind it, too
//! ```

use crate::base::rng::Rng;
use std::fmt;
use std::ops::Range;

/// A place in a stream: the number of bytes in front of it. Ordered as the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Offset(u64);

impl Offset {
    /// The start of a stream.
    pub const ZERO: Offset = Offset(0);

    /// The place behind so many bytes.
    pub const fn new(bytes: u64) -> Offset {
        Offset(bytes)
    }

    /// The place that a text of decimal digits names; none for anything else.
    pub fn parse(text: &[u8]) -> Option<Offset> {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(text).ok().filter(|_| digits)?;
        text.parse().ok().filter(|n| *n <= Offset::MAX).map(Offset)
    }

    /// Most bytes of a stream: servers count in 64 bits with a sign.
    const MAX: u64 = i64::MAX as u64 - 1;

    /// The place in front of a byte, as `PSYNC` asks for it; none for numbers that no byte has.
    pub fn in_front_of(byte: i64) -> Option<Offset> {
        u64::try_from(byte).ok()?.checked_sub(1).map(Offset)
    }

    /// Number of bytes in front.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of the byte behind this place.
    pub const fn next_byte(self) -> u64 {
        self.0.saturating_add(1)
    }

    /// The place so many bytes further on.
    pub const fn plus(self, bytes: u64) -> Offset {
        Offset(self.0.saturating_add(bytes))
    }

    /// Bytes from an earlier place to this one; 0 if it is none.
    pub const fn since(self, earlier: Offset) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Bytes of an id.
pub const REPL_ID_BYTES: usize = 40;

/// The name of a stream: 40 hexadecimal digits. Compared without regard to case, as servers do.
#[derive(Clone, Copy)]
pub struct ReplId([u8; REPL_ID_BYTES]);

impl ReplId {
    /// What stands for no id: zeros.
    pub const NONE: ReplId = ReplId([b'0'; REPL_ID_BYTES]);

    /// An id that nobody has.
    pub fn random(rng: &mut Rng) -> ReplId {
        let mut id = [0; REPL_ID_BYTES];
        id.fill_with(|| b"0123456789abcdef".get(rng.below(16) as usize).copied().unwrap_or(b'0'));
        ReplId(id)
    }

    /// Reads an id; none if these are not 40 hexadecimal digits.
    pub fn parse(text: &[u8]) -> Option<ReplId> {
        let id: [u8; REPL_ID_BYTES] = text.try_into().ok()?;
        id.iter().all(u8::is_ascii_hexdigit).then_some(ReplId(id))
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for ReplId {
    fn eq(&self, other: &ReplId) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ReplId {}

impl fmt::Display for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A place in a stream that has a name: what a replica asks to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The stream.
    pub replid: ReplId,
    /// What is known of it.
    pub offset: Offset,
}

impl Place {
    /// What an RDB file of the data at this place says of it, where the stream has selected a database: names and values.
    pub fn aux(self, db: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
        vec![
            (b"repl-stream-db".to_vec(), db.to_string().into_bytes()),
            (b"repl-id".to_vec(), self.replid.as_bytes().to_vec()),
            (b"repl-offset".to_vec(), self.offset.to_string().into_bytes()),
        ]
    }

    /// The place that a file tells of, and the database, if it does.
    pub fn from_aux(aux: &[(Vec<u8>, Vec<u8>)]) -> Option<(Place, u64)> {
        let field = |name: &[u8]| aux.iter().find(|(n, _)| n == name).map(|(_, value)| value);
        let replid = ReplId::parse(field(b"repl-id")?)?;
        let offset = Offset::parse(field(b"repl-offset")?)?;
        let db = std::str::from_utf8(field(b"repl-stream-db")?).ok()?.parse().ok()?;
        Some((Place { replid, offset }, db))
    }
}

/// The streams that a server knows its data by, and where it is in them.
///
/// The server's code calls one method per event of section 9 of the protocol; nothing else changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    replid: ReplId,
    offset: Offset,
    /// The stream that was followed before, up to where it is the same as the present one (≤ `offset`).
    previous: Option<Place>,
}

impl History {
    /// The history of a server that starts from nothing.
    pub fn new(rng: &mut Rng) -> History {
        History { replid: ReplId::random(rng), offset: Offset::ZERO, previous: None }
    }

    /// The present stream.
    pub fn replid(&self) -> ReplId {
        self.replid
    }

    /// The place in it: bytes that were produced or applied.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// The present place with its name.
    pub fn place(&self) -> Place {
        Place { replid: self.replid, offset: self.offset }
    }

    /// The stream that was followed before; zeros if there is none.
    pub fn replid2(&self) -> ReplId {
        self.previous.map_or(ReplId::NONE, |previous| previous.replid)
    }

    /// The first byte in which the earlier stream may differ from this one; -1 without one. As `INFO` tells it.
    pub fn second_offset(&self) -> i64 {
        self.previous
            .map_or(-1, |previous| i64::try_from(previous.offset.next_byte()).unwrap_or(i64::MAX))
    }

    /// Bytes were produced or applied.
    pub fn advance(&mut self, bytes: u64) {
        self.offset = self.offset.plus(bytes);
    }

    /// The first replica comes and there is no backlog, the backlog was freed, or `DEBUG CHANGE-REPL-ID`: nobody can continue.
    pub fn start_anew(&mut self, rng: &mut Rng) {
        self.replid = ReplId::random(rng);
        self.previous = None;
    }

    /// A snapshot of a primary has replaced the data.
    pub fn full_sync_done(&mut self, from: Place) {
        *self = History { replid: from.replid, offset: from.offset, previous: None };
    }

    /// A primary continues the stream, maybe under a new name; whether the name changed, so that replicas must learn it.
    pub fn continued(&mut self, replid: Option<ReplId>) -> bool {
        let Some(replid) = replid.filter(|replid| *replid != self.replid) else { return false };
        self.previous = Some(self.place());
        self.replid = replid;
        true
    }

    /// A replica has become a primary.
    pub fn promoted(&mut self, rng: &mut Rng) {
        self.previous = Some(self.place());
        self.replid = ReplId::random(rng);
    }

    /// A server that will follow a primary has loaded a file that tells of this place.
    pub fn restored_as_replica(&mut self, saved: Place) {
        *self = History { replid: saved.replid, offset: saved.offset, previous: None };
    }

    /// A primary has loaded a file that tells of this place: its replicas may go on from there.
    pub fn restored_as_primary(&mut self, saved: Place) {
        self.offset = saved.offset;
        self.previous = Some(saved);
    }

    /// Whether somebody may go on with `PSYNC id byte`, and from where. `kept` is what the backlog holds.
    ///
    /// # Errors
    /// Why all of the data must be sent.
    pub fn may_continue(
        &self,
        id: &[u8],
        byte: i64,
        kept: Option<Range<Offset>>,
    ) -> Result<Offset, Refusal> {
        if id.first() == Some(&b'?') {
            return Err(Refusal::Asked);
        }
        let is = |known: ReplId| known.as_bytes().eq_ignore_ascii_case(id);
        if !is(self.replid) {
            match self.previous.filter(|previous| is(previous.replid)) {
                Some(_) if byte > self.second_offset() => return Err(Refusal::BehindSecond),
                Some(_) => {}
                None => return Err(Refusal::Unknown),
            }
        }
        let wanted = Offset::in_front_of(byte).filter(|_| kept.is_some());
        match (wanted, kept) {
            (Some(wanted), Some(kept)) if kept.start <= wanted && wanted <= kept.end => Ok(wanted),
            _ => Err(Refusal::NotKept { is_ahead: byte > self.last_byte() }),
        }
    }

    fn last_byte(&self) -> i64 {
        i64::try_from(self.offset.get()).unwrap_or(i64::MAX)
    }
}

/// Why a replica cannot continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It does not want to.
    Asked,
    /// It follows a stream that is not known here.
    Unknown,
    /// It follows the earlier stream, beyond the place where the present one branched off.
    BehindSecond,
    /// The bytes that it lacks are not there any more.
    NotKept {
        /// It claims to have more than there is.
        is_ahead: bool,
    },
}

impl Refusal {
    /// The line that Redis logs.
    pub fn line(self, history: &History, id: &[u8], byte: i64, replica: &str) -> String {
        match self {
            Refusal::Asked => format!("Full resync requested by replica {replica}"),
            Refusal::Unknown => format!(
                "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '{}', my replication IDs are '{}' and '{}')",
                super::shown(id),
                history.replid,
                history.replid2()
            ),
            Refusal::BehindSecond => format!(
                "Partial resynchronization not accepted: Requested offset for second ID was {byte}, but I can reply up to {}",
                history.second_offset()
            ),
            Refusal::NotKept { .. } => format!(
                "Unable to partial resync with replica {replica} for lack of backlog (Replica request was: {byte})."
            ),
        }
    }

    /// The warning that Redis logs behind it, for a replica that is ahead.
    pub fn warning(self, replica: &str) -> Option<String> {
        (self == Refusal::NotKept { is_ahead: true }).then(|| {
            format!(
                "Warning: replica {replica} tried to PSYNC with an offset that is greater than the master replication offset."
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(first: u64, last: u64) -> Option<Range<Offset>> {
        Some(Offset::new(first)..Offset::new(last))
    }

    fn history(rng: &mut Rng) -> History {
        let mut history = History::new(rng);
        history.advance(1000);
        history
    }

    #[test]
    fn ids_are_forty_digits_in_any_case() {
        let id = ReplId::random(&mut Rng::new(1));
        assert_eq!(ReplId::parse(id.as_bytes()), Some(id));
        assert_eq!(ReplId::parse(&id.as_bytes().to_ascii_uppercase()), Some(id));
        assert_eq!(ReplId::parse(&id.as_bytes()[1..]), None);
        assert_eq!(ReplId::parse(&[b'g'; 40]), None);
        assert_ne!(id, ReplId::random(&mut Rng::new(2)));
        assert_eq!(format!("{id}").len(), 40);
    }

    #[test]
    fn places_are_counted_in_front_of_bytes() {
        assert_eq!(Offset::in_front_of(1), Some(Offset::ZERO));
        assert_eq!(Offset::in_front_of(0), None);
        assert_eq!(Offset::in_front_of(-1), None);
        assert_eq!(Offset::new(7).next_byte(), 8);
        assert!(Offset::new(7) < Offset::new(8));
        assert_eq!(Offset::new(9).since(Offset::new(4)), 5);
        assert_eq!(Offset::parse(b"12"), Some(Offset::new(12)));
        for text in [&b""[..], b"-1", b"+1", b"1 ", b"99999999999999999999"] {
            assert_eq!(Offset::parse(text), None);
        }
    }

    #[test]
    fn a_replica_of_this_stream_continues_where_its_bytes_are_kept() {
        let mut rng = Rng::new(3);
        let history = history(&mut rng);
        let id = history.replid();
        let ask = |byte| history.may_continue(id.as_bytes(), byte, kept(100, 1000));
        assert_eq!(ask(101), Ok(Offset::new(100)));
        assert_eq!(ask(1001), Ok(Offset::new(1000)));
        assert_eq!(ask(100), Err(Refusal::NotKept { is_ahead: false }));
        assert_eq!(ask(1002), Err(Refusal::NotKept { is_ahead: true }));
        assert_eq!(ask(0), Err(Refusal::NotKept { is_ahead: false }));
        assert_eq!(ask(i64::MIN), Err(Refusal::NotKept { is_ahead: false }));
        let none = history.may_continue(id.as_bytes(), 500, None);
        assert_eq!(none, Err(Refusal::NotKept { is_ahead: false }));
        let upper = id.as_bytes().to_ascii_uppercase();
        assert_eq!(history.may_continue(&upper, 500, kept(0, 1000)), Ok(Offset::new(499)));
        assert_eq!(history.may_continue(b"?", -1, kept(0, 1000)), Err(Refusal::Asked));
        assert_eq!(history.may_continue(b"", 1, kept(0, 1000)), Err(Refusal::Unknown));
        // Zeros stand for no earlier stream and are none that one could ask for.
        let zeros = history.may_continue(ReplId::NONE.as_bytes(), -1, kept(0, 1000));
        assert_eq!(zeros, Err(Refusal::Unknown));
    }

    #[test]
    fn a_promoted_server_answers_for_the_old_stream_up_to_its_promotion() {
        let mut rng = Rng::new(4);
        let mut history = history(&mut rng);
        let old = history.replid();
        history.promoted(&mut rng);
        assert_eq!((history.replid2(), history.second_offset()), (old, 1001));
        history.advance(50);
        let ask = |byte| history.may_continue(old.as_bytes(), byte, kept(0, 1050));
        assert_eq!(ask(1001), Ok(Offset::new(1000)));
        assert_eq!(ask(1002), Err(Refusal::BehindSecond));
        let new = history.replid();
        assert_eq!(
            history.may_continue(new.as_bytes(), 1051, kept(0, 1050)),
            Ok(Offset::new(1050))
        );
        assert!(Refusal::BehindSecond.line(&history, old.as_bytes(), 1002, "r").contains("1001"));
    }

    #[test]
    fn names_change_as_the_protocol_says() {
        let mut rng = Rng::new(5);
        let mut history = history(&mut rng);
        let (first, other) = (history.replid(), ReplId::random(&mut rng));
        assert!(!history.continued(None) && !history.continued(Some(first)));
        assert_eq!(history.second_offset(), -1);
        assert!(history.continued(Some(other)));
        assert_eq!((history.replid(), history.replid2()), (other, first));
        assert_eq!((history.second_offset(), history.offset()), (1001, Offset::new(1000)));
        let place = Place { replid: first, offset: Offset::new(7) };
        history.full_sync_done(place);
        assert_eq!((history.place(), history.replid2()), (place, ReplId::NONE));
        history.start_anew(&mut rng);
        assert!(history.replid() != first && history.offset() == Offset::new(7));
        history.restored_as_primary(Place { replid: other, offset: Offset::new(70) });
        assert_eq!((history.replid2(), history.second_offset()), (other, 71));
        assert!(history.may_continue(other.as_bytes(), 71, kept(70, 70)).is_ok());
        history.restored_as_replica(place);
        assert_eq!((history.place(), history.second_offset()), (place, -1));
    }
}
