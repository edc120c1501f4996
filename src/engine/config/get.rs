//! `CONFIG GET`.

use super::rule::Bytes;
use super::{Config, Directive, HIDDEN, IMMUTABLE, R70, REDIS, all, find};
use crate::base::glob::Glob;

/// The names of a directive that patterns find. Other servers' names stay out of listings, and so do constants that Redis 7.0
/// does not have: scripts set again what a listing shows.
fn listed(directive: &Directive) -> impl Iterator<Item = &'static str> {
    let own = directive.servers.0 == 0;
    let known = directive.servers.overlaps(if directive.is(IMMUTABLE) { R70 } else { REDIS });
    let shown = !directive.is(HIDDEN) && (own || known);
    let names = std::iter::once(directive.name).chain(directive.aliases.iter().copied());
    names.filter(move |_| shown)
}

impl Config {
    /// The names that patterns or names find, each with its value, in the order of the patterns and of the table.
    ///
    /// A name is given back in the letters it came in, as Redis does.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Bytes, Bytes)> {
        let mut found: Vec<(Bytes, Bytes)> = Vec::new();
        let mut add = |name: &[u8], directive: &Directive| {
            if !found.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                found.push((name.to_vec(), directive.text(self)));
            }
        };
        for pattern in patterns {
            if !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) {
                if let Some((directive, _)) = find(pattern) {
                    add(pattern, directive);
                }
                continue;
            }
            let glob = Glob::new(&pattern.to_ascii_lowercase());
            for directive in all() {
                for name in listed(directive).filter(|name| glob.matches(name.as_bytes())) {
                    add(name.as_bytes(), directive);
                }
            }
        }
        found
    }
}
