//! Commands on HyperLogLogs.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("pfadd", Group::HyperLogLog, "2.8.9", -2)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["hyperloglog"])
        .keys(&[key_at(1, &[RW, INSERT])])
        .args(&[
            key("key", 0),
            text("element").optional().many()
        ]),
    Spec::new("pfcount", Group::HyperLogLog, "2.8.9", -2)
        .flags(&[READONLY, MAY_REPLICATE])
        .categories(&["hyperloglog"])
        .keys(&[keys_from(1, -1, 1, &[RW, ACCESS])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("pfdebug", Group::HyperLogLog, "2.8.9", 3)
        .flags(&[WRITE, DENYOOM, ADMIN])
        .categories(&["hyperloglog"])
        .keys(&[key_at(2, &[RW, ACCESS])])
        .complexity("N/A")
        .args(&[
            text("subcommand"),
            key("key", 0)
        ]),
    Spec::new("pfmerge", Group::HyperLogLog, "2.8.9", -2)
        .flags(&[WRITE, DENYOOM])
        .categories(&["hyperloglog"])
        .keys(&[key_at(1, &[RW, ACCESS, INSERT]), keys_from(2, -1, 1, &[RO, ACCESS])])
        .args(&[
            key("destkey", 0),
            key("sourcekey", 1).optional().many()
        ]),
    Spec::new("pfselftest", Group::HyperLogLog, "2.8.9", 1)
        .flags(&[ADMIN])
        .categories(&["hyperloglog"])
        .complexity("N/A"),
];
