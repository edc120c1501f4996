//! INFO: a section per function.

use super::Engine;
use super::admin::REDIS_VERSION;
use super::loading::Loading;
use super::pubsub::Sort;
use std::fmt::{Display, Write};

/// Lines of one section.
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn add(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.add(name, u8::from(value));
    }
}

/// A section: its name, its title, whether it comes without being asked for, and what writes it.
type Section = (&'static str, &'static str, bool, fn(&Engine, &mut Lines));

const SECTIONS: &[Section] = &[
    ("server", "Server", true, server),
    ("clients", "Clients", true, clients),
    ("memory", "Memory", true, memory),
    ("persistence", "Persistence", true, persistence),
    ("stats", "Stats", true, stats),
    ("replication", "Replication", true, super::replication::section),
    ("cpu", "CPU", true, cpu),
    ("modules", "Modules", true, |_, _| {}),
    ("commandstats", "Commandstats", false, commandstats),
    ("errorstats", "Errorstats", true, errorstats),
    ("cluster", "Cluster", true, |_, lines| lines.flag("cluster_enabled", false)),
    ("keyspace", "Keyspace", true, keyspace),
];

impl Engine {
    /// The text of INFO for these sections.
    pub(super) fn info(&self, wanted: &[&[u8]]) -> String {
        let asks =
            |name: &str| wanted.iter().any(|word| word.eq_ignore_ascii_case(name.as_bytes()));
        let all = asks("all") || asks("everything");
        let default = wanted.is_empty() || asks("default");
        let mut text = String::new();
        for (name, title, is_default, write) in SECTIONS {
            if all || (default && *is_default) || asks(name) {
                let mut lines = Lines(String::new());
                write(self, &mut lines);
                if !text.is_empty() {
                    text += "\r\n";
                }
                text += &format!("# {title}\r\n{}", lines.0);
            }
        }
        text
    }
}

fn server(engine: &Engine, lines: &mut Lines) {
    let identity = &engine.identity;
    let uptime_s =
        (engine.now.mono_us - engine.started.mono_us.min(engine.now.mono_us)) / 1_000_000;
    lines.add("redis_version", REDIS_VERSION);
    lines.add("redis_git_sha1", "00000000");
    lines.add("redis_git_dirty", 0);
    lines.add("redis_build_id", "rkv");
    lines.add("rkv_version", env!("CARGO_PKG_VERSION"));
    lines.add("redis_mode", "standalone");
    lines.add("os", &identity.os);
    lines.add("arch_bits", usize::BITS);
    lines.add("monotonic_clock", "POSIX clock_gettime");
    lines.add("multiplexing_api", "epoll");
    lines.add("process_id", identity.pid);
    lines.add("process_supervised", "no");
    lines.add("run_id", &identity.run_id);
    lines.add("tcp_port", engine.config.port);
    lines.add("server_time_usec", engine.now.unix_ms * 1000);
    lines.add("uptime_in_seconds", uptime_s);
    lines.add("uptime_in_days", uptime_s / 86400);
    lines.add("hz", engine.config.hz);
    lines.add("configured_hz", engine.config.hz);
    lines.add("lru_clock", (engine.now.unix_ms / 1000) & 0xff_ffff);
    lines.add("executable", &identity.executable);
    lines.add("config_file", &identity.config_file);
    lines.add("io_threads_active", 0);
}

fn clients(engine: &Engine, lines: &mut Lines) {
    lines.add("connected_clients", engine.clients.len());
    lines.add("cluster_connections", 0);
    lines.add("maxclients", engine.config.maxclients);
    lines.add("client_recent_max_input_buffer", 0);
    lines.add("client_recent_max_output_buffer", 0);
    lines.add("blocked_clients", engine.waiting.clients());
    lines.add("tracking_clients", 0);
    lines.add("clients_in_timeout_table", engine.waiting.deadlines());
}

fn memory(engine: &Engine, lines: &mut Lines) {
    lines.add("maxmemory", engine.config.maxmemory);
    lines.add("maxmemory_policy", engine.config.maxmemory_policy.word());
}

fn persistence(engine: &Engine, lines: &mut Lines) {
    let persist = &engine.persist;
    let since = |began: Option<super::Now>| {
        began.map_or(-1, |began| ((engine.now.mono_us - began.mono_us) / 1_000_000) as i64)
    };
    let seconds = |last: Option<u64>| last.map_or(-1, |seconds| seconds as i64);
    let status = |ok: bool| if ok { "ok" } else { "err" };
    let loading = engine.loading.as_ref();
    lines.flag("loading", loading.is_some_and(|loading| !loading.is_async));
    lines.flag("async_loading", loading.is_some_and(|loading| loading.is_async));
    lines.add("rdb_changes_since_last_save", persist.dirty);
    let is_transferring = engine.replication.is_transferring();
    lines.flag("rdb_bgsave_in_progress", persist.is_saving() || is_transferring);
    lines.add("rdb_last_save_time", persist.last_save_s);
    lines.add("rdb_last_bgsave_status", status(persist.last_save_ok));
    lines.add("rdb_last_bgsave_time_sec", seconds(persist.last_save_seconds));
    lines.add("rdb_current_bgsave_time_sec", since(persist.saving_since()));
    lines.add("rdb_saves", persist.saves);
    lines.flag("aof_enabled", persist.is_logging());
    lines.flag("aof_rewrite_in_progress", persist.is_rewriting());
    lines.flag("aof_rewrite_scheduled", persist.is_rewrite_scheduled);
    lines.add("aof_last_rewrite_time_sec", seconds(persist.last_rewrite_seconds));
    lines.add("aof_current_rewrite_time_sec", since(persist.rewriting_since()));
    lines.add("aof_last_bgrewrite_status", status(persist.last_rewrite_ok));
    lines.add("aof_rewrites", persist.rewrites);
    lines.add("aof_last_write_status", status(persist.aof_error.is_none()));
    lines.add("rdb_last_load_keys_expired", engine.last_load.expired);
    lines.add("rdb_last_load_keys_loaded", engine.last_load.keys);
    if let Some(loading) = loading {
        loading_lines(engine, loading, lines);
    }
    if persist.is_logging() {
        lines.add("aof_current_size", persist.aof_bytes);
        lines.add("aof_base_size", persist.aof_base_bytes);
        lines.flag("aof_pending_rewrite", persist.is_rewrite_scheduled);
    }
}

fn loading_lines(engine: &Engine, loading: &Loading, lines: &mut Lines) {
    let (total, passed) = (loading.total_bytes(), loading.passed_bytes());
    let seconds = (engine.now.mono_us.saturating_sub(loading.since.mono_us)) as f64 / 1e6;
    let left_s = match passed {
        0 => 1.0,
        _ => seconds * total.saturating_sub(passed) as f64 / passed as f64,
    };
    lines.add("loading_start_time", loading.since.unix_ms / 1000);
    lines.add("loading_total_bytes", total);
    lines.add("loading_rdb_used_mem", 0);
    lines.add("loading_loaded_bytes", passed);
    lines.add("loading_loaded_perc", format!("{:.2}", passed as f64 * 100.0 / total.max(1) as f64));
    lines.add("loading_eta_seconds", left_s as u64);
}

fn stats(engine: &Engine, lines: &mut Lines) {
    let stats = &engine.stats;
    lines.add("total_connections_received", stats.connections);
    lines.add("total_commands_processed", stats.commands);
    lines.add("instantaneous_ops_per_sec", stats.commands_per_second());
    lines.add("total_net_input_bytes", stats.input_bytes);
    lines.add("total_net_output_bytes", stats.output_bytes);
    let kilobytes = |value: f64| format!("{value:.2}");
    lines.add("instantaneous_input_kbps", kilobytes(stats.input_kilobytes_per_second()));
    lines.add("instantaneous_output_kbps", kilobytes(stats.output_kilobytes_per_second()));
    lines.add("rejected_connections", stats.rejected_connections);
    let syncs = engine.replication.counts();
    lines.add("sync_full", syncs.full);
    lines.add("sync_partial_ok", syncs.partial_ok);
    lines.add("sync_partial_err", syncs.partial_err);
    lines.add("expired_keys", stats.expired_keys);
    let lookups = engine.keyspace.lookups();
    lines.add("keyspace_hits", lookups.hits);
    lines.add("keyspace_misses", lookups.misses);
    lines.add("pubsub_channels", engine.pubsub.len(Sort::Channel));
    lines.add("pubsub_patterns", engine.pubsub.len(Sort::Pattern));
    lines.add("pubsubshard_channels", engine.pubsub.len(Sort::Shard));
    lines.add("watched_keys", engine.watched.len());
    lines.add("total_error_replies", stats.error_replies);
}

fn cpu(_: &Engine, _: &mut Lines) {}

fn commandstats(engine: &Engine, lines: &mut Lines) {
    for (name, stats) in engine.stats.commands_called() {
        let per_call = stats.usec as f64 / stats.calls.max(1) as f64;
        let (calls, usec) = (stats.calls, stats.usec);
        let (rejected, failed) = (stats.rejected, stats.failed);
        let value = format!(
            "calls={calls},usec={usec},usec_per_call={per_call:.2},rejected_calls={rejected},failed_calls={failed}"
        );
        lines.add(&format!("cmdstat_{name}"), value);
    }
}

fn errorstats(engine: &Engine, lines: &mut Lines) {
    for (code, count) in engine.stats.errors() {
        lines.add(&format!("errorstat_{code}"), format!("count={count}"));
    }
}

fn keyspace(engine: &Engine, lines: &mut Lines) {
    for db in 0..engine.keyspace.databases() {
        let (keys, expires) = (engine.keyspace.len(db), engine.keyspace.expiring(db));
        if keys > 0 {
            lines.add(&format!("db{db}"), format!("keys={keys},expires={expires},avg_ttl=0"));
        }
    }
}
