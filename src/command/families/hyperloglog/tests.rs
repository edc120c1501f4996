//! HyperLogLogs as servers run them; the replies are those of Redis 8.6.3.

use super::super::check::{Runner, check_effects, check_propagated, check_recorded, words};

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
fn effects_as_recorded() {
    check_effects(&[
        ("PFADD p", 1, &["new", "pfadd"]),
        ("PFADD p", 0, &[]),
        ("PFADD p a b c", 3, &["pfadd"]),
        ("PFADD q a b c", 4, &["new", "pfadd"]),
        ("PFADD q a b d", 1, &["pfadd"]),
        ("PFCOUNT q", 1, &[]),
        ("PFCOUNT q", 0, &[]),
        ("PFCOUNT p q", 0, &[]),
        ("PFMERGE r p q", 1, &["new", "pfadd"]),
        ("PFMERGE r p q", 1, &["pfadd"]),
        ("PFDEBUG TODENSE r", 1, &[]),
        ("PFDEBUG TODENSE r", 0, &[]),
        ("PFDEBUG GETREG p", 1, &[]),
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
