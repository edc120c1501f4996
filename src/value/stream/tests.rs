//! Streams beside a plain list of entries, the nodes they are stored in, and what groups know of pending entries.

use super::*;
use crate::base::rng::Rng;
use crate::packed::{Kind, validate};

type Row = (StreamId, Vec<(Vec<u8>, Vec<u8>)>);

fn id(ms: u64, seq: u64) -> StreamId {
    StreamId { ms, seq }
}

fn owned(entry: Entry<'_>) -> Row {
    let fields: Vec<_> =
        entry.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    assert_eq!(fields.len(), entry.field_count());
    (entry.id, fields)
}

fn check(stream: &Stream, model: &[Row], rng: &mut Rng) {
    let found: Vec<_> = stream.iter().map(owned).collect();
    assert_eq!(found, model);
    assert_eq!((stream.len(), stream.is_empty()), (model.len() as u64, model.is_empty()));
    assert_eq!(stream.first_id(), model.first().map_or(StreamId::default(), |row| row.0));
    for node in stream.nodes() {
        validate(Kind::Listpack, node.listpack().as_bytes()).unwrap();
    }
    for _ in 0..4 {
        let (start, end) = (id(rng.below(3000), rng.below(3)), id(rng.below(3000), rng.below(3)));
        let expected: Vec<_> =
            model.iter().filter(|row| start <= row.0 && row.0 <= end).cloned().collect();
        assert_eq!(stream.range(start, end, false).map(owned).collect::<Vec<_>>(), expected);
        let mut back: Vec<_> = stream.range(start, end, true).map(owned).collect();
        back.reverse();
        assert_eq!(back, expected);
    }
    let nodes = stream.nodes().map(|node| (node.master_id(), node.listpack().clone()));
    let copy = Stream::from_nodes(nodes, stream.meta()).unwrap();
    assert_eq!(copy.iter().map(owned).collect::<Vec<_>>(), model);
}

/// A stream under random changes holds what a vector holds, and clones of it stay as they were.
#[test]
fn behaves_as_a_vector_and_clones_stay_frozen() {
    for seed in 0..4 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let limits = Limits {
            stream_node_max_entries: [100, 7, 0, 1][seed as usize],
            stream_node_max_bytes: [4096, 0, 500, 4096][seed as usize],
            ..Limits::default()
        };
        let (mut stream, mut model) = (Stream::new(), Vec::<Row>::new());
        let mut frozen: Vec<(Stream, Vec<Row>)> = Vec::new();
        let mut last = id(0, 0);
        for _ in 0..4000 {
            match rng.below(40) {
                0 | 1 => {
                    let index = rng.below(model.len() as u64 + 1) as usize;
                    let gone = model.get(index).map_or(id(9, 9), |row| row.0);
                    let there = model.iter().position(|row| row.0 == gone);
                    assert_eq!(stream.delete(gone), there.is_some());
                    there.map(|at| model.remove(at));
                }
                2 if rng.below(10) == 0 => {
                    let before = model.len() as u64;
                    let max = rng.below(before + 2);
                    let approximate = rng.below(2) == 0;
                    let removed = stream.trim(Keep::Last(max), approximate, 0);
                    assert!(removed <= before.saturating_sub(max));
                    assert!(approximate || removed == before.saturating_sub(max));
                    model.drain(..removed as usize);
                }
                3 if rng.below(10) == 0 => {
                    let index = rng.below(model.len() as u64 + 1) as usize;
                    let first = model.get(index).map_or(id(1, 1), |row| row.0);
                    let older = model.iter().filter(|row| row.0 < first).count() as u64;
                    let limit = rng.below(2) * 50;
                    let removed = stream.trim(Keep::From(first), limit > 0, limit);
                    assert!(if limit > 0 { removed <= older.min(limit) } else { removed == older });
                    model.drain(..removed as usize);
                }
                4 if rng.below(5) == 0 => frozen.push((stream.clone(), model.clone())),
                5 if rng.below(10) == 0 => check(&stream, &model, &mut rng),
                _ => {
                    last = if rng.below(2) == 0 {
                        id(last.ms + 1, rng.below(5))
                    } else {
                        id(last.ms, last.seq + 1)
                    };
                    let value = rng.below(1000).to_string();
                    let long = vec![b'v'; rng.below(60) as usize];
                    let mut fields: Vec<(&[u8], &[u8])> = vec![(b"f", value.as_bytes())];
                    if rng.below(4) == 0 {
                        fields.push((b"7", &long));
                    }
                    assert!(stream.append(last, &fields, &limits));
                    assert!(!stream.append(last, &fields, &limits));
                    let fields = fields.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
                    model.push((last, fields));
                    assert_eq!(stream.get(last).map(owned).as_ref(), model.last());
                }
            }
            if frozen.len() > 4 {
                let (stream, model) = frozen.swap_remove(rng.below(4) as usize);
                check(&stream, &model, &mut rng);
            }
        }
        check(&stream, &model, &mut rng);
        assert_eq!(stream.last_id(), last);
        stream.trim(Keep::Last(0), false, 0);
        check(&stream, &[], &mut rng);
    }
}

#[test]
fn nodes_are_what_servers_write() {
    let mut stream = Stream::new();
    let limits = Limits::default();
    stream.append(id(5, 1), &[(b"f", b"v")], &limits);
    stream.append(id(6, 0), &[(b"f", b"7")], &limits);
    stream.append(id(7, 0), &[(b"g", b"w")], &limits);
    stream.delete(id(6, 0));
    let values: Vec<_> = stream
        .nodes()
        .flat_map(|node| node.listpack().iter())
        .map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
        .collect();
    let expected = "2 1 1 f 0  2 0 0 v 4  3 1 -1 7 4  0 2 -1 1 g w 6";
    assert_eq!(values, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(stream.max_deleted_id(), id(6, 0));
    assert_eq!(stream.entries_added(), 3);
}

#[test]
fn groups_know_what_is_pending() {
    let limits = Limits::default();
    let mut stream = Stream::new();
    for n in 1..=300 {
        stream.append(id(n, 0), &[(b"f", b"v")], &limits);
    }
    assert!(stream.create_group(b"g", Group::new(id(0, 0), Some(0))));
    assert!(!stream.create_group(b"g", Group::default()));
    for n in 1..=200 {
        stream.advance_group(b"g", id(n, 0));
        let consumer: &[u8] = if n % 2 == 0 { b"even" } else { b"odd" };
        stream.group_mut(b"g").unwrap().set_pending(id(n, 0), Some(consumer), 7, 1);
    }
    let frozen = stream.clone();
    let group = stream.group(b"g").unwrap();
    assert_eq!((group.entries_read, group.last_id), (Some(200), id(200, 0)));
    assert_eq!(stream.lag(group), Some(100));
    assert_eq!(group.consumer(b"odd").map(Consumer::pending_count), Some(100));
    let group = stream.group_mut(b"g").unwrap();
    group.set_pending(id(1, 0), Some(b"even"), 8, 2);
    assert!(group.acknowledge(id(2, 0)) && !group.acknowledge(id(2, 0)));
    assert_eq!(group.consumer(b"even").map(Consumer::pending_count), Some(100));
    group.set_pending(id(4, 0), None, 9, 1);
    assert_eq!(group.delete_consumer(b"even"), Some(99));
    assert_eq!(group.pending_count(), 100);
    let first: Vec<_> = group.pending_from(id(2, 0)).take(2).map(|(id, _)| id).collect();
    assert_eq!(first, [id(3, 0), id(4, 0)]);
    assert_eq!(group.pending(id(4, 0)).map(|pending| pending.consumer.clone()), Some(None));
    stream.delete(id(250, 0));
    assert_eq!(stream.lag(stream.group(b"g").unwrap()), None);
    let group = frozen.group(b"g").unwrap();
    assert_eq!((group.pending_count(), group.consumer_count()), (200, 2));
    assert!(stream.destroy_group(b"g") && !stream.destroy_group(b"g"));
    stream.idempotence_mut().added += 1;
    assert_eq!(stream.idempotence().map(|idempotence| idempotence.added), Some(1));
    assert_eq!(frozen.idempotence(), None);
}

/// A map under random changes holds what the standard one holds.
#[test]
fn maps_behave_as_maps() {
    for seed in 0..3 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let (mut map, mut model) = (IdMap::new(), BTreeMap::new());
        let mut frozen = None;
        for step in 0..5000_u64 {
            let key = id(rng.below(500), rng.below(3));
            if rng.below(5) < 3 {
                assert_eq!(map.insert(key, step), model.insert(key, step));
            } else {
                assert_eq!(map.remove(key), model.remove(&key));
            }
            if step == 2000 {
                frozen = Some((map.clone(), model.clone()));
            }
            if step % 100 == 0 {
                let rest: Vec<_> = map.iter_from(key).map(|(id, n)| (id, *n)).collect();
                assert_eq!(rest, model.range(key..).map(|(id, n)| (*id, *n)).collect::<Vec<_>>());
                assert_eq!(map.len(), model.len() as u64);
            }
        }
        let (map, model) = frozen.unwrap();
        assert!(map.iter().map(|(id, n)| (id, *n)).eq(model));
    }
}

#[test]
fn small_entries_take_little_room() {
    const N: u64 = 100_000;
    let mut stream = Stream::new();
    for n in 0..N {
        stream.append(id(1_700_000_000_000 + n / 3, n % 3), &[(b"f", b"v")], &Limits::default());
    }
    let bytes = stream.allocated_bytes() as f64 / N as f64;
    println!("{bytes} bytes per entry");
    assert!(bytes <= 25.6, "{bytes} bytes per entry");
}

#[test]
fn what_was_given_back_keeps_its_turn() {
    let id = |seq| StreamId { ms: 1, seq };
    let given_back = |group: &Group| group.given_back().map(|id| id.seq).collect::<Vec<_>>();
    let mut group = Group::new(id(9), None);
    for seq in 1..=4 {
        group.set_pending(id(seq), Some(b"c"), 50, 1);
    }
    for seq in [3, 1, 2] {
        group.give_back(id(seq), 0, 1);
    }
    assert_eq!(given_back(&group), [3, 1, 2]);
    let snapshot = group.clone();
    // Once more, and so at the end.
    group.give_back(id(3), 0, 2);
    group.set_pending(id(1), Some(b"d"), 60, 2);
    assert!(group.acknowledge(id(2)));
    assert_eq!((given_back(&group), group.given_back_count()), (vec![3], 1));
    assert_eq!(group.consumer(b"c").unwrap().pending_count(), 1);
    assert_eq!(given_back(&snapshot), [3, 1, 2]);
    // Those who are pending for nobody get their turns by their ids.
    group.set_pending(id(7), None, 0, 1);
    group.set_pending(id(6), None, 0, 1);
    group.give_back_unclaimed();
    assert_eq!(given_back(&group), [3, 6, 7]);
}
