//! Sorted sets as servers run them; the replies are those of Redis 8.6.3.

use super::super::check::{Runner, check_propagated, check_recorded, check_replies, words};
use std::collections::BTreeSet;

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}

#[test]
fn pops_are_told_in_their_plain_form() {
    check_propagated(&[
        ("ZADD z 1 a 2 b 3 c 4 d 5 e", None),
        ("BZPOPMIN nothing 0", None),
        ("BZPOPMIN nothing z 0", Some(&["ZPOPMIN z"])),
        ("BZPOPMAX z 0", Some(&["ZPOPMAX z"])),
        ("ZMPOP 2 nothing z MIN", Some(&["ZPOPMIN z 1"])),
        ("BZMPOP 0 1 z MAX COUNT 5", Some(&["ZPOPMAX z 2"])),
        ("ZMPOP 1 z MIN", None),
    ]);
}

/// The strings of a reply in the second version of the protocol, all levels in one list.
fn strings(reply: &[u8]) -> Vec<String> {
    let text = String::from_utf8(reply.to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with('$') {
            found.extend(lines.next().map(str::to_owned));
        }
    }
    found
}

#[test]
fn random_members_are_members() {
    for size in [1, 5, 300] {
        let mut runner = Runner::new(false);
        for n in 0..size {
            runner.run(&words(&format!("ZADD z {n} m{n}")));
        }
        for wanted in [1, 3, 100, 250, 1000] {
            let members = strings(&runner.run(&words(&format!("ZRANDMEMBER z {wanted}"))));
            let different: BTreeSet<&String> = members.iter().collect();
            assert_eq!((members.len(), different.len()), (wanted.min(size), wanted.min(size)));
            let drawn =
                strings(&runner.run(&words(&format!("ZRANDMEMBER z -{wanted} WITHSCORES"))));
            assert_eq!(drawn.len(), wanted * 2);
            assert!(drawn.chunks(2).all(|pair| pair[0] == format!("m{}", pair[1])));
        }
        assert_eq!(strings(&runner.run(&words("ZRANDMEMBER z"))).len(), 1);
    }
}

#[test]
fn a_walk_shows_every_member_that_stays() {
    let mut runner = Runner::new(false);
    for n in 0..5000 {
        runner.run(&words(&format!("ZADD z {n} m{n}")));
    }
    let (mut cursor, mut seen, mut steps) = ("0".to_owned(), BTreeSet::new(), 0);
    loop {
        let mut reply =
            strings(&runner.run(&words(&format!("ZSCAN z {cursor} COUNT 100")))).into_iter();
        cursor = reply.next().unwrap();
        seen.extend(reply.step_by(2));
        steps += 1;
        if cursor == "0" {
            break;
        }
        // Members move and go in the meantime.
        runner.run(&words(&format!("ZADD z -{steps} m{}", steps * 3)));
        runner.run(&words(&format!("ZREM z m{}", 4000 + steps)));
    }
    assert!((10..=64).contains(&steps), "{steps}");
    assert!((0..4000).all(|n| seen.contains(&format!("m{n}"))));
}

/// As Redis 8.8 describes it: what its members weigh in is the number of sets that have them.
#[test]
fn counts_instead_of_scores() {
    check_replies(&[
        ("ZADD a 5 one 7 two", ":2"),
        ("ZADD b 9 two", ":1"),
        ("SADD s two three", ":2"),
        ("ZUNION 3 a b s AGGREGATE COUNT WITHSCORES", "*6 $3 one $1 1 $5 three $1 1 $3 two $1 3"),
        (
            "ZUNION 3 a b s WEIGHTS 2 3 0.5 AGGREGATE COUNT WITHSCORES",
            "*6 $5 three $3 0.5 $3 one $1 2 $3 two $3 5.5",
        ),
        ("ZINTER 2 a b AGGREGATE count WITHSCORES", "*2 $3 two $1 2"),
        ("ZINTERSTORE out 2 a b WEIGHTS inf -inf AGGREGATE COUNT", ":1"),
        ("ZSCORE out two", "$1 0"),
        ("ZUNIONSTORE out 2 a b AGGREGATE COUNT", ":2"),
        ("ZRANGE out 0 -1 WITHSCORES", "*4 $3 one $1 1 $3 two $1 2"),
        ("ZDIFF 2 a b AGGREGATE COUNT", "-ERR syntax error"),
    ]);
}
