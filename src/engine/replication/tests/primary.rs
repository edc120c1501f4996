//! Replicas played by hand, and the snapshots that a primary makes for them.

use super::{ask, identity, now};
use crate::engine::config::Config;
use crate::engine::{Action, ClientId, Engine, Peer, Saved, SnapshotFor, Transferred, Why};
use std::sync::atomic::Ordering;

fn primary(change: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config { save: Vec::new(), repl_diskless_sync_delay: 0, ..Config::default() };
    change(&mut config);
    Engine::new(config, identity(), 7, now(0), || 0)
}

fn connect(engine: &mut Engine) -> ClientId {
    engine.accept(Peer { is_local: true, ..Peer::default() }, now(200)).unwrap()
}

/// A replica that waits for its snapshot.
fn waiting(engine: &mut Engine, capa: &str) -> ClientId {
    let id = connect(engine);
    assert_eq!(ask(engine, id, &["REPLCONF", "capa", "psync2", "capa", capa]), "+OK\r\n");
    ask(engine, id, &["PSYNC", "?", "-1"]);
    id
}

/// The snapshot that the driver is told to write.
fn snapshot(engine: &mut Engine) -> Option<Box<SnapshotFor>> {
    let mut actions = std::iter::from_fn(|| engine.next_action());
    actions.find_map(|action| match action {
        Action::SnapshotFor(snapshot) => Some(snapshot),
        _ => None,
    })
}

fn is_stopped(snapshot: &SnapshotFor) -> bool {
    snapshot.job.options.control.interrupted.load(Ordering::Relaxed)
}

fn gone(engine: &mut Engine, id: ClientId) {
    engine.disconnect(id);
    while engine.next_action().is_some() {}
    assert!(!engine.replication.has_replica(id));
}

/// The value of a field of INFO replication.
fn info(engine: &mut Engine, field: &str) -> String {
    let client = connect(engine);
    let text = ask(engine, client, &["INFO", "replication"]);
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let value = lines.find(|(name, _)| *name == field).map(|(_, value)| value.to_owned());
    engine.disconnect(client);
    value.unwrap()
}

/// What nobody gets is not written to its end, whatever its framing; who comes then gets another one.
#[test]
fn a_snapshot_ends_with_the_last_of_its_replicas() {
    for (capa, is_streamed) in [("eof", true), ("x", false)] {
        let mut engine = primary(|_| ());
        let [first, other] = [(); 2].map(|()| waiting(&mut engine, capa));
        let written = snapshot(&mut engine).unwrap();
        assert_eq!(written.streamed_to.is_some(), is_streamed);
        gone(&mut engine, first);
        // A streamed one cannot be shared once it is begun, and the other waits for the next.
        assert_eq!(is_stopped(&written), is_streamed);
        if !is_streamed {
            gone(&mut engine, other);
            assert!(is_stopped(&written));
        }
        let late = waiting(&mut engine, capa);
        assert!(snapshot(&mut engine).is_none());
        engine.transferred(Transferred { result: Err("stopped".into()) }, now(400));
        let next = snapshot(&mut engine).unwrap();
        assert!(!is_stopped(&next) && engine.replication.has_replica(late));
    }
}

/// A file that was to be written some time anyway is.
#[test]
fn a_snapshot_that_is_the_rdb_file_goes_on_without_replicas() {
    let mut engine = primary(|config| config.save = Config::default().save);
    let id = waiting(&mut engine, "x");
    let written = snapshot(&mut engine).unwrap();
    gone(&mut engine, id);
    assert!(!is_stopped(&written));
}

/// Two connections of one replica count once, as long as both are there.
#[test]
fn a_replica_with_two_connections_is_listed_once() {
    let mut engine = primary(|config| config.repl_rdb_channel = true);
    let main = connect(&mut engine);
    let capa = ["REPLCONF", "capa", "eof", "capa", "psync2", "capa", "rdb-channel-repl"];
    assert_eq!(ask(&mut engine, main, &capa), "+OK\r\n");
    let answer = format!("+RDBCHANNELSYNC {}\r\n", main.number);
    assert_eq!(ask(&mut engine, main, &["PSYNC", "?", "-1"]), answer);
    assert!(info(&mut engine, "slave0").contains("state=wait_rdb_channel,"));
    let channel = connect(&mut engine);
    let number = main.number.to_string();
    let words = [
        "REPLCONF",
        "capa",
        "eof",
        "rdb-only",
        "1",
        "rdb-channel",
        "1",
        "main-ch-client-id",
        &number,
    ];
    assert_eq!(ask(&mut engine, channel, &words), "+OK\r\n");
    ask(&mut engine, channel, &["PSYNC", "?", "-1"]);
    assert!(snapshot(&mut engine).is_some());
    assert_eq!(info(&mut engine, "connected_slaves"), "1");
    assert!(info(&mut engine, "slave0").contains("state=send_bulk_and_stream,"));
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "0");
}

/// Who gets a snapshot as Valkey does it.
fn dual_channel(engine: &mut Engine) -> (ClientId, String) {
    let channel = connect(engine);
    let words = ["REPLCONF", "capa", "eof", "rdb-only", "1", "rdb-channel", "1"];
    assert_eq!(ask(engine, channel, &words), "+OK\r\n");
    assert!(ask(engine, channel, &["SYNC"]).starts_with("$ENDOFF:"));
    assert!(snapshot(engine).is_some());
    (channel, channel.number.to_string())
}

/// The stream behind a snapshot is kept for the main connection while the snapshot is sent, and for a minute more.
#[test]
fn the_stream_waits_for_the_main_connection() {
    let mut engine = primary(|config| config.repl_log_max_size = 0);
    let client = connect(&mut engine);
    let (channel, _) = dual_channel(&mut engine);
    let from = engine.replication.offset();
    let value = "v".repeat(1 << 20);
    let write = |engine: &mut Engine| {
        for _ in 0..4 {
            assert_eq!(ask(engine, client, &["SET", "k", &value]), "+OK\r\n");
            while engine.next_action().is_some() {}
        }
    };
    let is_kept =
        |engine: &Engine| engine.replication.backlog.as_ref().unwrap().range().contains(&from);
    write(&mut engine);
    assert!(is_kept(&engine));
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "1");
    engine.snapshot_sent(channel, now(500));
    engine.transferred(Transferred { result: Ok(0) }, now(500));
    assert!(engine.closes(channel));
    gone(&mut engine, channel);
    engine.tick(now(59_000));
    write(&mut engine);
    assert!(is_kept(&engine));
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "1");
    engine.tick(now(62_000));
    write(&mut engine);
    assert!(!is_kept(&engine));
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "0");
}

/// The main connection that has come is expected no more, nor is one whose snapshot was cut.
#[test]
fn a_main_connection_is_expected_once() {
    let mut engine = primary(|_| ());
    let (channel, number) = dual_channel(&mut engine);
    let main = connect(&mut engine);
    assert_eq!(ask(&mut engine, main, &["REPLCONF", "set-rdb-client-id", &number]), "+OK\r\n");
    let (replid, byte) = (info(&mut engine, "master_replid"), engine.replication.offset());
    let byte = (byte.get() + 1).to_string();
    assert!(ask(&mut engine, main, &["PSYNC", &replid, &byte]).starts_with("+CONTINUE"));
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "0");
    gone(&mut engine, channel);
    engine.transferred(Transferred { result: Err("stopped".into()) }, now(400));
    let (channel, _) = dual_channel(&mut engine);
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "1");
    gone(&mut engine, channel);
    assert_eq!(info(&mut engine, "replicas_waiting_psync"), "0");
}

/// Whether the driver is told to remove the RDB file.
fn removes(engine: &mut Engine, ms: u64) -> bool {
    engine.tick(now(ms));
    let actions: Vec<Action> = std::iter::from_fn(|| engine.next_action()).collect();
    actions.iter().any(|action| matches!(action, Action::RemoveFile))
}

/// A file that replicas alone need goes once they have it, unless the data are kept on disk as well.
#[test]
fn a_file_for_replicas_goes_with_the_need_for_it() {
    let mut engine = primary(|config| config.rdb_del_sync_files = true);
    let first = waiting(&mut engine, "x");
    snapshot(&mut engine).unwrap();
    let written = |engine: &mut Engine, ms| {
        engine.transferred(Transferred { result: Ok(10) }, now(ms));
    };
    assert!(!removes(&mut engine, 2000));
    written(&mut engine, 2500);
    // It is being sent.
    assert!(!removes(&mut engine, 4000));
    engine.snapshot_sent(first, now(4500));
    assert!(removes(&mut engine, 6000));
    assert!(!removes(&mut engine, 8000));

    // One that was written while it was to stay does stay.
    let second = waiting(&mut engine, "x");
    snapshot(&mut engine).unwrap();
    written(&mut engine, 8500);
    engine.snapshot_sent(second, now(9000));
    let set = |engine: &mut Engine, name: &str, value: &str| {
        let client = connect(engine);
        assert_eq!(ask(engine, client, &["CONFIG", "SET", name, value]), "+OK\r\n");
        engine.disconnect(client);
    };
    set(&mut engine, "save", "3600 1");
    assert!(!removes(&mut engine, 10_000));
    set(&mut engine, "rdb-del-sync-files", "no");
    assert!(!removes(&mut engine, 12_000));
    set(&mut engine, "rdb-del-sync-files", "yes");
    set(&mut engine, "save", "");
    assert!(!removes(&mut engine, 14_000));

    // And so does one that somebody asked for.
    let third = waiting(&mut engine, "x");
    snapshot(&mut engine).unwrap();
    written(&mut engine, 14_500);
    let client = connect(&mut engine);
    engine.request(client, &[b"SAVE"], now(14_600));
    engine.saved(Saved { why: Why::Save, result: Ok(0), seconds: 0 }, now(14_700));
    engine.snapshot_sent(third, now(15_000));
    assert!(!removes(&mut engine, 16_000));
}

/// Few bytes wait for more on the way to a replica where the configuration prefers fewer packets, and only there.
#[test]
fn bytes_for_replicas_are_sent_in_bulk_if_that_is_asked_for() {
    for is_asked in [false, true] {
        let mut engine = primary(|config| config.repl_disable_tcp_nodelay = is_asked);
        let replica = waiting(&mut engine, "eof");
        let actions: Vec<Action> = std::iter::from_fn(|| engine.next_action()).collect();
        let is_told =
            actions.iter().any(|action| matches!(action, Action::SendInBulk(id) if *id == replica));
        assert_eq!(is_told, is_asked);
    }
}
