//! Commands that servers run millions of times a second allocate nothing.

use allocation_counter::measure;
use rkv::base::rng::Rng;
use rkv::command::{Ctx, Outcome};
use rkv::keyspace::{Keyspace, Origin, Settings};
use rkv::resp::encode::Reply;

const KEYS: u64 = 10_000;

/// Runs commands as a client would, one unit of work each.
struct Client {
    keyspace: Keyspace,
    reply: Reply,
    rng: Rng,
    /// Whether a replica would hear of what it changes.
    is_heard: bool,
}

impl Client {
    /// A client of a database of strings, and of one hash.
    fn new() -> Client {
        let keyspace = Keyspace::new(Settings::default());
        let mut client =
            Client { keyspace, reply: Reply::new(false), rng: Rng::new(1), is_heard: true };
        for n in 0..KEYS {
            client.run(&[b"SET", format!("key:{n:08}").as_bytes(), b"sixteen bytes..."]);
            client.run(&[b"HSET", b"hash", format!("field:{n:08}").as_bytes(), b"value"]);
        }
        client
    }

    fn run(&mut self, args: &[&[u8]]) {
        self.reply.clear();
        let mut unit = self.keyspace.unit(Origin::Client, 1_800_000_000_000);
        let mut ctx = Ctx::new(&mut unit, &mut self.reply, &mut self.rng);
        ctx.set_heard(self.is_heard);
        let outcome = ctx.call(args);
        let effects = unit.commit();
        self.keyspace.reuse(effects);
        assert_eq!(outcome, Outcome::Done);
    }

    /// Allocations of a command for each of the keys.
    fn allocations(&mut self, mut run: impl FnMut(&mut Client, &[u8], &[u8])) -> u64 {
        let names: Vec<(String, String)> =
            (0..KEYS).map(|n| (format!("key:{n:08}"), format!("field:{n:08}"))).collect();
        // The first use may grow the reply and the list of effects.
        run(self, names[0].0.as_bytes(), names[0].1.as_bytes());
        let counted = measure(|| {
            for (key, field) in &names {
                run(self, key.as_bytes(), field.as_bytes());
            }
        });
        counted.count_total
    }
}

#[test]
fn reading_allocates_nothing() {
    let mut client = Client::new();
    assert_eq!(client.allocations(|client, key, _| client.run(&[b"GET", key])), 0);
    assert_eq!(client.allocations(|client, _, field| client.run(&[b"HGET", b"hash", field])), 0);
    assert_eq!(client.allocations(|client, key, _| client.run(&[b"EXISTS", key])), 0);
}

#[test]
fn overwriting_with_the_same_size_allocates_nothing() {
    let mut client = Client::new();
    let set = |client: &mut Client, key: &[u8], _: &[u8]| {
        client.run(&[b"SET", key, b"another sixteen."]);
    };
    assert_eq!(client.allocations(set), 0);
    let hset = |client: &mut Client, _: &[u8], field: &[u8]| {
        client.run(&[b"HSET", b"hash", field, b"other"]);
    };
    assert_eq!(client.allocations(hset), 0);
}

/// Entries go where there is room; only each new node of about a hundred needs memory, and grows some times.
#[test]
fn appending_to_a_stream_allocates_for_nodes_only() {
    let mut client = Client::new();
    client.is_heard = false;
    let xadd = |client: &mut Client, _: &[u8], field: &[u8]| {
        client.run(&[b"XADD", b"stream", b"*", b"field", field]);
    };
    let allocated = client.allocations(xadd);
    assert!((KEYS / 100..KEYS / 2).contains(&allocated), "{allocated}");
}

#[test]
fn a_write_behind_a_snapshot_allocates() {
    let mut client = Client::new();
    let snapshot = client.keyspace.snapshot();
    let set = |client: &mut Client, key: &[u8], _: &[u8]| {
        client.run(&[b"SET", key, b"another sixteen."]);
    };
    assert!(client.allocations(set) > 0, "pages are copied, and counted");
    drop(snapshot);
}
