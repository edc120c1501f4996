//! Compares with recorded answers of servers: `recorded/*.json` of redis-server 7.0.15, and listings of `CONFIG GET *` with
//! defaults of several.

use super::rule::Bytes;
use super::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "7.0.15";

/// Files by name, in a machine that has nothing else.
#[derive(Default)]
struct Files {
    files: BTreeMap<Bytes, Bytes>,
    stdin: Bytes,
}

const MISSING: &str = "No such file or directory";

impl Host for Files {
    fn read(&mut self, path: &[u8]) -> Result<Bytes, String> {
        self.files.get(path).cloned().ok_or_else(|| MISSING.into())
    }

    fn stdin(&mut self) -> Bytes {
        std::mem::take(&mut self.stdin)
    }

    fn expand(&mut self, pattern: &[u8]) -> Vec<Bytes> {
        let glob = crate::base::glob::Glob::new(pattern);
        self.files.keys().filter(|path| glob.matches(path)).cloned().collect()
    }

    fn enter(&mut self, dir: &[u8]) -> Result<Bytes, String> {
        if dir == b"/data" || dir == b"." { Ok(text("/data")) } else { Err(MISSING.into()) }
    }

    fn append(&mut self, log: &[u8]) -> Result<(), String> {
        if log.contains(&b'/') { Err(MISSING.into()) } else { Ok(()) }
    }
}

fn text(text: &str) -> Bytes {
    rule::text(text)
}

/// The characters of recordings are bytes.
fn bytes(recorded: &str) -> Bytes {
    recorded.chars().map(|c| u8::try_from(c).unwrap()).collect()
}

fn pairs(recorded: &[[String; 2]]) -> Vec<(Bytes, Bytes)> {
    recorded.iter().map(|[name, value]| (bytes(name), bytes(value))).collect()
}

fn get(config: &Config, names: impl Iterator<Item = Bytes>) -> Vec<(Bytes, Bytes)> {
    let names: Vec<_> = names.collect();
    config.get(&names.iter().map(Bytes::as_slice).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct LoadCase {
    arguments: Vec<String>,
    files: BTreeMap<String, String>,
    stdin: String,
    #[serde(default)]
    values: Vec<[String; 2]>,
    error: Option<String>,
}

#[test]
fn files_and_arguments_are_read_as_by_redis() {
    let cases: Vec<LoadCase> = serde_json::from_str(include_str!("recorded/load.json")).unwrap();
    assert!(cases.len() > 140);
    for case in cases {
        let files = case.files.iter().map(|(name, text)| (bytes(name), bytes(text))).collect();
        let mut host = Files { files, stdin: bytes(&case.stdin) };
        let args: Vec<_> = case.arguments.iter().map(|arg| bytes(arg)).collect();
        let mut config = Config::default();
        let loaded = config.load(&CommandLine::new(&args), &mut host);
        let shown = format!("{:?} {:?}", case.arguments, case.files);
        match (loaded, &case.error) {
            (Ok(_), None) => {
                let expected = pairs(&case.values);
                let names = expected.iter().map(|(name, _)| name.clone());
                assert_eq!(lossy(&get(&config, names)), lossy(&expected), "{shown}");
            }
            (Err(error), Some(expected)) => {
                let message = error.message(VERSION);
                assert_eq!(String::from_utf8_lossy(&message), *expected, "{shown}");
            }
            (loaded, expected) => panic!("{shown}: {loaded:?}, expected {expected:?}"),
        }
    }
}

fn lossy(pairs: &[(Bytes, Bytes)]) -> BTreeSet<(String, String)> {
    let lossy = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    pairs.iter().map(|(name, value)| (lossy(name), lossy(value))).collect()
}

#[derive(Deserialize)]
struct SetCase {
    set: Vec<String>,
    reply: String,
    get: Vec<[String; 2]>,
}

#[test]
fn values_are_set_as_by_redis() {
    let cases: Vec<SetCase> = serde_json::from_str(include_str!("recorded/set.json")).unwrap();
    let mut config = Config { dir: text("/data"), port: 6400, ..Config::default() };
    for case in cases {
        let words: Vec<_> = case.set.iter().map(|word| bytes(word)).collect();
        let pairs_given: Vec<_> =
            words.chunks(2).map(|pair| (pair[0].as_slice(), pair[1].as_slice())).collect();
        let before = config.clone();
        let reply = match config.set(&pairs_given, Access::default()) {
            Ok(_) => "OK".into(),
            Err(error) => {
                assert_eq!(config, before);
                error.to_string()
            }
        };
        assert_eq!(reply, case.reply, "{:?}", case.set);
        let names = words.iter().step_by(2).cloned();
        assert_eq!(lossy(&get(&config, names)), lossy(&pairs(&case.get)), "{:?}", case.set);
    }
}

#[derive(Deserialize)]
struct RewriteCase {
    old: String,
    set: Vec<[String; 2]>,
    users: Vec<String>,
    new: String,
}

#[test]
fn files_are_rewritten_as_by_redis() {
    let cases: Vec<RewriteCase> =
        serde_json::from_str(include_str!("recorded/rewrite.json")).unwrap();
    for case in cases {
        let mut host = Files {
            files: BTreeMap::from([(text("c.conf"), bytes(&case.old))]),
            ..Files::default()
        };
        let mut config = Config { dir: text("/data"), ..Config::default() };
        config.load(&CommandLine::new(&[text("c.conf")]), &mut host).unwrap();
        for [name, value] in &case.set {
            config.set(&[(&bytes(name), &bytes(value))], Access::default()).unwrap();
        }
        let users: Vec<_> = case.users.iter().map(|user| bytes(user)).collect();
        let new = String::from_utf8(config.rewrite(&bytes(&case.old), &users, false)).unwrap();
        // Redis appends in the order of a hash table.
        let parts = |text: &str| {
            let mark = "# Generated by CONFIG REWRITE\n";
            let (head, tail) = text.split_once(mark).unwrap_or((text, ""));
            let tail: BTreeSet<_> = tail.lines().map(str::to_owned).collect();
            (head.to_owned(), tail)
        };
        assert_eq!(parts(&new), parts(&case.new), "{}", case.old);
        let mut again = Config { dir: text("/data"), ..Config::default() };
        host.files.insert(text("c.conf"), new.into_bytes());
        again.load(&CommandLine::new(&[text("c.conf")]), &mut host).unwrap();
        again.other = config.other.clone();
        assert_eq!(again, config);
    }
}

#[test]
fn a_file_of_everything_reads_back() {
    let mut config = Config { dir: text("/data"), ..Config::default() };
    let set: [(&[u8], &[u8]); 4] = [
        (b"save", b""),
        (b"bind", b""),
        (b"latency-tracking-info-percentiles", b""),
        (b"maxmemory-clients", b"7%"),
    ];
    config.set(&set, Access::default()).unwrap();
    let everything = config.rewrite(b"", &[], true);
    let mut host =
        Files { files: BTreeMap::from([(text("c.conf"), everything)]), ..Files::default() };
    let mut again = Config::default();
    let loaded = again.load(&CommandLine::new(&[text("c.conf")]), &mut host).unwrap();
    assert_eq!(again, config);
    assert!(loaded.without_effect.is_empty());
}

/// Names and defaults of a listing.
fn listing(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().map(|line| line.split_once(' ').unwrap_or((line, "")))
}

#[test]
fn defaults_are_those_of_redis() {
    let config = Config::default();
    let given = config.get(&[b"*"]);
    for (name, value) in listing(include_str!("recorded/redis-7.0.15.txt")) {
        let (directive, _) = find(name.as_bytes()).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(String::from_utf8_lossy(&directive.text(&config)), value, "{name}");
        assert!(given.iter().any(|(own, _)| own == name.as_bytes()), "{name} is not listed");
        assert!(directive.servers.overlaps(R70), "{name}");
    }
    for (name, value) in listing(include_str!("recorded/redis-8.6.3.txt")) {
        let (directive, _) = find(name.as_bytes()).unwrap_or_else(|| panic!("{name}"));
        assert!(directive.servers.overlaps(R8), "{name}");
        if !directive.servers.overlaps(R70) {
            assert_eq!(String::from_utf8_lossy(&directive.text(&config)), value, "{name}");
        }
    }
}

#[test]
fn all_names_are_known() {
    for (name, _) in listing(include_str!("recorded/valkey-8.1.txt"))
        .chain(listing(include_str!("recorded/valkey-9.1.txt")))
    {
        let (directive, _) = find(name.as_bytes()).unwrap_or_else(|| panic!("{name}"));
        assert!(directive.servers.overlaps(VALKEY), "{name}");
    }
}

#[test]
fn names_are_unique_and_defaults_are_allowed() {
    let mut names = BTreeSet::new();
    for directive in all() {
        for name in directive.names() {
            assert!(names.insert(name), "{name} twice");
            assert_eq!(name, name.to_ascii_lowercase());
        }
        let mut config = Config::default();
        let value = directive.text(&config);
        let words =
            if directive.is(MULTI) { split::at_spaces(&value) } else { vec![value.as_slice()] };
        if directive.name != "replicaof" {
            (directive.value_mut)(&mut config)
                .set(&directive.rule, &words, rule::Origin::Command)
                .unwrap();
        }
        assert_eq!(config, Config::default(), "{}", directive.name);
    }
}

/// Scripts set again what a listing shows.
#[test]
fn listings_of_later_directives_can_be_set() {
    let mut config = Config::default();
    for (name, value) in config.get(&[b"*"]) {
        let (directive, _) = find(&name).unwrap();
        if !directive.is(IMMUTABLE) || !directive.servers.overlaps(R70) {
            let access = Access { protected: true, loading: false };
            let changes = config.set(&[(&name, &value)], access).unwrap();
            assert!(changes.directives().iter().all(|directive| directive.is(VOLATILE)));
        }
    }
}

#[test]
fn names_come_back_as_given() {
    let config = Config::default();
    let get = |patterns: &[&[u8]]| {
        let names = config.get(patterns).into_iter().map(|(name, _)| name);
        names.map(|name| String::from_utf8(name).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(get(&[b"PORT", b"port", b"Port"]), ["PORT"]);
    assert_eq!(
        get(&[b"slave-priority", b"REPLICA-PRIORITY"]),
        ["slave-priority", "REPLICA-PRIORITY"]
    );
    assert_eq!(get(&[b"*PRIORIT?"]), ["replica-priority", "slave-priority"]);
    assert_eq!(get(&[b"key-load-delay", b"key-load*", b"none"]), ["key-load-delay"]);
    assert_eq!(get(&[b"primaryauth", b"primary*"]), ["primaryauth"]);
    assert_eq!(get(&[b"aof-on-*"]), ["aof-on-corruption"]);
}

#[test]
fn protection_and_loading_are_heeded() {
    let mut config = Config::default();
    let protected = Access { protected: true, loading: false };
    assert!(config.set(&[(b"dbfilename", b"x.rdb")], Access::default()).is_err());
    let changes = config.set(&[(b"hz", b"5"), (b"dbfilename", b"x.rdb")], protected).unwrap();
    assert!(changes.has("hz") && changes.has("dbfilename"));
    assert_eq!(config.dbfilename, b"x.rdb");
    config.undo(changes);
    assert_eq!(config, Config::default());
    let loading = Access { protected: false, loading: true };
    assert_eq!(config.set(&[(b"appendonly", b"yes")], loading).unwrap_err(), SetError::Loading);
    let changes = config.set(&[(b"slave-priority", b"7")], loading).unwrap();
    let error = changes.refused(changes.directives()[0], "no");
    assert_eq!(
        error.to_string(),
        "ERR CONFIG SET failed (possibly related to argument 'slave-priority') - no"
    );
    assert!(set::is_sensitive(b"RequirePass") && !set::is_sensitive(b"port"));
}

#[test]
fn commands_are_renamed() {
    let mut host = Files::default();
    let lines = "rename-command GET first\nrename-command first Second\nrename-command SET get\n\
        rename-command del \"\"";
    host.files.insert(text("c.conf"), text(lines));
    let mut config = Config::default();
    config.load(&CommandLine::new(&[text("c.conf")]), &mut host).unwrap();
    let name = |name: &'static str| config.command_name(name.as_bytes());
    assert_eq!(name("second"), Some(b"GET".as_slice()));
    assert_eq!(name("GET"), Some(b"SET".as_slice()));
    assert_eq!(name("first"), None);
    assert_eq!(name("set"), None);
    assert_eq!(name("del"), None);
    assert_eq!(name("exists"), Some(b"exists".as_slice()));
}

#[test]
fn notes_tell_what_has_no_effect() {
    let mut host = Files::default();
    host.files.insert(text("c.conf"), text("activedefrag yes\ndisable-thp yes\nport 1"));
    let loaded = Config::default().load(&CommandLine::new(&[text("c.conf")]), &mut host).unwrap();
    let names: Vec<_> = loaded.without_effect.iter().map(|directive| directive.name).collect();
    assert_eq!(names, ["activedefrag"]);
}

#[test]
fn includes_do_not_go_on_for_ever() {
    let mut host = Files::default();
    host.files.insert(text("c.conf"), text("include c.conf"));
    let error =
        Config::default().load(&CommandLine::new(&[text("c.conf")]), &mut host).unwrap_err();
    assert!(matches!(error, LoadError::Line { number: 1, .. }));
}

#[test]
fn sentinel_lines_are_kept() {
    let mut host = Files::default();
    host.files.insert(text("c.conf"), text("\nsentinel monitor a 127.0.0.1 1 2\nport 1"));
    let mut config = Config::default();
    let args = [text("c.conf"), text("--sentinel"), text("--maxmemory"), text("1mb")];
    config.load(&CommandLine::new(&args), &mut host).unwrap();
    let line = &config.other.sentinel[0];
    assert_eq!((line.number, line.words.len()), (2, 5));
    assert_eq!(line.line, b"sentinel monitor a 127.0.0.1 1 2");
    assert_eq!(config.maxmemory, 1 << 20);
}

#[test]
fn words_come_back() {
    for word in [b"".as_slice(), b"a b", b"\"'\\\n\r\t\x07\x08\x00\xff"] {
        let mut line = text("name ");
        split::write_quoted(word, &mut line);
        assert_eq!(split::words(&line).unwrap(), [b"name".as_slice(), word]);
    }
    assert_eq!(
        split::words(b"a\"b c\" 'd\\'e\\n' \"\\x4g\\x41\"").unwrap(),
        [b"ab c".as_slice(), b"d'e\\n", b"x4gA"]
    );
    for open in [b"\"a".as_slice(), b"'a", b"\"a\\", b"\"a\"b", b"'a'b"] {
        assert_eq!(split::words(open), None);
    }
}

#[test]
fn any_bytes_are_read_or_refused() {
    proptest::proptest!(|(line: Vec<u8>, name in 0..table::DIRECTIVES.len(), value: Vec<u8>)| {
        let mut host = Files::default();
        let own = [table::DIRECTIVES[name].name.as_bytes(), b" ", &value].concat();
        let args = [[b"--".as_slice(), &line].concat(), own.clone(), value.clone()];
        for text in [&line, &own] {
            host.files.insert(rule::text("c.conf"), text.clone());
            let _ = Config::default().load(&CommandLine::new(&[rule::text("c.conf")]), &mut host);
        }
        let _ = Config::default().load(&CommandLine::new(&args), &mut host);
        let mut config = Config::default();
        let _ = config.set(&[(table::DIRECTIVES[name].name.as_bytes(), &value)], Access::default());
        let new = config.rewrite(&line, &[], false);
        config.rewrite(&new, &[], true);
    });
}
