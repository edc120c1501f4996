//! The report on a simulated run.

use super::resync::{Load, Outcome, Smallest};
use crate::report::{Cell, Column, Fields, Lane, LaneSpan, LaneState, Lanes, Notes, Report, Table};
use crate::sim::record::{Episode, Reason, Record, Resync, Status};
use crate::sim::world::Settings;

/// States of lanes, by their places.
const STATES: [(Status, char, Option<u8>); 4] = [
    (Status::Current, '─', Some(4)),
    (Status::Behind, '▒', Some(2)),
    (Status::Snapshot, '█', Some(5)),
    (Status::Down, ' ', None),
];
/// The place of what only the lane of outages does.
const OUTAGE: usize = STATES.len();

fn ms(ms: u64) -> Cell {
    Cell::Duration(i64::try_from(ms).unwrap_or(i64::MAX))
}

fn some(cell: Option<Cell>) -> Cell {
    cell.unwrap_or(Cell::None)
}

/// Makes the report.
pub fn report(settings: &Settings, load: &Load<'_>, outcome: &Outcome) -> Report {
    let record = &outcome.record;
    let mut report = Report::new("Simulated resynchronisation", subtitle(settings, load));
    report.push(summary(settings, outcome));
    report.push(timeline(settings, record));
    report.push(outages(record));
    report.push(resyncs(record));
    report.push(replicas(record));
    let notes = notes(settings, outcome);
    if !notes.lines.is_empty() {
        report.push(notes);
    }
    report
}

fn subtitle(settings: &Settings, load: &Load<'_>) -> String {
    let load = match load {
        Load::Steady(steady) => {
            let (rate, bytes) = (steady.writes_per_s, steady.value_bytes);
            format!(
                "{} writes/s of {}",
                Cell::Count(rate).human(),
                Cell::Size(bytes as u64).human()
            )
        }
        Load::Trace(trace) => {
            format!("{} recorded commands", Cell::Count(trace.commands()).human())
        }
    };
    let Settings { replicas, chain, seed, .. } = settings;
    let chains = if *chain > 1 { format!(" in chains of {chain}") } else { String::new() };
    format!("{load} · replicas: {}{chains} · seed {seed}", replicas * chain)
}

fn summary(settings: &Settings, outcome: &Outcome) -> Fields {
    let record = &outcome.record;
    let per_s = |total: u64| match settings.duration_ms {
        0 => 0,
        duration_ms => {
            u64::try_from(u128::from(total) * 1000 / u128::from(duration_ms)).unwrap_or(u64::MAX)
        }
    };
    let stream_per_s = per_s(record.stream_bytes);
    let covers = settings.backlog_bytes.saturating_mul(1000).checked_div(stream_per_s).map(ms);
    let (smallest, is_checked) = match outcome.smallest {
        Smallest::NotNeeded | Smallest::None => (None, false),
        Smallest::Found(bytes) => (Some(bytes), true),
        Smallest::TooLarge(bytes) => (Some(bytes), false),
    };
    let mut fields = Fields::new("summary", "Summary");
    fields.push("duration_ms", "Simulated time", ms(settings.duration_ms));
    fields.push("writes", "Writes", Cell::Count(record.writes));
    fields.push("stream_bytes", "Stream", Cell::Size(record.stream_bytes));
    fields.push("stream_bytes_per_s", "Stream per second", Cell::Size(stream_per_s));
    fields.push("backlog_bytes", "Backlog", Cell::Size(settings.backlog_bytes));
    fields.push("backlog_covers_ms", "Backlog covers, on average", some(covers));
    if settings.disk_log.max_bytes > 0 {
        let disk_bytes = Cell::Size(settings.disk_log.max_bytes);
        fields.push("disk_log_bytes", "Log on disk behind it", disk_bytes);
    }
    fields.push("outages", "Outages", Cell::Count(record.outages.len() as u64));
    fields.push("partial_resyncs", "Partial resyncs", Cell::Count(record.partial() as u64));
    fields.push("full_resyncs", "Full resyncs", Cell::Count(record.full() as u64));
    fields.push(
        "smallest_backlog_bytes",
        "Smallest backlog that makes all partial",
        some(smallest.map(Cell::Size)),
    );
    fields.push("smallest_backlog_checked", "A run with it did", Cell::Bool(is_checked));
    fields.push("all_at_risk_ms", "Writes no replica had, at most", ms(record.all_at_risk_ms));
    fields.push("peak_kept_bytes", "Largest backlog in memory", Cell::Size(record.peak_kept_bytes));
    if settings.disk_log.max_bytes > 0 {
        let disk_bytes = Cell::Size(record.peak_disk_bytes);
        fields.push("peak_disk_bytes", "Largest log on disk", disk_bytes);
    }
    fields.push("over_limit", "Dropped at the output limit", Cell::Count(record.over_limit));
    fields.push("timed_out", "Given up for silence", Cell::Count(record.timed_out));
    fields
}

fn timeline(settings: &Settings, record: &Record) -> Lanes {
    let mut states: Vec<LaneState> = STATES
        .iter()
        .map(|(status, glyph, color)| LaneState {
            name: status.name(),
            glyph: *glyph,
            color: *color,
        })
        .collect();
    states.push(LaneState { name: "outage", glyph: '×', color: Some(0) });
    let end_ms = settings.duration_ms;
    let outages = record.outages.iter().map(|outage| LaneSpan {
        start_ms: outage.start_ms,
        end_ms: outage.end_ms().min(end_ms),
        state: OUTAGE,
    });
    let mut lanes = vec![Lane { label: "outages".into(), spans: outages.collect() }];
    for replica in &record.replicas {
        let spans = replica.spans.iter().map(|span| LaneSpan {
            start_ms: span.start_ms,
            end_ms: span.end_ms,
            state: STATES.iter().position(|(status, ..)| *status == span.status).unwrap_or(OUTAGE),
        });
        let label = format!("replica {}", replica.name);
        lanes.push(Lane { label, spans: spans.collect() });
    }
    Lanes { name: "timeline", title: "Time line".into(), end_ms, states, lanes }
}

fn name_of(record: &Record, replica: usize) -> Cell {
    record.replicas.get(replica).map_or(Cell::None, |replica| Cell::text(&replica.name))
}

/// What an outage led to, in a word.
fn result(episode: &Episode) -> &'static str {
    match (episode.full, episode.partial) {
        (1.., _) => "full",
        (0, 1..) => "partial",
        (0, 0) => "none",
    }
}

fn outages(record: &Record) -> Table {
    let columns = [
        Column::right("outage", "Outage"),
        Column::right("start_ms", "At"),
        Column::right("length_ms", "Length"),
        Column::left("replica", "Replica"),
        Column::left("resync", "Resync"),
        Column::left("reason", "Why"),
        Column::right("partial", "Partial"),
        Column::right("full", "Full"),
        Column::right("missing_bytes", "Missing"),
        Column::right("sent_bytes", "Sent"),
        Column::right("snapshot_bytes", "Snapshots"),
        Column::right("catch_up_ms", "Caught up after"),
        Column::right("peak_waiting_bytes", "Waiting, at most"),
        Column::right("at_risk_ms", "Writes at risk"),
    ];
    let mut table = Table::new("outages", "Outages", &columns);
    for episode in &record.episodes {
        let reason = match (episode.reason, episode.is_hit) {
            (Some(reason), _) => reason.text(),
            (None, true) if episode.caught_up_ms.is_some() => "the connection lived on",
            (None, true) => "it did not come back in time",
            (None, false) => "its own connection was not lost",
        };
        let catch_up = episode.caught_up_ms.map(|at_ms| ms(at_ms.saturating_sub(episode.end_ms)));
        table.push(vec![
            Cell::Number(episode.outage as i64 + 1),
            ms(episode.start_ms),
            ms(episode.end_ms.saturating_sub(episode.start_ms)),
            name_of(record, episode.replica),
            Cell::text(result(episode)),
            Cell::text(reason),
            Cell::Count(episode.partial),
            Cell::Count(episode.full),
            some(episode.missing_bytes.map(Cell::Size)),
            Cell::Size(episode.sent_bytes),
            Cell::Size(episode.snapshot_bytes),
            some(catch_up),
            Cell::Size(episode.peak_waiting_bytes),
            ms(episode.at_risk_ms),
        ]);
    }
    table
}

fn resyncs(record: &Record) -> Table {
    let columns = [
        Column::right("at_ms", "At"),
        Column::left("replica", "Replica"),
        Column::left("resync", "Resync"),
        Column::left("reason", "Why"),
        Column::left("lost_by", "Link lost by"),
        Column::right("missing_bytes", "Missing"),
        Column::right("kept_bytes", "In the backlog"),
    ];
    let mut table = Table::new("resyncs", "Returns of replicas", &columns);
    for resync in &record.resyncs {
        let Resync { at_ms, replica, outcome, reason, missing_bytes, kept_bytes, lost } = resync;
        table.push(vec![
            ms(*at_ms),
            name_of(record, *replica),
            Cell::text(outcome.name()),
            Cell::text(reason.text()),
            Cell::text(*lost),
            some(missing_bytes.map(Cell::Size)),
            Cell::Size(*kept_bytes),
        ]);
    }
    table
}

fn replicas(record: &Record) -> Table {
    let columns = [
        Column::left("replica", "Replica"),
        Column::right("current_ms", "Current"),
        Column::right("behind_ms", "Catching up"),
        Column::right("full_sync_ms", "Full sync"),
        Column::right("down_ms", "Down"),
        Column::right("sent_bytes", "Sent to it"),
        Column::right("at_risk_ms", "Writes at risk, at most"),
    ];
    let mut table = Table::new("replicas", "Replicas", &columns);
    for replica in &record.replicas {
        let sum = |status: Status| {
            let spans = replica.spans.iter().filter(|span| span.status == status);
            ms(spans.map(|span| span.end_ms.saturating_sub(span.start_ms)).sum())
        };
        table.push(vec![
            Cell::text(&replica.name),
            sum(Status::Current),
            sum(Status::Behind),
            sum(Status::Snapshot),
            sum(Status::Down),
            Cell::Size(replica.sent_bytes),
            ms(replica.at_risk_ms),
        ]);
    }
    table
}

fn notes(settings: &Settings, outcome: &Outcome) -> Notes {
    let record = &outcome.record;
    let mut notes = Notes::new("notes", "Notes");
    let has = |reason: Reason| record.resyncs.iter().any(|resync| resync.reason == reason);
    match outcome.smallest {
        Smallest::TooLarge(_) => {
            notes.push("The smallest backlog takes more memory than --memory allows to check.");
        }
        Smallest::None if has(Reason::Freed) => notes.push(format!(
            "The backlog was freed after {} without replicas: raise repl-backlog-ttl, or set it to 0.",
            ms(settings.backlog_ttl_ms).human()
        )),
        Smallest::None => notes.push("No size of the backlog alone makes all resyncs partial."),
        Smallest::NotNeeded | Smallest::Found(_) => {}
    }
    if record.over_limit > 0 {
        notes
            .push("Replicas were dropped at the output limit: client-output-buffer-limit replica.");
    }
    let is_behind = |replica: &crate::sim::record::ReplicaRecord| {
        replica.spans.last().is_some_and(|span| span.status == Status::Behind)
    };
    if record.replicas.iter().any(is_behind) {
        notes.push("A replica was still catching up at the end.");
    }
    notes
}
