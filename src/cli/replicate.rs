//! `rkv replicate`: follows a primary and keeps what it sends.

use super::args::now_ms;
use super::exit::{CliError, Exit};
use super::progress::Mode;
use super::{Context, Done};
use crate::base::glob::Glob;
use crate::base::range;
use crate::feed::filter::{Filter, Test};
use crate::repl::Level;
use crate::repl::handshake::Auth;
use crate::repl::offset::Offset;
use crate::repl::replica::Phase;
use crate::report::human;
use crate::tool::aof::select::{Selection, Tests};
use crate::tool::replicate::apply::{self, Apply};
use crate::tool::replicate::capture::{self, Capture, Opened};
use crate::tool::replicate::file::SnapshotFile;
use crate::tool::replicate::print::{self, Printer};
use crate::tool::replicate::sentinel::Sentinel;
use crate::tool::replicate::{self, Ended, Error, Options, Source, Status, Target, Until, Watcher};
use clap::{Args, ValueEnum};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

const AFTER_HELP: &str = "\
Examples:
  rkv replicate --from 10.0.0.5:6379                    keeps ./10.0.0.5-6379.capture, and goes on with it
  rkv replicate --from redis://10.0.0.5 -o nightly --until idle:5s
  rkv replicate --sentinel mymaster@10.0.0.9:26379 -o capture
  rkv replicate --from 10.0.0.5:6379 --rdb-only dump.rdb
  rkv replicate --from 10.0.0.5:6379 --stdout jsonl --duration 10m
  rkv replicate --from 10.0.0.5:6379 --to 10.0.0.6:6379 --key 'user:*' --db-map 0:2
  RKV_AUTH=secret rkv replicate --from 10.0.0.5:6379 --user backup

A capture is a folder that redis-server, valkey-server and `rkv serve` load as it stands: copy it to
their appendonlydir. Killed at any moment, the same command goes on where it was, without a gap and
without a repeat. When the primary cannot continue, a new generation begins beside the old one, or,
with --no-full-resync, nothing is touched and the status is 1. `rkv restore` gives the data of any
moment in between.

It is no server: nothing can promote it. It acknowledges nothing, so that WAIT does not count it and
FAILOVER never chooses it; SHUTDOWN of the primary waits for it, up to shutdown-timeout. --count
acknowledges all that is on disk.

--to keeps the place in the other server, in the hash rkv:replicate:HOST:PORT, which changes together
with the data: the same command goes on from there and repeats nothing. Its password comes from
RKV_TO_AUTH.

The password comes from RKV_AUTH or REDISCLI_AUTH. SIGINT and SIGTERM end it cleanly.

Exit status:
  0    ended as asked for
  1    the primary cannot continue, and --no-full-resync was given
  2    wrong usage
  3    no connection, a wrong password, a full disk, a capture that another process writes to
  4    what answers is no primary, or the folder is no capture
  5    the capture is damaged, or what the primary sends is, time and again
  130  interrupted (143: terminated); what came until then is kept";

/// What is written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StdoutForm {
    /// Commands on the wire
    Resp,
    /// A line of JSON per key, then one per command
    Jsonl,
}

/// Follow a primary as a replica and keep what it sends
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["from", "sentinel"]))]
#[command(group = clap::ArgGroup::new("target").args(["output", "stdout", "rdb_only", "to"]))]
pub struct ReplicateArgs {
    /// The primary: HOST:PORT or redis://[USER@]HOST[:PORT]
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// A Sentinel that knows the primary, and the name it has for it
    #[arg(long, value_name = "NAME@HOST:PORT")]
    sentinel: Option<String>,
    /// The user, if it is not the default one
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Keep a capture in this folder [default: ./HOST-PORT.capture]
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Write the snapshot and the stream to standard output
    #[arg(long, value_name = "FORM", value_enum, help_heading = "Output")]
    stdout: Option<StdoutForm>,
    /// Write a snapshot to this file, and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    rdb_only: Option<PathBuf>,
    /// Apply everything to the server at this address, and keep the place there
    #[arg(long, value_name = "ADDRESS", help_heading = "Output")]
    to: Option<String>,
    /// Drop the data of that server when all must be sent
    #[arg(long, requires = "to", help_heading = "Output")]
    flush: bool,
    /// Give a database another number there
    #[arg(long, value_name = "FROM:TO", requires = "to", value_parser = super::args::parse_db_map, help_heading = "Output")]
    db_map: Vec<(u64, u64)>,
    /// Apply only these keys, as KEYS takes them; any key of a command counts
    #[arg(long, value_name = "GLOB", requires = "to", help_heading = "Output")]
    key: Vec<String>,
    /// Leave these keys out
    #[arg(long, value_name = "GLOB", requires = "to", help_heading = "Output")]
    not_key: Vec<String>,
    /// Apply only these databases, as N or a range A-B
    #[arg(long, value_name = "N", requires = "to", help_heading = "Output")]
    db: Vec<String>,
    /// Replace an existing file
    #[arg(long, requires = "rdb_only", help_heading = "Output")]
    force: bool,
    /// Begin a new segment at this size
    #[arg(long, value_name = "SIZE", default_value = "256MB", help_heading = "Capture")]
    segment_size: String,
    /// Begin a new segment after this time
    #[arg(long, value_name = "DURATION", default_value = "1h", help_heading = "Capture")]
    segment_age: String,
    /// Fail when the primary cannot continue, rather than begin a new generation
    #[arg(long, help_heading = "Capture")]
    no_full_resync: bool,
    /// Acknowledge all that is on disk, so that WAIT and WAITAOF count it
    #[arg(long)]
    count: bool,
    /// Stop at a time, behind offset:N, or when nothing came for idle:DURATION
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Stop after this time
    #[arg(long, value_name = "DURATION")]
    duration: Option<String>,
    /// Take a primary that is silent for so long for dead
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    timeout: String,
}

fn duration_ms(option: &str, text: &str) -> Result<u64, CliError> {
    let ms = range::parse_duration_ms(text);
    let ms = ms.map_err(|e| CliError::usage(format!("--{option}: {e}")))?;
    u64::try_from(ms).map_err(|_| CliError::usage(format!("--{option}: a time below 0")))
}

/// Reads `HOST:PORT`, with brackets around an address of IPv6.
fn endpoint(text: &str, default_port: Option<u16>) -> Option<(String, u16)> {
    let plain = |host: &str| {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        (!host.is_empty()).then(|| host.to_owned())
    };
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((plain(host)?, port.parse().ok()?)),
        _ => Some((plain(text)?, default_port?)),
    }
}

/// An address with the user and the password that it names.
type Address = ((String, u16), Option<String>, Option<String>);

/// Reads `HOST:PORT` or `redis://[USER[:PASSWORD]@]HOST[:PORT]`.
fn address(option: &str, text: &str) -> Result<Address, CliError> {
    if text.starts_with("rediss://") {
        return Err(CliError::usage(format!("--{option}: TLS is not supported yet")));
    }
    let rest = text.strip_prefix("redis://").map(|rest| rest.trim_end_matches('/'));
    let (who, address) = match rest.and_then(|rest| rest.rsplit_once('@')) {
        Some((who, address)) => (Some(who), address),
        None => (None, rest.unwrap_or(text)),
    };
    let found = endpoint(address, rest.map(|_| 6379));
    let found =
        found.ok_or_else(|| CliError::usage(format!("--{option}: \"{text}\" is no HOST:PORT")))?;
    let (user, password) = who.map_or(("", ""), |who| who.split_once(':').unwrap_or((who, "")));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok((found, some(user), some(password)))
}

impl ReplicateArgs {
    /// Where the primary is, and the user and password that the address names.
    fn source(&self) -> Result<(Source, Option<String>, Option<String>), CliError> {
        if let Some(text) = &self.sentinel {
            let wrong = || CliError::usage(format!("--sentinel: \"{text}\" is no NAME@HOST:PORT"));
            let (name, address) = text.split_once('@').ok_or_else(wrong)?;
            let (host, port) = endpoint(address, Some(26379)).ok_or_else(wrong)?;
            return Ok((
                Source::Sentinel(Sentinel { name: name.to_owned(), host, port }),
                None,
                None,
            ));
        }
        let text = self.from.as_deref().unwrap_or_default();
        let ((host, port), user, password) = address("from", text)?;
        Ok((Source::Address(host, port), user, password))
    }

    fn until(&self) -> Result<Until, CliError> {
        let mut until = Until::default();
        if let Some(text) = &self.duration {
            until.duration_ms = Some(duration_ms("duration", text)?);
        }
        let Some(text) = &self.until else { return Ok(until) };
        if let Some(idle) = text.strip_prefix("idle:") {
            until.idle_ms = Some(duration_ms("until", idle)?);
        } else if let Some(offset) = text.strip_prefix("offset:") {
            let offset = Offset::parse(offset.as_bytes());
            until.offset =
                Some(offset.ok_or_else(|| CliError::usage("--until: this is no offset"))?);
        } else {
            let time = range::parse_time_ms(text, now_ms());
            until.time_ms = Some(time.map_err(|e| CliError::usage(format!("--until: {e}")))?);
        }
        Ok(until)
    }

    fn options(&self) -> Result<Options, CliError> {
        let (source, user, password) = self.source()?;
        let of_environment = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let password =
            of_environment("RKV_AUTH").or_else(|| of_environment("REDISCLI_AUTH")).or(password);
        let user = self.user.clone().or(user);
        let auth = match (user, password) {
            (user, Some(password)) => {
                Some(Auth { user: user.map(String::into_bytes), password: password.into_bytes() })
            }
            (Some(_), None) => {
                return Err(CliError::usage("a user without a password")
                    .hint("the password comes from RKV_AUTH or REDISCLI_AUTH"));
            }
            (None, None) => None,
        };
        Ok(Options {
            source,
            auth,
            is_rdb_only: self.rdb_only.is_some(),
            counts: self.count,
            timeout_ms: duration_ms("timeout", &self.timeout)?,
            until: self.until()?,
        })
    }

    fn capture_options(&self) -> Result<capture::Options, CliError> {
        let segment_bytes = range::parse_size(&self.segment_size);
        let segment_bytes =
            segment_bytes.map_err(|e| CliError::usage(format!("--segment-size: {e}")))?;
        let segment_s = duration_ms("segment-age", &self.segment_age)? / 1000;
        Ok(capture::Options {
            segment_bytes,
            segment_s: segment_s.max(1),
            no_full_resync: self.no_full_resync,
        })
    }

    /// How the other server is written to.
    fn apply_options(&self, to: &str, options: &Options) -> Result<apply::Options, CliError> {
        let (address, user, password) = address("to", to)?;
        let password = std::env::var("RKV_TO_AUTH").ok().or(password);
        let auth = password.map(|password| Auth {
            user: user.map(String::into_bytes),
            password: password.into_bytes(),
        });
        let globs = |texts: &[String]| -> Vec<Glob> {
            texts.iter().map(|text| Glob::new(text.as_bytes())).collect()
        };
        let dbs: Result<Vec<_>, _> = self.db.iter().map(|text| range::counts(text)).collect();
        let dbs = dbs.map_err(|e| CliError::usage(format!("--db: {e}")))?;
        let mut filter = Filter::new(now_ms());
        for (texts, negated) in [(&self.key, false), (&self.not_key, true)] {
            if !texts.is_empty() {
                filter.add(Test::Key(globs(texts)), negated);
            }
        }
        if !dbs.is_empty() {
            filter.add(Test::Db(dbs.clone()), false);
        }
        let must = Tests { keys: globs(&self.key), dbs, ..Tests::default() };
        let must_not = Tests { keys: globs(&self.not_key), ..Tests::default() };
        Ok(apply::Options {
            address,
            auth,
            source: match &options.source {
                Source::Address(host, port) => format!("{host}:{port}"),
                Source::Sentinel(sentinel) => sentinel.name.clone(),
            },
            flush: self.flush,
            filter,
            selection: Selection { must, must_not },
            db_map: self.db_map.clone(),
            timeout: Duration::from_millis(options.timeout_ms.max(1)),
        })
    }

    /// The folder of the capture.
    fn folder(&self, source: &Source) -> PathBuf {
        self.output.clone().unwrap_or_else(|| match source {
            Source::Address(host, port) => format!("{host}-{port}.capture").into(),
            Source::Sentinel(sentinel) => format!("{}.capture", sentinel.name).into(),
        })
    }

    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = self.options()?;
        let capture_options = self.capture_options()?;
        let signals = Signals::watch();
        let mut teller = Teller::new(context);
        let ended = if let Some(path) = &self.rdb_only {
            let mut file = SnapshotFile::new(path, self.force)?;
            let ended = follow(&options, &mut file, &mut teller, &signals)?;
            if ended == Ended::Complete {
                let place = file.from.map(|from| format!(", of offset {}", from.offset));
                let place = place.unwrap_or_default();
                context.ui.note(&format!("{}: {}{place}", path.display(), human::size(file.bytes)));
            }
            ended
        } else if let Some(to) = &self.to {
            let mut apply = Apply::open(self.apply_options(to, &options)?)?;
            let ended = follow(&options, &mut apply, &mut teller, &signals)?;
            let place = apply.held().applied;
            let place = place.map_or("nothing came".to_owned(), |at| format!("up to offset {at}"));
            context.ui.note(&format!("{to}: {place}"));
            if let (count, Some(error)) = &apply.refused {
                context
                    .ui
                    .note(&format!("{to}: refused {count} commands, the first with: {error}"));
            }
            ended
        } else if let Some(form) = self.stdout {
            let form = match form {
                StdoutForm::Resp => print::Form::Resp,
                StdoutForm::Jsonl => print::Form::Jsonl,
            };
            let mut out = io::BufWriter::with_capacity(256 << 10, io::stdout());
            follow(&options, &mut Printer::new(&mut out, form), &mut teller, &signals)?
        } else {
            let mut capture = Capture::open(&self.folder(&options.source), capture_options)?;
            tell_opened(context, &capture);
            let ended = follow(&options, &mut capture, &mut teller, &signals)?;
            let applied = capture.held().applied;
            let place =
                applied.map_or("nothing came".to_owned(), |at| format!("up to offset {at}"));
            let generation = capture.generation();
            let dir = capture.dir().display();
            context.ui.note(&format!("{dir}: generation {generation}, {place}"));
            ended
        };
        match (ended, signals.number()) {
            (Ended::Interrupted, Some(number)) => std::process::exit(128 + number),
            _ => Ok(Exit::Clean),
        }
    }
}

fn follow(
    options: &Options,
    target: &mut dyn Target,
    teller: &mut Teller<'_>,
    signals: &Signals,
) -> Result<Ended, CliError> {
    let done = replicate::run(options, target, teller, &signals.came);
    teller.clear();
    Ok(done?)
}

fn tell_opened(context: &Context, capture: &Capture) {
    let dir = capture.dir().display();
    match &capture.opened {
        Opened::New => context.ui.detail(&format!("{dir}: a new capture")),
        Opened::Resumed { from, cut_bytes } => {
            let generation = capture.generation();
            let cut = match cut_bytes {
                0 => String::new(),
                n => format!(" ({} behind it are asked for again)", human::size(*n)),
            };
            let at = from.offset;
            context
                .ui
                .note(&format!("{dir}: generation {generation} goes on from offset {at}{cut}"));
        }
    }
}

/// SIGINT and SIGTERM, which end it cleanly.
struct Signals {
    came: Arc<AtomicBool>,
    number: Arc<AtomicI32>,
}

impl Signals {
    fn watch() -> Signals {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let signals = Signals { came: Arc::default(), number: Arc::default() };
        let Ok(mut coming) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
            return signals;
        };
        let (came, number) = (signals.came.clone(), signals.number.clone());
        std::thread::spawn(move || {
            for signal in coming.forever() {
                if came.swap(true, Ordering::SeqCst) {
                    // Asked twice, it does not wait for the disk.
                    std::process::exit(128 + signal);
                }
                number.store(signal, Ordering::SeqCst);
            }
        });
        signals
    }

    fn number(&self) -> Option<i32> {
        Some(self.number.load(Ordering::SeqCst)).filter(|number| *number > 0)
    }
}

/// Tells how it goes: lines of the log, and a line that is written over or lines of JSON.
struct Teller<'c> {
    context: &'c Context,
    is_line: bool,
    is_json: bool,
    told: Option<Instant>,
    last_bytes: u64,
    has_line: bool,
}

impl Teller<'_> {
    fn new(context: &Context) -> Teller<'_> {
        let mode = context.global.progress;
        let is_line = match mode {
            Mode::Auto => io::stderr().is_terminal(),
            Mode::Always => true,
            Mode::Never | Mode::Json => false,
        };
        Teller {
            context,
            is_line: is_line && !context.ui.quiet,
            is_json: mode == Mode::Json,
            told: None,
            last_bytes: 0,
            has_line: false,
        }
    }

    /// Removes the line that is written over.
    fn clear(&mut self) {
        if std::mem::take(&mut self.has_line) {
            // Nobody misses it.
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Down | Phase::Connecting => "connecting",
        Phase::Handshake => "handshake",
        Phase::Sync => "full sync",
        Phase::Online => "online",
    }
}

/// Bytes that came and are not on disk.
fn lag_bytes(status: &Status) -> Option<u64> {
    let received = status.received?;
    let held = status.held.synced.or(status.held.applied)?;
    Some(received.since(held))
}

fn line(status: &Status, bytes_per_s: u64) -> String {
    match status.phase {
        Phase::Sync => match status.snapshot.total_bytes {
            Some(total) => format!(
                "full sync: {} of {}",
                human::size(status.snapshot.read_bytes),
                human::size(total)
            ),
            None => format!("full sync: {}", human::size(status.snapshot.read_bytes)),
        },
        Phase::Online => format!(
            "online: offset {}, {}/s, {} not on disk yet, primary heard {:.1} s ago",
            status.received.map_or(0, |at| at.get()),
            human::size(bytes_per_s),
            human::size(lag_bytes(status).unwrap_or(0)),
            status.silent_ms as f64 / 1000.0,
        ),
        phase => phase_name(phase).to_owned(),
    }
}

fn json(status: &Status, bytes_per_s: u64) -> String {
    serde_json::json!({
        "progress": {
            "phase": phase_name(status.phase),
            "snapshot_bytes": status.snapshot.read_bytes,
            "snapshot_total_bytes": status.snapshot.total_bytes,
            "received_offset": status.received.map(|at| at.get()),
            "applied_offset": status.held.applied.map(|at| at.get()),
            "synced_offset": status.held.synced.map(|at| at.get()),
            "lag_bytes": lag_bytes(status),
            "streamed_bytes": status.streamed_bytes,
            "commands": status.commands,
            "bytes_per_s": bytes_per_s,
            "silent_ms": status.silent_ms,
            "elapsed_s": status.elapsed_ms as f64 / 1000.0,
            "full_syncs": status.full_syncs,
            "losses": status.losses,
        }
    })
    .to_string()
}

impl Watcher for Teller<'_> {
    fn log(&mut self, level: Level, text: &str) {
        let is_told = match level {
            Level::Warning => true,
            Level::Notice => self.context.ui.verbose > 0,
            Level::Debug => self.context.ui.verbose > 1,
        };
        if is_told {
            self.clear();
            self.context.ui.note(text);
        }
    }

    fn status(&mut self, status: &Status) {
        if !(self.is_line || self.is_json) {
            return;
        }
        let now = Instant::now();
        let since = self.told.map(|told| now - told);
        if since.is_some_and(|since| since < Duration::from_secs(1)) {
            return;
        }
        let ms = since.map_or(1000, |since| since.as_millis().max(1) as u64);
        let bytes_per_s = status.streamed_bytes.saturating_sub(self.last_bytes) * 1000 / ms;
        (self.told, self.last_bytes) = (Some(now), status.streamed_bytes);
        // Progress that cannot be shown is not missed.
        let _ = if self.is_json {
            writeln!(io::stderr(), "{}", json(status, bytes_per_s))
        } else {
            self.has_line = true;
            write!(io::stderr(), "\r\x1b[K{}", line(status, bytes_per_s))
        };
    }
}

impl From<Error> for CliError {
    fn from(e: Error) -> Self {
        let message = e.to_string();
        let named = |exit, path: PathBuf| {
            CliError::new(exit, message.clone()).in_file(path.display().to_string())
        };
        match e {
            Error::File { path, error } => {
                CliError::from(error).in_file(path.display().to_string())
            }
            Error::Output(error) => error.into(),
            Error::Locked(path) => named(Exit::Io, path),
            Error::NotCapture { path, .. } => named(Exit::Unsupported, path),
            Error::Damaged { path, .. } => named(Exit::Corrupt, path),
            Error::CannotContinue(_) => CliError::new(Exit::Found, message)
                .hint("without --no-full-resync a capture begins a new generation; --flush lets --to begin anew"),
            Error::Server(_) => CliError::new(Exit::Io, message),
            Error::Unreachable(_) => CliError::new(Exit::Io, message),
            Error::Refused(_) => CliError::new(Exit::Io, message)
                .hint("the password comes from RKV_AUTH or REDISCLI_AUTH, the user from --user"),
            Error::NoPrimary(_) => CliError::new(Exit::Unsupported, message),
            Error::BadData(_) => CliError::new(Exit::Corrupt, message),
            Error::Usage(_) => CliError::usage(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_hosts_and_ports() {
        let here = |port| Some(("h".to_owned(), port));
        assert_eq!(endpoint("h:7", None), here(7));
        assert_eq!(endpoint("h", Some(6379)), here(6379));
        assert_eq!(endpoint("h", None), None);
        assert_eq!(endpoint("[::1]:7", None), Some(("::1".to_owned(), 7)));
        assert_eq!(endpoint("[::1]", Some(7)), Some(("::1".to_owned(), 7)));
        for wrong in ["", ":", ":7", "h:x", "h:70000"] {
            assert_eq!(endpoint(wrong, None), None, "{wrong}");
        }
    }
}
