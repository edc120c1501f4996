//! Commands of vector sets: replies as the documents of Redis 8 give them, effects, and what is refused.

use super::super::check::{
    Runner, check_effects, check_propagated, check_replies, check_replies_in, words,
};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn elements_are_added_and_told_of() {
    check_replies(&[
        ("VADD v VALUES 3 1 0 0 a", ":1"),
        ("VADD v VALUES 3 0 1 0 b CAS Q8 EF 10 M 16", ":1"),
        ("VADD v values 3 0 1 1 a setattr {}", ":0"),
        ("VCARD v", ":2"),
        ("VCARD none", ":0"),
        ("VDIM v", ":3"),
        ("VDIM none", "-ERR key does not exist"),
        ("VISMEMBER v a", ":1"),
        ("VISMEMBER v c", ":0"),
        ("VISMEMBER none a", ":0"),
        ("VGETATTR v a", "$2 {}"),
        ("VGETATTR v b", "$-1"),
        ("VGETATTR v c", "$-1"),
        ("VGETATTR none a", "$-1"),
        ("TYPE v", "+vectorset"),
        ("OBJECT ENCODING v", "$3 raw"),
        ("VREM v a", ":1"),
        ("VREM v a", ":0"),
        ("VREM none a", ":0"),
        ("VREM v b", ":1"),
        ("EXISTS v", ":0"),
    ]);
    check_replies_in(
        true,
        &[
            ("VADD v VALUES 1 1 a", "#t"),
            ("VADD v VALUES 1 1 a", "#f"),
            ("VISMEMBER v a", "#t"),
            ("VSETATTR v a x", "#t"),
            ("VSETATTR v b x", "#f"),
            ("VREM v a", "#t"),
            ("VINFO v", "_"),
            ("VSIM v ELE a WITHSCORES", "*0"),
        ],
    );
}

#[test]
fn what_vadd_refuses() {
    const INVALID: &str = "-ERR invalid vector specification";
    check_replies(&[
        ("SET s x", "+OK"),
        ("VADD s VALUES 1 1 a", WRONG_TYPE),
        ("VADD v VALUES 2 1 1", "-ERR wrong number of arguments for 'vadd' command"),
        ("VADD v VALUES 3 1 1 a", INVALID),
        ("VADD v VALUES 0 a b", INVALID),
        ("VADD v VALUES 65537 1 a", INVALID),
        ("VADD v VALUES x 1 a", INVALID),
        ("VADD v VALUES 1 x a", INVALID),
        ("VADD v VALUES 1 nan a", INVALID),
        ("VADD v FP32 abc a", INVALID),
        ("VADD v FP32 \"\" a", INVALID),
        ("VADD v FP64 abcd a", INVALID),
        ("VADD v REDUCE 3 VALUES 2 1 1 a", INVALID),
        ("VADD v REDUCE 0 VALUES 2 1 1 a", INVALID),
        ("VADD v VALUES 1 1 a WHAT", "-ERR invalid option after element"),
        ("VADD v VALUES 1 1 a EF", "-ERR invalid option after element"),
        ("VADD v VALUES 1 1 a EF 0", "-ERR invalid EF"),
        ("VADD v VALUES 1 1 a EF 1000001", "-ERR invalid EF"),
        ("VADD v VALUES 1 1 a M 3", "-ERR invalid M"),
        ("VADD v VALUES 1 1 a M 4097", "-ERR invalid M"),
        ("EXISTS v", ":0"),
        ("VADD v VALUES 2 1 1 a", ":1"),
        ("VADD v VALUES 2 1 1 b BIN", "-ERR asked quantization mismatch with existing vector set"),
        ("VADD v VALUES 2 1 1 b M 8", "-ERR asked M value mismatch with existing vector set"),
        ("VADD v VALUES 3 1 1 1 b", "-ERR Vector dimension mismatch - got 3 but set has 2"),
        (
            "VADD v REDUCE 1 VALUES 2 1 1 b",
            "-ERR cannot add projection to existing set without projection",
        ),
        ("VCARD v", ":1"),
        ("VCARD s", WRONG_TYPE),
        ("VDIM s", WRONG_TYPE),
        ("VEMB s a", WRONG_TYPE),
        ("VGETATTR s a", WRONG_TYPE),
        ("VINFO s", WRONG_TYPE),
        ("VISMEMBER s a", WRONG_TYPE),
        ("VLINKS s a", WRONG_TYPE),
        ("VRANDMEMBER s", WRONG_TYPE),
        ("VRANDMEMBER s 1", WRONG_TYPE),
        ("VRANGE s - +", WRONG_TYPE),
        ("VREM s a", WRONG_TYPE),
        ("VSETATTR s a x", WRONG_TYPE),
        ("VSIM s ELE a", WRONG_TYPE),
    ]);
}

#[test]
fn vectors_come_back_as_they_are_kept() {
    check_replies(&[
        ("VADD v VALUES 2 3 -4 a NOQUANT", ":1"),
        ("VEMB v a RAW", "*3 +f32 $8 \\x9a\\x99\\x19?\\xcd\\xccL\\xbf $1 5"),
        ("VEMB v a", "*2 $1 3 $2 -4"),
        ("VEMB v b", "$-1"),
        ("VEMB none a", "$-1"),
        ("VEMB v a WHAT", "-ERR invalid option"),
        ("VADD q VALUES 2 3 -4 a", ":1"),
        ("VEMB q a RAW", "*4 +int8 $2 _\\x81 $1 5 $17 0.800000011920929"),
        ("VADD b VALUES 2 3 -4 a BIN", ":1"),
        ("VEMB b a RAW", "*3 +bin $8 \\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00 $1 5"),
        ("VEMB b a", "*2 $1 1 $2 -1"),
        ("VADD z VALUES 2 0 0 a", ":1"),
        ("VEMB z a", "*2 $1 0 $1 0"),
    ]);
}

#[test]
fn similar_elements_are_found() {
    let set = [
        ("VADD v VALUES 2 1 0 right NOQUANT SETATTR {\"n\":1}", ":1"),
        ("VADD v VALUES 2 0 2 up NOQUANT", ":1"),
        ("VADD v VALUES 2 -3 0 left NOQUANT SETATTR {\"n\":2}", ":1"),
    ];
    check_replies(&set);
    let lines = [
        ("VSIM v VALUES 2 5 0", "*3 $5 right $2 up $4 left"),
        ("VSIM v ELE left COUNT 2", "*2 $4 left $2 up"),
        ("VSIM v VALUES 2 5 0 EPSILON 0.6", "*2 $5 right $2 up"),
        ("VSIM v VALUES 2 5 0 EPSILON 0.5 NOTHREAD", "*2 $5 right $2 up"),
        ("VSIM v VALUES 2 5 0 EPSILON 0.4 TRUTH EF 1", "*1 $5 right"),
        ("VSIM v ELE right WITHSCORES", "*6 $5 right $1 1 $2 up $3 0.5 $4 left $1 0"),
        ("VSIM v ELE right WITHATTRIBS COUNT 2", "*4 $5 right $7 {\\\"n\\\":1} $2 up $-1"),
        (
            "VSIM v ELE right WITHATTRIBS WITHSCORES TRUTH COUNT 1",
            "*3 $5 right $1 1 $7 {\\\"n\\\":1}",
        ),
        ("VSIM v ELE right FILTER .n>1", "*1 $4 left"),
        ("VSIM v ELE right FILTER .n>1 TRUTH", "*1 $4 left"),
        ("VSIM v ELE right FILTER .n FILTER-EF 1000", "*2 $5 right $4 left"),
        ("VSIM v ELE right FILTER .x", "*0"),
        ("VSIM v ELE right FILTER .n>@", "-ERR syntax error in FILTER expression near: @"),
        ("VSIM v ELE right FILTER (.n", "-ERR syntax error in FILTER expression near: (.n"),
        ("VSIM v ELE none", "-ERR element not found in set"),
        ("VSIM none ELE none", "*0"),
        ("VSIM v VALUES 3 1 1 1", "-ERR Vector dimension mismatch - got 3 but set has 2"),
        ("VSIM v WHAT 1", "-ERR invalid vector specification"),
        ("VSIM v REDUCE 1 VALUES 2 1 1", "-ERR invalid vector specification"),
        ("VSIM v ELE right COUNT 0", "-ERR invalid COUNT"),
        ("VSIM v ELE right EPSILON 0", "-ERR invalid EPSILON"),
        ("VSIM v ELE right EPSILON x", "-ERR invalid EPSILON"),
        ("VSIM v ELE right EF 0", "-ERR invalid EF"),
        ("VSIM v ELE right EF 1000000 COUNT 1", "*1 $5 right"),
        ("VSIM v ELE right EF 1000001", "-ERR invalid EF"),
        ("VSIM v ELE right FILTER-EF 0", "-ERR invalid FILTER-EF"),
        ("VSIM v ELE right COUNT", "-ERR syntax error in VSIM command"),
        ("VSIM v ELE right WHAT x", "-ERR syntax error in VSIM command"),
    ];
    check_replies(&[&set[..], &lines].concat());
    let set = set.map(|(command, _)| (command, "#t"));
    let lines = [
        ("VSIM v ELE right COUNT 1", "*1 $5 right"),
        ("VSIM v ELE right WITHSCORES COUNT 2", "%2 $5 right ,1 $2 up ,0.5"),
        ("VSIM v ELE right WITHATTRIBS COUNT 2", "%2 $5 right $7 {\\\"n\\\":1} $2 up _"),
        (
            "VSIM v ELE right WITHATTRIBS WITHSCORES COUNT 2",
            "%2 $5 right *2 ,1 $7 {\\\"n\\\":1} $2 up *2 ,0.5 _",
        ),
    ];
    check_replies_in(true, &[&set[..], &lines].concat());
}

#[test]
fn links_and_figures_are_told() {
    check_replies(&[
        ("VADD v VALUES 2 1 0 a NOQUANT M 8", ":1"),
        ("VADD v VALUES 2 0 1 b NOQUANT M 8 SETATTR {}", ":1"),
        ("VLINKS v a", "*1 *1 $1 b"),
        ("VLINKS v b WITHSCORES", "*1 *2 $1 a $3 0.5"),
        ("VLINKS v c", "$-1"),
        ("VLINKS none a", "$-1"),
        ("VLINKS v a WHAT", "-ERR wrong number of arguments for 'vlinks' command"),
        ("VINFO none", "*-1"),
    ]);
    let mut runner = Runner::new(true);
    runner.run(&words("VADD v VALUES 2 1 0 a NOQUANT M 8"));
    runner.run(&words("VADD v VALUES 2 0 1 b NOQUANT M 8 SETATTR {}"));
    assert_eq!(runner.run(&words("VLINKS v b WITHSCORES")), b"*1\r\n%1\r\n$1\r\na\r\n,0.5\r\n");
    let info = String::from_utf8(runner.run(&words("VINFO v"))).unwrap().replace("\r\n", " ");
    let (before, after) = info.split_once("vset-uid").unwrap();
    assert_eq!(
        before,
        "%9 +quant-type +f32 +hnsw-m :8 +vector-dim :2 +projection-input-dim :0 +size :2 +max-level :0 \
         +attributes-count :1 +"
    );
    assert!(after.ends_with("+hnsw-max-node-uid :2 "), "{after}");
}

#[test]
fn attributes_are_set_and_taken_away() {
    check_replies(&[
        ("VADD v VALUES 1 1 a SETATTR {\"n\":1}", ":1"),
        ("VADD v VALUES 1 2 a", ":0"),
        ("VGETATTR v a", "$7 {\\\"n\\\":1}"),
        ("VADD v VALUES 1 2 a SETATTR \"\"", ":0"),
        ("VGETATTR v a", "$-1"),
        ("VSETATTR v a {}", ":1"),
        ("VGETATTR v a", "$2 {}"),
        ("VSETATTR v a \"\"", ":1"),
        ("VGETATTR v a", "$-1"),
        ("VSETATTR v b {}", ":0"),
        ("VSETATTR none b {}", ":0"),
    ]);
}

#[test]
fn ranges_of_names() {
    const FORMAT: &str = "-ERR '-' can only be used as first argument, '+' only as second";
    check_replies(&[
        ("VADD v VALUES 1 1 b", ":1"),
        ("VADD v VALUES 1 1 a", ":1"),
        ("VADD v VALUES 1 1 ab", ":1"),
        ("VADD v VALUES 1 1 c", ":1"),
        ("VRANGE v - +", "*4 $1 a $2 ab $1 b $1 c"),
        ("VRANGE v - + 2", "*2 $1 a $2 ab"),
        ("VRANGE v - + 0", "*0"),
        ("VRANGE v - + -5", "*4 $1 a $2 ab $1 b $1 c"),
        ("VRANGE v [ab [b", "*2 $2 ab $1 b"),
        ("VRANGE v (ab (c", "*1 $1 b"),
        ("VRANGE v (aa + 1", "*1 $2 ab"),
        ("VRANGE v [b [a", "*0"),
        ("VRANGE none - +", "*0"),
        ("VRANGE v + -", FORMAT),
        ("VRANGE v - -", FORMAT),
        ("VRANGE v a +", "-ERR invalid start range format"),
        ("VRANGE v [ +", "-ERR invalid start range format"),
        ("VRANGE v - b", "-ERR invalid end range format"),
        ("VRANGE v - \"\"", "-ERR invalid end range format"),
        ("VRANGE v - + x", "-ERR invalid COUNT value"),
        ("VRANGE v - + 1 2", "-ERR wrong number of arguments for 'vrange' command"),
    ]);
}

#[test]
fn random_elements() {
    check_replies(&[
        ("VRANDMEMBER none", "$-1"),
        ("VRANDMEMBER none 3", "*0"),
        ("VADD v VALUES 1 1 a", ":1"),
        ("VRANDMEMBER v", "$1 a"),
        ("VRANDMEMBER v 0", "*0"),
        ("VRANDMEMBER v 5", "*1 $1 a"),
        ("VRANDMEMBER v -3", "*3 $1 a $1 a $1 a"),
        ("VRANDMEMBER v x", "-ERR COUNT value is not an integer"),
        ("VRANDMEMBER v 1 2", "-ERR wrong number of arguments for 'vrandmember' command"),
        ("VRANDMEMBER v -9223372036854775808", "-ERR value is out of range"),
    ]);
    let mut runner = Runner::new(false);
    for number in 0..100 {
        runner.run(&words(&format!("VADD v VALUES 2 {number} 1 {number}")));
    }
    for count in [1, 10, 40, 99, 100] {
        let reply = runner.run(&words(&format!("VRANDMEMBER v {count}")));
        let mut names: Vec<&[u8]> = reply.split(|byte| *byte == b'\n').skip(2).step_by(2).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

#[test]
fn vectors_are_reduced() {
    check_replies(&[
        ("VADD v REDUCE 2 VALUES 4 1 0 0 0 a NOQUANT", ":1"),
        ("VADD v REDUCE 2 VALUES 4 0 1 0 0 b NOQUANT", ":1"),
        ("VDIM v", ":2"),
        ("VEMB v b", "*2 $18 0.4999999701976776 $19 -0.4999999701976776"),
        ("VSIM v VALUES 4 0 1 0 0 COUNT 1", "*1 $1 b"),
        ("VSIM v VALUES 2 1 1 COUNT 1", "*1 $1 a"),
        ("VSIM v ELE b COUNT 1", "*1 $1 b"),
        (
            "VSIM v VALUES 3 0 1 0",
            "-ERR Input dimension mismatch for projection - got 3 but projection expects 4",
        ),
        (
            "VADD v REDUCE 2 VALUES 3 0 1 0 c NOQUANT",
            "-ERR Input dimension mismatch for projection - got 3 but projection expects 4",
        ),
        (
            "VADD v VALUES 4 0 1 0 0 c NOQUANT",
            "-ERR Vector dimension mismatch - got 4 but set has 2",
        ),
        (
            "VADD v REDUCE 1 VALUES 4 0 1 0 0 c NOQUANT",
            "-ERR Vector dimension mismatch - got 4 but set has 2",
        ),
    ]);
}

#[test]
fn changes_are_counted_and_handed_on() {
    check_effects(&[
        ("VADD v VALUES 1 1 a", 1, &["new"]),
        ("VADD v VALUES 1 2 a", 1, &[]),
        ("VADD v VALUES 2 1 2 a", 0, &[]),
        ("VSETATTR v a {}", 1, &[]),
        ("VSETATTR v b {}", 0, &[]),
        ("VREM v b", 0, &[]),
        ("VSIM v ELE a", 0, &[]),
        ("VREM v a", 1, &[]),
    ]);
    check_propagated(&[("VADD v VALUES 1 1 a CAS", None), ("VREM v a", None)]);
}

#[test]
fn sets_are_copied_and_carried() {
    check_replies(&[
        ("VADD v VALUES 2 1 2 a SETATTR {}", ":1"),
        ("COPY v w", ":1"),
        ("VREM w a", ":1"),
        ("VADD v VALUES 2 2 1 b", ":1"),
        ("VCARD v", ":2"),
        ("RENAME v u", "+OK"),
        ("VGETATTR u a", "$2 {}"),
        ("SCAN 0 TYPE vectorset", "*2 $1 0 *1 $1 u"),
    ]);
    let mut runner = Runner::new(false);
    for number in 0..50 {
        runner.run(&words(&format!(
            "VADD v REDUCE 2 VALUES 3 {number} 1 7 {number} SETATTR {number}"
        )));
    }
    let payload = |runner: &mut Runner, key: &str| {
        let reply = runner.run(&words(&format!("DUMP {key}")));
        let start = reply.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        reply[start..reply.len() - 2].to_vec()
    };
    let first = payload(&mut runner, "v");
    let restore = [b"RESTORE".to_vec(), b"w".to_vec(), b"0".to_vec(), first.clone()];
    assert_eq!(runner.run(&restore), b"+OK\r\n");
    assert_eq!(payload(&mut runner, "w"), first);
    assert_eq!(runner.run(&words("VLINKS v 7")), runner.run(&words("VLINKS w 7")));
    // Damage is refused, whatever it is.
    for at in 0..first.len() - 10 {
        let mut damaged = first.clone();
        damaged[at] ^= 0x41;
        let end = damaged.len() - 8;
        let sum = crate::base::crc::crc64(0, &damaged[..end]);
        damaged[end..].copy_from_slice(&sum.to_le_bytes());
        let restore = [b"RESTORE".to_vec(), b"x".to_vec(), b"0".to_vec(), damaged];
        if runner.run(&restore) == b"+OK\r\n" {
            runner.run(&words("VADD x REDUCE 2 VALUES 3 1 1 1 more"));
            runner.run(&words("VREM x 7"));
            runner.run(&words("VSIM x VALUES 2 1 1"));
            runner.run(&words("DEL x"));
        }
    }
}
