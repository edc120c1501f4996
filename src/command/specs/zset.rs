//! Commands on sorted sets.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("bzmpop", Group::SortedSet, "7.0.0", -5)
        .flags(&[WRITE, BLOCKING])
        .categories(&["sortedset"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            double("timeout"),
            integer("numkeys"),
            key("key", 0).many(),
            one_of("where", &[token("min", "MIN"), token("max", "MAX")]),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("bzpopmax", Group::SortedSet, "5.0.0", -3)
        .flags(&[WRITE, BLOCKING, FAST])
        .categories(&["sortedset"])
        .keys(&[keys_from(1, -2, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0).many(),
            double("timeout")
        ]),
    Spec::new("bzpopmin", Group::SortedSet, "5.0.0", -3)
        .flags(&[WRITE, BLOCKING, FAST])
        .categories(&["sortedset"])
        .keys(&[keys_from(1, -2, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0).many(),
            double("timeout")
        ]),
    Spec::new("zadd", Group::SortedSet, "1.2.0", -4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX")]).optional(),
            one_of("comparison", &[token("gt", "GT"), token("lt", "LT")]).optional(),
            token("change", "CH").optional(),
            token("increment", "INCR").optional(),
            block("data", &[double("score"), text("member")]).many()
        ]),
    Spec::new("zcard", Group::SortedSet, "1.2.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("zcount", Group::SortedSet, "2.0.0", 4)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            double("min"),
            double("max")
        ]),
    Spec::new("zdiff", Group::SortedSet, "6.2.0", -3)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("zdiffstore", Group::SortedSet, "6.2.0", -4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[OW, UPDATE]), keys_counted(2, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            integer("numkeys"),
            key("key", 1).many()
        ]),
    Spec::new("zincrby", Group::SortedSet, "1.2.0", 4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            integer("increment"),
            text("member")
        ]),
    Spec::new("zinter", Group::SortedSet, "6.2.0", -3)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            integer("weight").after("WEIGHTS").optional().many(),
            one_of("aggregate", &[token("sum", "SUM"), token("min", "MIN"), token("max", "MAX"), token("count", "COUNT")]).after("AGGREGATE").optional(),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("zintercard", Group::SortedSet, "7.0.0", -3)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            integer("limit").after("LIMIT").optional()
        ]),
    Spec::new("zinterstore", Group::SortedSet, "2.0.0", -4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[OW, UPDATE]), keys_counted(2, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            integer("numkeys"),
            key("key", 1).many(),
            integer("weight").after("WEIGHTS").optional().many(),
            one_of("aggregate", &[token("sum", "SUM"), token("min", "MIN"), token("max", "MAX"), token("count", "COUNT")]).after("AGGREGATE").optional()
        ]),
    Spec::new("zlexcount", Group::SortedSet, "2.8.9", 4)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("min"),
            text("max")
        ]),
    Spec::new("zmpop", Group::SortedSet, "7.0.0", -4)
        .flags(&[WRITE])
        .categories(&["sortedset"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            one_of("where", &[token("min", "MIN"), token("max", "MAX")]),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("zmscore", Group::SortedSet, "6.2.0", -3)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("member").many()
        ]),
    Spec::new("zpopmax", Group::SortedSet, "5.0.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("zpopmin", Group::SortedSet, "5.0.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("zrandmember", Group::SortedSet, "6.2.0", -2)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("options", &[integer("count"), token("withscores", "WITHSCORES").optional()]).optional()
        ]),
    Spec::new("zrange", Group::SortedSet, "1.2.0", -4)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("start"),
            text("stop"),
            one_of("sortby", &[token("byscore", "BYSCORE"), token("bylex", "BYLEX")]).optional(),
            token("rev", "REV").optional(),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional(),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("zrangebylex", Group::SortedSet, "2.8.9", -4)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            text("min"),
            text("max"),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional()
        ]),
    Spec::new("zrangebyscore", Group::SortedSet, "1.0.5", -4)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            double("min"),
            double("max"),
            token("withscores", "WITHSCORES").optional(),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional()
        ]),
    Spec::new("zrangestore", Group::SortedSet, "6.2.0", -5)
        .flags(&[WRITE, DENYOOM])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[OW, UPDATE]), key_at(2, &[RO, ACCESS])])
        .args(&[
            key("dst", 0),
            key("src", 1),
            text("min"),
            text("max"),
            one_of("sortby", &[token("byscore", "BYSCORE"), token("bylex", "BYLEX")]).optional(),
            token("rev", "REV").optional(),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional()
        ]),
    Spec::new("zrank", Group::SortedSet, "2.0.0", -3)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(log(N))")
        .args(&[
            key("key", 0),
            text("member"),
            token("withscore", "WITHSCORE").optional()
        ]),
    Spec::new("zrem", Group::SortedSet, "1.2.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            text("member").many()
        ]),
    Spec::new("zremrangebylex", Group::SortedSet, "2.8.9", 4)
        .flags(&[WRITE])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            text("min"),
            text("max")
        ]),
    Spec::new("zremrangebyrank", Group::SortedSet, "2.0.0", 4)
        .flags(&[WRITE])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("stop")
        ]),
    Spec::new("zremrangebyscore", Group::SortedSet, "1.2.0", 4)
        .flags(&[WRITE])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            double("min"),
            double("max")
        ]),
    Spec::new("zrevrange", Group::SortedSet, "1.2.0", -4)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            integer("start"),
            integer("stop"),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("zrevrangebylex", Group::SortedSet, "2.8.9", -4)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            text("max"),
            text("min"),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional()
        ]),
    Spec::new("zrevrangebyscore", Group::SortedSet, "2.2.0", -4)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            double("max"),
            double("min"),
            token("withscores", "WITHSCORES").optional(),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional()
        ]),
    Spec::new("zrevrank", Group::SortedSet, "2.0.0", -3)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(log(N))")
        .args(&[
            key("key", 0),
            text("member"),
            token("withscore", "WITHSCORE").optional()
        ]),
    Spec::new("zscan", Group::SortedSet, "2.8.0", -3)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("cursor"),
            pattern("pattern").after("MATCH").optional(),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("zscore", Group::SortedSet, "1.2.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("member")
        ]),
    Spec::new("zunion", Group::SortedSet, "6.2.0", -3)
        .flags(&[READONLY])
        .categories(&["sortedset"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            integer("weight").after("WEIGHTS").optional().many(),
            one_of("aggregate", &[token("sum", "SUM"), token("min", "MIN"), token("max", "MAX"), token("count", "COUNT")]).after("AGGREGATE").optional(),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("zunionstore", Group::SortedSet, "2.0.0", -4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["sortedset"])
        .keys(&[key_at(1, &[OW, UPDATE]), keys_counted(2, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            integer("numkeys"),
            key("key", 1).many(),
            integer("weight").after("WEIGHTS").optional().many(),
            one_of("aggregate", &[token("sum", "SUM"), token("min", "MIN"), token("max", "MAX"), token("count", "COUNT")]).after("AGGREGATE").optional()
        ]),
];
