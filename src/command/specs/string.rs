//! Commands on strings.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("append", Group::String, "2.0.0", 3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("value")
        ]),
    Spec::new("decr", Group::String, "1.0.0", 2)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("decrby", Group::String, "1.0.0", 3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("decrement")
        ]),
    Spec::new("delex", Group::String, "8.4.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, DELETE, VARIABLE_FLAGS])])
        .args(&[
            key("key", 0),
            one_of("condition", &[text("ifeq-value").after("IFEQ"), text("ifne-value").after("IFNE"), integer("ifdeq-digest").after("IFDEQ"), integer("ifdne-digest").after("IFDNE")]).optional()
        ]),
    Spec::new("delifeq", Group::String, "9.0.0", 3)
        .flags(&[WRITE, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RM, DELETE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("value")
        ]),
    Spec::new("digest", Group::String, "8.4.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("get", Group::String, "1.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("getdel", Group::String, "6.2.0", 2)
        .flags(&[WRITE, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("getex", Group::String, "6.2.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            one_of("expiration", &[integer("seconds").after("EX"), integer("milliseconds").after("PX"), time("unix-time-seconds").after("EXAT"), time("unix-time-milliseconds").after("PXAT"), token("persist", "PERSIST")]).optional()
        ]),
    Spec::new("getrange", Group::String, "2.4.0", 4)
        .flags(&[READONLY])
        .categories(&["string"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("end")
        ]),
    Spec::new("getset", Group::String, "1.0.0", 3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            text("value")
        ]),
    Spec::new("incr", Group::String, "1.0.0", 2)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("incrby", Group::String, "1.0.0", 3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("increment")
        ]),
    Spec::new("incrbyfloat", Group::String, "2.6.0", 3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            double("increment")
        ]),
    Spec::new("increx", Group::String, "8.8.0", -2)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            one_of("increment", &[double("float").after("BYFLOAT"), integer("integer").after("BYINT")]).optional(),
            text("lowerbound").after("LBOUND").optional(),
            text("upperbound").after("UBOUND").optional(),
            token("saturate", "SATURATE").optional(),
            one_of("expiration", &[integer("seconds").after("EX"), integer("milliseconds").after("PX"), time("unix-time-seconds").after("EXAT"), time("unix-time-milliseconds").after("PXAT"), token("persist", "PERSIST")]).optional(),
            token("enx", "ENX").optional()
        ]),
    Spec::new("lcs", Group::String, "7.0.0", -3)
        .flags(&[READONLY])
        .categories(&["string"])
        .keys(&[keys_from(1, 1, 1, &[RO, ACCESS])])
        .args(&[
            key("key1", 0),
            key("key2", 0),
            token("len", "LEN").optional(),
            token("idx", "IDX").optional(),
            integer("min-match-len").after("MINMATCHLEN").optional(),
            token("withmatchlen", "WITHMATCHLEN").optional()
        ]),
    Spec::new("mget", Group::String, "1.0.0", -2)
        .flags(&[READONLY, FAST])
        .categories(&["string"])
        .tips(&["request_policy:multi_shard"])
        .keys(&[keys_from(1, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("mset", Group::String, "1.0.1", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
        .keys(&[keys_from(1, -1, 2, &[OW, UPDATE])])
        .args(&[
            block("data", &[key("key", 0), text("value")]).many()
        ]),
    Spec::new("msetex", Group::String, "8.4.0", -4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
        .keys(&[keys_counted(1, 0, 1, 2, &[OW, UPDATE])])
        .args(&[
            integer("numkeys"),
            block("data", &[key("key", 0), text("value")]).many(),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX")]).optional(),
            one_of("expiration", &[integer("seconds").after("EX"), integer("milliseconds").after("PX"), time("unix-time-seconds").after("EXAT"), time("unix-time-milliseconds").after("PXAT"), token("keepttl", "KEEPTTL")]).optional()
        ]),
    Spec::new("msetnx", Group::String, "1.0.1", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .keys(&[keys_from(1, -1, 2, &[OW, INSERT])])
        .args(&[
            block("data", &[key("key", 0), text("value")]).many()
        ]),
    Spec::new("psetex", Group::String, "2.6.0", 4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .keys(&[key_at(1, &[OW, UPDATE])])
        .complexity("O(1)")
        .deprecated("2.6.12")
        .args(&[
            key("key", 0),
            integer("milliseconds"),
            text("value")
        ]),
    Spec::new("set", Group::String, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE, VARIABLE_FLAGS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("value"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), text("ifeq-value").after("IFEQ"), text("ifne-value").after("IFNE"), integer("ifdeq-digest").after("IFDEQ"), integer("ifdne-digest").after("IFDNE")]).optional(),
            token("get", "GET").optional(),
            one_of("expiration", &[integer("seconds").after("EX"), integer("milliseconds").after("PX"), time("unix-time-seconds").after("EXAT"), time("unix-time-milliseconds").after("PXAT"), token("keepttl", "KEEPTTL")]).optional()
        ]),
    Spec::new("setex", Group::String, "2.0.0", 4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .keys(&[key_at(1, &[OW, UPDATE])])
        .complexity("O(1)")
        .deprecated("2.6.12")
        .args(&[
            key("key", 0),
            integer("seconds"),
            text("value")
        ]),
    Spec::new("setnx", Group::String, "1.0.0", 3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[OW, INSERT])])
        .complexity("O(1)")
        .deprecated("2.6.12")
        .args(&[
            key("key", 0),
            text("value")
        ]),
    Spec::new("setrange", Group::String, "2.2.0", 4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["string"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("offset"),
            text("value")
        ]),
    Spec::new("strlen", Group::String, "2.2.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["string"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("substr", Group::String, "1.0.0", 4)
        .flags(&[READONLY])
        .categories(&["string"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("2.0.0")
        .args(&[
            key("key", 0),
            integer("start"),
            integer("end")
        ]),
];
