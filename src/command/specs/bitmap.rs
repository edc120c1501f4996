//! Commands on bitmaps.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("bitcount", Group::Bitmap, "2.6.0", -2)
        .flags(&[READONLY])
        .categories(&["bitmap"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(N)")
        .args(&[
            key("key", 0),
            block("range", &[integer("start"), integer("end"), one_of("unit", &[token("byte", "BYTE"), token("bit", "BIT")]).optional()]).optional()
        ]),
    Spec::new("bitfield", Group::Bitmap, "3.2.0", -2)
        .flags(&[WRITE, DENYOOM])
        .categories(&["bitmap"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE, VARIABLE_FLAGS])])
        .args(&[
            key("key", 0),
            one_of("operation", &[block("get-block", &[text("encoding"), integer("offset")]).after("GET"), block("write", &[one_of("overflow-block", &[token("wrap", "WRAP"), token("sat", "SAT"), token("fail", "FAIL")]).after("OVERFLOW").optional(), one_of("write-operation", &[block("set-block", &[text("encoding"), integer("offset"), integer("value")]).after("SET"), block("incrby-block", &[text("encoding"), integer("offset"), integer("increment")]).after("INCRBY")])])]).optional().many()
        ]),
    Spec::new("bitfield_ro", Group::Bitmap, "6.0.0", -2)
        .flags(&[READONLY, FAST])
        .categories(&["bitmap"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            block("get-block", &[text("encoding"), integer("offset")]).after("GET").optional().many().token_each()
        ]),
    Spec::new("bitop", Group::Bitmap, "2.6.0", -4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["bitmap"])
        .keys(&[key_at(2, &[OW, UPDATE]), keys_from(3, -1, 1, &[RO, ACCESS])])
        .complexity("O(N)")
        .args(&[
            one_of("operation", &[token("and", "AND"), token("or", "OR"), token("xor", "XOR"), token("not", "NOT"), token("diff", "DIFF"), token("diff1", "DIFF1"), token("andor", "ANDOR"), token("one", "ONE")]),
            key("destkey", 0),
            key("key", 1).many()
        ]),
    Spec::new("bitpos", Group::Bitmap, "2.8.7", -3)
        .flags(&[READONLY])
        .categories(&["bitmap"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(N)")
        .args(&[
            key("key", 0),
            integer("bit"),
            block("range", &[integer("start"), block("end-unit-block", &[integer("end"), one_of("unit", &[token("byte", "BYTE"), token("bit", "BIT")]).optional()]).optional()]).optional()
        ]),
    Spec::new("getbit", Group::Bitmap, "2.2.0", 3)
        .flags(&[READONLY, FAST])
        .categories(&["bitmap"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("offset")
        ]),
    Spec::new("setbit", Group::Bitmap, "2.2.0", 4)
        .flags(&[WRITE, DENYOOM])
        .categories(&["bitmap"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("offset"),
            integer("value")
        ]),
];
