//! INFO: a section per function.

use super::Engine;
use super::admin::REDIS_VERSION;
use super::client::Client;
use super::loading::Loading;
use super::pubsub::Sort;
use crate::base::memory;
use std::fmt::{Display, Write};
use std::sync::atomic::Ordering;

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
    ("latencystats", "Latencystats", false, latencystats),
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
    lines.add("atomicvar_api", "c11-builtin");
    lines.add("gcc_version", "0.0.0");
    lines.add("multiplexing_api", "epoll");
    lines.add("process_id", identity.pid);
    lines.add("process_supervised", engine.config.supervised.word());
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
    if !engine.config.availability_zone.is_empty() {
        lines.add("availability_zone", String::from_utf8_lossy(&engine.config.availability_zone));
    }
    lines.flag("io_threads_active", engine.host.io.is_active);
    if let Some(left_ms) = engine.leaving.left_ms(engine.now) {
        lines.add("shutdown_in_milliseconds", left_ms);
    }
}

fn clients(engine: &Engine, lines: &mut Lines) {
    let all = || engine.clients.iter().map(|(_, client)| client);
    let replicas = all().filter(|client| client.is_replica).count();
    lines.add("connected_clients", engine.clients.len() - replicas);
    lines.add("cluster_connections", 0);
    lines.add("maxclients", engine.config.maxclients);
    let input = all().map(|client| client.input_bytes + client.input_room).max();
    lines.add("client_recent_max_input_buffer", input.unwrap_or(0));
    let output = all().map(|client| client.output_bytes()).max();
    lines.add("client_recent_max_output_buffer", output.unwrap_or(0));
    let blocked = engine.waiting.clients() + engine.pause.clients() + engine.leaving.clients();
    lines.add("blocked_clients", blocked);
    lines.add("tracking_clients", 0);
    let subscribes = |client: &&Client| !client.subscriptions.is_empty();
    lines.add("pubsub_clients", all().filter(subscribes).count());
    lines.add("watching_clients", all().filter(|client| client.watches.len() > 0).count());
    lines.add("clients_in_timeout_table", engine.waiting.deadlines());
    lines.add("total_watched_keys", engine.watched.len());
    lines.add("total_blocking_keys", engine.waiting.keys());
    lines.add("total_blocking_keys_on_nokey", engine.waiting.keys_of_groups());
}

/// Bytes as people read them.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let unit = (bytes.max(1).ilog2() as usize / 10).min(UNITS.len() - 1);
    match unit {
        0 => format!("{bytes}B"),
        unit => format!("{:.2}{}", bytes as f64 / 1024_f64.powi(unit as i32), UNITS[unit]),
    }
}

fn memory(engine: &Engine, lines: &mut Lines) {
    let figures = engine.memory_figures();
    let both = |lines: &mut Lines, name: &str, bytes: u64| {
        lines.add(name, bytes);
        lines.add(&format!("{name}_human"), human(bytes));
    };
    let ratio = |a: u64, b: u64| format!("{:.2}", a as f64 / b.max(1) as f64);
    let (used, rss) = (figures.used, figures.rss);
    both(lines, "used_memory", used);
    both(lines, "used_memory_rss", rss);
    both(lines, "used_memory_peak", figures.peak);
    lines.add(
        "used_memory_peak_perc",
        format!("{:.2}%", used as f64 * 100.0 / figures.peak.max(1) as f64),
    );
    lines.add("used_memory_overhead", figures.overhead());
    lines.add("used_memory_startup", figures.startup);
    let dataset = used.saturating_sub(figures.overhead());
    lines.add("used_memory_dataset", dataset);
    let net = used.saturating_sub(figures.startup).max(1);
    lines.add("used_memory_dataset_perc", format!("{:.2}%", dataset as f64 * 100.0 / net as f64));
    lines.add("allocator_allocated", used);
    lines.add("allocator_active", rss.max(used));
    lines.add("allocator_resident", rss.max(used));
    both(lines, "total_system_memory", figures.system);
    for name in ["used_memory_lua", "used_memory_vm_eval"] {
        lines.add(name, 0);
    }
    lines.add("used_memory_lua_human", human(0));
    lines.add("used_memory_scripts_eval", 0);
    lines.add("number_of_cached_scripts", 0);
    lines.add("number_of_functions", 0);
    lines.add("number_of_libraries", engine.keyspace.functions().len());
    lines.add("used_memory_vm_functions", 0);
    both(lines, "used_memory_vm_total", 0);
    lines.add("used_memory_functions", figures.functions);
    both(lines, "used_memory_scripts", figures.functions);
    both(lines, "maxmemory", engine.config.maxmemory);
    lines.add("maxmemory_policy", engine.config.maxmemory_policy.word());
    lines.add("allocator_frag_ratio", ratio(rss.max(used), used));
    lines.add("allocator_frag_bytes", rss.saturating_sub(used));
    lines.add("allocator_rss_ratio", ratio(1, 1));
    lines.add("allocator_rss_bytes", 0);
    lines.add("rss_overhead_ratio", ratio(1, 1));
    lines.add("rss_overhead_bytes", 0);
    lines.add("mem_fragmentation_ratio", ratio(rss, used));
    lines.add("mem_fragmentation_bytes", rss as i64 - used as i64);
    lines.add("mem_not_counted_for_evict", engine.uncounted_bytes());
    let stream_bytes = engine.replication.memory_bytes();
    let lagging_bytes = engine.replication.lagging_bytes();
    lines.add("mem_replication_backlog", stream_bytes - lagging_bytes);
    lines.add("mem_total_replication_buffers", stream_bytes);
    lines.add("mem_replica_full_sync_buffer", engine.replication.held_bytes());
    lines.add("mem_clients_slaves", engine.replica_bytes());
    lines.add("mem_clients_normal", figures.clients);
    lines.add("mem_cluster_links", 0);
    lines.add("mem_aof_buffer", engine.persist.pending_bytes());
    lines.add("mem_allocator", memory::ALLOCATOR);
    lines.add("mem_overhead_db_hashtable_rehashing", 0);
    lines.flag("active_defrag_running", false);
    lines.add("lazyfree_pending_objects", engine.freeing.pending_objects);
    lines.add("lazyfreed_objects", engine.stats.lazyfreed_objects);
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
    lines.add("rdb_last_cow_size", persist.last_save_copied_bytes);
    let control = persist.control();
    let keys = control.map_or(0, |control| control.passed_keys.load(Ordering::Relaxed));
    let total: u64 = (0..engine.keyspace.databases()).map(|db| engine.keyspace.len(db)).sum();
    let copied_bytes = engine.copied_bytes();
    lines.add("current_cow_peak", copied_bytes);
    lines.add("current_cow_size", copied_bytes);
    lines.add("current_cow_size_age", 0);
    lines.add("current_fork_perc", format!("{:.2}", keys as f64 * 100.0 / total.max(1) as f64));
    lines.add("current_save_keys_processed", keys);
    lines.add("current_save_keys_total", if control.is_some() { total } else { 0 });
    lines.flag("aof_enabled", persist.is_logging());
    lines.flag("aof_rewrite_in_progress", persist.is_rewriting());
    lines.flag("aof_rewrite_scheduled", persist.is_rewrite_scheduled);
    lines.add("aof_last_rewrite_time_sec", seconds(persist.last_rewrite_seconds));
    lines.add("aof_current_rewrite_time_sec", since(persist.rewriting_since()));
    lines.add("aof_last_bgrewrite_status", status(persist.last_rewrite_ok));
    lines.add("aof_rewrites", persist.rewrites);
    lines.add("aof_rewrites_consecutive_failures", persist.rewrites_failed);
    lines.add("aof_last_write_status", status(persist.aof_error.is_none()));
    lines.add("aof_last_cow_size", persist.last_rewrite_copied_bytes);
    lines.flag("module_fork_in_progress", false);
    lines.add("module_fork_last_cow_size", 0);
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
    lines.add("total_net_repl_input_bytes", stats.repl_input_bytes);
    lines.add("total_net_repl_output_bytes", stats.repl_output_bytes);
    let kilobytes = |value: f64| format!("{value:.2}");
    lines.add("instantaneous_input_kbps", kilobytes(stats.input_kilobytes_per_second()));
    lines.add("instantaneous_output_kbps", kilobytes(stats.output_kilobytes_per_second()));
    let input = stats.repl_input_kilobytes_per_second();
    let output = stats.repl_output_kilobytes_per_second();
    lines.add("instantaneous_input_repl_kbps", kilobytes(input));
    lines.add("instantaneous_output_repl_kbps", kilobytes(output));
    lines.add("rejected_connections", stats.rejected_connections);
    let syncs = engine.replication.counts();
    lines.add("sync_full", syncs.full);
    lines.add("sync_partial_ok", syncs.partial_ok);
    lines.add("sync_partial_err", syncs.partial_err);
    lines.add("expired_subkeys", 0);
    lines.add("expired_keys", stats.expired_keys);
    lines.add("expired_stale_perc", "0.00");
    lines.add("expired_time_cap_reached_count", stats.expire_stops);
    lines.add("expire_cycle_cpu_milliseconds", stats.expire_us / 1000);
    lines.add("evicted_keys", stats.evicted_keys);
    lines.add("evicted_clients", stats.evicted_clients);
    lines.add("evicted_scripts", 0);
    let over_us = engine.over_memory_us();
    lines.add("total_eviction_exceeded_time", (stats.over_memory_us + over_us) / 1000);
    lines.add("current_eviction_exceeded_time", over_us / 1000);
    let lookups = engine.keyspace.lookups();
    lines.add("keyspace_hits", lookups.hits);
    lines.add("keyspace_misses", lookups.misses);
    lines.add("pubsub_channels", engine.pubsub.len(Sort::Channel));
    lines.add("pubsub_patterns", engine.pubsub.len(Sort::Pattern));
    lines.add("pubsubshard_channels", engine.pubsub.len(Sort::Shard));
    // A snapshot stands for the child process that other servers save with.
    lines.add("latest_fork_usec", stats.snapshot_us);
    lines.add("total_forks", stats.snapshots);
    lines.add("migrate_cached_sockets", stats.migrate_links);
    lines.add("slave_expires_tracked_keys", engine.replication.volatile());
    for name in ["hits", "misses", "key_hits", "key_misses"] {
        lines.add(&format!("active_defrag_{name}"), 0);
    }
    lines.add("total_active_defrag_time", 0);
    lines.add("current_active_defrag_time", 0);
    for name in ["keys", "items", "prefixes"] {
        lines.add(&format!("tracking_total_{name}"), 0);
    }
    lines.add("unexpected_error_replies", stats.unexpected_errors);
    lines.add("total_error_replies", stats.error_replies);
    lines.add("dump_payload_sanitizations", 0);
    lines.add("total_reads_processed", stats.reads);
    lines.add("total_writes_processed", stats.writes);
    lines.add("io_threaded_reads_processed", engine.host.io.reads);
    lines.add("io_threaded_writes_processed", engine.host.io.writes);
    lines.add("client_query_buffer_limit_disconnections", stats.input_limit_disconnections);
    lines.add("client_output_buffer_limit_disconnections", stats.output_limit_disconnections);
    lines.add("reply_buffer_shrinks", 0);
    lines.add("reply_buffer_expands", 0);
    for user in ["auth", "cmd", "key", "channel"] {
        lines.add(&format!("acl_access_denied_{user}"), 0);
    }
}

fn cpu(engine: &Engine, lines: &mut Lines) {
    let usage = engine.host.usage;
    let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    lines.add("used_cpu_sys", seconds(usage.system_us));
    lines.add("used_cpu_user", seconds(usage.user_us));
    lines.add("used_cpu_sys_children", seconds(0));
    lines.add("used_cpu_user_children", seconds(0));
    lines.add("used_cpu_sys_main_thread", seconds(usage.main_system_us));
    lines.add("used_cpu_user_main_thread", seconds(usage.main_user_us));
}

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

/// Percentiles of how long commands took, in microseconds.
fn latencystats(engine: &Engine, lines: &mut Lines) {
    for (name, times) in engine.stats.histograms() {
        let percentiles = engine.config.latency_tracking_info_percentiles.iter().map(|percent| {
            let us = times.percentile_ns(*percent) as f64 / 1000.0;
            format!("p{percent}={us:.3}")
        });
        let percentiles: Vec<String> = percentiles.collect();
        lines.add(&format!("latency_percentiles_usec_{name}"), percentiles.join(","));
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
            let ttl_ms = engine.average_ttl_ms(db);
            lines
                .add(&format!("db{db}"), format!("keys={keys},expires={expires},avg_ttl={ttl_ms}"));
        }
    }
}
