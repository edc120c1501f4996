//! What the reader of a file that is being written understands.

use crate::packed::BacklenDialect;
use crate::rdb::dialect::{Dialect, Header};

/// A release to write for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The name users type.
    pub name: &'static str,
    /// Magic and version of its files.
    pub header: Header,
    /// Whether its listpacks are those of newer servers, in the three sizes where that differs.
    pub new_backlen: bool,
}

const fn redis(name: &'static str, version: u16) -> Target {
    Target { name, header: Header { dialect: Dialect::Redis, version }, new_backlen: version >= 14 }
}

const fn valkey(name: &'static str, header: Header) -> Target {
    Target { name, header, new_backlen: matches!(header.dialect, Dialect::Valkey) }
}

const REDIS_11: Header = Header { dialect: Dialect::Redis, version: 11 };
const VALKEY_80: Header = Header { dialect: Dialect::Valkey, version: 80 };

/// Every release that can be named.
pub const TARGETS: &[Target] = &[
    redis("redis-2.2", 1),
    redis("redis-2.4", 2),
    redis("redis-2.6", 6),
    redis("redis-2.8", 6),
    redis("redis-3.0", 6),
    redis("redis-3.2", 7),
    redis("redis-4.0", 8),
    redis("redis-5.0", 9),
    redis("redis-6.0", 9),
    redis("redis-6.2", 9),
    redis("redis-7.0", 10),
    redis("redis-7.2", 11),
    redis("redis-7.4", 12),
    redis("redis-8.0", 12),
    redis("redis-8.2", 12),
    redis("redis-8.4", 12),
    redis("redis-8.6", 13),
    redis("redis-8.8", 14),
    redis("redis-8.10", 15),
    valkey("valkey-7.2", REDIS_11),
    valkey("valkey-8.0", REDIS_11),
    valkey("valkey-8.1", REDIS_11),
    valkey("valkey-9.0", VALKEY_80),
    valkey("valkey-9.1", VALKEY_80),
];

impl Target {
    /// A release by its name; `redis-7` means `redis-7.0`, `valkey-9` the newest 9.
    pub fn find(name: &str) -> Option<Target> {
        let name = name.to_ascii_lowercase();
        let exact = TARGETS.iter().find(|target| target.name == name);
        let of_major =
            || TARGETS.iter().find(|target| target.name.starts_with(&format!("{name}.")));
        exact.or_else(of_major).copied()
    }

    /// The target that writes files like this one.
    pub fn like(header: Header) -> Target {
        let known = TARGETS.iter().find(|target| target.header == header);
        known.copied().unwrap_or(Target { name: "same", header, new_backlen: header.version >= 14 })
    }

    /// The form of ambiguous listpack back lengths.
    pub fn backlen(self) -> BacklenDialect {
        if self.new_backlen { BacklenDialect::New } else { BacklenDialect::Old }
    }

    /// Whether files have this version's features, counted in Redis's numbers; Valkey's files
    /// have those of 11.
    pub fn has(self, redis_version: u16) -> bool {
        match self.header.dialect {
            Dialect::Redis => self.header.version >= redis_version,
            Dialect::Valkey => redis_version <= 11,
        }
    }

    /// Whether files hold hash field expiries in Redis's form.
    pub fn has_redis_field_expiry(self) -> bool {
        self.has(12)
    }

    /// Whether files hold hash field expiries in Valkey's form.
    pub fn has_valkey_field_expiry(self) -> bool {
        self.header == VALKEY_80
            || self.header.dialect == Dialect::Valkey && self.header.version >= 80
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_found_by_name() {
        assert_eq!(Target::find("redis-7.0").unwrap().header.version, 10);
        assert_eq!(Target::find("redis-7").unwrap().name, "redis-7.0");
        assert_eq!(Target::find("Valkey-9").unwrap().header, VALKEY_80);
        assert_eq!(Target::find("valkey-8").unwrap().header.version, 11);
        assert_eq!(Target::find("redis-9.0"), None);
        assert_eq!(Target::find(""), None);
        for target in TARGETS {
            assert!(target.header.is_supported(), "{}", target.name);
        }
    }

    #[test]
    fn features_follow_versions() {
        let target = |name| Target::find(name).unwrap();
        assert!(target("redis-7.4").has_redis_field_expiry());
        assert!(!target("redis-7.2").has_redis_field_expiry());
        assert!(!target("valkey-9.0").has_redis_field_expiry());
        assert!(target("valkey-9.0").has_valkey_field_expiry());
        assert!(target("valkey-9.0").has(11));
    }
}
