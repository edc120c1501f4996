//! `aof rewrite`: what is replayed without a server is what servers load.

mod common;

use common::files::{check_set, copy_dir, load_set, temp, text};
use common::program::{rkv, rkv_in, testdata};
use common::servers::{AOF, FILES, Peer, Server, digest_of_rdb, program};
use std::path::Path;
use std::process::Command;

/// The digest of a server that has loaded a set.
#[track_caller]
fn digest_of_set(peer: Peer, set: &Path) -> String {
    match load_set(peer, set, &[]) {
        Ok(mut server) => server.debug_digest(),
        Err(log) => panic!("{peer:?} refuses {}: {log}", set.display()),
    }
}

fn check(program: &Path, file: &Path) {
    let done = Command::new(program).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{}: {said}", file.display());
}

#[test]
fn an_rdb_file_comes_back_with_equal_digest() {
    for (name, peer) in FILES {
        let (dir, input) = (temp(), testdata(name));
        let expected = digest_of_rdb(*peer, &input);
        let out = dir.path().join("out.rdb");
        let input = text(&input);
        rkv(&["aof", "rewrite", &input, "--to", peer.release(), "-o", &text(&out)]).expect(0);
        assert_eq!(digest_of_rdb(*peer, &out), expected, "{name}");
        check(&peer.check_rdb(), &out);
        rkv(&["rdb", "verify", &text(&out)]).expect(0);
        let folder = dir.path().join("set");
        let args = ["--shape", "folder", "--format", "resp", "--to", peer.release()];
        let folder_text = text(&folder);
        let args = [&["aof", "rewrite", &input, "-o", &folder_text], &args[..]].concat();
        rkv(&args).expect(0);
        assert_eq!(digest_of_set(*peer, &folder), expected, "{name} as commands");
    }
}

/// Commands of all kinds, as a client sends them.
fn fill(server: &mut Server, round: u64) {
    let lines = "\
SET s:1 hello|SET s:2 12345|APPEND s:1 world|INCRBY s:2 5|SET s:3 x EX 100000|INCRBYFLOAT s:f 1.5|SETRANGE s:1 20 end
GETDEL s:3|MSET s:4 a s:5 b|EXPIRE s:4 100000|PERSIST s:4
RPUSH l:1 a b c d e f|LPOP l:1 2|LINSERT l:1 BEFORE d x|LSET l:1 0 first|LMOVE l:1 l:2 LEFT RIGHT|LTRIM l:1 0 2|LREM l:1 0 x
SADD set:1 a b c 1 2 3|SREM set:1 a|SADD set:2 1 2 3|SINTERSTORE set:3 set:1 set:2|SMOVE set:1 set:2 b|SPOP set:2
ZADD z:1 1 a 2 b 3.5 c -inf d|ZINCRBY z:1 2.25 a|ZRANGESTORE z:2 z:1 0 1|ZPOPMIN z:1|ZUNIONSTORE z:3 2 z:1 z:2 WEIGHTS 2 3
HSET h:1 f1 v1 f2 v2 n 1|HINCRBY h:1 n 5|HDEL h:1 f2|HINCRBYFLOAT h:1 d 0.1|HSETNX h:1 f1 no
XADD x:1 * a 3 b 4|XREADGROUP GROUP g c1 COUNT 1 STREAMS x:1 >|XADD x:1 MAXLEN ~ 100 * c d
XADD x:2 * q r|XGROUP CREATECONSUMER x:2 g2 alone
GEOADD g:1 13.36 38.11 Palermo 15.08 37.5 Catania
SETBIT bit:1 7 1|SETBIT bit:1 100 1|SETBIT bit:2 3 1|BITOP XOR bit:3 bit:1 bit:2|BITOP NOT bit:4 bit:1|BITOP AND bit:none no no
BITFIELD bit:5 SET u8 0 200 INCRBY i16 #3 -5 OVERFLOW SAT INCRBY u4 70 9|BITCOUNT bit:1
PFADD p:1 a b c|PFADD p:2 c d e|PFADD p:none|PFCOUNT p:1|PFMERGE p:3 p:1 p:2|PFCOUNT p:3|PFCOUNT p:1 p:2
COPY s:1 s:copy|RENAME s:5 s:renamed|SORT l:1 ALPHA STORE l:sorted|LMPOP 1 l:2 LEFT|ZMPOP 1 z:3 MAX|SELECT 3|SET other db|MOVE other 4|SELECT 0
MULTI|SET t:1 a|INCR t:2|EXEC|EVAL return{redis.call('SET','e:1','x'),redis.call('INCR','e:2')} 0";
    for line in lines.replace('\n', "|").split('|') {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let reply = server.cmd(&words);
        assert!(!reply.is_error(), "{line}: {reply:?}");
    }
    for i in 0..300 {
        let (i, round) = (i.to_string(), round.to_string());
        server.ok(&["HSET", &format!("big:hash:{round}"), &format!("field:{i}"), &"v".repeat(20)]);
        server.ok(&["ZADD", "big:zset", &format!("{i}.5"), &format!("member:{round}:{i}")]);
        server.ok(&["RPUSH", "big:list", &format!("{}:{i}", "item".repeat(30))]);
        server.ok(&["SADD", "big:set", &format!("member:{round}:{i}")]);
        server.ok(&["XADD", "big:stream", "*", "round", &round, "i", &i]);
        let mut add = vec!["PFADD".to_owned(), "big:hll".to_owned()];
        add.extend((0..10).map(|n| format!("{round}:{i}:{n}")));
        server.ok(&add);
    }
}

/// What can be done only once.
fn begin(server: &mut Server) {
    for line in [
        "XADD x:1 1-1 a 1 b 2",
        "XGROUP CREATE x:1 g 0",
        "XADD x:2 5-1 q r",
        "XDEL x:2 5-1",
        "XGROUP CREATE x:2 g2 $",
    ] {
        server.ok(&line.split(' ').collect::<Vec<_>>());
    }
}

#[test]
fn a_set_of_a_server_comes_back_with_equal_digest() {
    for peer in Peer::ALL {
        for preamble in ["yes", "no"] {
            let more = ["--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", "yes"];
            let mut server = Server::start_with(peer, &[AOF, &more].concat());
            begin(&mut server);
            fill(&mut server, 1);
            server.rewrite_aof();
            fill(&mut server, 2);
            let expected = server.debug_digest();
            let dir = temp();
            let set = dir.path().join("appendonlydir");
            copy_dir(&server.dir().join("appendonlydir"), &set);
            drop(server);
            for (name, args) in [
                ("rdb", &["--to", peer.release()][..]),
                ("resp", &["--format", "resp", "--to", peer.release()]),
            ] {
                let out = dir.path().join(name);
                let (set_text, out_text) = (text(&set), text(&out));
                let args = [&["aof", "rewrite", &set_text, "-o", &out_text], args].concat();
                rkv(&args).expect(0);
                assert_eq!(
                    digest_of_set(peer, &out),
                    expected,
                    "{peer:?} preamble {preamble} {name}"
                );
                assert!(check_set(peer, &out), "{peer:?} preamble {preamble} {name}");
                rkv(&["aof", "verify", &text(&out)]).expect(0);
            }
            // In place: the new set is there, and the old one beside it.
            let run = rkv_in(dir.path(), &["aof", "rewrite", "--in-place", "--to", peer.release()]);
            run.expect(0);
            assert_eq!(digest_of_set(peer, &set), expected, "{peer:?} in place");
            assert_eq!(digest_of_set(peer, &dir.path().join("appendonlydir.bak")), expected);
        }
    }
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let dir = temp();
    for (name, status, words) in [
        ("torn.aof", 6, "ends inside a command"),
        ("garbage.aof", 5, ""),
        ("unknown-command.aof", 4, "is no command"),
    ] {
        let input = text(&testdata("aof").join(name));
        let out = text(&dir.path().join("out"));
        let run = rkv(&["aof", "rewrite", &input, "-o", &out]);
        let run = run.expect(status);
        assert!(run.err().contains(words), "{name}: {}", run.err());
        assert!(!Path::new(&out).exists(), "{name}");
    }
    let torn = text(&testdata("aof").join("torn.aof"));
    let out = text(&dir.path().join("out.rdb"));
    let run = rkv(&["aof", "rewrite", &torn, "--load-truncated", "-o", &out]);
    assert!(run.expect(0).err().contains("left out"));
    let _ = program("redis-server");
}
