//! What of a damaged file of commands is sound: its longest prefix, or all that can be found behind damage, too.
//!
//! A transaction is kept as a whole or not at all. Behind damage the next command is found by its shape (`*N\r\n$`)
//! and is believed once it is complete and followed by another or by the end. Whether it stood in a transaction whose
//! MULTI is lost is told by what comes first behind it: an EXEC says yes, a MULTI or a sound end says no.

use super::reader::{Frame, Item, ReadError, Reader, Role, frame};
use memchr::memmem;
use std::ops::Range;

/// Arguments that are read in search of the next command behind damage; bounds the work on hostile files.
const SEARCHED_ARGUMENTS_MAX: usize = 64 << 20;

/// Why a part of a file is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is no command.
    Damage(ReadError),
    /// A transaction without an end; the place is its MULTI.
    OpenMulti(u64),
    /// A MULTI inside a transaction.
    NestedMulti(u64),
    /// An EXEC outside of any.
    LoneExec(u64),
}

impl Cause {
    /// The place at fault.
    pub fn offset(&self) -> u64 {
        match self {
            Cause::Damage(error) => error.offset,
            Cause::OpenMulti(at) | Cause::NestedMulti(at) | Cause::LoneExec(at) => *at,
        }
    }

    /// Whether the file merely ends too early.
    pub fn is_truncated(&self) -> bool {
        match self {
            Cause::Damage(error) => error.is_truncated(),
            Cause::OpenMulti(_) => true,
            Cause::NestedMulti(_) | Cause::LoneExec(_) => false,
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.offset();
        match self {
            Cause::Damage(error) => return error.fmt(f),
            Cause::OpenMulti(_) => write!(f, "a transaction without EXEC"),
            Cause::NestedMulti(_) => write!(f, "MULTI inside a transaction"),
            Cause::LoneExec(_) => write!(f, "EXEC without MULTI"),
        }?;
        write!(f, " (offset 0x{at:x}, {at})")
    }
}

/// A part of a file that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its bytes.
    pub bytes: Range<u64>,
    /// The first thing wrong in it.
    pub cause: Cause,
}

/// A part of a file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub bytes: Range<u64>,
    /// The database to select in front of it, since a SELECT in front of it was cut out.
    pub select: Option<u64>,
}

/// What is kept of a file and what is not; together they are all of its commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sound {
    /// What is kept, in order.
    pub pieces: Vec<Piece>,
    /// What is not, in order.
    pub gaps: Vec<Gap>,
}

impl Sound {
    /// Whether all is kept.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Bytes that are not kept.
    pub fn cut_bytes(&self) -> u64 {
        self.gaps.iter().map(|gap| gap.bytes.end - gap.bytes.start).sum()
    }

    fn keep(&mut self, bytes: Range<u64>, select: Option<u64>) {
        match self.pieces.last_mut() {
            _ if bytes.is_empty() => {}
            Some(last) if last.bytes.end == bytes.start && select.is_none() => {
                last.bytes.end = bytes.end;
            }
            _ => self.pieces.push(Piece { bytes, select }),
        }
    }

    fn cut(&mut self, bytes: Range<u64>, cause: Cause) {
        match self.gaps.last_mut() {
            _ if bytes.is_empty() => {}
            Some(last) if last.bytes.end == bytes.start => last.bytes.end = bytes.end,
            _ => self.gaps.push(Gap { bytes, cause }),
        }
    }
}

/// The longest sound prefix of the commands from `start`.
pub fn prefix(bytes: &[u8], start: u64) -> Sound {
    let mut reader = Reader::new(bytes, start);
    let cause = loop {
        match reader.next() {
            Ok(Some(Item::Command(command))) => match command.role {
                Role::NestedMulti => break Some(Cause::NestedMulti(command.span.start)),
                Role::LoneExec => break Some(Cause::LoneExec(command.span.start)),
                _ => {}
            },
            Ok(Some(Item::Note(_))) => {}
            Ok(None) => break reader.open_multi().map(Cause::OpenMulti),
            Err(error) => break Some(Cause::Damage(error)),
        }
    };
    let mut sound = Sound::default();
    // An EXEC outside of any transaction ends a unit of its own.
    let end = match cause {
        Some(Cause::LoneExec(at)) => at,
        _ => reader.sound_end(),
    };
    sound.keep(start..end, None);
    if let Some(cause) = cause {
        sound.cut(end..bytes.len() as u64, cause);
    }
    sound
}

/// Where the next command after `from` is found behind damage.
pub fn resync(bytes: &[u8], from: u64) -> Option<u64> {
    let mut from = usize::try_from(from).ok()?;
    let star = memmem::Finder::new(b"\n*");
    let mut spans = Vec::new();
    let mut budget = SEARCHED_ARGUMENTS_MAX;
    loop {
        // The line end in front may be the last byte of what is damaged.
        let rest = bytes.get(from.saturating_sub(1)..)?;
        let at = from.saturating_sub(1) + star.find(rest)? + 1;
        let candidate = bytes.get(at..)?;
        if is_head(candidate) {
            match frame(candidate, &mut spans) {
                Ok(Frame::Command(len)) => {
                    budget = budget.saturating_sub(spans.len());
                    if matches!(candidate.get(len), None | Some(b'*' | b'#')) || budget == 0 {
                        return Some(at as u64);
                    }
                }
                Ok(Frame::Note(_)) | Err(_) => budget = budget.saturating_sub(spans.len()),
            }
        }
        from = at + 1;
    }
}

/// Whether bytes begin like `*N\r\n$`.
fn is_head(bytes: &[u8]) -> bool {
    let digits = bytes.get(1..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && bytes.get(1 + digits..).is_some_and(|rest| rest.starts_with(b"\r\n$"))
}

/// Why a stretch of commands ends.
enum Stop {
    /// The file is over.
    End,
    Damage(ReadError),
    LoneExec(Range<u64>),
    NestedMulti(u64),
}

/// Reads until something is wrong or the file is over. Tells, too, whether a transaction began.
fn stretch(reader: &mut Reader<'_>) -> (Stop, bool) {
    let mut saw_multi = false;
    loop {
        match reader.next() {
            Ok(Some(Item::Command(command))) => match command.role {
                Role::Multi => saw_multi = true,
                Role::LoneExec => return (Stop::LoneExec(command.span), saw_multi),
                Role::NestedMulti => return (Stop::NestedMulti(command.span.start), saw_multi),
                _ => {}
            },
            Ok(Some(Item::Note(_))) => {}
            Ok(None) => return (Stop::End, saw_multi),
            Err(error) => return (Stop::Damage(error), saw_multi),
        }
    }
}

/// What stands in front of a stretch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Front {
    /// The start of the file, or a unit.
    Sound,
    /// Damage outside of transactions.
    Damage,
    /// Damage inside a transaction, or behind an open one.
    DamageInMulti,
}

/// All that is sound of the commands from `start`, in front of damage and behind it.
pub fn skip_damage(bytes: &[u8], start: u64) -> Sound {
    let len = bytes.len() as u64;
    let mut reader = Reader::new(bytes, start);
    let mut sound = Sound::default();
    let (mut front, mut kept_db) = (Front::Sound, 0);
    // The cause of the gap that is open at the stretch's start.
    let mut cause = None;
    loop {
        let (from, from_db) = (reader.offset(), reader.db());
        let (stop, saw_multi) = stretch(&mut reader);
        let is_part_of_lost = !saw_multi
            && match (&stop, front) {
                (_, Front::Sound) | (Stop::End | Stop::NestedMulti(_), _) => false,
                (Stop::LoneExec(_), _) => true,
                (Stop::Damage(_), front) => front == Front::DamageInMulti,
            };
        let open_multi = reader.open_multi();
        let mut sound_end = reader.sound_end();
        if let Stop::LoneExec(exec) = &stop {
            sound_end = exec.start;
        }
        if is_part_of_lost {
            sound_end = from;
        } else {
            sound.keep(from..sound_end, (from_db != kept_db).then_some(from_db));
            kept_db = reader.sound_db();
        }
        let (next, why) = match stop {
            Stop::End => (len, open_multi.map(Cause::OpenMulti)),
            Stop::LoneExec(exec) => {
                front = Front::Sound;
                (exec.end, Some(Cause::LoneExec(exec.start)))
            }
            Stop::NestedMulti(at) => {
                front = Front::Sound;
                (at, Some(Cause::NestedMulti(at)))
            }
            Stop::Damage(error) => {
                let in_multi = open_multi.is_some() || is_part_of_lost;
                front = if in_multi { Front::DamageInMulti } else { Front::Damage };
                (resync(bytes, error.start + 1).unwrap_or(len), Some(Cause::Damage(error)))
            }
        };
        if let Some(why) = if is_part_of_lost { cause.or(why) } else { why } {
            sound.cut(sound_end..next, why);
            cause = Some(why);
        }
        if next == len {
            return sound;
        }
        reader.jump(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(commands: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for command in commands {
            if let Some(raw) = command.strip_prefix('!') {
                bytes.extend_from_slice(raw.as_bytes());
                continue;
            }
            let words: Vec<_> = command.split(' ').collect();
            bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
            for word in words {
                bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
            }
        }
        bytes
    }

    /// The commands of what is kept, with the SELECTs that are put in.
    fn kept(bytes: &[u8], sound: &Sound) -> Vec<String> {
        let mut all = Vec::new();
        let mut at = 0;
        for piece in &sound.pieces {
            let gaps = sound.gaps.iter().filter(|gap| gap.bytes.start == at);
            assert!(piece.bytes.start == at || gaps.count() == 1, "{sound:?}");
            at = piece.bytes.end;
            all.extend(piece.select.map(|db| format!("+SELECT {db}")));
            let bytes = &bytes[piece.bytes.start as usize..piece.bytes.end as usize];
            let mut reader = Reader::new(bytes, 0);
            while let Some(item) = reader.next().unwrap() {
                if let Item::Command(command) = item {
                    let words: Vec<_> =
                        command.args.iter().map(|a| a.escape_ascii().to_string()).collect();
                    all.push(words.join(" "));
                }
            }
            assert_eq!(reader.open_multi(), None);
        }
        let total: u64 = sound.pieces.iter().map(|p| p.bytes.end - p.bytes.start).sum();
        assert_eq!(total + sound.cut_bytes(), bytes.len() as u64, "{sound:?}");
        all
    }

    fn check(commands: &[&str], first: &[&str], all: &[&str]) {
        let bytes = file(commands);
        assert_eq!(kept(&bytes, &prefix(&bytes, 0)), first, "prefix of {commands:?}");
        assert_eq!(kept(&bytes, &skip_damage(&bytes, 0)), all, "all of {commands:?}");
    }

    #[test]
    fn sound_files_are_kept_whole() {
        let commands = ["SELECT 1", "SET a b", "MULTI", "SET c d", "EXEC"];
        check(&commands, &commands, &commands);
        check(&[], &[], &[]);
    }

    #[test]
    fn tails_are_cut_in_front_of_open_transactions() {
        check(&["SET a 1", "!*3\r\n$3\r\nSE"], &["SET a 1"], &["SET a 1"]);
        check(&["SET a 1", "MULTI", "SET b 1"], &["SET a 1"], &["SET a 1"]);
        check(&["SET a 1", "MULTI", "!*3\r"], &["SET a 1"], &["SET a 1"]);
    }

    #[test]
    fn it_goes_on_behind_damage() {
        check(&["SET a 1", "!junk\r\n", "SET b 1"], &["SET a 1"], &["SET a 1", "SET b 1"]);
        check(&["!*0\r\n", "SET b 1"], &[], &["SET b 1"]);
        check(&["SET a 1", "!*2\r\n$-4\r\n\r\n", "SET b 1"], &["SET a 1"], &["SET a 1", "SET b 1"]);
    }

    #[test]
    fn transactions_are_whole_or_absent() {
        let junk = "!junk\r\n";
        let a = "SET a 1";
        // The end of the transaction is found.
        check(&[a, "MULTI", "SET b 1", junk, "SET c 1", "EXEC", "SET d 1"], &[a], &[a, "SET d 1"]);
        // The MULTI is lost.
        check(&[a, junk, "SET c 1", "EXEC", "SET d 1"], &[a], &[a, "SET d 1"]);
        // The EXEC is lost: what follows is behind it.
        check(&[a, "MULTI", junk, "SET c 1"], &[a], &[a, "SET c 1"]);
        let next = ["MULTI", "SET e 1", "EXEC"];
        let lost = [&[a, "MULTI", junk, "SET c 1"][..], &next].concat();
        check(&lost, &[a], &[&[a, "SET c 1"][..], &next].concat());
        // Nobody knows.
        check(&[a, "MULTI", junk, "SET c 1", junk, "SET d 1"], &[a], &[a, "SET d 1"]);
        check(&[a, "MULTI", junk, "SET c 1", "!*3\r\n"], &[a], &[a]);
        // Unbalanced ones.
        check(&[a, "EXEC", "SET b 1"], &[a], &[a, "SET b 1"]);
        let nested = [&[a, "MULTI", "SET b 1"][..], &next].concat();
        check(&nested, &[a], &[&[a][..], &next].concat());
    }

    #[test]
    fn the_database_in_force_is_kept() {
        let junk = "!junk\r\n";
        let commands = ["SET a 1", "MULTI", "SELECT 5", "SET b 1", junk, "EXEC", "SET c 1"];
        check(&commands, &["SET a 1"], &["SET a 1", "+SELECT 5", "SET c 1"]);
        let commands = ["SELECT 2", "SET a 1", junk, "SET c 1"];
        check(&commands, &commands[..2], &["SELECT 2", "SET a 1", "SET c 1"]);
    }

    #[test]
    fn every_flip_and_cut_gives_sound_parts() {
        let bytes = file(&["SELECT 1", "SET a 1", "MULTI", "SET b 2", "EXEC", "DEL a", "DEL b"]);
        for at in 0..bytes.len() {
            let cut = &bytes[..at];
            kept(cut, &prefix(cut, 0));
            kept(cut, &skip_damage(cut, 0));
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                kept(&flipped, &prefix(&flipped, 0));
                kept(&flipped, &skip_damage(&flipped, 0));
            }
        }
    }
}
