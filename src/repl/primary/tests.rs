//! Replicas from their arrival to the stream, and who shares a snapshot with whom.

use super::super::handshake::{Head, Psync};
use super::*;

fn announced(eof: bool) -> Announced {
    Announced { capa_eof: eof, capa_psync2: true, ..Default::default() }
}

fn waiting(announced: Announced, now_ms: u64) -> Replica {
    Replica::waiting(announced, false, now_ms)
}

fn place() -> Place {
    Place { replid: ReplId::random(&mut Rng::new(1)), offset: Offset::new(100) }
}

const POLICY: SyncPolicy = SyncPolicy { streams: true, delay_ms: 5000, max_replicas: 0 };

#[test]
fn behind_a_streamed_snapshot_the_stream_waits_for_an_acknowledgement() {
    let mut replica = waiting(announced(true), 0);
    assert!(replica.wants_newline() && replica.needs_from().is_none());
    let line = replica.snapshot_begins(place(), Framing::Streamed, 10);
    let line = line.strip_suffix(b"\r\n").unwrap();
    assert_eq!(Psync::parse(line), Psync::FullResync(place()));
    assert!(!replica.wants_newline() && replica.needs_from() == Some(Offset::new(100)));
    assert_eq!(replica.is_timed_out(60_000, 60_011).unwrap().len(), 42);
    replica.snapshot_moved(60_000);
    assert_eq!(replica.is_timed_out(60_000, 60_011), None);
    replica.snapshot_sent(70_000);
    assert_eq!((replica.state().name(), replica.streams()), ("online", false));
    assert!(replica.acknowledged(Offset::new(100), None, 70_500));
    assert!(!replica.acknowledged(Offset::new(90), Some(Offset::new(80)), 71_000));
    assert!(replica.streams());
    replica.sent(14);
    assert_eq!((replica.next(), replica.acked()), (Offset::new(114), Offset::new(100)));
    assert_eq!(replica.lag_s(73_400), 2);
    assert!(replica.is_good(2, 73_400) && !replica.is_good(1, 73_400));
    assert_eq!(count_applied([&replica], Offset::new(100)), 1);
    assert_eq!(count_applied([&replica], Offset::new(101)), 0);
    assert_eq!(count_synced([&replica], Offset::new(80)), 1);
    assert_eq!(count_synced([&replica], Offset::new(81)), 0);
    assert!(replica.is_timed_out(60_000, 131_001).is_some());
    replica.showed_life(131_000);
    assert!(replica.is_timed_out(60_000, 131_001).is_none());
}

#[test]
fn behind_a_stored_snapshot_the_stream_follows_at_once() {
    let mut replica = waiting(announced(false), 0);
    replica.snapshot_begins(place(), Framing::Stored, 10);
    assert!(replica.wants_newline());
    assert_eq!(replica.state().name(), "wait_bgsave");
    replica.snapshot_stored();
    assert_eq!((replica.state().name(), replica.wants_newline()), ("send_bulk", false));
    assert_eq!(replica.is_timed_out(1, 1_000_000), None);
    replica.snapshot_sent(20);
    assert!(replica.streams());
}

#[test]
fn old_replicas_get_no_line_and_are_not_expected_to_acknowledge() {
    let mut replica = Replica::waiting(announced(false), true, 0);
    assert_eq!(replica.snapshot_begins(place(), Framing::Stored, 0), b"");
    replica.snapshot_stored();
    replica.snapshot_sent(0);
    assert!(replica.streams() && replica.is_timed_out(1, 1_000_000).is_none());
    assert_eq!(replica.lag_s(1_000_000), -1);
}

#[test]
fn who_wants_only_a_snapshot_holds_no_place_in_the_log() {
    let mut replica = waiting(Announced { is_rdb_only: true, ..announced(true) }, 0);
    replica.snapshot_begins(place(), Framing::Streamed, 0);
    assert_eq!(replica.needs_from(), None);
    replica.snapshot_sent(1);
    assert!(replica.is_over() && !replica.streams() && !replica.is_good(10, 1));
}

#[test]
fn snapshots_wait_for_others_and_are_shared_by_those_with_equal_needs() {
    let filtered =
        Announced { needs: Needs { without_data: true, ..Default::default() }, ..announced(true) };
    let mut replicas =
        vec![waiting(announced(true), 1000), waiting(filtered, 0), waiting(announced(true), 3000)];
    assert_eq!(due(&replicas, POLICY, 5999), None);
    let batch = due(&replicas, POLICY, 6000).unwrap();
    assert_eq!((batch.framing, batch.has_stream), (Framing::Streamed, true));
    let taken: Vec<_> = replicas.iter().map(|replica| batch.takes(replica)).collect();
    assert_eq!(taken, [true, false, true]);
    assert!(due(&replicas, SyncPolicy { max_replicas: 2, ..POLICY }, 3000).is_some());
    assert!(due(&replicas, SyncPolicy { max_replicas: 3, ..POLICY }, 3000).is_none());
    let stored = due(&replicas, SyncPolicy { streams: false, ..POLICY }, 3000).unwrap();
    assert_eq!(stored.framing, Framing::Stored);
    replicas[0].snapshot_begins(place(), Framing::Streamed, 6000);
    replicas[2].snapshot_begins(place(), Framing::Streamed, 6000);
    let other = due(&replicas, SyncPolicy { streams: false, ..POLICY }, 6000).unwrap();
    assert_eq!(other.framing, Framing::Streamed, "filtered snapshots are never stored");
    // One that cannot take a mark makes all of its batch take a length.
    replicas.push(waiting(announced(false), 0));
    replicas.push(waiting(announced(true), 0));
    replicas.remove(1);
    assert_eq!(due(&replicas, POLICY, 9000).unwrap().framing, Framing::Stored);
    assert_eq!(due(&replicas[..2], POLICY, 9000), None);
}

#[test]
fn latecomers_share_a_stored_snapshot_that_suits_them() {
    let policy = SyncPolicy { streams: false, ..POLICY };
    let (plain, rdb_only) = (announced(true), Announced { is_rdb_only: true, ..announced(true) });
    let batch = due([&waiting(plain.clone(), 0)], policy, 0).unwrap();
    assert!(batch.may_share(&waiting(plain.clone(), 1)));
    assert!(batch.may_share(&waiting(rdb_only.clone(), 1)));
    assert!(!batch.may_share(&waiting(announced(false), 1)));
    let other = Announced { version: Some([9, 0, 0]), ..plain.clone() };
    assert!(!batch.may_share(&waiting(other, 1)));
    let streamless = due([&waiting(rdb_only, 0)], policy, 0).unwrap();
    assert!(!streamless.may_share(&waiting(plain.clone(), 1)));
    let streamed = due([&waiting(plain.clone(), 0)], POLICY, 9000).unwrap();
    assert!(!streamed.may_share(&waiting(plain, 1)));
}

#[test]
fn limits_of_what_waits_are_those_of_servers() {
    let limit = OutputLimit { hard_bytes: 1000, soft_bytes: 100, soft_s: 10 };
    let mut replica = waiting(announced(true), 0);
    assert!(replica.exceeds(1000, limit, 0, 0));
    assert!(!replica.exceeds(1000, limit, 2000, 0));
    assert!(replica.exceeds(2000, limit, 2000, 0));
    assert!(!replica.exceeds(99, limit, 0, 0));
    assert!(!replica.exceeds(100, limit, 0, 1000));
    assert!(!replica.exceeds(999, limit, 0, 11_999));
    assert!(replica.exceeds(100, limit, 0, 12_000));
    assert!(!replica.exceeds(99, limit, 0, 12_000));
    assert!(!replica.exceeds(100, limit, 0, 13_000));
    assert!(!replica.exceeds(u64::MAX, OutputLimit::default(), 0, u64::MAX));
}

#[test]
fn lines_are_read_back_by_a_replica() {
    let mark = new_mark(&mut Rng::new(9));
    let trim = |line: Vec<u8>| line.strip_suffix(b"\r\n").unwrap().to_vec();
    assert_eq!(Head::parse(&trim(mark_line(&mark))), Head::Mark(mark));
    assert_eq!(Head::parse(&trim(length_line(77))), Head::Length(77));
    let replid = place().replid;
    let line =
        |capa_psync2| continue_line(&Announced { capa_psync2, ..Default::default() }, replid);
    assert_eq!(Psync::parse(&trim(line(true))), Psync::Continue(Some(replid)));
    assert_eq!(Psync::parse(&trim(line(false))), Psync::Continue(None));
}
