//! SORT as servers run it; the replies are those of Redis 8.6.3.

use super::super::check::check_recorded;

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}
