//! `rkv simulate resync`: which outages would lead to full resynchronisations.

use super::super::args::{OutputArgs, ReportArgs};
use super::super::exit::{CliError, Exit};
use super::super::{Context, Done, EXIT_STATUS, aof, rdb};
use crate::aof::set::Set;
use crate::base::range;
use crate::feed::input::Bytes;
use crate::repl::backlog::SIZE_BYTES_MIN;
use crate::repl::log::Limits;
use crate::repl::primary::OutputLimit;
use crate::sim::faults::{Kind, Outage, Random};
use crate::sim::network::Capacity;
use crate::sim::workload::Steady;
use crate::sim::world::{Settings, replica_named};
use crate::tool::aof::Ended;
use crate::tool::simulate::resync::{Load, report, simulate};
use crate::tool::simulate::trace::{Pace, Trace};
use clap::{Args, ValueEnum};
use std::io;
use std::path::{Path, PathBuf};

/// Most servers of a run besides the primary.
const REPLICAS_MAX: usize = 1000;
/// Longest value that is written, in bytes.
const VALUE_BYTES_MAX: u64 = 512 << 20;
/// Longest run, in milliseconds: a year.
const DURATION_MS_MAX: u64 = 366 * 86_400_000;
/// Milliseconds of a run of writes from nowhere, unless told.
const DURATION_MS: u64 = 3_600_000;
/// Bytes of a snapshot, unless told.
const DATASET_BYTES: u64 = 1 << 30;
/// Writes per second, unless told.
const WRITES_PER_S: u64 = 1000;

const AFTER_HELP: &str = "\
Examples:
  rkv simulate resync --write-rate 10000 --backlog 64MB --outage 30s@5m
  rkv simulate resync --write-rate 10000 --disk-log 2gb --outage 10m@5m
  rkv simulate resync --write-rate 500 --replicas 3 --random-outages 20 --seed 7 --json
  rkv simulate resync --trace 10.0.0.5-6379.capture --outage 2m@1h --rdb dump.rdb
  rkv simulate resync --replicas 2 --chain 2 --outage 40s@10m:2 --format html -o resync.html

An outage LENGTH@TIME hits the links of all replicas to the primary; LENGTH@TIME:REPLICA that of one
replica to whom it follows. Replicas are numbered from 1; in chains, 2.1 follows 2 and 2.2 follows
2.1. With --outage-kind cut, connections break at once and cannot be opened until the outage ends;
with silent, nothing passes and nobody is told, so that a connection lives on unless one side gives
up after --timeout.

The handshake, the backlog, acknowledgements, timeouts and output limits are those of `rkv serve`,
run by a virtual clock in steps of 10 ms; snapshots are streamed. All replicas have all data when the
run begins. Equal options and seeds give equal results.

Redis and Valkey keep the stream in memory only; `rkv serve` keeps 2gb of it on disk behind the
backlog (--disk-log 2gb). The smallest backlog is told for a server without.

Writes at risk is the longest time back to the oldest write that a replica lacked: what would have been
lost if it had been promoted then.";

/// How outages show themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindArg {
    /// Connections break
    Cut,
    /// Nothing passes, and nobody is told
    Silent,
}

/// Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct ResyncArgs {
    /// Writes per second; with --trace, in place of the recorded times [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Writes")]
    write_rate: Option<u64>,
    /// Bytes of each value
    #[arg(long, value_name = "SIZE", default_value = "100", help_heading = "Writes")]
    value_size: String,
    /// Take the writes of a capture or append-only file, at the times they were written
    #[arg(
        long,
        value_name = "CAPTURE|AOF",
        conflicts_with = "value_size",
        help_heading = "Writes"
    )]
    trace: Option<PathBuf>,
    /// Length of the run [default: 1h, or that of the trace]
    #[arg(long, value_name = "DURATION", help_heading = "Writes")]
    duration: Option<String>,
    /// Replicas of the primary
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Servers")]
    replicas: usize,
    /// Servers in the chain that begins with each of them
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Servers")]
    chain: usize,
    /// Size of the backlog: repl-backlog-size
    #[arg(long, value_name = "SIZE", default_value = "1MB", help_heading = "Servers")]
    backlog: String,
    /// What is kept of the stream on disk behind it, as `rkv serve` does: repl-log-max-size
    #[arg(long, value_name = "SIZE", default_value = "0", help_heading = "Servers")]
    disk_log: String,
    /// How long it is kept there, 0 for as long as there is room: repl-log-max-age
    #[arg(long, value_name = "DURATION", default_value = "0", help_heading = "Servers")]
    disk_log_age: String,
    /// Time after which a primary without replicas frees it, 0 for never: repl-backlog-ttl
    #[arg(long, value_name = "DURATION", default_value = "1h", help_heading = "Servers")]
    backlog_ttl: String,
    /// Silence after which the other side is taken for dead: repl-timeout
    #[arg(long, value_name = "DURATION", default_value = "60s", help_heading = "Servers")]
    timeout: String,
    /// Hard limit, soft limit and its seconds: client-output-buffer-limit replica
    #[arg(long, value_name = "LIMITS", default_value = "256MB 64MB 60", help_heading = "Servers")]
    output_limit: String,
    /// Time for which others may join a snapshot: repl-diskless-sync-delay
    #[arg(long, value_name = "DURATION", default_value = "5s", help_heading = "Servers")]
    sync_delay: String,
    /// Size of a snapshot [default: 1GB, or the base of the trace]
    #[arg(long, value_name = "SIZE", help_heading = "Servers")]
    dataset: Option<String>,
    /// A snapshot, for its size
    #[arg(long, value_name = "FILE", conflicts_with = "dataset", help_heading = "Servers")]
    rdb: Option<PathBuf>,
    /// Bytes of a snapshot that a replica loads per second [default: as fast as they come]
    #[arg(long, value_name = "SIZE", help_heading = "Servers")]
    load_rate: Option<String>,
    /// What a link carries per second, such as 1Gbit or 50MB, or unlimited
    #[arg(long, value_name = "RATE", default_value = "1Gbit", help_heading = "Network")]
    bandwidth: String,
    /// Time from one end of a link to the other
    #[arg(long, value_name = "DURATION", default_value = "1ms", help_heading = "Network")]
    latency: String,
    /// A time in which links are down: LENGTH@TIME, or LENGTH@TIME:REPLICA; may be repeated
    #[arg(long, value_name = "OUTAGE", help_heading = "Network")]
    outage: Vec<String>,
    /// More outages, at random times on random links
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Network")]
    random_outages: u64,
    /// The shortest and the longest of them
    #[arg(long, value_name = "RANGE", default_value = "1s~2m", help_heading = "Network")]
    random_length: String,
    /// How outages show themselves
    #[arg(long, value_name = "KIND", value_enum, default_value = "cut", help_heading = "Network")]
    outage_kind: KindArg,
    /// What everything that is random follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Most memory for backlogs, and for what is kept on disk, which the simulation keeps in memory
    #[arg(long, value_name = "SIZE", default_value = "4GB")]
    memory: String,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn wrong(option: &str, what: impl std::fmt::Display) -> CliError {
    CliError::usage(format!("--{option}: {what}"))
}

fn size(option: &str, text: &str) -> Result<u64, CliError> {
    range::parse_size(text).map_err(|e| wrong(option, e))
}

fn duration_ms(option: &str, text: &str) -> Result<u64, CliError> {
    let ms = range::parse_duration_ms(text).map_err(|e| wrong(option, e))?;
    u64::try_from(ms).map_err(|_| wrong(option, format!("\"{text}\" is negative")))
}

/// Reads `1Gbit`, `50MB` or `unlimited`: bytes per second, none without a bound.
fn bandwidth(text: &str) -> Result<Option<u64>, CliError> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Ok(None);
    }
    let small = text.to_ascii_lowercase();
    let bytes = match small.strip_suffix("bit") {
        Some(bits) => size("bandwidth", bits)? / 8,
        None => size("bandwidth", text)?,
    };
    match bytes {
        0 => Err(wrong("bandwidth", "a link must carry something")),
        bytes => Ok(Some(bytes)),
    }
}

/// Reads `256MB 64MB 60`.
fn output_limit(text: &str) -> Result<OutputLimit, CliError> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [hard, soft, seconds] = words.as_slice() else {
        return Err(wrong("output-limit", "expected three words, as in \"256MB 64MB 60\""));
    };
    let soft_s = seconds.parse();
    Ok(OutputLimit {
        hard_bytes: size("output-limit", hard)?,
        soft_bytes: size("output-limit", soft)?,
        soft_s: soft_s.map_err(|_| wrong("output-limit", format!("\"{seconds}\" is no number")))?,
    })
}

/// Bytes of a snapshot, unpacked.
fn snapshot_bytes(path: &Path) -> Result<u64, CliError> {
    let input = rdb::open(path)?;
    match input.bytes {
        Bytes::Map(map) => Ok(map.len() as u64),
        Bytes::Stream(mut stream) => {
            let read = io::copy(&mut stream, &mut io::sink());
            read.map_err(|e| CliError::from(e).in_file(input.name))
        }
    }
}

impl ResyncArgs {
    /// Reads one `--outage`.
    fn outage(&self, text: &str, end_ms: u64) -> Result<Outage, CliError> {
        let (length, rest) = text
            .split_once('@')
            .ok_or_else(|| wrong("outage", "expected LENGTH@TIME or LENGTH@TIME:REPLICA"))?;
        let (start, replica) = match rest.split_once(':') {
            None => (rest, None),
            Some((start, name)) => {
                let replica = replica_named(name, self.replicas, self.chain);
                let none = || wrong("outage", format!("there is no replica \"{name}\""));
                (start, Some(replica.ok_or_else(none)?))
            }
        };
        let outage = Outage {
            start_ms: duration_ms("outage", start)?,
            length_ms: duration_ms("outage", length)?,
            replica,
        };
        match outage.start_ms < end_ms {
            true => Ok(outage),
            false => Err(wrong("outage", format!("\"{text}\" begins behind the end of the run"))),
        }
    }

    fn random(&self) -> Result<Option<Random>, CliError> {
        let length = range::durations_ms(&self.random_length);
        let length = length.map_err(|e| wrong("random-length", e))?;
        let (Ok(min_ms), Ok(max_ms)) = (u64::try_from(length.min), u64::try_from(length.max))
        else {
            return Err(wrong("random-length", "a length is negative or without bound"));
        };
        if min_ms == 0 || max_ms > DURATION_MS_MAX {
            return Err(wrong("random-length", "expected lengths from 1ms to 366d"));
        }
        if self.random_outages > 10_000 {
            return Err(wrong("random-outages", "expected 0 to 10000"));
        }
        let count = self.random_outages;
        Ok((count > 0).then_some(Random { count, min_ms, max_ms }))
    }

    fn steady(&self) -> Result<Steady, CliError> {
        let writes_per_s = self.write_rate.unwrap_or(WRITES_PER_S);
        let value_bytes = size("value-size", &self.value_size)?;
        if writes_per_s > 100_000_000 {
            return Err(wrong("write-rate", "expected 0 to 100000000"));
        }
        if value_bytes > VALUE_BYTES_MAX {
            return Err(wrong("value-size", "expected at most 512MB"));
        }
        let value_bytes = usize::try_from(value_bytes).unwrap_or(usize::MAX);
        Ok(Steady { writes_per_s, value_bytes })
    }

    fn settings(&self, load: &Load<'_>) -> Result<Settings, CliError> {
        let total = self.replicas.checked_mul(self.chain);
        if !total.is_some_and(|total| (1..=REPLICAS_MAX).contains(&total)) {
            let what = format!("expected 1 to {REPLICAS_MAX} servers, those of --chain counted");
            return Err(wrong("replicas", what));
        }
        let (default_ms, base_bytes) = match load {
            Load::Steady(_) => (DURATION_MS, 0),
            Load::Trace(trace) => (trace.span_ms(), trace.base_bytes()),
        };
        let duration = self.duration.as_deref().map(|text| duration_ms("duration", text));
        let run_ms = duration.transpose()?.unwrap_or(default_ms);
        if !(1..=DURATION_MS_MAX).contains(&run_ms) {
            return Err(wrong("duration", "expected a time up to 366d"));
        }
        let dataset_bytes = match (&self.dataset, &self.rdb) {
            (Some(text), _) => size("dataset", text)?,
            (None, Some(path)) => snapshot_bytes(path)?,
            (None, None) if base_bytes > 0 => base_bytes,
            (None, None) => DATASET_BYTES,
        };
        let load_rate =
            self.load_rate.as_deref().map(|text| size("load-rate", text)).transpose()?;
        if load_rate == Some(0) {
            return Err(wrong("load-rate", "a replica must load something"));
        }
        let latency_ms = duration_ms("latency", &self.latency)?;
        if latency_ms > 60_000 {
            return Err(wrong("latency", "expected at most 60s"));
        }
        let outages = self.outage.iter().map(|text| self.outage(text, run_ms));
        Ok(Settings {
            replicas: self.replicas,
            chain: self.chain,
            backlog_bytes: size("backlog", &self.backlog)?.max(SIZE_BYTES_MIN),
            disk_log: Limits {
                max_bytes: size("disk-log", &self.disk_log)?,
                max_age_ms: duration_ms("disk-log-age", &self.disk_log_age)?,
            },
            backlog_ttl_ms: duration_ms("backlog-ttl", &self.backlog_ttl)?,
            timeout_ms: duration_ms("timeout", &self.timeout)?,
            output_limit: output_limit(&self.output_limit)?,
            sync_delay_ms: duration_ms("sync-delay", &self.sync_delay)?,
            capacity: Capacity { latency_ms, bytes_per_s: bandwidth(&self.bandwidth)? },
            dataset_bytes,
            load_bytes_per_s: load_rate,
            outages: outages.collect::<Result<_, _>>()?,
            random_outages: self.random()?,
            outage_kind: match self.outage_kind {
                KindArg::Cut => Kind::Cut,
                KindArg::Silent => Kind::Silent,
            },
            duration_ms: run_ms,
            seed: self.seed,
            memory_bytes_max: size("memory", &self.memory)?,
        })
    }

    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        let Some(path) = &self.trace else {
            return self.answer(context, &Load::Steady(self.steady()?)).map(|()| Exit::Clean);
        };
        if self.write_rate == Some(0) {
            return Err(wrong("write-rate", "the commands of a trace need time"));
        }
        let set = aof::open(path)?;
        let pace = self.write_rate.map(Pace::PerSecond);
        let (trace, ended) =
            aof::with_progress(context, &set, |control| Trace::read(&set, pace, control))?;
        self.answer_trace(context, &set, trace, ended)
    }

    fn answer_trace(
        &self,
        context: &Context,
        set: &Set,
        trace: Trace<'_>,
        ended: Option<Ended>,
    ) -> Done {
        if trace.commands() == 0 {
            aof::finish(context, set, ended)?;
            return Err(CliError::usage("--trace: there are no commands in it"));
        }
        self.answer(context, &Load::Trace(trace))?;
        aof::finish(context, set, ended)
    }

    fn answer(&self, context: &Context, load: &Load<'_>) -> Result<(), CliError> {
        let settings = self.settings(load)?;
        let outcome = simulate(&settings, load).map_err(|e| {
            CliError::usage(e.to_string()).hint(
                "--memory allows more; --backlog, --output-limit and --bandwidth ask for less",
            )
        })?;
        self.report.write(context, &report(&settings, load, &outcome), &self.output)
    }
}
