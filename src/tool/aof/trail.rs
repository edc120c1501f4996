//! Where in a replication stream a set ends, and the last bytes of that stream: read from the annotations that
//! [`crate::aof::place`] describes.
//!
//! Bytes of the stream that are not in the files, since they change nothing, become line ends, which servers pass over in a
//! stream. So each place behind a unit is a place behind a unit of what is put together here, and who goes on there gets the
//! commands that follow.

use crate::aof::place::PlaceNote;
use crate::aof::reader::{Command, Note, Role};
use crate::aof::set::Set;
use crate::repl::backlog::Backlog;
use crate::repl::offset::{Offset, Place, ReplId};
use std::collections::VecDeque;
use std::ops::Range;

/// Line ends that are appended at once.
const FILLER: &[u8] = &[b'\n'; 4096];

/// Some bytes of the stream.
#[derive(Debug, Clone)]
enum Part {
    /// They are in a file.
    Read { member: usize, bytes: Range<u64> },
    /// So many that change nothing.
    Gap(u64),
}

impl Part {
    fn bytes(&self) -> u64 {
        match self {
            Part::Read { bytes, .. } => bytes.end.saturating_sub(bytes.start),
            Part::Gap(bytes) => *bytes,
        }
    }

    /// Takes what follows directly, if it does.
    fn join(&mut self, next: &Part) -> bool {
        match (self, next) {
            (Part::Read { member, bytes }, Part::Read { member: next_member, bytes: next })
                if member == next_member && bytes.end == next.start =>
            {
                bytes.end = next.end;
                true
            }
            (Part::Gap(bytes), Part::Gap(next)) => {
                *bytes = bytes.saturating_add(*next);
                true
            }
            _ => false,
        }
    }
}

/// Adds what follows.
fn add(parts: &mut VecDeque<Part>, next: Part) {
    if !parts.back_mut().is_some_and(|last| last.join(&next)) {
        parts.push_back(next);
    }
}

/// Where a set ends.
#[derive(Debug)]
pub struct Ending {
    /// The place in the stream.
    pub place: Place,
    /// The database that it has selected there.
    pub db: u64,
    /// The last bytes in front of that place.
    pub tail: Backlog,
}

/// What was read so far.
#[derive(Debug)]
pub struct Trail {
    /// Bytes that are to be kept.
    size_bytes: u64,
    /// Behind the last whole unit.
    place: Option<Place>,
    db: u64,
    /// The last bytes in front of that, and how many they are.
    parts: VecDeque<Part>,
    kept_bytes: u64,
    /// Those of the transaction that is open.
    open: VecDeque<Part>,
    /// The last item but for timestamps was an annotation of a place, so that a SELECT may follow.
    is_noted: bool,
}

impl Trail {
    /// Nothing was read yet; so many bytes of the stream are to be kept.
    pub fn new(size_bytes: u64) -> Trail {
        Trail {
            size_bytes,
            place: None,
            db: 0,
            parts: VecDeque::new(),
            kept_bytes: 0,
            open: VecDeque::new(),
            is_noted: false,
        }
    }

    /// Another file begins.
    pub fn next_file(&mut self) {
        self.open.clear();
        self.is_noted = false;
    }

    /// Takes an annotation.
    pub fn note(&mut self, note: &Note<'_>) {
        let Some(note) = PlaceNote::parse(note.text) else { return };
        self.is_noted = true;
        match note {
            PlaceNote::Gap(0) => {}
            // Only SELECT has a place of its own inside of a transaction.
            _ if !self.open.is_empty() => self.lose(),
            PlaceNote::Gap(bytes) => self.advance(Part::Gap(bytes)),
            PlaceNote::At { replid, offset, db } => {
                let db = std::str::from_utf8(db).ok().and_then(|db| db.parse().ok());
                match (ReplId::parse(replid), Offset::parse(offset), db) {
                    (Some(replid), Some(offset), Some(db)) => {
                        self.begin(Place { replid, offset }, db)
                    }
                    _ => self.lose(),
                }
            }
            PlaceNote::Nowhere => self.lose(),
        }
    }

    /// Takes a command of a file.
    pub fn command(&mut self, member: usize, command: &Command<'_>) {
        let is_noted = std::mem::take(&mut self.is_noted);
        if self.place.is_none() {
            return;
        }
        if matches!(command.role, Role::Select | Role::BadSelect) && !is_noted {
            // A server wrote it that knows nothing of places.
            return self.lose();
        }
        let part = Part::Read { member, bytes: command.span.clone() };
        if !command.in_multi {
            self.advance(part);
        } else {
            add(&mut self.open, part);
            if command.role != Role::Exec {
                return;
            }
            for part in std::mem::take(&mut self.open) {
                self.advance(part);
            }
        }
        self.db = command.db;
    }

    /// What follows stands at this place.
    fn begin(&mut self, place: Place, db: u64) {
        // The same bytes may go on under another name.
        if self.place.is_none_or(|before| before.offset != place.offset) {
            self.forget();
        }
        self.place = Some(place);
        self.db = db;
    }

    fn lose(&mut self) {
        self.forget();
        self.place = None;
    }

    fn forget(&mut self) {
        self.parts.clear();
        self.kept_bytes = 0;
        self.open.clear();
    }

    fn advance(&mut self, part: Part) {
        let Some(place) = &mut self.place else { return };
        let bytes = part.bytes();
        let end = place.offset.get().checked_add(bytes).map(Offset::new);
        // No stream is as long as that.
        let Some(end) = end.filter(|end| i64::try_from(end.get()).is_ok()) else {
            return self.lose();
        };
        place.offset = end;
        self.kept_bytes += bytes;
        add(&mut self.parts, part);
        while let Some(first) = self.parts.front()
            && self.kept_bytes - first.bytes() >= self.size_bytes
        {
            self.kept_bytes -= first.bytes();
            self.parts.pop_front();
        }
    }

    /// Where the set ends, if that is known.
    pub fn end(self, set: &Set) -> Option<Ending> {
        let place = self.place?;
        let start = place.offset.get().checked_sub(self.kept_bytes)?;
        // Of the first part, which may be long, only the end.
        let mut skip_bytes = self.kept_bytes.saturating_sub(self.size_bytes);
        let mut tail = Backlog::new(Offset::new(start.checked_add(skip_bytes)?), self.size_bytes);
        for part in &self.parts {
            let skipped = skip_bytes.min(part.bytes());
            skip_bytes -= skipped;
            match part {
                Part::Read { member, bytes } => {
                    let range = usize::try_from(bytes.start + skipped).ok()?
                        ..usize::try_from(bytes.end).ok()?;
                    tail.append(set.members.get(*member)?.bytes().get(range)?);
                }
                Part::Gap(bytes) => {
                    let mut left = bytes - skipped;
                    while left > 0 {
                        let filler = FILLER.get(..usize::try_from(left).unwrap_or(usize::MAX));
                        let filler = filler.unwrap_or(FILLER);
                        tail.append(filler);
                        left -= filler.len() as u64;
                    }
                }
            }
        }
        (tail.range().end == place.offset).then_some(Ending { place, db: self.db, tail })
    }
}

#[cfg(test)]
mod tests {
    use super::super::replay::{self, Options};
    use super::*;
    use crate::base::rng::Rng;
    use crate::feed::Control;
    use crate::keyspace::{Keyspace, Settings};
    use std::io::Write;

    fn ending(text: &str, tail_bytes: u64) -> Option<Ending> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let set = Set::open(file.path()).unwrap();
        let mut keyspace = Keyspace::new(Settings::default());
        let options =
            Options { leave_torn_tail: true, tail_bytes: Some(tail_bytes), ..Options::default() };
        let report = replay::replay(&set, &mut keyspace, &options, &Control::default());
        report.unwrap().ending
    }

    fn tail(ending: &Ending) -> String {
        let start = ending.tail.range().start;
        let pieces = ending.tail.read(start).unwrap();
        String::from_utf8(pieces.flat_map(|piece| piece.to_vec()).collect()).unwrap()
    }

    const SET: &str = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
    const SELECT: &str = "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n";
    const MULTI: &str = "*1\r\n$5\r\nMULTI\r\n";
    const EXEC: &str = "*1\r\n$4\r\nEXEC\r\n";

    fn at(offset: u64) -> String {
        format!("#RKV:at {} {offset} 0\r\n", "a".repeat(40))
    }

    #[test]
    fn the_end_is_counted_from_the_last_place() {
        let set_bytes = SET.len() as u64;
        let end = |text: &str| {
            let ending = ending(text, 1 << 20)?;
            Some((ending.place.offset.get(), ending.db, tail(&ending)))
        };
        assert_eq!(end(SET), None);
        assert_eq!(end(&(at(7) + SET)), Some((7 + set_bytes, 0, SET.into())));
        // A time says nothing of the place.
        let selected = at(7) + "#RKV:+0\r\n#TS:1700000000\r\n" + SELECT + SET;
        let stream = SELECT.to_owned() + SET;
        assert_eq!(end(&selected), Some((7 + stream.len() as u64, 3, stream)));
        let gap = at(7) + SET + "#RKV:+3\r\n" + SET;
        let stream = SET.to_owned() + "\n\n\n" + SET;
        assert_eq!(end(&gap), Some((7 + stream.len() as u64, 0, stream)));
        // Another server has written behind it, which begins with a SELECT.
        assert_eq!(end(&(at(7) + SET + SELECT + SET)), None);
        assert_eq!(end(&(at(7) + SET + MULTI + SELECT + SET + EXEC)), None);
        assert_eq!(end(&(at(7) + SET + "#RKV:none\r\n" + SET)), None);
        assert_eq!(end(&(at(7) + SET + "#RKV:something new\r\n" + SET)), None);
        // What is torn off does not count, in a transaction as a whole.
        let torn = at(7) + SET + MULTI + SET + SET;
        assert_eq!(end(&torn), Some((7 + set_bytes, 0, SET.into())));
        assert_eq!(end(&(at(7) + SET + &SET[..9])), Some((7 + set_bytes, 0, SET.into())));
        // The same place under another name, and another place.
        let renamed = at(7) + SET + &at(7 + set_bytes).replace('a', "b").replace("bt", "at") + SET;
        assert_eq!(end(&renamed), Some((7 + 2 * set_bytes, 0, SET.repeat(2))));
        let moved = at(7) + SET + &at(100) + SET;
        assert_eq!(end(&moved), Some((100 + set_bytes, 0, SET.into())));
    }

    /// Whatever a file says, no more is kept than was asked for, and the end of that is the place.
    #[test]
    fn impossible_places_are_none() {
        let most = i64::MAX as u64;
        for seed in 0..300 {
            println!("seed {seed}");
            let mut rng = Rng::new(seed);
            let mut text = String::new();
            for _ in 0..rng.below(40) {
                let number = match rng.below(4) {
                    0 => rng.below(100),
                    1 => rng.below(100_000),
                    2 => most - rng.below(3),
                    _ => rng.below(most),
                };
                text += &match rng.below(9) {
                    0 => at(number),
                    1 | 2 => format!("#RKV:+{number}\r\n"),
                    3 => "#RKV:none\r\n".into(),
                    4 => SELECT.into(),
                    5 => MULTI.to_owned() + SET + EXEC,
                    _ => SET.into(),
                };
            }
            let tail_bytes = rng.below(100_000);
            let Some(ending) = ending(&text, tail_bytes) else { continue };
            assert_eq!(ending.tail.range().end, ending.place.offset);
            assert!(ending.tail.kept_bytes() <= tail_bytes.max(ending.tail.size_bytes()));
            assert!(tail(&ending).len() as u64 == ending.tail.kept_bytes());
        }
    }
}
