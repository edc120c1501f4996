//! Commands of arrays: replies as the documents of Redis 8.8 give them, effects, and what is refused.

use super::super::check::{Runner, check_effects, check_replies, check_replies_in, words};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn items_are_set_and_read() {
    check_replies(&[
        ("ARSET a 5 x y z", ":3"),
        ("ARSET a 6 Y w", ":0"),
        ("ARMSET a 0 zero 100 far 100 farther", ":2"),
        ("ARLEN a", ":101"),
        ("ARCOUNT a", ":5"),
        ("ARLEN none", ":0"),
        ("ARCOUNT none", ":0"),
        ("ARGET a 7", "$1 w"),
        ("ARGET a 1", "$-1"),
        ("ARGET none 1", "$-1"),
        ("ARMGET a 100 4 5", "*3 $7 farther $-1 $1 x"),
        ("ARMGET none 1 2", "*2 $-1 $-1"),
        ("ARGETRANGE a 4 6", "*3 $-1 $1 x $1 Y"),
        ("ARGETRANGE a 6 4", "*3 $1 Y $1 x $-1"),
        ("ARGETRANGE none 1 0", "*2 $-1 $-1"),
        ("ARGETRANGE a 0 1000000", "-ERR range exceeds maximum of 1000000 items"),
        ("ARSCAN a 0 6", "*3 *2 :0 $4 zero *2 :5 $1 x *2 :6 $1 Y"),
        ("ARSCAN a 18446744073709551614 6 LIMIT 2", "*2 *2 :100 $7 farther *2 :7 $1 w"),
        ("ARSCAN none 0 6", "*0"),
        ("ARSCAN a 0 6 COUNT 2", "-ERR syntax error"),
        ("ARSCAN a 0 6 LIMIT", "-ERR wrong number of arguments for 'arscan' command"),
        ("ARSCAN a 0 6 LIMIT x", "-ERR value is not an integer or out of range"),
        ("ARSCAN a 0 6 LIMIT 0", "-ERR LIMIT must be positive"),
        ("TYPE a", "+array"),
        ("OBJECT ENCODING a", "$12 sliced-array"),
        ("COPY a b", ":1"),
        ("ARSET a 0 changed", ":0"),
        ("ARGET b 0", "$4 zero"),
    ]);
}

#[test]
fn indexes_that_are_none() {
    check_replies(&[
        ("ARSET a -1 x", "-ERR invalid array index"),
        ("ARSET a 01 x", "-ERR invalid array index"),
        ("ARSET a +1 x", "-ERR invalid array index"),
        ("ARSET a \"\" x", "-ERR invalid array index"),
        ("ARSET a 18446744073709551615 x", "-ERR invalid array index"),
        ("ARSET a 18446744073709551614 x y", "-ERR array index overflow"),
        ("EXISTS a", ":0"),
        ("ARSET a 18446744073709551614 x", ":1"),
        ("ARLEN a", ":18446744073709551615"),
        ("ARMSET a 1 x 2", "-ERR wrong number of arguments for 'armset' command"),
        ("ARMSET a 1 x y z", "-ERR invalid array index"),
        ("ARGET a x", "-ERR invalid array index"),
        ("ARDELRANGE a 1 2 3", "-ERR wrong number of arguments for 'ardelrange' command"),
        ("ARDEL a 0 x", "-ERR invalid array index"),
        ("SET s v", "+OK"),
        ("ARGET s x", WRONG_TYPE),
        ("ARSET s x v", "-ERR invalid array index"),
        ("ARSET s 0 v", WRONG_TYPE),
        ("ARINSERT s v", WRONG_TYPE),
        ("ARLEN s", WRONG_TYPE),
    ]);
}

#[test]
fn items_are_removed() {
    check_replies(&[
        ("ARSET a 0 a b c d e f g", ":7"),
        ("ARDEL a 0 0 99", ":1"),
        ("ARDELRANGE a 2 1 5 5", ":3"),
        ("ARSCAN a 0 99", "*3 *2 :3 $1 d *2 :4 $1 e *2 :6 $1 g"),
        ("ARDEL none 1", ":0"),
        ("ARDELRANGE none 1 2", ":0"),
        ("ARDELRANGE a 0 18446744073709551614", ":3"),
        ("EXISTS a", ":0"),
    ]);
}

#[test]
fn insertions_go_on_where_the_last_one_was() {
    check_replies(&[
        ("ARNEXT a", ":0"),
        ("ARSEEK a 5", ":0"),
        ("ARINSERT a x y", ":1"),
        ("ARNEXT a", ":2"),
        ("ARSET a 9 far", ":1"),
        ("ARINSERT a z", ":2"),
        ("ARSEEK a 20", ":1"),
        ("ARINSERT a twenty", ":20"),
        ("ARSEEK a 0", ":1"),
        ("ARINSERT a X", ":0"),
        ("ARGETRANGE a 0 2", "*3 $1 X $1 y $1 z"),
        ("ARSEEK a x", "-ERR invalid array index"),
        ("ARSEEK a 18446744073709551614", ":1"),
        ("ARINSERT a 1 2", "-ERR insert index overflow"),
        ("ARINSERT a 1", ":18446744073709551614"),
        ("ARNEXT a", "$-1"),
        ("ARINSERT a 2", "-ERR insert index overflow"),
        ("ARSEEK a 18446744073709551615", ":1"),
        ("ARNEXT a", "$-1"),
    ]);
}

#[test]
fn rings_and_their_last_items() {
    check_replies(&[
        ("ARRING a x v", "-ERR invalid size"),
        ("ARRING a 0 v", "-ERR size must be positive"),
        ("EXISTS a", ":0"),
        ("ARRING a 3 a b c d", ":0"),
        ("ARGETRANGE a 0 2", "*3 $1 d $1 b $1 c"),
        ("ARLASTITEMS a 3", "*3 $1 b $1 c $1 d"),
        ("ARLASTITEMS a 2 REV", "*2 $1 d $1 c"),
        ("ARLASTITEMS a 99 REV", "*3 $1 d $1 c $1 b"),
        ("ARRING a 5 e", ":3"),
        ("ARGETRANGE a 0 3", "*4 $1 b $1 c $1 d $1 e"),
        ("ARRING a 2 f", ":0"),
        ("ARLASTITEMS a 5", "*2 $1 e $1 f"),
        ("ARLASTITEMS a 0", "*0"),
        ("ARLASTITEMS a x", "-ERR invalid COUNT"),
        ("ARLASTITEMS a 1 BACK", "-ERR syntax error"),
        ("ARLASTITEMS none 1", "*0"),
        ("ARMSET holes 0 a 3 d", ":2"),
        ("ARLASTITEMS holes 3", "*3 $-1 $-1 $1 d"),
        ("ARSET huge 18446744073709551614 x", ":1"),
        ("ARLASTITEMS huge 1", "*1 $1 x"),
        ("ARLASTITEMS huge 1000001", "-ERR count exceeds maximum of 1000000 items"),
    ]);
}

#[test]
fn one_result_of_many_items() {
    check_replies(&[
        ("ARSET a 0 10 20 x 30 1.5 -7 inf 10", ":8"),
        ("AROP a 0 3 SUM", "$2 60"),
        ("AROP a 9 0 sum", "$4 64.5"),
        ("AROP a 0 9 MIN", "$2 -7"),
        ("AROP a 0 4 MAX", "$2 30"),
        ("AROP a 4 4 MAX", "$3 1.5"),
        ("AROP a 0 4 OR", ":31"),
        ("AROP a 0 3 AND", ":0"),
        ("AROP a 0 1 XOR", ":30"),
        ("AROP a 2 2 XOR", "$-1"),
        ("AROP a 2 2 SUM", "$-1"),
        ("AROP a 0 9 MATCH 10", ":2"),
        ("AROP a 5 99 USED", ":3"),
        ("AROP none 0 9 USED", ":0"),
        ("AROP none 0 9 MATCH x", ":0"),
        ("AROP none 0 9 SUM", "$-1"),
        ("AROP none 0 9 AND", "$-1"),
        ("AROP a 0 9 AVG", "-ERR unknown operation"),
        ("AROP a 0 9 MATCH", "-ERR MATCH requires a value argument"),
        ("AROP a 0 9 SUM 1", "-ERR wrong number of arguments for 'arop' command"),
        ("AROP a x 9 SUM", "-ERR invalid array index"),
        ("ARSET big 0 1e4932 1e4932 -1", ":3"),
        ("AROP big 0 9 SUM", "$3 inf"),
        ("AROP big 0 9 OR", ":-1"),
    ]);
}

#[test]
fn items_by_what_they_hold() {
    check_replies(&[
        ("ARSET a 0 apple Banana cherry apples", ":4"),
        ("ARSET a 9 42", ":1"),
        ("ARGREP a - + EXACT apple", "*1 :0"),
        ("ARGREP a - + MATCH an", "*1 :1"),
        ("ARGREP a + - MATCH apple", "*2 :3 :0"),
        ("ARGREP a 1 9 MATCH apple", "*1 :3"),
        ("ARGREP a - + GLOB *rr?", "*1 :2"),
        ("ARGREP a - + RE ^[0-9]+$", "*1 :9"),
        ("ARGREP a - + EXACT BANANA NOCASE WITHVALUES", "*1 *2 :1 $6 Banana"),
        ("ARGREP a - + GLOB b* NOCASE", "*1 :1"),
        ("ARGREP a - + RE ^B NOCASE", "*1 :1"),
        ("ARGREP a - + RE ^b", "*0"),
        ("ARGREP a - + MATCH a MATCH e", "*4 :0 :1 :2 :3"),
        ("ARGREP a - + AND MATCH a MATCH e", "*2 :0 :3"),
        ("ARGREP a - + MATCH a LIMIT 2 AND OR MATCH 4", "*2 :0 :1"),
        ("ARGREP none - + MATCH a", "*0"),
        ("ARGREP a - + MATCH a LIMIT 0", "-ERR LIMIT must be positive"),
        ("ARGREP a - + MATCH", "-ERR wrong number of arguments for 'argrep' command"),
        ("ARGREP a - + LIMIT 2", "-ERR syntax error"),
        ("ARGREP a - + MATCH a RE", "-ERR syntax error"),
        ("ARGREP a - + LIKE a", "-ERR syntax error"),
        ("ARGREP a x + MATCH a", "-ERR invalid array index"),
        ("ARGREP a - + RE \"\"", "-ERR regular expression is empty"),
        ("ARGREP a - + RE (a)\\1", "-ERR regular expression backreferences are not supported"),
        ("ARGREP a - + RE (a", "-ERR invalid regular expression: error: unclosed group"),
    ]);
    let mut runner = Runner::new(false);
    runner.run(&words("ARSET a 0 x"));
    let line = |predicates: usize| words(&format!("ARGREP a - +{}", " MATCH x".repeat(predicates)));
    assert_eq!(runner.run(&line(250)), b"*1\r\n:0\r\n");
    assert_eq!(runner.run(&line(251)), b"-ERR too many predicates, maximum is 250\r\n");
    let long = |bytes: usize| words(&format!("ARGREP a - + RE {}", "x".repeat(bytes)));
    assert_eq!(runner.run(&long(2048)), b"*0\r\n");
    assert_eq!(
        runner.run(&long(2049)),
        b"-ERR regular expression is too long, maximum is 2048 bytes\r\n"
    );
    // Small on the wire and large once it is compiled.
    let reply = runner.run(&words("ARGREP a - + RE ((x{100}){100}){100}"));
    assert!(reply.starts_with(b"-ERR invalid regular expression: "));
}

#[test]
fn what_is_known_of_an_array() {
    check_replies_in(
        true,
        &[
            ("ARSET a 0 a b c", ":3"),
            ("ARINSERT a x", ":0"),
            (
                "ARINFO a",
                "%7 $5 count :3 $3 len :3 $17 next-insert-index :1 $6 slices :1 $14 directory-size :1 \
                 $17 super-dir-entries :0 $10 slice-size :128",
            ),
            ("ARINFO a SHORT", "-ERR syntax error"),
            ("ARINFO none", "-ERR no such key"),
        ],
    );
    let mut runner = Runner::new(true);
    runner.run(&words("ARMSET a 0 a 3 b"));
    let reply = String::from_utf8(runner.run(&words("ARINFO a FULL"))).unwrap();
    assert!(reply.starts_with("%12\r\n"), "{reply}");
    assert!(reply.contains("sparse-slices\r\n:1\r\n"), "{reply}");
    assert!(reply.ends_with("avg-sparse-size\r\n,2\r\n"), "{reply}");
}

#[test]
fn changes_count_and_are_told() {
    check_effects(&[
        ("ARSET a 0 x y", 2, &["new", "arset"]),
        ("ARMSET a 0 x 5 y", 2, &["armset"]),
        ("ARINSERT a z", 1, &["arinsert"]),
        ("ARSEEK a 7", 1, &["arseek"]),
        ("ARSEEK none 7", 0, &[]),
        ("ARRING a 3 v", 1, &["arring"]),
        ("ARDEL a 99", 0, &[]),
        ("ARDEL a 0", 1, &["ardel"]),
        ("ARDELRANGE a 0 99", 2, &["ardelrange", "del"]),
    ]);
}

#[test]
fn dumps_of_servers_are_restored() {
    const DUMPS: &str = include_str!("../../../../testdata/dump-redis-unst-2026-06.txt");
    let payload = |key: &str| -> Vec<u8> {
        let line = DUMPS.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        let hex = line.unwrap().trim().as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        hex.chunks(2).map(byte).collect()
    };
    let mut runner = Runner::new(false);
    let mut restore = |name: &str, payload: Vec<u8>| {
        let mut args = words(&format!("RESTORE {name} 0"));
        args.push(payload);
        assert_eq!(runner.run(&args), b"+OK\r\n");
        let mut said = |line: &str| String::from_utf8(runner.run(&words(line))).unwrap();
        let all = said(&format!("ARSCAN {name} 0 18446744073709551614"));
        let next = said(&format!("ARNEXT {name}"));
        let dump = runner.run(&words(&format!("DUMP {name}")));
        let start = dump.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        (all.replace("\r\n", " "), next, dump[start..dump.len() - 2].to_vec())
    };
    let (all, next, dump) = restore("ar2", payload("ar2"));
    assert_eq!((&all[..], &next[..]), ("*2 *2 :0 $1 a *2 :1 $1 b ", ":2\r\n"));
    assert_eq!(dump, payload("ar2"));
    let (all, next, dump) = restore("ar", payload("ar"));
    assert!(all.starts_with("*4 *2 :5 $2 10 *2 :6 "), "{all}");
    assert!(all.contains("*2 :7 $3 1.5 "), "{all}");
    assert_eq!(next, ":0\r\n");
    assert_eq!(restore("again", dump).0, all);
}
