//! The section of INFO on replication.

use super::super::Engine;
use super::super::client::Client;
use super::super::info::Lines;
use super::mono_ms;
use crate::repl::primary::Replica;
use crate::repl::replica::Phase;

/// The address at which a replica can be reached.
pub(super) fn address_of(client: &Client, replica: &Replica) -> String {
    match &replica.announced.ip_address {
        Some(ip) => String::from_utf8_lossy(ip).into_owned(),
        None => {
            let address = &client.peer.address;
            address.rsplit_once(':').map_or(address.as_str(), |(ip, _)| ip).to_owned()
        }
    }
}

/// Whether a connection is the one for the snapshot of a replica whose other one is here as well: that is the same replica.
fn is_second(engine: &Engine, replica: &Replica) -> bool {
    let main = replica.announced.main_client;
    let mut others = engine.replication.replicas.keys();
    main.is_some() && others.any(|id| i64::try_from(id.number).ok() == main)
}

/// Writes the section.
pub(in crate::engine) fn section(engine: &Engine, lines: &mut Lines) {
    let repl = &engine.replication;
    let now_ms = mono_ms(engine.now);
    lines.add("role", if repl.is_replica() { "slave" } else { "master" });
    if repl.is_replica() {
        upstream(engine, lines);
    }
    let listed = || repl.replicas.iter().filter(|(_, replica)| !is_second(engine, replica));
    lines.add("connected_slaves", listed().count());
    if engine.config.min_replicas_to_write > 0 && engine.config.min_replicas_max_lag > 0 {
        lines.add("min_slaves_good_slaves", engine.good_replicas());
    }
    let named = listed().filter_map(|(id, replica)| Some((engine.clients.get(*id)?, replica)));
    for (number, (client, replica)) in named.enumerate() {
        let ip = address_of(client, replica);
        let (port, state) = (replica.announced.listening_port, replica.state().name());
        let (offset, lag) = (replica.acked(), replica.lag_s(now_ms));
        let value = format!("ip={ip},port={port},state={state},offset={offset},lag={lag}");
        lines.add(&format!("slave{number}"), value);
    }
    lines.add("replicas_waiting_psync", repl.expected_count());
    lines.add("master_failover_state", engine.failover_state());
    lines.add("master_replid", repl.history.replid());
    lines.add("master_replid2", repl.history.replid2());
    lines.add("master_repl_offset", repl.history.offset());
    lines.add("second_repl_offset", repl.history.second_offset());
    let backlog = repl.backlog.as_ref();
    lines.add("repl_backlog_active", u8::from(backlog.is_some()));
    lines.add("repl_backlog_size", engine.config.repl_backlog_size);
    let first = backlog.map_or(0, |backlog| backlog.first_byte());
    lines.add("repl_backlog_first_byte_offset", first);
    lines.add("repl_backlog_histlen", backlog.map_or(0, |backlog| backlog.kept_bytes()));
    let log = repl.log.kept();
    lines.add("repl_log_active", u8::from(log.is_some()));
    let first = log.as_ref().map_or(0, |kept| kept.start.next_byte());
    lines.add("repl_log_first_byte_offset", first);
    lines.add("repl_log_histlen", log.map_or(0, |kept| kept.end.since(kept.start)));
}

fn upstream(engine: &Engine, lines: &mut Lines) {
    let Some(upstream) = &engine.replication.upstream else { return };
    let now_ms = mono_ms(engine.now);
    let is_up = upstream.is_online();
    lines.add("master_host", String::from_utf8_lossy(&upstream.host));
    lines.add("master_port", upstream.port);
    lines.add("master_link_status", if is_up { "up" } else { "down" });
    let silent_s = match upstream.phase() {
        Phase::Online => i64::try_from(upstream.link().silent_ms(now_ms) / 1000).unwrap_or(-1),
        _ => -1,
    };
    lines.add("master_last_io_seconds_ago", silent_s);
    lines.add("master_sync_in_progress", u8::from(upstream.phase() == Phase::Sync));
    let received = upstream.link().received().or(upstream.place().map(|place| place.offset));
    lines.add("slave_read_repl_offset", received.unwrap_or_default());
    let applied = upstream.place().map(|place| place.offset);
    lines.add("slave_repl_offset", applied.unwrap_or_default());
    // First as Redis calls them, then as Valkey does.
    let (held_bytes, peak_bytes) = upstream.link().held_bytes();
    lines.add("replica_full_sync_buffer_size", held_bytes);
    lines.add("replica_full_sync_buffer_peak", peak_bytes);
    lines.add("replicas_repl_buffer_size", held_bytes);
    lines.add("replicas_repl_buffer_peak", peak_bytes);
    if upstream.phase() == Phase::Sync {
        let progress = upstream.link().progress();
        let total = progress.total_bytes.unwrap_or(0);
        lines.add("master_sync_total_bytes", total);
        lines.add("master_sync_read_bytes", progress.read_bytes);
        lines.add("master_sync_left_bytes", total.saturating_sub(progress.read_bytes));
        // Nobody knows what part of a snapshot of unknown length has come.
        let percent = match total {
            0 => 0.0,
            total => progress.read_bytes as f64 * 100.0 / total as f64,
        };
        lines.add("master_sync_perc", format!("{percent:.2}"));
        let silent_s = upstream.link().silent_ms(now_ms) / 1000;
        lines.add("master_sync_last_io_seconds_ago", silent_s);
    }
    if !is_up {
        let since_ms = upstream.down_since_ms.unwrap_or(engine.now.unix_ms);
        lines.add("master_link_down_since_seconds", (engine.now.unix_ms - since_ms).max(0) / 1000);
    }
    lines.add("slave_priority", engine.config.replica_priority);
    lines.add("slave_read_only", u8::from(engine.config.replica_read_only));
    lines.add("replica_announced", u8::from(engine.config.replica_announced));
}
