//! What becomes of names, databases and expiries on the way.

use crate::tool::ttl::TtlPolicy;
use std::borrow::Cow;

/// A change of names: `s/RE/REPLACEMENT/`.
#[derive(Debug, Clone)]
pub struct Rename {
    pattern: regex::bytes::Regex,
    replacement: Vec<u8>,
    all: bool,
}

impl Rename {
    /// Reads `s/RE/REPLACEMENT/` with any byte in place of `/`; a `g` behind it replaces all.
    pub fn parse(text: &str) -> Result<Rename, String> {
        let expected = "expected s/RE/REPLACEMENT/ or s/RE/REPLACEMENT/g";
        let rest = text.strip_prefix('s').ok_or(expected)?;
        let mark = rest.chars().next().ok_or(expected)?;
        let mut parts = rest.get(mark.len_utf8()..).unwrap_or("").split(mark);
        let (Some(pattern), Some(replacement), Some(flags), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(expected.into());
        };
        if !matches!(flags, "" | "g") {
            return Err(expected.into());
        }
        let pattern = regex::bytes::Regex::new(pattern).map_err(|e| e.to_string())?;
        Ok(Rename { pattern, replacement: replacement.as_bytes().to_vec(), all: flags == "g" })
    }

    fn apply<'k>(&self, key: Cow<'k, [u8]>) -> Cow<'k, [u8]> {
        let limit = if self.all { 0 } else { 1 };
        match self.pattern.replacen(&key, limit, self.replacement.as_slice()) {
            Cow::Borrowed(_) => key,
            Cow::Owned(renamed) => Cow::Owned(renamed),
        }
    }
}

/// All changes.
#[derive(Debug, Clone, Default)]
pub struct Transform {
    /// From one database to another.
    pub db_map: Vec<(u64, u64)>,
    /// Changes of names, one after the other.
    pub renames: Vec<Rename>,
    /// What becomes of expiries.
    pub ttl: TtlPolicy,
}

impl Transform {
    /// The database a key goes to.
    #[inline]
    pub fn db(&self, db: u64) -> u64 {
        self.db_map.iter().find(|(from, _)| *from == db).map_or(db, |(_, to)| *to)
    }

    /// The name a key gets.
    #[inline]
    pub fn key<'k>(&self, key: Cow<'k, [u8]>) -> Cow<'k, [u8]> {
        self.renames.iter().fold(key, |key, rename| rename.apply(key))
    }

    /// Whether two keys of one input may become one.
    pub fn can_collide(&self) -> bool {
        !self.db_map.is_empty() || !self.renames.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced() {
        let rename = |text: &str, key: &'static str| {
            let rename = Rename::parse(text).unwrap();
            String::from_utf8(rename.apply(Cow::Borrowed(key.as_bytes())).into_owned()).unwrap()
        };
        assert_eq!(rename("s/^user:/u:/", "user:user:1"), "u:user:1");
        assert_eq!(rename("s|user|u|g", "user:user:1"), "u:u:1");
        assert_eq!(rename("s/(a)(b)/$2$1/", "ab"), "ba");
        assert_eq!(rename("s/x/y/", "abc"), "abc");
        for bad in ["", "s", "s/a", "s/a/b", "s/a/b/x", "s/(/b/"] {
            assert!(Rename::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn databases_are_mapped() {
        let transform = Transform { db_map: vec![(1, 0), (0, 3)], ..Transform::default() };
        assert_eq!([0, 1, 2].map(|db| transform.db(db)), [3, 0, 2]);
    }
}
