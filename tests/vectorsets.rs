//! Vector sets: those of real servers are stored as they were; and what rewrites, replicas and snapshots make of them.

mod common;

use common::client::Reply;
use common::files::{load_set, temp, text};
use common::program::{rkv, testdata};
use common::servers::{Peer, Server};
use rkv::base::rng::Rng;
use rkv::command::{Replay, Replayed};
use rkv::keyspace::{Keyspace, Origin, Settings};
use rkv::rdb::encode::Target;
use rkv::rdb::{Dialect, Entry, Parser, Record, Step};
use rkv::value::limits::Limits;
use rkv::value::load::{Loaded, Loader};
use rkv::value::save::{Held, Saved, Saver};
use rkv::value::{Value, VectorSet};

/// Files of real servers with as many vector sets.
const FILES: [(&str, usize); 3] = [
    ("redis-8.6.3.rdb", 2),
    ("redis-unst-2026-06.rdb", 2),
    ("servers/redis-8.6-idmp-vectors.rdb", 1),
];

/// Shows each vector set of a file with its stored form.
fn each_vector_set(name: &str, mut show: impl FnMut(&Entry<'_>, &VectorSet)) {
    let bytes = std::fs::read(testdata(name)).unwrap();
    let (mut parser, mut loader, mut at) = (Parser::new(), Loader::new(), 0);
    while !parser.is_done() {
        let Step::Record(consumed, record) = parser.parse(&bytes[at..], true).unwrap() else {
            panic!("{name} ends early");
        };
        at += consumed;
        if let Record::Key(entry) = record
            && entry.is_vector_set()
        {
            match loader.load(&entry, &Limits::default()).unwrap() {
                Loaded::Value(Value::VectorSet(set)) => show(&entry, &set),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn vector_sets_of_servers_are_stored_as_they_were() {
    for (name, wanted) in FILES {
        let mut sets = 0;
        each_vector_set(name, |entry, set| {
            sets += 1;
            let mut saver = Saver::new(Target::like(entry.header), true);
            let value = Value::VectorSet(triomphe_of(set));
            let saved = saver.save(Held::Value(&value)).unwrap();
            assert_eq!(saved, Saved::Type(entry.ty.code));
            assert_eq!(saver.body(), entry.value, "{name}, {}", entry.path());
        });
        assert_eq!(sets, wanted, "{name}");
    }
}

fn triomphe_of(set: &VectorSet) -> triomphe::Arc<VectorSet> {
    triomphe::Arc::new(set.clone())
}

#[test]
fn vector_sets_of_servers_are_searched_and_changed() {
    for (name, _) in FILES {
        each_vector_set(name, |entry, set| {
            let path = entry.path();
            let mut changed = set.clone();
            for element in set.iter() {
                let query = set.query(element.vector().restored(set.dim()));
                let found = set.search(&query, 100, None);
                let found: Vec<&[u8]> = found.iter().map(|found| found.name).collect();
                assert!(found.contains(&element.name()), "{name}, {path}");
                changed.add(element.name(), vec![1.0; set.dim()], 200, None);
            }
            assert_eq!(changed.len(), set.len(), "{name}, {path}");
            assert!(set.iter().all(|element| changed.remove(element.name())), "{name}, {path}");
            assert!(changed.is_empty());
        });
    }
}

/// Random commands on vector sets; most of them change something.
fn command(rng: &mut Rng) -> Vec<String> {
    let mut pick = |words: &[&str]| words[rng.below(words.len() as u64) as usize].to_owned();
    let form = pick(&["Q8", "BIN", "NOQUANT"]);
    let (key, element) = (format!("v:{form}"), pick(&["a", "b", "c", "d", "e", "f", "g", "h"]));
    match &pick(&["add", "add", "add", "attr", "rem", "copy", "rename", "del"])[..] {
        "add" => {
            let numbers = [(); 3].map(|()| pick(&["0", "1", "-2.5", "1e3"]));
            let mut words: Vec<String> = ["VADD", &key, "VALUES", "3"].map(Into::into).into();
            words.extend(numbers);
            words.extend([element, form]);
            match &pick(&["", "", "CAS", "SETATTR"])[..] {
                "CAS" => words.push("CAS".into()),
                "SETATTR" => words.extend(["SETATTR".into(), pick(&["", "{}", "{\"n\":1}"])]),
                _ => {}
            }
            words
        }
        "attr" => vec!["VSETATTR".into(), key, element, pick(&["", "{}"])],
        "rem" => vec!["VREM".into(), key, element],
        "copy" => vec!["COPY".into(), key.clone(), format!("{key}:copy"), "REPLACE".into()],
        "rename" => vec!["RENAMENX".into(), format!("{key}:copy"), key],
        _ => vec!["DEL".into(), format!("{key}:copy")],
    }
}

#[test]
fn replicas_and_snapshots_have_the_same_vectors() {
    let seed = std::env::var("RKV_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(42);
    println!("RKV_SEED={seed}");
    let mut rng = Rng::new(seed);
    let mut ours = Keyspace::new(Settings::default());
    let mut replica = Keyspace::new(Settings::default());
    let mut frozen = Vec::new();
    for step in 0..3_000 {
        let words = command(&mut rng);
        let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let done = Replay::new(&mut ours, Origin::Load).command(&args, 1);
        let again = Replay::new(&mut replica, Origin::Primary).command(&args, 1);
        assert_eq!(done, again, "{words:?}");
        assert!(!matches!(done, Replayed::Unknown | Replayed::NeedsServer), "{words:?}");
        if step % 200 == 0 {
            let snapshot = ours.snapshot();
            let digest = snapshot.digest(Dialect::Redis);
            assert_eq!(replica.snapshot().digest(Dialect::Redis), digest);
            frozen.push((snapshot, digest));
        }
    }
    for (snapshot, digest) in frozen {
        assert_eq!(snapshot.digest(Dialect::Redis), digest, "a snapshot has changed");
    }
}

/// Fills a server with vector sets of all forms.
fn fill(server: &mut Server) {
    for form in ["Q8", "BIN", "NOQUANT"] {
        for number in 0..40_u32 {
            let (x, name) = ((number * 37 % 19).to_string(), number.to_string());
            let attributes = format!("{{\"n\":{number}}}");
            let mut words = vec!["VADD", form, "REDUCE", "3", "VALUES", "4", &x, "1", "-2", &name];
            words.extend([&name, form, "SETATTR", &attributes]);
            assert_eq!(server.ok(&words), Reply::Int(1));
        }
        assert_eq!(server.ok(&["VREM", form, "7"]), Reply::Int(1));
    }
}

#[test]
fn rewritten_files_give_the_same_vectors() {
    let mut server = Server::start_with(Peer::Rkv, &["--appendonly", "yes"]);
    fill(&mut server);
    let digest = server.debug_digest();
    let links = server.ok(&["VLINKS", "Q8", "5", "WITHSCORES"]);
    let similar = server.ok(&["VSIM", "NOQUANT", "ELE", "5", "WITHSCORES", "WITHATTRIBS"]);
    let dir = server.end();
    let set = text(&dir.path().join("appendonlydir"));
    let out = temp();
    for form in ["rdb", "resp"] {
        let path = out.path().join(form);
        let path_text = text(&path);
        rkv(&["aof", "rewrite", &set, "--format", form, "--to", "redis-8.0", "-o", &path_text])
            .expect(0);
        let mut server = load_set(Peer::Rkv, &path, &[]).unwrap();
        assert_eq!(server.debug_digest(), digest, "{form}");
        assert_eq!(server.ok(&["VLINKS", "Q8", "5", "WITHSCORES"]), links, "{form}");
        let again = server.ok(&["VSIM", "NOQUANT", "ELE", "5", "WITHSCORES", "WITHATTRIBS"]);
        assert_eq!(again, similar, "{form}");
    }
}
