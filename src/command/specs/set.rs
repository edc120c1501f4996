//! Commands on sets.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("sadd", Group::Set, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["set"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("member").many()
        ]),
    Spec::new("scard", Group::Set, "1.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["set"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("sdiff", Group::Set, "1.0.0", -2)
        .flags(&[READONLY])
        .categories(&["set"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[keys_from(1, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("sdiffcard", Group::Set, "8.10.0", -3)
        .flags(&[READONLY])
        .categories(&["set"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            integer("limit").after("LIMIT").optional()
        ]),
    Spec::new("sdiffstore", Group::Set, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["set"])
        .keys(&[key_at(1, &[OW, UPDATE]), keys_from(2, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            key("key", 1).many()
        ]),
    Spec::new("sinter", Group::Set, "1.0.0", -2)
        .flags(&[READONLY])
        .categories(&["set"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[keys_from(1, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("sintercard", Group::Set, "7.0.0", -3)
        .flags(&[READONLY])
        .categories(&["set"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            integer("limit").after("LIMIT").optional()
        ]),
    Spec::new("sinterstore", Group::Set, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["set"])
        .keys(&[key_at(1, &[OW, UPDATE]), keys_from(2, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            key("key", 1).many()
        ]),
    Spec::new("sismember", Group::Set, "1.0.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["set"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("member")
        ]),
    Spec::new("smembers", Group::Set, "1.0.0", 2)
        .flags(&[READONLY])
        .categories(&["set"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("smismember", Group::Set, "6.2.0", -3)
        .flags(&[READONLY, FAST])
        .categories(&["set"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("member").many()
        ]),
    Spec::new("smove", Group::Set, "1.0.0", 4)
        .flags(&[WRITE, FAST])
        .categories(&["set"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .complexity("O(1)")
        .args(&[
            key("source", 0),
            key("destination", 1),
            text("member")
        ]),
    Spec::new("spop", Group::Set, "1.0.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["set"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("srandmember", Group::Set, "1.0.0", -2)
        .flags(&[READONLY])
        .categories(&["set"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("srem", Group::Set, "1.0.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["set"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            text("member").many()
        ]),
    Spec::new("sscan", Group::Set, "2.8.0", -3)
        .flags(&[READONLY])
        .categories(&["set"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("cursor"),
            pattern("pattern").after("MATCH").optional(),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("sunion", Group::Set, "1.0.0", -2)
        .flags(&[READONLY])
        .categories(&["set"])
        .tips(&["nondeterministic_output_order"])
        .keys(&[keys_from(1, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("sunioncard", Group::Set, "8.10.0", -3)
        .flags(&[READONLY])
        .categories(&["set"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            token("approx", "APPROX").optional(),
            integer("limit").after("LIMIT").optional()
        ]),
    Spec::new("sunionstore", Group::Set, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["set"])
        .keys(&[key_at(1, &[OW, UPDATE]), keys_from(2, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            key("key", 1).many()
        ]),
];
