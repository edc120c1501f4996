//! Commands on vector sets.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("VADD", Group::VectorSet, "8.0.0", -5)
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
    Spec::new("VCARD", Group::VectorSet, "8.0.0", 2)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("VDIM", Group::VectorSet, "8.0.0", 2)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("VEMB", Group::VectorSet, "8.0.0", -3)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element"),
            token("raw", "RAW").optional()
        ]),
    Spec::new("VGETATTR", Group::VectorSet, "8.0.0", 3)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element")
        ]),
    Spec::new("VINFO", Group::VectorSet, "8.0.0", 2)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("VISMEMBER", Group::VectorSet, "8.2.0", 3)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element")
        ]),
    Spec::new("VLINKS", Group::VectorSet, "8.0.0", -3)
        .flags(&[READONLY, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element"),
            token("withscores", "WITHSCORES").optional()
        ]),
    Spec::new("VRANDMEMBER", Group::VectorSet, "8.0.0", -2)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            integer("count").optional()
        ]),
    Spec::new("VRANGE", Group::VectorSet, "8.4.0", -4)
        .flags(&[READONLY])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("start"),
            text("end"),
            integer("count").optional()
        ]),
    Spec::new("VREM", Group::VectorSet, "8.0.0", 3)
        .flags(&[WRITE])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element")
        ]),
    Spec::new("VSETATTR", Group::VectorSet, "8.0.0", 4)
        .flags(&[WRITE, FAST])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .args(&[
            key("key", 0),
            text("element"),
            text("json")
        ]),
    Spec::new("VSIM", Group::VectorSet, "8.0.0", -4)
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
