//! HyperLogLogs as servers run them; the replies are those of Redis 8.6.3.

use super::super::check::{Runner, check_propagated, check_recorded, words};

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}

#[test]
fn nothing_is_told_in_other_words() {
    check_propagated(&[
        ("PFADD p a b c", None),
        ("PFCOUNT p", None),
        ("PFMERGE q p", None),
        ("PFDEBUG TODENSE p", None),
    ]);
}

#[test]
fn an_addition_that_fails_adds_nothing() {
    let mut runner = Runner::new(false);
    // Runs for the first 65 registers only.
    let mut hll = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    hll.extend([0x3f, 0x00]);
    runner.run(&[b"SET".to_vec(), b"p".to_vec(), hll]);
    let before = runner.run(&words("GET p"));
    let mut args = words("PFADD p");
    args.extend((0..2000_u32).map(|n| n.to_le_bytes().to_vec()));
    let reply = runner.run(&args);
    assert_eq!(reply, b"-INVALIDOBJ Corrupted HLL object detected\r\n");
    assert_eq!(runner.run(&words("GET p")), before);
}

#[test]
fn tests_itself() {
    assert_eq!(Runner::new(false).run(&words("PFSELFTEST")), b"+OK\r\n");
}
