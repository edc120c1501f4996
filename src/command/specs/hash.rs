//! Commands on hashes.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("hdel", Group::Hash, "2.0.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            text("field").many()
        ]),
    Spec::new("hexists", Group::Hash, "2.0.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("field")
        ]),
    Spec::new("hexpire", Group::Hash, "7.4.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("seconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional(),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hexpireat", Group::Hash, "7.4.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            time("unix-time-seconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional(),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hexpiretime", Group::Hash, "7.4.0", -5)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hget", Group::Hash, "2.0.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("field")
        ]),
    Spec::new("hgetall", Group::Hash, "2.0.0", 2)
        .flags(&[READONLY])
        .categories(&["hash"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("hgetdel", Group::Hash, "8.0.0", -5)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hgetex", Group::Hash, "8.0.0", -5)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            one_of("expiration", &[integer("seconds").after("EX"), integer("milliseconds").after("PX"), time("unix-time-seconds").after("EXAT"), time("unix-time-milliseconds").after("PXAT"), token("persist", "PERSIST")]).optional(),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("himport", Group::Hash, "8.10.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("prepare", Group::Hash, "8.10.0", -4)
                .flags(&[DENYOOM])
                .categories(&["hash"])
                .args(&[
                    text("fieldset"),
                    text("field").many()
                ]),
            Spec::new("set", Group::Hash, "8.10.0", -5)
                .flags(&[WRITE, DENYOOM])
                .categories(&["hash"])
                .keys(&[key_at(2, &[OW, UPDATE])])
                .args(&[
                    key("key", 0),
                    text("fieldset"),
                    text("value").many()
                ]),
            Spec::new("discard", Group::Hash, "8.10.0", 3)
                .categories(&["hash"])
                .complexity("O(1)")
                .args(&[
                    text("fieldset")
                ]),
            Spec::new("discardall", Group::Hash, "8.10.0", 2)
                .categories(&["hash"])
        ]),
    Spec::new("hincrby", Group::Hash, "2.0.0", 4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("field"),
            integer("increment")
        ]),
    Spec::new("hincrbyfloat", Group::Hash, "2.6.0", 4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("field"),
            double("increment")
        ]),
    Spec::new("hkeys", Group::Hash, "2.0.0", 2)
        .flags(&[READONLY])
        .categories(&["hash"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("hlen", Group::Hash, "2.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("hmget", Group::Hash, "2.0.0", -3)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("field").many()
        ]),
    Spec::new("hmset", Group::Hash, "2.0.0", -4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .deprecated("4.0.0")
        .args(&[
            key("key", 0),
            block("data", &[text("field"), text("value")]).many()
        ]),
    Spec::new("hpersist", Group::Hash, "7.4.0", -5)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hpexpire", Group::Hash, "7.4.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("milliseconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional(),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hpexpireat", Group::Hash, "7.4.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            time("unix-time-milliseconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional(),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hpexpiretime", Group::Hash, "7.4.0", -5)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hpttl", Group::Hash, "7.4.0", -5)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hrandfield", Group::Hash, "6.2.0", -2)
        .flags(&[READONLY])
        .categories(&["hash"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("options", &[integer("count"), token("withvalues", "WITHVALUES").optional()]).optional()
        ]),
    Spec::new("hscan", Group::Hash, "2.8.0", -3)
        .flags(&[READONLY])
        .categories(&["hash"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("cursor"),
            pattern("pattern").after("MATCH").optional(),
            integer("count").after("COUNT").optional(),
            token("novalues", "NOVALUES").optional()
        ]),
    Spec::new("hset", Group::Hash, "2.0.0", -4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            block("data", &[text("field"), text("value")]).many()
        ]),
    Spec::new("hsetex", Group::Hash, "8.0.0", -6)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            one_of("condition", &[token("fnx", "FNX"), token("fxx", "FXX")]).optional(),
            one_of("expiration", &[integer("seconds").after("EX"), integer("milliseconds").after("PX"), time("unix-time-seconds").after("EXAT"), time("unix-time-milliseconds").after("PXAT"), token("keepttl", "KEEPTTL")]).optional(),
            block("fields", &[integer("numfields"), block("data", &[text("field"), text("value")]).many()]).after("FIELDS")
        ]),
    Spec::new("hsetnx", Group::Hash, "2.0.0", 4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("field"),
            text("value")
        ]),
    Spec::new("hstrlen", Group::Hash, "3.2.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("field")
        ]),
    Spec::new("httl", Group::Hash, "7.4.0", -5)
        .flags(&[READONLY, FAST])
        .categories(&["hash"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("fields", &[integer("numfields"), text("field").many()]).after("FIELDS")
        ]),
    Spec::new("hvals", Group::Hash, "2.0.0", 2)
        .flags(&[READONLY])
        .categories(&["hash"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0)
        ]),
];
