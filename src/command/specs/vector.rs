//! Commands on vector sets.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("vadd", Group::VectorSet, "8.0.0", -5)
        .flags(&[WRITE, DENYOOM])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            block("reduce", &[integer("dim")]).after("REDUCE").optional(),
            one_of("format", &[token("fp32", "FP32"), token("values", "VALUES")]),
            text("vector"),
            text("element"),
            token("cas", "CAS").optional(),
            one_of("quant_type", &[token("noquant", "NOQUANT"), token("bin", "BIN"), token("q8", "Q8")]).optional(),
            integer("build-exploration-factor").after("EF").optional(),
            text("attributes").after("SETATTR").optional(),
            integer("numlinks").after("M").optional()
        ]),
    Spec::new("vcard", Group::VectorSet, "8.0.0", 2)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("vdim", Group::VectorSet, "8.0.0", 2)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("vemb", Group::VectorSet, "8.0.0", -3)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element"),
            token("raw", "RAW").optional()
        ]),
    Spec::new("vgetattr", Group::VectorSet, "8.0.0", 3)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element")
        ]),
    Spec::new("vinfo", Group::VectorSet, "8.0.0", 2)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("vismember", Group::VectorSet, "8.2.0", 3)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element")
        ]),
    Spec::new("vlinks", Group::VectorSet, "8.0.0", -3)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element"),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("vrandmember", Group::VectorSet, "8.0.0", -2)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("vrange", Group::VectorSet, "8.4.0", -4)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("start"),
            text("end"),
            integer("count").optional()
        ]),
    Spec::new("vrem", Group::VectorSet, "8.0.0", 3)
        .flags(&[WRITE])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element")
        ]),
    Spec::new("vsetattr", Group::VectorSet, "8.0.0", 4)
        .flags(&[WRITE, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element"),
            text("json")
        ]),
    Spec::new("vsim", Group::VectorSet, "8.0.0", -4)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            one_of("format", &[token("ele", "ELE"), token("fp32", "FP32"), token("values", "VALUES")]),
            text("vector_or_element"),
            token("withscores", "WITHSCORES").optional(),
            token("withattribs", "WITHATTRIBS").optional(),
            integer("count").after("COUNT").optional(),
            double("max_distance").after("EPSILON").optional(),
            integer("search-exploration-factor").after("EF").optional(),
            text("expression").after("FILTER").optional(),
            integer("max-filtering-effort").after("FILTER-EF").optional(),
            token("truth", "TRUTH").optional(),
            token("nothread", "NOTHREAD").optional()
        ]),
];
