//! Directives of the configuration that the system or clients notice, beside those of real servers.

mod common;

use common::client::Reply;
use common::program::rkv;
use common::servers::{Peer, Server};
use std::fs;

/// The allowed processors of each thread of a server whose name begins so, as the system lists them; the main thread comes first.
fn cpus(server: &Server, name: &str) -> Vec<String> {
    let tasks = format!("/proc/{}/task", server.pid());
    let mut ids: Vec<u32> = fs::read_dir(&tasks)
        .unwrap()
        .map(|task| task.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    ids.sort_unstable();
    let told = |id: &u32, file: &str| fs::read_to_string(format!("{tasks}/{id}/{file}")).ok();
    let is_meant = |id: &&u32| told(id, "comm").is_some_and(|comm| comm.starts_with(name));
    let list = |id: &u32| {
        let status = told(id, "status")?;
        let line = status.lines().find(|line| line.starts_with("Cpus_allowed_list:"))?;
        Some(line.split_whitespace().nth(1)?.to_owned())
    };
    ids.iter().filter(is_meant).filter_map(list).collect()
}

#[test]
fn threads_run_where_the_configuration_says() {
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let own = own.lines().find(|line| line.starts_with("Cpus_allowed_list:")).unwrap();
    let own = own.split_whitespace().nth(1).unwrap();
    let one = own.split([',', '-']).next().unwrap();
    for peer in [Peer::Redis70, Peer::Rkv] {
        let server = Server::start_with(peer, &["--server_cpulist", one]);
        assert_eq!(cpus(&server, "")[0], one, "{peer:?}");
        let args = ["--server_cpulist", one, "--io-threads", "2"];
        let server = Server::start_with(peer, &args);
        assert_eq!(cpus(&server, "io_thd"), [one], "{peer:?}");
    }
    let background = |args: &[&str]| cpus(&Server::start_with(Peer::Rkv, args), "free");
    assert_eq!(background(&["--server-cpulist", one]), [own]);
    assert_eq!(background(&["--bio-cpulist", one]), [one]);
    let server = Server::start_with(Peer::Rkv, &["--server-cpulist", "some"]);
    assert!(server.log().contains("'server-cpulist' is no list of processors"), "{}", server.log());
}

#[test]
fn the_system_learns_how_readily_it_may_end_the_server() {
    for peer in [Peer::Redis70, Peer::Rkv] {
        let args = ["--oom-score-adj-values", "10 20 30", "--oom-score-adj", "yes"];
        let mut server = Server::start_with(peer, &args);
        let path = format!("/proc/{}/oom_score_adj", server.pid());
        let score = || fs::read_to_string(&path).unwrap().trim().parse::<i32>().unwrap();
        let base = fs::read_to_string("/proc/self/oom_score_adj").unwrap();
        let base: i32 = base.trim().parse().unwrap();
        assert_eq!(score(), base + 10, "{peer:?}");
        let mut after = |command: &[&str]| {
            server.ok(command);
            score()
        };
        let values = ["CONFIG", "SET", "oom-score-adj-values"];
        assert_eq!(after(&[&values[..], &["15 20 30"]].concat()), base + 15, "{peer:?}");
        assert_eq!(after(&["REPLICAOF", "127.0.0.1", "1"]), base + 20, "{peer:?}");
        assert_eq!(after(&["REPLICAOF", "NO", "ONE"]), base + 15, "{peer:?}");
        let absolute = (base + 40).to_string();
        let absolute_values = format!("{absolute} {absolute} {absolute}");
        let change = ["oom-score-adj-values", &absolute_values, "oom-score-adj", "absolute"];
        assert_eq!(after(&[&["CONFIG", "SET"][..], &change].concat()), base + 40, "{peer:?}");
        assert_eq!(after(&["CONFIG", "SET", "oom-score-adj", "no"]), base, "{peer:?}");
        assert_eq!(after(&[&values[..], &["17 20 30"]].concat()), base, "{peer:?}");
    }
}

#[test]
fn a_change_of_which_a_part_fails_leaves_the_system_as_it_was() {
    let mut server = Server::start_with(Peer::Rkv, &["--enable-protected-configs", "yes"]);
    let score = || fs::read_to_string(format!("/proc/{}/oom_score_adj", server.pid())).unwrap();
    let before = score();
    let dir = server.dir().to_str().unwrap().to_owned();
    let taken = Server::start(Peer::Rkv);
    let port = taken.address().port().to_string();
    let change = ["CONFIG", "SET", "oom-score-adj", "yes", "dir", "/", "port", &port];
    let error = format!("{:?}", server.cmd(&change));
    assert!(error.contains("'port'") && error.contains("Unable to listen"), "{error}");
    let after = fs::read_to_string(format!("/proc/{}/oom_score_adj", server.pid())).unwrap();
    assert_eq!(after, before);
    assert_eq!(server.ok(&["CONFIG", "GET", "dir"]).array()[1].clone().text(), dir);
    assert_eq!(server.ok(&["CONFIG", "GET", "oom-score-adj"]).array()[1].clone().text(), "no");
    server.ok(&["SET", "key", "value"]);
    server.ok(&["SAVE"]);
    assert!(server.dir().join("dump.rdb").exists());
}

/// A field of the reply to HELLO.
fn field_of_hello(server: &mut Server, name: &str) -> String {
    let fields = server.ok(&["HELLO"]).array();
    let is_it = |pair: &&[Reply]| pair[0] == Reply::Bulk(name.into());
    let pair = fields.chunks_exact(2).find(is_it);
    pair.unwrap_or_else(|| panic!("no {name} in {fields:?}"))[1].clone().text()
}

#[test]
fn hello_tells_of_the_role_and_the_zone() {
    for peer in [Peer::Redis70, Peer::Rkv] {
        let mut server = Server::start(peer);
        assert_eq!(field_of_hello(&mut server, "role"), "master", "{peer:?}");
        server.ok(&["REPLICAOF", "127.0.0.1", "1"]);
        assert_eq!(field_of_hello(&mut server, "role"), "replica", "{peer:?}");
    }
    for peer in [Peer::Valkey91, Peer::Rkv] {
        let mut server = Server::start_with(peer, &["--availability-zone", "zone-1"]);
        assert_eq!(field_of_hello(&mut server, "availability_zone"), "zone-1", "{peer:?}");
        let info = server.ok(&["INFO", "server"]).text();
        assert!(info.contains("\r\navailability_zone:zone-1\r\n"), "{peer:?}: {info}");
    }
}

#[test]
fn clients_begin_with_the_protocol_that_is_asked_for() {
    let server = Server::start_with(Peer::Rkv, &["--client-default-resp", "3"]);
    let list = server.connect().cmd(&["CLIENT", "LIST"]).text();
    assert!(list.contains("resp=3"), "{list}");
}

/// A line of the user `default` that sets a password must not be passed over.
#[test]
fn the_line_of_the_default_user_sets_the_password() {
    for peer in [Peer::Redis70, Peer::Rkv] {
        let server =
            Server::start_with(peer, &["--user", "default", "on", ">secret", "~*", "&*", "+@all"]);
        let mut client = server.connect();
        let refused = client.cmd(&["GET", "key"]);
        assert!(refused.is_error(), "{peer:?}: {refused:?}");
        assert!(client.cmd(&["AUTH", "wrong"]).is_error(), "{peer:?}");
        client.cmd(&["AUTH", "secret"]).ok();
        client.cmd(&["GET", "key"]).ok();
    }
}

#[test]
fn what_cannot_be_had_keeps_the_server_from_starting() {
    for (directive, what) in [
        ("user alice on nopass ~* &* +@all", "user alice"),
        ("user default on >a ~* &* +@all -debug", "user default"),
        ("loadmodule /some/module.so", "loadmodule"),
        ("tls-replication yes", "tls-replication"),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("port 0\nunixsocket /nowhere/socket\n{directive}\n"))
            .unwrap();
        let run = rkv(&["serve", file.path().to_str().unwrap()]).expect(1);
        let text = format!("{what} is not supported by rkv yet");
        assert!(run.err().contains(&text), "{}", run.err());
    }
    let mut server = Server::start(Peer::Rkv);
    let error = format!("{:?}", server.cmd(&["CONFIG", "SET", "tls-replication", "yes"]));
    assert!(error.contains("it cannot change while rkv runs"), "{error}");
}
