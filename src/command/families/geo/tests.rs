//! Places as servers keep and find them; the replies are those of Redis 8.6.3.

use super::super::check::{check_propagated, check_recorded};

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}

#[test]
fn places_are_told_as_scores() {
    check_propagated(&[
        ("GEOADD g CH 13.361389 38.115556 p", Some(&["zadd g CH 3479099956230698 p"])),
        ("GEOADD g NX 13.361389 38.115556 p", None),
    ]);
}
