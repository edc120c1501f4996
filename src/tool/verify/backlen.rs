//! Listpack elements of the three sizes whose back length servers write in two ways (section 11.1
//! of the format).

use crate::packed::{self, Walk};
use crate::rdb::Node;

/// Size of an element's encoding and data, and the sizes with either form of its back length.
const AMBIGUOUS: [(usize, [usize; 2]); 3] = [
    (16_383, [16_385, 16_386]),
    (2_097_151, [2_097_154, 2_097_155]),
    (268_435_455, [268_435_459, 268_435_460]),
];

/// The size of the first element in a node that is one of the three.
#[inline]
pub(super) fn ambiguous(node: &Node<'_>) -> Option<usize> {
    if node.bytes.len() < 16_383 || node.structure != Some(packed::Kind::Listpack) {
        return None;
    }
    search(node.bytes)
}

#[cold]
fn search(bytes: &[u8]) -> Option<usize> {
    let mut walk = Walk::start(packed::Kind::Listpack, bytes).ok()?;
    let mut before = walk.offset();
    while let Ok(Some(_)) = walk.next(bytes) {
        let taken = walk.offset() - before;
        before = walk.offset();
        let row = AMBIGUOUS.iter().find(|(_, sizes)| sizes.contains(&taken));
        if let Some((size, _)) = row {
            return Some(*size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listpack(text_bytes: usize, backlen: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, 2, 0, 1, 1, 0xf0];
        bytes.extend_from_slice(&(text_bytes as u32).to_le_bytes());
        bytes.extend(std::iter::repeat_n(b'x', text_bytes));
        bytes.extend_from_slice(backlen);
        bytes.push(0xff);
        let total = bytes.len() as u32;
        bytes[..4].copy_from_slice(&total.to_le_bytes());
        bytes
    }

    #[test]
    fn only_the_three_sizes_are_ambiguous() {
        let cases: [(usize, &[u8], bool); 4] = [
            (16_377, &[0x7f, 0xfe], false),
            (16_378, &[0x7f, 0xff], true),
            (16_378, &[0x00, 0xff, 0xff], true),
            (16_379, &[0x01, 0x80, 0x80], false),
        ];
        for (text_bytes, backlen, expected) in cases {
            let bytes = listpack(text_bytes, backlen);
            assert!(packed::validate(packed::Kind::Listpack, &bytes).is_ok());
            assert_eq!(search(&bytes).is_some(), expected, "{text_bytes}");
        }
    }
}
