//! Commands on arrays.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("arcount", Group::Array, "8.8.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("ardel", Group::Array, "8.8.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            integer("index").many()
        ]),
    Spec::new("ardelrange", Group::Array, "8.8.0", -4)
        .flags(&[WRITE])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            block("range", &[integer("start"), integer("end")]).many()
        ]),
    Spec::new("arget", Group::Array, "8.8.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("index")
        ]),
    Spec::new("argetrange", Group::Array, "8.8.0", 4)
        .flags(&[READONLY])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("end")
        ]),
    Spec::new("argrep", Group::Array, "8.8.0", -6)
        .flags(&[READONLY])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("start"),
            text("end"),
            one_of("predicate", &[text("string").after("EXACT"), text("substring").after("MATCH"), pattern("pattern").after("GLOB"), text("regex").after("RE")]).many(),
            one_of("option", &[token("and", "AND"), token("or", "OR"), integer("limit").after("LIMIT"), token("withvalues", "WITHVALUES"), token("nocase", "NOCASE")]).many().optional()
        ]),
    Spec::new("arinfo", Group::Array, "8.8.0", -2)
        .flags(&[READONLY])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            token("full", "FULL").optional()
        ]),
    Spec::new("arinsert", Group::Array, "8.8.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            text("value").many()
        ]),
    Spec::new("arlastitems", Group::Array, "8.8.0", -3)
        .flags(&[READONLY])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("count"),
            token("rev", "REV").optional()
        ]),
    Spec::new("arlen", Group::Array, "8.8.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("armget", Group::Array, "8.8.0", -3)
        .flags(&[READONLY, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("index").many()
        ]),
    Spec::new("armset", Group::Array, "8.8.0", -4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            block("data", &[integer("index"), text("value")]).many()
        ]),
    Spec::new("arnext", Group::Array, "8.8.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("arop", Group::Array, "8.8.0", -5)
        .flags(&[READONLY])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("end"),
            one_of("operation", &[token("sum", "SUM"), token("min", "MIN"), token("max", "MAX"), token("and", "AND"), token("or", "OR"), token("xor", "XOR"), text("value").after("MATCH"), token("used", "USED")])
        ]),
    Spec::new("arring", Group::Array, "8.8.0", -4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("size"),
            text("value").many()
        ]),
    Spec::new("arscan", Group::Array, "8.8.0", -4)
        .flags(&[READONLY])
        .categories(&["array"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            integer("start"),
            integer("end"),
            integer("limit").after("LIMIT").optional()
        ]),
    Spec::new("arseek", Group::Array, "8.8.0", 3)
        .flags(&[WRITE, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("index")
        ]),
    Spec::new("arset", Group::Array, "8.8.0", -4)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["array"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("index"),
            text("value").many()
        ]),
];
