//! Holds handlers to replies that were recorded from servers.

use super::super::{Ctx, Propagation};
use crate::base::rng::Rng;
use crate::keyspace::{Effects, Keyspace, Origin, Settings};
use crate::resp::encode::Reply;

/// When the recorded commands ran, in unix milliseconds.
const NOW_MS: i64 = 1_700_000_000_000;

/// The arguments of a line: words between spaces, `""` for an empty one.
pub fn words(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|word| if word == "\"\"" { Vec::new() } else { word.into() }).collect()
}

/// Runs commands, each a unit of its own, and gives their replies as they go to a client.
pub struct Runner {
    keyspace: Keyspace,
    rng: Rng,
    resp3: bool,
}

impl Runner {
    /// Begins with no keys.
    pub fn new(resp3: bool) -> Runner {
        Runner { keyspace: Keyspace::new(Settings::default()), rng: Rng::new(1), resp3 }
    }

    /// Runs a command; gives its reply.
    pub fn run(&mut self, args: &[Vec<u8>]) -> Vec<u8> {
        self.run_whole(args).reply
    }

    /// Runs a command; gives all that it leaves behind.
    fn run_whole(&mut self, args: &[Vec<u8>]) -> Ran {
        let args: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
        let mut reply = Reply::new(self.resp3);
        let mut unit = self.keyspace.unit(Origin::Client, NOW_MS);
        let mut ctx = Ctx::new(&mut unit, &mut reply, &mut self.rng);
        ctx.call(&args);
        let instead = match ctx.take_propagation() {
            Propagation::Verbatim => None,
            Propagation::Instead(commands) => Some(
                commands
                    .iter()
                    .map(|command| String::from_utf8_lossy(&command.join(&b' ')).into_owned())
                    .collect(),
            ),
        };
        Ran { reply: reply.as_bytes().to_vec(), instead, effects: unit.commit() }
    }
}

/// What a command leaves behind.
struct Ran {
    /// What its client reads.
    reply: Vec<u8>,
    /// What others run instead of it, if not the same.
    instead: Option<Vec<String>>,
    /// What it did to the data.
    effects: Effects,
}

/// Runs commands and holds what they leave behind to what is given: how many changes they count for, and the names of key events.
pub fn check_effects(lines: &[(&str, u64, &[&str])]) {
    let mut runner = Runner::new(false);
    for (command, dirty, events) in lines {
        let effects = runner.run_whole(&words(command)).effects;
        let names: Vec<&str> = effects.events().map(|(event, ..)| event.name).collect();
        assert_eq!((effects.dirty, &names[..]), (*dirty, *events), "{command}");
    }
}

/// Runs recorded lines: a command, its reply in the second version of the protocol, and, if it differs, in the third, between
/// tabs, with `\r\n` and the like escaped. An empty line forgets all keys.
pub fn check_recorded(recorded: &str) {
    for resp3 in [false, true] {
        let mut runner = Runner::new(resp3);
        for (number, line) in recorded.lines().enumerate() {
            if line.is_empty() {
                runner = Runner::new(resp3);
                continue;
            }
            let mut parts = line.split('\t');
            let command = parts.next().unwrap();
            let second = parts.next().unwrap();
            let wanted = if resp3 { parts.next().unwrap_or(second) } else { second };
            let got = runner.run(&words(command)).escape_ascii().to_string();
            assert_eq!(got, wanted, "line {}, {command}, resp3 {resp3}", number + 1);
        }
    }
}

/// Runs commands and holds their replies in the second version of the protocol to what is given, where each `\r\n` is a space.
pub fn check_replies(lines: &[(&str, &str)]) {
    check_replies_in(false, lines);
}

/// As [`check_replies`], in the third version if `resp3` says so.
pub fn check_replies_in(resp3: bool, lines: &[(&str, &str)]) {
    let mut runner = Runner::new(resp3);
    for (command, wanted) in lines {
        let reply = runner.run(&words(command)).escape_ascii().to_string();
        assert_eq!(
            reply.replace("\\r\\n", " ").replace("\\'", "'").trim_end(),
            *wanted,
            "{command}"
        );
    }
}

/// Runs commands and holds what others are told to run instead to what is given; `None` is the command itself.
pub fn check_propagated(lines: &[(&str, Option<&[&str]>)]) {
    let mut runner = Runner::new(false);
    for (command, wanted) in lines {
        let instead = runner.run_whole(&words(command)).instead;
        let instead: Option<Vec<&str>> =
            instead.as_ref().map(|commands| commands.iter().map(|text| &text[..]).collect());
        assert_eq!(instead.as_deref(), *wanted, "{command}");
    }
}
