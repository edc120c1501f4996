//! Tests of whole runs.

use super::super::record::{Outcome, Reason, Status};
use super::super::workload::Steady;
use super::*;

/// Bytes of a write of these tests: `SET` of 16 bytes to 100 bytes.
const WRITE_BYTES: u64 = 144;

fn settings() -> Settings {
    Settings {
        replicas: 1,
        chain: 1,
        backlog_bytes: 1 << 20,
        disk_log: Limits::default(),
        backlog_ttl_ms: 3_600_000,
        timeout_ms: 60_000,
        output_limit: OutputLimit { hard_bytes: 256 << 20, soft_bytes: 64 << 20, soft_s: 60 },
        sync_delay_ms: 0,
        capacity: Capacity { latency_ms: 0, bytes_per_s: None },
        dataset_bytes: 10 << 20,
        load_bytes_per_s: None,
        outages: Vec::new(),
        random_outages: None,
        outage_kind: Kind::Cut,
        duration_ms: 120_000,
        seed: 1,
        memory_bytes_max: 1 << 30,
    }
}

fn outage(start_ms: u64, length_ms: u64, replica: Option<usize>) -> Outage {
    Outage { start_ms, length_ms, replica }
}

fn run_at(settings: &Settings, writes_per_s: u64) -> Record {
    run(settings, Writes::Steady(Steady { writes_per_s, value_bytes: 100 })).unwrap()
}

/// What was missing follows from the rate and the time until the replica asks: up to a second and some steps after the outage.
#[track_caller]
fn check_missing(missing_bytes: Option<u64>, writes_per_s: u64, length_ms: u64) {
    let missing_ms = missing_bytes.unwrap() * 1000 / (writes_per_s * WRITE_BYTES);
    assert!((length_ms..length_ms + 1300).contains(&missing_ms), "{missing_ms} for {length_ms}");
}

#[test]
fn an_outage_that_the_backlog_covers_is_passed_with_a_partial_resync() {
    let mut settings = settings();
    settings.outages.push(outage(20_000, 5_000, None));
    let record = run_at(&settings, 1000);
    assert_eq!((record.full(), record.partial()), (0, 1));
    let [episode] = record.episodes.as_slice() else { panic!("{record:?}") };
    assert_eq!((episode.partial, episode.full, episode.reason), (1, 0, Some(Reason::Kept)));
    check_missing(episode.missing_bytes, 1000, 5000);
    assert_eq!(record.needed_bytes, episode.missing_bytes.unwrap());
    assert!((5000..6400).contains(&episode.at_risk_ms), "{episode:?}");
    assert!((25_000..26_500).contains(&episode.caught_up_ms.unwrap()), "{episode:?}");
    assert_eq!(record.writes, 120_000);
    let pings = (record.stream_bytes - 120_000 * WRITE_BYTES) / 14;
    assert!((11..=12).contains(&pings), "{pings}");
}

#[test]
fn a_longer_outage_needs_a_snapshot_and_the_needed_backlog_spares_it() {
    let mut settings = settings();
    settings.outages.push(outage(20_000, 30_000, None));
    let record = run_at(&settings, 1000);
    assert_eq!((record.full(), record.partial()), (1, 0));
    let [episode] = record.episodes.as_slice() else { panic!("{record:?}") };
    assert_eq!(episode.reason, Some(Reason::NotKept));
    assert_eq!(episode.snapshot_bytes, 10 << 20);
    assert!(episode.sent_bytes > 10 << 20 && episode.caught_up_ms.is_some());
    check_missing(Some(record.needed_bytes), 1000, 30_000);
    settings.backlog_bytes = record.needed_bytes;
    let again = run_at(&settings, 1000);
    assert_eq!((again.full(), again.partial()), (0, 1));
    // Backlogs drop whole blocks, so that somewhat less may do; much less does not.
    settings.backlog_bytes = record.needed_bytes - (32 << 10);
    assert_eq!(run_at(&settings, 1000).full(), 1);
}

/// A log on disk spares the snapshot that the backlog alone does not, and a replica that is slow costs no memory.
#[test]
fn what_is_kept_on_disk_is_continued_from() {
    let mut settings = settings();
    settings.outages.push(outage(20_000, 30_000, None));
    assert_eq!(run_at(&settings, 1000).full(), 1);
    settings.disk_log = Limits { max_bytes: 64 << 20, max_age_ms: 0 };
    let record = run_at(&settings, 1000);
    assert_eq!((record.full(), record.partial()), (0, 1));
    check_missing(record.episodes[0].missing_bytes, 1000, 30_000);
    assert!(record.episodes[0].caught_up_ms.is_some());
    assert!(record.peak_kept_bytes < settings.backlog_bytes + (300 << 10), "{record:?}");
    assert!(record.peak_disk_bytes > 3 << 20, "{record:?}");
    assert!(record.episodes[0].peak_waiting_bytes <= record.peak_kept_bytes);
    // Too little, or kept too short, does not help.
    for (max_bytes, max_age_ms) in [(1 << 20, 0), (64 << 20, 5000)] {
        settings.disk_log = Limits { max_bytes, max_age_ms };
        assert_eq!(run_at(&settings, 1000).full(), 1);
    }
}

/// Replicas of a replica are served from its disk.
#[test]
fn chains_keep_logs_on_disk() {
    let mut settings = Settings { chain: 2, ..settings() };
    settings.disk_log = Limits { max_bytes: 64 << 20, max_age_ms: 0 };
    settings.outages.push(outage(20_000, 30_000, Some(1)));
    let record = run_at(&settings, 1000);
    assert_eq!((record.full(), record.partial()), (0, 1), "{record:?}");
    let all: Vec<_> = record.replicas.iter().map(|replica| replica.spans.last()).collect();
    assert!(all.iter().all(|span| span.is_some_and(|span| span.status == Status::Current)));
}

#[test]
fn equal_seeds_give_equal_runs() {
    let mut settings = Settings { replicas: 3, chain: 2, ..settings() };
    settings.random_outages = Some(Random { count: 6, min_ms: 1000, max_ms: 20_000 });
    settings.capacity = Capacity { latency_ms: 30, bytes_per_s: Some(4 << 20) };
    let record = run_at(&settings, 700);
    assert_eq!(record, run_at(&settings, 700));
    settings.seed = 2;
    assert_ne!(record.outages, run_at(&settings, 700).outages);
    assert!(record.partial() + record.full() >= 6, "{record:?}");
    assert_eq!(record.replicas[1].name, "1.1");
}

#[test]
fn a_silent_outage_shorter_than_the_timeout_costs_nothing_but_time() {
    let mut settings = Settings { outage_kind: Kind::Silent, ..settings() };
    settings.outages.push(outage(20_000, 30_000, None));
    let record = run_at(&settings, 100);
    assert_eq!((record.resyncs.len(), record.timed_out), (0, 0));
    assert!(record.episodes[0].caught_up_ms.is_some());
    assert!(record.episodes[0].peak_waiting_bytes > 0 || record.peak_kept_bytes > 0);
    settings.timeout_ms = 10_000;
    let record = run_at(&settings, 100);
    assert_eq!(record.partial() + record.full(), 1, "{record:?}");
    assert!(record.timed_out >= 1);
    assert!(record.episodes[0].caught_up_ms.is_some());
}

#[test]
fn a_freed_backlog_cannot_be_continued_at_any_size() {
    let mut settings = Settings { backlog_ttl_ms: 10_000, ..settings() };
    settings.backlog_bytes = 100 << 20;
    settings.outages.push(outage(20_000, 30_000, None));
    let record = run_at(&settings, 1000);
    assert_eq!(record.resyncs[0].reason, Reason::Freed);
    assert_eq!((record.resyncs[0].outcome, record.needed_bytes), (Outcome::Full, 0));
    assert!(record.episodes[0].caught_up_ms.is_some());
    assert!((30_000..32_000).contains(&record.all_at_risk_ms), "{}", record.all_at_risk_ms);
}

#[test]
fn what_follows_a_replica_that_begins_anew_begins_anew_too() {
    let mut settings = Settings { chain: 3, ..settings() };
    settings.outages.push(outage(20_000, 30_000, Some(0)));
    let record = run_at(&settings, 1000);
    let outcomes: Vec<_> = record.episodes.iter().map(|e| (e.is_hit, e.full, e.reason)).collect();
    let anew = Some(Reason::PrimaryAnew);
    assert_eq!(outcomes[0], (true, 1, Some(Reason::NotKept)));
    assert!(outcomes[1..].iter().all(|o| *o == (false, 1, anew)), "{outcomes:?}");
    assert!(record.episodes.iter().all(|e| e.caught_up_ms.is_some()));
    settings.backlog_bytes = record.needed_bytes;
    let record = run_at(&settings, 1000);
    assert_eq!((record.full(), record.partial()), (0, 1));
}

#[test]
fn a_replica_that_gets_less_than_is_written_is_dropped_at_the_output_limit() {
    let mut settings = settings();
    settings.capacity.bytes_per_s = Some(100_000);
    settings.output_limit = OutputLimit { hard_bytes: 2 << 20, soft_bytes: 0, soft_s: 0 };
    let record = run_at(&settings, 1000);
    assert!(record.over_limit >= 1, "{record:?}");
    assert!(record.replicas[0].spans.iter().any(|span| span.status.name() == "catching up"));
    assert!(record.episodes.is_empty());
}

#[test]
fn memory_has_a_bound() {
    let settings = Settings { memory_bytes_max: 500_000, ..settings() };
    let writes = Writes::Steady(Steady { writes_per_s: 1000, value_bytes: 100 });
    assert!(matches!(run(&settings, writes), Err(RunError::Memory { .. })));
}

#[test]
fn names_and_places_agree() {
    for (replica, name) in ["1", "1.1", "2", "2.1", "3", "3.1"].iter().enumerate() {
        assert_eq!(name_of(replica, 2), *name);
        assert_eq!(replica_named(name, 3, 2), Some(replica));
    }
    for name in ["0", "4", "1.2", "", "x", "1.", "-1"] {
        assert_eq!(replica_named(name, 3, 2), None, "{name}");
    }
}
