//! SLOWLOG: the commands that took longest.

use super::dispatch::{Call, Handler};
use super::{Engine, redact};
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::command::spec::SKIP_SLOWLOG;
use std::collections::VecDeque;

/// Arguments that are kept of a command, and bytes of each.
const ARGS_MAX: usize = 32;
const ARG_BYTES_MAX: usize = 128;

#[derive(Debug)]
struct Slow {
    number: u64,
    at_s: i64,
    us: u64,
    args: Vec<Vec<u8>>,
    address: String,
    name: Vec<u8>,
}

/// The latest slow commands, newest first.
#[derive(Debug, Default)]
pub struct SlowLog {
    entries: VecDeque<Slow>,
    next: u64,
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[("slowlog", slowlog)];

impl Engine {
    /// Notes a command that took so long, if that is slow.
    pub(super) fn note_slow(&mut self, call: &Call<'_>, us: u64) {
        let limit = self.config.slowlog_log_slower_than;
        let flags = call.subcommand.unwrap_or(call.command.spec).flags;
        if limit < 0 || us < limit.unsigned_abs() || flags.contains(SKIP_SLOWLOG) {
            return;
        }
        let Some(client) = self.clients.get(call.id) else { return };
        let shown = redact::shown(call.command.spec, call.args);
        let count = shown.len();
        let kept = if count > ARGS_MAX { ARGS_MAX - 1 } else { count };
        let mut args: Vec<Vec<u8>> = shown.iter().take(kept).map(|arg| shorten(arg)).collect();
        if kept < count {
            args.push(format!("... ({} more arguments)", count - kept).into_bytes());
        }
        let entry = Slow {
            number: self.slowlog.next,
            at_s: self.now.unix_ms / 1000,
            us,
            args,
            address: client.peer.address.clone(),
            name: client.name.clone(),
        };
        self.slowlog.next += 1;
        self.slowlog.entries.push_front(entry);
        let most = usize::try_from(self.config.slowlog_max_len).unwrap_or(usize::MAX);
        self.slowlog.entries.truncate(most);
    }
}

fn shorten(arg: &[u8]) -> Vec<u8> {
    match arg.get(..ARG_BYTES_MAX) {
        Some(start) if arg.len() > ARG_BYTES_MAX => {
            let more = format!("... ({} more bytes)", arg.len() - ARG_BYTES_MAX);
            [start, more.as_bytes()].concat()
        }
        _ => arg.to_vec(),
    }
}

fn slowlog(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let log = &mut engine.slowlog;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "reset" => {
            log.entries.clear();
            call.reply.ok();
        }
        "len" => call.reply.count(log.entries.len() as u64),
        "get" => {
            let count = match call.args.get(2) {
                None => 10,
                Some(word) => match parse_canonical_i64(word) {
                    Some(-1) => usize::MAX,
                    Some(count) if count >= 0 => usize::try_from(count).unwrap_or(usize::MAX),
                    _ => {
                        return Err(Error::text("ERR count should be greater than or equal to -1"));
                    }
                },
            };
            let shown = log.entries.len().min(count);
            call.reply.array(shown);
            for slow in log.entries.iter().take(shown) {
                call.reply.array(6);
                call.reply.count(slow.number);
                call.reply.int(slow.at_s);
                call.reply.count(slow.us);
                call.reply.array(slow.args.len());
                slow.args.iter().for_each(|arg| call.reply.bulk(arg));
                call.reply.bulk(slow.address.as_bytes());
                call.reply.bulk(&slow.name);
            }
        }
        _ => {
            const HELP: &[&str] = &[
                "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "GET [<count>]",
                "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
                "    Entries are made of:",
                "    id, timestamp, time in microseconds, arguments array, client IP and port,",
                "    client name",
                "LEN",
                "    Return the length of the slowlog.",
                "RESET",
                "    Reset the slowlog.",
                "HELP",
                "    Prints this help.",
            ];
            call.reply.array(HELP.len());
            HELP.iter().for_each(|line| call.reply.simple(line));
        }
    }
    Ok(())
}
