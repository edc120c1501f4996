//! Values made of several parts.

use super::rule::{Bytes, Line, Origin, Refusal, Rule, Setting, only, text};
use super::split;
use crate::base::num::{parse_canonical_i64, parse_double};

const WRONG_NUMBER: &str = "wrong number of arguments";

/// After how long a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavePoint {
    /// So many seconds after the last, at least 1,
    pub seconds: i64,
    /// if so many changes were made.
    pub changes: i64,
}

impl SavePoint {
    pub(super) fn defaults() -> Vec<SavePoint> {
        let point = |(seconds, changes)| SavePoint { seconds, changes };
        [(3600, 1), (300, 100), (60, 10_000)].map(point).to_vec()
    }
}

impl Setting for Vec<SavePoint> {
    fn set(&mut self, _: &Rule, words: &[&[u8]], origin: Origin) -> Result<(), Refusal> {
        let words = if matches!(words, [b""]) { &[] } else { words };
        let mut points = Vec::new();
        for pair in words.chunks(2) {
            let number = |at: usize| pair.get(at).and_then(|word| split::c_integer(word, 10));
            match (number(0), number(1)) {
                (Some(seconds @ 1..), Some(changes @ 0..)) => {
                    points.push(SavePoint { seconds, changes });
                }
                _ => return Err("Invalid save parameters".into()),
            }
        }
        // The first line of a file replaces the defaults, and an empty one all that came before.
        if origin != Origin::AgainInFile || words.is_empty() {
            self.clear();
        }
        self.extend(points);
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        let points: Vec<_> =
            self.iter().map(|point| format!("{} {}", point.seconds, point.changes)).collect();
        text(&points.join(" "))
    }

    fn lines(&self, _: &Rule, _: &[u8]) -> Vec<Line> {
        let needed = |words: String| Line { words: words.into(), needed: true };
        if self.is_empty() {
            return vec![needed("\"\"".into())];
        }
        self.iter().map(|point| needed(format!("{} {}", point.seconds, point.changes))).collect()
    }
}

/// How much output may wait for a client of a class; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes at which the client is closed.
    pub hard_bytes: u64,
    /// Bytes at which it is closed after some time.
    pub soft_bytes: u64,
    /// That time.
    pub soft_seconds: i64,
}

impl OutputLimit {
    /// Place of the class in [`super::Config::client_output_buffer_limit`]: clients of no other class.
    pub const NORMAL: usize = 0;
    /// Place of replicas.
    pub const REPLICA: usize = 1;
    /// Place of clients that subscribed.
    pub const PUBSUB: usize = 2;

    pub(super) const DEFAULTS: [OutputLimit; 3] = [
        OutputLimit { hard_bytes: 0, soft_bytes: 0, soft_seconds: 0 },
        OutputLimit { hard_bytes: 256 << 20, soft_bytes: 64 << 20, soft_seconds: 60 },
        OutputLimit { hard_bytes: 32 << 20, soft_bytes: 8 << 20, soft_seconds: 60 },
    ];
}

impl Setting for [OutputLimit; 3] {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let (groups, []) = words.as_chunks::<4>() else {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        };
        let mut limits = *self;
        let [normal, replica, pubsub] = &mut limits;
        for [class, hard, soft, seconds] in groups {
            let limit = match class.to_ascii_lowercase().as_slice() {
                b"normal" => &mut *normal,
                b"slave" | b"replica" => &mut *replica,
                b"pubsub" => &mut *pubsub,
                _ => {
                    return Err(
                        "Invalid client class specified in buffer limit configuration.".into()
                    );
                }
            };
            *limit = match (split::memory(hard), split::memory(soft), split::c_integer(seconds, 10))
            {
                (Some(hard_bytes), Some(soft_bytes), Some(soft_seconds @ 0..)) => {
                    OutputLimit { hard_bytes, soft_bytes, soft_seconds }
                }
                _ => {
                    return Err(
                        "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                            .into(),
                    );
                }
            };
        }
        *self = limits;
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        let classes = ["normal", "slave", "pubsub"].into_iter().zip(self);
        let texts: Vec<_> = classes
            .map(|(class, limit)| {
                format!("{class} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)
            })
            .collect();
        text(&texts.join(" "))
    }

    fn lines(&self, _: &Rule, _: &[u8]) -> Vec<Line> {
        let classes = ["normal", "replica", "pubsub"].into_iter().zip(self);
        classes
            .zip(&OutputLimit::DEFAULTS)
            .map(|((class, limit), default)| {
                let hard = split::format_memory(limit.hard_bytes);
                let soft = split::format_memory(limit.soft_bytes);
                let words = format!("{class} {hard} {soft} {}", limit.soft_seconds).into();
                Line { words, needed: limit != default }
            })
            .collect()
    }
}

/// Values of `oom-score-adj`: of a primary, a replica, a child.
impl Setting for [i64; 3] {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let [first, second, third] = words else { return Err(WRONG_NUMBER.into()) };
        let number = |word: &[u8]| {
            split::c_integer(word, 10)
                .filter(|value| (-2000..=2000).contains(value))
                .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
        };
        *self = [number(first)?, number(second)?, number(third)?];
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        let [first, second, third] = self;
        text(&format!("{first} {second} {third}"))
    }
}

/// Addresses to listen on.
impl Setting for Vec<Bytes> {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        if words.len() > 16 {
            return Err("Too many bind addresses specified.".into());
        }
        let words = if matches!(words, [b""]) { &[] } else { words };
        *self = words.iter().map(|word| word.to_vec()).collect();
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        self.join(b" ".as_slice())
    }

    fn lines(&self, rule: &Rule, default: &[u8]) -> Vec<Line> {
        let words = self.text(rule);
        match words.as_slice() {
            same if same == default => Vec::new(),
            b"" => vec![Line { words: text("\"\""), needed: true }],
            _ => vec![Line { words, needed: true }],
        }
    }
}

/// Where the primary of a replica listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Primary {
    /// Name or address.
    pub host: Bytes,
    /// TCP port.
    pub port: u16,
}

impl Setting for Option<Primary> {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let [host, port] = words else { return Err(WRONG_NUMBER.into()) };
        *self = None;
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            return Ok(());
        }
        let port = split::c_integer(port, 10).and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or("Invalid master port")?;
        *self = Some(Primary { host: host.to_vec(), port });
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        let Some(primary) = self else { return Bytes::new() };
        [primary.host.as_slice(), primary.port.to_string().as_bytes()].join(b" ".as_slice())
    }

    fn lines(&self, rule: &Rule, _: &[u8]) -> Vec<Line> {
        let line = |_: &Primary| Line { words: self.text(rule), needed: true };
        self.iter().map(line).collect()
    }
}

/// Percentiles, each from 0 to 100.
impl Setting for Vec<f64> {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let words = if matches!(words, [b""]) { &[] } else { words };
        let percentile = |word: &&[u8]| {
            let value = parse_double(word)
                .filter(|value| !value.is_nan())
                .ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            if (0.0..=100.0).contains(&value) {
                Ok(value)
            } else {
                Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
            }
        };
        *self = words.iter().map(percentile).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        let texts: Vec<_> = self
            .iter()
            .map(|value| {
                let digits = format!("{value:.6}");
                digits.trim_end_matches('0').trim_end_matches('.').to_owned()
            })
            .collect();
        text(&texts.join(" "))
    }

    fn lines(&self, rule: &Rule, _: &[u8]) -> Vec<Line> {
        let words = if self.is_empty() { text("\"\"") } else { self.text(rule) };
        vec![Line { words, needed: true }]
    }
}

/// Bytes, or a share of `maxmemory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLimit {
    /// At most [`i64::MAX`].
    Bytes(u64),
    /// 1 to 100.
    Percent(u8),
}

impl Setting for MemoryLimit {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let word = only(words);
        let too_large = "percentage argument must be less or equal to 100";
        if let Some(bytes) = split::memory(word) {
            i64::try_from(bytes).map_err(|_| too_large)?;
            *self = MemoryLimit::Bytes(bytes);
            return Ok(());
        }
        let percent = match word {
            [digits @ .., b'%'] => parse_canonical_i64(digits).filter(|percent| *percent >= 0),
            _ => None,
        };
        *self = match percent.ok_or("argument must be a memory or percent value")? {
            0 => MemoryLimit::Bytes(0),
            percent => match u8::try_from(percent) {
                Ok(percent @ ..=100) => MemoryLimit::Percent(percent),
                _ => return Err(too_large.into()),
            },
        };
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        text(&match self {
            MemoryLimit::Bytes(bytes) => bytes.to_string(),
            MemoryLimit::Percent(percent) => format!("{percent}%"),
        })
    }

    fn lines(&self, rule: &Rule, default: &[u8]) -> Vec<Line> {
        let own = self.text(rule);
        let needed = own != default;
        match self {
            MemoryLimit::Bytes(bytes) => {
                vec![Line { words: text(&split::format_memory(*bytes)), needed }]
            }
            MemoryLimit::Percent(_) => vec![Line { words: own, needed }],
        }
    }
}

/// A command under another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The name it had.
    pub from: Bytes,
    /// The name it has, empty if it cannot be called.
    pub to: Bytes,
}

/// A `sentinel` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentinelLine {
    /// The words behind `sentinel`.
    pub words: Vec<Bytes>,
    /// Its number, counted from 1.
    pub number: usize,
    /// The whole line.
    pub line: Bytes,
}

/// The lines of files that are no values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtherLines {
    /// `rename-command` lines, in order.
    pub renames: Vec<Rename>,
    /// The words behind `user` of each such line: a name and rules.
    pub users: Vec<Vec<Bytes>>,
    /// The words behind `loadmodule` of each such line: a path and arguments.
    pub modules: Vec<Vec<Bytes>>,
    /// Settings of modules: a name with a dot and the words behind it.
    pub module_settings: Vec<(Bytes, Bytes)>,
    /// `sentinel` lines, in order.
    pub sentinel: Vec<SentinelLine>,
}
