//! Compares the tags of a page with one, all at once.

use wide::u8x16;

/// Tags of a page, and one byte more.
pub(super) const TAGS: usize = 64;

/// A bit for each byte that is equal to `tag`, the first in the lowest place.
#[inline]
pub(super) fn equal(tags: &[u8; TAGS], tag: u8) -> u64 {
    let wanted = u8x16::splat(tag);
    let groups = tags.as_chunks().0.iter().enumerate();
    groups.fold(0, |found, (group, tags)| {
        let equal = u8x16::new(*tags).simd_eq(wanted).to_bitmask();
        found | u64::from(equal) << (group * 16)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn all_equal_tags_are_found_and_no_others() {
        let seed = u64::from(std::process::id());
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        for round in 0..2000 {
            // Few different tags, so that many are equal, and neighbours of each other.
            let many = [1, 2, 3, 256][round % 4];
            let first = rng.below(256) as u8;
            let tags = [0; TAGS].map(|_: u8| first.wrapping_add(rng.below(many) as u8));
            for tag in [first, first.wrapping_add(1), first ^ 0x80, rng.below(256) as u8] {
                let expected = (0..TAGS).filter(|at| tags[*at] == tag);
                let expected = expected.fold(0, |found, at| found | 1_u64 << at);
                assert_eq!(equal(&tags, tag), expected, "{tags:?}, {tag}");
            }
        }
    }
}
