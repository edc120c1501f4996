//! What INFO tells, in the text form that Prometheus reads.

use super::Engine;
use std::fmt::Write;

/// Sections whose lines become metrics.
const SECTIONS: &[&[u8]] = &[
    b"server",
    b"clients",
    b"memory",
    b"persistence",
    b"stats",
    b"replication",
    b"cpu",
    b"commandstats",
    b"errorstats",
    b"keyspace",
];

/// Lines of INFO whose numbers only grow, by their beginnings and ends.
const COUNTERS: &[&str] = &["total_", "expired_", "evicted_", "keyspace_", "rejected_", "sync_"];

impl Engine {
    /// All numbers of INFO, a line each with its name, labels and value.
    pub fn metrics(&self) -> String {
        let mut text = String::from("# TYPE redis_up gauge\nredis_up 1\n");
        for line in self.info(SECTIONS).lines() {
            let Some((name, value)) = line.trim_end().split_once(':') else { continue };
            if let Some(command) = name.strip_prefix("cmdstat_") {
                parts(&mut text, "redis_command", "cmd", command, value);
            } else if let Some(error) = name.strip_prefix("errorstat_") {
                parts(&mut text, "redis_errors", "err", error, value);
            } else if is_database(name) {
                parts(&mut text, "redis_db", "db", name, value);
            } else if is_replica(name) {
                continue;
            } else if let Some(number) = number(value) {
                let is_counter = COUNTERS.iter().any(|start| name.starts_with(start));
                let kind = if is_counter { "counter" } else { "gauge" };
                let _ = writeln!(text, "# TYPE redis_{name} {kind}\nredis_{name} {number}");
            } else if let Some(state) = state(value) {
                let _ = writeln!(text, "# TYPE redis_{name} gauge\nredis_{name} {state}");
            }
        }
        text
    }
}

fn is_numbered(name: &str, start: &str) -> bool {
    let digits = name.strip_prefix(start).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_database(name: &str) -> bool {
    is_numbered(name, "db")
}

fn is_replica(name: &str) -> bool {
    is_numbered(name, "slave")
}

/// A value that is a number as it stands.
fn number(value: &str) -> Option<&str> {
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
    (is_number && value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')))
        .then_some(value)
}

/// A word that stands for good or bad.
fn state(value: &str) -> Option<u8> {
    match value {
        "ok" | "up" => Some(1),
        "err" | "down" => Some(0),
        _ => None,
    }
}

/// Writes the parts of a line such as `calls=1,usec=2`.
fn parts(text: &mut String, prefix: &str, label: &str, of: &str, value: &str) {
    for part in value.split(',') {
        if let Some((name, value)) = part.split_once('=')
            && let Some(number) = number(value)
        {
            let _ = writeln!(text, "{prefix}_{name}{{{label}=\"{}\"}} {number}", escaped(of));
        }
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_states_are_told_apart() {
        assert_eq!(number("17"), Some("17"));
        assert_eq!(number("-1"), Some("-1"));
        assert_eq!(number("0.25"), Some("0.25"));
        assert_eq!(number("1.25M"), None);
        assert_eq!(number("inf"), None);
        assert_eq!(state("up"), Some(1));
        assert!(is_database("db3") && !is_database("db"));
        let mut text = String::new();
        parts(&mut text, "redis_command", "cmd", "config|get", "calls=2,usec_per_call=1.50,x=y");
        assert_eq!(
            text,
            "redis_command_calls{cmd=\"config|get\"} 2\nredis_command_usec_per_call{cmd=\"config|get\"} 1.50\n"
        );
    }
}
