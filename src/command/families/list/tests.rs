//! Lists as servers run them; the replies are those of Redis 8.6.3.

use super::super::check::{check_propagated, check_recorded};

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}

#[test]
fn pops_are_told_in_their_plain_form() {
    check_propagated(&[
        ("RPUSH l a b c d e f g", None),
        ("BLPOP nothing 0", None),
        ("BLPOP nothing l 0", Some(&["LPOP l"])),
        ("BRPOP l 0", Some(&["RPOP l"])),
        ("LMPOP 1 l LEFT COUNT 2", Some(&["LPOP l 2"])),
        ("BLMOVE l m LEFT RIGHT 0", Some(&["LMOVE l m LEFT RIGHT"])),
        ("BRPOPLPUSH l m 0", Some(&["RPOPLPUSH l m"])),
        ("BLMPOP 0 1 l RIGHT COUNT 9", Some(&["RPOP l 1"])),
        ("LMOVE m m LEFT RIGHT", None),
    ]);
}
