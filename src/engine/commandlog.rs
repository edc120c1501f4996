//! COMMANDLOG, and SLOWLOG as a part of it: the commands that took longest, and those with the largest requests and replies.

use super::client::ReplyMode;
use super::dispatch::{Call, Handler};
use super::{Engine, redact};
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::command::spec::SKIP_SLOWLOG;
use crate::resp::encode::Reply;
use std::collections::VecDeque;

/// Arguments that are kept of a command, and bytes of each.
const ARGS_MAX: usize = 32;
const ARG_BYTES_MAX: usize = 128;

/// Bytes of EXEC: the request that counts for each command of a transaction, as in Valkey.
const EXEC_BYTES: usize = b"*1\r\n$4\r\nEXEC\r\n".len();

/// What a command took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    /// Microseconds.
    pub us: u64,
    /// Bytes of all input in which the request stood when it was run: no less than its own.
    pub input_bytes: usize,
    /// Bytes of the reply.
    pub reply_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    at_s: i64,
    /// Microseconds or bytes.
    value: u64,
    args: Vec<Vec<u8>>,
    address: String,
    name: Vec<u8>,
}

/// The latest commands of one kind, newest first.
#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<Entry>,
    next: u64,
}

impl Log {
    fn reset(&mut self) {
        self.entries.clear();
    }

    /// Writes as many entries, or all there are.
    fn show(&self, count: usize, reply: &mut Reply) {
        let shown = self.entries.len().min(count);
        reply.array(shown);
        for entry in self.entries.iter().take(shown) {
            reply.array(6);
            reply.count(entry.number);
            reply.int(entry.at_s);
            reply.count(entry.value);
            reply.array(entry.args.len());
            entry.args.iter().for_each(|arg| reply.bulk(arg));
            reply.bulk(entry.address.as_bytes());
            reply.bulk(&entry.name);
        }
    }
}

/// All that is kept of commands.
#[derive(Debug, Default)]
pub struct CommandLogs {
    slow: Log,
    large_requests: Log,
    large_replies: Log,
}

impl CommandLogs {
    fn named(&mut self, name: &[u8]) -> Result<&mut Log, Error> {
        match name.to_ascii_lowercase().as_slice() {
            b"slow" => Ok(&mut self.slow),
            b"large-request" => Ok(&mut self.large_requests),
            b"large-reply" => Ok(&mut self.large_replies),
            _ => Err(Error::text(
                "ERR type should be one of the following: slow, large-request, large-reply",
            )),
        }
    }
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[("slowlog", slowlog), ("commandlog", commandlog)];

/// Whether a number reaches a limit, which a negative one never lets it.
#[inline]
fn reaches(n: u64, limit: i64) -> bool {
    n >= limit.cast_unsigned()
}

impl Engine {
    /// Keeps a command if it was slow, or what was asked or replied is large.
    #[inline]
    pub(super) fn note_took(&mut self, call: &Call<'_>, took: Took) {
        let config = &self.config;
        if reaches(took.us, config.slowlog_log_slower_than)
            || reaches(took.input_bytes as u64, config.commandlog_request_larger_than)
            || reaches(took.reply_bytes as u64, config.commandlog_reply_larger_than)
        {
            self.log_command(call, took);
        }
    }

    #[cold]
    fn log_command(&mut self, call: &Call<'_>, took: Took) {
        if call.subcommand.unwrap_or(call.command.spec).flags.contains(SKIP_SLOWLOG) {
            return;
        }
        let Some(client) = self.clients.get(call.id) else { return };
        let is_told = client.reply_mode == ReplyMode::On && !client.is_primary;
        let request_bytes = match self.transaction {
            Some(_) => EXEC_BYTES,
            None => request_bytes(call.args),
        };
        let (config, logs) = (&self.config, &mut self.command_logs);
        let is_wanted = |max_len| max_len != 0;
        let values = [
            (&mut logs.slow, took.us, config.slowlog_log_slower_than, true),
            (
                &mut logs.large_requests,
                request_bytes as u64,
                config.commandlog_request_larger_than,
                is_wanted(config.commandlog_large_request_max_len),
            ),
            (
                &mut logs.large_replies,
                if is_told { took.reply_bytes as u64 } else { 0 },
                config.commandlog_reply_larger_than,
                is_wanted(config.commandlog_large_reply_max_len),
            ),
        ];
        for (log, value, limit, is_wanted) in values {
            if is_wanted && reaches(value, limit) {
                log.entries.push_front(Entry {
                    number: log.next,
                    at_s: self.now.unix_ms / 1000,
                    value,
                    args: shorten_all(call),
                    address: client.peer.address.clone(),
                    name: client.name.clone(),
                });
                log.next += 1;
            }
        }
        self.trim_command_logs();
    }

    /// Lets no log be longer than the configuration says. One that nothing comes into stays as it is.
    pub(super) fn trim_command_logs(&mut self) {
        let (config, logs) = (&self.config, &mut self.command_logs);
        let trim = |log: &mut Log, is_on: bool, max_len: i64| {
            if is_on {
                log.entries.truncate(usize::try_from(max_len).unwrap_or(usize::MAX));
            }
        };
        let (slow_len, request_len, reply_len) = (
            config.slowlog_max_len,
            config.commandlog_large_request_max_len,
            config.commandlog_large_reply_max_len,
        );
        trim(&mut logs.slow, config.slowlog_log_slower_than >= 0, slow_len);
        let is_on = config.commandlog_request_larger_than >= 0 && request_len != 0;
        trim(&mut logs.large_requests, is_on, request_len);
        let is_on = config.commandlog_reply_larger_than >= 0 && reply_len != 0;
        trim(&mut logs.large_replies, is_on, reply_len);
    }
}

/// Bytes of a request as an array of strings.
pub(super) fn request_bytes(args: &[&[u8]]) -> usize {
    // A mark, the digits and the end of the line.
    let head = |n: usize| 1 + n.checked_ilog10().unwrap_or(0) as usize + 1 + 2;
    head(args.len()) + args.iter().map(|arg| head(arg.len()) + arg.len() + 2).sum::<usize>()
}

/// A command's arguments as they are kept.
fn shorten_all(call: &Call<'_>) -> Vec<Vec<u8>> {
    let shown = redact::shown(call.command.spec, call.args);
    let count = shown.len();
    let kept = if count > ARGS_MAX { ARGS_MAX - 1 } else { count };
    let mut args: Vec<Vec<u8>> = shown.iter().take(kept).map(|arg| shorten(arg)).collect();
    if kept < count {
        args.push(format!("... ({} more arguments)", count - kept).into_bytes());
    }
    args
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

/// How many entries somebody asks for.
fn count(word: &[u8]) -> Result<usize, Error> {
    match parse_canonical_i64(word) {
        Some(-1) => Ok(usize::MAX),
        Some(count) if count >= 0 => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
        _ => Err(Error::text("ERR count should be greater than or equal to -1")),
    }
}

fn slowlog(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let log = &mut engine.command_logs.slow;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "reset" => {
            log.reset();
            call.reply.ok();
        }
        "len" => call.reply.count(log.entries.len() as u64),
        "get" => log.show(call.args.get(2).map_or(Ok(10), |word| count(word))?, call.reply),
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
                "    Print this help.",
            ];
            call.reply.lines(HELP);
        }
    }
    Ok(())
}

fn commandlog(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let logs = &mut engine.command_logs;
    match (call.subcommand.map(|spec| spec.name).unwrap_or_default(), &call.args[2..]) {
        ("reset", [kind]) => {
            logs.named(kind)?.reset();
            call.reply.ok();
        }
        ("len", [kind]) => call.reply.count(logs.named(kind)?.entries.len() as u64),
        ("get", [word, kind]) => {
            let count = count(word)?;
            logs.named(kind)?.show(count, call.reply);
        }
        _ => {
            const HELP: &[&str] = &[
                "COMMANDLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "GET <count> <type>",
                "    Return top <count> entries of the specified <type> from the commandlog (-1 mean all).",
                "    Entries are made of:",
                "    id, timestamp,",
                "        time in microseconds for type of slow,",
                "        or size in bytes for type of large-request,",
                "        or size in bytes for type of large-reply",
                "    arguments array, client IP and port,",
                "    client name",
                "LEN <type>",
                "    Return the length of the specified type of commandlog.",
                "RESET <type>",
                "    Reset the specified type of commandlog.",
                "HELP",
                "    Print this help.",
            ];
            call.reply.lines(HELP);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_long_as_on_the_wire() {
        let check = |wire: &[u8], args: &[&[u8]]| assert_eq!(request_bytes(args), wire.len());
        check(b"*1\r\n$4\r\nPING\r\n", &[b"PING"]);
        check(b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$10\r\n0123456789\r\n", &[b"SET", b"", b"0123456789"]);
        let (nine, ten, many) = (&[b'x'; 9][..], &[b'x'; 10][..], &[&b"a"[..]; 10][..]);
        assert_eq!(request_bytes(&[ten]), request_bytes(&[nine]) + 2);
        assert_eq!(request_bytes(many), b"*10\r\n".len() + 10 * b"$1\r\na\r\n".len());
    }

    #[test]
    fn no_number_reaches_a_negative_limit() {
        assert!(!reaches(u64::MAX - 1, -1) && !reaches(5, 6));
        assert!(reaches(0, 0) && reaches(6, 6) && reaches(u64::MAX >> 1, i64::MAX));
    }
}
