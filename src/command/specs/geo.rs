//! Commands on positions in sorted sets.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("geoadd", Group::Geo, "3.2.0", -5)
        .flags(&[WRITE, DENYOOM])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX")]).optional(),
            token("change", "CH").optional(),
            block("data", &[double("longitude"), double("latitude"), text("member")]).many()
        ]),
    Spec::new("geodist", Group::Geo, "3.2.0", -4)
        .flags(&[READONLY])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("member1"),
            text("member2"),
            one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")]).optional()
        ]),
    Spec::new("geohash", Group::Geo, "3.2.0", -2)
        .flags(&[READONLY])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("member").optional().many()
        ]),
    Spec::new("geopos", Group::Geo, "3.2.0", -2)
        .flags(&[READONLY])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("member").optional().many()
        ]),
    Spec::new("georadius", Group::Geo, "3.2.0", -6)
        .flags(&[WRITE, DENYOOM])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS]), KeySpec::new(&[OW, UPDATE], Begin::Keyword("STORE", 6), Find::Range { last: 0, step: 1, limit: 0 }), KeySpec::new(&[OW, UPDATE], Begin::Keyword("STOREDIST", 6), Find::Range { last: 0, step: 1, limit: 0 })])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            double("longitude"),
            double("latitude"),
            double("radius"),
            one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")]),
            token("withcoord", "WITHCOORD").optional(),
            token("withdist", "WITHDIST").optional(),
            token("withhash", "WITHHASH").optional(),
            block("count-block", &[integer("count").after("COUNT"), token("any", "ANY").optional()]).optional(),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional(),
            one_of("store", &[key("storekey", 1).after("STORE"), key("storedistkey", 2).after("STOREDIST")]).optional()
        ]),
    Spec::new("georadius_ro", Group::Geo, "3.2.10", -6)
        .flags(&[READONLY])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            double("longitude"),
            double("latitude"),
            double("radius"),
            one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")]),
            token("withcoord", "WITHCOORD").optional(),
            token("withdist", "WITHDIST").optional(),
            token("withhash", "WITHHASH").optional(),
            block("count-block", &[integer("count").after("COUNT"), token("any", "ANY").optional()]).optional(),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional()
        ]),
    Spec::new("georadiusbymember", Group::Geo, "3.2.0", -5)
        .flags(&[WRITE, DENYOOM])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS]), KeySpec::new(&[OW, UPDATE], Begin::Keyword("STORE", 5), Find::Range { last: 0, step: 1, limit: 0 }), KeySpec::new(&[OW, UPDATE], Begin::Keyword("STOREDIST", 5), Find::Range { last: 0, step: 1, limit: 0 })])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            text("member"),
            double("radius"),
            one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")]),
            token("withcoord", "WITHCOORD").optional(),
            token("withdist", "WITHDIST").optional(),
            token("withhash", "WITHHASH").optional(),
            block("count-block", &[integer("count").after("COUNT"), token("any", "ANY").optional()]).optional(),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional(),
            one_of("store", &[key("storekey", 1).after("STORE"), key("storedistkey", 2).after("STOREDIST")]).optional()
        ]),
    Spec::new("georadiusbymember_ro", Group::Geo, "3.2.10", -5)
        .flags(&[READONLY])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .deprecated("6.2.0")
        .args(&[
            key("key", 0),
            text("member"),
            double("radius"),
            one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")]),
            token("withcoord", "WITHCOORD").optional(),
            token("withdist", "WITHDIST").optional(),
            token("withhash", "WITHHASH").optional(),
            block("count-block", &[integer("count").after("COUNT"), token("any", "ANY").optional()]).optional(),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional()
        ]),
    Spec::new("geosearch", Group::Geo, "6.2.0", -7)
        .flags(&[READONLY])
        .categories(&["geo"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            one_of("from", &[text("member").after("FROMMEMBER"), block("fromlonlat", &[double("longitude"), double("latitude")]).after("FROMLONLAT")]),
            one_of("by", &[block("circle", &[double("radius").after("BYRADIUS"), one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")])]), block("box", &[double("width").after("BYBOX"), double("height"), one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")])])]),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional(),
            block("count-block", &[integer("count").after("COUNT"), token("any", "ANY").optional()]).optional(),
            token("withcoord", "WITHCOORD").optional(),
            token("withdist", "WITHDIST").optional(),
            token("withhash", "WITHHASH").optional()
        ]),
    Spec::new("geosearchstore", Group::Geo, "6.2.0", -8)
        .flags(&[WRITE, DENYOOM])
        .categories(&["geo"])
        .keys(&[key_at(1, &[OW, UPDATE]), key_at(2, &[RO, ACCESS])])
        .args(&[
            key("destination", 0),
            key("source", 1),
            one_of("from", &[text("member").after("FROMMEMBER"), block("fromlonlat", &[double("longitude"), double("latitude")]).after("FROMLONLAT")]),
            one_of("by", &[block("circle", &[double("radius").after("BYRADIUS"), one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")])]), block("box", &[double("width").after("BYBOX"), double("height"), one_of("unit", &[token("m", "M"), token("km", "KM"), token("ft", "FT"), token("mi", "MI")])])]),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional(),
            block("count-block", &[integer("count").after("COUNT"), token("any", "ANY").optional()]).optional(),
            token("storedist", "STOREDIST").optional()
        ]),
];
