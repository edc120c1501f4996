//! The classes of events that keyspace notifications tell of.

use super::rule::{Bytes, Line, Origin, Refusal, Rule, Setting, only};
use super::split;

/// The classes of events that are told to subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyEvents(u32);

impl KeyEvents {
    /// Letters and bits, in the order in which letters are shown.
    const LETTERS: [(u8, KeyEvents); 17] = [
        (b'g', KeyEvents::GENERIC),
        (b'$', KeyEvents::STRING),
        (b'l', KeyEvents::LIST),
        (b's', KeyEvents::SET),
        (b'h', KeyEvents::HASH),
        (b'z', KeyEvents::ZSET),
        (b'x', KeyEvents::EXPIRED),
        (b'e', KeyEvents::EVICTED),
        (b't', KeyEvents::STREAM),
        (b'd', KeyEvents::MODULE),
        (b'a', KeyEvents::ARRAY),
        (b'n', KeyEvents::NEW),
        (b'o', KeyEvents::OVERWRITTEN),
        (b'c', KeyEvents::TYPE_CHANGED),
        (b'K', KeyEvents::KEYSPACE),
        (b'E', KeyEvents::KEYEVENT),
        (b'm', KeyEvents::MISS),
    ];
    /// `A`: all but misses and what has its own letter beside `A`; with it come arrays.
    pub const ALL: KeyEvents = KeyEvents(0x3ff);
    /// `g`.
    pub const GENERIC: KeyEvents = KeyEvents(1);
    /// `$`.
    pub const STRING: KeyEvents = KeyEvents(1 << 1);
    /// `l`.
    pub const LIST: KeyEvents = KeyEvents(1 << 2);
    /// `s`.
    pub const SET: KeyEvents = KeyEvents(1 << 3);
    /// `h`.
    pub const HASH: KeyEvents = KeyEvents(1 << 4);
    /// `z`.
    pub const ZSET: KeyEvents = KeyEvents(1 << 5);
    /// `x`.
    pub const EXPIRED: KeyEvents = KeyEvents(1 << 6);
    /// `e`.
    pub const EVICTED: KeyEvents = KeyEvents(1 << 7);
    /// `t`.
    pub const STREAM: KeyEvents = KeyEvents(1 << 8);
    /// `d`.
    pub const MODULE: KeyEvents = KeyEvents(1 << 9);
    /// `m`: reads of keys that are not there.
    pub const MISS: KeyEvents = KeyEvents(1 << 10);
    /// `n`: keys that were not there before.
    pub const NEW: KeyEvents = KeyEvents(1 << 11);
    /// `o`, since Redis 8.2.
    pub const OVERWRITTEN: KeyEvents = KeyEvents(1 << 12);
    /// `c`, since Redis 8.2.
    pub const TYPE_CHANGED: KeyEvents = KeyEvents(1 << 13);
    /// `a`: arrays, since Redis 8.8.
    pub const ARRAY: KeyEvents = KeyEvents(1 << 16);
    /// `K`: messages by key.
    pub const KEYSPACE: KeyEvents = KeyEvents(1 << 14);
    /// `E`: messages by event.
    pub const KEYEVENT: KeyEvents = KeyEvents(1 << 15);

    /// Whether all of the other's classes are among these.
    pub fn contains(self, other: KeyEvents) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Setting for KeyEvents {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let mut events = KeyEvents::default();
        for letter in only(words) {
            let known = KeyEvents::LETTERS.iter().find(|(known, _)| known == letter);
            events.0 |= match (letter, known) {
                (b'A', _) => KeyEvents::ALL.0 | KeyEvents::ARRAY.0,
                (_, Some((_, class))) => class.0,
                _ => return Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
            };
        }
        *self = events;
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        // Redis 7.0 does not show `n` beside `A`, and so loses it when it rewrites a file.
        let all = self.contains(KeyEvents::ALL);
        // Arrays, which Redis 7.0 does not know, are shown only by themselves.
        let covered = KeyEvents(KeyEvents::ALL.0 | KeyEvents::ARRAY.0);
        let shown = KeyEvents::LETTERS
            .iter()
            .filter(|(_, class)| self.contains(*class) && !(all && covered.contains(*class)))
            .map(|(letter, _)| *letter);
        all.then_some(b'A').into_iter().chain(shown).collect()
    }

    fn lines(&self, rule: &Rule, default: &[u8]) -> Vec<Line> {
        let letters = self.text(rule);
        let mut words = Bytes::new();
        split::write_quoted(&letters, &mut words);
        vec![Line { words, needed: letters != default }]
    }
}
