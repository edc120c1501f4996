//! Commands on lists.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("blmove", Group::List, "6.2.0", 6)
        .flags(&[WRITE, DENYOOM, BLOCKING])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .complexity("O(1)")
        .args(&[
            key("source", 0),
            key("destination", 1),
            one_of("wherefrom", &[token("left", "LEFT"), token("right", "RIGHT")]),
            one_of("whereto", &[token("left", "LEFT"), token("right", "RIGHT")]),
            double("timeout")
        ]),
    Spec::new("blmovem", Group::List, "8.10.0", -6)
        .flags(&[WRITE, DENYOOM, BLOCKING])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .args(&[
            key("source", 0),
            key("destination", 1),
            one_of("wherefrom", &[token("left", "LEFT"), token("right", "RIGHT")]),
            one_of("whereto", &[token("left", "LEFT"), token("right", "RIGHT")]),
            double("timeout"),
            block("how-many", &[one_of("selector", &[integer("count").after("COUNT"), integer("exactly").after("EXACTLY")]), one_of("ordering", &[token("obo", "OBO"), token("bulk", "BULK")])]).optional()
        ]),
    Spec::new("blmpop", Group::List, "7.0.0", -5)
        .flags(&[WRITE, BLOCKING])
        .categories(&["list"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            double("timeout"),
            integer("numkeys"),
            key("key", 0).many(),
            one_of("where", &[token("left", "LEFT"), token("right", "RIGHT")]),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("blpop", Group::List, "2.0.0", -3)
        .flags(&[WRITE, BLOCKING])
        .categories(&["list"])
        .keys(&[keys_from(1, -2, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0).many(),
            double("timeout")
        ]),
    Spec::new("brpop", Group::List, "2.0.0", -3)
        .flags(&[WRITE, BLOCKING])
        .categories(&["list"])
        .keys(&[keys_from(1, -2, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0).many(),
            double("timeout")
        ]),
    Spec::new("brpoplpush", Group::List, "2.2.0", 4)
        .flags(&[WRITE, DENYOOM, BLOCKING])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .complexity("O(1)")
        .deprecated("6.2.0")
        .args(&[
            key("source", 0),
            key("destination", 1),
            double("timeout")
        ]),
    Spec::new("lindex", Group::List, "1.0.0", 3)
        .flags(&[READONLY])
        .categories(&["list"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("index")
        ]),
    Spec::new("linsert", Group::List, "2.2.0", 5)
        .flags(&[WRITE, DENYOOM])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            one_of("where", &[token("before", "BEFORE"), token("after", "AFTER")]),
            text("pivot"),
            text("element")
        ]),
    Spec::new("llen", Group::List, "1.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("lmove", Group::List, "6.2.0", 5)
        .flags(&[WRITE, DENYOOM])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .complexity("O(1)")
        .args(&[
            key("source", 0),
            key("destination", 1),
            one_of("wherefrom", &[token("left", "LEFT"), token("right", "RIGHT")]),
            one_of("whereto", &[token("left", "LEFT"), token("right", "RIGHT")])
        ]),
    Spec::new("lmovem", Group::List, "8.10.0", -5)
        .flags(&[WRITE, DENYOOM])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .args(&[
            key("source", 0),
            key("destination", 1),
            one_of("wherefrom", &[token("left", "LEFT"), token("right", "RIGHT")]),
            one_of("whereto", &[token("left", "LEFT"), token("right", "RIGHT")]),
            block("how-many", &[one_of("selector", &[integer("count").after("COUNT"), integer("exactly").after("EXACTLY")]), one_of("ordering", &[token("obo", "OBO"), token("bulk", "BULK")])]).optional()
        ]),
    Spec::new("lmpop", Group::List, "7.0.0", -4)
        .flags(&[WRITE])
        .categories(&["list"])
        .keys(&[keys_counted(1, 0, 1, 1, &[RW, ACCESS, DELETE])])
        .args(&[
            integer("numkeys"),
            key("key", 0).many(),
            one_of("where", &[token("left", "LEFT"), token("right", "RIGHT")]),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("lpop", Group::List, "1.0.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("lpos", Group::List, "6.0.6", -3)
        .flags(&[READONLY])
        .categories(&["list"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("element"),
            integer("rank").after("RANK").optional(),
            integer("num-matches").after("COUNT").optional(),
            integer("len").after("MAXLEN").optional()
        ]),
    Spec::new("lpush", Group::List, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("element").many()
        ]),
    Spec::new("lpushx", Group::List, "2.2.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("element").many()
        ]),
    Spec::new("lrange", Group::List, "1.0.0", 4)
        .flags(&[READONLY])
        .categories(&["list"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("stop")
        ]),
    Spec::new("lrem", Group::List, "1.0.0", 4)
        .flags(&[WRITE])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            integer("count"),
            text("element")
        ]),
    Spec::new("lset", Group::List, "1.0.0", 4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("index"),
            text("element")
        ]),
    Spec::new("ltrim", Group::List, "1.0.0", 4)
        .flags(&[WRITE])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("stop")
        ]),
    Spec::new("rpop", Group::List, "1.0.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("rpoplpush", Group::List, "1.2.0", 3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[RW, INSERT])])
        .complexity("O(1)")
        .deprecated("6.2.0")
        .args(&[
            key("source", 0),
            key("destination", 1)
        ]),
    Spec::new("rpush", Group::List, "1.0.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("element").many()
        ]),
    Spec::new("rpushx", Group::List, "2.2.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["list"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("element").many()
        ]),
];
