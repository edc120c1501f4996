//! Commands on transactions.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("discard", Group::Transactions, "2.0.0", 1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .categories(&["transaction"]),
    Spec::new("exec", Group::Transactions, "1.2.0", 1)
        .flags(&[NOSCRIPT, LOADING, STALE, SKIP_SLOWLOG])
        .categories(&["transaction"]),
    Spec::new("multi", Group::Transactions, "1.2.0", 1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .categories(&["transaction"])
        .complexity("O(1)"),
    Spec::new("unwatch", Group::Transactions, "2.2.0", 1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .categories(&["transaction"])
        .complexity("O(1)"),
    Spec::new("watch", Group::Transactions, "2.2.0", -2)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .categories(&["transaction"])
        .keys(&[keys_from(1, -1, 1, &[RO])])
        .complexity("O(1) for every key.")
        .args(&[
            key("key", 0).many()
        ]),
];
