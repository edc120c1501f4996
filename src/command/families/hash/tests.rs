//! Fields with a time to live as servers run them; the replies are those of Redis 8.6.3.

use super::super::check::{check_effects, check_propagated, check_recorded};

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}

/// The recorded commands run at 1700000000000.
#[test]
fn times_are_told_as_points_in_time() {
    check_propagated(&[
        ("HSET h a 1 b 2 c 3", None),
        ("HEXPIRE h 100 FIELDS 2 a nofield", Some(&["HPEXPIREAT h 1700000100000 FIELDS 1 a"])),
        ("HEXPIRE h 200 NX FIELDS 1 a", None),
        ("HGETEX h FIELDS 1 a", None),
        ("HGETEX h FIELDS 2 a b PX 7", Some(&["HPEXPIREAT h 1700000000007 FIELDS 2 a b"])),
        ("HGETEX h PERSIST FIELDS 2 b c", Some(&["HPERSIST h FIELDS 1 b"])),
        ("HGETEX h EX 0 FIELDS 2 b nofield", Some(&["HDEL h b"])),
        ("HSETEX h FNX FIELDS 1 d 4 EX 5", Some(&["HSETEX h PXAT 1700000005000 FIELDS 1 d 4"])),
        ("HSETEX h KEEPTTL FIELDS 1 d 5", None),
        ("HSETEX h FNX EX 5 FIELDS 1 d 6", None),
        ("HSETEX h EXAT 1 FIELDS 2 d 4 e 5", Some(&["HDEL h d e"])),
        ("HGETDEL h FIELDS 2 a nofield", Some(&["HDEL h a"])),
        ("HPEXPIRE h 0 FIELDS 1 c", Some(&["HDEL h c"])),
    ]);
}

#[test]
fn events_and_changes() {
    check_effects(&[
        ("HSETEX h EX 10 FIELDS 2 a 1 b 2", 2, &["new", "hset", "hexpire"]),
        ("HSETEX h FNX FIELDS 2 a 1 c 3", 0, &[]),
        ("HSETEX h FXX FIELDS 1 a 1", 1, &["hset"]),
        ("HGETEX h FIELDS 1 b", 0, &[]),
        ("HGETEX h PERSIST FIELDS 2 a b", 1, &["hpersist"]),
        // A time that is there already is set again.
        ("HGETEX h EX 10 FIELDS 3 a b nofield", 2, &["hexpire"]),
        ("HGETEX h EX 10 FIELDS 1 a", 1, &["hexpire"]),
        ("HSETEX h EX 0 FIELDS 1 b 2", 1, &["hset", "hdel"]),
        ("HEXPIRE h 0 FIELDS 1 a", 1, &["hdel", "del"]),
        ("HSET h a 1", 1, &["new", "hset"]),
        ("HSETEX h EX 0 FIELDS 1 a 2", 1, &["hset", "hdel", "del"]),
    ]);
}
