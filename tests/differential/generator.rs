//! Makes random commands from the descriptions of the command table.

use crate::{Release, now_ms};
use rkv::base::rng::Rng;
use rkv::command;
use rkv::command::spec::{Arg, ArgKind, Group};

/// Makes commands.
pub(crate) struct Generator {
    pub(crate) rng: Rng,
    /// How many keys a count has announced.
    pub(crate) announced: Option<u64>,
    /// Words that the peer does not know, or that would make it wait.
    pub(crate) without: &'static [&'static str],
    /// The id of the next stream entry, as ids from the clock would differ.
    pub(crate) next_id: u64,
    /// Keys of streams with ids that were added to them, the latest last.
    pub(crate) entries: Vec<(Vec<u8>, String)>,
    /// Whether keys that end in 0 or 1 hold numbers only.
    pub(crate) sorts: bool,
    pub(crate) release: Release,
}

impl Generator {
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.rng.below(from.len() as u64) as usize]
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0
    }

    fn key(&mut self, group: Group) -> Vec<u8> {
        let prefix = match group {
            Group::List => "l",
            Group::Set => "s",
            Group::SortedSet | Group::Geo => "z",
            Group::Hash => "h",
            Group::Stream => "x",
            Group::HyperLogLog => "p",
            _ if self.sorts => *self.pick(&["l", "s", "z"]),
            _ => "k",
        };
        let prefix =
            if self.one_in(12) { *self.pick(&["l", "s", "z", "h", "x", "k"]) } else { prefix };
        format!("{prefix}{}", self.rng.below(4)).into_bytes()
    }

    /// The id of an entry that is or was in a stream.
    fn entry_id(&mut self, key: &[u8]) -> Vec<u8> {
        let of_key: Vec<&String> =
            self.entries.iter().filter(|(other, _)| other == key).map(|(_, id)| id).collect();
        if of_key.is_empty() || self.rng.below(8) == 0 {
            let seq = self.next_id.saturating_sub(self.rng.below(12));
            return format!("{seq}-1").into_bytes();
        }
        let recent = &of_key[of_key.len().saturating_sub(8)..];
        recent[self.rng.below(recent.len() as u64) as usize].clone().into_bytes()
    }

    /// Remembers the id of an entry that was added.
    pub(crate) fn added(&mut self, key: &[u8], id: String) {
        if let Some(ms) = id.split('-').next().and_then(|ms| ms.parse().ok())
            && ms < 1 << 40
        {
            self.next_id = self.next_id.max(ms);
        }
        self.entries.push((key.to_vec(), id));
        if self.entries.len() > 80 {
            self.entries.remove(0);
        }
    }

    /// An argument of a stream command.
    fn stream_text(&mut self, name: &str, out: &[Vec<u8>]) -> Option<Vec<u8>> {
        let key = out.iter().find(|arg| arg.len() == 2 && arg[0] == b'x').cloned();
        let odd: &[&str] = match name {
            "group" => &["g", "g", "g", "h"],
            "consumer" => &["c", "d", "c", "d", "c", ""],
            "min-idle-time" => &["0", "0", "0", "0", "1000000000", "-1", "abc"],
            "pid" => &["p", "q", ""],
            "iid" | "field" | "value" => return None,
            "threshold" if self.one_in(2) => &["0", "1", "2", "3", "5", "8", "-1", "abc"],
            _ if self.one_in(30) => return None,
            "id" if out[0] == b"XREADGROUP" && !self.one_in(3) => &[">"],
            "id" if out[0] == b"XREAD" && self.one_in(4) => match self.release {
                Release::Newest => &["$", "+"],
                _ => &["$"],
            },
            "id" if out[0] == b"XADD" && self.one_in(3) => {
                let id = format!("{}-*", self.next_id + self.rng.below(2));
                return Some(id.into_bytes());
            }
            // An id from the clock would differ.
            "id" if out[0] == b"XADD" && self.one_in(6) => {
                &["-", "0-0", "5-1", "1-x", "007-1", "1-1\0x", "$"]
            }
            "id" if out[0] == b"XADD" => {
                return Some(self.entry_id(key.as_deref().unwrap_or_default()));
            }
            "start" | "min" if self.one_in(2) => &["-", "-", "0", "(1", "0-0", "(0-1", "("],
            "end" | "max" if self.one_in(2) => &["+", "+", "+", "999", "(999", "(0-0", "("],
            _ if self.one_in(6) => &[
                "-",
                "+",
                "0",
                "5-1",
                "7",
                "(3",
                "0-1",
                "4-4",
                "0-0",
                "1-",
                "-1",
                "1-x",
                "$",
                ">",
                "*",
                "007-1",
                "1-1\0x",
                "18446744073709551615-18446744073709551615",
            ],
            _ => return Some(self.entry_id(key.as_deref().unwrap_or_default())),
        };
        Some(self.pick(odd).as_bytes().to_vec())
    }

    /// One end of a range of members or scores.
    fn bound(&mut self, by_member: bool) -> Vec<u8> {
        let bounds: &[&str] = match by_member {
            true => &["-", "+", "[a", "(a", "[b", "(c", "[e", "(e", "[g", "[", "(", "b", "", "++"],
            false => &[
                "-inf", "+inf", "inf", "0", "1", "-1", "(1", "(0", "2.25", "(-inf", "(2.25", "100",
                "-0", "1e3", "(", "nan", "(x",
            ],
        };
        self.pick(bounds).as_bytes().to_vec()
    }

    fn text(&mut self, name: &str, group: Group, out: &[Vec<u8>]) -> Vec<u8> {
        if group == Group::Stream
            && let Some(text) = self.stream_text(name, out)
        {
            return text;
        }
        if group == Group::SortedSet && matches!(name, "min" | "max") && !self.one_in(20) {
            return self.bound(true);
        }
        if self.sorts
            && out.get(1).is_some_and(|key| key.ends_with(b"0") || key.ends_with(b"1"))
            && !matches!(name, "field")
        {
            let numbers = ["0", "1", "2", "3", "-1", "10", "2.5", "-0", "1e2", "inf"];
            return self.pick(&numbers).as_bytes().to_vec();
        }
        match self.rng.below(14) {
            // Only the newest release sorts it as zero.
            0 if self.sorts && self.release != Release::Newest => b"0".to_vec(),
            0 => Vec::new(),
            1 => b"\xff\r\n\x00".to_vec(),
            2 => vec![b'x'; 70],
            3 => self.rng.next_u64().to_string().into_bytes(),
            4 => self.rng.below(20).to_string().into_bytes(),
            5 => b"3.25".to_vec(),
            _ => self.pick(&["a", "b", "c", "d", "e", "f", "g", "10", "-7"]).as_bytes().to_vec(),
        }
    }

    fn integer(&mut self) -> Vec<u8> {
        let n = match self.rng.below(24) {
            0 => i64::MAX,
            1 => i64::MIN,
            2 => 1 << 40,
            3 => return b"abc".to_vec(),
            _ => self.rng.below(14) as i64 - 4,
        };
        n.to_string().into_bytes()
    }

    /// An argument that bitmaps and HyperLogLogs take in a form of their own; `None` for any other.
    fn bits(&mut self, arg: &Arg, group: Group) -> Option<Vec<u8>> {
        let text = match (group, arg.name) {
            (Group::Bitmap, "bit" | "value") if !self.one_in(8) => self.rng.below(2).to_string(),
            (Group::Bitmap, "value" | "increment") if !self.one_in(4) => {
                (self.rng.next_u64() as i64 >> self.rng.below(64)).to_string()
            }
            (Group::Bitmap, "start" | "end") if !self.one_in(4) => {
                (self.rng.below(80) as i64 - 40).to_string()
            }
            (Group::Bitmap, "encoding") if !self.one_in(20) => {
                format!("{}{}", self.pick(&["i", "u"]), 1 + self.rng.below(64))
            }
            (Group::Bitmap, "offset") if self.one_in(4) => format!("#{}", self.rng.below(20)),
            (Group::HyperLogLog, "element") if !self.one_in(9) => {
                self.rng.below(1 << 40).to_string()
            }
            _ => return None,
        };
        Some(text.into_bytes())
    }

    fn value(&mut self, arg: &Arg, group: Group, out: &mut Vec<Vec<u8>>) {
        if let Some(text) = self.bits(arg, group) {
            return out.push(text);
        }
        match arg.kind {
            ArgKind::Key(_) => {
                let key = self.key(group);
                out.push(key);
            }
            ArgKind::Integer if matches!(arg.name, "numkeys" | "numfields" | "numids") => {
                let count = 1 + self.rng.below(3);
                self.announced = Some(count);
                out.push(count.to_string().into_bytes());
            }
            ArgKind::Integer => {
                // Offsets and spans that stay small keep strings small, and times far enough to stay in the future.
                let value = match arg.name {
                    // Servers take an index beyond 32 bits for another.
                    "index" if out[0] == b"LSET" => {
                        (self.rng.below(14) as i64 - 4).to_string().into_bytes()
                    }
                    // Only newer releases refuse the least number.
                    "count" | "rank"
                        if matches!(&out[0][..], b"LREM" | b"LPOS")
                            && self.release != Release::Newest =>
                    {
                        (self.rng.below(14) as i64 - 4).to_string().into_bytes()
                    }
                    // Must not hang on how fast the run is.
                    "min-idle-time" => {
                        self.pick(&["0", "0", "1000000000", "-1"]).as_bytes().to_vec()
                    }
                    "ms" => self.pick(&["0", "100000", "-5", "x"]).as_bytes().to_vec(),
                    "weight" if !self.one_in(4) => self
                        .pick(&["0", "-1", "2", "0.1", "inf", "-inf", "3e-5"])
                        .as_bytes()
                        .to_vec(),
                    "increment" if group == Group::SortedSet && !self.one_in(4) => {
                        self.pick(&["0", "-1", "2", "0.1", "inf", "-inf", "-0"]).as_bytes().to_vec()
                    }
                    "offset" if matches!(group, Group::SortedSet | Group::Generic) => {
                        // Later releases count negative ones from the end, in unpacked sorted sets only.
                        let negative = if self.release == Release::Redis70 { "-1" } else { "0" };
                        self.pick(&["0", "0", "1", "2", negative, "7"]).as_bytes().to_vec()
                    }
                    "offset" | "bit" => self.rng.below(300).to_string().into_bytes(),
                    // Whole seconds, as times a moment apart must compare the same on both sides.
                    "milliseconds" => {
                        format!("{}000", 1_000_000 + self.rng.below(1000)).into_bytes()
                    }
                    "seconds" => (1_000_000 + self.rng.below(1000)).to_string().into_bytes(),
                    _ => self.integer(),
                };
                out.push(value);
            }
            // Long enough to be a time, and short enough to wait for.
            ArgKind::Double if arg.name == "timeout" => out.push(b"0.001".to_vec()),
            ArgKind::Double if matches!(arg.name, "min" | "max") => out.push(self.bound(false)),
            ArgKind::Double => {
                let doubles: &[&str] = match arg.name {
                    "longitude" => &[
                        "0",
                        "1",
                        "-1.5",
                        "13.361389",
                        "15.087269",
                        "179.99",
                        "-180",
                        "180",
                        "-0",
                        "2.25",
                        "13.5",
                        "180.1",
                        "x",
                    ],
                    "latitude" => &[
                        "0",
                        "1",
                        "-1.5",
                        "38.115556",
                        "37.502669",
                        "85",
                        "-85.05112878",
                        "-0",
                        "38",
                        "2.25",
                        "86",
                        "nan",
                    ],
                    "radius" | "width" | "height" => &[
                        "0",
                        "1",
                        "100",
                        "200",
                        "500",
                        "5000",
                        "30000",
                        "1e6",
                        "1e7",
                        "0.5",
                        "-1",
                        "x",
                        "166275",
                        "166274.15",
                    ],
                    // An error of range makes older releases refuse the next SORT.
                    _ if group == Group::SortedSet && !self.sorts && self.one_in(4) => &[
                        "0.1",
                        "0.2",
                        "0.30000000000000004",
                        "1e20",
                        "-1e-7",
                        "123456789012",
                        "4.9e-324",
                        "1e-400",
                        "1e400",
                        "1.7976931348623157e308",
                        "9007199254740993",
                        "3.0",
                        "1e17",
                        "-9223372036854775808",
                        "Infinity",
                        "0.1e1",
                        " 1",
                        "1e",
                    ],
                    _ => &[
                        "0", "1", "-1", "1.5", "2.25", "inf", "-inf", "100", "nan", "1e3", "x",
                        "-0",
                    ],
                };
                let double = *self.pick(doubles);
                // Servers unpack a sorted set to sort it, and only unpacked ones tell -0 from 0.
                let double = if self.sorts && double == "-0" { "0" } else { double };
                out.push(double.as_bytes().to_vec());
            }
            ArgKind::Pattern => {
                let patterns: &[&str] = match arg.name {
                    "by-pattern" => &["k*", "h*->a", "nosort", "*", "h*->", "k*->x", "l*", "h*->b"],
                    "get-pattern" => {
                        &["#", "#", "k*", "h*->a", "h0->a", "*->a", "*", "h*->b", "none"]
                    }
                    _ => &["*", "k*", "?1", "h[0-2]"],
                };
                out.push(self.pick(patterns).as_bytes().to_vec())
            }
            ArgKind::Time => {
                let seconds = now_ms() / 1000 + 1_000_000 + self.rng.below(1000) as i64;
                let scale = if arg.name.contains("milli") { 1000 } else { 1 };
                out.push((seconds * scale).to_string().into_bytes());
            }
            ArgKind::Text => {
                let text = self.text(arg.name, group, out);
                out.push(text);
            }
            ArgKind::Token => {}
            ArgKind::OneOf(args) => {
                let args: Vec<Arg> =
                    args.iter().filter(|arg| !self.leaves_out(arg)).copied().collect();
                let chosen = *self.pick(&args);
                self.arg(&chosen, group, out);
            }
            ArgKind::Block(args) => self.args(args, group, out),
        }
    }

    /// Whether an argument begins with a word that the peer does not know.
    fn leaves_out(&self, arg: &Arg) -> bool {
        // No peer counts instead of adding scores up; other arguments named `COUNT` have a number.
        let counts = arg.kind == ArgKind::Token && arg.token == Some("COUNT");
        let own = counts || arg.token.is_some_and(|token| self.without.contains(&token));
        own || match arg.kind {
            ArgKind::OneOf(args) => args.iter().all(|arg| self.leaves_out(arg)),
            ArgKind::Block(args) => args.first().is_some_and(|arg| self.leaves_out(arg)),
            _ => false,
        }
    }

    fn arg(&mut self, arg: &Arg, group: Group, out: &mut Vec<Vec<u8>>) {
        if arg.optional && (!self.one_in(3) || self.leaves_out(arg)) {
            return;
        }
        let times = match arg.many {
            // So many elements that HyperLogLogs become dense.
            true if arg.name == "element" && group == Group::HyperLogLog => self.rng.below(100),
            true => self.announced.take().unwrap_or_else(|| 1 + self.rng.below(3)),
            false => 1,
        };
        for time in 0..times {
            if let Some(token) = arg.token
                && (time == 0 || arg.token_each)
            {
                if arg.name == "auto-id" {
                    self.next_id += 1;
                    out.push(format!("{}-1", self.next_id).into_bytes());
                } else {
                    out.push(token.as_bytes().to_vec());
                }
            }
            self.value(arg, group, out);
        }
        // As many ids as streams.
        if arg.many && matches!(arg.kind, ArgKind::Key(_)) && group == Group::Stream {
            self.announced = Some(times);
        }
    }

    fn args(&mut self, args: &[Arg], group: Group, out: &mut Vec<Vec<u8>>) {
        for arg in args {
            self.arg(arg, group, out);
        }
    }

    /// Makes the ends of a range, wherever they mostly are none, such as its options ask for.
    fn fit_bounds(&mut self, out: &mut [Vec<u8>]) {
        let at = match &out[0][..] {
            b"ZRANGE" => 2,
            b"ZRANGESTORE" => 3,
            _ => return,
        };
        if self.one_in(10) {
            return;
        }
        let by_member = out.contains(&b"BYLEX".to_vec());
        let by_rank = !by_member && !out.contains(&b"BYSCORE".to_vec());
        for text in &mut out[at..at + 2] {
            *text = if by_rank { self.integer() } else { self.bound(by_member) };
        }
    }

    pub(crate) fn command(&mut self, spec: &command::spec::Spec) -> Vec<Vec<u8>> {
        self.announced = None;
        let mut out = vec![spec.name.to_ascii_uppercase().into_bytes()];
        let spec = if spec.subcommands.is_empty() {
            spec
        } else {
            // Help is worded differently by each release.
            let subs: Vec<_> = spec.subcommands.iter().filter(|sub| sub.name != "help").collect();
            let sub = *self.pick(&subs);
            out.push(sub.name.to_ascii_uppercase().into_bytes());
            sub
        };
        self.args(spec.args, spec.group, &mut out);
        self.fit_bounds(&mut out);
        if self.one_in(40) {
            out.push(b"EXTRA".to_vec());
        }
        out
    }
}

/// Words that came with later releases than the peer's, and BLOCK, which waits.
pub(crate) fn words_unknown_to(release: Release) -> &'static [&'static str] {
    match release {
        // The newest release answers a digest that is none twice.
        Release::Newest => &["BLOCK", "IFDEQ", "IFDNE"],
        Release::Redis70 => &[
            "BLOCK",
            "IFEQ",
            "IFNE",
            "IFDEQ",
            "IFDNE",
            "KEEPREF",
            "DELREF",
            "ACKED",
            "CLAIM",
            "MAXCOUNT",
            "MAXSIZE",
            "IDMP",
            "IDMPAUTO",
            "WITHSCORE",
            "DIFF",
            "DIFF1",
            "ANDOR",
            "ONE",
        ],
        Release::Valkey => &[
            "BLOCK", "IFNE", "IFDEQ", "IFDNE", "KEEPREF", "DELREF", "ACKED", "CLAIM", "MAXCOUNT",
            "MAXSIZE", "IDMP", "IDMPAUTO", "DIFF", "DIFF1", "ANDOR", "ONE",
        ],
    }
}
