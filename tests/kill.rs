//! `rkv serve` killed at random moments under load: what was acknowledged is there, as far as `appendfsync` promises.
//!
//! `RKV_KILLS` says how often for each policy, `RKV_SEED` at which moments.

mod common;

use common::client::Reply;
use common::servers::{Peer, Server};
use rkv::base::rng::Rng;
use std::time::{Duration, Instant};

/// Clients that write at the same time.
const WRITERS: usize = 4;

/// How far behind the disk may be under `everysec`: a second to the next sync, and time for the sync.
const WINDOW: Duration = Duration::from_millis(2000);

fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What a writer knows: when which of its numbers was acknowledged, and what it sent last.
#[derive(Clone, Default)]
struct Written {
    acknowledged: Vec<(Instant, u64)>,
    sent: u64,
}

/// Writes numbers above `from` until the server is gone.
fn write(server: &Server, writer: usize, from: u64) -> std::thread::JoinHandle<Written> {
    let mut client = server.connect();
    let key = format!("number:{writer}");
    std::thread::spawn(move || {
        let mut written = Written { acknowledged: Vec::new(), sent: from };
        loop {
            written.sent += 1;
            let number = written.sent.to_string();
            // Several keys in one command, so that a torn one would show.
            let argv = ["MSET", &key, &number, &format!("copy:{key}"), &number];
            match client.try_cmd(&argv) {
                Ok(reply) => assert_eq!(reply, Reply::Simple("OK".into())),
                Err(_) => return written,
            }
            written.acknowledged.push((Instant::now(), written.sent));
        }
    })
}

fn number(server: &mut Server, key: &str) -> u64 {
    match server.ok(&["GET", key]) {
        Reply::Nil => 0,
        reply => reply.text().parse().expect("a number"),
    }
}

fn kill_again_and_again(policy: &str, kills: u64, seed: u64) {
    println!("appendfsync {policy}, {kills} kills, seed {seed}");
    let mut rng = Rng::new(seed);
    let options = ["--appendonly", "yes", "--appendfsync", policy];
    let mut server = Server::start_with(Peer::Rkv, &options);
    let mut found = [0; WRITERS];
    for round in 0..kills {
        let writers: Vec<_> = (0..WRITERS).map(|w| write(&server, w, found[w])).collect();
        let rewrites = rng.below(3) == 0;
        std::thread::sleep(Duration::from_millis(rng.below(200)));
        if rewrites {
            server.cmd(&["BGREWRITEAOF"]);
            std::thread::sleep(Duration::from_millis(rng.below(60)));
        }
        let moment = Instant::now();
        let dir = server.kill();
        let written: Vec<Written> =
            writers.into_iter().map(|writer| writer.join().expect("a writer")).collect();
        server = Server::start_in(Peer::Rkv, dir, &options).expect("it starts again");
        for (writer, written) in written.iter().enumerate() {
            let context = format!("{policy}, seed {seed}, round {round}, writer {writer}");
            let promised = match policy {
                "always" => written.acknowledged.last(),
                // Nothing but a rewrite keeps bytes from going to the system before their reply leaves.
                "no" if !rewrites => written.acknowledged.last(),
                _ => written.acknowledged.iter().rfind(|(at, _)| *at + WINDOW < moment),
            };
            let promised = promised.map_or(found[writer], |(_, number)| *number);
            found[writer] = number(&mut server, &format!("number:{writer}"));
            let copy = number(&mut server, &format!("copy:number:{writer}"));
            assert_eq!(found[writer], copy, "{context}");
            // What a failed round left is not promised again, but what was loaded once stays.
            assert!(found[writer] >= promised, "{context}: {} < {promised}", found[writer]);
            assert!(found[writer] <= written.sent, "{context}");
        }
    }
    assert!(found.iter().all(|number| *number > 0), "nobody wrote");
}

#[test]
fn what_was_acknowledged_survives_kills() {
    let kills = env("RKV_KILLS").unwrap_or(40);
    let seed = env("RKV_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    for policy in ["always", "everysec", "no"] {
        kill_again_and_again(policy, kills, seed);
    }
}
