//! LATENCY: what took long, and how long commands take.

use super::Engine;
use super::dispatch::{Call, Handler};
use super::histogram::Histogram;
use crate::command::Error;
use crate::command::spec::FAST;
use crate::resp::encode::Reply;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

/// Samples that are kept of an event.
const SAMPLES: usize = 160;

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    /// Unix seconds.
    at_s: i64,
    ms: u64,
}

/// One event's samples, oldest first.
#[derive(Debug, Default)]
struct Event {
    samples: VecDeque<Sample>,
    max_ms: u64,
}

/// What took longer than `latency-monitor-threshold`, by event.
#[derive(Debug, Default)]
pub struct Latency {
    events: BTreeMap<&'static str, Event>,
}

impl Latency {
    fn add(&mut self, event: &'static str, at_s: i64, ms: u64) {
        let event = self.events.entry(event).or_default();
        event.max_ms = event.max_ms.max(ms);
        if let Some(last) = event.samples.back_mut().filter(|last| last.at_s == at_s) {
            last.ms = last.ms.max(ms);
            return;
        }
        if event.samples.len() == SAMPLES {
            event.samples.pop_front();
        }
        event.samples.push_back(Sample { at_s, ms });
    }
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[("latency", latency)];

impl Engine {
    /// Notes how long something took, if it took long.
    #[inline]
    pub(super) fn note_latency(&mut self, event: &'static str, us: u64) {
        let threshold_ms = self.config.latency_monitor_threshold.unsigned_abs();
        if threshold_ms > 0 && us >= threshold_ms.saturating_mul(1000) {
            self.latency.add(event, self.now.unix_ms / 1000, us / 1000);
        }
    }

    /// Notes how long a command took, if it took long.
    #[inline]
    pub(super) fn note_command_latency(&mut self, call: &Call<'_>, us: u64) {
        let flags = call.subcommand.unwrap_or(call.command.spec).flags;
        self.note_latency(if flags.contains(FAST) { "fast-command" } else { "command" }, us);
    }
}

fn latency(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let words = call.args.get(2..).unwrap_or_default();
    let reply = &mut *call.reply;
    let events = &mut engine.latency.events;
    let named = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "latest" => {
            reply.array(events.len());
            for (name, event) in events.iter() {
                let last = event.samples.back();
                reply.array(4);
                reply.bulk(name.as_bytes());
                reply.int(last.map_or(0, |last| last.at_s));
                reply.count(last.map_or(0, |last| last.ms));
                reply.count(event.max_ms);
            }
        }
        "history" => {
            let samples = events.get(named(words[0]).as_str()).map(|event| &event.samples);
            reply.array(samples.map_or(0, VecDeque::len));
            for sample in samples.into_iter().flatten() {
                reply.array(2);
                reply.int(sample.at_s);
                reply.count(sample.ms);
            }
        }
        "reset" => {
            let before = events.len();
            match words {
                [] => events.clear(),
                names => events.retain(|event, _| !names.contains(&event.as_bytes())),
            }
            reply.count((before - events.len()) as u64);
        }
        "graph" => {
            let name = named(words[0]);
            let event = events.get(name.as_str()).ok_or_else(|| {
                Error::text(format!("ERR No samples available for event '{name}'"))
            })?;
            let text = graph(&name, event, engine.now.unix_ms / 1000);
            reply.verbatim(b"txt", text.as_bytes());
        }
        "doctor" => {
            let text = doctor(engine);
            call.reply.verbatim(b"txt", text.as_bytes());
        }
        "histogram" => histograms(engine, words, call.reply),
        _ => {
            const HELP: &[&str] = &[
                "LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "DOCTOR",
                "    Return a human readable latency analysis report.",
                "GRAPH <event>",
                "    Return an ASCII latency graph for the <event> class.",
                "HISTORY <event>",
                "    Return time-latency samples for the <event> class.",
                "LATEST",
                "    Return the latest latency samples for all events.",
                "RESET [<event> ...]",
                "    Reset latency data of one or more <event> classes.",
                "    (default: reset all data for all event classes)",
                "HISTOGRAM [COMMAND ...]",
                "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
                "    If no commands are specified then all histograms are replied.",
                "HELP",
                "    Print this help.",
            ];
            reply.lines(HELP);
        }
    }
    Ok(())
}

/// The histograms of commands with these names, of their subcommands too, or of all commands.
fn histograms(engine: &Engine, names: &[&[u8]], reply: &mut Reply) {
    let all: Vec<(String, &Histogram)> = engine.stats.histograms();
    let chosen: Vec<&(String, &Histogram)> = match names {
        [] => all.iter().collect(),
        names => names
            .iter()
            .flat_map(|name| {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                let container = format!("{name}|");
                all.iter().filter(move |(known, _)| *known == name || known.starts_with(&container))
            })
            .collect(),
    };
    reply.map(chosen.len());
    for (name, times) in chosen {
        reply.bulk(name.as_bytes());
        reply.map(2);
        reply.bulk(b"calls");
        reply.count(times.count());
        reply.bulk(b"histogram_usec");
        let powers = times.powers();
        reply.map(powers.len());
        for (ns, count) in powers {
            reply.count(ns / 1000);
            reply.count(count);
        }
    }
}

/// A small chart of an event's samples: a column for each, with how long ago it was below.
fn graph(name: &str, event: &Event, now_s: i64) -> String {
    const ROWS: u64 = 4;
    const COLUMNS: usize = 80;
    let samples: Vec<_> = event.samples.iter().rev().take(COLUMNS).rev().collect();
    let high = samples.iter().map(|sample| sample.ms).max().unwrap_or(0);
    let low = samples.iter().map(|sample| sample.ms).min().unwrap_or(0);
    let mut text =
        format!("{name} - high {high} ms, low {low} ms (all time high {} ms)\n", event.max_ms);
    text += &"-".repeat(COLUMNS);
    text.push('\n');
    let step = (high - low).max(1) as f64 / ROWS as f64;
    for row in (0..ROWS).rev() {
        for sample in &samples {
            let level = (sample.ms - low) as f64 / step;
            text.push(match level - row as f64 {
                rest if rest >= 1.0 => '#',
                rest if rest >= 0.5 => 'o',
                rest if rest > 0.0 || row == 0 => '_',
                _ => ' ',
            });
        }
        text.push('\n');
    }
    let ages: Vec<Vec<char>> = samples.iter().map(|sample| age(now_s - sample.at_s)).collect();
    for line in 0..ages.iter().map(Vec::len).max().unwrap_or(0) {
        text.push('\n');
        text.extend(ages.iter().map(|age| age.get(line).copied().unwrap_or(' ')));
    }
    text.push('\n');
    text
}

/// How long ago something was, in few letters.
fn age(seconds: i64) -> Vec<char> {
    let text = match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    };
    text.chars().collect()
}

/// A report for people.
fn doctor(engine: &Engine) -> String {
    if engine.config.latency_monitor_threshold == 0 {
        return "Latency monitoring is off: nothing was measured. To turn it on, set a threshold in milliseconds, such as \
                'CONFIG SET latency-monitor-threshold 100'.\n"
            .to_owned();
    }
    let events = &engine.latency.events;
    if events.is_empty() {
        return "No latency spike was observed since the last LATENCY RESET.\n".to_owned();
    }
    let mut text = String::from("Latency spikes since the last LATENCY RESET:\n\n");
    for (number, (name, event)) in events.iter().enumerate() {
        let count = event.samples.len() as u64;
        let sum: u64 = event.samples.iter().map(|sample| sample.ms).sum();
        let mean = sum / count.max(1);
        let spread: u64 = event.samples.iter().map(|sample| sample.ms.abs_diff(mean)).sum();
        let first_s = event.samples.front().map_or(0, |sample| sample.at_s);
        let period_s = (engine.now.unix_ms / 1000 - first_s) as f64 / count.max(1) as f64;
        let _ = writeln!(
            text,
            "{}. {name}: {count} latency spikes (average {mean}ms, mean deviation {}ms, period {period_s:.2} sec). Worst all time event {}ms.",
            number + 1,
            spread / count.max(1),
            event.max_ms,
        );
    }
    let slow = ["command", "fast-command"].iter().any(|name| events.contains_key(name));
    if slow {
        text += "\nCommands were slow: SLOWLOG GET shows which, if slowlog-log-slower-than is low enough.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_one_second_are_one() {
        let mut latency = Latency::default();
        latency.add("command", 100, 7);
        latency.add("command", 100, 9);
        latency.add("command", 101, 3);
        let event = &latency.events["command"];
        assert_eq!(event.samples, [Sample { at_s: 100, ms: 9 }, Sample { at_s: 101, ms: 3 }]);
        assert_eq!(event.max_ms, 9);
        (200..500).for_each(|at_s| latency.add("command", at_s, 1));
        let event = &latency.events["command"];
        assert_eq!((event.samples.len(), event.samples[0].at_s, event.max_ms), (160, 340, 9));
    }

    #[test]
    fn a_graph_has_a_column_for_each_sample() {
        let mut latency = Latency::default();
        [10, 20, 400]
            .iter()
            .enumerate()
            .for_each(|(at, ms)| latency.add("command", at as i64, *ms));
        let text = graph("command", &latency.events["command"], 65);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "command - high 400 ms, low 10 ms (all time high 400 ms)");
        assert_eq!(lines[2], "  #");
        assert_eq!(lines[5], "__#");
        assert_eq!(lines[7..], ["111", "mmm"]);
    }
}
